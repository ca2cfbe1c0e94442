//! `plan --format markdown`: the table by which several people or agents are coordinated.

pub mod inline;

use std::fmt::Write as _;

use super::caption;
use crate::model::picture::{Bar, Condition, Group, Picture, Unit, letters};
use crate::model::task::{Budget, Kind, Task};
use crate::model::template::slug;
use crate::model::text::duration;
use crate::render::reason;
use inline::{link, text};

/// How a task without one is worked on (dispatch-toml(5), mode).
const MODE: &str = "quick";
/// Sessions that a list names at most.
const LISTED: usize = 12;

/// A document of GitHub Flavored Markdown: a table for what starts now, one for each later batch, and why the rest waits.
pub fn markdown(picture: &Picture<'_>) -> String {
    let page = Page::new(picture);
    let mut out = page.head();
    for group in &picture.groups {
        page.group(group, &mut out);
    }
    page.under_way(&mut out);
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
    /// By bar, for those that have not started.
    sessions: Vec<Option<usize>>,
}

impl<'p> Page<'p> {
    fn new(picture: &'p Picture<'p>) -> Page<'p> {
        let mut sessions = vec![None; picture.bars.len()];
        for unit in picture.groups.iter().flat_map(|group| &group.units) {
            sessions[unit.bar] = Some(unit.session);
        }
        Page { picture, sessions }
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
        let after = if group.now { ("", "") } else { (" After |", "---|") };
        let _ = writeln!(out, "| Session | Issue | Focus | Mode | Est. Cost | Agent | Worktree | Unit |{}", after.0);
        let _ = writeln!(out, "|---|---|---|---|---|---|---|---|{}", after.1);
        for unit in &group.units {
            let _ = writeln!(out, "{}", self.row(group, unit));
        }
        if group.now {
            self.start(out);
        }
    }

    fn row(&self, group: &Group, unit: &Unit) -> String {
        let task = self.picture.bars[unit.bar].listed;
        let details = task.details.as_deref();
        let focus = text(&task.title);
        let name = format!("Batch {}{}", group.number, letters(unit.place));
        let cells = [
            session(unit.session),
            issue(task),
            if focus.is_empty() { "-".to_owned() } else { focus.clone() },
            text(details.and_then(|details| details.mode.as_deref()).unwrap_or(MODE)),
            details.and_then(|details| details.budget.as_ref()).map_or_else(|| "-".to_owned(), budget),
            task.agent().map_or_else(|| "-".to_owned(), text),
            self.worktree(task).to_owned(),
            if focus.is_empty() { name } else { format!("{name}: {focus}") },
        ];
        let mut row = format!("| {} |", cells.join(" | "));
        if !group.now {
            let _ = write!(row, " {} |", self.after(&self.picture.bars[unit.bar]));
        }
        row
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

    /// What must be over before: sessions of this table by their names, what has started by its id.
    fn after(&self, bar: &Bar<'_>) -> String {
        let name = |&need: &usize| match self.sessions[need] {
            Some(number) => session(number),
            None => self.picture.bars[need].task.id.to_string(),
        };
        match bar.condition {
            Condition::Queued => "a free worker".to_owned(),
            Condition::Held => self.reasons(bar).map_or_else(|| "-".to_owned(), |reasons| text(&reasons)),
            Condition::Stopped => "stopped, to be taken up again".to_owned(),
            _ if bar.needs.is_empty() => "-".to_owned(),
            _ => few(bar.needs.iter().map(name).collect()),
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

    fn under_way(&self, out: &mut String) {
        let started = |bar: &&Bar<'_>| matches!(bar.condition, Condition::Active | Condition::Done);
        let lines: Vec<String> =
            self.picture.bars.iter().filter(started).map(|bar| item(bar.listed, bar.word())).collect();
        section("Under way", &lines, out);
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
        let sessions: Vec<String> = research.map(|unit| session(unit.session)).collect();
        if !sessions.is_empty() {
            let _ = writeln!(
                out,
                "\nResearch tasks ({}) need no worktree and cost 2–4 times the tool calls of code tasks.",
                few(sessions)
            );
        }
    }
}

fn session(number: usize) -> String {
    format!("S-{}", letters(number))
}

/// The id, as a link where there is an issue on the web.
fn issue(task: &Task) -> String {
    link(task.id.as_str(), task.issue.as_deref())
}

fn budget(budget: &Budget) -> String {
    match budget {
        Budget::Unlimited => "unlimited".to_owned(),
        Budget::Amount(amount) => text(amount),
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
