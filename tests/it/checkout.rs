//! Worktrees that the program makes itself, beside those that git makes: nobody can tell them apart.

mod alike;
mod hostile;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::scene::Outcome;
use crate::support::Sandbox;

const TASKS: &str = "[task.A]\n[task.B]\n[task.C]\n[task.D]\n";

/// A process filter that turns letters by 13 places (git `Documentation/technical/long-running-process-protocol.txt`).
pub const TURN: &str = r#"
use strict; use warnings; binmode STDIN; binmode STDOUT; $| = 1;
sub packet { my $n; return undef unless read(STDIN, $n, 4) == 4; $n = hex $n; return "" if $n == 0; read(STDIN, my $d, $n - 4); $d }
sub say_ { my $d = shift; printf "%04x%s", length($d) + 4, $d } sub end_ { print "0000" }
sub list { my @l; while (defined(my $p = packet())) { last if $p eq ""; chomp $p; push @l, $p } @l }
list(); say_("git-filter-server\n"); say_("version=2\n"); end_();
list(); say_("capability=clean\n"); say_("capability=smudge\n"); end_();
while (my @head = list()) {
  open my $log, '>>', "$ENV{HOME}/filtered"; print $log join(' ', grep { !/^pathname/ } @head), "\n"; close $log;
  my $text = ''; while ((my $p = packet()) ne "") { $text .= $p }
  $text =~ tr/A-Za-z/N-ZA-Mn-za-m/;
  say_("status=success\n"); end_(); say_($text) if length $text; end_(); end_();
}
"#;

const HOOK: &str = "{ echo \"$0 $*\"; pwd; env | grep -e ^GIT_ -e ^PATH | sort; ls -A | wc -l; readlink /proc/$$/fd/0\n\
                    cat src/text.crlf | wc -c; git rev-parse HEAD --git-dir; git status --porcelain; } >>\"$HOME/hooked\" 2>&1\n\
                    echo noise\n";

