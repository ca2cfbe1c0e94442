use super::*;

fn commit() -> Oid {
    "1111111111111111111111111111111111111111".parse().unwrap()
}

fn lines(texts: &[&str]) -> Vec<Line> {
    texts.iter().map(|text| (commit(), text.replace("OID", &"2".repeat(40)).into_bytes())).collect()
}

const STARTING: &str = r#"{"at":"2026-01-19T00:00:00.000Z","uid":"a1","v":1,"event":"starting","batch":"batch-001","target":"main","tasks":[{"id":"A","branch":"task/A","path":"../x-task-A","base":"OID","title":"First","estimate":60},{"id":"B","branch":"task/B","path":"../x-task-B","base":"OID","title":"","estimate":60}],"by":"Ada <ada@x>","host":"devbox"}"#;
const STARTED_A: &str = r#"{"at":"2026-01-19T00:00:01.000Z","uid":"a2","v":1,"event":"started","batch":"batch-001","of":"a1","tasks":["A"]}"#;

fn id(text: &str) -> TaskId {
    text.parse().unwrap()
}

#[test]
fn an_event_is_written_as_it_was_read() {
    let text = STARTING.replace("OID", &"2".repeat(40));
    let event: Event = serde_json::from_str(&text).unwrap();
    let written = serde_json::to_string(&event).unwrap();
    assert!(
        written.starts_with(r#"{"at":"2026-01-19T00:00:00.000Z","uid":"a1","v":1,"event":"starting","batch":"#),
        "{written}"
    );
    assert!(written.ends_with(r#""by":"Ada <ada@x>","host":"devbox"}"#), "{written}");
    assert_eq!(serde_json::from_str::<Event>(&written).unwrap(), event);
}

#[test]
fn a_batch_is_unfinished_until_every_task_is_started() {
    let ledger = fold(None, &lines(&[STARTED_A, STARTING, STARTING]));
    assert_eq!(ledger.batches.len(), 1, "the same event twice is one event, in whatever order lines come");
    assert!(ledger.records[&id("A")].started);
    let open = ledger.unfinished();
    assert_eq!(open[&0].iter().map(|task| task.id.as_str()).collect::<Vec<_>>(), ["B"]);
    assert_eq!(ledger.next_batch_name(), "batch-002");
    let named = |name: &str| Batch { name: name.to_owned(), ..ledger.batches[0].clone() };
    let after = |names: &[&str]| {
        Ledger { batches: names.iter().map(|name| named(name)).collect(), ..Ledger::default() }.next_batch_name()
    };
    assert_eq!(after(&["batch-001", "b1"]), "batch-002");
    assert_eq!(after(&["batch-007", "batch-x", "wave-9"]), "batch-008");
    assert_eq!(after(&["batch-18446744073709551615"]), "batch-001");
    assert_eq!(ledger.batches[0].base, commit());
}

#[test]
fn lines_of_the_future_and_lines_that_are_no_events_are_kept_aside() {
    let ledger = fold(
        None,
        &lines(&[
            STARTING,
            "\u{1b}[2J not json",
            r#"{"at":"2026-01-19T00:00:02.000Z","uid":"a3","v":2,"event":"started","batch":"batch-001","of":"a1","tasks":["B"]}"#,
            r#"{"at":"2026-01-19T00:00:02.000Z","uid":"a4","v":1,"event":"teleported","task":"B"}"#,
            r#"{"at":"2026-01-19T00:00:02.000Z","uid":"a5","v":1,"event":"dropped","task":"-rf"}"#,
        ]),
    );
    assert_eq!(ledger.unreadable.len(), 3, "{:?}", ledger.unreadable);
    assert_eq!(ledger.batches.len(), 1);
}

#[test]
fn what_is_undone_never_happened() {
    let undone = r#"{"at":"2026-01-19T00:00:03.000Z","uid":"a9","v":1,"event":"undone","of":"a1"}"#;
    let ledger = fold(None, &lines(&[STARTING, STARTED_A, undone]));
    assert!(ledger.batches.is_empty() && ledger.records.is_empty());
}

#[test]
fn starting_again_forgets_the_report_and_reopening_the_landing() {
    let reported = r#"{"at":"2026-01-19T00:00:04.000Z","uid":"a5","v":1,"event":"reported","batch":"batch-001","task":"A","tip":"OID","verdict":"done","done_when":"yes","blockers":[]}"#;
    let landed = r#"{"at":"2026-01-19T00:00:05.000Z","uid":"a6","v":1,"event":"landed","batch":"batch-001","task":"A","tip":"OID","commit":"OID","strategy":"merge"}"#;
    let ledger = fold(None, &lines(&[STARTING, STARTED_A, reported, landed]));
    assert_eq!(ledger.records[&id("A")].reported.as_ref().unwrap().verdict, "done");
    assert!(ledger.records[&id("A")].landed.is_some());
    let reopened = r#"{"at":"2026-01-19T00:00:06.000Z","uid":"a7","v":1,"event":"reopened","task":"A"}"#;
    let again = STARTING.replace("\"a1\"", "\"b1\"").replace("00:00:00", "00:00:07").replace("batch-001", "batch-002");
    let ledger = fold(None, &lines(&[STARTING, STARTED_A, reported, landed, reopened, &again]));
    let record = &ledger.records[&id("A")];
    assert!(record.landed.is_none() && record.reported.is_none() && !record.started);
    assert_eq!(record.batch, Some(1));
}

#[test]
fn a_clock_that_was_set_back_reorders_nothing() {
    let early = STARTED_A.replace("00:00:01", "00:00:00").replace("a2", "0");
    for outcome in [early.replace("19T", "18T"), early] {
        assert!(fold(None, &lines(&[&outcome, STARTING])).records[&id("A")].started, "{outcome}");
    }
    let ledger = fold(None, &lines(&[STARTING]));
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    assert_eq!(ledger.moment(at("2026-01-18T23:59:00Z")), at("2026-01-19T00:00:00.001Z"));
    assert_eq!(ledger.moment(at("2026-01-18T22:00:00Z")), at("2026-01-18T22:00:00Z"));
    assert_eq!(ledger.moment(at("2026-01-19T00:00:05Z")), at("2026-01-19T00:00:05Z"));
}

#[test]
fn a_task_that_goes_on_keeps_its_place_and_what_was_said_of_it() {
    let reported = r#"{"at":"2026-01-19T00:00:04.000Z","uid":"z5","v":1,"event":"reported","batch":"batch-001","task":"A","tip":"OID","verdict":"blocked","blockers":["x"]}"#;
    let task = r#"{"id":"A","branch":"hostile","path":"../../x","base":"OID","title":"now","estimate":60,"agent":"b","stack":[{"id":"B","tip":"OID"}]}"#;
    let continued = |of: &str| {
        format!(
            r#"{{"at":"2026-01-19T00:00:04.000Z","uid":"c6","v":1,"event":"continued","batch":"batch-001","of":"{of}","tasks":[{task}]}}"#
        )
    };
    // At one moment, the report is older, whatever the uids.
    let (ours, others) = (continued("a1"), continued("a0"));
    let before = fold(None, &lines(&[STARTING, STARTED_A, reported]));
    let ledger = fold(None, &lines(&[&ours, STARTING, STARTED_A, reported]));
    let (record, was) = (&ledger.records[&id("A")], before.records[&id("A")].snapshot.as_ref().unwrap());
    let now = record.snapshot.as_ref().unwrap();
    assert!(record.reported.is_none() && record.started && record.said.len() == 1);
    assert_eq!((&*now.title, now.agent.as_deref()), ("now", Some("b")));
    assert_eq!((&now.branch, &now.path, now.base, &now.stack), (&was.branch, &was.path, was.base, &was.stack));
    assert_eq!(ledger.batches[0].tasks.iter().find(|task| task.id == id("A")), Some(now));
    assert_eq!(ledger.batches[0].continued[0].tasks, [id("A")]);
    // Of another batch, it is no word about this one; undone, it was never said.
    let undone = r#"{"at":"2026-01-19T00:00:05.000Z","uid":"c7","v":1,"event":"undone","of":"c6"}"#;
    assert_eq!(fold(None, &lines(&[STARTING, STARTED_A, reported, &others])).records, before.records);
    let back = fold(None, &lines(&[STARTING, STARTED_A, reported, &ours, undone]));
    assert_eq!((&back.records, &back.batches), (&before.records, &before.batches));
    // A later start of it is the last.
    let again = STARTING.replace("\"a1\"", "\"b1\"").replace("00:00:00", "00:00:03").replace("batch-001", "batch-002");
    let ledger = fold(None, &lines(&[STARTING, STARTED_A, &again, reported, &ours]));
    assert!(ledger.records[&id("A")].reported.is_some() && ledger.batches[0].continued.is_empty());
}
