use super::*;

const SUBTASKS: &str = "{\"tasks\":[{\"id\":1,\"dependencies\":[]},{\"id\":2,\"dependencies\":[7]},\
    {\"id\":7,\"dependencies\":[1],\"subtasks\":[{\"id\":1},{\"id\":2,\"dependencies\":[1]},{\"id\":3,\"dependencies\":[\"7.2\",9]},\
    {\"id\":9,\"dependencies\":[101]}]},{\"id\":101}]}";

#[test]
fn a_small_number_is_a_subtask_beside_it_and_a_task_with_subtasks_is_their_sum() {
    let expected = ["1:", "2: 7-1 7-2 7-3 7-9", "7-1: 1", "7-2: 7-1 1", "7-3: 7-2 7-9 1", "7-9: 101 1", "101:"];
    assert_eq!(tasks(Source::Taskmaster, SUBTASKS), expected);
}

#[test]
fn the_tag_is_master_or_the_only_one_or_asked_for() {
    let tag = |options| {
        let text = "{\"b\":{\"tasks\":[{\"id\":1}]},\"master\":{\"tasks\":[{\"id\":2}]}}";
        tasks_with(Source::Taskmaster, text, options).0
    };
    assert_eq!(tag(Options::default()), ["2:"]);
    assert_eq!(tag(Options { tag: Some("b"), ..Options::default() }), ["1:"]);
    assert_eq!(tasks(Source::Taskmaster, "{\"b\":{\"tasks\":[{\"id\":1}]}}"), ["1:"]);
    let text = "{\"b\":{\"tasks\":[{\"id\":1},{\"id\":2}]},\"master\":{\"tasks\":[{\"id\":2,\"effort\":3}]}}";
    let notes = import(Source::Taskmaster, text, Options::default()).imported.unwrap().notes;
    assert_eq!(notes[0].what, "tag 'master' of 'b', 'master': 2 tasks of the others left out");
    assert_eq!(notes[1].what, "keys that are not carried: 'effort' (1)");
    let several = "{\"a\":{\"tasks\":[]},\"b\":{\"tasks\":[]}}";
    assert_eq!(said(Source::Taskmaster, several), ["there are several tags, and none is 'master': 'a', 'b'"]);
    assert_eq!(said(Source::Taskmaster, "{}"), ["there is neither a tag nor a list 'tasks'"]);
}

#[test]
fn a_task_speaks_for_its_subtasks_and_what_is_put_off_is_held() {
    let text = "{\"tasks\":[{\"id\":1,\"status\":\"done\",\"subtasks\":[{\"id\":1,\"status\":\"pending\"}]},\
        {\"id\":2,\"status\":\"deferred\",\"subtasks\":[{\"id\":1,\"status\":\"pending\"}],\"dependencies\":[1]},\
        {\"id\":3,\"status\":\"cancelled\"},{\"id\":4,\"dependencies\":[3]}]}";
    let (tasks, warnings) = tasks_with(Source::Taskmaster, text, Options::default());
    assert_eq!(tasks, ["2-1:", "3:", "4: 3"]);
    assert_eq!(warnings, ["1 open subtask of tasks that are closed count as closed too: '1.1'"]);
    let imported = import(Source::Taskmaster, text, Options::default()).imported.unwrap();
    assert!(imported.tasks[0].content.deferred && imported.tasks[1].state == Some(Declared::Cancelled));
}

fn circle(status: &str, more: &str) -> String {
    format!(
        "{{\"tasks\":[{{\"id\":1,\"status\":\"done\"}},{more}{{\"id\":12,\"dependencies\":[1],\"subtasks\":[\
         {{\"id\":1,\"status\":\"{status}\",\"dependencies\":[4]}},{{\"id\":4,\"status\":\"{status}\",\"dependencies\":[1]}},\
         {{\"id\":5,\"status\":\"pending\"}}]}}]}}"
    )
}

#[test]
fn a_circle_of_what_is_closed_is_named_and_holds_nobody() {
    let (tasks, warnings) = tasks_with(Source::Taskmaster, &circle("done", ""), Options::default());
    assert_eq!(tasks, ["12-5:"]);
    let what = "needs go in a circle: '12.1' → '12.4' → '12.1'; '12.1' is closed, so that nothing waits in it";
    assert_eq!(warnings, [what]);
}

#[test]
fn a_circle_is_read_otherwise_where_that_can_mean_one_thing_only() {
    // There is a task 1, and no task 4: only the need on 1 can be read otherwise.
    let (tasks, warnings) = tasks_with(Source::Taskmaster, &circle("pending", ""), Options::default());
    assert_eq!(tasks, ["12-1: 12-4", "12-4:", "12-5:"]);
    assert_eq!(warnings, ["'12.4' needs '12.1', which would go in a circle: read as '1'"]);
}

#[test]
fn a_circle_that_could_be_read_in_two_ways_is_a_fault() {
    let text = circle("pending", "{\"id\":4},");
    let faults = faults(Source::Taskmaster, &text);
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].what, "needs go in a circle: '12.1' → '12.4' → '12.1'");
    assert_eq!(&text[faults[0].span.clone().unwrap()], "4");
    assert!(faults[0].hint.as_ref().unwrap().contains("--break-cycles"));
    let options = Options { break_cycles: true, ..Options::default() };
    let (tasks, warnings) = tasks_with(Source::Taskmaster, &text, options);
    assert_eq!(tasks, ["4:", "12-1: 12-4", "12-4:", "12-5:"]);
    assert_eq!(warnings, ["'12.4' needs '12.1', which closes a circle: left out"]);
}

#[test]
fn subtasks_of_one_id_are_kept_apart_unless_one_is_needed() {
    let text = |need: &str| {
        format!(
            "{{\"tasks\":[{{\"id\":4,\"subtasks\":[{{\"id\":4}},{{\"id\":4}}]}},{{\"id\":5,\"dependencies\":[{need}]}}]}}"
        )
    };
    let (tasks, warnings) = tasks_with(Source::Taskmaster, &text("4"), Options::default());
    assert_eq!(tasks, ["4-4:", "4-4-2:", "5: 4-4 4-4-2"]);
    assert_eq!(warnings, ["2 subtasks have the id '4.4': all but the first get a number behind it"]);
    assert_eq!(said(Source::Taskmaster, &text("\"4.4\"")), ["2 subtasks have the id '4.4': which of them is needed?"]);
}
