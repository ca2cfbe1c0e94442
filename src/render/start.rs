//! What `start` made, a line as each task becomes true, then what to paste into terminals.

use anstyle::Style;
use serde::Serialize;

use super::json::{SCHEMA, line};
use crate::model::facts::Target;
use crate::model::id::TaskId;
use crate::model::ledger::{Batch, Ledger};
use crate::model::made::Made;
use crate::model::oid::Oid;
use crate::model::text::{escape, shell_word, width};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// The first line of a batch: the branch whose tip it starts from is the upstream where that is ahead of `target`.
pub fn heading(batch: &Batch, target: &Target, resumed: bool) -> String {
    let again = if resumed { ", going on" } else { "" };
    let (newest, tip) = target.newest();
    let from = if batch.target == target.name && batch.base == tip { newest } else { &batch.target };
    format!("{BOLD}{}{BOLD:#} from {} at {}{again}\n", escape(&batch.name), escape(from), batch.base.short())
}

/// Columns that ids and branches take, known before the first task is made.
#[derive(Debug, Clone, Copy)]
pub struct Widths {
    id: usize,
    branch: usize,
}

impl Widths {
    pub fn of<'a>(tasks: impl Iterator<Item = (&'a TaskId, &'a str)>) -> Widths {
        let mut widths = Widths { id: 0, branch: 0 };
        for (id, branch) in tasks {
            widths.id = widths.id.max(id.as_str().len());
            widths.branch = widths.branch.max(width(&escape(branch)));
        }
        widths
    }
}

/// One task that has its branch and worktree now.
pub fn made(made: &Made, widths: Widths) -> String {
    let already = if made.already { format!("  {DIM}was there already{DIM:#}") } else { String::new() };
    let (branch, folder) = (escape(&made.branch), made.folder.to_string_lossy());
    let gap = " ".repeat(widths.branch.saturating_sub(width(&branch)));
    format!("  {:id$}  {branch}{gap}  {}{already}\n", made.id, escape(&folder), id = widths.id)
}

/// A folder to change to for each task.
pub fn terminals(all: &[Made]) -> String {
    let mut out = String::new();
    for (at, made) in all.iter().enumerate() {
        let folder = shell_word(&made.folder.to_string_lossy());
        out.push_str(&format!("\n{DIM}Terminal {}:{DIM:#}\n  cd {}\n", at + 1, escape(&folder)));
    }
    out
}

/// What `--dry-run` says.
pub fn dry_run(would: &[Made]) -> String {
    let mut out = String::from("Would start, and did not:\n");
    for one in would {
        let folder = one.folder.to_string_lossy();
        out.push_str(&format!(
            "  {}  {}  {}  from {}\n",
            one.id,
            escape(&one.branch),
            escape(&folder),
            one.base.short()
        ));
    }
    out
}

#[derive(Serialize)]
struct StartJson<'a> {
    schema: u32,
    command: &'static str,
    dry_run: bool,
    tasks: Vec<TaskJson<'a>>,
}

#[derive(Serialize)]
struct TaskJson<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<&'a str>,
    branch: &'a str,
    worktree: String,
    base: Oid,
    already: bool,
}

/// What was made, as JSON.
pub fn json(ledger: &Ledger, all: &[Made]) -> String {
    answer(false, all.iter().map(|made| task(made, ledger.batch_of(&made.id).map(|batch| batch.name.as_str()))))
}

/// What would be made, as JSON.
pub fn json_dry_run(would: &[Made]) -> String {
    answer(true, would.iter().map(|made| task(made, None)))
}

fn answer<'a>(dry_run: bool, tasks: impl Iterator<Item = TaskJson<'a>>) -> String {
    line(&StartJson { schema: SCHEMA, command: "start", dry_run, tasks: tasks.collect() })
}

fn task<'a>(made: &'a Made, batch: Option<&'a str>) -> TaskJson<'a> {
    TaskJson {
        id: made.id.as_str(),
        batch,
        branch: &made.branch,
        worktree: made.folder.to_string_lossy().into_owned(),
        base: made.base,
        already: made.already,
    }
}
