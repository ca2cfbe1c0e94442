//! `plan --format mermaid`: Markdown with a Gantt chart and a graph, as GitHub draws them.

use std::fmt::Write as _;

use jiff::civil::{DateTime, date};

use super::caption;
use super::markdown::inline;
use crate::model::picture::{Bar, Condition, Picture, Row, links};
use crate::model::task::Minutes;
use crate::model::text::{cut, escape};

/// Characters that Mermaid takes at most for one drawing are 50,000 (its `maxTextSize`, which no document can raise).
const CHARACTERS: usize = 49_000;
/// Arrows that it takes at most (`maxEdges`).
const EDGES: usize = 500;
/// Columns of a title.
const TITLE: usize = 40;
/// Up to here, the axis shows hours; beyond, a working day of 8 hours fills one day of it.
const HOURS: Minutes = 16 * 60;

/// Title and times, a chart of who works on what when, a graph of needs. What is too much for Mermaid is left out from the
/// end of the schedule, and counted.
pub fn mermaid(picture: &Picture<'_>) -> String {
    let mut out = format!("# {}\n", inline::text(picture.title()));
    if picture.bars.is_empty() {
        let _ = writeln!(out, "\n{}.", caption::nothing_left(picture));
    } else {
        let calibrated = caption::calibrated(picture.plan).map(|what| format!(" · {what}")).unwrap_or_default();
        let _ = writeln!(out, "\n{}{calibrated}", inline::text(&caption::times(picture)));
        gantt(picture, &mut out);
        graph(picture, &mut out);
    }
    if let Some(never) = caption::never(picture) {
        let _ = writeln!(out, "\n{never}");
    }
    out
}

fn gantt(picture: &Picture<'_>, out: &mut String) {
    let clock = Clock::new(picture.plan.outlook.schedule.makespan);
    let lines: Vec<String> = picture.bars.iter().enumerate().map(|(at, bar)| clock.line(at, bar)).collect();
    let budget = CHARACTERS - 1_000 - 32 * picture.rows.len().min(1_000);
    let shown = fitting(&lines, budget);
    out.push_str("\n```mermaid\ngantt\n");
    let _ = writeln!(out, "    title {}", encoded(&cut(&escape(picture.title()), 60)));
    out.push_str("    dateFormat YYYY-MM-DD HH:mm\n");
    let _ = writeln!(out, "    axisFormat {}", clock.axis());
    if let Some(tick) = clock.tick(picture.plan.outlook.schedule.makespan) {
        let _ = writeln!(out, "    tickInterval {tick}");
    }
    out.push_str("    todayMarker off\n");
    for &row in &picture.rows {
        let mut of_row = (0..shown).filter(|&at| picture.bars[at].row == row).peekable();
        if of_row.peek().is_some() {
            let _ = writeln!(out, "    section {}", caption::row(picture, row));
        }
        of_row.for_each(|at| out.push_str(&lines[at]));
    }
    out.push_str("```\n");
    left_out(picture.bars.len() - shown, out);
}

/// How many of `lines` take at most `budget` UTF-16 units, which is what Mermaid counts.
fn fitting(lines: &[String], budget: usize) -> usize {
    let mut used = 0;
    lines
        .iter()
        .take_while(|line| {
            used += line.encode_utf16().count();
            used <= budget
        })
        .count()
}

fn left_out(number: usize, out: &mut String) {
    if number > 0 {
        let what = crate::model::text::count(number, "later task");
        let _ = writeln!(out, "\nLeft out, since Mermaid takes no more: {what}");
    }
}

/// Working time on a calendar, which is all that Mermaid knows: now is the first of January at midnight.
struct Clock {
    /// Minutes of the calendar for one of work.
    stretch: Minutes,
}

impl Clock {
    fn new(makespan: Minutes) -> Clock {
        Clock { stretch: if makespan <= HOURS { 1 } else { 3 } }
    }

    fn axis(&self) -> &'static str {
        if self.stretch == 1 { "%H:%M" } else { "day %-j" }
    }

    /// Where the axis shows days: at most some twenty of them, and none twice.
    fn tick(&self, makespan: Minutes) -> Option<&'static str> {
        let days = makespan.saturating_mul(self.stretch) / (24 * 60);
        (self.stretch > 1).then_some(match days {
            ..=20 => "1day",
            21..=140 => "1week",
            _ => "1month",
        })
    }

    fn line(&self, at: usize, bar: &Bar<'_>) -> String {
        let midnight: DateTime = date(2001, 1, 1).at(0, 0, 0, 0);
        // Beyond the calendar everything ends on its last day.
        let after = |minutes: Minutes| {
            let span = jiff::SignedDuration::from_mins(minutes.saturating_mul(self.stretch).min(1 << 40) as i64);
            midnight.checked_add(span).unwrap_or(DateTime::MAX).strftime("%Y-%m-%d %H:%M").to_string()
        };
        let mut tags = String::new();
        tags.push_str(if bar.critical { "crit, " } else { "" });
        tags.push_str(match bar.condition {
            Condition::Active => "active, ",
            Condition::Done => "done, milestone, ",
            _ => "",
        });
        let length = bar.end.saturating_sub(bar.start).saturating_mul(self.stretch);
        let name = named(bar);
        let zero = if bar.row == Row::Done { 0 } else { length };
        format!("    {name} :{tags}t{at}, {}, {zero}m\n", after(bar.start))
    }
}

