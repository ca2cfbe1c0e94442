//! Sets of small numbers, each kept once: what is said of many commits is said of their sets.

use std::collections::HashMap;
use std::rc::Rc;

/// A set by its number; [`EMPTY`] is the empty one.
pub(super) type SetId = u32;
pub(super) const EMPTY: SetId = 0;

/// Sets of the numbers below a fixed bound, each with a number of its own.
pub(super) struct Sets {
    words: usize,
    sets: Vec<Rc<[u64]>>,
    numbers: HashMap<Rc<[u64]>, SetId>,
    unions: HashMap<(SetId, SetId), SetId>,
}

impl Sets {
    /// Of numbers below `bound`.
    pub fn new(bound: usize) -> Sets {
        let words = bound.div_ceil(64).max(1);
        let mut sets = Sets { words, sets: Vec::new(), numbers: HashMap::new(), unions: HashMap::new() };
        sets.intern(vec![0; words].into());
        sets
    }

    /// How many different sets there are so far.
    pub fn len(&self) -> usize {
        self.sets.len()
    }

    /// What they take, in bytes, nearly.
    pub fn size(&self) -> usize {
        self.sets.len() * (self.words * 8 + 64) + self.unions.len() * 16
    }

    pub fn of(&mut self, numbers: impl IntoIterator<Item = usize>) -> SetId {
        let mut bits = vec![0u64; self.words];
        for number in numbers {
            bits[number / 64] |= 1 << (number % 64);
        }
        self.intern(bits.into())
    }

    pub fn union(&mut self, a: SetId, b: SetId) -> SetId {
        let (low, high) = (a.min(b), a.max(b));
        if low == EMPTY || low == high {
            return high;
        }
        if let Some(&known) = self.unions.get(&(low, high)) {
            return known;
        }
        let (one, other) = (&self.sets[low as usize], &self.sets[high as usize]);
        let bits: Rc<[u64]> = one.iter().zip(other.iter()).map(|(one, other)| one | other).collect();
        let union = self.intern(bits);
        self.unions.insert((low, high), union);
        union
    }

    pub fn holds(&self, set: SetId, number: usize) -> bool {
        self.sets[set as usize][number / 64] >> (number % 64) & 1 == 1
    }

    /// Whether a number is in both.
    pub fn meets(&self, a: SetId, b: SetId) -> bool {
        let (a, b) = (&self.sets[a as usize], &self.sets[b as usize]);
        a.iter().zip(b.iter()).any(|(a, b)| a & b != 0)
    }

    /// The numbers that are in `a` and not in `b`, rising.
    pub fn beyond(&self, a: SetId, b: SetId) -> impl Iterator<Item = usize> {
        let (a, b) = (&self.sets[a as usize], &self.sets[b as usize]);
        a.iter().zip(b.iter()).enumerate().flat_map(|(at, (a, b))| {
            let bits = a & !b;
            (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| at * 64 + bit)
        })
    }

    fn intern(&mut self, bits: Rc<[u64]>) -> SetId {
        if let Some(&known) = self.numbers.get(&bits) {
            return known;
        }
        let number = SetId::try_from(self.sets.len()).expect("because memory ends before numbers do");
        self.sets.push(bits.clone());
        self.numbers.insert(bits, number);
        number
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_are_what_sets_are(
            a in proptest::collection::btree_set(0usize..150, 0..20),
            b in proptest::collection::btree_set(0usize..150, 0..20),
        ) {
            let mut sets = Sets::new(150);
            let (x, y) = (sets.of(a.iter().copied()), sets.of(b.iter().copied()));
            let union = sets.union(x, y);
            prop_assert_eq!(sets.union(y, x), union);
            prop_assert_eq!(sets.of(a.union(&b).copied()), union);
            prop_assert_eq!(sets.beyond(x, y).collect::<BTreeSet<_>>(), &a - &b);
            prop_assert_eq!(sets.beyond(union, EMPTY).collect::<BTreeSet<_>>(), &a | &b);
            prop_assert_eq!(sets.meets(x, y), !a.is_disjoint(&b));
            prop_assert!((0..150).all(|number| sets.holds(x, number) == a.contains(&number)));
        }
    }
}
