//! What `git dispatch status` costs with 20 worktrees, beside a shell loop that asks git for the same facts, and what
//! `git dispatch start` costs: `cargo bench --bench status`.
//!
//! `GIT_DISPATCH_BENCH_REPO` names a local repository to measure with; without it one is made up.

#[expect(dead_code, reason = "each benchmark uses the part that it needs")]
mod support;

use std::path::{Path, PathBuf};

use support::report::{goal, machine, ratio, table};
use support::{Contender, Cost, alternate, dispatch, done, git, shell, stage};

/// Each command is run this often.
const ROUNDS: usize = 11;

/// Worktrees.
const TASKS: usize = 20;

/// What status tells of one worktree, asked of git.
const ASK: &str = "git -C ../repo.wt/$id status --porcelain; git rev-list --count --left-right main...task/$id; \
                   git merge-tree --write-tree main task/$id || test $? = 1";

fn main() {
    let temp = tempfile::tempdir().unwrap();
    print(&machine(temp.path()));
    let repo = repository(temp.path());
    let files = done(git(&repo, &["ls-files"])).lines().count();
    print(&format!("repository: {files} files, {} commits\n", done(git(&repo, &["rev-list", "--count", "main"]))));
    let ids: Vec<String> = (1..=TASKS).map(id).collect();
    let mut start = vec!["start"];
    start.extend(ids.iter().map(String::as_str));
    done(dispatch(&repo, &start));
    fresh(&repo);
    work(&repo);
    settle(&repo);
    let graph = repo.join(".git/objects/info/commit-graph");
    assert!(!graph.exists(), "a fresh clone has none");
    settled(&repo, "settled, no commit-graph");
    done(git(&repo, &["commit-graph", "write", "--reachable"]));
    settled(&repo, "settled, commit-graph");
    starts(&repo);
}

fn id(number: usize) -> String {
    format!("T{number:02}")
}

/// A repository whose task file has the tasks of the benchmark; their worktrees lie in `repo.wt` beside it.
fn repository(temp: &Path) -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "whoever measures says with what")]
    let source = std::env::var("GIT_DISPATCH_BENCH_REPO").ok();
    let repo = source.map_or_else(|| stage::synthetic(temp), |source| stage::clone_of(&source, temp));
    let mut text = "version = 1\ntarget = \"main\"\nworkers = 40\nworktree = \"../repo.wt/{{ id }}\"\n".to_owned();
    for id in (1..=TASKS).map(id).chain((0..3 * STARTS).map(|number| format!("S{number:02}"))) {
        text.push_str(&format!("\n[task.{id}]\ntitle = \"Task {id}\"\nwrites = [\"{id}/**\"]\n"));
    }
    stage::write(&repo.join("dispatch.toml"), &text);
    stage::write(&repo.join(".git/info/exclude"), "/target/\n");
    stage::commit(&repo, "plan");
    repo
}

/// How often three worktrees are made by each of two ways.
const STARTS: usize = 5;

/// Three tasks started, beside three worktrees made by git. Nothing is deleted between: that would slow the next down.
fn starts(repo: &Path) {
    let start = |round: usize| {
        let ids: Vec<String> = (0..3).map(|at| format!("S{:02}", 3 * round + at)).collect();
        dispatch(repo, &["start", &ids[0], &ids[1], &ids[2]])
    };
    let add = |round: usize| {
        let one = |at| format!("git worktree add --quiet -b by-git/{round}-{at} ../by-git/{round}-{at} main; ");
        shell(repo, &(0..3).map(one).collect::<String>())
    };
    let contender = |name: &str, command: &'static str| Contender::new(name, move || shell(repo, command));
    let mut contenders = [contender("git dispatch start A B C", ""), contender("git worktree add, three times", "")];
    contenders[0].command = Box::new(start);
    contenders[1].command = Box::new(add);
    let costs = alternate(STARTS, &contenders);
    print(&table("start", &contenders, &costs));
    print(&ratio(["start", "worktree add"], [&costs[0], &costs[1]]));
}

