use proptest::prelude::*;

use super::*;
use crate::model::import::{Options, Text, read};
use crate::model::taskfile::parse;

fn import(source: Source, text: &str, options: Options<'_>) -> Option<Imported> {
    read(source, &[Text { name: "file".to_owned(), bytes: text.as_bytes().to_vec() }], options).imported
}

const HOSTILE: &str = "{\"id\":\"a\\n[task.x]\",\"title\":\"\\u001b[2J\\u202e\\\"\\\"\\\"\",\"description\":\"one\\n\\\"\\\"\\\"\\n[task.y]\",\
    \"labels\":[\"x\\ny\",\"\\u202e\"]}\n";

#[test]
fn hostile_text_stays_where_it_belongs() {
    let imported = import(Source::Beads, HOSTILE, Options::default()).unwrap();
    let names = ["a\nb.jsonl".to_owned()];
    let file = task_file(Origin { source: Source::Beads, names: &names }, &imported);
    assert_eq!(
        file,
        "\
# Imported from beads: a\\nb.jsonl
# 1 task.
version = 1

# a\\n[task.x] -> a-task-x
# labels: x y, \\u{202e}
[task.a-task-x]
title = \"\\U0000001B[2J\\U0000202E\\\"\\\"\\\"\"
brief = \"\"\"
one
\\\"\\\"\"
[task.y]\"\"\"
"
    );
}

#[test]
fn json_is_what_the_schema_says() {
    let schema = serde_json::from_str(include_str!("../../../docs/schema/import.schema.json")).unwrap();
    let lines = format!("{HOSTILE}{{\"id\":\"b\",\"dependencies\":[{{\"depends_on_id\":\"none\"}}]}}\n");
    let imported = import(Source::Beads, &lines, Options::default()).unwrap();
    let names = ["issues.jsonl".to_owned()];
    for file in [None, Some("dispatch.toml")] {
        let answer = json(Origin { source: Source::Beads, names: &names }, &imported, "version = 1\n", file);
        let value: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(crate::render::schema::faults(&schema, &value), Vec::<String>::new());
        assert_eq!(value["notes"][0]["line"], 2);
        assert!(!answer.contains('\u{202e}'));
    }
}

/// A task file of `text` has no faults, whatever stands in it, and the needs of its tasks are those of `imported`.
fn holds(source: Source, text: &str) {
    for options in [Options::default(), Options { all: true, break_cycles: true, ..Options::default() }] {
        let Some(imported) = import(source, text, options) else { continue };
        let names = ["a\n[task.x]".to_owned()];
        let file = task_file(Origin { source, names: &names }, &imported);
        let parsed = parse(&file);
        assert_eq!(parsed.faults, [], "{file}");
        let graph = parsed.file.unwrap().graph;
        assert_eq!(graph.len(), imported.tasks.len());
        for draft in &imported.tasks {
            let ix = graph.position(&draft.id).unwrap();
            assert_eq!(graph.needs(ix).len(), draft.needs.len());
            assert_eq!(graph.tasks()[ix].title, draft.content.title);
            assert_eq!(
                graph.tasks()[ix].details.as_ref().and_then(|details| details.brief.clone()),
                draft.content.brief
            );
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_imported_is_a_task_file_without_faults(
        words in proptest::collection::vec(("[ab.é]{1,3}", "([\"\\\\\n\r\t'#\u{202e}]|\\PC){0,12}", 0usize..6, 0usize..6, 0usize..6), 0..6)
    ) {
        let status = ["open", "closed", "cancelled", "deferred", "blocked", "odd"];
        let kind = ["task", "epic", "milestone", "gate", "bug", "molecule"];
        let name = |at: usize| format!("{}{}", words[at % words.len()].0, at % words.len());
        let lines: String = words.iter().enumerate().map(|(at, (id, text, number, one, two))| {
            let needs = serde_json::json!([
                {"depends_on_id": name(at + one), "type": "blocks"},
                {"depends_on_id": name(at + two), "type": "parent-child"},
                {"depends_on_id": text, "type": "blocks"},
            ]);
            let issue = serde_json::json!({
                "id": format!("{id}{at}"), "title": text, "description": text, "external_ref": text, "labels": [text, text],
                "status": status[*number], "issue_type": kind[*one], "dependencies": needs,
            });
            format!("{issue}\n")
        }).collect();
        holds(Source::Beads, &lines);
        let list: Vec<_> = words.iter().enumerate().map(|(at, (id, text, number, one, _))| serde_json::json!({
            "id": format!("{id}{at}"), "title": text, "phase": text, "files": [text], "locks": [text], "issue": text, "details": text,
            "needs": [name(*one)], "status": status[*number], "estimate": text, "acceptance": [text],
        })).collect();
        holds(Source::Json, &serde_json::json!(list).to_string());
    }
}
