//! What is not as one would expect of a task, and the commands that go on from there.
//!
//! Every command stands alone, is quoted for a POSIX shell, and loses nothing when it is pasted: what it cannot do safely, git
//! refuses. Only `NEW-PATH`, `PATH` and `BRANCH` are for the reader to fill in.

use std::path::Path;

use super::stopped::stopped;
use super::{Row, Verdict};
use crate::model::facts::{BaseIs, Branch, Head, Twin, Worktree};
use crate::model::ledger::Removal;
use crate::model::oid::Oid;
use crate::model::state::State;
use crate::model::text::shell_word;

/// Something worth knowing, with the commands that mend it, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// A clause after the task's id.
    pub text: String,
    pub commands: Vec<String>,
    /// Something is broken, so that not all is known.
    pub fault: bool,
}

impl Note {
    pub(super) fn new(text: impl Into<String>) -> Note {
        Note { text: text.into(), commands: Vec::new(), fault: false }
    }

    fn fault(text: impl Into<String>) -> Note {
        Note { fault: true, ..Note::new(text) }
    }

    pub(super) fn then(mut self, command: impl Into<String>) -> Note {
        self.commands.push(command.into());
        self
    }
}

/// What else is known around a row.
pub(super) struct Around<'a> {
    /// The recorded place of a worktree, where nothing stands now.
    pub vacant: Option<&'a Path>,
    /// What the worktree was last at, where its branch was deleted below it.
    pub deleted: Option<Oid>,
    /// Whether the task file still names the task.
    pub defined: bool,
    /// Its start, or its undoing, was not brought to its end: the batch says how that goes on.
    pub unfinished: bool,
    pub target: &'a str,
    /// Somebody else of the task file who could work on it.
    pub other: Option<&'a str>,
}

/// Where branch or worktree of `row` are not what the record says.
pub(super) fn notes(row: &Row, around: &Around<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    if !around.defined && !row.state.over() {
        notes.push(Note::new("is no longer in the task file; what it was when it started still holds"));
    }
    if let Some(remote) = row.remotes.first().filter(|_| row.state == State::Elsewhere) {
        notes.push(Note::new(format!("was started elsewhere: '{remote}'")));
    }
    if let Some(fault) = row.branch.as_ref().and_then(|branch| branch.fault.as_ref()) {
        notes.push(Note::fault(fault).then("git fsck"));
    }
    notes.extend(row.worktree.as_ref().and_then(damaged_index));
    match (row.state, &row.branch, &row.worktree) {
        (State::Lost, _, worktree) => notes.extend(lost(row, worktree.as_ref(), around)),
        (State::Active | State::Done | State::Stopped, Some(branch), worktree) => {
            notes.extend(branch_notes(row, branch, around.target));
            match worktree {
                _ if around.unfinished => {}
                Some(worktree) => {
                    notes.extend(unequipped(row, worktree));
                    notes.extend(worktree_notes(row, branch, worktree));
                    notes.extend(put_aside(row, around.target));
                }
                None if !row.isolated => notes.extend(apart(row, branch)),
                None => notes.push(Note::new("has no worktree").then(add(around.vacant, &branch.name))),
            }
        }
        (State::Landed, _, Some(worktree)) => notes.extend(stays(row, worktree)),
        _ => {}
    }
    notes.extend(stopped(row, around));
    notes
}

/// Its removal, or what takes that back, was not brought to its end.
pub(super) fn half_removed(removal: &Removal) -> Option<Note> {
    let id = &removal.what.task;
    match (removal.done, removal.undoing) {
        (_, true) => Some(Note::new("is half brought back from the trash").then(format!("git dispatch undo {id}"))),
        (false, _) => Some(
            Note::new("is half dropped")
                .then(format!("git dispatch drop {id}"))
                .then(format!("git dispatch undo {id}")),
        ),
        _ => None,
    }
}

/// What arrived from elsewhere, and is not followed.
fn apart(row: &Row, branch: &Branch) -> Option<Note> {
    let Some(Twin::Apart(twin)) = &row.twin else { return None };
    let name = &branch.name;
    let note = Note::new(format!("'{twin}' and '{name}' both have commits of their own: the local one counts"));
    let range = shell_word(&format!("{name}...{twin}"));
    Some(note.then(format!("git log --oneline --left-right {range}")))
}

