//! Whether a schedule is one, by the numbers of the instance alone: nothing here asks the program's own rules.

use git_dispatch::model::schedule::{Slot, Solution};

use super::instance::Instance;

/// The first rule that a schedule breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A job runs more or less often than once.
    NotOnce { job: usize },
    /// A slot is longer or shorter than its job.
    WrongLength { job: usize },
    /// A job starts before one has ended that it needs.
    TooEarly { job: usize, need: usize },
    /// More jobs run than there are workers.
    TooMany { at: u64 },
    /// Two jobs hold one resource at one time.
    Shared { resource: u32, at: u64 },
    /// A job has no worker, one that does not exist, or one who is busy.
    WrongWorker { job: usize },
    /// The last job ends at another time.
    WrongMakespan,
    /// The bound is above the schedule itself.
    BoundAboveSchedule,
    /// The bound is above a schedule that others found.
    BoundAboveKnown,
    /// The schedule is shorter than others proved to be possible.
    BelowKnown,
    /// It departs from the rule for nothing.
    LongerThanRule,
}

/// Checks a solution of the instance.
///
/// # Errors
/// The first fault.
pub fn check(instance: &Instance, solution: &Solution) -> Result<(), Fault> {
    let slots = by_job(instance, &solution.schedule.slots)?;
    durations(instance, &slots)?;
    order(instance, &slots)?;
    crew(instance, &slots)?;
    resources(instance, &slots)?;
    lengths(instance, solution)
}

/// The slots in the order of the jobs.
fn by_job(instance: &Instance, slots: &[Slot]) -> Result<Vec<Slot>, Fault> {
    let mut of_job: Vec<Option<Slot>> = vec![None; instance.durations.len()];
    for slot in slots {
        let place = of_job.get_mut(slot.node).ok_or(Fault::NotOnce { job: slot.node })?;
        if place.replace(*slot).is_some() {
            return Err(Fault::NotOnce { job: slot.node });
        }
    }
    of_job.into_iter().enumerate().map(|(job, slot)| slot.ok_or(Fault::NotOnce { job })).collect()
}

fn durations(instance: &Instance, slots: &[Slot]) -> Result<(), Fault> {
    let wrong =
        (0..slots.len()).find(|&job| slots[job].end.checked_sub(slots[job].start) != Some(instance.durations[job]));
    wrong.map_or(Ok(()), |job| Err(Fault::WrongLength { job }))
}

fn order(instance: &Instance, slots: &[Slot]) -> Result<(), Fault> {
    let mut pairs = instance.needs.iter().map(|&(job, need)| (job as usize, need as usize));
    let early = pairs.find(|&(job, need)| slots[job].start < slots[need].end);
    early.map_or(Ok(()), |(job, need)| Err(Fault::TooEarly { job, need }))
}

/// Sweeps over time: how many run at once, and whether each worker has one job at a time.
fn crew(instance: &Instance, slots: &[Slot]) -> Result<(), Fault> {
    let takes = |slot: &&Slot| slot.end > slot.start;
    if let Some(at) = overfull(slots.iter().filter(takes).map(|slot| (slot.start, slot.end)), instance.workers as usize)
    {
        return Err(Fault::TooMany { at });
    }
    let mut of_worker: Vec<Vec<&Slot>> = vec![Vec::new(); instance.workers as usize];
    for slot in slots.iter().filter(takes) {
        let worker = slot.worker.and_then(|worker| of_worker.get_mut(worker as usize));
        worker.ok_or(Fault::WrongWorker { job: slot.node })?.push(slot);
    }
    for mut slots in of_worker {
        slots.sort_unstable_by_key(|slot| slot.start);
        if let Some(pair) = slots.windows(2).find(|pair| pair[1].start < pair[0].end) {
            return Err(Fault::WrongWorker { job: pair[1].node });
        }
    }
    Ok(())
}

fn resources(instance: &Instance, slots: &[Slot]) -> Result<(), Fault> {
    let count = instance.holds.iter().map(|&(_, resource)| resource as usize + 1).max().unwrap_or(0);
    let mut held = vec![Vec::new(); count];
    for &(job, resource) in &instance.holds {
        let slot = slots[job as usize];
        if slot.end > slot.start {
            held[resource as usize].push((slot.start, slot.end));
        }
    }
    for (resource, times) in held.into_iter().enumerate() {
        if let Some(at) = overfull(times.into_iter(), 1) {
            return Err(Fault::Shared { resource: resource as u32, at });
        }
    }
    Ok(())
}

/// The first time at which more than `most` of some times, from start to end, hold.
fn overfull(times: impl Iterator<Item = (u64, u64)>, most: usize) -> Option<u64> {
    let mut turns: Vec<(u64, bool)> = times.flat_map(|(start, end)| [(start, true), (end, false)]).collect();
    // At one time what ends ends before what starts.
    turns.sort_unstable();
    let mut running = 0;
    for (at, starts) in turns {
        if starts {
            running += 1;
        } else {
            running -= 1;
        }
        if running > most {
            return Some(at);
        }
    }
    None
}

/// What is said of the whole schedule.
fn lengths(instance: &Instance, solution: &Solution) -> Result<(), Fault> {
    let (makespan, bound) = (solution.schedule.makespan, solution.lower_bound.minutes);
    let last = solution.schedule.slots.iter().map(|slot| slot.end).max().unwrap_or(0);
    let (least, found) = instance.known.unwrap_or((0, u64::MAX));
    let faults = [
        (makespan != last, Fault::WrongMakespan),
        (bound > makespan, Fault::BoundAboveSchedule),
        (bound > found, Fault::BoundAboveKnown),
        (makespan < least, Fault::BelowKnown),
        (makespan > solution.by_rule.makespan, Fault::LongerThanRule),
    ];
    faults.into_iter().find(|(broken, _)| *broken).map_or(Ok(()), |(_, fault)| Err(fault))
}
