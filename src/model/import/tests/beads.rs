use super::*;

/// One line of beads.
fn issue(id: &str, kind: &str, status: &str, needs: &[(&str, &str)]) -> String {
    let needs: Vec<_> = needs.iter().map(|(kind, id)| serde_json::json!({"depends_on_id": id, "type": kind})).collect();
    let issue = serde_json::json!({"id": id, "title": id, "issue_type": kind, "status": status, "dependencies": needs});
    format!("{issue}\n")
}

fn graph(issues: &[String]) -> (Vec<String>, Vec<String>) {
    tasks_with(Source::Beads, &issues.concat(), Options::default())
}

#[test]
fn the_three_blocking_types_are_needs_and_others_are_counted() {
    let all = [
        issue("b-1", "task", "open", &[]),
        issue("b-2", "bug", "open", &[("blocks", "b-1"), ("related", "b-1"), ("discovered-from", "b-1")]),
        issue("b-3", "task", "open", &[("waits-for", "b-1"), ("conditional-blocks", "b-2")]),
    ];
    assert_eq!(graph(&all).0, ["b-1:", "b-2: b-1", "b-3: b-1 b-2"]);
    let imported = import(Source::Beads, &all.concat(), Options::default()).imported.unwrap();
    let what = "dependencies that hold nothing up, left out: discovered-from (1), related (1)";
    assert_eq!(imported.notes, [Note { what: what.to_owned(), place: None, warning: false }]);
    assert_eq!(imported.tasks[2].content.notes, ["waits for b-2 only to run if that fails there"]);
}

#[test]
fn a_child_inherits_what_blocks_its_epic_and_waits_for_no_parent() {
    let all = [
        issue("x", "task", "open", &[]),
        issue("e", "epic", "open", &[("blocks", "x")]),
        issue("e.1", "task", "open", &[]),
        issue("far", "task", "open", &[("parent-child", "e"), ("blocks", "e")]),
        issue("f", "feature", "open", &[("blocks", "x")]),
        issue("part", "task", "open", &[("parent-child", "f")]),
        issue("after", "task", "open", &[("blocks", "e"), ("blocks", "f")]),
    ];
    let tasks = graph(&all).0;
    assert_eq!(tasks, ["x:", "e-1: x", "far: x", "f: x", "part: x", "after: e-1 far f"]);
}

#[test]
fn an_epic_without_children_is_work_and_one_whose_children_are_closed_is_done() {
    let all = [
        issue("lone", "epic", "open", &[]),
        issue("e", "epic", "open", &[]),
        issue("e.1", "task", "closed", &[]),
        issue("x", "task", "open", &[("blocks", "e"), ("blocks", "lone")]),
    ];
    let (tasks, warnings) = graph(&all);
    assert_eq!(tasks, ["lone:", "x: lone"]);
    assert_eq!(warnings, ["'e' is open, but all of its children are closed: it counts as done"]);
}

#[test]
fn what_is_no_work_hands_on_what_it_needs() {
    let all = [
        issue("a", "task", "open", &[]),
        issue("m", "milestone", "open", &[("blocks", "a")]),
        issue("g", "gate", "open", &[("blocks", "m")]),
        issue("x", "task", "open", &[("blocks", "g")]),
        issue("gone", "task", "tombstone", &[]),
        issue("y", "task", "open", &[("blocks", "gone")]),
    ];
    let (tasks, warnings) = graph(&all);
    assert_eq!(tasks, ["a:", "x: a", "y:"]);
    assert_eq!(warnings, ["'x' waits for 'g', a gate: that is not carried"]);
}

#[test]
fn closed_issues_go_unless_all_are_wanted() {
    let all = [issue("a", "task", "closed", &[]), issue("b", "task", "open", &[("blocks", "a")])].concat();
    assert_eq!(tasks(Source::Beads, &all), ["b:"]);
    let options = Options { all: true, ..Options::default() };
    assert_eq!(tasks_with(Source::Beads, &all, options).0, ["a:", "b: a"]);
    let state = import(Source::Beads, &all, options).imported.unwrap().tasks[0].state;
    assert_eq!(state, Some(Declared::Landed));
}

