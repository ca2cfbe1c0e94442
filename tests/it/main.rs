//! The command line against real repositories and real git.

mod adopt;
mod again;
mod big_taskfile;
mod counts;
mod crash;
mod demo;
mod doubts;
mod floors;
mod hostile;
mod import;
mod init;
mod lint;
mod observe;
mod pictures;
mod readme;
mod remedies;
mod scene;
mod shapes;
mod shell;
mod start;
mod status;
mod support;
#[path = "../../benches/support/taskfile.rs"]
mod taskfile;
mod why;
mod worktrees;
