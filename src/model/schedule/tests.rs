use std::collections::{BTreeMap, HashSet};

use proptest::prelude::*;

use super::*;
use crate::model::exclusion::Rules;
use crate::model::fixture::{file, patterns, standings, standings_of, task, with};
use crate::model::graph::Graph;
use crate::model::state::State;
use crate::model::task::{Settings, Task, TaskFile};

/// Schedules `file` and gives makespan, lower bound and its code.
fn outcome(file: &TaskFile, given: &[(&str, State)], workers: u32) -> (Minutes, Minutes, String) {
    let standings = standings(file, given);
    let network = Network::new(file, &standings, &Rules::new(&file.settings));
    let path = CriticalPath::new(&network);
    let (bound, why) = lower_bound(&network, &path, workers);
    (schedule(&network, &path, workers, &[], None).makespan, bound, why.to_string())
}

#[test]
fn the_critical_path_binds_where_workers_are_many() {
    let file = file(vec![task("A", 4, &[]), task("B", 1, &[]), task("C", 2, &["A", "B"])]);
    assert_eq!(outcome(&file, &[], 3), (360, 360, "critical-path".into()));
    let standings = standings(&file, &[]);
    let network = Network::new(&file, &standings, &Rules::new(&file.settings));
    let path = CriticalPath::new(&network);
    let slack = |ix| path.slack(network.node(ix).unwrap());
    assert_eq!([slack(0), slack(1), slack(2)], [0, 180, 0]);
}

#[test]
fn the_work_binds_where_workers_are_few() {
    let file = file(vec![task("A", 1, &[]), task("B", 1, &[]), task("C", 1, &[]), task("D", 1, &[])]);
    assert_eq!(outcome(&file, &[], 2), (120, 120, "workers".into()));
}

#[test]
fn tasks_that_share_a_lock_a_path_or_an_issue_follow_each_other() {
    let lock = |sketch| with(sketch, |task| task.locks = vec!["db".into()]);
    let path = |sketch| with(sketch, |task| task.writes = patterns(&["src/a.rs"]));
    let issue = |sketch| with(sketch, |task| task.issue = Some("#1".into()));
    let two = |change: &dyn Fn(_) -> _| file(vec![change(task("A", 1, &[])), change(task("B", 2, &[]))]);
    assert_eq!(outcome(&two(&lock), &[], 3), (180, 180, "lock:db".into()));
    assert_eq!(outcome(&two(&path), &[], 3), (180, 180, "writes:src/a.rs".into()));
    assert_eq!(outcome(&two(&issue), &[], 3), (180, 180, "issue:#1".into()));
}

#[test]
fn a_task_that_runs_alone_takes_every_worker() {
    let file = file(vec![task("A", 2, &[]), task("B", 2, &[]), with(task("C", 1, &[]), |task| task.parallel = false)]);
    assert_eq!(outcome(&file, &[], 2), (180, 180, "workers".into()));
}

#[test]
fn what_runs_already_starts_now_even_where_it_should_not() {
    let lock = |sketch| with(sketch, |task| task.locks = vec!["db".into()]);
    let file = file(vec![lock(task("A", 2, &[])), lock(task("B", 3, &["C"])), lock(task("C", 1, &[]))]);
    let running = [("A", State::Active), ("B", State::Active)];
    assert_eq!(outcome(&file, &running, 1), (240, 240, "lock:db".into()));
    assert_eq!(outcome(&file, &[("A", State::Done), ("B", State::Elsewhere)], 1), (240, 240, "lock:db".into()));
}

#[test]
fn tasks_that_can_never_run_are_left_out_and_named() {
    let file = file(vec![
        task("A", 1, &[]),
        task("B", 1, &["A"]),
        task("C", 1, &["B"]),
        task("D", 1, &[]),
        task("E", 1, &["D"]),
    ]);
    let standings = standings(&file, &[("A", State::Cancelled), ("D", State::Lost)]);
    let network = Network::new(&file, &standings, &Rules::new(&file.settings));
    assert!(network.is_empty());
    assert_eq!(network.stuck, [1, 2, 4]);
    assert_eq!(CriticalPath::new(&network).length, 0);
}

