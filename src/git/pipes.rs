//! Named pipes where git expects files: it opens them, and waits for ever.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::read::read_bounded;
use super::repo::variable;
use super::worktrees::without_dots;
use crate::model::failure::{Exit, Failure};

/// What git reads in a git dir, be it that of a worktree or of all.
const READ: [&str; 13] = [
    "HEAD",
    "commondir",
    "config",
    "config.worktree",
    "gitdir",
    "info/attributes",
    "info/exclude",
    "info/grafts",
    "objects/info/alternates",
    "packed-refs",
    "refs/notes/dispatch",
    "reftable/tables.list",
    "shallow",
];

/// What git reads in every folder of a worktree.
const RULES: [&str; 2] = [".gitattributes", ".gitignore"];

/// Whether this is the name of a file of rules, of a path or alone.
pub(super) fn has_rules(path: &[u8]) -> bool {
    path.rsplit(|&byte| byte == b'/').next().is_some_and(|name| RULES.iter().any(|rules| rules.as_bytes() == name))
}

/// Says so where git, asked from `dir` which repository that is, would wait for ever.
///
/// # Errors
/// A file that it would read is a pipe, a socket or a device ([`Exit::Git`]).
pub(super) fn refuse(dir: &Path) -> Result<()> {
    let git_dirs = match variable("GIT_DIR") {
        Some(named) => vec![dir.join(named)],
        None => git_dirs(dir),
    };
    let common = variable("GIT_COMMON_DIR").map(|named| dir.join(named));
    for git_dir in git_dirs.into_iter().chain(common) {
        first(&git_dir)?;
        if let Some(named) = line(&git_dir.join("commondir")) {
            first(&without_dots(&git_dir.join(named)))?;
        }
    }
    Ok(())
}

fn first(git_dir: &Path) -> Result<()> {
    match READ.iter().map(|name| git_dir.join(name)).find(|path| is_odd(path)) {
        Some(path) => Err(Failure::new(Exit::Git, format!("'{}' is not a regular file", path.display())).into()),
        None => Ok(()),
    }
}

/// What may be the git dir for `dir`: itself, and what the next `.git` upwards is or names.
fn git_dirs(dir: &Path) -> Vec<PathBuf> {
    let Ok(dir) = dir.canonicalize() else { return Vec::new() };
    let next = dir.ancestors().map(|folder| folder.join(".git")).find(|path| path.symlink_metadata().is_ok());
    let named = |path: &Path| Some(path.parent()?.join(line(path)?.strip_prefix("gitdir: ")?));
    let next = next.map(|path| if path.is_dir() { path } else { named(&path).unwrap_or(path) });
    let bare = dir.join("objects").is_dir().then_some(dir);
    bare.into_iter().chain(next).collect()
}

/// The text of a file of one line; `None` where it is none.
fn line(path: &Path) -> Option<String> {
    let text = String::from_utf8(read_bounded(path).ok()?).ok()?;
    Some(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// Neither a file nor a folder, or a link to such a thing.
pub(super) fn is_odd(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// Whether git would wait for ever for the rules in the folder `top` or one below.
pub(super) fn hold_up(top: &Path) -> bool {
    let mut open = vec![top.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            let name = entry.file_name();
            if kind.is_dir() {
                if name != ".git" {
                    open.push(entry.path());
                }
            } else if !kind.is_file() && !kind.is_symlink() && has_rules(name.as_encoded_bytes()) {
                return true;
            }
        }
    }
    false
}
