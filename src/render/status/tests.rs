use super::*;
use crate::model::collision::{Collisions, Meeting};
use crate::model::facts::{Branch, Changes, Facts, Head, Merge, Observed, Uncommitted, Worktree};
use crate::model::ledger::Body;
use crate::model::sample::*;
use crate::model::standing::standings;
use crate::model::state::State;
use crate::model::status::{Selection, status as decide};
use crate::model::task::TaskFile;
use crate::render::schema::faults;

fn worktree(name: &str, changes: Option<Changes>) -> Worktree {
    Worktree { changes, ..crate::model::sample::worktree(name) }
}

/// A batch of a landed task, a dirty one that conflicts, a lost one and one not made, and one branch of no batch.
fn scene() -> (TaskFile, Facts) {
    let mut facts = facts();
    facts.ledger = ledger(vec![starting(&["A", "B", "C", "D"]), started("u0", &["A", "B", "C"])]);
    facts.mentions = vec![mention("A", "2026-01-19T12:00:00Z")];
    facts.mentions[0].pr = Some("#123".to_owned());
    let merge = Merge { clean: false, conflicts: vec!["src/\u{1b}[2Ja.rs".into()], ..branch("B").merge.unwrap() };
    let conflicting = Branch { commits: Some(1), behind: Some(1), merge: Some(merge), ..branch("B") };
    let changes = Changes { staged: 1, modified: 2, untracked: 0, conflicted: 0 };
    let observed =
        Observed { branch: Some(conflicting), worktree: Some(worktree("B", Some(changes))), ..Observed::default() };
    facts.tasks.insert(id("B"), observed);
    observe(&mut facts, "E", Branch { behind: None, merge: None, ..branch("E") });
    (with(file(&["A", "B", "C", "D", "E", "F: B"]), "F", |task| task.title = "Later".to_owned()), facts)
}

fn answer(selection: &Selection) -> Status {
    let (file, facts) = scene();
    let names = names(&file);
    decide(&file, (&facts, None), &standings(&file, &facts, &names), &names, selection).unwrap()
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
    B conflicts: commit or put aside its changes, then merge 'main' there
    C its branch 'task/C' is gone, and nothing shows that it landed
      git dispatch adopt C BRANCH
    C if it was squashed or rebased onto the target, write state = \"landed\" into [task.C]
    not finished; to go on: git dispatch start D

In no batch
  Task  State   ↑main↓  Merges  Age
  E     active   ↑2 ↓·  ·       56y
    E has no worktree
      git worktree add PATH task/E

1 of these 5 landed (20%) · conflicts: B · when all land: F
"
    );
}

