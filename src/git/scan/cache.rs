//! Ids of contents by what `lstat` says of their files, kept from one command to the next: a file that the index does
//! not vouch for is read once, not every time.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::Path;

use super::super::cache_file::{self, CacheFile};
use super::super::repo::Repo;
use super::super::worktrees::Listed;
use super::stamp::Identity;

/// The first bytes of a cache file; a file that begins otherwise is none of ours.
const MAGIC: &[u8; 8] = b"gdcont02";
const IDENTITY: usize = 40;
/// A worktree's file holds no more contents than this: at most 4.8 MB.
const MOST: usize = 1 << 16;
/// How much older than the moment of its reading a file must be, in nanoseconds: more than a tick of any kernel's
/// clock, and two seconds where the file system keeps whole seconds only.
const TICK: i64 = 100_000_000;
const WHOLE: i64 = 2_000_000_000;

/// What is known of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Content {
    /// Of the file as it is, without any conversion.
    pub id: gix::ObjectId,
    /// It has a carriage return, which git might take away.
    pub cr: bool,
    /// It has a dollar sign, which might be the begin of a keyword.
    pub dollar: bool,
}

/// The contents of one worktree's files, in `<common git dir>/dispatch/cache/contents`.
///
/// A file is the same as long as device, inode, size, mtime and ctime are; by git's racy rule only if it was last
/// changed before it was read.
pub(super) struct Cache {
    file: CacheFile,
    hash: gix::hash::Kind,
    kept: HashMap<Identity, Content>,
    used: HashMap<Identity, Content>,
    grown: bool,
}

impl Cache {
    /// What was kept for a worktree; nothing where there is no such file, or it is damaged or of another kind.
    pub(super) fn load(repo: &Repo, worktree: &Listed) -> Cache {
        let name = worktree.admin_dir.file_name().filter(|_| !worktree.main).unwrap_or(OsStr::new(".main"));
        let file = CacheFile::new(repo.common_dir(), Path::new("contents").join(name));
        let hash = repo.gix.object_hash();
        let kept = file.read(MAGIC).and_then(|bytes| decode(&bytes, hash)).unwrap_or_default();
        Cache { file, hash, kept, used: HashMap::new(), grown: false }
    }

    pub(super) fn find(&mut self, identity: &Identity) -> Option<Content> {
        let content = *self.used.get(identity).or_else(|| self.kept.get(identity))?;
        self.used.insert(*identity, content);
        Some(content)
    }

    /// Keeps a content that was read after `moment` (nanoseconds since the epoch), if the file cannot have changed since
    /// without a trace.
    pub(super) fn keep(&mut self, identity: Identity, content: Content, moment: i64) {
        if !is_racy(&identity, moment) {
            self.used.insert(identity, content);
            self.grown = true;
        }
    }

    /// Writes what was used, if that is worth it. A cache that cannot be written costs time, no answer.
    pub(super) fn save(&self) {
        if self.grown || self.kept.len() > 2 * self.used.len() + 1024 {
            _ = self.file.replace(MAGIC, &encode(&self.used, self.hash));
        }
    }
}

/// Forgets the contents of worktrees that are gone.
pub(super) fn sweep(repo: &Repo) {
    let worktrees = repo.common_dir().join("worktrees");
    // Names with a dot in front are those of the main worktree and of files that are being written.
    cache_file::sweep(repo.common_dir(), "contents", MAGIC, |name| !worktrees.join(name).exists());
}

fn is_racy(identity: &Identity, moment: i64) -> bool {
    let changed = identity.mtime.max(identity.ctime);
    let whole = identity.ctime % 1_000_000_000 == 0;
    moment.saturating_sub(changed) <= if whole { WHOLE } else { TICK }
}

