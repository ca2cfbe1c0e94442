//! Putting copies into worktrees: each file is read once, and written to all of them.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, Timespec, Timestamps};
use rustix::io::Errno;

use super::super::parallel;
use super::FOLDER;
use super::content;
use super::links::leads_out;
use super::tracked::Tracked;
use super::walk::{Entry, Folder, print_of};
use crate::model::copies::{Copied, LeftOut, Why, leave_out};
use crate::model::id::TaskId;
use crate::model::path::TreePath;

/// So many files of one folder are one piece of work.
const PIECE: usize = 256;
/// Files up to this size, in bytes, are read once for all worktrees.
const SMALL: u64 = 1 << 20;

/// A worktree that gets copies.
pub(super) struct Site {
    top: OwnedFd,
    /// For each file of each folder, whether it lacks it.
    pub wants: Vec<Vec<bool>>,
    copied: AtomicUsize,
    left_out: Mutex<LeftOut>,
    /// The first, how many, and why.
    failed: Mutex<Option<(TreePath, usize, String)>>,
    /// Nothing more can be written here.
    full: AtomicBool,
    cannot_clone: AtomicBool,
}

impl Site {
    /// Finds out what the worktree at `top`, where `tracked` is git's, lacks.
    pub(super) fn new(top: OwnedFd, tracked: &Tracked, folders: &[Folder]) -> Site {
        let mut blocked = BTreeSet::new();
        let wants = folders.iter().map(|folder| lacks(&top, tracked, folder, &mut blocked)).collect();
        let mut left_out = LeftOut::new();
        blocked.iter().for_each(|path| leave_out(&mut left_out, Why::InTheWay, path));
        Site {
            top,
            wants,
            copied: AtomicUsize::new(0),
            left_out: Mutex::new(left_out),
            failed: Mutex::default(),
            full: AtomicBool::new(false),
            cannot_clone: AtomicBool::new(false),
        }
    }

    pub(super) fn is_complete(&self) -> bool {
        !self.wants.iter().flatten().any(|wants| *wants)
    }

    /// What became of it; `left_out` are those of the main worktree.
    pub(super) fn copied(&self, id: TaskId, left_out: &LeftOut) -> Copied {
        let mut left_out = left_out.clone();
        for (why, (path, number)) in self.left_out.lock().map(|all| all.clone()).unwrap_or_default() {
            left_out.entry(why).or_insert((path, 0)).1 += number;
        }
        let failed = self.failed.lock().map(|failed| failed.clone()).unwrap_or_default();
        let fault = failed.map(|(path, number, why)| match number {
            1 => format!("could not copy '{path}': {why}"),
            more => format!("could not copy '{path}' and {} more: {why}", more - 1),
        });
        Copied { id, files: self.copied.load(Ordering::Relaxed), left_out, fault }
    }

    fn fail(&self, path: &[u8], fault: &std::io::Error) {
        let full = fault.raw_os_error().map(Errno::from_raw_os_error);
        if matches!(full, Some(Errno::NOSPC | Errno::DQUOT | Errno::ROFS)) {
            self.full.store(true, Ordering::Relaxed);
        }
        if let Ok(mut failed) = self.failed.lock() {
            failed.get_or_insert_with(|| (TreePath::new(path), 0, fault.to_string())).1 += 1;
        }
    }
}

/// Which files of a folder are not there. What stands in place of something of another kind stays, and is noted in `blocked`.
fn lacks(top: &OwnedFd, tracked: &Tracked, folder: &Folder, blocked: &mut BTreeSet<Vec<u8>>) -> Vec<bool> {
    let there = match enter(top, &folder.path) {
        Ok(there) => Some(there),
        Err(Errno::NOENT) => None,
        Err(_) => {
            blocked.insert(in_the_way(top, &folder.path).to_owned());
            return vec![false; folder.files.len()];
        }
    };
    let lacks = |entry: &Entry| {
        let stat = |there| rustix::fs::statat(there, entry.name.as_slice(), AtFlags::SYMLINK_NOFOLLOW);
        match there.as_ref().map(stat) {
            None | Some(Err(Errno::NOENT)) => !tracked.concerns(&folder.path_of(&entry.name)),
            Some(Ok(stat)) if FileType::from_raw_mode(stat.st_mode) == FileType::Directory => {
                blocked.insert(folder.path_of(&entry.name));
                false
            }
            Some(_) => false,
        }
    };
    folder.files.iter().map(lacks).collect()
}

/// The first part of `path` that cannot be entered.
fn in_the_way<'a>(top: &OwnedFd, path: &'a [u8]) -> &'a [u8] {
    let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    let stops = |end: &usize| enter(top, &path[..*end]).is_err();
    &path[..ends.into_iter().find(stops).unwrap_or(path.len())]
}

