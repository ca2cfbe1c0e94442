//! git-dispatch: plan, start and follow parallel work in git worktrees.
//!
//! Every command walks through four words, each at most once: **read → decide → act → tell**.
//! `git` reads the repository into [`model::facts::Facts`]; a pure function in `model` decides; `git` carries the decision
//! out and says what really happened; `render` turns values into text and [`console`] prints it.
//!
//! Floors, from the top; imports only look down, rooms of one floor never meet:
//!
//! | floor | rooms |
//! |---|---|
//! | 7 | `main.rs` |
//! | 6 | [`cli`]: the grammar's root |
//! | 5 | [`command`]: one file a subcommand |
//! | 4 | [`read`]: what every command reads first |
//! | 3 | [`global`]: the flags that every command takes |
//! | 2 | [`git`], [`render`], [`console`], [`shell`] |
//! | 1 | [`model`] |

pub mod cli;
pub mod command;
pub mod console;
pub mod git;
pub mod global;
pub mod model;
pub mod read;
pub mod render;
pub mod shell;
