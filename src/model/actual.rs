//! How long a task really took: from its first own commit to its landing, on the clock of the wall.

use jiff::Timestamp;

use super::facts::Facts;
use super::id::TaskId;
use super::oid::Oid;
use super::standing::Standings;
use super::state::Proof;
use super::task::{Minutes, TaskFile};

/// A task that has landed, and of which the repository may know when its commits were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Where its own commits begin.
    pub base: Oid,
    /// Its last commit before it landed.
    pub tip: Oid,
    /// The commit that landed it, where one is known.
    pub commit: Option<Oid>,
    /// When it was started; `None` where it was adopted, and may have begun long before.
    pub started: Option<Timestamp>,
    /// When it landed, where that was recorded.
    pub landed: Option<Timestamp>,
}

/// What the history of an [`Asked`] tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    /// When its own commits were made first, newest commit first: their author times, which a rebase leaves as they are. `None` where
    /// they cannot be read.
    pub authored: Option<Vec<Timestamp>>,
    /// The committer time of the commit that landed it.
    pub committed: Option<Timestamp>,
}

/// From the first own commit of a task to its landing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub first: Timestamp,
    pub landed: Timestamp,
}

impl Span {
    pub fn seconds(&self) -> u64 {
        u64::try_from(self.landed.as_second() - self.first.as_second()).unwrap_or(0)
    }

    /// Whole minutes, rounded.
    pub fn minutes(&self) -> Minutes {
        (self.seconds() + 30) / 60
    }
}

/// What to ask of the task's history, where it has landed since it was started last and its last commit is known.
pub fn asked(file: &TaskFile, facts: &Facts, standings: &Standings, id: &TaskId) -> Option<Asked> {
    let proof = standings.of(file, id)?.proof.as_ref()?;
    let record = facts.ledger.records.get(id)?;
    let snapshot = record.snapshot.as_ref()?;
    let recorded = record.landed.as_ref().filter(|_| matches!(proof, Proof::Recorded { .. }));
    let branch = || Some(facts.tasks.get(id)?.branch.as_ref()?.tip);
    let removed = || facts.ledger.removal_of(id)?.what.tip;
    let reported = || Some(record.reported.as_ref()?.tip);
    Some(Asked {
        base: snapshot.base,
        tip: recorded.map(|landing| landing.tip).or_else(branch).or_else(removed).or_else(reported)?,
        commit: proof.commit(),
        started: record.started_at.filter(|_| !facts.ledger.batch_of(id).is_some_and(|batch| batch.adopted)),
        landed: recorded.map(|landing| landing.at),
    })
}

/// The span, where both ends are known and in their order. A commit with a time before the start of the task was not made for it, or
/// by a clock that went wrong: it is no beginning.
pub fn span(asked: &Asked, told: &Told) -> Option<Span> {
    let landed = asked.landed.or(told.committed)?;
    let since = asked.started.map_or(i64::MIN, Timestamp::as_second);
    let made = told.authored.as_ref()?.iter().filter(|at| at.as_second() >= since);
    let first = *made.min()?;
    (first < landed).then_some(Span { first, landed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ledger::Body;
    use crate::model::sample::*;
    use crate::model::standing::standings;

    fn at(time: &str) -> Timestamp {
        format!("2026-01-19T{time}Z").parse().unwrap()
    }

    fn asked_of(then: Vec<Body>, reachable: bool) -> Option<Asked> {
        let (file, mut facts) = (file(&["A"]), facts());
        facts.ledger = ledger([vec![starting(&["A"]), started("u0", &["A"])], then].concat());
        let landed = facts.ledger.records.get_mut(&id("A")).unwrap().landed.as_mut();
        landed.into_iter().for_each(|landing| landing.reachable = reachable);
        let standings = standings(&file, &facts, &names(&file));
        asked(&file, &facts, &standings, &id("A"))
    }

    fn landed() -> Body {
        let (tip, commit) = (oid('b'), oid('d'));
        let (batch, pr, strategy, check, of) = (None, None, None, None, None);
        Body::Landed(crate::model::ledger::Landed { batch, task: id("A"), tip, commit, pr, strategy, check, of })
    }

    #[test]
    fn only_a_landing_that_is_proved_is_asked_about() {
        let found = asked_of(vec![landed()], true).unwrap();
        let expected = Asked {
            base: oid('a'),
            tip: oid('b'),
            commit: Some(oid('d')),
            started: Some(at("00:00:00")),
            landed: Some(at("00:00:02")),
        };
        assert_eq!(found, expected);
        assert_eq!(asked_of(vec![landed()], false), None);
        assert_eq!(asked_of(vec![], true), None);
    }

    #[test]
    fn a_span_begins_with_the_first_commit_since_the_start_and_ends_after_it() {
        let asked = asked_of(vec![landed()], true).unwrap();
        let asked = Asked { landed: None, ..asked };
        let span_of = |authored: &[&str], committed: Option<&str>| {
            let authored = Some(authored.iter().copied().map(at).collect());
            span(&asked, &Told { authored, committed: committed.map(at) }).map(|span| span.minutes())
        };
        assert_eq!(span_of(&["03:00:00", "01:00:00"], Some("04:00:00")), Some(180));
        let adopted = Asked { started: None, ..asked.clone() };
        let before = Timestamp::UNIX_EPOCH;
        let told = Told { authored: Some(vec![at("01:00:00"), before]), committed: Some(at("02:00:00")) };
        assert_eq!(span(&asked, &told).unwrap().first, at("01:00:00"));
        assert_eq!(span(&adopted, &told).unwrap().first, before);
        assert_eq!(span_of(&["01:00:00"], Some("01:00:00")), None);
        assert_eq!(span_of(&["01:00:00"], None), None);
        assert_eq!(span_of(&[], Some("01:00:00")), None);
        assert_eq!(span(&asked, &Told { authored: None, ..told }), None);
    }
}
