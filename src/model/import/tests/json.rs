use super::*;

#[test]
fn the_forms_of_an_index_are_read() {
    let list = "[{\"id\":\"A\",\"estimate\":\"4h\"},{\"id\":2,\"depends_on\":[\"A\"],\"hours\":1.5,\"x\":1}]";
    let table = "{\"tasks\":{\"A\":{\"estimate\":\"4h\"},\"2\":{\"needs\":\"A\",\"hours\":\"1.5\"}}}";
    for text in [list.to_owned(), format!("{{\"tasks\":{list}}}"), table.to_owned()] {
        assert_eq!(tasks(Source::Json, &text), ["A:", "2: A"], "{text}");
        let imported = import(Source::Json, &text, Options::default()).imported.unwrap();
        let estimates: Vec<_> = imported.tasks.iter().map(|task| task.content.estimate).collect();
        assert_eq!(estimates, [Some(240), Some(90)], "{text}");
    }
}

#[test]
fn what_no_key_carries_is_told() {
    let text = "[{\"id\":\"A\",\"estimate\":\"2-3 days\",\"status\":\"in progress\",\"points\":3,\"files\":[\"src/**\",\"../x\"]}]";
    let imported = import(Source::Json, text, Options::default()).imported.unwrap();
    assert_eq!(imported.notes[0].what, "keys that are not carried: 'points' (1)");
    assert_eq!(imported.tasks[0].content.writes.len(), 1);
    assert_eq!(imported.tasks[0].content.notes.len(), 3, "{:?}", imported.tasks[0].content.notes);
}

#[test]
fn numbers_that_cannot_be_and_needs_on_nothing_are_faults() {
    let one = |field: &str| said(Source::Json, &format!("[{{\"id\":\"A\",{field}}}]"));
    assert_eq!(one("\"hours\":-1"), ["'hours' of task 'A' must not be negative"]);
    assert_eq!(one("\"hours\":1e400"), ["'hours' of task 'A' must be at most 100000 hours"]);
    assert_eq!(one("\"needs\":[\"B\"]"), ["task 'A' needs 'B', which is not there"]);
    assert_eq!(one("\"needs\":[\"A\"]"), ["task 'A' needs itself"]);
    assert_eq!(one("\"title\":\"a\\u0000b\""), ["'title' of task 'A' holds a NUL character"]);
    assert_eq!(one("\"title\":[1]"), ["'title' of task 'A' must be a text or a number, not a list"]);
    assert_eq!(one("\"id\":\"B\""), ["the key 'id' stands here twice"]);
    assert_eq!(said(Source::Json, "[{\"id\":\" \"}]"), ["a task without an 'id'"]);
    assert_eq!(said(Source::Json, "{\"a\":1}"), ["there is no list 'tasks'"]);
}

#[test]
fn a_circle_is_told_by_its_shortest_and_broken_only_where_asked_for() {
    let text = "[{\"id\":\"A\",\"needs\":[\"B\"]},{\"id\":\"B\",\"needs\":[\"C\",\"A\"]},{\"id\":\"C\",\"needs\":[\"A\",\"C\"]}]";
    assert_eq!(said(Source::Json, text), ["needs go in a circle: 'A' → 'B' → 'A'", "task 'C' needs itself"]);
    let options = Options { break_cycles: true, ..Options::default() };
    let (tasks, warnings) = tasks_with(Source::Json, text, options);
    assert_eq!(tasks, ["A: B", "B: C", "C:"]);
    assert_eq!(warnings.len(), 3);
}

#[test]
fn a_text_that_is_none_is_a_fault() {
    let bytes = |bytes: &[u8]| {
        let texts = [Text { name: "x".to_owned(), bytes: bytes.to_vec() }];
        read(Source::Json, &texts, Options::default()).texts.remove(0).1.faults[0].what.clone()
    };
    assert_eq!(bytes(b"[\xff]"), "the text is UTF-8, and byte 2 is not");
    assert_eq!(bytes(&vec![b' '; (32 << 20) + 1]), "the text has more than 32 MiB");
}

#[test]
fn a_file_that_no_pattern_can_name_is_left_out_aloud() {
    let text = "[{\"id\":\"A\",\"files\":[\"../x\",\"/abs\",\"a\\u0007\",\"app/[id]/page.tsx\",\"src\\\\a.rs\"]}]";
    let imported = import(Source::Json, text, Options::default()).imported.unwrap();
    let writes: Vec<&str> = imported.tasks[0].content.writes.iter().map(|pattern| pattern.as_str()).collect();
    assert_eq!(writes, ["app/[[]id]/page.tsx", "src/a.rs"]);
    let warnings: Vec<&Note> = imported.notes.iter().filter(|note| note.warning).collect();
    assert_eq!(warnings.len(), 3);
    let what = "task 'A' writes '../x', left out: a pattern stays inside the repository: no '..' and no absolute path";
    assert_eq!((warnings[0].what.as_str(), warnings[0].place.unwrap().column), (what, 21));
}

#[test]
fn subtasks_and_second_names_of_a_key_are_told() {
    let text = "[{\"id\":\"A\",\"estimate\":\"4h\",\"hours\":9,\"url\":\"u\",\"issue\":\"i\",\"description\":\"d\",\"details\":\"e\",\
                \"subtasks\":[{\"id\":1},{\"id\":2}]}]";
    let imported = import(Source::Json, text, Options::default()).imported.unwrap();
    let content = &imported.tasks[0].content;
    assert_eq!((content.estimate, content.brief.as_deref()), (Some(240), Some("d\n\ne")));
    assert_eq!(content.notes, ["url: u", "hours: 9", "2 subtasks there, left out"]);
    let warned = imported.notes.iter().find(|note| note.warning).unwrap();
    assert_eq!(warned.what, "2 subtasks of task 'A', left out");
}
