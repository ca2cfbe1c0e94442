use super::*;
use crate::model::exclusion::Rule;
use crate::model::fixture::{Sketch, facts, file, patterns, standings, task, with};
use crate::model::ledger::Body;
use crate::model::sample;
use crate::model::task::{Gate, TaskFile};

fn writing(name: &str, needs: &[&'static str], path: &str) -> Sketch {
    with(task(name, 1, needs), |task| task.writes = patterns(&[path]))
}

fn asked(file: &TaskFile, given: &[(&str, State)], ids: (&str, Option<&str>)) -> Result<Why, Failure> {
    let (facts, standings, names) = (facts(), standings(file, given), sample::names(file));
    why(&Scene { file, facts: &facts, standings: &standings, names: &names }, ids)
}

fn of(file: &TaskFile, given: &[(&str, State)], id: &str) -> Why {
    asked(file, given, (id, None)).unwrap()
}

fn codes(why: &Why) -> Vec<String> {
    why.causes.iter().map(|cause| cause.what.to_string()).collect()
}

/// All remedies of the reasons in order.
fn lines(why: &Why) -> Vec<&str> {
    let remedies = why.causes.iter().flat_map(|cause| &cause.remedies);
    let line = |remedy| match remedy {
        &Remedy::Command(ref line, _) | &Remedy::Edit(ref line) => line.as_str(),
    };
    remedies.map(line).collect()
}

fn anyway(why: &Why) -> Option<&str> {
    match why.anyway.as_ref()? {
        Remedy::Command(line, _) => Some(line),
        Remedy::Edit(_) => None,
    }
}

#[test]
fn each_need_comes_with_what_brings_it_nearer() {
    let needs = &["A", "B", "C", "D", "E", "L"];
    let reader = with(task("T", 1, needs), |task| task.reads = patterns(&["f/*"]));
    let file = file(vec![
        writing("A", &[], "a"),
        task("B", 1, &["A"]),
        writing("C", &[], "c"),
        task("D", 1, &[]),
        writing("E", &[], "e"),
        writing("F", &[], "f/x"),
        task("L", 1, &[]),
        reader,
    ]);
    let given = [("C", State::Active), ("D", State::Cancelled), ("E", State::Lost), ("L", State::Landed)];
    let why = of(&file, &given, "T");
    assert_eq!(why.state, State::Waiting);
    assert_eq!(codes(&why), ["needs:A", "needs:B", "needs:C", "cancelled:D", "needs:E", "reads:F:f/x"]);
    assert_eq!(
        lines(&why),
        [
            "git dispatch start A",
            "git dispatch why B",
            "git dispatch status C",
            "remove 'D' from the needs of [task.T]",
            "remove state = \"cancelled\" from [task.D]",
            "git dispatch why E",
            "git dispatch start F",
        ]
    );
    assert_eq!(anyway(&why), Some("git dispatch start --force T"));
}

#[test]
fn what_can_never_start_is_told_with_the_nearest_that_stops_it() {
    let file = file(vec![task("A", 1, &[]), task("B", 1, &["A"]), task("C", 1, &["B"]), task("D", 1, &["C"])]);
    let why = of(&file, &[("A", State::Cancelled)], "D");
    assert_eq!(codes(&why), ["needs:C", "stuck:A"]);
    assert_eq!(codes(&of(&file, &[("A", State::Cancelled)], "B")), ["cancelled:A"], "it says so itself");
    assert_eq!(codes(&of(&file, &[], "D")), ["needs:C"]);
}

#[test]
fn what_an_active_task_holds_is_freed_by_its_landing_and_a_lock_by_nothing_else() {
    let lock = |sketch| with(sketch, |task| task.locks = vec!["db".into()]);
    let file = file(vec![writing("A", &[], "x"), writing("B", &[], "x"), lock(writing("C", &[], "y"))]);
    let why = of(&file, &[("A", State::Done)], "B");
    assert_eq!((why.state, why.place), (State::Held, None));
    assert_eq!((codes(&why), lines(&why)), (vec!["writes:A:x".to_owned()], vec!["git dispatch status A"]));
    assert_eq!(anyway(&why), Some("git dispatch start --force B"));
    let file = crate::model::fixture::file(vec![lock(writing("A", &[], "x")), lock(writing("C", &[], "y"))]);
    let why = of(&file, &[("A", State::Active)], "C");
    assert_eq!((codes(&why), anyway(&why)), (vec!["lock:db:A".to_owned()], None));
}

#[test]
fn a_gate_is_told_with_the_way_past_it_unless_a_lock_stands_there_too() {
    let lock = |sketch| with(sketch, |task| task.locks = vec!["db".into()]);
    let mut file = file(vec![lock(writing("A", &[], "x")), writing("B", &[], "x"), lock(writing("C", &[], "y"))]);
    file.settings.review = vec![Gate::Start];
    let why = of(&file, &[], "B");
    let past = Remedy::Command("git dispatch start --force B".into(), "start it without a review");
    assert_eq!((why.state, codes(&why)), (State::Held, vec!["gate:start".to_owned()]));
    let approve = Remedy::Command("git dispatch review B --approve start".into(), "approve its start");
    assert_eq!((&why.causes[0].remedies[..], &why.anyway), (&[approve, past.clone()][..], &Some(past)));
    let given = [("A", State::Active)];
    let why = of(&file, &given, "B");
    assert_eq!((codes(&why), why.anyway.is_some()), (vec!["writes:A:x".to_owned(), "gate:start".into()], true));
    let why = of(&file, &given, "C");
    assert_eq!((codes(&why), anyway(&why)), (vec!["lock:db:A".to_owned(), "gate:start".into()], None));
}

#[test]
fn a_ready_task_is_chosen_queued_or_held_as_the_plan_says() {
    let mut file = file(vec![
        with(writing("A", &[], "x"), |task| task.estimate = Some(240)),
        writing("B", &[], "x"),
        writing("C", &[], "c"),
        writing("D", &[], "d"),
        task("E", 1, &["A"]),
    ]);
    file.settings.workers = Some(2);
    let why = of(&file, &[], "A");
    assert_eq!((why.state, why.place), (State::Ready, Some(Place::Start)));
    assert_eq!(codes(&why), ["critical", "unblocks:1", "before:C:critical"]);
    assert_eq!(lines(&why), ["git dispatch start A"]);
    let why = of(&file, &[], "B");
    assert_eq!((why.state, why.place), (State::Held, Some(Place::Held)));
    assert_eq!(codes(&why), ["writes:A:x"]);
    assert_eq!(anyway(&why), Some("git dispatch start B"));
    let why = of(&file, &[], "D");
    assert_eq!((why.state, why.place), (State::Ready, Some(Place::Queued)));
    assert_eq!(codes(&why)[..2], ["slot", "after:C:id"]);
    assert_eq!(lines(&why), ["git dispatch plan --workers 3"]);
}

/// Two workers, three tasks of 2 hours, and two of 3 hours that unblock more: the rule alone takes longer.
#[test]
fn a_choice_against_the_rule_says_what_it_saves() {
    let hours =
        |name, hours, needs: &[&'static str]| with(task(name, hours, needs), |task| task.writes = patterns(&[name]));
    let file = || {
        let mut file = file(vec![
            hours("A", 2, &[]),
            hours("B", 2, &[]),
            hours("C", 2, &[]),
            hours("D", 3, &[]),
            hours("E", 3, &[]),
        ]);
        file.settings.workers = Some(2);
        file
    };
    let file = file();
    let (facts, standings) = (facts(), standings(&file, &[]));
    let options = Options::default();
    let plan = plan(&file, &facts, &standings, &options);
    let against: Vec<Ix> =
        plan.start.iter().chain(&plan.queued).filter(|one| one.shortens.is_some()).map(|one| one.ix).collect();
    assert!(!against.is_empty(), "{plan:?}");
    for ix in against {
        let why = of(&file, &[], file.graph.tasks()[ix].id.as_str());
        assert!(codes(&why).contains(&"shortens:60".to_owned()), "{why:?}");
    }
}

#[test]
fn reasons_are_those_of_the_plan() {
    let file = file(vec![
        writing("A", &[], "src/**"),
        writing("B", &[], "src/b"),
        with(writing("C", &["B"], "c"), |task| task.reads = patterns(&["src/*"])),
        with(writing("D", &[], "d"), |task| task.issue = Some("#1".into())),
        with(writing("E", &[], "e"), |task| task.issue = Some("#1".into())),
    ]);
    for given in [vec![], vec![("A", State::Active)], vec![("E", State::Stopped), ("B", State::Active)]] {
        let (facts, standings) = (facts(), standings(&file, &given));
        let options = Options::default();
        let plan = plan(&file, &facts, &standings, &options);
        let reasons = |id: &str| {
            let why = of(&file, &given, id);
            let reason = |cause: Cause| match cause.what {
                What::Reason(reason) => Some(reason),
                _ => None,
            };
            why.causes.into_iter().filter_map(reason).collect::<Vec<_>>()
        };
        let id = |ix: Ix| file.graph.tasks()[ix].id.as_str();
        for held in &plan.held {
            assert_eq!(reasons(id(held.ix)), held.reasons);
        }
        for &ix in &plan.waiting {
            assert_eq!(reasons(id(ix)), standings.waits_for(&file, ix));
        }
        for one in &plan.start {
            assert_eq!(reasons(id(one.ix)), []);
        }
        assert!(plan.held.len() + plan.waiting.len() >= 2);
    }
}

#[test]
fn a_pair_is_what_the_rules_say_and_both_states_are_told() {
    let file = file(vec![writing("A", &[], "x"), writing("B", &[], "x"), writing("C", &["A"], "c")]);
    let pair = |given, a, b| asked(&file, given, (a, Some(b))).unwrap().pair.unwrap();
    let exclusive = pair(&[], "B", "A");
    assert_eq!((exclusive.verdict(), exclusive.with_state), (Answer::Exclusive, State::Ready));
    assert_eq!(exclusive.reasons.iter().map(ToString::to_string).collect::<Vec<_>>(), ["writes:A:x"]);
    assert_eq!(pair(&[], "A", "B").with_state, State::Held, "the plan starts A now");
    assert_eq!(pair(&[("C", State::Landed)], "A", "C").verdict(), Answer::Before);
    assert_eq!(pair(&[], "C", "A").verdict(), Answer::After);
    let parallel = pair(&[], "B", "C");
    assert_eq!((parallel.verdict(), parallel.steps.len()), (Answer::No, 6));
}

#[test]
fn an_active_task_counts_as_it_was_when_it_started() {
    let file = sample::with(sample::file(&["A", "B"]), "B", |task| task.writes = patterns(&["new"]));
    let file = sample::with(file, "A", |task| task.writes = patterns(&["old"]));
    let mut facts = sample::facts();
    let snapshot = |id: &str| {
        let mut snapshot = sample::snapshot(id);
        snapshot.writes = patterns(&["old"]);
        snapshot
    };
    let starting = Body::Starting {
        batch: "batch-001".into(),
        target: "main".into(),
        tasks: vec![snapshot("B"), snapshot("GONE")],
    };
    facts.ledger = sample::ledger(vec![starting, sample::started("u0", &["B", "GONE"])]);
    sample::observe(&mut facts, "B", sample::branch("B"));
    sample::observe(&mut facts, "GONE", sample::branch("GONE"));
    let names = sample::names(&file);
    let standings = crate::model::standing::standings(&file, &facts, &names);
    let scene = Scene { file: &file, facts: &facts, standings: &standings, names: &names };
    let held = why(&scene, ("A", Some("B"))).unwrap();
    assert_eq!(codes(&held), ["writes:B:old", "writes:GONE:old"]);
    assert_eq!(held.causes.iter().map(|cause| cause.other.unwrap().as_started).collect::<Vec<_>>(), [true, false]);
    let pair = held.pair.unwrap();
    assert_eq!((pair.verdict(), pair.as_started), (Answer::Exclusive, vec![sample::id("B")]));
    let gone = why(&scene, ("GONE", Some("A"))).unwrap();
    assert_eq!((gone.state, codes(&gone)), (State::Active, vec!["branch:task/GONE".into(), "not-in-file".into()]));
    let step = gone.pair.as_ref().unwrap().steps.last().unwrap();
    assert_eq!((step.rule, step.answer), (Rule::Writes, Answer::Exclusive));
}

#[test]
fn what_has_started_is_told_by_what_shows_it() {
    let file = sample::with(sample::file(&["A", "B"]), "A", |task| task.title = "a".into());
    let mut facts = sample::facts();
    let names = sample::names(&file);
    let told = |facts: &Facts, id: &str| {
        let standings = crate::model::standing::standings(&file, facts, &names);
        let why = why(&Scene { file: &file, facts, standings: &standings, names: &names }, (id, None)).unwrap();
        (why.state, codes(&why).join(" "), lines(&why).join("; "))
    };
    sample::observe(&mut facts, "A", sample::branch("A"));
    let commands = "git dispatch status A; git dispatch adopt A task/A".to_owned();
    assert_eq!(told(&facts, "A"), (State::Active, "branch:task/A".to_owned(), commands));
    facts.ledger = sample::ledger(vec![sample::starting(&["B"])]);
    assert_eq!(told(&facts, "B"), (State::Active, "unfinished".to_owned(), "git dispatch start B".to_owned()));
    let report =
        Body::Reported(crate::model::ledger::Report { text: Some("no key".into()), ..sample::report("A", "blocked") });
    facts.ledger = sample::ledger(vec![sample::starting(&["A"]), sample::started("u0", &["A"]), report]);
    let codes = "branch:task/A reported:blocked".to_owned();
    let ways = "git dispatch status A; git dispatch start A".to_owned();
    assert_eq!(told(&facts, "A"), (State::Stopped, codes, ways));
    facts.tasks.clear();
    let again = "git dispatch adopt A BRANCH; git dispatch start --again A; write state = \"landed\" into [task.A] if it has landed";
    assert_eq!(told(&facts, "A"), (State::Lost, "branch-gone:task/A".to_owned(), again.to_owned()));
}

#[test]
fn unknown_ids_are_told_all_at_once_and_one_id_twice_is_wrong_usage() {
    let file = file(vec![task("SCR-001", 1, &[]), task("B", 1, &[])]);
    let failure = |a, b| asked(&file, &[], (a, b)).unwrap_err();
    let both = failure("scr-01", Some("zzz"));
    assert_eq!(
        (both.exit, both.what.as_str()),
        (Exit::Usage, "no task 'scr-01' in the task file\nno task 'zzz' in the task file")
    );
    assert_eq!(both.hints[0], "did you mean 'SCR-001'?");
    assert_eq!(failure("zzz", Some("zzz")).what, "no task 'zzz' in the task file");
    let twice = failure("B", Some("B"));
    assert_eq!(
        (twice.exit, twice.hints),
        (Exit::Usage, vec!["use 'git dispatch why B' to see its own state".to_owned()])
    );
}