/// Kind of hash, number of records, records. Numbers are little-endian.
fn encode(contents: &HashMap<Identity, Content>, hash: gix::hash::Kind) -> Vec<u8> {
    let count = contents.len().min(MOST);
    let mut bytes = Vec::with_capacity(32 + count * (IDENTITY + 1 + hash.len_in_bytes()));
    bytes.extend((hash.len_in_bytes() as u64).to_le_bytes());
    bytes.extend((count as u64).to_le_bytes());
    for (identity, content) in contents.iter().take(count) {
        for number in [identity.device, identity.inode, identity.size] {
            bytes.extend(number.to_le_bytes());
        }
        for number in [identity.mtime, identity.ctime] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.push(u8::from(content.cr) | u8::from(content.dollar) << 1);
        bytes.extend(content.id.as_slice());
    }
    bytes
}

fn decode(bytes: &[u8], hash: gix::hash::Kind) -> Option<HashMap<Identity, Content>> {
    let (id_len, rest) = bytes.split_first_chunk::<8>()?;
    let (count, records) = rest.split_first_chunk::<8>()?;
    let count = usize::try_from(u64::from_le_bytes(*count)).ok()?;
    let record = IDENTITY + 1 + hash.len_in_bytes();
    let whole =
        u64::from_le_bytes(*id_len) == hash.len_in_bytes() as u64 && count <= MOST && records.len() == count * record;
    if !whole {
        return None;
    }
    records.chunks_exact(record).map(decode_one).collect()
}

fn decode_one(record: &[u8]) -> Option<(Identity, Content)> {
    let number = |at: usize| Some(u64::from_le_bytes(*record.get(8 * at..)?.first_chunk::<8>()?));
    let signed = |at: usize| Some(i64::from_le_bytes(*record.get(8 * at..)?.first_chunk::<8>()?));
    let identity =
        Identity { device: number(0)?, inode: number(1)?, size: number(2)?, mtime: signed(3)?, ctime: signed(4)? };
    let flags = *record.get(IDENTITY)?;
    let id = gix::ObjectId::try_from(record.get(IDENTITY + 1..)?).ok()?;
    Some((identity, Content { id, cr: flags & 1 != 0, dollar: flags & 2 != 0 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(number: u64) -> (Identity, Content) {
        let hex = format!("{number:040x}");
        let identity = Identity { device: 1, inode: number, size: 3, mtime: -4, ctime: i64::MAX };
        let id = gix::ObjectId::from_hex(hex.as_bytes()).unwrap();
        (identity, Content { id, cr: number.is_multiple_of(2), dollar: number.is_multiple_of(3) })
    }

    #[test]
    fn contents_are_read_as_they_were_written_and_not_at_all_when_cut_off() {
        let contents: HashMap<_, _> = (0..7).map(some).collect();
        let whole = encode(&contents, gix::hash::Kind::Sha1);
        assert_eq!(decode(&whole, gix::hash::Kind::Sha1), Some(contents));
        assert_eq!(decode(&whole, gix::hash::Kind::Sha256), None);
        for at in 0..whole.len() {
            assert_eq!(decode(&whole[..at], gix::hash::Kind::Sha1), None, "cut at {at}");
        }
    }

    #[test]
    fn a_file_is_trusted_only_if_it_is_older_than_its_reading() {
        let at = |mtime: i64, ctime: i64| Identity { device: 0, inode: 0, size: 0, mtime, ctime };
        let second = 1_000_000_000;
        assert!(is_racy(&at(5 * second + 1, 5 * second + 1), 5 * second + 1));
        assert!(is_racy(&at(0, 5 * second + 1), 5 * second + TICK));
        assert!(!is_racy(&at(0, 5 * second + 1), 5 * second + TICK + 2));
        assert!(is_racy(&at(9 * second + 1, 5 * second + 1), 6 * second));
        assert!(is_racy(&at(0, 5 * second), 6 * second), "whole seconds");
        assert!(!is_racy(&at(0, 5 * second), 7 * second + 1), "whole seconds");
    }
}