/// Opens a folder below `top`, none of whose parts is a symlink.
fn enter(top: &OwnedFd, path: &[u8]) -> Result<OwnedFd, Errno> {
    let mut at = rustix::fs::openat(top, ".", FOLDER, Mode::empty())?;
    for part in path.split(|byte| *byte == b'/').filter(|part| !part.is_empty()) {
        at = rustix::fs::openat(&at, part, FOLDER, Mode::empty())?;
    }
    Ok(at)
}

/// The same, made where it is not there, with the permissions that `from` has there.
fn enter_or_make(top: &OwnedFd, from: &OwnedFd, path: &[u8]) -> Result<OwnedFd, Errno> {
    let mut at = rustix::fs::openat(top, ".", FOLDER, Mode::empty())?;
    let mut original = rustix::fs::openat(from, ".", FOLDER, Mode::empty())?;
    for part in path.split(|byte| *byte == b'/').filter(|part| !part.is_empty()) {
        original = rustix::fs::openat(&original, part, FOLDER, Mode::empty())?;
        let mode = Mode::from_raw_mode(rustix::fs::fstat(&original)?.st_mode & 0o777 | 0o700);
        let made = rustix::fs::mkdirat(&at, part, mode);
        at = rustix::fs::openat(&at, part, FOLDER, Mode::empty())?;
        match made {
            Ok(()) => rustix::fs::fchmod(&at, mode)?,
            Err(Errno::EXIST) => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(at)
}

/// Copies into each of `sites` what it lacks.
pub(super) fn make(top: &OwnedFd, folders: &[Folder], sites: &[&Site]) {
    let mut pieces = Vec::new();
    for (at, folder) in folders.iter().enumerate() {
        let starts = (0..folder.files.len()).step_by(PIECE);
        pieces.extend(starts.map(|start| (at, start..folder.files.len().min(start + PIECE))));
    }
    let states = vec![Vec::new(); parallel::threads(pieces.len())];
    parallel::each(&pieces, states, |buffer, (at, range)| {
        let folder = &folders[*at];
        let lacking = |site: &&&Site| site.wants[*at][range.clone()].contains(&true);
        let original = enter(top, &folder.path);
        let mut open: Vec<(&Site, OwnedFd)> = Vec::new();
        for site in sites.iter().filter(lacking) {
            match original.as_ref().map_err(|fault| *fault).and_then(|_| enter_or_make(&site.top, top, &folder.path)) {
                Ok(there) => open.push((site, there)),
                Err(fault) => site.fail(&folder.path, &fault.into()),
            }
        }
        let Ok(original) = original else { return };
        for number in range.clone() {
            let want = |(site, _): &&(&Site, OwnedFd)| site.wants[*at][number] && !site.full.load(Ordering::Relaxed);
            let to: Vec<&(&Site, OwnedFd)> = open.iter().filter(want).collect();
            if !to.is_empty() {
                one((&original, folder), &folder.files[number], &to, buffer);
            }
        }
    });
}

fn one((original, folder): (&OwnedFd, &Folder), entry: &Entry, to: &[&(&Site, OwnedFd)], buffer: &mut Vec<u8>) {
    let path = || folder.path_of(&entry.name);
    let source = if entry.print.link { None } else { Some(Source::open(original, &entry.name, buffer)) };
    let mut source = match source.transpose() {
        Ok(source) => source,
        Err(fault) => return to.iter().for_each(|(site, _)| site.fail(&path(), &fault)),
    };
    for (site, there) in to {
        let done = match &mut source {
            Some(source) => source.put(there, &entry.name, &site.cannot_clone),
            None => link((original, &folder.path), entry, (site, there)),
        };
        match done {
            Ok(true) => _ = site.copied.fetch_add(1, Ordering::Relaxed),
            Ok(false) => {}
            Err(fault) => site.fail(&path(), &fault),
        }
    }
}

/// Makes the symlink, unless it leads out of this worktree, whose folders need not be those of the main worktree. Whether it did.
fn link(
    (original, folder): (&OwnedFd, &[u8]),
    entry: &Entry,
    (site, there): (&Site, &OwnedFd),
) -> std::io::Result<bool> {
    let target = rustix::fs::readlinkat(original, entry.name.as_slice(), Vec::new())?;
    if leads_out(&site.top, folder, target.as_bytes()) {
        if let Ok(mut left_out) = site.left_out.lock() {
            leave_out(&mut left_out, Why::LeadsOut, &entry.name);
        }
        return Ok(false);
    }
    match rustix::fs::symlinkat(&target, there, entry.name.as_slice()) {
        Err(Errno::EXIST) => return Ok(false),
        made => made?,
    }
    let stat = rustix::fs::statat(original, entry.name.as_slice(), AtFlags::SYMLINK_NOFOLLOW)?;
    rustix::fs::utimensat(there, entry.name.as_slice(), &times(&stat), AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(true)
}

/// A regular file that is copied.
struct Source<'a> {
    file: File,
    stat: Stat,
    /// All of it, where it is small.
    content: Option<&'a [u8]>,
}

impl<'a> Source<'a> {
    fn open(folder: &OwnedFd, name: &[u8], buffer: &'a mut Vec<u8>) -> std::io::Result<Source<'a>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::openat(folder, name, flags, Mode::empty())?);
        let stat = rustix::fs::fstat(&file)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(std::io::Error::other("it is no regular file any more"));
        }
        let small = stat.st_size.unsigned_abs() <= SMALL;
        if small {
            buffer.clear();
            (&mut file).take(SMALL + 1).read_to_end(buffer)?;
        }
        let source = Source { file, stat, content: small.then_some(buffer.as_slice()) };
        source.must_be_unchanged()?;
        Ok(source)
    }

    fn must_be_unchanged(&self) -> std::io::Result<()> {
        let now = rustix::fs::fstat(&self.file)?;
        let read = self.content.is_none_or(|content| content.len() as u64 == self.stat.st_size.unsigned_abs());
        let same = read && print_of(&now) == print_of(&self.stat);
        if same { Ok(()) } else { Err(std::io::Error::other("it changes while it is copied")) }
    }

    /// Writes a copy that appears under its name when it is complete; `false` where something has that name.
    fn put(&mut self, folder: &OwnedFd, name: &[u8], cannot_clone: &AtomicBool) -> std::io::Result<bool> {
        let mut new = New::make(folder)?;
        let filled = self.fill(&mut new.file, cannot_clone);
        match filled.and_then(|()| new.appear(folder, name)) {
            Err(fault) if fault.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
            appeared => appeared.map(|()| true),
        }
    }

    fn fill(&mut self, new: &mut File, cannot_clone: &AtomicBool) -> std::io::Result<()> {
        let cloned = self.stat.st_size > 0 && !cannot_clone.load(Ordering::Relaxed) && clone(new, &self.file);
        if !cloned && self.stat.st_size > 0 {
            cannot_clone.store(true, Ordering::Relaxed);
            match self.content {
                Some(content) => new.write_all(content)?,
                None => content::copy(&self.file, new, self.stat.st_size.unsigned_abs())?,
            }
        }
        if self.content.is_none() {
            self.must_be_unchanged()?;
        }
        rustix::fs::fchmod(&*new, Mode::from_raw_mode(self.stat.st_mode & 0o777))?;
        Ok(rustix::fs::futimens(&*new, &times(&self.stat))?)
    }
}

