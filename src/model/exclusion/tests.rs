use std::collections::BTreeMap;

use super::*;
use crate::model::fixture::standings_of;
use crate::model::graph::Graph;
use crate::model::standing::Standings;
use crate::model::state::State;
use crate::model::task::TaskFile;

fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn task(id: &str, change: impl FnOnce(&mut Task)) -> Task {
    let mut task = Task::named(id.parse().unwrap());
    change(&mut task);
    task
}

fn writes(id: &str, paths: &[&str]) -> Task {
    task(id, |task| task.writes = patterns(paths))
}

/// A file of these two tasks, and where they stand while the second is active.
fn stage(settings: &Settings, candidate: &Task, holder: &Task) -> (TaskFile, Standings) {
    let mut tasks = vec![candidate.clone(), holder.clone()];
    tasks.sort_by(|a, b| a.id.cmp(&b.id));
    let file = TaskFile { settings: settings.clone(), graph: Graph::new(tasks, &[]) };
    let standings = standings_of(&file, &BTreeMap::from([(file.graph.position(&holder.id).unwrap(), State::Active)]));
    (file, standings)
}

/// Why `candidate` may not start while `holder` is active.
fn codes(settings: &Settings, candidate: &Task, holder: &Task) -> Vec<String> {
    let (file, standings) = stage(settings, candidate, holder);
    let pairs = Pairs::new(&file, &standings.implied);
    let position = |task: &Task| file.graph.position(&task.id).unwrap();
    let reasons = pairs
        .reasons(&pairs.candidate(candidate, position(candidate)), &pairs.holder(holder, Some(position(holder)), 0));
    let mut told = standings.tasks[position(candidate)].reasons.clone();
    assert_eq!(standings.tasks[position(candidate)].state == State::Ready, reasons.is_empty());
    told.sort();
    let mut sorted = reasons.clone();
    sorted.sort();
    assert_eq!(told, sorted, "where it stands says the same");
    reasons.iter().map(Reason::to_string).collect()
}

#[test]
fn tasks_that_share_nothing_run_side_by_side() {
    let (a, b) = (writes("A", &["src/a.rs"]), writes("B", &["src/b.rs"]));
    assert!(codes(&Settings::default(), &a, &b).is_empty());
    assert!(codes(&Settings::default(), &task("C", |_| ()), &task("D", |_| ())).is_empty());
}

#[test]
fn each_rule_gives_its_reason_in_order() {
    let alone = |id| {
        task(id, |task| {
            task.parallel = id != "B";
            task.locks = vec!["ci".into(), "db".into()];
            task.issue = Some("https://x/1".into());
            task.writes = patterns(&["src/a.rs", "docs"]);
        })
    };
    assert_eq!(
        codes(&Settings::default(), &alone("A"), &alone("B")),
        ["alone:B", "lock:ci:B", "lock:db:B", "issue:B", "writes:B:docs", "writes:B:src/a.rs"]
    );
}

#[test]
fn a_lock_is_implied_by_writing_what_it_guards() {
    let mut settings = Settings::default();
    settings.locks.insert("db".into(), patterns(&["migrations/**", "schema.sql"]));
    let (a, b) = (writes("A", &["migrations/1.sql"]), writes("B", &["schema.sql"]));
    assert_eq!(codes(&settings, &a, &b), ["lock:db:B"]);
    assert_eq!(codes(&settings, &a, &task("C", |task| task.locks = vec!["db".into()])), ["lock:db:C"]);
    assert!(codes(&settings, &a, &writes("D", &["src"])).is_empty());
}

#[test]
fn shared_paths_never_count_as_overlap() {
    let shared = |texts: &[&str]| Settings { shared_paths: patterns(texts), ..Settings::default() };
    for (settings, one, other) in [
        (shared(&["Cargo.lock"]), "Cargo.lock", "Cargo.lock"),
        (shared(&["Cargo.lock"]), "Cargo.lock", "*"),
        (shared(&["gen/**"]), "gen/a/*.rs", "gen/a"),
        (shared(&["*.md"]), "README.md", "README.md"),
        (shared(&["**/*.snap"]), "tests/a.snap", "tests"),
    ] {
        assert!(codes(&settings, &writes("A", &[one]), &writes("B", &[other])).is_empty(), "{one} {other}");
    }
    let settings = shared(&["gen/**"]);
    assert_eq!(codes(&settings, &writes("A", &["gen2/x"]), &writes("B", &["gen2"])), ["writes:B:gen2/x"]);
}

#[test]
fn overlap_warn_on_either_informs_and_does_not_exclude() {
    let settings = Settings::default();
    let (a, mut b) = (writes("A", &["src/a.rs"]), writes("B", &["src/**"]));
    let overlaps = |a: &Task, b: &Task| Rules::new(&settings).overlaps(a, b);
    assert!(overlaps(&a, &b).is_empty());
    b.overlap = Some(Overlap::Warn);
    assert!(codes(&settings, &a, &b).is_empty());
    let expected = Overlapping { id: "B".parse().unwrap(), path: "src/a.rs".into() };
    assert_eq!(overlaps(&a, &b), [expected]);
}

#[test]
fn a_reader_waits_for_the_writer_and_not_the_other_way_round() {
    let settings = Settings::default();
    let reader = task("R", |task| task.reads = patterns(&["src/types.rs"]));
    let writer = writes("W", &["src/**"]);
    assert_eq!(codes(&settings, &reader, &writer), ["reads:W:src/types.rs"]);
    assert!(codes(&settings, &writer, &reader).is_empty());
}

#[test]
fn two_that_read_what_the_other_writes_follow_the_one_that_has_started() {
    let settings = Settings::default();
    let one = |id, reads: &str, writes: &str| {
        task(id, |task| {
            task.reads = patterns(&[reads]);
            task.writes = patterns(&[writes]);
        })
    };
    let (a, b) = (one("A", "y", "x"), one("B", "x", "y"));
    assert_eq!(codes(&settings, &a, &b), ["reads:B:y"]);
    assert_eq!(codes(&settings, &b, &a), ["reads:A:x"]);
}

#[test]
fn locks_guard_exactly_what_their_patterns_meet() {
    let mut settings = Settings::default();
    settings.locks.insert("sql".into(), patterns(&["db/[0-9]*_*.sql"]));
    let holder = task("H", |task| task.locks = vec!["sql".into()]);
    for (write, held) in
        [("db/1_init.sql", true), ("db/init.sql", false), ("db/*.sql", true), ("db/x*.sql", false), ("db", true)]
    {
        let expected: &[&str] = if held { &["lock:sql:H"] } else { &[] };
        assert_eq!(codes(&settings, &writes("A", &[write]), &holder), expected, "{write}");
    }
}
