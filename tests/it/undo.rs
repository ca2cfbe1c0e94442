//! `git dispatch undo`: the state before, but for the ledger.

use std::path::Path;

use crate::support::{Sandbox, write_in};

const TASKS: &str = "disposable = [\"target/\"]\n[task.A]\ntitle = \"First\"\n[task.B]\n[task.C]\nneeds = [\"B\"]\n";

/// Refs but for the ledger, worktrees, folders, configuration and locks.
fn snap(sandbox: &Sandbox) -> String {
    let mut out = sandbox.git(&["for-each-ref", "--format=%(refname) %(objectname)"]).replace("refs/notes/", "#");
    out = out.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
    out += &sandbox.git(&["worktree", "list", "--porcelain"]);
    let mut names: Vec<String> = names_in(&sandbox.root());
    names.extend(names_in(&sandbox.repo().join(".git/worktrees")));
    names.extend(names_in(&sandbox.repo().join(".git/dispatch")).into_iter().filter(|name| name.starts_with("undone")));
    names.sort();
    out + &names.join("\n") + &std::fs::read_to_string(sandbox.repo().join(".git/config")).unwrap()
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn started() -> (Sandbox, String) {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.commit(&[(".gitignore", "target/\n.env\n")], "ignore");
    let before = snap(&sandbox);
    sandbox.ok(&["start", "A", "B"]);
    (sandbox, before)
}

#[test]
fn a_start_is_taken_back_to_the_state_before() {
    let (sandbox, before) = started();
    let there = snap(&sandbox);
    sandbox.ok(&["undo", "--dry-run"]).answers("A  would lose branch task/A and worktree ");
    assert_eq!(snap(&sandbox), there);
    write_in(&sandbox.root().join("repo-task-A"), "target/out", "disposable\n");
    let json = sandbox.ok(&["undo", "--json"]).json();
    assert_eq!((&json["batch"], &json["tasks"][1]["branch"]), (&"batch-001".into(), &"task/B".into()));
    assert_eq!(snap(&sandbox), before);
    assert_eq!((sandbox.count("undoing"), sandbox.count("undone")), (1, 1));
    sandbox.refuses(&["undo"], 1, "there is nothing to undo");
    sandbox.refuses(&["undo", "batch-001"], 1, "batch 'batch-001' was undone already");
    sandbox.ok(&["start", "A"]).answers("batch-002 from main");
}

#[test]
fn whatever_was_made_since_is_named_and_nothing_is_changed() {
    let (sandbox, _) = started();
    let (a, b) = (sandbox.root().join("repo-task-A"), sandbox.root().join("repo-task-B"));
    sandbox.commit_in(&a, &[("mine", "1\n")], "work");
    write_in(&a, "half", "1\n");
    write_in(&b, ".env", "SECRET=1\n");
    let there = snap(&sandbox);
    sandbox.refuses(&["undo"], 3, "task 'A' has 1 commit of its own on 'task/A'; not committed in");
    sandbox.refuses(&["undo"], 3, "'half'; ignored by git, but perhaps needed, in");
    assert_eq!(snap(&sandbox), there);
    assert_eq!((sandbox.count("undoing"), sandbox.count("undone")), (0, 0));
    let mine = sandbox.git_in(&a, &["rev-parse", "HEAD"]);
    sandbox.git_in(&a, &["reset", "--quiet", "--hard", "main"]);
    let reset = format!("task 'A' had commits that nothing else holds now: {}", &mine[..7]);
    sandbox.refuses(&["undo"], 3, &reset);
    sandbox.git(&["branch", "keep", &mine]);
    std::fs::remove_file(a.join("half")).unwrap();
    std::fs::remove_file(b.join(".env")).unwrap();
    sandbox.ok(&["undo"]);
}

#[test]
fn a_repository_in_a_disposable_folder_is_no_disposable_one() {
    let (sandbox, _) = started();
    let inner = sandbox.place("A").join("target/deep/inner");
    std::fs::create_dir_all(&inner).unwrap();
    sandbox.git_in(&inner, &["init", "--quiet"]);
    sandbox.refuses(&["undo"], 3, "ignored by git, but perhaps needed, in");
    sandbox.refuses(&["undo"], 3, "'target/deep/inner'");
    std::fs::remove_dir_all(inner).unwrap();
    sandbox.ok(&["undo"]);
}

#[test]
fn what_others_hold_stays() {
    let (sandbox, _) = started();
    let a = sandbox.root().join("repo-task-A");
    sandbox.git(&["worktree", "unlock", "../repo-task-A"]);
    sandbox.git(&["worktree", "lock", "--reason", "on a stick", "../repo-task-A"]);
    sandbox.refuses(&["undo"], 3, "is locked: on a stick");
    sandbox.git(&["worktree", "unlock", "../repo-task-A"]);
    sandbox.git_in(&a, &["switch", "--quiet", "-c", "mine"]);
    sandbox.refuses(&["undo"], 3, "has something else checked out than branch 'task/A'");
    sandbox.git(&["switch", "--quiet", "task/A"]);
    sandbox.refuses(&["undo", "batch-001"], 3, "branch 'task/A' is checked out in");
    sandbox.git(&["switch", "--quiet", "main"]);
    sandbox.git_in(&a, &["switch", "--quiet", "task/A"]);
    let output = sandbox.dispatch_in(&a, &["undo"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("error: this is the worktree of task 'A'"), "{said}");
    #[expect(clippy::disallowed_methods, reason = "a process that stands in the worktree")]
    let mut sleeper = std::process::Command::new("sleep").arg("60").current_dir(&a).spawn().unwrap();
    if cfg!(target_os = "linux") {
        sandbox.refuses(&["undo"], 3, &format!("process {} (sleep) works in", sleeper.id()));
    }
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    sandbox.git(&["branch", "--quiet", "-D", "mine"]);
    sandbox.ok(&["undo"]);
}

#[test]
fn a_batch_of_another_must_be_named() {
    let (mut sandbox, before) = started();
    sandbox.env("GIT_COMMITTER_NAME", "Bob");
    sandbox.refuses(&["undo"], 3, "the last batch, 'batch-001', was started by ");
    sandbox.ok(&["undo", "batch-001"]);
    assert_eq!(snap(&sandbox), before);
}

#[test]
fn a_ledger_from_elsewhere_has_no_branch_or_folder_of_mine_removed() {
    let (sandbox, _) = started();
    sandbox.git(&["branch", "mine"]);
    std::fs::create_dir(sandbox.root().join("empty")).unwrap();
    let forge = |branch: &str, path: &str| {
        let base = sandbox.git(&["rev-parse", "main"]);
        let line = format!(
            r#"{{"at":"2030-01-19T00:00:00.000Z","uid":"ff00ff00{}","v":1,"event":"starting","batch":"evil{}","target":"main","tasks":[{{"id":"C","branch":"{branch}","path":"{path}","base":"{base}","title":"","estimate":60}}],"by":"E <e@x>","host":"h"}}"#,
            path.len(),
            path.len()
        );
        let note = sandbox.git(&["notes", "--ref=dispatch", "show", &base]);
        sandbox.git(&["notes", "--ref=dispatch", "add", "-f", "-m", &format!("{note}\n{line}"), &base]);
        format!("evil{}", path.len())
    };
    let batch = forge("mine", "../repo-task-C");
    sandbox.refuses(&["undo", &batch], 3, "nothing shows that branch 'mine' was made for task 'C'");
    let batch = forge("nowhere", "../../../../../../../../../../empty");
    sandbox.refuses(&["undo", &batch], 3, "where the worktrees of this repository do not belong");
    sandbox.git(&["rev-parse", "--verify", "mine"]);
    assert!(sandbox.root().join("empty").is_dir());
}

#[test]
fn an_adoption_is_taken_back_without_branch_and_worktree() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let path = sandbox.worktree("mine", "mine", "main");
    sandbox.commit_in(&path, &[("mine", "1\n")], "work");
    let before = snap(&sandbox);
    sandbox.ok(&["adopt", "A", "mine"]);
    assert_ne!(snap(&sandbox), before);
    sandbox.ok(&["undo"]).answers("A  no longer has branch mine, which stays");
    assert_eq!(snap(&sandbox), before);
}

#[test]
fn an_interrupted_start_is_taken_back_and_so_is_a_worktree_that_is_gone() {
    let (sandbox, before) = started();
    let (a, away) = (sandbox.root().join("repo-task-A"), sandbox.root().join("away"));
    std::fs::rename(&a, &away).unwrap();
    let place = a.display();
    sandbox
        .refuses(&["undo"], 3, &format!("the worktree '{place}' of task 'A' is out of sight: moved or deleted\n"))
        .says("hint: use 'git worktree repair NEW-PATH' to name its new place, if it was moved\n")
        .says(&format!("hint: use 'git worktree unlock {place}' first, if it was deleted\n"))
        .says(&format!("hint: use 'git worktree remove {place}' to forget it, if it was deleted\n"));
    std::fs::remove_dir_all(&away).unwrap();
    sandbox.git(&["worktree", "unlock", "../repo-task-A"]);
    sandbox.git(&["worktree", "remove", "../repo-task-A"]);
    let admin = sandbox.repo().join(".git/worktrees/repo-task-B");
    std::fs::remove_file(admin.join("index")).unwrap();
    sandbox.ok(&["undo"]);
    assert_eq!(snap(&sandbox), before);
}

#[test]
fn starting_again_is_undone_with_what_it_voided() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.ok(&["start", "A"]);
    let a = sandbox.root().join("repo-task-A");
    sandbox.commit_in(&a, &[("mine", "1\n")], "work");
    sandbox.git(&["merge", "--quiet", "--no-ff", "-m", "Merge branch 'task/A'", "task/A"]);
    sandbox.git(&["worktree", "unlock", "../repo-task-A"]);
    sandbox.git(&["worktree", "remove", "../repo-task-A"]);
    sandbox.git(&["branch", "-d", "task/A"]);
    assert_eq!(sandbox.row("A")["state"], "landed");
    sandbox.ok(&["start", "--again", "A"]);
    assert_eq!(sandbox.row("A")["state"], "active");
    sandbox.ok(&["undo"]);
    assert_eq!((sandbox.count("reopened"), sandbox.count("undone")), (1, 2));
    assert_eq!(sandbox.row("A")["state"], "landed");
}

