//! `git dispatch complete-ids`: what the completion scripts ask when a key is pressed.

use anyhow::Result;

use crate::console::Console;
use crate::git::{self, Repo};
use crate::global::Global;
use crate::model::failure::Exit;
use crate::model::ledger::{Batch, Ledger, Record, Report, Snapshot};
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

/// The ids that may follow `command`, with their titles: for `undo` and `log` the batches, the last first, with their tasks, for `undo` also what
/// `land` landed, the last first; for `land` what has started and not landed, what is done before the rest; for `start` and `adopt`
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
        let batches = ledger.batches.iter().rev().map(|batch| (batch.name.clone(), ids(&batch.tasks)));
        let landed = landed(&ledger).into_iter().filter(|_| command == "undo");
        return Ok(batches.chain(landed).collect());
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
        "land" => started(task) && task.state.is_none() && may_land(ledger.records.get(&task.id)),
        "restack" => ledger.records.get(&task.id).is_some_and(Record::is_stacked),
        _ => true,
    };
    let done = |task: &&Task| {
        let report = ledger.records.get(&task.id).and_then(|record| record.reported.as_ref());
        command == "land" && report.is_some_and(Report::done)
    };
    let mut tasks: Vec<&Task> = loaded.file.graph.tasks().iter().filter(wanted).collect();
    tasks.sort_by_key(|task| !done(task));
    let research = |batch: &&Batch| batch.tasks.iter().all(|task| task.kind == Kind::Research);
    let batches = ledger.batches.iter().rev().filter(|batch| command == "review" && research(batch));
    let batches = batches.map(|batch| (batch.name.clone(), "a batch of research".to_owned()));
    Ok(tasks.into_iter().map(|task| (task.id.to_string(), task.title.clone())).chain(batches).collect())
}

/// Whether the ledger knows nothing against landing it: its branch may not even be made yet.
fn may_land(record: Option<&Record>) -> bool {
    record.is_some_and(|record| record.landed.is_none() && record.batch.is_some())
}

/// What landed by trains that may be taken back, the last first, each with the target.
fn landed(ledger: &Ledger) -> Vec<(String, String)> {
    let trains = ledger.trains.iter().rev();
    let lands = trains.flat_map(|train| train.ids().map(move |id| (train, id)));
    let last = lands.filter(|(train, id)| ledger.train_of(id).is_some_and(|brought| brought.uid == train.uid));
    last.map(|(train, id)| (id.to_string(), format!("landed on {}", train.first().target))).collect()
}
