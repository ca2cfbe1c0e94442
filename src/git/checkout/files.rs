//! The files of one commit, written to several worktrees at once: each is inflated once. Everything is reached from the
//! handle of its folder, made by its writer alone, and through no symlink.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use gix::objs::FindExt;
use gix::objs::tree::EntryKind;
use rustix::fs::{AtFlags, Mode, OFlags, Timespec, Timestamps};
use rustix::io::Errno;

use super::super::parallel;
use super::cache::PackCache;
use super::index::Stat;
use super::tree::{Entry, Tree};

/// Files that one thread takes at a time: a few folders' worth.
const CHUNK: usize = 128;

/// What is smaller is written faster than cloned.
const WORTH_CLONING: usize = 32 << 10;

/// A buffer of more bytes is given back.
const KEPT: usize = 4 << 20;

pub(super) const NEW_FILE: OFlags =
    OFlags::RDWR.union(OFlags::CREATE).union(OFlags::EXCL).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
pub(super) const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Where the files go, and when they are said to be of.
pub(super) struct Order<'a> {
    pub tree: &'a Tree,
    /// For each entry, whether git writes it.
    pub by_git: &'a [bool],
    /// The tops of the worktrees.
    pub tops: &'a [OwnedFd],
    /// In seconds since the epoch: before the index is written, so that no file is racily clean.
    pub modified: i64,
    /// Counts the files as they are written.
    pub done: &'a AtomicUsize,
}

/// Writes every file that is not git's to each worktree; for each worktree the stats in the order of the entries, or why it is not
/// complete. What one of them fails at, the others go on with.
pub(super) fn write(gix: &gix::Repository, order: &Order<'_>) -> Vec<Result<Vec<Stat>, String>> {
    let count = order.tree.entries.len();
    let chunks: Vec<_> = (0..count).step_by(CHUNK).map(|start| start..count.min(start + CHUNK)).collect();
    let faults: Vec<Mutex<Option<String>>> = order.tops.iter().map(|_| Mutex::new(None)).collect();
    let states = (0..threads(order, chunks.len())).map(|_| Writer::new(gix, order, &faults)).collect();
    let mut written = parallel::each(&chunks, states, |writer, chunk| writer.chunk(chunk.clone()));
    let mut stats: Vec<Vec<Stat>> = order.tops.iter().map(|_| Vec::with_capacity(count)).collect();
    for chunk in written.drain(..) {
        for (all, some) in stats.iter_mut().zip(chunk) {
            all.extend(some);
        }
    }
    let faults = faults.into_iter().map(|fault| fault.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner));
    stats.into_iter().zip(faults).map(|(stats, fault)| fault.map_or(Ok(stats), Err)).collect()
}

/// How many worktrees can be written at once with the handles and the memory that there are.
pub(super) fn most_at_once(tree: &Tree) -> usize {
    let by_handles = handles() / (2 * (tree.depth + 2));
    let by_memory = (48 << 20) / (size_of::<Stat>() * tree.entries.len().max(1));
    by_handles.min(by_memory).max(1)
}

fn threads(order: &Order<'_>, chunks: usize) -> usize {
    parallel::threads(chunks).min(handles() / (order.tops.len() * (order.tree.depth + 2)).max(1)).max(1)
}

/// File descriptors that may be taken.
fn handles() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(1 << 16);
    usize::try_from(limit).unwrap_or(1 << 16).clamp(256, 1 << 16) - 128
}

/// One thread: its access to the objects, and the folders that are open.
struct Writer<'a> {
    gix: gix::Repository,
    order: &'a Order<'a>,
    faults: &'a [Mutex<Option<String>>],
    failed: Vec<bool>,
    /// The path of the innermost open folder, empty or with a slash at its end.
    path: Vec<u8>,
    /// The open folders on that way, each with the length of its path, for each worktree.
    open: Vec<(usize, Vec<Option<OwnedFd>>)>,
    buffer: Vec<u8>,
    /// Whether the file system makes files of others that share their blocks.
    clones: bool,
}

impl<'a> Writer<'a> {
    fn new(gix: &gix::Repository, order: &'a Order<'a>, faults: &'a [Mutex<Option<String>>]) -> Writer<'a> {
        let mut gix = gix.clone();
        gix.objects.set_pack_cache(|| Box::new(PackCache::default()));
        let failed = vec![false; order.tops.len()];
        Writer {
            gix,
            order,
            faults,
            failed,
            path: Vec::new(),
            open: Vec::new(),
            buffer: Vec::new(),
            clones: order.tops.first().is_some_and(can_clone),
        }
    }

    /// The stats of these entries, for each worktree.
    fn chunk(&mut self, chunk: std::ops::Range<usize>) -> Vec<Vec<Stat>> {
        let mut stats = vec![vec![Stat::default(); chunk.len()]; self.order.tops.len()];
        let tree = self.order.tree;
        for (at, entry) in chunk.clone().enumerate() {
            if self.order.by_git[entry] {
                continue;
            }
            let entry = &tree.entries[entry];
            let written = self.entry(entry, &mut |site, stat| stats[site][at] = stat);
            if let Err(fault) = written {
                (0..self.failed.len()).for_each(|site| self.fail(site, tree.path(entry), &fault));
                break;
            }
        }
        self.order.done.fetch_add(chunk.len() * self.order.tops.len(), Ordering::Relaxed);
        stats
    }

    /// Keeps the first thing that went wrong in a worktree, and leaves it alone from then on.
    fn fail(&mut self, site: usize, path: &[u8], fault: &str) {
        self.failed[site] = true;
        let mut kept = self.faults[site].lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        kept.get_or_insert_with(|| format!("could not write '{}': {fault}", String::from_utf8_lossy(path)));
    }

    /// Writes one file to each worktree, and tells `done` of its stats.
    ///
    /// # Errors
    /// It cannot be read.
    fn entry(&mut self, entry: &Entry, done: &mut dyn FnMut(usize, Stat)) -> Result<(), String> {
        let tree = self.order.tree;
        let path = tree.path(entry);
        let start = path.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1);
        self.enter(&path[..start]);
        let mut buffer = std::mem::take(&mut self.buffer);
        let data = match entry.kind {
            EntryKind::Commit => &[],
            // The buffer may hold more than the blob.
            _ => self.gix.objects.find_blob(&entry.id, &mut buffer).map_err(|fault| fault.to_string())?.data,
        };
        let mut first = None;
        for site in 0..self.order.tops.len() {
            let Some(folder) = self.folder(site) else { continue };
            let written = write_one(folder, &path[start..], (entry.kind, data), self.order.modified, first.as_ref());
            match written {
                Ok((stat, file)) => {
                    first = first.or(file.filter(|_| self.clones && data.len() >= WORTH_CLONING));
                    done(site, stat);
                }
                Err(fault) => self.fail(site, path, &fault.to_string()),
            }
        }
        // Kept for the next, unless it takes much.
        if buffer.capacity() <= KEPT {
            self.buffer = buffer;
        }
        Ok(())
    }

