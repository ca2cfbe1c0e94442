//! Schedules of problems whose shortest one is known, checked by their numbers alone.

use git_dispatch::model::schedule::{CriticalPath, Slot, Solution, solve};

use super::checker::{Fault, check};
use super::instance::Instance;
use super::network;
use super::support::Sandbox;

fn solved(instance: &Instance) -> Solution {
    let problem = instance.problem();
    let rule: Vec<u32> = (0..problem.len() as u32).collect();
    solve(&problem, &CriticalPath::new(&problem), &rule, 1)
}

fn instance(workers: u32, durations: &[u64], needs: &[(u32, u32)], holds: &[(u32, u32)], optimum: u64) -> Instance {
    Instance {
        name: format!("{durations:?} with {workers}"),
        workers,
        durations: durations.to_vec(),
        needs: needs.to_vec(),
        holds: holds.to_vec(),
        known: Some((optimum, optimum)),
    }
}

/// Jobs of a minute, each of which holds two resources: the edges of a graph, where the least makespan is the number of
/// colours that no two edges at one vertex share.
fn edges(pairs: &[(u32, u32)], colours: u64) -> Instance {
    let both = pairs.iter().enumerate().flat_map(|(job, &(a, b))| [(job as u32, a), (job as u32, b)]);
    instance(pairs.len() as u32, &vec![1; pairs.len()], &[], &both.collect::<Vec<_>>(), colours)
}

/// The job shop ft06 (Fisher and Thompson 1963): by job, machine and minutes of each step.
const FT06: [[(u32, u64); 6]; 6] = [
    [(2, 1), (0, 3), (1, 6), (3, 7), (5, 3), (4, 6)],
    [(1, 8), (2, 5), (4, 10), (5, 10), (0, 10), (3, 4)],
    [(2, 5), (3, 4), (5, 8), (0, 9), (1, 1), (4, 7)],
    [(1, 5), (0, 5), (2, 5), (3, 3), (4, 8), (5, 9)],
    [(2, 9), (1, 3), (4, 5), (5, 4), (0, 3), (3, 1)],
    [(1, 3), (3, 3), (5, 9), (0, 10), (4, 4), (2, 1)],
];

/// A job shop where two machines serve each job in the same order.
fn flow_shop(jobs: &[(u64, u64)], optimum: u64) -> Instance {
    let steps: Vec<_> = jobs.iter().map(|&(first, second)| vec![(0, first), (1, second)]).collect();
    Instance { known: Some((optimum, optimum)), ..Instance::job_shop("flow shop", &steps) }
}

fn known() -> Vec<Instance> {
    // Nine jobs by which more workers, less work or fewer needs make a list schedule longer (Graham 1969).
    let graham = [3, 2, 2, 2, 4, 4, 4, 4, 9];
    let shorter = graham.map(|minutes| minutes - 1);
    let needs = [(4, 3), (5, 3), (6, 3), (7, 3), (8, 0)];
    let petersen: Vec<(u32, u32)> =
        (0..5).flat_map(|n| [(n, (n + 1) % 5), (n, n + 5), (n + 5, (n + 2) % 5 + 5)]).collect();
    let ft06: Vec<_> = FT06.iter().map(|steps| steps.to_vec()).collect();
    vec![
        instance(3, &graham, &needs, &[], 12),
        instance(4, &graham, &needs, &[], 12),
        instance(3, &shorter, &needs, &[], 10),
        instance(3, &graham, &needs[2..], &[], 12),
        // Longest first makes 7 of the one, 11 of the other.
        instance(2, &[3, 3, 2, 2, 2], &[], &[], 6),
        instance(3, &[5, 5, 4, 4, 3, 3, 3], &[], &[], 9),
        instance(3, &[0, 0, 0], &[(1, 0), (2, 1)], &[(0, 0), (1, 0)], 0),
        instance(2, &[], &[], &[], 0),
        instance(1, &[4, 6, 8], &[], &[], 18),
        // The second excludes the first and the third, which run side by side.
        instance(3, &[3, 5, 4], &[], &[(0, 0), (1, 0), (1, 1), (2, 1)], 9),
        edges(&[(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)], 3),
        edges(&petersen, 4),
        flow_shop(&[(3, 6), (7, 2), (4, 7), (5, 3), (7, 4)], 28),
        Instance { known: Some((55, 55)), ..Instance::job_shop("ft06", &ft06) },
    ]
}

