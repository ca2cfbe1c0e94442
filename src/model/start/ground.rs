//! Where branches and worktrees would be made, and what stands there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Where a task's branch and worktree would be.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub branch: String,
    /// As the ledger records it: relative to the main worktree.
    pub path: String,
    /// Absolute.
    pub folder: PathBuf,
}

impl Place {
    /// Whether this is the place that the ledger calls `path`, or one beside it that a fresh start took.
    pub fn is_at(&self, path: &str) -> bool {
        let number = |rest: &str| rest.strip_prefix('.').is_some_and(|number| number.parse::<u32>().is_ok());
        path.strip_prefix(&self.path).is_some_and(|rest| rest.is_empty() || number(rest))
    }
}

/// What stands where branches and worktrees would be made.
#[derive(Debug, Clone, Default)]
pub struct Ground {
    /// All local branches, without `refs/heads/`.
    pub branches: BTreeSet<String>,
    /// Folders of places that cannot be used, with what is there: `a folder`, `a symlink` …
    pub occupied: BTreeMap<PathBuf, String>,
    /// `None` for a bare repository.
    pub main_worktree: Option<PathBuf>,
    /// Where the repository itself is: the common git dir.
    pub repository: PathBuf,
}

/// An existing branch that keeps `wanted` from being made: itself, the same name in another case (which is the same file
/// on some systems), one that is a folder of it, or one below it.
pub fn blocking_branch<'a>(branches: &'a BTreeSet<String>, wanted: &str) -> Option<&'a str> {
    let wanted = wanted.to_ascii_lowercase();
    let blocks = |branch: &&String| {
        let branch = branch.to_ascii_lowercase();
        let below = |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with('/'));
        branch == wanted || below(&wanted, &branch) || below(&branch, &wanted)
    };
    branches.iter().find(blocks).map(String::as_str)
}
