//! What `git dispatch plan` and the completion of ids cost with very many tasks: `cargo bench --bench plan`.

#[expect(dead_code, reason = "each benchmark uses the part that it needs")]
mod support;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use support::report::{goal, machine, spread, table};
use support::{Contender, alternate, dispatch, done, git, stage, taskfile};

/// Each command is run this often.
const ROUNDS: usize = 7;

fn main() {
    let temp = tempfile::tempdir().unwrap();
    print(&machine(temp.path()));
    plans(temp.path());
    completions(temp.path());
}

/// Tasks and, of these, how many without needs.
const SIZES: [(u32, u32); 5] = [(1_000, 0), (10_000, 0), (100_000, 0), (20_000, 20_000), (100_000, 20_000)];

fn plans(temp: &Path) {
    let repos: Vec<(String, PathBuf)> = SIZES.iter().map(|&(tasks, ready)| repository(temp, tasks, ready)).collect();
    let contenders: Vec<Contender<'_>> =
        repos.iter().map(|(name, repo)| Contender::new(name, || dispatch(repo, &["plan"]))).collect();
    let costs = alternate(ROUNDS, &contenders);
    print(&table("git dispatch plan", &contenders, &costs));
    let largest = &costs[2];
    let peak = largest.iter().map(|cost| cost.peak).max().unwrap_or(0) as f64 * 1024.0 / 1e6;
    print(&goal("CPU for 100,000 tasks", spread(largest, |cost| cost.cpu)[1].as_secs_f64(), 1.0, "s"));
    print(&goal("memory for 100,000 tasks", peak, 400.0, "MB"));
}

/// A repository with nothing but a task file.
fn repository(temp: &Path, tasks: u32, ready: u32) -> (String, PathBuf) {
    let repo = temp.join(format!("{tasks}-{ready}"));
    done(git(temp, &["init", "--quiet", "--initial-branch=main", repo.to_str().unwrap()]));
    write_tasks(&repo, tasks, ready);
    stage::commit(&repo, "plan");
    let shape = if ready == 0 { String::new() } else { format!(", {ready} ready") };
    (format!("{tasks} tasks{shape}"), repo)
}

/// Piece by piece: the memory of this process would count as that of its children.
fn write_tasks(repo: &Path, tasks: u32, ready: u32) {
    let mut out = std::io::BufWriter::new(std::fs::File::create(repo.join("dispatch.toml")).unwrap());
    taskfile::write(&mut out, tasks, 5, ready).unwrap();
    out.flush().unwrap();
}

/// Ids completed in a repository of 5,000 files with 1,000 branches, half of them those of tasks.
fn completions(temp: &Path) {
    let repo = stage::synthetic(temp);
    for number in 0..500 {
        done(git(&repo, &["branch", &format!("task/T-{number:06}")]));
        done(git(&repo, &["branch", &format!("other/{number}")]));
    }
    let complete = || dispatch(&repo, &["complete-ids", "start"]);
    let contenders = |name: &str| [Contender::new(name, complete)];
    write_tasks(&repo, 1_000, 0);
    let some = contenders("1000 tasks, 1000 branches");
    let costs = alternate(4 * ROUNDS, &some);
    print(&table("git dispatch complete-ids start", &some, &costs));
    write_tasks(&repo, 10_000, 0);
    let many = contenders("10000 tasks, 1000 branches");
    print(&table("the same, ten times the tasks", &many, &alternate(ROUNDS, &many)));
    print(&goal("ids for a thousand tasks", spread(&costs[0], |cost| cost.wall)[1].as_secs_f64() * 1e3, 50.0, "ms"));
}

#[expect(clippy::disallowed_macros, reason = "a benchmark has no console")]
fn print(text: &str) {
    print!("{text}");
}
