//! The index of a commit that was just checked out: the same for all its worktrees but for what `stat` says
//! (git `Documentation/gitformat-index.txt`, version 2).

use gix::objs::tree::EntryKind;

use super::tree::Tree;

/// What an index keeps of `stat`, each the lower 32 bits: ctime and mtime in seconds and nanoseconds, device, inode, owner, group,
/// size. All zeros: the file is not there yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Stat {
    ctime: [u32; 2],
    mtime: [u32; 2],
    device: u32,
    inode: u32,
    owner: [u32; 2],
    size: u32,
}

impl Stat {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::unnecessary_cast,
        reason = "the index keeps the lower 32 bits, and the fields of stat differ between platforms"
    )]
    pub(super) fn of(found: &rustix::fs::Stat) -> Stat {
        Stat {
            ctime: [found.st_ctime as u32, found.st_ctime_nsec as u32],
            mtime: [found.st_mtime as u32, found.st_mtime_nsec as u32],
            device: found.st_dev as u32,
            inode: found.st_ino as u32,
            owner: [found.st_uid as u32, found.st_gid as u32],
            size: found.st_size as u32,
        }
    }
}

/// An index whose entries lack their stat data.
pub(super) struct Template {
    bytes: Vec<u8>,
    /// Where each entry begins.
    starts: Vec<usize>,
    hash: gix::hash::Kind,
    /// Zeros stand where the checksum would (`index.skipHash`).
    skip_hash: bool,
}

impl Template {
    pub(super) fn new(tree: &Tree, skip_hash: bool) -> Template {
        let hash = tree.root.kind();
        let mut bytes = b"DIRC\0\0\0\x02".to_vec();
        bytes.extend_from_slice(&length(tree.entries.len()));
        let mut starts = Vec::with_capacity(tree.entries.len());
        for entry in &tree.entries {
            let (start, path) = (bytes.len(), tree.path(entry));
            starts.push(start);
            bytes.resize(start + 24, 0);
            bytes.extend_from_slice(&mode(entry.kind).to_be_bytes());
            bytes.resize(start + 40, 0);
            bytes.extend_from_slice(entry.id.as_bytes());
            let flags = u16::try_from(path.len()).unwrap_or(u16::MAX).min(0xFFF);
            bytes.extend_from_slice(&flags.to_be_bytes());
            bytes.extend_from_slice(path);
            let end = start + ((bytes.len() - start + 8) & !7);
            bytes.resize(end, 0);
        }
        bytes.extend_from_slice(b"TREE");
        bytes.extend_from_slice(&length(tree.cache_tree.len()));
        bytes.extend_from_slice(&tree.cache_tree);
        Template { bytes, starts, hash, skip_hash }
    }

    /// The bytes of the index of a worktree whose files have these stats, in the order of the entries.
    ///
    /// # Errors
    /// The library refuses to hash what looks like an attack on SHA-1.
    pub(super) fn filled(&self, stats: &[Stat]) -> Result<Vec<u8>, String> {
        let mut bytes = self.bytes.clone();
        for (start, stat) in self.starts.iter().zip(stats) {
            let before = [stat.ctime, stat.mtime, [stat.device, stat.inode]];
            let after = [stat.owner[0], stat.owner[1], stat.size];
            put(&mut bytes[*start..], before.iter().flatten());
            put(&mut bytes[start + 28..], after.iter());
        }
        if self.skip_hash {
            bytes.resize(bytes.len() + self.hash.len_in_bytes(), 0);
        } else {
            let mut hasher = gix::hash::hasher(self.hash);
            hasher.update(&bytes);
            let sum = hasher.try_finalize().map_err(|fault| fault.to_string())?;
            bytes.extend_from_slice(sum.as_bytes());
        }
        Ok(bytes)
    }
}

fn put<'n>(place: &mut [u8], numbers: impl Iterator<Item = &'n u32>) {
    for (four, number) in place.chunks_exact_mut(4).zip(numbers) {
        four.copy_from_slice(&number.to_be_bytes());
    }
}

fn length(count: usize) -> [u8; 4] {
    u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes()
}

fn mode(kind: EntryKind) -> u32 {
    match kind {
        EntryKind::BlobExecutable => 0o100_755,
        EntryKind::Link => 0o120_000,
        EntryKind::Commit => 0o160_000,
        EntryKind::Blob | EntryKind::Tree => 0o100_644,
    }
}