#[test]
fn packed_refs_and_a_hook_that_hears_of_refs_change_nothing() {
    let (sandbox, before) = started();
    sandbox.git(&["tag", "-a", "-m", "with an id to peel to", "v1", "main"]);
    sandbox.git(&["pack-refs", "--all"]);
    let packed = || std::fs::read_to_string(sandbox.repo().join(".git/packed-refs")).unwrap();
    assert!(packed().contains("refs/dispatch/base/A") && packed().contains("\n^"));
    let kept: String = packed()
        .split_inclusive('\n')
        .filter(|line| !line.contains("refs/dispatch/base") && !line.contains("/task/"))
        .collect();
    sandbox.ok(&["undo"]);
    assert_eq!(packed(), kept);
    sandbox.git(&["tag", "-d", "v1"]);
    assert_eq!(snap(&sandbox), before);
    sandbox.ok(&["start", "A"]);
    sandbox.script("repo/.git/hooks/reference-transaction", "cat >>\"$HOME/heard\"\n");
    sandbox.ok(&["undo"]);
    let heard = std::fs::read_to_string(sandbox.root().join("home/heard")).unwrap();
    assert!(heard.contains("refs/heads/task/A") && heard.contains("refs/dispatch/base/A"), "{heard}");
    std::fs::remove_file(sandbox.repo().join(".git/hooks/reference-transaction")).unwrap();
    assert_eq!(snap(&sandbox), before);
}

