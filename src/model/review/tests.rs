use super::*;
use crate::model::facts::Facts;
use crate::model::failure::Exit;
use crate::model::ledger::{Body, Closing, Report};
use crate::model::sample::{
    self, branch, facts, file, id, ledger, names, observe, oid, report, started, starting, with,
};
use crate::model::standing::standings;
use crate::model::task::{Kind, Task};

fn gates(task: &mut Task, gates: &[Gate]) {
    task.details = Some(Box::new(Details { review: gates.to_vec(), ..Details::default() }));
}

fn said(verdict: &str, gate: Option<Gate>, bound: (Option<Oid>, Option<String>)) -> Body {
    let gate = gate.map(|gate| gate.word().to_owned());
    Body::Reviewed(Review { gate, tip: bound.0, digest: bound.1, ..sample::review(verdict, "a", "why") })
}

/// State and reasons of `A`, after these events.
fn after(file: &TaskFile, facts: &Facts) -> (State, Vec<String>) {
    let standings = standings(file, facts, &names(file));
    let standing = &standings.tasks[0];
    (standing.state, standing.reasons.iter().map(ToString::to_string).collect())
}

fn told(reasons: &[&str]) -> Vec<String> {
    reasons.iter().map(|reason| (*reason).to_owned()).collect()
}

#[test]
fn an_approval_of_a_start_holds_for_the_text_that_was_approved() {
    let gated = with(file(&["A"]), "A", |task| gates(task, &[Gate::Start]));
    let mut facts = facts();
    assert_eq!(after(&gated, &facts), (State::Held, told(&["gate:start"])));
    let text = digest(&gated, 0);
    let approve = || said("approve", Some(Gate::Start), (None, Some(text.clone())));
    facts.ledger = ledger(vec![approve()]);
    assert_eq!(after(&gated, &facts), (State::Ready, vec![]));
    let edited = with(gated.clone(), "A", |task| task.title = "other".to_owned());
    assert_eq!(after(&edited, &facts), (State::Held, told(&["gate:start"])));
    let declared = with(gated.clone(), "A", |task| task.details.as_mut().unwrap().review.push(Gate::Land));
    assert_eq!(after(&declared, &facts).0, State::Ready, "which gates there are is no part of the text");
    facts.ledger = ledger(vec![approve(), said("reject", None, (None, Some(text.clone())))]);
    assert_eq!(after(&gated, &facts), (State::Held, told(&["gate:start"])));
    let free = file(&["A"]);
    facts.ledger = ledger(vec![said("reject", None, (None, Some(digest(&free, 0))))]);
    assert_eq!(after(&free, &facts), (State::Held, told(&["gate:start"])), "a rejection holds without a gate");
    facts.ledger = ledger(vec![said("halt", None, (None, Some(text)))]);
    assert_eq!(after(&free, &facts), (State::Held, told(&["halted"])));
}

#[test]
fn an_approval_of_a_landing_holds_for_the_tip_and_for_the_same_work_elsewhere() {
    let gated = with(file(&["A"]), "A", |task| gates(task, &[Gate::Land]));
    let begun = || vec![starting(&["A"]), started("u0", &["A"]), Body::Reported(report("A", "done"))];
    let mut facts = facts();
    observe(&mut facts, "A", branch("A"));
    let mut seen = |more: Vec<Body>| {
        facts.ledger = ledger([begun(), more].concat());
        after(&gated, &facts)
    };
    assert_eq!(seen(vec![]), (State::Done, told(&["gate:land"])));
    let approve = |tip: char| said("approve", Some(Gate::Land), (Some(oid(tip)), None));
    assert_eq!(seen(vec![approve('b')]), (State::Done, vec![]));
    assert_eq!(seen(vec![approve('9')]), (State::Done, told(&["gate:land"])));
    let rebound = Body::Rebound { batch: "batch-001".to_owned(), task: id("A"), from: oid('9'), tip: oid('b') };
    assert_eq!(seen(vec![approve('9'), rebound]), (State::Done, vec![]));
    let reject = said("reject", None, (Some(oid('b')), None));
    assert_eq!(seen(vec![approve('b'), reject.clone()]), (State::Done, told(&["gate:land", "findings"])));
    assert_eq!(seen(vec![reject, approve('b')]), (State::Done, vec![]));
    assert_eq!(seen(vec![approve('b'), said("halt", None, (None, None))]), (State::Done, told(&["halted"])));
    let resumed = vec![approve('b'), said("halt", None, (None, None)), said("resume", None, (None, None))];
    assert_eq!(seen(resumed), (State::Done, vec![]));
}

