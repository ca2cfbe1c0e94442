//! Tasks of Backlog.md: a Markdown file each, with YAML in front (`src/markdown/parser.ts` of github.com/MrLesk/Backlog.md).

use std::collections::HashMap;

use super::Text;
use super::common::{Paths, Unknown as UnknownKeys, note_words, one_line, paragraphs, take_status, writes};
use super::item::{Group, Item, Items, Need, Status, Unknown};
use super::node::{Node, Reader, Table, Value};
use super::sink::{Sinks, quoted};
use super::yaml;

const KNOWN: [&str; 14] = [
    "id",
    "title",
    "status",
    "milestone",
    "parent_task_id",
    "modified_files",
    "references",
    "documentation",
    "priority",
    "labels",
    "assignee",
    "reporter",
    "due_date",
    "dependencies",
];
/// What Backlog.md keeps for itself.
const ITS_OWN: [&str; 3] = ["created_date", "updated_date", "ordinal"];
const BRIEFS: [&str; 3] = ["Description", "Implementation Plan", "Implementation Notes"];
const CRITERIA: &str = "Acceptance Criteria";

/// The folder of what is done, whatever its statuses are called.
const COMPLETED: &str = "completed";

pub(super) fn items(texts: &[Text], decoded: &[String], sinks: &mut Sinks) -> Items {
    let mut items = Vec::new();
    let mut without = 0;
    let (mut keys, mut sections) = (UnknownKeys::default(), UnknownKeys::default());
    for (text, markdown) in decoded.iter().enumerate() {
        let Some((start, front, body)) = split(markdown) else {
            // A readme beside the tasks is no fault; one file alone that holds no task is.
            if decoded.len() == 1 && sinks.clean() {
                sinks.fault(text, None, "no task: there is no YAML between '---' lines at its top".to_owned(), None);
            }
            without += 1;
            continue;
        };
        let changed = quoted_people(front);
        let node = match yaml::parse(&changed, start) {
            Ok(node) => with_people(node, &markdown[..start + front.len()]),
            Err(fault) => {
                sinks.fault(text, Some(fault.span), fault.what, None);
                continue;
            }
        };
        let mut reader = Reader { sinks, text, owner: String::new() };
        let Some(table) = reader.table("the YAML in front", &node) else { continue };
        let Some(id) = reader.word_of(table, "id") else {
            reader.fault(&node, "a task without an 'id'".to_owned());
            continue;
        };
        reader.owner = format!("task {}", quoted(&id));
        let place = reader.place(table.get("id").unwrap_or(&node));
        keys.count(table, &[&KNOWN, &ITS_OWN]);
        left_out_sections(body).for_each(|title| sections.add(title));
        let mut item = read_task(Item::new(id, place), table, body, &mut reader);
        if in_folder(&texts[text].name, COMPLETED) {
            item.status = Status::Done;
        }
        items.push(item);
    }
    if without > 0 && decoded.len() > 1 {
        sinks.note(format!("{without} of {} files hold no task", decoded.len()));
    }
    keys.tell("keys", sinks);
    sections.tell("sections", sinks);
    name_needs(&mut items);
    Items { items, unknown: Unknown::LeftOut, word: "task" }
}

fn in_folder(name: &str, folder: &str) -> bool {
    name.rsplit('/').nth(1) == Some(folder)
}

/// Where the YAML starts, the YAML, and what follows it.
fn split(text: &str) -> Option<(usize, &str, &str)> {
    let head = text.strip_prefix('\u{feff}').unwrap_or(text);
    let rest = head.strip_prefix("---\n").or_else(|| head.strip_prefix("---\r\n"))?;
    let start = text.len() - rest.len();
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            return Some((start, &rest[..at], &rest[at + line.len()..]));
        }
        at += line.len();
    }
    None
}

