//! Files on the user's machine: the man pages, completions and skills that the program carries, and where they go.

mod pieces;
mod place;

pub use pieces::{Agent, MARK, PIECES, Piece};
pub use place::{agent_dir, man_finds, put, standing, user_data_dir};
