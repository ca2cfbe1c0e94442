//! `git dispatch drop --trash`: only what is old enough goes for good, all of it, and nothing else.

use std::path::{Path, PathBuf};

use crate::drop::started;
use crate::kept::bytes;
use crate::scene::Outcome;
use crate::support::{EPOCH, Sandbox, write_in};

/// The folder of A in the trash.
fn folder(sandbox: &Sandbox) -> Option<PathBuf> {
    let mut entries = std::fs::read_dir(sandbox.root()).unwrap().map(|entry| entry.unwrap().path());
    entries.find(|path| path.to_string_lossy().contains("/.repo-task-A.dropped-"))
}

/// What the trash is made of, by names.
fn traces(sandbox: &Sandbox) -> String {
    let private = std::fs::read_dir(sandbox.repo().join(".git/dispatch")).unwrap();
    let mut names: Vec<String> = private
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("A-"))
        .collect();
    names.sort();
    let refs = sandbox.git(&["for-each-ref", "refs/dispatch/trash"]);
    format!("{names:?} {refs} {:?}", folder(sandbox))
}

/// As many days later.
fn later(sandbox: &mut Sandbox, days: u64) {
    sandbox.env("GIT_COMMITTER_DATE", &format!("{} +0000", EPOCH + 3600 + days * 86_400));
}

/// A was dropped, with ignored files.
fn dropped() -> Sandbox {
    let sandbox = started();
    write_in(&sandbox.place("A"), ".env", &"x".repeat(5000));
    write_in(&sandbox.place("A"), "target/out", &"y".repeat(50_000));
    sandbox.ok(&["drop", "A"]);
    sandbox
}

#[test]
fn what_was_dropped_two_weeks_ago_goes_for_good_and_undo_says_so() {
    let mut sandbox = dropped();
    let others = [sandbox.place("B"), sandbox.repo().join("README")];
    sandbox.refuses(&["drop", "--trash"], 1, "nothing in the trash is as old as '14.days.ago'");
    later(&mut sandbox, 13);
    sandbox.refuses(&["drop", "--trash", "--older-than", "2w"], 1, "nothing in the trash is as old as '2w'");
    later(&mut sandbox, 15);
    let before = sandbox.snapshot();
    let told = sandbox.ok(&["drop", "--trash", "-n"]).answers("A would be removed from the trash: branch task/A at ");
    assert!(told.stdout.contains(" KiB of files, dropped 2w ago\n"), "{told:#?}");
    let json = sandbox.ok(&["drop", "--trash", "--dry-run", "--json"]).json();
    let size = json["trash"][0]["bytes"].as_u64().unwrap();
    assert!(size > 5000 && size < 200_000 && json["trash_bytes"] == size, "{json}");
    assert_eq!(sandbox.snapshot(), before);
    sandbox.ok(&["drop", "--trash"]).answers("A removed from the trash: branch task/A at ");
    assert_eq!(traces(&sandbox), "[]  None");
    assert!(others.iter().all(|path| path.exists()));
    sandbox.refuses(&["undo"], 3, "cannot bring task 'A' back: its commits are no longer in the trash here");
    sandbox.refuses(&["drop", "--trash"], 1, "the trash is empty here");
    sandbox.git(&["fsck", "--no-progress"]);
    sandbox.ok(&["start", "A"]).answers("batch-002");
}

#[test]
fn the_age_is_what_was_asked_for_or_configured_in_the_words_of_git() {
    let mut sandbox = dropped();
    later(&mut sandbox, 3);
    let asked = |age: &str| sandbox.run(&["drop", "--trash", "-n", "--older-than", age]).code;
    for (age, code) in [
        ("2d", 0),
        ("4d", 1),
        ("2.days.ago", 0),
        ("4.days", 1),
        ("now", 0),
        ("never", 1),
        ("2020-01-01", 1),
        ("71h", 0),
    ] {
        assert_eq!(asked(age), Some(code), "{age}");
    }
    let _ =
        sandbox.run(&["drop", "--trash", "--older-than", "soon"]).exits(2).says("bad value 'soon' for '--older-than'");
    let configured = |value: &str| sandbox.git(&["config", "dispatch.trashExpire", value]);
    configured("never");
    sandbox.refuses(&["drop", "--trash"], 1, "as old as 'never'");
    configured("rubbish");
    let _ = sandbox.run(&["drop", "--trash"]).exits(2).says("'dispatch.trashExpire'").says("git config --show-origin");
    let _ = sandbox.ok(&["drop", "B"]).says("warning: the trash stays as it is: bad value 'rubbish'");
    configured("1.day.ago");
    let told = sandbox.ok(&["drop", "--trash", "--json"]).json();
    assert_eq!((&told["trash"][0]["id"], told["trash"].as_array().unwrap().len()), (&"A".into(), 1));
    let _ = sandbox.run(&["drop", "--older-than", "1d"]).exits(2);
    let _ = sandbox.run(&["drop", "--trash", "A"]).exits(2);
}

