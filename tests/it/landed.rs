//! What proves that a task has landed, and what only looks so.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::{Sandbox, write_in};

const TASKS: &str = "[task.A]\ntitle = \"First\"\n[task.B]\ntitle = \"Second\"\n[task.C]\nneeds = [\"A\"]\n";

/// Forty lines, `{number}: {word}` where that is named, else `{number}`.
fn lines(words: &[(usize, &str)]) -> String {
    let word = |number| words.iter().find(|(at, _)| *at == number).map(|(_, word)| format!(": {word}"));
    (1..=40).map(|number| format!("{number}{}\n", word(number).unwrap_or_default())).collect()
}

/// A and B are started from a `main` with the file `text`.
fn started() -> Sandbox {
    let sandbox = Sandbox::with_tasks(TASKS);
    sandbox.commit(&[("text", &lines(&[]))], "text");
    sandbox.ok(&["start", "A", "B"]);
    sandbox
}

/// State and proof, the same by what the cache says and without it.
#[track_caller]
pub fn standing(sandbox: &Sandbox, id: &str) -> (Value, Value) {
    let said = || {
        let row = sandbox.row(id);
        (row["state"].clone(), row["proof"].clone())
    };
    let (first, cached) = (said(), said());
    _ = std::fs::remove_dir_all(sandbox.repo().join(".git/dispatch/cache"));
    assert_eq!((&first, &cached), (&said(), &first), "{id} by the cache and without");
    first
}

#[track_caller]
pub fn landed(sandbox: &Sandbox, id: &str, proof: &str) {
    assert_eq!(standing(sandbox, id), (json!("landed"), json!(proof)));
}

#[track_caller]
pub fn is_active(sandbox: &Sandbox, id: &str) {
    assert_eq!(standing(sandbox, id), (json!("active"), Value::Null));
}

/// Two commits in the worktree of A, on lines 20 and 30 of `text`.
fn work(sandbox: &Sandbox) -> PathBuf {
    let place = sandbox.place("A");
    sandbox.commit_in(&place, &[("text", &lines(&[(20, "A")]))], "one");
    sandbox.commit_in(&place, &[("text", &lines(&[(20, "A"), (30, "A")])), ("new", "A\n")], "two");
    place
}

fn squash(sandbox: &Sandbox, message: &str) -> String {
    sandbox.git(&["merge", "--quiet", "--squash", "task/A"]);
    sandbox.commit(&[], message)
}

/// Leaves nothing of the branch's lines on `main`.
fn go_on(sandbox: &Sandbox) {
    sandbox.commit(&[("text", &lines(&[(20, "later"), (30, "later")])), ("new", "later\n")], "the target goes on");
}

#[test]
fn a_squash_is_known_after_the_target_went_on_over_the_same_lines() {
    let sandbox = started();
    work(&sandbox);
    squash(&sandbox, "First (#12)");
    landed(&sandbox, "A", "same-tree");
    assert_eq!(sandbox.row("A")["pr"], "#12");
    go_on(&sandbox);
    landed(&sandbox, "A", "squash");
    assert_eq!(sandbox.row("A")["pr"], "#12");
    sandbox.ok(&["status"]).answers("landed (PR #12)");
    sandbox.ok(&["why", "A"]).answers("is a squash of it");
    sandbox.ok(&["start", "C"]);
}

#[test]
fn a_squash_is_known_although_the_target_was_edited_nearby_before() {
    let sandbox = started();
    work(&sandbox);
    sandbox.commit(&[("text", &lines(&[(22, "ours"), (31, "ours"), (1, "ours")]))], "nearby");
    assert!(sandbox.try_git_in(&sandbox.repo(), &["merge", "--quiet", "--squash", "task/A"]).status.code() == Some(1));
    sandbox.git(&["reset", "--quiet", "--hard"]);
    // Two lines apart they still merge.
    sandbox.commit(&[("text", &lines(&[(22, "ours"), (33, "ours"), (1, "ours")]))], "nearby");
    squash(&sandbox, "First");
    go_on(&sandbox);
    landed(&sandbox, "A", "squash");
}

