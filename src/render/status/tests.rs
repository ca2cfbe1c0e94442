use super::*;
use crate::model::facts::{Branch, Facts, Merge, Observed, Worktree};
use crate::model::ledger::Body;
use crate::model::sample::*;
use crate::model::standing::standings;
use crate::model::status::{Selection, status as decide};
use crate::model::task::TaskFile;
use crate::render::schema::faults;

fn worktree(name: &str, changes: Option<Changes>) -> Worktree {
    Worktree {
        path: format!("/x/r-task-{name}").into(),
        head: Head::Branch(format!("task/{name}")),
        operation: None,
        changes,
        locked: None,
    }
}

/// A batch of a landed task, a dirty one that conflicts, a lost one and one not made, and one branch of no batch.
fn scene() -> (TaskFile, Facts) {
    let mut facts = facts();
    facts.ledger = ledger(vec![starting(&["A", "B", "C", "D"]), started("u0", &["A", "B", "C"])]);
    facts.mentions = vec![mention("A", "2026-01-19T12:00:00Z")];
    facts.mentions[0].pr = Some("#123".to_owned());
    let merge = Merge { clean: false, conflicts: vec!["src/\u{1b}[2Ja.rs".to_owned()], ..branch("B").merge.unwrap() };
    let conflicting = Branch { commits: Some(1), behind: Some(1), merge: Some(merge), ..branch("B") };
    let changes = Changes { staged: 1, modified: 2, untracked: 0, conflicted: 0 };
    let observed =
        Observed { branch: Some(conflicting), remotes: vec![], worktree: Some(worktree("B", Some(changes))) };
    facts.tasks.insert(id("B"), observed);
    observe(&mut facts, "E", Branch { behind: None, merge: None, ..branch("E") });
    (with(file(&["A", "B", "C", "D", "E", "F: B"]), "F", |task| task.title = "Later".to_owned()), facts)
}

fn answer(selection: &Selection) -> Status {
    let (file, facts) = scene();
    let names = names(&file);
    decide(&file, &facts, &standings(&file, &facts, &names), &names, selection).unwrap()
}

#[test]
fn a_table_tells_every_row_as_what_it_is() {
    let text = anstream::adapter::strip_str(&status(&answer(&Selection::Open), 80, false)).to_string();
    assert_eq!(
        text,
        "\
batch-001 from main at aaaaaaa, 1d ago, starting
  Task  State             Own  ↑main↓  ±      Merges      Age
  A     landed (PR #123)
  B     active              1   ↑2 ↓1  +1 ~2  1 conflict  56y
  C     lost
  D     active
    B conflicts with main in
      src/\\e[2Ja.rs
    git -C /x/r-task-B merge main
    C its branch 'task/C' is gone, and nothing shows that it landed: git dispatch adopt C BRANCH
    not finished; to go on: git dispatch start D

In no batch
  Task  State   ↑main↓  Merges  Age
  E     active   ↑2 ↓·  ·       56y
    E has no worktree: git worktree add PATH task/E

1 of these 5 landed (20%) · conflicts: B · when all land: F
"
    );
}

#[test]
fn json_is_what_the_schema_says() {
    let schema = serde_json::from_str(include_str!("../../../docs/schema/status.schema.json")).unwrap();
    for selection in [Selection::Open, Selection::All, Selection::Tasks(vec!["F".to_owned()])] {
        let value = serde_json::from_str(&json::json(&answer(&selection))).unwrap();
        assert_eq!(faults(&schema, &value), Vec::<String>::new());
    }
}

#[test]
fn a_selection_shows_what_was_asked_for() {
    let ids = |selection| answer(&selection).rows().map(|row| row.id.to_string()).collect::<Vec<_>>().join(" ");
    assert_eq!(ids(Selection::Open), "A B C D E");
    assert_eq!(ids(Selection::Batch("batch-001".to_owned())), "A B C D");
    assert_eq!(ids(Selection::Tasks(vec!["F".to_owned(), "B".to_owned()])), "B F");
    let (file, mut facts) = scene();
    facts.ledger.batches[0].closed = Some("sufficient".to_owned());
    let names = names(&file);
    let shown = decide(&file, &facts, &standings(&file, &facts, &names), &names, &Selection::Open).unwrap();
    assert_eq!(shown.rows().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["E"], "a closed batch is over");
}

#[test]
fn the_log_names_every_batch_and_fate_and_keeps_to_its_schema() {
    let (file, mut facts) = scene();
    let again = Body::Starting { batch: "batch-002".to_owned(), target: "main".to_owned(), tasks: vec![snapshot("C")] };
    facts.ledger = ledger(vec![starting(&["A", "B", "C", "D"]), started("u0", &["A", "B", "C"]), again]);
    let standings = standings(&file, &facts, &names(&file));
    let entries = crate::model::log::log(&file, &facts, &standings);
    let text = crate::render::log::log(&entries, &jiff::tz::TimeZone::UTC, 80);
    assert_eq!(
        anstream::adapter::strip_str(&text).to_string(),
        "\
batch-002 from main at aaaaaaa, starting
  2026-01-19 00:00:02 +0000 by 
  Task  Outcome
  C     not made

batch-001 from main at aaaaaaa, starting
  2026-01-19 00:00:00 +0000 by 
  Task  Outcome
  A     landed (PR #123)
  B     active
  C     again in batch-002
  D     not made
"
    );
    let schema = serde_json::from_str(include_str!("../../../docs/schema/log.schema.json")).unwrap();
    let value = serde_json::from_str(&crate::render::log::json(&entries)).unwrap();
    assert_eq!(faults(&schema, &value), Vec::<String>::new());
}
