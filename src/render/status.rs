//! `status` as a table for people, and as a square ([`matrix`]); for programs as JSON in [`json`] and as lines in
//! [`porcelain`].

mod beneath;
mod cells;
pub mod json;
pub mod matrix;
pub mod porcelain;

use anstyle::{AnsiColor, Style};

pub(super) use beneath::{Beneath, removal};
use cells::{UNCOMMITTED, cells, tells};

use super::table::{Align, Cell, Column, least_width, table, width_with};
use crate::model::batch::BatchState;
use crate::model::landing::Landing;
use crate::model::status::{BatchHead, Group, Row, Status, Verdict};
use crate::model::text::{age, count, escape, shell_word, size, width};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();

/// Not known, not checked.
pub(super) const UNKNOWN: &str = "·";

/// The whole answer. `columns` is the width of the terminal; `verbose` tells every conflicting path, and what drifted.
pub fn status(status: &Status, columns: usize, verbose: bool) -> String {
    if status.groups.is_empty() {
        return nothing(status) + &trash(status);
    }
    let mut out = String::new();
    let mut beneath = Beneath::new(status, verbose);
    for group in &status.groups {
        out.push_str(&heading(group, status));
        let (head, rows) = grid(&group.rows.iter().collect::<Vec<_>>(), status, columns);
        out.push_str(&table(&head, &rows, DIM, columns));
        out.push_str(&group.rows.iter().map(|row| beneath.row(row)).collect::<String>());
        out.push_str(&group.rows.iter().filter(|_| verbose).map(removal).collect::<String>());
        if let Some(batch) = &group.batch {
            out.push_str(&unfinished(batch));
        }
        out.push('\n');
    }
    out.push_str(&beneath.rest());
    out.push_str(&summary(status, columns));
    out.push_str(&trash(status));
    out
}

/// What lies in the trash, where that was asked for.
fn trash(status: &Status) -> String {
    match status.disk.as_ref().map(|disk| disk.trash) {
        None => String::new(),
        Some((0, _)) => "the trash is empty\n".to_owned(),
        Some((tasks, bytes)) => {
            format!("in the trash: {} with {}: git dispatch drop --trash -n\n", count(tasks, "task"), size(bytes))
        }
    }
}

/// No group is open: what there is to see, and how to go on.
pub(super) fn nothing(status: &Status) -> String {
    match status.ever {
        (_, 0) => "Nothing is under way.\n\n  git dispatch plan\n".to_owned(),
        (landed, ever) => {
            let tasks = if ever == 1 { "task has" } else { "tasks have" };
            let dirty = match status.left_dirty {
                0 => String::new(),
                1 => "1 landed task's worktree holds changes that are not committed.\n".to_owned(),
                many => format!("The worktrees of {many} landed tasks hold changes that are not committed.\n"),
            };
            format!(
                "Nothing is under way; {landed} of {ever} started {tasks} landed.\n{dirty}\n  \
                 git dispatch plan\n  git dispatch status --all\n"
            )
        }
    }
}

pub(super) fn heading(group: &Group, status: &Status) -> String {
    match &group.batch {
        Some(batch) => {
            let ago = age(status.now.as_second() - batch.at.as_second());
            let state = match batch.state {
                BatchState::InProgress => String::new(),
                state => format!(", {}", state.word()),
            };
            let (name, target) = (escape(&batch.name), escape(&batch.target));
            format!("{BOLD}{name}{BOLD:#} from {target} at {}, {ago}{state}\n", batch.base.short())
        }
        None => format!("{BOLD}In no batch{BOLD:#}\n"),
    }
}

fn columns_of(status: &Status) -> Vec<Column> {
    let (target, _) = status.target.newest();
    let target = crate::model::text::cut(&escape(target), 16).into_owned();
    let left = |title: &str| (title.to_owned(), Align::Left);
    let right = |title: &str| (title.to_owned(), Align::Right);
    vec![
        left("Task"),
        left("State"),
        right("Own"),
        right(&format!("↑{target}↓")),
        left("±"),
        left("Merges"),
        left("Drift"),
        left("Age"),
        right("Disk"),
        left("Title"),
    ]
}

/// Where the column of own commits stands.
const OWN: usize = 2;

/// Where the column of drift stands.
const DRIFT: usize = 6;

/// Where the changes stand, and the age.
const CHANGES: usize = 4;
const AGE: usize = 7;

/// The columns to leave out where the terminal is too narrow, in this order: age, own commits, title, changes, drift, ↑↓.
const SPARE: [usize; 6] = [AGE, OWN, 9, CHANGES, DRIFT, 3];

/// That much of a title is worth more than the age, and than a column which only says that all is committed.
const TITLE: usize = 20;

/// The cells of these rows below their headings, without what says nothing here, and without as many of the spare columns as
/// it takes to fit.
pub(super) fn grid(of: &[&Row], status: &Status, columns: usize) -> (Vec<Column>, Vec<Vec<Cell>>) {
    let head = columns_of(status);
    let mut rows: Vec<Vec<Cell>> = of.iter().map(|row| cells(row, status)).collect();
    let leave_out =
        |rows: &mut Vec<Vec<Cell>>, column: usize| rows.iter_mut().for_each(|row| row[column] = Cell::default());
    if of.iter().all(|row| own_is_ahead(row)) {
        leave_out(&mut rows, OWN);
    }
    if !of.iter().any(|row| declares(row)) {
        leave_out(&mut rows, DRIFT);
    }
    let all_clean = rows.iter().all(|row| matches!(row[CHANGES].text.as_str(), "" | "clean"));
    for spare in [Some(AGE), all_clean.then_some(CHANGES)].into_iter().flatten() {
        if width_with(&head, &rows, TITLE) > columns {
            leave_out(&mut rows, spare);
        }
    }
    for spare in SPARE {
        if least_width(&head, &rows) <= columns {
            break;
        }
        leave_out(&mut rows, spare);
    }
    (head, rows)
}

