//! Objects that others in a pack are deltas of, kept while a thread inflates its neighbours.

use std::collections::HashMap;

use gix::objs::Kind;
use gix::odb::pack::cache::DecodeEntry;

/// In bytes, for each thread.
const MOST: usize = 16 << 20;
/// Larger ones are not kept.
const LARGEST: usize = 1 << 20;

/// Two generations: when the younger one is full, the older one goes.
#[derive(Default)]
pub(super) struct PackCache {
    young: Generation,
    old: Generation,
}

#[derive(Default)]
struct Generation {
    kept: HashMap<(u32, u64), (Kind, usize, Vec<u8>)>,
    bytes: usize,
}

impl DecodeEntry for PackCache {
    fn put(&mut self, pack_id: u32, offset: u64, data: &[u8], kind: Kind, compressed_size: usize) {
        if data.len() > LARGEST {
            return;
        }
        if self.young.bytes > MOST / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.bytes += data.len();
        self.young.kept.insert((pack_id, offset), (kind, compressed_size, data.to_vec()));
    }

    fn get(&mut self, pack_id: u32, offset: u64, out: &mut Vec<u8>) -> Option<(Kind, usize)> {
        let key = (pack_id, offset);
        let (kind, compressed_size, data) = self.young.kept.get(&key).or_else(|| self.old.kept.get(&key))?;
        out.clear();
        out.extend_from_slice(data);
        Some((*kind, *compressed_size))
    }
}
