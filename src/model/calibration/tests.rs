use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::model::ledger::{Body, Landing, Ledger, Snapshot};
use crate::model::sample::{self, id, ledger, oid, started};
use crate::model::standing::{Holder, standings};
use crate::model::task::Task;

fn took(minutes: &[(Minutes, Minutes)]) -> Vec<(Minutes, Span)> {
    let span = |minutes: Minutes| {
        let landed = Timestamp::from_second(60 * minutes as i64).unwrap();
        Span { first: Timestamp::UNIX_EPOCH, landed }
    };
    minutes.iter().map(|&(estimate, actual)| (estimate, span(actual))).collect()
}

#[test]
fn one_wild_task_moves_the_ratio_little() {
    let usual = [(60, 60), (60, 90), (120, 240)];
    let found = calibration(&took(&usual)).unwrap();
    assert_eq!((found.ratio, found.samples, found.low, found.high), (1.5, 3, 1.25, 1.75));
    let wild = calibration(&took(&[&usual[..], &[(60, 60_000)]].concat())).unwrap();
    assert_eq!((wild.ratio, wild.samples), (1.75, 4));
}

#[test]
fn fewer_than_three_tasks_say_nothing_and_neither_do_those_without_a_time() {
    assert_eq!(calibration(&took(&[])), Err(0));
    assert_eq!(calibration(&took(&[(60, 60), (60, 60)])), Err(2));
    assert_eq!(calibration(&took(&[(60, 60), (60, 60), (60, 0), (0, 60)])), Err(2));
}

/// A ledger in which B and C have an estimate, and so have A and D, which is the default.
fn landed(adopted: bool) -> Ledger {
    let tasks: Vec<Snapshot> = [("A", 60), ("B", 240), ("C", 30), ("D", 60)]
        .map(|(name, minutes)| Snapshot { estimate: minutes, ..sample::snapshot(name) })
        .to_vec();
    let (batch, target) = ("batch-001".to_owned(), "main".to_owned());
    let first = match adopted {
        true => Body::Adopted { batch, target, tasks },
        false => Body::Starting { batch, target, tasks },
    };
    let mut ledger = ledger(vec![first, started("u0", &["A", "B", "C", "D"])]);
    for (name, digit) in [("A", '1'), ("B", '2'), ("D", '4')] {
        let record = ledger.records.get_mut(&id(name)).unwrap();
        record.landed = Some(Landing { tip: oid(digit), ..sample::landing() });
    }
    ledger
}

#[test]
fn only_estimates_that_somebody_gave_and_tasks_that_were_started_here_count() {
    let file = sample::with(sample::file(&["A", "B", "C"]), "A", |task| task.estimate = Some(60));
    let mut facts = sample::facts();
    let tips = |facts: &Facts| {
        let standings = standings(&file, facts, &sample::names(&file));
        let all = sampled(&file, facts, &standings);
        all.into_iter().map(|one| (one.asked.tip, one.estimate)).collect::<Vec<_>>()
    };
    facts.ledger = landed(false);
    assert_eq!(tips(&facts), [(oid('1'), 60), (oid('2'), 240)]);
    facts.ledger = landed(true);
    assert_eq!(tips(&facts), []);
}

#[test]
fn what_nobody_estimated_stays_as_it_is() {
    let file = sample::with(sample::file(&["A", "B: A"]), "A", |task| task.estimate = Some(61));
    let one = Calibration { ratio: 1.5, samples: 3, low: 1.0, high: 2.0 };
    let task = Task { estimate: Some(30), ..Task::named(id("C")) };
    let holder = Holder { task, index: None, state: State::Active };
    let standings = Standings { holders: vec![holder], ..Standings::default() };
    let (changed, standings) = one.apply(&file, &standings);
    let estimates: Vec<_> = changed.graph.tasks().iter().map(|task| task.estimate).collect();
    assert_eq!(estimates, [Some(92), None]);
    assert_eq!(changed.graph.needs(1).collect::<Vec<_>>(), [0]);
    assert_eq!(standings.holders[0].task.estimate, Some(45));
    let tiny = Calibration { ratio: 0.001, ..one };
    assert_eq!((tiny.minutes(60), tiny.minutes(0)), (1, 0));
}

proptest! {
    #[test]
    fn the_median_lies_between_the_quartiles_whatever_the_order(
        tasks in proptest::collection::vec((1u64..10_000, 1u64..10_000), LEAST..40), turn in 0usize..40
    ) {
        let found = calibration(&took(&tasks)).unwrap();
        prop_assert!(0.0 < found.low && found.low <= found.ratio && found.ratio <= found.high);
        let mut turned = tasks.clone();
        turned.rotate_left(turn % tasks.len());
        prop_assert_eq!(calibration(&took(&turned)), Ok(found));
        let doubled: Vec<_> = tasks.iter().map(|&(estimate, actual)| (estimate, 2 * actual)).collect();
        let twice = calibration(&took(&doubled)).unwrap();
        prop_assert!((twice.ratio - 2.0 * found.ratio).abs() < 1e-9 * twice.ratio);
    }
}