/// The YAML with a letter for each `@` that starts a name: Backlog.md writes and reads names so, and YAML does not. The
/// length stays.
fn quoted_people(front: &str) -> String {
    let mut out = String::with_capacity(front.len());
    for line in front.split_inclusive('\n') {
        let text = line.trim_start();
        let value = ["assignee:", "reporter:", "- "].iter().find_map(|start| text.strip_prefix(start));
        match value.map(str::trim_start) {
            Some(value) if value.starts_with('@') => out.push_str(&line.replacen('@', "A", 1)),
            Some(value) if value.starts_with('[') && !text.starts_with('-') => out.push_str(&line.replace('@', "A")),
            _ => out.push_str(line),
        }
    }
    out
}

fn read_task(mut item: Item, table: Table<'_, '_>, body: &str, reader: &mut Reader<'_>) -> Item {
    item.group = Group::WhileOpen;
    if let Some(status) = reader.word_of(table, "status") {
        take_status(&one_line(&status), &mut item);
    }
    let files = reader.words_of(table, "modified_files");
    writes(reader, &files, Paths::Literal, &mut item);
    let content = &mut item.content;
    content.title = reader.word_of(table, "title").map(|title| one_line(&title)).unwrap_or_default();
    content.phase = reader.word_of(table, "milestone").map(|phase| one_line(&phase));
    item.parent = reader.word_of(table, "parent_task_id");
    let mut references: Vec<String> =
        reader.words_of(table, "references").into_iter().map(|(word, _)| one_line(&word)).collect();
    let issue = references.iter().position(|word| word.starts_with("http") && word.contains("/issues/"));
    content.issue = issue.map(|at| references.remove(at));
    if !references.is_empty() {
        content.notes.push(format!("references: {}", references.join(", ")));
    }
    note_words(reader, table, &["priority", "labels", "assignee", "reporter", "due_date", "documentation"], content);
    for (key, node) in reader.words_of(table, "dependencies") {
        item.needs.push(Need { key, place: reader.place(node), other: None });
    }
    let body = body.replace('\0', "\u{fffd}");
    let before: Vec<&str> = body.lines().take_while(|line| !line.starts_with("## ")).collect();
    let before = Some(before.join("\n"));
    item.content.brief = paragraphs(std::iter::once(before).chain(BRIEFS.map(|title| section(&body, title))));
    item.content.done_when = criteria(&body);
    item.content.notes.extend(met(&body));
    item
}

/// The titles of the sections that say something, and that no key carries.
fn left_out_sections(body: &str) -> impl Iterator<Item = &str> {
    let titles = body.lines().filter_map(|line| line.strip_prefix("## ").map(str::trim));
    titles.filter(|title| !BRIEFS.contains(title) && *title != CRITERIA && section(body, title).is_some())
}

/// What of the criteria is met already, as a note.
fn met(body: &str) -> Option<String> {
    let list = section(body, CRITERIA)?;
    let lines = list.lines().map(str::trim);
    let met: Vec<&str> =
        lines.filter_map(|line| line.strip_prefix("- [x] ").or_else(|| line.strip_prefix("- [X] "))).collect();
    (!met.is_empty()).then(|| format!("met there already: {}", met.join("; ")))
}

/// The tree with the names as they stand in `original`, whose places are those of the changed text.
fn with_people<'t>(mut node: Node<'t>, original: &str) -> Node<'t> {
    restore(&mut node, original);
    node
}

/// Recurses as deep as the tree, which is bounded.
fn restore(node: &mut Node<'_>, original: &str) {
    let span = node.span.clone();
    match &mut node.value {
        Value::List(list) => list.iter_mut().for_each(|node| restore(node, original)),
        Value::Table(entries) => entries.iter_mut().for_each(|(_, node)| restore(node, original)),
        Value::Text(text) => {
            let written = original.get(span).unwrap_or_default().trim().trim_matches(['\'', '"']);
            // Only where a letter for the sign is all that differs.
            if written.contains('@') && written.replace('@', "A") == text.replace('@', "A") {
                *text = written.to_owned().into();
            }
        }
        _ => {}
    }
}

