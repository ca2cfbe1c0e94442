//! Repositories to measure in.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::{done, git};

/// Files of the made-up repository.
pub const FILES: usize = 5_000;

/// Commits of the made-up repository.
const COMMITS: usize = 1_000;

/// A repository of [`FILES`] files in 250 folders and some history, its `main` checked out at `repo` below `root`.
pub fn synthetic(root: &Path) -> PathBuf {
    let repo = root.join("repo");
    done(git(root, &["init", "--quiet", "--initial-branch=main", "repo"]));
    let mut import = git(&repo, &["fast-import", "--quiet"]);
    let mut import = import.stdin(Stdio::piped()).spawn().unwrap();
    let mut out = std::io::BufWriter::new(import.stdin.take().unwrap());
    for commit in 0..COMMITS {
        let message = format!("commit {commit}");
        let time = 1_700_000_000 + commit * 600;
        write!(out, "commit refs/heads/main\ncommitter Ada <ada@example.com> {time} +0000\n").unwrap();
        write!(out, "data {}\n{message}\n", message.len()).unwrap();
        let changed: Vec<usize> = if commit == 0 {
            (0..FILES).collect()
        } else {
            (0..3).map(|at| (commit * 7 + at * 1_613) % FILES).collect()
        };
        for file in changed {
            let text = text_of(file, commit);
            write!(out, "M 100644 inline src/part{}/file{file}.c\ndata {}\n{text}\n", file % 250, text.len()).unwrap();
        }
    }
    drop(out);
    assert!(import.wait().unwrap().success(), "fast-import");
    done(git(&repo, &["reset", "--quiet", "--hard"]));
    repo
}

fn text_of(file: usize, commit: usize) -> String {
    (0..20 + file % 160).map(|line| format!("line {line} of file {file} in {}\n", commit * line % 97)).collect()
}

/// A clone of any local repository, its HEAD checked out as `main` at `repo` below `root`.
pub fn clone_of(source: &str, root: &Path) -> PathBuf {
    let repo = root.join("repo");
    done(git(root, &["-c", "advice.detachedHead=false", "clone", "--quiet", "--no-tags", source, "repo"]));
    done(git(&repo, &["checkout", "--quiet", "-B", "main"]));
    repo
}

/// Writes a file, with the folders it needs.
pub fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Adds a line to a file.
pub fn append(path: &Path, line: &str) {
    let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
    writeln!(file, "{line}").unwrap();
}

/// Commits everything in `dir`.
pub fn commit(dir: &Path, message: &str) {
    done(git(dir, &["add", "--all"]));
    done(git(dir, &["commit", "--quiet", "--message", message]));
}
