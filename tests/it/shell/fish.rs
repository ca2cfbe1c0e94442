//! Real fish.

use std::collections::{BTreeMap, BTreeSet};

use super::grammar::{flags_of, subcommands};
use super::{Home, needed, set, stdout};

/// What fish offers for `line`, each with its description.
pub fn tab(home: &Home, line: &str) -> BTreeMap<String, String> {
    let fish = needed("fish", "fish");
    let out = stdout(home.command(&fish).args(["-c", "complete -C \"$argv[1]\"", line]));
    let split = |line: &str| line.split_once('\t').map(|(word, text)| (word.to_owned(), text.to_owned()));
    out.lines().map(|line| split(line).unwrap_or((line.to_owned(), String::new()))).collect()
}

fn words(home: &Home, line: &str) -> BTreeSet<String> {
    tab(home, line).into_keys().collect()
}

#[test]
fn both_forms_offer_the_subcommands_with_descriptions() {
    let home = Home::new();
    assert_eq!(words(&home, "git dispatch "), subcommands());
    assert_eq!(words(&home, "git-dispatch "), subcommands());
    let offered = tab(&home, "git dispatch st");
    assert_eq!(offered["start"], "Create branches and worktrees for tasks");
    assert_eq!(offered.len(), 2);
    assert!(words(&home, "git disp").contains("dispatch"));
}

#[test]
fn both_forms_offer_the_flags_of_each_subcommand_and_no_others() {
    let home = Home::new();
    for name in subcommands() {
        assert_eq!(words(&home, &format!("git-dispatch {name} -")), flags_of(&name), "{name}");
        assert_eq!(words(&home, &format!("git dispatch {name} -")), flags_of(&name), "{name}");
    }
    assert_eq!(words(&home, "git-dispatch -"), flags_of(""));
}

#[test]
fn values_are_offered() {
    let home = Home::new();
    assert_eq!(words(&home, "git dispatch plan --color a"), set(&["auto", "always"]));
    assert_eq!(words(&home, "git-dispatch --color="), set(&["--color=auto", "--color=always", "--color=never"]));
    std::fs::write(home.path().join("tasks.toml"), "").unwrap();
    assert_eq!(words(&home, "git dispatch plan --file ta"), set(&["tasks.toml"]));
}

#[test]
fn a_flag_of_git_before_the_subcommand_is_skipped() {
    let home = Home::new();
    assert_eq!(words(&home, "git -C 'no where' dispatch lo"), set(&["log"]));
    assert_eq!(words(&home, "git --no-pager dispatch -C x li"), set(&["lint"]));
}

#[test]
fn outside_a_repository_ids_are_silently_none() {
    let home = Home::new();
    assert_eq!(words(&home, "git dispatch start "), set(&[]));
}
