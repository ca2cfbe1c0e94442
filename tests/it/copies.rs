//! Files that are copied from the main worktree into new ones.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use serde_json::json;

use crate::support::{Sandbox, write_in};

const TASKS: &str = "copy = [\".env\", \"config/local.*\", \"node_modules/\", \"links\"]\n[task.A]\n[task.B]\n";

fn sandbox(tasks: &str) -> Sandbox {
    let sandbox = Sandbox::with_tasks(tasks);
    sandbox.commit(&[(".gitignore", ".env\nnode_modules/\n"), ("config/local.example", "tracked\n")], "rules");
    sandbox.write(".env", "SECRET=1\n");
    sandbox.write("config/local.toml", "local\n");
    sandbox.write("config/other.toml", "other\n");
    sandbox.write("node_modules/p/index.js", "js\n");
    sandbox.write("node_modules/p/q/deep.js", "deep\n");
    sandbox
}

fn read(place: &Path, path: &str) -> Option<String> {
    std::fs::read_to_string(place.join(path)).ok()
}

#[track_caller]
fn mkfifo(path: &Path) {
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
}

#[test]
fn what_matches_is_copied_into_each_worktree_with_mode_and_time() {
    let sandbox = sandbox(TASKS);
    let secret = sandbox.repo().join(".env");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o640)).unwrap();
    let outcome = sandbox.ok(&["start", "A", "B", "--json"]).says("copied 8 files into 2 worktrees");
    assert_eq!(outcome.json()["tasks"][0]["copied"], json!(4));
    for id in ["A", "B"] {
        let place = sandbox.place(id);
        assert_eq!(read(&place, ".env").as_deref(), Some("SECRET=1\n"));
        assert_eq!(read(&place, "config/local.toml").as_deref(), Some("local\n"));
        assert_eq!(read(&place, "node_modules/p/q/deep.js").as_deref(), Some("deep\n"));
        assert_eq!(read(&place, "config/other.toml"), None);
        assert_eq!(read(&place, "config/local.example").as_deref(), Some("tracked\n"));
        let (copy, original) = (place.join(".env").metadata().unwrap(), secret.metadata().unwrap());
        assert_eq!((copy.mode() & 0o777, copy.mtime_nsec()), (0o640, original.mtime_nsec()));
        assert_ne!(copy.ino(), original.ino());
    }
}

#[test]
fn a_worktreeinclude_is_read_as_a_gitignore() {
    let sandbox = sandbox("[task.A]\n");
    sandbox.write(".worktreeinclude", "# local files\n*.toml\n!other.toml\n/node_modules/p/\ndeep/**/x\n");
    sandbox.write("a/b/any.toml", "any");
    sandbox.write("deep/1/2/x", "x");
    sandbox.ok(&["start", "A"]);
    let place = sandbox.place("A");
    for path in ["config/local.toml", "a/b/any.toml", "node_modules/p/index.js", "deep/1/2/x"] {
        assert!(place.join(path).exists(), "{path}");
    }
    for path in ["config/other.toml", ".env", ".worktreeinclude"] {
        assert!(!place.join(path).exists(), "{path}");
    }
}

#[test]
fn a_worktreeinclude_that_is_no_file_is_not_waited_for_nor_followed() {
    for case in ["pipe", "link", "large", "folder"] {
        let sandbox = sandbox(TASKS);
        let include = sandbox.repo().join(".worktreeinclude");
        match case {
            "pipe" => mkfifo(&include),
            "link" => symlink(sandbox.root().join("home"), &include).unwrap(),
            "large" => std::fs::write(&include, "x\n".repeat(200_000)).unwrap(),
            _ => std::fs::create_dir(&include).unwrap(),
        }
        let outcome = sandbox.run(&["start", "A"]).exits(4).says("warning: nothing was copied: '.worktreeinclude' is ");
        outcome.says("hint: use 'git dispatch start --setup A' to copy again what is missing");
        sandbox.assert_started(&["A"]);
        assert!(!sandbox.place("A").join(".env").exists());
        if case == "folder" {
            std::fs::remove_dir(&include).unwrap();
        } else {
            std::fs::remove_file(&include).unwrap();
        }
        sandbox.ok(&["start", "--setup", "A"]);
        assert!(sandbox.place("A").join(".env").exists());
    }
}

