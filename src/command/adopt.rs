use anyhow::Result;

use crate::cli::Global;
use crate::console::Console;
use crate::model::failure::{Exit, Failure};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,
    /// Its branch, or the path of its worktree
    #[arg(value_name = "BRANCH|PATH")]
    pub what: std::ffi::OsString,
    /// Tell what would be recorded, and record nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

pub fn run(_args: &Args, _global: &Global, _console: &Console) -> Result<Exit> {
    Err(Failure::new(Exit::Usage, "under construction").into())
}
