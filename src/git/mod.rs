//! The repository: the only home of gix and of the git program. What comes out are values of `model`.

mod create;
mod program;
mod read;
mod repo;
mod target;

pub use create::create_new;
pub use program::{Git, Version, failed, find_program, run, stdout_of};
pub use read::read_bounded;
pub use repo::Repo;
pub use target::default_target;