    fn folder(&self, site: usize) -> Option<&OwnedFd> {
        if self.failed[site] {
            return None;
        }
        match self.open.last() {
            Some((_, folders)) => folders[site].as_ref(),
            None => Some(&self.order.tops[site]),
        }
    }

    /// Opens the folder at `path`, in each worktree, and makes it where it is not there yet.
    fn enter(&mut self, path: &[u8]) {
        while !path.starts_with(&self.path) {
            self.open.pop();
            let length = self.open.last().map_or(0, |(length, _)| *length);
            self.path.truncate(length);
        }
        while self.path.len() < path.len() {
            let start = self.path.len();
            let end = path[start..].iter().position(|&byte| byte == b'/').map_or(path.len(), |slash| start + slash);
            let opened: Vec<_> = (0..self.order.tops.len())
                .map(|site| {
                    let opened = made(self.folder(site)?, &path[start..end]);
                    opened.map_err(|fault| self.fail(site, &path[..end], &fault.to_string())).ok()
                })
                .collect();
            self.path.extend_from_slice(&path[start..path.len().min(end + 1)]);
            self.open.push((self.path.len(), opened));
        }
    }
}

/// A folder, which another thread may have made: nobody else knows of it yet, and a symlink is not followed.
fn made(above: &OwnedFd, name: &[u8]) -> Result<OwnedFd, Errno> {
    match rustix::fs::mkdirat(above, name, Mode::from_raw_mode(0o777)) {
        Ok(()) | Err(Errno::EXIST) => rustix::fs::openat(above, name, FOLDER, Mode::empty()),
        Err(fault) => Err(fault),
    }
}

fn create(folder: &OwnedFd, name: &[u8], kind: EntryKind) -> std::io::Result<File> {
    let mode = if kind == EntryKind::BlobExecutable { 0o777 } else { 0o666 };
    Ok(File::from(rustix::fs::openat(folder, name, NEW_FILE, Mode::from_raw_mode(mode))?))
}

/// Writes one file to one worktree; a regular one is a clone of `first`, where there is one. Its stats, and the open file.
fn write_one(
    folder: &OwnedFd,
    name: &[u8],
    (kind, data): (EntryKind, &[u8]),
    modified: i64,
    first: Option<&File>,
) -> std::io::Result<(Stat, Option<File>)> {
    match kind {
        EntryKind::Commit => submodule(folder, name).map(|stat| (stat, None)),
        EntryKind::Link => link(folder, name, data, modified).map(|stat| (stat, None)),
        kind => {
            let mut file = create(folder, name, kind)?;
            if !data.is_empty() && !first.is_some_and(|first| cloned(&file, first)) {
                file.write_all(data)?;
            }
            rustix::fs::futimens(&file, &times(modified))?;
            Ok((Stat::of(&rustix::fs::fstat(&file)?), Some(file)))
        }
    }
}

/// Whether the file system is one that clones files: btrfs, xfs or bcachefs.
#[cfg(target_os = "linux")]
fn can_clone(top: &OwnedFd) -> bool {
    const CLONING: [u64; 3] = [0x9123_683E, 0x5846_5342, 0xCA45_1A4E];
    rustix::fs::fstatfs(top).is_ok_and(|found| CLONING.contains(&found.f_type.cast_unsigned()))
}

#[cfg(target_os = "linux")]
fn cloned(file: &File, first: &File) -> bool {
    rustix::fs::ioctl_ficlone(file, first).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn can_clone(_top: &OwnedFd) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
fn cloned(_file: &File, _first: &File) -> bool {
    false
}

fn link(folder: &OwnedFd, name: &[u8], target: &[u8], modified: i64) -> std::io::Result<Stat> {
    rustix::fs::symlinkat(target, folder, name)?;
    rustix::fs::utimensat(folder, name, &times(modified), AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(Stat::of(&rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?))
}

/// An empty folder stands for a submodule.
fn submodule(folder: &OwnedFd, name: &[u8]) -> std::io::Result<Stat> {
    rustix::fs::mkdirat(folder, name, Mode::from_raw_mode(0o777))?;
    Ok(Stat::of(&rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?))
}

fn times(modified: i64) -> Timestamps {
    let time = Timespec { tv_sec: modified, tv_nsec: 0 };
    Timestamps { last_access: time, last_modification: time }
}
