//! Which tasks go to a forge to be merged there, and what keeps one from it.

mod description;
mod outcome;

use std::collections::BTreeMap;

use super::collision::Collisions;
use super::facts::{Facts, Head, Observed, Twin};
use super::failure::{Exit, Failure};
use super::id::TaskId;
use super::landing::{Entrant, Entrants, Whom, entrants};
use super::ledger::{Record, Submitted};
use super::oid::Oid;
use super::standing::Standings;
use super::start::not_in_file;
use super::state::{Reason, State};
use super::task::TaskFile;
use super::template::{Kind, Names, Template};
use super::text::{cut, escape, shell_word};
use super::undo::told_at_once;

pub use description::{BEGIN, END, merged};
pub use outcome::{Outcome, Outcomes, Request, Way};

/// The longest title of a pull request, in columns: GitHub and GitLab take 255 characters.
const LONGEST_TITLE: usize = 240;
/// The message of landing commits where the task file gives none.
const MESSAGE: &str = "{{ title }} ({{ id }})";
/// That of a task without a title.
const UNTITLED: &str = "{{ id }}";

/// A task whose branch goes to a forge.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    pub id: TaskId,
    /// Of the pull request: one line, nothing in it that could fool a reader.
    pub title: String,
    /// Without `refs/heads/`.
    pub branch: String,
    /// What was reported.
    pub tip: Oid,
    /// The name of its batch and the uid of that one's first event; empty where no batch started it.
    pub batch: (String, String),
    /// The commit whose note takes the event.
    pub note: Oid,
    /// What was recorded when it was submitted last.
    pub known: Option<Submitted>,
    /// The remote-tracking branch where its worker pushed it; the local one is behind.
    pub pushed: Option<String>,
}

/// A task that is left out, with all that keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Left {
    pub id: TaskId,
    /// A clause with its hints each.
    pub why: Vec<(String, Vec<String>)>,
}

/// What `submit` does.
#[derive(Debug, Clone, PartialEq)]
pub struct Submit {
    /// In the order of ids.
    pub tasks: Vec<Submission>,
    pub left: Vec<Left>,
}

/// What is asked for.
pub struct Asked<'a> {
    /// None: all that are done.
    pub ids: &'a [TaskId],
    /// Of tasks whose worktree is not clean: what is not committed, as a clause.
    pub unclean: &'a BTreeMap<TaskId, String>,
    /// The name that `{{ repo }}` stands for.
    pub repo: &'a str,
}

/// The tasks that would be submitted, before anything of their worktrees is looked at.
///
/// # Errors
/// Neither file nor ledger knows one that is named ([`Exit::Usage`]).
pub fn candidates(
    file: &TaskFile,
    standings: &Standings,
    named: &[String],
) -> Result<(Vec<TaskId>, Vec<TaskId>), Failure> {
    let known = |id: &TaskId| standings.of(file, id).is_some();
    let unknown: Vec<&str> =
        named.iter().map(String::as_str).filter(|text| !text.parse().is_ok_and(|id| known(&id))).collect();
    if !unknown.is_empty() {
        return Err(not_in_file(file, standings, &unknown));
    }
    let mut ids: Vec<TaskId> = named.iter().filter_map(|text| text.parse().ok()).collect();
    ids.sort();
    ids.dedup();
    let done = standings.under_way().filter(|holder| holder.state == State::Done);
    let all = if ids.is_empty() { done.map(|holder| holder.task.id.clone()).collect() } else { ids.clone() };
    Ok((ids, all))
}

/// What of all that is done goes to the forge, or else what is named.
///
/// # Errors
/// Something keeps one that is named ([`Exit::Refused`]), or all ([`Exit::No`]): each with what resolves it. The template of messages
/// is none ([`Exit::Usage`]).
pub fn decide(
    file: &TaskFile,
    (facts, standings): (&Facts, &Standings),
    collisions: Option<&Collisions>,
    asked: &Asked<'_>,
) -> Result<Submit, Failure> {
    let done = entrants(file, facts, standings, collisions, Whom::Done);
    let teller = Teller { file, facts, standings, done: &done, asked };
    let mut submit = Submit { tasks: Vec::new(), left: Vec::new() };
    let ids: Vec<&TaskId> = match asked.ids {
        [] => done.tasks.iter().map(|entrant| &entrant.id).collect(),
        ids => ids.iter().collect(),
    };
    for id in ids {
        match teller.entrant(id) {
            Ok(entrant) => submit.tasks.push(teller.submission(entrant)?),
            Err(why) => submit.left.push(Left { id: id.clone(), why }),
        }
    }
    let told = |left: &[Left]| {
        let one =
            |left: &Left| left.why.iter().map(|(what, hints)| (left.says(what), hints.clone())).collect::<Vec<_>>();
        left.iter().flat_map(one).collect::<Vec<_>>()
    };
    let kept: Vec<&TaskId> = submit.left.iter().map(|left| &left.id).collect();
    if !asked.ids.is_empty() && !kept.is_empty() {
        return Err(told_at_once("nothing was submitted", &kept, told(&submit.left)));
    }
    if submit.tasks.is_empty() {
        let what = "there is nothing to submit";
        if kept.is_empty() {
            return Err(Failure::new(Exit::No, format!("{what}: no task that has not landed is reported done"))
                .hint("use 'git dispatch status' to see how far the tasks are"));
        }
        return Err(Failure { exit: Exit::No, ..told_at_once(what, &kept, told(&submit.left)) });
    }
    Ok(submit)
}

