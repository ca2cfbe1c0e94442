//! `git dispatch install` on real folders.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use assert_cmd::Command;
use git_dispatch::shell::PIECES;
use tempfile::TempDir;

/// `git dispatch install` without a home.
fn install(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_git-dispatch"));
    command.env_clear().current_dir(dir).arg("install");
    command
}

fn below(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        found.push(path.display().to_string());
        found.extend(below(&path));
    }
    found
}

#[test]
fn a_prefix_gets_every_file_whole_and_readable_and_nothing_else() {
    let dir = TempDir::new().unwrap();
    let assert = install(dir.path()).args(["--prefix", "new/prefix"]).assert().success();
    let share = dir.path().join("new/prefix/share");
    let out = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert_eq!(out.lines().next(), share.canonicalize().unwrap().to_str());
    for piece in PIECES {
        let path = share.join(piece.path);
        assert_eq!(fs::read_to_string(&path).unwrap(), piece.text);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o444, 0o444, "{}", path.display());
        assert!(out.contains(&format!("  wrote  {}\n", piece.path)), "{out}");
    }
    let files = below(&share).into_iter().filter(|path| Path::new(path).is_file()).count();
    assert_eq!(files, PIECES.len());
}

#[test]
fn a_second_run_changes_nothing_and_says_so() {
    let dir = TempDir::new().unwrap();
    install(dir.path()).args(["--prefix", "."]).assert().success();
    let inodes = || PIECES.iter().map(|piece| fs::metadata(dir.path().join("share").join(piece.path)).unwrap().ino());
    let before: Vec<_> = inodes().collect();
    let assert = install(dir.path()).args(["--prefix", "."]).assert().success();
    let out = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert_eq!(out.matches("  same  ").count(), PIECES.len(), "{out}");
    assert_eq!(inodes().collect::<Vec<_>>(), before);
}

#[test]
fn an_older_version_is_replaced() {
    let dir = TempDir::new().unwrap();
    install(dir.path()).args(["--prefix", "."]).assert().success();
    let page = dir.path().join("share").join(PIECES[0].path);
    fs::write(&page, format!("{}\nold\n", PIECES[0].text)).unwrap();
    let assert = install(dir.path()).args(["--prefix", ".", "--json"]).assert().success();
    let answer: serde_json::Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert_eq!(answer["files"][0], serde_json::json!({ "path": PIECES[0].path, "fate": "wrote" }));
    assert_eq!(answer["files"][1]["fate"], "same");
    assert_eq!(fs::read_to_string(page).unwrap(), PIECES[0].text);
}

#[test]
fn a_dry_run_writes_nothing() {
    let dir = TempDir::new().unwrap();
    let assert = install(dir.path()).args(["--prefix", "p", "--dry-run"]).assert().success();
    let out = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert_eq!(out.matches("  would write  ").count(), PIECES.len(), "{out}");
    assert_eq!(below(dir.path()), Vec::<String>::new());
}

#[test]
fn without_a_prefix_the_users_own_folder_for_data_is_used() {
    let dir = TempDir::new().unwrap();
    let (data, home) = (dir.path().join("data"), dir.path().join("home"));
    install(dir.path()).env("XDG_DATA_HOME", &data).env("HOME", &home).assert().success();
    assert!(data.join(PIECES[0].path).is_file() && !home.exists());
    install(dir.path()).env("XDG_DATA_HOME", "relative").env("HOME", &home).assert().success();
    assert!(home.join(".local/share").join(PIECES[0].path).is_file());
    let assert = install(dir.path()).assert().code(2).stdout("");
    let errors = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert_eq!(
        errors,
        "error: neither XDG_DATA_HOME nor HOME says where your files are\nhint: say where with --prefix DIR\n"
    );
}

#[test]
fn a_prefix_that_cannot_be_written_to_is_refused() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    install(dir.path()).args(["--prefix", "file"]).assert().code(3).stdout("");
    let closed = dir.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
    // The superuser may write there.
    if rustix::process::geteuid().is_root() {
        return;
    }
    let assert = install(dir.path()).args(["--prefix", "closed"]).assert().code(3).stdout("");
    let errors = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(errors.contains("is not writable") && errors.contains("hint: choose another folder"), "{errors}");
    assert_eq!(below(&closed), Vec::<String>::new());
}

#[test]
fn a_file_of_somebody_else_is_left_and_nothing_is_written() {
    let dir = TempDir::new().unwrap();
    let last = dir.path().join("share").join(PIECES[PIECES.len() - 1].path);
    fs::create_dir_all(last.parent().unwrap()).unwrap();
    fs::write(&last, "# of another git-dispatch\n").unwrap();
    let before = below(dir.path());
    install(dir.path()).args(["--prefix", "."]).assert().code(3).stdout("");
    assert_eq!(below(dir.path()), before);
    assert_eq!(fs::read_to_string(last).unwrap(), "# of another git-dispatch\n");
}

#[test]
fn nothing_is_written_through_a_symlink_that_leads_out() {
    let dir = TempDir::new().unwrap();
    let (share, outside) = (dir.path().join("share"), dir.path().join("outside"));
    fs::create_dir(&share).unwrap();
    fs::create_dir(&outside).unwrap();
    symlink(&outside, share.join("fish")).unwrap();
    install(dir.path()).args(["--prefix", "."]).assert().code(3).stdout("");
    assert_eq!(below(&outside), Vec::<String>::new());
    assert!(!share.join("man").exists());
}

#[test]
fn a_symlink_in_the_place_of_a_file_is_left() {
    let dir = TempDir::new().unwrap();
    let page = dir.path().join("share").join(PIECES[0].path);
    fs::create_dir_all(page.parent().unwrap()).unwrap();
    fs::write(dir.path().join("victim"), PIECES[1].text).unwrap();
    symlink(dir.path().join("victim"), &page).unwrap();
    install(dir.path()).args(["--prefix", "."]).assert().code(3).stdout("");
    assert!(page.is_symlink());
    assert_eq!(fs::read_to_string(dir.path().join("victim")).unwrap(), PIECES[1].text);
}

#[test]
fn a_write_that_fails_leaves_no_half_file_and_names_what_was_written() {
    let dir = TempDir::new().unwrap();
    install(dir.path()).args(["--prefix", "."]).assert().success();
    let place = |end: &str| {
        let piece = PIECES.iter().find(|piece| piece.path.ends_with(end)).unwrap();
        dir.path().canonicalize().unwrap().join("share").join(piece.path)
    };
    let (small, large) = (place("git-dispatch-adopt.1"), place("dispatch-toml.5"));
    fs::remove_file(&small).unwrap();
    fs::remove_file(&large).unwrap();
    // No file may become larger than 4 KiB: writing more fails as on a full disk.
    let limited = "trap '' XFSZ; ulimit -f 4; exec \"$0\" install --prefix .";
    let mut bash = Command::new("bash");
    bash.args(["-c", limited, env!("CARGO_BIN_EXE_git-dispatch")]).current_dir(dir.path());
    let assert = bash.assert().code(4).stdout("");
    let errors = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(errors.contains(&format!("could not write '{}'", large.display())), "{errors}");
    assert!(errors.contains(&format!("  written: {}\n", small.display())), "{errors}");
    assert!(small.is_file() && !large.exists());
    assert_eq!(fs::read_dir(large.parent().unwrap()).unwrap().count(), 0);
    install(dir.path()).args(["--prefix", "."]).assert().success();
    assert!(large.is_file());
}
