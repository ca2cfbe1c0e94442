//! Whether paths are being changed by another active task, and would collide.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::exclusion::meet;
use super::facts::{Facts, Merge, Observed};
use super::id::TaskId;
use super::ledger::Ledger;
use super::oid::Oid;
use super::path::TreePath;
use super::pattern::Pattern;
use super::standing::{Holder, Standings};
use super::state::State;
use super::task::{Task, TaskFile};

/// A path that a task's branch, or its worktree, changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    pub path: TreePath,
    /// The tip's tree differs there from the base's.
    pub committed: bool,
    /// The worktree differs there from its HEAD.
    pub uncommitted: bool,
    /// Nothing is left there: deleted, or renamed.
    pub gone: bool,
}

/// What is changed at and below some paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// The task whose worktree, or whose branch, is here.
    pub own: Option<TaskId>,
    /// The HEAD of the worktree here; `None` before its first commit.
    pub tip: Option<Oid>,
    /// What was looked at: the paths that were asked for, or all that is changed here. The empty path is the top.
    pub asked: Vec<TreePath>,
    /// Of these, what is changed here, in the order of paths.
    pub here: Vec<Touch>,
    /// Of these, what each other task changes, landed ones too, in the order of paths.
    pub others: BTreeMap<TaskId, Vec<Touch>>,
    /// Other tasks whose branch or worktree cannot be looked at.
    pub unread: Vec<TaskId>,
}

impl Looked {
    /// The other tasks that change a path which is changed here, too: only a merge tells whether these collide.
    pub fn to_merge(&self) -> BTreeSet<TaskId> {
        let shared = |touches: &[Touch]| touches.iter().any(|touch| self.here_at(&touch.path).is_some());
        self.others.iter().filter(|(_, touches)| shared(touches)).map(|(id, _)| id.clone()).collect()
    }

    fn here_at(&self, path: &TreePath) -> Option<&Touch> {
        self.here.binary_search_by(|touch| touch.path.cmp(path)).ok().map(|at| &self.here[at])
    }
}

/// What `check` tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    pub own: Option<TaskId>,
    pub asked: Vec<TreePath>,
    /// In the order of paths, then of tasks.
    pub rows: Vec<Row>,
    /// Active tasks whose branch or worktree could not be looked at.
    pub unread: Vec<TaskId>,
}

/// A path and another active task that changes it, or declares to.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub path: TreePath,
    pub task: TaskId,
    pub title: String,
    pub state: State,
    pub branch: Option<String>,
    pub worktree: Option<PathBuf>,
    /// The tip of its branch, which has the change.
    pub committed: Option<Oid>,
    pub uncommitted: bool,
    /// Its `writes` cover the path.
    pub declared: bool,
    /// The path is changed here, too.
    pub here: bool,
    pub together: Together,
}

/// What becomes of the path when both are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Together {
    /// Nobody but the other task changes it so far: an edit here would meet its change.
    WouldCollide,
    /// Both changed it, and that does not merge.
    Collides,
    /// Both changed it, and that merges.
    Merges,
    /// Both changed it, and git does not say whether that merges.
    Unknown,
    /// The other task only declares to write it.
    Declared,
}

impl Together {
    pub fn word(self) -> &'static str {
        match self {
            Together::WouldCollide => "would collide",
            Together::Collides => "collides",
            Together::Merges => "merges",
            Together::Unknown => "not checked",
            Together::Declared => "declared only",
        }
    }

    /// `None` where nobody knows.
    pub fn collides(self) -> Option<bool> {
        match self {
            Together::WouldCollide | Together::Collides => Some(true),
            Together::Merges | Together::Declared => Some(false),
            Together::Unknown => None,
        }
    }
}

impl Check {
    /// Whether an edit should wait. What is not known counts: unknown is not no.
    pub fn obstructed(&self) -> bool {
        self.rows.iter().any(|row| row.together.collides() != Some(false))
    }
}

/// The tasks that declare to write one of `paths` or something below it, as they were when they started.
pub fn declaring(file: &TaskFile, ledger: &Ledger, paths: &[TreePath]) -> BTreeSet<TaskId> {
    let patterns: Vec<Pattern> = paths.iter().filter_map(covering).collect();
    let declares = |writes: &[Pattern]| writes.iter().any(|own| patterns.iter().any(|path| meet(own, path)));
    let started = |id: &TaskId| ledger.records.get(id).and_then(|record| record.snapshot.as_ref());
    let in_file = file.graph.tasks().iter().filter(|task| {
        let writes = started(&task.id).map_or(&task.writes, |snapshot| &snapshot.writes);
        declares(writes)
    });
    let mut found: BTreeSet<TaskId> = in_file.map(|task| task.id.clone()).collect();
    let gone = ledger.records.keys().filter(|id| file.graph.position(id).is_none());
    found.extend(gone.filter(|id| started(id).is_some_and(|snapshot| declares(&snapshot.writes))).cloned());
    found
}

/// The pattern that covers this path and everything below it; `None` where no pattern can: it is not UTF-8, or holds a
/// control character.
fn covering(path: &TreePath) -> Option<Pattern> {
    let text = std::str::from_utf8(path.as_bytes()).ok()?;
    if text.is_empty() {
        return "**".parse().ok();
    }
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '{' | '}' | '\\' | '!') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped.parse().ok()
}