impl Left {
    /// `task 'A' …`.
    pub fn says(&self, what: &str) -> String {
        format!("task '{}' {what}", self.id)
    }
}

type Why = Vec<(String, Vec<String>)>;

struct Teller<'a> {
    file: &'a TaskFile,
    facts: &'a Facts,
    standings: &'a Standings,
    done: &'a Entrants,
    asked: &'a Asked<'a>,
}

impl<'a> Teller<'a> {
    /// The task, or all that keeps it.
    fn entrant(&self, id: &TaskId) -> Result<&'a Entrant, Why> {
        let Some(entrant) = self.done.tasks.iter().find(|entrant| entrant.id == *id) else {
            return Err(vec![self.not_done(id)]);
        };
        let named = !self.asked.ids.is_empty();
        // Of two that do not merge with each other, whoever names one has chosen.
        let counts = |reason: &&Reason| !(named && matches!(reason, Reason::Collides(_)));
        let mut why: Why = entrant.barred.iter().filter(counts).map(|reason| barred(id, reason)).collect();
        why.extend(self.stands_on_others(id, named));
        why.extend(self.not_committed(id));
        if why.is_empty() { Ok(entrant) } else { Err(why) }
    }

    fn not_done(&self, id: &TaskId) -> (String, Vec<String>) {
        let state = self.standings.of(self.file, id).map(|standing| (standing.state, &standing.reasons));
        let one = |what: &str, hint: String| (what.to_owned(), vec![hint]);
        match state {
            Some((State::Landed, _)) => {
                one("has landed", format!("use 'git dispatch status {id}' to see how that is known"))
            }
            Some((State::Done, _)) => one(
                "is reported done and has no commit to merge",
                format!("use 'git dispatch status {id}' to see its branch"),
            ),
            Some((State::Active, reasons)) if reasons.contains(&Reason::StaleReport) => {
                let hint = format!("use 'git dispatch report {id} --done' to say that it is done as it is now");
                one("has other work since it was reported done", hint)
            }
            Some((State::Active, _)) => {
                let hint = format!("use 'git dispatch report {id} --done' to say that it is done");
                one("is under way, and not reported done", hint)
            }
            Some((State::Stopped, _)) => (
                "has stopped".to_owned(),
                vec![
                    format!("use 'git dispatch start {id}' to go on with it"),
                    format!("use 'git dispatch review {id} --accept \"WHY\"' to take it as it is"),
                ],
            ),
            Some((State::Elsewhere, _)) => one(
                "is under way in another clone",
                format!("use 'git dispatch submit {id}' in the clone that started it"),
            ),
            Some((State::Ready | State::Held | State::Waiting, _)) => {
                one("was not started", format!("use 'git dispatch why {id}' to see whether it can start"))
            }
            state => {
                let is = state.map_or("unknown", |(state, _)| state.word());
                (format!("is {is}"), vec![format!("use 'git dispatch why {id}' to see how it stands")])
            }
        }
    }

    /// Its branch holds work of others, or is about to be put elsewhere; or what it needs has not landed.
    fn stands_on_others(&self, id: &TaskId, named: bool) -> Option<(String, Vec<String>)> {
        let record = self.record(id);
        let restack = || vec![format!("use 'git dispatch restack {id}' when they have landed")];
        if record.is_some_and(|record| record.restacking.is_some()) {
            return Some((
                "is half restacked".to_owned(),
                vec![format!("use 'git dispatch restack {id}' to go on with that")],
            ));
        }
        let stack = record.and_then(|record| record.snapshot.as_ref()).map(|snapshot| snapshot.stack.as_slice());
        let names = |ids: Vec<&TaskId>| ids.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(", ");
        if let Some(stack) = stack.filter(|stack| !stack.is_empty()) {
            let on = names(stack.iter().map(|support| &support.id).collect());
            return Some((format!("stands on {on}, and would bring the commits of that along"), restack()));
        }
        let entrant = self.done.tasks.iter().find(|entrant| entrant.id == *id)?;
        let place = |&place: &usize| &self.done.tasks[place].id;
        let open = names(entrant.candidate.needs.iter().map(place).chain(&entrant.waits_for).collect());
        let hint = format!("use 'git dispatch submit {id}' to submit it all the same");
        (!named && !open.is_empty()).then(|| (format!("needs {open}, which has not landed"), vec![hint]))
    }

    fn not_committed(&self, id: &TaskId) -> Option<(String, Vec<String>)> {
        let worktree = self.facts.tasks.get(id).and_then(worktree_of)?;
        let (folder, place) = (worktree.path.display(), shell_word(&worktree.path.to_string_lossy()));
        let hint = format!("use 'git -C {place} status' to see what is there");
        if let Some(operation) = &worktree.operation {
            return Some((format!("has a {operation} under way in '{folder}'"), vec![hint]));
        }
        let what = self.asked.unclean.get(id)?;
        Some((format!("has changes in '{folder}' that would be left out: {what}"), vec![hint]))
    }

    fn record(&self, id: &TaskId) -> Option<&'a Record> {
        self.facts.ledger.records.get(id)
    }

    fn submission(&self, entrant: &Entrant) -> Result<Submission, Failure> {
        let id = &entrant.id;
        let batch = self.facts.ledger.batch_of(id);
        let seen = self.facts.tasks.get(id);
        Ok(Submission {
            id: id.clone(),
            title: self.title(entrant)?,
            branch: seen.and_then(|seen| seen.branch.as_ref()).map(|branch| branch.name.clone()).unwrap_or_default(),
            tip: entrant.tip,
            batch: batch.map(|batch| (batch.name.clone(), batch.uid.clone())).unwrap_or_default(),
            note: batch.map_or(self.facts.target.newest().1, |batch| batch.base),
            known: self.record(id).and_then(|record| record.submitted.last()).map(|handed| handed.what.clone()),
            pushed: seen.and_then(|seen| seen.twin.as_ref()).and_then(Twin::followed).map(str::to_owned),
        })
    }

    /// The first line of the landing message.
    fn title(&self, entrant: &Entrant) -> Result<String, Failure> {
        let id = &entrant.id;
        let usual = if entrant.title.trim().is_empty() { UNTITLED } else { MESSAGE };
        let text = self.file.settings.message.as_deref().unwrap_or(usual);
        let agent = super::agent::agent_of(
            self.record(id).and_then(|record| record.snapshot.as_ref()),
            self.file.graph.task(id),
        );
        let names = Names { id, title: entrant.title.trim(), agent, repo: self.asked.repo };
        let rendered = Template::new(text, Kind::Message).and_then(|template| template.render(&names));
        let rendered = rendered.map_err(|why| {
            Failure::new(Exit::Usage, format!("'message' makes no title for task '{id}': {why}"))
                .hint("use 'git dispatch lint' to check the task file")
        })?;
        Ok(title(&rendered, id))
    }
}

