//! The check: of all at once, of fewer where that fails, and of nothing twice.

use super::{done, ids, two};
use crate::support::{Sandbox, write_in};

/// A check that counts its runs and fails where one of these paths stands.
fn fails_on(sandbox: &Sandbox, paths: &[&str]) {
    let each: String = paths.iter().map(|path| format!("[ -e {path} ] && echo 'found {path}' && exit 1\n")).collect();
    let script = sandbox
        .script("check", &format!("echo ran >>../runs\ngit rev-parse 'HEAD^{{tree}}' >>../trees\n{each}exit 0\n"));
    sandbox.checks(script.to_str().unwrap());
}

fn runs(sandbox: &Sandbox) -> usize {
    sandbox.lines_beside("runs").len()
}

/// Eight tasks, T1 to T8, of which each adds a file of its own name.
fn eight() -> Sandbox {
    let ids: Vec<String> = (1..=8).map(|at| format!("T{at}")).collect();
    let files: Vec<[(&str, &str); 1]> = ids.iter().map(|id| [(id.as_str(), "1\n")]).collect();
    let works: Vec<(&str, &[(&str, &str)])> =
        ids.iter().zip(&files).map(|(id, file)| (id.as_str(), &file[..])).collect();
    done("workers = 8", &works)
}

#[test]
fn all_that_pass_together_are_checked_once() {
    let sandbox = eight();
    fails_on(&sandbox, &[]);
    let json = sandbox.ok(&["land", "--json"]).json();
    assert_eq!((&json["check"]["state"], &json["check"]["runs"], runs(&sandbox)), (&"passed".into(), &1.into(), 1));
    assert_eq!(sandbox.lines_beside("trees"), [sandbox.rev("main^{tree}")]);
    assert_eq!((ids(&json["landed"]).len(), sandbox.on_main().len()), (8, 8));
}

#[test]
fn the_guilty_are_found_and_named_and_the_others_land() {
    for guilty in [&["T3"][..], &["T1"], &["T8"], &["T2", "T7"], &["T4", "T5"]] {
        let sandbox = eight();
        fails_on(&sandbox, guilty);
        let told = sandbox.run(&["land", "--json"]).exits(4);
        let json = told.json();
        assert_eq!(ids(&json["left"]), guilty, "{json:#}");
        assert!(json["left"].as_array().unwrap().iter().all(|left| left["why"] == "check"), "{json:#}");
        let landed = sandbox.on_main();
        assert_eq!(
            (landed.len(), guilty.iter().any(|id| landed.contains(&(*id).to_owned()))),
            (8 - guilty.len(), false)
        );
        let counted = json["check"]["runs"].as_u64().unwrap() as usize;
        assert_eq!(counted, runs(&sandbox), "{json:#}");
        assert!(counted <= 1 + guilty.len() * (3 + 2), "{counted} runs for {guilty:?}");
        assert_eq!(sandbox.lines_beside("trees").iter().filter(|tree| **tree == sandbox.rev("main^{tree}")).count(), 1);
        let log = std::fs::read_to_string(json["left"][0]["log"].as_str().unwrap()).unwrap();
        assert!(log.contains(&format!("found {}", guilty[0])), "{log}");
        for id in guilty {
            assert!(sandbox.place(id).exists(), "{id}");
        }
    }
}

#[test]
fn the_last_lines_of_the_log_stand_with_the_guilty_and_its_dependants_go_with_it() {
    let sandbox = Sandbox::with_tasks("[task.A]\n[task.B]\nneeds = [\"A\"]\n[task.C]\n");
    super::work(&sandbox, &[("A", &[("a", "1\n")]), ("C", &[("c", "1\n")])], &["start", "A", "C"]);
    super::work(&sandbox, &[("B", &[("b", "1\n")])], &["start", "B", "--stack"]);
    fails_on(&sandbox, &["a"]);
    let told = sandbox.run(&["land"]).exits(4);
    let told = told.says("left out: task 'A' fails the check").says("found a\n").says("the log is '");
    let told = told.says("left out: task 'B' needs A").says("hint: use 'git dispatch land A --recheck'");
    assert!(told.stdout.contains("C ") && sandbox.on_main() == ["c"], "{told:#?}");
}

#[test]
fn what_was_checked_is_not_checked_again_unless_told() {
    let sandbox = two();
    fails_on(&sandbox, &["b"]);
    sandbox.run(&["land"]).exits(4);
    let first = runs(&sandbox);
    let again = sandbox.run(&["land"]).exits(3).says("nothing lands: task 'B' fails the check");
    assert_eq!(again.stdout, "");
    let second = runs(&sandbox);
    sandbox.run(&["land"]).exits(3).says("task 'B' fails the check");
    assert_eq!(runs(&sandbox), second, "{first} before");
    sandbox.run(&["land", "--recheck"]).exits(3).says("task 'B' fails the check");
    assert!(runs(&sandbox) > second);
    // Green ones are kept, too.
    sandbox.ok(&["undo"]);
    let before = runs(&sandbox);
    let json = sandbox.ok(&["land", "A", "--json"]).json();
    assert_eq!((&json["check"]["runs"], runs(&sandbox)), (&0.into(), before));
    assert!(json["check"]["known"].as_u64() > Some(0), "{json:#}");
    sandbox.ok(&["undo"]);
    sandbox.ok(&["land", "A"]).answers(", checked before");
    sandbox.ok(&["undo"]);
    sandbox.ok(&["land", "A", "--recheck"]).answers(", checked in 1 run\n");
    assert_eq!(runs(&sandbox), before + 1);
    // Another command is another question.
    sandbox.ok(&["undo"]);
    sandbox.checks("true");
    sandbox.ok(&["land", "A"]).answers(", checked in 1 run\n");
}

