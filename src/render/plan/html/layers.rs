//! Where the tasks of a graph stand: in layers from left to right, as Sugiyama, Tagawa and Toda draw them (1981).
//!
//! Each task stands right of all that it needs, in the layer that its longest chain of needs gives, or nearer to what needs
//! it where that makes links shorter. Within a layer, sweeps
//! move each to the mean place of its neighbours, and the order with the fewest crossings is kept. Heights are the
//! closest to those of the neighbours that keep order and distance (pool adjacent violators; Ayer et al. 1955).

/// Pixels from the middle of one to the middle of the next, by halves: a task, and a link that passes by.
const HALF: [f64; 2] = [26.0, 8.0];
const SWEEPS: usize = 16;
/// Places for links that pass by, in all; links beyond go straight.
const MOST_PASSING: usize = 20_000;

/// A graph in layers.
#[derive(Debug, Clone, PartialEq)]
pub struct Layers {
    /// By task: layer and height of its middle.
    pub places: Vec<(usize, f64)>,
    /// By link: the heights at which it passes the layers between its ends; empty where it goes straight.
    pub passes: Vec<Vec<f64>>,
    /// How many layers there are.
    pub number: usize,
    /// The lowest edge; the highest is 0.
    pub height: f64,
}

/// Lays out `tasks` tasks, whose `links` lead from a task to one with a higher number.
pub fn layers(tasks: usize, links: &[(usize, usize)]) -> Layers {
    let mut grid = Grid::new(tasks, links);
    grid.order();
    let heights = grid.heights();
    let top = (0..grid.nodes.len()).map(|node| heights[node] - grid.half(node)).fold(f64::INFINITY, f64::min);
    let low = (0..grid.nodes.len()).map(|node| heights[node] + grid.half(node)).fold(f64::NEG_INFINITY, f64::max);
    Layers {
        places: (0..tasks).map(|task| (grid.nodes[task], heights[task] - top)).collect(),
        passes: grid.passing.iter().map(|nodes| nodes.iter().map(|&node| heights[node] - top).collect()).collect(),
        number: grid.rows.len(),
        height: if tasks == 0 { 0.0 } else { low - top },
    }
}

/// Tasks, and after them the places where links pass by, in their layers.
struct Grid {
    tasks: usize,
    /// The layer of each node.
    nodes: Vec<usize>,
    /// Neighbours in the layer before and after.
    before: Vec<Vec<usize>>,
    after: Vec<Vec<usize>>,
    /// By link.
    passing: Vec<Vec<usize>>,
    /// By layer, from the top.
    rows: Vec<Vec<usize>>,
}

impl Grid {
    fn new(tasks: usize, links: &[(usize, usize)]) -> Grid {
        let mut nodes = vec![0; tasks];
        // Links are in the order of their ends, and each begins before its end: so its layer is known.
        let mut sorted: Vec<usize> = (0..links.len()).collect();
        sorted.sort_by_key(|&link| links[link].1);
        for &link in &sorted {
            let (from, to) = links[link];
            nodes[to] = nodes[to].max(nodes[from] + 1);
        }
        shorten(&mut nodes, links);
        let mut grid = Grid { tasks, nodes, before: vec![], after: vec![], passing: vec![], rows: vec![] };
        let mut edges = Vec::new();
        for &(from, to) in links {
            let between = grid.nodes[from] + 1..grid.nodes[to];
            let fits = grid.nodes.len() - tasks + between.len() <= MOST_PASSING;
            let mut passing = Vec::new();
            let mut last = from;
            for layer in between.filter(|_| fits) {
                let node = grid.nodes.len();
                grid.nodes.push(layer);
                passing.push(node);
                edges.push((last, node));
                last = node;
            }
            edges.push((last, to));
            grid.passing.push(passing);
        }
        grid.before = vec![Vec::new(); grid.nodes.len()];
        grid.after = vec![Vec::new(); grid.nodes.len()];
        for (from, to) in edges {
            grid.after[from].push(to);
            grid.before[to].push(from);
        }
        grid.rows = vec![Vec::new(); grid.nodes.iter().map(|layer| layer + 1).max().unwrap_or(0)];
        for (node, &layer) in grid.nodes.iter().enumerate() {
            grid.rows[layer].push(node);
        }
        grid
    }

