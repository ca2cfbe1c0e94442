//! Which of very many patterns could meet another at all: most name paths of their own, and need no closer look.
//!
//! Each plain name on a pattern's way is a hash of the way so far. A pattern whose way passes no other's end, and on
//! whose end no other's way goes on, meets none. Hashes that are equal by chance, or by malice, only let more through.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

use super::index::End;
use super::overlap::{Reach, is_glob, is_special, read};

type Set = HashSet<u64, BuildHasherDefault<Passed>>;
type Table<T> = HashMap<u64, T, BuildHasherDefault<Passed>>;

/// Those that may meet a pattern of the other list, all in one; each that does is among them.
pub(super) fn of_both<'p>(reads: Vec<End<'p>>, writes: Vec<End<'p>>) -> Vec<End<'p>> {
    let mut ways = Ways::new();
    let mut read: Table<ReadHere> = Table::default();
    for end in &reads {
        let glob = ways.push(end);
        for hash in ways.newest() {
            read.entry(*hash).or_default();
        }
        let here = read.entry(ways.last()).or_default();
        here.globs |= glob;
        here.ends |= !glob;
        ways.forget();
    }
    let passes = |end: &End<'p>| {
        let glob = ways.push(end);
        let met = |hash: &u64| read.get(hash).is_some_and(|here| here.globs || here.ends);
        let passes = glob || read.contains_key(&ways.last()) || ways.newest().iter().any(met);
        ways.forget();
        passes
    };
    let mut both: Vec<End<'p>> = writes.into_iter().filter(passes).collect();
    if !both.is_empty() {
        both.extend(reads);
    }
    both
}

/// What is read where a way leads through.
#[derive(Default)]
struct ReadHere {
    ends: bool,
    globs: bool,
}

/// Those that may meet another, in their order; each that does is among them.
pub(super) fn of_one(mut ends: Vec<End<'_>>) -> Vec<End<'_>> {
    let mut ways = Ways::new();
    let mut ended = Set::default();
    ended.reserve(ends.len());
    // Where more than one ends, and from where globs go on: few, so that they are asked before the many.
    let (mut twice, mut globs_from) = (Set::default(), Set::default());
    let mut globs = Vec::with_capacity(ends.len());
    for end in &ends {
        let glob = ways.push(end);
        if glob {
            globs_from.insert(ways.last());
        } else if !ended.insert(ways.last()) {
            twice.insert(ways.last());
        }
        globs.push(glob);
    }
    // Where the way of another leads through.
    let mut met = Set::default();
    let mut passes = vec![false; ends.len()];
    // What is known of the last way: neighbours have most of it in common.
    let mut known: Vec<(u64, bool)> = Vec::new();
    for (at, &glob) in globs.iter().enumerate() {
        let way = ways.of(at);
        let above = if glob { way } else { &way[..way.len() - 1] };
        let same = known.iter().zip(above).take_while(|((old, _), new)| old == *new).count();
        known.truncate(same);
        for hash in &above[same..] {
            let ends_here = ended.contains(hash);
            if ends_here {
                met.insert(*hash);
            }
            let before = known.last().is_some_and(|&(_, passes)| passes);
            known.push((*hash, before || ends_here || globs_from.contains(hash)));
        }
        let own = way[way.len() - 1];
        let here = glob || twice.contains(&own) || globs_from.contains(&own);
        passes[at] = here || known.last().is_some_and(|&(_, passes)| passes);
    }
    let mut at = 0;
    ends.retain(|_| {
        at += 1;
        passes[at - 1] || ways.of(at - 1).last().is_some_and(|end| met.contains(end))
    });
    ends
}

/// Hashes of ways, from the root to where a pattern ends or its first glob is.
struct Ways<'p> {
    /// That of the root: another one in each run, so that nobody can write a file whose ways fall together.
    root: u64,
    hashes: Vec<u64>,
    /// Where each way ends.
    ends: Vec<usize>,
    /// The last text, and where each of its names ends: its neighbour begins much the same.
    text: &'p str,
    marks: Vec<(usize, u64)>,
    names: Vec<&'p str>,
}

