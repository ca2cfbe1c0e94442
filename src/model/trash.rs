//! What lies in the trash, and what of it is old enough to go for good.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::expiry::Expiry;
use super::failure::{Exit, Failure};
use super::id::TaskId;
use super::ledger::{Ledger, Removal};

/// What takes room on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Weight {
    /// As allocated: a file with several names counts once.
    pub bytes: u64,
    /// The first folder that cannot be read, or from which this user can remove nothing.
    pub closed: Option<PathBuf>,
}

/// What would go to the trash with a task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Goes {
    /// Of its worktree.
    pub bytes: u64,
    /// What of that is disposable, and deleted.
    pub disposable: u64,
}

/// What tasks take on disk here.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Disk {
    /// In bytes, of those that have a worktree of their own.
    pub worktrees: BTreeMap<TaskId, u64>,
    /// How many tasks lie in the trash, and what their files take.
    pub trash: (usize, u64),
}

/// A task in the trash of this clone.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub removal: Removal,
    /// Its files, absolute; `None` where it had no worktree, or they went already.
    pub folder: Option<PathBuf>,
    pub bytes: u64,
    /// Why it stays.
    pub held: Option<String>,
}

/// The removals that are at their end, oldest first: what they moved is in the trash, here or elsewhere.
pub fn removed(ledger: &Ledger) -> Vec<&Removal> {
    let mut all: Vec<&Removal> = ledger.removals.iter().filter(|removal| removal.done && !removal.undoing).collect();
    all.sort_by_key(|removal| removal.at);
    all
}

/// Those that are old enough.
pub fn due(ledger: &Ledger, expiry: Expiry) -> Vec<&Removal> {
    removed(ledger).into_iter().filter(|removal| expiry.reaches(removal.at)).collect()
}

/// Nothing goes for good. `older` is what was asked for, `others` how many lie in the trash that are younger.
pub fn nothing(older: &str, others: usize) -> Failure {
    if others == 0 {
        return Failure::new(Exit::No, "the trash is empty here")
            .hint("use 'git dispatch drop ID' to move a task there");
    }
    Failure::new(Exit::No, format!("nothing in the trash is as old as '{older}'"))
        .hint("use 'git dispatch drop --trash --older-than now -n' to see all that is there")
}

/// Something was not removed as a whole.
pub fn half_removed(item: &Item, older: &str, why: &str) -> Failure {
    let what = format!("task '{}' could not be removed from the trash as a whole: {why}", item.removal.what.task);
    let older = super::text::shell_word(older);
    Failure::new(Exit::Halfway, what)
        .hint(format!("use 'git dispatch drop --trash --older-than {older}' to go on from here"))
}