#[test]
fn what_is_tracked_or_there_already_stays() {
    let sandbox = sandbox("copy = [\"**\"]\n[task.A]\n");
    // Changed here, but tracked; tracked in what is started from, but not here.
    sandbox.write("README", "changed\n");
    sandbox.commit(&[("was-tracked", "theirs\n"), ("folder/x", "theirs\n")], "more");
    sandbox.git(&["rm", "--quiet", "--cached", "was-tracked", "folder/x"]);
    sandbox.write("was-tracked", "mine\n");
    sandbox.ok(&["start", "A", "--no-setup"]);
    let place = sandbox.place("A");
    assert_eq!(read(&place, "was-tracked").as_deref(), Some("theirs\n"));
    assert_eq!(read(&place, ".env").as_deref(), Some("SECRET=1\n"));
    assert!(!sandbox.git_in(&place, &["status", "--porcelain"]).lines().any(|line| !line.starts_with("??")));
    std::fs::write(place.join(".env"), "mine\n").unwrap();
    std::fs::remove_file(place.join("node_modules/p/index.js")).unwrap();
    assert_eq!(sandbox.ok(&["start", "--setup", "A", "--json"]).json()["tasks"][0]["copied"], json!(1));
    assert_eq!(read(&place, ".env").as_deref(), Some("mine\n"));
    assert_eq!(read(&place, "node_modules/p/index.js").as_deref(), Some("js\n"));
}

#[test]
fn nothing_is_copied_over_what_a_sparse_checkout_leaves_out() {
    let sandbox = sandbox("copy = [\"**\"]\nsparse = [\"src\"]\n[task.A]\n");
    sandbox.commit(&[("src/in", "in\n"), ("out/file", "tracked\n"), ("out/sub/x", "x\n")], "files");
    sandbox.git(&["rm", "--quiet", "-r", "--cached", "out"]);
    sandbox.write("out/file", "mine\n");
    std::fs::remove_dir_all(sandbox.repo().join("out/sub")).unwrap();
    sandbox.write("out/sub", "a file\n");
    sandbox.write("out/new", "new\n");
    sandbox.ok(&["start", "A"]);
    let place = sandbox.place("A");
    assert_eq!((read(&place, "out/file"), read(&place, "out/sub")), (None, None));
    assert_eq!(read(&place, "out/new").as_deref(), Some("new\n"));
    let status = sandbox.git_in(&place, &["status", "--porcelain"]);
    assert!(status.lines().all(|line| line.starts_with("??")), "{status}");
}

#[test]
fn git_s_own_files_other_worktrees_and_repositories_never_come_along() {
    let sandbox = sandbox("copy = [\"**\"]\nworktree = \"trees/{{ id }}\"\n[task.A]\n[task.B]\n");
    sandbox.write("nested/file", "nested\n");
    sandbox.git_in(&sandbox.repo().join("nested"), &["init", "--quiet"]);
    sandbox.write("cache/.GIT/config", "odd\n");
    sandbox.ok(&["start", "A"]);
    let outcome = sandbox.ok(&["start", "B"]);
    let place = sandbox.repo().join("trees/B");
    assert!(place.join(".env").exists());
    for path in ["trees", "nested", ".git/config", "cache"] {
        assert!(!place.join(path).exists(), "{path}");
    }
    outcome.says("warning: 'nested' was not copied: it is a repository of its own");
    sandbox.git_in(&place, &["status"]);
}

#[test]
fn symlinks_stay_inside_and_odd_files_stay_where_they_are() {
    let sandbox = sandbox("copy = [\"links/\"]\n[task.A]\n");
    let links = sandbox.repo().join("links");
    std::fs::create_dir_all(links.join("real")).unwrap();
    std::fs::write(sandbox.root().join("outside"), "secret\n").unwrap();
    for (name, target) in [
        ("inside", "real"),
        ("up", "../README"),
        ("dangling", "nowhere"),
        ("absolute", "/etc/passwd"),
        ("out", "../../outside"),
        ("chain", "top/../outside"),
        ("top", ".."),
        ("git", "../.git/config"),
    ] {
        symlink(target, links.join(name)).unwrap();
    }
    mkfifo(&links.join("pipe"));
    let outcome = sandbox.ok(&["start", "A"]);
    let place = sandbox.place("A").join("links");
    let mut names: Vec<_> = place.read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["dangling", "inside", "top", "up"]);
    assert_eq!(place.join("up").read_link().unwrap(), Path::new("../README"));
    outcome
        .says("warning: 'links/absolute' and 3 more were not copied: each is a symlink that leads out of the worktree")
        .says("warning: 'links/pipe' was not copied: it is no file, but a pipe");
}

