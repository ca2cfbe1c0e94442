//! How estimates fared so far: what tasks that have landed took, as multiples of what was estimated.

use super::actual::{Asked, Span, asked};
use super::facts::Facts;
use super::graph::Graph;
use super::id::TaskId;
use super::standing::Standings;
use super::state::State;
use super::task::{DEFAULT_ESTIMATE, Minutes, TaskFile};

/// From fewer tasks nothing is concluded.
pub const LEAST: usize = 3;
/// Of more landed tasks than these, those that were started last count: history is read for each.
const MOST: usize = 50;

/// What tasks took, as multiples of their estimates; all of it above 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// The median.
    pub ratio: f64,
    pub samples: usize,
    /// The lower and the upper quartile: half of the tasks lie between them.
    pub low: f64,
    pub high: f64,
}

/// A task that has landed and was estimated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sampled {
    pub asked: Asked,
    pub estimate: Minutes,
}

/// What may become samples, once history is asked: tasks that were started here and have landed, for which somebody gave an
/// estimate.
pub fn sampled(file: &TaskFile, facts: &Facts, standings: &Standings) -> Vec<Sampled> {
    let landed = facts.ledger.records.iter().filter_map(|(id, record)| {
        let estimate = record.snapshot.as_ref()?.estimate;
        let standing = standings.of(file, id).filter(|standing| standing.state == State::Landed)?;
        let counts = standing.proof.is_some() && estimate > 0 && is_given(file, id, estimate);
        counts.then_some((record.started_at, id, estimate))
    });
    let mut landed: Vec<_> = landed.collect();
    landed.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    landed.truncate(MOST);
    let sampled = |(_, id, estimate): (_, &TaskId, Minutes)| {
        let asked = asked(file, facts, standings, id).filter(|asked| asked.started.is_some())?;
        Some(Sampled { asked, estimate })
    };
    landed.into_iter().filter_map(sampled).collect()
}

/// The ledger records how long a task counts, not whether somebody said so: another time than the default is an estimate, and the
/// default is one where the file says so.
pub(super) fn is_given(file: &TaskFile, id: &TaskId, estimate: Minutes) -> bool {
    estimate != DEFAULT_ESTIMATE || file.graph.task(id).is_some_and(|task| task.estimate.is_some())
}

/// From estimates and what came of them. Quartiles are interpolated (definition 7 of Hyndman
/// and Fan, "Sample Quantiles in Statistical Packages", 1996).
///
/// # Errors
/// How many of them tell something, where that is fewer than [`LEAST`].
pub fn calibration(samples: &[(Minutes, Span)]) -> Result<Calibration, usize> {
    let took = samples.iter().filter(|(estimate, span)| *estimate > 0 && span.seconds() > 0);
    let mut ratios: Vec<f64> = took.map(|(estimate, span)| span.seconds() as f64 / (60.0 * *estimate as f64)).collect();
    ratios.sort_by(f64::total_cmp);
    if ratios.len() < LEAST {
        return Err(ratios.len());
    }
    let [low, ratio, high] = [0.25, 0.5, 0.75].map(|part| quantile(&ratios, part));
    Ok(Calibration { ratio, samples: ratios.len(), low, high })
}

/// Of numbers in their order, at least one.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let place = part * (sorted.len() - 1) as f64;
    let (below, rest) = (place.floor() as usize, place.fract());
    let above = sorted[(below + 1).min(sorted.len() - 1)];
    sorted[below] + rest * (above - sorted[below])
}

impl Calibration {
    /// An estimate times the ratio, in whole minutes; at least one where it was more than none.
    pub fn minutes(&self, estimate: Minutes) -> Minutes {
        let minutes = (estimate as f64 * self.ratio).round() as Minutes;
        minutes.max(estimate.min(1))
    }

    /// File and standings with each estimate that somebody gave times the ratio. What nobody estimated says nothing, and stays.
    pub fn apply(&self, file: &TaskFile, standings: &Standings) -> (TaskFile, Standings) {
        let (mut tasks, mut standings) = (file.graph.tasks().to_vec(), standings.clone());
        for task in &mut tasks {
            task.estimate = task.estimate.map(|minutes| self.minutes(minutes));
        }
        for task in standings.holders.iter_mut().map(|holder| &mut holder.task) {
            let given = |minutes: &Minutes| is_given(file, &task.id, *minutes);
            task.estimate = task.estimate.map(|minutes| if given(&minutes) { self.minutes(minutes) } else { minutes });
        }
        let rows = 0..file.graph.len() as u32;
        let needs: Vec<(u32, u32)> =
            rows.flat_map(|ix| file.graph.needs(ix as usize).map(move |need| (ix, need as u32))).collect();
        (TaskFile { settings: file.settings.clone(), graph: Graph::new(tasks, &needs) }, standings)
    }
}

#[cfg(test)]
mod tests;
