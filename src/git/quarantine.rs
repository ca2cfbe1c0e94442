//! A place where git may write objects that nobody keeps.

mod held;
mod loose;
mod temporary;

use std::ffi::{OsStr, OsString};
use std::io::{Seek, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Context, Result};
use gix::ObjectId;

pub(super) use self::held::Held;
use self::temporary::Temporary;
pub use self::temporary::{end_by, signals_are_caught};
use super::program::Version;
use super::repo::{Repo, theirs};
use crate::model::oid::Oid;

/// A temp dir, made on first use, that takes the new objects of git commands and is gone with this value, or with the signal
/// that ends the program.
pub struct Quarantine {
    dir: OnceLock<Temporary>,
    attributes: Oid,
    held: Arc<Held>,
    /// Whether the attributes stand in files already, for a git that reads them nowhere else.
    written: Mutex<bool>,
    /// What merges depend on beside their commits.
    settings: OnceLock<Option<ObjectId>>,
}

impl Quarantine {
    /// For merges with the attributes that the commit `attributes` gives its files.
    pub fn new(attributes: Oid) -> Quarantine {
        Quarantine {
            dir: OnceLock::new(),
            attributes,
            held: Arc::default(),
            written: Mutex::new(false),
            settings: OnceLock::new(),
        }
    }

    /// The commit whose attributes count.
    pub(super) fn attributes(&self) -> Oid {
        self.attributes
    }

    /// A digest of all that merges depend on beside their commits, found once; `None` where that cannot be told.
    pub(super) fn settings(&self, find: impl FnOnce() -> Option<ObjectId>) -> Option<ObjectId> {
        *self.settings.get_or_init(find)
    }

    /// The temp dir, with the folders `objects` and `files` in it.
    fn dir(&self) -> Result<&Path> {
        if let Some(dir) = self.dir.get() {
            return Ok(dir.path());
        }
        let dir = Temporary::new()?;
        for name in ["objects", "files"] {
            std::fs::create_dir(dir.path().join(name)).context("could not make a temp dir")?;
        }
        // Of two threads that make one at the same time, one wins, and the other's is gone with it.
        Ok(self.dir.get_or_init(|| dir).path())
    }

    /// A file in the temp dir.
    ///
    /// # Errors
    /// The temp dir cannot be made.
    pub(super) fn file(&self, name: &str) -> Result<PathBuf> {
        Ok(self.dir()?.join(name))
    }

    /// Objects that are written when [`Quarantine::objects`] or a merge asks for them.
    pub(super) fn held(&self) -> Arc<Held> {
        self.held.clone()
    }

    /// Where new objects are, if any may be there yet.
    pub(super) fn made(&self) -> Option<PathBuf> {
        self.dir.get().map(|dir| dir.path().join("objects"))
    }

    /// Where the new objects are, all of them written.
    ///
    /// # Errors
    /// The temp dir cannot be made, or is full.
    pub fn objects(&self) -> Result<PathBuf> {
        let dir = self.file("objects")?;
        self.held.settle(&dir)?;
        Ok(dir)
    }

    /// A file without a name that holds `text`, for the standard input of a command.
    ///
    /// # Errors
    /// There is no room for it.
    pub(super) fn input(&self, text: &[u8]) -> Result<Stdio> {
        let write = || {
            let mut file = tempfile::tempfile_in(self.dir()?)?;
            file.write_all(text)?;
            file.rewind()?;
            anyhow::Ok(file)
        };
        write().map(Stdio::from).context("could not write a temp file")
    }

    /// A git command of the repository that writes its objects here, syncs nothing and fetches nothing, and whose
    /// working tree is an empty folder (before git 2.41: one with the attribute files only).
    ///
    /// # Errors
    /// The temp dir cannot be made, or, with git before 2.41, the attributes cannot be read.
    pub(super) fn command(&self, repo: &Repo) -> Result<Command> {
        let files = self.file("files")?;
        if repo.git.version < Version(2, 41) {
            self.attributes_as_files(repo, &files)?;
        }
        let mut command = repo.git.command(&files);
        command.arg(with("--git-dir=", repo.common_dir())).arg(with("--work-tree=", &files));
        if repo.git.version >= Version(2, 41) {
            command.arg(format!("--attr-source={}", self.attributes));
        }
        self.objects()?;
        self.shield(repo, &mut command, &self.file("index")?)?;
        Ok(command)
    }
}

impl Quarantine {
    /// Makes a command of the repository read and write its objects here and nowhere else, with an index of its own. It
    /// runs no hook, and syncs and fetches nothing.
    ///
    /// # Errors
    /// The temp dir cannot be made.
    pub(super) fn shield(&self, repo: &Repo, command: &mut Command, index: &Path) -> Result<()> {
        for setting in ["core.fsync=none", "core.looseCompression=0", "core.hooksPath=/dev/null"] {
            command.args(["-c", setting]);
        }
        command.env("GIT_OBJECT_DIRECTORY", self.file("objects")?).env("GIT_INDEX_FILE", index);
        command.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", quoted(&repo.common_dir().join("objects")));
        without_fetching(command);
        Ok(())
    }

    /// Writes them once: another thread's git may read them already.
    fn attributes_as_files(&self, repo: &Repo, files: &Path) -> Result<()> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if !*written {
            let tree = repo.gix.find_commit(theirs(self.attributes)).ok().and_then(|commit| commit.tree().ok());
            let tree = tree.with_context(|| format!("could not read commit {}", self.attributes))?;
            write_attributes(&tree, files)?;
            *written = true;
        }
        Ok(())
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
