use super::*;

fn task(id: &str, front: &str, body: &str) -> String {
    format!("---\nid: {id}\ntitle: 'The {id}'\n{front}---\n\n{body}")
}

fn import_all(all: &[(&str, &str)]) -> Read {
    read(Source::Backlog, &texts(all), Options::default())
}

#[test]
fn front_matter_becomes_keys() {
    let front = "status: To Do\nassignee:\n  - @ada\nmilestone: m-1\nlabels: [a, b]\npriority: high\nmodified_files:\n  - src/app/[id].ts\n  - /etc/x\n\
                 references:\n  - https://example.com/issues/7\n  - notes.md\ndependencies: [task-2]\n";
    let body = "## Description\n<!-- X -->\nDo it.\n\n## Acceptance Criteria\n- [ ] #1 works\n";
    let done = task("BACK-2", "status: Done\n", "");
    let imported = import_all(&[("t/1.md", &task("back-1", front, body)), ("t/2.md", &done)]).imported.unwrap();
    assert_eq!(imported.tasks.len(), 1);
    let content = &imported.tasks[0].content;
    assert_eq!(content.writes, ["src/app/[[]id].ts".parse().unwrap()]);
    assert_eq!((content.phase.as_deref(), content.title.as_str()), (Some("m-1"), "The back-1"));
    assert_eq!(content.issue.as_deref(), Some("https://example.com/issues/7"));
    assert_eq!((content.done_when.as_deref(), content.brief.as_deref()), (Some("works"), Some("Do it.")));
    let left_out = "writes /etc/x, left out: a pattern stays inside the repository: no '..' and no absolute path";
    assert_eq!(content.notes, [left_out, "references: notes.md", "priority: high", "labels: a, b", "assignee: @ada"]);
}

#[test]
fn needs_are_found_whatever_their_prefix_case_and_zeros() {
    let all = [
        ("t/1.md", task("BACK-1.02", "", "")),
        ("t/2.md", task("BACK-3", "dependencies:\n  - task-1.2\n  - back-4\n", "")),
        ("t/4.md", task("BACK-4", "", "")),
        ("completed/5.md", task("BACK-5", "status: Shipped\n", "")),
        ("t/readme.md", "# Tasks\n".to_owned()),
    ];
    let all: Vec<(&str, &str)> = all.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let imported = import_all(&all).imported.unwrap();
    let needs: Vec<_> = imported.tasks.iter().map(|task| (task.id.as_str(), task.needs.len())).collect();
    assert_eq!(needs, [("BACK-1-02", 0), ("BACK-3", 2), ("BACK-4", 0)]);
}

#[test]
fn a_parent_is_the_sum_of_its_open_children_and_work_without_them() {
    let open = task("B-1.1", "parent_task_id: B-1\n", "");
    let closed = task("B-2.1", "parent_task_id: B-2\nstatus: Done\n", "");
    let after = task("B-3", "dependencies: [B-1, B-2]\n", "");
    let (one, two) = (task("B-1", "", ""), task("B-2", "", ""));
    let all = [("1", &one[..]), ("2", &two), ("3", &open), ("4", &closed), ("5", &after)];
    let imported = import_all(&all).imported.unwrap();
    let ids: Vec<&str> = imported.tasks.iter().map(|task| task.id.as_str()).collect();
    assert_eq!(ids, ["B-2", "B-1-1", "B-3"]);
    assert_eq!(imported.tasks[2].needs.len(), 2);
}

#[test]
fn each_bad_file_is_told_at_its_line() {
    let good = task("B-1", "", "");
    let all = [("1", "---\nid: B-2\ntitle: [\n---\n"), ("2", &good), ("3", "---\ntitle: x\n---\n"), ("4", &good)];
    let read = import_all(&all);
    let told: Vec<Vec<&str>> =
        read.texts.iter().map(|(_, parsed)| parsed.faults.iter().map(|fault| fault.what.as_str()).collect()).collect();
    assert!(read.imported.is_none());
    assert_eq!((told[0].len(), told[1].len()), (1, 0));
    assert_eq!(told[2], ["a task without an 'id'"]);
    assert_eq!(told[3], ["task 'B-1' stands here twice, first in line 2"]);
    assert_eq!(said(Source::Backlog, "# no task"), ["no task: there is no YAML between '---' lines at its top"]);
}

#[test]
fn what_a_task_says_outside_the_known_places_is_carried_or_counted() {
    let front = "assignee: [ada, '@bob']\nreporter: @eve\ndocumentation: [doc.md]\nonStatusChange: x\nempty: []\n";
    let body = "Before.\n\n## Acceptance Criteria\n- [x] #1 one\n- [ ] #2 two\n\n## Implementation Notes\nSaid.\n\n## Final Summary\nS\n";
    let imported = import_all(&[("1", &task("B-1", front, body))]).imported.unwrap();
    let content = &imported.tasks[0].content;
    assert_eq!(content.brief.as_deref(), Some("Before.\n\nSaid."));
    assert_eq!(content.done_when.as_deref(), Some("one\ntwo"));
    let notes = ["assignee: ada, @bob", "reporter: @eve", "documentation: doc.md", "met there already: #1 one"];
    assert_eq!(content.notes, notes);
    let told: Vec<&str> = imported.notes.iter().map(|note| note.what.as_str()).collect();
    let keys = "keys that are not carried: 'onStatusChange' (1)";
    assert_eq!(told, [keys, "sections that are not carried: 'Final Summary' (1)"]);
}
