//! Which of very many patterns could meet another at all: most name paths of their own, and need no closer look.
//!
//! Each plain name on a pattern's way is a hash of the way so far. A pattern whose way passes no other's end, and on
//! whose end no other's way goes on, meets none. Hashes that are equal by chance, or by malice, only let more through.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use super::index::End;
use super::overlap::{is_glob, read};

/// Whom to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Two that write.
    Writers,
    /// One that writes and one that reads.
    Readers,
}

/// Those of `ends` that may meet one that is wanted, in their order; each that does is among them.
pub(super) fn sieve(mut ends: Vec<End<'_>>, wanted: Wanted) -> Vec<End<'_>> {
    let mut ways = Ways::default();
    let mut slots: HashMap<u64, Slot, BuildHasherDefault<Passed>> = HashMap::default();
    slots.reserve(ends.len());
    let mut globs = Vec::with_capacity(ends.len());
    for end in &ends {
        let glob = ways.push(end);
        let slot = slots.entry(ways.last()).or_default();
        slot.globs |= glob;
        if !glob {
            let count = if end.writes { &mut slot.writers } else { &mut slot.readers };
            *count = count.saturating_add(1);
        }
        globs.push(glob);
    }
    // Where the way of one that is wanted leads through.
    let mut met: HashSet<u64, BuildHasherDefault<Passed>> = HashSet::default();
    let mut passes = vec![false; ends.len()];
    // What is known of the last way: neighbours have most of it in common.
    let mut known: (bool, Vec<(u64, bool)>) = (false, Vec::new());
    for (at, (end, &glob)) in ends.iter().zip(&globs).enumerate() {
        let way = ways.of(at);
        let above = if glob { way } else { &way[..way.len() - 1] };
        let same = known.1.iter().zip(above).take_while(|((old, _), new)| old == *new).count();
        known.1.truncate(if known.0 == end.writes { same } else { 0 });
        known.0 = end.writes;
        for hash in &above[known.1.len()..] {
            let before = known.1.last().is_some_and(|&(_, passes)| passes);
            let slot = slots.get(hash).copied().unwrap_or_default();
            let holds = slot.holds(end, false, wanted);
            if holds {
                met.insert(*hash);
            }
            known.1.push((*hash, before || slot.globs || holds));
        }
        let own = if glob { None } else { slots.get(&way[way.len() - 1]) };
        let here = own.is_some_and(|slot| slot.globs || slot.holds(end, true, wanted));
        passes[at] = glob || here || known.1.last().is_some_and(|&(_, passes)| passes);
    }
    let mut at = 0;
    ends.retain(|_| {
        at += 1;
        passes[at - 1] || !met.is_empty() && ways.of(at - 1).last().is_some_and(|end| met.contains(end))
    });
    ends
}

/// What ends on a way.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    writers: u8,
    readers: u8,
    /// Whether a glob goes on from here.
    globs: bool,
}

impl Slot {
    /// Whether what ends here is wanted together with `end`, which may be part of it.
    fn holds(&self, end: &End<'_>, own: bool, wanted: Wanted) -> bool {
        match wanted {
            Wanted::Writers => self.writers > u8::from(own),
            Wanted::Readers if end.writes => self.readers > 0,
            Wanted::Readers => self.writers > 0,
        }
    }
}

const ROOT: u64 = 0xcbf2_9ce4_8422_2325;

/// Hashes of ways, from the root to where a pattern ends or its first glob is.
#[derive(Default)]
struct Ways<'p> {
    hashes: Vec<u64>,
    /// Where each way ends.
    ends: Vec<usize>,
    /// The last text, and where each of its names ends: its neighbour begins much the same.
    text: &'p str,
    marks: Vec<(usize, u64)>,
    names: Vec<&'p str>,
}

impl<'p> Ways<'p> {
    /// Adds the way of a pattern; whether a glob goes on from its end.
    fn push(&mut self, end: &End<'p>) -> bool {
        let text = end.pattern.as_str();
        let plain = text.strip_suffix("/**").unwrap_or(text);
        let glob = if is_glob(plain) || plain.starts_with('.') || plain.contains("/.") {
            self.push_read(end)
        } else {
            self.push_plain(plain);
            false
        };
        self.ends.push(self.hashes.len());
        glob
    }

