//! `plan --what-if`: how long everything left takes with more and fewer workers.

use std::fmt::Write as _;

use anstyle::Style;

use super::{Layout, caption};
use crate::model::plan::{Plan, Point};
use crate::model::schedule::Bound;
use crate::model::text::{count, duration, width};

const HEADING: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
/// Columns of the longest bar.
const BAR: usize = 40;

/// A row with a bar for each number of workers that gains something, and from when on more do not help.
pub fn text(plan: &Plan<'_>, layout: Layout) -> String {
    let curve = &plan.curve;
    let Some(last) = curve.last() else { return "Nothing is left to do\n".to_owned() };
    let longest = curve.iter().map(|point| point.makespan).max().unwrap_or(0);
    let time = curve.iter().map(|point| width(&duration(point.makespan))).max().unwrap_or(0);
    let bound = curve.iter().map(|point| width(&why(point, plan))).max().unwrap_or(0);
    let bar = layout.width.saturating_sub(2 + "workers".len() + 2 + time + 2 + 2 + bound).clamp(8, BAR);
    let calibrated = caption::calibrated(plan).map(|what| format!(", {what}")).unwrap_or_default();
    let mut out = format!("{HEADING}Everything left, by workers{calibrated}:{HEADING:#}\n");
    let told = |at: usize| {
        let shorter = at == 0 || curve[at].makespan < curve[at - 1].makespan;
        shorter || curve[at].workers == plan.outlook.workers || layout.verbose
    };
    for point in (0..curve.len()).filter(|&at| told(at)).map(|at| &curve[at]) {
        let drawn = drawn(point.makespan, longest, bar);
        let gap = " ".repeat(bar - width(&drawn));
        let (workers, minutes) = (count(point.workers as usize, "worker"), duration(point.makespan));
        let _ = writeln!(out, "  {workers:<10}  {minutes:>time$}  {drawn}{gap}  {DIM}{}{DIM:#}", why(point, plan));
    }
    let verb = if last.workers == 1 { "does" } else { "do" };
    let _ = writeln!(out, "More than {} {verb} not help{}", count(last.workers as usize, "worker"), limit(last));
    out
}

/// What binds where another worker would not.
fn limit(last: &Point<'_>) -> String {
    match last.bound {
        _ if last.makespan > last.lower_bound => ", as far as was found".to_owned(),
        Bound::Workers => ": bound by what runs alone".to_owned(),
        bound => format!(": bound by {}", caption::binding(bound, last.workers)),
    }
}

fn why(point: &Point<'_>, plan: &Plan<'_>) -> String {
    let binding = caption::binding(point.bound, point.workers);
    let now = if point.workers == plan.outlook.workers { ", as now" } else { "" };
    format!("by {binding}{now}")
}

/// A bar in eighths of a column.
fn drawn(part: u64, whole: u64, columns: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (u128::from(part) * 8 * columns as u128).checked_div(u128::from(whole)).unwrap_or(0) as usize;
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}