#[cfg(target_os = "linux")]
fn clone(new: &File, source: &File) -> bool {
    rustix::fs::ioctl_ficlone(new, source).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn clone(_new: &File, _source: &File) -> bool {
    false
}

fn times(stat: &Stat) -> Timestamps {
    let (tv_sec, nanos) = print_of(stat).modified;
    let time = Timespec { tv_sec, tv_nsec: nanos.into() };
    Timestamps { last_access: time, last_modification: time }
}

/// A file that has no name yet, or one that nobody looks for.
struct New<'f> {
    file: File,
    named: Option<(&'f OwnedFd, String)>,
}

impl<'f> New<'f> {
    fn make(folder: &'f OwnedFd) -> std::io::Result<New<'f>> {
        let mode = Mode::from_raw_mode(0o600);
        #[cfg(target_os = "linux")]
        match rustix::fs::openat(folder, ".", OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC, mode) {
            Ok(file) => return Ok(New { file: File::from(file), named: None }),
            // A file system that has none.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL) => {}
            Err(fault) => return Err(fault.into()),
        }
        let name = format!(".dispatch-{:016x}", getrandom::u64().map_err(std::io::Error::from)?);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(folder, &name, flags, mode)?);
        Ok(New { file, named: Some((folder, name)) })
    }

    fn appear(&self, folder: &OwnedFd, name: &[u8]) -> std::io::Result<()> {
        let linked = match &self.named {
            Some((_, old)) => rustix::fs::linkat(folder, old, folder, name, AtFlags::empty()),
            None => {
                let this = format!("/proc/self/fd/{}", self.file.as_raw_fd());
                rustix::fs::linkat(rustix::fs::CWD, this, folder, name, AtFlags::SYMLINK_FOLLOW)
            }
        };
        Ok(linked?)
    }
}

impl Drop for New<'_> {
    fn drop(&mut self) {
        if let Some((folder, name)) = &self.named {
            let _ = rustix::fs::unlinkat(*folder, name, AtFlags::empty());
        }
    }
}
