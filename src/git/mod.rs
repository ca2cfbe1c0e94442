//! The repository: the only home of gix and of the git program. What comes out are values of `model`.

mod changes;
mod merges;
mod parallel;
mod program;
mod quarantine;
mod repo;
mod untouched;
mod worktrees;

pub use changes::changes;
pub use merges::merges;
pub use program::{Git, Version, failed, find_program, run, stdout_of};
pub use repo::Repo;
pub use worktrees::{Listed, worktrees};
