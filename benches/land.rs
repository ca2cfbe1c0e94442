//! What `git dispatch land` of 8 tasks costs, beside `git merge --no-ff` 8 times in the same checkout: `cargo bench --bench land`.
//! docs/benchmarks.md says what can be chosen.

#[expect(dead_code, reason = "each benchmark uses the part that it needs")]
#[path = "support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};

use support::report::{goal, machine, median_ratio, ratio, table};
use support::{Contender, alternate, dispatch, done, git, shell, stage};

const TASKS: usize = 8;
/// Each task changes one file among so many, and adds another.
const SPREAD: usize = 500;

fn main() {
    #[expect(clippy::disallowed_methods, reason = "whoever measures says with what")]
    let (source, place) = (std::env::var("GIT_DISPATCH_BENCH_LARGE").ok(), std::env::var("GIT_DISPATCH_BENCH_ROOT"));
    let rounds = std::env::args().find_map(|argument| argument.strip_prefix("--rounds=")?.parse().ok()).unwrap_or(5);
    let place = place.map_or_else(|_| PathBuf::from("/dev/shm"), PathBuf::from);
    let place = if place.exists() { place } else { std::env::temp_dir() };
    let folder = tempfile::Builder::new().prefix("land-").tempdir_in(place).unwrap();
    print(&machine(folder.path()));
    let repo = prepared(source.as_deref(), folder.path());
    let files = done(git(&repo, &["ls-files"])).lines().count();
    let start = done(git(&repo, &["rev-parse", "main"]));
    print(&format!("\n{TASKS} tasks, {files} files\n"));
    let branches: Vec<String> = (1..=TASKS).map(|number| format!("task/T{number}")).collect();
    let merges: String = branches.iter().map(|branch| format!("git merge -q --no-ff --no-edit {branch}\n")).collect();
    // Each begins where the others did, with an index that git has just refreshed.
    let back = |_: usize| {
        if !done(git(&repo, &["for-each-ref", "refs/dispatch/trash"])).is_empty() || landed(&repo) {
            done(dispatch(&repo, &["undo", "-q"]));
        }
        done(git(&repo, &["reset", "-q", "--hard", &start]));
        done(git(&repo, &["status"]));
    };
    let merged = Contender::new("git merge --no-ff, 8 times", || shell(&repo, &merges)).after(back);
    let kept = Contender::new("git dispatch land --keep", || dispatch(&repo, &["land", "--keep", "-q"])).after(back);
    let whole = Contender::new("git dispatch land", || dispatch(&repo, &["land", "-q"])).after(back);
    let removes: String = (1..=TASKS)
        .map(|number| {
            let (place, branch) = (format!("../repo-task-T{number}"), format!("task/T{number}"));
            format!("git worktree remove -f -f {place}\ngit branch -q -D {branch}\n")
        })
        .collect();
    let contenders = [merged, kept, whole];
    let costs = alternate(rounds, &contenders);
    print(&table("land", &contenders, &costs));
    let names = contenders.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    for ours in [1, 2] {
        print(&ratio([&names[ours], &names[0]], [&costs[ours], &costs[0]]));
    }
    print(&goal("with worktrees kept, of git's merges", median_ratio(&costs[1], &costs[0]), 0.3, ""));
    print(&goal("with worktrees in the trash, of git's merges alone", median_ratio(&costs[2], &costs[0]), 1.0, ""));
    back(0);
    // Last, since it cannot be taken back: the same work by git, removal included.
    let all = Contender::new("git merge, worktree remove, branch -D", || shell(&repo, &(merges.clone() + &removes)));
    let contenders = [all];
    let cost = alternate(1, &contenders);
    print(&table("once", &contenders, &cost));
}

/// Whether the last round ended with tasks landed.
fn landed(repo: &Path) -> bool {
    done(git(repo, &["log", "-1", "--format=%s", "main"])).ends_with(')')
}

/// A repository with tasks that are done, each with a commit of its own.
fn prepared(source: Option<&str>, root: &Path) -> PathBuf {
    let repo = match source {
        Some(source) => stage::clone_of(source, root),
        None => stage::synthetic(root),
    };
    let tasks: String = (1..=TASKS).map(|number| format!("[task.T{number}]\n")).collect();
    stage::write(&repo.join("dispatch.toml"), &format!("target = \"main\"\nworkers = {TASKS}\n{tasks}"));
    stage::commit(&repo, "tasks");
    done(git(&repo, &["checkout", "-q", "-B", "main"]));
    let files: Vec<String> =
        done(git(&repo, &["ls-files"])).lines().step_by(SPREAD).take(TASKS).map(str::to_owned).collect();
    for number in 1..=TASKS {
        let id = format!("T{number}");
        done(dispatch(&repo, &["start", &id, "-q"]));
        let place = root.join(format!("repo-task-{id}"));
        let changed = place.join(&files[(number - 1) % files.len()]);
        let mut text = std::fs::read(&changed).unwrap_or_default();
        text.extend_from_slice(b"\nmore\n");
        std::fs::write(changed, text).unwrap();
        stage::write(&place.join(format!("new-{id}")), "new\n");
        stage::commit(&place, &format!("work on {id}"));
        done(dispatch(&repo, &["report", &id, "--done", "-q"]));
    }
    repo
}

#[expect(clippy::disallowed_macros, reason = "a benchmark prints its figures")]
fn print(text: &str) {
    print!("{text}");
}
