//! Shorter schedules by reordering what resources serve on the critical path: a tabu search.

use super::improve::{Chance, Starts};
use super::shop::{Move, Shop};
use super::{Node, Problem};
use crate::model::task::Minutes;

/// Moves without a shorter schedule after which the search goes on from the best one, shaken.
const PATIENCE: u32 = 1_500;

/// The best schedule met in `moves` moves from `first`, or `first` itself; it ends at `goal`.
///
/// A move takes a job of a block (jobs of a critical path that one resource serves without a gap) before the first or
/// behind the last of it, or one of these two into it (N6: Balas and Vazacopoulos 1998), the best by its estimated
/// length that does not take back an order that was just given up (tabu: Glover 1989; Nowicki and Smutnicki 1996).
/// The problem must fit a [`Shop`]. Nothing but the arguments decides.
pub(super) fn reorder(problem: &Problem, first: Starts, goal: Minutes, moves: u32) -> Starts {
    let mut search = Tabu::new(Shop::new(problem, &first));
    let (mut best, mut best_shop) = (first, search.shop.clone());
    let (mut since, mut heads) = (0, Vec::new());
    for now in 1..=moves {
        if search.shop.makespan < best.makespan {
            best = search.shop.starts();
            best_shop.clone_from(&search.shop);
            since = 0;
        }
        if best.makespan <= goal {
            break;
        }
        since += 1;
        if since % PATIENCE == 0 {
            search.shop.clone_from(&best_shop);
            search.shake();
        }
        if !search.step(now, best.makespan, &mut heads) {
            break;
        }
    }
    if search.shop.makespan < best.makespan { search.shop.starts() } else { best }
}

struct Tabu<'p> {
    shop: Shop<'p>,
    /// By resource, then by the places of two jobs among its holders: until which move the first may not come before
    /// the second again.
    forbidden: Vec<Vec<u32>>,
    /// By node, then by its resources: its place among the holders.
    places: Vec<Vec<u32>>,
    tenure: u64,
    chance: Chance,
}

