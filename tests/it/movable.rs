//! What cannot be moved in one step, or looked into, stays: in a user namespace of one's own, where file systems can be mounted.

use std::process::Command;

use crate::drop::started;
use crate::scene::Outcome;
use crate::support::Sandbox;

/// Runs the shell text `prepare` and then the program in namespaces of their own; `None` where this machine has none.
fn apart(sandbox: &Sandbox, prepare: &str, arguments: &str) -> Option<Outcome> {
    let run = |text: &str| {
        #[expect(clippy::disallowed_methods, reason = "a program of the system makes the namespaces")]
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-ec", text]);
        command.current_dir(sandbox.root()).env_clear().envs(sandbox.environment()).output()
    };
    let able = run(prepare).is_ok_and(|output| output.status.success());
    let program = env!("CARGO_BIN_EXE_git-dispatch");
    let text = format!("{prepare}\ncd \"$HOME/../repo\"\nexec '{program}' {arguments}");
    if able { run(&text).ok().map(|output| Outcome::of(&output)) } else { None }
}

#[expect(clippy::disallowed_macros, reason = "what was skipped is told")]
fn skipped() {
    eprintln!("skipped: nothing can be mounted here");
}

#[test]
fn a_worktree_stays_where_nothing_tells_who_works_in_it() {
    let sandbox = started();
    let before = sandbox.snapshot();
    let no_proc = "mount -t tmpfs none /proc";
    for (arguments, code) in [("drop A", 3), ("drop -n A", 3), ("undo batch-001", 3)] {
        let Some(refused) = apart(&sandbox, no_proc, arguments) else { return skipped() };
        let refused =
            refused.exits(code).says("whether a process works in '").says("cannot be told: there is no '/proc'");
        let _ = refused.says("hint: install 'lsof'");
    }
    assert_eq!(sandbox.snapshot(), before);
    sandbox.ok(&["drop", "A"]);
}

#[test]
fn a_worktree_that_is_a_file_system_or_holds_one_stays() {
    let sandbox = started();
    let before = sandbox.snapshot();
    let bound = "mount --bind repo-task-A repo-task-A";
    let Some(refused) = apart(&sandbox, bound, "drop A") else { return skipped() };
    let at = |path: &str| format!("'{}' is a file system of its own", sandbox.root().join(path).display());
    let _ = refused.exits(3).says(&at("repo-task-A")).says("hint: use 'umount ");
    let below = "mount -t tmpfs none repo-task-A/folder";
    let _ = apart(&sandbox, below, "drop A").unwrap().exits(3);
    std::fs::create_dir(sandbox.place("A").join("target")).unwrap();
    let ignored = "mount -t tmpfs none repo-task-A/target";
    let _ = apart(&sandbox, ignored, "drop A").unwrap().exits(3).says(&at("repo-task-A/target"));
    assert_eq!(sandbox.snapshot(), before);
    let _ = apart(&sandbox, "mount -t tmpfs none home", "drop A").unwrap().exits(0);
}

/// An overlay moves no folder that is in its lower layer (EXDEV), which nothing tells before.
#[test]
fn a_worktree_that_its_file_system_does_not_move_stays_with_its_branch_and_the_others_go() {
    let sandbox = started();
    let root = sandbox.root();
    let root = root.display();
    let over = format!(
        "mount -t tmpfs none /mnt\nmkdir /mnt/upper /mnt/work\n\
         mount -t overlay none -o lowerdir='{root}',upperdir=/mnt/upper,workdir=/mnt/work '{root}'\ncd '{root}'\n"
    );
    let Some(kept) = apart(&sandbox, &over, "drop A") else { return skipped() };
    let kept =
        kept.exits(3).says("warning: cannot drop A: '").says("cannot be moved in one step: Invalid cross-device");
    assert_eq!(kept.stdout, "");
    let program = env!("CARGO_BIN_EXE_git-dispatch");
    // What is written there goes with the namespace: so all that is to be seen is looked at in the same.
    let twice = format!(
        "{over}cd repo; git for-each-ref refs/heads refs/dispatch >../before\n\
         '{program}' drop A B 2>/dev/null && exit 1; [ $? = 3 ]\n\
         git for-each-ref refs/heads refs/dispatch >../after; cmp ../before ../after; cd ..\n"
    );
    let status = apart(&sandbox, &twice, "status --all").unwrap().exits(0);
    assert!(!status.stdout.contains("half dropped") && status.stdout.contains("A     active"), "{status:#?}");
    sandbox.git(&["worktree", "unlock", "../repo-task-B"]);
    sandbox.git(&["worktree", "remove", "../repo-task-B"]);
    let some = apart(&sandbox, &over, "drop A B").unwrap().exits(4).answers("B dropped: branch task/B");
    let _ = some.says("cannot drop A: '");
}
