//! Everything in which two worktrees could differ.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::support::Sandbox;

/// Panics where the worktree of task `ours` differs from that of `theirs` in more than name and stat data.
#[track_caller]
pub fn assert(sandbox: &Sandbox, ours: &str, theirs: &str) {
    let names = [(ours, theirs)];
    let [mine, other] = [ours, theirs].map(|id| files(&sandbox.place(id)));
    assert_eq!(mine.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (path, mine) in mine {
        let other = &other[&path];
        assert_eq!((mine.0, mine.1.len()), (other.0, other.1.len()), "{:?}", String::from_utf8_lossy(&path));
        if path == b".git" {
            renamed(&names, &String::from_utf8_lossy(&mine.1), &String::from_utf8_lossy(&other.1));
        } else {
            assert!(mine.1 == other.1, "{:?}", String::from_utf8_lossy(&path));
        }
    }
    let [mine, other] = [ours, theirs].map(|id| files(&admin(sandbox, id)));
    assert_eq!(mine.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (path, mine) in mine {
        let other = &other[&path];
        assert_eq!(mine.0, other.0, "{:?}", String::from_utf8_lossy(&path));
        if path != b"index" {
            renamed(&names, &String::from_utf8_lossy(&mine.1), &String::from_utf8_lossy(&other.1));
        }
    }
    let [mine, other] = [ours, theirs].map(|id| without_stat(sandbox, id));
    assert!(mine == other, "the index is another: {} and {} bytes", mine.len(), other.len());
    for arguments in
        [&["status", "--porcelain=v2"][..], &["write-tree"], &["ls-files", "--stage"], &["ls-files", "--eol"]]
    {
        let [mine, other] = [ours, theirs].map(|id| sandbox.git_in(&sandbox.place(id), arguments));
        assert_eq!(mine, other, "{arguments:?}");
    }
    assert_eq!(sandbox.git_in(&sandbox.place(ours), &["status", "--porcelain"]), "");
    let [mine, other] =
        [ours, theirs].map(|id| sandbox.git(&["reflog", "show", &format!("task/{id}"), "--format=%gd %H"]));
    renamed(&names, &mine, &other);
}

/// Compares two texts that name tasks.
#[track_caller]
pub fn renamed(names: &[(&str, &str)], ours: &str, theirs: &str) {
    let mut text = ours.to_owned();
    for (ours, theirs) in names {
        for before in ["task-", "task/", "task ", "drop "] {
            text = text.replace(&format!("{before}{ours}"), &format!("{before}{theirs}"));
        }
    }
    assert_eq!(text, theirs);
}

pub fn admin(sandbox: &Sandbox, id: &str) -> PathBuf {
    PathBuf::from(sandbox.git_in(&sandbox.place(id), &["rev-parse", "--absolute-git-dir"]))
}

/// Mode (with the kind of file) and content or target, by path.
fn files(top: &Path) -> BTreeMap<Vec<u8>, (u32, Vec<u8>)> {
    let mut all = BTreeMap::new();
    let mut open = vec![top.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let found = path.symlink_metadata().unwrap();
            let content = if found.is_dir() {
                open.push(path.clone());
                Vec::new()
            } else if found.is_symlink() {
                path.read_link().unwrap().as_os_str().as_bytes().to_vec()
            } else {
                std::fs::read(&path).unwrap()
            };
            all.insert(path.strip_prefix(top).unwrap().as_os_str().as_bytes().to_vec(), (found.mode(), content));
        }
    }
    all
}

/// The index without its checksum, its times, devices and inodes. A submodule's size is its folder's.
fn without_stat(sandbox: &Sandbox, id: &str) -> Vec<u8> {
    let mut bytes = std::fs::read(admin(sandbox, id).join("index")).unwrap();
    for (start, _) in entries(&bytes) {
        bytes[start..start + 24].fill(0);
    }
    bytes.truncate(bytes.len() - 20);
    bytes
}

/// Entries of the index that are as young as it is: git would read their files.
pub fn racy(sandbox: &Sandbox, id: &str) -> Vec<String> {
    let path = admin(sandbox, id).join("index");
    let (bytes, written) = (std::fs::read(&path).unwrap(), path.metadata().unwrap().mtime());
    let number = |at: usize| i64::from(u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()));
    let racy = entries(&bytes).into_iter().filter(|(start, _)| number(start + 8) >= written);
    racy.map(|(_, path)| path).collect()
}

/// Where each entry of a version 2 index begins, with its path.
fn entries(bytes: &[u8]) -> Vec<(usize, String)> {
    assert_eq!(&bytes[..8], b"DIRC\0\0\0\x02");
    let count = u32::from_be_bytes(bytes[8..12].try_into().unwrap());
    let mut at = 12;
    let mut all = Vec::new();
    for _ in 0..count {
        let path = &bytes[at + 62..];
        let length = path.iter().position(|&byte| byte == 0).unwrap();
        all.push((at, String::from_utf8_lossy(&path[..length]).into_owned()));
        at += (62 + length + 8) & !7;
    }
    all
}
