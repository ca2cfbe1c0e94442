//! What `git dispatch start` of N tasks costs, beside `git worktree add` N times and beside plain system calls that write the same
//! files: `cargo bench --bench start`. docs/benchmarks.md says what can be chosen.

#[expect(dead_code, reason = "each benchmark uses the part that it needs")]
#[path = "../support/mod.rs"]
mod support;

mod floor;
mod stage;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use stage::Stage;
use support::report::{goal, machine, median_ratio, peak, ratio, table};
use support::{Contender, Cost, cost, dispatch, shell};

/// The most memory that a start may take, in MB.
const MEMORY: f64 = 200.0;

/// What the environment and the command line choose.
struct Choice {
    rounds: usize,
    steps: Vec<usize>,
    sources: Vec<(&'static str, Option<String>)>,
    /// Where there is room on a disk, and where in memory.
    places: Vec<(bool, PathBuf)>,
    /// Each clone sees a `git dispatch plan` first, which keeps what the history says.
    planned: bool,
}

fn main() {
    let temp = tempfile::tempdir().unwrap();
    let choice = chosen(temp.path());
    for (in_memory, place) in &choice.places {
        std::fs::create_dir_all(place).unwrap();
        let folder = tempfile::Builder::new().prefix("start-").tempdir_in(place).unwrap();
        print(&machine(folder.path()));
        for (name, source) in &choice.sources {
            let stage = Stage::new(source.as_deref(), &folder.path().join(name));
            print(&format!("\n{name}: {} files\n", stage.files.len()));
            for &number in &choice.steps {
                measure(&stage, number, &choice, *in_memory);
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "whoever measures says with what")]
fn chosen(temp: &Path) -> Choice {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let variable = |name: &str| std::env::var(name).ok();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let option = |name: &str| arguments.iter().find_map(|argument| argument.strip_prefix(name));
    let numbers = |text: &str| text.split(',').map(|number| number.parse().unwrap()).collect::<Vec<usize>>();
    let wanted = |name: &str| {
        !arguments.iter().any(|argument| !argument.starts_with("--"))
            || arguments.iter().any(|argument| argument == name)
    };
    let mut sources = vec![("small", variable("GIT_DISPATCH_BENCH_REPO"))];
    sources.extend(variable("GIT_DISPATCH_BENCH_LARGE").filter(|_| !quick).map(|large| ("large", Some(large))));
    sources.retain(|(name, _)| wanted(name));
    let disk = variable("GIT_DISPATCH_BENCH_ROOT").map_or_else(|| temp.to_owned(), PathBuf::from);
    let mut places = vec![(true, PathBuf::from("/dev/shm")), (false, disk)];
    places.retain(|(in_memory, place)| {
        place.exists() && !arguments.contains(&format!("--no-{}", if *in_memory { "memory" } else { "disk" }))
    });
    Choice {
        rounds: option("--rounds=").map_or(if quick { 1 } else { 5 }, |text| numbers(text)[0]),
        steps: option("--steps=").map_or_else(|| if quick { vec![3] } else { vec![1, 3, 8, 20] }, numbers),
        sources,
        places,
        planned: arguments.iter().any(|argument| argument == "--planned"),
    }
}

/// One number of worktrees: all ways in turn, each round in clones of its own.
fn measure(stage: &Stage, number: usize, choice: &Choice, in_memory: bool) {
    let mut costs: [Vec<Cost>; 6] = std::array::from_fn(|_| Vec::new());
    let names =
        ["git dispatch start", "git worktree add", "two at a time", "floor", "status after ours", "status after git's"];
    let contenders = names.map(|name| Contender::new(name, || shell(&stage.root, "")));
    for round in 0..choice.rounds {
        let clones: Vec<PathBuf> = (0..4).map(|way| stage.clone_for(number, round, way)).collect();
        let ids: Vec<String> = (1..=number).map(stage::id).collect();
        let mut start = vec!["start"];
        start.extend(ids.iter().map(String::as_str));
        if choice.planned {
            cost(&contenders[0], dispatch(&clones[0].join("repo"), &["plan"]));
        }
        costs[0].push(cost(&contenders[0], dispatch(&clones[0].join("repo"), &start)));
        costs[1].push(cost(&contenders[1], shell(&clones[1].join("repo"), &worktree_add(number, 1))));
        costs[2].push(cost(&contenders[2], shell(&clones[2].join("repo"), &worktree_add(number, 2))));
        let begun = Instant::now();
        floor::run(&stage.files, &clones[3], number);
        costs[3].push(Cost { wall: begun.elapsed(), cpu: Duration::ZERO, peak: 0 });
        for (status, clone) in [(4, 0), (5, 1)] {
            let script = "for place in wt/*; do git -C $place status --porcelain; done";
            costs[status].push(cost(&contenders[status], shell(&clones[clone], script)));
        }
        if in_memory {
            clones.iter().for_each(|clone| std::fs::remove_dir_all(clone).unwrap());
        }
    }
    print(&table(&format!("{number} worktrees"), &contenders, &costs));
    for (ours, theirs) in [(0, 1), (0, 2), (0, 3), (4, 5)] {
        print(&ratio([names[ours], names[theirs]], [&costs[ours], &costs[theirs]]));
    }
    let against = |ours: usize, theirs: usize| median_ratio(&costs[ours], &costs[theirs]);
    match (number, in_memory) {
        (1, _) => print(&goal("one, of git", against(0, 1), 1.0, "")),
        (8, true) => {
            print(&goal("of one after another", against(0, 1), 0.25, ""));
            print(&goal("of two at a time", against(0, 2), 0.5, ""));
            print(&goal("of the floor", against(0, 3), 1.3, ""));
        }
        (8, false) => print(&goal("of one after another", against(0, 1), 0.7, "")),
        _ => {}
    }
    print(&goal("first status, of git's", against(4, 5), 0.15, ""));
    print(&goal("memory", peak(&costs[0]), MEMORY, "MB"));
}

fn worktree_add(number: usize, at_once: usize) -> String {
    let ids: Vec<String> = (1..=number).map(stage::id).collect();
    format!(
        "printf '%s\\n' {} | xargs -P {at_once} -I ID git worktree add --quiet -b by-git/ID ../wt/ID main",
        ids.join(" ")
    )
}

#[expect(clippy::disallowed_macros, reason = "a benchmark prints its figures")]
fn print(text: &str) {
    print!("{text}");
}