#[test]
fn the_shortest_schedules_of_small_problems_are_found() {
    for instance in known() {
        let solution = solved(&instance);
        assert_eq!(check(&instance, &solution), Ok(()), "{} {solution:?}", instance.name);
        assert_eq!(Some(solution.schedule.makespan), instance.optimum(), "{} {solution:?}", instance.name);
    }
}

/// Two workers; the first two jobs share a resource, the last needs both; from 0 to 3, 3 to 5, 0 to 4, 5 to 6.
fn sound() -> (Instance, Solution) {
    let instance = instance(2, &[3, 2, 4, 1], &[(3, 0), (3, 1)], &[(0, 0), (1, 0)], 6);
    let solution = solved(&instance);
    assert_eq!(check(&instance, &solution), Ok(()));
    (instance, solution)
}

/// The fault of the sound solution with one slot changed.
fn with_slot(job: usize, change: impl Fn(&mut Slot)) -> Result<(), Fault> {
    let (instance, mut solution) = sound();
    let slot = solution.schedule.slots.iter_mut().find(|slot| slot.node == job);
    change(slot.expect("because every job has a slot"));
    check(&instance, &solution)
}

/// The fault where the instance or the solution is another.
fn with(change: impl Fn(&mut Instance, &mut Solution)) -> Result<(), Fault> {
    let (mut instance, mut solution) = sound();
    change(&mut instance, &mut solution);
    check(&instance, &solution)
}

fn moved(to: u64) -> impl Fn(&mut Slot) {
    move |slot| (slot.start, slot.end) = (to, to + slot.end - slot.start)
}

#[test]
fn the_checker_finds_every_wrong_slot() {
    let worker = |number: Option<u32>| move |slot: &mut Slot| slot.worker = number;
    let both = |_: &mut Instance, solution: &mut Solution| {
        solution.schedule.slots.iter_mut().for_each(|slot| slot.worker = Some(0));
    };
    assert_eq!(with(|_, solution| solution.schedule.slots.truncate(3)), Err(Fault::NotOnce { job: 3 }));
    assert_eq!(with(|_, solution| solution.schedule.slots.extend_from_within(3..)), Err(Fault::NotOnce { job: 3 }));
    assert_eq!(with_slot(3, |slot| slot.node = 0), Err(Fault::NotOnce { job: 0 }));
    assert_eq!(with_slot(3, |slot| slot.node = 4), Err(Fault::NotOnce { job: 4 }));
    assert_eq!(with_slot(2, |slot| slot.end += 1), Err(Fault::WrongLength { job: 2 }));
    assert_eq!(with_slot(2, |slot| slot.start = slot.end + 4), Err(Fault::WrongLength { job: 2 }));
    assert_eq!(with_slot(3, moved(4)), Err(Fault::TooEarly { job: 3, need: 1 }));
    assert_eq!(with_slot(1, moved(2)), Err(Fault::TooMany { at: 2 }));
    assert_eq!(with_slot(2, worker(None)), Err(Fault::WrongWorker { job: 2 }));
    assert_eq!(with_slot(2, worker(Some(2))), Err(Fault::WrongWorker { job: 2 }));
    assert!(matches!(with(both), Err(Fault::WrongWorker { .. })));
}

