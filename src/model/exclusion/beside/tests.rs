use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::model::fixture::{Sketch, file, patterns, standings, standings_of, task, with};
use crate::model::schedule::{Crew, Network};
use crate::model::standing::Standings;
use crate::model::state::State;
use crate::model::task::{Overlap, Settings};

fn writes(sketch: Sketch, path: &str) -> Sketch {
    with(sketch, |task| task.writes = patterns(&[path]))
}

fn reads(sketch: Sketch, path: &str) -> Sketch {
    with(sketch, |task| task.reads = patterns(&[path]))
}

/// The tasks of a file as parties: the active ones as holders.
fn parties<'t>(pairs: &Pairs<'t>, file: &'t TaskFile, standings: &'t Standings) -> Vec<Party<'t>> {
    (0..file.graph.len()).map(|ix| standings.party(file, pairs, ix)).collect()
}

/// What the rules say of the first two tasks.
fn verdict(file: &TaskFile, given: &[(&str, State)]) -> Beside {
    let standings = standings(file, given);
    let pairs = Pairs::new(file, &standings.implied);
    let parties = parties(&pairs, file, &standings);
    pairs.beside(&parties[0], &parties[1])
}

fn sequence(first: &str, then: &str, by: By) -> Beside {
    Beside::InSequence { first: first.parse().unwrap(), then: then.parse().unwrap(), by }
}

#[test]
fn the_first_rule_that_applies_decides() {
    let id = || "B".parse().unwrap();
    let two = |a: Sketch, b: Sketch| file(vec![a, b, task("M", 1, &["A"])]);
    let (a, b) = (|| writes(task("A", 1, &[]), "src/a"), || writes(task("B", 1, &[]), "src/b"));
    assert_eq!(verdict(&two(a(), b()), &[]), Beside::Parallel);
    assert_eq!(verdict(&two(a(), task("B", 1, &[])), &[]), Beside::NotChecked);
    let research = with(task("B", 1, &[]), |task| task.kind = Kind::Research);
    assert_eq!(verdict(&two(a(), research), &[]), Beside::Parallel);
    let path = "src/a".to_owned();
    let overlapping = Overlapping { id: id(), path: path.clone() };
    let warns = with(writes(task("B", 1, &[]), "src"), |task| task.overlap = Some(Overlap::Warn));
    assert_eq!(verdict(&two(a(), warns.clone()), &[]), Beside::Overlaps(vec![overlapping]));
    let alone = with(warns, |task| task.parallel = false);
    assert_eq!(verdict(&two(a(), alone.clone()), &[]), Beside::Exclusive(vec![Reason::Alone(id())]));
    let reading = reads(alone, "src/a");
    assert_eq!(verdict(&two(a(), reading.clone()), &[]), sequence("A", "B", By::Reads(path.clone())));
    let circle = two(reads(a(), "src"), reading.clone());
    let reasons = vec![Reason::Reads { id: id(), path: "src".into() }, Reason::Alone(id())];
    assert_eq!(verdict(&circle, &[]), Beside::Exclusive(reasons));
    let needing = (reads(a(), "src").0, vec!["B"]);
    assert_eq!(verdict(&file(vec![needing, reading]), &[]), sequence("B", "A", By::Needs));
    let through = file(vec![a(), (writes(task("B", 1, &[]), "src").0, vec!["M"]), task("M", 1, &["A"])]);
    assert_eq!(verdict(&through, &[]), sequence("A", "B", By::Needs));
}

#[test]
fn an_order_through_others_is_one() {
    let (a, b) = (reads(writes(task("A", 1, &[]), "x"), "d"), writes(task("B", 1, &[]), "x"));
    let file = file(vec![a, b, task("C", 1, &["B"]), writes(task("D", 1, &["C"]), "d")]);
    assert_eq!(verdict(&file, &[]), sequence("B", "A", By::Others));
    let holder = [("B", State::Active)];
    assert_eq!(verdict(&file, &holder), sequence("B", "A", By::Others));
    let standings = standings(&file, &holder);
    let pairs = Pairs::new(&file, &standings.implied);
    let parties = parties(&pairs, &file, &standings);
    assert_eq!(pairs.reasons(&parties[0], &parties[1]), [], "that both write 'x' is no matter of its own");
    assert!(matches!(verdict(&file, &[("D", State::Landed)]), Beside::Exclusive(_)), "nobody writes what it reads");
    assert!(matches!(verdict(&file, &[("A", State::Active)]), Beside::Exclusive(_)), "it waits for nobody any more");
}

#[test]
fn what_has_started_reads_what_it_found_and_comes_after_nobody() {
    let file = file(vec![reads(writes(task("A", 1, &[]), "x"), "src/b"), writes(task("B", 1, &[]), "src/*")]);
    assert_eq!(verdict(&file, &[]), sequence("B", "A", By::Reads("src/b".into())));
    assert_eq!(verdict(&file, &[("A", State::Active)]), Beside::Parallel);
    assert_eq!(verdict(&file, &[("B", State::Done)]), sequence("B", "A", By::Reads("src/b".into())));
    assert_eq!(verdict(&file, &[("B", State::Landed)]), Beside::Parallel, "it is over");
}