#[test]
fn each_commit_of_the_line_is_checked_with_each() {
    let sandbox = eight();
    fails_on(&sandbox, &["T4"]);
    let old = sandbox.rev("main");
    sandbox.run(&["land", "--each"]).exits(4).says("left out: task 'T4' fails the check");
    let line = sandbox.git(&["log", "--first-parent", "--format=%T", &format!("{old}..main")]);
    let trees = sandbox.lines_beside("trees");
    assert_eq!((line.lines().count(), trees.len()), (7, 8));
    assert!(line.lines().all(|tree| trees.iter().any(|checked| checked == tree)), "{trees:?}");
}

#[test]
fn no_check_lands_what_would_fail_and_the_ledger_records_it() {
    let sandbox = two();
    fails_on(&sandbox, &["a", "b"]);
    sandbox.ok(&["land", "--no-check"]).answers(", not checked");
    assert_eq!((runs(&sandbox), sandbox.on_main().len()), (0, 2));
    assert!(
        sandbox.events().iter().filter(|event| event["event"] == "landed").all(|event| event["check"] == "skipped")
    );
}

#[test]
fn the_check_finds_copies_and_what_builds_left_but_nothing_that_it_changed() {
    let sandbox = done("copy = [\".env\"]\n", &[("A", &[("a", "a\n")]), ("B", &[("b", "b\n")])]);
    sandbox.commit(&[(".gitignore", "*.log\n.env\nbuild/\n")], "ignore");
    write_in(&sandbox.repo(), ".env", "SECRET=1\n");
    let script = sandbox.script(
        "check",
        "set -e\ncat .env >>../env\ntest ! -e junk\ntest ! -e folder\ngrep -q hello README\ntest -e shared\n\
         test \"$(pwd -P)\" = \"$GIT_DISPATCH_WORKTREE\"\ntest \"$GIT_DISPATCH_TARGET\" = main\n\
         test ! -e ../ran || test -e build/out\necho \"$GIT_DISPATCH_TASKS\" >>../ran\nmkdir -p build folder\n\
         echo 1 >build/out\necho 1 >junk\necho 1 >folder/junk\necho changed >README\nrm shared\ngit add junk\n",
    );
    sandbox.checks(script.to_str().unwrap());
    sandbox.ok(&["land", "A"]);
    write_in(&sandbox.repo(), ".env", "SECRET=2\n");
    sandbox.ok(&["land", "B"]);
    assert_eq!(sandbox.lines_beside("ran"), ["A", "B"]);
    assert_eq!(sandbox.lines_beside("env"), ["SECRET=1", "SECRET=2"], "as it is now");
    assert!(sandbox.root().join("repo-landing-check/build/out").exists());
    assert_eq!(sandbox.on_main(), ["a", "b"]);
    // It is no task's, and no command minds it.
    let rows = sandbox.ok(&["status", "--all", "--json"]).json();
    assert!(!rows.to_string().contains("landing-check"), "{rows:#}");
}

#[test]
fn a_red_target_refuses_whatever_lands_and_says_where_the_log_is() {
    let sandbox = two();
    fails_on(&sandbox, &["shared"]);
    let refs = sandbox.git(&["for-each-ref"]);
    let told = sandbox.run(&["land"]).exits(3).says("error: the check fails on 'main' at ");
    let told = told.says("hint: use 'less ").says("hint: use 'git dispatch land --no-check' to land without it");
    assert_eq!((told.stdout.as_str(), sandbox.git(&["for-each-ref"])), ("", refs));
}

#[test]
fn a_check_that_is_killed_says_nothing_about_any_task() {
    let sandbox = two();
    let script = sandbox.script("check", "[ -e ../again ] && exit 0\n: >../again\nkill -9 $$\n");
    sandbox.checks(&format!("exec {}", script.display()));
    let refs = sandbox.git(&["for-each-ref"]);
    sandbox.run(&["land"]).exits(4).says("the check was killed").says("hint: run the same command again");
    assert_eq!(sandbox.git(&["for-each-ref"]), refs);
    sandbox.ok(&["land"]);
}

#[test]
fn a_check_of_the_task_file_runs_only_when_it_is_trusted() {
    let sandbox = done("[commands]\ncheck = \": >../canary\"\n", &[("A", &[("a", "a\n")])]);
    let told = sandbox.refuses(&["land"], 3, "'check' of 'dispatch.toml' would run as you");
    told.says("git dispatch trust").says("--no-check");
    sandbox.ok(&["land", "-n"]);
    assert!(!sandbox.root().join("canary").exists());
    sandbox.ok(&["land", "--no-check"]);
}

#[test]
fn the_worktree_of_the_check_is_made_anew_where_it_is_gone_and_nothing_of_others_is_taken_for_it() {
    let sandbox = two();
    fails_on(&sandbox, &[]);
    let place = sandbox.root().join("repo-landing-check");
    write_in(&place, "mine", "1\n");
    sandbox.refuses(&["land", "A"], 3, "repo-landing-check' stands where landings are checked");
    assert!(place.join("mine").exists());
    std::fs::remove_dir_all(&place).unwrap();
    sandbox.ok(&["land", "A"]);
    std::fs::remove_dir_all(&place).unwrap();
    sandbox.ok(&["land", "B"]);
    assert_eq!(runs(&sandbox), 2);
    sandbox.git(&["worktree", "unlock", "../repo-landing-check"]);
    sandbox.git(&["worktree", "remove", "../repo-landing-check"]);
}
