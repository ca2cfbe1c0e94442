//! How good the schedules are, and what they cost: `cargo bench --bench schedule`.
//!
//! With `-- graphs`, `-- shops` or `-- large` only that part; `-- --effort N` searches so long, `-- --missed` names what
//! is longer than the optimum or not proven. The public instances come from `$GIT_DISPATCH_DATA`.

#[expect(dead_code, reason = "each benchmark uses the part that it needs")]
mod support;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use git_dispatch::model::schedule::{CriticalPath, Problem, Solution, solve, urgency};
use support::checker::{Fault, check};
use support::instance::Instance;
use support::report::{goal, goal_at_least, machine};
use support::{cpu, data, network};

/// What is asked for on the command line.
struct Options {
    parts: Vec<String>,
    effort: Option<u32>,
    missed: bool,
}

impl Options {
    fn read() -> Options {
        let mut options = Options { parts: vec![], effort: None, missed: false };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--bench" => {}
                "--missed" => options.missed = true,
                "--effort" => options.effort = words.next().and_then(|number| number.parse().ok()),
                part => options.parts.push(part.to_owned()),
            }
        }
        options
    }

    fn wants(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|one| one == part)
    }
}

/// What became of an instance.
struct Outcome {
    instance: Instance,
    solution: Solution,
    cpu: Duration,
    fault: Option<Fault>,
}

impl Outcome {
    /// How much longer than the optimum, in percent, where that is known.
    fn gap(&self) -> Option<f64> {
        let optimum = self.instance.optimum()? as f64;
        Some((self.solution.schedule.makespan as f64 / optimum - 1.0) * 100.0)
    }

    fn reached(&self) -> bool {
        self.instance.optimum() == Some(self.solution.schedule.makespan)
    }

    /// Reached, and known to the program to be the optimum.
    fn settled(&self) -> bool {
        self.reached() && self.solution.proven()
    }

    fn line(&self) -> String {
        let Instance { name, workers, known, .. } = &self.instance;
        let (least, found) = known.unwrap_or((0, 0));
        let bound = self.solution.lower_bound;
        format!(
            "  {name} with {workers}: {} (bound {} by {:?}, by rule {}; known {least} to {found})\n",
            self.solution.schedule.makespan, bound.minutes, bound.limit, self.solution.by_rule.makespan
        )
    }
}

