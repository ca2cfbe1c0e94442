//! `status` as a table for people; as JSON in [`json`].

pub mod json;

use anstyle::{AnsiColor, Style};

use super::table::{Align, Cell, Column, least_width, table};
use crate::model::batch::BatchState;
use crate::model::facts::{Changes, Head};
use crate::model::state::State;
use crate::model::status::{BatchHead, Group, Row, Status, Verdict};
use crate::model::text::{age, count, escape, width};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();

/// Not known, not checked.
pub(super) const UNKNOWN: &str = "·";

/// Conflicting paths told of one task, unless asked for all.
const PATHS_TOLD: usize = 5;

/// The whole answer. `columns` is the width of the terminal; `verbose` tells every conflicting path.
pub fn status(status: &Status, columns: usize, verbose: bool) -> String {
    if status.groups.is_empty() {
        return nothing(status);
    }
    let mut out = String::new();
    for group in &status.groups {
        out.push_str(&heading(group, status));
        let mut rows: Vec<Vec<Cell>> = group.rows.iter().map(|row| cells(row, status)).collect();
        if group.rows.iter().all(own_is_ahead) {
            rows.iter_mut().for_each(|row| row[OWN] = Cell::default());
        }
        out.push_str(&narrowed(&columns_of(status), rows, columns));
        out.push_str(&group.rows.iter().map(|row| beneath(row, status, verbose)).collect::<String>());
        out.push_str(&group.rows.iter().filter(|_| verbose).map(removal).collect::<String>());
        if let Some(batch) = &group.batch {
            out.push_str(&unfinished(batch));
        }
        out.push('\n');
    }
    out.push_str(&summary(status, columns));
    out
}

/// No group is open: what there is to see, and how to go on.
fn nothing(status: &Status) -> String {
    match status.ever {
        (_, 0) => "Nothing is under way.\n\n  git dispatch plan\n".to_owned(),
        (landed, ever) => {
            let tasks = if ever == 1 { "task has" } else { "tasks have" };
            format!(
                "Nothing is under way; {landed} of {ever} started {tasks} landed.\n\n  \
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

pub(super) fn columns_of(status: &Status) -> Vec<Column> {
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
        left("Age"),
        left("Title"),
    ]
}

pub(super) fn cells(row: &Row, status: &Status) -> Vec<Cell> {
    vec![
        Cell::plain(row.id.as_str()),
        state(row),
        own(row),
        ahead_behind(row),
        changes(row),
        merges(row),
        last_commit(row, status),
        Cell::plain(escape(&row.title)),
    ]
}

fn state(row: &Row) -> Cell {
    let word = row.state.word();
    let text = match (row.state, row.proof.as_ref()) {
        (State::Landed, Some(proof)) => match proof.pr() {
            Some(pr) => format!("{word} (PR {})", escape(pr)),
            None => format!("{word} ({})", proof.word()),
        },
        _ => word.to_owned(),
    };
    match row.state {
        State::Landed | State::Done => Cell::styled(text, GREEN),
        State::Lost | State::Stopped => Cell::styled(text, RED),
        _ => Cell::plain(text),
    }
}

/// Landed and unstarted rows say nothing about commits: what stands there would only distract.
fn tells(row: &Row) -> bool {
    row.branch.is_some() && row.state != State::Landed
}

/// Where the column of own commits stands.
pub(super) const OWN: usize = 2;

/// The columns to leave out where the terminal is too narrow, in this order: age, own commits, title, changes, ↑↓.
pub(super) const SPARE: [usize; 5] = [6, OWN, 7, 4, 3];

/// The table without as many of the spare columns as it takes to fit.
fn narrowed(head: &[Column], mut rows: Vec<Vec<Cell>>, columns: usize) -> String {
    for spare in SPARE {
        if least_width(head, &rows) <= columns {
            break;
        }
        rows.iter_mut().for_each(|row| row[spare] = Cell::default());
    }
    table(head, &rows, DIM, columns)
}

/// The column of own commits would only repeat what the target lacks.
pub(super) fn own_is_ahead(row: &Row) -> bool {
    !tells(row) || row.branch.as_ref().is_none_or(|branch| branch.commits == branch.ahead)
}

fn number(value: Option<u64>) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), |value| value.to_string())
}

fn own(row: &Row) -> Cell {
    match &row.branch {
        Some(branch) if tells(row) => Cell::plain(number(branch.commits)),
        _ => Cell::default(),
    }
}

fn ahead_behind(row: &Row) -> Cell {
    match &row.branch {
        Some(branch) if tells(row) => Cell::plain(format!("↑{} ↓{}", number(branch.ahead), number(branch.behind))),
        _ => Cell::default(),
    }
}

fn changes(row: &Row) -> Cell {
    let gone = row.worktree.as_ref().is_none_or(|worktree| worktree.head == Head::Missing);
    match row.changes() {
        _ if !tells(row) || gone => Cell::default(),
        None => Cell::plain(UNKNOWN),
        Some(changes) if changes.is_clean() => Cell::plain("clean"),
        Some(changes) => Cell::styled(counts(&changes), if changes.conflicted > 0 { RED } else { YELLOW }),
    }
}

