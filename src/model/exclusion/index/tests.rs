use std::cell::Cell;
use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::model::exclusion::overlap::meet;

const NAMES: [&str; 20] = [
    "a",
    "b",
    "ab",
    "a.b",
    "*",
    "**",
    "a*",
    "*b",
    "?",
    "a?",
    "[ab]",
    "[!a]",
    "{a,b}",
    "{a/b,b}",
    "{a/b,[.]}",
    "\\a",
    "[.]",
    ".",
    "*b*",
    "",
];

fn patterns(most: usize) -> impl Strategy<Value = Vec<Pattern>> {
    let text = prop::collection::vec(prop::sample::select(NAMES.to_vec()), 1..5).prop_map(|names| names.join("/"));
    let pattern = text.prop_filter_map("no pattern", |text| text.trim_start_matches('/').parse().ok());
    prop::collection::vec(pattern, 0..most)
}

/// Pairs of tasks, of which each has one pattern, and whether there was a crowd.
fn told(patterns: &[Pattern], work: u64) -> (BTreeSet<(u32, u32)>, bool) {
    let ends = patterns.iter().zip(0..).map(|(pattern, task)| End { task, writes: true, pattern });
    let index = Index::new(ends);
    let (mut pairs, mut crowded) = (BTreeSet::new(), false);
    index.meetings(&Cell::new(work), &mut |meeting| {
        let (some, others) = match meeting {
            Meeting::All(place, others) => (index.ends_at(place), index.ends(others)),
            Meeting::Crowd(places) => {
                crowded = true;
                (index.ends(places.clone()), index.ends(places))
            }
        };
        for one in some {
            let others = others.iter().filter(|other| other.task != one.task);
            pairs.extend(others.map(|other| (one.task.min(other.task), one.task.max(other.task))));
        }
    });
    (pairs, crowded)
}

fn all(patterns: &[Pattern]) -> BTreeSet<(u32, u32)> {
    let pairs = (0..patterns.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
    pairs.filter(|&(a, b)| meet(&patterns[a], &patterns[b])).map(|(a, b)| (a as u32, b as u32)).collect()
}

proptest! {
    #[test]
    fn what_is_told_is_what_meets(patterns in patterns(16)) {
        let (pairs, crowded) = told(&patterns, u64::MAX);
        prop_assert_eq!(&pairs, &all(&patterns), "{:?}", patterns);
        prop_assert!(!crowded);
    }

    #[test]
    fn with_little_time_nothing_that_meets_is_left_out(patterns in patterns(16), work in 0u64..300) {
        let pairs = told(&patterns, work).0;
        let missing: Vec<_> = all(&patterns).difference(&pairs).copied().collect();
        prop_assert!(missing.is_empty(), "{:?} of {:?}", missing, patterns);
    }
}

#[test]
fn many_names_are_found_by_their_ends() {
    let texts = (0..40).flat_map(|n| [format!("x/f_{n}.rs"), format!("x/*_{n}.rs"), format!("x/f_{n}*")]);
    let patterns: Vec<Pattern> = texts.map(|text| text.parse().unwrap()).collect();
    assert_eq!(told(&patterns, u64::MAX), (all(&patterns), false));
}

#[test]
fn a_way_of_two_thousand_names_needs_no_deep_stack() {
    let patterns =
        [format!("{}b", "a/".repeat(2000)), format!("{}*", "?/".repeat(2000))].map(|text| text.parse().unwrap());
    assert_eq!(told(&patterns, u64::MAX).0.len(), 1);
}