fn main() -> ExitCode {
    let temp = tempfile::tempdir().unwrap();
    let options = Options::read();
    print(&machine(temp.path()));
    let mut sound = true;
    match data::folder() {
        Some(folder) => {
            sound &= !options.wants("graphs") || task_graphs(&folder, temp.path(), &options);
            sound &= !options.wants("shops") || job_shops(&folder, temp.path(), &options);
        }
        None => print("no folder of data: set GIT_DISPATCH_DATA to measure the public instances\n"),
    }
    sound &= !options.wants("large") || large(options.effort.unwrap_or(1));
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Solves an instance as `plan` does, and checks the schedule.
fn outcome(instance: Instance, effort: u32) -> Outcome {
    let problem = instance.problem();
    let begun = cpu();
    let path = CriticalPath::new(&problem);
    let solution = solve(&problem, &path, &rule(&problem, &path), effort);
    let cpu = cpu() - begun;
    Outcome { fault: check(&instance, &solution).err(), instance, solution, cpu }
}

/// The order of choice: slack 0, most unblocked, shorter, index; of many jobs the longest chain, shorter, index.
fn rule(problem: &Problem, path: &CriticalPath) -> Vec<u32> {
    let urgency = urgency(problem, path);
    let mut order: Vec<u32> = (0..problem.len() as u32).collect();
    order.sort_by_cached_key(|&node| (urgency[node as usize], problem.jobs[node as usize].minutes, node));
    order
}

/// Says how many schedules were checked, and names those that are none; whether all are sound.
fn verdict(outcomes: &[Outcome]) -> bool {
    let wrong: Vec<&Outcome> = outcomes.iter().filter(|one| one.fault.is_some()).collect();
    print(&format!("schedules checked: {}, wrong: {}\n", outcomes.len(), wrong.len()));
    for one in &wrong {
        print(&format!("WRONG {:?}:{}", one.fault, one.line()));
    }
    wrong.is_empty()
}

fn missed(outcomes: &[Outcome]) {
    for one in outcomes.iter().filter(|one| one.instance.optimum().is_some() && !one.settled()) {
        print(&one.line());
    }
}

fn percent(part: usize, whole: usize) -> f64 {
    part as f64 * 100.0 / whole.max(1) as f64
}

fn mean(all: &[f64]) -> f64 {
    all.iter().sum::<f64>() / all.len().max(1) as f64
}

/// Milliseconds that so many in a thousand do not exceed (nearest rank).
fn quantile(outcomes: &[&Outcome], thousandth: usize) -> f64 {
    let mut all: Vec<Duration> = outcomes.iter().map(|one| one.cpu).collect();
    all.sort();
    let rank = (all.len() * thousandth).div_ceil(1000).max(1);
    all.get(rank - 1).map_or(0.0, |cpu| cpu.as_secs_f64() * 1e3)
}

fn task_graphs(folder: &Path, temp: &Path, options: &Options) -> bool {
    let instances = data::task_graphs(folder, temp);
    let effort = options.effort.unwrap_or(1);
    let outcomes: Vec<Outcome> = instances.into_iter().map(|one| outcome(one, effort)).collect();
    print(&format!("\nStandard Task Graph Set, effort {effort}\n"));
    print("tasks workers  cases known   rule reached  and proven  mean gap  bound above  proven of all   CPU ms: ");
    print("median      p90      p99      max\n");
    for size in [50, 100] {
        for workers in data::WORKERS {
            let of = |one: &&Outcome| one.instance.durations.len() == size && one.instance.workers == workers;
            graphs_row(&format!("{size:>5} {workers:>7}"), &outcomes.iter().filter(of).collect::<Vec<_>>());
        }
    }
    let all: Vec<&Outcome> = outcomes.iter().collect();
    graphs_row("          all", &all);
    if options.missed {
        missed(&outcomes);
    }
    let known: Vec<&Outcome> = all.iter().copied().filter(|one| one.instance.optimum().is_some()).collect();
    let settled = percent(known.iter().filter(|one| one.settled()).count(), known.len());
    let gaps: Vec<f64> = known.iter().filter_map(|one| one.gap()).collect();
    let proven = percent(all.iter().filter(|one| one.solution.proven()).count(), all.len());
    print(&goal_at_least("known optimum reached and proven", settled, 99.5, "%"));
    print(&goal("mean gap", mean(&gaps), 0.005, "%"));
    print(&goal("bound above an optimum", above(&all) as f64, 0.0, ""));
    print(&goal("CPU, median", quantile(&all, 500), 0.5, "ms"));
    print(&goal("CPU, 99th percentile", quantile(&all, 990), 20.0, "ms"));
    print(&goal_at_least("proven of all", proven, 95.0, "%"));
    verdict(&outcomes)
}

fn above(outcomes: &[&Outcome]) -> usize {
    let above = |one: &&&Outcome| one.instance.known.is_some_and(|(_, found)| one.solution.lower_bound.minutes > found);
    outcomes.iter().filter(above).count()
}

fn graphs_row(title: &str, all: &[&Outcome]) {
    let known: Vec<&Outcome> = all.iter().copied().filter(|one| one.instance.optimum().is_some()).collect();
    let count = |of: &dyn Fn(&Outcome) -> bool| known.iter().filter(|one| of(one)).count();
    let gaps: Vec<f64> = known.iter().filter_map(|one| one.gap()).collect();
    let proven = all.iter().filter(|one| one.solution.proven()).count();
    print(&format!(
        "{title}  {:>5} {:>5}  {:>5} {:>7}   {:>7.2} %  {:>6.4} %  {:>11}       {:>6.2} %          {:>6.2}   {:>6.2}   {:>6.2}   {:>6.2}\n",
        all.len(),
        known.len(),
        count(&|one| one.instance.optimum() == Some(one.solution.by_rule.makespan)),
        count(&Outcome::reached),
        percent(count(&Outcome::settled), known.len()),
        mean(&gaps),
        above(all),
        percent(proven, all.len()),
        quantile(all, 500),
        quantile(all, 900),
        quantile(all, 990),
        quantile(all, 1000),
    ));
}

const FAMILIES: [&str; 8] = ["ft", "la", "abz", "orb", "swv", "yn", "ta", "dmu"];

fn job_shops(folder: &Path, temp: &Path, options: &Options) -> bool {
    let instances = data::job_shops(folder, temp);
    let efforts = options.effort.map_or(vec![1, 8], |effort| vec![effort]);
    let mut sound = true;
    for effort in efforts {
        let outcomes: Vec<Outcome> = instances.iter().map(|one| outcome(one.clone(), effort)).collect();
        print(&format!("\njob shops, effort {effort}\n"));
        print("family  cases known  mean gap   max gap  rule's gap  reached  proven   CPU ms: median      max\n");
        for family in FAMILIES {
            let of = |one: &&Outcome| one.instance.name.trim_end_matches(|c: char| c.is_ascii_digit()) == family;
            shops_row(family, &outcomes.iter().filter(of).collect::<Vec<_>>());
        }
        let all: Vec<&Outcome> = outcomes.iter().collect();
        shops_row("all", &all);
        if options.missed {
            missed(&outcomes);
        }
        let gaps: Vec<f64> = all.iter().filter_map(|one| one.gap()).collect();
        let most = if effort > 1 { 2.0 } else { 7.0 };
        print(&goal(&format!("mean gap of job shops, effort {effort},"), mean(&gaps), most, "%"));
        sound &= verdict(&outcomes);
    }
    sound
}

fn shops_row(title: &str, all: &[&Outcome]) {
    if all.is_empty() {
        return;
    }
    let gaps: Vec<f64> = all.iter().filter_map(|one| one.gap()).collect();
    let by_rule =
        |one: &&Outcome| Some((one.solution.by_rule.makespan as f64 / one.instance.optimum()? as f64 - 1.0) * 100.0);
    let by_rule: Vec<f64> = all.iter().filter_map(by_rule).collect();
    print(&format!(
        "{title:6}  {:>5} {:>5}  {:>6.2} %  {:>6.2} %    {:>6.2} %  {:>7}  {:>6}          {:>7.1}  {:>7.1}\n",
        all.len(),
        gaps.len(),
        mean(&gaps),
        gaps.iter().fold(0.0, |most: f64, &gap| most.max(gap)),
        mean(&by_rule),
        all.iter().filter(|one| one.reached()).count(),
        all.iter().filter(|one| one.solution.proven()).count(),
        quantile(all, 500),
        quantile(all, 1000),
    ));
}

/// Each large plan is made this often.
const ROUNDS: usize = 5;

fn large(effort: u32) -> bool {
    print(&format!("\n100,000 tasks, 500,000 needs, effort {effort}\n"));
    print("workers  locks      makespan         bound       gap   CPU ms: min   median      max\n");
    let (mut medians, mut sound) = (Vec::new(), true);
    for (workers, locks) in [(3, 0), (16, 0), (3, 1_000), (16, 1_000)] {
        let instance = network::generate(100_000, 5, workers, locks);
        let outcomes: Vec<Outcome> = (0..ROUNDS).map(|_| outcome(instance.clone(), effort)).collect();
        let (solution, all) = (&outcomes[0].solution, outcomes.iter().collect::<Vec<_>>());
        let (makespan, bound) = (solution.schedule.makespan, solution.lower_bound.minutes);
        let gap = (makespan as f64 / bound as f64 - 1.0) * 100.0;
        let median = quantile(&all, 500);
        print(&format!(
            "{workers:>7}  {locks:>5}  {makespan:>12}  {bound:>12}  {gap:>6.3} %       {:>6.1}   {median:>6.1}   {:>6.1}\n",
            quantile(&all, 0),
            quantile(&all, 1000),
        ));
        sound &= outcomes.iter().all(|one| one.fault.is_none() && one.solution == *solution);
        medians.push((format!("CPU with {workers} workers and {locks} locks"), median));
    }
    for (what, median) in medians {
        print(&goal(&what, median, 120.0, "ms"));
    }
    print(if sound { "schedules checked, and the same in each round\n" } else { "WRONG schedules, or not the same\n" });
    sound
}

#[expect(clippy::disallowed_macros, reason = "a benchmark has no console")]
fn print(text: &str) {
    print!("{text}");
}
