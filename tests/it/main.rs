//! The command line against real repositories and real git.

mod big_taskfile;
mod demo;
mod floors;
mod init;
mod lint;
mod observe;
mod readme;
mod shell;
mod support;
mod worktrees;