/// The text of a section, without the comments that mark it.
fn section(body: &str, title: &str) -> Option<String> {
    let mut lines = body.lines().skip_while(|line| line.strip_prefix("## ").is_none_or(|head| head.trim() != title));
    lines.next()?;
    let inside = lines.take_while(|line| !line.starts_with("## "));
    let text: Vec<&str> = inside.filter(|line| !line.trim_start().starts_with("<!--")).collect();
    Some(text.join("\n")).filter(|text| !text.trim().is_empty())
}

/// The acceptance criteria, one a line, without box and number.
fn criteria(body: &str) -> Option<String> {
    let list = section(body, CRITERIA)?;
    let items = list.lines().filter_map(|line| {
        let line = line.trim();
        let text = ["- [ ] ", "- [x] ", "- [X] "].iter().find_map(|box_| line.strip_prefix(box_))?;
        let numbered = text.strip_prefix('#').and_then(|rest| rest.split_once(' '));
        let text = numbered.filter(|(number, _)| number.parse::<u32>().is_ok()).map_or(text, |(_, text)| text);
        Some(text.trim())
    });
    let items: Vec<&str> = items.filter(|text| !text.is_empty()).collect();
    // Without boxes it is a text.
    if items.is_empty() { paragraphs([Some(list)]) } else { Some(items.join("\n")) }
}

/// Needs and parents name tasks in any case, with other prefixes, and with or without leading zeros.
fn name_needs(items: &mut [Item]) {
    let mut exact: HashMap<String, String> = HashMap::new();
    let mut bodies: HashMap<String, Option<String>> = HashMap::new();
    for item in items.iter() {
        exact.insert(item.key.to_lowercase(), item.key.clone());
        let body = bodies.entry(number_of(&item.key)).or_insert_with(|| Some(item.key.clone()));
        // What two tasks could be, none is.
        *body = body.take().filter(|key| *key == item.key);
    }
    let find = |key: &str| {
        let by_number = || bodies.get(&number_of(key)).cloned().flatten();
        exact.get(&key.trim().to_lowercase()).cloned().or_else(by_number)
    };
    for item in items.iter_mut() {
        item.parent = item.parent.take().map(|parent| find(&parent).unwrap_or(parent));
        for need in &mut item.needs {
            if let Some(key) = find(&need.key) {
                need.key = key;
            }
        }
    }
}

/// `355.1` of `BACK-355.01`.
fn number_of(key: &str) -> String {
    let key = key.trim().to_lowercase();
    let start = key.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
    let prefix = key[..start].strip_suffix('-').unwrap_or(&key[..start]);
    let known = start == 0 || key[..start].ends_with('-') && prefix.chars().all(|c| c.is_ascii_alphabetic());
    let body = if known { &key[start..] } else { &key[..] };
    let parts = body.split('.').map(|part| match part.trim_start_matches('0') {
        "" if !part.is_empty() => "0",
        rest => rest,
    });
    parts.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_same_whatever_their_prefix_and_zeros() {
        assert_eq!(number_of("BACK-355.01"), number_of("task-355.1"));
        assert_eq!(number_of("355.1"), "355.1");
        assert_ne!(number_of("task-a1"), number_of("task-b1"));
    }

    #[test]
    fn criteria_come_without_boxes_and_numbers() {
        let body = "## Acceptance Criteria\n<!-- AC:BEGIN -->\n- [x] #1 one\n- [ ] two\n<!-- AC:END -->\n\n## Notes\n- [ ] no\n";
        assert_eq!(criteria(body).as_deref(), Some("one\ntwo"));
    }

    #[test]
    fn names_that_start_with_an_at_sign_are_read() {
        let front = "assignee: @a\nreporter: [@b, '@c']\nlabels:\n  - @x\ntitle: a@b\n";
        let changed = quoted_people(front);
        assert_eq!(changed.len(), front.len());
        assert!(yaml::parse(&changed, 0).is_ok() && changed.contains("a@b"));
    }
}
