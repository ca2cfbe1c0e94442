use super::*;
use crate::model::facts::Branch;
use crate::model::ledger::{Body, Report, Support};
use crate::model::sample::{branch, facts, file, id, ledger, names, observe, oid, report, review, started, starting};
use crate::model::standing::standings;

/// What is decided of A to F, which all were started, with these words about them; `named` are asked for.
fn decided(tasks: &[&str], bodies: Vec<Body>, named: &[&str]) -> Result<Submit, Failure> {
    let file = file(tasks);
    let mut facts = facts();
    let ids = ["A", "B", "C", "D", "E", "F"];
    facts.ledger = ledger([vec![starting(&ids), started("u0", &ids)], bodies].concat());
    for name in ids {
        observe(&mut facts, name, branch(name));
    }
    observe(&mut facts, "F", Branch { commits: Some(0), ahead: Some(0), ..branch("F") });
    let standings = standings(&file, &facts, &names(&file));
    let (ids, _) = candidates(&file, &standings, &named.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())?;
    let unclean = BTreeMap::from([(id("E"), "'x' is not committed".to_owned())]);
    decide(&file, (&facts, &standings), None, &Asked { ids: &ids, unclean: &unclean, repo: "neon" })
}

fn done(name: &str) -> Body {
    Body::Reported(report(name, "done"))
}

fn ids(submit: &Submit) -> (Vec<&str>, Vec<&str>) {
    let sent = submit.tasks.iter().map(|task| task.id.as_str()).collect();
    (sent, submit.left.iter().map(|left| left.id.as_str()).collect())
}

const TASKS: [&str; 7] = ["A", "B", "C: B", "D", "E", "F", "G"];

#[test]
fn all_that_is_done_goes_but_for_what_waits_for_others() {
    let halt = Body::Reviewed(crate::model::ledger::Review { task: id("D"), ..review("halt", "eve", "no") });
    let submit = decided(&TASKS, vec![done("A"), done("C"), done("D"), done("F"), halt], &[]).unwrap();
    assert_eq!(ids(&submit), (vec!["A"], vec!["C", "D"]));
    let task = &submit.tasks[0];
    assert_eq!((&*task.title, &*task.branch, task.tip), ("A", "task/A", oid('b')));
    assert_eq!(task.batch, ("batch-001".to_owned(), "u0".to_owned()));
    let why: Vec<&str> = submit.left.iter().map(|left| &*left.why[0].0).collect();
    assert_eq!(why, ["needs B, which has not landed", "is halted"]);
    // Whoever names it has chosen.
    assert_eq!(ids(&decided(&TASKS, vec![done("C")], &["C"]).unwrap()), (vec!["C"], vec![]));
}

#[test]
fn what_is_named_and_cannot_go_is_refused_with_what_resolves_it() {
    let stale = Body::Reported(Report { tip: oid('c'), ..report("A", "done") });
    for (bodies, named, what, hint) in [
        (vec![], "A", "task 'A' is under way, and not reported done", "git dispatch report A --done"),
        (vec![stale], "A", "task 'A' has other work since it was reported done", "git dispatch report A --done"),
        (vec![Body::Reported(report("B", "blocked"))], "B", "task 'B' has stopped", "git dispatch start B"),
        (vec![done("E")], "E", "", "git dispatch status"),
        (vec![done("F")], "F", "task 'F' is reported done and has no commit to merge", "git dispatch status F"),
        (vec![], "G", "task 'G' was not started", "git dispatch why G"),
    ] {
        if named == "E" {
            // It has no worktree, so nothing of it is left out.
            assert_eq!(ids(&decided(&TASKS, bodies, &["E"]).unwrap()).0, ["E"]);
            continue;
        }
        let failure = decided(&TASKS, bodies, &[named]).unwrap_err();
        assert_eq!((failure.exit, failure.what.contains(what)), (Exit::Refused, true), "{}", failure.what);
        assert!(failure.hints.iter().any(|given| given.contains(hint)), "{:?}", failure.hints);
    }
    assert_eq!(decided(&TASKS, vec![], &["A", "X"]).unwrap_err().exit, Exit::Usage);
    assert_eq!(decided(&TASKS, vec![], &[]).unwrap_err().exit, Exit::No);
    // One of several keeps all of them.
    assert_eq!(decided(&TASKS, vec![done("A")], &["A", "B"]).unwrap_err().exit, Exit::Refused);
}

#[test]
fn what_stands_on_others_would_bring_their_commits() {
    let mut start = starting(&["A", "B", "C", "D", "E", "F"]);
    if let Body::Starting { tasks, .. } = &mut start {
        tasks[2].stack = vec![Support { id: id("B"), tip: oid('b') }];
    }
    let file = file(&TASKS);
    let mut facts = facts();
    facts.ledger = ledger(vec![start, started("u0", &["C"]), done("C")]);
    observe(&mut facts, "C", branch("C"));
    let standings = standings(&file, &facts, &names(&file));
    let asked = Asked { ids: &[id("C")], unclean: &BTreeMap::new(), repo: "neon" };
    let failure = decide(&file, (&facts, &standings), None, &asked).unwrap_err();
    assert!(
        failure.what.ends_with("task 'C' stands on B, and would bring the commits of that along"),
        "{}",
        failure.what
    );
}

#[test]
fn a_title_is_one_line_that_fools_nobody() {
    for (message, expected) in [
        ("Add x (A)", "Add x (A)"),
        ("\n  \n--title=y\u{1b}[2J\u{202e}\nbody", "--title=y\\e[2J\\u{202e}"),
        ("a\rb", "a\\rb"),
        (" \u{200b}", "\\u{200b}"),
    ] {
        assert_eq!(title(message, &id("A")), expected);
    }
    assert_eq!(title(&"é".repeat(500), &id("A")).chars().count(), LONGEST_TITLE);
}

#[test]
fn a_submission_is_of_the_start_that_it_names() {
    let handed = |of: &str| {
        Body::Submitted(Submitted {
            batch: "batch-001".to_owned(),
            of: of.to_owned(),
            task: id("A"),
            tip: oid('b'),
            pr: Some("#7".to_owned()),
            url: None,
            title: Some("A (A)".to_owned()),
        })
    };
    let known = |body: Body| decided(&TASKS, vec![done("A"), body], &[]).unwrap().tasks.remove(0).known;
    assert_eq!(known(handed("u0")).and_then(|known| known.pr).as_deref(), Some("#7"));
    assert_eq!(known(handed("u9")), None);
    let reopened = ledger(vec![starting(&["A"]), started("u0", &["A"]), handed("u0"), starting(&["A"])]);
    assert!(reopened.records[&id("A")].submitted.is_empty());
}
