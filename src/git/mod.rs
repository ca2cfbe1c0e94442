//! The repository: the only home of gix and of the git program. What comes out are values of `model`.

mod create;
mod program;
mod read;
mod repo;
mod target;

pub use create::create_new;
mod changes;
mod clock;
mod counts;
mod history;
mod merges;
mod message;
mod parallel;
mod quarantine;
mod resolve;
mod untouched;
mod worktrees;

pub use changes::changes;
pub use clock::now;
pub use counts::{Counted, Counts, counts};
pub use history::mentions;
pub use merges::merges;
pub use program::{Git, Version, failed, find_program, run, stdout_of};
pub use read::read_bounded;
pub use repo::Repo;
pub use resolve::target;
pub use target::default_target;
pub use worktrees::{Listed, worktrees};