fn put(sandbox: &Sandbox, path: &[u8], content: &[u8]) {
    let path = sandbox.repo().join(OsStr::from_bytes(path));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

/// A repository of everything that a checkout may meet.
fn everything() -> Sandbox {
    let sandbox = Sandbox::with_tasks(TASKS);
    let attributes = "*.crlf text eol=crlf\n*.auto text=auto\n*.bin -text\n*.wide text working-tree-encoding=UTF-16LE\n\
                      *.id ident\n*.up filter=up\n*.turn filter=turn\nsub/*.txt eol=crlf\n[attr]windows eol=crlf text\n*.win windows\n";
    put(&sandbox, b".gitattributes", attributes.as_bytes());
    put(&sandbox, b"deep/.gitattributes", b"*.id -ident\n*.crlf -text -eol\n");
    for folder in ["src", "deep/er", "sub"] {
        let file = |name: &str, text: &[u8]| put(&sandbox, format!("{folder}/{name}").as_bytes(), text);
        file("text.crlf", b"one\ntwo\n");
        file("text.auto", b"one\ntwo\n");
        file("text.win", b"one\ntwo\n");
        file("text.txt", b"one\ntwo\n");
        file("raw.bin", b"one\r\n\0two\n");
        file("what.id", b"it is $Id$ here\n");
        file("shout.up", b"shout\n");
        file("secret.turn", b"Uryyb\n");
        file("plain", b"plain\r\nand not\n");
        file("empty", b"");
    }
    put(&sandbox, b"wide/text.wide", &"grüße\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    let names: [&[u8]; 9] = [
        "ümläut/ñ".as_bytes(),
        "u\u{308}".as_bytes(),
        b"a b'c\"d",
        b"-rf",
        b"new\nline",
        b"\x1b[31m",
        b"bad\xff\xfe",
        b"$(touch x)",
        b".gitmodule",
    ];
    for name in names {
        put(&sandbox, name, b"odd\n");
    }
    put(&sandbox, format!("{}end", "d/".repeat(60)).as_bytes(), b"deep\n");
    for number in 0..1000 {
        put(&sandbox, format!("many/{}/{number}", number % 37).as_bytes(), format!("{number}\n").as_bytes());
    }
    put(&sandbox, b"larger", &b"0123456789abcdef".repeat(1 << 16));
    put(&sandbox, b"largest", &vec![b'x'; 33 << 20]);
    for (name, target) in
        [("link", "README"), ("src/up", "../deep"), ("dangling", "nowhere/at all"), ("abs", "/etc/passwd")]
    {
        symlink(target, sandbox.repo().join(name)).unwrap();
    }
    put(&sandbox, b"run", b"#!/bin/sh\n");
    std::fs::set_permissions(sandbox.repo().join("run"), PermissionsExt::from_mode(0o755)).unwrap();
    // A file that a folder sorts beside.
    for name in [&b"same-"[..], b"same.x", b"same/x", b"same0"] {
        put(&sandbox, name, b"order\n");
    }
    sandbox.git(&["config", "filter.up.smudge", "tr a-z A-Z"]);
    sandbox.git(&["config", "filter.up.clean", "tr A-Z a-z"]);
    let turn = sandbox.root().join("home/turn.pl");
    std::fs::write(&turn, TURN).unwrap();
    sandbox.git(&["config", "filter.turn.process", &format!("perl '{}'", turn.display())]);
    sandbox.git(&["config", "filter.turn.required", "true"]);
    sandbox.git(&["add", "--all"]);
    let head = sandbox.git(&["rev-parse", "HEAD"]);
    sandbox.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{head},modules/one")]);
    put(&sandbox, b".gitmodules", b"[submodule \"one\"]\n\tpath = modules/one\n\turl = ../one\n");
    sandbox.git(&["add", ".gitmodules"]);
    sandbox.git(&["commit", "--quiet", "-m", "everything"]);
    sandbox.script("repo/.git/hooks/post-checkout", HOOK);
    sandbox
}

/// Whether the program made the worktrees itself, and how it ended.
fn started(sandbox: &Sandbox, ids: &[&str]) -> (bool, Outcome) {
    let outcome = sandbox.run(&[&["start", "-v"], ids].concat());
    (!outcome.stderr.contains("git checks out the files"), outcome)
}

fn taken(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let _ = std::fs::remove_file(file);
    text
}

/// What the process filter was asked while files were checked out; what the hook's status asks depends on time.
fn smudged(log: &str) -> String {
    log.lines().filter(|line| line.contains("smudge")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_worktree_made_here_is_the_one_that_git_makes_byte_for_byte() {
    let sandbox = everything();
    let [hooked, filtered] = ["home/hooked", "home/filtered"].map(|name| sandbox.root().join(name));
    taken(&filtered);
    let (native, outcome) = started(&sandbox, &["A", "B"]);
    let outcome = outcome.exits(0);
    assert!(native && !outcome.stdout.contains("noise"));
    let ours = (taken(&hooked), smudged(&taken(&filtered)));
    sandbox.git(&["config", "dispatch.checkout", "git"]);
    let (native, outcome) = started(&sandbox, &["C", "D"]);
    let _ = outcome.exits(0);
    assert!(!native);
    let theirs = (taken(&hooked), smudged(&taken(&filtered)));
    alike::renamed(&[("A", "C"), ("B", "D")], &ours.0, &theirs.0);
    alike::renamed(&[("A", "C"), ("B", "D")], &ours.1, &theirs.1);
    assert!(ours.1.contains("treeish="), "the process filter was told of no commit: {}", ours.1);
    for (ours, theirs) in [("A", "C"), ("B", "D")] {
        alike::assert(&sandbox, ours, theirs);
    }
    sandbox.git(&["fsck", "--no-progress"]);
}

#[test]
fn the_first_status_of_a_worktree_made_here_has_nothing_to_read() {
    let sandbox = Sandbox::with_tasks(TASKS);
    for number in 0..200 {
        put(&sandbox, format!("f/{number}").as_bytes(), b"x\n");
    }
    symlink("f/1", sandbox.repo().join("link")).unwrap();
    sandbox.git(&["add", "--all"]);
    sandbox.git(&["commit", "--quiet", "-m", "files"]);
    let (native, outcome) = started(&sandbox, &["A", "B", "C"]);
    let _ = outcome.exits(0);
    assert!(native);
    for id in ["A", "B", "C"] {
        let place = sandbox.place(id);
        // Without a refresh: the stat data of each entry is that of its file.
        assert_eq!(sandbox.git_in(&place, &["diff-files", "--raw"]), "");
        assert_eq!(alike::racy(&sandbox, id), Vec::<String>::new());
        // Nothing to refresh: the index is not written anew.
        let index = sandbox.repo().join(format!(".git/worktrees/repo-task-{id}/index"));
        let before = std::fs::read(&index).unwrap();
        assert_eq!(sandbox.git_in(&place, &["status", "--porcelain=v2"]), "");
        assert_eq!(std::fs::read(&index).unwrap(), before);
        let tree = sandbox.git(&["rev-parse", "main^{tree}"]);
        assert_eq!(sandbox.git_in(&place, &["write-tree"]), tree);
    }
}

#[test]
fn an_edit_right_after_the_start_is_seen() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let _ = sandbox.ok(&["start", "A"]);
    // As long as before, in the same second.
    std::fs::write(sandbox.place("A").join("README"), "HELLO\n").unwrap();
    assert_eq!(sandbox.git_in(&sandbox.place("A"), &["status", "--porcelain"]), " M README");
}

#[test]
fn where_git_would_do_more_git_does_it_and_verbose_says_why() {
    let settings: [(&[&str], &str); 12] = [
        (&["config", "dispatch.checkout", "git"], "dispatch.checkout is 'git'"),
        (&["config", "core.symlinks", "false"], "core.symlinks is false"),
        (&["config", "core.ignoreCase", "true"], "core.ignoreCase is true"),
        (&["config", "core.sparseCheckout", "true"], "core.sparseCheckout is true"),
        (&["config", "core.splitIndex", "true"], "core.splitIndex is true"),
        (&["config", "core.untrackedCache", "true"], "core.untrackedCache is true"),
        (&["config", "index.version", "4"], "index.version is set"),
        (&["config", "core.sharedRepository", "group"], "core.sharedRepository is set"),
        (&["config", "core.logAllRefUpdates", "false"], "core.logAllRefUpdates is false"),
        (&["config", "remote.origin.promisor", "true"], "the repository is a partial clone"),
        (&["config", "core.autocrlf", "true"], "most of its files are converted by git"),
        (&["replace", "HEAD^{tree}", "HEAD~1^{tree}"], "objects are replaced"),
    ];
    for (command, why) in settings {
        let sandbox = Sandbox::with_tasks(TASKS);
        sandbox.commit(&[("more", "more\n")], "more");
        sandbox.git(command);
        let outcome = sandbox.ok(&["start", "-v", "A", "B"]);
        let outcome = outcome.says(&format!("git checks out the files: {why}"));
        outcome.answers("A");
        for id in ["A", "B"] {
            assert_eq!(sandbox.git_in(&sandbox.place(id), &["status", "--porcelain"]), "", "{command:?}");
        }
        // Without --verbose, nothing is said of it.
        assert_eq!(sandbox.ok(&["start", "C"]).stderr, "", "{command:?}");
    }
}

#[test]
fn a_worktree_config_or_an_unknown_extension_is_left_to_git() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.git(&["config", "extensions.worktreeConfig", "true"]);
    sandbox.git(&["config", "--worktree", "test.here", "1"]);
    let _ = sandbox.ok(&["start", "-v", "A"]).says("there is a 'config.worktree'");
    assert!(sandbox.place("A").join("README").exists());
}

#[test]
fn hooks_that_only_git_runs_are_run_by_git() {
    for hook in ["reference-transaction", "post-index-change"] {
        let sandbox = Sandbox::with_tasks(TASKS);
        sandbox.script(&format!("repo/.git/hooks/{hook}"), "echo x >>\"$HOME/hooked\"\n");
        let _ = sandbox.ok(&["start", "-v", "A"]).says(&format!("there is a hook '{hook}'"));
        assert_ne!(taken(&sandbox.root().join("home/hooked")), "");
    }
}

#[test]
fn a_hook_is_found_where_git_finds_it() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.git(&["config", "core.hooksPath", ".mine"]);
    sandbox.commit(&[("README", "hello\n")], "readme");
    sandbox.script("repo/.mine/post-checkout", "echo \"$0 $*\" >>\"$HOME/hooked\"\nexit 1\n");
    let hooked = sandbox.root().join("home/hooked");
    let (native, outcome) = started(&sandbox, &["A"]);
    let _ = outcome.exits(0);
    assert!(native);
    let ours = taken(&hooked);
    sandbox.git(&["config", "dispatch.checkout", "git"]);
    let _ = sandbox.ok(&["start", "B"]);
    assert_eq!(ours, taken(&hooked));
    assert!(ours.contains("/repo/.mine/post-checkout 000000"), "{ours}");
}