/// The column of own commits would only repeat what the target lacks.
fn own_is_ahead(row: &Row) -> bool {
    !tells(row) || row.branch.as_ref().is_none_or(|branch| branch.commits == branch.ahead)
}

/// Where no task declares what it writes, nothing can drift.
fn declares(row: &Row) -> bool {
    row.drift.as_ref().is_some_and(|drift| drift.declared)
}

fn unfinished(batch: &BatchHead) -> String {
    if batch.unfinished.is_empty() {
        return String::new();
    }
    let ids: Vec<&str> = batch.unfinished.iter().map(|id| id.as_str()).collect();
    let start = format!("git dispatch start {}", ids.join(" "));
    if batch.undoing {
        let undo = format!("git dispatch undo {}", escape(&shell_word(&batch.name)));
        return format!("    {YELLOW}half undone{YELLOW:#}; to go on: {undo}\n    to have it back: {start}\n");
    }
    format!("    {YELLOW}not finished{YELLOW:#}; to go on: {start}\n")
}

fn summary(status: &Status, columns: usize) -> String {
    let mut parts = vec![progress(status, "these ")];
    let ready: Vec<&str> = status.rows().filter(|row| row.ready_to_land()).map(|row| row.id.as_str()).collect();
    if !ready.is_empty() {
        parts.push(format!("ready to land: {}", some(&ready)));
    }
    let conflicts = |row: &&Row| row.readiness.as_ref().is_some_and(|readiness| readiness.verdict == Verdict::Conflict);
    let conflicts: Vec<&str> = status.rows().filter(conflicts).map(|row| row.id.as_str()).collect();
    if !conflicts.is_empty() {
        parts.push(format!("conflicts: {}", some(&conflicts)));
    }
    match status.collisions().len() {
        0 => {}
        one_or_more => parts.push(format!("{}: which lands first matters", count(one_or_more, "collision"))),
    }
    parts.extend(ahead(status));
    wrapped(&parts, columns) + &unread(status)
}

/// How many of the tasks shown have landed, and of all in the task file, where that would be taken for the same.
pub(super) fn progress(status: &Status, these: &str) -> String {
    let percent = (status.landed * 100).checked_div(status.total).unwrap_or(0);
    let (landed, all) = status.all;
    let rest = if landed == status.landed { String::new() } else { format!(", {landed} of all {all}") };
    let these = if status.total == 1 { "" } else { these };
    format!("{} of {these}{} landed ({percent}%){rest}", status.landed, status.total)
}

/// What is to come, and what could not be read: the part of the summary that no row tells.
pub(super) fn outlook(status: &Status, columns: usize) -> String {
    let parts = ahead(status);
    let parts = if parts.is_empty() { String::new() } else { wrapped(&parts, columns) };
    parts + &unread(status)
}

/// The landing order, what can start then, and what a mark means.
fn ahead(status: &Status) -> Vec<String> {
    let mut parts: Vec<String> =
        status.landing.as_ref().map(|landing| landing_order(landing, status)).unwrap_or_default();
    let (next, later) = status.unblocks.split_at(status.next);
    if !next.is_empty() {
        let ids: Vec<&str> = next.iter().map(|(id, _)| id.as_str()).collect();
        let after = if later.is_empty() { String::new() } else { format!(", then {} more", later.len()) };
        parts.push(format!("when all land: {}{after}", some(&ids)));
    }
    if status.rows().any(pending) {
        parts.push(format!("{UNCOMMITTED} with what is not committed"));
    }
    parts
}

fn unread(status: &Status) -> String {
    match &status.unread {
        Some((what, command)) => format!("{YELLOW}{what}{YELLOW:#}: {command}\n"),
        None => String::new(),
    }
}

/// In which order what is done lands, and the first that does not.
fn landing_order(landing: &Landing, status: &Status) -> Vec<String> {
    let lands: Vec<&str> = landing.lands.iter().map(|(id, _)| id.as_str()).collect();
    let order = (!lands.is_empty()).then(|| format!("landing order: {}", some(&lands)));
    let (target, _) = status.target.newest();
    let left = landing.left.first().map(|left| {
        let more = match landing.left.len() {
            1 => String::new(),
            more => format!(" (and {} more: git dispatch status --order)", more - 1),
        };
        format!("{} would not land: {}{more}", left.id, super::landing::why(&left.why, target, false))
    });
    order.into_iter().chain(left).collect()
}

/// Whether something that is told of it holds only with what is not committed yet.
fn pending(row: &Row) -> bool {
    let readiness = row.readiness.as_ref().is_some_and(|readiness| readiness.uncommitted);
    readiness || row.collisions.iter().flatten().any(|collision| collision.uncommitted)
}

/// Parts with ` · ` between, broken between parts where the line gets too long.
fn wrapped(parts: &[String], columns: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    for part in parts {
        let wide = width(part);
        if used == 0 {
            out.push_str(part);
            used = wide;
        } else if used + 3 + wide > columns {
            out.push_str(&format!("\n{part}"));
            used = wide;
        } else {
            out.push_str(&format!(" · {part}"));
            used += 3 + wide;
        }
    }
    out + "\n"
}

/// The first few of a list.
fn some(ids: &[&str]) -> String {
    const TOLD: usize = 6;
    let first = ids.iter().take(TOLD).copied().collect::<Vec<_>>().join(", ");
    if ids.len() > TOLD { format!("{first} and {} more", ids.len() - TOLD) } else { first }
}

#[cfg(test)]
mod tests;
