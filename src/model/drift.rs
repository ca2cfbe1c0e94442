//! Drift: what a task touches and did not declare, or another active task declares.

mod declaration;

use super::exclusion::{Cover, Rules};
use super::facts::{Head, Observed};
use super::id::TaskId;
use super::path::TreePath;
use super::pattern::Pattern;
use super::standing::{Holder, Standings};
use super::state::State;
use super::task::TaskFile;

/// How what an active task touches compares to what it declared when it started.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Drift {
    /// It declares what it writes.
    pub declared: bool,
    /// It declares what it writes, and everything that it touches is known: what [`Drift::paths`] lacks did not drift.
    pub checked: bool,
    /// Covered by none of its `writes`, in the order of their bytes.
    pub paths: Vec<Touched>,
    /// Touched, and declared by other active tasks, named in the order of their ids; in the order of the paths' bytes.
    pub others: Vec<(Touched, Vec<TaskId>)>,
    /// The `writes` of the task file, with those that it takes to cover [`Drift::paths`] too; empty where nothing is missing
    /// there, and for a task that is not in the file.
    pub declaration: Vec<Pattern>,
}

/// A path in which a task differs from its base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    pub path: TreePath,
    /// Only its worktree has that yet.
    pub uncommitted: bool,
}

/// Whose a pattern is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    /// One of `shared-paths`: never counts.
    Shared,
    /// Guarded by a lock of the holder at this place: nobody else touches that now.
    Lock(usize),
    /// Among the `writes` of the holder at this place.
    Writes(usize),
}

/// What all active tasks declare, prepared for many paths.
pub struct Declared<'a> {
    file: &'a TaskFile,
    holders: &'a [Holder],
    cover: Cover<'a, Owner>,
}

impl<'a> Declared<'a> {
    pub fn new(file: &'a TaskFile, standings: &'a Standings) -> Declared<'a> {
        let settings = &file.settings;
        let rules = Rules::new(settings);
        let mut patterns: Vec<(&Pattern, Owner)> = Vec::new();
        patterns.extend(settings.shared_paths.iter().map(|pattern| (pattern, Owner::Shared)));
        for (place, holder) in standings.holders.iter().enumerate() {
            patterns.extend(holder.task.writes.iter().map(|pattern| (pattern, Owner::Writes(place))));
            let locks = rules.claims(&holder.task).locks;
            let guarded = locks.into_iter().filter_map(|name| settings.locks.get(name)).flatten();
            patterns.extend(guarded.map(|pattern| (pattern, Owner::Lock(place))));
        }
        Declared { file, holders: &standings.holders, cover: Cover::new(patterns) }
    }

    /// The drift of an active task that is seen here; `None` for any other.
    pub fn drift(&self, id: &TaskId, seen: &Observed) -> Option<Drift> {
        let place = self.holders.iter().position(|holder| holder.task.id == *id && holder.state != State::Elsewhere)?;
        let branch = seen.branch.as_ref()?;
        let held = &self.holders[place].task;
        let uncommitted = uncommitted(seen);
        let declared = !held.writes.is_empty();
        let mut drift = Drift {
            declared,
            checked: declared && branch.touched.is_some() && uncommitted.is_some(),
            ..Drift::default()
        };
        let mut lookup = self.cover.lookup();
        for (path, uncommitted) in
            merged(branch.touched.as_deref().unwrap_or_default(), uncommitted.unwrap_or_default())
        {
            let owners = lookup.owners(path.as_bytes());
            if owners.contains(&Owner::Shared) {
                continue;
            }
            let touched = || Touched { path: path.clone(), uncommitted };
            if declared && !owners.contains(&Owner::Writes(place)) && !owners.contains(&Owner::Lock(place)) {
                drift.paths.push(touched());
            }
            let others = self.others(&owners, place);
            if !others.is_empty() {
                drift.others.push((touched(), others));
            }
        }
        drift.declaration = self.declaration(id, &drift.paths);
        Some(drift)
    }

    /// The tasks at other places that declare to write there.
    fn others(&self, owners: &[Owner], own: usize) -> Vec<TaskId> {
        let writer = |owner: &Owner| match owner {
            Owner::Writes(place) if *place != own => Some(self.holders[*place].task.id.clone()),
            _ => None,
        };
        owners.iter().filter_map(writer).collect()
    }

    /// See [`Drift::declaration`].
    fn declaration(&self, id: &TaskId, drifted: &[Touched]) -> Vec<Pattern> {
        let Some(task) = self.file.graph.task(id).filter(|_| !drifted.is_empty()) else { return Vec::new() };
        let present = Cover::new(task.writes.iter().map(|pattern| (pattern, ())));
        let mut lookup = present.lookup();
        let missing = drifted.iter().map(|touched| &touched.path);
        let missing: Vec<&TreePath> = missing.filter(|path| lookup.owners(path.as_bytes()).is_empty()).collect();
        if missing.is_empty() {
            return Vec::new();
        }
        let others = self.holders.iter().filter(|holder| holder.task.id != *id);
        let others: Vec<&Pattern> = others.flat_map(|holder| &holder.task.writes).collect();
        declaration::declaration(&task.writes, &missing, &others)
    }
}

/// What is not committed, as far as it is the task's; `None` where there is something and it was not read.
pub(super) fn uncommitted(seen: &Observed) -> Option<&[TreePath]> {
    if let Some(uncommitted) = seen.uncommitted() {
        return Some(&uncommitted.paths);
    }
    let Some(worktree) = seen.worktree.as_ref().filter(|worktree| worktree.head != Head::Missing) else {
        return Some(&[]);
    };
    let other = matches!((&worktree.head, &seen.branch), (Head::Branch(name), Some(branch)) if *name != branch.name);
    (other || worktree.changes.is_some_and(|changes| changes.is_clean())).then_some(&[])
}

/// The paths of both lists, which are in the order of their bytes, each once: with whether only the second has it.
fn merged<'p>(committed: &'p [TreePath], uncommitted: &'p [TreePath]) -> impl Iterator<Item = (&'p TreePath, bool)> {
    let (mut committed, mut uncommitted) = (committed.iter().peekable(), uncommitted.iter().peekable());
    std::iter::from_fn(move || {
        match (committed.peek(), uncommitted.peek()) {
            (Some(one), Some(other)) if one == other => _ = uncommitted.next(),
            (None, Some(_)) => return uncommitted.next().map(|path| (path, true)),
            (Some(one), Some(other)) if other < one => return uncommitted.next().map(|path| (path, true)),
            _ => {}
        }
        committed.next().map(|path| (path, false))
    })
}

#[cfg(test)]
mod tests;
