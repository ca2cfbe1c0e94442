//! The grammar's root: global flags, one subcommand, one match.

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::command;
use crate::console::Console;
use crate::global::Global;
use crate::model::failure::Exit;

/// Another program is called git-dispatch too: this one says what it does.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (parallel tasks in worktrees, from dispatch.toml)");

/// The subcommands in the order in which one meets them; `tests::the_help_names_every_subcommand` keeps it whole.
const HELP: &str = "\
{about}

{usage-heading} {usage}

Describe the work:
  init     Write a commented dispatch.toml to start from
  lint     Check the task file and tell every fault at once
  import   Write a task file from the tasks of another tool

Split it:
  plan     Show which tasks can start now, side by side
  why      Tell why a task waits, or two may not run side by side
  start    Create branches and worktrees for tasks
  adopt    Take an existing branch or worktree as a task's

Work on it:
  brief    Print the text that a worker starts from
  launch   Open a session for the worker of each task

Follow it:
  status   Show how far the started tasks are, and what merges
  wait     Sleep until tasks are done, stopped or landed
  report   Say how far a task is: begun, done, stopped
  review   Approve, reject, or halt what workers did
  restack  Put a stacked task on what its needs are now
  submit   Push what is done, and open pull requests for it
  check    Tell whether paths are being changed by another task
  land     Bring finished tasks home, tested together
  log      Show the batches that were started
  drop     Move worktrees and branches of tasks to the trash
  undo     Take back a start, a landing or a removal

Get going:
  trust    Approve the commands of the task file
  install  Put man pages, completions or an agent's skill in place
  demo     Make a small repository and walk through the main job in it

Options:
{options}

'git dispatch COMMAND -h' tells the options of a command, 'git help dispatch' opens the manual.
";

/// Plan, start and follow parallel work in git worktrees.
#[derive(Debug, Parser)]
#[command(name = "git-dispatch", bin_name = "git dispatch", version = VERSION, max_term_width = 100)]
#[command(disable_help_subcommand = true, help_template = HELP)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Sub,
}

#[derive(Debug, Subcommand)]
pub enum Sub {
    /// Write a commented dispatch.toml to start from
    Init(command::init::Args),
    /// Check the task file and tell every fault at once
    Lint(command::lint::Args),
    /// Write a task file from the tasks of another tool
    Import(command::import::Args),
    /// Show which tasks can start now, side by side
    Plan(command::plan::Args),
    /// Tell why a task waits, or two may not run side by side
    Why(command::why::Args),
    /// Create branches and worktrees for tasks
    Start(command::start::Args),
    /// Take an existing branch or worktree as a task's
    Adopt(command::adopt::Args),
    /// Print the text that a worker starts from
    Brief(command::brief::Args),
    /// Open a session for the worker of each task
    Launch(command::launch::Args),
    /// Show how far the started tasks are, and what merges
    Status(command::status::Args),
    /// Sleep until tasks are done, stopped or landed
    Wait(command::wait::Args),
    /// Say how far a task is: begun, done, stopped
    Report(command::report::Args),
    /// Approve, reject, or halt what workers did
    Review(command::review::Args),
    /// Put a stacked task on what its needs are now
    Restack(command::restack::Args),
    /// Push what is done, and open pull requests for it
    Submit(command::submit::Args),
    /// Tell whether paths are being changed by another task
    Check(command::check::Args),
    /// Bring finished tasks home, tested together
    Land(command::land::Args),
    /// Show the batches that were started
    Log(command::log::Args),
    /// Move worktrees and branches of tasks to the trash
    Drop(command::drop::Args),
    /// Take back a start, a landing or a removal
    Undo(command::undo::Args),
    /// Approve the commands of the task file
    Trust(command::trust::Args),
    /// Put man pages, completions or an agent's skill in place
    Install(command::install::Args),
    /// Make a small repository and walk through the main job in it
    Demo(command::demo::Args),
    /// List the ids that complete a command line (for the completion scripts)
    #[command(name = "complete-ids", hide = true)]
    Complete(command::complete::Args),
}

/// Runs the command line that `cli` is.
///
/// # Errors
/// Whatever stops the command; [`Console::failure`] tells it and knows the exit code.
pub fn run(cli: &Cli, console: &Console) -> Result<Exit> {
    let global = &cli.global;
    match &cli.command {
        Sub::Init(args) => command::init::run(args, global, console),
        Sub::Lint(args) => command::lint::run(args, global, console),
        Sub::Import(args) => command::import::run(args, global, console),
        Sub::Plan(args) => command::plan::run(args, global, console),
        Sub::Why(args) => command::why::run(args, global, console),
        Sub::Start(args) => command::start::run(args, global, console),
        Sub::Adopt(args) => command::adopt::run(args, global, console),
        Sub::Brief(args) => command::brief::run(args, global, console),
        Sub::Launch(args) => command::launch::run(args, global, console),
        Sub::Status(args) => command::status::run(args, global, console),
        Sub::Wait(args) => command::wait::run(args, global, console),
        Sub::Report(args) => command::report::run(args, global, console),
        Sub::Review(args) => command::review::run(args, global, console),
        Sub::Restack(args) => command::restack::run(args, global, console),
        Sub::Submit(args) => command::submit::run(args, global, console),
        Sub::Check(args) => command::check::run(args, global, console),
        Sub::Land(args) => command::land::run(args, global, console),
        Sub::Log(args) => command::log::run(args, global, console),
        Sub::Drop(args) => command::drop::run(args, global, console),
        Sub::Undo(args) => command::undo::run(args, global, console),
        Sub::Trust(args) => command::trust::run(args, global, console),
        Sub::Install(args) => command::install::run(args, global, console),
        Sub::Demo(args) => command::demo::run(args, global, console),
        Sub::Complete(args) => command::complete::run(args, global, console),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_help_names_every_subcommand() {
        for sub in Cli::command().get_subcommands().filter(|sub| !sub.is_hide_set()) {
            let line = format!("\n  {:7}  {}\n", sub.get_name(), sub.get_about().unwrap());
            assert!(HELP.contains(&line), "{line:?}");
        }
    }

    #[test]
    fn the_grammar_is_sound() {
        Cli::command().debug_assert();
    }
}
