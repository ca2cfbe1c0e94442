//! Pairs, covered by cliques: sets in which each two are a pair.

use crate::model::graph::Edges;

/// How many steps are taken in search of large cliques; after that each pair is one of its own.
const STEPS: usize = 20_000_000;

/// Cliques that hold every pair together at least once, and no other. The pairs are in order, each once, the smaller
/// member first; where `told` is set a pair need not be in any clique.
///
/// The cover is greedy (Kellerman 1973): a clique begins with the first pair that is in none yet, and takes in whatever
/// is in a pair with all that it has. To find the fewest cliques is NP-hard (Kou, Stockmeyer and Wong 1978).
pub(in crate::model) fn cliques(pairs: &[(u32, u32)], told: &[bool]) -> Vec<Vec<u32>> {
    debug_assert!(pairs.is_sorted() && pairs.len() == told.len());
    let size = pairs.iter().map(|&(_, b)| b as usize + 1).max().unwrap_or(0);
    let larger = Edges::new(size, pairs.iter().copied());
    let mut neighbours: Vec<(u32, u32)> = pairs.iter().flat_map(|&(a, b)| [(a, b), (b, a)]).collect();
    neighbours.sort_unstable();
    let neighbours = Edges::new(size, neighbours.iter().copied());
    let mut told = told.to_vec();
    let mut steps = STEPS;
    let mut cliques = Vec::new();
    for at in 0..pairs.len() {
        if told[at] {
            continue;
        }
        let (a, b) = pairs[at];
        told[at] = true;
        let mut clique = vec![a, b];
        let mut fit = common(neighbours.row(a as usize), neighbours.row(b as usize), &mut steps);
        while let Some(&next) = fit.first() {
            clique.push(next);
            fit = common(&fit[1..], neighbours.row(next as usize), &mut steps);
        }
        clique.sort_unstable();
        tell(&clique, &larger, pairs, &mut told, &mut steps);
        cliques.push(clique);
    }
    cliques
}

/// What is in both lists, which are in order; nothing where no steps are left.
fn common(a: &[u32], b: &[u32], steps: &mut usize) -> Vec<u32> {
    let (few, many) = if a.len() < b.len() { (a, b) } else { (b, a) };
    *steps = steps.saturating_sub(1 + few.len());
    if *steps == 0 {
        return Vec::new();
    }
    let mut rest = many;
    let found = few.iter().filter(|&one| {
        rest = &rest[rest.partition_point(|other| other < one)..];
        rest.first() == Some(one)
    });
    found.copied().collect()
}

/// Marks all pairs of a clique.
fn tell(clique: &[u32], larger: &Edges, pairs: &[(u32, u32)], told: &mut [bool], steps: &mut usize) {
    for (at, &one) in clique.iter().enumerate() {
        let row = larger.row(one as usize);
        let start = pairs.partition_point(|&(a, _)| a < one);
        *steps = steps.saturating_sub(clique.len() - at);
        for other in &clique[at + 1..] {
            if let Ok(place) = row.binary_search(other) {
                told[start + place] = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_complete_graph_is_one_clique_and_a_star_as_many_as_it_has_rays() {
        let complete: Vec<_> = (0..30).flat_map(|a| (a + 1..30).map(move |b| (a, b))).collect();
        assert_eq!(cliques(&complete, &vec![false; complete.len()]), [(0..30).collect::<Vec<u32>>()]);
        let star: Vec<_> = (1..30).map(|ray| (0, ray)).collect();
        assert_eq!(cliques(&star, &[false; 29]).len(), 29);
        assert!(cliques(&star, &[true; 29]).is_empty());
    }

    proptest! {
        #[test]
        fn cliques_hold_every_pair_and_no_other(
            pairs in prop::collection::btree_set((0u32..14, 0u32..14), 0..90),
            told in any::<u64>(),
        ) {
            let pairs: Vec<(u32, u32)> = pairs.into_iter().filter(|(a, b)| a < b).collect();
            let told: Vec<bool> = (0..pairs.len()).map(|at| told >> (at % 64) & 1 == 1).collect();
            let all: BTreeSet<_> = pairs.iter().copied().collect();
            let mut held = BTreeSet::new();
            for clique in cliques(&pairs, &told) {
                prop_assert!(clique.is_sorted() && clique.len() > 1);
                held.extend(clique.iter().flat_map(|&a| clique.iter().map(move |&b| (a, b))).filter(|(a, b)| a < b));
            }
            prop_assert!(held.is_subset(&all));
            prop_assert!(pairs.iter().zip(told).all(|(pair, told)| told || held.contains(pair)));
        }
    }
}