#[test]
fn a_need_on_something_that_is_not_there_is_left_out_aloud() {
    let (tasks, warnings) = graph(&[issue("a", "task", "open", &[("blocks", "external:x:y")])]);
    assert_eq!(tasks, ["a:"]);
    assert_eq!(warnings, ["issue 'a' needs 'external:x:y', which is not there: left out"]);
}

#[test]
fn fields_become_keys_and_notes() {
    let text = "{\"id\":\"a\",\"title\":\"one\\n two\",\"estimated_minutes\":90,\"external_ref\":\"gh-9\",\
                \"priority\":0,\"labels\":[\"x\",\"y\"],\"acceptance_criteria\":\"ok\",\"design\":\"d\",\"description\":\"s\"}\n";
    let content = import(Source::Beads, text, Options::default()).imported.unwrap().tasks.remove(0).content;
    let notes = vec!["priority: 0".to_owned(), "labels: x, y".to_owned()];
    let expected = Content {
        title: "one two".to_owned(),
        estimate: Some(90),
        issue: Some("gh-9".to_owned()),
        done_when: Some("ok".to_owned()),
        brief: Some("s\n\nd".to_owned()),
        notes,
        ..Content::default()
    };
    assert_eq!(content, expected);
}

#[test]
fn an_issue_that_two_share_is_a_note_for_it_would_keep_them_apart() {
    let text = "{\"id\":\"a\",\"external_ref\":\"gh-9\"}\n{\"id\":\"b\",\"external_ref\":\"gh-9\"}\n";
    let imported = import(Source::Beads, text, Options::default()).imported.unwrap();
    assert_eq!(imported.tasks[0].content.issue, None);
    assert_eq!(imported.tasks[1].content.notes, ["issue, which others have too: gh-9"]);
}

#[test]
fn every_bad_line_is_told_at_its_place() {
    let text =
        "{\"id\":\"a\"}\n{oops\n\n[1]\n{\"title\":\"x\"}\n{\"id\":\"a\"}\n{\"id\":\"b\",\"estimated_minutes\":1e300}\n";
    let faults = faults(Source::Beads, text);
    let told: Vec<(usize, &str)> = faults
        .iter()
        .map(|fault| (1 + text[..fault.span.clone().unwrap().start].matches('\n').count(), fault.what.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (2, "expected a key in double quotes"),
            (4, "an issue must be a table, not a list"),
            (5, "an issue without an 'id'"),
            (6, "issue 'a' stands here twice, first in line 1"),
            (7, "'estimated_minutes' of issue 'b' must be a number of minutes from 0 to 6000000"),
        ]
    );
}

#[test]
fn parents_that_go_in_a_circle_are_a_fault() {
    let all =
        [issue("a", "epic", "open", &[("parent-child", "b")]), issue("b", "epic", "open", &[("parent-child", "a")])];
    assert_eq!(said(Source::Beads, &all.concat()), ["issue 'a' is its own ancestor"]);
}

#[test]
fn parents_above_parents_are_a_fault_where_they_are_too_many() {
    let all: String =
        (1..100).map(|n| issue(&n.to_string(), "task", "open", &[("parent-child", &(n - 1).to_string())])).collect();
    assert_eq!(said(Source::Beads, &all), ["issue '66' has more than 64 ancestors"]);
}