    fn half(&self, node: usize) -> f64 {
        HALF[usize::from(node >= self.tasks)]
    }

    /// Sweeps to and fro; keeps the best order.
    fn order(&mut self) {
        let mut best = (self.crossings(), self.rows.clone());
        for sweep in 0..SWEEPS {
            let forth = sweep % 2 == 0;
            let mut place = self.spots();
            for step in 0..self.rows.len() {
                let layer = if forth { step } else { self.rows.len() - 1 - step };
                let near = if forth { &self.before } else { &self.after };
                let mut row = std::mem::take(&mut self.rows[layer]);
                let mean = |node: usize| {
                    let near = &near[node];
                    let sum: f64 = near.iter().map(|&other| place[other]).sum();
                    if near.is_empty() { place[node] } else { sum / near.len() as f64 }
                };
                row.sort_by(|&a, &b| mean(a).total_cmp(&mean(b)));
                for (at, &node) in row.iter().enumerate() {
                    place[node] = (at as f64 + 0.5) / row.len() as f64;
                }
                self.rows[layer] = row;
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.rows.clone());
            }
        }
        self.rows = best.1;
    }

    /// Where each node is in its layer, from 0 at the top to 1.
    fn spots(&self) -> Vec<f64> {
        let mut spots = vec![0.0; self.nodes.len()];
        for row in &self.rows {
            for (at, &node) in row.iter().enumerate() {
                spots[node] = (at as f64 + 0.5) / row.len() as f64;
            }
        }
        spots
    }

    /// How many links between neighbouring layers cross, counted with a Fenwick tree (Barth, Mutzel and Jünger 2002).
    fn crossings(&self) -> u64 {
        let mut place = vec![0usize; self.nodes.len()];
        self.rows.iter().for_each(|row| row.iter().enumerate().for_each(|(at, &node)| place[node] = at));
        let mut crossings = 0;
        for (layer, row) in self.rows.iter().enumerate() {
            let wide = self.rows.get(layer + 1).map_or(0, Vec::len);
            let mut tree = vec![0u64; wide + 1];
            let mut seen = 0;
            for &node in row {
                // Straight links to further layers are not counted.
                let near = self.after[node].iter().filter(|&&next| self.nodes[next] == layer + 1);
                let mut ends: Vec<usize> = near.map(|&next| place[next]).collect();
                ends.sort_unstable();
                for &end in &ends {
                    let (mut at, mut above) = (end + 1, 0);
                    while at > 0 {
                        above += tree[at];
                        at &= at - 1;
                    }
                    crossings += seen - above;
                }
                for end in ends {
                    seen += 1;
                    let mut at = end + 1;
                    while at <= wide {
                        tree[at] += 1;
                        at += at & at.wrapping_neg();
                    }
                }
            }
        }
        crossings
    }

    /// Heights of all nodes: order and distances kept, else as near to the neighbours as can be.
    fn heights(&self) -> Vec<f64> {
        let mut heights = vec![0.0; self.nodes.len()];
        for row in &self.rows {
            let offsets = self.offsets(row);
            let middle = offsets.last().copied().unwrap_or(0.0) / 2.0;
            row.iter().zip(offsets).for_each(|(&node, offset)| heights[node] = offset - middle);
        }
        for sweep in 0..SWEEPS {
            for step in 0..self.rows.len() {
                let row = &self.rows[if sweep % 2 == 0 { step } else { self.rows.len() - 1 - step }];
                let offsets = self.offsets(row);
                let wanted: Vec<f64> =
                    row.iter().zip(&offsets).map(|(&node, offset)| self.wanted(node, &heights) - offset).collect();
                for ((&node, level), offset) in row.iter().zip(rising(&wanted)).zip(offsets) {
                    heights[node] = level + offset;
                }
            }
        }
        heights
    }

    /// The mean height of the neighbours.
    fn wanted(&self, node: usize, heights: &[f64]) -> f64 {
        let near = || self.before[node].iter().chain(&self.after[node]);
        let number = near().count();
        if number == 0 { heights[node] } else { near().map(|&other| heights[other]).sum::<f64>() / number as f64 }
    }

    /// How far below the first of the row each is at least.
    fn offsets(&self, row: &[usize]) -> Vec<f64> {
        let mut at = 0.0;
        let mut offsets = Vec::with_capacity(row.len());
        for (index, &node) in row.iter().enumerate() {
            at += if index == 0 { 0.0 } else { self.half(row[index - 1]) + self.half(node) };
            offsets.push(at);
        }
        offsets
    }
}

