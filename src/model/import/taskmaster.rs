//! `tasks.json` of Task Master (`scripts/modules/dependency-manager.js` of github.com/eyaltoledano/claude-task-master).

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Options;
use super::common::{Unknown as UnknownKeys, note_words, one_line, paragraphs, take_status};
use super::item::{Group, Item, Items, Need, Status, Unknown};
use super::json;
use super::node::{Node, Reader, Table, Value};
use super::sink::{Sinks, quoted};
use crate::model::text::count;

const KNOWN: [&str; 10] = [
    "id",
    "title",
    "description",
    "details",
    "testStrategy",
    "acceptanceCriteria",
    "status",
    "dependencies",
    "priority",
    "subtasks",
];
/// What Task Master keeps for itself, or says a second time.
const ITS_OWN: [&str; 5] = ["updatedAt", "parentId", "parentTaskId", "parentTask", "isSubtask"];
/// Below this, the number that a subtask needs is that of a subtask beside it.
const SIBLING: u64 = 100;

pub(super) fn items(texts: &[String], options: Options<'_>, sinks: &mut Sinks) -> Items {
    let mut all = Items { items: Vec::new(), unknown: Unknown::LeftOut, word: "task" };
    let mut keys = UnknownKeys::default();
    for (text, json) in texts.iter().enumerate() {
        let node = match json::parse(json, 0) {
            Ok(node) => node,
            Err(fault) => {
                sinks.fault(text, Some(fault.span), fault.what, None);
                continue;
            }
        };
        let mut reader = Reader { sinks, text, owner: String::new() };
        let mut repeated = BTreeMap::new();
        for task in tasks_of(&node, options.tag, &mut reader).unwrap_or_default() {
            repeated.extend(read_task(task, &mut all.items, &mut keys, &mut reader));
        }
        name_needs(&mut all.items);
        tell_repeated(&all.items, &repeated, sinks);
        parents_speak(&mut all.items, sinks);
    }
    keys.tell("keys", sinks);
    all
}

/// The list of tasks of the tag that is asked for, else of `master`, else of the only one; of a file without tags its own.
fn tasks_of<'n, 't>(node: &'n Node<'t>, wanted: Option<&str>, reader: &mut Reader<'_>) -> Option<&'n [Node<'t>]> {
    let top = reader.table("tasks.json", node)?;
    let is_tag = |node: &Node<'_>| match &node.value {
        Value::Table(entries) => entries.iter().any(|(key, _)| key.word() == Some("tasks")),
        _ => false,
    };
    let tags: Vec<(&str, &Node<'t>)> = top
        .entries
        .iter()
        .filter(|(_, value)| is_tag(value))
        .filter_map(|(key, value)| Some((key.word()?, value)))
        .collect();
    let names = || tags.iter().map(|(name, _)| quoted(name)).collect::<Vec<_>>().join(", ");
    if tags.is_empty() {
        let Some(tasks) = top.get("tasks") else {
            reader.fault(node, "there is neither a tag nor a list 'tasks'".to_owned());
            return None;
        };
        if let Some(wanted) = wanted {
            reader.fault(node, format!("there is no tag {}: the file has no tags", quoted(wanted)));
        }
        return Some(reader.list("tasks", tasks));
    }
    let found = match wanted {
        Some(wanted) => tags.iter().find(|(name, _)| *name == wanted),
        None => tags.iter().find(|(name, _)| *name == "master").or_else(|| tags.first().filter(|_| tags.len() == 1)),
    };
    let Some((name, tag)) = found else {
        let what = match wanted {
            Some(wanted) => format!("there is no tag {}; there are {}", quoted(wanted), names()),
            None => format!("there are several tags, and none is 'master': {}", names()),
        };
        reader.sinks.fault(
            reader.text,
            Some(node.span.start..node.span.start + 1),
            what,
            Some("name one with --tag".to_owned()),
        );
        return None;
    };
    if tags.len() > 1 {
        let tasks = |node: &Node<'t>| match &node.value {
            Value::Table(entries) => match (Table { entries }).get("tasks").map(|tasks| &tasks.value) {
                Some(Value::List(list)) => list.len(),
                _ => 0,
            },
            _ => 0,
        };
        let others: usize = tags.iter().filter(|(other, _)| other != name).map(|(_, node)| tasks(node)).sum();
        let what = format!("tag {} of {}: {} of the others left out", quoted(name), names(), count(others, "task"));
        reader.sinks.note(what);
    }
    let table = reader.table(name, tag)?;
    Some(table.get("tasks").map(|tasks| reader.list("tasks", tasks)).unwrap_or_default())
}