#[test]
fn a_squash_is_known_of_a_branch_that_merged_the_target_meanwhile() {
    let sandbox = started();
    let place = work(&sandbox);
    sandbox.commit(&[("other", "1\n"), ("text", &lines(&[(5, "ours")]))], "main");
    sandbox.git_in(&place, &["merge", "--quiet", "--no-edit", "main"]);
    sandbox.commit_in(&place, &[("new", "A again\n")], "three");
    sandbox.commit(&[("other", "2\n")], "main");
    squash(&sandbox, "First");
    go_on(&sandbox);
    landed(&sandbox, "A", "squash");
}

#[test]
fn a_squash_is_found_commit_by_commit_as_the_target_moves() {
    let sandbox = started();
    work(&sandbox);
    let said = || sandbox.row("A")["state"].clone();
    for number in 0..3 {
        sandbox.commit(&[("text", &lines(&[(number + 1, "ours")]))], "main");
        assert_eq!(said(), "active");
    }
    squash(&sandbox, "First");
    assert_eq!(said(), "landed");
    go_on(&sandbox);
    for number in 0..3 {
        sandbox.commit(&[("text", &lines(&[(number + 1, "ours")]))], "main");
        assert_eq!(said(), "landed");
    }
    // A target that was rewritten without it has it no more.
    sandbox.git(&["reset", "--quiet", "--hard", "HEAD~5"]);
    sandbox.commit(&[("other", "1\n")], "another way");
    assert_eq!(said(), "active");
    is_active(&sandbox, "A");
}

#[test]
fn a_damaged_or_foreign_cache_changes_nothing() {
    let sandbox = started();
    work(&sandbox);
    squash(&sandbox, "First");
    go_on(&sandbox);
    landed(&sandbox, "A", "squash");
    let _ = sandbox.row("A");
    let file = sandbox.repo().join(".git/dispatch/cache/brought");
    let whole = std::fs::read(&file).unwrap();
    for text in [b"git-dispatch brought 9\nend\n".to_vec(), whole[..whole.len() / 2].to_vec(), vec![0xff; 100]] {
        std::fs::write(&file, text).unwrap();
        assert_eq!(sandbox.row("A")["proof"], "squash");
    }
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    assert_eq!(sandbox.row("A")["proof"], "squash");
}

#[test]
fn a_squash_with_edits_of_its_own_is_none() {
    let sandbox = started();
    work(&sandbox);
    sandbox.git(&["merge", "--quiet", "--squash", "task/A"]);
    sandbox.commit(&[("text", &lines(&[(20, "A"), (30, "A, edited")]))], "First, edited");
    go_on(&sandbox);
    is_active(&sandbox, "A");
}

#[test]
fn two_tasks_in_one_squash_are_known_while_merging_them_adds_nothing() {
    let sandbox = started();
    work(&sandbox);
    sandbox.commit_in(&sandbox.place("B"), &[("b", "B\n")], "B");
    for id in ["task/A", "task/B"] {
        sandbox.git(&["merge", "--quiet", "--squash", id]);
        sandbox.git(&["stash", "--quiet"]);
        sandbox.git(&["stash", "apply", "--quiet", "--index"]);
        sandbox.git(&["commit", "--quiet", "-m", "part"]);
    }
    sandbox.git(&["reset", "--quiet", "--soft", "HEAD~2"]);
    sandbox.commit(&[], "both");
    landed(&sandbox, "A", "same-tree");
    landed(&sandbox, "B", "same-tree");
    go_on(&sandbox);
    is_active(&sandbox, "A");
    landed(&sandbox, "B", "same-tree");
}

#[test]
fn what_another_did_to_the_same_lines_is_no_squash() {
    let sandbox = started();
    work(&sandbox);
    sandbox.commit(&[("text", &lines(&[(20, "A")]))], "a part of it");
    sandbox.commit(&[("text", &lines(&[(20, "A"), (30, "B")])), ("new", "A\n")], "another");
    is_active(&sandbox, "A");
    // The rest of it, on top of a part that was there.
    let sandbox = started();
    work(&sandbox);
    sandbox.commit(&[("text", &lines(&[(30, "A")]))], "a part of it");
    squash(&sandbox, "the rest");
    go_on(&sandbox);
    landed(&sandbox, "A", "squash");
}

