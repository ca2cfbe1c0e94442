//! Which files are asked for: `copy` of the task file, and `.worktreeinclude`.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use gix::bstr::BStr;
use gix::glob::pattern::Case;
use globset::{GlobSet, GlobSetBuilder};
use rustix::fs::{FileType, Mode, OFlags};

use super::super::repo::Repo;
use crate::model::pattern::{Pattern, glob};

/// A file in the syntax of gitignore(5), at the top of the main worktree.
pub(super) const INCLUDE: &str = ".worktreeinclude";
/// It has at most so many bytes.
const LARGEST: u64 = 256 << 10;

pub(super) struct Wanted {
    globs: GlobSet,
    /// Of patterns with a `/` at their end.
    folders: GlobSet,
    /// What the patterns match lies at or below one of these.
    prefixes: Vec<String>,
    include: Option<gix::ignore::Search>,
    case: Case,
}

impl Wanted {
    /// `None` where nothing asks for anything.
    ///
    /// # Errors
    /// `.worktreeinclude` is no regular file, is too large, or cannot be read.
    pub(super) fn new(repo: &Repo, top: &OwnedFd, patterns: &[String]) -> Result<Option<Wanted>> {
        let (mut globs, mut folders) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        let mut prefixes = Vec::new();
        for pattern in patterns.iter().filter_map(|text| text.parse::<Pattern>().ok()) {
            let bare = pattern.as_str().trim_end_matches('/');
            let set = if bare == pattern.as_str() { &mut globs } else { &mut folders };
            glob(bare).into_iter().for_each(|glob| _ = set.add(glob));
            prefixes.push(pattern.literal_prefix().to_owned());
        }
        let include = read(top)?.map(|text| {
            let mut search = gix::ignore::Search::default();
            let parse = gix::ignore::search::Ignore { support_precious: false };
            search.add_patterns_buffer(&text, INCLUDE, None, parse).map(|()| search)
        });
        let include = include.transpose()?;
        if prefixes.is_empty() && include.is_none() {
            return Ok(None);
        }
        let fold = repo.gix.config_snapshot().boolean("core.ignoreCase") == Some(true);
        let case = if fold { Case::Fold } else { Case::Sensitive };
        Ok(Some(Wanted { globs: globs.build()?, folders: folders.build()?, prefixes, include, case }))
    }

    /// Whether a path is asked for by its own name. All that lies in such a folder is, too.
    pub(super) fn has(&self, path: &[u8], is_folder: bool) -> bool {
        let text = Path::new(OsStr::from_bytes(path));
        self.globs.is_match(text) || is_folder && self.folders.is_match(text) || self.includes(path, is_folder)
    }

    fn includes(&self, path: &[u8], is_folder: bool) -> bool {
        let path: &BStr = path.into();
        let found = self
            .include
            .as_ref()
            .and_then(|search| search.pattern_matching_relative_path(path, Some(is_folder), self.case));
        found.is_some_and(|found| !found.pattern.is_negative())
    }

    /// Whether something below the folder at `path` may be asked for.
    pub(super) fn may_be_below(&self, path: &[u8]) -> bool {
        let is_below = |inner: &[u8], outer: &[u8]| {
            outer.is_empty() || inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
        };
        let prefix = |prefix: &String| is_below(path, prefix.as_bytes()) || is_below(prefix.as_bytes(), path);
        self.include.is_some() || self.prefixes.iter().any(prefix)
    }
}

/// The text of `.worktreeinclude`: whatever stands there, nothing is waited for.
fn read(top: &OwnedFd) -> Result<Option<Vec<u8>>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match rustix::fs::openat(top, INCLUDE, flags, Mode::empty()) {
        Ok(file) => file,
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        Err(rustix::io::Errno::LOOP | rustix::io::Errno::NXIO) => anyhow::bail!("'{INCLUDE}' is not a regular file"),
        Err(fault) => return Err(fault).context(format!("could not read '{INCLUDE}'")),
    };
    let stat = rustix::fs::fstat(&file)?;
    ensure!(FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile, "'{INCLUDE}' is not a regular file");
    let mut text = Vec::new();
    File::from(file).take(LARGEST + 1).read_to_end(&mut text).context(format!("could not read '{INCLUDE}'"))?;
    ensure!(text.len() as u64 <= LARGEST, "'{INCLUDE}' is larger than {} KiB", LARGEST >> 10);
    Ok(Some(text))
}
