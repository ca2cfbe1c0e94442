//! Counts of commits and merge bases in histories of all shapes, with git as the oracle.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use git_dispatch::git::{Counted, Counts, Repo, counts};
use git_dispatch::model::oid::Oid;

use crate::support::Sandbox;

const START: u64 = 1_700_000_000;

/// A history of `size` commits with up to three parents each, as a stream for `git fast-import`; `at` dates each commit.
fn history(size: u64, seed: u64, at: fn(u64, u64) -> u64) -> String {
    let mut random = seed;
    let mut next = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let mut out = String::new();
    for number in 1..=size {
        let _ = write!(
            out,
            "commit refs/heads/c{number}\nmark :{number}\ncommitter A <a@x> {} +0000\ndata 1\nx\n",
            at(number, next(5))
        );
        let mut parents: Vec<u64> = (0..next(4)).map(|_| (number.saturating_sub(1 + next(9))).max(1)).collect();
        parents.retain(|&parent| parent != number);
        parents.sort_unstable();
        parents.dedup();
        for (turn, parent) in parents.iter().enumerate() {
            let _ = writeln!(out, "{} :{parent}", if turn == 0 { "from" } else { "merge" });
        }
        let _ = write!(out, "M 100644 inline f\ndata {}\n{number}\n", number.to_string().len());
    }
    out
}

/// What git says of a branch. Where dates fall, `git rev-list A..B` itself may be wrong: so all that each has is compared.
fn said(sandbox: &Sandbox, target: Oid, branch: Counted) -> Counts {
    let all = |of: Oid| -> BTreeSet<String> {
        sandbox.git(&["rev-list", &of.to_string()]).lines().map(str::to_owned).collect()
    };
    let (tip, target_has, base) = (all(branch.tip), all(target), branch.base.map(all));
    let merge_base = ["merge-base", &target.to_string(), &branch.tip.to_string()];
    let merge_base = sandbox.try_git_in(&sandbox.repo(), &merge_base).stdout;
    let own = base.map(|base| &tip - &base);
    Counts {
        ahead: Some((&tip - &target_has).len() as u64),
        behind: Some((&target_has - &tip).len() as u64),
        own: own.as_ref().map(|own| own.len() as u64),
        contains_base: branch.base.map(|base| tip.contains(&base.to_string())),
        has_more_of_target: own.map(|own| !own.is_disjoint(&target_has)),
        merge_base: String::from_utf8_lossy(&merge_base).trim().parse().ok(),
        missing: None,
    }
}

/// Without a commit-graph, with one of the older half, and with one of all.
fn agrees_with_git(seed: u64, at: fn(u64, u64) -> u64) {
    let size = 120;
    let sandbox = Sandbox::empty();
    sandbox.init(&[]);
    std::fs::write(sandbox.root().join("stream"), history(size, seed, at)).unwrap();
    sandbox.git(&["-c", "alias.import=!git fast-import --quiet <../stream", "import"]);
    let tip = |number: u64| sandbox.git(&["rev-parse", &format!("c{number}")]).parse().unwrap();
    let target = tip(size);
    let branches: Vec<Counted> = (1..size)
        .step_by(7)
        .map(|number| Counted { tip: tip(number), base: Some(tip((number * 31) % size + 1)) })
        .chain([Counted { tip: tip(size - 1), base: None }, Counted { tip: target, base: Some(target) }])
        .collect();
    let expected: Vec<Counts> = branches.iter().map(|&branch| said(&sandbox, target, branch)).collect();
    let agrees = |how: &str| {
        let repo = Repo::discover(&sandbox.repo()).unwrap();
        let counted = counts(&repo, target, &branches);
        for ((branch, counted), expected) in branches.iter().zip(counted).zip(&expected) {
            assert_eq!(&counted, expected, "seed {seed}, {how}, {branch:?}");
            assert_eq!(counts(&repo, target, &[*branch]), [*expected], "alone, seed {seed}, {how}");
        }
    };
    agrees("without a graph");
    sandbox.git(&["-c", "alias.half=!git rev-parse c60 | git commit-graph write --stdin-commits", "half"]);
    agrees("with half a graph");
    sandbox.git(&["commit-graph", "write", "--reachable"]);
    agrees("with a graph");
}

#[test]
fn dates_that_rise() {
    (1..4).for_each(|seed| agrees_with_git(seed, |number, _| START + number * 60));
}

#[test]
fn dates_that_are_all_the_same() {
    agrees_with_git(7, |_, _| START);
}

#[test]
fn dates_of_clocks_that_differ_by_minutes() {
    (11..14).for_each(|seed| agrees_with_git(seed, |number, skew| START + number * 60 + skew * 55));
}

#[test]
fn dates_that_fall() {
    agrees_with_git(21, |number, _| START - number * 60);
}

#[test]
fn a_history_cut_off_is_counted_as_far_as_it_goes() {
    let sandbox = Sandbox::empty();
    sandbox.init(&[]);
    std::fs::write(sandbox.root().join("stream"), history(60, 3, |number, _| START + number * 60)).unwrap();
    sandbox.git(&["-c", "alias.import=!git fast-import --quiet <../stream", "import"]);
    let shallow = sandbox.root().join("shallow");
    let from = format!("file://{}", sandbox.repo().display());
    sandbox.git(&[
        "clone",
        "--quiet",
        "--depth=4",
        "--no-single-branch",
        "-b",
        "c60",
        &from,
        shallow.to_str().unwrap(),
    ]);
    let at = |name: &str| sandbox.git_in(&shallow, &["rev-parse", name]).parse::<Oid>().unwrap();
    let target = at("origin/c60");
    let branches: Vec<Counted> =
        (40..60).map(|number| Counted { tip: at(&format!("origin/c{number}")), base: None }).collect();
    let counted = counts(&Repo::discover(&shallow).unwrap(), target, &branches);
    for (branch, counted) in branches.iter().zip(counted) {
        let range = format!("{}...{target}", branch.tip);
        let said = sandbox.git_in(&shallow, &["rev-list", "--count", "--left-right", &range]);
        assert_eq!(format!("{}\t{}", counted.ahead.unwrap(), counted.behind.unwrap()), said);
    }
}
