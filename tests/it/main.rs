//! The command line against real repositories and real git.

mod floors;
mod shell;
