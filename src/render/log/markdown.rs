//! `log --format markdown`: a batch as a document that a team keeps, or pastes into an issue.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::batch::Fate;
use crate::model::ledger::{Judged, Said};
use crate::model::log::{Entry, Outcome};
use crate::model::standing::Standing;
use crate::model::state::State;
use crate::model::text::{count, duration};
use crate::render::plan::markdown::inline::{begun, paragraphs, reference, text, url};
use crate::render::report::why_stopped;
use crate::render::review;

/// Characters of a text that are told: an issue takes 65,536 in all.
const LONGEST: usize = 4000;
/// Paths that a list names at most.
const LISTED: usize = 20;
/// What there is and is not known.
const UNKNOWN: &str = "?";
/// What does not apply.
const NONE: &str = "-";

/// A document of GitHub Flavored Markdown for each batch, with dates in `zone`.
pub fn markdown(entries: &[Entry<'_>], zone: &TimeZone) -> String {
    if entries.is_empty() {
        return "No batch was started yet.\n".to_owned();
    }
    let documents = entries.iter().map(|entry| Document { entry, zone }.told());
    documents.collect::<Vec<_>>().join("\n")
}

struct Document<'d> {
    entry: &'d Entry<'d>,
    zone: &'d TimeZone,
}

impl Document<'_> {
    fn told(&self) -> String {
        let mut out = String::new();
        self.head(&mut out);
        self.tasks(&mut out);
        self.entry.tasks.iter().for_each(|task| self.task(task, &mut out));
        self.registry(&mut out);
        out
    }

    fn date(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M %z").to_string()
    }

    fn head(&self, out: &mut String) {
        let batch = self.entry.batch;
        let _ = writeln!(out, "# {}: {}\n", text(&batch.name), self.entry.state.word());
        let verb = if batch.adopted { "adopted on" } else { "from" };
        let host = if batch.host.is_empty() { String::new() } else { format!(" on {}", text(&batch.host)) };
        let (target, base, by) = (text(&batch.target), batch.base.short(), text(&batch.by));
        let _ = writeln!(out, "Started {verb} {target} at `{base}`, {} by {by}{host}.", self.date(batch.at));
        let landed = self.entry.tasks.iter().filter(|task| task.has_landed()).count();
        let _ = write!(out, "{landed} of {} landed", count(self.entry.tasks.len(), "task"));
        let _ = match self.entry.sums() {
            (_, _, 0) => writeln!(out, "."),
            (estimated, took, tasks) => {
                let of = if tasks == landed { String::new() } else { format!(" of {tasks} of them") };
                writeln!(out, ": estimates{of} sum up to {}, and it took {}.", duration(estimated), duration(took))
            }
        };
        if let Some(closing) = &batch.closed {
            let _ = writeln!(out, "\nClosed as **{}** by {}", text(&closing.verdict), text(&closing.reviewer));
            quote(closing.text.as_deref(), out);
            let more = [
                ("converges", &closing.convergence),
                ("covers", &closing.coverage),
                ("contradicts", &closing.contradictions),
            ];
            for (what, said) in more {
                if let Some(said) = said {
                    let _ = writeln!(out, "\nWhere it {what}:");
                    quote(Some(said), out);
                }
            }
        }
    }

    fn tasks(&self, out: &mut String) {
        out.push_str("\n| Task | Title | State | Report | Commits | Check | Estimate | Actual |\n");
        out.push_str("|---|---|---|---|--:|---|--:|--:|\n");
        let mut unknown = false;
        for task in &self.entry.tasks {
            let cells = cells(task);
            unknown |= cells.iter().any(|cell| cell == UNKNOWN);
            let _ = writeln!(out, "| {} |", cells.join(" | "));
        }
        out.push_str("\nActual: from the first own commit to the landing, nights included.");
        out.push_str(if unknown { " ?: not known.\n" } else { "\n" });
    }

    /// What was said of a task and what is open; nothing where that is nothing.
    fn task(&self, task: &Outcome<'_>, out: &mut String) {
        let mut told = String::new();
        task.said.iter().for_each(|said| self.report(said, &mut told));
        task.reviews.iter().for_each(|judged| self.review(judged, &mut told));
        list("Blockers open", task.blockers().iter().map(|one| text(one)), &mut told);
        let found = task.findings.iter().filter(|finding| finding.counts).map(|finding| {
            let critical = if finding.critical { "critical, " } else { "" };
            format!("{} ({critical}{})", text(&shortened(&finding.text)), text(&finding.by.join(", ")))
        });
        list("Findings open", found, &mut told);
        drift(task, &mut told);
        if !told.is_empty() {
            let gap = if task.title.is_empty() { "" } else { ": " };
            let _ = write!(out, "\n## {}{gap}{}\n{told}", task.id, text(task.title));
        }
    }

    fn report(&self, said: &Said, out: &mut String) {
        let report = &said.report;
        let what = if report.done() { "done".to_owned() } else { format!("stopped ({})", text(&why_stopped(report))) };
        let (tip, at, by) = (report.tip.short(), self.date(said.at), text(&said.by));
        let _ = write!(out, "\nReported **{what}** at `{tip}`, {at} by {by}");
        let pr = report.pr.as_deref().map(|pr| url(pr).map_or_else(|| reference(pr), |url| format!("<{url}>")));
        pr.into_iter().for_each(|pr| out.push_str(&format!(", pull request {pr}")));
        report.cost.iter().for_each(|cost| out.push_str(&format!(", cost {}", text(cost))));
        out.push('\n');
        quote(report.text.as_deref(), out);
        if !report.blockers.is_empty() {
            out.push('\n');
            report.blockers.iter().for_each(|one| out.push_str(&format!("- needs: {}\n", text(&shortened(one)))));
        }
    }

    fn review(&self, judged: &Judged, out: &mut String) {
        let review = &judged.review;
        let what = text(&review::said(review));
        let _ = writeln!(out, "\nReview: **{what}**, {} by {}", self.date(judged.at), text(&review.reviewer));
        quote(review.text.as_deref(), out);
    }

    fn registry(&self, out: &mut String) {
        let batch = self.entry.batch;
        out.push_str(
            "\n## Registry\n\n| Task | Session | Agent | Host | Branch | Worktree |\n|---|---|---|---|---|---|\n",
        );
        for task in &self.entry.tasks {
            let cell = |value: Option<&str>| or(NONE, value.map(text).unwrap_or_default());
            let host = Some(batch.host.as_str());
            let place = task.snapshot.path.as_deref();
            let cells = [task.session(), task.agent(), host, Some(&task.snapshot.branch), place].map(cell);
            let _ = writeln!(out, "| {} | {} |", task.id, cells.join(" | "));
        }
    }
}

