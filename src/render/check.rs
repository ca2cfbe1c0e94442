//! What `check` tells, as text and JSON.

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::json::{SCHEMA, line};
use super::table::{Align, Cell, Column, table};
use crate::model::check::{Check, Row, Together};
use crate::model::facts;
use crate::model::id::TaskId;
use crate::model::oid::Oid;
use crate::model::path::TreePath;
use crate::model::state::State;
use crate::model::text::escape;

const HEADING: Style = Style::new().dimmed();

/// How many rows are shown of tasks that only declare to write; the rest is counted.
const DECLARED: usize = 5;

/// A line for each path and task, at most `columns` wide where the titles allow it: first what collides, last what is only
/// declared. Empty where there is nothing to tell.
pub fn text(check: &Check, columns: usize) -> String {
    if check.rows.is_empty() {
        return String::new();
    }
    let head = ["Path", "Task", "Together", "Change", "Worktree", "Title"];
    let head: Vec<Column> = head.iter().map(|title| ((*title).to_owned(), Align::Left)).collect();
    let mut rows: Vec<&Row> = check.rows.iter().collect();
    rows.sort_by_key(|row| weight(row.together));
    let declared = rows.iter().filter(|row| row.together == Together::Declared).count();
    let more = declared.saturating_sub(DECLARED);
    rows.truncate(rows.len() - more);
    let rows: Vec<Vec<Cell>> = rows.into_iter().map(cells).collect();
    let mut out = table(&head, &rows, HEADING, columns);
    if more > 0 {
        out.push_str(&format!("  and {more} more declare{} it\n", if more == 1 { "s" } else { "" }));
    }
    out
}

fn weight(together: Together) -> u8 {
    match together {
        Together::Collides => 0,
        Together::Unknown => 1,
        Together::WouldCollide => 2,
        Together::Merges => 3,
        Together::Declared => 4,
    }
}

fn cells(row: &Row) -> Vec<Cell> {
    let worktree = row.worktree.as_ref().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
    let path = if row.path.as_bytes().is_empty() { ".".to_owned() } else { row.path.to_string() };
    vec![
        Cell::plain(path),
        Cell::plain(row.task.as_str()),
        Cell::styled(row.together.word(), style(row.together)),
        Cell::plain(change(row)),
        Cell::plain(escape(&worktree)),
        Cell::plain(escape(&row.title)),
    ]
}

fn style(together: Together) -> Style {
    match together {
        Together::Collides | Together::WouldCollide => AnsiColor::Red.on_default(),
        Together::Unknown => AnsiColor::Yellow.on_default(),
        Together::Merges => AnsiColor::Green.on_default(),
        Together::Declared => Style::new(),
    }
}

fn change(row: &Row) -> String {
    let committed = row.committed.map(|tip| format!("committed at {}", tip.short()));
    let uncommitted = row.uncommitted.then(|| "uncommitted".to_owned());
    let how = committed.into_iter().chain(uncommitted).collect::<Vec<_>>().join(", ");
    // A conflict that a rename leads to stands at a path that the other task does not change by that name.
    if how.is_empty() && row.together != Together::Declared { "under another name".to_owned() } else { how }
}

/// One line of JSON.
pub fn json(check: &Check, target: &facts::Target) -> String {
    line(&Document {
        schema: SCHEMA,
        command: "check",
        target: super::json::Target::new(target),
        task: check.own.as_ref(),
        paths: &check.asked,
        collides: check.obstructed(),
        changes: check.rows.iter().map(ChangeJson::new).collect(),
        unchecked: &check.unread,
    })
}

#[derive(Serialize)]
struct Document<'c> {
    schema: u32,
    command: &'static str,
    target: super::json::Target<'c>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<&'c TaskId>,
    paths: &'c [TreePath],
    collides: bool,
    changes: Vec<ChangeJson<'c>>,
    unchecked: &'c [TaskId],
}

#[derive(Serialize)]
struct ChangeJson<'c> {
    path: &'c TreePath,
    task: &'c TaskId,
    title: &'c str,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    worktree: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    committed: Option<Oid>,
    uncommitted: bool,
    declared: bool,
    here: bool,
    collides: Option<bool>,
}

impl<'c> ChangeJson<'c> {
    fn new(row: &'c Row) -> ChangeJson<'c> {
        ChangeJson {
            path: &row.path,
            task: &row.task,
            title: &row.title,
            state: row.state,
            branch: row.branch.as_deref(),
            worktree: row.worktree.as_ref().map(|path| path.to_string_lossy().into_owned()),
            committed: row.committed,
            uncommitted: row.uncommitted,
            declared: row.declared,
            here: row.here,
            collides: row.together.collides(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::text::is_unsafe;

    fn row(together: Together) -> Row {
        Row {
            path: TreePath::new(*b"src/\x1b[2J\xff"),
            task: "A".parse().unwrap(),
            title: "Pool\u{202e}".to_owned(),
            state: State::Active,
            branch: Some("task/A".to_owned()),
            worktree: Some("/w\n/A".into()),
            committed: Some("0123456789abcdef0123456789abcdef01234567".parse().unwrap()),
            uncommitted: true,
            declared: false,
            here: together != Together::WouldCollide,
            together,
        }
    }

    fn check(all: &[Together]) -> Check {
        let asked = vec![TreePath::new([]), "a".into()];
        Check { own: "B".parse().ok(), asked, rows: all.iter().map(|one| row(*one)).collect(), unread: Vec::new() }
    }

    #[test]
    fn the_json_is_what_the_schema_says() {
        let schema = serde_json::from_str(include_str!("../../docs/schema/check.schema.json")).unwrap();
        let commit = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
        let target = facts::Target { name: "main".to_owned(), commit, upstream: None };
        let all = [Together::Collides, Together::Unknown, Together::Merges, Together::WouldCollide, Together::Declared];
        for check in [check(&all), check(&[])] {
            let text = json(&check, &target);
            let value = serde_json::from_str(&text).unwrap();
            assert_eq!(crate::render::schema::faults(&schema, &value), Vec::<String>::new());
            assert!(!text.trim_end().chars().any(is_unsafe), "{text}");
        }
    }

    #[test]
    fn a_line_tells_who_and_how_and_hides_nothing() {
        let told = text(&check(&[Together::WouldCollide]), 200);
        let line = told.lines().nth(1).unwrap();
        let line = anstream::adapter::strip_str(line).to_string();
        let expected =
            "  src/\\e[2J\u{fffd}  A     would collide  committed at 0123456, uncommitted  /w\\n/A    Pool\\u{202e}";
        assert_eq!(line, expected);
        assert_eq!(text(&check(&[]), 80), "");
    }

    #[test]
    fn what_weighs_most_stands_first_and_declarations_are_summed_up() {
        let mut all = vec![Together::Declared; 19];
        all.extend([Together::Merges, Together::WouldCollide, Together::Unknown, Together::Collides]);
        let mut check = check(&all);
        for row in &mut check.rows {
            (row.committed, row.uncommitted) = (None, row.together == Together::Merges);
        }
        let told = anstream::adapter::strip_str(&text(&check, 200)).to_string();
        let words = ["collides", "not checked", "would collide", "merges"];
        let lines: Vec<&str> = told.lines().skip(1).collect();
        assert!(lines.iter().zip(words).all(|(line, word)| line.contains(&format!("A     {word} "))), "{told}");
        assert!(lines[0].contains("under another name") && lines[3].contains("uncommitted"), "{told}");
        assert!(lines[4..9].iter().all(|line| line.contains("declared only") && !line.contains("name")), "{told}");
        assert_eq!(lines[9..], ["  and 14 more declare it"]);
    }
}
