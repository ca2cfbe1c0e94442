//! Collisions in `git dispatch status`, with git as the oracle.

use git_dispatch::git::{Quarantine, Repo, collisions};
use git_dispatch::model::collision::{Contender, Meeting};
use serde_json::{Value, json};

use crate::support::{Sandbox, write_in};

const TEN: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";

/// Tasks with these ids are started, in a repository with a few files.
fn started(ids: &[&str]) -> Sandbox {
    let tasks: String = ids.iter().map(|id| format!("[task.{id}]\ntitle = \"Title of {id}\"\n")).collect();
    let sandbox = Sandbox::with_tasks(&format!("workers = {}\n{tasks}", ids.len().max(3)));
    sandbox.commit(&[("ten", TEN), ("five", TEN), ("dir/one", "1\n2\n3\n4\n"), ("union", TEN)], "files");
    sandbox.commit(&[(".gitattributes", "union merge=union\n*.bin binary\n"), ("x.bin", "a\0b")], "attributes");
    let mut arguments = vec!["start"];
    arguments.extend(ids);
    sandbox.ok(&arguments);
    sandbox
}

/// What `git merge-tree` says of two branches: the paths in conflict.
fn conflicts(sandbox: &Sandbox, one: &str, other: &str) -> Vec<String> {
    let arguments = ["merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", one, other];
    let said = sandbox.try_git_in(&sandbox.repo(), &arguments);
    let text = String::from_utf8(said.stdout).unwrap();
    let mut paths: Vec<String> = text.split_terminator('\0').skip(1).map(str::to_owned).collect();
    paths.sort();
    assert_eq!(said.status.code(), Some(i32::from(!paths.is_empty())), "{text}");
    paths
}

#[test]
fn a_file_beside_a_folder_of_its_name_is_told_with_the_name_of_its_branch() {
    let sandbox = started(&["DIR", "FILE", "OPEN"]);
    sandbox.commit_in(&sandbox.place("DIR"), &[("p/one", "1\n"), ("q", "1\n")], "folder");
    sandbox.commit_in(&sandbox.place("FILE"), &[("p", "2\n")], "file");
    sandbox.commit(&[("q/one", "1\n")], "of the target");
    let told = |id: &str| sandbox.row(id)["collisions"].clone();
    let paths = conflicts(&sandbox, "task/DIR", "task/FILE");
    assert_eq!(paths, ["p~task_FILE"]);
    assert_eq!(told("FILE"), json!([{"with": "DIR", "paths": paths, "uncommitted": false}]));
    let paths = conflicts(&sandbox, "main", "task/DIR");
    assert_eq!(paths, ["q~task_DIR"]);
    assert_eq!(sandbox.row("DIR")["readiness"]["conflicts"], json!(paths));
    let order = sandbox.ok(&["status", "--order", "--all", "--json"]).json()["landing"].clone();
    assert!(order.to_string().contains("\"q~task_DIR\""), "{order}");

    write_in(&sandbox.place("OPEN"), "p", "3\n");
    let open = json!({"with": "DIR", "paths": ["p~task_OPEN"], "uncommitted": true});
    assert!(told("OPEN").as_array().unwrap().contains(&open), "{}", told("OPEN"));
    sandbox.run(&["status"]).answers("p~task_OPEN").answers("q~task_DIR");
}

