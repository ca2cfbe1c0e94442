use super::*;
use crate::model::fixture::{Sketch, facts, file, patterns, standings, task, with};
use crate::model::plan::{Options, plan};

/// What `look` says of the picture of these tasks in a repository `eval`, of which the ledger holds two batches.
pub(crate) fn pictured<T>(sketches: Vec<Sketch>, given: &[(&str, State)], look: impl FnOnce(&Picture<'_>) -> T) -> T {
    pictured_as(sketches, given, |_| {}, look)
}

/// The same with the file changed before.
pub(crate) fn pictured_as<T>(
    sketches: Vec<Sketch>,
    given: &[(&str, State)],
    change: impl FnOnce(&mut crate::model::task::TaskFile),
    look: impl FnOnce(&Picture<'_>) -> T,
) -> T {
    let mut file = file(sketches);
    change(&mut file);
    let (facts, standings, options) = (facts(), standings(&file, given), Options::default());
    let plan = plan(&file, &facts, &standings, &options);
    let now = "2026-01-20T09:30:00Z".parse().unwrap();
    look(&Picture::new(&plan, Frame { repo: "eval", now, next_batch: "batch-003", ledger: &facts.ledger }))
}

/// Two chains and a lock: `B` is active and holds the lock that `C` wants.
pub(crate) fn shop() -> Vec<Sketch> {
    let titled = |sketch, title: &str| with(sketch, |task| task.title = title.into());
    let locks = |sketch| with(sketch, |task: &mut Task| task.locks = vec!["db".into()]);
    vec![
        titled(task("A", 4, &[]), "Cart endpoint"),
        locks(titled(task("B", 2, &[]), "Orders table")),
        locks(titled(task("C", 3, &[]), "Price table")),
        titled(task("D", 6, &["A"]), "Cart page"),
        titled(task("E", 1, &["D", "C", "A"]), "Release notes"),
    ]
}

fn told(picture: &Picture<'_>) -> Vec<String> {
    let bar = |bar: &Bar<'_>| {
        let critical = if bar.critical { "!" } else { "" };
        let (row, word) = (bar.row, bar.word());
        format!("{}{critical} {row:?} {}-{} {word} {:?} {:?}", bar.task.id, bar.start, bar.end, bar.needs, bar.holds)
    };
    picture.bars.iter().map(bar).collect()
}

#[test]
fn a_picture_tells_who_works_on_what_when_and_why() {
    pictured(shop(), &[("B", State::Active)], |picture| {
        let expected = [
            "B Worker(1) 0-120 active [] [0]",
            "A! Worker(2) 0-240 start now [] []",
            "C Worker(1) 120-300 held [] [0]",
            "D! Worker(2) 240-600 waiting [1] []",
            "E! Worker(1) 600-660 waiting [1, 2, 3] []",
        ];
        assert_eq!(told(picture), expected);
        assert_eq!(picture.rows, [Row::Worker(1), Row::Worker(2)]);
        assert_eq!(picture.shared, [Shared { resource: Resource::Lock("db"), bars: vec![0, 2] }]);
        assert_eq!(picture.critical, 660);
        assert_eq!(links(&picture.bars), [(1, 3), (2, 4), (3, 4)], "that E needs A follows");
    });
}

#[test]
fn what_no_worker_of_this_clone_does_has_rows_of_its_own() {
    let given = [("A", State::Elsewhere), ("B", State::Done), ("C", State::Stopped)];
    pictured(shop(), &given, |picture| {
        assert_eq!(picture.rows, [Row::Worker(1), Row::Elsewhere, Row::Done]);
        let words: Vec<_> = picture.bars.iter().take(3).map(|bar| (bar.task.id.as_str(), bar.word())).collect();
        assert_eq!(words, [("B", "done"), ("C", "stopped"), ("A", "elsewhere")]);
    });
}

#[test]
fn batches_go_on_from_the_ledger_and_hold_what_runs_side_by_side() {
    let names = |picture: &Picture<'_>| -> Vec<String> {
        let unit = |group: &Group, unit: &Unit| {
            let (place, session) = (letters(unit.place), letters(picture.sessions[unit.bar]));
            format!("{}{place} S-{session} {}", group.number, picture.bars[unit.bar].task.id)
        };
        picture.groups.iter().flat_map(|group| group.units.iter().map(move |one| unit(group, one))).collect()
    };
    pictured(shop(), &[], |picture| {
        assert!(picture.groups[0].now && !picture.groups[1].now);
        assert_eq!(names(picture), ["3A S-A A", "3B S-B C", "4A S-C B", "4B S-D D", "5A S-E E"]);
    });
    pictured(shop(), &[("A", State::Active), ("B", State::Active)], |picture| {
        assert!(!picture.groups[0].now);
        assert_eq!(names(picture), ["3A S-C C", "3B S-D D", "4A S-E E"]);
        let begun = picture.begun.iter().map(|one| (picture.bars[one.bar].task.id.as_str(), one.unit));
        assert_eq!(begun.collect::<Vec<_>>(), [("B", None), ("A", None)]);
    });
    let same = |id| with(task(id, 1, &[]), |task| task.writes = patterns(&["a"]));
    pictured(vec![same("A"), same("B")], &[], |picture| assert_eq!(names(picture), ["3A S-A A", "4A S-B B"]));
    pictured(vec![], &[], |picture| assert!(picture.groups.is_empty() && picture.bars.is_empty()));
}

