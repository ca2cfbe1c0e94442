//! What went from the trash for good.

use anstyle::Style;
use jiff::Timestamp;
use serde::Serialize;

use super::json::{SCHEMA, line, time};
use crate::model::oid::Oid;
use crate::model::text::{age, count, escape, size};
use crate::model::trash::Item;

const BOLD: Style = Style::new().bold();

/// A line for each task, and one for all where they are several.
pub fn emptied(items: &[Item], now: Timestamp, dry_run: bool) -> String {
    let verb = if dry_run { "would be removed" } else { "removed" };
    let mut out = String::new();
    for item in items {
        let what = &item.removal.what;
        let tip = what.tip.map(|tip| format!("branch {} at {}", escape(&what.branch), tip.short()));
        let files = item.folder.as_ref().map(|_| format!("{} of files", size(item.bytes)));
        let parts: Vec<String> = tip.into_iter().chain(files).collect();
        let parts = if parts.is_empty() { "nothing but its traces".to_owned() } else { parts.join(" and ") };
        let ago = age(now.as_second() - item.removal.at.as_second());
        out.push_str(&format!("{BOLD}{}{BOLD:#} {verb} from the trash: {parts}, dropped {ago}\n", what.task));
    }
    if items.len() > 1 {
        out.push_str(&format!("{} with {}\n", count(items.len(), "task"), size(total(items))));
    }
    out
}

fn total(items: &[Item]) -> u64 {
    items.iter().map(|item| item.bytes).sum()
}

#[derive(Serialize)]
struct TrashJson<'a> {
    schema: u32,
    command: &'static str,
    dry_run: bool,
    tasks: [(); 0],
    trash: Vec<ItemJson<'a>>,
    trash_bytes: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    kept: Vec<KeptJson<'a>>,
}

#[derive(Serialize)]
struct ItemJson<'a> {
    id: &'a str,
    branch: &'a str,
    tip: Option<Oid>,
    folder: Option<String>,
    bytes: u64,
    dropped_at: String,
}

#[derive(Serialize)]
struct KeptJson<'a> {
    id: &'a str,
    why: &'a str,
}

/// The same as JSON; `kept` stays.
pub fn json(items: &[Item], kept: &[Item], dry_run: bool) -> String {
    let trash = items.iter().map(|item| ItemJson {
        id: item.removal.what.task.as_str(),
        branch: &item.removal.what.branch,
        tip: item.removal.what.tip,
        folder: item.folder.as_ref().map(|folder| folder.to_string_lossy().into_owned()),
        bytes: item.bytes,
        dropped_at: time(item.removal.at),
    });
    let why = |item: &'_ Item| item.held.as_deref().map(str::to_owned);
    let reasons: Vec<(&str, String)> =
        kept.iter().filter_map(|item| Some((item.removal.what.task.as_str(), why(item)?))).collect();
    let kept = reasons.iter().map(|(id, why)| KeptJson { id, why }).collect();
    let (trash, trash_bytes) = (trash.collect(), total(items));
    line(&TrashJson { schema: SCHEMA, command: "drop", dry_run, tasks: [], trash, trash_bytes, kept })
}
