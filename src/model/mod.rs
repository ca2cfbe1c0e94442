//! Values and rules: everything here is pure. No file, no process, no clock, no terminal.

pub mod adopt;
pub mod batch;
pub mod check;
pub mod collision;
pub mod drift;
pub mod example;
pub mod exclusion;
pub mod facts;
pub mod failure;
#[cfg(test)]
pub(crate) mod fixture;
pub mod graph;
pub mod id;
pub mod implied;
pub mod import;
pub mod install;
pub mod landing;
pub mod ledger;
pub mod log;
pub mod made;
pub mod near;
pub mod oid;
pub mod order;
pub mod path;
pub mod pattern;
pub mod picture;
pub mod plan;
pub mod prompt;
pub mod proof;
pub mod revert;
#[cfg(test)]
pub mod sample;
pub mod schedule;
pub mod sides;
pub mod standing;
pub mod start;
pub mod state;
pub mod status;
pub mod task;
pub mod taskfile;
pub mod template;
pub mod text;
pub mod watch;
pub mod why;
