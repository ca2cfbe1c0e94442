//! A list of tasks in JSON that follows no tool: `{"tasks": [{"id", …}]}`, `{"tasks": {"ID": {…}}}`, or the list alone.

use super::Content;
use super::common::{
    Paths, Unknown as UnknownKeys, hours, minutes, note_words, one_line, paragraphs, take_status, writes,
};
use super::item::{Item, Items, Need, Unknown};
use super::json;
use super::node::{Node, Reader, Table, Value};
use super::sink::{Place, Sinks, quoted};
use crate::model::text::count;

const NEEDS: [&str; 7] = ["needs", "depends_on", "dependsOn", "depends-on", "dependencies", "blocked_by", "blockedBy"];
const HOURS: [&str; 5] = ["estimate", "hours", "estimate_hours", "estimated_hours", "estimatedHours"];
const MINUTES: [&str; 4] = ["estimate_minutes", "estimated_minutes", "estimatedMinutes", "minutes"];
const FILES: [&str; 2] = ["files", "writes"];
const ISSUES: [&str; 3] = ["issue", "url", "github_issue"];
const BRIEFS: [&str; 3] = ["description", "details", "brief"];
const CRITERIA: [&str; 4] = ["done_when", "done-when", "acceptance", "acceptance_criteria"];
const SUBTASKS: [&str; 3] = ["subtasks", "sub_tasks", "children"];
const NOTED: [&str; 4] = ["priority", "labels", "assignee", "tags"];

pub(super) fn items(texts: &[String], sinks: &mut Sinks) -> Items {
    let mut items = Vec::new();
    let mut unknown = UnknownKeys::default();
    for (text, json) in texts.iter().enumerate() {
        let node = match json::parse(json, 0) {
            Ok(node) => node,
            Err(fault) => {
                sinks.fault(text, Some(fault.span), fault.what, None);
                continue;
            }
        };
        let mut reader = Reader { sinks, text, owner: String::new() };
        read_all(&node, &mut items, &mut unknown, &mut reader);
    }
    unknown.tell("keys", sinks);
    Items { items, unknown: Unknown::Fault, word: "task" }
}

fn read_all(node: &Node<'_>, items: &mut Vec<Item>, unknown: &mut UnknownKeys, reader: &mut Reader<'_>) {
    let list = match &node.value {
        Value::List(_) => node,
        _ => {
            let Some(table) = reader.table("the index", node) else { return };
            let Some(tasks) = table.get("tasks") else {
                reader.fault(node, "there is no list 'tasks'".to_owned());
                return;
            };
            tasks
        }
    };
    if let Value::Table(_) = list.value {
        let Some(table) = reader.table("tasks", list) else { return };
        for (key, value) in table.entries {
            read_task(value, Some(key), items, unknown, reader);
        }
        return;
    }
    for value in reader.list("tasks", list) {
        read_task(value, None, items, unknown, reader);
    }
}

fn read_task(
    node: &Node<'_>,
    key: Option<&Node<'_>>,
    items: &mut Vec<Item>,
    unknown: &mut UnknownKeys,
    reader: &mut Reader<'_>,
) {
    reader.owner.clear();
    let Some(table) = reader.table("a task", node) else { return };
    let named = key.or_else(|| table.get("id"));
    let id = named.and_then(|node| reader.word("id", node)).filter(|id| !id.trim().is_empty());
    let (Some(id), Some(named)) = (id, named) else {
        reader.fault(node, "a task without an 'id'".to_owned());
        return;
    };
    reader.owner = format!("task {}", quoted(&id));
    let mut item = Item::new(id, Place { text: reader.text, span: named.span.clone() });
    read_content(&mut item, table, reader);
    for key in NEEDS {
        for (key, node) in reader.words_of(table, key) {
            item.needs.push(Need { key, place: reader.place(node), other: None });
        }
    }
    let known = ["id", "title", "name", "phase", "milestone", "status", "state", "locks"];
    let lists: [&[&str]; 10] =
        [&known, &SUBTASKS, &NEEDS, &HOURS, &MINUTES, &FILES, &ISSUES, &BRIEFS, &CRITERIA, &NOTED];
    unknown.count(table, &lists);
    warn_of_subtasks(&mut item, table, reader);
    items.push(item);
}

/// What stands below a task is not read: its ids and needs would be guesses.
fn warn_of_subtasks(item: &mut Item, table: Table<'_, '_>, reader: &mut Reader<'_>) {
    for key in SUBTASKS {
        let Some(node) = table.get(key) else { continue };
        let number = match &node.value {
            Value::List(list) => list.len(),
            Value::Table(entries) => entries.len(),
            _ => 1,
        };
        if number > 0 {
            let what = format!("{} of {}, left out", count(number, "subtask"), reader.owner);
            item.warnings.push((reader.place(node), what));
            item.content.notes.push(format!("{} there, left out", count(number, "subtask")));
        }
    }
}

/// Notes what other names of the same key say: only the first counts.
fn note_others(table: Table<'_, '_>, keys: &[&str], content: &mut Content) {
    let said = keys.iter().filter_map(|&key| Some((key, table.get(key)?)));
    for (key, node) in said.skip(1) {
        content.notes.push(format!("{key}: {}", node.word().map_or_else(|| node.kind().to_owned(), one_line)));
    }
}

fn read_content(item: &mut Item, table: Table<'_, '_>, reader: &mut Reader<'_>) {
    if let Some((key, node)) = table.first(&["status", "state"]) {
        let word = reader.word(key, node).unwrap_or_default();
        if !word.trim().is_empty() {
            take_status(&one_line(&word), item);
        }
    }
    let content = &mut item.content;
    let mut word = |keys: &[&str]| table.first(keys).and_then(|(key, node)| reader.word(key, node));
    content.title = word(&["title", "name"]).map(|title| one_line(&title)).unwrap_or_default();
    content.phase = word(&["phase", "milestone"]).map(|phase| one_line(&phase)).filter(|phase| !phase.is_empty());
    content.issue = word(&ISSUES).map(|issue| one_line(&issue)).filter(|issue| !issue.is_empty());
    content.brief = paragraphs(BRIEFS.map(|key| word(&[key])));
    content.estimate = match (table.first(&MINUTES), table.first(&HOURS)) {
        (Some((key, node)), _) => minutes(reader, key, node),
        (None, Some((key, node))) => hours(reader, key, node, content),
        (None, None) => None,
    };
    if let Some((key, _)) = table.first(&CRITERIA) {
        let all: Vec<String> = reader.words_of(table, key).into_iter().map(|(word, _)| word).collect();
        content.done_when = paragraphs([Some(all.join("\n"))]);
    }
    for (lock, _) in reader.words_of(table, "locks") {
        content.locks.extend(super::common::lock_name(&lock));
    }
    let times: Vec<&str> = MINUTES.into_iter().chain(HOURS).collect();
    for keys in [&["status", "state"][..], &["title", "name"], &["phase", "milestone"], &ISSUES, &CRITERIA, &times] {
        note_others(table, keys, content);
    }
    note_words(reader, table, &NOTED, content);
    for key in FILES {
        let words = reader.words_of(table, key);
        writes(reader, &words, Paths::Globs, item);
    }
}
