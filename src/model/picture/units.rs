//! Batches and sessions, as people name them in a table.

use std::collections::HashMap;

use super::{Bar, Condition};
use crate::model::graph::Ix;
use crate::model::id::TaskId;
use crate::model::ledger::Ledger;
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
}

/// A task under way, or done and not landed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    pub bar: usize,
    /// The number of its batch and its place in it, from 0; `None` where the ledger does not know them.
    pub unit: Option<(u64, usize)>,
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
    let first = number(next_batch).unwrap_or(1);
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
    let full = members.into_iter().enumerate().filter(|(_, bars)| !bars.is_empty());
    full.enumerate()
        .map(|(index, (at, members))| {
            let start = members.first().map_or(0, |&bar| bars[bar].start);
            let units = members.into_iter().enumerate().map(|(place, bar)| Unit { bar, place }).collect();
            Group { number: first.saturating_add(index as u64), now: at == 0, start, units }
        })
        .collect()
}

/// The 3 in `batch-003`.
fn number(batch: &str) -> Option<u64> {
    batch.strip_prefix("batch-")?.parse().ok()
}

/// What is under way, and the session of each bar. Linear in the ledger's batches and the bars.
pub(super) fn sessions(bars: &[Bar<'_>], groups: &[Group], ledger: &Ledger) -> (Vec<Begun>, Vec<usize>) {
    let mut places: HashMap<(usize, &TaskId), (usize, usize)> = HashMap::new();
    let mut next = 0;
    for (at, batch) in ledger.batches.iter().enumerate() {
        for (place, snapshot) in batch.tasks.iter().enumerate() {
            places.insert((at, &snapshot.id), (next, place));
            next += 1;
        }
    }
    let started = |bar: &Bar<'_>| -> Option<(usize, Option<(u64, usize)>)> {
        let batch = ledger.records.get(&bar.task.id)?.batch?;
        let &(session, place) = places.get(&(batch, &bar.task.id))?;
        Some((session, number(&ledger.batches[batch].name).map(|number| (number, place))))
    };
    let mut sessions: Vec<Option<usize>> = vec![None; bars.len()];
    let mut begun = Vec::new();
    for (at, bar) in bars.iter().enumerate() {
        let under_way = matches!(bar.condition, Condition::Active | Condition::Done);
        let known = (under_way || bar.condition == Condition::Stopped).then(|| started(bar)).flatten();
        sessions[at] = known.map(|(session, _)| session);
        begun.extend(under_way.then_some(Begun { bar: at, unit: known.and_then(|(_, unit)| unit) }));
    }
    let planned = groups.iter().flat_map(|group| &group.units).map(|unit| unit.bar);
    for bar in begun.iter().map(|one: &Begun| one.bar).chain(planned) {
        sessions[bar].get_or_insert_with(|| {
            next += 1;
            next - 1
        });
    }
    let sessions: Vec<usize> = sessions.into_iter().map(|session| session.unwrap_or(next)).collect();
    begun.sort_by_key(|one| sessions[one.bar]);
    (begun, sessions)
}