#[test]
fn a_chain_of_fifty_thousand_needs_no_deep_stack() {
    const LENGTH: u32 = 50_000;
    let tasks = (0..LENGTH).map(|n| Task::named(format!("T{n:05}").parse().unwrap())).collect();
    let needs: Vec<_> = (1..LENGTH).map(|n| (n - 1, n)).collect();
    let file = TaskFile { settings: Settings::default(), graph: Graph::new(tasks, &needs) };
    let standings = standings_of(&file, &BTreeMap::new());
    let small = std::thread::Builder::new().stack_size(128 * 1024);
    let run = move || {
        let network = Network::new(&file, &standings, &Rules::new(&file.settings));
        let path = CriticalPath::new(&network);
        let first = network.node(LENGTH as usize - 1).unwrap();
        (schedule(&network, &path, 3, &[first], None).makespan, dependants(&network, &[first]))
    };
    assert_eq!(small.spawn(run).unwrap().join().unwrap(), (60 * u64::from(LENGTH), vec![u64::from(LENGTH) - 1]));
}

/// Up to `most` tasks with needs on earlier ones, some locks and paths, some running, some over.
fn small(most: usize) -> impl Strategy<Value = (TaskFile, BTreeMap<usize, State>)> {
    let one = (0u64..5, any::<u16>(), 0u8..6, 0u8..12, 0u8..10);
    prop::collection::vec(one, 0..=most).prop_map(|rows| {
        let mut needs = Vec::new();
        let mut given = BTreeMap::new();
        let mut tasks = Vec::new();
        for (ix, (minutes, mask, lock, other, state)) in rows.into_iter().enumerate() {
            needs.extend((0..ix).filter(|bit| mask >> bit & 1 == 1).map(|need| (ix as u32, need as u32)));
            let locks = if lock < 2 { vec![format!("l{lock}")] } else { vec![] };
            let writes = patterns(if other % 3 == 0 { &["a"] } else { &[] });
            let named = Task::named(format!("T{ix:03}").parse().unwrap());
            tasks.push(Task { estimate: Some(minutes), locks, writes, parallel: other != 1, ..named });
            let states =
                [State::Landed, State::Active, State::Done, State::Stopped, State::Elsewhere, State::Cancelled];
            given.extend(states.get(usize::from(state)).map(|&state| (ix, state)));
        }
        (TaskFile { settings: Settings::default(), graph: Graph::new(tasks, &needs) }, given)
    })
}

/// Whether two jobs may not run at one time.
fn conflict(network: &Network<'_>, a: Node, b: Node) -> bool {
    let alone = |node: Node| !network.jobs[node].task.parallel;
    let held: HashSet<_> = network.resources(a).iter().collect();
    alone(a) || alone(b) || network.resources(b).iter().any(|resource| held.contains(resource))
}

/// The shortest of all schedules that start every job as early as the jobs before it in some order permit: one of them
/// is the shortest of all.
fn shortest(network: &Network<'_>, workers: usize) -> Minutes {
    let running: Vec<Slot> = (0..network.len())
        .filter(|&node| network.jobs[node].place != Place::Open)
        .map(|node| {
            let job = network.jobs[node];
            Slot { start: 0, end: job.minutes, worker: (job.place == Place::Working).then_some(0), node }
        })
        .collect();
    let mut stack = vec![running];
    let mut best = Minutes::MAX;
    while let Some(slots) = stack.pop() {
        if slots.len() == network.len() {
            best = best.min(slots.iter().map(|slot| slot.end).max().unwrap_or(0));
        }
        for node in (0..network.len()).filter(|&node| slots.iter().all(|slot| slot.node != node)) {
            let ends: Vec<_> = network.needs(node).map(|need| slots.iter().find(|slot| slot.node == need)).collect();
            if ends.iter().all(Option::is_some) {
                let ready = ends.iter().flatten().map(|slot| slot.end).max().unwrap_or(0);
                let start = earliest(network, &slots, node, ready, workers);
                let end = start + network.jobs[node].minutes;
                stack.push([&slots[..], &[Slot { start, end, worker: Some(0), node }]].concat());
            }
        }
    }
    best
}

