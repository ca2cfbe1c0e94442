//! Landings that are simulated one after the other are those that git would make.

use git_dispatch::git::{Joining, Landings, Quarantine, Stand};
use git_dispatch::model::oid::Oid;

use crate::histories::{Import, Random, change, start};
use crate::merges::{Said, open, ours, said_by_git};
use crate::support::Sandbox;

/// The same as [`Landings`], by commits that are really made.
fn land_by_git(sandbox: &Sandbox, at: Oid, tip: Oid) -> Option<(Said, Option<Oid>)> {
    let said = said_by_git(sandbox, &[(at, tip)]).pop()??;
    let next = said.0.then(|| {
        let parents = [at.to_string(), tip.to_string()];
        let made = sandbox.git(&["commit-tree", &said.1, "-p", &parents[0], "-p", &parents[1], "-m", "landed"]);
        made.parse().unwrap()
    });
    Some((said, next))
}

#[test]
fn landings_in_sequence_are_what_git_says_of_real_ones_with_and_without_a_cache() {
    let sandbox = Sandbox::new();
    let mut random = Random(0x1234_5678_9abc_def1);
    let mut import = Import::default();
    let files = start(&mut random);
    let root = import.commit(&[], &files);
    let mut tips = Vec::new();
    for _ in 0..7 {
        let mut files = files.clone();
        change(&mut files, &mut random);
        tips.push(import.commit(&[root], &files));
    }
    let mut stacked = start(&mut random);
    change(&mut stacked, &mut random);
    tips.push(import.commit(&[tips[0]], &stacked));
    let ids = import.finish(&sandbox);
    let tips: Vec<Oid> = tips.into_iter().map(|tip| ids[tip]).collect();
    let target = ids[root];
    let mut orders = Vec::new();
    for _ in 0..6 {
        let mut order: Vec<Oid> = tips.clone();
        (1..order.len()).for_each(|at| order.swap(at, random.below(at + 1)));
        orders.push(order);
    }
    let (mut landed, mut broken) = (0, 0);
    let mut expected = Vec::new();
    for order in &orders {
        let mut at = target;
        for tip in order {
            let said = land_by_git(&sandbox, at, *tip);
            at = said.as_ref().and_then(|(_, next)| *next).unwrap_or(at);
            expected.push(said.map(|(said, _)| said));
        }
    }
    for round in 0..3 {
        let repo = open(&sandbox);
        let quarantine = Quarantine::new(target);
        let mut landings = Landings::new(&repo, &quarantine, target).unwrap();
        let mut expected = expected.iter();
        for order in &orders {
            let mut stand = Stand::NOW;
            for tip in order {
                let found = landings.land(stand, *tip, Joining::Merge);
                let said = expected.next().unwrap();
                // The tree of a conflict, and paths in it, name the commits, which differ.
                let unnamed = |path: String| path.split('~').next().unwrap_or_default().to_owned();
                let plain = |(clean, tree, paths): Said| {
                    (clean, clean.then_some(tree), paths.into_iter().map(unnamed).collect::<Vec<_>>())
                };
                let found_said = found.as_ref().map(|(merge, _)| plain(ours(merge)));
                assert_eq!(found_said, said.clone().map(plain), "round {round}");
                let next = found.and_then(|(_, next)| next);
                if round == 0 {
                    landed += usize::from(next.is_some());
                    broken += usize::from(next.is_none());
                }
                stand = next.unwrap_or(stand);
            }
        }
        drop(landings);
        if round == 1 {
            std::fs::remove_dir_all(sandbox.repo().join(".git/dispatch")).unwrap();
        }
    }
    assert!(landed > 10 && broken > 5, "{landed} landed, {broken} did not");
}
