//! Whether what a task has merges into the target.

use crate::model::facts::{Branch, Merge, Observed, Uncommitted};
use crate::model::oid::Oid;
use crate::model::path::TreePath;
use crate::model::state::State;

/// Whether a tip, with what is not committed on top of it, merges into the target.
#[derive(Debug, Clone, PartialEq)]
pub struct Readiness {
    pub verdict: Verdict,
    /// The verdict is that of what is not committed yet: the tip alone merges cleanly, or has no commits.
    pub uncommitted: bool,
    /// There may be uncommitted work that was not read: the verdict is that of the tip alone.
    pub unread: bool,
    /// The target's commit is an ancestor of the tip.
    pub fast_forward: bool,
    /// Of merging the tip.
    pub tree: Option<Oid>,
    /// In git's order; none of a conflict where no single path conflicts: a folder was renamed to several places.
    pub conflicts: Vec<TreePath>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Clean,
    Conflict,
    /// No commits of its own, or none that the target lacks.
    Empty,
    Landed,
}

impl Verdict {
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Clean => "clean",
            Verdict::Conflict => "conflict",
            Verdict::Empty => "empty",
            Verdict::Landed => "landed",
        }
    }
}

/// `None` where it was not computed, or cannot be known.
pub(super) fn readiness(seen: &Observed, state: State) -> Option<Readiness> {
    let branch = seen.branch.as_ref()?;
    let tip = of_tip(branch, state)?;
    let open = matches!(tip.verdict, Verdict::Clean | Verdict::Empty);
    if open && seen.unread() {
        return Some(Readiness { unread: true, ..tip });
    }
    let pending = seen.uncommitted().filter(|uncommitted| !uncommitted.paths.is_empty());
    let Some(pending) = pending.filter(|_| open) else {
        return Some(tip);
    };
    let merge = pending.merge.as_ref()?;
    if !merge.clean {
        let conflicts = conflicts(merge, pending)?;
        return Some(Readiness { verdict: Verdict::Conflict, uncommitted: true, conflicts, ..tip });
    }
    Some(match tip.verdict {
        Verdict::Empty => Readiness { verdict: Verdict::Clean, uncommitted: true, ..tip },
        _ => tip,
    })
}

fn of_tip(branch: &Branch, state: State) -> Option<Readiness> {
    let fast_forward = branch.behind == Some(0);
    let of = |verdict| Readiness {
        verdict,
        uncommitted: false,
        unread: false,
        fast_forward,
        tree: None,
        conflicts: Vec::new(),
    };
    if state == State::Landed {
        return Some(of(Verdict::Landed));
    }
    if branch.commits == Some(0) || branch.ahead == Some(0) {
        return Some(of(Verdict::Empty));
    }
    let merge = branch.merge.as_ref()?;
    let verdict = if merge.clean { Verdict::Clean } else { Verdict::Conflict };
    Some(Readiness { tree: Some(merge.tree), conflicts: merge.conflicts.clone(), ..of(verdict) })
}

/// `None` where all conflicts are in files that were not read, whose content in the merge is made up.
fn conflicts(merge: &Merge, pending: &Uncommitted) -> Option<Vec<TreePath>> {
    let known: Vec<TreePath> = merge.conflicts.iter().filter(|path| !pending.unread.contains(path)).cloned().collect();
    (!known.is_empty() || merge.conflicts.is_empty()).then_some(known)
}
