//! That tasks which had stopped go on is taken back first, and alone: nothing was made for it.

use jiff::Timestamp;

use super::{refused, since};
use crate::model::failure::Failure;
use crate::model::ledger::{Batch, Continuing, Ledger};
use crate::model::standing::Standings;
use crate::model::task::TaskFile;

/// When, and by whom, tasks of a batch began or went on last.
pub(super) fn last_touched(batch: &Batch) -> (Timestamp, &str) {
    let last = batch.continued.last().filter(|_| batch.undoing.is_none());
    last.map_or((batch.at, &batch.by), |last| (last.at, &last.by))
}

/// The last time that tasks of a batch went on.
pub fn continuing(batch: &Batch) -> Option<&Continuing> {
    batch.continued.last().filter(|_| batch.undoing.is_none())
}

/// Whether the tasks of `last` may be as stopped as they were.
///
/// # Errors
/// One was started again, has a newer report, or has landed ([`crate::model::failure::Exit::Refused`]).
pub fn stops_again(
    (file, ledger, standings): (&TaskFile, &Ledger, &Standings),
    index: usize,
    last: &Continuing,
) -> Result<(), Failure> {
    let clause = |id| Some((id, since(file, ledger, standings, (index, id))?));
    let told = last.tasks.iter().filter_map(clause).map(|(id, clause)| (format!("task '{id}' {clause}"), Vec::new()));
    let told: Vec<_> = told.collect();
    if told.is_empty() { Ok(()) } else { Err(refused(&ledger.batches[index], told)) }
}
