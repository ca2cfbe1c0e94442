//! What `adopt` recorded.

use anstyle::Style;
use serde::Serialize;

use super::json::{SCHEMA, line};
use crate::model::adopt::Adoption;
use crate::model::oid::Oid;
use crate::model::text::{escape, shell_word};

const BOLD: Style = Style::new().bold();

/// One line on what is the task's now, and where to work on it.
pub fn adopted(adoption: &Adoption, dry_run: bool) -> String {
    let task = &adoption.snapshot;
    let verb = if dry_run { "would take" } else { "took" };
    let made = if adoption.make_branch { ", made for its detached worktree" } else { "" };
    let mut out = format!(
        "{BOLD}{}{BOLD:#} {verb} branch {}{made}: {} from {} at {}\n",
        task.id,
        escape(&task.branch),
        escape(&adoption.batch),
        escape(&adoption.target),
        task.base.short()
    );
    match &adoption.worktree {
        Some(folder) => out.push_str(&format!("  cd {}\n", escape(&shell_word(&folder.to_string_lossy())))),
        None => out
            .push_str(&format!("  it has no worktree: git worktree add PATH {}\n", escape(&shell_word(&task.branch)))),
    }
    out
}

#[derive(Serialize)]
struct AdoptJson<'a> {
    schema: u32,
    command: &'static str,
    dry_run: bool,
    batch: &'a str,
    task: &'a str,
    branch: &'a str,
    worktree: Option<String>,
    base: Oid,
    tip: Oid,
}

/// The same as JSON.
pub fn json(adoption: &Adoption, dry_run: bool) -> String {
    line(&AdoptJson {
        schema: SCHEMA,
        command: "adopt",
        dry_run,
        batch: &adoption.batch,
        task: adoption.snapshot.id.as_str(),
        branch: &adoption.snapshot.branch,
        worktree: adoption.worktree.as_ref().map(|folder| folder.to_string_lossy().into_owned()),
        base: adoption.snapshot.base,
        tip: adoption.tip,
    })
}
