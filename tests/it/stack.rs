//! `git dispatch start --stack` and `git dispatch restack`: on what is reported done and not landed, with real git.

use serde_json::json;

use crate::support::{Sandbox, write_in};

const TEN: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";

/// `A` and `B` are started, `C` needs both, `D` only `A`; `main` has a file of ten lines.
fn started() -> Sandbox {
    let tasks = "workers = 9\n[task.A]\n[task.B]\n[task.C]\nneeds = [\"A\", \"B\"]\n[task.D]\nneeds = [\"A\"]\n";
    let sandbox = Sandbox::with_tasks(tasks);
    sandbox.commit(&[("ten", TEN)], "ten");
    sandbox.ok(&["start", "A", "B"]);
    sandbox
}

/// The worktree of `id` gets a commit of these files; its tip.
fn works(sandbox: &Sandbox, id: &str, files: &[(&str, &str)]) -> String {
    sandbox.commit_in(&sandbox.place(id), files, &format!("work of {id}"))
}

/// `id` is reported done at its tip, as the ledger has it then.
fn done(sandbox: &Sandbox, id: &str) {
    let tip = sandbox.git(&["rev-parse", &format!("task/{id}")]);
    let at = format!("2026-01-20T00:00:{:02}.000Z", sandbox.events().len());
    record(
        sandbox,
        &json!({"at": at, "uid": format!("{at}{id}"), "v": 1, "event": "reported", "batch": "batch-001", "task": id, "tip": tip, "verdict": "done"}),
    );
}

/// Another line in the note that has the last batch.
fn record(sandbox: &Sandbox, event: &serde_json::Value) {
    let list = sandbox.git(&["notes", "--ref=dispatch", "list"]);
    let commit = list.lines().last().unwrap().split(' ').nth(1).unwrap();
    let note = sandbox.git(&["notes", "--ref=dispatch", "show", commit]);
    sandbox.git(&["notes", "--ref=dispatch", "add", "-f", "-m", &format!("{note}\n{event}"), commit]);
}

/// `A` and `B` have each a file of their own, and are done.
fn both_done() -> (Sandbox, String, String) {
    let sandbox = started();
    let a = works(&sandbox, "A", &[("a", "1\n")]);
    let b = works(&sandbox, "B", &[("b", "1\n")]);
    done(&sandbox, "A");
    done(&sandbox, "B");
    (sandbox, a, b)
}

fn rev(sandbox: &Sandbox, name: &str) -> String {
    sandbox.git(&["rev-parse", name])
}

/// Squashes a branch onto `main`.
pub fn squash(sandbox: &Sandbox, id: &str) {
    sandbox.git(&["merge", "--quiet", "--squash", &format!("task/{id}")]);
    sandbox.commit(&[], &format!("squash of {id}"));
}

