//! The order in which finished tasks land: as many as can, found by landing them in memory.
//!
//! That two tips merge with each other does not say that they land one after the other, and three may break where no two
//! do. So nothing is concluded from pairs: an order is tried, what breaks in it is narrowed down to the few tasks that it
//! breaks with, and the next order avoids that. Choosing what to leave out is a minimum hitting set, grown as conflicts
//! become known (the implicit hitting sets of Chandrasekaran, Karp, Moreno-Centeno and Vempala, SODA 2011).

mod choice;

use std::collections::HashMap;

use super::path::TreePath;
use choice::{Choice, Conflict};

/// A task that is to land, among others that are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Candidate {
    /// By their places among the candidates: those that must land before it.
    pub needs: Vec<usize>,
    /// Something that it needs is neither landed nor a candidate.
    pub waits: bool,
    /// By their places: tasks that it probably conflicts with. A wrong guess costs time only.
    pub suspects: Vec<usize>,
}

/// What landing one candidate on a state gives. `S` stands for the target after some landings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt<S> {
    Lands(S),
    Breaks(Vec<TreePath>),
    Unknown,
}

/// The order found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What lands, in sequence.
    pub lands: Vec<usize>,
    /// The rest, in the order of the candidates.
    pub left: Vec<(usize, Why)>,
    /// No order of these candidates lands more. Not so where the search was cut short.
    pub most: bool,
}

/// Why a candidate is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It conflicts with the target as it is (`with` is empty), or with what these would make of it.
    Breaks {
        with: Vec<usize>,
        paths: Vec<TreePath>,
    },
    /// This need of it is left out.
    Needs(usize),
    /// Something that it needs is neither landed nor among the candidates.
    Waits,
    Unknown,
}

/// Attempts in one search; beyond, the best order so far is the answer.
const MOST_ATTEMPTS: usize = 4000;

/// Choices looked at in one search for what to leave out.
const MOST_NODES: usize = 20_000;

/// The order that lands most of `candidates` on `start`, earlier ones first where it does not matter. `land` tries to
/// land a candidate on a state; it is asked for the same thing once.
///
/// Needs must not go in a circle; those that do are left out.
pub fn order<S>(candidates: &[Candidate], start: S, land: impl FnMut(&S, usize) -> Attempt<S>) -> Order {
    let mut trial = Trial { land, states: vec![start], known: HashMap::new(), left: MOST_ATTEMPTS };
    let mut search =
        Search { candidates, conflicts: Vec::new(), first: Vec::new(), unknown: vec![false; candidates.len()] };
    search.suspects(&mut trial);
    let mut best: Option<Vec<usize>> = None;
    let mut most = false;
    let mut nodes = MOST_NODES;
    loop {
        let choice = search.choose(&mut nodes);
        if best.as_ref().is_some_and(|best| best.len() >= choice.taken.len()) {
            most = choice.best;
            break;
        }
        let (lands, breaks) = trial.sequence(&choice.taken, candidates);
        let stuck = trial.left == 0 || breaks.iter().all(|broken| !search.learn(&mut trial, broken));
        if best.as_ref().is_none_or(|best| best.len() < lands.len()) {
            best = Some(lands);
        }
        if breaks.is_empty() {
            most = choice.best;
            break;
        }
        if stuck {
            break;
        }
    }
    search.told(&mut trial, best.unwrap_or_default(), most)
}

/// Something that did not land after `before`.
struct Broken {
    task: usize,
    before: Vec<usize>,
    known: bool,
}

/// Landings that were tried, each once.
struct Trial<S, L> {
    land: L,
    states: Vec<S>,
    known: HashMap<(usize, usize), Attempt<usize>>,
    /// Attempts that may still be made.
    left: usize,
}

impl<S, L: FnMut(&S, usize) -> Attempt<S>> Trial<S, L> {
    fn land(&mut self, state: usize, task: usize) -> Attempt<usize> {
        if let Some(known) = self.known.get(&(state, task)) {
            return known.clone();
        }
        if self.left == 0 {
            return Attempt::Unknown;
        }
        self.left -= 1;
        let attempt = match (self.land)(&self.states[state], task) {
            Attempt::Lands(next) => {
                self.states.push(next);
                Attempt::Lands(self.states.len() - 1)
            }
            Attempt::Breaks(paths) => Attempt::Breaks(paths),
            Attempt::Unknown => Attempt::Unknown,
        };
        self.known.insert((state, task), attempt.clone());
        attempt
    }

    /// Lands `tasks` one after the other; what breaks is passed over, and what needs it.
    fn sequence(&mut self, tasks: &[usize], candidates: &[Candidate]) -> (Vec<usize>, Vec<Broken>) {
        let (mut state, mut lands, mut breaks) = (0, Vec::new(), Vec::new());
        for &task in tasks {
            if !candidates[task].needs.iter().all(|need| lands.contains(need)) {
                continue;
            }
            match self.land(state, task) {
                Attempt::Lands(next) => {
                    state = next;
                    lands.push(task);
                }
                attempt => {
                    breaks.push(Broken { task, before: lands.clone(), known: attempt != Attempt::Unknown });
                }
            }
        }
        (lands, breaks)
    }

    fn all_land(&mut self, tasks: &[usize]) -> bool {
        let mut state = 0;
        tasks.iter().all(|&task| match self.land(state, task) {
            Attempt::Lands(next) => {
                state = next;
                true
            }
            _ => false,
        })
    }

    /// Whether `task` conflicts once `before` have landed; no where one of those does not land.
    fn breaks_after(&mut self, before: &[usize], task: usize) -> bool {
        let mut state = 0;
        for &one in before {
            match self.land(state, one) {
                Attempt::Lands(next) => state = next,
                _ => return false,
            }
        }
        matches!(self.land(state, task), Attempt::Breaks(_))
    }

