//! How much of a worktree is read.

use super::stamp::Stamp;

/// Bounds of what is read for the state of one worktree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// In bytes: a larger file is not read.
    pub max_file_size: u64,
}

impl Limits {
    /// Changed files of one worktree. With more, such as a folder of dependencies that nobody ignores, its state is not
    /// built.
    pub const MOST_FILES: usize = 10_000;
    /// Paths that one git command is asked about.
    pub const MOST_ASKED: usize = 64;

    pub(super) fn is_large(&self, stamp: &Stamp) -> bool {
        stamp.identity.size > self.max_file_size
    }

    /// All that may be read in one worktree: sixteen of the largest files.
    pub(super) fn budget(&self) -> Budget {
        Budget { files: Limits::MOST_FILES, bytes: self.max_file_size.saturating_mul(16) }
    }
}

/// What is left to be read.
pub(super) struct Budget {
    files: usize,
    bytes: u64,
}

impl Budget {
    /// Takes a file off; `None` where it is too much.
    pub(super) fn take(&mut self, stamp: &Stamp) -> Option<()> {
        self.files = self.files.checked_sub(1)?;
        self.bytes = self.bytes.checked_sub(stamp.identity.size)?;
        Some(())
    }
}
