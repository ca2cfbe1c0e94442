//! The table of all that is left.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::model::graph::Ix;
use crate::model::picture::{Bar, Before, Condition, Picture, Row, Why};
use crate::model::task::{Kind, Task};
use crate::model::text::duration;
use crate::render::plan::caption;
use crate::render::plan::markdown::inline::url;
use crate::render::plan::svg::class;
use crate::render::plan::svg::xml::text;
use crate::render::reason;

/// Needs that a cell names at most.
const LISTED: usize = 24;
const HEAD: [&str; 9] = ["Task", "Title", "Phase", "State", "Estimate", "Start", "End", "Worker", "Waits for"];

/// A row for each bar in the order of the schedule, then for what cannot run. Cells sort by their `data-key`.
pub fn table(picture: &Picture<'_>) -> String {
    let mut out = String::from("<table>\n<thead><tr>");
    for title in HEAD {
        let _ = write!(out, "<th scope=\"col\">{title}</th>");
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    let before = Before::new(picture);
    for (at, bar) in picture.bars.iter().enumerate() {
        self::bar(picture, (at, bar), &before, &mut out);
    }
    let plan = picture.plan;
    for &ix in &plan.lost {
        stray(picture, ix, ("lost", "neither branch nor landing is there".to_owned()), &mut out);
    }
    for &ix in plan.stuck.iter().filter(|ix| plan.lost.binary_search(ix).is_err()) {
        let never = |(id, cancelled): (&_, bool)| format!("{id}{}", if cancelled { " (cancelled)" } else { "" });
        let needs: Vec<String> = plan.unmet(ix).take(LISTED).map(never).collect();
        stray(picture, ix, ("waiting", needs.join(", ")), &mut out);
    }
    out.push_str("</tbody>\n</table>\n");
    out
}

fn bar(picture: &Picture<'_>, (at, bar): (usize, &Bar<'_>), before: &Before<'_>, out: &mut String) {
    let class = class(bar.condition);
    begin(bar.listed, &words(picture, bar), out);
    let critical = if bar.critical { " <span class=\"badge path\">critical</span>" } else { "" };
    let alone = if bar.task.parallel { "" } else { " <span class=\"badge\">alone</span>" };
    let _ = write!(out, "<td><span class=\"badge {class}\">{}</span>{critical}{alone}</td>", bar.word());
    let minutes = bar.task.minutes();
    let _ = write!(out, "<td data-key=\"{minutes}\">{}</td>", duration(minutes));
    if bar.row == Row::Done {
        out.push_str("<td data-key=\"0\"></td><td data-key=\"0\"></td><td></td>");
    } else {
        let _ = write!(out, "<td data-key=\"{at}\">{}</td>", duration(bar.start));
        let _ = write!(out, "<td data-key=\"{}\">{}</td>", bar.end, duration(bar.end));
        let _ = write!(out, "<td>{}</td>", text(&caption::row(picture, bar.row)));
    }
    let _ = writeln!(out, "<td>{}</td></tr>", waits(picture, at, before));
}

/// What a search finds beside what the cells show: all that it holds, reads and writes, its agent, kind and issue.
fn words(picture: &Picture<'_>, bar: &Bar<'_>) -> String {
    let holds = bar.holds.iter().map(|&at| caption::resource(&picture.shared[at].resource));
    facets(bar.listed).into_iter().chain(holds).collect::<Vec<_>>().join(" ")
}

fn facets(task: &Task) -> Vec<String> {
    let kind = if task.kind == Kind::Research { "research" } else { "code" };
    let paths = task.writes.iter().chain(&task.reads).map(ToString::to_string);
    let named = [task.agent(), task.issue.as_deref(), Some(kind)].into_iter().flatten().map(str::to_owned);
    named.chain(task.locks.iter().cloned()).chain(paths).collect()
}

/// Id, title and phase; `words`: what else a search finds it by.
fn begin(task: &Task, words: &str, out: &mut String) {
    let id = task.id.as_str();
    let shown = match task.issue.as_deref().and_then(url) {
        Some(url) => format!("<a href=\"{}\" rel=\"noreferrer\">{id}</a>", text(&url)),
        None => id.to_owned(),
    };
    let phase = text(task.phase.as_deref().unwrap_or_default());
    let words = text(words);
    let _ = write!(out, "<tr id=\"task-{id}\" data-task=\"{id}\" data-words=\"{words}\"><td>{shown}</td>");
    let _ = write!(out, "<td>{}</td>", text(&task.title));
    let _ = write!(out, "<td>{phase}</td>");
}

/// A task without a place in time.
fn stray(picture: &Picture<'_>, ix: Ix, (state, waits): (&str, String), out: &mut String) {
    let task = picture.plan.task(ix);
    begin(task, &facets(task).join(" "), out);
    let _ = write!(out, "<td><span class=\"badge never\">{state}</span></td>");
    let minutes = task.minutes();
    let _ = write!(out, "<td data-key=\"{minutes}\">{}</td>", duration(minutes));
    let _ = writeln!(out, "<td></td><td></td><td></td><td>{}</td></tr>", text(&waits));
}

/// What the schedule puts before it as links to their rows, with the reason where it is no need; else why it is held.
fn waits(picture: &Picture<'_>, at: usize, before: &Before<'_>) -> String {
    let bar = &picture.bars[at];
    if matches!(bar.condition, Condition::Active | Condition::Done) {
        return String::new();
    }
    let before = before.of(at);
    let more = before.len().saturating_sub(LISTED);
    let link = |(one, whys): (usize, BTreeSet<Why>)| {
        let id = picture.bars[one].task.id.as_str();
        let why = caption::whys(picture, &whys).map(|why| format!(" ({})", text(&why)));
        format!("<a href=\"#task-{id}\">{id}</a>{}", why.unwrap_or_default())
    };
    let mut parts: Vec<String> = before.into_iter().take(LISTED).map(link).collect();
    parts.extend((more > 0).then(|| format!("{more} more")));
    if parts.is_empty() {
        let held = &picture.plan.held;
        let held = bar.ix.and_then(|ix| held.binary_search_by_key(&ix, |held| held.ix).ok()).map(|at| &held[at]);
        parts.extend(held.map(|held| text(&reason::sentence(&held.reasons))));
    }
    parts.join(", ")
}