#[test]
fn collisions_are_those_of_merge_tree_for_every_two_active_tasks() {
    let ids = ["DELETE", "EDIT", "MOVE", "NEAR", "NEW", "NONE", "OTHER"];
    let sandbox = started(&ids);
    let place = |id: &str| sandbox.place(id);
    let edited = |line: &str, by: &str| TEN.replace(&format!("{line}\n"), &format!("{by}\n"));
    sandbox.git_in(&place("DELETE"), &["rm", "-q", "ten", "dir/one"]);
    sandbox.commit_in(&place("DELETE"), &[("union", &edited("5", "d"))], "delete");
    sandbox.commit_in(&place("EDIT"), &[("ten", &edited("5", "e")), ("five", &edited("1", "e"))], "edit");
    sandbox.git_in(&place("MOVE"), &["mv", "dir", "moved"]);
    sandbox.git_in(&place("MOVE"), &["mv", "ten", "twenty"]);
    sandbox.commit_in(&place("MOVE"), &[("x.bin", "a\0c"), ("union", &edited("5", "m"))], "move");
    sandbox.commit_in(&place("NEAR"), &[("ten", &edited("6", "n")), ("five", &edited("10", "n"))], "near");
    sandbox.commit_in(&place("NEW"), &[("dir/two", "2\n"), ("x.bin", "a\0d"), ("new", "1\n")], "new");
    sandbox.commit_in(&place("OTHER"), &[("dir/one", "1\n2\n3\n4\n5\n"), ("new", "2\n")], "other");
    sandbox.commit(&[("main", "1\n")], "the target goes on");
    let rows = sandbox.ok(&["status", "--json"]).json();
    let mut found = 0;
    for row in rows["tasks"].as_array().unwrap() {
        let id = row["id"].as_str().unwrap();
        let mut expected = Vec::new();
        for other in ids.iter().filter(|other| **other != id) {
            let paths = conflicts(&sandbox, &format!("task/{id}"), &format!("task/{other}"));
            if !paths.is_empty() {
                expected.push(json!({"with": other, "paths": paths, "uncommitted": false}));
            }
        }
        let mut told = row["collisions"].clone();
        for collision in told.as_array_mut().unwrap() {
            collision["paths"].as_array_mut().unwrap().sort_by_key(|path| path.as_str().unwrap().to_owned());
        }
        assert_eq!(told, Value::Array(expected.clone()), "{id}");
        found += expected.len();
    }
    assert!(found >= 10, "{found}: the cases show nothing");
    let none = sandbox.row("NONE");
    assert_eq!((&none["readiness"]["verdict"], &none["collisions"]), (&json!("empty"), &json!([])));
}

#[test]
fn a_collision_is_told_once_and_what_lands_first_makes_the_other_conflict() {
    let sandbox = started(&["A", "B", "C"]);
    for id in ["A", "B", "C"] {
        sandbox.commit_in(&sandbox.place(id), &[(if id == "C" { "five" } else { "ten" }, id), ("x", "x\n")], id);
    }
    let told = sandbox
        .ok(&["status"])
        .answers("    A collides with B in\n      ten\n")
        .answers("B: 1 file")
        .answers("A: 1 file")
        .answers("clean (ff)")
        .answers("ready to land: A, B, C · 1 collision: which lands first matters");
    assert_eq!(told.stdout.matches(" collides with ").count(), 1, "{told:#?}");
    let _ = sandbox.run(&["status", "--exit-code"]).exits(0);
    sandbox.git(&["merge", "--quiet", "--no-ff", "task/B"]);
    let told = sandbox.ok(&["status"]).answers("    A conflicts with main in\n      ten\n").answers("ready to land: C");
    assert!(!told.stdout.contains("collision"), "{told:#?}");
    assert_eq!(sandbox.row("B")["collisions"], Value::Null, "it has landed, so it is not compared");
}

#[test]
fn a_collision_with_a_task_that_is_not_shown_is_still_told() {
    let sandbox = started(&["A", "B"]);
    for id in ["A", "B"] {
        sandbox.commit_in(&sandbox.place(id), &[("ten", id)], id);
    }
    sandbox.ok(&["status", "B"]).answers("    B collides with A in\n      ten\n").answers("1 collision");
    sandbox.ok(&["status", "--matrix", "B"]).answers("  1  B  Title of B  - \\\n");
}

#[test]
fn the_matrix_of_three_tasks_and_the_target() {
    let sandbox = started(&["A", "B", "C"]);
    sandbox.commit_in(&sandbox.place("A"), &[("ten", "a\n"), ("five", "a\n")], "A");
    sandbox.commit_in(&sandbox.place("B"), &[("ten", "b\n"), ("five", "b\n"), ("new", "b\n")], "B");
    sandbox.commit(&[("new", "main\n")], "main");
    assert_eq!(
        sandbox.ok(&["status", "--matrix"]).stdout.lines().collect::<Vec<_>>(),
        [
            "                    0 1 2 3",
            "  0  main           \\ - 1 -",
            "  1  A  Title of A  - \\ 2 -",
            "  2  B  Title of B  1 2 \\ -",
            "  3  C  Title of C  - - - \\",
            "",
            "0 is main · a number counts conflicting paths · - merges cleanly",
        ]
    );
    assert_eq!(sandbox.ok(&["status", "--matrix", "--json"]).json(), sandbox.ok(&["status", "--json"]).json());
    sandbox.dispatch(&["status", "--matrix", "--porcelain"]).assert().code(2);
}