#[test]
fn a_lock_of_the_packed_refs_that_is_not_ours_stays_and_is_named() {
    let (sandbox, before) = started();
    let lock = sandbox.repo().join(".git/packed-refs.lock");
    std::fs::write(&lock, "").unwrap();
    let outcome = sandbox.run(&["undo"]).exits(4).says("packed-refs.lock' is held by another git, or was left by one");
    outcome.says("hint: use 'rm -- ").says("hint: use 'git dispatch undo batch-001' to go on from here");
    std::fs::remove_file(&lock).unwrap();
    sandbox.ok(&["undo", "batch-001"]);
    assert_eq!(snap(&sandbox), before);
}

#[test]
fn what_a_status_hides_is_no_less_work() {
    let (sandbox, _) = started();
    let a = sandbox.root().join("repo-task-A");
    sandbox.git_in(&a, &["update-index", "--assume-unchanged", "README"]);
    write_in(&a, "README", "work\n");
    sandbox.refuses(&["undo"], 3, "git is told to overlook changes in");
    sandbox.git_in(&a, &["update-index", "--no-assume-unchanged", "README"]);
    std::fs::remove_file(sandbox.repo().join(".git/worktrees/repo-task-A/index")).unwrap();
    sandbox.refuses(&["undo"], 3, "has no index, and changed files");
    sandbox.git_in(&a, &["read-tree", "HEAD"]);
    sandbox.refuses(&["undo"], 3, "not committed in");
    sandbox.git_in(&a, &["checkout", "--quiet", "--", "README"]);
    sandbox.git_in(&a, &["update-ref", "refs/worktree/mine", "HEAD"]);
    sandbox.refuses(&["undo"], 3, "has refs of its own");
    sandbox.git_in(&a, &["update-ref", "-d", "refs/worktree/mine"]);
    sandbox.ok(&["undo"]);
}

#[test]
fn a_worktree_that_start_did_not_make_stays() {
    let (sandbox, _) = started();
    sandbox.git(&["worktree", "unlock", "../repo-task-A"]);
    sandbox.git(&["worktree", "remove", "../repo-task-A"]);
    sandbox.git(&["worktree", "add", "--quiet", "../mine", "task/A"]);
    sandbox.refuses(&["undo"], 3, "branch 'task/A' is checked out in '");
    sandbox.git(&["worktree", "remove", "../mine"]);
    sandbox.ok(&["undo"]);
}

