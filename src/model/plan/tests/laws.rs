//! What holds of every graph.

use proptest::prelude::*;

use super::*;

fn any_file() -> impl Strategy<Value = TaskFile> {
    let paths = || prop::sample::subsequence(vec!["a", "b", "src/**", "src/a", "src/b/*", "**"], 0..=2);
    let one = (0u64..200, any::<u32>(), any::<u32>(), paths(), paths(), 0u8..8, 0u8..10, any::<bool>());
    prop::collection::vec(one, 0..24).prop_map(|rows| {
        let mut needs = Vec::new();
        let mut tasks = Vec::new();
        for (ix, (minutes, some, sparse, reads, writes, lock, alone, warn)) in rows.into_iter().enumerate() {
            let mask = some & sparse & sparse.rotate_left(7);
            needs.extend((0..ix).filter(|bit| mask >> bit & 1 == 1).map(|need| (ix as u32, need as u32)));
            tasks.push(Task {
                estimate: Some(minutes),
                reads: patterns(&reads),
                writes: patterns(&writes),
                locks: if lock < 2 { vec![format!("l{lock}")] } else { vec![] },
                parallel: alone > 0,
                kind: if lock == 7 { Kind::Research } else { Kind::Code },
                overlap: (warn && lock > 4).then_some(crate::model::task::Overlap::Warn),
                ..Task::named(format!("T{ix:03}").parse().unwrap())
            });
        }
        TaskFile { settings: Settings::default(), graph: Graph::new(tasks, &needs) }
    })
}

proptest! {
    #[test]
    fn any_graph_planned_and_landed_batch_by_batch_lands_every_task_once(file in any_file(), workers in 1u32..5) {
        let facts = facts();
        let options = Options { workers: Some(workers), ..Options::default() };
        let mut given = BTreeMap::new();
        while given.len() < file.graph.len() {
            let standings = standings_of(&file, &given);
            let plan = plan(&file, &facts, &standings, &options);
            prop_assert!(!plan.start.is_empty(), "{} of {} landed", given.len(), file.graph.len());
            prop_assert!(plan.start.len() <= workers as usize);
            prop_assert!(plan.outlook.schedule.makespan >= plan.outlook.lower_bound);
            prop_assert!(plan.outlook.schedule.makespan <= plan.outlook.sequential);
            for candidate in &plan.start {
                let begins = |slot: &&crate::model::schedule::Slot| plan.outlook.network.index(slot.node) == Some(candidate.ix);
                let slot = plan.outlook.schedule.slots.iter().find(begins).unwrap();
                prop_assert!(slot.start == 0 || slot.start == slot.end, "{} starts at {}", candidate.ix, slot.start);
                prop_assert_eq!(given.insert(candidate.ix, State::Landed), None);
            }
        }
    }

    #[test]
    fn chosen_tasks_never_exclude_each_other_or_what_is_active(
        file in any_file(),
        running in any::<u32>(),
        landed in any::<u32>(),
    ) {
        let bit = |mask: u32, ix: Ix| mask >> ix & 1 == 1;
        let mut given: BTreeMap<Ix, State> =
            (0..file.graph.len()).filter(|&ix| bit(landed, ix)).map(|ix| (ix, State::Landed)).collect();
        given.extend((0..file.graph.len()).filter(|&ix| bit(running & !landed, ix) && ix % 3 == 0).map(|ix| (ix, State::Active)));
        let (facts, standings, options) = (facts(), standings_of(&file, &given), Options { workers: Some(6), ..Options::default() });
        let one = plan(&file, &facts, &standings, &options);
        let (tasks, pairs) = (file.graph.tasks(), Pairs::new(&file, &standings.implied));
        for (at, candidate) in one.start.iter().enumerate() {
            let earlier = one.start[..at].iter().map(|other| pairs.candidate(&tasks[other.ix], other.ix));
            let holders = standings.holders.iter().map(|holder| pairs.holder(&holder.task, holder.index, 0));
            for other in earlier.chain(holders) {
                prop_assert_eq!(pairs.reasons(&pairs.candidate(&tasks[candidate.ix], candidate.ix), &other), vec![]);
            }
        }
        let counts = one.counts;
        let parts = [counts.landed, counts.cancelled, counts.active, counts.ready, counts.held, counts.waiting, counts.lost];
        prop_assert_eq!(parts.iter().sum::<usize>(), counts.total);
        let other = plan(&file, &facts, &standings, &options);
        prop_assert_eq!((one.start, one.queued, one.held), (other.start, other.queued, other.held));
        prop_assert_eq!(one.outlook.schedule, other.outlook.schedule);
    }
}

/// Some tasks landed, some active, reported or elsewhere.
fn begun(file: &TaskFile, landed: u32, begun: u32) -> BTreeMap<Ix, State> {
    let states = [State::Active, State::Done, State::Stopped, State::Elsewhere];
    let bit = |mask: u32, ix: Ix| mask >> ix & 1 == 1;
    (0..file.graph.len())
        .filter_map(|ix| match (bit(landed, ix), bit(begun, ix)) {
            (true, _) => Some((ix, State::Landed)),
            (false, true) if ix % 3 == 0 => Some((ix, states[ix / 3 % 4])),
            _ => None,
        })
        .collect()
}

proptest! {
    #[test]
    fn in_no_schedule_do_tasks_overlap_that_the_rules_keep_apart(
        file in any_file(),
        masks in any::<(u32, u32)>(),
        workers in 1u32..5,
    ) {
        let standings = standings_of(&file, &begun(&file, masks.0 & masks.0 >> 5, masks.1));
        let options = Options { workers: Some(workers), ..Options::default() };
        let (facts, tasks, pairs) = (facts(), file.graph.tasks(), Pairs::new(&file, &standings.implied));
        let outlook = plan(&file, &facts, &standings, &options).outlook;
        prop_assert!(outlook.schedule.makespan >= outlook.lower_bound);
        let holds = |ix: Ix| standings.tasks[ix].state.holds();
        let party = |ix: Ix| {
            if holds(ix) { pairs.holder(&tasks[ix], Some(ix), 0) } else { pairs.candidate(&tasks[ix], ix) }
        };
        let slots: Vec<(&Slot, Ix)> =
            outlook.schedule.slots.iter().map(|slot| (slot, outlook.network.index(slot.node).unwrap())).collect();
        for &(slot, ix) in slots.iter().filter(|&&(_, ix)| !holds(ix)) {
            let beside = slots.iter().filter(|(other, _)| other.start.max(slot.start) < other.end.min(slot.end));
            for &(_, other) in beside.filter(|&&(_, other)| other != ix) {
                let reasons = pairs.reasons(&party(ix), &party(other));
                prop_assert!(reasons.is_empty(), "{} beside {}: {reasons:?}", tasks[ix].id, tasks[other].id);
                prop_assert!(!standings.needs(&file, ix).any(|need| need == other), "{} beside its need {}", tasks[ix].id, tasks[other].id);
            }
            let working = slots.iter().filter(|(other, _)| other.worker.is_some());
            let at_once = working.filter(|(other, _)| other.start <= slot.start && slot.start < other.end).count();
            let active = standings.tasks.iter().filter(|one| one.state == State::Active).count();
            prop_assert!(slot.worker.is_none() || at_once <= active.max(workers as usize), "{at_once} at {}", slot.start);
        }
    }
}
