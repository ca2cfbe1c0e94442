//! The command line against real repositories and real git.

mod big_taskfile;
mod floors;
mod init;
mod lint;
mod observe;
mod shell;
#[expect(dead_code, reason = "each test file uses the part that it needs")]
mod support;
#[path = "../../benches/support/taskfile.rs"]
mod taskfile;
mod worktrees;
