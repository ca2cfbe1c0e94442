//! What `git dispatch status` costs with 20 and with 100 worktrees, beside others that tell as much or less, and what
//! `git dispatch start` costs: `cargo bench --bench status`. docs/benchmarks.md says what can be chosen.

#[expect(dead_code, reason = "each benchmark uses the part that it needs")]
#[path = "../support/mod.rs"]
mod support;

mod agree;
mod floor;
mod pairs;
mod parts;
mod rivals;
mod starts;
mod worktrees;

use std::path::PathBuf;
use std::time::Duration;

use support::report::{goal, machine, median_ratio, median_wall, peak, ratio, table};
use support::{Contender, Cost, alternate, alternate_for, done, git};
use worktrees::Stage;

/// A contender that has taken longer in all takes no part in further rounds.
const PATIENCE: Duration = Duration::from_secs(90);

/// What the command line and the environment choose.
struct Choice {
    quick: bool,
    /// `small`, `large`, `pairs`, `start`; none: all.
    parts: Vec<String>,
    rounds: usize,
    /// Local repositories to measure in.
    small: Option<String>,
    large: Option<String>,
    /// Kept, and used again by the next run.
    root: Option<PathBuf>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some("--floor") => print(&format!("{:?}\n", floor::run(&arguments[1..]))),
        Some("--part") => parts::run(&arguments[1]),
        _ => measure(&chosen(&arguments)),
    }
}

#[expect(clippy::disallowed_methods, reason = "whoever measures says with what")]
fn chosen(arguments: &[String]) -> Choice {
    let variable = |name: &str| std::env::var(name).ok();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let parts: Vec<String> = arguments.iter().filter(|argument| *argument != "--quick").cloned().collect();
    let known = ["small", "large", "pairs", "start"];
    assert!(parts.iter().all(|part| known.contains(&part.as_str())), "parts are {known:?}, and there is --quick");
    Choice {
        quick,
        parts: if quick && parts.is_empty() { vec!["small".to_owned()] } else { parts },
        rounds: if quick { 3 } else { 7 },
        small: variable("GIT_DISPATCH_BENCH_REPO"),
        large: variable("GIT_DISPATCH_BENCH_LARGE"),
        root: variable("GIT_DISPATCH_BENCH_ROOT").map(PathBuf::from),
    }
}

fn measure(choice: &Choice) {
    let temp = tempfile::tempdir().unwrap();
    let root = |part: &str| choice.root.as_deref().unwrap_or(temp.path()).join(part);
    let wanted = |part: &str| choice.parts.is_empty() || choice.parts.iter().any(|wanted| wanted == part);
    if let Some(root) = &choice.root {
        std::fs::create_dir_all(root).unwrap();
    }
    print(&machine(choice.root.as_deref().unwrap_or(temp.path())));
    if wanted("small") {
        let steps: &[usize] = if choice.quick { &[20] } else { &[20, 100] };
        grow(Stage::new(choice.small.as_deref(), &root("small")), steps, choice.rounds);
    }
    if wanted("large") {
        match &choice.large {
            Some(source) => grow(Stage::new(Some(source), &root("large")), &[20, 25, 50, 100], choice.rounds),
            None => print("\nlarge: GIT_DISPATCH_BENCH_LARGE names no repository (of at least 20,000 files)\n"),
        }
    }
    if wanted("pairs") {
        let source = choice.large.as_ref().or(choice.small.as_ref());
        pairs::measure(source.map(String::as_str), &root("pairs"), choice.rounds.min(5));
    }
    if wanted("start") {
        starts::measure(choice.small.as_deref(), temp.path());
    }
}

