//! What was taken back from the target, by the words that `git revert` writes.

use std::collections::BTreeMap;

use super::oid::Oid;

/// A commit whose message says `This reverts commit …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revert {
    pub commit: Oid,
    /// What it names.
    pub named: Vec<Oid>,
    /// The tips that those of them which are merges brought.
    pub merged: Vec<Oid>,
}

/// The reverts that hold: those that no other that holds reverts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reverts {
    named: BTreeMap<Oid, Oid>,
    merged: BTreeMap<Oid, Oid>,
}

impl Reverts {
    /// Of `said`, which comes newest first: a revert is younger than what it names.
    pub fn new<'a>(said: impl IntoIterator<Item = &'a Revert>) -> Reverts {
        let mut reverts = Reverts::default();
        for revert in said {
            if reverts.named.contains_key(&revert.commit) || reverts.merged.contains_key(&revert.commit) {
                continue;
            }
            for &commit in &revert.named {
                reverts.named.entry(commit).or_insert(revert.commit);
            }
            for &tip in &revert.merged {
                reverts.merged.entry(tip).or_insert(revert.commit);
            }
        }
        reverts
    }

    pub fn is_empty(&self) -> bool {
        self.named.is_empty()
    }

    /// The revert of this very commit.
    pub fn of(&self, commit: Oid) -> Option<Oid> {
        self.named.get(&commit).copied()
    }

    /// The revert of a merge that brought this tip.
    pub fn of_merged(&self, tip: Oid) -> Option<Oid> {
        self.merged.get(&tip).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::oid;

    fn revert(commit: char, named: &[char], merged: &[char]) -> Revert {
        let ids = |ids: &[char]| ids.iter().map(|&id| oid(id)).collect();
        Revert { commit: oid(commit), named: ids(named), merged: ids(merged) }
    }

    #[test]
    fn a_revert_holds_until_it_is_reverted_itself() {
        let once = [revert('2', &['1'], &['a'])];
        assert_eq!((Reverts::new(&once).of(oid('1')), Reverts::new(&once).of(oid('a'))), (Some(oid('2')), None));
        assert_eq!(Reverts::new(&once).of_merged(oid('a')), Some(oid('2')));
        let twice = [revert('3', &['2'], &[]), once[0].clone()];
        assert_eq!((Reverts::new(&twice).of(oid('1')), Reverts::new(&twice).of_merged(oid('a'))), (None, None));
        let thrice = [revert('4', &['3'], &[]), twice[0].clone(), twice[1].clone()];
        assert_eq!(Reverts::new(&thrice).of(oid('1')), Some(oid('2')));
        // The merge of a revert's branch is reverted.
        let merged = [revert('5', &['4'], &['2']), once[0].clone()];
        assert_eq!(Reverts::new(&merged).of(oid('1')), None);
        let again = [revert('4', &['1'], &[]), twice[0].clone(), twice[1].clone()];
        assert_eq!(Reverts::new(&again).of(oid('1')), Some(oid('4')));
    }
}
