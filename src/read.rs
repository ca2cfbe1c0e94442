//! The first of the four words: what every command reads before it decides.

pub mod acting;
pub mod brief;
pub mod landing;
mod places;
pub mod removal;
pub mod sessions;
pub mod submit;
pub mod trash;
pub mod worker;

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::console::{Console, Shown};
use crate::git::{self, Named, Observation, Quarantine, Repo, Source, Want};
use crate::global::Global;
use crate::model::brief::LONGEST;
use crate::model::collision::{Collisions, contenders};
use crate::model::facts::{Facts, Observed};
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::ledger::{Ledger, Snapshot};
use crate::model::oid::Oid;
use crate::model::review::{gated, of_text};
use crate::model::standing::{Names, Standings, standings};
use crate::model::task::{Details, Gate, Task, TaskFile};
use crate::model::taskfile;
use crate::model::template::is_branch_name;
use crate::model::text::shell_word;
use crate::model::trust::{Command, commands};
use crate::render;
use crate::trust;

pub use places::{names, numbered, places};

/// The task file with git config laid over it, and where it came from.
pub struct Loaded {
    pub file: TaskFile,
    pub source: Source,
    /// The target's name.
    pub target: String,
    /// `dispatch.worktree` of git config, the user's own word, places worktrees: they may lie anywhere.
    pub worktree_anywhere: bool,
}

/// What the repository shows, and where every task stands.
pub struct Scene {
    pub facts: Facts,
    pub names: Names,
    pub standings: Standings,
    /// `None` where not asked for, or where there is no room for temporary files.
    pub collisions: Option<Collisions>,
    /// Holds the commits that the facts name and the repository does not have.
    pub quarantine: Quarantine,
}

/// Finds the repository, and gives the console the colours that its config asks for.
///
/// # Errors
/// There is none.
pub fn repository(global: &Global, console: &Console) -> Result<(Repo, Console)> {
    let repo = Repo::discover(global.dir())?;
    let console = console.with_color_ui(repo.config("color.ui").as_deref());
    Ok((repo, console))
}

/// Reads and checks the task file.
///
/// The target may stand in the file, and which file is read depends on the target: the file of the configured or default
/// target is read first; where it names another target, that one's file counts.
///
/// # Errors
/// There is no task file, or it has faults: then all of them, shown at their places ([`Exit::Usage`]).
pub fn task_file(repo: &Repo, global: &Global) -> Result<Loaded> {
    let configured = repo.config("dispatch.target");
    let presumed = match &configured {
        Some(target) => Some(target.clone()),
        None => git::default_target(repo)?,
    };
    let asked = global.file.as_ref().map(|file| global.dir().join(file));
    let mut source = git::task_file(repo, asked.as_deref(), presumed.as_deref())?;
    let mut file = parsed(&source)?;
    let named = file.settings.target.clone().filter(|_| configured.is_none());
    if let Some(named) = named.filter(|named| Some(named) != presumed.as_ref()) {
        let other = git::task_file(repo, asked.as_deref(), Some(&named))?;
        if other.place != source.place {
            file = parsed(&other)?;
            source = other;
        }
    }
    git::overlay(repo, &mut file.settings)?;
    file.settings.brief_texts = brief_texts(repo, &file, &source);
    let worktree_anywhere = repo.config("dispatch.worktree").is_some();
    let target = file.settings.target.clone().or(presumed).ok_or_else(no_target)?;
    Ok(Loaded { file, source, target, worktree_anywhere })
}

/// See [`crate::model::task::Settings::brief_texts`]. What cannot be read is left to whoever needs it.
fn brief_texts(repo: &Repo, file: &TaskFile, source: &Source) -> BTreeMap<TaskId, String> {
    let gate = |details: &Details| gated(Some(details), &file.settings, Gate::Start);
    let text = |task: &Task| {
        let path = task.details.as_deref().filter(|details| gate(details))?.brief_file.as_deref()?;
        let text = git::named_text(repo, source, Named { key: "brief-file", path, limit: LONGEST }).ok()?;
        Some((task.id.clone(), of_text(&text)))
    };
    file.graph.tasks().iter().filter_map(text).collect()
}

fn no_target() -> Failure {
    Failure::new(Exit::Refused, "no branch to start tasks from: there is no origin/HEAD, main or master")
        .hint("use 'git config dispatch.target BRANCH' to name one")
}

/// The checked file of `source`.
fn parsed(source: &Source) -> Result<TaskFile> {
    let (text, mut parsed) = taskfile::parse_bytes(&source.text);
    if let Some(file) = parsed.file.take() {
        return Ok(file);
    }
    parsed.warnings.clear();
    let shown = render::fault::text(render::fault::Source { name: &source.name, text: &text }, &parsed);
    Err(Shown { exit: Exit::Usage, text: shown }.into())
}

/// Observes what `want` asks for, and computes where every task stands.
///
/// # Errors
/// The target does not exist, or the repository cannot be read.
pub fn scene(repo: &Repo, loaded: &Loaded, want: Want) -> Result<Scene> {
    let ledger = git::read_ledger(repo)?;
    let names = names(repo, &loaded.file, &ledger)?;
    let target = git::target(repo, &loaded.target)?;
    let Observation { facts, quarantine } = git::observe(repo, ledger, target, &names, &want)?;
    let standings = standings(&loaded.file, &facts, &names);
    let contenders = || contenders(&facts, &standings, want.uncommitted);
    let compared = want.collisions.then(|| git::collisions(repo, &quarantine, &contenders()));
    let collisions = compared.and_then(Result::ok).map(|collisions| collisions.with_names(&facts));
    Ok(Scene { facts, names, standings, collisions, quarantine })
}

