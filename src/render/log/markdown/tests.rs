use super::*;
use crate::model::actual::Told;
use crate::model::facts::Facts;
use crate::model::ledger::{Body, Report, Review, Snapshot, Working};
use crate::model::log::log;
use crate::model::path::TreePath;
use crate::model::sample::{self, branch, facts, file, id, ledger, names, observe, oid, review, started};
use crate::model::standing::standings;
use crate::model::task::TaskFile;

const HOSTILE: &str = "a | b\n# c\n<b> @ada [x](javascript:y) `d` \u{202e}\u{1b}[2J https://x.y";

/// A has landed, B has stopped, and C is under way; `text` is what everybody says and is called.
fn story(text: &str) -> (TaskFile, Facts) {
    let file = file(&["A", "B", "C"]);
    let task = |name: &str, estimate| Snapshot { title: text.to_owned(), estimate, ..sample::snapshot(name) };
    let tasks =
        vec![task("A", 90), task("B", 60), Snapshot { writes: vec!["src/**".parse().unwrap()], ..task("C", 30) }];
    let said = |name: &str, verdict: &str| Report { text: Some(text.to_owned()), ..sample::report(name, verdict) };
    let blocked = Report { blockers: vec![text.to_owned()], tip: oid('2'), ..said("B", "blocked") };
    let (batch, target) = ("batch-001".to_owned(), "main".to_owned());
    let finding = Review { task: id("C"), ..review("finding", "Eve", text) };
    let working = Working {
        batch: batch.clone(),
        task: id("C"),
        tip: oid('a'),
        session: Some(text.to_owned()),
        agent: Some("claude".to_owned()),
    };
    let (tip, commit, pr) = (oid('b'), oid('d'), Some("#7".to_owned()));
    let check = Some("passed".to_owned());
    let mut facts = facts();
    facts.ledger = ledger(vec![
        Body::Starting { batch, target, tasks },
        started("u0", &["A", "B", "C"]),
        Body::Working(working),
        Body::Reported(Report { pr: Some("12".to_owned()), ..said("A", "done") }),
        Body::Reported(blocked),
        Body::Reviewed(finding),
        Body::Landed(crate::model::ledger::Landed {
            batch: None,
            task: id("A"),
            tip,
            commit,
            pr,
            strategy: None,
            check,
            of: None,
        }),
    ]);
    facts.ledger.records.get_mut(&id("A")).unwrap().landed.as_mut().unwrap().reachable = true;
    observe(&mut facts, "B", crate::model::facts::Branch { tip: oid('2'), ..branch("B") });
    let touched = Some(vec![TreePath::new(b"docs/x_y.md"), TreePath::new(b"src/a.rs")]);
    observe(&mut facts, "C", crate::model::facts::Branch { tip: oid('3'), touched, ..branch("C") });
    (file, facts)
}

fn told(text: &str) -> String {
    let (file, facts) = story(text);
    let standings = standings(&file, &facts, &names(&file));
    let mut entries = log(&file, &facts, &standings);
    let first = "2026-01-19T00:00:00Z".parse().unwrap();
    let a = &mut entries[0].tasks[0];
    a.asked.as_mut().unwrap().landed = Some("2026-01-19T02:15:00Z".parse().unwrap());
    a.tell(&Told { authored: Some(vec![first, first]), committed: None });
    markdown(&entries, &TimeZone::UTC)
}

#[test]
fn a_batch_is_a_document_with_all_that_was_said_of_it() {
    assert_eq!(
        told("T"),
        "\
# batch-001: in progress

Started from main at `aaaaaaa`, 2026-01-19 00:00 +0000 by .
1 of 3 tasks landed: estimates sum up to 1h30m, and it took 2h15m.

| Task | Title | State | Report | Commits | Check | Estimate | Actual |
|---|---|---|---|--:|---|--:|--:|
| A | T | landed (PR #7) | done | 2 | passed | 1h30m | 2h15m |
| B | T | stopped | stopped (blocked) | 2 | - | - | - |
| C | T | active | - | 2 | - | 30m | - |

Actual: from the first own commit to the landing, nights included.

## A: T

Reported **done** at `bbbbbbb`, 2026-01-19 00:00 +0000 by , pull request 12

> T

## B: T

Reported **stopped (blocked)** at `2222222`, 2026-01-19 00:00 +0000 by 

> T

- needs: T

Blockers open:

- T

Drift not checked: it declares nothing that it writes.

## C: T

Review: **found to need work**, 2026-01-19 00:00 +0000 by Eve

> T

Findings open:

- T (Eve)

Drift, touched and not declared:

- docs/x\\_y.md

## Registry

| Task | Session | Agent | Host | Branch | Worktree |
|---|---|---|---|---|---|
| A | - | - | - | task/A | ../r-task-A |
| B | - | - | - | task/B | ../r-task-B |
| C | T | claude | - | task/C | ../r-task-C |
"
    );
}

#[test]
fn the_same_in_json_is_what_the_schema_says() {
    let (file, facts) = story(HOSTILE);
    let standings = standings(&file, &facts, &names(&file));
    let answer = crate::render::log::json(&log(&file, &facts, &standings));
    let schema = serde_json::from_str(include_str!("../../../../docs/schema/log.schema.json")).unwrap();
    let faults = crate::render::schema::faults(&schema, &serde_json::from_str(&answer).unwrap());
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn nothing_that_is_said_changes_what_stands_around_it() {
    let document = told(HOSTILE);
    for raw in ["<b>", "[x]", " @ada", "\u{202e}", "\u{1b}", "`d`", "https://x", "\n# c", "> # c"] {
        assert!(!document.contains(raw), "{raw:?} stands in\n{document}");
    }
    assert!(document.contains("> a \\| b\\\n> \\# c\\\n> &lt;b&gt; @<!-- -->ada"), "{document}");
    let ends = |line: &&str| line.starts_with("| ") && line.ends_with(" |");
    let rows: Vec<&str> = document.lines().filter(ends).collect();
    let columns = |row: &str| row.replace("\\|", "").matches('|').count() - 1;
    let counted: Vec<usize> = rows.iter().map(|row| columns(row)).collect();
    assert_eq!(counted, [8, 8, 8, 8, 6, 6, 6, 6], "{document}");
    assert_eq!(document.lines().filter(|line| line.starts_with('#')).count(), 5, "{document}");
}

#[test]
fn of_a_long_text_the_beginning_is_told() {
    let document = told(&"ä".repeat(LONGEST + 1));
    assert!(document.contains(&format!("> {}\n>\n> … cut here; 'git dispatch log", "ä".repeat(LONGEST))));
    assert_eq!(markdown(&[], &TimeZone::UTC), "No batch was started yet.\n");
}
