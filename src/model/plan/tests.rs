use std::collections::BTreeMap;

use super::*;
use crate::model::exclusion::Pairs;
use crate::model::fixture::{Sketch, facts, file, patterns, standings, standings_of, task, with};
use crate::model::graph::Graph;
use crate::model::schedule::Slot;
use crate::model::task::{Details, Gate};

mod laws;

/// The ids to start and to queue, and those held with their reasons.
fn shown(file: &TaskFile, given: &[(&str, State)], options: &Options) -> (String, String, String) {
    let (facts, standings) = (facts(), standings(file, given));
    let plan = plan(file, &facts, &standings, options);
    let ids = |list: &[Candidate]| list.iter().map(|one| plan.task(one.ix).id.as_str()).collect::<Vec<_>>().join(" ");
    let held = plan.held.iter().flat_map(|held| {
        let id = &plan.task(held.ix).id;
        held.reasons.iter().map(move |reason| format!("{id} {reason}"))
    });
    (ids(&plan.start), ids(&plan.queued), held.collect::<Vec<_>>().join(", "))
}

fn outcome(sketches: Vec<Sketch>) -> (String, String, String) {
    shown(&file(sketches), &[], &Options::default())
}

fn texts(start: &str, queued: &str, held: &str) -> (String, String, String) {
    (start.into(), queued.into(), held.into())
}

#[test]
fn the_order_of_choice_is_critical_unblocks_phase_shorter_id() {
    let phase = |sketch| with(sketch, |task| task.phase = Some("now".into()));
    let sketches = vec![
        task("A", 2, &[]),
        task("B", 1, &[]),
        phase(task("C", 3, &[])),
        task("D", 3, &[]),
        task("E", 9, &[]),
        task("F", 1, &["D"]),
        task("G", 1, &[]),
    ];
    let options = Options { workers: Some(9), phase: Some("now".into()), ..Options::default() };
    assert_eq!(shown(&file(sketches.clone()), &[], &options), texts("E D C B G A", "", ""));
    let options = Options { workers: Some(2), ..options };
    assert_eq!(shown(&file(sketches), &[], &options), texts("E D", "C B G A", ""));
}

#[test]
fn a_task_chosen_against_the_rule_says_how_much_that_saves() {
    // By the rule the two long ones come first, since they are the critical path; then a worker waits for the last one.
    let sketches = [("A", 3), ("B", 3), ("C", 2), ("D", 2), ("E", 2)].map(|(id, hours)| task(id, hours, &[]));
    let file = file(sketches.into());
    let (facts, standings) = (facts(), standings(&file, &[]));
    let options = Options { workers: Some(2), ..Options::default() };
    let searched = plan(&file, &facts, &standings, &options);
    let marks = |list: &[Candidate]| list.iter().map(|one| (one.ix, one.shortens)).collect::<Vec<_>>();
    assert_eq!(searched.outlook.schedule.makespan, 6 * 60);
    assert_eq!((searched.outlook.saved(), searched.outlook.proven()), (60, true));
    assert_eq!(marks(&searched.start).len(), 2);
    assert_eq!(marks(&searched.start)[1].1, Some(60));
    assert!(marks(&searched.queued).contains(&(1, Some(60))));
    let options = Options { effort: Some(0), ..options };
    let by_rule = plan(&file, &facts, &standings, &options);
    assert_eq!(marks(&by_rule.start), [(0, None), (1, None)]);
}

fn gated(sketch: Sketch) -> Sketch {
    with(sketch, |task| task.details = Some(Box::new(Details { review: vec![Gate::Start], ..Details::default() })))
}