impl<'p> Ways<'p> {
    fn new() -> Ways<'p> {
        let root = RandomState::new().hash_one(0);
        Ways { root, hashes: vec![], ends: vec![], text: "", marks: vec![], names: vec![] }
    }

    /// Adds the way of a pattern; whether a glob goes on from its end.
    fn push(&mut self, end: &End<'p>) -> bool {
        let text = end.pattern.as_str();
        let plain = text.strip_suffix("/**").unwrap_or(text);
        let glob = !self.push_plain(plain) && {
            self.hashes.truncate(self.ends.last().copied().unwrap_or(0));
            self.push_read(end)
        };
        self.ends.push(self.hashes.len());
        glob
    }

    /// Adds a way of plain names; `false`, with half of it added, where it is another one.
    fn push_plain(&mut self, text: &'p str) -> bool {
        let bytes = text.as_bytes();
        let same = self.text.bytes().zip(text.bytes()).take_while(|(old, new)| old == new).count();
        // A name that the old text and the new one have in common ends with a slash in both.
        let kept = self.marks.partition_point(|&(end, _)| end < same);
        self.marks.truncate(kept);
        self.text = text;
        self.hashes.push(self.root);
        self.hashes.extend(self.marks.iter().map(|&(_, hash)| hash));
        let (mut at, mut hash) = self.marks.last().copied().unwrap_or((0, self.root));
        while at < bytes.len() {
            if bytes[at] == b'/' {
                at += 1;
                continue;
            }
            let start = at;
            let mut plain = bytes[at] != b'.';
            while at < bytes.len() && bytes[at] != b'/' {
                plain &= !is_special(bytes[at]);
                at += 1;
            }
            if !plain {
                return false;
            }
            hash = hash_of(hash, &bytes[start..at]);
            self.hashes.push(hash);
            self.marks.push((at, hash));
        }
        true
    }

    fn push_read(&mut self, end: &End<'p>) -> bool {
        let whole = read(end.pattern, &mut self.names) != Reach::Names;
        self.hashes.push(self.root);
        let mut hash = self.root;
        for name in &self.names {
            if is_glob(name) {
                return true;
            }
            hash = hash_of(hash, name.as_bytes());
            self.hashes.push(hash);
        }
        whole
    }

    /// The way that was added last.
    fn newest(&self) -> &[u64] {
        self.of(self.ends.len() - 1)
    }

    /// Drops all ways.
    fn forget(&mut self) {
        self.hashes.clear();
        self.ends.clear();
    }

    fn last(&self) -> u64 {
        self.hashes.last().copied().unwrap_or(self.root)
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
            let rows: Vec<(bool, Pattern)> =
                rows.into_iter().filter_map(|(writes, text)| Some((writes || !readers, text.parse().ok()?))).collect();
            let ends = rows.iter().zip(0..).map(|((writes, pattern), task)| End { task, writes: *writes, pattern });
            let passed = if readers {
                let (writes, reads) = ends.partition(|end| end.writes);
                of_both(reads, writes)
            } else {
                of_one(ends.collect())
            };
            let passed: Vec<u32> = passed.iter().map(|end| end.task).collect();
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
        let passed: Vec<u32> = of_one(ends.collect()).iter().map(|end| end.task).collect();
        assert_eq!(passed, [3, 5]);
        let end = |at: usize, writes| End { task: at as u32, writes, pattern: &patterns[at] };
        let passed = of_both(vec![end(3, false)], vec![end(0, true), end(4, true), end(5, true)]);
        assert_eq!(passed.iter().map(|end| end.task).collect::<Vec<_>>(), [5, 3]);
        assert!(of_both(vec![end(3, false)], vec![end(0, true), end(4, true)]).is_empty());
    }
}
