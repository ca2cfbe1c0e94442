use super::*;
use crate::model::facts::{Branch, Changes, Head, Merge, Uncommitted, Worktree};
use crate::model::path::TreePath;
use crate::model::sample::*;
use crate::model::standing::standings;

fn merge(conflicts: &[&str]) -> Merge {
    let conflicts: Vec<TreePath> = conflicts.iter().map(|&path| TreePath::from(path)).collect();
    Merge { clean: conflicts.is_empty(), conflicts, ..branch("A").merge.unwrap() }
}

/// A worktree in which these paths are changed, and what merging that says.
fn worktree(paths: &[&str], merge: Option<Merge>) -> Worktree {
    let paths: Vec<TreePath> = paths.iter().map(|&path| TreePath::from(path)).collect();
    Worktree {
        changes: Some(Changes { modified: paths.len() as u64, ..Changes::default() }),
        uncommitted: Some(Uncommitted { paths, unread: Vec::new(), commit: Some(oid('f')), merge }),
        ..crate::model::sample::worktree("A")
    }
}

fn told(seen: Observed, collisions: Option<&Collisions>) -> Row {
    let file = file(&["A", "B", "C"]);
    let mut facts = facts();
    facts.tasks.insert(id("A"), seen);
    observe(&mut facts, "B", branch("B"));
    let names = names(&file);
    let standings = standings(&file, &facts, &names);
    let status = status(&file, (&facts, collisions), &standings, &names, &Selection::Open).unwrap();
    status.rows().next().unwrap().clone()
}

/// The verdict, whether it is of what is not committed, the conflicts, and whether it is ready to land.
fn readiness(tip: Branch, worktree: Worktree) -> Option<(Verdict, bool, usize, bool)> {
    let row = told(Observed { branch: Some(tip), worktree: Some(worktree), ..Observed::default() }, None);
    let readiness = row.readiness.as_ref()?;
    assert!(!(readiness.uncommitted && row.solution.is_some()), "{row:?}");
    Some((readiness.verdict, readiness.uncommitted, readiness.conflicts.len(), row.ready_to_land()))
}

#[test]
fn work_that_is_not_committed_counts_for_readiness() {
    let (clean, broken) = (|| Some(merge(&[])), || Some(merge(&["a", "b"])));
    let tip = |conflicts: &[&str]| Branch { merge: Some(merge(conflicts)), ..branch("A") };
    let none = || Branch { commits: Some(0), ahead: Some(0), merge: None, ..branch("A") };
    assert_eq!(readiness(tip(&[]), worktree(&[], None)), Some((Verdict::Clean, false, 0, true)));
    assert_eq!(readiness(tip(&[]), worktree(&["x"], clean())), Some((Verdict::Clean, false, 0, false)));
    assert_eq!(readiness(tip(&[]), worktree(&["x"], broken())), Some((Verdict::Conflict, true, 2, false)));
    // What the tip says already, nothing makes better.
    assert_eq!(readiness(tip(&["c"]), worktree(&["x"], clean())), Some((Verdict::Conflict, false, 1, false)));
    assert_eq!(readiness(tip(&["c"]), worktree(&["x"], broken())), Some((Verdict::Conflict, false, 1, false)));
    assert_eq!(readiness(none(), worktree(&[], None)), Some((Verdict::Empty, false, 0, false)));
    assert_eq!(readiness(none(), worktree(&["x"], clean())), Some((Verdict::Clean, true, 0, false)));
    assert_eq!(readiness(none(), worktree(&["x"], broken())), Some((Verdict::Conflict, true, 2, false)));
    // git gave no answer.
    assert_eq!(readiness(tip(&[]), worktree(&["x"], None)), None);
}

