//! The live view of `status`: what it shows, what the keys do to it, and when it looks again. Pure: the clock, the keyboard and
//! the repository are somebody else's.

mod known;
mod pace;
#[cfg(test)]
mod tests;
mod view;

use jiff::Timestamp;

use super::id::TaskId;
use super::oid::Oid;
use super::path::TreePath;
use super::status::{Row, Status};

pub use known::carried;
pub use pace::Pace;
pub use view::{Act, Key, Room, Sort, View};

/// A [`Status`], and of which rows it is only what was seen before.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    pub status: Status,
    /// Tasks whose state, merges and changes are not known for what they are now.
    pub stale: Vec<TaskId>,
    /// Nothing more will come without a change.
    pub whole: bool,
}

/// What is told of one task on demand.
#[derive(Debug, Clone, PartialEq)]
pub struct Details {
    /// The row that this was asked for; where it changes, so does this.
    pub row: Row,
    /// Its own commits, the newest first.
    pub commits: Vec<Commit>,
    /// There are more than these.
    pub more_commits: bool,
    /// What its own commits changed, in git's order; `None` where that is not known.
    pub files: Option<Vec<Touched>>,
    pub conflicts: Vec<Conflict>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    pub id: Oid,
    pub at: Timestamp,
    /// As git has it: not escaped.
    pub subject: String,
}

/// A path that commits changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Touched {
    pub path: TreePath,
    /// Lines added and removed; `None` for a binary file.
    pub lines: Option<(u64, u64)>,
}

/// A merge that breaks, and where.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Conflict {
    /// The target's name, or the id of a task.
    pub with: String,
    /// git's own messages, such as `CONFLICT (modify/delete): …`; not escaped.
    pub said: Vec<String>,
    pub places: Vec<Place>,
    /// There are more paths, or more lines, than these.
    pub cut: bool,
}

/// The lines around the conflict markers of one path.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub path: TreePath,
    /// With their numbers in the file with markers, from 1; not escaped. Empty where the file has no markers.
    pub lines: Vec<(usize, String)>,
}