pub(in crate::model::exclusion) fn any_file() -> impl Strategy<Value = (TaskFile, BTreeMap<usize, State>)> {
    let paths = || prop::sample::subsequence(vec!["a", "b", "src/**", "src/a", "src/*b", "src/?b", "{src,a}/b"], 0..=2);
    let one = (any::<u16>(), any::<u16>(), paths(), paths(), 0u8..10, 0u8..9, 0u8..14);
    (prop::collection::vec(one, 2..12), any::<bool>()).prop_map(|(rows, guarded)| {
        let mut needs = Vec::new();
        let mut given = BTreeMap::new();
        let mut tasks = Vec::new();
        for (ix, (some, sparse, reads, writes, lock, other, state)) in rows.into_iter().enumerate() {
            let mask = some & sparse & sparse.rotate_left(5);
            needs.extend((0..ix).filter(|bit| mask >> bit & 1 == 1).map(|need| (ix as u32, need as u32)));
            let states = [State::Active, State::Done, State::Landed, State::Lost, State::Elsewhere];
            given.extend(states.get(usize::from(state)).map(|&state| (ix, state)));
            tasks.push(Task {
                estimate: Some(60),
                reads: patterns(&reads),
                writes: patterns(&writes),
                locks: if lock == 0 { vec!["l".into()] } else { vec![] },
                issue: (lock == 1).then(|| "#1".into()),
                parallel: other != 0,
                overlap: (other == 1).then_some(Overlap::Warn),
                kind: if other == 2 { Kind::Research } else { Kind::Code },
                ..Task::named(format!("T{ix:02}").parse().unwrap())
            });
        }
        let mut settings = Settings { shared_paths: patterns(&["b"]), ..Settings::default() };
        if guarded {
            settings.locks.insert("g".into(), patterns(&["src/[x-z]*", "src/cb"]));
        }
        (TaskFile { settings, graph: Graph::new(tasks, &needs) }, given)
    })
}

/// A reason without the task that it names, and the same for either side of two that read what the other writes.
fn kind(reason: &Reason) -> String {
    match reason {
        Reason::Reads { .. } | Reason::ReadBy { .. } => "circle".into(),
        Reason::Writes { path, .. } => format!("writes {path}"),
        Reason::Lock { name, .. } => format!("lock {name}"),
        Reason::Issue(_) => "issue".into(),
        Reason::Alone(_) => "alone".into(),
        other => other.to_string(),
    }
}

proptest! {
    #[test]
    fn both_of_two_get_the_same_answer((file, given) in any_file()) {
        let standings = standings_of(&file, &given);
        let pairs = Pairs::new(&file, &standings.implied);
        let parties = parties(&pairs, &file, &standings);
        for (a, one) in parties.iter().enumerate() {
            for other in parties[..a].iter() {
                match (pairs.beside(one, other), pairs.beside(other, one)) {
                    (Beside::Exclusive(ours), Beside::Exclusive(theirs)) => {
                        let kinds = |reasons: &[Reason]| reasons.iter().map(kind).collect::<BTreeSet<_>>();
                        prop_assert_eq!(kinds(&ours), kinds(&theirs));
                        prop_assert!(!ours.is_empty());
                    }
                    (Beside::Overlaps(ours), Beside::Overlaps(theirs)) => {
                        prop_assert!(ours.iter().all(|one| one.id == other.task().id));
                        let paths = |list: &[Overlapping]| list.iter().map(|one| one.path.clone()).collect::<Vec<_>>();
                        prop_assert_eq!(paths(&ours), paths(&theirs));
                    }
                    (ours, theirs) => prop_assert_eq!(ours, theirs),
                }
            }
        }
    }

    #[test]
    fn what_keeps_a_task_from_starting_is_what_the_rules_say((file, given) in any_file()) {
        let standings = standings_of(&file, &given);
        let pairs = Pairs::new(&file, &standings.implied);
        let parties = parties(&pairs, &file, &standings);
        for (ix, candidate) in parties.iter().enumerate().filter(|(ix, _)| !given.contains_key(ix)) {
            for (_, holder) in parties.iter().enumerate().filter(|(other, _)| *other != ix) {
                let reasons = pairs.reasons(candidate, holder);
                match pairs.beside(candidate, holder) {
                    Beside::Exclusive(same) => prop_assert_eq!(reasons, same),
                    Beside::InSequence { then, by: By::Reads(path), .. } if then == candidate.task().id => {
                        let id = holder.task().id.clone();
                        prop_assert_eq!(reasons.first(), Some(&Reason::Reads { id, path }));
                    }
                    Beside::InSequence { .. } => {
                        let only_locks = reasons.iter().all(|reason| matches!(reason, Reason::Lock { .. }));
                        prop_assert!(only_locks, "{reasons:?}");
                    }
                    _ => prop_assert_eq!(reasons, vec![]),
                }
            }
        }
    }

    /// The schedule keeps apart exactly those that the rules keep apart.
    #[test]
    fn resources_are_what_the_rules_say((file, given) in any_file()) {
        let standings = standings_of(&file, &given);
        let pairs = Pairs::new(&file, &standings.implied);
        let parties = parties(&pairs, &file, &standings);
        let network = Network::new(&file, &standings, &pairs.rules, Crew::of(1));
        for a in 0..parties.len() {
            for b in 0..a {
                let (Some(one), Some(other)) = (network.node(a), network.node(b)) else { continue };
                let shared = network.problem.resources(one).iter().any(|resource| network.problem.resources(other).contains(resource));
                let alone = !parties[a].task().parallel || !parties[b].task().parallel;
                match pairs.beside(&parties[a], &parties[b]) {
                    Beside::InSequence { .. } => {}
                    Beside::Exclusive(reasons) => prop_assert!(shared || alone, "{a} and {b}: {reasons:?}"),
                    other => prop_assert!(!shared && !alone, "{a} and {b}: {other:?}"),
                }
            }
        }
    }
}
