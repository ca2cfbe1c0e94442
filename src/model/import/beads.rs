//! Issues of beads: JSON, one issue a line (`internal/types/types.go` of github.com/steveyegge/beads).

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Options;
use super::common::{Unknown as UnknownKeys, minutes, note_words, one_line, paragraphs, take_status};
use super::item::{Group, Item, Items, Need, Status, Unknown};
use super::json;
use super::node::{Node, Reader, Table};
use super::sink::{Place, Sinks, quoted};
use crate::model::text::count;

/// Types of dependencies that keep an issue from starting.
const BLOCKING: [&str; 3] = ["blocks", "waits-for", "conditional-blocks"];
/// Types of issues that are the sum of their children.
const SUMS: [&str; 1] = ["epic"];
/// Types that are no work but stand for what is below or before them.
const STAND_FOR: [&str; 3] = ["milestone", "molecule", "convoy"];
/// Types that are no work, and that something may all the same wait for.
const NO_WORK: [&str; 11] =
    ["message", "event", "gate", "agent", "role", "rig", "slot", "merge-request", "wisp", "pinned", "template"];

const KNOWN: [&str; 19] = [
    "id",
    "_type",
    "title",
    "status",
    "issue_type",
    "type",
    "estimated_minutes",
    "external_ref",
    "acceptance_criteria",
    "description",
    "design",
    "notes",
    "priority",
    "labels",
    "assignee",
    "due_at",
    "defer_until",
    "dependencies",
    "ephemeral",
];
/// What beads keeps of an issue for itself, and marks of what is no work.
const ITS_OWN: [&str; 8] =
    ["content_hash", "created_at", "created_by", "updated_at", "closed_at", "source_repo", "is_template", "pinned"];

/// What was left out of all issues together.
#[derive(Default)]
struct Tally {
    now: Option<Timestamp>,
    tombstones: usize,
    /// By type.
    no_work: BTreeMap<String, usize>,
    /// Dependencies that are no needs, by type.
    links: BTreeMap<String, usize>,
    keys: UnknownKeys,
}

pub(super) fn items(texts: &[String], options: Options<'_>, sinks: &mut Sinks) -> Items {
    let mut items = Vec::new();
    let mut tally = Tally { now: options.now, ..Tally::default() };
    for (number, text) in texts.iter().enumerate() {
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            if !line.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']).is_empty() {
                read_line(line, (number, start), &mut items, &mut tally, sinks);
            }
            start += line.len();
        }
    }
    infer_parents(&mut items);
    tell(&tally, sinks);
    Items { items, unknown: Unknown::LeftOut, word: "issue" }
}

fn read_line(line: &str, (text, start): (usize, usize), items: &mut Vec<Item>, tally: &mut Tally, sinks: &mut Sinks) {
    let node = match json::parse(line, start) {
        Ok(node) => node,
        Err(fault) => return sinks.fault(text, Some(fault.span), fault.what, None),
    };
    let mut reader = Reader { sinks, text, owner: String::new() };
    let Some(table) = reader.table("an issue", &node) else { return };
    // Exports hold memories and other lines too.
    if table.get("_type").is_some_and(|kind| kind.word() != Some("issue")) {
        *tally.no_work.entry("other line".to_owned()).or_default() += 1;
        return;
    }
    let Some(id) = reader.word_of(table, "id") else {
        reader.fault(&node, "an issue without an 'id'".to_owned());
        return;
    };
    let place = Place { text, span: table.get("id").map_or(node.span.clone(), |id| id.span.clone()) };
    reader.owner = format!("issue {}", quoted(&id));
    items.push(read_issue(Item::new(id, place), table, &mut reader, tally));
}

fn read_issue(mut item: Item, table: Table<'_, '_>, reader: &mut Reader<'_>, tally: &mut Tally) -> Item {
    let status = reader.word_of(table, "status").unwrap_or_default();
    let kind = kind_of(table, reader, &status);
    if status == "tombstone" {
        tally.tombstones += 1;
        (item.status, item.group, item.tombstone) = (Status::Done, Group::Through, true);
        return item;
    }
    tally.keys.count(table, &[&KNOWN, &ITS_OWN]);
    if !status.is_empty() {
        take_status(&status, &mut item);
    }
    if SUMS.contains(&kind.as_str()) {
        item.group = Group::Always;
    } else if STAND_FOR.contains(&kind.as_str()) || NO_WORK.contains(&kind.as_str()) {
        item.group = Group::Through;
        item.no_work = NO_WORK.contains(&kind.as_str()).then(|| kind.clone());
        *tally.no_work.entry(kind.clone()).or_default() += 1;
    }
    let content = &mut item.content;
    content.title = reader.text_of(table, "title").map(|title| one_line(&title)).unwrap_or_default();
    content.estimate = table.get("estimated_minutes").and_then(|node| minutes(reader, "estimated_minutes", node));
    content.issue = reader.word_of(table, "external_ref").map(|issue| one_line(&issue));
    content.done_when = paragraphs([reader.text_of(table, "acceptance_criteria")]);
    content.brief = paragraphs(["description", "design", "notes"].map(|key| reader.text_of(table, key)));
    if !matches!(kind.as_str(), "" | "task" | "epic") {
        content.notes.push(format!("type: {kind}"));
    }
    note_words(reader, table, &["priority", "labels", "assignee", "due_at"], content);
    put_off(&mut item, table, reader, tally.now);
    read_dependencies(&mut item, table, reader, tally);
    item
}

