//! What it costs to find who writes or reads the same paths among many tasks: `cargo bench --bench overlap`.

#[expect(dead_code, reason = "each benchmark uses the part that it needs")]
mod support;

use std::time::Duration;

use git_dispatch::model::exclusion::{Contested, Rules};
use git_dispatch::model::pattern::Pattern;
use git_dispatch::model::task::{Settings, Task};
use support::cpu;
use support::report::{goal, machine};

/// Each set is looked at this often.
const ROUNDS: usize = 5;

/// A set of tasks, made by the number of the task, and how long finding its pairs may take, in milliseconds.
struct Set {
    name: &'static str,
    tasks: usize,
    writes: fn(usize) -> Vec<String>,
    most: f64,
}

const SETS: [Set; 11] = [
    Set { name: "literal, all different", tasks: 100_000, writes: literals, most: 100.0 },
    Set { name: "literal, each shared by three", tasks: 100_000, writes: shared_literals, most: 250.0 },
    Set { name: "literal", tasks: 5_000, writes: literals, most: 1000.0 },
    Set { name: "src/*/f_N.rs beside files", tasks: 5_000, writes: stars_in_the_middle, most: 1000.0 },
    Set { name: "*_N.rs and f_N* in one folder", tasks: 5_000, writes: stars_at_an_end, most: 1000.0 },
    Set { name: "crates/N/** and files below", tasks: 5_000, writes: crates, most: 1000.0 },
    Set { name: "src/** once, files below", tasks: 5_000, writes: one_above_all, most: 1000.0 },
    Set { name: "**/name_N.rs in one of fifty", tasks: 5_000, writes: anywhere, most: 1000.0 },
    Set { name: "classes and groups", tasks: 5_000, writes: intricate, most: 1000.0 },
    Set { name: "*_N.rs and N_*, which all meet", tasks: 5_000, writes: stars_that_meet, most: 1000.0 },
    Set { name: "made to take long: ?*N?*", tasks: 5_000, writes: hostile, most: 1000.0 },
];

fn literals(n: usize) -> Vec<String> {
    (0..3).map(|k| format!("src/module{}/part{n}/file{k}.rs", n / 100)).collect()
}

fn shared_literals(n: usize) -> Vec<String> {
    (0..3).map(|k| format!("src/module{}/file{}.rs", n / 100, n / 3 * 3 + k)).collect()
}

fn stars_in_the_middle(n: usize) -> Vec<String> {
    vec![format!("src/*/f_{n}.rs"), format!("src/d_{n}/f_{}.rs", n + 1), format!("src/d_{n}/g.rs")]
}

fn stars_at_an_end(n: usize) -> Vec<String> {
    vec![format!("src/*_{n}.rs"), format!("src/f_{n}.rs"), format!("src/g_{n}_*.c")]
}

fn stars_that_meet(n: usize) -> Vec<String> {
    vec![format!("src/*_{n}.rs"), format!("src/{n}_*"), format!("src/f_{n}.rs")]
}

fn crates(n: usize) -> Vec<String> {
    let own = n / 10;
    match n % 10 {
        0 => vec![format!("crates/x{own}/**"), format!("docs/x{own}.md"), format!("tests/x{own}/*.rs")],
        k => (0..3).map(|file| format!("crates/x{own}/src/m{k}/f{file}.rs")).collect(),
    }
}

fn one_above_all(n: usize) -> Vec<String> {
    if n == 0 { vec!["src/**".to_owned()] } else { literals(n) }
}

fn anywhere(n: usize) -> Vec<String> {
    let mut writes = literals(n);
    writes.truncate(2);
    writes.push(if n.is_multiple_of(50) { format!("**/name_{n}.rs") } else { format!("src/*/name_{n}.rs") });
    writes
}

fn intricate(n: usize) -> Vec<String> {
    vec![format!("src/[a-c]_{n}.rs"), format!("src/{{x,y}}_{n}/**"), format!("lib/?_{n}.rs")]
}

