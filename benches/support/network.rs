//! Large networks of jobs, always the same.

use std::collections::BTreeSet;

use super::instance::Instance;

/// So many jobs of one to eight hours, each with `needs` needs among the two thousand before it. Where there are locks,
/// every fourth job holds one of them, the same one as its neighbours.
pub fn generate(jobs: u32, needs: u32, workers: u32, locks: u32) -> Instance {
    let mut pairs = Vec::with_capacity(jobs as usize * needs as usize);
    let mut state = 1u64;
    for job in 0..jobs {
        let window = job.min(2000);
        let mut chosen = BTreeSet::new();
        while chosen.len() < needs.min(window) as usize {
            // Knuth's MMIX generator: spread is all that counts here.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            chosen.insert(job - 1 - (state >> 33) as u32 % window);
        }
        pairs.extend(chosen.into_iter().map(|need| (job, need)));
    }
    let lock = |job: u32| (u64::from(job) * u64::from(locks) / u64::from(jobs)) as u32;
    let holds = (0..jobs).step_by(4).filter(|_| locks > 0).map(|job| (job, lock(job)));
    Instance {
        name: format!("{jobs} jobs, {needs} needs each, {locks} locks"),
        workers,
        durations: (0..jobs).map(|job| 60 * u64::from(1 + job % 8)).collect(),
        needs: pairs,
        holds: holds.collect(),
        known: None,
    }
}