#[test]
fn a_branch_of_empty_commits_never_lands() {
    let sandbox = started();
    let place = sandbox.place("A");
    sandbox.commit_in(&place, &[], "empty");
    sandbox.commit(&[("other", "1\n")], "main");
    is_active(&sandbox, "A");
    sandbox.commit_in(&place, &[("x", "1\n")], "there");
    sandbox.git_in(&place, &["revert", "--no-edit", "HEAD"]);
    sandbox.commit(&[("x", "1\n")], "there too");
    sandbox.commit(&[], "empty");
    is_active(&sandbox, "A");
    // Nor where it has merged the target since.
    sandbox.git_in(&place, &["merge", "--quiet", "--no-edit", "main"]);
    sandbox.commit(&[("x", "2\n")], "on");
    is_active(&sandbox, "A");
}

#[test]
fn a_squash_that_the_branch_has_itself_is_none() {
    let sandbox = started();
    let place = sandbox.place("A");
    sandbox.commit(&[("x", "1\n")], "main");
    sandbox.commit_in(&place, &[], "empty");
    sandbox.git_in(&place, &["merge", "--quiet", "--no-edit", "main"]);
    sandbox.commit(&[("y", "1\n")], "main");
    is_active(&sandbox, "A");
}

#[test]
fn commits_after_a_squash_are_work_again() {
    let sandbox = started();
    let place = work(&sandbox);
    let (tip, commit) = (sandbox.git(&["rev-parse", "task/A"]), squash(&sandbox, "First (#3)"));
    go_on(&sandbox);
    landed(&sandbox, "A", "squash");
    sandbox.commit_in(&place, &[("more", "1\n")], "more");
    is_active(&sandbox, "A");
    assert_eq!(sandbox.row("A")["commits"], 3);
    // Where the landing was recorded, only those count.
    let event = json!({"at": "2026-01-19T01:00:00.000Z", "uid": "f1", "v": 1, "event": "landed", "task": "A", "tip": tip, "commit": commit});
    sandbox.git(&["notes", "--ref=dispatch", "append", "-m", &event.to_string(), &commit]);
    is_active(&sandbox, "A");
    assert_eq!((&sandbox.row("A")["commits"], &sandbox.row("A")["base"]), (&json!(1), &json!(tip)));
    assert_eq!(sandbox.row("A")["notes"], json!([]));
    sandbox.git(&["checkout", "--quiet", "task/A", "--", "more"]);
    sandbox.commit(&[], "the rest of it");
    sandbox.commit(&[("more", "2\n")], "on");
    is_active(&sandbox, "A");
}

#[test]
fn a_rebased_branch_is_known_by_its_patches() {
    let sandbox = started();
    work(&sandbox);
    sandbox.commit(&[("other", "1\n"), ("text", &lines(&[(5, "ours")]))], "main");
    sandbox.git(&["cherry-pick", "task/A~1"]);
    go_on(&sandbox);
    is_active(&sandbox, "A");
    let sandbox = started();
    work(&sandbox);
    sandbox.commit(&[("other", "1\n"), ("text", &lines(&[(5, "ours")]))], "main");
    sandbox.git(&["cherry-pick", "task/A~1"]);
    let _ = sandbox.row("A");
    sandbox.commit(&[("other", "2\n")], "between");
    sandbox.git(&["cherry-pick", "task/A"]);
    landed(&sandbox, "A", "same-tree");
    go_on(&sandbox);
    landed(&sandbox, "A", "rebase");
    sandbox.ok(&["why", "A"]).answers("the target has the patches of all its commits");
}

#[test]
fn the_same_lines_at_another_place_of_a_file_are_no_landing() {
    let block = "begin\na\nb\nc\nd\ne\nf\nend\n";
    let edited = |at: usize| block.repeat(at) + &block.replace("\nd\n", "\nnew\nd\n") + &block.repeat(2 - at);
    let sandbox = started();
    sandbox.commit(&[("blocks", &block.repeat(3))], "blocks");
    sandbox.git_in(&sandbox.place("A"), &["merge", "--quiet", "--ff-only", "main"]);
    sandbox.commit_in(&sandbox.place("A"), &[("blocks", &edited(0))], "in the first block");
    sandbox.commit(&[("blocks", &edited(2))], "in the last block");
    is_active(&sandbox, "A");
    sandbox.commit(&[("blocks", &block.repeat(3))], "and back");
    sandbox.commit(&[("blocks", &edited(0)), ("other", "1\n")], "in the first block, with another file");
    sandbox.commit(&[("blocks", &format!("{}on\n", edited(1)))], "on");
    is_active(&sandbox, "A");
}