#[test]
fn what_was_not_read_leaves_the_verdict_of_the_tip_in_doubt() {
    let dirty = || Worktree { uncommitted: None, ..worktree(&["x"], None) };
    let told = |tip: Branch, worktree: Worktree| {
        let row = told(Observed { branch: Some(tip), worktree: Some(worktree), ..Observed::default() }, None);
        let readiness = row.readiness.as_ref().unwrap();
        (readiness.verdict, readiness.unread, row.ready_to_land(), row.obstructed())
    };
    assert_eq!(told(branch("A"), dirty()), (Verdict::Clean, true, false, true));
    let broken = Branch { merge: Some(merge(&["c"])), ..branch("A") };
    assert_eq!(told(broken, dirty()), (Verdict::Conflict, false, false, true));
    let unknown = Worktree { changes: None, ..dirty() };
    assert_eq!(told(branch("A"), unknown), (Verdict::Clean, true, false, true));
    let clean = Worktree { uncommitted: None, ..worktree(&[], None) };
    assert_eq!(told(branch("A"), clean.clone()), (Verdict::Clean, false, true, false));
    let damaged = Branch { fault: Some("tree 1 cannot be read".to_owned()), ..branch("A") };
    assert_eq!(told(damaged, clean), (Verdict::Clean, false, false, false));
}

#[test]
fn a_conflict_in_files_that_were_not_read_is_none_that_is_known() {
    let unread = |paths: &[&str]| {
        let mut own = worktree(&["a", "b"], Some(merge(&["a", "b"])));
        own.uncommitted.as_mut().unwrap().unread = paths.iter().map(|&path| TreePath::from(path)).collect();
        readiness(branch("A"), own)
    };
    assert_eq!(unread(&["b"]), Some((Verdict::Conflict, true, 1, false)));
    assert_eq!(unread(&["a", "b"]), None);
}

#[test]
fn what_lies_in_a_worktree_on_another_branch_is_not_the_tasks() {
    let other = Worktree { head: Head::Branch("x".to_owned()), ..worktree(&["x"], Some(merge(&["x"]))) };
    assert_eq!(readiness(branch("A"), other), Some((Verdict::Clean, false, 0, false)));
}

fn collisions(uncommitted: bool) -> Collisions {
    let collides = Meeting::Collides { paths: vec!["a".into(), "b".into()], uncommitted };
    Collisions {
        compared: vec![id("A"), id("B"), id("D")],
        meetings: [((id("A"), id("B")), collides), ((id("A"), id("D")), Meeting::Unknown)].into(),
    }
}

#[test]
fn a_row_tells_whom_it_collides_with_and_of_whom_that_is_not_known() {
    let seen = || Observed { branch: Some(branch("A")), ..Observed::default() };
    let row = told(seen(), Some(&collisions(true)));
    let collision = Collision { with: id("B"), paths: vec!["a".into(), "b".into()], uncommitted: true };
    assert_eq!((row.collisions.as_deref(), &row.uncertain), (Some(&[collision][..]), &vec![id("D")]));
    assert!(row.ready_to_land(), "whichever lands first");
    let row = told(seen(), None);
    assert_eq!((row.collisions, row.uncertain), (None, vec![]));
    let row = told(seen(), Some(&Collisions { compared: vec![id("A")], ..Collisions::default() }));
    assert_eq!(row.collisions, Some(vec![]));
}

#[test]
fn the_matrix_is_a_symmetric_square_with_the_target_first() {
    let file = file(&["A", "B", "C"]);
    let mut facts = facts();
    observe(&mut facts, "A", Branch { merge: Some(merge(&["x"])), ..branch("A") });
    observe(&mut facts, "B", branch("B"));
    observe(&mut facts, "C", Branch { merge: None, ..branch("C") });
    let names = names(&file);
    let standings = standings(&file, &facts, &names);
    let met = Collisions { compared: vec![id("A"), id("B")], ..collisions(false) };
    let all = status(&file, (&facts, Some(&met)), &standings, &names, &Selection::Open).unwrap();
    let matrix = all.matrix();
    let (same, clean, unknown) = (Cell::Same, Cell::Clean, Cell::Unknown);
    let conflicts = |paths| Cell::Conflicts { paths, uncommitted: false };
    assert_eq!(matrix.rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["A", "B", "C"]);
    assert_eq!(
        matrix.cells,
        [
            [same, conflicts(1), clean, unknown],
            [conflicts(1), same, conflicts(2), unknown],
            [clean, conflicts(2), same, unknown],
            [unknown, unknown, unknown, same],
        ]
    );
    assert_eq!(all.collisions().len(), 1);
    let one = status(&file, (&facts, Some(&met)), &standings, &names, &Selection::Tasks(vec!["B".to_owned()])).unwrap();
    assert_eq!((one.matrix().rows.len(), one.collisions().len()), (1, 1));
}
