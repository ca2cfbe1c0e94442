//! Files on the user's machine: the man pages and completions that the program carries, and where they go.

mod pieces;
mod place;

pub use pieces::{MARK, PIECES, Piece};
pub use place::{man_finds, put, standing, user_data_dir};