/// The worktree of a task, where it is there.
pub fn worktree_of(seen: &Observed) -> Option<&super::facts::Worktree> {
    seen.worktree.as_ref().filter(|worktree| worktree.head != Head::Missing)
}

/// The first line of `message` that says something, as a title.
fn title(message: &str, id: &TaskId) -> String {
    let first = message.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or(id.as_str());
    cut(&escape(first), LONGEST_TITLE).into_owned()
}

/// Why it does not land now, and what resolves that.
fn barred(id: &TaskId, reason: &Reason) -> (String, Vec<String>) {
    let one = |what: &str, hint: String| (what.to_owned(), vec![hint]);
    match reason {
        Reason::GateLand => one(
            "waits for a review before it lands",
            format!("use 'git dispatch review {id} --approve land' to approve it"),
        ),
        Reason::Findings => one("has findings to address", format!("use 'git dispatch brief {id}' to see them")),
        Reason::Halted => one("is halted", format!("use 'git dispatch review {id} --resume' to let it go on")),
        Reason::Collides(other) => (
            format!("and {other} are both done and do not merge with each other"),
            vec![format!("use 'git dispatch submit {id}' to submit this one")],
        ),
        Reason::StaleReport => one(
            "has other work since it was reported done",
            format!("use 'git dispatch report {id} --done' to report that"),
        ),
        other => (
            format!("does not land now ({other})"),
            vec![format!("use 'git dispatch why {id}' to see what that means")],
        ),
    }
}

#[cfg(test)]
mod tests;