#[test]
fn a_hook_that_outlives_the_start_is_waited_for() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let word = sandbox.root().join("home/go-on");
    rustix::fs::mknodat(rustix::fs::CWD, &word, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    // The start dies while its hook waits for a word to go on.
    let body =
        "set -- $(cat /proc/$PPID/stat)\n[ -e \"$HOME/go-on\" ] || exit 0\nkill -9 $4\nread word <\"$HOME/go-on\"\n";
    sandbox.script("repo/.git/hooks/post-checkout", body);
    // The hook keeps the stderr that it was given, as git's hooks do: nobody here may wait for its end.
    #[expect(clippy::disallowed_methods, reason = "the program with other streams than those that tests read")]
    let mut start = std::process::Command::new(env!("CARGO_BIN_EXE_git-dispatch"));
    start.args(["start", "A"]).current_dir(sandbox.repo()).env_clear().envs(sandbox.environment());
    let ended = start.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).status().unwrap();
    assert_eq!(ended.code(), None);
    sandbox.git(&["config", "dispatch.lockTimeout", "0"]);
    sandbox.run(&["start", "A"]).exits(5).says("is acting on this repository").says("hint: wait until it ends");
    std::fs::write(&word, "now\n").unwrap();
    std::fs::remove_file(&word).unwrap();
    sandbox.git(&["config", "dispatch.lockTimeout", "60"]);
    let _ = sandbox.ok(&["start", "A"]);
    sandbox.assert_started(&["A"]);
}

