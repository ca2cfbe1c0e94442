//! Which folders to watch.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Seek, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::git::program::run;
use crate::git::repo::Repo;

/// Where git keeps what `status` shows: the common git dir, the refs, and the admin folder of each worktree.
pub(super) fn below(common: &Path) -> Vec<PathBuf> {
    let mut found = vec![common.to_owned(), common.join("refs"), common.join("reftable"), common.join("worktrees")];
    for admin in subfolders(&common.join("worktrees")) {
        found.extend([admin.join("reftable"), admin]);
    }
    let mut open: Vec<PathBuf> =
        ["heads", "remotes", "notes", "dispatch"].iter().map(|kind| common.join("refs").join(kind)).collect();
    while let Some(folder) = open.pop() {
        open.extend(subfolders(&folder));
        found.push(folder);
    }
    found.retain(|folder| folder.is_dir());
    found
}

/// The folders at and below `starts` in the worktree `root` that git does not ignore, without those of other repositories;
/// `None` where they are more than `most`, or git does not tell.
pub(super) fn wanted(repo: &Repo, root: &Path, starts: &[&PathBuf], most: usize) -> Option<Vec<PathBuf>> {
    let tracked = tracked(repo, root);
    let mut found = Vec::new();
    let mut level: Vec<PathBuf> = starts.iter().map(|start| (*start).clone()).collect();
    while !level.is_empty() {
        let (known, new): (Vec<PathBuf>, Vec<PathBuf>) =
            level.into_iter().partition(|folder| folder == root || tracked.contains(folder));
        let others = new.into_iter().filter(|folder| folder.join(".git").symlink_metadata().is_err());
        let here: Vec<PathBuf> = known.into_iter().chain(not_ignored(repo, root, others.collect())?).collect();
        level = here.iter().flat_map(|folder| subfolders(folder)).collect();
        found.extend(here);
        if found.len() > most {
            return None;
        }
    }
    Some(found)
}

/// The folders of tracked files; none where the index cannot be read.
fn tracked(repo: &Repo, root: &Path) -> HashSet<PathBuf> {
    let mut folders = HashSet::new();
    let Some(index) = crate::git::worktrees::worktrees(repo)
        .ok()
        .and_then(|listed| listed.into_iter().find(|listed| listed.path == root))
        .map(|listed| listed.admin_dir.join("index"))
    else {
        return folders;
    };
    let options = gix::index::decode::Options { thread_limit: Some(1), ..Default::default() };
    let Ok(index) = gix::index::File::at(index, repo.gix.object_hash(), true, options) else { return folders };
    let mut last: &[u8] = b"";
    for entry in index.entries() {
        let path: &[u8] = entry.path(&index);
        let folder = path.iter().rposition(|&byte| byte == b'/').map_or(&b""[..], |end| &path[..end]);
        if folder != last && !folder.is_empty() {
            last = folder;
            let mut folder = root.join(OsStr::from_bytes(folder));
            while folder != root && folders.insert(folder.clone()) && folder.pop() {}
        }
    }
    folders
}

/// Those of `folders` that git does not ignore; `None` where it does not tell.
fn not_ignored(repo: &Repo, root: &Path, mut folders: Vec<PathBuf>) -> Option<Vec<PathBuf>> {
    if folders.is_empty() {
        return Some(folders);
    }
    let mut asked: File = tempfile::tempfile().ok()?;
    for folder in &folders {
        asked.write_all(folder.as_os_str().as_bytes()).and_then(|()| asked.write_all(b"\0")).ok()?;
    }
    asked.rewind().ok()?;
    let mut command = repo.git.command(root);
    command.args(["check-ignore", "--no-index", "-z", "--stdin"]).stdin(Stdio::from(asked));
    let output = run(&mut command).ok()?;
    if !matches!(output.status.code(), Some(0 | 1)) {
        return None;
    }
    let ignored: HashSet<&[u8]> = output.stdout.split(|&byte| byte == 0).collect();
    folders.retain(|folder| !ignored.contains(folder.as_os_str().as_bytes()));
    Some(folders)
}

/// The folders in `folder`, without links and what is called `.git`; none where it cannot be read.
fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let folders =
        entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()) && entry.file_name() != ".git");
    folders.map(|entry| entry.path()).collect()
}