#[test]
fn a_task_at_a_gate_is_held_and_keeps_no_worker_idle() {
    let sketches = || vec![gated(task("A", 3, &[])), task("B", 3, &[]), task("C", 2, &[]), task("D", 2, &["A"])];
    assert_eq!(shown(&file(sketches()), &[], &Options::default()), texts("C B", "", "A gate:start"));
    // The shortest schedule begins with A, which cannot start: what is ready takes the worker all the same.
    for workers in 1..=3 {
        let rest = [("E", 4), ("F", 2), ("G", 2)].map(|(id, hours)| task(id, hours, &[]));
        let (file, options) =
            (file([sketches(), rest.into()].concat()), Options { workers: Some(workers), ..Options::default() });
        let (facts, standings) = (facts(), standings(&file, &[]));
        let plan = plan(&file, &facts, &standings, &options);
        assert_eq!(plan.start.len(), workers as usize);
        assert_eq!((plan.counts.ready, plan.counts.held, plan.counts.waiting), (5, 1, 1));
        assert!(plan.start.iter().chain(&plan.queued).all(|one| one.ix != 0));
        assert_eq!(plan.outlook.schedule.slots.len(), 7, "it runs once it is approved");
    }
}

#[test]
fn a_gate_for_all_holds_what_would_be_ready_and_nothing_else() {
    let mut file = file(vec![task("A", 1, &[]), task("B", 1, &["A"]), task("C", 1, &[])]);
    file.settings.review = vec![Gate::Start];
    let (facts, held) = (facts(), standings(&file, &[("C", State::Active)]));
    let states: Vec<State> = held.tasks.iter().map(|task| task.state).collect();
    assert_eq!(states, [State::Held, State::Waiting, State::Active]);
    assert_eq!(plan(&file, &facts, &standings(&file, &[]), &Options::default()).next, Next::Mend);
    file.settings.review = vec![Gate::Land];
    assert_eq!(shown(&file, &[], &Options::default()).2, "");
}

#[test]
fn tasks_that_take_no_time_leave_the_plan_what_it_promises() {
    let mut sketches: Vec<Sketch> = ["A", "B", "C"].map(|id| task(id, 0, &[])).into();
    sketches.extend([("P", 2), ("Q", 2), ("R", 3), ("S", 3), ("T", 2)].map(|(id, hours)| task(id, hours, &[])));
    let file = file(sketches);
    let (facts, standings) = (facts(), standings(&file, &[]));
    let options = Options { workers: Some(2), ..Options::default() };
    let plan = plan(&file, &facts, &standings, &options);
    let begun = plan.outlook.schedule.slots.iter().filter(|slot| slot.start == 0 && slot.end > 0);
    let begun: Vec<Ix> = begun.filter_map(|slot| plan.outlook.network.index(slot.node)).collect();
    let start: Vec<Ix> = plan.start.iter().filter(|one| one.minutes > 0).map(|one| one.ix).collect();
    assert_eq!(start.iter().collect::<std::collections::BTreeSet<_>>(), begun.iter().collect());
}

#[test]
fn what_a_stopped_task_holds_it_keeps_until_it_ends() {
    let lock = |sketch| with(sketch, |task| task.locks = vec!["db".into()]);
    let file = file(vec![lock(task("A", 9, &[])), task("Y", 1, &["A"]), lock(task("Z", 2, &["Y"]))]);
    let (facts, standings) = (facts(), standings(&file, &[("Z", State::Stopped)]));
    let options = Options::default();
    let plan = plan(&file, &facts, &standings, &options);
    let starts: Vec<_> =
        plan.outlook.schedule.slots.iter().map(|slot| (plan.outlook.id(slot.node).as_str(), slot.start)).collect();
    assert_eq!(starts, [("Z", 0), ("A", 120), ("Y", 660)]);
}

#[test]
fn batches_are_even_and_one_is_complete_before_the_next() {
    let mut file = file(["A", "B", "C", "D"].map(|id| task(id, 1, &[])).into());
    file.settings.batches = Some(Batches::Barrier);
    let options = Options::default();
    assert_eq!(shown(&file, &[], &options), texts("A B", "C D", ""));
    let (facts, first) = (facts(), standings(&file, &[]));
    let one = plan(&file, &facts, &first, &options);
    assert_eq!((one.outlook.schedule.makespan, one.outlook.rolling), (120, Some(120)));
    assert_eq!(one.barrier, ["A".parse().unwrap(), "B".parse().unwrap()]);
    let given = [("A", State::Landed), ("B", State::Done)];
    assert_eq!(shown(&file, &given, &options), texts("", "C D", ""));
    let second = standings(&file, &given);
    assert_eq!(plan(&file, &facts, &second, &options).next, Next::Land(vec!["B".parse().unwrap()]));
    let given = [("A", State::Landed), ("B", State::Elsewhere)];
    assert_eq!(shown(&file, &given, &options), texts("C D", "", ""));
}

