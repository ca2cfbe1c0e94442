//! Putting the own commits of a stacked task on another base: whether that may be, and how it is refused.

use std::path::{Path, PathBuf};

use super::{Clash, and, needs_of};
use crate::model::facts::{Facts, Head};
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::ledger::{Batch, Restacking, Snapshot, Support};
use crate::model::oid::Oid;
use crate::model::path::TreePath;
use crate::model::standing::Standings;
use crate::model::start::{not_in_file, unknown};
use crate::model::state::State;
use crate::model::task::TaskFile;
use crate::model::text::{count, shell_word};

/// A stacked task, and where its work is.
#[derive(Debug, Clone)]
pub struct Place<'a> {
    pub id: TaskId,
    pub batch: &'a Batch,
    pub snapshot: &'a Snapshot,
    /// What was begun and not recorded as done.
    pub begun: Option<&'a Restacking>,
    pub tip: Oid,
    /// Its worktree, absolute.
    pub folder: PathBuf,
    /// Under way there, as git names it.
    pub operation: Option<String>,
    /// What it stands on, and what has landed that it needed besides.
    pub needs: Vec<TaskId>,
}

/// What is done for a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Restack {
    pub id: TaskId,
    pub branch: String,
    pub folder: PathBuf,
    /// Its tip.
    pub before: Oid,
    /// The base so far.
    pub from: Oid,
    pub base: Oid,
    /// What it stands on then.
    pub stack: Vec<Support>,
    /// What it stood on.
    pub left: Vec<Support>,
    /// The intent stands in the ledger already, and the worktree may be on its way.
    pub begun: bool,
    pub moves: Move,
}

/// How the branch comes to its new base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// It has it already: that is recorded.
    Recorded,
    /// Its own commits stand there now, and this is the last of them.
    To(Oid),
}

/// The task that `text` names.
///
/// # Errors
/// Nobody knows it ([`Exit::Usage`]); it is not active, or stands on nothing ([`Exit::No`]); it has no worktree, or that is not on
/// its branch ([`Exit::Refused`]).
pub fn place<'a>(
    file: &TaskFile,
    (facts, standings): (&'a Facts, &Standings),
    text: &str,
) -> Result<Place<'a>, Failure> {
    let known = |id: &TaskId| standings.of(file, id).is_some();
    let id = text.parse::<TaskId>().ok().filter(known).ok_or_else(|| not_in_file(file, standings, &[text]))?;
    let see = || format!("use 'git dispatch status {id}' to see how far it is");
    let state = standings.of(file, &id).map(|standing| standing.state).ok_or_else(|| unknown(file, text))?;
    let record = facts.ledger.records.get(&id);
    let snapshot = record.and_then(|record| record.snapshot.as_ref());
    let (Some(record), Some(snapshot), Some(batch)) = (record, snapshot, facts.ledger.batch_of(&id)) else {
        return Err(Failure::new(Exit::No, format!("task '{id}' was not started: there is nothing to restack"))
            .hint(format!("use 'git dispatch start --stack {id}' to start it on what is reported done")));
    };
    if snapshot.stack.is_empty() && record.restacking.is_none() {
        let what = format!("task '{id}' is stacked on nothing: there is nothing to restack");
        return Err(Failure::new(Exit::No, what).hint(see()));
    }
    let branch = facts.tasks.get(&id).and_then(|seen| seen.branch.as_ref());
    let (true, Some(branch)) = (matches!(state, State::Active | State::Done | State::Stopped), branch) else {
        let what = format!("task '{id}' is {}: there is nothing to restack", state.word());
        return Err(Failure::new(Exit::No, what).hint(see()));
    };
    let worktree = facts.tasks.get(&id).and_then(|seen| seen.worktree.as_ref());
    let refused = |what: String| Err(Failure::new(Exit::Refused, format!("cannot restack task '{id}': {what}")));
    let Some(worktree) = worktree.filter(|worktree| worktree.head != Head::Missing) else {
        return refused("it has no worktree".to_owned()).map_err(|failure| failure.hint(see()));
    };
    if worktree.head != Head::Branch(snapshot.branch.clone()) {
        let path = worktree.path.to_string_lossy();
        let what = format!("'{path}' has something else checked out than branch '{}'", snapshot.branch);
        let (path, branch) = (shell_word(&path), shell_word(&snapshot.branch));
        let hint = format!("use 'git -C {path} switch {branch}' to check it out there");
        return refused(what).map_err(|failure| failure.hint(hint));
    }
    Ok(Place {
        needs: needs_of(snapshot, standings, file),
        batch,
        snapshot,
        begun: record.restacking.as_ref(),
        tip: branch.tip,
        folder: worktree.path.clone(),
        operation: worktree.operation.clone(),
        id,
    })
}