#[test]
fn the_matrix_of_thirty_tasks_fits_into_eighty_columns() {
    let ids: Vec<String> = (1..=30).map(|number| format!("SCR-{number:03}")).collect();
    let mut sandbox = started(&ids.iter().map(String::as_str).collect::<Vec<_>>());
    for (at, id) in ids.iter().enumerate() {
        sandbox.commit_in(&sandbox.place(id), &[(if at % 3 == 0 { "ten" } else { "five" }, &format!("{at}\n"))], id);
    }
    sandbox.env("COLUMNS", "80");
    let told = sandbox.ok(&["status", "--matrix"]).stdout;
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 2 + 31 + 2, "{told}");
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{told}");
    for (at, id) in ids.iter().enumerate() {
        let line = lines[at + 3];
        assert!(line.starts_with(&format!("  {:>2}  {id} ", at + 1)), "{line}");
        let same = if at % 3 == 0 { 9 } else { 19 };
        let cells = line.split_once(' ').unwrap().1.chars().rev().take(61).filter(|sign| *sign == '1').count();
        assert_eq!(cells, same, "{line}");
    }
}

#[test]
fn a_collision_of_tips_is_told_whatever_is_not_committed() {
    let sandbox = started(&["A", "B", "C"]);
    for id in ["A", "B", "C"] {
        sandbox.commit_in(&sandbox.place(id), &[("ten", &format!("{id}\n"))], id);
    }
    // With what is not committed, A and B agree, and A and C collide in another file, too.
    write_in(&sandbox.place("A"), "ten", "B\n");
    write_in(&sandbox.place("A"), "five", "a\n");
    write_in(&sandbox.place("C"), "five", "c\n");
    assert_eq!(
        sandbox.row("A")["collisions"],
        json!([
            {"with": "B", "paths": ["ten"], "uncommitted": false},
            {"with": "C", "paths": ["ten"], "uncommitted": false}
        ])
    );
    let told = sandbox.ok(&["status", "--porcelain"]).stdout;
    let lines: Vec<&str> = told.lines().filter(|line| line.starts_with("collision A")).collect();
    assert_eq!(lines, ["collision A B committed ten", "collision A C committed ten"]);
}

#[test]
fn uncommitted_work_that_was_not_read_is_not_known_to_merge() {
    let sandbox = started(&["A", "B", "C", "D"]);
    for (id, file) in [("A", "a"), ("B", "b"), ("C", "a")] {
        sandbox.commit_in(&sandbox.place(id), &[(file, id)], id);
    }
    sandbox.git_in(&sandbox.place("A"), &["checkout", "--quiet", "--detach"]);
    write_in(&sandbox.place("A"), "b", "a\n");
    let row = sandbox.row("A");
    assert_eq!(row["collisions"], json!([{"with": "C", "paths": ["a"], "uncommitted": false}]));
    assert_eq!(row["uncertain"], json!(["B", "D"]));
    assert_eq!((&row["readiness"]["verdict"], &row["readiness"]["uncommitted"]), (&json!("clean"), &Value::Null));
    assert_eq!(sandbox.row("B")["uncertain"], json!(["A"]));
    sandbox.ok(&["status"]).answers("A: not known whether it merges with B, D");
    sandbox.ok(&["status", "--matrix"]).answers("  1  A  Title of A  · \\ · 1 ·\n");
    let told = sandbox.ok(&["status", "--porcelain"]).stdout;
    let task = told.lines().find(|line| line.starts_with("task A ")).unwrap();
    assert!(task.contains(" clean f? - "), "{task}");
    let _ = sandbox.run(&["status", "--exit-code"]).exits(1);
    let _ = sandbox.run(&["status", "--exit-code", "B", "C", "D"]).exits(0);
    // On no branch, with nothing uncommitted.
    std::fs::remove_file(sandbox.place("A").join("b")).unwrap();
    let row = sandbox.row("A");
    assert_eq!((&row["uncertain"], &row["readiness"]["uncommitted"]), (&Value::Null, &json!(false)));
    let _ = sandbox.run(&["status", "--exit-code"]).exits(0);
}