#[test]
fn the_curve_ends_where_more_workers_do_not_help() {
    let file = file(vec![task("A", 2, &[]), task("B", 2, &[]), task("C", 2, &[]), task("D", 2, &["A"])]);
    let (facts, standings) = (facts(), standings(&file, &[]));
    let options = Options { what_if: true, ..Options::default() };
    let plan = plan(&file, &facts, &standings, &options);
    let curve: Vec<_> =
        plan.curve.iter().map(|point| (point.workers, point.makespan, point.bound.to_string())).collect();
    assert_eq!(curve, [(1, 480, "workers".to_owned()), (2, 240, "critical-path".to_owned())]);
}

#[test]
fn what_excludes_a_chosen_task_is_held_and_leaves_its_slot_to_others() {
    let writes = |sketch, path| with(sketch, |task: &mut Task| task.writes = patterns(&[path]));
    let sketches = vec![
        writes(task("A", 4, &[]), "src/a.rs"),
        writes(task("B", 3, &[]), "src/**"),
        writes(task("C", 2, &[]), "src/c.rs"),
        writes(task("D", 1, &[]), "src/c.rs"),
    ];
    // B excludes A and C; A and C run side by side all the same.
    assert_eq!(outcome(sketches), texts("A D", "", "B writes:A:src/a.rs, B writes:D:src/c.rs, C writes:D:src/c.rs"));
}

#[test]
fn a_task_that_runs_alone_runs_alone() {
    let alone = |sketch| with(sketch, |task| task.parallel = false);
    assert_eq!(outcome(vec![alone(task("A", 2, &[])), task("B", 1, &[])]), texts("A", "", "B alone:A"));
    assert_eq!(outcome(vec![alone(task("A", 1, &[])), task("B", 2, &[])]), texts("B", "", "A alone:B"));
}

#[test]
fn a_writer_goes_before_those_who_read_what_it_writes() {
    let reads = |sketch, path| with(sketch, |task: &mut Task| task.reads = patterns(&[path]));
    let writes = |sketch, path| with(sketch, |task: &mut Task| task.writes = patterns(&[path]));
    let sketches = vec![
        reads(writes(task("A", 5, &[]), "a"), "b/x"),
        reads(writes(task("B", 3, &[]), "b"), "c/**"),
        writes(task("C", 1, &[]), "c/y"),
    ];
    assert_eq!(outcome(sketches.clone()), texts("C", "", ""));
    assert_eq!(waiting(sketches.clone()), "B reads:C:c/y, A reads:B:b/x");
    // In a circle there is no order: each two of which one reads what the other writes exclude each other.
    let mut circle = sketches;
    circle[2] = reads(circle[2].clone(), "a");
    assert_eq!(outcome(circle.clone()), texts("A", "", "B read-by:A:b/x, C reads:A:a"));
    assert_eq!(waiting(circle), "");
}

/// The waiting tasks with what they wait for.
fn waiting(sketches: Vec<Sketch>) -> String {
    let file = file(sketches);
    let (facts, standings, options) = (facts(), standings(&file, &[]), Options::default());
    let plan = plan(&file, &facts, &standings, &options);
    let words = plan.waiting.iter().flat_map(|&ix| {
        let id = &plan.task(ix).id;
        plan.standings.waits_for(&file, ix).into_iter().map(move |reason| format!("{id} {reason}"))
    });
    words.collect::<Vec<_>>().join(", ")
}

#[test]
fn more_workers_are_free_while_everything_is_research() {
    let research = |id| with(task(id, 1, &[]), |task| task.kind = Kind::Research);
    let mut sketches: Vec<Sketch> = ["A", "B", "C", "D", "E", "F"].map(research).into();
    assert_eq!(outcome(sketches.clone()), texts("A B C D E", "F", ""));
    sketches.push(task("G", 1, &[]));
    assert_eq!(outcome(sketches.clone()), texts("A B C D E", "F G", ""));
    sketches.push(task("H", 2, &[]));
    assert_eq!(outcome(sketches), texts("H A B", "C D E F G", ""));
}

