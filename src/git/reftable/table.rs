//! One table of refs and reflogs, decoded as git's `Documentation/technical/reftable.txt` describes it (versions 1 and 2).

use crate::model::oid::Oid;

/// What a ref says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::git) enum Value {
    Object(Oid),
    /// The full name of another ref.
    Symbolic(Vec<u8>),
}

/// One entry of a reflog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub old: Oid,
    pub new: Oid,
    pub name: Vec<u8>,
    pub mail: Vec<u8>,
    pub seconds: u64,
    /// As it is written: `-700` is seven hours behind.
    pub zone: i16,
    pub message: Vec<u8>,
}

/// A table whose header and footer are sound.
pub(super) struct Table<'a> {
    /// Without the footer.
    bytes: &'a [u8],
    header: usize,
    block_size: usize,
    hash: usize,
    /// Where the blocks of reflogs begin.
    logs: Option<usize>,
}

const REFS: u8 = b'r';
const LOGS: u8 = b'g';

impl<'a> Table<'a> {
    /// `None`: it is damaged, or of a version that is not known.
    pub fn of(bytes: &'a [u8]) -> Option<Table<'a>> {
        let (header, hash) = match (bytes.get(..4)?, bytes.get(4)?) {
            (b"REFT", 1) => (24, 20),
            (b"REFT", 2) if bytes.get(24..28)? == b"sha1" => (28, 20),
            (b"REFT", 2) if bytes.get(24..28)? == b"s256" => (28, 32),
            _ => return None,
        };
        // The header once more, five positions, a checksum.
        let footer = bytes.get(bytes.len().checked_sub(header + 44)?..)?;
        let (summed, sum) = footer.split_at_checked(header + 40)?;
        if summed.get(..header) != bytes.get(..header) || sum != crc32(summed).to_be_bytes() {
            return None;
        }
        let body = bytes.get(..bytes.len() - footer.len())?;
        let logs = number(footer, header + 24, 8).and_then(|at| usize::try_from(at).ok())?;
        let logs = if body.get(header) == Some(&LOGS) { Some(0) } else { Some(logs).filter(|at| *at > 0) };
        let block_size = usize::try_from(number(bytes, 5, 3)?).ok()?;
        Some(Table { bytes: body, header, block_size, hash, logs })
    }

    /// Calls `visit` with each ref, in the order of their names; without a value it is deleted. `None`: the table is damaged.
    pub fn refs(&self, mut visit: impl FnMut(&[u8], Option<Value>)) -> Option<()> {
        let mut at = 0;
        while let Some(REFS) = self.kind(at) {
            let length = self.length(at)?;
            let block = self.bytes.get(at..at + length)?;
            records(block, self.head(at), |name, kind, rest| {
                varint(rest)?;
                visit(name, self.value(kind, rest)?);
                Some(())
            })?;
            // Filled up with zeros to the size of a block, but for the last one, or not at all.
            let filled = length < self.block_size && self.bytes.get(at + length).is_none_or(|next| *next == 0);
            at += if filled { self.block_size } else { length };
        }
        Some(())
    }

    fn value(&self, kind: u8, rest: &mut &[u8]) -> Option<Option<Value>> {
        Some(match kind {
            0 => None,
            1 => Some(Value::Object(self.oid(rest)?)),
            2 => {
                let (of_tag, _peeled) = (self.oid(rest)?, self.oid(rest)?);
                Some(Value::Object(of_tag))
            }
            3 => Some(Value::Symbolic(text(rest)?)),
            _ => return None,
        })
    }

    /// Calls `visit` with each entry of a reflog: its ref, its number, and what it says, unless that is that it is deleted.
    /// `None`: the table is damaged.
    pub fn logs(&self, mut visit: impl FnMut(&[u8], u64, Option<Entry>)) -> Option<()> {
        let Some(mut at) = self.logs else { return Some(()) };
        let mut inflate = gix::zlib::Inflate::default();
        while let Some(LOGS) = self.kind(at) {
            let head = self.head(at);
            let length = self.length(at)?.checked_sub(head)?;
            // With room for one more byte, which none may fill: so the end of the stream is seen.
            let mut block = vec![0; length + 1];
            inflate.reset();
            let (status, read, written) = inflate.once(self.bytes.get(at + head..)?, &mut block).ok()?;
            if status != gix::zlib::Status::StreamEnd || written != length {
                return None;
            }
            records(&block[..length], 0, |key, kind, rest| {
                let (name, number_of) = key.split_at_checked(key.len().checked_sub(9)?)?;
                // Counted down, so that the newest comes first.
                let index = u64::MAX - number(number_of, 1, 8)?;
                visit(name, index, if kind == 0 { None } else { Some(self.entry(rest)?) });
                Some(())
            })?;
            at += head + read;
        }
        Some(())
    }

    fn entry(&self, rest: &mut &[u8]) -> Option<Entry> {
        let (old, new) = (self.oid(rest)?, self.oid(rest)?);
        let (name, mail, seconds) = (text(rest)?, text(rest)?, varint(rest)?);
        let zone = i16::from_be_bytes(take(rest, 2)?.try_into().ok()?);
        Some(Entry { old, new, name, mail, seconds, zone, message: text(rest)? })
    }

    fn oid(&self, rest: &mut &[u8]) -> Option<Oid> {
        Oid::from_bytes(take(rest, self.hash)?)
    }

    /// What a block begins with: the header of the file stands in the first one.
    fn head(&self, at: usize) -> usize {
        if at == 0 { self.header + 4 } else { 4 }
    }

    fn kind(&self, at: usize) -> Option<u8> {
        self.bytes.get(at + self.head(at) - 4).copied()
    }

    /// Of a block, from its beginning.
    fn length(&self, at: usize) -> Option<usize> {
        usize::try_from(number(self.bytes, at + self.head(at) - 3, 3)?).ok()
    }
}

/// Calls `visit` with key, kind and rest of each record of a block whose records begin at `from`.
fn records(block: &[u8], from: usize, mut visit: impl FnMut(&[u8], u8, &mut &[u8]) -> Option<()>) -> Option<()> {
    let restarts = usize::try_from(number(block, block.len().checked_sub(2)?, 2)?).ok()?;
    let mut rest = block.get(from..block.len().checked_sub(2 + 3 * restarts)?)?;
    let mut key: Vec<u8> = Vec::new();
    while !rest.is_empty() {
        let shared = usize::try_from(varint(&mut rest)?).ok().filter(|shared| *shared <= key.len())?;
        let own = varint(&mut rest)?;
        key.truncate(shared);
        key.extend_from_slice(take(&mut rest, usize::try_from(own >> 3).ok()?)?);
        visit(&key, (own & 7) as u8, &mut rest)?;
    }
    Some(())
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

fn text(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let length = varint(rest)?;
    take(rest, usize::try_from(length).ok()?).map(<[u8]>::to_vec)
}

/// As in a pack (`ofs-delta`): seven bits a byte, each further byte counts from one on.
fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut byte = take(rest, 1)?[0];
    let mut value = u64::from(byte & 0x7f);
    while byte & 0x80 != 0 {
        byte = take(rest, 1)?[0];
        value = value.checked_add(1)?.checked_mul(128)? | u64::from(byte & 0x7f);
    }
    Some(value)
}

/// The checksum of zlib and PNG (ISO 3309), bit by bit: a footer is short.
fn crc32(bytes: &[u8]) -> u32 {
    let bit = |sum: u32, _| sum >> 1 ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 };
    !bytes.iter().fold(u32::MAX, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), bit))
}

/// The big-endian number of `length` bytes at `at`.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(length)?)?;
    Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}
