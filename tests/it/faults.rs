//! A repository in which something is broken: the rest is still shown, what is broken is named, and the exit code says so.

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::scene::Outcome;
use crate::support::{Sandbox, write_in};

const TASKS: &str = "[task.A]\ntitle = \"First\"\n[task.B]\ntitle = \"Second\"\n[task.C]\nneeds = [\"A\", \"B\"]\n";

/// A and B are started and have a commit each that touches a file of the target and a new one; the target went on.
fn started() -> Sandbox {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.commit(&[("dir/file", "0\n"), ("other", "0\n")], "more");
    sandbox.ok(&["start", "A", "B"]);
    for id in ["A", "B"] {
        let files = [(&*format!("dir/own-{id}"), id), (&*format!("own-{id}"), id)];
        sandbox.commit_in(&sandbox.place(id), &files, id);
    }
    sandbox.commit(&[("other", "1\n")], "on");
    sandbox
}

fn loose(sandbox: &Sandbox, revision: &str) -> PathBuf {
    loose_of(sandbox, &sandbox.git(&["rev-parse", revision]))
}

fn loose_of(sandbox: &Sandbox, id: &str) -> PathBuf {
    sandbox.repo().join(".git/objects").join(&id[..2]).join(&id[2..])
}

fn remove(path: &Path) {
    std::fs::remove_file(path).unwrap();
}

fn spoil(path: &Path) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::write(path, "no object").unwrap();
}

/// Status exits with 128, and B is shown as if nothing had happened.
#[track_caller]
fn status(sandbox: &Sandbox) -> Outcome {
    let text = sandbox.run(&["status"]).exits(128).answers("B     active");
    assert!(!text.stderr.contains("panicked"), "{text:#?}");
    let told = sandbox.run(&["status", "--json"]).exits(128);
    assert_eq!(told.task("B")["ahead"], 1, "{told:#?}");
    told
}

fn notes(row: &Value) -> String {
    row["notes"].to_string()
}

#[test]
fn an_object_of_one_branch_that_is_missing_or_damaged_is_named_there() {
    for (what, break_it) in [
        ("task/A", remove as fn(&Path)),
        ("task/A^{tree}", remove),
        ("task/A:dir", remove),
        ("task/A:own-A", remove),
        ("task/A", spoil),
        ("task/A^{tree}", spoil),
        ("task/A:dir", spoil),
        ("task/A:own-A", spoil),
    ] {
        let sandbox = started();
        let id = sandbox.git(&["rev-parse", what]);
        break_it(&loose(&sandbox, what));
        let told = status(&sandbox);
        let (a, b) = (told.task("A"), told.task("B"));
        assert!(notes(&a).contains(&id), "{what}: {a}");
        assert_eq!(
            (a["state"].clone(), b["readiness"]["verdict"].clone()),
            (json!("active"), json!("clean")),
            "{what}"
        );
        if what == "task/A" {
            let unknown = [&a["ahead"], &a["behind"], &a["commits"], &a["last_commit_at"], &a["readiness"]];
            assert_eq!(unknown, [&Value::Null; 5], "{a}");
        }
        assert_eq!(notes(&b), "[]", "{what}");
        sandbox.run(&["status", "B"]).exits(0);
        sandbox.run(&["status", "A"]).exits(128);
    }
}

#[test]
fn an_object_of_base_or_target_that_is_missing_is_named_where_it_is_needed() {
    for what in ["main^{tree}", "main~1", "main~1^{tree}"] {
        let sandbox = started();
        let id = sandbox.git(&["rev-parse", what]);
        remove(&loose(&sandbox, what));
        let told = status(&sandbox);
        assert!(["A", "B"].iter().all(|task| notes(&told.task(task)).contains(&id)), "{what}: {told:#?}");
    }
    let sandbox = started();
    let (tree, id) = (sandbox.git(&["rev-parse", "main^{tree}"]), sandbox.git(&["rev-parse", "main"]));
    remove(&loose(&sandbox, "main^{tree}"));
    sandbox.run(&["check", "other"]).exits(128).says(&tree).says("hint: use 'git fsck' to see what is missing");
    for break_it in [spoil as fn(&Path), remove] {
        break_it(&loose_of(&sandbox, &id));
        for command in ["status", "plan", "log"] {
            let told = sandbox.run(&[command]).exits(128).says("hint: use 'git fsck' to see what is missing");
            told.says(&format!("error: commit {id} of 'main' cannot be read\n"));
        }
        assert_eq!(sandbox.run(&["status", "--prompt"]).exits(0).stderr, "");
    }
}