/// It stands where it would be put.
pub fn nothing_to_do(id: &TaskId) -> Failure {
    Failure::new(Exit::No, format!("task '{id}' stands on the newest of what it is stacked on"))
        .hint(format!("use 'git dispatch status {id}' to see how far it is"))
}

/// What it stands on is not all reported done, or landed.
pub fn not_done(id: &TaskId, open: &[(TaskId, State)]) -> Failure {
    let told: Vec<String> = open.iter().map(|(need, state)| format!("'{need}' ({})", state.word())).collect();
    let is = if open.len() == 1 { "is" } else { "are" };
    let what =
        format!("cannot restack task '{id}': it stands on {}, which {is} neither reported done nor landed", and(&told));
    let see = |failure: Failure, (need, _): &(TaskId, State)| {
        failure.hint(format!("use 'git dispatch status {need}' to see how far it is"))
    };
    open.iter().fold(Failure::new(Exit::Refused, what), see)
}

/// What it would stand on does not merge.
pub fn at_odds(id: &TaskId, clash: &Clash) -> Failure {
    let [one, other] = &clash.between;
    let what = format!("task '{id}' cannot stand on '{one}' and '{other}': they {}", clash.clause());
    Failure::new(Exit::Refused, what).hint(format!("use 'git dispatch status {id}' to see how far it is"))
}

/// Its worktree is not to be moved now.
pub fn not_ready(place: &Place<'_>, what: &str) -> Failure {
    let path = place.folder.to_string_lossy();
    Failure::new(Exit::Refused, format!("cannot restack task '{}': in '{path}', {what}", place.id))
        .hint(format!("use 'git -C {} status' to see what is there", shell_word(&path)))
}

/// Something is under way in its worktree.
pub fn under_way(id: &TaskId, operation: &str, folder: &Path) -> Failure {
    let path = folder.to_string_lossy();
    let what = format!("cannot restack task '{id}': a {operation} is under way in '{path}'");
    Failure::new(Exit::Refused, what).hint(format!("use 'git -C {} status' to see how to end it", shell_word(&path)))
}

/// Its branch was reset or rebased by hand, and which of its commits are its own is not known.
pub fn off_its_base(id: &TaskId, base: Oid) -> Failure {
    let what = format!(
        "cannot restack task '{id}': its branch no longer contains the commit {} that it is stacked on",
        base.short()
    );
    Failure::new(Exit::Refused, what).hint(format!("use 'git dispatch status {id}' to see what can be done"))
}

/// A rebase would take its merges apart, and what was solved in them would be lost. `bring` is what may be merged instead.
pub fn merged_itself(place: &Place<'_>, merges: u64, bring: Option<&str>) -> Failure {
    let what = format!(
        "cannot restack task '{}': its own commits hold {}, which a rebase would take apart",
        place.id,
        count(merges as usize, "merge")
    );
    let folder = shell_word(&place.folder.to_string_lossy());
    let failure = Failure::new(Exit::Refused, what);
    match bring {
        Some(name) => failure
            .hint(format!("use 'git -C {folder} merge {}' to bring in what is new instead", shell_word(name)))
            .hint(format!("use 'git dispatch restack {}' after that to record it", place.id)),
        None => failure.hint(format!("use 'git -C {folder} log --merges {}..' to see them", place.snapshot.base)),
    }
}

/// One of its commits does not go onto the new base; how to have that solved by hand.
pub fn stuck(place: &Place<'_>, base: Oid, (commit, paths): (Oid, &[TreePath])) -> Failure {
    const TOLD: usize = 5;
    let told: Vec<String> = paths.iter().take(TOLD).map(|path| format!("'{}'", path.lossy())).collect();
    let more = if paths.len() > TOLD { format!(" and {} more", paths.len() - TOLD) } else { String::new() };
    let (id, from) = (&place.id, place.snapshot.base);
    let what = format!(
        "cannot restack task '{id}': its commit {} conflicts with {} in {}{more}",
        commit.short(),
        base.short(),
        told.join(", ")
    );
    let folder = place.folder.to_string_lossy();
    Failure::new(Exit::Refused, what)
        .hint(format!("use 'git -C {} rebase --onto {base} {from}' to solve it there", shell_word(&folder)))
        .hint(format!("use 'git dispatch restack {id}' after that to record it"))
}
