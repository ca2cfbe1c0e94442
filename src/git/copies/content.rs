//! What a large file holds, written to another one: holes stay holes, where the system tells where they are.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

/// Writes the content of `from`, which has `size` bytes, to `to`, which is empty.
///
/// # Errors
/// Reading or writing failed.
pub(super) fn copy(from: &File, to: &mut File, size: u64) -> std::io::Result<()> {
    let mut at = 0;
    while let Some((start, end)) = data(from, at, size) {
        let mut reader = from;
        reader.seek(SeekFrom::Start(start))?;
        to.seek(SeekFrom::Start(start))?;
        // With files on both sides, this is copy_file_range(2) where there is one.
        std::io::copy(&mut reader.take(end - start), to)?;
        at = end;
    }
    // A hole at its end.
    to.set_len(size)
}

/// The first part at or behind `at` that may hold something else than zeros, from its first byte to behind its last one; all of
/// the rest where the system does not tell.
#[cfg(target_os = "linux")]
fn data(file: &File, at: u64, size: u64) -> Option<(u64, u64)> {
    use rustix::fs::SeekFrom::{Data, Hole};
    if at >= size {
        return None;
    }
    let start = match rustix::fs::seek(file, Data(at)) {
        Ok(start) if start >= at => start,
        Err(rustix::io::Errno::NXIO) => return None,
        _ => return Some((at, size)),
    };
    let end = rustix::fs::seek(file, Hole(start)).ok().filter(|end| *end > start).unwrap_or(size);
    (start < size).then_some((start, end.min(size)))
}

#[cfg(not(target_os = "linux"))]
fn data(_file: &File, at: u64, size: u64) -> Option<(u64, u64)> {
    (at < size).then_some((at, size))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn content_is_copied_and_holes_stay_holes() {
        const MIB: u64 = 1 << 20;
        // (where something is written, how large the file is)
        for (written, size) in
            [(&[][..], 0), (&[], 40 * MIB), (&[0], 40 * MIB), (&[7 * MIB, 31 * MIB + 5], 40 * MIB), (&[3], 9)]
        {
            let [mut from, mut to] = [(); 2].map(|()| tempfile::tempfile().unwrap());
            for &at in written {
                from.seek(SeekFrom::Start(at)).unwrap();
                from.write_all(b"here").unwrap();
            }
            from.set_len(size).unwrap();
            copy(&from, &mut to, size).unwrap();
            let read = |file: &mut File| {
                let mut text = Vec::new();
                file.rewind().unwrap();
                file.read_to_end(&mut text).unwrap();
                text
            };
            assert!(read(&mut from) == read(&mut to), "{written:?} {size}");
            let (ours, theirs) = (to.metadata().unwrap().blocks(), from.metadata().unwrap().blocks());
            assert!(!cfg!(target_os = "linux") || ours <= theirs.max(8), "{ours} blocks for {theirs}: {written:?}");
        }
    }
}
