//! A workflow of GitHub Actions: jobs and what they need
//! (docs.github.com/actions/reference/workflows-and-actions/workflow-syntax).

use super::common::{lock_name, one_line};
use super::item::{Item, Items, Need, Unknown};
use super::node::{Node, Reader, Table, Value};
use super::sink::{Place, Sinks, quoted};
use super::yaml;

pub(super) fn items(texts: &[String], sinks: &mut Sinks) -> Items {
    let mut items = Vec::new();
    for (text, yaml) in texts.iter().enumerate() {
        let node = match yaml::parse(yaml, 0) {
            Ok(node) => node,
            Err(fault) => {
                sinks.fault(text, Some(fault.span), fault.what, None);
                continue;
            }
        };
        let mut reader = Reader { sinks, text, owner: String::new() };
        read_workflow(&node, &mut items, &mut reader);
    }
    Items { items, unknown: Unknown::Fault, word: "job" }
}

fn read_workflow(node: &Node<'_>, items: &mut Vec<Item>, reader: &mut Reader<'_>) {
    let Some(top) = reader.table("a workflow", node) else { return };
    if let Some(name) = reader.word_of(top, "name") {
        reader.sinks.note(format!("workflow {}", quoted(&one_line(&name))));
    }
    if let Some(group) = top.get("concurrency").and_then(|node| group(node, reader)) {
        reader.sinks.note(format!("the whole workflow has the concurrency group {}, not carried", quoted(&group)));
    }
    let jobs = top.entries.iter().find(|(key, _)| key.word() == Some("jobs")).map(|(_, jobs)| jobs);
    let Some(jobs) = jobs else {
        reader.fault(node, "a workflow without 'jobs'".to_owned());
        return;
    };
    let Some(jobs) = reader.table("jobs", jobs) else { return };
    for (key, job) in jobs.entries {
        reader.owner.clear();
        let Some(id) = reader.word("jobs", key) else { continue };
        if id.trim().is_empty() {
            reader.fault(key, "a job without a name".to_owned());
            continue;
        }
        reader.owner = format!("job {}", quoted(&id));
        if let Some(table) = reader.table("a job", job) {
            let place = Place { text: reader.text, span: key.span.clone() };
            items.push(read_job(Item::new(id, place), table, reader));
        }
    }
}

fn read_job(mut item: Item, table: Table<'_, '_>, reader: &mut Reader<'_>) -> Item {
    let content = &mut item.content;
    content.title = reader.word_of(table, "name").map_or_else(|| item.key.clone(), |name| one_line(&name));
    for (key, node) in reader.words_of(table, "needs") {
        item.needs.push(Need { key, place: reader.place(node), other: None });
    }
    if let Some(group) = table.get("concurrency").and_then(|node| group(node, reader)) {
        let constant = without_expressions(&group);
        let name = lock_name(&constant);
        if name.as_deref() != Some(&group) {
            content.notes.push(format!("concurrency group: {group}"));
        }
        content.locks.extend(name);
    }
    if let Some(Value::Table(strategy)) = table.get("strategy").map(|node| &node.value)
        && let Some(matrix) = (Table { entries: strategy }).get("matrix")
    {
        content.notes.push(matrix_note(matrix));
    }
    for key in ["timeout-minutes", "if", "uses", "environment"] {
        if let Some(word) = table.get(key).and_then(Node::word) {
            content.notes.push(format!("{key}: {}", one_line(word)));
        }
    }
    item
}

/// The name of a concurrency group: the value itself, or its `group`.
fn group(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<String> {
    let name = match &node.value {
        Value::Table(_) => {
            let table = reader.table("concurrency", node)?;
            reader.word_of(table, "group")
        }
        _ => reader.word("concurrency", node),
    };
    name.map(|name| one_line(&name)).filter(|name| !name.is_empty())
}

/// `text` without `${{ … }}`: what groups of different runs have in common.
fn without_expressions(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, expression)) = rest.split_once("${{") {
        out.push_str(before);
        rest = expression.split_once("}}").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out
}

fn matrix_note(matrix: &Node<'_>) -> String {
    let Value::Table(entries) = &matrix.value else { return "a matrix of jobs there".to_owned() };
    let axes: Vec<String> = entries
        .iter()
        .filter_map(|(key, values)| match &values.value {
            Value::List(list) => Some(format!("{} ({})", one_line(key.word()?), list.len())),
            _ => Some(one_line(key.word()?)),
        })
        .collect();
    format!("a matrix of jobs there: {}", axes.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_groups_have_in_common_is_left_of_an_expression() {
        assert_eq!(without_expressions("deploy-${{ github.ref }}-x"), "deploy--x");
        assert_eq!(lock_name(&without_expressions("deploy-${{ github.ref }}")).as_deref(), Some("deploy"));
        assert_eq!(lock_name(&without_expressions("${{ github.ref }}")), None);
        assert_eq!(without_expressions("a ${{ b"), "a ");
    }
}