/// Moves each task to the right, up to what needs it, where that lengthens no more links than it shortens.
fn shorten(nodes: &mut [usize], links: &[(usize, usize)]) {
    let mut balance = vec![0i64; nodes.len()];
    let mut limit = vec![usize::MAX; nodes.len()];
    for &(from, to) in links {
        balance[from] += 1;
        balance[to] -= 1;
    }
    // From the last task to the first: all that needs a task stands already.
    let mut links = links.to_vec();
    links.sort_unstable_by_key(|&(from, _)| std::cmp::Reverse(from));
    let mut next = 0;
    for task in (0..nodes.len()).rev() {
        while let Some(&(from, to)) = links.get(next).filter(|link| link.0 == task) {
            limit[from] = limit[from].min(nodes[to] - 1);
            next += 1;
        }
        if balance[task] >= 0 && limit[task] != usize::MAX {
            nodes[task] = limit[task];
        }
    }
}

/// The never falling sequence that is nearest to `wanted` by the sum of squares.
fn rising(wanted: &[f64]) -> Vec<f64> {
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for &level in wanted {
        let mut pool = (level, 1);
        while let Some(&(sum, number)) = pools.last() {
            if sum / number as f64 <= pool.0 / pool.1 as f64 {
                break;
            }
            pools.pop();
            pool = (pool.0 + sum, pool.1 + number);
        }
        pools.push(pool);
    }
    pools.into_iter().flat_map(|(sum, number)| std::iter::repeat_n(sum / number as f64, number)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn chains_are_straight_and_links_that_pass_by_have_room() {
        let laid = layers(4, &[(0, 1), (1, 2), (0, 3), (2, 3)]);
        assert_eq!(laid.places.iter().map(|place| place.0).collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!(laid.passes.iter().map(Vec::len).collect::<Vec<_>>(), [0, 0, 2, 0]);
        assert!((laid.places[1].1 - laid.places[2].1).abs() < 1.0, "{laid:?}");
        assert!((laid.places[1].1 - laid.passes[2][0]).abs() >= 34.0 - 0.01, "{laid:?}");
        assert_eq!(layers(0, &[]), Layers { places: vec![], passes: vec![], number: 0, height: 0.0 });
    }

    #[test]
    fn sweeps_take_crossings_out() {
        // Two stars whose leaves come in turns.
        let links: Vec<(usize, usize)> = (2..12).map(|leaf| (leaf % 2, leaf)).collect();
        let mut grid = Grid::new(12, &links);
        assert_eq!(grid.crossings(), 10);
        grid.order();
        assert_eq!(grid.crossings(), 0);
    }

    #[test]
    fn the_nearest_rising_sequence_pools_what_falls() {
        assert_eq!(rising(&[1.0, 3.0, 2.0, 4.0]), [1.0, 2.5, 2.5, 4.0]);
        assert_eq!(rising(&[3.0, 2.0, 1.0]), [2.0, 2.0, 2.0]);
    }

    proptest! {
        #[test]
        fn nothing_overlaps_and_all_stand_right_of_what_they_need(
            pairs in proptest::collection::btree_set((0usize..30, 0usize..30), 0..80)
        ) {
            let links: Vec<(usize, usize)> = pairs.into_iter().filter(|(from, to)| from < to).collect();
            let laid = layers(30, &links);
            for &(from, to) in &links {
                prop_assert!(laid.places[from].0 < laid.places[to].0);
            }
            for a in 0..30 {
                for b in 0..a {
                    let ((a_layer, a_height), (b_layer, b_height)) = (laid.places[a], laid.places[b]);
                    prop_assert!(a_layer != b_layer || (a_height - b_height).abs() >= 52.0 - 0.01);
                }
                prop_assert!(laid.places[a].1 >= 25.99 && laid.places[a].1 <= laid.height - 25.99);
            }
        }
    }
}