fn earliest(network: &Network<'_>, slots: &[Slot], node: Node, ready: Minutes, workers: usize) -> Minutes {
    let minutes = network.jobs[node].minutes;
    let free = |start: Minutes| {
        let beside = |at: Minutes| slots.iter().filter(move |slot| slot.start <= at && at < slot.end);
        (start..start + minutes).all(|at| {
            beside(at).filter(|slot| slot.worker.is_some()).count() < workers
                && !beside(at).any(|slot| conflict(network, slot.node, node))
        })
    };
    (ready..).find(|&start| free(start)).unwrap()
}

fn check_schedule(network: &Network<'_>, schedule: &Schedule, workers: u32) -> Result<(), TestCaseError> {
    let slot: BTreeMap<Node, &Slot> = schedule.slots.iter().map(|slot| (slot.node, slot)).collect();
    prop_assert_eq!(slot.len(), network.len());
    prop_assert_eq!(schedule.slots.len(), network.len());
    for (&node, at) in &slot {
        prop_assert_eq!(at.end - at.start, network.jobs[node].minutes);
        prop_assert!(network.needs(node).all(|need| slot[&need].end <= at.start));
        let pinned = network.jobs[node].place != Place::Open;
        prop_assert!(!pinned || at.start == 0);
        let busy =
            schedule.slots.iter().filter(|slot| slot.worker.is_some() && slot.start <= at.start && at.start < slot.end);
        prop_assert!(pinned || at.worker.is_some() && (busy.count() <= workers as usize || at.start == at.end));
        for (&other, beside) in slot.range(..node) {
            let together = at.start.max(beside.start) < at.end.min(beside.end);
            let both_pinned = pinned && network.jobs[other].place != Place::Open;
            prop_assert!(!together || at.worker.is_none() || at.worker != beside.worker);
            prop_assert!(!together || both_pinned || !conflict(network, node, other));
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn schedules_keep_the_rules_and_never_beat_the_lower_bound((file, given) in small(16), workers in 1u32..5) {
        let standings = standings_of(&file, &given);
        let network = Network::new(&file, &standings, &Rules::new(&file.settings));
        let path = CriticalPath::new(&network);
        let first = schedule(&network, &path, workers, &[], None);
        check_schedule(&network, &first, workers)?;
        prop_assert!(first.makespan >= lower_bound(&network, &path, workers).0);
        prop_assert_eq!(first, schedule(&network, &path, workers, &[], None));
    }

    #[test]
    fn no_schedule_of_all_beats_the_lower_bound((file, given) in small(6), workers in 1u32..4) {
        let standings = standings_of(&file, &given);
        let network = Network::new(&file, &standings, &Rules::new(&file.settings));
        let path = CriticalPath::new(&network);
        let best = shortest(&network, workers as usize);
        prop_assert!(lower_bound(&network, &path, workers).0 <= best);
        prop_assert!(schedule(&network, &path, workers, &[], None).makespan >= best);
    }

    #[test]
    fn dependants_are_counted_exactly((file, given) in small(16)) {
        let standings = standings_of(&file, &given);
        let network = Network::new(&file, &standings, &Rules::new(&file.settings));
        let all: Vec<Node> = (0..network.len()).rev().collect();
        let counts: Vec<u64> = all.iter().map(|&source| {
            let mut reached = HashSet::from([source]);
            let mut stack = vec![source];
            while let Some(node) = stack.pop() {
                stack.extend(network.dependants(node).filter(|&next| reached.insert(next)));
            }
            reached.len() as u64 - 1
        }).collect();
        prop_assert_eq!(dependants(&network, &all), counts);
    }
}
