//! Arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use git_dispatch::cli::{self, Cli};
use git_dispatch::console::Console;
use git_dispatch::model::failure::Exit;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            let answered = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            return code(if answered { Exit::Success } else { Exit::Usage });
        }
    };
    let global = &cli.global;
    let console = Console::new(global.color.unwrap_or_default(), global.quiet, global.verbose);
    code(match cli::run(&cli, &console) {
        Ok(exit) => exit,
        Err(error) => console.failure(&error),
    })
}

fn code(exit: Exit) -> ExitCode {
    ExitCode::from(exit as u8)
}
