//! One file per subcommand: its arguments, then `run`, which walks read → decide → act → tell.

pub mod adopt;
pub mod brief;
pub mod check;
pub mod complete;
pub mod demo;
pub mod drop;
pub mod import;
pub mod init;
pub mod install;
pub mod land;
pub mod launch;
pub mod lint;
pub mod log;
pub mod plan;
pub mod report;
pub mod restack;
pub mod review;
pub mod start;
pub mod status;
pub mod submit;
pub mod trust;
pub mod undo;
pub mod wait;
pub mod why;
