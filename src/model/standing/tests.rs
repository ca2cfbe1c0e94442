use super::*;
use crate::model::facts::{Merge, Observed};
use crate::model::ledger::{Body, Landing, Report};
use crate::model::sample::*;
use crate::model::task::Overlap;

fn state_of(file: &TaskFile, facts: &Facts, name: &str) -> Standing {
    let standings = standings(file, facts, &names(file));
    standings.tasks[file.graph.position(&id(name)).unwrap()].clone()
}

fn state(file: &TaskFile, facts: &Facts, name: &str) -> State {
    state_of(file, facts, name).state
}

fn proof_word(file: &TaskFile, facts: &Facts, name: &str) -> Option<&'static str> {
    state_of(file, facts, name).proof.map(|proof| proof.word())
}

#[test]
fn without_any_trace_a_task_is_ready_or_waits() {
    let file = file(&["A", "B: A"]);
    assert_eq!(state(&file, &facts(), "A"), State::Ready);
    assert_eq!(state(&file, &facts(), "B"), State::Waiting);
}

#[test]
fn a_branch_makes_a_task_active_and_its_landing_frees_what_needs_it() {
    let file = file(&["A", "B: A"]);
    let mut facts = facts();
    observe(&mut facts, "A", branch("A"));
    assert_eq!((state(&file, &facts, "A"), state(&file, &facts, "B")), (State::Active, State::Waiting));
    let merged = crate::model::facts::Branch { ahead: Some(0), behind: Some(1), ..branch("A") };
    observe(&mut facts, "A", merged);
    assert_eq!((state(&file, &facts, "A"), state(&file, &facts, "B")), (State::Landed, State::Ready));
    assert_eq!(proof_word(&file, &facts, "A"), Some("ancestor"));
}

#[test]
fn a_branch_that_was_only_fast_forwarded_to_the_target_has_not_landed() {
    let file = file(&["A"]);
    let mut facts = facts();
    let forwarded =
        crate::model::facts::Branch { ahead: Some(0), on_first_parent_line: true, merge: None, ..branch("A") };
    observe(&mut facts, "A", forwarded.clone());
    assert_eq!(state(&file, &facts, "A"), State::Active);
    let report = Body::Reported(Report { pr: Some("#7".to_owned()), ..report("A", "done") });
    facts.ledger = ledger(vec![starting(&["A"]), started("u0", &["A"]), report]);
    let standing = state_of(&file, &facts, "A");
    assert_eq!(standing.state, State::Landed, "an event names this tip");
    assert_eq!(standing.proof.unwrap().pr(), Some("#7"));
}

#[test]
fn a_branch_without_commits_of_its_own_has_not_landed() {
    let file = file(&["A"]);
    let mut facts = facts();
    let empty = crate::model::facts::Branch { ahead: Some(0), commits: Some(0), ..branch("A") };
    observe(&mut facts, "A", empty);
    assert_eq!(state(&file, &facts, "A"), State::Active);
}

#[test]
fn a_merge_that_adds_nothing_proves_a_landing_unless_the_branch_changes_nothing() {
    let file = file(&["A"]);
    let mut facts = facts();
    let merge = Merge { adds_nothing: true, ..branch("A").merge.unwrap() };
    observe(&mut facts, "A", crate::model::facts::Branch { merge: Some(merge.clone()), ..branch("A") });
    assert_eq!(proof_word(&file, &facts, "A"), Some("same-tree"));
    let empty = Merge { tip_changes_something: false, ..merge };
    observe(&mut facts, "A", crate::model::facts::Branch { merge: Some(empty), ..branch("A") });
    assert_eq!(state(&file, &facts, "A"), State::Active);
}

#[test]
fn a_message_proves_a_landing_only_after_the_last_start_and_only_without_branch() {
    let file = file(&["A"]);
    let mut facts = facts();
    facts.mentions = vec![mention("A", "2026-01-19T12:00:00Z")];
    assert_eq!(proof_word(&file, &facts, "A"), Some("message"), "a fresh clone without ledger");
    facts.ledger = ledger(vec![starting(&["A"]), started("u0", &["A"])]);
    assert_eq!(proof_word(&file, &facts, "A"), Some("message"));
    facts.mentions = vec![mention("A", "2026-01-18T12:00:00Z")];
    assert_eq!(state(&file, &facts, "A"), State::Lost, "an older landing of a reused id proves nothing");
    facts.mentions = vec![mention("A", "2026-01-19T12:00:00Z")];
    observe(&mut facts, "A", branch("A"));
    assert_eq!(state(&file, &facts, "A"), State::Active, "commits after landing");
}

#[test]
fn a_recorded_landing_holds_while_its_commit_is_reachable_and_the_branch_unmoved() {
    let file = file(&["A"]);
    let mut facts = facts();
    facts.ledger = ledger(vec![starting(&["A"]), started("u0", &["A"])]);
    let landed = |reachable| Some(Landing { commit: oid('f'), reachable, ..landing() });
    facts.ledger.records.get_mut(&id("A")).unwrap().landed = landed(true);
    assert_eq!(proof_word(&file, &facts, "A"), Some("recorded"));
    facts.ledger.records.get_mut(&id("A")).unwrap().landed = landed(false);
    assert_eq!(state(&file, &facts, "A"), State::Lost);
    facts.ledger.records.get_mut(&id("A")).unwrap().landed = landed(true);
    observe(&mut facts, "A", crate::model::facts::Branch { tip: oid('9'), ..branch("A") });
    assert_eq!(state(&file, &facts, "A"), State::Active);
}

