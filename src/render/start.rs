//! What `start` made, a line as each task becomes true, then what to paste into terminals.

use std::collections::{BTreeMap, BTreeSet};

use anstyle::Style;
use serde::Serialize;

use super::json::{SCHEMA, line};
use super::launch::{self, SessionJson, Told};
use crate::model::copies::{Copied, Why};
use crate::model::facts::Target;
use crate::model::id::TaskId;
use crate::model::launch::Session;
use crate::model::ledger::{Batch, Ledger};
use crate::model::made::{Made, SetUp, Setup};
use crate::model::oid::Oid;
use crate::model::path::TreePath;
use crate::model::text::{count, escape, shell_word, width};

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

/// One task that has its branch and worktree now, and a port, if those are to be told.
pub fn made(made: &Made, widths: Widths, ports: bool) -> String {
    let port = made.port.filter(|_| ports).map(|port| format!("  port {port}")).unwrap_or_default();
    let already = match (made.goes_on, made.already) {
        (true, _) => format!("  {DIM}goes on{DIM:#}"),
        (false, true) => format!("  {DIM}was there already{DIM:#}"),
        (false, false) => String::new(),
    };
    let (branch, folder) = (escape(&made.branch), made.folder.to_string_lossy());
    let gap = " ".repeat(widths.branch.saturating_sub(width(&branch)));
    let place = if made.isolated { escape(&folder) } else { "no worktree".into() };
    format!("  {:id$}  {branch}{gap}  {place}{port}{already}\n", made.id, id = widths.id)
}

/// How workers are launched by hand.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    /// Those of the tasks that there is a launch command for.
    pub launch: BTreeSet<TaskId>,
    /// How the program is called.
    pub program: String,
    /// tmux is installed.
    pub tmux: bool,
}

/// What to type in a terminal of its own for each task, then all of them at once; of one whose worker is elsewhere, what to hand over.
pub fn terminals(all: &[Made], lines: &Lines, remote: Option<&str>) -> String {
    let mut out = String::new();
    let (here, elsewhere): (Vec<&Made>, Vec<&Made>) = all.iter().partition(|made| made.isolated);
    for made in elsewhere {
        out.push_str(&format!("\n{DIM}{}, elsewhere:{DIM:#}\n", made.id));
        if let Some(remote) = remote {
            out.push_str(&format!(
                "  git push {} {}\n",
                escape(&shell_word(remote)),
                escape(&shell_word(&made.branch))
            ));
        }
        out.push_str(&format!("  git dispatch brief {}\n", made.id));
    }
    for (at, made) in here.into_iter().enumerate() {
        let folder = shell_word(&made.folder.to_string_lossy());
        out.push_str(&format!("\n{DIM}Terminal {}:{DIM:#}\n  cd {}\n", at + 1, escape(&folder)));
        if lines.launch.contains(&made.id) {
            out.push_str(&format!("  {}\n", escape(&launch::here(&made.id, &lines.program))));
        }
    }
    let ids: Vec<&str> = all.iter().filter(|one| lines.launch.contains(&one.id)).map(|one| one.id.as_str()).collect();
    if lines.tmux && !ids.is_empty() {
        let command = format!("{} launch {} --in tmux", lines.program, ids.join(" "));
        out.push_str(&format!("\n{DIM}All of them in tmux:{DIM:#}\n  {}\n", escape(&command)));
    }
    out
}

