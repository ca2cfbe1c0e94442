//! `git dispatch status --prompt`: a segment from what the last `status` has kept.

use std::path::Path;

use crate::support::Sandbox;

const TASKS: &str = r#"version = 1
target = "main"
workers = 9

[task.A]
title = "Pool"

[task.B]
title = "%F{red}$(touch CANARY) \\e[31m `id` #(id)"

[task.C]
title = "Runner"
"#;

#[track_caller]
fn prompt(sandbox: &Sandbox, dir: &Path) -> String {
    let outcome = sandbox.run_in(dir, &["status", "--prompt"]).exits(0);
    assert_eq!(outcome.stderr, "", "{outcome:#?}");
    outcome.stdout
}

#[test]
fn the_segment_tells_what_the_last_status_saw_and_whether_refs_moved_since() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let (main, a) = (sandbox.repo(), sandbox.place("A"));
    assert_eq!(prompt(&sandbox, &main), "", "nobody asked for the status yet");
    sandbox.ok(&["status"]);
    assert_eq!(prompt(&sandbox, &main), "", "no task has started");
    sandbox.ok(&["start", "A", "B"]);
    assert_eq!(prompt(&sandbox, &main), "0 active~\n");
    sandbox.commit_in(&a, &[("README", "A\n")], "work");
    sandbox.ok(&["status"]);
    assert_eq!(prompt(&sandbox, &main), "2 active 1 ready\n");
    assert_eq!(prompt(&sandbox, &a), "A +1 | 2 active 1 ready\n");
    std::fs::create_dir(a.join("src")).unwrap();
    assert_eq!(prompt(&sandbox, &a.join("src")), "A +1 | 2 active 1 ready\n");
    sandbox.git(&["pack-refs", "--all"]);
    assert_eq!(prompt(&sandbox, &main), "2 active 1 ready\n", "packed refs are where they were");
    sandbox.commit(&[("README", "main\n")], "on main");
    assert_eq!(prompt(&sandbox, &a), "A +1 | 2 active 1 ready~\n");
    sandbox.ok(&["status", "--all"]);
    assert_eq!(prompt(&sandbox, &a), "A +1 -1! | 2 active 1!\n");
    sandbox.git(&["update-ref", "-d", "refs/notes/dispatch"]);
    assert_eq!(prompt(&sandbox, &a), "A +1 -1! | 2 active 1!~\n");
}

#[test]
fn a_status_of_some_tasks_keeps_nothing() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&["start", "A", "B"]);
    sandbox.ok(&["status", "A"]);
    sandbox.ok(&["status", "--batch", "batch-001"]);
    assert_eq!(prompt(&sandbox, &sandbox.repo()), "");
    sandbox.ok(&["status", "--json"]);
    assert_eq!(prompt(&sandbox, &sandbox.repo()), "2 active\n");
}

#[test]
fn without_a_repository_or_with_a_broken_one_it_is_silent() {
    let sandbox = Sandbox::with_tasks(TASKS);
    assert_eq!(prompt(&sandbox, &sandbox.root()), "");
    let none = sandbox.run(&["-C", "/nowhere", "status", "--prompt"]).exits(0);
    assert_eq!((none.stdout, none.stderr), (String::new(), String::new()));
    sandbox.ok(&["start", "A"]);
    sandbox.ok(&["status"]);
    let file = sandbox.repo().join(".git/dispatch/cache/prompt");
    for damaged in
        [&b"git-dispatch prompt 1\n{}"[..], b"", b"\xff\xff", b"git-dispatch prompt 3\n{\"refs\":[],\"tasks\":[]}"]
    {
        std::fs::write(&file, damaged).unwrap();
        assert_eq!(prompt(&sandbox, &sandbox.repo()), "");
    }
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    sandbox.ok(&["status"]);
    assert_eq!(prompt(&sandbox, &sandbox.repo()), "", "what cannot be kept is no error");
}

#[test]
fn a_bare_repository_and_a_git_dir_from_the_environment_have_one_too() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let bare = sandbox.root().join("bare.git");
    sandbox.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    sandbox.run_in(&bare, &["start", "C"]).exits(0);
    sandbox.run_in(&bare, &["status"]).exits(0);
    assert_eq!(prompt(&sandbox, &bare), "1 active\n");
    assert_eq!(prompt(&sandbox, &sandbox.root().join("bare-task-C")), "C | 1 active\n");
    let mut named = sandbox.dispatch_in(&sandbox.root(), &["status", "--prompt"]);
    named.env("GIT_DIR", &bare).assert().success().stdout("1 active\n");
}

#[test]
fn nothing_that_others_wrote_reaches_the_prompt() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&["start", "B"]);
    sandbox.git_in(&sandbox.place("B"), &["checkout", "--quiet", "-b", "$(id)%F{red}`id`"]);
    sandbox.ok(&["status"]);
    assert_eq!(prompt(&sandbox, &sandbox.place("B")), "1 active\n");
    let file = sandbox.repo().join(".git/dispatch/cache/prompt");
    let bytes = std::fs::read(&file).unwrap();
    let head = bytes.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    let text = std::str::from_utf8(&bytes[head + 8..]).unwrap();
    let write = |text: &str| {
        let mut sum = std::hash::DefaultHasher::new();
        std::hash::Hasher::write(&mut sum, text.as_bytes());
        let sum = std::hash::Hasher::finish(&sum).to_be_bytes();
        std::fs::write(&file, [&bytes[..head], &sum, text.as_bytes()].concat()).unwrap();
    };
    write(text);
    assert_eq!(prompt(&sandbox, &sandbox.repo()), "1 active\n", "the sum is right");
    write(&text.replace(r#""id":"B""#, r#""id":"$(id)""#));
    assert_eq!(prompt(&sandbox, &sandbox.place("B")), "", "what is no id is damage");
}

#[test]
fn the_segment_stands_alone() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.run(&["status", "--prompt", "A"]).exits(2);
    sandbox.run(&["status", "--prompt", "--json"]).exits(2).says("hint: use 'git dispatch status --json'");
}