/// Says how many lines of the ledger could not be read, if any could not.
pub fn warn_of_unread(ledger: &Ledger, console: &Console) {
    if let Some((what, command)) = ledger.unread() {
        console.warning(&what);
        console.hint(&format!("use '{command}' to see the first of them"));
    }
}

/// The commands of the task file, and where approvals are kept.
pub struct Trust {
    pub file: PathBuf,
    /// What approvals are recorded for: the bytes of the common git dir's path.
    pub repository: Vec<u8>,
    /// Each with whether it is approved.
    pub commands: Vec<(Command, bool)>,
}

impl Trust {
    /// What is not approved.
    pub fn open(&self) -> impl Iterator<Item = &Command> {
        self.commands.iter().filter(|(_, approved)| !approved).map(|(command, _)| command)
    }
}

/// Which commands of the task file may run.
///
/// # Errors
/// Approvals cannot be read, or would lie within the repository ([`Exit::Refused`]).
pub fn trust(repo: &Repo, loaded: &Loaded) -> Result<Trust> {
    let common = repo.common_dir().canonicalize().unwrap_or_else(|_| repo.common_dir().to_owned());
    let all: Vec<PathBuf> = git::worktrees(repo)?.into_iter().map(|listed| listed.path).collect();
    let within: Vec<&Path> =
        [Some(common.as_path()), repo.here()].into_iter().flatten().chain(all.iter().map(PathBuf::as_path)).collect();
    let file = trust::place(&within)?;
    let approvals = trust::read(&file)?;
    let repository = common.into_os_string().into_vec();
    let judged = |command: Command| (approvals.holds(&repository, &command), command);
    let commands = commands(&loaded.file.settings).into_iter().map(judged).map(|(holds, command)| (command, holds));
    let commands = commands.collect();
    Ok(Trust { file, repository, commands })
}

/// Whether the command `name` of the task file may run.
///
/// # Errors
/// Nobody approved it, or approvals cannot be read ([`Exit::Refused`]).
pub fn trusted(repo: &Repo, loaded: &Loaded, name: &str) -> Result<(), Failure> {
    if loaded.file.settings.commands.own.contains(name) {
        return Ok(());
    }
    let known = trust(repo, loaded).map_err(|error| match error.downcast::<Failure>() {
        Ok(failure) => failure,
        Err(error) => Failure::new(Exit::Refused, format!("{error:#}")),
    })?;
    if known.open().all(|command| command.name != name) {
        return Ok(());
    }
    let key = name.rsplit('.').next().unwrap_or(name);
    let what = format!("'{key}' of '{}' would run as you, and is not approved", loaded.source.name);
    Err(Failure::new(Exit::Refused, what).hint("use 'git dispatch trust' in a terminal to look at it and approve it"))
}

/// The ledger may come from others: what it says is made, or taken back, only where a task file
/// could have it made, or the user's config.
///
/// # Errors
/// The branch of `task` is no branch name, or its path leads elsewhere ([`Exit::Refused`]); `note` is the commit whose note says so.
pub fn may_act(repo: &Repo, loaded: &Loaded, task: &Snapshot, note: Oid) -> Result<()> {
    let refused = |what: String| {
        Failure::new(Exit::Refused, format!("the ledger has task '{}' {what}", task.id))
            .hint(format!("use 'git notes --ref=dispatch show {}' to see who wrote that", note.short()))
    };
    if !is_branch_name(&task.branch) {
        return Err(refused(format!("on '{}', which is no branch name", task.branch)).into());
    }
    let Some(path) = task.path.as_deref() else { return Ok(()) };
    let as_configured = || {
        let places = places(repo, loaded, std::slice::from_ref(&task.id), task.agent.as_deref());
        places.is_ok_and(|all| all.get(&task.id).is_some_and(|place| place.is_at(path)))
    };
    let beside = git::stays_beside(repo, &git::absolute(repo, path)).is_ok();
    if beside || (loaded.worktree_anywhere && as_configured()) {
        return Ok(());
    }
    Err(refused(format!("at '{path}', where the worktrees of this repository do not belong")).into())
}

/// The task in whose worktree the caller stands.
pub fn task_here<'a>(repo: &Repo, facts: &'a Facts) -> Option<&'a TaskId> {
    let here = repo.here()?;
    let is_here = |path: &Path| path.canonicalize().is_ok_and(|path| path == here);
    let worktree = |seen: &Observed| seen.worktree.as_ref().is_some_and(|one| !one.main && is_here(&one.path));
    facts.tasks.iter().find(|(_, seen)| worktree(seen)).map(|(id, _)| id)
}

/// A worker takes nothing back and moves nothing, least of all what it stands in. `command` is what would, all the same.
///
/// # Errors
/// The caller stands in the worktree of a task ([`Exit::Refused`]).
pub fn outside(repo: &Repo, scene: &Scene, command: &str) -> Result<()> {
    match task_here(repo, &scene.facts) {
        Some(id) => Err(Failure::new(Exit::Refused, format!("this is the worktree of task '{id}'"))
            .hint(format!("use 'cd {}' first", shell_word(&repo.anchor().to_string_lossy())))
            .hint(format!("use 'git dispatch {command}' to act from here on the work of others"))
            .into()),
        None => Ok(()),
    }
}