#[test]
fn a_word_that_dispatch_checkout_does_not_know_is_refused() {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.git(&["config", "dispatch.checkout", "fast"]);
    sandbox.refuses(&["start", "A"], 2, "bad config value 'fast' for 'dispatch.checkout': it takes one of auto, git");
}

#[test]
fn admin_folders_are_numbered_as_git_numbers_them_and_others_stay() {
    let sandbox = Sandbox::with_tasks(TASKS);
    let admin = sandbox.repo().join(".git/worktrees");
    // One that is empty, as git makes it first, and one with a name like it.
    std::fs::create_dir_all(admin.join("repo-task-A1")).unwrap();
    let elsewhere = sandbox.root().join("else/repo-task-A");
    sandbox.git(&["worktree", "add", "--quiet", "-b", "x", elsewhere.to_str().unwrap()]);
    let (native, outcome) = started(&sandbox, &["A"]);
    let _ = outcome.exits(0);
    assert!(native);
    let git_dir = sandbox.git_in(&sandbox.place("A"), &["rev-parse", "--git-dir"]);
    assert!(git_dir.ends_with("/repo-task-A1") || git_dir.ends_with("/repo-task-A2"), "{git_dir}");
    assert_eq!(sandbox.git_in(&elsewhere, &["status", "--porcelain"]), "");
    assert!(!sandbox.repo().join(".git/dispatch/making").exists());
}

#[test]
fn a_task_that_cannot_be_made_stops_no_other() {
    let mut sandbox = Sandbox::with_tasks(TASKS);
    let path = sandbox.path();
    // The intent is written, and nothing is made.
    sandbox.wrap_git("case \"$*\" in *--stdin*) kill -9 $PPID; exit 1 ;; esac\nexec \"$REAL\" \"$@\"\n");
    assert_eq!(sandbox.run(&["start", "A", "B", "C"]).code, None);
    sandbox.env("PATH", &path);
    std::fs::write(sandbox.place("B"), "mine").unwrap();
    let outcome = sandbox.run(&["start", "A", "B", "C"]).exits(4).says("task 'B' of batch-001 could not be started");
    outcome.says("hint: use 'git dispatch start B' to go on from here");
    for id in ["A", "C"] {
        assert_eq!(sandbox.git_in(&sandbox.place(id), &["status", "--porcelain"]), "");
    }
    std::fs::remove_file(sandbox.place("B")).unwrap();
    let _ = sandbox.ok(&["start", "A", "B", "C"]);
    sandbox.assert_started(&["A", "B", "C"]);
}

#[test]
fn all_branches_are_made_in_one_transaction() {
    let mut sandbox = Sandbox::with_tasks(TASKS);
    let path = sandbox.path();
    sandbox.wrap_git("echo \"$*\" >>\"$HOME/calls\"\nexec \"$REAL\" \"$@\"\n");
    let _ = sandbox.ok(&["start", "A", "B", "C", "D"]);
    sandbox.env("PATH", &path);
    let calls = taken(&sandbox.root().join("home/calls"));
    assert_eq!(calls.lines().filter(|call| call.contains("--stdin")).count(), 1, "{calls}");
    assert!(!calls.contains("worktree"), "{calls}");
    sandbox.assert_started(&["A", "B", "C", "D"]);
}

#[test]
fn a_sha256_repository_is_checked_out_likewise() {
    let sandbox = Sandbox::empty();
    sandbox.init(&["--object-format=sha256"]);
    sandbox.commit(&[("README", "hello\n"), ("a/b/c", "deep\n"), ("dispatch.toml", TASKS)], "initial commit");
    let (native, outcome) = started(&sandbox, &["A", "B"]);
    let _ = outcome.exits(0);
    assert!(native);
    for id in ["A", "B"] {
        assert_eq!(sandbox.git_in(&sandbox.place(id), &["status", "--porcelain"]), "");
        assert_eq!(sandbox.git_in(&sandbox.place(id), &["write-tree"]), sandbox.git(&["rev-parse", "main^{tree}"]));
    }
}