#[test]
fn a_history_with_a_hole_is_counted_where_the_hole_does_not_matter() {
    let sandbox = started();
    let place = sandbox.place("A");
    sandbox.commit_in(&place, &[("more", "1\n")], "more");
    let hole = sandbox.git(&["rev-parse", "task/A~1"]);
    remove(&loose(&sandbox, "task/A~1"));
    let told = status(&sandbox);
    let a = told.task("A");
    assert_eq!((&a["ahead"], &a["commits"]), (&Value::Null, &Value::Null), "{a}");
    assert!(notes(&a).contains(&hole), "{a}");
    assert_eq!(told.task("B")["commits"], 1);
}

#[test]
fn a_broken_ref_hides_no_other() {
    for content in ["", "no id\n", "ref: \n"] {
        let sandbox = started();
        write_in(&sandbox.repo(), ".git/refs/heads/task/A", content);
        let told = status(&sandbox);
        told.says("warning: ").says("refs/heads/task/A");
    }
    let sandbox = started();
    let tree = sandbox.git(&["rev-parse", "main^{tree}"]);
    write_in(&sandbox.repo(), ".git/refs/heads/task/A", &format!("{tree}\n"));
    let a = status(&sandbox).task("A");
    assert!(notes(&a).contains(&tree), "{a}");
}

#[test]
fn a_broken_worktree_hides_no_other() {
    for (file, content) in [("commondir", ""), ("HEAD", ""), ("HEAD", "ref: \n")] {
        let sandbox = started();
        write_in(&sandbox.repo().join(".git/worktrees/repo-task-A"), file, content);
        let told = sandbox.ok(&["status", "--json"]);
        assert_eq!(told.task("B")["changes"]["modified"], 0);
        assert_ne!(notes(&told.task("A")), "[]", "{file}");
    }
    let sandbox = started();
    write_in(&sandbox.place("A"), ".git", "nonsense\n");
    assert!(notes(&sandbox.row("A")).contains("is broken"));
    let plain = sandbox.ok(&["status"]);
    let line = plain.stdout.lines().find(|line| line.starts_with("  A ")).unwrap();
    assert!(line.contains(" · "), "{line}");
}

/// Puts `bytes` in place of the index of A's worktree.
fn replace_index(sandbox: &Sandbox, bytes: &[u8]) {
    std::fs::write(sandbox.repo().join(".git/worktrees/repo-task-A/index"), bytes).unwrap();
}

#[test]
fn a_damaged_index_is_named_and_hides_no_other() {
    let sandbox = started();
    let index = sandbox.repo().join(".git/worktrees/repo-task-A/index");
    let sound = std::fs::read(&index).unwrap();
    let (mut flipped, mut many) = (sound.clone(), sound.clone());
    // In the first path.
    flipped[74] ^= 1;
    many[8..12].fill(0xff);
    let noise: Vec<u8> = (0..300_u32).map(|at| (at * at % 251) as u8).collect();
    for bytes in [&sound[..100], &sound[..sound.len() - 1], &[], &noise, &many, &flipped] {
        replace_index(&sandbox, bytes);
        let told = status(&sandbox);
        let a = told.task("A");
        assert_eq!((&a["changes"], &a["state"]), (&Value::Null, &json!("active")), "{a}");
        assert!(notes(&a).contains("the index of its worktree"), "{a}");
        assert_eq!((told.task("B")["changes"]["modified"].clone(), notes(&told.task("B"))), (json!(0), "[]".into()));
    }
    remove(&index);
    std::os::unix::fs::symlink("/dev/zero", &index).unwrap();
    assert!(notes(&status(&sandbox).task("A")).contains("is damaged"));
    // git takes none for an empty one.
    remove(&index);
    let a = sandbox.row("A");
    assert_eq!((&a["changes"]["staged"], notes(&a)), (&json!(6), "[]".into()), "{a}");
    replace_index(&sandbox, &sound);
    assert_eq!(sandbox.row("A")["changes"]["staged"], 0);
}