#[test]
fn what_git_does_not_add_hides_nothing_else_of_the_worktree() {
    let sandbox = started(&["A", "B", "C"]);
    sandbox.commit_in(&sandbox.place("A"), &[("ten", "a\n"), ("dir/new", "a\n")], "A");
    let b = sandbox.place("B");
    sandbox.git_in(&b, &["init", "--quiet", "nested"]);
    write_in(&b, "ten", "b\n");
    let c = sandbox.place("C");
    sandbox.git_in(&c, &["sparse-checkout", "set", "elsewhere"]);
    write_in(&c, "dir/new", "c\n");
    assert_eq!(
        sandbox.row("A")["collisions"],
        json!([
            {"with": "B", "paths": ["ten"], "uncommitted": true},
            {"with": "C", "paths": ["dir/new"], "uncommitted": true}
        ])
    );
    assert_eq!(sandbox.row("C")["readiness"]["verdict"], "clean", "what is not checked out is not deleted");
}

#[test]
fn a_conflict_in_no_single_path_is_a_conflict() {
    let sandbox = started(&["A", "B", "C"]);
    sandbox.commit(&[("old/a", TEN), ("old/b", "b\nb\nb\nb\nb\n")], "a folder");
    for id in ["A", "B", "C"] {
        sandbox.git_in(&sandbox.place(id), &["merge", "--quiet", "--ff-only", "main"]);
    }
    let split = |place: &std::path::Path| {
        for (file, folder) in [("a", "one"), ("b", "two")] {
            std::fs::create_dir_all(place.join(folder)).unwrap();
            sandbox.git_in(place, &["mv", &format!("old/{file}"), &format!("{folder}/{file}")]);
        }
    };
    split(&sandbox.place("A"));
    sandbox.commit_in(&sandbox.place("A"), &[], "A");
    sandbox.commit_in(&sandbox.place("B"), &[("old/c", "c\n")], "B");
    let said = sandbox.try_git_in(
        &sandbox.repo(),
        &["merge-tree", "--write-tree", "--name-only", "--no-messages", "task/A", "task/B"],
    );
    let text = String::from_utf8(said.stdout).unwrap();
    assert_eq!((said.status.code(), text.lines().count()), (Some(1), 1), "{text}");
    split(&sandbox.place("C"));
    assert_eq!(
        sandbox.row("B")["collisions"],
        json!([{"with": "A", "paths": [], "uncommitted": false}, {"with": "C", "paths": [], "uncommitted": true}])
    );
    sandbox
        .ok(&["status"])
        .answers("    A collides with B (no single path: directories renamed)\n")
        .answers("    B collides with C, with what is not committed (no single path: directories renamed)\n");
    sandbox.ok(&["status", "--matrix"]).answers("  2  B  Title of B  - 1 \\ 1~\n");
    sandbox
        .ok(&["status", "--porcelain"])
        .answers("collision B A committed \n")
        .answers("collision B C uncommitted \n");
    sandbox.git(&["merge", "--quiet", "--no-ff", "task/B"]);
    let row = |id: &str| sandbox.row(id)["readiness"].clone();
    for (id, uncommitted) in [("A", false), ("C", true)] {
        let told = row(id);
        assert_eq!(
            (&told["verdict"], &told["uncommitted"], &told["conflicts"]),
            (&json!("conflict"), &json!(uncommitted), &json!([])),
            "{id}"
        );
    }
    sandbox
        .ok(&["status"])
        .answers("    A conflicts with main (no single path: directories renamed)\n")
        .answers("    C conflicts with main, with what is not committed (no single path: directories renamed)\n");
}