    fn push_plain(&mut self, text: &'p str) {
        let same = self.text.bytes().zip(text.bytes()).take_while(|(old, new)| old == new).count();
        // A name that the old text and the new one have in common ends with a slash in both.
        let kept = self.marks.partition_point(|&(end, _)| end < same);
        self.marks.truncate(kept);
        self.hashes.push(ROOT);
        self.hashes.extend(self.marks.iter().map(|&(_, hash)| hash));
        let (mut at, mut hash) = self.marks.last().copied().unwrap_or((0, ROOT));
        let bytes = text.as_bytes();
        while at < bytes.len() {
            if bytes[at] == b'/' {
                at += 1;
                continue;
            }
            let start = at;
            while at < bytes.len() && bytes[at] != b'/' {
                at += 1;
            }
            hash = hash_of(hash, &bytes[start..at]);
            self.hashes.push(hash);
            self.marks.push((at, hash));
        }
        self.text = text;
    }

    fn push_read(&mut self, end: &End<'p>) -> bool {
        let whole = read(end.pattern, &mut self.names) != super::overlap::Reach::Names;
        self.hashes.push(ROOT);
        let mut hash = ROOT;
        for name in &self.names {
            if is_glob(name) {
                return true;
            }
            hash = hash_of(hash, name.as_bytes());
            self.hashes.push(hash);
        }
        whole
    }

    fn last(&self) -> u64 {
        self.hashes.last().copied().unwrap_or(ROOT)
    }

    fn of(&self, at: usize) -> &[u64] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.hashes[start..self.ends[at]]
    }
}

/// Eight bytes at a time, multiplied (Knuth, The Art of Computer Programming 3, 6.4), the upper half folded into the lower.
fn hash_of(seed: u64, name: &[u8]) -> u64 {
    let mut hash = (seed ^ name.len() as u64).wrapping_mul(PRIME);
    for bytes in name.chunks(8) {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(PRIME);
        hash ^= hash >> 32;
    }
    hash
}

const PRIME: u64 = 0x9e37_79b9_7f4a_7c15;

/// The hash of what is a hash already.
#[derive(Default)]
struct Passed(u64);

impl Hasher for Passed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash.wrapping_mul(PRIME);
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash_of(self.0, bytes);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::exclusion::overlap::meet;
    use crate::model::pattern::Pattern;

    proptest! {
        #[test]
        fn whoever_meets_one_that_is_wanted_passes(
            rows in prop::collection::vec((any::<bool>(), "[ab./]{1,6}(/\\*\\*|/\\*|\\*a|/\\[ab\\]|/\\[!a\\])?"), 0..12),
            readers in any::<bool>(),
        ) {
            let wanted = if readers { Wanted::Readers } else { Wanted::Writers };
            let rows: Vec<(bool, Pattern)> =
                rows.into_iter().filter_map(|(writes, text)| Some((writes || !readers, text.parse().ok()?))).collect();
            let ends = rows.iter().zip(0..).map(|((writes, pattern), task)| End { task, writes: *writes, pattern });
            let passed: Vec<u32> = sieve(ends.collect(), wanted).iter().map(|end| end.task).collect();
            for (a, (writes, pattern)) in rows.iter().enumerate() {
                let meets = rows.iter().enumerate().any(|(b, (other_writes, other))| {
                    b != a && (*other_writes != *writes || !readers) && meet(pattern, other)
                });
                prop_assert!(!meets || passed.contains(&(a as u32)), "{pattern} of {rows:?}: {passed:?}");
            }
        }
    }

    #[test]
    fn paths_of_their_own_do_not_pass() {
        let patterns: Vec<Pattern> = ["src/a.rs", "src/b.rs", "src/b", "doc/x/**", "doc/y", "doc/x/z"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        let ends = patterns.iter().zip(0..).map(|(pattern, task)| End { task, writes: true, pattern });
        let passed: Vec<u32> = sieve(ends.collect(), Wanted::Writers).iter().map(|end| end.task).collect();
        assert_eq!(passed, [3, 5]);
    }
}
