//! Landing by plumbing: commits are made in memory, written to the repository, and the target moves to the last of them in one step.

mod check;
mod compose;
mod target;

pub use check::{CheckSite, check_site, kept_verdict, keep_verdict};
pub use compose::compose;
pub use target::{Advance, advance, checkout_of, marked, mark, pushed, unmark};
