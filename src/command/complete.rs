use anyhow::Result;

use crate::cli::Global;
use crate::console::Console;
use crate::model::failure::{Exit, Failure};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The subcommand whose ids are completed
    #[arg(value_name = "COMMAND")]
    pub command: String,
}

pub fn run(_args: &Args, _global: &Global, _console: &Console) -> Result<Exit> {
    Err(Failure::new(Exit::Usage, "under construction").into())
}
