use anyhow::Result;

use crate::cli::Global;
use crate::console::Console;
use crate::model::failure::{Exit, Failure};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show the newest N batches only
    #[arg(short = 'n', long, value_name = "N")]
    pub max_count: Option<usize>,
}

pub fn run(_args: &Args, _global: &Global, _console: &Console) -> Result<Exit> {
    Err(Failure::new(Exit::Usage, "under construction").into())
}