fn cells(task: &Outcome<'_>) -> [String; 8] {
    let landed = task.has_landed();
    let known = |value: Option<String>| value.unwrap_or_else(|| if landed { UNKNOWN } else { NONE }.to_owned());
    let state = match &task.fate {
        Fate::Now(None) => UNKNOWN.to_owned(),
        Fate::Now(Some(Standing { state: State::Landed, proof: Some(proof), .. })) => match proof.pr() {
            Some(pr) => format!("landed (PR {})", reference(pr)),
            None => format!("landed ({})", proof.word()),
        },
        fate => text(&fate.words()),
    };
    let report = task.said.last().map_or_else(
        || NONE.to_owned(),
        |said| match said.report.done() {
            true => "done".to_owned(),
            false => format!("stopped ({})", text(&why_stopped(&said.report))),
        },
    );
    let check = task.landing.and_then(|landing| landing.check.as_deref()).map(text);
    [
        task.id.to_string(),
        or(NONE, text(task.title)),
        state,
        report,
        known(task.commits.map(|commits| commits.to_string())),
        known(check),
        task.estimate.map_or_else(|| NONE.to_owned(), duration),
        known(task.span.map(|span| duration(span.minutes()))),
    ]
}

/// Paths that nobody declared; that this is not known, where it is not.
fn drift(task: &Outcome<'_>, out: &mut String) {
    let Some(drift) = &task.drift else { return };
    let paths = drift.paths.iter().take(LISTED).map(|touched| {
        let uncommitted = if touched.uncommitted { " (not committed)" } else { "" };
        format!("{}{uncommitted}", text(&touched.path.to_string()))
    });
    let more = drift.paths.len().saturating_sub(LISTED);
    let rest = (more > 0).then(|| format!("and {more} more"));
    list("Drift, touched and not declared", paths.chain(rest), out);
    if !drift.declared {
        out.push_str("\nDrift not checked: it declares nothing that it writes.\n");
    } else if !drift.checked {
        out.push_str("\nDrift not checked to the end: some of what it touches could not be read.\n");
    }
}

/// A list with its heading; nothing where it is empty. Each item begins nothing but text.
fn list(title: &str, items: impl Iterator<Item = String>, out: &mut String) {
    for (at, item) in items.enumerate() {
        if at == 0 {
            let _ = write!(out, "\n{title}:\n\n");
        }
        let _ = writeln!(out, "- {}", begun(&item));
    }
}

fn quote(said: Option<&str>, out: &mut String) {
    if let Some(said) = said.filter(|said| !said.trim().is_empty()) {
        out.push('\n');
        out.push_str(&paragraphs(&shortened(said), "> "));
    }
}

fn shortened(said: &str) -> String {
    let mut short: String = said.chars().take(LONGEST).collect();
    if short.len() < said.len() {
        short.push_str("\n\n… cut here; 'git dispatch log --json' has all of it");
    }
    short
}

fn or(empty: &str, cell: String) -> String {
    if cell.is_empty() { empty.to_owned() } else { cell }
}

#[cfg(test)]
mod tests;
