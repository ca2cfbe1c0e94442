//! Figures as people read them.

use std::path::Path;
use std::time::Duration;

use super::{Contender, Cost, done, git};

/// The machine, the programs and the commit that the figures are of. No host name and no path.
pub fn machine(dir: &Path) -> String {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let system = rustix::system::uname();
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let commit = done(git(project, &["describe", "--always", "--dirty", "--abbrev=10", "--exclude=*"]));
    format!(
        "machine: {cores} cores, {model}, {} {}, {}\n{}, git-dispatch at {commit}\n",
        system.sysname().to_string_lossy(),
        system.release().to_string_lossy(),
        file_system(dir),
        done(git(project, &["version"])),
    )
}

fn file_system(dir: &Path) -> String {
    let kind = rustix::fs::statfs(dir).unwrap().f_type;
    let known = [
        (0xEF53, "ext4"),
        (0x0102_1994, "tmpfs"),
        (0x9123_683E, "btrfs"),
        (0x5846_5342, "xfs"),
        (0x794C_7630, "overlayfs"),
    ];
    known.iter().find(|(magic, _)| *magic == kind).map_or(format!("file system {kind:#x}"), |(_, name)| (*name).into())
}

/// One row for each contender: wall and CPU time (least, median, most) in milliseconds, and the peak of memory in MB.
pub fn table(title: &str, contenders: &[Contender<'_>], costs: &[Vec<Cost>]) -> String {
    let width = contenders.iter().map(|one| one.name.len()).chain([title.len()]).max().unwrap_or(0);
    let mut text =
        format!("\n{title:width$}  wall ms: min   median      max  CPU ms: min   median      max  peak MB\n");
    for (contender, costs) in contenders.iter().zip(costs) {
        let [wall, cpu] = [spread(costs, |cost| cost.wall), spread(costs, |cost| cost.cpu)].map(|times| {
            let [least, median, most] = times.map(milliseconds);
            format!("{least:>12}  {median:>7}  {most:>7}")
        });
        text.push_str(&format!("{:width$}  {wall}  {cpu}  {:>7.0}\n", contender.name, peak(costs)));
    }
    text
}

/// The median of the ratios between two contenders, round by round, with the least and the most.
pub fn ratio(names: [&str; 2], [ours, theirs]: [&[Cost]; 2]) -> String {
    let ratios = |of: fn(&Cost) -> Duration| {
        let mut all: Vec<f64> =
            ours.iter().zip(theirs).map(|(ours, theirs)| of(ours).as_secs_f64() / of(theirs).as_secs_f64()).collect();
        all.sort_by(f64::total_cmp);
        format!("{:.2} ({:.2}–{:.2})", all[all.len() / 2], all[0], all[all.len() - 1])
    };
    let [ours, theirs] = names;
    format!("{ours} / {theirs}: wall {}, CPU {}\n", ratios(|cost| cost.wall), ratios(|cost| cost.cpu))
}

/// The median of the ratios of wall times between two contenders, round by round.
pub fn median_ratio(ours: &[Cost], theirs: &[Cost]) -> f64 {
    let wall = |cost: &Cost| cost.wall.as_secs_f64();
    let mut all: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| wall(ours) / wall(theirs)).collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// The median of the wall times, in seconds.
pub fn median_wall(costs: &[Cost]) -> f64 {
    spread(costs, |cost| cost.wall)[1].as_secs_f64()
}

/// The highest peak of memory of all runs, in MB.
pub fn peak(costs: &[Cost]) -> f64 {
    costs.iter().map(|cost| cost.peak).max().unwrap_or(0) as f64 * 1024.0 / 1e6
}

/// Whether a promise is kept by the median.
pub fn goal(what: &str, median: f64, most: f64, unit: &str) -> String {
    verdict(what, ("at most", most), (median, median <= most), unit)
}

/// Whether a figure is as high as was promised.
pub fn goal_at_least(what: &str, figure: f64, least: f64, unit: &str) -> String {
    verdict(what, ("at least", least), (figure, figure >= least), unit)
}

fn verdict(what: &str, (word, limit): (&str, f64), (figure, kept): (f64, bool), unit: &str) -> String {
    let verdict = if kept { "kept" } else { "MISSED" };
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    let digits = if limit != 0.0 && limit < 0.1 { 4 } else { 2 };
    format!("goal: {what} {word} {limit}{unit}: {figure:.digits$}{unit}, {verdict}\n")
}

/// Least, median, most.
pub fn spread(costs: &[Cost], of: fn(&Cost) -> Duration) -> [Duration; 3] {
    let mut all: Vec<Duration> = costs.iter().map(of).collect();
    all.sort();
    [all[0], all[all.len() / 2], all[all.len() - 1]]
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e3)
}