/// Holds what is not to start before a time that is yet to come, or that cannot be read.
fn put_off(item: &mut Item, table: Table<'_, '_>, reader: &mut Reader<'_>, now: Option<Timestamp>) {
    let (Some(node), Some(until)) = (table.get("defer_until"), reader.word_of(table, "defer_until")) else { return };
    let until = one_line(&until);
    let date = || until.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp());
    let time = until.parse::<Timestamp>().ok().or_else(date);
    if time.zip(now).is_some_and(|(time, now)| time <= now) {
        return;
    }
    item.content.deferred = true;
    item.content.notes.push(format!("defer_until: {until}"));
    let what = format!("{} is put off until {}: it gets a gate, which no date opens", reader.owner, quoted(&until));
    item.warnings.push((reader.place(node), what));
}

/// The type of an issue; what is marked as no work has that mark for a type.
fn kind_of(table: Table<'_, '_>, reader: &mut Reader<'_>, status: &str) -> String {
    let marked = |key: &str| table.get(key).and_then(Node::word) == Some("true");
    if marked("is_template") {
        return "template".to_owned();
    }
    if marked("pinned") || status == "pinned" {
        return "pinned".to_owned();
    }
    if marked("ephemeral") {
        return "wisp".to_owned();
    }
    let kind = reader.word_of(table, "issue_type").or_else(|| reader.word_of(table, "type")).unwrap_or_default();
    kind.replace('_', "-")
}

fn read_dependencies(item: &mut Item, table: Table<'_, '_>, reader: &mut Reader<'_>, tally: &mut Tally) {
    let Some(node) = table.get("dependencies") else { return };
    for entry in reader.list("dependencies", node) {
        let Some(fields) = reader.table("dependencies", entry) else { continue };
        let target = fields.first(&["depends_on_id", "id"]).and_then(|(key, id)| Some((reader.word(key, id)?, id)));
        let kind = fields.first(&["type", "dependency_type"]).and_then(|(key, kind)| reader.word(key, kind));
        let Some((target, id)) = target else {
            let what = format!("a dependency of {} without a 'depends_on_id'", reader.owner);
            reader.fault(entry, what);
            continue;
        };
        let kind = kind.unwrap_or_else(|| "blocks".to_owned());
        if BLOCKING.contains(&kind.as_str()) {
            if kind == "conditional-blocks" {
                item.content.notes.push(format!("waits for {target} only to run if that fails there"));
            }
            item.needs.push(Need { key: target, place: reader.place(id), other: None });
        } else if kind == "parent-child" && item.parent.is_none() {
            item.parent = Some(target);
        } else {
            *tally.links.entry(one_line(&kind)).or_default() += 1;
        }
    }
}

/// `bd-1.2` is a child of the epic `bd-1`, where nothing says whose child it is.
fn infer_parents(items: &mut [Item]) {
    let sums: HashSet<String> = items
        .iter()
        .filter(|item| matches!(item.group, Group::Always | Group::Through))
        .map(|item| item.key.clone())
        .collect();
    for item in items.iter_mut().filter(|item| item.parent.is_none()) {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if let Some((above, number)) = item.key.rsplit_once('.')
            && digits(number)
            && sums.contains(above)
        {
            item.parent = Some(above.to_owned());
        }
    }
}

fn tell(tally: &Tally, sinks: &mut Sinks) {
    if tally.tombstones > 0 {
        sinks.note(format!("{} left out", count(tally.tombstones, "tombstone")));
    }
    let list = |all: &BTreeMap<String, usize>| {
        all.iter().map(|(kind, number)| format!("{kind} ({number})")).collect::<Vec<_>>().join(", ")
    };
    if !tally.no_work.is_empty() {
        sinks.note(format!("left out as no work: {}", list(&tally.no_work)));
    }
    tally.keys.tell("keys", sinks);
    if !tally.links.is_empty() {
        sinks.note(format!("dependencies that hold nothing up, left out: {}", list(&tally.links)));
    }
}
