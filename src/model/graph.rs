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

    /// Whether `from` needs `to`, directly or through others. Linear in the part of the graph above `from`.
    pub fn needs_transitively(&self, from: Ix, to: Ix) -> bool {
        let mut seen = std::collections::HashSet::from([from]);
        let mut stack = vec![from];
        while let Some(ix) = stack.pop() {
            for need in self.needs(ix) {
                if need == to {
                    return true;
                }
                if seen.insert(need) {
                    stack.push(need);
                }
            }
        }
        false
    }
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
        assert!(graph.needs_transitively(2, 0));
        assert!(!graph.needs_transitively(0, 2));
    }

    #[test]
    fn a_cycle_shortens_the_topological_order() {
        let graph = graph(&["A", "B", "C"], &[(0, 1), (1, 0)]);
        assert_eq!(graph.topological(), [2]);
    }
}
