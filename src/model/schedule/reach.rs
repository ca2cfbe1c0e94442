//! How many jobs wait for each of some jobs, transitively and exactly.

use super::{Node, Problem};

/// Sources that one pass over the problem carries.
const LANES: usize = 512;
const WORDS: usize = LANES / 64;
type Lanes = [u64; WORDS];

/// By source: how many jobs need it, directly or through others.
///
/// Passes of 512 sources carry one bit each along the needs and add them up in bit-sliced counters, so that a pass costs
/// eight words per need and per job, however much the sources reach.
pub fn dependants(problem: &Problem, sources: &[Node]) -> Vec<u64> {
    let mut counts = vec![0; sources.len()];
    // Neighbours in the order of needs reach much the same: a block of them may begin late and end early.
    let mut order: Vec<usize> = (0..sources.len()).filter(|&at| problem.dependants(sources[at]).len() > 0).collect();
    order.sort_unstable_by_key(|&source| sources[source]);
    let mut reached = vec![[0; WORDS]; if order.is_empty() { 0 } else { problem.len() }];
    for block in order.chunks(LANES) {
        let first = sources[block[0]];
        reached[first..].fill([0; WORDS]);
        for (lane, &source) in block.iter().enumerate() {
            reached[sources[source]][lane / 64] |= 1 << (lane % 64);
        }
        let counters = pass(problem, &mut reached, first);
        for (lane, &source) in block.iter().enumerate() {
            // A source reaches itself; that one does not count.
            counts[source] = counters.value(lane).saturating_sub(1);
        }
    }
    counts
}

/// Carries the bits of every job on to those that need it; nothing before `first` has any.
fn pass(problem: &Problem, reached: &mut [Lanes], first: Node) -> Counters {
    let mut counters = Counters::default();
    for node in first..problem.len() {
        let mut lanes = reached[node];
        for need in problem.needs(node).filter(|&need| need >= first) {
            for (lane, carried) in lanes.iter_mut().zip(&reached[need]) {
                *lane |= carried;
            }
        }
        if lanes != [0; WORDS] {
            reached[node] = lanes;
            counters.add(lanes);
        }
    }
    counters
}

/// 512 counters, one bit of each in a plane.
#[derive(Default)]
struct Counters {
    planes: Vec<Lanes>,
}

impl Counters {
    /// Adds one to each counter whose bit is set.
    fn add(&mut self, mut carry: Lanes) {
        for plane in &mut self.planes {
            let mut open = 0;
            for (bit, carry) in plane.iter_mut().zip(&mut carry) {
                let both = *bit & *carry;
                *bit ^= *carry;
                *carry = both;
                open |= both;
            }
            if open == 0 {
                return;
            }
        }
        self.planes.push(carry);
    }

    fn value(&self, lane: usize) -> u64 {
        let bit = |plane: &Lanes| plane[lane / 64] >> (lane % 64) & 1;
        self.planes.iter().enumerate().fold(0, |sum, (power, plane)| sum | bit(plane) << power)
    }
}
