use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::model::exclusion::ReadAfter;
use crate::model::fixture::{file, patterns, task, with};

fn graph(size: usize, needs: &[(u32, u32)]) -> Graph {
    Graph::new((0..size).map(|n| Task::named(format!("T{n:06}").parse().unwrap())).collect(), needs)
}

fn readers(pairs: &[(u32, u32)]) -> Readers<'static> {
    let pairs = pairs.iter().map(|&(reader, writer)| ReadAfter { reader, writer, path: "x" }).collect();
    Readers { pairs, crowds: Vec::new() }
}

fn implied(graph: &Graph, pairs: &[(u32, u32)]) -> Implied {
    let numbers: Vec<Number> = (0..graph.len() as Number + 1).collect();
    Implied::new(graph, &readers(pairs), &numbers, |_| false)
}

fn ends(list: &[After]) -> Vec<(u32, u32)> {
    list.iter().map(|one| (one.reader, one.writer)).collect()
}

#[test]
fn who_reads_comes_after_who_writes_unless_needs_say_otherwise() {
    let graph = graph(4, &[(1, 0), (2, 1)]);
    let found = implied(&graph, &[(0, 2), (2, 0), (3, 0), (3, 1)]);
    assert_eq!((ends(&found.needs), ends(&found.circles)), (vec![(3, 0), (3, 1)], vec![]));
    assert_eq!((found.need(3, 0), found.need(0, 3), found.needs_of(3).len()), (Some("x"), None, 2));
}

#[test]
fn an_order_that_closes_a_circle_is_none() {
    let graph = graph(5, &[(1, 2)]);
    let found = implied(&graph, &[(0, 1), (2, 0), (3, 4), (4, 3), (3, 0)]);
    assert_eq!(ends(&found.needs), [(3, 0)]);
    assert_eq!(ends(&found.circles), [(0, 1), (2, 0), (3, 4), (4, 3)]);
    assert_eq!((found.circle(4, 3), found.circle(3, 0)), (Some("x"), None));
    let sets: Vec<_> = found.exclusive().into_iter().map(|(members, _)| members).collect();
    assert_eq!(sets, [[0, 1], [0, 2], [3, 4]]);
}

#[test]
fn what_has_started_waits_for_nobody_and_what_the_file_lost_is_waited_for() {
    let graph = graph(2, &[]);
    let numbers = [0, 1, 2];
    let found = Implied::new(&graph, &readers(&[(0, 1), (1, 0), (1, 2), (2, 0)]), &numbers, |one| one == 0 || one == 2);
    assert_eq!((ends(&found.needs), ends(&found.circles)), (vec![(1, 0), (1, 2)], vec![]));
}

#[test]
fn a_file_alone_leaves_out_what_is_declared_over() {
    let writes = |id, path| with(task(id, 1, &[]), |task| task.writes = patterns(&[path]));
    let over = with(writes("B", "src/x"), |task| task.state = Some(crate::model::task::Declared::Landed));
    let reader = with(task("C", 1, &[]), |task| task.reads = patterns(&["src/*"]));
    let found = Implied::of_file(&file(vec![writes("A", "src/**"), over, reader]));
    assert_eq!(ends(&found.needs), [(2, 0)]);
    assert!(found.is_orderly());
}

#[test]
fn a_chain_of_fifty_thousand_needs_no_deep_stack() {
    const LENGTH: u32 = 50_000;
    let needs: Vec<_> = (1..LENGTH).map(|n| (n - 1, n)).collect();
    let graph = graph(LENGTH as usize + 1, &needs);
    let run = move || {
        // The first needs the last, and so comes after it; the one that is left over closes a circle of all.
        let pairs = [(0, LENGTH - 1), (LENGTH - 1, LENGTH), (LENGTH, 0)];
        let found = implied(&graph, &pairs);
        (ends(&found.circles), found.topological(&graph).len())
    };
    let small = std::thread::Builder::new().stack_size(128 * 1024).spawn(run).unwrap();
    assert_eq!(small.join().unwrap(), (vec![(LENGTH - 1, LENGTH), (LENGTH, 0)], LENGTH as usize + 1));
}

/// By pair, whether the second can be reached from the first.
fn closure(size: usize, edges: &[(u32, u32)]) -> Vec<Vec<bool>> {
    let mut reach = vec![vec![false; size]; size];
    edges.iter().for_each(|&(a, b)| reach[a as usize][b as usize] = true);
    for through in 0..size {
        for a in 0..size {
            for b in 0..size {
                reach[a][b] |= reach[a][through] && reach[through][b];
            }
        }
    }
    reach
}

proptest! {
    #[test]
    fn each_pair_is_in_sequence_or_an_implied_need_or_part_of_a_circle(
        size in 1usize..12,
        needs in prop::collection::btree_set((0u32..12, 0u32..12), 0..16),
        pairs in prop::collection::btree_set((0u32..12, 0u32..12), 0..24),
    ) {
        let inside = |&(a, b): &(u32, u32)| (a as usize) < size && (b as usize) < size;
        let needs: Vec<(u32, u32)> = needs.into_iter().filter(inside).filter(|(a, b)| a > b).collect();
        let pairs: Vec<(u32, u32)> = pairs.into_iter().filter(inside).filter(|(a, b)| a != b).collect();
        let graph = graph(size, &needs);
        let found = implied(&graph, &pairs);
        let declared = closure(size, &needs);
        let reaches = |reach: &[Vec<bool>], a: u32, b: u32| reach[a as usize][b as usize];
        let free: Vec<(u32, u32)> =
            pairs.iter().copied().filter(|&(a, b)| !reaches(&declared, a, b) && !reaches(&declared, b, a)).collect();
        let all = closure(size, &[&needs[..], &free].concat());
        let (circles, order): (Vec<_>, Vec<_>) = free.into_iter().partition(|&(a, b)| reaches(&all, b, a));
        prop_assert_eq!(ends(&found.needs), &order[..]);
        prop_assert_eq!(ends(&found.circles), &circles[..]);

        let mut place = vec![usize::MAX; size];
        found.topological(&graph).into_iter().enumerate().for_each(|(at, ix)| place[ix] = at);
        prop_assert!(place.iter().all(|&at| at < size));
        let mut both = needs.iter().chain(&order);
        prop_assert!(both.all(|&(task, need)| place[task as usize] > place[need as usize]));

        let mut excluded = BTreeSet::new();
        for (members, _) in found.exclusive() {
            excluded.extend(members.iter().flat_map(|&a| members.iter().map(move |&b| (a, b))).filter(|(a, b)| a < b));
        }
        let expected: BTreeSet<_> = circles.iter().map(|&(a, b)| (a.min(b), a.max(b))).collect();
        prop_assert_eq!(excluded, expected);

        let backwards: Vec<_> = pairs.iter().rev().copied().collect();
        prop_assert_eq!(implied(&graph, &backwards), found);
    }
}