/// What `--dry-run` says.
pub fn dry_run(would: &[Made]) -> String {
    let mut out = String::from("Would start, and did not:\n");
    for one in would {
        let folder = one.folder.to_string_lossy();
        let how = match one.already {
            _ if one.goes_on => "would go on".to_owned(),
            true => "is there already, and would be made ready".to_owned(),
            false => format!("from {}", one.base.short()),
        };
        let place = if one.isolated { escape(&folder) } else { "no worktree".into() };
        out.push_str(&format!("  {}  {}  {place}  {how}\n", one.id, escape(&one.branch)));
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
    /// `null`: its worker is elsewhere.
    worktree: Option<String>,
    base: Oid,
    already: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    goes_on: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    copied: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    setup: Option<SetupJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<SessionJson<'a>>,
}

#[derive(Serialize)]
struct SetupJson {
    /// `null`: it did not run, or was killed.
    exit: Option<i32>,
    log: String,
}

/// What was made, as JSON.
pub fn json(
    ledger: &Ledger,
    all: &[Made],
    done: (&[Copied], &[Setup]),
    opened: Option<&(Told, Vec<Session>)>,
) -> String {
    let session = |made: &Made| {
        let (told, sessions) = opened?;
        sessions.iter().find(|one| one.id == made.id).map(|one| SessionJson::new(one, told))
    };
    let one = |made| TaskJson { session: session(made), ..with_all(ledger, made, done) };
    answer(false, all.iter().map(one))
}

fn with_all<'a>(ledger: &'a Ledger, made: &'a Made, (copied, setups): (&[Copied], &[Setup])) -> TaskJson<'a> {
    let id = &made.id;
    let setup = setups.iter().find(|setup| setup.id == *id).map(|setup| SetupJson {
        exit: match setup.fate {
            SetUp::Done => Some(0),
            SetUp::Failed(code) => Some(code),
            SetUp::Killed | SetUp::NotRun(_) => None,
        },
        log: setup.log.to_string_lossy().into_owned(),
    });
    let batch = ledger.batch_of(id).map(|batch| batch.name.as_str());
    let copied = copied.iter().find(|one| one.id == *id).map(|one| one.files);
    TaskJson { copied, setup, ..task(made, batch) }
}

/// What was not copied, a line for each reason: the first, and how many.
pub fn left_out(all: &[Copied]) -> Vec<String> {
    let mut lines = BTreeMap::new();
    for (why, (path, number)) in all.iter().flat_map(|one| &one.left_out) {
        let most = lines.entry(why).or_insert((path, *number));
        most.1 = most.1.max(*number);
    }
    let line = |(why, (path, number)): (&Why, (&TreePath, usize))| match number {
        0 | 1 if *why == Why::InTheWay => {
            format!("'{path}' was not copied: something of another kind stands there in the worktree")
        }
        more if *why == Why::InTheWay => {
            let more = more - 1;
            format!("'{path}' and {more} more were not copied: something of another kind stands there in the worktree")
        }
        0 | 1 => format!("'{path}' was not copied: it is {why}"),
        more => format!("'{path}' and {} more were not copied: each is {why}", more - 1),
    };
    lines.into_iter().map(line).collect()
}

/// How many files were copied into how many worktrees; `None` for none.
pub fn copied(all: &[Copied]) -> Option<String> {
    let files: usize = all.iter().map(|one| one.files).sum();
    let worktrees = all.iter().filter(|one| one.files > 0).count();
    (files > 0).then(|| format!("copied {} into {}", count(files, "file"), count(worktrees, "worktree")))
}

/// How a setup ended that is not done, with the last it said.
pub fn not_set_up(setup: &Setup) -> String {
    let how = match &setup.fate {
        SetUp::Done => "is done".to_owned(),
        SetUp::Failed(code) => format!("failed with exit code {code}"),
        SetUp::Killed => "was killed".to_owned(),
        SetUp::NotRun(why) => format!("did not run: {why}"),
    };
    let mut out = format!("the setup of task '{}' {how}", setup.id);
    if !matches!(setup.fate, SetUp::NotRun(_)) {
        out.push_str(&format!("; its log is '{}'", setup.log.display()));
    }
    for line in &setup.tail {
        out.push_str(&format!("\n| {line}"));
    }
    out
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
        worktree: made.isolated.then(|| made.folder.to_string_lossy().into_owned()),
        base: made.base,
        already: made.already,
        goes_on: made.goes_on,
        port: made.port,
        copied: None,
        setup: None,
        session: None,
    }
}
