//! The task graph: tasks by index, and who needs whom.

use super::id::TaskId;
use super::task::Task;

/// An index into [`Graph::tasks`], which is in the order of ids.
pub type Ix = usize;

/// Tasks in the order of their ids, and the acyclic relation *needs* between them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Graph {
    tasks: Vec<Task>,
    needs: Edges,
    dependants: Edges,
}

/// Adjacency in compressed rows: the targets of `i` are `targets[starts[i]..starts[i + 1]]`.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Edges {
    starts: Vec<u32>,
    targets: Vec<u32>,
}

impl Edges {
    /// Rows in the order of the first component; within a row, the order in which the pairs come.
    pub(super) fn new(rows: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Edges {
        let mut starts = vec![0u32; rows + 1];
        for (from, _) in pairs.clone() {
            starts[from as usize + 1] += 1;
        }
        for row in 0..rows {
            starts[row + 1] += starts[row];
        }
        let mut next = starts.clone();
        let mut targets = vec![0; starts[rows] as usize];
        for (from, to) in pairs {
            targets[next[from as usize] as usize] = to;
            next[from as usize] += 1;
        }
        Edges { starts, targets }
    }

    pub(super) fn row(&self, row: usize) -> &[u32] {
        &self.targets[self.range(row)]
    }

    /// Where the targets of a row stand among all targets.
    pub(super) fn range(&self, row: usize) -> std::ops::Range<usize> {
        self.starts[row] as usize..self.starts[row + 1] as usize
    }

    pub(super) fn rows(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }
}

impl Graph {
    /// A graph of `tasks`, which must be sorted by id, with `needs` as pairs (task, the task that it needs).
    ///
    /// The pairs may hold a cycle; [`Graph::topological`] tells.
    pub fn new(tasks: Vec<Task>, needs: &[(u32, u32)]) -> Graph {
        debug_assert!(tasks.is_sorted_by(|a, b| a.id < b.id));
        let rows = tasks.len();
        Graph {
            needs: Edges::new(rows, needs.iter().copied()),
            dependants: Edges::new(rows, needs.iter().map(|&(task, need)| (need, task))),
            tasks,
        }
    }

    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// The index of the task with this id.
    pub fn position(&self, id: &TaskId) -> Option<Ix> {
        self.tasks.binary_search_by(|task| task.id.cmp(id)).ok()
    }

    /// The task with this id.
    pub fn task(&self, id: &TaskId) -> Option<&Task> {
        self.position(id).map(|ix| &self.tasks[ix])
    }

    /// The tasks that must land before `ix` starts, in the order of the file.
    pub fn needs(&self, ix: Ix) -> impl ExactSizeIterator<Item = Ix> + Clone + '_ {
        self.needs.row(ix).iter().map(|&need| need as usize)
    }

    /// The tasks that name `ix` among their needs, in index order.
    pub fn dependants(&self, ix: Ix) -> impl ExactSizeIterator<Item = Ix> + Clone + '_ {
        self.dependants.row(ix).iter().map(|&task| task as usize)
    }

    /// Every task after all that it needs (Kahn 1962), without recursion; shorter than the graph if there is a cycle.
    pub fn topological(&self) -> Vec<Ix> {
        let mut open: Vec<u32> = (0..self.len()).map(|ix| self.needs(ix).len() as u32).collect();
        let mut order: Vec<Ix> = (0..self.len()).filter(|&ix| open[ix] == 0).collect();
        let mut done = 0;
        while let Some(&ix) = order.get(done) {
            done += 1;
            for next in self.dependants(ix) {
                open[next] -= 1;
                if open[next] == 0 {
                    order.push(next);
                }
            }
        }
        order
    }

    /// By task: where it stands in the order of needs, seen from `ix`. Linear in the graph.
    pub fn sides(&self, ix: Ix) -> Vec<Side> {
        let mut sides = vec![Side::Apart; self.len()];
        spread(ix, &mut sides, Side::Before, |ix| self.needs(ix));
        spread(ix, &mut sides, Side::After, |ix| self.dependants(ix));
        sides
    }
}

/// Marks everything that can be reached over `next`.
pub(super) fn spread<I: Iterator<Item = Ix>>(from: Ix, sides: &mut [Side], side: Side, next: impl Fn(Ix) -> I) {
    let mut stack = vec![from];
    while let Some(ix) = stack.pop() {
        for other in next(ix) {
            if sides[other] == Side::Apart {
                sides[other] = side;
                stack.push(other);
            }
        }
    }
}

