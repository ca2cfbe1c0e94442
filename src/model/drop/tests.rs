use super::*;
use crate::model::ledger::{Line, fold};
use crate::model::sample::{id, oid};

fn event(second: u32, uid: &str, rest: &str) -> Line {
    let text = format!(
        r#"{{"at":"2026-01-19T00:00:{second:02}.000Z","uid":"{uid}","v":1,{rest},"by":"Ada <ada@x>","host":"h"}}"#
    );
    (oid('1'), text.into_bytes())
}

fn started() -> Vec<Line> {
    let tasks: Vec<String> = ["A", "B"]
        .iter()
        .map(|id| {
            let base = oid('2');
            format!(
                r#"{{"id":"{id}","branch":"task/{id}","path":"../x-{id}","base":"{base}","title":"","estimate":60}}"#
            )
        })
        .collect();
    let starting = format!(r#""event":"starting","batch":"batch-001","target":"main","tasks":[{}]"#, tasks.join(","));
    vec![
        event(1, "s1", &starting),
        event(2, "s2", r#""event":"started","batch":"batch-001","of":"s1","tasks":["A","B"]"#),
    ]
}

fn dropping(second: u32, uid: &str, task: &str) -> Line {
    let rest = format!(
        r#""event":"dropping","batch":"batch-001","of":"s1","task":"{task}","branch":"task/{task}","tip":"{}","path":"../x-{task}""#,
        oid('3')
    );
    event(second, uid, &rest)
}

#[test]
fn a_removal_goes_from_its_intent_to_its_end_and_back() {
    let mut lines = started();
    let told = |lines: &[Line]| {
        let ledger = fold(None, lines);
        known(&ledger, &id("A")).map(|known| known.begun.is_some()).map_err(|failure| failure.what)
    };
    assert_eq!(told(&lines), Ok(false));
    lines.push(dropping(3, "d1", "A"));
    assert_eq!(told(&lines), Ok(true));
    lines.push(event(4, "d2", r#""event":"dropped","task":"A","of":"d1""#));
    assert_eq!(told(&lines), Err("task 'A' was dropped already".to_owned()));
    assert!(fold(None, &lines).records[&id("A")].dropped);
    lines.push(event(5, "d3", r#""event":"undoing","batch":"batch-001","of":"d1""#));
    assert_eq!(told(&lines), Err("task 'A' is half brought back from the trash".to_owned()));
    lines.push(event(6, "d4", r#""event":"undone","of":"d1""#));
    assert_eq!(told(&lines), Ok(false));
    assert!(fold(None, &lines).removals.is_empty());
}

#[test]
fn an_outcome_without_its_intent_drops_nothing() {
    let mut lines = started();
    lines.push(event(4, "d2", r#""event":"dropped","task":"A","of":"d1""#));
    assert!(!fold(None, &lines).records[&id("A")].dropped);
}

#[test]
fn the_last_removal_is_chosen_by_task_or_as_the_last_thing_done() {
    let mut lines = started();
    let chosen = |lines: &[Line], name: Option<&str>, caller: &str| {
        let ledger = fold(None, lines);
        let found = dropped(&ledger, name, caller);
        found.map(|all| all.iter().map(|one| one.uid.clone()).collect::<Vec<_>>().join(" ")).map_err(|why| why.what)
    };
    assert_eq!(chosen(&lines, None, "Ada <ada@x>"), Ok(String::new()));
    lines.extend([dropping(3, "d1", "A"), dropping(3, "d2", "B")]);
    assert_eq!(chosen(&lines, None, "Ada <ada@x>"), Ok("d1 d2".to_owned()));
    assert_eq!(chosen(&lines, None, "Bob <b@x>"), Ok(String::new()));
    assert_eq!(chosen(&lines, Some("B"), "Bob <b@x>"), Ok("d2".to_owned()));
    assert_eq!(chosen(&lines, Some("batch-001"), "Ada <ada@x>"), Ok(String::new()));
    let base = oid('2');
    let again = format!(
        r#""event":"starting","batch":"batch-002","target":"main","tasks":[{{"id":"A","branch":"task/A","path":"../x-A","base":"{base}","title":"","estimate":60}}]"#
    );
    lines.push(event(5, "s3", &again));
    assert_eq!(chosen(&lines, None, "Ada <ada@x>"), Ok(String::new()), "a start came after it");
    let since = "task 'A' was started again in batch-002 since it was dropped";
    assert_eq!(chosen(&lines, Some("A"), "Ada <ada@x>"), Err(since.to_owned()));
}
