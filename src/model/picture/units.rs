//! Batches and sessions, as people name them in a table.

use std::collections::HashMap;

use super::{Bar, Condition};
use crate::model::graph::Ix;
use crate::model::plan::Plan;
use crate::model::task::Minutes;

/// Tasks that run side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The number in the name of the batch that it would be.
    pub number: u64,
    /// Whether it starts now.
    pub now: bool,
    /// When its first one starts.
    pub start: Minutes,
    pub units: Vec<Unit>,
}

/// One task of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    pub bar: usize,
    /// Its place in its batch, from 0.
    pub place: usize,
    /// Its place among all that have not started, from 0.
    pub session: usize,
}

/// The name of place `number`, from 0: A … Z, AA, AB …
pub fn letters(mut number: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(b'A' + (number % 26) as u8);
        number /= 26;
        if number == 0 {
            break;
        }
        number -= 1;
    }
    letters.iter().rev().map(|&letter| char::from(letter)).collect()
}

/// What starts now in the order of choice, then the rest in the order of start.
///
/// A later group ends before the first task that starts when one of the group has ended already: so all of a group run
/// side by side at some time, and no group is larger than there are workers.
pub(super) fn groups(plan: &Plan<'_>, bars: &[Bar<'_>], next_batch: &str) -> Vec<Group> {
    let first = next_batch.strip_prefix("batch-").and_then(|number| number.parse().ok()).unwrap_or(1u64);
    let starting = bars.iter().enumerate().filter(|(_, bar)| bar.condition == Condition::Start);
    let bar_of: HashMap<Ix, usize> = starting.filter_map(|(at, bar)| Some((bar.ix?, at))).collect();
    let mut members: Vec<Vec<usize>> = vec![plan.start.iter().filter_map(|one| bar_of.get(&one.ix).copied()).collect()];
    let (mut later, mut first_end) = (false, 0);
    for (at, bar) in bars.iter().enumerate() {
        if matches!(bar.condition, Condition::Active | Condition::Done | Condition::Start) {
            continue;
        }
        match members.last_mut() {
            Some(group) if later && bar.start < first_end => {
                group.push(at);
                first_end = first_end.min(bar.end);
            }
            _ => {
                members.push(vec![at]);
                (later, first_end) = (true, bar.end);
            }
        }
    }
    let mut session = 0;
    let full = members.into_iter().enumerate().filter(|(_, bars)| !bars.is_empty());
    let number = |index: usize| first.saturating_add(index as u64);
    full.enumerate()
        .map(|(index, (at, members))| {
            let start = members.first().map_or(0, |&bar| bars[bar].start);
            let mut units = Vec::with_capacity(members.len());
            for (place, bar) in members.into_iter().enumerate() {
                units.push(Unit { bar, place, session });
                session += 1;
            }
            Group { number: number(index), now: at == 0, start, units }
        })
        .collect()
}
