use proptest::prelude::*;

use super::*;
use crate::model::facts::{Changes, Uncommitted, Worktree};
use crate::model::ledger::Body;
use crate::model::sample::*;
use crate::model::standing::standings;
use crate::model::taskfile;

fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn paths(texts: &[&str]) -> Vec<TreePath> {
    texts.iter().map(|&text| TreePath::from(text)).collect()
}

fn worktree(changes: Option<Changes>, uncommitted: Option<&[&str]>) -> Worktree {
    Worktree {
        changes,
        uncommitted: uncommitted.map(|texts| Uncommitted { paths: paths(texts), ..Uncommitted::default() }),
        ..crate::model::sample::worktree("A")
    }
}

/// A and B are active; A has touched `touched`.
fn seen(touched: Option<&[&str]>, worktree: Option<Worktree>) -> Observed {
    let branch = crate::model::facts::Branch { touched: touched.map(paths), ..branch("A") };
    Observed { branch: Some(branch), worktree, ..Observed::default() }
}

/// What A drifted, where A writes `own` and B writes `b/**`, and both have a branch.
fn drift(own: &[&str], change: impl FnOnce(&mut TaskFile), seen: Observed) -> Drift {
    let mut file = with(file(&["A", "B"]), "A", |task| task.writes = patterns(own));
    file = with(file, "B", |task| task.writes = patterns(&["b/**"]));
    change(&mut file);
    let mut facts = facts();
    facts.tasks.insert(id("A"), seen.clone());
    observe(&mut facts, "B", branch("B"));
    let standings = standings(&file, &facts, &names(&file));
    Declared::new(&file, &standings).drift(&id("A"), &seen).unwrap()
}

fn told(drift: &Drift) -> (Vec<String>, Vec<String>) {
    let one = |touched: &Touched| format!("{}{}", touched.path, if touched.uncommitted { "~" } else { "" });
    let by = |ids: &[TaskId]| ids.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(" ");
    let others = drift.others.iter().map(|(touched, ids)| format!("{} {}", one(touched), by(ids)));
    (drift.paths.iter().map(one).collect(), others.collect())
}

#[test]
fn what_is_touched_and_not_declared_has_drifted() {
    let own = worktree(None, Some(&["a/3", "b/1", "b/2", "c"]));
    let drift = drift(&["a/**"], |_| {}, seen(Some(&["a/1", "a/2", "b/1", "d"]), Some(own)));
    let expected: (&[&str], &[&str]) = (&["b/1", "b/2~", "c~", "d"], &["b/1 B", "b/2~ B"]);
    let (paths, others) = told(&drift);
    assert_eq!((paths.iter().map(String::as_str).collect(), others.iter().map(String::as_str).collect()), {
        let (paths, others) = expected;
        (paths.to_vec(), others.to_vec())
    });
    assert!(drift.checked);
}

#[test]
fn shared_paths_and_what_own_locks_guard_are_no_drift() {
    let change = |file: &mut TaskFile| {
        file.settings.shared_paths = patterns(&["Cargo.lock", "b/shared/**"]);
        file.settings.locks.insert("db".to_owned(), patterns(&["migrations/**", "schema.sql"]));
        file.settings.locks.insert("ci".to_owned(), patterns(&[".ci/**"]));
    };
    let touched = Some(&[".ci/x", "Cargo.lock", "b/shared/x", "migrations/1", "schema.sql"][..]);
    // A writes where the lock holds, so it holds the lock.
    let drift = drift(&["migrations/1"], change, seen(touched, None));
    assert_eq!(told(&drift), (vec![".ci/x".to_owned()], vec![]));
}

#[test]
fn a_task_that_declares_nothing_is_not_checked_but_what_others_declare_is_told() {
    let drift = drift(&[], |_| {}, seen(Some(&["b/1", "c"]), None));
    assert_eq!((drift.declared, drift.checked), (false, false));
    assert_eq!(told(&drift), (vec![], vec!["b/1 B".to_owned()]));
    assert_eq!(drift.declaration, patterns(&[]));
}

#[test]
fn what_is_not_known_is_not_checked() {
    let dirty = Some(Changes { modified: 1, ..Changes::default() });
    let checked = |seen| drift(&["a"], |_| {}, seen).checked;
    let touched = Some(&["x"][..]);
    assert!(checked(seen(touched, None)));
    assert!(!checked(seen(None, None)));
    assert!(checked(seen(touched, Some(worktree(Some(Changes::default()), None)))));
    assert!(!checked(seen(touched, Some(worktree(dirty, None)))));
    assert!(!checked(seen(touched, Some(worktree(None, None)))));
    let head = |head: Head| Worktree { head, ..worktree(None, None) };
    assert!(!checked(seen(touched, Some(head(Head::Detached(oid('f')))))));
    assert!(checked(seen(touched, Some(head(Head::Missing)))));
    // Another branch's work is not the task's.
    let elsewhere = Worktree { head: Head::Branch("x".to_owned()), ..worktree(dirty, Some(&["y"])) };
    let drift = drift(&["a"], |_| {}, seen(touched, Some(elsewhere)));
    assert_eq!((drift.checked, told(&drift).0), (true, vec!["x".to_owned()]));
}

