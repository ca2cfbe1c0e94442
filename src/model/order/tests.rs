use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// Lands by sets: a task breaks where its state would have one of `conflicts` whole.
fn by_sets(conflicts: &[BTreeSet<usize>]) -> impl FnMut(&BTreeSet<usize>, usize) -> Attempt<BTreeSet<usize>> + '_ {
    |state, task| {
        let mut next = state.clone();
        next.insert(task);
        match conflicts.iter().find(|conflict| conflict.contains(&task) && conflict.is_subset(&next)) {
            Some(conflict) => Attempt::Breaks(conflict.iter().map(|one| TreePath::new(format!("{one}"))).collect()),
            None => Attempt::Lands(next),
        }
    }
}

fn candidates(needs: &[&[usize]]) -> Vec<Candidate> {
    needs.iter().map(|needs| Candidate { needs: needs.to_vec(), ..Candidate::default() }).collect()
}

fn sets(conflicts: &[&[usize]]) -> Vec<BTreeSet<usize>> {
    conflicts.iter().map(|conflict| conflict.iter().copied().collect()).collect()
}

#[test]
fn a_task_in_two_conflicts_is_left_out_before_two_tasks_are() {
    let conflicts = sets(&[&[0, 1], &[1, 2]]);
    let found = order(&candidates(&[&[], &[], &[]]), BTreeSet::new(), by_sets(&conflicts));
    assert_eq!((found.lands.as_slice(), found.most), (&[0, 2][..], true));
    let Why::Breaks { with, paths } = &found.left[0].1 else { panic!("{found:?}") };
    assert_eq!((found.left[0].0, with.as_slice(), paths.len()), (1, &[0][..], 2));
}

#[test]
fn three_break_where_no_two_do() {
    let conflicts = sets(&[&[0, 1, 2]]);
    let found = order(&candidates(&[&[], &[], &[]]), BTreeSet::new(), by_sets(&conflicts));
    assert_eq!((found.lands.as_slice(), found.most), (&[0, 1][..], true));
    assert!(matches!(&found.left[..], [(2, Why::Breaks { with, .. })] if *with == [0, 1]), "{found:?}");
}

#[test]
fn what_needs_a_task_goes_with_it_and_after_it() {
    let conflicts = sets(&[&[1, 3]]);
    let found = order(&candidates(&[&[1], &[], &[1], &[]]), BTreeSet::new(), by_sets(&conflicts));
    assert_eq!(found.lands, [1, 0, 2]);
    assert!(matches!(&found.left[..], [(3, Why::Breaks { with, .. })] if *with == [1]));
}

#[test]
fn a_task_that_conflicts_with_the_target_is_left_out_with_what_needs_it() {
    let found = order(&candidates(&[&[], &[0], &[]]), BTreeSet::new(), by_sets(&sets(&[&[0]])));
    assert_eq!(found.lands, [2]);
    assert!(matches!(&found.left[0].1, Why::Breaks { with, .. } if with.is_empty()));
    assert_eq!(found.left[1], (1, Why::Needs(0)));
}

#[test]
fn two_that_land_in_one_order_only_land_in_that() {
    let land = |state: &Vec<usize>, task: usize| match (state.contains(&0), task) {
        (true, 1) => Attempt::Breaks(vec!["a".into()]),
        _ => Attempt::Lands(state.iter().copied().chain([task]).collect()),
    };
    let found = order(&candidates(&[&[], &[], &[]]), Vec::new(), land);
    assert_eq!((found.lands, found.left, found.most), (vec![1, 0, 2], vec![], true));
}

#[test]
fn what_is_not_known_lands_nowhere() {
    let land = |state: &u32, task: usize| if task == 1 { Attempt::Unknown } else { Attempt::Lands(state + 1) };
    let mut three = candidates(&[&[], &[], &[1]]);
    three.push(Candidate { waits: true, ..Candidate::default() });
    let found = order(&three, 0, land);
    assert_eq!(found.lands, [0]);
    assert_eq!(found.left, [(1, Why::Unknown), (2, Why::Needs(1)), (3, Why::Waits)]);
}

#[test]
fn needs_in_a_circle_end_the_search_and_land_nowhere() {
    let found = order(&candidates(&[&[1], &[0], &[]]), BTreeSet::new(), by_sets(&[]));
    assert_eq!(found.lands, [2]);
}

#[test]
fn thirty_that_all_conflict_land_one() {
    let all: Vec<BTreeSet<usize>> = (0..30).flat_map(|a| (0..a).map(move |b| BTreeSet::from([a, b]))).collect();
    let found = order(&candidates(&[&[][..]; 30]), BTreeSet::new(), by_sets(&all));
    assert_eq!((found.lands.len(), found.left.len(), found.most), (1, 29, true));
}

/// The most tasks of which no conflict is whole, with all that they need.
fn most(needs: &[Vec<usize>], conflicts: &[BTreeSet<usize>]) -> usize {
    let fits = |set: &BTreeSet<usize>| {
        set.iter().all(|&task| needs[task].iter().all(|need| set.contains(need)))
            && !conflicts.iter().any(|conflict| conflict.is_subset(set))
    };
    let sets = (0..1_u32 << needs.len()).map(|bits| (0..needs.len()).filter(|at| bits >> at & 1 == 1).collect());
    sets.filter(|set: &BTreeSet<usize>| fits(set)).map(|set| set.len()).max().unwrap_or(0)
}

proptest! {
    #[test]
    fn as_many_land_as_can_and_each_after_what_it_needs(
        needs in prop::collection::vec(prop::collection::btree_set(0..9_usize, 0..3), 9),
        conflicts in prop::collection::vec(prop::collection::btree_set(0..9_usize, 1..4), 0..8),
        suspects in prop::collection::vec(prop::collection::vec(0..9_usize, 0..3), 9),
    ) {
        let needs: Vec<Vec<usize>> =
            needs.iter().enumerate().map(|(task, needs)| needs.iter().copied().filter(|&need| need < task).collect()).collect();
        let candidates: Vec<Candidate> = needs.iter().zip(suspects)
            .map(|(needs, suspects)| Candidate { needs: needs.clone(), waits: false, suspects }).collect();
        let found = order(&candidates, BTreeSet::new(), by_sets(&conflicts));
        let landed: BTreeSet<usize> = found.lands.iter().copied().collect();
        prop_assert!(found.most);
        prop_assert_eq!(landed.len(), most(&needs, &conflicts));
        prop_assert!(!conflicts.iter().any(|conflict| conflict.is_subset(&landed)));
        for (at, &task) in found.lands.iter().enumerate() {
            prop_assert!(needs[task].iter().all(|need| found.lands[..at].contains(need)));
        }
        for (task, why) in &found.left {
            let explained = match why {
                Why::Breaks { with, paths } => !paths.is_empty() && with.iter().all(|one| landed.contains(one)),
                Why::Needs(need) => needs[*task].contains(need) && !landed.contains(need),
                Why::Waits | Why::Unknown => false,
            };
            prop_assert!(explained, "{} {:?}", task, why);
        }
    }
}