#[test]
fn nothing_is_written_through_a_symlink_of_the_new_worktree() {
    let sandbox = sandbox(TASKS);
    let outside = sandbox.root().join("outside");
    std::fs::create_dir(&outside).unwrap();
    // What is started from has a link where there is a folder here.
    std::fs::remove_dir_all(sandbox.repo().join("node_modules")).unwrap();
    symlink(&outside, sandbox.repo().join("node_modules")).unwrap();
    sandbox.git(&["add", "--force", "node_modules"]);
    sandbox.git(&["commit", "--quiet", "-m", "link"]);
    sandbox.git(&["rm", "--quiet", "--cached", "node_modules"]);
    std::fs::remove_file(sandbox.repo().join("node_modules")).unwrap();
    sandbox.write("node_modules/p/index.js", "js\n");
    sandbox.ok(&["start", "A"]);
    assert_eq!(sandbox.place("A").join("node_modules").read_link().unwrap(), outside);
    assert_eq!(outside.read_dir().unwrap().count(), 0);
    assert!(sandbox.place("A").join(".env").exists());
    // One that somebody made there since.
    sandbox.ok(&["start", "B", "--no-setup"]);
    let place = sandbox.place("B");
    std::fs::write(place.join("config/local.toml"), "mine").unwrap();
    std::fs::remove_file(place.join("node_modules")).unwrap();
    symlink(&outside, place.join("node_modules")).unwrap();
    std::fs::remove_file(place.join(".env")).unwrap();
    std::fs::create_dir(place.join(".env")).unwrap();
    sandbox
        .ok(&["start", "--setup", "B"])
        .says("warning: '.env' and 1 more were not copied: something of another kind stands there in the worktree");
    assert_eq!(outside.read_dir().unwrap().count(), 0);
}

#[test]
fn a_source_behind_a_symlink_is_not_read() {
    let sandbox = sandbox("copy = [\"config/local.*\", \"linked/**\"]\n[task.A]\n");
    let outside = sandbox.root().join("outside");
    write_in(&outside, "local.secret", "secret\n");
    symlink(&outside, sandbox.repo().join("linked")).unwrap();
    std::fs::rename(sandbox.repo().join("config"), outside.join("config")).unwrap();
    symlink(outside.join("config"), sandbox.repo().join("config")).unwrap();
    sandbox.ok(&["start", "A"]);
    let place = sandbox.place("A");
    assert!(!place.join("linked").exists() && !place.join("config/local.toml").exists());
}

#[test]
fn copies_that_were_not_changed_are_no_obstacle_to_undo() {
    let sandbox = sandbox(TASKS);
    sandbox.ok(&["start", "A"]);
    let place = sandbox.place("A");
    let record = sandbox.repo().join(".git/dispatch/copies/A");
    assert!(record.exists());
    std::fs::write(place.join("node_modules/p/new.js"), "new").unwrap();
    sandbox.refuses(&["undo"], 3, "ignored by git, but perhaps needed").says("'node_modules/p/new.js'");
    std::fs::remove_file(place.join("node_modules/p/new.js")).unwrap();
    let time = place.join(".env").metadata().unwrap().modified().unwrap();
    std::fs::write(place.join(".env"), "SECRET=2\n").unwrap();
    sandbox.refuses(&["undo"], 3, "'.env'");
    std::fs::write(place.join(".env"), "SECRET=1\n").unwrap();
    std::fs::File::open(place.join(".env")).unwrap().set_modified(time).unwrap();
    std::fs::write(place.join("config/mine"), "").unwrap();
    sandbox.refuses(&["undo"], 3, "not committed in").says("config/mine");
    std::fs::remove_file(place.join("config/mine")).unwrap();
    sandbox.ok(&["undo"]);
    assert!(!place.exists() && !record.exists() && !record.parent().unwrap().exists());
    sandbox.ok(&["start", "A"]);
    assert!(place.join(".env").exists());
}

#[test]
fn a_record_that_is_damaged_hides_nothing() {
    let sandbox = sandbox(TASKS);
    sandbox.ok(&["start", "A"]);
    let record = sandbox.repo().join(".git/dispatch/copies/A");
    let mut text = std::fs::read(&record).unwrap();
    *text.last_mut().unwrap() = b'x';
    std::fs::write(&record, text).unwrap();
    sandbox.refuses(&["undo"], 3, "not committed in");
    std::fs::remove_file(&record).unwrap();
    mkfifo(&record);
    sandbox.refuses(&["undo"], 3, "not committed in");
}

