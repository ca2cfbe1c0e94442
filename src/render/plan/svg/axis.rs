//! The axis of working time.

use crate::model::task::Minutes;
use crate::model::text::duration;

/// A working day.
pub const DAY: Minutes = 8 * 60;

/// Steps between two ticks, in minutes.
const STEPS: [Minutes; 12] = [5, 10, 15, 30, 60, 2 * 60, 4 * 60, DAY, 2 * DAY, 5 * DAY, 10 * DAY, 20 * DAY];

/// Minutes between ticks, so that at least `least` pixels lie between them; beyond the steps of people, twice the last one
/// and so on.
pub fn step(pixels_per_minute: f64, least: f64) -> Minutes {
    let wide = |step: Minutes| step as f64 * pixels_per_minute >= least;
    let doubled = std::iter::successors(Some(40 * DAY), |step| step.checked_mul(2));
    STEPS.into_iter().chain(doubled).find(|&step| wide(step)).unwrap_or(Minutes::MAX)
}

/// `0`, `30m`, `4h`, and from two working days on `3d`, where whole days are shown.
pub fn tick(minutes: Minutes, step: Minutes) -> String {
    match minutes {
        0 => "0".to_owned(),
        minutes if step.is_multiple_of(DAY) => format!("{}d", minutes / DAY),
        minutes => duration(minutes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_as_people_divide_days_and_never_too_close() {
        assert_eq!(step(1.0, 60.0), 60);
        assert_eq!(step(0.5, 70.0), 240);
        assert_eq!(step(0.12, 60.0), 960);
        assert_eq!(step(1e-9, 60.0), (40 * DAY) << 22);
        assert_eq!(step(0.0, 60.0), Minutes::MAX);
        assert_eq!([0, 90, 480].map(|minutes| tick(minutes, 30)), ["0", "1h30m", "8h"]);
        assert_eq!(tick(960, DAY), "2d");
    }
}
