//! The walk through the main worktree.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use anyhow::{Context, Result};
use rustix::fs::{AtFlags, Dir, FileType, Mode, Stat};

use super::FOLDER;
use super::links::leads_out;
use super::tracked::Tracked;
use super::wanted::Wanted;
use crate::model::copies::{LeftOut, Print, Why, leave_out};

/// Each level holds a file descriptor while it is looked at.
const DEEPEST: usize = 200;

/// A folder in which something is to be copied.
pub(super) struct Folder {
    /// From the top; empty for the top itself.
    pub path: Vec<u8>,
    pub files: Vec<Entry>,
}

/// A regular file or a symlink.
pub(super) struct Entry {
    pub name: Vec<u8>,
    pub print: Print,
}

impl Folder {
    pub(super) fn path_of(&self, name: &[u8]) -> Vec<u8> {
        join(&self.path, name)
    }
}

/// Device and inode of a folder.
pub(super) fn identity_of(path: PathBuf) -> Option<(u64, u64)> {
    rustix::fs::stat(path).ok().map(|stat| identity(&stat))
}

#[expect(clippy::unnecessary_cast, reason = "the widths differ between systems")]
fn identity(stat: &Stat) -> (u64, u64) {
    (stat.st_dev as u64, stat.st_ino as u64)
}

/// How a file looks.
#[expect(clippy::useless_conversion, reason = "the widths differ between systems")]
pub(in crate::git) fn print_of(stat: &Stat) -> Print {
    Print {
        link: FileType::from_raw_mode(stat.st_mode) == FileType::Symlink,
        size: stat.st_size.unsigned_abs(),
        modified: (i64::from(stat.st_mtime), u32::try_from(stat.st_mtime_nsec).unwrap_or(0)),
    }
}

/// Everything that is `wanted` and not `tracked`, by folder. Folders in `barred` (device and inode) are not entered, nor
/// repositories.
///
/// # Errors
/// The top cannot be read.
pub(super) fn walk(
    top: &OwnedFd,
    wanted: &Wanted,
    tracked: &Tracked,
    barred: &HashSet<(u64, u64)>,
) -> Result<(Vec<Folder>, LeftOut)> {
    let mut walk = Walk { top, wanted, tracked, barred, folders: Vec::new(), left_out: LeftOut::new() };
    let fd = rustix::fs::openat(top, ".", FOLDER, Mode::empty()).context("could not read the main worktree")?;
    let names = names_in(&fd).context("could not read the main worktree")?;
    walk.look_through(&fd, names, &[], (false, 0));
    Ok((walk.folders, walk.left_out))
}

struct Walk<'a> {
    top: &'a OwnedFd,
    wanted: &'a Wanted,
    tracked: &'a Tracked,
    barred: &'a HashSet<(u64, u64)>,
    folders: Vec<Folder>,
    left_out: LeftOut,
}

impl Walk<'_> {
    fn look_through(
        &mut self,
        fd: &OwnedFd,
        names: Vec<(Vec<u8>, FileType)>,
        path: &[u8],
        (whole, depth): (bool, usize),
    ) {
        let mut files = Vec::new();
        for (name, kind) in names {
            if name.eq_ignore_ascii_case(b".git") {
                continue;
            }
            let below = join(path, &name);
            if kind == FileType::Directory {
                self.enter(fd, &name, &below, (whole, depth));
            } else if (whole || self.wanted.has(&below, false)) && !self.tracked.has(&below) {
                match self.file(fd, &name, path) {
                    Ok(Some(print)) => files.push(Entry { name, print }),
                    Ok(None) => {}
                    Err(why) => leave_out(&mut self.left_out, why, &below),
                }
            }
        }
        if !files.is_empty() {
            self.folders.push(Folder { path: path.to_owned(), files });
        }
    }

    fn enter(&mut self, fd: &OwnedFd, name: &[u8], path: &[u8], (whole, depth): (bool, usize)) {
        let whole = whole || self.wanted.has(path, true);
        // A path that is tracked and a folder is a submodule.
        if !whole && !self.wanted.may_be_below(path) || self.tracked.has(path) {
            return;
        }
        let opened = rustix::fs::openat(fd, name, FOLDER, Mode::empty());
        let found = opened.ok().filter(|_| depth < DEEPEST).and_then(|inner| {
            let barred = self.barred.contains(&identity(&rustix::fs::fstat(&inner).ok()?));
            let names = names_in(&inner)?;
            Some((inner, names, barred))
        });
        match found {
            Some((_, _, true)) => {}
            Some((_, names, _)) if names.iter().any(|(name, _)| name == b".git") => {
                self.leave_out_if(whole, Why::Repository, path);
            }
            Some((inner, names, _)) => self.look_through(&inner, names, path, (whole, depth + 1)),
            None => self.leave_out_if(whole, Why::Unreadable, path),
        }
    }

    fn leave_out_if(&mut self, asked: bool, why: Why, path: &[u8]) {
        if asked {
            leave_out(&mut self.left_out, why, path);
        }
    }

    /// `None`: it is gone.
    fn file(&self, fd: &OwnedFd, name: &[u8], folder: &[u8]) -> Result<Option<Print>, Why> {
        let stat = match rustix::fs::statat(fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            Err(_) => return Err(Why::Unreadable),
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Ok(Some(print_of(&stat))),
            FileType::Symlink => {
                let target = rustix::fs::readlinkat(fd, name, Vec::new()).map_err(|_| Why::Unreadable)?;
                let out = leads_out(self.top, folder, target.as_bytes());
                if out { Err(Why::LeadsOut) } else { Ok(Some(print_of(&stat))) }
            }
            _ => Err(Why::NoFile),
        }
    }
}

/// Names and kinds, sorted.
fn names_in(fd: &OwnedFd) -> Option<Vec<(Vec<u8>, FileType)>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(fd).ok()? {
        let entry = entry.ok()?;
        let name = entry.file_name().to_bytes();
        if name == b"." || name == b".." {
            continue;
        }
        let kind = match entry.file_type() {
            FileType::Unknown => {
                let stat = rustix::fs::statat(fd, OsStr::from_bytes(name), AtFlags::SYMLINK_NOFOLLOW);
                stat.map_or(FileType::Unknown, |stat| FileType::from_raw_mode(stat.st_mode))
            }
            kind => kind,
        };
        names.push((name.to_vec(), kind));
    }
    names.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    Some(names)
}

fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}
