//! What became of a batch and of its tasks.

use super::facts::Facts;
use super::id::TaskId;
use super::ledger::Batch;
use super::standing::{Standing, Standings};
use super::state::State;
use super::task::TaskFile;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchState {
    /// Its intent was written and not carried out for all tasks.
    Starting,
    InProgress,
    /// Every task landed, was cancelled, dropped, or started again later, and this is not [`BatchState::Superseded`].
    Complete,
    /// Over, but nothing of it landed: what was not dropped or cancelled was started again later.
    Superseded,
    /// Found sufficient.
    Closed,
    /// Closed, and not sufficient: what follows it up comes next.
    Insufficient,
}

impl BatchState {
    pub fn word(self) -> &'static str {
        match self {
            BatchState::Starting => "starting",
            BatchState::InProgress => "in progress",
            BatchState::Complete => "complete",
            BatchState::Superseded => "superseded",
            BatchState::Closed => "closed",
            BatchState::Insufficient => "insufficient",
        }
    }

    /// Nothing is left to do in it.
    pub fn over(self) -> bool {
        !matches!(self, BatchState::Starting | BatchState::InProgress | BatchState::Insufficient)
    }
}

/// What became of one task of one batch.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate<'a> {
    /// What it is now; `None` where neither file nor ledger can say.
    Now(Option<&'a Standing>),
    /// Its intent was written and not carried out.
    NotMade,
    Dropped,
    /// A later batch started it again.
    Again(&'a str),
}

/// What became of task `id` of batch `index`.
pub fn fate<'a>(
    file: &TaskFile,
    facts: &'a Facts,
    standings: &'a Standings,
    (index, id): (usize, &TaskId),
) -> Fate<'a> {
    let record = facts.ledger.records.get(id);
    let later = record.and_then(|record| record.batch).filter(|&last| last != index);
    if let Some(later) = later {
        return Fate::Again(&facts.ledger.batches[later].name);
    }
    let standing = standings.of(file, id);
    let over = standing.is_some_and(|standing| standing.state.over() || standing.state.holds());
    match record {
        Some(record) if record.dropped && !over => Fate::Dropped,
        Some(record) if !record.started && !record.dropped => Fate::NotMade,
        _ => Fate::Now(standing),
    }
}

/// What a batch is, given the fates of all of its tasks.
pub fn state<'a>(batch: &Batch, fates: impl Iterator<Item = &'a Fate<'a>> + Clone) -> BatchState {
    let over = |fate: &Fate<'_>| match fate {
        Fate::Now(standing) => standing.is_some_and(|standing| standing.state.over()),
        Fate::NotMade => false,
        Fate::Dropped | Fate::Again(_) => true,
    };
    let landed = |fate: &Fate<'_>| matches!(fate, Fate::Now(Some(standing)) if standing.state == State::Landed);
    let again = |fate: &Fate<'_>| matches!(fate, Fate::Again(_));
    match () {
        () if batch.is_sufficient() == Some(true) => BatchState::Closed,
        () if batch.is_sufficient() == Some(false) && !fates.clone().all(over) => BatchState::Insufficient,
        () if fates.clone().any(|fate| *fate == Fate::NotMade) => BatchState::Starting,
        () if !fates.clone().all(over) => BatchState::InProgress,
        () if fates.clone().any(again) && !fates.clone().any(landed) => BatchState::Superseded,
        () => BatchState::Complete,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ledger::Body;
    use crate::model::sample::*;
    use crate::model::standing::standings;

    /// The state of the first batch, of A and B, after these events.
    fn first(then: Vec<Body>, landed: &[&str]) -> BatchState {
        let (file, mut facts) = (file(&["A", "B"]), facts());
        facts.ledger = ledger([vec![starting(&["A", "B"]), started("u0", &["A", "B"])], then].concat());
        facts.mentions = landed.iter().map(|id| mention(id, "2026-01-19T12:00:00Z")).collect();
        let standings = standings(&file, &facts, &names(&file));
        let fates: Vec<Fate<'_>> =
            ["A", "B"].iter().map(|name| fate(&file, &facts, &standings, (0, &id(name)))).collect();
        state(&facts.ledger.batches[0], fates.iter())
    }

    #[test]
    fn a_batch_is_complete_only_with_something_that_landed_or_was_given_up() {
        let again = |names: &[&str]| starting(names);
        let dropped = |name: &str| Body::Dropped { task: id(name), of: None };
        assert_eq!(first(vec![], &[]), BatchState::InProgress);
        assert_eq!(first(vec![], &["A", "B"]), BatchState::Complete);
        assert_eq!(first(vec![dropped("A"), dropped("B")], &[]), BatchState::Complete);
        assert_eq!(first(vec![again(&["A"])], &["B"]), BatchState::Complete);
        assert_eq!(first(vec![again(&["A"])], &[]), BatchState::InProgress);
        assert_eq!(first(vec![again(&["A", "B"])], &[]), BatchState::Superseded);
        assert_eq!(first(vec![dropped("B"), again(&["A"])], &[]), BatchState::Superseded);
    }
}
