use anyhow::Result;

use crate::cli::Global;
use crate::console::Console;
use crate::model::failure::{Exit, Failure};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Plan for N workers
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub workers: Option<u32>,
    /// Prefer tasks of phase P
    #[arg(long, value_name = "P")]
    pub phase: Option<String>,
}

pub fn run(_args: &Args, _global: &Global, _console: &Console) -> Result<Exit> {
    Err(Failure::new(Exit::Usage, "under construction").into())
}