/// Words with which a line of a chart begins that is no task.
const KEYWORDS: [&str; 19] = [
    "gantt",
    "title",
    "section",
    "click",
    "call",
    "href",
    "dateformat",
    "axisformat",
    "tickinterval",
    "topaxis",
    "inclusiveenddates",
    "includes",
    "excludes",
    "todaymarker",
    "weekday",
    "weekend",
    "acctitle",
    "accdescr",
    "vert",
];

/// Id and title of a bar, as the beginning of a line: an id that is a keyword begins with the code of its letter.
fn named(bar: &Bar<'_>) -> String {
    let id = bar.task.id.as_str();
    let small = id.to_ascii_lowercase();
    let (first, rest) = id.split_at(1);
    let begin = if KEYWORDS.iter().any(|word| small.starts_with(word)) { code(first) } else { first.to_owned() };
    let title = escape(bar.task.title.trim()).into_owned();
    let title = encoded(&cut(&title, TITLE));
    format!("{begin}{rest} {title}").trim_end().to_owned()
}

/// Text without anything that Mermaid reads: its own codes stand for all that is no letter and could mean something.
fn encoded(safe: &str) -> String {
    let plain = |c: char| {
        c.is_alphanumeric() || matches!(c, ' ' | '-' | '.' | ',' | '(' | ')' | '/' | '+' | '=' | '!' | '?' | '…' | '·')
    };
    let mut out = String::with_capacity(safe.len());
    for character in safe.chars() {
        if plain(character) { out.push(character) } else { out.push_str(&code(character.encode_utf8(&mut [0; 4]))) }
    }
    out
}

/// The codes of these characters, such as `#58;`.
fn code(text: &str) -> String {
    text.chars().map(|character| format!("#{};", u32::from(character))).collect()
}

const CLASSES: &str = "    classDef active fill:#0b5ea8,stroke:#0b5ea8,color:#ffffff
    classDef start fill:#0a6c47,stroke:#0a6c47,color:#ffffff
    classDef queued fill:#d5f0e3,stroke:#0a6c47,color:#1f2328
    classDef held fill:#fff0cf,stroke:#8a5c00,color:#1f2328,stroke-dasharray:4 3
    classDef stopped fill:#ffffff,stroke:#0b5ea8,color:#1f2328,stroke-dasharray:4 3
    classDef waiting fill:#e6e9ed,stroke:#868e97,color:#1f2328
    classDef done fill:#ffffff,stroke:#57606a,color:#1f2328
    classDef critical stroke:#d04a00,stroke-width:3px
";

fn graph(picture: &Picture<'_>, out: &mut String) {
    // Links are drawn to earlier bars only, so that those of the first bars are those among the first bars.
    let most = picture.bars.len().min(MOST_NODES);
    let links = links(&picture.bars[..most]);
    let mut lines: Vec<String> = Vec::with_capacity(most);
    let mut arrows: Vec<usize> = vec![0; most];
    for (at, bar) in picture.bars[..most].iter().enumerate() {
        let class = caption::class(bar.condition);
        let critical = if bar.critical { format!("    class t{at} critical\n") } else { String::new() };
        lines.push(format!("    t{at}[\"{}\"]:::{class}\n{critical}", named(bar)));
    }
    for (need, at) in links {
        let arrow = if picture.chained(need, at) { "==>" } else { "-->" };
        let _ = writeln!(lines[at], "    t{need} {arrow} t{at}");
        arrows[at] += 1;
    }
    let mut total = 0;
    let within = arrows.iter().take_while(|&&more| (total + more <= EDGES).then(|| total += more).is_some()).count();
    let shown = fitting(&lines[..within], CHARACTERS - CLASSES.len() - 100);
    out.push_str("\n```mermaid\nflowchart LR\n");
    out.push_str(CLASSES);
    lines[..shown].iter().for_each(|line| out.push_str(line));
    out.push_str("```\n");
    left_out(picture.bars.len() - shown, out);
}

/// No more than this could fit: each takes some thirty characters.
const MOST_NODES: usize = 2_000;

#[cfg(test)]
mod tests;
