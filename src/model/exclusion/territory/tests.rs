use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::model::exclusion::meet;
use crate::model::fixture::patterns;
use crate::model::task::{Overlap, Settings};

const PATTERNS: [&str; 24] = [
    "src",
    "src/a.rs",
    "src/b.rs",
    "./src//a.rs",
    "src/*",
    "src/*.rs",
    "src/a*",
    "src/*_x.rs",
    "src/?.rs",
    "src/[ab].rs",
    "src/**/a.rs",
    "src/sub/**",
    "src/sub/a.rs",
    "src/*/a.rs",
    "{src,doc}/a.rs",
    "{src/sub,doc}/a.rs",
    "src[!x]a.rs",
    "doc",
    "doc/*",
    "doc/x.md",
    "**",
    "**/a.rs",
    "Cargo.lock",
    "*.lock",
];

fn any_tasks() -> impl Strategy<Value = (Settings, Vec<Task>)> {
    let few = || prop::sample::subsequence(PATTERNS.to_vec(), 0..=3);
    let rows = prop::collection::vec((few(), few(), 0u8..5), 0..14);
    (rows, prop::sample::subsequence(vec!["Cargo.lock", "src/sub/**", "*.md", "doc"], 0..=2)).prop_map(
        |(rows, shared)| {
            let tasks = rows.into_iter().enumerate().map(|(number, (reads, writes, warn))| Task {
                reads: patterns(&reads),
                writes: patterns(&writes),
                overlap: (warn == 0).then_some(Overlap::Warn),
                ..Task::named(format!("T{number:02}").parse().unwrap())
            });
            (Settings { shared_paths: patterns(&shared), ..Settings::default() }, tasks.collect())
        },
    )
}

fn meets(rules: &Rules<'_>, some: &[Pattern], others: &[Pattern]) -> bool {
    let counts = |pattern: &&Pattern| !rules.is_shared(pattern);
    some.iter().filter(counts).any(|one| others.iter().filter(counts).any(|other| meet(one, other)))
}

fn pairs_of(sets: &[Contested<'_>]) -> BTreeSet<(u32, u32)> {
    let pairs = |set: &Contested<'_>| -> Vec<(u32, u32)> {
        set.tasks.iter().enumerate().flat_map(|(at, &b)| set.tasks[..at].iter().map(move |&a| (a, b))).collect()
    };
    sets.iter().flat_map(pairs).collect()
}

proptest! {
    #[test]
    fn contested_paths_hold_exactly_the_pairs_that_write_one_path((settings, tasks) in any_tasks()) {
        let rules = Rules::new(&settings);
        let list: Vec<&Task> = tasks.iter().collect();
        let sets = rules.contested(&list);
        let exclusive = |a: &Task, b: &Task| {
            rules.is_exclusive(a) && rules.is_exclusive(b) && meets(&rules, &a.writes, &b.writes)
        };
        let all = (0..tasks.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
        let expected: BTreeSet<(u32, u32)> =
            all.filter(|&(a, b)| exclusive(&tasks[a], &tasks[b])).map(|(a, b)| (a as u32, b as u32)).collect();
        prop_assert_eq!(pairs_of(&sets), expected);
        prop_assert!(sets.iter().all(|set| set.tasks.is_sorted() && set.tasks.len() > 1 && !set.path.is_empty()));
    }

    #[test]
    fn readers_are_exactly_the_pairs_of_which_one_reads_what_the_other_writes((settings, tasks) in any_tasks()) {
        let rules = Rules::new(&settings);
        let list: Vec<&Task> = tasks.iter().collect();
        let found = rules.readers(&list);
        let all = (0..tasks.len()).flat_map(|a| (0..tasks.len()).map(move |b| (a, b))).filter(|(a, b)| a != b);
        let expected: Vec<_> = all.filter(|&(a, b)| meets(&rules, &tasks[a].reads, &tasks[b].writes)).collect();
        let pairs: Vec<_> = found.pairs.iter().map(|one| (one.reader as usize, one.writer as usize)).collect();
        prop_assert_eq!(pairs, expected);
        prop_assert!(found.crowds.is_empty());
        for one in &found.pairs {
            let named = [&tasks[one.reader as usize].reads, &tasks[one.writer as usize].writes].into_iter().flatten();
            prop_assert!(named.into_iter().any(|pattern| pattern.as_str() == one.path));
        }
    }
}

/// Tasks that write these, with the numbers of their sets.
fn sets(tasks: &[&[&str]]) -> Vec<(Vec<u32>, String)> {
    let tasks: Vec<Task> = tasks
        .iter()
        .enumerate()
        .map(|(number, writes)| Task { writes: patterns(writes), ..Task::named(format!("T{number}").parse().unwrap()) })
        .collect();
    let settings = Settings::default();
    let sets = Rules::new(&settings).contested(&tasks.iter().collect::<Vec<_>>());
    sets.into_iter().map(|set| (set.tasks, set.path.to_owned())).collect()
}

#[test]
fn one_path_is_one_set_and_exclusion_does_not_spread() {
    let found = sets(&[&["src/a"], &["src/a", "src/b"], &["src/b", "src/a"], &["src/c"], &["src/b"]]);
    assert_eq!(found, [(vec![0, 1, 2], "src/a".into()), (vec![1, 2, 4], "src/b".into())]);
}

#[test]
fn a_folder_meets_each_of_its_files_and_they_do_not_meet() {
    let files: Vec<String> = (0..500).map(|number| format!("src/f_{number}.rs")).collect();
    let mut tasks: Vec<[&str; 1]> = vec![["src/**"]];
    tasks.extend(files.iter().map(|file| [file.as_str()]));
    let found = sets(&tasks.iter().map(|paths| &paths[..]).collect::<Vec<_>>());
    assert_eq!(found.len(), 500);
    assert!(found.iter().zip(&files).all(|((tasks, path), file)| tasks.len() == 2 && tasks[0] == 0 && path == file));
}

#[test]
fn globs_that_all_meet_are_one_set() {
    let found = sets(&[&["src/*_a.rs"], &["src/x*"], &["src/*y*"], &["doc/*"], &["src/*_a.rs"]]);
    assert_eq!(found, [(vec![0, 1, 2, 4], "src/*_a.rs".into())]);
}

#[test]
fn what_would_take_too_long_is_one_careful_set() {
    let lists: Vec<Vec<Pattern>> = (0..20).map(|number| patterns(&[&format!("src/?*{number}?")])).collect();
    let ends = || lists.iter().zip(0..).map(|(list, task)| End { task, writes: true, pattern: &list[0] });
    let index = Index::new(ends());
    let largest = |work| Found::new(&index, work).sets().iter().map(|set| set.tasks.len()).max();
    assert_eq!(largest(100), Some(20));
    assert!(largest(WORK) < Some(20));
}

#[test]
fn too_many_readers_are_one_careful_crowd() {
    let task = |number: usize| {
        let id = format!("T{number}").parse().unwrap();
        let path = format!("src/f_{number}");
        match number % 2 {
            0 => Task { reads: patterns(&["src"]), ..Task::named(id) },
            _ => Task { writes: patterns(&[&path]), ..Task::named(id) },
        }
    };
    let tasks: Vec<Task> = (0..3000).map(task).collect();
    let settings = Settings::default();
    let found = Rules::new(&settings).readers(&tasks.iter().collect::<Vec<_>>());
    assert_eq!((found.pairs.len(), found.crowds.len(), found.crowds[0].tasks.len()), (0, 1, 3000));
}
