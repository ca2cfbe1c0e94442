use proptest::prelude::*;

use super::*;
use crate::model::exclusion::beside::tests::any_file;
use crate::model::exclusion::{Beside, By};
use crate::model::fixture::{Sketch, file, patterns, standings, standings_of, task, with};
use crate::model::standing::Standings;
use crate::model::state::State;
use crate::model::task::TaskFile;

fn party<'t>(pairs: &Pairs<'t>, file: &'t TaskFile, standings: &'t Standings, ix: usize) -> Party<'t> {
    let task = &file.graph.tasks()[ix];
    match standings.holder(&task.id) {
        Some(holder) => pairs.holder(&holder.task, Some(ix), 0),
        None => pairs.candidate(task, ix),
    }
}

/// The steps of the first two tasks.
fn steps(file: &TaskFile, given: &[(&str, State)]) -> Vec<Step> {
    let standings = standings(file, given);
    let pairs = Pairs::new(file, &standings.implied);
    pairs.steps(&party(&pairs, file, &standings, 0), &party(&pairs, file, &standings, 1))
}

fn last(file: &TaskFile) -> Step {
    steps(file, &[]).pop().unwrap()
}

fn id(text: &str) -> TaskId {
    text.parse().unwrap()
}

fn link(after: &str, first: &str, reads: Option<&str>) -> Link {
    Link { after: id(after), first: id(first), reads: reads.map(str::to_owned) }
}

fn meeting_of(ends: [(&str, Usage, &str); 2], path: Option<&str>) -> Meeting {
    let ends = ends.map(|(task, usage, pattern)| (id(task), usage, pattern.parse().unwrap()));
    Meeting { ends, path: path.map(str::to_owned) }
}