/// The commits whose merge tells about `other`: first what is here, then what the other task has, each with what is not
/// committed where the facts have that. `None` where there is no such commit.
pub fn sides(looked: &Looked, facts: &Facts, other: &TaskId) -> Option<(Oid, Oid)> {
    let whole = |seen: &Observed| uncommitted(seen).or(seen.branch.as_ref().map(|branch| branch.tip));
    let own = looked.own.as_ref().and_then(|own| facts.tasks.get(own)).and_then(uncommitted);
    Some((own.or(looked.tip)?, whole(facts.tasks.get(other)?)?))
}

fn uncommitted(seen: &Observed) -> Option<Oid> {
    seen.uncommitted().and_then(|uncommitted| uncommitted.commit)
}

/// What to tell: `merges` holds what git says of [`sides`], for the tasks of [`Looked::to_merge`].
///
/// Where nobody asked for certain paths (`everything`), conflicts at paths that only a rename leads to are told, too.
pub fn check(
    (facts, standings): (&Facts, &Standings),
    looked: Looked,
    merges: &BTreeMap<TaskId, Option<Merge>>,
    everything: bool,
) -> Check {
    let patterns: Vec<(&TreePath, Pattern)> =
        looked.asked.iter().filter_map(|path| Some((path, covering(path)?))).collect();
    let none: Vec<Touch> = Vec::new();
    let mut rows = Vec::new();
    for holder in standings.holders.iter().filter(|holder| Some(&holder.task.id) != looked.own.as_ref()) {
        let id = &holder.task.id;
        let touches = looked.others.get(id).unwrap_or(&none);
        let merge = merges.get(id).map(Option::as_ref);
        let other = Other { holder, seen: facts.tasks.get(id), touches, merge };
        rows.extend(touches.iter().map(|touch| other.changed(&looked, facts, touch)));
        if everything {
            rows.extend(other.unexplained().map(|path| other.row(path, Together::Collides)));
        }
        let told: BTreeSet<TreePath> = rows.iter().filter(|row| row.task == *id).map(|row| row.path.clone()).collect();
        let declared = patterns.iter().filter(|(_, pattern)| covers(&holder.task, pattern));
        let silent = declared.filter(|(path, _)| !told.iter().any(|told| told.is_at_or_below(path)));
        rows.extend(silent.map(|(path, _)| other.row(path, Together::Declared)));
    }
    rows.sort_by(|a, b| (&a.path, &a.task).cmp(&(&b.path, &b.task)));
    let active = |id: &TaskId| standings.holder(id).is_some();
    let unread = looked.unread.iter().filter(|id| active(id)).cloned().collect();
    Check { own: looked.own, asked: looked.asked, rows, unread }
}

fn covers(task: &Task, path: &Pattern) -> bool {
    task.writes.iter().any(|own| meet(own, path))
}

/// Another active task.
struct Other<'a> {
    holder: &'a Holder,
    seen: Option<&'a Observed>,
    touches: &'a [Touch],
    /// `None` where no merge was asked for.
    merge: Option<Option<&'a Merge>>,
}

impl Other<'_> {
    fn row(&self, path: &TreePath, together: Together) -> Row {
        let task = &self.holder.task;
        Row {
            path: path.clone(),
            task: task.id.clone(),
            title: task.title.clone(),
            state: self.holder.state,
            branch: self.seen.and_then(|seen| Some(seen.branch.as_ref()?.name.clone())),
            worktree: self.seen.and_then(|seen| Some(seen.worktree.as_ref()?.path.clone())),
            committed: None,
            uncommitted: false,
            declared: covering(path).is_some_and(|path| covers(task, &path)),
            here: matches!(together, Together::Collides | Together::Merges | Together::Unknown),
            together,
        }
    }

    fn changed(&self, looked: &Looked, facts: &Facts, touch: &Touch) -> Row {
        let together = match looked.here_at(&touch.path) {
            Some(here) => self.together(looked, facts, (here, touch)),
            None => Together::WouldCollide,
        };
        let tip = self.seen.and_then(|seen| Some(seen.branch.as_ref()?.tip));
        Row {
            committed: tip.filter(|_| touch.committed),
            uncommitted: touch.uncommitted,
            ..self.row(&touch.path, together)
        }
    }

    /// What is not committed, and was not made into a commit, took no part in the merge.
    fn together(&self, looked: &Looked, facts: &Facts, (here, there): (&Touch, &Touch)) -> Together {
        let own = looked.own.as_ref().and_then(|own| facts.tasks.get(own));
        let left_out = |touch: &Touch, seen: Option<&Observed>| {
            let taken = seen.and_then(Observed::uncommitted).filter(|one| one.commit.is_some());
            touch.uncommitted && taken.is_none_or(|taken| taken.unread.contains(&touch.path))
        };
        let Some(merge) = self.merge.flatten() else { return Together::Unknown };
        if left_out(here, own) || left_out(there, self.seen) {
            return Together::Unknown;
        }
        // A file that one side renamed conflicts at its new name.
        let renamed = (here.gone || there.gone) && self.unexplained().next().is_some();
        if merge.conflicts.contains(&there.path) || renamed { Together::Collides } else { Together::Merges }
    }

    /// Conflicts at paths that this task does not change by that name.
    fn unexplained(&self) -> impl Iterator<Item = &TreePath> {
        let conflicts = self.merge.flatten().filter(|merge| !merge.clean).map(|merge| merge.conflicts.as_slice());
        let named = |path: &TreePath| self.touches.iter().any(|touch| touch.path == *path);
        conflicts.unwrap_or_default().iter().filter(move |path| !named(path))
    }
}

#[cfg(test)]
mod tests;
