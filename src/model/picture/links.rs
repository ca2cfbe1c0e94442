//! The needs that a drawing shows.

use super::Bar;

/// The needs among `bars` that follow from no others, as pairs of need and dependant, by dependant and then need: the
/// transitive reduction (Aho, Garey and Ullman 1972). Keeps a set of bits for each bar, so that 5,000 bars take 3 MB.
///
/// Needs stand before their dependants in `bars` wherever the schedule keeps to them; any that does not is left out.
pub fn links(bars: &[Bar<'_>]) -> Vec<(usize, usize)> {
    let words = bars.len().div_ceil(64);
    let mut above: Vec<Box<[u64]>> = Vec::with_capacity(bars.len());
    let mut links = Vec::new();
    let has = |set: &[u64], at: usize| set[at / 64] >> (at % 64) & 1 == 1;
    for (at, bar) in bars.iter().enumerate() {
        let mut through = vec![0u64; words].into_boxed_slice();
        let first = links.len();
        // A need follows from later ones only.
        for need in bar.needs.iter().rev().copied().filter(|&need| need < at) {
            if !has(&through, need) {
                links.push((need, at));
                through.iter_mut().zip(&above[need]).for_each(|(all, more)| *all |= more);
                through[need / 64] |= 1 << (need % 64);
            }
        }
        links[first..].reverse();
        above.push(through);
    }
    links
}
