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
        let needs = || bar.needs.iter().copied().filter(|&need| need < at);
        let mut through = vec![0u64; words].into_boxed_slice();
        for need in needs() {
            through.iter_mut().zip(&above[need]).for_each(|(all, more)| *all |= more);
        }
        links.extend(needs().filter(|&need| !has(&through, need)).map(|need| (need, at)));
        needs().for_each(|need| through[need / 64] |= 1 << (need % 64));
        above.push(through);
    }
    links
}