/// Starts as many tasks as each step says, and measures. Steps that a kept stage is past are left out.
fn grow(mut stage: Stage, steps: &[usize], rounds: usize) {
    let commits = done(git(&stage.repo, &["rev-list", "--count", "main"]));
    print(&format!("\nrepository: {} files, {commits} commits\n{}", stage.count_files(), rivals::versions(&stage)));
    done(git(&stage.repo, &["commit-graph", "write", "--reachable"]));
    let mut walls = Vec::new();
    for &step in steps.iter().filter(|&&step| step >= stage.started.max(1)).collect::<Vec<_>>() {
        if stage.started < step {
            let first = stage.started == 0;
            stage.start(step);
            if first {
                fresh(&stage);
            }
            stage.work();
        }
        print(&format!("\n{step} worktrees: {}", agree::compare(&stage)));
        let costs = match step {
            20 | 100 => beside_others(&stage, rounds),
            _ => alternate(rounds, &[rivals::warm(&stage), rivals::cold(&stage)]),
        };
        walls.push((step, median_wall(&costs[0]), median_wall(&costs[1])));
        if step == 20 || step == 100 {
            quick_commands(&stage, rounds);
            for (cold, how) in [(false, "with the cache"), (true, "no cache")] {
                print(&parts::costs(&stage.repo, &format!("parts, {step} worktrees, {how}"), rounds.min(5), cold));
            }
        }
    }
    print("\nworktrees: ms for each with a cache, without one\n");
    for (step, warm, cold) in walls {
        let each = |wall: f64| wall * 1e3 / step as f64;
        print(&format!("{step:>6}: {:.2}, {:.2}\n", each(warm), each(cold)));
    }
}

/// Right after `start`, when no index has been refreshed; nobody refreshes one here, so that each round is the first.
fn fresh(stage: &Stage) {
    let contenders = [rivals::warm(stage), rivals::cold(stage), rivals::first_loop(stage), rivals::git_status(stage)];
    let costs = alternate(3, &contenders);
    print(&table(&format!("{} worktrees, right after start", stage.started), &contenders, &costs));
    print(&ratio(["status", "shell loop"], [&costs[0], &costs[2]]));
    print(&ratio(["status, no cache", "shell loop"], [&costs[1], &costs[2]]));
}

/// Once everything has settled, which is what the promises are about.
fn beside_others(stage: &Stage, rounds: usize) -> Vec<Vec<Cost>> {
    let (peers, absent) = rivals::peers(stage);
    let mut contenders = vec![
        rivals::warm(stage),
        rivals::cold(stage),
        rivals::shell_loop(stage),
        rivals::floor(stage),
        rivals::git_status(stage),
    ];
    contenders.extend(peers);
    let costs = alternate_for(PATIENCE, rounds, &contenders);
    print(&table(&format!("{} worktrees, settled", stage.started), &contenders, &costs));
    print(&absent);
    for (at, other) in contenders.iter().enumerate().skip(2) {
        print(&ratio(["status", &other.name], [&costs[0], &costs[at]]));
        print(&ratio(["status, no cache", &other.name], [&costs[1], &costs[at]]));
    }
    goals(&contenders, &costs);
    costs
}

fn goals(contenders: &[Contender<'_>], costs: &[Vec<Cost>]) {
    let promised = |name: &str| match name {
        "shell loop of git" => Some(0.3),
        "the floor" => Some(1.5),
        name if name.starts_with("wt ") => Some(0.5),
        name if name.starts_with("clash ") => Some(0.1),
        _ => None,
    };
    for (other, theirs) in contenders.iter().zip(costs).skip(2) {
        let Some(most) = promised(&other.name) else { continue };
        for (ours, how) in costs.iter().zip(["", ", no cache"]) {
            let what = format!("wall time of status{how} / {}", other.name);
            print(&goal(&what, median_ratio(ours, theirs), most, ""));
        }
    }
    print(&goal("peak of memory", peak(&costs[0]).max(peak(&costs[1])), 300.0, "MB"));
}

fn quick_commands(stage: &Stage, rounds: usize) {
    let (contenders, limits): (Vec<Contender<'_>>, Vec<f64>) = rivals::quick(stage).into_iter().unzip();
    let costs = alternate(3 * rounds, &contenders);
    print(&table(&format!("quick commands, {} worktrees", stage.started), &contenders, &costs));
    for ((contender, costs), limit) in contenders.iter().zip(&costs).zip(limits).filter(|(_, limit)| limit.is_finite())
    {
        print(&goal(&format!("wall time of {}", contender.name), median_wall(costs) * 1e3, limit, "ms"));
    }
}

#[expect(clippy::disallowed_macros, reason = "a benchmark has no console")]
fn print(text: &str) {
    print!("{text}");
}