#[test]
fn a_rebased_copy_that_was_merged_is_known_too() {
    let sandbox = started();
    work(&sandbox);
    sandbox.commit(&[("other", "1\n"), ("text", &lines(&[(5, "ours")]))], "main");
    sandbox.git(&["checkout", "--quiet", "-b", "copy", "task/A"]);
    sandbox.git(&["rebase", "--quiet", "main"]);
    sandbox.commit(&[("review", "1\n")], "after review");
    sandbox.git(&["checkout", "--quiet", "main"]);
    sandbox.git(&["merge", "--quiet", "--no-ff", "-m", "Merge pull request #5 from ada/copy", "copy"]);
    go_on(&sandbox);
    landed(&sandbox, "A", "rebase");
}

#[test]
fn patches_found_one_by_one_add_up() {
    let sandbox = started();
    work(&sandbox);
    for commit in ["task/A~1", "task/A"] {
        assert_eq!(sandbox.row("A")["state"], "active");
        sandbox.git(&["cherry-pick", commit]);
        sandbox.commit(&[("new", "ours\n")], "on");
        sandbox.commit(&[], "on");
        if commit == "task/A~1" {
            std::fs::remove_file(sandbox.repo().join("new")).unwrap();
            sandbox.commit(&[], "and back");
        }
    }
    go_on(&sandbox);
    landed(&sandbox, "A", "rebase");
}

#[test]
fn patches_that_differ_in_white_space_or_in_binary_files_differ() {
    for (ours, theirs) in [(&b"if x:\n    y\n"[..], &b"if x:\n  y\n"[..]), (b"\0one", b"\0two")] {
        let sandbox = Sandbox::with_tasks(TASKS);
        sandbox.commit(&[("code", "start\n"), ("more", "start\n")], "code");
        sandbox.ok(&["start", "A"]);
        let (place, repo) = (sandbox.place("A"), sandbox.repo());
        let change = |dir: &PathBuf, content: &[u8]| {
            std::fs::write(dir.join("code"), content).unwrap();
            sandbox.commit_in(dir, &[], "code");
            sandbox.commit_in(dir, &[("more", "more\n")], "more");
        };
        change(&place, ours);
        change(&repo, theirs);
        is_active(&sandbox, "A");
        sandbox.git(&["reset", "--quiet", "--hard", "HEAD~2"]);
        change(&repo, ours);
        sandbox.commit(&[("code", "on\n"), ("more", "on\n")], "on");
        landed(&sandbox, "A", "rebase");
    }
}

#[test]
fn a_merge_with_work_of_its_own_is_no_patch() {
    let merged = |extra: bool| {
        let sandbox = started();
        let place = work(&sandbox);
        sandbox.commit(&[("other", "1\n")], "main");
        sandbox.git_in(&place, &["merge", "--quiet", "--no-commit", "--no-ff", "main"]);
        if extra {
            write_in(&place, "hidden", "1\n");
        }
        sandbox.commit_in(&place, &[], "Merge branch 'main'");
        sandbox.git(&["cherry-pick", "main..task/A~1"]);
        go_on(&sandbox);
        sandbox
    };
    landed(&merged(false), "A", "rebase");
    is_active(&merged(true), "A");
}

