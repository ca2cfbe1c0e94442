//! Landing by plumbing: commits are made in memory, written to the repository, and the target moves to the last of them in one step.

mod check;
mod compose;
mod hooks;
mod push;
mod resolve;
mod target;

pub use check::{CheckSite, check_site, keep_verdict, kept_verdict};
pub use compose::compose;
pub use push::{push_target, pushes_to};
pub use resolve::{
    Merging, Resolving, changed_beside, conclude, conflicts_of, leave_merge, merge_into, merging_in, record_resolving,
    resolving, with_marks,
};
pub use target::{
    Advance, Mark, advance, checkout_of, fall_back, forget_mark, mark, marks, pushed, tree_of_commit, unmark,
};
