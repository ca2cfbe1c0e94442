use super::*;

const WORKFLOW: &str = "name: CI\non: push\nconcurrency: ci-${{ github.ref }}\njobs:\n  _build:\n    runs-on: x\n    \
    strategy: {matrix: {os: [a, b]}}\n  test:\n    name: Test it\n    needs: _build\n    timeout-minutes: 10\n  deploy:\n    \
    needs: [test, _build]\n    concurrency: {group: 'prod', cancel-in-progress: false}\n  page:\n    concurrency: 'page-${{ github.ref }}'\n";

#[test]
fn jobs_become_tasks_and_concurrency_a_lock() {
    assert_eq!(tasks(Source::Actions, WORKFLOW), ["build:", "test: build", "deploy: test build", "page:"]);
    let imported = import(Source::Actions, WORKFLOW, Options::default()).imported.unwrap();
    let content = |at: usize| &imported.tasks[at].content;
    assert_eq!(content(0).notes, ["a matrix of jobs there: os (2)"]);
    assert_eq!(
        (content(1).title.as_str(), &content(1).notes[..]),
        ("Test it", &["timeout-minutes: 10".to_owned()][..])
    );
    assert_eq!(content(2).locks, ["prod"]);
    assert_eq!(content(3).locks, ["page"]);
    assert_eq!(content(3).notes, ["concurrency group: page-${{ github.ref }}"]);
    assert_eq!(content(1).estimate, None);
}

#[test]
fn what_is_no_workflow_is_a_fault() {
    assert_eq!(said(Source::Actions, "name: x\n"), ["a workflow without 'jobs'"]);
    assert_eq!(said(Source::Actions, "jobs: [a]\n"), ["'jobs' must be a table, not a list"]);
    assert_eq!(said(Source::Actions, "jobs:\n  a:\n    needs: b\n"), ["job 'a' needs 'b', which is not there"]);
    assert_eq!(said(Source::Actions, "jobs:\n"), ["'jobs' must be a table, not nothing"]);
    assert_eq!(said(Source::Actions, "jobs:\n  a:\n"), ["job 'a' must be a table, not nothing"]);
    assert_eq!(said(Source::Actions, "jobs:\n  a: {}\n  a: {}\n"), ["the key 'a' stands here twice"]);
    assert_eq!(said(Source::Actions, "- x"), ["a workflow must be a table, not a list"]);
    for source in [Source::Actions, Source::Json, Source::Taskmaster, Source::Backlog] {
        assert_eq!(said(source, " \n"), ["there is nothing in it"]);
    }
}

#[test]
fn a_merge_key_is_a_fault_and_never_lost() {
    let text = "jobs:\n  a: &a {needs: b}\n  b: {}\n  c:\n    <<: *a\n";
    let faults = faults(Source::Actions, text);
    assert_eq!((faults.len(), faults[0].what.as_str()), (1, "a merge key '<<' is not read"));
    assert_eq!(&text[faults[0].span.clone().unwrap()], "<<");
}
