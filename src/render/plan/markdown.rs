//! `plan --format markdown`: the table by which several people or agents are coordinated.

pub mod inline;

use std::fmt::Write as _;

use super::caption;
use crate::model::picture::{Bar, Before, Condition, Group, Picture, letters};
use crate::model::task::{Budget, Kind, Task};
use crate::model::template::slug;
use crate::model::text::duration;
use crate::render::reason;
use inline::{link, reference, text, url};

/// How a task without one is worked on (dispatch-toml(5), mode).
const MODE: &str = "quick";
/// Sessions that a list names at most.
const LISTED: usize = 12;

/// A document of GitHub Flavored Markdown: a table for what starts now, one for each later batch, and why the rest waits.
pub fn markdown(picture: &Picture<'_>) -> String {
    let page = Page::new(picture);
    let mut out = page.head();
    page.under_way(&mut out);
    for group in &picture.groups {
        page.group(group, &mut out);
    }
    page.held(&mut out);
    page.foot(&mut out);
    out
}

/// `2026-01-20-eval-checkout-v2.md`: what the table is saved as.
pub fn file_name(picture: &Picture<'_>) -> String {
    let plan = picture.plan;
    let title = plan.file.settings.plan.as_ref().and_then(|plan| plan.title.as_deref()).unwrap_or_default();
    let topics = [title, plan.phase.unwrap_or_default(), plan.target.0];
    let topic = topics.iter().map(|topic| slug(topic, "")).find(|topic| !topic.is_empty());
    let (date, topic) = (picture.frame.now.strftime("%Y-%m-%d"), topic.unwrap_or_else(|| "plan".to_owned()));
    format!("{date}-{}-{topic}.md", slug(picture.frame.repo, "repo"))
}

struct Page<'p> {
    picture: &'p Picture<'p>,
    before: Before<'p>,
}

impl<'p> Page<'p> {
    fn new(picture: &'p Picture<'p>) -> Page<'p> {
        Page { picture, before: Before::new(picture) }
    }

    fn head(&self) -> String {
        let plan = self.picture.plan;
        let mut out = format!("<!-- suggested file name: {} -->\n", file_name(self.picture));
        let _ = writeln!(out, "# {}\n", text(self.picture.title()));
        let issue = plan.file.settings.plan.as_ref().and_then(|plan| plan.issue.as_deref());
        if let Some(issue) = issue.filter(|issue| !issue.trim().is_empty()) {
            let _ = writeln!(out, "Master plan: {}\n", link(issue, Some(issue)));
        }
        let _ = writeln!(out, "{}", text(super::header(plan).trim_end()));
        out
    }

    fn group(&self, group: &Group, out: &mut String) {
        let number = group.number;
        let _ = match (group.now, group.start) {
            (true, _) => writeln!(out, "\n## Batch {number}: start now\n"),
            (false, 0) => writeln!(out, "\n## Batch {number}: as soon as may be\n"),
            (false, start) => writeln!(out, "\n## Batch {number}: from {} on\n", duration(start)),
        };
        columns((!group.now).then_some("After"), out);
        for unit in &group.units {
            let name = format!("Batch {}{}", group.number, letters(unit.place));
            let after = (!group.now).then(|| self.after(unit.bar));
            let _ = writeln!(out, "{}", self.row(unit.bar, Some(name), after));
        }
        if group.now {
            self.start(out);
        }
    }

    /// `unit`: its batch and its place in it.
    fn row(&self, bar: usize, unit: Option<String>, last: Option<String>) -> String {
        let task = self.picture.bars[bar].listed;
        let details = task.details.as_deref();
        let focus = text(&task.title);
        let parts: Vec<String> = unit.into_iter().chain((!focus.is_empty()).then(|| focus.clone())).collect();
        let time = duration(task.minutes());
        let cells = [
            self.session(bar),
            issue(task),
            or_dash(focus),
            text(details.and_then(|details| details.mode.as_deref()).unwrap_or(MODE)),
            details.and_then(|details| details.budget.as_ref()).map_or(time.clone(), |one| budget(&time, one)),
            task.agent().map_or_else(|| "-".to_owned(), text),
            self.worktree(task).to_owned(),
            or_dash(parts.join(": ")),
        ];
        let cells: Vec<String> = cells.into_iter().chain(last).collect();
        format!("| {} |", cells.join(" | "))
    }

    fn session(&self, bar: usize) -> String {
        format!("S-{}", letters(self.picture.sessions[bar]))
    }

    /// `n/a` for research, which changes nothing; `no` for an agent that works elsewhere.
    fn worktree(&self, task: &Task) -> &'static str {
        let agent = task.agent().and_then(|agent| self.picture.plan.file.settings.agents.get(agent));
        match (task.kind, agent.and_then(|agent| agent.isolated)) {
            (Kind::Research, _) => "n/a",
            (Kind::Code, Some(false)) => "no",
            (Kind::Code, _) => "yes",
        }
    }

    /// The sessions that the schedule puts before it, in their order, with the reason where it is no need.
    fn after(&self, at: usize) -> String {
        let bar = &self.picture.bars[at];
        if bar.condition == Condition::Stopped {
            return "stopped, to be taken up again".to_owned();
        }
        let mut before: Vec<_> = self.before.of(at).into_iter().collect();
        before.sort_by_key(|&(one, _)| self.picture.sessions[one]);
        let name = |(one, whys)| match caption::whys(self.picture, &whys) {
            None => self.session(one),
            Some(why) => format!("{} ({})", self.session(one), text(&why)),
        };
        match (before.is_empty(), bar.condition) {
            (false, _) => few(before.into_iter().map(name).collect()),
            (true, Condition::Held) => self.reasons(bar).map_or_else(|| "-".to_owned(), |reasons| text(&reasons)),
            (true, Condition::Queued) if !self.picture.plan.barrier.is_empty() => "the batch before".to_owned(),
            (true, Condition::Queued) => "a free worker".to_owned(),
            _ => "-".to_owned(),
        }
    }

    fn reasons(&self, bar: &Bar<'_>) -> Option<String> {
        let ix = bar.ix?;
        let held = &self.picture.plan.held;
        let held = &held[held.binary_search_by_key(&ix, |held| held.ix).ok()?];
        Some(reason::sentence(&held.reasons))
    }

    /// How long the batch takes, and the command for it.
    fn start(&self, out: &mut String) {
        let plan = self.picture.plan;
        if let (Some(benefit), true) = (plan.batch.benefit(), plan.start.len() > 1) {
            let (parallel, sequential) = (duration(plan.batch.parallel), duration(plan.batch.sequential));
            let (whole, hundredths) = (benefit / 100, benefit % 100);
            let _ = writeln!(out, "\n{parallel} side by side, {sequential} in sequence, {whole}.{hundredths:02}x");
        }
        let ids: Vec<&str> = plan.start.iter().map(|one| plan.task(one.ix).id.as_str()).collect();
        let _ = writeln!(out, "\n```sh\ngit dispatch start {}\n```", ids.join(" "));
    }

    /// What has started, with its state where others have what comes before them.
    fn under_way(&self, out: &mut String) {
        if self.picture.begun.is_empty() {
            return;
        }
        out.push_str("\n## Under way\n\n");
        columns(Some("State"), out);
        for one in &self.picture.begun {
            let unit = one.unit.map(|(batch, place)| format!("Batch {batch}{}", letters(place)));
            let state = self.picture.bars[one.bar].word().to_owned();
            let _ = writeln!(out, "{}", self.row(one.bar, unit, Some(state)));
        }
    }

    /// What is held, and what can never run.
    fn held(&self, out: &mut String) {
        let plan = self.picture.plan;
        let held = |held: &crate::model::plan::Held| item(plan.task(held.ix), &reason::sentence(&held.reasons));
        section("Held", &plan.held.iter().map(held).collect::<Vec<_>>(), out);
        let stuck = |&ix: &usize| {
            let needs = |(id, cancelled): (&_, bool)| format!("{id}{}", if cancelled { " (cancelled)" } else { "" });
            item(plan.task(ix), &format!("needs {}", few(plan.unmet(ix).map(needs).collect())))
        };
        section("Waiting for what never comes", &plan.stuck.iter().map(stuck).collect::<Vec<_>>(), out);
        let lost = |&ix: &usize| item(plan.task(ix), "neither branch nor landing is there");
        section("Lost", &plan.lost.iter().map(lost).collect::<Vec<_>>(), out);
    }

    fn foot(&self, out: &mut String) {
        let times = caption::times(self.picture);
        let _ = match times.as_str() {
            "" => writeln!(out, "\n{}.", caption::nothing_left(self.picture)),
            times => writeln!(out, "\nEverything left: {}", text(times)),
        };
        let units = self.picture.groups.iter().flat_map(|group| &group.units);
        let research = units.filter(|unit| self.picture.bars[unit.bar].task.kind == Kind::Research);
        let sessions: Vec<String> = research.map(|unit| self.session(unit.bar)).collect();
        if !sessions.is_empty() {
            let _ = writeln!(
                out,
                "\nResearch tasks ({}) need no worktree and cost 2–4 times the tool calls of code tasks.",
                few(sessions)
            );
        }
    }
}

