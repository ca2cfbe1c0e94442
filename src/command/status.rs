use anyhow::Result;

use crate::cli::Global;
use crate::console::Console;
use crate::model::failure::{Exit, Failure};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show these tasks only
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Show every task that ever started
    #[arg(long, conflicts_with_all = ["ids", "batch"])]
    pub all: bool,
    /// Show the tasks of this batch only
    #[arg(long, value_name = "BATCH", conflicts_with = "ids")]
    pub batch: Option<String>,
    /// Exit with 1 unless every active task shown merges cleanly
    #[arg(long)]
    pub exit_code: bool,
}

pub fn run(_args: &Args, _global: &Global, _console: &Console) -> Result<Exit> {
    Err(Failure::new(Exit::Usage, "under construction").into())
}