#[test]
fn letters_go_on_after_z() {
    assert_eq!([0, 25, 26, 51, 52, 701, 702].map(letters), ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
}

#[test]
fn before_a_bar_come_its_needs_the_last_holders_and_what_runs_alone() {
    let locks = |id| with(task(id, 1, &[]), |task| task.locks = vec!["db".into()]);
    let alone = with(task("Z", 1, &[]), |task| task.parallel = false);
    let sketches = vec![locks("A"), locks("B"), locks("C"), with(task("D", 1, &["C"]), |_| {}), alone];
    pictured(sketches, &[("A", State::Active)], |picture| {
        let before = Before::new(picture);
        let id = |at: usize| picture.bars[at].task.id.as_str();
        let one = |at| {
            let whys = before.of(at).into_iter().map(|(one, whys)| format!("{} {whys:?}", id(one)));
            format!("{}: {}", id(at), whys.collect::<Vec<_>>().join(", "))
        };
        let told: Vec<String> = (0..picture.bars.len()).map(one).collect();
        let expected = ["A: ", "C: A {Holds(0)}", "D: C {Need}", "B: C {Holds(0)}", "Z: D {Alone}, B {Alone}"];
        assert_eq!(told, expected);
    });
}

#[test]
fn what_has_started_keeps_its_session_for_good() {
    use crate::model::ledger::Body;
    use crate::model::sample::{ledger, snapshot};
    let (file, given) = (file(shop()), [("B", State::Active), ("A", State::Landed), ("C", State::Stopped)]);
    let starting = |batch: &str, ids: &[&str]| {
        let tasks = ids.iter().map(|id| snapshot(id)).collect();
        Body::Starting { batch: batch.into(), target: "main".into(), tasks }
    };
    let ledger = ledger(vec![starting("batch-001", &["A", "C"]), starting("batch-002", &["B"])]);
    let (facts, standings, options) = (facts(), standings(&file, &given), Options::default());
    let plan = plan(&file, &facts, &standings, &options);
    let picture = Picture::new(&plan, Frame { repo: "eval", now: facts.now, next_batch: "batch-003", ledger: &ledger });
    let names =
        picture.bars.iter().zip(&picture.sessions).map(|(bar, &at)| format!("{} S-{}", bar.task.id, letters(at)));
    let mut names: Vec<String> = names.collect();
    names.sort();
    assert_eq!(names, ["B S-C", "C S-B", "D S-D", "E S-E"]);
    assert_eq!(picture.begun.iter().map(|one| one.unit).collect::<Vec<_>>(), [Some((2, 0))]);
}
