//! A place where git may write objects that nobody keeps.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::program::Version;
use super::repo::{Repo, theirs};
use crate::model::oid::Oid;

/// A temp dir that takes the new objects of git commands and is gone with this value.
pub(super) struct Quarantine {
    dir: tempfile::TempDir,
    attributes: Oid,
}

impl Quarantine {
    /// For merges with the attributes that the commit `attributes` gives its files.
    ///
    /// # Errors
    /// The temp dir cannot be made, or, with git before 2.41, the attributes cannot be read.
    pub(super) fn new(repo: &Repo, attributes: Oid) -> Result<Quarantine> {
        let dir = tempfile::Builder::new().prefix("git-dispatch-").tempdir().context("could not make a temp dir")?;
        for name in ["objects", "files"] {
            std::fs::create_dir(dir.path().join(name)).context("could not make a temp dir")?;
        }
        let quarantine = Quarantine { dir, attributes };
        if repo.git.version < Version(2, 41) {
            let tree = repo.gix.find_commit(theirs(attributes)).ok().and_then(|commit| commit.tree().ok());
            let tree = tree.with_context(|| format!("could not read commit {attributes}"))?;
            write_attributes(&tree, &quarantine.dir.path().join("files"))?;
        }
        Ok(quarantine)
    }

    /// A new file in the temp dir.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A git command of the repository that writes its objects here, syncs nothing and fetches nothing, and whose
    /// working tree is an empty folder (before git 2.41: one with the attribute files only).
    pub(super) fn command(&self, repo: &Repo) -> Command {
        let files = self.dir.path().join("files");
        let mut command = repo.git.command(&files);
        command.arg(with("--git-dir=", repo.common_dir())).arg(with("--work-tree=", &files));
        if repo.git.version >= Version(2, 41) {
            command.arg(format!("--attr-source={}", self.attributes));
        }
        command.args(["-c", "core.fsync=none", "-c", "core.looseCompression=0"]);
        command.env("GIT_OBJECT_DIRECTORY", self.dir.path().join("objects"));
        command.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", quoted(&repo.common_dir().join("objects")));
        command.env("GIT_INDEX_FILE", self.dir.path().join("index"));
        without_fetching(&mut command);
        command
    }
}

/// Makes the command fail where an object of a partial clone is absent, rather than ask a server for it.
pub(super) fn without_fetching(command: &mut Command) {
    command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_ALLOW_PROTOCOL", "none");
}

fn with(option: &str, path: &Path) -> OsString {
    let mut option = OsString::from(option);
    option.push(path);
    option
}

/// A path as one entry of `GIT_ALTERNATE_OBJECT_DIRECTORIES`, where a colon separates entries.
fn quoted(path: &Path) -> OsString {
    let bytes = path.as_os_str().as_bytes();
    if !bytes.contains(&b':') && bytes.first() != Some(&b'"') {
        return path.as_os_str().to_owned();
    }
    let mut quoted = vec![b'"'];
    for &byte in bytes {
        if matches!(byte, b'"' | b'\\') {
            quoted.push(b'\\');
        }
        quoted.push(byte);
    }
    quoted.push(b'"');
    OsString::from_vec(quoted)
}

/// Writes every `.gitattributes` of the tree below `dir`.
fn write_attributes(tree: &gix::Tree<'_>, dir: &Path) -> Result<()> {
    for entry in tree.iter() {
        let Ok(entry) = entry else { continue };
        let name: &[u8] = entry.filename();
        if matches!(name, b"" | b"." | b".." | b".git") || name.contains(&b'/') {
            continue;
        }
        let path = dir.join(OsStr::from_bytes(name));
        if entry.mode().is_tree() {
            if let Ok(object) = entry.object() {
                write_attributes(&object.into_tree(), &path)?;
            }
        } else if name == b".gitattributes" && entry.mode().is_blob() {
            let Ok(object) = entry.object() else { continue };
            std::fs::create_dir_all(dir)
                .and_then(|()| std::fs::write(&path, &object.data))
                .context("could not write attributes")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_colon_is_quoted() {
        assert_eq!(quoted(Path::new("/a b/\"c")), "/a b/\"c");
        assert_eq!(quoted(Path::new("/a:b/\"c\\")), "\"/a:b/\\\"c\\\\\"");
    }
}
