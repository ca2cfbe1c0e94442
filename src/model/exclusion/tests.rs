use super::*;

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

fn codes(settings: &Settings, candidate: &Task, holder: &Task) -> Vec<String> {
    exclusions(settings, candidate, holder).iter().map(Reason::to_string).collect()
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
    assert!(overlaps(&settings, &a, &b).is_empty());
    b.overlap = Some(Overlap::Warn);
    assert!(codes(&settings, &a, &b).is_empty());
    let expected = Overlapping { id: "B".parse().unwrap(), path: "src/a.rs".into() };
    assert_eq!(overlaps(&settings, &a, &b), [expected]);
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
fn two_that_read_what_the_other_writes_exclude_each_other() {
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
    assert!(!Rules::new(&settings).follows(&a, &b));
}
