//! `git dispatch init`.

use crate::support::Sandbox;

fn target(sandbox: &Sandbox) -> Option<String> {
    let text = std::fs::read_to_string(sandbox.repo().join("dispatch.toml")).unwrap();
    text.lines().find_map(|line| line.strip_prefix("target = ").map(str::to_owned))
}

/// What `init` finds as the target, without leaving a file.
fn found(sandbox: &Sandbox) -> String {
    let assert = sandbox.dispatch(&["init", "--dry-run", "--json"]).assert().success();
    let answer: serde_json::Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    answer["target"].as_str().unwrap_or("none").to_owned()
}

#[test]
fn a_starter_is_written_that_lint_accepts() {
    let sandbox = Sandbox::new();
    sandbox.dispatch(&["init"]).assert().success().stderr("").stdout(
        "\
wrote dispatch.toml; tasks start from and land on 'main'

  describe your tasks in it, then
  git dispatch lint   checks it
  git dispatch plan   shows what can start side by side
",
    );
    assert_eq!(target(&sandbox).as_deref(), Some("\"main\""));
    sandbox.dispatch(&["lint"]).assert().success().stdout("dispatch.toml: 0 tasks, no faults\n");
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "?? dispatch.toml");
}

#[test]
fn nothing_that_stands_there_is_replaced() {
    let sandbox = Sandbox::new();
    sandbox.write("dispatch.toml", "mine");
    sandbox.dispatch(&["init"]).assert().code(3).stdout("").stderr(
        "error: 'dispatch.toml' exists already\nhint: use 'git dispatch lint' to check it, or move it away to start anew\n",
    );
    assert_eq!(std::fs::read_to_string(sandbox.repo().join("dispatch.toml")).unwrap(), "mine");
    std::fs::remove_file(sandbox.repo().join("dispatch.toml")).unwrap();
    std::os::unix::fs::symlink("../elsewhere", sandbox.repo().join("dispatch.toml")).unwrap();
    sandbox.dispatch(&["init"]).assert().code(3);
    assert!(!sandbox.root().join("elsewhere").exists());
}

#[test]
fn a_dry_run_prints_the_file_and_writes_nothing() {
    let sandbox = Sandbox::new();
    let assert = sandbox.dispatch(&["init", "-n"]).assert().success();
    assert!(String::from_utf8_lossy(&assert.get_output().stdout).contains("\ntarget = \"main\"\n"));
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    let assert = sandbox.dispatch(&["init", "--json"]).assert().success();
    assert_eq!(
        String::from_utf8_lossy(&assert.get_output().stdout),
        "{\"schema\":1,\"command\":\"init\",\"file\":\"dispatch.toml\",\"target\":\"main\",\"dry_run\":false}\n"
    );
}

#[test]
fn the_file_goes_to_the_top_of_the_worktree_one_stands_in() {
    let sandbox = Sandbox::new();
    sandbox.commit(&[("sub/x", "")], "sub");
    let worktree = sandbox.worktree("linked", "other", "main");
    sandbox.dispatch_in(&worktree.join("sub"), &["init"]).assert().success();
    assert!(worktree.join("dispatch.toml").exists() && !sandbox.repo().join("dispatch.toml").exists());
    sandbox.dispatch(&["-C", "sub", "--file", "plan.toml", "init"]).assert().success();
    assert!(sandbox.repo().join("sub/plan.toml").exists());
}

#[test]
fn the_target_is_the_first_there_is() {
    let sandbox = Sandbox::new();
    sandbox.git(&["branch", "trunk"]);
    sandbox.git(&["branch", "master"]);
    sandbox.git(&["checkout", "--quiet", "-b", "feature"]);
    assert_eq!(found(&sandbox), "main");
    sandbox.git(&["config", "init.defaultBranch", "none"]);
    assert_eq!(found(&sandbox), "main");
    sandbox.git(&["config", "init.defaultBranch", "trunk"]);
    assert_eq!(found(&sandbox), "trunk");
    sandbox.git(&["update-ref", "refs/remotes/origin/dev", "HEAD"]);
    sandbox.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/dev"]);
    assert_eq!(found(&sandbox), "origin/dev");
    sandbox.git(&["branch", "dev"]);
    assert_eq!(found(&sandbox), "dev");
    sandbox.git(&["symbolic-ref", "--delete", "refs/remotes/origin/HEAD"]);
    sandbox.git(&["config", "--unset", "init.defaultBranch"]);
    sandbox.git(&["branch", "-D", "main"]);
    assert_eq!(found(&sandbox), "master");
    sandbox.git(&["branch", "-D", "master"]);
    assert_eq!(found(&sandbox), "feature");
    sandbox.git(&["checkout", "--quiet", "--detach"]);
    assert_eq!(found(&sandbox), "none");
    sandbox.git(&["config", "init.defaultBranch", "a..b"]);
    assert_eq!(found(&sandbox), "none");
}

#[test]
fn a_branch_with_odd_characters_is_quoted() {
    let sandbox = Sandbox::new();
    sandbox.git(&["branch", "-m", "a\"b\u{202e}日"]);
    sandbox.dispatch(&["init"]).assert().success();
    assert_eq!(target(&sandbox).as_deref(), Some("\"a\\\"b\\U0000202E日\""));
}

#[test]
fn a_repository_without_a_commit_gets_a_file_too() {
    let sandbox = Sandbox::empty();
    sandbox.init(&[]);
    sandbox.dispatch(&["init"]).assert().success();
    assert_eq!(target(&sandbox).as_deref(), Some("\"main\""));
    sandbox.dispatch(&["lint"]).assert().success();
}

#[test]
fn a_bare_repository_has_no_place_for_it() {
    let sandbox = Sandbox::empty();
    sandbox.git(&["init", "--quiet", "--bare", "bare.git"]);
    let assert = sandbox.dispatch(&["-C", "bare.git", "init"]).assert().code(3).stdout("");
    let said = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(said.starts_with("error: 'bare.git' is not inside a worktree") && said.contains("hint: "), "{said}");
    assert!(!sandbox.repo().join("bare.git/dispatch.toml").exists());
}
