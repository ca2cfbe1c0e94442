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

/// A line for each path and task, at most `columns` wide where the titles allow it; empty where there is nothing to tell.
pub fn text(check: &Check, columns: usize) -> String {
    if check.rows.is_empty() {
        return String::new();
    }
    let head = ["Path", "Task", "Together", "Change", "Worktree", "Title"];
    let head: Vec<Column> = head.iter().map(|title| ((*title).to_owned(), Align::Left)).collect();
    let rows: Vec<Vec<Cell>> = check.rows.iter().map(cells).collect();
    table(&head, &rows, HEADING, columns)
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
    committed.into_iter().chain(uncommitted).collect::<Vec<_>>().join(", ")
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
