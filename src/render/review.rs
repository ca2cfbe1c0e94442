//! What was recorded of a reviewer's word.

use anstyle::Style;
use serde::Serialize;

use super::json::{SCHEMA, line, time};
use crate::model::ledger::{Closing, Judged, Review};
use crate::model::oid::Oid;
use crate::model::review::{Note, Ruling};
use crate::model::text::{count, cut, escape};

const BOLD: Style = Style::new().bold();

/// So much of a text is told in a line, in characters.
const LONGEST: usize = 60;

/// The question to a person, which has no end of line.
pub fn question(what: &str, reviewer: &str) -> String {
    format!("Approve {what}, as {}? [y/N] ", escape(reviewer))
}

/// What of each task would go on, for the question.
pub fn asked(rulings: &[Ruling]) -> String {
    let one = |Ruling { review, title, .. }: &Ruling| {
        let title =
            if title.is_empty() { review.task.to_string() } else { format!("{} ({})", review.task, escape(title)) };
        match (review.verdict.as_str(), &review.tip) {
            ("approve", Some(tip)) => format!("the landing of {title} at {}", tip.short()),
            ("approve", None) => format!("the start of {title}"),
            ("accept", Some(tip)) => format!("what {title} is at {} as done", tip.short()),
            _ => format!("that {title} goes on"),
        }
    };
    rulings.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// A line a task, then what there is to know of it.
pub fn text(rulings: &[Ruling], reviewer: &str, dry_run: bool) -> String {
    let would = if dry_run { "would be " } else { "" };
    let mut out = String::new();
    for ruling in rulings {
        let (what, by) = (said(&ruling.review), escape(reviewer));
        out.push_str(&format!("{BOLD}{}{BOLD:#} {would}{what} by {by}\n", ruling.review.task));
        for note in &ruling.notes {
            out.push_str(&format!("  {}\n", told(note)));
        }
    }
    out
}

/// What was said of a task, as a clause.
pub(super) fn said(review: &Review) -> String {
    let at = review.tip.map(|tip| format!(" at {}", tip.short())).unwrap_or_default();
    match review.verdict.as_str() {
        "approve" if review.gate.as_deref() == Some("start") => "approved to start as the task file has it".to_owned(),
        "approve" => format!("approved to land{at}"),
        "reject" => format!("rejected{at}"),
        "accept" => format!("accepted as done{at}"),
        "finding" if review.critical => format!("found critical{at}"),
        "finding" => format!("found to need work{at}"),
        "halt" => "halted".to_owned(),
        "resume" => "let go on".to_owned(),
        other => escape(other).into_owned(),
    }
}

/// A review in one line, for lists: what, the first line of why, by whom.
pub fn line_of(review: &Review) -> String {
    let why = review.text.as_deref().map(|text| format!(": {}", first_line(text))).unwrap_or_default();
    format!("{} by {}{why}", said(review), escape(&review.reviewer))
}

/// The first line of a text that says something, escaped and cut.
pub fn first_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    cut(&escape(line.unwrap_or_default()), LONGEST).into_owned()
}

fn told(note: &Note) -> String {
    match note {
        Note::CountsFrom { of, say, all } => {
            format!("counts once {of} of {} say so: {say} so far", count(*all, "reviewer"))
        }
        Note::NoReviewer => "does not count: 'reviewers' of the task file names others".to_owned(),
        Note::OpenFindings(by) => {
            let by: Vec<_> = by.iter().map(|name| escape(name)).collect();
            format!("does not land yet: findings of {} are open", by.join(", "))
        }
    }
}

/// What was recorded of a batch.
pub fn closed(closing: &Closing, dry_run: bool) -> String {
    let would = if dry_run { "would be " } else { "" };
    format!(
        "{BOLD}{}{BOLD:#} {would}closed as {} by {}\n",
        escape(&closing.batch),
        escape(&closing.verdict),
        escape(&closing.reviewer)
    )
}

#[derive(Serialize)]
struct Answer<'a> {
    schema: u32,
    command: &'static str,
    dry_run: bool,
    reviewer: &'a str,
    reviews: Vec<Ruled<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<ClosingJson<'a>>,
}

#[derive(Serialize)]
struct Ruled<'a> {
    #[serde(flatten)]
    review: ReviewJson<'a>,
    notes: Vec<String>,
}

/// A review as answers have it.
#[derive(Serialize)]
pub struct ReviewJson<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    verdict: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    gate: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tip: Option<Oid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    critical: bool,
    reviewer: &'a str,
}

impl<'a> ReviewJson<'a> {
    fn new(review: &'a Review) -> ReviewJson<'a> {
        ReviewJson {
            id: review.task.as_str(),
            at: None,
            verdict: &review.verdict,
            gate: review.gate.as_deref(),
            tip: review.tip,
            text: review.text.as_deref(),
            critical: review.critical,
            reviewer: &review.reviewer,
        }
    }

    pub fn of(judged: &'a Judged) -> ReviewJson<'a> {
        ReviewJson { at: Some(time(judged.at)), ..ReviewJson::new(&judged.review) }
    }
}

/// The verdict on a batch as answers have it.
#[derive(Serialize)]
pub struct ClosingJson<'a> {
    batch: &'a str,
    verdict: &'a str,
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    convergence: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contradictions: Option<&'a str>,
    reviewer: &'a str,
}

impl<'a> ClosingJson<'a> {
    pub fn new(closing: &'a Closing) -> ClosingJson<'a> {
        ClosingJson {
            batch: &closing.batch,
            verdict: &closing.verdict,
            text: closing.text.as_deref(),
            convergence: closing.convergence.as_deref(),
            coverage: closing.coverage.as_deref(),
            contradictions: closing.contradictions.as_deref(),
            reviewer: &closing.reviewer,
        }
    }
}

/// The rulings as JSON.
pub fn json(rulings: &[Ruling], reviewer: &str, dry_run: bool) -> String {
    let reviews = rulings.iter().map(ruled).collect();
    line(&Answer { schema: SCHEMA, command: "review", dry_run, reviewer, reviews, closed: None })
}

fn ruled(Ruling { review, notes, .. }: &Ruling) -> Ruled<'_> {
    Ruled { review: ReviewJson::new(review), notes: notes.iter().map(told).collect() }
}

/// The verdict on a batch as JSON.
pub fn closed_json(closing: &Closing, dry_run: bool) -> String {
    let (reviewer, closed) = (closing.reviewer.as_str(), Some(ClosingJson::new(closing)));
    line(&Answer { schema: SCHEMA, command: "review", dry_run, reviewer, reviews: Vec::new(), closed })
}