#[test]
fn a_drop_takes_along_what_is_old_enough_in_the_trash_and_tells_it() {
    let mut sandbox = dropped();
    later(&mut sandbox, 20);
    let quiet = sandbox.ok(&["drop", "-n", "B"]);
    assert!(!quiet.stderr.contains("trash") && folder(&sandbox).is_some(), "{quiet:#?}");
    let told = sandbox.ok(&["drop", "B"]).answers("B dropped");
    let _ = told.says("removed from the trash: 1 task, ").says("as old as '14.days.ago'");
    assert_eq!(traces(&sandbox).matches("refs/dispatch/trash/").count(), 1, "that of B");
    sandbox.ok(&["undo", "B"]);
}

/// No part of what is in the trash leads out of it.
#[test]
fn nothing_behind_a_symlink_or_a_hard_link_is_removed_and_odd_files_are() {
    let sandbox = started();
    let place = sandbox.place("A");
    std::fs::write(sandbox.repo().join(".git/info/exclude"), "odd*\n").unwrap();
    write_in(&sandbox.root(), "outside/file", "mine\n");
    let outside = sandbox.root().join("outside");
    std::os::unix::fs::symlink(&outside, place.join("odd-link")).unwrap();
    std::fs::hard_link(outside.join("file"), place.join("odd-same")).unwrap();
    write_in(&place, "odd/closed/file", "1\n");
    let closed = place.join("odd/closed");
    std::fs::set_permissions(closed, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    let before = bytes(&outside);
    sandbox.ok(&["drop", "A"]);
    sandbox.ok(&["drop", "--trash", "--older-than", "now"]);
    assert_eq!((traces(&sandbox).as_str(), bytes(&outside) == before), ("[]  None", true));
}

/// The ledger may come from others, and a folder may have the name of one in the trash.
#[test]
fn what_is_not_in_the_trash_of_this_clone_stays() {
    let sandbox = dropped();
    let clone = Sandbox::empty_in(&sandbox.root());
    clone.git(&["clone", "--quiet", sandbox.repo().to_str().unwrap(), "."]);
    clone.git(&["fetch", "--quiet", "origin", "refs/notes/dispatch:refs/notes/dispatch"]);
    clone.refuses(&["drop", "--trash", "--older-than", "now"], 1, "the trash is empty here");
    let trash = folder(&sandbox).unwrap();
    let theirs = clone.root().join(trash.file_name().unwrap());
    write_in(&theirs, "file", "mine\n");
    clone.refuses(&["drop", "--trash", "--older-than", "now"], 1, "the trash is empty here");
    // With a ref as of this clone's own, too.
    let (name, tip) = {
        let said = sandbox.git(&["for-each-ref", "--format=%(refname) %(objectname)", "refs/dispatch/trash"]);
        let (name, tip) = said.split_once(' ').unwrap();
        (name.to_owned(), tip.to_owned())
    };
    clone.git(&["fetch", "--quiet", "origin", &format!("{name}:{name}")]);
    assert_eq!(clone.git(&["rev-parse", &name]), tip);
    clone.ok(&["drop", "--trash", "--older-than", "now"]).answers("A removed from the trash: branch task/A");
    assert!(theirs.join("file").exists() && trash.exists());
    assert!(!traces(&sandbox).starts_with("[] "));
}

/// What is marked is not brought back, and its commits can be had.
#[test]
fn what_is_half_removed_is_not_brought_back_and_is_removed_as_a_whole_later() {
    let sandbox = dropped();
    let private = sandbox.repo().join(".git/dispatch");
    let mut entries = std::fs::read_dir(&private).unwrap().map(|entry| entry.unwrap().path());
    let admin = entries.find(|path| path.to_string_lossy().contains("dropped-")).unwrap();
    let marked = admin.to_string_lossy().replace("/dropped-", "/emptied-");
    std::fs::rename(&admin, &marked).unwrap();
    std::fs::remove_file(folder(&sandbox).unwrap().join(".git")).unwrap();
    let said = sandbox.refuses(&["undo", "A"], 3, "are no longer in the trash");
    let command = said.stderr.split('\'').find(|part| part.starts_with("git branch")).unwrap().to_owned();
    sandbox.git(&command.split(' ').skip(1).collect::<Vec<_>>());
    sandbox.git(&["branch", "--quiet", "-D", "task/A"]);
    sandbox.ok(&["drop", "--trash", "--older-than", "now"]);
    assert_eq!(traces(&sandbox), "[]  None");
}

/// Files of another user cannot be removed, and what holds them is not half removed.
#[test]
fn files_of_another_user_stay_with_all_that_is_around_them() {
    use std::os::unix::process::CommandExt;
    if !rustix::process::geteuid().is_root() {
        return;
    }
    const NOBODY: u32 = 65_534;
    let mut sandbox = started();
    for (name, value) in
        [("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "safe.directory"), ("GIT_CONFIG_VALUE_0", "*")]
    {
        sandbox.env(name, value);
    }
    write_in(&sandbox.place("A"), ".env/file", "1\n");
    sandbox.ok(&["drop", "A"]);
    fn owned(path: &Path, by: u32) {
        std::os::unix::fs::lchown(path, Some(by), Some(by)).unwrap();
        if path.is_dir() && !path.is_symlink() {
            std::fs::read_dir(path).unwrap().for_each(|entry| owned(&entry.unwrap().path(), by));
        }
    }
    owned(&sandbox.root(), NOBODY);
    owned(&folder(&sandbox).unwrap().join(".env"), 0);
    let before = bytes(&folder(&sandbox).unwrap());
    #[expect(clippy::disallowed_methods, reason = "as another user")]
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_git-dispatch"));
    command.args(["drop", "--trash", "--older-than", "now"]).current_dir(sandbox.repo());
    command.env_clear().envs(sandbox.environment()).uid(NOBODY).gid(NOBODY);
    let kept = Outcome::of(&command.output().unwrap()).exits(1).says("warning: task 'A' stays in the trash: '");
    let _ = kept.says(".env' is another user's, or cannot be read");
    assert!(bytes(&folder(&sandbox).unwrap()) == before);
    sandbox.ok(&["drop", "--trash", "--older-than", "now"]);
    assert_eq!(traces(&sandbox), "[]  None");
}

#[test]
fn only_what_landed_long_enough_ago_is_dropped() {
    let mut sandbox = started();
    sandbox.git(&["merge", "--quiet", "--no-ff", "--no-edit", "task/A"]);
    later(&mut sandbox, 10);
    sandbox.commit_in(&sandbox.place("B"), &[("b", "1\n")], "work of B");
    sandbox.git(&["merge", "--quiet", "--no-ff", "--no-edit", "task/B"]);
    let landed = |age: &str| ["drop", "--landed", "--older-than", age].map(str::to_owned);
    let run = |age: &str| sandbox.run(&landed(age).iter().map(String::as_str).collect::<Vec<_>>());
    let _ = run("30d").exits(1).says("nothing that has landed as long ago as '30d' has a branch or a worktree here");
    let told = run("7d").exits(0).answers("A dropped");
    assert!(!told.stdout.contains("B dropped") && sandbox.place("B").exists(), "{told:#?}");
    let _ = run("7d").exits(1);
    let _ = run("now").exits(0).answers("B dropped");
}

#[test]
fn what_would_go_is_told_with_what_it_takes() {
    let sandbox = started();
    write_in(&sandbox.place("A"), "target/out", &"y".repeat(1_000_000));
    write_in(&sandbox.place("A"), ".env", "x");
    let json = sandbox.ok(&["drop", "-n", "--json", "A", "B"]).json();
    let [all, disposable] = ["bytes", "disposable_bytes"].map(|key| json["tasks"][0][key].as_u64().unwrap());
    assert!(disposable >= 1_000_000 && all > disposable && all < 1_200_000, "{json}");
    assert_eq!(json["tasks"][1]["disposable_bytes"], 0);
    let told = sandbox.ok(&["drop", "-n", "A"]).answers(" KiB, of which 9");
    assert!(told.stdout.contains(" KiB would be deleted as disposable)\n"), "{told:#?}");
    assert!(sandbox.ok(&["drop", "--json", "A"]).json()["tasks"][0].get("bytes").is_none());
}

#[test]
fn a_status_tells_what_worktrees_and_trash_take() {
    let sandbox = dropped();
    write_in(&sandbox.place("B"), "target/out", &"y".repeat(1_000_000));
    let json = sandbox.ok(&["status", "--disk", "--json"]);
    let (b, trash) = (json.task("B")["disk_bytes"].as_u64().unwrap(), json.json()["trash_bytes"].as_u64().unwrap());
    assert!((1_000_000..1_200_000).contains(&b) && (5000..200_000).contains(&trash), "{json:#?}");
    let told = sandbox.ok(&["status", "--disk"]).answers("  Disk").answers(" KiB");
    let _ = told.answers("in the trash: 1 task with ").answers(": git dispatch drop --trash -n\n");
    let plain = sandbox.ok(&["status"]);
    assert!(!plain.stdout.contains("Disk") && !plain.stdout.contains("trash"), "{plain:#?}");
    assert!(sandbox.ok(&["status", "--json"]).task("B").get("disk_bytes").is_none());
    sandbox.ok(&["drop", "--trash", "--older-than", "now"]);
    sandbox.ok(&["status", "--disk"]).answers("the trash is empty\n");
    let _ = sandbox.run(&["status", "--disk", "--porcelain"]).exits(2);
}

/// Without the start that the ledger knows, nothing would find what was dropped.
#[test]
fn a_start_is_not_taken_back_while_a_task_of_it_lies_in_the_trash() {
    let sandbox = dropped();
    let refused = sandbox.refuses(&["undo", "batch-001"], 3, "task 'A' is in the trash, and could not be brought back");
    let _ = refused.says("hint: use 'git dispatch undo A' to bring it back first");
    sandbox.ok(&["drop", "--trash", "--older-than", "now"]);
    sandbox.ok(&["undo", "batch-001"]);
}