/// Reads a task and its subtasks; returns the ids that several subtasks have, and how many.
fn read_task(
    node: &Node<'_>,
    items: &mut Vec<Item>,
    keys: &mut UnknownKeys,
    reader: &mut Reader<'_>,
) -> BTreeMap<String, usize> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    reader.owner.clear();
    let Some(table) = reader.table("a task", node) else { return seen };
    let Some(id) = id_of(node, table, reader) else { return seen };
    reader.owner = format!("task {}", quoted(&id));
    let mut item = Item::new(id.clone(), reader.place(table.get("id").unwrap_or(node)));
    item.group = Group::WhileOpen;
    keys.count(table, &[&KNOWN, &ITS_OWN]);
    read_common(&mut item, table, reader);
    items.push(item);
    let Some(subtasks) = table.get("subtasks") else { return seen };
    for node in reader.list("subtasks", subtasks) {
        let Some(table) = reader.table("a subtask", node) else { continue };
        let Some(number) = id_of(node, table, reader) else { continue };
        let prefixed = number.starts_with(&format!("{id}."));
        let mut key = if prefixed { number } else { format!("{id}.{number}") };
        let times = seen.entry(key.clone()).or_default();
        *times += 1;
        if *times > 1 {
            key = format!("{key}.{times}");
        }
        let mut item = Item::new(key.clone(), reader.place(table.get("id").unwrap_or(node)));
        item.parent = Some(id.clone());
        let owner = std::mem::replace(&mut reader.owner, format!("subtask {}", quoted(&key)));
        keys.count(table, &[&KNOWN, &ITS_OWN]);
        read_common(&mut item, table, reader);
        reader.owner = owner;
        items.push(item);
    }
    seen.retain(|_, times| *times > 1);
    seen
}

/// Subtasks of one id can be kept apart as long as nothing needs one of them.
fn tell_repeated(items: &[Item], repeated: &BTreeMap<String, usize>, sinks: &mut Sinks) {
    for (key, times) in repeated {
        let what = format!("{times} subtasks have the id {}", quoted(key));
        let needed = items.iter().flat_map(|item| &item.needs).find(|need| need.key == *key);
        match needed {
            Some(need) => sinks.fault_at(&need.place, format!("{what}: which of them is needed?"), None),
            None => sinks.warn(format!("{what}: all but the first get a number behind it")),
        }
    }
}

fn id_of(node: &Node<'_>, table: Table<'_, '_>, reader: &mut Reader<'_>) -> Option<String> {
    let id = reader.word_of(table, "id");
    if id.is_none() {
        reader.fault(node, "a task without an 'id'".to_owned());
    }
    id
}

fn read_common(item: &mut Item, table: Table<'_, '_>, reader: &mut Reader<'_>) {
    if let Some(status) = reader.word_of(table, "status") {
        take_status(&status, item);
    }
    let content = &mut item.content;
    content.title = reader.text_of(table, "title").map(|title| one_line(&title)).unwrap_or_default();
    content.brief = paragraphs(["description", "details"].map(|key| reader.text_of(table, key)));
    content.done_when = paragraphs(["acceptanceCriteria", "testStrategy"].map(|key| reader.text_of(table, key)));
    note_words(reader, table, &["priority"], content);
    let Some(needs) = table.get("dependencies") else { return };
    for node in reader.list("dependencies", needs) {
        if let Some(key) = reader.word("dependencies", node) {
            item.needs.push(Need { key, place: reader.place(node), other: None });
        }
    }
}

/// Which of both a plain number of a subtask's needs is: a subtask beside it, or a task.
fn name_needs(items: &mut [Item]) {
    let keys: HashSet<String> = items.iter().map(|item| item.key.clone()).collect();
    for item in items.iter_mut() {
        let Some(parent) = item.parent.clone() else { continue };
        for need in item.needs.iter_mut().filter(|need| !need.key.contains('.')) {
            let beside = format!("{parent}.{}", need.key);
            let small = need.key.parse::<u64>().map_or(true, |number| number < SIBLING);
            let task = keys.contains(&need.key);
            if keys.contains(&beside) && (small || !task) {
                // A subtask never means the task that it is part of.
                need.other = Some(need.key.clone()).filter(|key| task && *key != parent);
                need.key = beside;
            } else if !task {
                need.key = beside;
            }
        }
    }
}

/// Task Master closes the subtasks with their task: where a file says otherwise, the task's word counts.
fn parents_speak(items: &mut [Item], sinks: &mut Sinks) {
    let closed: HashMap<String, Status> = items
        .iter()
        .filter(|item| item.parent.is_none() && item.status != Status::Open)
        .map(|item| (item.key.clone(), item.status))
        .collect();
    let mut changed: Vec<&str> = Vec::new();
    for item in items.iter_mut().filter(|item| item.status == Status::Open) {
        if let Some(status) = item.parent.as_ref().and_then(|parent| closed.get(parent)) {
            item.status = *status;
            changed.push(&item.key);
        }
    }
    if !changed.is_empty() {
        let few: Vec<String> = changed.iter().take(5).map(|key| quoted(key)).collect();
        let more = if changed.len() > few.len() { ", …" } else { "" };
        let what = count(changed.len(), "open subtask");
        sinks.warn(format!("{what} of tasks that are closed count as closed too: {}{more}", few.join(", ")));
    }
}
