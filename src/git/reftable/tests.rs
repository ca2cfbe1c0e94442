use std::process::Command;

use proptest::prelude::*;

use super::super::Git;
use super::*;

/// A repository with a reftable; `None` where git knows none.
fn repository(arguments: &[&str]) -> Option<(tempfile::TempDir, Git)> {
    let temp = tempfile::Builder::new().prefix("git-dispatch-test-").tempdir().unwrap();
    let git = Git::find().unwrap();
    let mut init = command(&git, temp.path());
    init.args(["init", "--quiet", "--initial-branch=main", "--ref-format=reftable"]).args(arguments);
    init.output().unwrap().status.success().then_some((temp, git))
}

fn command(git: &Git, dir: &Path) -> Command {
    let mut command = git.command(dir);
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "Ada Ä").env(format!("GIT_{role}_EMAIL"), "ada@example.com");
        command.env(format!("GIT_{role}_DATE"), "1768780800 -0730");
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command
}

#[track_caller]
fn run(git: &Git, dir: &Path, arguments: &[&str], input: &str) -> String {
    use std::io::{Seek, Write};
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(input.as_bytes()).unwrap();
    file.rewind().unwrap();
    let output = command(git, dir).args(arguments).stdin(file).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// What git says of all refs: `<name> <id>`, or `<name> <target>`.
fn told(git: &Git, dir: &Path) -> Vec<String> {
    let format = "--format=%(refname) %(if)%(symref)%(then)%(symref)%(else)%(objectname)%(end)";
    run(git, dir, &["for-each-ref", format], "").lines().map(str::to_owned).collect()
}

fn read(stack: &Stack) -> Vec<String> {
    let refs = stack.refs().unwrap();
    let below = refs.iter().filter(|(name, _)| name.starts_with(b"refs/"));
    let shown = below.map(|(name, value)| match value {
        Value::Object(id) => format!("{} {id}", String::from_utf8_lossy(name)),
        Value::Symbolic(to) => format!("{} {}", String::from_utf8_lossy(name), String::from_utf8_lossy(to)),
    });
    shown.collect()
}

#[test]
fn what_is_read_is_what_git_says() {
    for (format, setting) in [("sha1", "reftable.blockSize=4096"), ("sha256", "reftable.blockSize=300")] {
        let Some((temp, git)) = repository(&[&format!("--object-format={format}")]) else { return };
        let dir = temp.path();
        let (key, value) = setting.split_once('=').unwrap();
        run(&git, dir, &["config", key, value], "");
        let git_dir = dir.join(".git");
        let stack = Stack::of(&git_dir);
        assert_eq!((read(&stack), stack.head()), (Vec::new(), b"ref: refs/heads/main\n".to_vec()));
        assert!(is_stub(&std::fs::read(git_dir.join("HEAD")).unwrap()));
        run(&git, dir, &["commit", "--quiet", "--allow-empty", "-m", "one"], "");
        let one = run(&git, dir, &["rev-parse", "HEAD"], "");
        // Some tables, and tables of many blocks.
        let many: String = (0..700).map(|n| format!("create refs/heads/many/branch-{n} {one}\n")).collect();
        run(&git, dir, &["update-ref", "--create-reflog", "-m", "a message", "--stdin"], &many);
        run(&git, dir, &["tag", "-a", "-m", "tag", "v1"], "");
        run(&git, dir, &["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"], "");
        run(&git, dir, &["update-ref", "refs/remotes/origin/main", &one], "");
        assert_eq!(read(&stack), told(&git, dir));
        let gone: String = (100..300).map(|n| format!("delete refs/heads/many/branch-{n}\n")).collect();
        run(&git, dir, &["update-ref", "--stdin"], &gone);
        assert_eq!(read(&stack), told(&git, dir));
        assert_eq!(stack.log("refs/heads/many/branch-100"), b"", "a reflog goes with its ref");
        run(&git, dir, &["pack-refs", "--all"], "");
        assert_eq!(read(&stack), told(&git, dir));
        let id: Oid = one.parse().unwrap();
        assert_eq!(stack.find("refs/heads/many/branch-7").unwrap(), Some(Value::Object(id)));
        assert_eq!(stack.find("refs/heads/many").unwrap(), None);
        let null = "0".repeat(one.len());
        let line = format!("{null} {one} Ada Ä <ada@example.com> 1768780800 -0730\ta message\n");
        assert_eq!(String::from_utf8(stack.log("refs/heads/many/branch-699")).unwrap(), line);
        run(&git, dir, &["commit", "--quiet", "--allow-empty", "-m", "two"], "");
        let log = String::from_utf8(stack.log("HEAD")).unwrap();
        let two = run(&git, dir, &["rev-parse", "HEAD"], "");
        assert!(log.lines().count() == 2 && log.contains(&format!("{one} {two} ")), "{log}");
        assert!(log.ends_with("\tcommit: two\n"), "{log}");
        run(&git, dir, &["checkout", "--quiet", "--detach"], "");
        assert_eq!(stack.head(), format!("{two}\n").into_bytes());
    }
}

#[test]
fn a_list_that_names_what_is_no_table_is_an_error() {
    let temp = tempfile::tempdir().unwrap();
    let stack = Stack::of(temp.path());
    assert!(stack.refs().unwrap().is_empty(), "no table yet");
    std::fs::create_dir(temp.path().join("reftable")).unwrap();
    for list in ["../secret\n", "absent.ref\n", "/etc/passwd\n", ".\n"] {
        std::fs::write(temp.path().join("reftable/tables.list"), list).unwrap();
        assert!(stack.refs().is_err(), "{list:?}");
        assert_eq!(stack.log("HEAD"), b"");
    }
    assert_eq!(stack.head(), b"");
}

/// The tables of a small repository.
fn sample() -> Option<Vec<u8>> {
    let (temp, git) = repository(&[])?;
    let dir = temp.path();
    run(&git, dir, &["commit", "--quiet", "--allow-empty", "-m", "one"], "");
    run(&git, dir, &["branch", "b"], "");
    run(&git, dir, &["pack-refs", "--all"], "");
    let list = std::fs::read_to_string(dir.join(".git/reftable/tables.list")).unwrap();
    Some(std::fs::read(dir.join(".git/reftable").join(list.trim())).unwrap())
}

#[test]
fn a_table_that_is_cut_is_damaged() {
    let Some(whole) = sample() else { return };
    for end in 0..whole.len() {
        assert!(Table::of(&whole[..end]).is_none(), "cut at {end}");
    }
    assert!(Table::of(&whole).is_some());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]

    /// Whatever is in a table, reading it ends, and without a panic.
    #[test]
    fn damage_is_survived(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..200)) {
        let Some(whole) = sample() else { return Ok(()) };
        for (at, byte) in changes {
            let mut bytes = whole.clone();
            bytes[at.index(whole.len())] = byte;
            if let Some(table) = Table::of(&bytes) {
                _ = table.refs(|_, _| ());
                _ = table.logs(|_, _, _| ());
            }
        }
    }
}
