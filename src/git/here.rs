//! Paths as people type them, from the folder they stand in.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::repo::Repo;
use super::worktrees::without_dots;
use crate::model::failure::{Exit, Failure};
use crate::model::path::TreePath;

/// The top of the worktree that `dir` lies in, and `paths` from there: they are relative to `dir`, or absolute, and need not
/// exist. A `..` takes away the name before it, as git reads paths.
///
/// # Errors
/// There is no worktree ([`Exit::Git`]), or a path is empty or leads out of it ([`Exit::Usage`]).
pub fn tree_paths(repo: &Repo, dir: &Path, paths: &[OsString]) -> Result<(PathBuf, Vec<TreePath>)> {
    let top = repo.here().ok_or_else(|| {
        Failure::new(Exit::Git, "this operation must be run in a work tree")
            .hint("use 'git worktree list' to see where there is one")
    })?;
    let dir = dir.canonicalize().with_context(|| format!("could not resolve '{}'", dir.display()))?;
    let paths = paths.iter().map(|path| tree_path(top, &dir, Path::new(path)));
    Ok((top.to_owned(), paths.collect::<Result<_>>()?))
}

fn tree_path(top: &Path, dir: &Path, path: &Path) -> Result<TreePath> {
    if path.as_os_str().is_empty() {
        return Err(Failure::new(Exit::Usage, "empty string is not a valid path")
            .hint("use 'git dispatch check .' to look at all below this folder")
            .into());
    }
    let whole = without_dots(&dir.join(path));
    let inside = match (whole.strip_prefix(top), path.is_absolute()) {
        (Ok(inside), _) => Some(inside.to_owned()),
        (Err(_), true) => resolved(&whole).and_then(|whole| Some(whole.strip_prefix(top).ok()?.to_owned())),
        (Err(_), false) => None,
    };
    let inside = inside.ok_or_else(|| {
        let what = format!("'{}' is outside of the worktree at '{}'", path.display(), top.display());
        Failure::new(Exit::Usage, what).hint("use 'git dispatch check' to look at all that is changed here")
    })?;
    let mut bytes = inside.into_os_string().into_vec();
    while bytes.last() == Some(&b'/') {
        bytes.pop();
    }
    Ok(TreePath::new(bytes))
}

/// The path with the links in the part of it resolved that exists, but for its last name.
fn resolved(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?;
    let mut missing: Vec<&OsStr> = vec![name];
    let mut folder = path.parent()?;
    loop {
        if let Ok(real) = folder.canonicalize() {
            return Some(missing.iter().rev().fold(real, |path, name| path.join(name)));
        }
        missing.push(folder.file_name()?);
        folder = folder.parent()?;
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn paths_are_read_from_where_one_stands() {
        let read = |dir: &str, path: &[u8]| {
            let found = tree_path(Path::new("/none/top"), Path::new(dir), Path::new(OsStr::from_bytes(path)));
            found.map(|path| path.as_bytes().to_vec()).ok()
        };
        let some = |path: &[u8]| Some(path.to_vec());
        assert_eq!(read("/none/top/a", b"b"), some(b"a/b"));
        assert_eq!(read("/none/top/a", b"../c/./d//"), some(b"c/d"));
        assert_eq!(read("/none/top/a", b".."), some(b""));
        assert_eq!(read("/none/top", b"/none/top/\xff\n"), some(b"\xff\n"));
        assert_eq!(read("/none/top", b":(top)*"), some(b":(top)*"));
        for outside in [&b"../../x"[..], b"/none/topmost", b"/none", b""] {
            assert_eq!(read("/none/top/a", outside), None);
        }
    }
}
