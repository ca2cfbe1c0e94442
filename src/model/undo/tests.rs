use super::*;
use crate::model::ledger::{Line, fold};
use crate::model::sample::{facts, file, id, names, oid};
use crate::model::standing::standings;

const ADA: &str = "Ada <ada@x>";

fn event(second: u32, uid: &str, rest: &str) -> Line {
    let text =
        format!(r#"{{"at":"2026-01-19T00:00:{second:02}.000Z","uid":"{uid}","v":1,{rest},"by":"{ADA}","host":"h"}}"#);
    (oid('1'), text.into_bytes())
}

fn starting(second: u32, uid: &str, batch: &str, task: &str) -> Line {
    let base = oid('2');
    let task = format!(
        r#"{{"id":"{task}","branch":"task/{task}","path":"../x-{task}","base":"{base}","title":"","estimate":60}}"#
    );
    event(second, uid, &format!(r#""event":"starting","batch":"{batch}","target":"main","tasks":[{task}]"#))
}

fn one_word(result: Result<usize, Failure>) -> String {
    result.map_or_else(|failure| format!("{} {}", failure.exit as u8, failure.what), |index| index.to_string())
}

#[test]
fn a_batch_is_chosen_by_name_by_uid_or_as_the_callers_last() {
    let lines = [
        starting(1, "aaaaaaaa1", "batch-001", "A"),
        starting(2, "bbbbbbbb1", "batch-001", "B"),
        starting(3, "cccccccc1", "wave", "A"),
        starting(4, "dddddddd1", "gone", "A"),
        event(5, "e1", r#""event":"undone","of":"dddddddd1""#),
    ];
    let ledger = fold(None, &lines);
    let chosen = |name: Option<&str>, caller: &str| one_word(choose(&ledger, name, caller));
    assert_eq!(chosen(None, ADA), "2");
    assert_eq!(chosen(None, "Bob <b@x>"), format!("3 the last batch, 'wave', was started by {ADA}, not by you"));
    assert_eq!(chosen(Some("wave"), "Bob <b@x>"), "2");
    assert_eq!(chosen(Some("bbbbbbbb"), ADA), "1");
    assert_eq!(chosen(Some("bbbbbbb"), ADA), "2 there is no batch 'bbbbbbb'");
    assert_eq!(chosen(Some("batch-001"), ADA), "3 2 batches are named 'batch-001'");
    assert_eq!(chosen(Some("gone"), ADA), "1 batch 'gone' was undone already");
    assert_eq!(one_word(choose(&Ledger::default(), None, ADA)), "1 there is nothing to undo: no batch was started");
}

#[test]
fn an_undone_name_is_not_given_again_and_a_batch_being_undone_is_unfinished() {
    let mut lines = vec![starting(1, "a", "batch-001", "A"), event(2, "b", r#""event":"undone","of":"a""#)];
    assert_eq!(fold(None, &lines).next_batch_name(), "batch-002");
    lines.push(starting(3, "c", "batch-002", "A"));
    lines.push(event(4, "d", r#""event":"started","batch":"batch-002","of":"c","tasks":["A"]"#));
    assert!(fold(None, &lines).unfinished().is_empty());
    lines.push(event(5, "e", r#""event":"undoing","batch":"batch-002","of":"c""#));
    let ledger = fold(None, &lines);
    assert!(ledger.batches[0].undoing.is_some() && !ledger.records[&id("A")].started);
    assert_eq!(ledger.unfinished().len(), 1);
    lines.push(event(6, "f", r#""event":"started","batch":"batch-002","of":"c","tasks":["A"]"#));
    let ledger = fold(None, &lines);
    assert!(ledger.batches[0].undoing.is_none() && ledger.records[&id("A")].started, "it was started again since");
}

#[test]
fn undoing_a_start_again_brings_earlier_proofs_back() {
    let landed = format!(r#""event":"landed","batch":"batch-001","task":"A","tip":"{0}","commit":"{0}""#, oid('3'));
    let mut lines = vec![
        starting(1, "a", "batch-001", "A"),
        event(2, "b", &landed),
        event(3, "c", r#""event":"reopened","task":"A""#),
        starting(3, "d", "batch-002", "A"),
    ];
    let ledger = fold(None, &lines);
    assert_eq!((ledger.batches[0].reopened.len(), &ledger.batches[1].reopened[..]), (0, &["c".to_owned()][..]));
    assert!(ledger.records[&id("A")].landed.is_none());
    lines.extend(
        ["d", "c"]
            .iter()
            .enumerate()
            .map(|(at, of)| event(4, &format!("z{at}"), &format!(r#""event":"undone","of":"{of}""#))),
    );
    assert!(fold(None, &lines).records[&id("A")].landed.is_some());
}

#[test]
fn everything_that_speaks_against_it_is_told_at_once() {
    let file = file(&["A"]);
    let told = |lines: &[Line], obstacles: &[Obstacle]| {
        let mut facts = facts();
        facts.ledger = fold(None, lines);
        let standings = standings(&file, &facts, &names(&file));
        let left = Left { obstacles: obstacles.to_vec(), base_kept: true, ..Left::default() };
        decide((&file, &facts.ledger, &standings), 0, vec![left], "h")
            .map(|undo| undo.tasks.len())
            .map_err(|why| why.what)
    };
    let mut lines = vec![starting(1, "a", "batch-001", "A")];
    assert_eq!(told(&lines, &[]), Ok(1));
    let obstacles = [Obstacle::Commits(2), Obstacle::Changed("/w".into(), "f".into(), 3)];
    let expected =
        "cannot undo batch-001: task 'A' has 2 commits of its own on 'task/A'; not committed in '/w': 'f' and 2 more";
    assert_eq!(told(&lines, &obstacles), Err(expected.to_owned()));
    let many = vec![Obstacle::Moved; 9];
    assert!(told(&lines, &many).unwrap_err().ends_with("; branch 'task/A' of task 'A' was moved; and 3 more"));
    lines.push(starting(2, "b", "batch-002", "A"));
    assert_eq!(
        told(&lines, &obstacles),
        Err("cannot undo batch-001: task 'A' was started again in batch-002".to_owned())
    );
}

#[test]
fn what_stands_nowhere_here_may_stand_in_another_clone() {
    let file = file(&["A"]);
    let told = |lines: &[Line], host: &str, left: Left| {
        let mut facts = facts();
        facts.ledger = fold(None, lines);
        let standings = standings(&file, &facts, &names(&file));
        decide((&file, &facts.ledger, &standings), 0, vec![left], host).map(|_| ()).map_err(|why| why.what)
    };
    let elsewhere = Err(format!("nothing of batch-001 stands here: it was started by {ADA} on 'h'"));
    let mut lines = vec![starting(1, "a", "batch-001", "A")];
    assert_eq!(told(&lines, "h", Left::default()), Ok(()), "it was killed before it made anything");
    assert_eq!(told(&lines, "other", Left::default()), elsewhere);
    lines.push(event(2, "b", r#""event":"started","batch":"batch-001","of":"a","tasks":["A"]"#));
    assert_eq!(told(&lines, "h", Left::default()), elsewhere);
    assert_eq!(told(&lines, "h", Left { base_kept: true, ..Left::default() }), Ok(()));
    lines.push(event(3, "c", r#""event":"undoing","batch":"batch-001","of":"a""#));
    assert_eq!(told(&lines, "h", Left::default()), Ok(()), "all is gone but the last event");
}
