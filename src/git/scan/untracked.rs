//! What the index does not know: how many paths `git status` would count, and which files there are.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::Mode as Permissions;

use super::super::pipes::has_rules;
use super::rules::Rules;
use super::stamp::Kind;
use super::walk::{FOLDER, Unknown, names_in};

/// Untracked paths of a worktree.
#[derive(Debug, Default)]
pub(super) struct Untracked {
    /// As `--untracked-files=normal` counts: a folder with nothing but untracked files is one.
    pub count: u64,
    /// One by one, as many as asked for.
    pub files: Vec<Vec<u8>>,
    /// Repositories with a commit, and that commit: `git add` makes a submodule of them.
    pub repositories: Vec<(Vec<u8>, gix::ObjectId)>,
    /// Files were left out.
    pub cut: bool,
}

/// Finds out which of `unknown` git ignores, and lists at most `most` of the other files. `None` where something is
/// unusual.
pub(super) fn untracked(top: &Path, rules: &mut Rules<'_>, unknown: &[Unknown], most: usize) -> Option<Untracked> {
    let mut search = Search { top, rules, most, found: Untracked::default() };
    for one in unknown {
        let any = match one.kind {
            Kind::Other => false,
            kind if search.rules.ignores(&one.path, kind)? => false,
            Kind::Folder => {
                let dir = top.join(OsStr::from_bytes(&one.path));
                let fd = rustix::fs::open(&dir, FOLDER, Permissions::empty()).ok()?;
                search.folder(&one.path, fd, one.in_place)?
            }
            _ => search.file(one.path.clone()),
        };
        // git looks such a folder's name up in the index, and finds the file.
        let hidden = one.in_place && one.kind == Kind::Folder;
        search.found.count += u64::from(any && !hidden);
    }
    Some(search.found)
}

struct Search<'a, 'r> {
    top: &'a Path,
    rules: &'a mut Rules<'r>,
    most: usize,
    found: Untracked,
}

impl Search<'_, '_> {
    /// Notes an untracked file, and says that there is one.
    fn file(&mut self, path: Vec<u8>) -> bool {
        if self.found.files.len() < self.most {
            self.found.files.push(path);
        } else {
            self.found.cut = true;
        }
        true
    }

    /// Whether there is an untracked file or a repository in an untracked folder that git does not ignore.
    fn folder(&mut self, path: &[u8], fd: OwnedFd, in_place: bool) -> Option<bool> {
        let names = names_in(fd.try_clone().ok()?)?;
        if names.iter().any(|(name, _)| name == b".git") {
            return if in_place { None } else { self.repository(path) };
        }
        if names.iter().any(|(name, kind)| *kind == Kind::Other && has_rules(name)) {
            return None;
        }
        let mut any = false;
        for (name, kind) in names {
            let below = [path, b"/", &name].concat();
            if kind == Kind::Other || self.rules.ignores(&below, kind)? {
                continue;
            }
            any |= if kind == Kind::Folder {
                let fd = rustix::fs::openat(&fd, name.as_slice(), FOLDER, Permissions::empty()).ok()?;
                self.folder(&below, fd, false)?
            } else {
                self.file(below)
            };
            if any && self.found.files.len() >= self.most {
                self.found.cut = true;
                return Some(true);
            }
        }
        Some(any)
    }

    /// A repository in the worktree is one untracked path. One that git may see as none is unusual.
    fn repository(&mut self, path: &[u8]) -> Option<bool> {
        let dir = self.top.join(OsStr::from_bytes(path));
        let nested = gix::open_opts(&dir, gix::open::Options::isolated()).ok()?;
        if nested.config_snapshot().string("extensions.refStorage").is_some() {
            return None;
        }
        match nested.head_id() {
            Ok(head) => self.found.repositories.push((path.to_owned(), head.detach())),
            Err(_) => nested.head().ok()?.is_unborn().then_some(())?,
        }
        Some(true)
    }
}