#[test]
fn one_need_that_is_done_is_the_base() {
    let (sandbox, a, _) = both_done();
    sandbox.refuses(&["start", "D"], 3, "task 'D' needs 'A' (done)").says("git dispatch start --stack D");
    let before = (sandbox.snapshot(), sandbox.git(&["count-objects"]));
    sandbox.ok(&["start", "--stack", "--dry-run", "D"]).answers(&a[..7]);
    assert_eq!((sandbox.snapshot(), sandbox.git(&["count-objects"])), before);
    sandbox.ok(&["start", "--stack", "D"]);
    assert_eq!((rev(&sandbox, "task/D"), rev(&sandbox, "refs/dispatch/base/D")), (a.clone(), a.clone()));
    let main = rev(&sandbox, "main");
    let note = sandbox.git(&["notes", "--ref=dispatch", "show", &main]);
    assert!(note.contains(&format!(r#""stack":[{{"id":"A","tip":"{a}"}}]"#)), "{note}");
    works(&sandbox, "D", &[("d", "1\n")]);
    let row = sandbox.row("D");
    assert_eq!(row["stack"], json!([{"id": "A", "tip": a}]));
    assert_eq!((&row["base"], &row["commits"], &row["ahead"]), (&json!(a), &json!(1), &json!(2)));
    assert_eq!((&row["notes"], &row["reasons"]), (&json!([]), &json!([])));
    assert_eq!(row["readiness"]["verdict"], "clean");
    let told = sandbox.ok(&["status", "D"]).answers("active on A");
    assert!(!told.stdout.contains("ready to land"), "it would land A, too: {}", told.stdout);
}

#[test]
fn several_needs_are_merged_and_undo_takes_all_of_it_back() {
    let (sandbox, a, b) = both_done();
    let refs = || sandbox.git(&["for-each-ref", "refs/heads", "refs/dispatch"]);
    let (before, objects) = (refs(), sandbox.git(&["count-objects"]));
    sandbox.ok(&["start", "--stack", "-n", "C"]);
    assert_eq!(sandbox.git(&["count-objects"]), objects, "nothing is written");
    sandbox.ok(&["start", "--stack", "C"]);
    let base = rev(&sandbox, "task/C");
    assert_eq!(rev(&sandbox, "refs/dispatch/base/C"), base);
    let told = sandbox.git(&["log", "-1", "--format=%P|%s|%an <%ae>|%cn <%ce>", &base]);
    let who = "Ada <ada@example.com>";
    assert_eq!(told, format!("{a} {b}|base of task C: merge of A and B|{who}|{who}"));
    assert_eq!(sandbox.git(&["ls-tree", "--name-only", &base]), "README\na\nb\ndispatch.toml\nten");
    assert_eq!(sandbox.row("C")["commits"], 0);
    sandbox.git(&["fsck", "--no-progress"]);
    sandbox.ok(&["undo"]);
    assert_eq!(refs(), before);
    assert!(!sandbox.place("C").exists());
}

#[test]
fn a_need_that_is_not_done_or_conflicts_is_named_and_nothing_is_made() {
    let sandbox = started();
    works(&sandbox, "A", &[("ten", &TEN.replace("5\n", "five\n"))]);
    works(&sandbox, "B", &[("ten", &TEN.replace("5\n", "V\n"))]);
    done(&sandbox, "A");
    let refused = sandbox.refuses(&["start", "--stack", "C"], 3, "task 'C' needs 'B', which is not reported done");
    refused.says("use 'git dispatch status B' to see how far it is");
    done(&sandbox, "B");
    let objects = sandbox.git(&["count-objects"]);
    sandbox.refuses(&["start", "--stack", "C"], 3, "task 'C' cannot stand on 'A' and 'B': they conflict in 'ten'");
    assert_eq!(sandbox.git(&["count-objects"]), objects);
    // A commit on top of a report is not what was reported.
    works(&sandbox, "A", &[("a", "2\n")]);
    sandbox.refuses(&["start", "--stack", "D"], 3, "task 'D' needs 'A', which is not reported done");
}

#[test]
fn what_landed_meanwhile_takes_part_where_the_tip_lacks_it() {
    let (sandbox, a, _) = both_done();
    squash(&sandbox, "B");
    let main = rev(&sandbox, "main");
    sandbox.ok(&["start", "--stack", "C"]);
    let base = rev(&sandbox, "refs/dispatch/base/C");
    assert_eq!(
        sandbox.git(&["log", "-1", "--format=%P|%s", &base]),
        format!("{main} {a}|base of task C: merge of main and A")
    );
    assert_eq!(sandbox.row("C")["stack"], json!([{"id": "A", "tip": a}]));
    // Where the tip has it already, there is nothing to merge.
    sandbox.ok(&["undo"]);
    sandbox.git_in(&sandbox.place("A"), &["merge", "--quiet", "-m", "take main in", "main"]);
    done(&sandbox, "A");
    sandbox.ok(&["start", "--stack", "C"]);
    assert_eq!(rev(&sandbox, "task/C"), rev(&sandbox, "task/A"));
}

/// `D` stands on `A`, with a commit of its own; its tip.
pub fn stacked(files: &[(&str, &str)]) -> (Sandbox, String) {
    let (sandbox, ..) = both_done();
    sandbox.ok(&["start", "--stack", "D"]);
    let tip = works(&sandbox, "D", files);
    (sandbox, tip)
}

/// The end state of a restack of `D` onto `main`: its one commit there, nothing else kept, all of it recorded.
#[track_caller]
fn assert_on_main(sandbox: &Sandbox) {
    sandbox.git(&["fsck", "--no-progress"]);
    let main = rev(sandbox, "main");
    assert_eq!(sandbox.git(&["log", "--format=%s", "main..task/D"]), "work of D");
    assert_eq!(sandbox.git(&["merge-base", "main", "task/D"]), main);
    assert_eq!(rev(sandbox, "refs/dispatch/base/D"), main);
    assert_eq!(sandbox.git(&["for-each-ref", "refs/dispatch/onto"]), "");
    assert_eq!(sandbox.git_in(&sandbox.place("D"), &["status", "--porcelain", "--branch"]), "## task/D");
    let row = sandbox.row("D");
    assert_eq!((&row["base"], &row["commits"], &row["ahead"]), (&json!(main), &json!(1), &json!(1)));
    assert_eq!((row.get("stack"), &row["notes"], &row["reasons"]), (None, &json!([]), &json!([])));
    assert!(sandbox.count("restacked") == 1 && sandbox.stale_locks().is_empty(), "{:#?}", sandbox.events());
}

#[test]
fn when_a_need_lands_as_a_squash_status_says_restack_and_that_moves_only_own_commits() {
    let (sandbox, tip) = stacked(&[("d", "1\n")]);
    sandbox.refuses(&["restack", "D"], 1, "task 'D' stands on the newest of what it is stacked on");
    squash(&sandbox, "A");
    let row = sandbox.row("D");
    assert_eq!((&row["state"], &row["reasons"]), (&json!("active"), &json!(["restack:A"])));
    assert_eq!(row["notes"], json!(["restack: stands on A, which has landed"]));
    assert_eq!(row["steps"][0]["commands"], json!(["git dispatch restack D"]));
    let before = sandbox.snapshot();
    sandbox.ok(&["restack", "-n", "D"]).answers("D would stand on main at ");
    assert_eq!(sandbox.snapshot(), before);
    let json = sandbox.ok(&["restack", "D", "--json"]).json();
    assert_eq!((&json["tip_before"], &json["stack"]), (&json!(tip), &json!([])));
    assert_eq!(json["tip"], rev(&sandbox, "task/D"));
    assert_on_main(&sandbox);
    assert_eq!(rev(&sandbox, "task/D@{1}"), tip, "the reflog has the tip before");
    sandbox.refuses(&["restack", "D"], 1, "task 'D' is stacked on nothing");
}

#[test]
fn when_a_need_lands_as_a_merge_its_commits_stay_below() {
    let (sandbox, _) = stacked(&[("d", "1\n")]);
    sandbox.git(&["merge", "--quiet", "--no-ff", "-m", "Merge branch 'task/A'", "task/A"]);
    sandbox.ok(&["restack", "D"]).answers("D stands on main at ").answers("; it was at ");
    assert_on_main(&sandbox);
}

#[test]
fn what_took_the_target_in_by_itself_is_only_recorded() {
    let (sandbox, _) = stacked(&[("d", "1\n")]);
    let place = sandbox.place("D");
    sandbox.commit(&[("before", "1\n")], "before");
    squash(&sandbox, "A");
    sandbox.commit(&[("more", "1\n")], "more");
    sandbox.git_in(&place, &["merge", "--quiet", "-m", "take it in", "main~2"]);
    sandbox
        .refuses(&["restack", "D"], 3, "its own commits hold 1 merge, which a rebase would take apart")
        .says(&format!("use 'git -C {} merge main'", place.display()));
    // The target goes on, and that needs no other merge: what landed is in it.
    sandbox.git_in(&place, &["merge", "--quiet", "-m", "take it in", "main~1"]);
    let tip = rev(&sandbox, "task/D");
    sandbox.ok(&["restack", "D"]).answers("D stands on main at ").answers(", no longer on A at ");
    assert_eq!(rev(&sandbox, "task/D"), tip);
    assert_eq!((sandbox.row("D").get("stack"), &sandbox.row("D")["base"]), (None, &json!(rev(&sandbox, "main~1"))));
}

#[test]
fn a_need_that_moved_is_told_and_restacked_on_when_it_is_done_again() {
    let (sandbox, _) = stacked(&[("d", "1\n")]);
    let old = rev(&sandbox, "task/A");
    sandbox.commit_in(&sandbox.place("A"), &[("a", "2\n")], "more of A");
    let row = sandbox.row("D");
    assert_eq!((&row["reasons"], row.get("steps")), (&json!(["restack:A"]), None));
    let new = rev(&sandbox, "task/A");
    let note = format!("restack: stands on A as it was at {}, and that is at {} now", &old[..7], &new[..7]);
    assert_eq!(row["notes"], json!([note]));
    sandbox.refuses(&["restack", "D"], 3, "it stands on 'A' (active), which is neither reported done nor landed");
    done(&sandbox, "A");
    sandbox.ok(&["restack", "D"]).answers("D stands on A at ");
    assert_eq!(sandbox.git(&["log", "--format=%s", "task/A..task/D"]), "work of D");
    let row = sandbox.row("D");
    assert_eq!((&row["stack"], &row["base"]), (&json!([{"id": "A", "tip": new}]), &json!(new)));
    assert_eq!((&row["commits"], &row["notes"]), (&json!(1), &json!([])));
}

#[test]
fn of_two_needs_the_one_that_has_not_landed_stays_below() {
    let (sandbox, _, b) = both_done();
    sandbox.ok(&["start", "--stack", "C"]);
    works(&sandbox, "C", &[("c", "1\n")]);
    squash(&sandbox, "A");
    let main = rev(&sandbox, "main");
    sandbox.ok(&["restack", "C"]).answers("C stands on B at ");
    let base = rev(&sandbox, "refs/dispatch/base/C");
    assert_eq!(sandbox.git(&["log", "-1", "--format=%P", &base]), format!("{main} {b}"));
    assert_eq!(sandbox.git(&["log", "--format=%s", &format!("{base}..task/C")]), "work of C");
    assert_eq!(sandbox.row("C")["stack"], json!([{"id": "B", "tip": b}]));
    squash(&sandbox, "B");
    sandbox.ok(&["restack", "C"]).answers("C stands on main at ");
    assert_eq!(sandbox.git(&["log", "--format=%s", "main..task/C"]), "work of C");
}

#[test]
fn a_conflict_is_foreseen_and_what_a_person_made_of_it_is_recorded() {
    for by_merge in [false, true] {
        let (sandbox, tip) = stacked(&[("ten", &TEN.replace("5\n", "five\n"))]);
        squash(&sandbox, "A");
        sandbox.commit(&[("ten", &TEN.replace("5\n", "V\n"))], "the target goes on");
        let (place, before) = (sandbox.place("D"), sandbox.snapshot());
        for command in [&["restack", "-n", "D"][..], &["restack", "D"]] {
            let refused = sandbox.refuses(command, 3, &format!("its commit {} conflicts with ", &tip[..7]));
            let base = rev(&sandbox, "task/A");
            let by_hand = format!("git -C {} rebase --onto {} {base}'", place.display(), rev(&sandbox, "main"));
            refused.says("in 'ten'").says(&by_hand).says("use 'git dispatch restack D' after that to record it");
            assert_eq!(sandbox.snapshot(), before);
        }
        if by_merge {
            sandbox.try_git_in(&place, &["merge", "--quiet", "main"]);
        } else {
            sandbox.try_git_in(&place, &["rebase", "--onto", "main", "task/A"]);
            sandbox.refuses(&["restack", "D"], 3, "a rebase is under way");
        }
        write_in(&place, "ten", &TEN.replace("5\n", "both\n"));
        sandbox.git_in(&place, &["add", "ten"]);
        let go_on: &[&str] = if by_merge { &["commit", "--quiet", "--no-edit"] } else { &["rebase", "--continue"] };
        sandbox.git_in(&place, go_on);
        sandbox.ok(&["restack", "D"]);
        assert_eq!(sandbox.row("D").get("stack"), None);
    }
}

#[test]
fn what_is_not_committed_is_never_overwritten() {
    let (sandbox, tip) = stacked(&[("d", "1\n")]);
    squash(&sandbox, "A");
    sandbox.commit(&[("dir/.env", "the target's\n"), ("new", "the target's\n")], "new files");
    let place = sandbox.place("D");
    let exclude = sandbox.repo().join(".git/info");
    std::fs::create_dir_all(&exclude).unwrap();
    std::fs::write(exclude.join("exclude"), ".env\ndir\nnew\n").unwrap();
    for (path, text) in [("dir/.env", "mine\n"), ("dir", "mine\n"), ("new", "")] {
        write_in(&place, path, text);
        sandbox.refuses(&["restack", "D"], 3, "is not committed and would be overwritten");
        assert_eq!(std::fs::read_to_string(place.join(path)).unwrap(), text);
        assert_eq!(rev(&sandbox, "task/D"), tip);
        _ = std::fs::remove_file(place.join(path));
        _ = std::fs::remove_dir_all(place.join("dir"));
    }
    sandbox.ok(&["restack", "D"]);
    assert_on_main(&sandbox);
}

#[test]
fn commits_keep_author_message_and_encoding_and_no_hook_of_the_branch_runs() {
    let (sandbox, _) = stacked(&[("d", "1\n")]);
    let place = sandbox.place("D");
    sandbox.git(&["config", "core.hooksPath", ".githooks"]);
    let names =
        ["pre-rebase", "post-commit", "post-rewrite", "reference-transaction", "post-index-change", "post-checkout"];
    for name in names {
        write_in(&place, &format!(".githooks/{name}"), "#!/bin/sh\ntouch \"$HOME/PWNED\"\n");
        let hook = place.join(".githooks").join(name);
        std::fs::set_permissions(hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    sandbox.git_in(&place, &["-c", "core.hooksPath=/dev/null", "add", "-A"]);
    let quiet = ["-c", "core.hooksPath=/dev/null", "-c", "i18n.commitEncoding=ISO-8859-1", "commit", "--quiet"];
    let author =
        ["--author", "Grace <grace@example.com>", "--date", "2001-02-03T04:05:06+0200", "-m", "hooks\n\nbody \u{e9}\n"];
    sandbox.git_in(&place, &[&quiet[..], &author].concat());
    let empty = ["-c", "core.hooksPath=/dev/null", "commit", "--quiet", "--allow-empty", "-m", "empty"];
    sandbox.git_in(&place, &empty);
    squash(&sandbox, "A");
    let told = |range: &str| sandbox.git(&["log", "--format=%an %ae %aI %e%n%B", range]);
    let before = told("task/A..task/D");
    assert!(before.contains("Grace grace@example.com 2001-02-03T04:05:06+02:00 ISO-8859-1"), "{before}");
    sandbox.ok(&["restack", "D"]);
    assert_eq!(told("main..task/D"), before);
    assert!(!sandbox.root().join("home/PWNED").exists());
    assert_eq!(sandbox.git_in(&place, &["-c", "core.hooksPath=/dev/null", "status", "--porcelain"]), "");
}

#[test]
fn a_report_goes_along_where_the_work_is_the_same() {
    for same in [true, false] {
        let (sandbox, _) = stacked(&[("ten", &TEN.replace("10\n", "ten\n"))]);
        let report = json!({"at": "2026-01-19T00:06:59.000Z", "uid": "d", "v": 1, "event": "reported", "batch": "batch-002",
                            "task": "D", "tip": rev(&sandbox, "task/D"), "verdict": "done"});
        record(&sandbox, &report);
        assert_eq!(sandbox.row("D")["state"], "done");
        squash(&sandbox, "A");
        // Lines nearby are part of a patch.
        sandbox.commit(
            &[("ten", &TEN.replace(if same { "1\n2" } else { "8\n" }, if same { "one\n2" } else { "eight\n" }))],
            "on",
        );
        let outcome = sandbox.run(&["restack", "D"]);
        assert_eq!(outcome.code, Some(0), "{outcome:#?}");
        assert_eq!(sandbox.row("D")["state"], if same { "done" } else { "active" });
        assert_eq!(sandbox.count("rebound"), usize::from(same));
    }
}

#[test]
fn who_stands_on_what_was_cancelled_is_told_and_goes_onto_the_target() {
    let (sandbox, _) = stacked(&[("d", "1\n")]);
    let tasks = std::fs::read_to_string(sandbox.repo().join("dispatch.toml")).unwrap();
    sandbox.commit(&[("dispatch.toml", &tasks.replace("[task.A]\n", "[task.A]\nstate = \"cancelled\"\n"))], "cancel A");
    let row = sandbox.row("D");
    assert_eq!(row["notes"], json!(["restack: stands on A, which was cancelled"]));
    sandbox.ok(&["restack", "D"]).answers("D stands on main at ");
    assert_eq!(sandbox.git(&["log", "--format=%s", "main..task/D"]), "work of D");
    assert!(!sandbox.place("D").join("a").exists());
}

#[test]
fn a_worktree_that_is_not_clean_or_elsewhere_is_left_alone() {
    let (sandbox, tip) = stacked(&[("d", "1\n")]);
    squash(&sandbox, "A");
    let place = sandbox.place("D");
    write_in(&place, "scratch", "1\n");
    sandbox.refuses(&["restack", "D"], 3, "'scratch' is not committed").says("status' to see what is there");
    std::fs::remove_file(place.join("scratch")).unwrap();
    sandbox.git_in(&place, &["bisect", "start"]);
    sandbox.refuses(&["restack", "D"], 3, "a bisect is under way");
    sandbox.git_in(&place, &["bisect", "reset"]);
    sandbox.git_in(&place, &["switch", "--quiet", "-c", "other"]);
    sandbox.refuses(&["restack", "D"], 3, "has something else checked out than branch 'task/D'");
    sandbox.git_in(&place, &["switch", "--quiet", "task/D"]);
    let from = sandbox.run_in(&place, &["restack", "D"]).exits(3).says("this is the worktree of task 'D'");
    from.says("git dispatch restack --from-worktree D");
    sandbox.git_in(&place, &["reset", "--quiet", "--hard", "main~2"]);
    sandbox.refuses(&["restack", "D"], 3, "its branch no longer contains the commit ");
    sandbox.git_in(&place, &["reset", "--quiet", "--hard", &tip]);
    assert_eq!(sandbox.run_in(&place, &["restack", "--from-worktree", "D"]).code, Some(0));
    assert_on_main(&sandbox);
    sandbox.refuses(&["restack", "X"], 2, "no task 'X'");
    sandbox.refuses(&["restack", "A"], 1, "task 'A' is stacked on nothing");
    sandbox.refuses(&["restack", "C"], 1, "task 'C' was not started");
}

#[test]
fn a_ledger_from_elsewhere_moves_nothing() {
    let (sandbox, _) = stacked(&[("d", "1\n")]);
    squash(&sandbox, "A");
    let events = sandbox.events();
    let of = &events.iter().find(|event| event["batch"] == "batch-002").unwrap()["uid"];
    let forged = |kind: &str, base: &str| {
        json!({"at": format!("2030-01-01T00:00:0{}.000Z", sandbox.events().len() % 10), "uid": format!("{kind}{base}"), "v": 1, "event": kind,
               "batch": "batch-002", "of": of, "task": "D", "base": base, "tip": rev(&sandbox, "task/D"), "stack": [{"id": "A", "tip": base}]})
    };
    // An intent whose base nobody keeps here is none: what is done follows from the repository.
    let evil = rev(&sandbox, "task/B");
    record(&sandbox, &forged("restacking", &evil));
    assert!(sandbox.row("D")["notes"].to_string().contains("was to be restacked"));
    let twin = sandbox.ok(&["restack", "-n", "--json", "D"]).json();
    assert_eq!(twin["base"], rev(&sandbox, "main"));
    // So is a base that nobody keeps.
    record(&sandbox, &forged("restacked", &rev(&sandbox, "main~1")));
    sandbox.refuses(&["restack", "D"], 3, "nothing shows that task 'D' was put on ");
    // A branch that is an option, or a path out of the tree.
    for (branch, path, what) in [
        ("-f", "../repo-task-D", "which is no branch name"),
        ("task/D", "../../../../../../../../../../etc", "has something else checked out"),
    ] {
        let snapshot = json!({"id": "D", "branch": branch, "path": path, "base": evil, "title": "\u{1b}[31m", "estimate": 60, "stack": [{"id": "A", "tip": evil}]});
        let at = format!("2031-01-01T00:00:0{}.000Z", branch.len());
        record(
            &sandbox,
            &json!({"at": at, "uid": format!("ff{branch}"), "v": 1, "event": "starting", "batch": format!("evil{}", branch.len()), "target": "main", "tasks": [snapshot]}),
        );
        let outcome = sandbox.run(&["restack", "D"]);
        assert!(matches!(outcome.code, Some(1 | 3)), "{what}: {outcome:?}");
    }
}