#[test]
fn what_is_declared_counts_last() {
    let declared = |name, state| with(file(&["A", "B: A"]), name, |task| task.state = Some(state));
    let landed = declared("A", Declared::Landed);
    assert_eq!(proof_word(&landed, &facts(), "A"), Some("declared"));
    assert_eq!(state(&landed, &facts(), "B"), State::Ready);
    let cancelled = declared("A", Declared::Cancelled);
    assert_eq!(
        (state(&cancelled, &facts(), "A"), state(&cancelled, &facts(), "B")),
        (State::Cancelled, State::Waiting)
    );
}

#[test]
fn a_report_counts_while_the_tip_is_the_reported_one() {
    let file = file(&["A"]);
    let mut facts = facts();
    let report = |verdict: &str, done_when: Option<&str>| {
        Body::Reported(Report { done_when: done_when.map(str::to_owned), ..report("A", verdict) })
    };
    observe(&mut facts, "A", branch("A"));
    for (verdict, done_when, expected) in
        [("done", Some("yes"), State::Done), ("done", Some("no"), State::Stopped), ("blocked", None, State::Stopped)]
    {
        facts.ledger = ledger(vec![starting(&["A"]), started("u0", &["A"]), report(verdict, done_when)]);
        assert_eq!(state(&file, &facts, "A"), expected, "{verdict}");
    }
    observe(&mut facts, "A", crate::model::facts::Branch { tip: oid('9'), ..branch("A") });
    assert_eq!(state(&file, &facts, "A"), State::Active, "the tip moved on");
}

#[test]
fn a_started_task_without_branch_is_lost_and_an_unmade_one_is_taken() {
    let file = file(&["A", "B"]);
    let mut facts = facts();
    facts.ledger = ledger(vec![starting(&["A", "B"]), started("u0", &["A"])]);
    assert_eq!((state(&file, &facts, "A"), state(&file, &facts, "B")), (State::Lost, State::Active));
    let remote = Observed { remotes: vec!["origin/task/A".to_owned()], ..Observed::default() };
    facts.tasks.insert(id("A"), remote);
    assert_eq!(state(&file, &facts, "A"), State::Elsewhere);
    facts.tasks.clear();
    facts.ledger = ledger(vec![starting(&["A"]), started("u0", &["A"]), Body::Dropped { task: id("A"), of: None }]);
    assert_eq!(state(&file, &facts, "A"), State::Ready, "a dropped task is ready again");
}

#[test]
fn an_active_task_holds_its_paths_as_they_were_when_it_started() {
    let writes = |text: &str| vec![text.parse().unwrap()];
    let file = with(file(&["A", "B"]), "B", |task| task.writes = writes("src/db"));
    let mut facts = facts();
    observe(&mut facts, "A", branch("A"));
    let mut as_started = snapshot("A");
    as_started.writes = writes("src/db/pool.rs");
    let body = Body::Starting { batch: "batch-001".to_owned(), target: "main".to_owned(), tasks: vec![as_started] };
    facts.ledger = ledger(vec![body, started("u0", &["A"])]);
    let standing = state_of(&file, &facts, "B");
    assert_eq!(standing.state, State::Held);
    assert!(
        matches!(&standing.reasons[..], [Reason::Writes { id, .. }] if id.as_str() == "A"),
        "{:?}",
        standing.reasons
    );
    let warned = with(file, "B", |task| task.overlap = Some(Overlap::Warn));
    assert_eq!(state(&warned, &facts, "B"), State::Ready);
}

#[test]
fn a_task_that_the_file_lost_still_holds_its_locks() {
    let file = with(file(&["B"]), "B", |task| task.locks = vec!["db".to_owned()]);
    let mut facts = facts();
    let mut gone = snapshot("A");
    gone.locks = vec!["db".to_owned()];
    let body = Body::Starting { batch: "batch-001".to_owned(), target: "main".to_owned(), tasks: vec![gone] };
    facts.ledger = ledger(vec![body, started("u0", &["A"])]);
    observe(&mut facts, "A", branch("A"));
    assert_eq!(state_of(&file, &facts, "B").reasons, [Reason::Lock { name: "db".to_owned(), id: id("A") }]);
}

#[test]
fn what_needs_an_active_task_comes_after_it_and_is_no_overlap() {
    let writes = vec!["src".parse().unwrap()];
    let file = with(file(&["A: B", "B"]), "A", |task| task.writes = writes.clone());
    let file = with(file, "B", |task| task.writes = writes);
    let mut facts = facts();
    observe(&mut facts, "A", branch("A"));
    assert_eq!(state(&file, &facts, "B"), State::Ready, "A was forced to start before what it needs");
}