#[test]
fn what_was_declared_at_the_start_holds_and_the_declaration_is_for_the_file_as_it_is() {
    let mut file = with(file(&["A", "B"]), "A", |task| task.writes = patterns(&["new"]));
    file = with(file, "B", |task| task.writes = patterns(&["late"]));
    let mut facts = facts();
    let mut own = snapshot("A");
    own.writes = patterns(&["old"]);
    let body =
        Body::Starting { batch: "batch-001".to_owned(), target: "main".to_owned(), tasks: vec![own, snapshot("B")] };
    facts.ledger = ledger(vec![body, started("u0", &["A", "B"])]);
    let seen = seen(Some(&["late", "new", "old", "x"]), None);
    facts.tasks.insert(id("A"), seen.clone());
    observe(&mut facts, "B", branch("B"));
    let standings = standings(&file, &facts, &names(&file));
    let drift = Declared::new(&file, &standings).drift(&id("A"), &seen).unwrap();
    let drifted = ["late", "new", "x"].map(str::to_owned).to_vec();
    assert_eq!(told(&drift), (drifted, vec![]), "B declared nothing when it started");
    assert_eq!(drift.declaration, patterns(&["new", "late", "x"]));
}

#[test]
fn a_declaration_names_whole_folders_where_several_files_of_one_drifted() {
    let declaration = |own: &[&str], touched: &[&str]| drift(own, |_| {}, seen(Some(touched), None)).declaration;
    assert_eq!(declaration(&["a"], &["s/1", "s/2", "t/1", "u"]), patterns(&["a", "s/**", "t/1", "u"]));
    assert_eq!(declaration(&["s/x", "s/deep/**"], &["s/1", "s/2", "s/a/1", "s/a/2"]), patterns(&["s/**"]));
    // Files at the top are no folder, and what another task writes is not taken from it.
    assert_eq!(declaration(&["a"], &["1", "2"]), patterns(&["a", "1", "2"]));
    assert_eq!(declaration(&["a"], &["b/1", "b/2"]), patterns(&["a", "b/1", "b/2"]));
    assert_eq!(declaration(&["a"], &["C:", "[x]*", "p}q"]), patterns(&["a", "C[:]", "[[]x][*]", "p[}]q"]));
}

/// Names of files that git can have, with everything that a pattern or a terminal could stumble over.
fn hostile_path() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        &b"a"[..],
        b"b",
        b"*",
        b"**",
        b"?",
        b"[",
        b"]",
        b"[!a]",
        b"{",
        b"}",
        b",",
        b"\\",
        b"..",
        b":",
        b"\n",
        b"\x1b[2J",
        b"\xff",
        b"\xc2\x9b",
        "\u{202e}".as_bytes(),
        "\u{fc}".as_bytes(),
        b"-",
        b"\"",
        b"#",
        b" ",
    ]);
    let name = prop::collection::vec(piece, 1..4).prop_map(|pieces| pieces.concat());
    let name = name.prop_filter("no name of a folder", |name| !matches!(name.as_slice(), b"." | b".."));
    prop::collection::vec(name, 1..4).prop_map(|names| names.join(&b'/'))
}

proptest! {
    #[test]
    fn a_declaration_is_read_back_and_covers_all_that_drifted(
        mut touched in prop::collection::vec(hostile_path(), 1..12),
        own in prop::sample::subsequence(vec!["a/**", "b", "**/b", "a/*/[ab]"], 1..3),
    ) {
        touched.sort();
        touched.dedup();
        let branch = crate::model::facts::Branch {
            touched: Some(touched.iter().map(|path| TreePath::new(path.as_slice())).collect()),
            ..branch("A")
        };
        let seen = Observed { branch: Some(branch), ..Observed::default() };
        let drift = drift(&own, |_| {}, seen);
        // A string of JSON is one of TOML, too, as long as no control character is in it.
        let texts: Vec<String> = drift.declaration.iter().map(|one| serde_json::to_string(one).unwrap()).collect();
        prop_assert!(drift.paths.is_empty() || !texts.is_empty());
        let parsed = taskfile::parse(&format!("[task.A]\nwrites = [{}]\n", texts.join(", ")));
        prop_assert_eq!(parsed.faults.len(), 0, "{:?}", parsed.faults);
        let file = parsed.file.unwrap();
        let writes = &file.graph.tasks()[0].writes;
        prop_assert_eq!(writes, &drift.declaration);
        let cover = Cover::new(writes.iter().map(|pattern| (pattern, ())));
        let mut lookup = cover.lookup();
        for touched in &drift.paths {
            prop_assert!(!lookup.owners(touched.path.as_bytes()).is_empty(), "{:?} {:?}", touched, writes);
        }
    }
}