/// Right after `start`, when no index has been refreshed; nobody refreshes one here, so that each round is the first.
fn fresh(repo: &Path) {
    let script = format!("export GIT_OPTIONAL_LOCKS=0; {}", script());
    compare(repo, "right after start", &script, 3);
}

/// Once everything has settled, which is what the promise is about.
fn settled(repo: &Path, title: &str) {
    let costs = compare(repo, title, &script(), ROUNDS);
    let wall = |cost: &Cost| cost.wall.as_secs_f64();
    let mut ratios: Vec<f64> = costs[0].iter().zip(&costs[2]).map(|(ours, loops)| wall(ours) / wall(loops)).collect();
    ratios.sort_by(f64::total_cmp);
    print(&goal("wall time / the shell loop's", ratios[ratios.len() / 2], 0.5, ""));
}

fn compare(repo: &Path, title: &str, script: &str, rounds: usize) -> Vec<Vec<Cost>> {
    let cache = repo.join(".git/dispatch/cache");
    let parallel = "printf '%s\\n' ../repo.wt/* | xargs -n 1 -P 2 sh -c 'git -C \"$0\" status --porcelain'";
    let lock_free = format!("export GIT_OPTIONAL_LOCKS=0; {parallel}");
    let contenders = [
        Contender::new("git dispatch status", || dispatch(repo, &["status"])),
        Contender::new("git dispatch status, no cache", || dispatch(repo, &["status"])).after(|_| {
            let _ = std::fs::remove_dir_all(&cache);
        }),
        Contender::new("shell loop of git", || shell(repo, script)),
        Contender::new("git status only, two at a time", || shell(repo, &lock_free)),
        // With this git and the program do without the proof that a worktree is clean, and answer the same.
        Contender::new("git dispatch status, git status for all", || dispatch_without_proof(repo)),
    ];
    let costs = alternate(rounds, &contenders);
    print(&table(title, &contenders, &costs));
    print(&ratio(["status", "shell loop"], [&costs[0], &costs[2]]));
    print(&ratio(["status", "git status for all"], [&costs[0], &costs[4]]));
    costs
}

fn dispatch_without_proof(repo: &Path) -> std::process::Command {
    let mut command = dispatch(repo, &["status"]);
    command.envs([("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "core.trustCTime"), ("GIT_CONFIG_VALUE_0", "false")]);
    command
}

fn script() -> String {
    format!("for id in {}; do {ASK}; done", (1..=TASKS).map(id).collect::<Vec<_>>().join(" "))
}

/// Three commits in each worktree, three on `main`; some worktrees dirty, some with ignored files, one in conflict.
fn work(repo: &Path) {
    let listed = done(git(repo, &["grep", "-I", "--name-only", "-e", ""]));
    let files: Vec<&str> = listed.lines().filter(|name| !name.starts_with('"')).collect();
    let worktrees = repo.with_extension("wt");
    for number in 1..=TASKS {
        let dir = worktrees.join(id(number));
        for turn in 0..3 {
            stage::append(&dir.join(files[(number * 97 + turn * 13) % files.len()]), &format!("{number}, {turn}"));
            stage::commit(&dir, &format!("turn {turn}"));
        }
        if number % 5 == 1 {
            stage::append(&dir.join(files[number * 31]), "not committed");
        }
        if number % 5 == 2 {
            stage::write(&dir.join("scratch/notes"), "untracked");
            stage::write(&dir.join("notes"), "untracked");
        }
        if number % 2 == 0 {
            (0..100).for_each(|at| stage::write(&dir.join(format!("target/{at}/object")), "ignored"));
        }
    }
    for turn in 0..3 {
        stage::append(&repo.join(files[(3 * 97 + turn * 13) % files.len()]), &format!("main {turn}"));
        stage::commit(repo, &format!("main {turn}"));
    }
}

/// Waits until no file is as young as its index, and lets git see that.
fn settle(repo: &Path) {
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    done(shell(repo, "for dir in . ../repo.wt/*; do git -C \"$dir\" status >/dev/null; done"));
}

#[expect(clippy::disallowed_macros, reason = "a benchmark has no console")]
fn print(text: &str) {
    print!("{text}");
}