/// What was staged is lost with the index; the files are as they are.
fn damaged_index(worktree: &Worktree) -> Option<Note> {
    let index = word(worktree.damaged_index.as_ref()?);
    let what = format!("the index of its worktree '{}' is damaged", worktree.path.display());
    let anew = format!("git -C {} read-tree HEAD", word(&worktree.path));
    Some(Note::fault(what).then(format!("rm {index}")).then(anew))
}

/// Its branch is gone: perhaps renamed or deleted, and its worktree shows to what, or at what.
fn lost(row: &Row, worktree: Option<&Worktree>, around: &Around<'_>) -> Vec<Note> {
    let gone = format!("its branch '{}' is gone, and nothing shows that it landed", row.branch_name);
    let with = |what: &str| Note::new(format!("{gone}; {what}"));
    let first = match worktree.map(|worktree| (&worktree.head, worktree, around.deleted)) {
        Some((Head::Branch(other), worktree, _)) if *other != row.branch_name => {
            let path = worktree.path.display();
            with(&format!("its worktree '{path}' has branch '{other}' checked out")).then(format!(
                "git dispatch adopt {} {}",
                row.id,
                shell_word(other)
            ))
        }
        Some((Head::Branch(own), worktree, Some(at))) => {
            let path = worktree.path.display();
            with(&format!("it was deleted below its worktree '{path}', which was at {}", at.short()))
                .then(format!("git branch {} {at}", shell_word(own)))
        }
        Some((Head::Detached(_), worktree, _)) => with(&format!(
            "its worktree '{}' is detached",
            worktree.path.display()
        ))
        .then(format!("git dispatch adopt {} {}", row.id, word(&worktree.path))),
        _ => Note::new(gone).then(format!("git dispatch adopt {} BRANCH", row.id)),
    };
    let declare = Note::new(format!("if it was squashed or rebased onto the target, {}", declared(row)));
    std::iter::once(first).chain(around.defined.then_some(declare)).collect()
}

fn declared(row: &Row) -> String {
    format!("write state = \"landed\" into [task.{}]", row.id)
}

fn branch_notes(row: &Row, branch: &Branch, target: &str) -> Vec<Note> {
    let place = row.worktree.as_ref().filter(|_| row.on_its_branch()).map(|worktree| word(&worktree.path));
    let mut notes: Vec<Note> = base_note(branch, place.as_deref(), target).into_iter().collect();
    if let Some(revert) = branch.reverted {
        notes.push(reverted(branch, revert, place.as_deref(), target));
    } else if branch.ahead == Some(0) && branch.commits.is_some_and(|own| own > 0) {
        let what = format!("has nothing that the target lacks; if that is its landing, {}", declared(row));
        notes.push(Note::new(what));
    }
    notes
}

/// What is wrong with where the branch began. `place` is its worktree, where that is on the branch.
fn base_note(branch: &Branch, place: Option<&str>, target: &str) -> Option<Note> {
    let base = branch.base?;
    let mend = |note: Note, command: String| match place {
        Some(place) => note.then(format!("git -C {place} {command}")),
        None => note,
    };
    match (branch.base_is, branch.contains_base, branch.commits) {
        (BaseIs::Abandoned(base), ..) => {
            let what = format!(
                "'{target}' was rewritten and no longer has the commit {} that it started from: its branch carries commits that were the target's",
                base.short()
            );
            Some(mend(Note::new(what), format!("rebase --onto {} {base}", shell_word(target))))
        }
        (BaseIs::Missing(missing), _, own) if own.is_some() || branch.ahead == Some(0) => {
            let rest = match own {
                Some(_) => format!("its own commits are counted from {} on, where it left '{target}'", base.short()),
                None => format!("'{target}' has all that it has, and which of that is its own is not known"),
            };
            let missing = missing.short();
            Some(Note::new(format!("the commit {missing} that it started from is not in this repository: {rest}")))
        }
        (_, Some(false) | None, None) if branch.ahead.is_some() => {
            let what = format!("its branch and '{target}' have no commit in common: it was moved to another history");
            Some(mend(Note::new(what), format!("rebase --onto {} --root", shell_word(target))))
        }
        (BaseIs::Replaced(_), ..) => None,
        (_, Some(false), Some(0)) => {
            let what = format!(
                "its branch was set back to {}, before the commit {} that it started from",
                branch.tip.short(),
                base.short()
            );
            Some(mend(Note::new(what), format!("merge --ff-only {base}")))
        }
        (_, Some(false), _) => {
            let what = format!(
                "its branch no longer contains the commit {} that it started from: it was reset or rebased",
                base.short()
            );
            Some(mend(Note::new(what), format!("rebase {base}")))
        }
        _ => None,
    }
}

