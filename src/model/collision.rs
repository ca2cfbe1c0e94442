//! Which active tasks do not merge with each other.

use std::collections::BTreeMap;

use super::drift::uncommitted;
use super::facts::{Facts, Head, Observed, Uncommitted};
use super::id::TaskId;
use super::oid::Oid;
use super::path::TreePath;
use super::sides::named;
use super::standing::Standings;

/// An active task as one of two that may collide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contender {
    pub id: TaskId,
    pub tip: Oid,
    /// The commit of everything in its worktree ([`Uncommitted::commit`]); `None` where that is the tip.
    pub uncommitted: Option<Oid>,
    /// Where its own commits begin, if that is known.
    pub base: Option<Oid>,
    /// Changed files of its worktree that were too large to read.
    pub unread: Vec<TreePath>,
    /// There may be more in its worktree, which was not read.
    pub unknown: bool,
}

/// What becomes of two active tasks that are merged with each other; two that merge cleanly have no [`Meeting`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meeting {
    Collides {
        /// In git's order, of the tips' merge unless `uncommitted`; none where no single path conflicts: a folder was
        /// renamed to several places.
        paths: Vec<TreePath>,
        /// Only with what is not committed yet: the tips alone merge cleanly.
        uncommitted: bool,
    },
    /// git gives no answer: an object is missing, the histories are unrelated, a file is too large to be read, or what is
    /// not committed was not read.
    Unknown,
}

/// The meetings of every two of some tasks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Collisions {
    /// The tasks that were compared, each with each other, in the order of ids; not those for which there was no time.
    pub compared: Vec<TaskId>,
    /// The smaller id first.
    pub meetings: BTreeMap<(TaskId, TaskId), Meeting>,
}

/// For each task that was compared, whom it meets other than cleanly, in the order of ids.
pub type Met<'c> = BTreeMap<&'c TaskId, Vec<(&'c TaskId, &'c Meeting)>>;

impl Collisions {
    /// With the branches' names in paths where git, asked by ids, has ids.
    pub fn with_names(mut self, facts: &Facts) -> Collisions {
        let side = |id: &TaskId, uncommitted: bool| {
            let seen = facts.tasks.get(id)?;
            let branch = seen.branch.as_ref()?;
            let whole = seen.uncommitted().and_then(|one| one.commit).filter(|_| uncommitted);
            Some((whole.unwrap_or(branch.tip), branch.name.as_str()))
        };
        for ((a, b), meeting) in &mut self.meetings {
            let Meeting::Collides { paths, uncommitted } = meeting else { continue };
            if let (Some(a), Some(b)) = (side(a, *uncommitted), side(b, *uncommitted)) {
                named(paths, [a, b]);
            }
        }
        self
    }

    /// Those of all tasks at once.
    pub fn by_task(&self) -> Met<'_> {
        let mut met: BTreeMap<&TaskId, Vec<(&TaskId, &Meeting)>> =
            self.compared.iter().map(|id| (id, Vec::new())).collect();
        for ((a, b), meeting) in &self.meetings {
            for (one, other) in [(a, b), (b, a)] {
                if let Some(others) = met.get_mut(one) {
                    others.push((other, meeting));
                }
            }
        }
        met.values_mut().for_each(|others| others.sort_by_key(|(other, _)| *other));
        met
    }

    /// Whom `id` meets other than cleanly, in the order of ids; `None` where it was not compared.
    pub fn of(&self, id: &TaskId) -> Option<Vec<(&TaskId, &Meeting)>> {
        self.compared.binary_search(id).ok()?;
        let mut others: Vec<(&TaskId, &Meeting)> = Vec::new();
        for ((a, b), meeting) in &self.meetings {
            if a == id {
                others.push((b, meeting));
            } else if b == id {
                others.push((a, meeting));
            }
        }
        others.sort_by_key(|(other, _)| *other);
        Some(others)
    }
}

/// The active tasks that have a branch here, in the order of ids; `whole` tells whether what is not committed takes part.
pub fn contenders(facts: &Facts, standings: &Standings, whole: bool) -> Vec<Contender> {
    let active = standings.under_way().map(|holder| &holder.task.id);
    let seen = active.filter_map(|id| Some((id, facts.tasks.get(id)?)));
    seen.filter_map(|(id, seen)| contender(id, seen, whole)).collect()
}

fn contender(id: &TaskId, seen: &Observed, whole: bool) -> Option<Contender> {
    let branch = seen.branch.as_ref()?;
    let uncommitted = seen.uncommitted();
    Some(Contender {
        id: id.clone(),
        tip: branch.tip,
        base: branch.base,
        uncommitted: uncommitted.and_then(|uncommitted| uncommitted.commit),
        unread: uncommitted.map(|uncommitted| uncommitted.unread.clone()).unwrap_or_default(),
        unknown: whole && seen.unread(),
    })
}

impl Observed {
    /// What is not committed in the worktree that has the task's own branch checked out.
    pub fn uncommitted(&self) -> Option<&Uncommitted> {
        let (branch, worktree) = (self.branch.as_ref()?, self.worktree.as_ref()?);
        let own = matches!(&worktree.head, Head::Branch(name) if *name == branch.name);
        worktree.uncommitted.as_ref().filter(|_| own)
    }

    /// Whether there may be uncommitted work of the task that was not read as a whole.
    pub fn unread(&self) -> bool {
        let not_built = |one: &Uncommitted| !one.paths.is_empty() && one.commit.is_none();
        uncommitted(self).is_none() || self.uncommitted().is_some_and(not_built)
    }
}
