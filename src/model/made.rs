//! What an act left behind: reported as it is, not as it was intended.

use std::path::PathBuf;

use super::id::TaskId;
use super::oid::Oid;

/// A task that has its branch and worktree.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    pub id: TaskId,
    pub branch: String,
    /// Absolute.
    pub folder: PathBuf,
    pub base: Oid,
    /// Both stood there already: an earlier, interrupted start had made them.
    pub already: bool,
}