#[test]
fn setup_finds_the_copies_and_a_bare_repository_has_none() {
    let sandbox = sandbox(TASKS);
    sandbox.git(&["config", "dispatch.setup", "grep SECRET .env"]);
    sandbox.ok(&["start", "A"]).says("A is set up");
    let bare = sandbox.root().join("bare.git");
    sandbox.git(&["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    sandbox.run_in(&bare, &["start", "B", "-v"]).exits(0).says("nothing is copied: the repository is bare");
}

#[test]
fn what_cannot_be_copied_is_told_and_the_task_stays_started() {
    let sandbox = sandbox(TASKS);
    std::fs::create_dir_all(sandbox.repo().join(".git/dispatch")).unwrap();
    symlink("/nowhere", sandbox.repo().join(".git/dispatch/copies")).unwrap();
    sandbox.run(&["start", "A"]).exits(4).says("warning: task 'A': could not remember what is copied");
    sandbox.assert_started(&["A"]);
    std::fs::remove_file(sandbox.repo().join(".git/dispatch/copies")).unwrap();
    sandbox.ok(&["start", "--setup", "A"]).says("copied 4 files into 1 worktree");
    assert!(sandbox.place("A").join("node_modules/p/index.js").exists());
}

#[test]
fn one_that_is_killed_leaves_whole_files_that_undo_knows_and_can_be_run_again() {
    let sandbox = sandbox("copy = [\"many/\"]\n[task.A]\n");
    for number in 0..40 {
        sandbox.write(&format!("many/{number:02}"), &"x".repeat(10_000));
    }
    // Files larger than the limit have the system kill the one that writes them.
    sandbox.write("many/20-large", &"x".repeat(3 << 20));
    let limited = || {
        #[expect(clippy::disallowed_methods, reason = "the shell sets the limit")]
        let mut shell = std::process::Command::new("sh");
        shell.args([
            "-c",
            "ulimit -c 0; ulimit -f 256; exec \"$@\"",
            "sh",
            env!("CARGO_BIN_EXE_git-dispatch"),
            "start",
            "A",
        ]);
        shell.current_dir(sandbox.repo()).env_clear().envs(sandbox.environment());
        assert_eq!(shell.output().unwrap().status.code(), None);
    };
    limited();
    let many = sandbox.place("A").join("many");
    for entry in many.read_dir().into_iter().flatten() {
        assert_eq!(entry.unwrap().metadata().unwrap().len(), 10_000);
    }
    sandbox.ok(&["undo"]);
    limited();
    sandbox.ok(&["start", "--setup", "A"]);
    assert_eq!(many.read_dir().unwrap().count(), 41);
    sandbox.ok(&["undo"]);
}

#[test]
fn names_that_are_odd_are_copied_and_shown_escaped() {
    let sandbox = sandbox("copy = [\"odd/\"]\n[task.A]\n");
    sandbox.write("odd/a\nb\u{1b}[31m", "x");
    mkfifo(&sandbox.repo().join("odd/pipe\u{1b}[31m"));
    let outcome = sandbox.ok(&["start", "A"]);
    assert!(!outcome.stderr.contains('\u{1b}'), "{}", outcome.stderr);
    assert!(sandbox.place("A").join("odd/a\nb\u{1b}[31m").exists());
    sandbox.ok(&["undo"]);
}

#[test]
#[cfg(target_os = "linux")]
fn holes_of_a_large_file_stay_holes() {
    let sandbox = sandbox("copy = [\"*.img\"]\n[task.A]\n");
    let image = std::fs::File::create(sandbox.repo().join("big.img")).unwrap();
    image.set_len(400 << 20).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&image, b"here", 100 << 20).unwrap();
    sandbox.ok(&["start", "A"]).says("copying 1 file, which may take a while");
    let copy = std::fs::File::open(sandbox.place("A").join("big.img")).unwrap();
    let mut text = [0; 6];
    std::os::unix::fs::FileExt::read_exact_at(&copy, &mut text, (100 << 20) - 1).unwrap();
    assert_eq!(&text, b"\0here\0");
    let found = copy.metadata().unwrap();
    assert!(found.len() == 400 << 20 && found.blocks() * 512 < 1 << 20, "{} blocks", found.blocks());
    sandbox.ok(&["undo"]);
}

#[test]
fn many_files_are_copied_and_announced() {
    let sandbox = sandbox("copy = [\"many/\"]\n[task.A]\n[task.B]\n");
    for number in 0..2_600 {
        sandbox.write(&format!("many/{}/{number}", number % 7), "x");
    }
    let outcome = sandbox.ok(&["start", "A", "B"]).says("copying 5200 files, which may take a while");
    outcome.says("copied 5200 files into 2 worktrees");
    sandbox.ok(&["undo"]);
}