#[test]
fn the_checksum_of_an_index_may_be_left_out() {
    let sandbox = started();
    let place = sandbox.place("A");
    sandbox.git_in(&place, &["-c", "index.skipHash=true", "update-index", "--force-write-index"]);
    write_in(&place, "other", "changed\n");
    assert_eq!(sandbox.row("A")["changes"]["modified"], 1);
}

/// Appends to the note that holds the ledger.
fn spoil_ledger(sandbox: &Sandbox, more: &[u8]) {
    let listed = sandbox.git(&["notes", "--ref=dispatch", "list"]);
    let (note, commit) = listed.split_once(' ').unwrap();
    let mut text = sandbox.git(&["cat-file", "blob", note]).into_bytes();
    text.push(b'\n');
    text.extend_from_slice(more);
    let path = sandbox.root().join("note");
    std::fs::write(&path, text).unwrap();
    let blob = sandbox.git(&["hash-object", "-w", path.to_str().unwrap()]);
    sandbox.git(&["notes", "--ref=dispatch", "add", "--force", "-C", &blob, commit]);
}

/// Runs the program with so much address space, in KiB.
fn within(sandbox: &Sandbox, most: u32, arguments: &str) -> Outcome {
    let script = format!("ulimit -v {most} && exec '{}' {arguments}", env!("CARGO_BIN_EXE_git-dispatch"));
    #[expect(clippy::disallowed_methods, reason = "a shell sets the limit")]
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).current_dir(sandbox.repo()).env("HOME", sandbox.root().join("home"));
    Outcome::of(&shell.output().unwrap())
}

#[test]
fn lines_of_the_ledger_that_are_no_events_hide_no_others() {
    let sandbox = started();
    spoil_ledger(&sandbox, b"{\"at\":\n\xff\xfe\x00 nonsense\n{}\n\n[[[[\n\x1b]0;title\x07\n");
    let told = status(&sandbox);
    assert_eq!((&told.json()["unreadable"], &told.json()["batches"][0]["id"]), (&json!(5), &json!("batch-001")));
    let plain = sandbox.run(&["status"]).exits(128).answers("5 lines of the ledger could not be read");
    assert!(!plain.stderr.contains("ledger"), "{plain:#?}");
    let warning = "warning: 5 lines of the ledger could not be read\nhint: use 'git notes --ref=dispatch show ";
    for form in ["--json", "--porcelain", "--matrix", "--order"] {
        sandbox.run(&["status", form]).exits(128).says(warning);
    }
    for command in ["log", "plan"] {
        let told = sandbox.ok(&[command]).says(warning);
        let command = told.stderr.split('\'').nth(1).unwrap();
        let shown = sandbox.git(&["-c", &format!("alias.x=!{command}"), "x"]);
        assert!(shown.contains("M-^?M-~^@ nonsense"), "{shown}");
    }
}

#[test]
fn every_form_of_the_answer_names_what_is_broken() {
    let sandbox = started();
    let id = sandbox.git(&["rev-parse", "task/A^{tree}"]);
    remove(&loose(&sandbox, "task/A^{tree}"));
    for form in ["--porcelain", "--matrix", "--order"] {
        sandbox.run(&["status", form]).exits(128).says("warning: A: ").says(&id);
    }
    replace_index(&sandbox, b"no index");
    sandbox.run(&["status", "--porcelain"]).exits(128).says("warning: A: the index of its worktree");
    let plain = sandbox.run(&["status"]).exits(128);
    assert_eq!(plain.stderr, "");
}