#[test]
fn what_is_not_committed_collides_too_and_is_marked() {
    let sandbox = started(&["A", "B", "C"]);
    sandbox.commit_in(&sandbox.place("A"), &[("ten", "a\n")], "A");
    write_in(&sandbox.place("B"), "ten", "b\n");
    write_in(&sandbox.place("C"), "new/untracked", "c\n");
    sandbox.commit(&[("five", "main\n")], "main");
    let row = sandbox.row("A");
    assert_eq!(row["collisions"], json!([{"with": "B", "paths": ["ten"], "uncommitted": true}]));
    let readiness = |id: &str| sandbox.row(id)["readiness"].clone();
    assert_eq!(readiness("A")["uncommitted"], false);
    for id in ["B", "C"] {
        let told = readiness(id);
        assert_eq!(
            (&told["verdict"], &told["uncommitted"], &told["tree"]),
            (&json!("clean"), &json!(true), &Value::Null)
        );
    }
    sandbox
        .ok(&["status"])
        .answers("    A collides with B, with what is not committed, in\n      ten\n")
        .answers("B: 1 file~")
        .answers("clean~")
        .answers("~ with what is not committed");
    sandbox.ok(&["status", "--matrix"]).answers("  2  B  Title of B  - 1~\\ -\n");
    // Against the target, too.
    write_in(&sandbox.place("C"), "five", "c\n");
    sandbox.ok(&["status"]).answers("    C conflicts with main, with what is not committed, in\n      five\n");
    let _ = sandbox.run(&["status", "--exit-code"]).exits(1);
    let told = readiness("C");
    assert_eq!(
        (&told["verdict"], &told["uncommitted"], &told["conflicts"]),
        (&json!("conflict"), &json!(true), &json!(["five"]))
    );
    // Once it is committed, it is the tip's.
    sandbox.commit_in(&sandbox.place("B"), &[], "B");
    assert_eq!(sandbox.row("A")["collisions"], json!([{"with": "B", "paths": ["ten"], "uncommitted": false}]));
}

#[test]
fn random_tasks_collide_exactly_where_git_says() {
    use crate::histories::{Import, Random, change, put, start};
    let mut random = Random(0x5eed_0fa1);
    for round in 0..4 {
        let sandbox = Sandbox::new();
        let mut import = Import::default();
        let files = start(&mut random);
        let root = import.commit(&[], &files);
        let base = import.commit(&[root], &files);
        let mut own = Vec::new();
        for task in 0..14 {
            let mut mine = files.clone();
            match task % 7 {
                0 => (0..2).for_each(|_| change(&mut mine, &mut random)),
                // A file in the place of a folder that others make.
                1 => put(&mut mine, "fresh", ("100644", format!("{}\n", random.below(2)))),
                2 => put(&mut mine, &format!("fresh/{task}"), ("100644", "x\n".to_owned())),
                3 => put(&mut mine, "top", ("100644", format!("{}\n", random.below(3)))),
                _ => put(&mut mine, &format!("a/own{task}"), ("100644", "x\n".to_owned())),
            }
            // Some begin on another, which may have gone on, or take the other's work back.
            let parent = if task > 6 && random.below(3) == 0 { own[random.below(own.len())] } else { base };
            let tip = import.commit(&[parent], &mine);
            own.push(if random.below(3) == 0 { import.commit(&[tip], &mine) } else { tip });
        }
        let commits = import.finish(&sandbox);
        let contenders: Vec<Contender> = own
            .iter()
            .enumerate()
            .map(|(at, &tip)| Contender {
                id: format!("T{at:02}").parse().unwrap(),
                tip: commits[tip],
                uncommitted: None,
                base: Some(commits[base]),
                unread: Vec::new(),
                unknown: false,
            })
            .collect();
        let repo = Repo::discover(&sandbox.repo()).unwrap();
        let met = collisions(&repo, &Quarantine::new(commits[base]), &contenders).unwrap();
        assert_eq!(met.compared.len(), contenders.len());
        let (mut clean, mut broken) = (0, 0);
        for (at, a) in contenders.iter().enumerate() {
            for b in &contenders[at + 1..] {
                let arguments = ["merge-tree", "--write-tree", &a.tip.to_string(), &b.tip.to_string()];
                let collides = sandbox.try_git_in(&sandbox.repo(), &arguments).status.code() == Some(1);
                let told = met.meetings.get(&(a.id.clone(), b.id.clone()));
                assert_eq!(
                    matches!(told, Some(Meeting::Collides { .. })),
                    collides,
                    "{round}: {} {}: {told:?}",
                    a.id,
                    b.id
                );
                *(if collides { &mut broken } else { &mut clean }) += 1;
            }
        }
        assert!(clean > 20 && broken > 3, "{clean} {broken}");
    }
}
