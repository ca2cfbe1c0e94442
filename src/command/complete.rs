//! `git dispatch complete-ids`: what the completion scripts ask when a key is pressed.

use anyhow::Result;

use crate::console::Console;
use crate::git::{self, Repo};
use crate::global::Global;
use crate::model::failure::Exit;
use crate::model::ledger::{Batch, Record, Report, Snapshot};
use crate::model::task::{Kind, Task};
use crate::model::text::escape;
use crate::read;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The subcommand whose ids are completed
    #[arg(value_name = "COMMAND")]
    pub command: String,
}

/// Prints a line for each id that may follow, with its title behind a tab.
///
/// # Errors
/// The repository or its task file cannot be read; the completion scripts then offer nothing.
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    let mut out = String::new();
    for (id, title) in candidates(global, &args.command)? {
        out.push_str(&format!("{}\t{}\n", escape(&id), escape(&title)));
    }
    console.answer(&out);
    Ok(Exit::Success)
}

/// The ids that may follow `command`, with their titles: for `undo` and `log` the batches, the last first, with their tasks; for `start` and `adopt`
/// those that have not started, for `start` those that have stopped, too, for `status`, `report`, `launch`, `wait` and `drop` those that have
/// started, for `restack` those that are stacked, for `submit` those that are reported done, for any other all of them, for `review` the batches of research, too.
///
/// Asks the task file, the ledger and the names of branches, and proves nothing: a key was pressed, and somebody waits.
fn candidates(global: &Global, command: &str) -> Result<Vec<(String, String)>> {
    let repo = Repo::discover(global.dir())?;
    let loaded = read::task_file(&repo, global)?;
    let ledger = git::read_ledger(&repo)?;
    if matches!(command, "undo" | "log") {
        let ids = |tasks: &[Snapshot]| tasks.iter().map(|task| task.id.as_str()).collect::<Vec<_>>().join(", ");
        return Ok(ledger.batches.iter().rev().map(|batch| (batch.name.clone(), ids(&batch.tasks))).collect());
    }
    let names = read::names(&repo, &loaded.file, &ledger)?;
    let branches = git::branch_names(&repo)?;
    let started = |task: &Task| {
        let recorded = ledger.records.get(&task.id).is_some_and(|record| record.batch.is_some() && !record.dropped);
        recorded || names.get(&task.id).is_some_and(|name| branches.contains(name))
    };
    let stopped = |task: &Task| {
        let report = ledger.records.get(&task.id).and_then(|record| record.reported.as_ref());
        report.is_some_and(|report| !report.done())
    };
    let done = |task: &Task| {
        let report = ledger.records.get(&task.id).and_then(|record| record.reported.as_ref());
        report.is_some_and(Report::done)
    };
    let wanted = |task: &&Task| match command {
        "start" | "adopt" if !started(task) => task.state.is_none(),
        "start" => stopped(task),
        "adopt" => false,
        "status" | "report" | "launch" | "wait" | "drop" => started(task),
        "submit" => started(task) && done(task),
        "restack" => ledger.records.get(&task.id).is_some_and(Record::is_stacked),
        _ => true,
    };
    let tasks = loaded.file.graph.tasks().iter().filter(wanted);
    let research = |batch: &&Batch| batch.tasks.iter().all(|task| task.kind == Kind::Research);
    let batches = ledger.batches.iter().rev().filter(|batch| command == "review" && research(batch));
    let batches = batches.map(|batch| (batch.name.clone(), "a batch of research".to_owned()));
    Ok(tasks.map(|task| (task.id.to_string(), task.title.clone())).chain(batches).collect())
}
