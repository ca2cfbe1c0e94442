use anyhow::Result;

use crate::cli::Global;
use crate::console::Console;
use crate::model::failure::Exit;
use crate::model::text::escape;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The subcommand whose ids are completed
    #[arg(value_name = "COMMAND")]
    pub command: String,
}

pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    let mut out = String::new();
    for (id, title) in candidates(global, &args.command)? {
        out.push_str(&format!("{}\t{}\n", escape(&id), escape(&title)));
    }
    console.answer(&out);
    Ok(Exit::Success)
}

/// The ids that may follow `command`, with their titles: for `start` and `adopt` those that have not started,
/// for `status` those that have, for any other all of them.
fn candidates(_global: &Global, _command: &str) -> Result<Vec<(String, String)>> {
    Ok(Vec::new())
}