    /// As few of `before` as `task` conflicts after, in their order: one if one alone does, else what is left when
    /// each that can be spared is taken out.
    fn culprits(&mut self, before: &[usize], task: usize, suspects: &[usize]) -> Vec<usize> {
        if self.breaks_after(&[], task) {
            return Vec::new();
        }
        let (likely, others): (Vec<usize>, Vec<usize>) = before.iter().partition(|one| suspects.contains(one));
        if let Some(one) = likely.into_iter().chain(others).find(|&one| self.breaks_after(&[one], task)) {
            return vec![one];
        }
        let mut culprits = before.to_vec();
        for &one in before {
            let without: Vec<usize> = culprits.iter().copied().filter(|&other| other != one).collect();
            if self.breaks_after(&without, task) {
                culprits = without;
            }
        }
        culprits
    }
}

/// What is known of the conflicts between candidates.
struct Search<'a> {
    candidates: &'a [Candidate],
    conflicts: Vec<Conflict>,
    /// The first of two has to land before the second.
    first: Vec<(usize, usize)>,
    unknown: Vec<bool>,
}

impl Search<'_> {
    /// Tries those pairs that are suspected.
    fn suspects<S, L: FnMut(&S, usize) -> Attempt<S>>(&mut self, trial: &mut Trial<S, L>) {
        for (task, candidate) in self.candidates.iter().enumerate() {
            for &other in candidate.suspects.iter().filter(|&&other| other < task) {
                let alone = trial.breaks_after(&[], task) || trial.breaks_after(&[], other);
                if !alone && trial.breaks_after(&[other], task) {
                    self.note(trial, &[other], task);
                }
            }
        }
    }

    fn choose(&self, nodes: &mut usize) -> Choice {
        let needs = self.candidates.iter().map(|candidate| candidate.needs.as_slice()).collect::<Vec<_>>();
        let out = |task: usize| self.candidates[task].waits || self.unknown[task];
        let out: Vec<bool> = (0..self.candidates.len()).map(out).collect();
        choice::choose(&needs, &out, &self.conflicts, &self.first, nodes)
    }

    /// Notes what `broken` teaches; says whether that was anything new.
    fn learn<S, L: FnMut(&S, usize) -> Attempt<S>>(&mut self, trial: &mut Trial<S, L>, broken: &Broken) -> bool {
        if !broken.known {
            return trial.left > 0 && !std::mem::replace(&mut self.unknown[broken.task], true);
        }
        let culprits = trial.culprits(&broken.before, broken.task, &self.candidates[broken.task].suspects);
        self.note(trial, &culprits, broken.task)
    }

    /// `task` breaks after `before`. Where it lands before all of them, that is an order; else they do not land together.
    fn note<S, L: FnMut(&S, usize) -> Attempt<S>>(
        &mut self,
        trial: &mut Trial<S, L>,
        before: &[usize],
        task: usize,
    ) -> bool {
        let turned: Vec<usize> = std::iter::once(task).chain(before.iter().copied()).collect();
        let free = |one: &usize| !self.first.contains(&(*one, task)) && !self.needs(task, *one);
        if !before.is_empty() && before.iter().all(free) && trial.all_land(&turned) {
            let new = before.iter().filter(|&&one| self.add_first(task, one)).count();
            return new > 0;
        }
        let mut conflict: Conflict = turned;
        conflict.sort_unstable();
        let new = !self.conflicts.contains(&conflict);
        if new {
            self.conflicts.push(conflict);
        }
        new
    }

    fn add_first(&mut self, first: usize, then: usize) -> bool {
        let new = !self.first.contains(&(first, then));
        if new {
            self.first.push((first, then));
        }
        new
    }

    /// Whether `task` needs `other`, also through others.
    fn needs(&self, task: usize, other: usize) -> bool {
        let (mut open, mut seen) = (vec![task], vec![false; self.candidates.len()]);
        while let Some(next) = open.pop() {
            for &need in &self.candidates[next].needs {
                if need == other {
                    return true;
                }
                if !std::mem::replace(&mut seen[need], true) {
                    open.push(need);
                }
            }
        }
        false
    }

    /// The order, with the reason for each task that it leaves out.
    fn told<S, L: FnMut(&S, usize) -> Attempt<S>>(
        &self,
        trial: &mut Trial<S, L>,
        lands: Vec<usize>,
        most: bool,
    ) -> Order {
        trial.left += MOST_ATTEMPTS;
        let rest: Vec<usize> = (0..self.candidates.len()).filter(|task| !lands.contains(task)).collect();
        let left = rest.iter().map(|&task| (task, self.why(trial, &lands, task))).collect();
        Order { lands, left, most }
    }

    fn why<S, L: FnMut(&S, usize) -> Attempt<S>>(&self, trial: &mut Trial<S, L>, lands: &[usize], task: usize) -> Why {
        let candidate = &self.candidates[task];
        if candidate.waits {
            return Why::Waits;
        }
        if let Some(&need) = candidate.needs.iter().find(|need| !lands.contains(need)) {
            return Why::Needs(need);
        }
        let with = trial.culprits(lands, task, &candidate.suspects);
        let mut state = 0;
        for &one in &with {
            match trial.land(state, one) {
                Attempt::Lands(next) => state = next,
                _ => return Why::Unknown,
            }
        }
        match trial.land(state, task) {
            Attempt::Breaks(paths) => Why::Breaks { with, paths },
            _ => Why::Unknown,
        }
    }
}

#[cfg(test)]
mod tests;
