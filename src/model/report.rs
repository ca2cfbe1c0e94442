//! What a worker says of its task, and when it may say that it is done.

use std::path::Path;

use super::drift::Declared;
use super::facts::{Branch, Facts, Head, Observed};
use super::failure::{Exit, Failure};
use super::id::TaskId;
use super::ledger::{Report, Working};
use super::oid::Oid;
use super::standing::{Holder, Standings};
use super::start::not_in_file;
use super::state::State;
use super::task::{Kind, TaskFile};
use super::text::{count, escape, shell_word};

/// Paths that a refusal names.
const MOST_NAMED: usize = 5;

/// How the work ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Done,
    /// It is not all, and why.
    Partial(String),
    /// Something is missing to go on.
    Blocked,
}

/// What the worker says.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    pub verdict: Verdict,
    pub blockers: Vec<String>,
    pub done_when: Option<String>,
    pub pr: Option<String>,
    pub text: Option<String>,
    pub cost: Option<String>,
    pub session: Option<String>,
}

/// The task that is reported, as it stands.
pub struct Spot<'a> {
    pub id: TaskId,
    pub branch: &'a Branch,
    /// The name of its batch; empty where no batch started it.
    pub batch: &'a str,
    /// The commit whose note takes the event.
    pub note: Oid,
    seen: &'a Observed,
    holder: Option<&'a Holder>,
}

impl Spot<'_> {
    /// Its worktree, where that is there.
    pub fn worktree(&self) -> Option<&Path> {
        let worktree = self.seen.worktree.as_ref().filter(|worktree| worktree.head != Head::Missing)?;
        Some(&worktree.path)
    }
}

/// The task named, or else the one in whose worktree one is.
///
/// # Errors
/// There is none of either ([`Exit::Usage`]), or it was not started, or is over ([`Exit::Refused`]).
pub fn spot<'a>(
    file: &TaskFile,
    (facts, standings): (&'a Facts, &'a Standings),
    (named, here): (Option<&str>, Option<&TaskId>),
) -> Result<Spot<'a>, Failure> {
    let id = match named {
        Some(text) => {
            let id = text.parse::<TaskId>().ok().filter(|id| standings.of(file, id).is_some());
            id.ok_or_else(|| not_in_file(file, standings, &[text]))?
        }
        None => here.cloned().ok_or_else(|| {
            Failure::new(Exit::Usage, "this is not the worktree of a task")
                .hint("use 'git dispatch report ID' with the id of the task")
        })?,
    };
    let standing = standings.of(file, &id).map(|standing| standing.state);
    let seen = facts.tasks.get(&id);
    let branch = seen.and_then(|seen| seen.branch.as_ref());
    match (standing, seen, branch) {
        (Some(State::Active | State::Done | State::Stopped), Some(seen), Some(branch)) => {
            let batch = facts.ledger.batch_of(&id);
            Ok(Spot {
                branch,
                batch: batch.map_or("", |batch| batch.name.as_str()),
                note: batch.map_or(facts.target.newest().1, |batch| batch.base),
                seen,
                holder: standings.holder(&id),
                id,
            })
        }
        (state, ..) => {
            let is = state.map_or("unknown", State::word);
            Err(Failure::new(Exit::Refused, format!("task '{id}' is {is}: there is no work under way to report on"))
                .hint(format!("use 'git dispatch why {id}' to see how it stands")))
        }
    }
}

/// The event that says that work has begun.
pub fn working(spot: &Spot<'_>, session: Option<String>, agent: Option<String>) -> Working {
    Working { batch: spot.batch.to_owned(), task: spot.id.clone(), tip: spot.branch.tip, session, agent }
}

/// The event that says how it ended. `unclean`: what of the worktree is not committed, as a clause.
///
/// # Errors
/// It is no end yet: something is not committed or under way, nothing was committed, or more than declared or allowed
/// ([`Exit::Refused`]). Each names what to do instead.
pub fn report(
    file: &TaskFile,
    standings: &Standings,
    spot: &Spot<'_>,
    said: Said,
    unclean: Option<String>,
) -> Result<Report, Failure> {
    if said.verdict == Verdict::Done {
        may_be_done(file, standings, spot, unclean)?;
    }
    let (verdict, why) = match said.verdict {
        Verdict::Done => ("done", None),
        Verdict::Partial(why) => ("partial", Some(why)),
        Verdict::Blocked => ("blocked", None),
    };
    let text = [why, said.text].into_iter().flatten().collect::<Vec<_>>().join("\n\n");
    Ok(Report {
        batch: spot.batch.to_owned(),
        task: spot.id.clone(),
        tip: spot.branch.tip,
        verdict: verdict.to_owned(),
        done_when: said.done_when,
        blockers: said.blockers,
        pr: said.pr,
        text: Some(text).filter(|text| !text.is_empty()),
        cost: said.cost,
        session: said.session,
    })
}

