//! `git dispatch review`: what a reviewer says of tasks, or of a batch of research.

use anyhow::Result;

use crate::console::Console;
use crate::git::{self, Repo, Swap, Want};
use crate::global::Global;
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::ledger::{Body, Closing, Event, Review};
use crate::model::oid::Oid;
use crate::model::review::{self, Asked, Ruling, Word};
use crate::model::task::Gate;
use crate::model::text::escape;
use crate::read::{self, Scene};
use crate::render;

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args([
    "approve", "reject", "accept", "finding", "halt", "resume", "sufficient", "insufficient"
]))]
#[command(group = clap::ArgGroup::new("verdict").args(["sufficient", "insufficient"]))]
pub struct Args {
    /// Tasks, or with --sufficient and --insufficient the batch
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<String>,
    /// Open a gate: start, for the task's text as it is, or land, for the commit that its branch is at
    #[arg(long, value_name = "GATE", value_parser = ["start", "land"], hide_possible_values = true)]
    pub approve: Option<String>,
    /// It may not go on as it is, and why
    #[arg(long, value_name = "FINDINGS")]
    pub reject: Option<String>,
    /// What a stopped worker reported is enough to land, and what shows that; also takes back all findings
    #[arg(long, value_name = "EVIDENCE")]
    pub accept: Option<String>,
    /// Something that is to be addressed before it lands
    #[arg(long, value_name = "TEXT")]
    pub finding: Option<String>,
    /// It counts only where all of 'reviewers' say so
    #[arg(long, requires = "finding")]
    pub critical: bool,
    /// Let nothing of it start, be launched or land, and why
    #[arg(long, value_name = "WHY")]
    pub halt: Option<String>,
    /// Let what was halted go on
    #[arg(long)]
    pub resume: bool,
    /// Close a batch of research: what it found is enough, and why
    #[arg(long, value_name = "WHY")]
    pub sufficient: Option<String>,
    /// Close a batch of research: what it found is not enough, and why
    #[arg(long, value_name = "WHY")]
    pub insufficient: Option<String>,
    /// With a verdict on a batch, what its tracks agree on
    #[arg(long, value_name = "TEXT", requires = "verdict")]
    pub convergence: Option<String>,
    /// With a verdict on a batch, what they covered
    #[arg(long, value_name = "TEXT", requires = "verdict")]
    pub coverage: Option<String>,
    /// With a verdict on a batch, where they contradict each other
    #[arg(long, value_name = "TEXT", requires = "verdict")]
    pub contradictions: Option<String>,
    /// Only if the branch of the task is at this commit: the one that was looked at
    #[arg(long, value_name = "COMMIT", conflicts_with = "verdict")]
    pub tip: Option<String>,
    /// Whose word it is [default: dispatch.reviewer, else user.name]
    #[arg(long = "as", value_name = "NAME")]
    pub reviewer: Option<String>,
    /// Tell what would be recorded, and record nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// Decides and appends to the ledger. It takes no lock: a reviewer waits for nobody.
///
/// # Errors
/// See [`review::reviewed`] and [`review::close`]; who speaks may not let it go on ([`Exit::Refused`]); [`Exit::No`] where a person
/// is asked and says no.
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    let (repo, console) = read::repository(global, console)?;
    let reviewers = repo.config_of_files("dispatch.reviewer");
    let reviewer = match args.reviewer.clone().or_else(|| reviewers.first().cloned()) {
        Some(name) => review::reviewer(name)?,
        None => git::committer(&repo)?.split(" <").next().unwrap_or_default().to_owned(),
    };
    let known = reviewers.contains(&reviewer);
    let speaker = Speaker { repo: &repo, console: &console, reviewer, known };
    match closing(args, &speaker.reviewer)? {
        Some(said) => closed(args, global, &speaker, said),
        None => ruled(args, global, &speaker),
    }
}