#[test]
fn a_landing_that_was_reverted_is_none_until_the_revert_is() {
    type Land<'a> = &'a dyn Fn(&Sandbox);
    let landings: [(&str, Land<'_>); 4] = [
        ("ancestor", &|sandbox| _ = sandbox.git(&["merge", "--quiet", "--no-ff", "task/A"])),
        ("squash", &|sandbox| _ = squash(sandbox, "First")),
        ("rebase", &|sandbox| _ = sandbox.git(&["cherry-pick", "main..task/A"])),
        ("ancestor", &|sandbox| _ = sandbox.git(&["merge", "--quiet", "--ff-only", "task/A"])),
    ];
    for (number, (proof, land)) in landings.into_iter().enumerate() {
        let sandbox = started();
        work(&sandbox);
        if number < 3 {
            sandbox.commit(&[("other", "1\n")], "main");
        }
        let before = sandbox.git(&["rev-parse", "main"]);
        land(&sandbox);
        let range = format!("{before}..HEAD");
        let revert: &[&str] = match number {
            0 => &["revert", "--no-edit", "-m1", "HEAD"],
            _ => &["revert", "--no-edit", &range],
        };
        sandbox.git(revert);
        is_active(&sandbox, "A");
        assert_eq!(sandbox.git(&["diff", &before]), "");
        let note = sandbox.row("A")["notes"][0].as_str().unwrap().to_owned();
        let newest = sandbox.git(&["rev-parse", "--short=7", "HEAD"]);
        let oldest = sandbox.git(&["rev-parse", "--short=7", "HEAD~1"]);
        assert!(note.contains(&newest) || note.contains(&oldest), "{number}: {note}");
        assert!(note.contains("reverted"), "{number}: {note}");
        // Back again, and on.
        let again = if number < 2 { "HEAD~1..HEAD" } else { "HEAD~2..HEAD" };
        sandbox.git(&["revert", "--no-edit", again]);
        go_on(&sandbox);
        landed(&sandbox, "A", proof);
    }
}

#[test]
fn a_revert_that_came_by_a_pull_request_counts() {
    let sandbox = started();
    work(&sandbox);
    sandbox.git(&["merge", "--quiet", "--no-ff", "-m", "Merge pull request #1 from ada/task/A", "task/A"]);
    sandbox.git(&["checkout", "--quiet", "-b", "revert-1-task/A"]);
    sandbox.git(&["revert", "--no-edit", "-m1", "HEAD"]);
    sandbox.git(&["checkout", "--quiet", "main"]);
    landed(&sandbox, "A", "ancestor");
    sandbox.git(&["merge", "--quiet", "--no-ff", "-m", "Merge pull request #2 from ada/revert-1-task/A", "-"]);
    is_active(&sandbox, "A");
    sandbox.git(&["revert", "--no-edit", "-m1", "HEAD"]);
    landed(&sandbox, "A", "ancestor");
}

#[test]
fn a_reverted_landing_of_a_deleted_branch_is_no_proof() {
    let sandbox = started();
    work(&sandbox);
    squash(&sandbox, "First\n\nTask: A");
    sandbox.git(&["worktree", "remove", "--force", "--force", sandbox.place("A").to_str().unwrap()]);
    sandbox.git(&["branch", "-D", "task/A"]);
    landed(&sandbox, "A", "message");
    sandbox.git(&["-c", "revert.reference=true", "revert", "--no-edit", "HEAD"]);
    assert_eq!(sandbox.row("A")["state"], "lost");
    sandbox.git(&["revert", "--no-edit", "HEAD"]);
    landed(&sandbox, "A", "message");
}

#[test]
fn a_revert_of_one_of_several_commits_leaves_the_task_landed() {
    let sandbox = started();
    work(&sandbox);
    sandbox.git(&["merge", "--quiet", "--ff-only", "task/A"]);
    sandbox.git(&["revert", "--no-edit", "HEAD"]);
    landed(&sandbox, "A", "ancestor");
}

#[test]
fn words_that_only_sound_like_a_revert_are_none() {
    let sandbox = started();
    work(&sandbox);
    sandbox.git(&["merge", "--quiet", "--no-ff", "task/A"]);
    let merge = sandbox.git(&["rev-parse", "HEAD"]);
    sandbox.commit(&[("x", "1\n")], &format!("x\n\nAs if \"This reverts commit {merge}\""));
    sandbox.commit(&[("x", "2\n")], &format!("x\n\nThis reverts commit {}.", "0".repeat(40)));
    sandbox.commit(&[("x", "3\n")], "x\n\nThis reverts commit 0000000.");
    landed(&sandbox, "A", "ancestor");
}

#[test]
fn an_id_that_is_used_again_begins_anew() {
    let sandbox = started();
    work(&sandbox);
    squash(&sandbox, "First (#12)\n\nTask: A");
    let forget = || {
        sandbox.git(&["worktree", "remove", "--force", "--force", sandbox.place("A").to_str().unwrap()]);
        sandbox.git(&["branch", "-D", "task/A"]);
    };
    forget();
    landed(&sandbox, "A", "message");
    sandbox.commit(&[], "later");
    sandbox.ok(&["start", "--again", "A"]);
    is_active(&sandbox, "A");
    let row = sandbox.row("A");
    assert_eq!((&row["commits"], row.get("pr")), (&json!(0), None));
    sandbox.commit_in(&sandbox.place("A"), &[("again", "1\n")], "again");
    is_active(&sandbox, "A");
    forget();
    assert_eq!(sandbox.row("A")["state"], "lost");
}

#[test]
fn a_fresh_clone_without_notes_knows_what_git_shows() {
    let sandbox = started();
    work(&sandbox);
    sandbox.commit_in(&sandbox.place("B"), &[("b", "1\n")], "B");
    squash(&sandbox, "First");
    go_on(&sandbox);
    sandbox.git(&["merge", "--quiet", "--no-ff", "task/B"]);
    let clone = sandbox.root().join("clone");
    sandbox.git(&["clone", "--quiet", "--no-local", ".", clone.to_str().unwrap()]);
    for id in ["A", "B"] {
        sandbox.git_in(&clone, &["branch", "--quiet", &format!("task/{id}"), &format!("origin/task/{id}")]);
    }
    let told = sandbox.run_in(&clone, &["status", "--json", "A", "B"]).exits(0);
    let state = |id| (told.task(id)["state"].clone(), told.task(id)["proof"].clone());
    assert_eq!(state("A"), (json!("landed"), json!("squash")));
    // Without the recorded base, its merge is told by its message once the branch is gone, or by hand.
    assert_eq!(state("B").0, "active");
    sandbox.git_in(&clone, &["branch", "-D", "task/B"]);
    sandbox.git_in(&clone, &["branch", "-D", "-r", "origin/task/B"]);
    let told = sandbox.run_in(&clone, &["status", "--json", "B"]).exits(0);
    assert_eq!(told.task("B")["proof"], "message");
}

const RESEARCH: &str =
    "[task.R]\nkind = \"research\"\n[task.S]\nkind = \"research\"\n[task.A]\n[task.B]\nneeds = [\"R\"]\n";

/// Writes an event as another command would.
fn tell(sandbox: &Sandbox, number: u32, mut event: Value) {
    let base = sandbox.git(&["rev-parse", "main"]);
    event["at"] = json!(format!("2026-01-19T02:00:{number:02}.000Z"));
    event["uid"] = json!(format!("t{number}"));
    event["v"] = json!(1);
    sandbox.git(&["notes", "--ref=dispatch", "append", "-m", &event.to_string(), &base]);
}

/// Reports the tip of a task as done, in the ledger.
pub fn done(sandbox: &Sandbox, number: u32, id: &str) {
    let tip = sandbox.git(&["rev-parse", &format!("task/{id}")]);
    let batch = sandbox.row(id)["batch"].clone();
    tell(
        sandbox,
        number,
        json!({"event": "reported", "batch": batch, "task": id, "tip": tip, "verdict": "done", "pr": "#8"}),
    );
}

#[test]
fn research_without_commits_lands_with_its_report() {
    let sandbox = Sandbox::with_tasks(RESEARCH);
    sandbox.ok(&["start", "R", "A"]);
    is_active(&sandbox, "R");
    done(&sandbox, 1, "R");
    done(&sandbox, 2, "A");
    landed(&sandbox, "R", "report");
    assert_eq!(sandbox.row("R")["pr"], "#8");
    assert_eq!(standing(&sandbox, "A"), (json!("done"), Value::Null), "code has to land");
    sandbox.ok(&["why", "R"]).answers("a research task without commits, it was reported done");
    // A commit is no report.
    sandbox.commit_in(&sandbox.place("R"), &[("notes", "1\n")], "notes");
    is_active(&sandbox, "R");
    done(&sandbox, 3, "R");
    assert_eq!(standing(&sandbox, "R"), (json!("done"), Value::Null));
}

#[test]
fn a_batch_of_research_lands_once_it_is_closed_as_sufficient() {
    let sandbox = Sandbox::with_tasks(RESEARCH);
    sandbox.ok(&["start", "R", "S"]);
    done(&sandbox, 1, "R");
    assert_eq!(standing(&sandbox, "R"), (json!("done"), Value::Null));
    let batch = sandbox.row("R")["batch"].clone();
    tell(&sandbox, 2, json!({"event": "closed", "batch": batch, "verdict": "insufficient"}));
    assert_eq!(standing(&sandbox, "R"), (json!("done"), Value::Null));
    tell(&sandbox, 3, json!({"event": "closed", "batch": batch, "verdict": "sufficient"}));
    landed(&sandbox, "R", "report");
    is_active(&sandbox, "S");
    // Also once its branch is gone.
    sandbox.git(&["worktree", "remove", "--force", "--force", sandbox.place("R").to_str().unwrap()]);
    sandbox.git(&["branch", "-D", "task/R"]);
    landed(&sandbox, "R", "report");
    sandbox.ok(&["start", "B"]);
}

/// docs/design/0018-landed-proofs.md
#[test]
fn a_branch_that_was_only_moved_to_commits_of_others_has_not_landed() {
    type Move<'a> = &'a dyn Fn(&Sandbox, &PathBuf);
    let moves: [Move<'_>; 4] = [
        &|sandbox, place| _ = sandbox.git_in(place, &["merge", "--quiet", "--ff-only", "task/B"]),
        &|sandbox, place| _ = sandbox.git_in(place, &["reset", "--quiet", "--hard", "task/B"]),
        &|sandbox, place| _ = sandbox.git_in(place, &["rebase", "--quiet", "task/B"]),
        &|sandbox, place| {
            sandbox.git_in(place, &["merge", "--quiet", "--ff-only", "task/B"]);
            sandbox.git_in(place, &["reset", "--quiet", "--hard", "HEAD~1"]);
            sandbox.git_in(place, &["merge", "--quiet", "--ff-only", "task/B"]);
        },
    ];
    for (number, take) in moves.into_iter().enumerate() {
        let sandbox = started();
        sandbox.commit_in(&sandbox.place("B"), &[("b", "1\n")], "B");
        take(&sandbox, &sandbox.place("A"));
        write_in(&sandbox.place("A"), "mine", "1\n");
        assert_eq!(sandbox.row("A")["commits"], 0, "{number}");
        sandbox.git(&["merge", "--quiet", "--no-ff", "task/B"]);
        is_active(&sandbox, "A");
        landed(&sandbox, "B", "ancestor");
        assert_eq!(sandbox.row("A")["notes"], json!([]), "{number}");
        // With a commit of its own it lands as any other.
        sandbox.commit_in(&sandbox.place("A"), &[], "mine");
        assert_eq!((&sandbox.row("A")["commits"], &sandbox.row("A")["ahead"]), (&json!(1), &json!(1)));
        sandbox.git(&["merge", "--quiet", "--no-ff", "task/A"]);
        landed(&sandbox, "A", "ancestor");
    }
}

#[test]
fn a_branch_at_a_former_tip_of_the_target_has_not_landed() {
    // The target's tip became a second parent.
    let sandbox = started();
    sandbox.git(&["checkout", "--quiet", "-b", "side"]);
    sandbox.commit(&[("side", "1\n")], "side");
    sandbox.git(&["checkout", "--quiet", "main"]);
    sandbox.commit(&[("main", "1\n")], "main");
    sandbox.git_in(&sandbox.place("A"), &["merge", "--quiet", "--ff-only", "main"]);
    sandbox.git(&["checkout", "--quiet", "side"]);
    sandbox.git(&["merge", "--quiet", "--no-edit", "main"]);
    sandbox.git(&["checkout", "--quiet", "main"]);
    sandbox.git(&["merge", "--quiet", "--ff-only", "side"]);
    is_active(&sandbox, "A");
    // The target's tip was amended.
    let sandbox = started();
    sandbox.commit(&[("text", "1\n")], "main");
    sandbox.git_in(&sandbox.place("A"), &["merge", "--quiet", "--ff-only", "main"]);
    write_in(&sandbox.repo(), "more", "2\n");
    sandbox.git(&["add", "more"]);
    sandbox.git(&["commit", "--quiet", "--amend", "--no-edit"]);
    is_active(&sandbox, "A");
}

#[test]
fn work_that_came_to_the_branch_from_elsewhere_is_its_own() {
    type Bring<'a> = &'a dyn Fn(&Sandbox, &PathBuf);
    let ways: [Bring<'_>; 3] = [
        // Committed on a detached HEAD.
        &|sandbox, place| {
            sandbox.git_in(place, &["checkout", "--quiet", "--detach"]);
            let work = sandbox.commit_in(place, &[("a", "1\n")], "work");
            sandbox.git_in(place, &["checkout", "--quiet", "task/A"]);
            sandbox.git_in(place, &["merge", "--quiet", "--ff-only", &work]);
        },
        // Pulled from another repository.
        &|sandbox, place| {
            let clone = sandbox.root().join("clone");
            sandbox.git(&["clone", "--quiet", "--no-local", "--branch", "task/A", ".", clone.to_str().unwrap()]);
            sandbox.commit_in(&clone, &[("a", "1\n")], "work");
            sandbox.git_in(place, &["pull", "--quiet", "--ff-only", clone.to_str().unwrap(), "task/A"]);
        },
        // Without a reflog nobody knows.
        &|sandbox, place| {
            sandbox.commit_in(place, &[("a", "1\n")], "work");
            std::fs::remove_file(sandbox.repo().join(".git/logs/refs/heads/task/A")).unwrap();
        },
    ];
    for bring in ways {
        let sandbox = started();
        bring(&sandbox, &sandbox.place("A"));
        assert_eq!(sandbox.row("A")["commits"], 1);
        sandbox.git(&["merge", "--quiet", "--no-ff", "task/A"]);
        landed(&sandbox, "A", "ancestor");
    }
}

#[test]
fn own_commits_are_not_those_of_the_target_that_the_branch_took_in() {
    let sandbox = started();
    for number in 0..3 {
        sandbox.commit(&[("main", &format!("{number}\n"))], "main");
    }
    sandbox.commit_in(&sandbox.place("A"), &[("a", "1\n")], "work");
    sandbox.git_in(&sandbox.place("A"), &["rebase", "--quiet", "main"]);
    sandbox.git_in(&sandbox.place("B"), &["merge", "--quiet", "--ff-only", "main"]);
    let counts = |id| (sandbox.row(id)["commits"].clone(), sandbox.row(id)["ahead"].clone());
    assert_eq!((counts("A"), counts("B")), ((json!(1), json!(1)), (json!(0), json!(0))));
    assert_eq!(sandbox.row("B")["notes"], json!([]));
    sandbox.git(&["merge", "--quiet", "--no-ff", "task/A"]);
    landed(&sandbox, "A", "ancestor");
    is_active(&sandbox, "B");
}

/// As in the second in which the task was started again, or by a clock that is ahead.
#[test]
fn a_merge_that_the_new_start_has_below_it_is_of_the_old_one() {
    let sandbox = started();
    work(&sandbox);
    let forget = || {
        sandbox.git(&["worktree", "remove", "--force", "--force", sandbox.place("A").to_str().unwrap()]);
        sandbox.git(&["branch", "-D", "task/A"]);
    };
    let land = || {
        sandbox.git(&["merge", "--quiet", "--no-ff", "--no-commit", "task/A"]);
        let date = "env GIT_COMMITTER_DATE=@4000000000+0000 git commit --quiet -m \"Merge branch 'task/A'\"";
        sandbox.git(&["-c", &format!("alias.later=!{date}"), "later"]);
    };
    land();
    forget();
    landed(&sandbox, "A", "message");
    sandbox.ok(&["start", "--again", "A"]);
    sandbox.commit_in(&sandbox.place("A"), &[("again", "1\n")], "again");
    is_active(&sandbox, "A");
    land();
    landed(&sandbox, "A", "ancestor");
    forget();
    landed(&sandbox, "A", "message");
    sandbox.ok(&["start", "--again", "A"]);
    forget();
    assert_eq!(sandbox.row("A")["state"], "lost");
}
