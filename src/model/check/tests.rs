use super::*;
use crate::model::facts::{Uncommitted, Worktree};
use crate::model::sample::*;
use crate::model::standing::standings;

fn touch(path: &str, committed: bool, uncommitted: bool) -> Touch {
    Touch { path: path.into(), committed, uncommitted, gone: false }
}

fn merge(conflicts: &[&str]) -> Option<Merge> {
    let conflicts: Vec<TreePath> = conflicts.iter().map(|path| (*path).into()).collect();
    let clean = conflicts.is_empty();
    Some(Merge { clean, tree: oid('c'), conflicts, adds_nothing: false, tip_changes_something: true })
}

/// A and B have branches; what is not committed in B's worktree is commit `f`, without the file `large`.
fn facts_of_two() -> Facts {
    let mut facts = facts();
    for name in ["A", "B"] {
        observe(&mut facts, name, branch(name));
    }
    let uncommitted = Uncommitted { unread: vec!["large".into()], commit: Some(oid('f')), ..Uncommitted::default() };
    facts.tasks.get_mut(&id("B")).unwrap().worktree =
        Some(Worktree { uncommitted: Some(uncommitted), ..crate::model::sample::worktree("B") });
    facts
}

fn looked(here: Vec<Touch>, there: Vec<Touch>) -> Looked {
    let asked = ["a", "b", "large"].map(TreePath::from).to_vec();
    let others = BTreeMap::from([(id("B"), there)]);
    let (own, unread) = (Some(id("A")), vec![id("B"), id("C")]);
    Looked { own, tip: Some(oid('b')), asked, here, others, lacking: BTreeSet::new(), unread }
}

fn together(looked: Looked, facts: &Facts, answer: Option<Merge>) -> Vec<(String, Together)> {
    let file = with(file(&["A", "B", "C"]), "B", |task| task.writes = vec!["b/**".parse().unwrap()]);
    let standings = standings(&file, facts, &names(&file));
    let merges = looked.to_merge().into_iter().map(|id| (id, answer.clone())).collect();
    let check = check((facts, &standings), looked, &merges, false);
    assert_eq!(check.unread, [id("B")], "C is not active");
    check.rows.iter().map(|row| (row.path.to_string(), row.together)).collect()
}

fn expect(rows: &[(&str, Together)]) -> Vec<(String, Together)> {
    rows.iter().map(|(path, together)| ((*path).to_owned(), *together)).collect()
}

#[test]
fn only_what_both_changed_is_merged() {
    let facts = facts_of_two();
    let both = || looked(vec![touch("a", true, false)], vec![touch("a", true, true), touch("large", true, false)]);
    let (merges, breaks) = (merge(&[]), merge(&["a", "x"]));
    let row = |together| expect(&[("a", together), ("b", Together::Declared), ("large", Together::WouldCollide)]);
    assert_eq!(together(both(), &facts, merges), row(Together::Merges));
    assert_eq!(together(both(), &facts, breaks), row(Together::Collides));
    assert_eq!(together(both(), &facts, None), row(Together::Unknown));
    assert_eq!(sides(&both(), &facts, &id("B")), Some((oid('b'), oid('f'))), "with what is not committed there");
}

#[test]
fn what_took_no_part_in_the_merge_is_not_known() {
    let mut facts = facts_of_two();
    let both = |path: &str, here, there| looked(vec![touch(path, true, here)], vec![touch(path, true, there)]);
    let first = |looked, facts: &Facts| together(looked, facts, merge(&[]))[0].1;
    assert_eq!(first(both("a", false, true), &facts), Together::Merges);
    assert_eq!(first(both("a", true, false), &facts), Together::Unknown, "A's worktree was not read");
    let large = together(both("large", false, true), &facts, merge(&[]));
    assert_eq!(large, expect(&[("b", Together::Declared), ("large", Together::Unknown)]));
    facts.tasks.get_mut(&id("B")).unwrap().worktree = None;
    assert_eq!(first(both("a", false, true), &facts), Together::Unknown);
    assert_eq!(first(both("a", false, false), &facts), Together::Merges);
}

#[test]
fn a_file_that_one_side_renamed_collides_at_its_new_name() {
    let facts = facts_of_two();
    let renamed = || looked(vec![touch("a", true, false)], vec![Touch { gone: true, ..touch("a", true, false) }]);
    assert_eq!(together(renamed(), &facts, merge(&["z"]))[0].1, Together::Collides);
    assert_eq!(together(renamed(), &facts, merge(&[]))[0].1, Together::Merges);
}

#[test]
fn any_name_of_a_file_can_be_held_against_patterns() {
    for path in ["a*b", "[x]", "{a,b}", "!a", "a\\b", "#a", " a", "ä", "-a", "a,b", "~", "**"] {
        let pattern = covering(&path.into()).unwrap_or_else(|| panic!("{path:?}"));
        assert!(meet(&pattern, &pattern) && meet(&pattern, &"**".parse().unwrap()), "{path:?}");
        assert!(!meet(&pattern, &"other/**".parse().unwrap()), "{path:?}");
    }
    assert!(covering(&TreePath::new(*b"\xff")).is_none() && covering(&"a\nb".into()).is_none());
    let everywhere = covering(&TreePath::new([])).unwrap();
    assert!(meet(&everywhere, &"src/*.rs".parse().unwrap()));
}