#[test]
fn the_checker_finds_every_wrong_claim() {
    assert_eq!(with(|instance, _| instance.workers = 1), Err(Fault::TooMany { at: 0 }));
    assert_eq!(with(|instance, _| instance.needs.push((3, 2))), Ok(()));
    assert_eq!(with(|instance, _| instance.needs.push((1, 2))), Err(Fault::TooEarly { job: 1, need: 2 }));
    assert_eq!(with(|instance, _| instance.holds.extend([(2, 7), (3, 7)])), Ok(()));
    assert_eq!(with(|instance, _| instance.holds.push((2, 0))), Err(Fault::Shared { resource: 0, at: 0 }));
    assert_eq!(with(|_, solution| solution.schedule.makespan += 1), Err(Fault::WrongMakespan));
    assert_eq!(with(|_, solution| solution.lower_bound.minutes = 7), Err(Fault::BoundAboveSchedule));
    assert_eq!(with(|instance, _| instance.known = Some((5, 5))), Err(Fault::BoundAboveKnown));
    assert_eq!(with(|instance, _| instance.known = Some((7, 8))), Err(Fault::BelowKnown));
    assert_eq!(with(|_, solution| solution.by_rule.makespan = 5), Err(Fault::LongerThanRule));
}

#[test]
fn a_task_graph_is_read_without_its_ends() {
    let text = " 3\n 0 0 0\n 1 5 1 0\n 2 4 1 0\n 3 2 2 1 2\n 4 0 1 3\n# a comment\n";
    let graph = Instance::from_stg("graph", text).unwrap();
    assert_eq!((graph.durations, graph.needs), (vec![5, 4, 2], vec![(2, 0), (2, 1)]));
    for wrong in ["", "2\n0 0 0\n1 5 1 0\n2 0 1 1\n", "1\n0 0 0\n1 5 1 2\n2 0 1 1\n", "1\n0 0 0\n1 x 1 0\n2 0 1 1\n"] {
        assert!(Instance::from_stg("graph", wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_hundred_searches_end_at_the_same_schedule() {
    let crowded =
        Instance { durations: vec![37, 25, 49, 34, 28, 53, 46, 11, 32, 10, 27, 45], ..network::generate(12, 1, 3, 2) };
    let ft06: Vec<_> = FT06.iter().take(4).map(|steps| steps.to_vec()).collect();
    for instance in [crowded, Instance::job_shop("four jobs of ft06", &ft06)] {
        let first = solved(&instance);
        assert!(first.schedule.makespan < first.by_rule.makespan, "nothing was searched: {first:?}");
        assert_eq!(check(&instance, &first), Ok(()));
        let first = format!("{first:?}");
        for _ in 1..100 {
            assert_eq!(format!("{:?}", solved(&instance)), first, "{}", instance.name);
        }
    }
}

#[test]
fn a_hundred_plans_are_the_same_byte_for_byte() {
    let sandbox = Sandbox::new();
    let instance = network::generate(16, 2, 3, 3);
    let mut text = String::from("version = 1\nworkers = 3\n");
    for (job, minutes) in instance.durations.iter().enumerate() {
        let needs: Vec<String> = instance
            .needs
            .iter()
            .filter(|need| need.0 as usize == job)
            .map(|need| format!("\"T{}\"", need.1))
            .collect();
        let locks: Vec<String> = instance
            .holds
            .iter()
            .filter(|hold| hold.0 as usize == job)
            .map(|hold| format!("\"l{}\"", hold.1))
            .collect();
        let (needs, locks) = (needs.join(", "), locks.join(", "));
        text.push_str(&format!(
            "[task.T{job}]\ntitle = \"Task {job}\"\nestimate = \"{minutes}m\"\nneeds = [{needs}]\nlocks = [{locks}]\n"
        ));
    }
    sandbox.commit(&[("dispatch.toml", &text)], "plan");
    let plan = || sandbox.dispatch(&["plan", "--json"]).assert().success().get_output().stdout.clone();
    let first = plan();
    assert!(first.len() > 1000, "{}", String::from_utf8_lossy(&first));
    for _ in 1..100 {
        assert_eq!(String::from_utf8_lossy(&plan()), String::from_utf8_lossy(&first));
    }
}
