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
//! | 4 | `main.rs` |
//! | 3 | [`cli`], [`command`], [`read`] |
//! | 2 | [`git`], [`render`], [`console`], [`shell`] |
//! | 1 | [`model`] |

pub mod cli;
pub mod command;
pub mod console;
pub mod git;
pub mod model;
pub mod read;
pub mod render;
pub mod shell;