fn writing(name: &str, needs: &[&'static str], paths: &[&str]) -> Sketch {
    with(task(name, 1, needs), |task| task.writes = patterns(paths))
}

#[test]
fn needs_are_told_by_the_shortest_chain() {
    let through = || vec![task("M1", 1, &["M2", "B"]), task("M2", 1, &["M3"]), task("M3", 1, &["B"])];
    let file = |needs| file([vec![task("A", 1, needs), task("B", 1, &[])], through()].concat());
    let steps = steps(&file(&["M2", "M1"]), &[]);
    let chain = Detail::Chain(vec![link("A", "M1", None), link("M1", "B", None)]);
    assert_eq!(steps, [Step::new(Rule::Needs, Answer::After, vec![chain])]);
}

#[test]
fn an_order_through_others_is_one_of_needs_and_of_what_is_read() {
    let reader = with(task("A", 1, &[]), |task| task.reads = patterns(&["x"]));
    let file = file(vec![reader, task("B", 1, &[]), task("C", 1, &["B"]), writing("D", &["C"], &["x"])]);
    let links = vec![link("A", "D", Some("x")), link("D", "C", None), link("C", "B", None)];
    assert_eq!(last(&file), Step::new(Rule::Reads, Answer::After, vec![Detail::Chain(links)]));
    assert_eq!(steps(&file, &[("A", State::Active)]).len(), 6, "it waits for nobody any more");
}

#[test]
fn a_circle_of_reading_is_told_whole_and_excludes() {
    let reader = |name, needs, reads: &str, writes: &str| {
        with(writing(name, needs, &[writes]), |task| task.reads = patterns(&[reads]))
    };
    let file = file(vec![reader("A", &[], "b/*", "a"), writing("B", &["C"], &["b/x"]), reader("C", &[], "a", "c")]);
    let found = steps(&file, &[]);
    let meeting = meeting_of([("A", Usage::Reads, "b/*"), ("B", Usage::Writes, "b/x")], None);
    let circle = vec![link("A", "B", Some("b/x")), link("B", "C", None), link("C", "A", Some("a"))];
    let details = vec![Detail::Meeting(meeting), Detail::Circle(circle)];
    assert_eq!(found.len(), 2, "nothing else excludes: {found:?}");
    assert_eq!(found[1], Step::new(Rule::Reads, Answer::Exclusive, details));
}

#[test]
fn a_lock_is_declared_or_implied_by_what_is_written() {
    let mut file = file(vec![
        with(writing("A", &[], &["db/*.sql"]), |task| task.locks = vec!["x".into()]),
        with(task("B", 1, &[]), |task| task.locks = vec!["schema".into(), "x".into()]),
    ]);
    file.settings.locks.insert("schema".into(), patterns(&["docs", "db/**"]));
    let step = last(&file);
    let implied = Taken::Implied { writes: "db/*.sql".parse().unwrap(), lock: "db/**".parse().unwrap() };
    let details = vec![
        Detail::Lock("schema".into(), [(id("A"), implied), (id("B"), Taken::Declared)]),
        Detail::Lock("x".into(), [(id("A"), Taken::Declared), (id("B"), Taken::Declared)]),
    ];
    assert_eq!(step, Step::new(Rule::Locks, Answer::Exclusive, details));
}

#[test]
fn two_globs_come_with_a_path_that_both_cover() {
    let file = file(vec![writing("A", &[], &["src/*.rs"]), writing("B", &[], &["src/lib.*"])]);
    let ends = [("A", Usage::Writes, "src/*.rs"), ("B", Usage::Writes, "src/lib.*")];
    let meeting = Detail::Meeting(meeting_of(ends, Some("src/lib.rs")));
    assert_eq!(last(&file), Step::new(Rule::Writes, Answer::Exclusive, vec![meeting]));
}

#[test]
fn what_excuses_an_overlap_is_told() {
    let mut shared = file(vec![writing("A", &[], &["Cargo.lock"]), writing("B", &[], &["Cargo.lock"])]);
    shared.settings.shared_paths = patterns(&["Cargo.*"]);
    let ends = [("A", Usage::Writes, "Cargo.lock"), ("B", Usage::Writes, "Cargo.lock")];
    let detail = Detail::Shared(meeting_of(ends, None), "Cargo.*".parse().unwrap());
    assert_eq!(last(&shared), Step::new(Rule::Writes, Answer::No, vec![detail]));
    let warn = |task: &mut Task| task.overlap = Some(Overlap::Warn);
    let warned = file(vec![writing("A", &[], &["x"]), with(writing("B", &[], &["x"]), warn)]);
    let step = last(&warned);
    assert_eq!((step.answer, step.details.last()), (Answer::Warn, Some(&Detail::Warns(Warns::Task(id("B"))))));
    let mut warned = file(vec![writing("A", &[], &["x"]), writing("B", &[], &["x"])]);
    warned.settings.overlap = Some(Overlap::Warn);
    assert_eq!(last(&warned).details.last(), Some(&Detail::Warns(Warns::Settings)));
}

#[test]
fn many_meetings_are_counted_and_all_that_excludes_is_told() {
    let paths: Vec<String> = (0..30).map(|number| format!("f{number:02}")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let alone = with(writing("B", &[], &paths), |task| task.parallel = false);
    let file = file(vec![writing("A", &[], &paths), alone]);
    let found = steps(&file, &[]);
    let rules: Vec<Rule> = found.iter().map(|step| step.rule).collect();
    assert_eq!(rules, [Rule::Needs, Rule::Reads, Rule::Parallel, Rule::Writes]);
    assert_eq!(found[3].details.last(), Some(&Detail::More(20)));
}

/// By rule, what excludes.
fn rule_of(reason: &Reason) -> Rule {
    match reason {
        Reason::Reads { .. } | Reason::ReadBy { .. } => Rule::Reads,
        Reason::Alone(_) => Rule::Parallel,
        Reason::Lock { .. } => Rule::Locks,
        Reason::Issue(_) => Rule::Issue,
        _ => Rule::Writes,
    }
}

proptest! {
    /// The steps say what the rules say.
    #[test]
    fn the_last_step_is_the_verdict((file, given) in any_file()) {
        let standings = standings_of(&file, &given);
        let pairs = Pairs::new(&file, &standings.implied);
        let parties: Vec<Party<'_>> = (0..file.graph.len()).map(|ix| party(&pairs, &file, &standings, ix)).collect();
        for one in &parties {
            for other in parties.iter().filter(|other| other.number != one.number) {
                let steps = pairs.steps(one, other);
                let deciding = steps.iter().find(|step| step.answer != Answer::No);
                let last = steps.last().unwrap();
                if let [Detail::Chain(links)] = &last.details[..] {
                    prop_assert!(links.windows(2).all(|pair| pair[0].first == pair[1].after));
                    let ends = (&links[0].after, &links[links.len() - 1].first);
                    let ours = (&one.task().id, &other.task().id);
                    prop_assert_eq!(ends, if last.answer == Answer::After { ours } else { (ours.1, ours.0) });
                    if last.rule == Rule::Reads {
                        prop_assert!(links.len() > 1 && links.iter().any(|link| link.reads.is_some()));
                        let through = matches!(pairs.beside(one, other), Beside::InSequence { by: By::Others, .. });
                        prop_assert!(through);
                    }
                }
                match pairs.beside(one, other) {
                    Beside::InSequence { then, .. } => {
                        let answer = if then == one.task().id { Answer::After } else { Answer::Before };
                        prop_assert_eq!(last.answer, answer);
                    }
                    Beside::Exclusive(reasons) => {
                        let mut rules: Vec<Rule> = reasons.iter().map(rule_of).collect();
                        rules.dedup();
                        let excluding = steps.iter().filter(|step| step.answer == Answer::Exclusive);
                        prop_assert_eq!(excluding.map(|step| step.rule).collect::<Vec<_>>(), rules);
                        prop_assert_eq!(deciding.map(|step| step.answer), Some(Answer::Exclusive));
                    }
                    Beside::Overlaps(_) => prop_assert_eq!(last.answer, Answer::Warn),
                    Beside::NotChecked => prop_assert_eq!(last.answer, Answer::NotChecked),
                    Beside::Parallel => prop_assert_eq!((steps.len(), last.answer), (6, Answer::No)),
                }
            }
        }
    }
}
