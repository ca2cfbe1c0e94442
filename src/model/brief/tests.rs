use super::*;
use crate::model::facts::Facts;
use crate::model::ledger::{Body, Report};
use crate::model::sample::{branch, facts, file, id, ledger, names, observe, oid, report, started, starting, with};
use crate::model::standing::standings;
use crate::model::task::{Agent, MasterPlan};

fn spot(base: char) -> Spot<'static> {
    Spot {
        repository: Path::new("/r"),
        launch_from: Path::new("/w"),
        branch: "task/A",
        base: oid(base),
        target: "main",
    }
}

fn brief_of(file: &TaskFile, facts: &Facts, started: &[TaskId], texts: Texts<'_>) -> (Brief, Vec<String>) {
    let standings = standings(file, facts, &names(file));
    let scene = Scene { file, ledger: &facts.ledger, standings: &standings, started };
    brief(&scene, &id("A"), spot('a'), texts).unwrap()
}

fn detailed(file: TaskFile, change: impl FnOnce(&mut Details)) -> TaskFile {
    with(file, "A", |task| change(task.details.get_or_insert_default()))
}

#[test]
fn a_task_that_says_nothing_has_a_brief_all_the_same() {
    let (brief, warnings) = brief_of(&file(&["A"]), &facts(), &[], Texts::default());
    assert_eq!(warnings, [""; 0]);
    assert_eq!((brief.action, brief.state, brief.unit), (Action::Implement, State::Ready, None));
    assert_eq!((brief.mode.as_str(), brief.launch_as.as_str()), ("quick", "Bypass permissions"));
    assert_eq!((brief.budget.as_deref(), brief.worktree, brief.checkpoints), (Some("$10"), true, false));
}

#[test]
fn a_task_that_nothing_knows_has_none() {
    let (file, facts) = (file(&["A"]), facts());
    let standings = standings(&file, &facts, &names(&file));
    let scene = Scene { file: &file, ledger: &facts.ledger, standings: &standings, started: &[] };
    assert_eq!(brief(&scene, &id("Z"), spot('a'), Texts::default()), None);
}

#[test]
fn the_task_file_says_how_it_is_worked_on() {
    let mut file = detailed(file(&["A"]), |details| {
        details.mode = Some("checkpoint".into());
        details.agent = Some("far".into());
        details.budget = Some(Budget::Unlimited);
        details.clauses = vec!["C1".into(), "C9".into()];
        details.brief = Some("at length".into());
    });
    file.settings.agents.insert("far".into(), Agent { isolated: Some(false), ..Agent::default() });
    file.settings.plan = Some(MasterPlan { title: Some("P".into()), issue: None });
    file.settings.contract = Some("c.md".into());
    let texts = Texts { contract: Some("- C1: one\n- C2: two"), brief: None };
    let (brief, warnings) = brief_of(&file, &facts(), &[], texts);
    assert_eq!((brief.checkpoints, brief.worktree, brief.budget), (true, false, None));
    assert_eq!(brief.clauses.fulfil, [Clause { id: "C1".into(), text: "- C1: one".into() }]);
    assert_eq!(brief.clauses.keep.as_deref(), Some("- C2: two"));
    assert_eq!(warnings, ["task 'A' keeps to clause 'C9', which 'c.md' lacks"]);
    assert_eq!(brief.text.as_deref(), Some("at length"));
    let (_, warnings) = brief_of(&file, &facts(), &[], Texts::default());
    assert_eq!(warnings, ["task 'A' keeps to clauses, and the task file has no contract"]);
}

fn review(verdict: &str, text: &str) -> Body {
    Body::Reviewed(crate::model::sample::review(verdict, "eve", text))
}

#[test]
fn what_was_said_before_and_who_works_beside_it_come_along() {
    let file = file(&["A: N", "B", "N"]);
    let mut facts: Facts = facts();
    let need = Report { text: Some("the result".into()), pr: Some("#9".into()), ..report("N", "done") };
    facts.ledger = ledger(vec![
        starting(&["B", "A", "N"]),
        started("u0", &["B", "A", "N"]),
        Body::Reported(report("A", "partial")),
        Body::Reported(need),
        review("finding", "wrong"),
    ]);
    for name in ["A", "B", "N"] {
        observe(&mut facts, name, branch(name));
    }
    let (brief, _) = brief_of(&file, &facts, &[], Texts::default());
    assert_eq!(
        (brief.action, brief.unit.as_deref(), brief.batch.as_deref()),
        (Action::Continue, Some("1B"), Some("batch-001"))
    );
    assert_eq!((brief.reports.len(), brief.reports[0].verdict.as_str()), (1, "partial"));
    assert_eq!((brief.findings.len(), brief.findings[0].counts), (1, true));
    assert_eq!((brief.needs.len(), brief.needs[0].state, brief.needs[0].pr.as_deref()), (1, State::Done, Some("#9")));
    assert_eq!(brief.needs[0].report.as_ref().unwrap().text.as_deref(), Some("the result"));
    let beside: Vec<(&str, State)> = brief.siblings.iter().map(|one| (one.id.as_str(), one.state)).collect();
    assert_eq!(beside, [("B", State::Active), ("N", State::Done)]);
}

#[test]
fn those_that_start_together_know_of_each_other() {
    let file = file(&["A", "B"]);
    let before = facts();
    let standings = standings(&file, &before, &names(&file));
    let ledger: Ledger = ledger(vec![starting(&["A", "B"]), started("u0", &["A", "B"])]);
    let started = [id("A"), id("B")];
    let scene = Scene { file: &file, ledger: &ledger, standings: &standings, started: &started };
    let (brief, _) = brief(&scene, &id("A"), spot('a'), Texts::default()).unwrap();
    assert_eq!((brief.state, brief.siblings.len(), brief.siblings[0].id.as_str()), (State::Active, 1, "B"));
}

#[test]
fn a_task_that_the_file_no_longer_names_is_briefed_as_it_was_when_it_started() {
    let file = file(&["B"]);
    let mut facts: Facts = facts();
    facts.ledger = ledger(vec![starting(&["A"]), started("u0", &["A"])]);
    observe(&mut facts, "A", branch("A"));
    let (brief, _) = brief_of(&file, &facts, &[], Texts::default());
    assert_eq!((brief.state, brief.branch.as_str()), (State::Active, "task/A"));
}