#[test]
fn what_is_blocked_without_a_need_that_says_so_is_put_off_aloud() {
    let all = [
        issue("a", "task", "blocked", &[]),
        issue("b", "task", "blocked", &[("blocks", "a")]),
        issue("done", "task", "closed", &[]),
        issue("c", "task", "blocked", &[("blocks", "done")]),
        issue("e", "epic", "blocked", &[]),
        issue("e.1", "task", "open", &[]),
        issue("e.2", "task", "open", &[("blocks", "e.1")]),
    ];
    let imported = import(Source::Beads, &all.concat(), Options::default()).imported.unwrap();
    let held: Vec<&str> =
        imported.tasks.iter().filter(|task| task.content.deferred).map(|task| task.id.as_str()).collect();
    assert_eq!(held, ["a", "c", "e-1", "e-2"]);
    let warnings: Vec<&str> =
        imported.notes.iter().filter(|note| note.warning).map(|note| note.what.as_str()).collect();
    assert_eq!(warnings[0], "'a' is blocked there, and no need says by what: it gets a gate");
    assert_eq!(warnings[2], "'e.1' is blocked there as part of 'e', and no need says by what: it gets a gate");
    assert_eq!(warnings.len(), 4);
    let note = "put off there: delete the gate below, or start it with --force";
    assert_eq!(imported.tasks[0].content.notes.last().unwrap(), note);
}

#[test]
fn what_is_deferred_to_a_time_to_come_is_put_off_aloud() {
    let held = |until: &str| {
        let text = format!("{{\"id\":\"a\",\"defer_until\":\"{until}\"}}");
        let options = Options { now: Some("2026-01-02T00:00:00Z".parse().unwrap()), ..Options::default() };
        let imported = import(Source::Beads, &text, options).imported.unwrap();
        let warned = imported.notes.iter().any(|note| note.warning && note.what.contains("is put off until"));
        assert_eq!(warned, imported.tasks[0].content.deferred);
        warned
    };
    assert!(held("2026-01-02T00:00:01Z") && held("2026-01-02T01:00:00-02:00") && held("2026-01-03") && held("soon"));
    assert!(!held("2026-01-01T23:00:00Z") && !held("2026-01-02T01:00:00+02:00") && !held("2026-01-02"));
}

#[test]
fn what_an_epic_says_stands_at_its_first_task() {
    let text = "{\"id\":\"e\",\"title\":\"E\",\"issue_type\":\"epic\",\"description\":\"one\\n\\ntwo\",\"acceptance_criteria\":\"ok\",\
                \"external_ref\":\"gh-1\",\"assignee\":\"ada\",\"estimated_minutes\":90,\"rank\":7,\
                \"dependencies\":[{\"depends_on_id\":\"e.1\"}]}\n{\"id\":\"e.1\"}\n{\"id\":\"e.2\",\"rank\":1}\n";
    let imported = import(Source::Beads, text, Options::default()).imported.unwrap();
    let expected = [
        "part of e: E",
        "e brief: one",
        "e brief … two",
        "e done when: ok",
        "e issue: gh-1",
        "e estimate: 1h30m",
        "e assignee: ada",
    ];
    assert_eq!(imported.tasks[0].content.notes, expected);
    assert_eq!(imported.tasks[1].content.notes, ["part of e: E"]);
    let told: Vec<&str> = imported.notes.iter().map(|note| note.what.as_str()).collect();
    assert_eq!(told[..2], ["keys that are not carried: 'rank' (2)", "1 need on a part of the issue itself left out"]);
}

#[test]
fn one_is_no_plural() {
    let told = |all: &[String]| {
        let imported = import(Source::Beads, &all.concat(), Options::default()).imported.unwrap();
        imported.notes.into_iter().map(|note| note.what).next_back().unwrap()
    };
    let (a, b) = (issue("a", "task", "closed", &[]), issue("b", "task", "open", &[("blocks", "a")]));
    let c = issue("c", "task", "open", &[("blocks", "a")]);
    assert_eq!(told(&[a.clone(), b.clone()]), "1 issue left out as done; 1 need on it is met");
    assert_eq!(told(&[a, b, c]), "1 issue left out as done; 2 needs on it are met");
}

#[test]
fn a_need_on_a_tombstone_is_counted() {
    let all = [issue("gone", "task", "tombstone", &[]), issue("b", "task", "open", &[("blocks", "gone")])];
    let imported = import(Source::Beads, &all.concat(), Options::default()).imported.unwrap();
    let told: Vec<&str> = imported.notes.iter().map(|note| note.what.as_str()).collect();
    assert_eq!(told, ["1 tombstone left out", "1 need on a tombstone is met"]);
}