/// A and B are ready and collide, C collides with both with what it has not committed, of D little is known; B and C drifted.
fn crowd() -> Status {
    let mut facts = facts();
    let touched = |paths: &[&str]| Some(paths.iter().map(|&path| path.into()).collect());
    observe(&mut facts, "A", Branch { touched: touched(&["a/1"]), ..branch("A") });
    observe(&mut facts, "B", Branch { touched: touched(&["a/1", "b", "c/1", "c/2"]), behind: Some(2), ..branch("B") });
    let paths = vec!["\u{1b}[2J\u{202e}-x".into(), "a/1".into(), "d".into()];
    let conflicts = vec!["a/1".into()];
    let merge = Some(Merge { clean: false, conflicts, ..branch("C").merge.unwrap() });
    let uncommitted = Some(Uncommitted { paths, unread: vec![], commit: Some(oid('f')), merge });
    let own = Worktree { uncommitted, ..worktree("C", Some(Changes { modified: 3, ..Changes::default() })) };
    let tip = Branch { commits: Some(0), ahead: Some(0), merge: None, touched: touched(&[]), ..branch("C") };
    let observed = Observed { branch: Some(tip), worktree: Some(own), ..Observed::default() };
    facts.tasks.insert(id("C"), observed);
    observe(&mut facts, "D", Branch { behind: None, ..branch("D") });
    let mut file = file(&["A", "B", "C", "D"]);
    for (name, writes) in [("A", "a/**"), ("B", "b"), ("C", "d")] {
        file = with(file, name, |task| task.writes = vec![writes.parse().unwrap()]);
    }
    let ids = |a, b| (id(a), id(b));
    let collides = |paths: &[&str], uncommitted| Meeting::Collides {
        paths: paths.iter().map(|&path| path.into()).collect(),
        uncommitted,
    };
    let many: Vec<String> = (0..12).map(|number| format!("a/{number:02}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let meetings = [
        (ids("A", "B"), collides(&["a/1"], false)),
        (ids("A", "C"), collides(&many, true)),
        (ids("B", "C"), collides(&["a/1"], true)),
        (ids("B", "D"), Meeting::Unknown),
    ];
    let collisions = Collisions { compared: ["A", "B", "C", "D"].map(id).to_vec(), meetings: meetings.into() };
    let names = names(&file);
    decide(&file, (&facts, Some(&collisions)), &standings(&file, &facts, &names), &names, &Selection::Open).unwrap()
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// Without the notes on worktrees that are not there.
fn without_notes(text: &str) -> String {
    let about = |line: &&str| !line.contains("worktree");
    plain(text).lines().filter(about).map(|line| format!("{line}\n")).collect()
}

#[test]
fn collisions_are_told_once_and_what_is_not_committed_is_marked() {
    assert_eq!(
        without_notes(&status(&crowd(), 80, false)),
        "\
In no batch
  Task  State   ↑main↓  ±   Merges         Drift    Age
  A     active   ↑2 ↓0      B: 1 file, +1  -        56y
  B     active   ↑2 ↓2      A: 1 file, +1  3 paths  56y
  C     active   ↑0 ↓0  ~3  1 conflict~    2 paths
  D     active   ↑2 ↓·      clean ·        ·        56y
    A collides with B in
      a/1
    A collides with C, with what is not committed, in
      a/00
      a/01
      a/02
      a/03
      a/04
      and 7 more (-v lists them)
    B collides with C, with what is not committed, in
      a/1
    B: not known whether it merges with D
    C conflicts with main, with what is not committed, in
      a/1

0 of these 4 landed (0%) · ready to land: A, B, D · conflicts: C
3 collisions: which lands first matters · ~ with what is not committed
"
    );
}

#[test]
fn verbose_tells_what_drifted_and_the_lines_that_would_declare_it() {
    let text = without_notes(&status(&crowd(), 80, true));
    let from = |start: &str| text.split_once(start).unwrap_or_else(|| panic!("{text}")).1;
    assert!(
        from("    B touches what it did not declare\n").starts_with(
            "      a/1  declared by A
      c/1
      c/2
    to declare it, in the task file:
      [task.B]
      writes = [\"b\", \"a/1\", \"c/**\"]
"
        ),
        "{text}"
    );
    assert!(
        from("    C touches what it did not declare\n").starts_with(
            "      \\e[2J\\u{202e}-x  not committed
      a/1  not committed, declared by A
    to declare it, in the task file:
      [task.C]
      writes = [\"d\", \"?[[]2J\\U0000202E-x\", \"a/1\"]
"
        ),
        "{text}"
    );
    assert!(!text.contains("(-v lists them)"));
}

#[test]
fn no_more_than_a_screen_of_collisions_is_told_unless_asked_for() {
    let mut told = crowd();
    let first = told.groups[0].rows[0].collisions.clone().unwrap().remove(0);
    let many =
        (0..30).map(|number| crate::model::status::Collision { with: id(&format!("X{number:02}")), ..first.clone() });
    told.groups[0].rows[0].collisions = Some(many.collect());
    let lines = |verbose| status(&told, 80, verbose).lines().filter(|line| line.contains(" collides with ")).count();
    assert_eq!((lines(false), lines(true)), (10, 33));
    let text = plain(&status(&told, 80, false));
    assert!(text.contains("\n\n23 more collisions, not listed: git dispatch status --matrix\n"), "{text}");
}

#[test]
fn a_narrow_table_leaves_out_what_says_least_and_never_exceeds_the_terminal() {
    let (mut file, facts) = scene();
    for name in ["A", "B"] {
        file = with(file, name, |task| task.title = "A title that may be cut".to_owned());
    }
    let names = names(&file);
    let mut told = decide(&file, (&facts, None), &standings(&file, &facts, &names), &names, &Selection::Open).unwrap();
    for row in &mut told.groups[0].rows {
        row.title = "A title that may be cut".to_owned();
    }
    let head = |columns| {
        let text = anstream::adapter::strip_str(&status(&told, columns, false)).to_string();
        let lines: Vec<&str> = text.lines().skip(1).take(5).collect();
        assert!(lines.iter().all(|line| width(line) <= columns), "{columns}: {lines:#?}");
        lines[0].split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(head(90), "Task State Own ↑main↓ ± Merges Age Title", "nobody declares, so nothing drifts");
    assert_eq!(head(80), "Task State Own ↑main↓ ± Merges Title");
    assert_eq!(head(70), "Task State Own ↑main↓ ± Merges Title");
    assert_eq!(head(60), "Task State ↑main↓ ± Merges");
    assert_eq!(head(50), "Task State ↑main↓ Merges");
}

#[test]
fn what_is_left_of_a_landed_task_is_removed_only_where_nothing_is_lost() {
    let clean = Some(Changes::default());
    let landed = |change: &dyn Fn(&mut Worktree)| {
        let mut facts = facts();
        facts.ledger = ledger(vec![starting(&["A", "B"]), started("u0", &["A", "B"])]);
        let mut own = worktree("A", clean);
        own.locked = Some(String::new());
        change(&mut own);
        let branch = Branch { ahead: Some(0), ..branch("A") };
        facts.tasks.insert(id("A"), Observed { branch: Some(branch), worktree: Some(own), ..Observed::default() });
        let file = file(&["A", "B"]);
        let names = names(&file);
        let told = decide(&file, (&facts, None), &standings(&file, &facts, &names), &names, &Selection::Open).unwrap();
        let row = told.rows().next().unwrap().clone();
        assert_eq!(row.state, State::Landed);
        (row.removal, row.notes.into_iter().map(|note| note.text).collect::<Vec<_>>().join(" "))
    };
    let (removal, notes) = landed(&|_| {});
    let all = ["git worktree unlock /x/r-task-A", "git worktree remove /x/r-task-A", "git branch -d task/A"];
    assert_eq!((removal, notes), (all.map(str::to_owned).to_vec(), String::new()));
    let why = |change: &dyn Fn(&mut Worktree)| {
        let (removal, notes) = landed(change);
        assert_eq!(removal, Vec::<String>::new());
        notes.replace("has landed, but its worktree '/x/r-task-A' ", "")
    };
    let dirty = Changes { untracked: 1, ..Changes::default() };
    assert_eq!(why(&|own| own.operation = Some("rebase".to_owned())), "has a rebase under way");
    assert_eq!(why(&|own| own.head = Head::Branch("x".to_owned())), "has branch 'x' checked out");
    assert_eq!(why(&|own| own.changes = None), "could not be looked at");
    assert_eq!(why(&|own| own.changes = Some(dirty)), "holds changes that are not committed");
    assert_eq!(
        why(&|own| own.head = Head::Detached(oid('f'))),
        "is detached at fffffff: commits made there may be on no branch"
    );
    assert_eq!(why(&|own| own.main = true), "");
    assert_eq!(why(&|own| own.head = Head::Missing), "");
}

#[test]
fn json_is_what_the_schema_says() {
    let schema = serde_json::from_str(include_str!("../../../docs/schema/status.schema.json")).unwrap();
    let selections = [Selection::Open, Selection::All, Selection::Tasks(vec!["F".to_owned()])];
    for told in selections.map(|selection| answer(&selection)).into_iter().chain([crowd()]) {
        let value = serde_json::from_str(&json::json(&told)).unwrap();
        assert_eq!(faults(&schema, &value), Vec::<String>::new());
    }
}

#[test]
fn json_tells_collisions_drift_and_what_is_not_committed() {
    let value: serde_json::Value = serde_json::from_str(&json::json(&crowd())).unwrap();
    let row = |at: usize| value["tasks"][at].clone();
    assert_eq!(row(0)["collisions"][0], serde_json::json!({"with": "B", "paths": ["a/1"], "uncommitted": false}));
    assert_eq!(row(0)["drift"], serde_json::json!({"checked": true, "paths": [], "uncommitted": [], "others": []}));
    assert_eq!((&row(1)["uncertain"], &row(0)["uncertain"]), (&serde_json::json!(["D"]), &serde_json::Value::Null));
    let drift = serde_json::json!({
        "checked": true,
        "paths": ["a/1", "c/1", "c/2"],
        "uncommitted": [],
        "others": [{"path": "a/1", "by": ["A"]}],
        "writes": ["b", "a/1", "c/**"],
    });
    assert_eq!(row(1)["drift"], drift);
    assert_eq!(
        (&row(2)["readiness"]["verdict"], &row(2)["readiness"]["uncommitted"]),
        (&"conflict".into(), &true.into())
    );
    assert_eq!(row(2)["drift"]["uncommitted"], serde_json::json!(["\u{1b}[2J\u{202e}-x", "a/1"]));
    assert_eq!((&row(3)["drift"]["checked"], &row(3)["collisions"]), (&false.into(), &serde_json::json!([])));
}

#[test]
fn a_selection_shows_what_was_asked_for() {
    let ids = |selection| answer(&selection).rows().map(|row| row.id.to_string()).collect::<Vec<_>>().join(" ");
    assert_eq!(ids(Selection::Open), "A B C D E");
    assert_eq!(ids(Selection::Batch("batch-001".to_owned())), "A B C D");
    assert_eq!(ids(Selection::Tasks(vec!["F".to_owned(), "B".to_owned()])), "B F");
    let (file, mut facts) = scene();
    facts.ledger.batches[0].closed = Some(crate::model::ledger::Closing::default());
    let names = names(&file);
    let shown = decide(&file, (&facts, None), &standings(&file, &facts, &names), &names, &Selection::Open).unwrap();
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