/// Where a task stands in the order of needs, seen from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Neither needs the other.
    Apart,
    /// The other needs it, directly or through others.
    Before,
    /// It needs the other.
    After,
}

/// A shortest way from `from` to `to` over `next`, both included, breadth first; the first in the order of `next`.
pub(super) fn shortest<I: Iterator<Item = usize>>(
    size: usize,
    (from, to): (usize, usize),
    next: impl Fn(usize) -> I,
) -> Option<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let mut before = vec![UNSEEN; size];
    before[from] = from;
    let mut queue = vec![from];
    let mut done = 0;
    while let Some(&ix) = queue.get(done).filter(|_| before[to] == UNSEEN) {
        done += 1;
        for other in next(ix) {
            if before[other] == UNSEEN {
                before[other] = ix;
                queue.push(other);
            }
        }
    }
    if before[to] == UNSEEN {
        return None;
    }
    let mut way = vec![to];
    while let Some(&ix) = way.last().filter(|&&ix| ix != from) {
        way.push(before[ix]);
    }
    way.reverse();
    Some(way)
}

/// The sets of more than one of `size` things that can be reached from each other over `next` (Tarjan 1972, with its own
/// stack: nothing recurses).
pub(super) fn knots<I: Iterator<Item = usize>>(size: usize, next: impl Fn(usize) -> I) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    const DONE: usize = usize::MAX - 1;
    let mut order = vec![UNSEEN; size];
    let mut low = vec![0; size];
    let mut open: Vec<usize> = Vec::new();
    let mut knots = Vec::new();
    let mut count = 0;
    for root in 0..size {
        if order[root] != UNSEEN {
            continue;
        }
        let mut path = vec![(root, next(root))];
        (order[root], low[root]) = (count, count);
        count += 1;
        open.push(root);
        while let Some((ix, nexts)) = path.last_mut() {
            let ix = *ix;
            if let Some(other) = nexts.next() {
                if order[other] == UNSEEN {
                    (order[other], low[other]) = (count, count);
                    count += 1;
                    open.push(other);
                    path.push((other, next(other)));
                } else if order[other] != DONE {
                    low[ix] = low[ix].min(order[other]);
                }
                continue;
            }
            path.pop();
            if let Some((above, _)) = path.last() {
                low[*above] = low[*above].min(low[ix]);
            }
            if low[ix] == order[ix] {
                let start = open.iter().rposition(|&other| other == ix).unwrap_or(0);
                let knot = open.split_off(start);
                knot.iter().for_each(|&member| order[member] = DONE);
                knots.extend((knot.len() > 1).then_some(knot));
            }
        }
    }
    knots
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(ids: &[&str], needs: &[(u32, u32)]) -> Graph {
        let tasks = ids.iter().map(|id| Task::named(id.parse().unwrap())).collect();
        Graph::new(tasks, needs)
    }

    #[test]
    fn rows_hold_needs_and_dependants() {
        let graph = graph(&["A", "B", "C"], &[(2, 1), (2, 0), (1, 0)]);
        assert_eq!(graph.needs(2).collect::<Vec<_>>(), [1, 0]);
        assert_eq!(graph.dependants(0).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(graph.position(&"B".parse().unwrap()), Some(1));
        assert_eq!(graph.topological(), [0, 1, 2]);
        assert_eq!(graph.sides(1), [Side::Before, Side::Apart, Side::After]);
    }

    #[test]
    fn the_shortest_way_is_found_or_there_is_none() {
        let graph = graph(&["A", "B", "C", "D", "E"], &[(3, 2), (2, 1), (1, 0), (3, 1), (4, 4)]);
        let way = |from, to| shortest(5, (from, to), |ix| graph.needs(ix));
        assert_eq!(way(3, 0), Some(vec![3, 1, 0]));
        assert_eq!(way(2, 2), Some(vec![2]));
        assert_eq!(way(0, 3), None);
        assert_eq!(way(4, 0), None);
    }

    #[test]
    fn a_cycle_shortens_the_topological_order() {
        let graph = graph(&["A", "B", "C"], &[(0, 1), (1, 0)]);
        assert_eq!(graph.topological(), [2]);
    }
}
