//! What to leave out, given what is known to conflict.

/// Tasks that do not land together, by their places, in order.
pub(super) type Conflict = Vec<usize>;

/// What to try next.
pub(super) struct Choice {
    /// In the order of landing.
    pub taken: Vec<usize>,
    /// Nothing larger avoids all conflicts.
    pub best: bool,
}

/// As many tasks as avoid all conflicts: `needs` of each by place, those in `out` and what needs them left out, in an order
/// that keeps needs and `first`, earlier tasks first. Looks at no more than `nodes` choices, and takes them off.
pub(super) fn choose(
    needs: &[&[usize]],
    out: &[bool],
    conflicts: &[Conflict],
    first: &[(usize, usize)],
    nodes: &mut usize,
) -> Choice {
    let mut needed_by = vec![Vec::new(); needs.len()];
    for (task, needs) in needs.iter().enumerate() {
        needs.iter().for_each(|&need| needed_by[need].push(task));
    }
    let mut pairs = vec![vec![false; needs.len()]; needs.len()];
    for conflict in conflicts {
        if let [a, b] = conflict[..] {
            (pairs[a][b], pairs[b][a]) = (true, true);
        }
    }
    let larger = conflicts.iter().filter(|conflict| conflict.len() != 2).collect();
    let mut hitting = Hitting { pairs, larger, needed_by, best: None, nodes };
    let mut left = vec![false; needs.len()];
    (0..needs.len()).filter(|&task| out[task]).for_each(|task| hitting.leave(&mut left, task));
    hitting.search(left.clone());
    let (best, left) = (*hitting.nodes > 0, hitting.best.map_or(left, |(_, left)| left));
    Choice { taken: sequence(needs, first, &left), best }
}

/// A search for the fewest tasks to leave out so that no conflict is whole.
struct Hitting<'a> {
    /// Whether two tasks conflict.
    pairs: Vec<Vec<bool>>,
    /// Conflicts of one task, or of more than two.
    larger: Vec<&'a Conflict>,
    needed_by: Vec<Vec<usize>>,
    /// How many are left out, and which.
    best: Option<(usize, Vec<bool>)>,
    nodes: &'a mut usize,
}

impl Hitting<'_> {
    /// Leaves out `task` and all that needs it.
    fn leave(&self, left: &mut [bool], task: usize) {
        let mut open = vec![task];
        while let Some(task) = open.pop() {
            if !std::mem::replace(&mut left[task], true) {
                open.extend(&self.needed_by[task]);
            }
        }
    }

    /// Depth first, what leaves out less before what leaves out more.
    fn search(&mut self, left: Vec<bool>) {
        let count = left.iter().filter(|left| **left).count();
        if self.best.as_ref().is_some_and(|(best, _)| count + self.at_least(&left) >= *best) {
            return;
        }
        let branches = self.branches(&left);
        if branches.is_empty() {
            self.best = Some((count, left));
            return;
        }
        for branch in branches {
            // The first descent is always finished, so that there is an answer.
            if *self.nodes == 0 && self.best.is_some() {
                return;
            }
            *self.nodes = self.nodes.saturating_sub(1);
            let mut next = left.clone();
            branch.into_iter().for_each(|task| self.leave(&mut next, task));
            self.search(next);
        }
    }

    /// What may be left out next, one of them in any answer: none where no conflict is whole. The task that conflicts with most
    /// others, the later one where that is equal, or all those others; each task of a larger conflict.
    fn branches(&self, left: &[bool]) -> Vec<Vec<usize>> {
        let tasks = || (0..left.len()).filter(|&task| !left[task]);
        let others = |task: usize| tasks().filter(move |&other| self.pairs[task][other]);
        if let Some((degree, task)) = tasks().map(|task| (others(task).count(), task)).max()
            && degree > 0
        {
            return vec![vec![task], others(task).collect()];
        }
        let whole = self.larger.iter().filter(|conflict| conflict.iter().all(|&task| !left[task]));
        let shortest = whole.min_by_key(|conflict| conflict.len());
        shortest.map_or_else(Vec::new, |conflict| conflict.iter().rev().map(|&task| vec![task]).collect())
    }

    /// A bound on what must still be left out: of tasks that all conflict with each other, all but one; and one of each larger
    /// conflict that shares no task with those or with another.
    fn at_least(&self, left: &[bool]) -> usize {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for task in (0..left.len()).filter(|&task| !left[task]) {
            match groups.iter_mut().find(|group| group.iter().all(|&other| self.pairs[task][other])) {
                Some(group) => group.push(task),
                None => groups.push(vec![task]),
            }
        }
        let mut used = left.to_vec();
        groups.iter().filter(|group| group.len() > 1).flatten().for_each(|&task| used[task] = true);
        let mut bound = groups.iter().map(|group| group.len() - 1).sum();
        for conflict in &self.larger {
            if conflict.iter().all(|&task| !used[task]) {
                conflict.iter().for_each(|&task| used[task] = true);
                bound += 1;
            }
        }
        bound
    }
}

/// What is not left out, needs and `first` before what follows, earlier places first. Where `first` goes in a circle with
/// needs or itself, needs count; tasks whose needs go in a circle are none of it.
fn sequence(needs: &[&[usize]], first: &[(usize, usize)], left: &[bool]) -> Vec<usize> {
    let mut taken = Vec::new();
    let mut placed = vec![false; needs.len()];
    loop {
        let open = |task: &usize| !left[*task] && !placed[*task] && needs[*task].iter().all(|&need| placed[need]);
        let free = |task: &usize| first.iter().all(|&(one, then)| then != *task || placed[one] || left[one]);
        let open: Vec<usize> = (0..needs.len()).filter(open).collect();
        let Some(next) = open.iter().copied().find(free).or_else(|| open.first().copied()) else { return taken };
        placed[next] = true;
        taken.push(next);
    }
}