#[test]
fn what_is_accepted_counts_as_done_until_the_next_report() {
    let file = file(&["A"]);
    let begun = || vec![starting(&["A"]), started("u0", &["A"]), Body::Reported(report("A", "blocked"))];
    let mut facts = facts();
    observe(&mut facts, "A", branch("A"));
    let mut seen = |more: Vec<Body>| {
        facts.ledger = ledger([begun(), more].concat());
        after(&file, &facts)
    };
    assert_eq!(seen(vec![]).0, State::Stopped);
    let accept = |tip: char| said("accept", None, (Some(oid(tip)), None));
    assert_eq!(seen(vec![accept('b')]).0, State::Done);
    assert_eq!(seen(vec![accept('9')]).0, State::Stopped, "that was another tip");
    assert_eq!(seen(vec![accept('b'), Body::Reported(report("A", "partial"))]).0, State::Stopped);
    let elsewhere = Body::Reported(Report { tip: oid('9'), ..report("A", "done") });
    assert_eq!(seen(vec![elsewhere]), (State::Active, told(&["stale-report"])));
}

fn asked(word: Word) -> Asked {
    Asked { ids: vec!["A".to_owned()], word, tip: None, reviewer: "a".to_owned() }
}

#[test]
fn what_cannot_be_said_is_refused() {
    let file = file(&["A"]);
    let mut facts = facts();
    let exit = |facts: &Facts, word: Word| {
        let standings = standings(&file, facts, &names(&file));
        reviewed(&file, (facts, &standings), &asked(word)).map_err(|failure| failure.exit)
    };
    let approve = |gate| Word::Approve(gate);
    assert_eq!(exit(&facts, approve(Gate::Land)), Err(Exit::Refused));
    assert_eq!(exit(&facts, Word::Accept("x".to_owned())), Err(Exit::Refused));
    assert_eq!(exit(&facts, Word::Resume), Err(Exit::No));
    let ruling = exit(&facts, approve(Gate::Start)).unwrap().remove(0);
    assert_eq!((ruling.review.tip, ruling.review.digest.is_some(), ruling.note), (None, true, oid('a')));
    observe(&mut facts, "A", branch("A"));
    facts.ledger = ledger(vec![starting(&["A"]), started("u0", &["A"])]);
    assert_eq!(exit(&facts, approve(Gate::Start)), Err(Exit::Refused));
    assert_eq!(exit(&facts, Word::Accept("x".to_owned())), Err(Exit::Refused), "nothing was reported");
    let ruling = exit(&facts, approve(Gate::Land)).unwrap().remove(0);
    assert_eq!(
        (ruling.review.tip, ruling.review.digest, ruling.review.batch.as_str()),
        (Some(oid('b')), None, "batch-001")
    );
}

#[test]
fn a_batch_of_research_is_closed_once_all_of_it_is_reported() {
    let file =
        with(with(file(&["A", "B"]), "A", |task| task.kind = Kind::Research), "B", |task| task.kind = Kind::Research);
    let mut facts = facts();
    let begun = |kind: Kind| {
        let Body::Starting { batch, target, mut tasks } = starting(&["A", "B"]) else { unreachable!() };
        tasks.iter_mut().for_each(|task| task.kind = kind);
        vec![Body::Starting { batch, target, tasks }, started("u0", &["A", "B"])]
    };
    for name in ["A", "B"] {
        observe(&mut facts, name, crate::model::facts::Branch { commits: Some(0), ahead: Some(0), ..branch(name) });
    }
    let closed = |facts: &Facts, batch: &str| {
        let standings = standings(&file, facts, &names(&file));
        let said = Closing { batch: batch.to_owned(), verdict: "sufficient".to_owned(), ..Closing::default() };
        close(&file, (facts, &standings), said).map_err(|failure| (failure.exit, failure.what))
    };
    facts.ledger = ledger(begun(Kind::Code));
    assert_eq!(closed(&facts, "batch-009").unwrap_err().0, Exit::Usage);
    assert_eq!(closed(&facts, "batch-001").unwrap_err().0, Exit::Refused, "not research");
    facts.ledger = ledger([begun(Kind::Research), vec![Body::Reported(report("A", "done"))]].concat());
    let (exit, what) = closed(&facts, "batch-001").unwrap_err();
    assert_eq!((exit, what.ends_with("task has not reported: 'B'")), (Exit::Refused, true), "{what}");
    let reports = ["A", "B"].map(|name| Body::Reported(report(name, "done")));
    facts.ledger = ledger([begun(Kind::Research), reports.to_vec()].concat());
    let (note, closing) = closed(&facts, "batch-001").unwrap();
    assert_eq!((note, closing.of.as_deref()), (oid('a'), Some("u0")));
    assert_eq!(after(&file, &facts).0, State::Done);
    let all = [begun(Kind::Research), reports.to_vec(), vec![Body::Closed(closing.clone())]].concat();
    facts.ledger = ledger(all.clone());
    assert_eq!(after(&file, &facts).0, State::Landed);
    let insufficient = Body::Closed(Closing { verdict: "insufficient".to_owned(), ..closing });
    facts.ledger = ledger([all, vec![insufficient]].concat());
    assert_eq!(after(&file, &facts).0, State::Done, "the last verdict counts");
}

#[test]
fn what_a_task_needs_is_part_of_its_text() {
    assert_ne!(digest(&file(&["A", "B: A"]), 1), digest(&file(&["A", "B"]), 1));
    assert_eq!(digest(&file(&["A", "B: A"]), 1), digest(&file(&["A", "B: A", "C"]), 1));
}
