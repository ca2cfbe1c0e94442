//! Counts of commits in histories of all shapes, with `git rev-list` as the oracle.

use std::fmt::Write as _;

use git_dispatch::git::{Counted, Repo, counts};

use crate::support::Sandbox;

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
        parents.dedup();
        for (turn, parent) in parents.iter().enumerate() {
            let _ = writeln!(out, "{} :{parent}", if turn == 0 { "from" } else { "merge" });
        }
        let _ = write!(out, "M 100644 inline f\ndata {}\n{number}\n", number.to_string().len());
    }
    out
}

fn agrees_with_rev_list(seed: u64, at: fn(u64, u64) -> u64) {
    let size = 120;
    let sandbox = Sandbox::empty();
    sandbox.init(&[]);
    std::fs::write(sandbox.root().join("stream"), history(size, seed, at)).unwrap();
    sandbox.git(&["-c", "alias.import=!git fast-import --quiet <../stream", "import"]);
    let tip = |number: u64| sandbox.git(&["rev-parse", &format!("c{number}")]).parse().unwrap();
    let target = tip(size);
    let branches: Vec<Counted> = (1..size)
        .step_by(11)
        .map(|number| Counted {
            name: format!("refs/heads/c{number}"),
            tip: tip(number),
            base: Some(tip((number * 31) % size + 1)),
        })
        .collect();
    let repo = Repo::discover(&sandbox.repo()).unwrap();
    for (branch, counted) in branches.iter().zip(counts(&repo, target, &branches)) {
        let sides = |left, right| sandbox.git(&["rev-list", "--count", "--left-right", &format!("{left}...{right}")]);
        let said = format!("{}\t{}", counted.ahead.unwrap(), counted.behind.unwrap());
        assert_eq!(said, sides(branch.tip, target), "seed {seed}, {}", branch.name);
        let own = sides(branch.tip, branch.base.unwrap());
        let (own, lost) = own.split_once('\t').unwrap();
        assert_eq!((counted.own.unwrap().to_string(), counted.contains_base), (own.to_owned(), Some(lost == "0")));
    }
}

#[test]
fn dates_that_rise() {
    (1..4).for_each(|seed| agrees_with_rev_list(seed, |number, _| 1_700_000_000 + number * 60));
}

#[test]
fn dates_that_are_all_the_same() {
    agrees_with_rev_list(7, |_, _| 1_700_000_000);
}

#[test]
fn dates_of_clocks_that_differ_by_minutes() {
    (11..14).for_each(|seed| agrees_with_rev_list(seed, |number, skew| 1_700_000_000 + number * 60 + skew * 55));
}
