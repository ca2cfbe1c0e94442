//! Energetic reasoning (Erschler and Lopez 1990; Baptiste, Le Pape and Nuijten 1999): with an end in mind every job has
//! a window, and what it must spend within an interval however it is moved may be more than the workers can give.

use super::{CriticalPath, Crowd, Minutes, Place, Problem, takes_all};

/// Above so many jobs the intervals are too many.
const FEW: usize = 400;

struct Window {
    head: i64,
    minutes: i64,
    /// The latest start for the end in mind.
    latest: i64,
    weight: i64,
}

/// The greatest end from `least` to `enough`, in `step`s, before which none is possible; `least` where nothing is refuted.
pub(super) fn refuted(
    problem: &Problem,
    path: &CriticalPath,
    crowd: &Crowd,
    (least, enough, step): (Minutes, Minutes, Minutes),
) -> Minutes {
    let large = i64::from(u32::MAX) as u64;
    let idle = crowd.workers >= crowd.jobs.len() as u64 && !crowd.alone;
    if idle || crowd.jobs.len() > FEW || least >= enough || enough > large || crowd.workers > large {
        return least;
    }
    let impossible = |end: Minutes| overfull(&windows(problem, path, crowd, end), crowd.workers as i64);
    // An end that is refuted refutes all before it: the last one first, since that would settle everything.
    let (mut low, mut high) = (0, (enough - least).div_ceil(step));
    if impossible(enough - step) {
        return enough;
    }
    high -= 1;
    while low < high {
        let middle = (low + high) / 2;
        if impossible(least + middle * step) { low = middle + 1 } else { high = middle }
    }
    least + low * step
}

fn windows(problem: &Problem, path: &CriticalPath, crowd: &Crowd, end: Minutes) -> Vec<Window> {
    crowd
        .jobs
        .iter()
        .map(|&node| {
            let open = problem.jobs[node].place == Place::Open;
            Window {
                head: path.head[node] as i64,
                minutes: problem.jobs[node].minutes as i64,
                latest: if open { end as i64 - path.tail[node] as i64 } else { 0 },
                weight: if takes_all(problem, node) { crowd.workers as i64 } else { 1 },
            }
        })
        .collect()
}

/// Whether some interval that begins where a window does, or at a latest start or an earliest end, needs more than it has.
fn overfull(windows: &[Window], workers: i64) -> bool {
    let mut from: Vec<i64> =
        windows.iter().flat_map(|window| [window.head, window.latest, window.head + window.minutes]).collect();
    from.sort_unstable();
    from.dedup();
    let mut turns = Vec::with_capacity(2 * windows.len());
    from.into_iter().any(|begin| overfull_from(begin, windows, workers, &mut turns))
}

/// For one beginning the energy needed grows with the end of the interval, piece by piece linearly: each job adds its
/// weight from where it can no longer wait to where its part within is done.
fn overfull_from(begin: i64, windows: &[Window], workers: i64, turns: &mut Vec<(i64, i64)>) -> bool {
    turns.clear();
    for window in windows {
        let within = window.minutes.min(window.head + window.minutes - begin);
        if within > 0 {
            let rise = begin.max(window.latest);
            turns.push((rise, window.weight));
            turns.push((rise + within, -window.weight));
        }
    }
    turns.sort_unstable();
    let (mut at, mut slope, mut energy) = (begin, 0, 0);
    for &(turn, change) in turns.iter() {
        energy += slope * (turn - at);
        at = turn;
        slope += change;
        if energy > workers * (at - begin) {
            return true;
        }
    }
    false
}