fn hostile(n: usize) -> Vec<String> {
    (0..3).map(|k| format!("src/?*{}?*{}?*", n % 71, n / 71 * 3 + k)).collect()
}

fn main() {
    let temp = tempfile::tempdir().unwrap();
    print(&machine(temp.path()));
    print(&format!(
        "\n{:32} {:>7} {:>9} {:>11} {:>8} {:>9} {:>12} {:>9}\n",
        "who write one path", "tasks", "patterns", "pairs", "sets", "CPU ms", "read pairs", "CPU ms"
    ));
    let costs: Vec<(&Set, Duration)> = SETS.iter().map(|set| (set, row(set))).collect();
    for (set, cost) in costs {
        let what = format!("{}, {} tasks, CPU", set.name, set.tasks);
        print(&goal(&what, cost.as_secs_f64() * 1e3, set.most, "ms"));
    }
}

/// Prints what is found among the tasks of a set, and what it cost; returns that of the writers.
fn row(set: &Set) -> Duration {
    let patterns = |n: usize| -> Vec<Pattern> { (set.writes)(n).iter().map(|text| text.parse().unwrap()).collect() };
    let named = |n: usize| Task::named(format!("T{n:06}").parse().unwrap());
    let writing: Vec<Task> = (0..set.tasks).map(|n| Task { writes: patterns(n), ..named(n) }).collect();
    // Half of them read what they wrote.
    let half = |n: usize| match n % 2 {
        0 => Task { reads: patterns(n), ..named(n) },
        _ => Task { writes: patterns(n), ..named(n) },
    };
    let reading: Vec<Task> = (0..set.tasks).map(half).collect();
    let settings = Settings::default();
    let rules = Rules::new(&settings);
    let (writing, reading): (Vec<&Task>, Vec<&Task>) = (writing.iter().collect(), reading.iter().collect());
    let (cost, sets) = median(|| rules.contested(&writing));
    let (read_cost, readers) = median(|| rules.readers(&reading));
    let crowd = if readers.crowds.is_empty() { String::new() } else { "+".to_owned() };
    print(&format!(
        "{:32} {:>7} {:>9} {:>11} {:>8} {:>9.1} {:>12} {:>9.1}\n",
        set.name,
        set.tasks,
        writing.iter().map(|task| task.writes.len()).sum::<usize>(),
        pairs(&sets).map_or("many".to_owned(), |pairs| pairs.to_string()),
        sets.len(),
        cost.as_secs_f64() * 1e3,
        format!("{}{crowd}", readers.pairs.len()),
        read_cost.as_secs_f64() * 1e3,
    ));
    cost
}

/// How many pairs some sets hold; `None` where counting them would take long.
fn pairs(sets: &[Contested<'_>]) -> Option<usize> {
    let bound: usize = sets.iter().map(|set| set.tasks.len() * set.tasks.len() / 2).sum();
    (bound < 10_000_000).then(|| {
        let all = sets.iter().flat_map(|set| {
            set.tasks.iter().enumerate().flat_map(|(at, &b)| set.tasks[..at].iter().map(move |&a| (a, b)))
        });
        all.collect::<std::collections::HashSet<_>>().len()
    })
}

/// The CPU time that it takes, the median of some rounds, and what it gives.
fn median<T>(work: impl Fn() -> T) -> (Duration, T) {
    let mut rounds: Vec<(Duration, T)> = (0..ROUNDS)
        .map(|_| {
            let begun = cpu();
            let result = work();
            (cpu() - begun, result)
        })
        .collect();
    rounds.sort_by_key(|(cost, _)| *cost);
    rounds.swap_remove(ROUNDS / 2)
}

#[expect(clippy::disallowed_macros, reason = "a benchmark has no console")]
fn print(text: &str) {
    print!("{text}");
}
