//! What reports and reviewers leave to be done before a task can land.

use super::notes::Note;
use super::{Row, Teller};
use crate::model::facts::Head;
use crate::model::id::TaskId;
use crate::model::ledger::Record;
use crate::model::review::open;
use crate::model::state::{Reason, State};
use crate::model::task::Kind;
use crate::model::text::{count, cut, shell_word};

/// So much of what somebody wrote is told in a line, in columns.
const LONGEST: usize = 80;

impl Teller<'_> {
    /// A note for each such reason of `row`.
    pub(super) fn reviews(&self, row: &Row) -> Vec<Note> {
        let record = self.facts.ledger.records.get(&row.id);
        let reasons = row.reasons.iter().filter_map(|reason| self.review(row, record, reason));
        reasons.chain(self.verdict(row)).collect()
    }

    /// A batch of research frees what needs it by a verdict; said below its first task.
    fn verdict(&self, row: &Row) -> Option<Note> {
        let batch = self.facts.ledger.batch_of(&row.id)?;
        let research = batch.tasks.iter().all(|task| task.kind == Kind::Research);
        let done = |id: &TaskId| self.standings.holder(id).is_none_or(|holder| holder.state == State::Done);
        let all = research && batch.tasks.iter().all(|task| done(&task.id));
        let first = batch.tasks.first().is_some_and(|task| task.id == row.id);
        if !all || !first || row.state != State::Done {
            return None;
        }
        let what = match batch.is_sufficient() {
            Some(false) => "and what was researched with it was found insufficient: it waits for another verdict",
            _ => "and what was researched with it waits for a verdict",
        };
        let name = shell_word(&batch.name);
        Some(Note::new(what).then(format!("git dispatch review {name} --sufficient \"WHY\"")))
    }

    fn review(&self, row: &Row, record: Option<&Record>, reason: &Reason) -> Option<Note> {
        let id = &row.id;
        Some(match reason {
            Reason::StaleReport => {
                let (report, tip) = (&row.report.as_ref()?.report, row.branch.as_ref()?.tip);
                let said = if report.done() { "done" } else { "as stopped" };
                let what = format!("was reported {said} at {}, and is at {} now", report.tip.short(), tip.short());
                Note::new(what).then(format!("git dispatch report {id} --done"))
            }
            Reason::Halted => {
                let halt = record?.halted()?;
                let why = quoted(halt.text.as_deref().unwrap_or_default());
                Note::new(format!("is halted by {}: {why}", halt.reviewer))
                    .then(format!("git dispatch review {id} --resume"))
            }
            Reason::GateLand if row.state == State::Done => {
                Note::new("waits for a review before it lands").then(format!("git dispatch review {id} --approve land"))
            }
            Reason::Findings => {
                let findings = open(&record?.reviews, &self.file.settings.reviewers);
                let counting: Vec<_> = findings.iter().filter(|finding| finding.counts).collect();
                let first = counting.first()?;
                let what = format!("has {} to address, of {}", count(counting.len(), "finding"), first.by.join(", "));
                let note = Note::new(format!("{what}: {}", quoted(&first.text)));
                let goes_on = row.state == State::Done && row.batch.is_some();
                note.then(format!("git dispatch {} {id}", if goes_on { "start" } else { "brief" }))
            }
            Reason::Collides(other) if id < other => {
                let note = Note::new(format!("and {other} are both done and do not merge: neither lands by itself"));
                match (row.worktree.as_ref(), self.names.get(other)) {
                    (Some(worktree), Some(branch)) if matches!(worktree.head, Head::Branch(_)) => {
                        let place = shell_word(&worktree.path.to_string_lossy());
                        note.then(format!("git -C {place} merge {}", shell_word(branch)))
                    }
                    _ => note,
                }
            }
            _ => return None,
        })
    }
}

/// The first line of what somebody wrote, cut.
pub(super) fn quoted(text: &str) -> String {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let more = if lines.next().is_some() { " …" } else { "" };
    format!("{}{more}", cut(first, LONGEST))
}
