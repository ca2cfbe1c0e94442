//! Loose objects, written as plainly as git can read them: stored, not compressed, and straight into their place.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use gix::objs::Kind;

/// A folder of loose objects that no other process writes to.
pub(super) struct Loose {
    dir: PathBuf,
}

impl Loose {
    pub(super) fn at(dir: PathBuf) -> Loose {
        Loose { dir }
    }

    #[cfg(test)]
    pub(super) fn has(&self, id: gix::ObjectId) -> bool {
        self.place(id).1.exists()
    }

    /// Writes the object that has this id. Another thread that writes the same one goes first.
    pub(super) fn write(&self, id: gix::ObjectId, kind: Kind, content: &[u8]) -> std::io::Result<()> {
        let (folder, file) = self.place(id);
        let mut file = match create(&file) {
            Err(fault) if fault.kind() == ErrorKind::NotFound => match std::fs::create_dir(folder) {
                Err(fault) if fault.kind() != ErrorKind::AlreadyExists => return Err(fault),
                _ => create(&file),
            },
            made => made,
        };
        match &mut file {
            Ok(file) => file.write_all(&stored(&gix::objs::encode::loose_header(kind, content.len() as u64), content)),
            Err(fault) if fault.kind() == ErrorKind::AlreadyExists => Ok(()),
            Err(fault) => Err(std::io::Error::from(fault.kind())),
        }
    }

    fn place(&self, id: gix::ObjectId) -> (PathBuf, PathBuf) {
        let hex = id.to_hex().to_string();
        let (first, rest) = hex.split_at(2);
        let folder = self.dir.join(first);
        let file = folder.join(rest);
        (folder, file)
    }
}

fn create(file: &Path) -> std::io::Result<File> {
    File::options().write(true).create_new(true).open(file)
}

/// A zlib stream (RFC 1950) of stored blocks (RFC 1951, 3.2.4).
fn stored(header: &[u8], content: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 0xFFFF;
    let all = [header, content].concat();
    let mut stream = Vec::with_capacity(all.len() + 5 * (all.len() / BLOCK + 1) + 6);
    stream.extend([0x78, 0x01]);
    let mut blocks = all.chunks(BLOCK).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        stream.push(u8::from(blocks.peek().is_none()));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    stream.extend(adler32(&all).to_be_bytes());
    stream
}

/// RFC 1950, 8.2. So many bytes can be summed up before a sum overflows.
fn adler32(bytes: &[u8]) -> u32 {
    const BASE: u32 = 65521;
    let (mut a, mut b) = (1, 0);
    for piece in bytes.chunks(5552) {
        for &byte in piece {
            a += u32::from(byte);
            b += a;
        }
        a %= BASE;
        b %= BASE;
    }
    b << 16 | a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standard() {
        assert_eq!(adler32(b"Wikipedia"), 0x11E6_0398);
        assert_eq!(adler32(b""), 1);
    }

    #[test]
    fn an_object_of_many_blocks_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let loose = Loose::at(dir.path().to_owned());
        let store = gix::odb::loose::Store::at(dir.path(), gix::hash::Kind::Sha1);
        for size in [0, 1, 65_520, 65_535, 65_536, 200_000] {
            let content: Vec<u8> = (0..size).map(|at: u32| (at * 7 % 251) as u8).collect();
            let id = gix::objs::compute_hash(gix::hash::Kind::Sha1, Kind::Blob, &content).unwrap();
            assert!(!loose.has(id));
            loose.write(id, Kind::Blob, &content).unwrap();
            loose.write(id, Kind::Blob, &content).unwrap();
            assert!(loose.has(id));
            let mut buffer = Vec::new();
            assert_eq!(store.try_find(&id, &mut buffer).unwrap().unwrap().data, content);
        }
    }
}