#[test]
fn a_broken_worktree_of_a_task_whose_id_goes_on_is_not_taken_for_this_ones() {
    let sandbox = Sandbox::with_tasks("[task.A]\n[task.A1]\n");
    sandbox.ok(&["start", "A1"]);
    let admin = sandbox.repo().join(".git/worktrees/repo-task-A1");
    let gitdir = std::fs::read(admin.join("gitdir")).unwrap();
    std::fs::write(admin.join("gitdir"), "").unwrap();
    sandbox.ok(&["start", "A"]);
    sandbox.ok(&["undo"]);
    assert!(admin.join("index").exists() && !sandbox.root().join("repo-task-A").exists());
    std::fs::write(admin.join("gitdir"), gitdir).unwrap();
    sandbox.ok(&["undo"]);
    assert!(!admin.exists());
}

#[test]
fn the_folder_above_goes_with_the_last_worktree_in_it() {
    let sandbox = Sandbox::with_tasks(&format!("worktree = \"../wt/deep/{{{{ id }}}}\"\n{TASKS}"));
    let before = snap(&sandbox);
    sandbox.ok(&["start", "A"]);
    sandbox.ok(&["start", "B"]);
    sandbox.ok(&["undo"]);
    assert!(sandbox.root().join("wt/deep/A").is_dir());
    sandbox.ok(&["undo"]);
    assert_eq!(snap(&sandbox), before);
}

#[test]
fn the_ref_of_a_restacking_that_was_begun_goes_along() {
    let (sandbox, before) = started();
    sandbox.git(&["update-ref", "refs/dispatch/onto/A", "main"]);
    sandbox.ok(&["undo"]);
    assert_eq!(snap(&sandbox), before);
}

#[test]
fn each_refusal_names_the_command_that_resolves_it_and_that_can_be_pasted() {
    let mut sandbox = Sandbox::with_tasks(&format!("worktree = \"../od d$x'q/{{{{ id }}}}\"\n{TASKS}"));
    sandbox.commit(&[(".gitignore", "target/\n.env\n")], "ignore");
    let program = Path::new(env!("CARGO_BIN_EXE_git-dispatch")).parent().unwrap().display().to_string();
    sandbox.env("PATH", &format!("{program}:{}", sandbox.path()));
    sandbox.ok(&["start", "A"]);
    let place = sandbox.root().join("od d$x'q/A");
    // The commands in the hints of a refusal, each run by a shell.
    let paste = |said: &str, wanted: &str| {
        let hint = said.lines().find(|line| line.starts_with("hint: use '") && line.contains(wanted)).expect(said);
        let command = &hint["hint: use '".len()..hint.rfind("' ").unwrap()];
        #[expect(clippy::disallowed_methods, reason = "what a hint says is pasted")]
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", command]).current_dir(sandbox.repo()).env_clear().envs(sandbox.environment());
        let output = shell.output().unwrap();
        assert!(output.status.success(), "{command}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    write_in(&place, "new", "1\n");
    write_in(&place, ".env", "1\n");
    let said = sandbox.refuses(&["undo"], 3, "not committed in").says("set 'disposable' in the task file").stderr;
    assert!(paste(&said, "status'").contains("new") && paste(&said, "--ignored").contains(".env"));
    paste(&said, "stash");
    assert!(!place.join("new").exists());
    std::fs::remove_file(place.join(".env")).unwrap();
    let lost = sandbox.commit_in(&place, &[("mine", "1\n")], "work");
    let said = sandbox.refuses(&["undo"], 3, "commit of its own").stderr;
    assert!(paste(&said, "git log").contains("work"));
    sandbox.git_in(&place, &["reset", "--quiet", "--hard", "main"]);
    paste(&sandbox.refuses(&["undo"], 3, "nothing else holds now").stderr, "git branch");
    assert_eq!(sandbox.git(&["rev-parse", "kept-A"]), lost);
    sandbox.git(&["worktree", "unlock", place.to_str().unwrap()]);
    sandbox.git(&["worktree", "lock", "--reason", "mine", place.to_str().unwrap()]);
    paste(&sandbox.refuses(&["undo"], 3, "is locked").stderr, "unlock");
    std::fs::remove_dir_all(&place).unwrap();
    let said = sandbox.refuses(&["undo"], 3, "is out of sight").stderr;
    assert!(!said.contains("unlock"), "{said}");
    paste(&said, "worktree remove");
    sandbox.ok(&["undo"]);
}
