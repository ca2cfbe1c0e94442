use anyhow::Result;

use crate::cli::Global;
use crate::console::Console;
use crate::model::failure::{Exit, Failure};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Put them below DIR, as DIR/share/man and so on
    #[arg(long, value_name = "DIR")]
    pub prefix: Option<std::path::PathBuf>,
    /// Tell what would be written, and write nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

pub fn run(_args: &Args, _global: &Global, _console: &Console) -> Result<Exit> {
    Err(Failure::new(Exit::Usage, "under construction").into())
}