fn may_be_done(
    file: &TaskFile,
    standings: &Standings,
    spot: &Spot<'_>,
    unclean: Option<String>,
) -> Result<(), Failure> {
    let (id, branch) = (&spot.id, spot.branch);
    let refused = |what: String| Failure::new(Exit::Refused, format!("task '{id}' is not done: {what}"));
    let partial = format!("use 'git dispatch report {id} --partial \"WHY\"' to stop with what there is");
    if let Some(worktree) = &spot.seen.worktree {
        let folder = shell_word(&worktree.path.to_string_lossy());
        if let Some(operation) = &worktree.operation {
            return Err(refused(format!("a {operation} is under way in '{}'", worktree.path.display()))
                .hint(format!("use 'git -C {folder} status' to see how to end it")));
        }
        if let Some(what) = unclean {
            return Err(refused(format!("in '{}', {what}", worktree.path.display()))
                .hint(format!("use 'git -C {folder} add -A' and 'git -C {folder} commit' to commit it"))
                .hint(partial));
        }
    }
    let kind = spot.holder.map(|holder| holder.task.kind).or_else(|| file.graph.task(id).map(|task| task.kind));
    if branch.commits == Some(0) && kind != Some(Kind::Research) {
        return Err(refused(format!("branch '{}' has no commit of its own", branch.name)).hint(partial));
    }
    let settings = &file.settings;
    if settings.single_commit == Some(true)
        && let (Some(more @ 2..), Some(base)) = (branch.commits, branch.base)
    {
        return Err(refused(format!(
            "branch '{}' has {}, and 'single-commit' wants one",
            branch.name,
            count(more as usize, "commit")
        ))
        .hint(format!("use 'git reset --soft {}' and 'git commit' in its worktree to make them one", base.short())));
    }
    if settings.strict_writes == Some(true) {
        strict(file, standings, spot, &refused)?;
    }
    Ok(())
}

/// What it touches, it declared.
fn strict(
    file: &TaskFile,
    standings: &Standings,
    spot: &Spot<'_>,
    refused: &dyn Fn(String) -> Failure,
) -> Result<(), Failure> {
    let Some(drift) = Declared::new(file, standings).drift(&spot.id, spot.seen) else { return Ok(()) };
    if drift.declared && !drift.checked {
        return Err(refused("what it touches is not known, and 'strict-writes' wants that it is declared".to_owned())
            .hint(format!("use 'git dispatch status {}' to see why", spot.id)));
    }
    let mut paths: Vec<String> = drift.paths.iter().map(|touched| format!("'{}'", touched.path)).collect();
    if paths.is_empty() {
        return Ok(());
    }
    let all = paths.len();
    paths.truncate(MOST_NAMED);
    let more = if all > paths.len() { format!(" and {} more", all - paths.len()) } else { String::new() };
    let writes: Vec<String> = drift.declaration.iter().map(|pattern| format!("{:?}", pattern.as_str())).collect();
    Err(refused(format!(
        "it touches {}{more} and does not declare that, which 'strict-writes' wants",
        paths.join(", ")
    ))
    .hint(format!("use 'git restore --source {} -- PATH' to take such a change back", target_of(spot)))
    .hint(format!("or have it declared in [task.{}] of the task file: writes = [{}]", spot.id, writes.join(", "))))
}

fn target_of(spot: &Spot<'_>) -> String {
    spot.branch.base.map_or_else(|| "BASE".to_owned(), |base| base.short())
}

/// A pull request as people name it: a number with or without `#`, or its address on the web.
///
/// # Errors
/// It is neither ([`Exit::Usage`]).
pub fn pull_request(text: &str) -> Result<String, Failure> {
    let number = text.strip_prefix('#').unwrap_or(text);
    if !number.is_empty() && number.len() <= 10 && number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(format!("#{number}"));
    }
    let on_the_web = text.starts_with("https://") || text.starts_with("http://");
    if on_the_web && text.len() <= 500 && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(text.to_owned());
    }
    Err(Failure::new(Exit::Usage, format!("'{}' is no pull request", escape(text)))
        .hint("use its number, such as --pr 123, or its address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_request_is_a_number_or_an_address() {
        for (text, told) in [("7", "#7"), ("#123", "#123"), ("https://x.org/a/pull/7", "https://x.org/a/pull/7")] {
            assert_eq!(pull_request(text).unwrap(), told);
        }
        for text in ["", "#", "seven", "javascript:alert(1)", "https://x.org/a b", "https://x\u{1b}[2J", "#12345678901"]
        {
            let fault = pull_request(text).unwrap_err();
            assert_eq!(fault.exit, Exit::Usage, "{text}");
        }
    }
}
