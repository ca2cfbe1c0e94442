//! Whether the index of a worktree is what git wrote. git does not look at its checksum, and takes one that was cut off
//! for one with fewer files.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};

use super::super::repo::Repo;
use super::super::worktrees::Listed;

/// Whether a file that git cannot have written stands in place of the index: too short, of another format, or with
/// another checksum. Where there is none, git takes the index for empty.
pub fn index_is_damaged(repo: &Repo, worktree: &Listed) -> bool {
    let path = worktree.admin_dir.join("index");
    match path.metadata() {
        Ok(found) if found.is_file() => {
            !File::open(&path).is_ok_and(|file| is_whole(file, found.len(), repo.gix.object_hash()))
        }
        Ok(_) => true,
        // Also a link that leads nowhere: git takes it for no index, too.
        Err(fault) => fault.kind() != ErrorKind::NotFound,
    }
}

/// Whether it begins as an index does, and ends in the hash of what comes before; or in zeros, where `index.skipHash` is set.
fn is_whole(file: File, len: u64, kind: gix::hash::Kind) -> bool {
    let Some(body) = len.checked_sub(kind.len_in_bytes() as u64).filter(|body| *body >= 12) else { return false };
    let mut file = BufReader::with_capacity(1 << 16, file);
    if !file.fill_buf().is_ok_and(|bytes| bytes.starts_with(b"DIRC\0\0\0")) {
        return false;
    }
    let mut hasher = gix::hash::hasher(kind);
    let mut left = body;
    while left > 0 {
        let Ok(bytes) = file.fill_buf() else { return false };
        let taken = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if taken == 0 {
            return false;
        }
        hasher.update(&bytes[..taken]);
        file.consume(taken);
        left -= taken as u64;
    }
    let mut sum = Vec::new();
    let read = file.read_to_end(&mut sum);
    let hash = hasher.try_finalize().ok();
    read.is_ok() && (sum.iter().all(|byte| *byte == 0) || hash.is_some_and(|hash| hash.as_slice() == sum))
}