#[test]
fn busy_workers_leave_fewer_slots_and_reported_tasks_none() {
    let sketches = ["A", "B", "C", "D", "E"].map(|id| task(id, 1, &[]));
    let file = file(sketches.into());
    let given = [("A", State::Active), ("B", State::Done), ("C", State::Stopped)];
    assert_eq!(shown(&file, &given, &Options { workers: Some(2), ..Options::default() }), texts("D", "E", ""));
}

#[test]
fn what_is_reported_holds_its_paths_and_locks_but_no_slot() {
    let writes = |id, path| with(task(id, 1, &[]), |task| task.writes = patterns(&[path]));
    let mut holder = writes("A", "src/**");
    holder.0.locks = vec!["db".into()];
    let mut file = file(vec![
        holder,
        writes("B", "src/b.rs"),
        with(task("C", 1, &[]), |task| task.locks = vec!["db".into()]),
        writes("D", "migrations/1.sql"),
        writes("E", "docs"),
    ]);
    file.settings.locks.insert("db".into(), patterns(&["migrations/[0-9]*"]));
    let held = "B writes:A:src/b.rs, C lock:db:A, D lock:db:A";
    let one = Options { workers: Some(1), ..Options::default() };
    for reported in [State::Done, State::Stopped] {
        assert_eq!(shown(&file, &[("A", reported)], &one), texts("E", "", held), "{reported:?}");
    }
    assert_eq!(shown(&file, &[("A", State::Active)], &one), texts("", "E", held));
    assert_eq!(shown(&file, &[("A", State::Landed)], &one).2, "");
}

#[test]
fn overlap_that_only_warns_is_told() {
    let warns = |id| {
        with(task(id, 1, &[]), |task| {
            task.writes = patterns(&["x"]);
            task.overlap = Some(crate::model::task::Overlap::Warn);
        })
    };
    let file = file(vec![warns("A"), warns("B"), task("C", 1, &[])]);
    let (facts, standings, options) =
        (facts(), standings(&file, &[]), Options { workers: Some(4), ..Options::default() });
    let plan = plan(&file, &facts, &standings, &options);
    let overlap = Overlapping { id: "A".parse().unwrap(), path: "x".into() };
    let expected =
        [Warning::ManyWorkers(4, 0), Warning::Overlap("B".parse().unwrap(), overlap), Warning::NotChecked(vec![2])];
    assert_eq!(plan.warnings, expected);
}

#[test]
fn a_plan_without_a_start_says_what_is_next() {
    let next = |sketches, given: &[(&str, State)]| {
        let file = file(sketches);
        let (facts, standings) = (facts(), standings(&file, given));
        plan(&file, &facts, &standings, &Options { workers: Some(1), ..Options::default() }).next
    };
    let ids = |texts: &[&str]| texts.iter().map(|id| id.parse().unwrap()).collect();
    let two = || vec![task("A", 1, &[]), task("B", 1, &["A"])];
    assert_eq!(next(vec![], &[]), Next::Write);
    assert_eq!(next(two(), &[]), Next::Start);
    assert_eq!(next(two(), &[("A", State::Landed), ("B", State::Cancelled)]), Next::Nothing);
    assert_eq!(next(two(), &[("A", State::Active)]), Next::Land(ids(&["A"])));
    assert_eq!(next(two(), &[("A", State::Done)]), Next::Stack("B".parse().unwrap()));
    assert_eq!(next(two(), &[("A", State::Cancelled)]), Next::Mend);
    let free = vec![task("A", 1, &[]), task("B", 1, &[])];
    assert_eq!(next(free, &[("A", State::Active)]), Next::Report(ids(&["A"])));
}

#[test]
fn benefit_is_rounded_to_hundredths() {
    assert_eq!(Batch { parallel: 240, sequential: 660 }.benefit(), Some(275));
    assert_eq!(Batch { parallel: 3, sequential: 5 }.benefit(), Some(167));
    assert_eq!(Batch { parallel: 1, sequential: u64::MAX }.benefit(), Some(u64::MAX));
    assert_eq!(Batch::default().benefit(), None);
}
