//! What reviewers say of tasks and of batches of research, and what follows from it.

mod digest;
mod findings;
mod verdict;

use super::graph::Ix;
use super::ledger::{Record, Review};
use super::oid::Oid;
use super::state::{Reason, State};
use super::task::{Details, Gate, Settings, TaskFile};

pub use digest::{digest, of_text};
pub use findings::{Finding, open};
pub use verdict::{Asked, Note, Ruling, Word, close, reviewed, reviewer, words};

impl Gate {
    pub fn word(self) -> &'static str {
        match self {
            Gate::Start => "start",
            Gate::Land => "land",
        }
    }
}

/// Whether a review has to come before, by the task's own `review` or by that of the settings.
pub fn gated(details: Option<&Details>, settings: &Settings, gate: Gate) -> bool {
    let own = details.iter().flat_map(|details| &details.review);
    own.chain(&settings.review).any(|wanted| *wanted == gate)
}

/// What reviewers have against the start of task `ix`, or have not said yet. Their word is bound to the task's text.
pub fn before_start(file: &TaskFile, ix: Ix, record: Option<&Record>) -> Vec<Reason> {
    let task = &file.graph.tasks()[ix];
    let wanted = gated(task.details.as_deref(), &file.settings, Gate::Start);
    let reviews = record.map(|record| record.reviews.as_slice()).unwrap_or_default();
    if reviews.is_empty() {
        return wanted.then_some(Reason::GateStart).into_iter().collect();
    }
    let text = digest(file, ix);
    let of_it = |review: &&Review| review.digest.as_ref() == Some(&text);
    let last =
        reviews.iter().rev().map(|judged| &judged.review).filter(of_it).find(|review| decides(review, Gate::Start));
    let shut = last.map_or(wanted, |last| last.verdict == "reject");
    let halted = record.and_then(Record::halted).map(|_| Reason::Halted);
    halted.into_iter().chain(shut.then_some(Reason::GateStart)).collect()
}

/// What keeps a task in `state` from landing that its report and its reviewers have to do with. An approval is bound to the tip;
/// what was found stays open until whoever found it approves, or it is accepted as it is.
pub fn before_landing(
    (details, settings): (Option<&Details>, &Settings),
    record: Option<&Record>,
    (state, tip): (State, Option<Oid>),
) -> Vec<Reason> {
    let reviews = record.map(|record| record.reviews.as_slice()).unwrap_or_default();
    let mut reasons = Vec::new();
    let stale = record.is_some_and(|record| record.reported.is_some()) && state == State::Active;
    reasons.extend(stale.then_some(Reason::StaleReport));
    reasons.extend(record.and_then(Record::halted).map(|_| Reason::Halted));
    let approved = || {
        let newest = reviews.iter().rev().map(|judged| &judged.review).find(|review| {
            decides(review, Gate::Land) && review.tip.is_some() && (review.verdict == "reject" || review.tip == tip)
        });
        newest.is_some_and(|review| review.verdict == "approve")
    };
    let gate = tip.is_some() && gated(details, settings, Gate::Land) && !approved();
    reasons.extend(gate.then_some(Reason::GateLand));
    let found = open(reviews, &settings.reviewers).iter().any(|finding| finding.counts);
    reasons.extend(found.then_some(Reason::Findings));
    reasons
}

/// Whether a review opens or shuts this gate.
fn decides(review: &Review, gate: Gate) -> bool {
    match review.verdict.as_str() {
        "approve" => review.gate.as_deref() == Some(gate.word()),
        "reject" => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