/// Who speaks.
struct Speaker<'a> {
    repo: &'a Repo,
    console: &'a Console,
    reviewer: String,
    /// git config names them as reviewer.
    known: bool,
}

impl Speaker<'_> {
    /// Whether they may let go on what `ids` are at all.
    ///
    /// # Errors
    /// It is the session of a worker, or their own work, or there is nobody to ask ([`Exit::Refused`]).
    fn may_release(&self, scene: &Scene, ids: &[TaskId]) -> Result<(), Failure> {
        let person = self.console.has_person();
        let here = read::task_here(self.repo, &scene.facts).filter(|id| ids.contains(id) && !person);
        if let Some(id) = git::session_task().or(here.map(TaskId::to_string)) {
            let what = format!("this is the session of task '{id}', and no worker lets anything go on");
            return Err(Failure::new(Exit::Refused, what).hint("have a person use the same command outside of it"));
        }
        if person || self.known {
            return Ok(());
        }
        let what = format!(
            "'{}' may let nothing go on here: it takes a person at a terminal, or a reviewer of git config",
            self.reviewer
        );
        Err(Failure::new(Exit::Refused, what).hint("have a person use the same command in a terminal"))
    }

    /// Whether they stand by `what`, after "approve", which is asked of whom git config does not name.
    fn confirms(&self, what: &str) -> bool {
        let yes = self.known || self.console.asks(&render::review::question(what, &self.reviewer));
        if !yes {
            self.console.note("nothing is recorded");
        }
        yes
    }
}

fn ruled(args: &Args, global: &Global, speaker: &Speaker<'_>) -> Result<Exit> {
    let (ids, reviewer) = (args.ids.clone(), speaker.reviewer.clone());
    let asked = Asked { ids, word: word(args)?, tip: args.tip.clone(), reviewer };
    let mut confirmed: Option<Vec<Review>> = None;
    for () in git::Attempts::new() {
        let loaded = read::task_file(speaker.repo, global)?;
        let scene = read::scene(speaker.repo, &loaded, Want::STANDINGS)?;
        let rulings = review::reviewed(&loaded.file, (&scene.facts, &scene.standings), &asked)?;
        let reviews: Vec<Review> = rulings.iter().map(|ruling| ruling.review.clone()).collect();
        if asked.word.releases() {
            let ids: Vec<TaskId> = reviews.iter().map(|review| review.task.clone()).collect();
            speaker.may_release(&scene, &ids)?;
            let open = !args.dry_run && confirmed.as_ref() != Some(&reviews);
            if open && !speaker.confirms(&render::review::asked(&rulings)) {
                return Ok(Exit::No);
            }
        }
        if args.dry_run || written(speaker.repo, &scene, &rulings)? {
            let render = if global.json { render::review::json } else { render::review::text };
            speaker.console.answer(&render(&rulings, &speaker.reviewer, args.dry_run));
            return Ok(Exit::Success);
        }
        confirmed = Some(reviews);
    }
    Err(git::contended().into())
}

/// What is said of tasks.
fn word(args: &Args) -> Result<Word, Failure> {
    let said = |text: &Option<String>| text.clone().map(review::words).transpose();
    Ok(match () {
        () if args.approve.as_deref() == Some("start") => Word::Approve(Gate::Start),
        () if args.approve.is_some() => Word::Approve(Gate::Land),
        () if args.resume => Word::Resume,
        () => match (said(&args.reject)?, said(&args.accept)?, said(&args.finding)?, said(&args.halt)?) {
            (Some(text), ..) => Word::Reject(text),
            (_, Some(text), ..) => Word::Accept(text),
            (_, _, Some(text), _) => Word::Finding { text, critical: args.critical },
            (.., why) => Word::Halt(why.unwrap_or_default()),
        },
    })
}