/// Its work was on the target, and was taken back.
fn reverted(branch: &Branch, revert: Oid, place: Option<&str>, target: &str) -> Note {
    let by = revert.short();
    match (&branch.brought, place) {
        (Some(brought), _) => Note::new(format!(
            "its work was brought by {}, which {by} reverted: merging it brings the work back",
            brought.commit.short()
        )),
        (None, Some(place)) => Note::new(format!("was merged, and {by} reverted that; to bring the work back"))
            .then(format!("git -C {place} merge --ff-only {}", shell_word(target)))
            .then(format!("git -C {place} revert --no-edit {revert}")),
        (None, None) => Note::new(format!("was merged, and {by} reverted that")),
    }
}

/// What stands between the worktree of an active task and its branch.
fn worktree_notes(row: &Row, branch: &Branch, worktree: &Worktree) -> Vec<Note> {
    let (path, folder, name) = (worktree.path.display(), word(&worktree.path), shell_word(&branch.name));
    let switch = format!("git -C {folder} switch {name}");
    if worktree.head == Head::Missing {
        return missing(row, branch, worktree);
    }
    if let Some(operation) = &worktree.operation {
        let note = Note::new(format!("a {operation} is under way in '{path}'"));
        return vec![note.then(format!("git -C {folder} status"))];
    }
    match &worktree.head {
        Head::Detached(at) if *at == branch.tip => {
            vec![Note::new(format!("its worktree '{path}' is detached")).then(switch)]
        }
        Head::Detached(at) => {
            let note = Note::new(format!(
                "its worktree '{path}' is detached at {}, not at the tip of '{}': commits made there may be on no branch",
                at.short(),
                branch.name
            ));
            vec![note.then(switch).then(format!("git -C {folder} merge --ff-only {at}"))]
        }
        Head::Branch(other) if *other != row.branch_name => {
            let what = format!("its worktree '{path}' has branch '{other}' checked out, not '{}'", row.branch_name);
            vec![Note::new(what).then(switch)]
        }
        Head::Branch(_) | Head::Missing => Vec::new(),
    }
}

/// Interrupted or failed; or the setup command runs at this moment.
fn unequipped(row: &Row, worktree: &Worktree) -> Option<Note> {
    let there = worktree.unequipped && worktree.head != Head::Missing;
    there.then(|| {
        Note::new("its setup has not ended well, if it does not run still")
            .then(format!("git dispatch start --setup {}", row.id))
    })
}

/// git refuses to merge over changes: the command that would bring the conflict in is left out for this.
fn put_aside(row: &Row, target: &str) -> Option<Note> {
    let stands = row.conflicts() && row.on_its_branch() && !row.readiness.as_ref()?.uncommitted;
    let dirty = stands && row.changes().is_some_and(|changes| !changes.is_clean());
    dirty.then(|| Note::new(format!("conflicts: commit or put aside its changes, then merge '{target}' there")))
}

/// The folder is not there, or does not lead to the repository: moved, deleted, or broken.
fn missing(row: &Row, branch: &Branch, worktree: &Worktree) -> Vec<Note> {
    let (path, folder) = (worktree.path.display(), word(&worktree.path));
    if worktree.folder {
        return vec![Note::new(format!("its worktree '{path}' is broken")).then("git worktree repair")];
    }
    let moved = Note::new(format!("its worktree '{path}' is gone; if it was moved, name its new place"))
        .then("git worktree repair NEW-PATH");
    let deleted = match worktree.detached.filter(|at| *at != branch.tip) {
        // Nothing but the record of the worktree may hold these commits.
        Some(at) => {
            Note::new(format!("if it was deleted, keep what it was detached at, {}, and make it anew", at.short()))
                .then(format!("git branch kept-{} {at}", row.id))
        }
        None => Note::new("if it was deleted, make it anew"),
    };
    let deleted = unlock(worktree).into_iter().fold(deleted, Note::then);
    let deleted = deleted.then(format!("git worktree remove {folder}")).then(add(Some(&worktree.path), &branch.name));
    vec![moved, deleted]
}

