//! The repository: the only home of gix and of the git program. What comes out are values of `model`.

mod branches;
mod changes;
mod clock;
mod counts;
mod history;
mod merges;
mod message;
mod observe;
mod parallel;
mod program;
mod quarantine;
mod reach;
mod refs;
mod repo;
mod resolve;
mod untouched;
mod worktrees;

pub use changes::changes;
pub use clock::now;
pub use counts::{Counted, Counts, counts};
pub use history::mentions;
pub use merges::merges;
pub use observe::{Want, observe};
pub use program::{Git, Version, failed, find_program, run, stdout_of};
pub use repo::Repo;
pub use resolve::target;
pub use worktrees::{Listed, worktrees};
