//! The command line against real repositories and real git.

mod crash;
mod floors;
mod scene;
mod shell;
mod start;
mod support;
mod worktrees;
