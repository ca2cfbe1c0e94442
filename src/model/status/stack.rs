//! What to say of a task that stands on others: whether it has to be put elsewhere.

use super::notes::Note;
use super::{Row, Teller};
use crate::model::ledger::Support;
use crate::model::stack::{Since, and, since};
use crate::model::state::{Reason, State};

impl Teller<'_> {
    /// Tells in `row` of what it stands on, as long as it is active.
    pub(super) fn stack(&self, row: &mut Row) {
        let Some(record) = self.facts.ledger.records.get(&row.id) else { return };
        let Some(snapshot) = record.snapshot.as_ref() else { return };
        if !matches!(row.state, State::Active | State::Done | State::Stopped) {
            return;
        }
        row.stack.clone_from(&snapshot.stack);
        let restack = format!("git dispatch restack {}", row.id);
        if record.restacking.is_some() {
            row.notes.push(Note::new("was to be restacked, and that was not brought to its end").then(restack.clone()));
        }
        let changed: Vec<_> = since(self.file, (self.facts, self.standings), &snapshot.stack).collect();
        row.reasons.extend(changed.iter().map(|(support, _)| Reason::Restack(support.id.clone())));
        let landed: Vec<&str> =
            changed.iter().filter(|(_, since)| *since == Since::Landed).map(|(on, _)| on.id.as_str()).collect();
        let mut told: Vec<String> = changed.iter().filter_map(|(support, since)| moved(support, *since)).collect();
        if !landed.is_empty() {
            let has = if landed.len() == 1 { "has" } else { "have" };
            told.insert(0, format!("stands on {}, which {has} landed", and(&landed)));
        }
        if told.is_empty() || record.restacking.is_some() {
            return;
        }
        let note = Note::new(format!("restack: {}", told.join("; ")));
        let ready = |support: &Support| {
            let standing = self.standings.of(self.file, &support.id);
            standing.is_some_and(|standing| matches!(standing.state, State::Landed | State::Done | State::Cancelled))
        };
        row.notes.push(if snapshot.stack.iter().all(ready) { note.then(restack) } else { note });
    }
}

fn moved(support: &Support, since: Since) -> Option<String> {
    match since {
        Since::Moved(tip) => Some(format!(
            "stands on {} as it was at {}, and that is at {} now",
            support.id,
            support.tip.short(),
            tip.short()
        )),
        Since::Cancelled => Some(format!("stands on {}, which was cancelled", support.id)),
        Since::Landed => None,
    }
}
