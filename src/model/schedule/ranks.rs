//! A set of ranks that gives the least.

/// Bits for the ranks, bits for the words that have any, and so on up to one word: each operation touches one word a
/// level, and 2^18 ranks have three levels.
pub(super) struct Ranks {
    levels: Vec<Vec<u64>>,
}

impl Ranks {
    /// An empty set for ranks below `most`.
    pub(super) fn new(most: usize) -> Ranks {
        let mut levels = vec![vec![0; most.div_ceil(64).max(1)]];
        while let Some(words) = levels.last().map(Vec::len).filter(|&words| words > 1) {
            levels.push(vec![0; words.div_ceil(64)]);
        }
        Ranks { levels }
    }

    pub(super) fn insert(&mut self, rank: u32) {
        let mut place = rank as usize;
        for level in &mut self.levels {
            level[place / 64] |= 1 << (place % 64);
            place /= 64;
        }
    }

    pub(super) fn first(&self) -> Option<u32> {
        let mut place = 0;
        for level in self.levels.iter().rev() {
            let word = level[place];
            if word == 0 {
                return None;
            }
            place = place * 64 + word.trailing_zeros() as usize;
        }
        Some(place as u32)
    }

    pub(super) fn remove(&mut self, rank: u32) {
        let mut place = rank as usize;
        for level in &mut self.levels {
            level[place / 64] &= !(1 << (place % 64));
            if level[place / 64] != 0 {
                return;
            }
            place /= 64;
        }
    }

    pub(super) fn pop(&mut self) -> Option<u32> {
        let first = self.first()?;
        self.remove(first);
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranks_come_out_in_order(steps in prop::collection::vec(prop::option::of(0u32..10_000), 0..200)) {
            let (mut ranks, mut oracle) = (Ranks::new(10_000), BTreeSet::new());
            for step in steps {
                match step {
                    Some(rank) => {
                        ranks.insert(rank);
                        oracle.insert(rank);
                    }
                    None => prop_assert_eq!(ranks.pop(), oracle.pop_first()),
                }
                prop_assert_eq!(ranks.first(), oracle.first().copied());
            }
        }
    }
}