/// Appends the rulings, all in one step; `false` if another process was faster.
fn written(repo: &Repo, scene: &Scene, rulings: &[Ruling]) -> Result<bool> {
    let ids: Vec<&str> = rulings.iter().map(|ruling| ruling.review.task.as_str()).collect();
    let mut notes: Vec<(Oid, Vec<Body>)> = Vec::new();
    for ruling in rulings {
        let body = Body::Reviewed(ruling.review.clone());
        match notes.iter_mut().find(|(note, _)| *note == ruling.note) {
            Some((_, bodies)) => bodies.push(body),
            None => notes.push((ruling.note, vec![body])),
        }
    }
    appended(repo, scene, notes, &format!("reviewed {}", ids.join(", ")))
}

/// `false` if another process was faster.
fn appended(repo: &Repo, scene: &Scene, notes: Vec<(Oid, Vec<Body>)>, subject: &str) -> Result<bool> {
    let ledger = &scene.facts.ledger;
    let at = ledger.moment(scene.facts.now);
    let append = || {
        let event = |body| git::event(repo, at, body);
        let events: Result<Vec<(Oid, Vec<Event>)>> = notes
            .into_iter()
            .map(|(note, bodies)| Ok((note, bodies.into_iter().map(event).collect::<Result<_>>()?)))
            .collect();
        let events = events?;
        let notes: Vec<(Oid, &[Event])> = events.iter().map(|(note, events)| (*note, events.as_slice())).collect();
        git::append_all(repo, ledger.tip, &notes, subject)
    };
    match append() {
        Ok(swap) => Ok(swap != Swap::Lost),
        Err(error) => Err(git::not_writable(repo).map_or(error, anyhow::Error::from)),
    }
}

/// The verdict on a batch; `None` where something is said of tasks.
fn closing(args: &Args, reviewer: &str) -> Result<Option<Closing>, Failure> {
    let (verdict, why) = match (&args.sufficient, &args.insufficient) {
        (Some(why), _) => ("sufficient", why),
        (None, Some(why)) => ("insufficient", why),
        (None, None) => return Ok(None),
    };
    let [batch] = args.ids.as_slice() else {
        return Err(
            Failure::new(Exit::Usage, "a verdict is on one batch").hint("use 'git dispatch log' to list the batches")
        );
    };
    Ok(Some(Closing {
        batch: batch.clone(),
        of: None,
        verdict: verdict.to_owned(),
        text: Some(review::words(why.clone())?),
        convergence: args.convergence.clone(),
        coverage: args.coverage.clone(),
        contradictions: args.contradictions.clone(),
        reviewer: reviewer.to_owned(),
    }))
}

fn closed(args: &Args, global: &Global, speaker: &Speaker<'_>, said: Closing) -> Result<Exit> {
    let releases = said.verdict == "sufficient";
    let mut confirmed = args.dry_run || !releases;
    for () in git::Attempts::new() {
        let loaded = read::task_file(speaker.repo, global)?;
        let scene = read::scene(speaker.repo, &loaded, Want::STANDINGS)?;
        let (note, closing) = review::close(&loaded.file, (&scene.facts, &scene.standings), said.clone())?;
        let batches = &scene.facts.ledger.batches;
        let batch = batches.iter().rfind(|batch| Some(&batch.uid) == closing.of.as_ref());
        let ids: Vec<TaskId> = batch.into_iter().flat_map(|batch| &batch.tasks).map(|task| task.id.clone()).collect();
        if releases {
            speaker.may_release(&scene, &ids)?;
        }
        confirmed = confirmed || speaker.confirms(&format!("batch {} as sufficient", escape(&closing.batch)));
        if !confirmed {
            return Ok(Exit::No);
        }
        let notes = vec![(note, vec![Body::Closed(closing.clone())])];
        if args.dry_run || appended(speaker.repo, &scene, notes, &format!("closed {}", closing.batch))? {
            let render = if global.json { render::review::closed_json } else { render::review::closed };
            speaker.console.answer(&render(&closing, args.dry_run));
            return Ok(Exit::Success);
        }
    }
    Err(git::contended().into())
}