#[test]
fn huge_notes_are_read_in_little_memory() {
    let mebibyte = 1 << 20;
    for (line, lines) in [
        (vec![b'x'; 100 * mebibyte], 1),
        (vec![0xff; 20 * mebibyte], 1),
        (b"[".repeat(20 * mebibyte), 1),
        (b"{}\n".repeat(6 * mebibyte), 6 * mebibyte),
    ] {
        let sandbox = started();
        spoil_ledger(&sandbox, &line);
        let told = within(&sandbox, 1_000_000, "status --json").exits(128);
        assert_eq!(told.json()["unreadable"], lines, "{}", &told.stderr);
        assert_eq!(told.json()["batches"][0]["id"], "batch-001");
    }
}

#[test]
fn odd_entries_among_the_notes_are_passed_over() {
    let sandbox = started();
    let listed = sandbox.git(&["notes", "--ref=dispatch", "list"]);
    let (note, commit) = listed.split_once(' ').unwrap();
    let tree = sandbox.git(&["rev-parse", "main^{tree}"]);
    let (main, gone) = (sandbox.git(&["rev-parse", "main"]), "1".repeat(40));
    let mut entries = format!("100644 blob {note}\t{commit}\n100644 blob {note}\tREADME\n040000 tree {tree}\tzz\n");
    let _ = write!(entries, "160000 commit {main}\tsub\n120000 blob {note}\tlink\n040000 tree {gone}\tab\n");
    let _ = write!(entries, "100644 blob {gone}\t{}\n040000 tree {tree}\t{}\n", "2".repeat(40), "3".repeat(40));
    let path = sandbox.root().join("entries");
    std::fs::File::create(&path).unwrap().write_all(entries.as_bytes()).unwrap();
    let made = sandbox.git(&["-c", "alias.made=!git mktree --missing <../entries", "made"]);
    let made = sandbox.git(&["commit-tree", "-m", "odd", &made]);
    sandbox.git(&["update-ref", "refs/notes/dispatch", &made]);
    let told = status(&sandbox).json();
    assert_eq!((&told["unreadable"], &told["batches"][0]["id"]), (&json!(2), &json!("batch-001")));
    // Without its tree the ledger says nothing, and what the branches show is told.
    remove(&loose(&sandbox, "refs/notes/dispatch^{tree}"));
    let told = sandbox.run(&["status", "--json"]).exits(128);
    assert_eq!((&told.json()["unreadable"], &told.task("B")["ahead"]), (&json!(1), &json!(1)));
    sandbox.run(&["start", "C"]).exits(3);
    assert_eq!(sandbox.git(&["rev-parse", "refs/notes/dispatch"]), made);
}

#[test]
fn a_gigantic_file_takes_no_memory() {
    let sandbox = started();
    let file = std::fs::File::create(sandbox.place("A").join("gigantic")).unwrap();
    file.set_len(3 << 40).unwrap();
    let told = within(&sandbox, 1_000_000, "status --json").exits(0);
    assert_eq!(told.task("A")["changes"]["untracked"], 1);
}

#[test]
fn very_many_branches_are_no_matter_for_few_tasks() {
    let sandbox = started();
    let main = sandbox.git(&["rev-parse", "main"]);
    let mut packed = "# pack-refs with: peeled fully-peeled sorted \n".to_owned();
    let mut names: Vec<String> = (0..10_000).map(|number| format!("refs/heads/task/X{number}")).collect();
    names.sort();
    for name in names {
        let _ = writeln!(packed, "{main} {name}");
    }
    write_in(&sandbox.repo(), ".git/packed-refs", &packed);
    let told = within(&sandbox, 1_000_000, "status --json").exits(0);
    assert_eq!(told.task("A")["ahead"], 1);
}
