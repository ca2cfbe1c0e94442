//! The command line against real repositories and real git.

mod floors;
mod observe;
#[expect(dead_code, reason = "each test file uses the part that it needs")]
mod support;
mod worktrees;