/// The head of a table, with one more column at its end or without.
fn columns(last: Option<&str>, out: &mut String) {
    let (name, rule) = last.map_or((String::new(), ""), |last| (format!(" {last} |"), "---|"));
    let _ = writeln!(out, "| Session | Issue | Focus | Mode | Est. Cost | Agent | Worktree | Unit |{name}");
    let _ = writeln!(out, "|---|---|---|---|---|---|---|---|{rule}");
}

fn or_dash(cell: String) -> String {
    if cell.is_empty() { "-".to_owned() } else { cell }
}

/// The id, as a link where there is an issue on the web; else with what the issue is called.
fn issue(task: &Task) -> String {
    let id = link(task.id.as_str(), task.issue.as_deref());
    match task.issue.as_deref().map(str::trim).filter(|issue| !issue.is_empty() && url(issue).is_none()) {
        Some(issue) => format!("{id} ({})", reference(issue)),
        None => id,
    }
}

/// `4h, $10`.
fn budget(time: &str, budget: &Budget) -> String {
    match budget {
        Budget::Unlimited => format!("{time}, unlimited"),
        Budget::Amount(amount) => format!("{time}, {}", text(amount)),
    }
}

/// A list with its heading; nothing where it is empty.
fn section(title: &str, lines: &[String], out: &mut String) {
    if !lines.is_empty() {
        let _ = writeln!(out, "\n## {title}\n");
        lines.iter().for_each(|line| out.push_str(line));
    }
}

fn item(task: &Task, what: &str) -> String {
    let title = text(&task.title);
    let gap = if title.is_empty() { "" } else { " " };
    format!("- {}{gap}{title}: {}\n", issue(task), text(what))
}

fn few(mut names: Vec<String>) -> String {
    let more = names.len().saturating_sub(LISTED);
    names.truncate(LISTED);
    names.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
}

#[cfg(test)]
mod tests;