/// Why the worktree of a landed task is not to be removed; nothing where it is, or where there is nothing to remove.
fn stays(row: &Row, worktree: &Worktree) -> Option<Note> {
    let stays =
        |why: String| Some(Note::new(format!("has landed, but its worktree '{}' {why}", worktree.path.display())));
    match (&worktree.operation, &worktree.head, worktree.changes) {
        _ if worktree.main || worktree.head == Head::Missing => None,
        (Some(operation), ..) => stays(format!("has a {operation} under way")),
        (None, Head::Detached(at), _) => {
            stays(format!("is detached at {}: commits made there may be on no branch", at.short()))
        }
        (None, Head::Branch(other), _) if *other != row.branch_name => {
            stays(format!("has branch '{other}' checked out"))
        }
        (None, _, None) => stays("could not be looked at".to_owned()),
        (None, _, Some(changes)) if !changes.is_clean() => stays("holds changes that are not committed".to_owned()),
        _ => None,
    }
}

impl Row {
    /// HEAD of its worktree is the task's own branch, and no rebase, merge or the like is under way there.
    pub fn on_its_branch(&self) -> bool {
        let own = |worktree: &Worktree| matches!(&worktree.head, Head::Branch(name) if *name == self.branch_name);
        self.worktree.as_ref().is_some_and(|worktree| own(worktree) && worktree.operation.is_none())
    }

    /// Its worktree, if it has one, is on the task's branch with everything committed.
    pub(super) fn committed(&self) -> bool {
        let clean = self.changes().is_some_and(|changes| changes.is_clean());
        self.worktree.is_none() || (self.on_its_branch() && clean)
    }

    fn conflicts(&self) -> bool {
        self.readiness.as_ref().is_some_and(|readiness| readiness.verdict == Verdict::Conflict)
    }

    /// The command that brings a conflict into the worktree, where it can be solved: only where nothing else is under way
    /// there, nothing is changed, and what is checked out is the task's branch.
    pub(super) fn solution(&self, target: &str) -> Option<String> {
        let clean = self.changes().is_none_or(|changes| changes.is_clean());
        let worktree = self.worktree.as_ref().filter(|_| self.conflicts() && self.on_its_branch() && clean)?;
        Some(format!("git -C {} merge {}", word(&worktree.path), shell_word(target)))
    }

    /// The branch of a landed task, where the target lacks its commits: it was squashed or rebased.
    fn unmerged(&self) -> Option<&Branch> {
        self.branch.as_ref().filter(|branch| self.state == State::Landed && branch.ahead != Some(0))
    }

    /// The tip, and the command that brings the branch back, where `removal` deletes commits that the target lacks.
    pub fn way_back(&self) -> Option<(Oid, String)> {
        let branch = self.unmerged().filter(|_| !self.removal.is_empty())?;
        Some((branch.tip, format!("git branch {} {}", shell_word(&branch.name), branch.tip)))
    }

    /// The commands that remove what is left of a landed task: where nothing can be lost by that. What git ignores goes along.
    pub(super) fn removal(&self) -> Vec<String> {
        let landed = self.state == State::Landed && self.branch.is_some() && self.committed();
        let Some(worktree) = self.worktree.as_ref().filter(|worktree| landed && !worktree.main) else {
            return Vec::new();
        };
        // Of commits that the target has in another form git says that they are not merged.
        let delete = if self.unmerged().is_some() { "-D" } else { "-d" };
        let rest = [
            format!("git worktree remove {}", word(&worktree.path)),
            format!("git branch {delete} {}", shell_word(&self.branch_name)),
        ];
        unlock(worktree).into_iter().chain(rest).collect()
    }
}

fn unlock(worktree: &Worktree) -> Option<String> {
    worktree.locked.is_some().then(|| format!("git worktree unlock {}", word(&worktree.path)))
}

fn add(place: Option<&Path>, branch: &str) -> String {
    format!("git worktree add {} {}", place.map_or_else(|| "PATH".to_owned(), word), shell_word(branch))
}

fn word(path: &Path) -> String {
    shell_word(&path.to_string_lossy())
}
