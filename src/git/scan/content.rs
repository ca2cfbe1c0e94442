//! The contents of files that the index does not vouch for.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use gix::index::Entry;
use gix::objs::Kind as Object;
use rustix::fs::{Mode as Permissions, OFlags};

use super::super::clock::unix_nanos;
use super::super::repo::Repo;
use super::super::worktrees::Listed;
use super::cache::{Cache, Content};
use super::conversion::Conversion;
use super::stamp::{Kind, Stamp};

/// Reads files of one worktree.
pub(super) struct Contents<'a> {
    top: &'a Path,
    repo: &'a Repo,
    worktree: &'a Listed,
    conversion: Conversion<'a>,
    /// Read when it is needed first.
    cache: Option<Cache>,
    buffer: Vec<u8>,
}

/// What a file is beside its index entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Same,
    Changed,
    /// It takes git to convert it.
    Ask,
}

impl<'a> Contents<'a> {
    pub(super) fn new(repo: &'a Repo, worktree: &'a Listed, index: &'a gix::index::File) -> Contents<'a> {
        let conversion = Conversion::new(&repo.gix, index);
        Contents { top: &worktree.path, repo, worktree, conversion, cache: None, buffer: Vec::new() }
    }

    /// Compares a file with its entry as git does: one of another size than the entry says is changed, whatever it
    /// holds. `None` where it cannot be read.
    pub(super) fn verdict(&mut self, entry: &Entry, path: &[u8], stamp: &Stamp) -> Option<Verdict> {
        #[expect(clippy::cast_possible_truncation, reason = "the index keeps the lower 32 bits")]
        let size = stamp.identity.size as u32;
        if stamp.mode() != Some(entry.mode) || (entry.stat.size != 0 && entry.stat.size != size) {
            return Some(Verdict::Changed);
        }
        let content = self.content(path, stamp)?;
        if stamp.kind != Kind::Symlink && !self.conversion.is_identity(path, &content)? {
            return Some(Verdict::Ask);
        }
        Some(if content.id == entry.id { Verdict::Same } else { Verdict::Changed })
    }

    /// What git would store for a file; nothing where it takes git to convert it, `None` where it cannot be read.
    pub(super) fn stored(&mut self, path: &[u8], stamp: &Stamp) -> Option<Option<gix::ObjectId>> {
        let content = self.content(path, stamp)?;
        let as_it_is = stamp.kind == Kind::Symlink || self.conversion.is_identity(path, &content)?;
        Some(as_it_is.then_some(content.id))
    }

    /// Keeps what was read for the next command.
    pub(super) fn save(&self) {
        if let Some(cache) = &self.cache {
            cache.save();
        }
    }

    fn content(&mut self, path: &[u8], stamp: &Stamp) -> Option<Content> {
        let hash = self.repo.gix.object_hash();
        if stamp.kind == Kind::Symlink {
            let id = gix::objs::compute_hash(hash, Object::Blob, &self.link(path)?).ok()?;
            return Some(Content { id, cr: false, dollar: false });
        }
        let cache = self.cache.get_or_insert_with(|| Cache::load(self.repo, self.worktree));
        if let Some(content) = cache.find(&stamp.identity) {
            return Some(content);
        }
        let moment = unix_nanos();
        let mut file = self.open(path, stamp)?;
        let content = read(&mut file, stamp.identity.size, hash, &mut self.buffer)?;
        let after = Stamp::of(&rustix::fs::fstat(&file).ok()?);
        if after == *stamp {
            self.cache.as_mut()?.keep(stamp.identity, content, moment);
        }
        Some(content)
    }

    fn open(&self, path: &[u8], stamp: &Stamp) -> Option<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = self.top.join(OsStr::from_bytes(path));
        let file = File::from(rustix::fs::open(&file, flags, Permissions::empty()).ok()?);
        // Another one may stand there by now.
        (Stamp::of(&rustix::fs::fstat(&file).ok()?) == *stamp).then_some(file)
    }

    fn link(&self, path: &[u8]) -> Option<Vec<u8>> {
        Some(std::fs::read_link(self.top.join(OsStr::from_bytes(path))).ok()?.into_os_string().into_encoded_bytes())
    }
}

/// The content of a file of `size` bytes, a piece at a time; `None` where it has another size by now.
fn read(file: &mut File, size: u64, hash: gix::hash::Kind, buffer: &mut Vec<u8>) -> Option<Content> {
    buffer.resize(1 << 16, 0);
    let mut hasher = gix::hash::hasher(hash);
    hasher.update(&gix::objs::encode::loose_header(Object::Blob, size));
    let (mut cr, mut dollar, mut left) = (false, false, size);
    loop {
        let count = file.read(buffer).ok()?;
        let piece = &buffer[..count];
        left = left.checked_sub(count as u64)?;
        if count == 0 {
            break;
        }
        hasher.update(piece);
        cr = cr || piece.contains(&b'\r');
        dollar = dollar || piece.contains(&b'$');
    }
    let id = hasher.try_finalize().ok()?;
    (left == 0).then_some(Content { id, cr, dollar })
}
