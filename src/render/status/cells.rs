//! The cells of the table, one column after the other.

use super::{DIM, GREEN, RED, UNKNOWN, YELLOW};
use crate::model::facts::{Branch, Changes, Head};
use crate::model::ledger::Support;
use crate::model::state::State;
use crate::model::status::{Collision, Row, Status, Verdict};
use crate::model::text::{age, count, escape, size};
use crate::render::table::Cell;

/// Stands behind what only holds with what is not committed yet.
pub(super) const UNCOMMITTED: &str = "~";

/// The other task of a collision is named in a cell up to this length; longer, the collisions are counted.
const LONGEST_NAMED: usize = 16;

pub(super) fn cells(row: &Row, status: &Status) -> Vec<Cell> {
    vec![
        Cell::plain(row.id.as_str()),
        state(row),
        own(row),
        ahead_behind(row),
        changes(row),
        merges(row),
        drift(row),
        last_commit(row, status),
        disk(row, status),
        Cell::plain(escape(&row.title)),
    ]
}

fn disk(row: &Row, status: &Status) -> Cell {
    let bytes = status.disk.as_ref().and_then(|disk| disk.worktrees.get(&row.id));
    bytes.map_or_else(Cell::default, |bytes| Cell::plain(size(*bytes)))
}

fn state(row: &Row) -> Cell {
    let word = row.state.word();
    let text = match (row.state, row.proof.as_ref()) {
        (State::Landed, Some(proof)) => match proof.pr() {
            Some(pr) => format!("{word} (PR {})", escape(pr)),
            None => format!("{word} ({})", proof.word()),
        },
        _ if row.stack.is_empty() => word.to_owned(),
        _ => format!("{word} on {}", stack(&row.stack)),
    };
    let text = match &row.pr {
        Some(pr) if row.state != State::Landed => format!("{text} (PR {})", escape(&request(pr))),
        _ => text,
    };
    match row.state {
        State::Landed | State::Done => Cell::styled(text, GREEN),
        State::Lost | State::Stopped => Cell::styled(text, RED),
        _ => Cell::plain(text),
    }
}

/// A pull request by its number, where it is named by its page.
fn request(pr: &str) -> String {
    let number = pr.rsplit_once('/').map(|(_, number)| number).filter(|_| pr.contains("://"));
    let number = number.filter(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()));
    number.map_or_else(|| pr.to_owned(), |number| format!("#{number}"))
}

/// What it stands on, the first by its id where that is short.
fn stack(stack: &[Support]) -> String {
    match stack {
        [first, rest @ ..] if first.id.as_str().len() <= LONGEST_NAMED => {
            let more = if rest.is_empty() { String::new() } else { format!(", +{}", rest.len()) };
            format!("{}{more}", first.id)
        }
        all => count(all.len(), "other"),
    }
}

/// Landed and unstarted rows say nothing about commits: what stands there would only distract.
pub(super) fn tells(row: &Row) -> bool {
    row.branch.is_some() && row.state != State::Landed
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
    // Of a folder that stands there and leads nowhere nobody knows.
    let gone = row.worktree.as_ref().is_none_or(|worktree| worktree.head == Head::Missing && !worktree.folder);
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

/// Conflicts with the target first, then collisions with other tasks: what else there is stands under the table.
fn merges(row: &Row) -> Cell {
    if !tells(row) {
        return Cell::default();
    }
    let Some(readiness) = &row.readiness else { return Cell::plain(UNKNOWN) };
    let mark = if readiness.uncommitted { UNCOMMITTED } else { "" };
    let collisions = row.collisions.as_deref().unwrap_or_default();
    match readiness.verdict {
        Verdict::Conflict => {
            Cell::styled(format!("{}{mark}", count(readiness.conflicts.len().max(1), "conflict")), RED)
        }
        Verdict::Clean | Verdict::Empty if !collisions.is_empty() => Cell::styled(collides(collisions), YELLOW),
        Verdict::Empty if readiness.unread => Cell::styled(format!("no commits {UNKNOWN}"), DIM),
        Verdict::Empty => Cell::styled("no commits", DIM),
        Verdict::Clean => {
            let forward = if readiness.fast_forward { " (ff)" } else { "" };
            let known = row.collisions.is_some() && row.uncertain.is_empty() && !readiness.unread;
            let rest = if known { String::new() } else { format!(" {UNKNOWN}") };
            Cell::styled(format!("clean{mark}{forward}{rest}"), GREEN)
        }
        Verdict::Landed => Cell::default(),
    }
}

fn collides(collisions: &[Collision]) -> String {
    let mark = |uncommitted: bool| if uncommitted { UNCOMMITTED } else { "" };
    match collisions {
        [first, rest @ ..] if first.with.as_str().len() <= LONGEST_NAMED => {
            let files = count(first.paths.len().max(1), "file");
            let more = if rest.is_empty() { String::new() } else { format!(", +{}", rest.len()) };
            format!("{}: {files}{}{more}", first.with, mark(first.uncommitted))
        }
        all => format!("{}{}", count(all.len(), "collision"), mark(all.iter().all(|one| one.uncommitted))),
    }
}

fn drift(row: &Row) -> Cell {
    match &row.drift {
        Some(drift) if !drift.paths.is_empty() => Cell::styled(count(drift.paths.len(), "path"), YELLOW),
        Some(drift) if drift.checked => Cell::plain("-"),
        Some(_) => Cell::plain(UNKNOWN),
        None => Cell::default(),
    }
}

/// How long ago the last commit was made.
fn last_commit(row: &Row, status: &Status) -> Cell {
    let worked = row.branch.as_ref().filter(|branch| tells(row) && branch.commits != Some(0));
    worked.and_then(Branch::last_commit).map_or_else(Cell::default, |at| {
        let ago = age(status.now.as_second() - at.as_second());
        Cell::plain(ago.trim_start_matches("just ").trim_end_matches(" ago"))
    })
}
