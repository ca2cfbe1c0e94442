//! The repository: the only home of gix and of the git program. What comes out are values of `model`.

mod program;
mod repo;

pub use program::{Git, Version, failed, find_program, run, stdout_of};
pub use repo::Repo;
