//! Values become text and JSON here; nothing is printed. Styled text holds SGR sequences, which the console drops where
//! no colour is wanted. Everything that comes from a repository passes through [`crate::model::text::escape`].

pub mod adopt;
pub mod brief;
pub mod check;
pub mod demo;
pub mod drop;
pub mod fault;
pub mod import;
pub mod install;
pub mod json;
pub mod land;
pub mod landing;
pub mod launch;
pub mod log;
pub mod plan;
pub mod prompt;
pub mod reason;
pub mod report;
pub mod restack;
pub mod review;
#[cfg(test)]
mod schema;
pub mod start;
pub mod starter;
pub mod status;
pub mod submit;
pub mod table;
pub mod toml;
pub mod trash;
pub mod trust;
pub mod undo;
pub mod wait;
pub mod watch;
pub mod why;