fn counts(changes: &Changes) -> String {
    let signed = [('+', changes.staged), ('~', changes.modified), ('?', changes.untracked), ('!', changes.conflicted)];
    let told = signed.iter().filter(|(_, count)| *count > 0).map(|(sign, count)| format!("{sign}{count}"));
    told.collect::<Vec<_>>().join(" ")
}

fn merges(row: &Row) -> Cell {
    if !tells(row) {
        return Cell::default();
    }
    let Some(readiness) = &row.readiness else { return Cell::plain(UNKNOWN) };
    match readiness.verdict {
        Verdict::Clean if readiness.fast_forward => Cell::styled("clean (ff)", GREEN),
        Verdict::Clean => Cell::styled("clean", GREEN),
        Verdict::Conflict => Cell::styled(count(readiness.conflicts.len().max(1), "conflict"), RED),
        Verdict::Empty => Cell::styled("no commits", DIM),
        Verdict::Landed => Cell::default(),
    }
}

/// How long ago the last commit was made.
fn last_commit(row: &Row, status: &Status) -> Cell {
    let worked = row.branch.as_ref().filter(|branch| tells(row) && branch.commits != Some(0));
    worked.map_or_else(Cell::default, |branch| {
        let ago = age(status.now.as_second() - branch.committed_at.as_second());
        Cell::plain(ago.trim_start_matches("just ").trim_end_matches(" ago"))
    })
}

/// Conflicting paths and notes of one task, under the table.
pub(super) fn beneath(row: &Row, status: &Status, verbose: bool) -> String {
    let mut out = String::new();
    let conflicts = row.readiness.as_ref().map_or(&[][..], |readiness| &readiness.conflicts);
    if !conflicts.is_empty() {
        let (target, _) = status.target.newest();
        out.push_str(&format!("    {} conflicts with {} in\n", row.id, escape(target)));
        let told = if verbose { conflicts.len() } else { PATHS_TOLD };
        for path in conflicts.iter().take(told) {
            out.push_str(&format!("      {}\n", path));
        }
        if conflicts.len() > told {
            out.push_str(&format!("      and {} more (-v lists them)\n", conflicts.len() - told));
        }
    }
    if let Some(command) = &row.solution {
        out.push_str(&format!("    {DIM}{}{DIM:#}\n", escape(command)));
    }
    for note in &row.notes {
        out.push_str(&format!("    {YELLOW}{}{YELLOW:#} {}\n", row.id, escape(&note.text)));
        out.push_str(&commands(&note.commands));
    }
    out
}

/// How to remove what is left of a landed task.
pub(super) fn removal(row: &Row) -> String {
    if row.removal.is_empty() {
        return String::new();
    }
    format!("    to remove what is left of {}:\n{}", row.id, commands(&row.removal))
}

fn commands(commands: &[String]) -> String {
    commands.iter().map(|command| format!("      {DIM}{}{DIM:#}\n", escape(command))).collect()
}

fn unfinished(batch: &BatchHead) -> String {
    if batch.unfinished.is_empty() {
        return String::new();
    }
    let ids: Vec<&str> = batch.unfinished.iter().map(|id| id.as_str()).collect();
    format!("    {YELLOW}not finished{YELLOW:#}; to go on: git dispatch start {}\n", ids.join(" "))
}

fn summary(status: &Status, columns: usize) -> String {
    let percent = (status.landed * 100).checked_div(status.total).unwrap_or(0);
    let mut parts = vec![format!("{} of these {} landed ({percent}%)", status.landed, status.total)];
    let ready: Vec<&str> = status.rows().filter(|row| row.ready_to_land()).map(|row| row.id.as_str()).collect();
    if !ready.is_empty() {
        parts.push(format!("ready to land: {}", some(&ready)));
    }
    let conflicts = |row: &&Row| row.readiness.as_ref().is_some_and(|readiness| readiness.verdict == Verdict::Conflict);
    let conflicts: Vec<&str> = status.rows().filter(conflicts).map(|row| row.id.as_str()).collect();
    if !conflicts.is_empty() {
        parts.push(format!("conflicts: {}", some(&conflicts)));
    }
    let (next, later) = status.unblocks.split_at(status.next);
    if !next.is_empty() {
        let ids: Vec<&str> = next.iter().map(|(id, _)| id.as_str()).collect();
        let after = if later.is_empty() { String::new() } else { format!(", then {} more", later.len()) };
        parts.push(format!("when all land: {}{after}", some(&ids)));
    }
    let mut out = wrapped(&parts, columns);
    if status.unreadable > 0 {
        let lines = count(status.unreadable, "line");
        out.push_str(&format!(
            "{YELLOW}{lines} of the ledger could not be read{YELLOW:#}: git log --notes=dispatch shows them\n"
        ));
    }
    out
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
