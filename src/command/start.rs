use anyhow::Result;

use crate::cli::Global;
use crate::console::Console;
use crate::model::failure::{Exit, Failure};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Tasks to start
    #[arg(value_name = "ID", required_unless_present = "ready")]
    pub ids: Vec<String>,
    /// Start what 'plan' would start
    #[arg(long, conflicts_with = "ids")]
    pub ready: bool,
    /// With --ready, plan for N workers
    #[arg(long, value_name = "N", requires = "ready", value_parser = clap::value_parser!(u32).range(1..))]
    pub workers: Option<u32>,
    /// Name the batch, instead of the next free batch-NNN
    #[arg(long, value_name = "NAME")]
    pub batch: Option<String>,
    /// Start tasks whose needs have not landed or whose paths overlap; never past a lock
    #[arg(long)]
    pub force: bool,
    /// Start tasks again that have landed
    #[arg(long)]
    pub again: bool,
    /// Tell what would be made, and make nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

pub fn run(_args: &Args, _global: &Global, _console: &Console) -> Result<Exit> {
    Err(Failure::new(Exit::Usage, "under construction").into())
}