impl<'p> Tabu<'p> {
    fn new(shop: Shop<'p>) -> Tabu<'p> {
        let problem = shop.problem;
        let mut places: Vec<Vec<u32>> = vec![Vec::new(); problem.len()];
        for resource in 0..problem.resource_count() {
            for (place, &node) in problem.holders(resource).iter().enumerate() {
                places[node as Node].push(place as u32);
            }
        }
        let holders = |resource: usize| problem.holders(resource).len();
        let longest = (0..problem.resource_count()).map(holders).max().unwrap_or(0);
        Tabu {
            forbidden: (0..problem.resource_count()).map(|resource| vec![0; holders(resource).pow(2)]).collect(),
            places,
            tenure: 10 + (longest / problem.resource_count().max(1)) as u64,
            chance: Chance(1),
            shop,
        }
    }

    /// One move; `false` where there is none.
    fn step(&mut self, now: u32, best: Minutes, heads: &mut Vec<Minutes>) -> bool {
        let moves = self.moves();
        let mut chosen: Option<(bool, Minutes, u64, Move)> = None;
        for one in moves {
            if !self.shop.is_safe(&one) {
                continue;
            }
            let length = self.shop.estimate(&one, heads);
            let tabu = length >= best && self.is_forbidden(&one, now);
            let key = (tabu, if tabu { 0 } else { length }, self.chance.below(1 << 32));
            if chosen.as_ref().is_none_or(|(tabu, length, chance, _)| key < (*tabu, *length, *chance)) {
                chosen = Some((key.0, key.1, key.2, one));
            }
        }
        let Some((.., one)) = chosen else { return false };
        self.forbid(&one, now);
        // Where it would close a circle after all, it is forbidden for a while, and another one is next.
        self.shop.make(&one);
        true
    }

    /// Some moves at random, away from a schedule that seems to be as good as any near it.
    fn shake(&mut self) {
        for _ in 0..10 {
            let moves: Vec<Move> = self.moves().into_iter().filter(|one| self.shop.is_safe(one)).collect();
            if moves.is_empty() {
                return;
            }
            let one = moves[self.chance.below(moves.len() as u64) as usize].clone();
            self.shop.make(&one);
        }
        self.forbidden.iter_mut().for_each(|pairs| pairs.fill(0));
    }

    /// The moves of one critical path, drawn by chance among several.
    fn moves(&mut self) -> Vec<Move> {
        let mut moves = Vec::new();
        let mut block: Option<(usize, usize, usize)> = None;
        let mut node = self.first_critical();
        while let Some(at) = node {
            let (next, served) = self.next_critical(at);
            block = match (block, served) {
                (Some((resource, first, last)), Some((by, _))) if resource == by => Some((resource, first, last + 1)),
                (old, new) => {
                    add_moves(old, &mut moves);
                    new.map(|(resource, place)| (resource, place, place + 1))
                }
            };
            node = next;
        }
        add_moves(block, &mut moves);
        moves
    }

    fn first_critical(&mut self) -> Option<Node> {
        let shop = &self.shop;
        let critical = (0..shop.head.len()).filter(|&node| shop.head[node] == 0 && shop.tail[node] == shop.makespan);
        self.chance.pick(critical)
    }

    /// A job that a critical path goes on with, and the resource and place of `node` where that resource serves both.
    fn next_critical(&mut self, node: Node) -> (Option<Node>, Option<(usize, usize)>) {
        let shop = &self.shop;
        let end = shop.head[node] + shop.minutes(node);
        let goes_on = |next: &Node| shop.head[*next] == end && shop.head[*next] + shop.tail[*next] == shop.makespan;
        let needed = shop.problem.dependants(node).filter(goes_on).map(|next| (next, None));
        let served = shop.served_after(node).filter(|(next, ..)| goes_on(next));
        let served = served.map(|(next, resource, place)| (next, Some((resource, place))));
        self.chance.pick(needed.chain(served)).map_or((None, None), |(next, served)| (Some(next), served))
    }

    fn is_forbidden(&self, one: &Move, now: u32) -> bool {
        // Every job of the range changes its order with the one that moves.
        let (moved, others) = self.pairs(one);
        others.iter().any(|&other| {
            let (before, after) = if one.behind { (other, moved) } else { (moved, other) };
            self.forbidden[one.resource][self.pair(one.resource, before, after)] > now
        })
    }

    fn forbid(&mut self, one: &Move, now: u32) {
        let (moved, others) = self.pairs(one);
        let until = now + (self.tenure + self.chance.below(self.tenure / 2 + 1)) as u32;
        for other in others {
            let (before, after) = if one.behind { (moved, other) } else { (other, moved) };
            let pair = self.pair(one.resource, before, after);
            self.forbidden[one.resource][pair] = until;
        }
    }

    /// The job that moves, and those that it passes; as places among the holders.
    fn pairs(&self, one: &Move) -> (u32, Vec<u32>) {
        let part = &self.shop.order[one.resource][one.range.clone()];
        let (moved, others) =
            if one.behind { (part[0], &part[1..]) } else { (part[part.len() - 1], &part[..part.len() - 1]) };
        let place = |node: u32| self.place(node as Node, one.resource);
        (place(moved), others.iter().map(|&other| place(other)).collect())
    }

    fn place(&self, node: Node, resource: usize) -> u32 {
        let held = self.shop.problem.resources(node).iter().position(|&held| held as usize == resource);
        held.map_or(0, |row| self.places[node][row])
    }

    fn pair(&self, resource: usize, before: u32, after: u32) -> usize {
        before as usize * self.shop.problem.holders(resource).len() + after as usize
    }
}

/// Of longer blocks only neighbours at either end change places (N5: Nowicki and Smutnicki 1996).
const LONG_BLOCK: usize = 100;

/// The moves within a block, given as its resource and the places of its first and last job.
fn add_moves(block: Option<(usize, usize, usize)>, moves: &mut Vec<Move>) {
    let Some((resource, first, last)) = block else { return };
    if last - first >= LONG_BLOCK {
        let ends = [first..first + 2, last - 1..last + 1];
        moves.extend(ends.map(|range| Move { resource, range, behind: true }));
        return;
    }
    let begun = moves.len();
    for place in first..=last {
        let ranges =
            [(place..last + 1, true), (first..place + 1, true), (first..place + 1, false), (place..last + 1, false)];
        for (range, behind) in ranges {
            let one = Move { resource, range, behind };
            // Two neighbours change places either way.
            let twice = one.range.len() == 2 && !one.behind;
            if one.range.len() > 1 && !twice && !moves[begun..].contains(&one) {
                moves.push(one);
            }
        }
    }
}
