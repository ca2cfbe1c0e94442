//! The command line against real repositories and real git.

mod adopt;
mod crash;
mod floors;
mod scene;
mod shapes;
mod shell;
mod start;
mod status;
mod support;
mod worktrees;
