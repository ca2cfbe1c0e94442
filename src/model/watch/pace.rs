//! When to look again (docs/design/0020).

use std::time::Duration;

/// A change is rarely alone: what comes this soon after it belongs to it.
const GATHER: Duration = Duration::from_millis(120);
/// However long changes go on, the first of them is shown after this.
const PATIENCE: Duration = Duration::from_millis(400);
/// Between two looks lies at least this many times what one costs: with changes all the time, a quarter of one core.
const SHARE_OF_CHANGES: u32 = 3;
/// The same without any change: less than two percent.
const SHARE_OF_POLLS: u32 = 60;
/// How often to look where not every folder is watched, if that is cheap.
const POLL: Duration = Duration::from_millis(900);
/// How often to look where all are watched: ages move on, and a watch may fail.
const REST: Duration = Duration::from_secs(15);
/// However dear a look is, nobody waits longer for one.
const LONGEST: Duration = Duration::from_secs(120);

/// Says when the next look is due. Times are counted from one fixed moment.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    /// The first and the last change since the last look began.
    changes: Option<(Duration, Duration)>,
    asked: bool,
    looking: bool,
    /// When the last look ended.
    ended: Option<Duration>,
    cost: Duration,
    /// Every folder of every worktree is watched.
    pub watched: bool,
}

impl Pace {
    /// Something changed.
    pub fn changed(&mut self, at: Duration) {
        let first = self.changes.map_or(at, |(first, _)| first);
        self.changes = Some((first, at));
    }

    /// Somebody asks for a look now.
    pub fn ask(&mut self) {
        self.asked = true;
    }

    /// A look begins; what changes from now on it may miss.
    pub fn begun(&mut self) {
        self.looking = true;
        self.asked = false;
        self.changes = None;
    }

    /// The look ended, which took `cost`.
    pub fn ended(&mut self, at: Duration, cost: Duration) {
        self.looking = false;
        self.ended = Some(at);
        self.cost = cost;
    }

    /// When the next look is due; `None` while one goes on: there are never two.
    pub fn due(&self) -> Option<Duration> {
        if self.looking {
            return None;
        }
        let Some(ended) = self.ended.filter(|_| !self.asked) else { return Some(Duration::ZERO) };
        let poll = ended + self.interval();
        let Some((first, last)) = self.changes else { return Some(poll) };
        let gathered = (last + GATHER).min(first + PATIENCE);
        Some(gathered.max(ended + self.cost * SHARE_OF_CHANGES).min(poll))
    }

    /// The time from one look to the next while nothing is known to change.
    pub fn interval(&self) -> Duration {
        let least = if self.watched { REST } else { POLL };
        least.max(self.cost * SHARE_OF_POLLS).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn rested(cost: u64) -> Pace {
        let mut pace = Pace { watched: true, ..Pace::default() };
        pace.begun();
        pace.ended(ms(1000), ms(cost));
        pace
    }

    #[test]
    fn the_first_look_is_due_at_once_and_there_are_never_two() {
        let mut pace = Pace::default();
        assert_eq!(pace.due(), Some(ms(0)));
        pace.begun();
        pace.changed(ms(5));
        pace.ask();
        assert_eq!(pace.due(), None);
        pace.ended(ms(50), ms(50));
        assert_eq!(pace.due(), Some(ms(0)), "it was asked for meanwhile");
    }

    #[test]
    fn a_change_is_shown_soon_and_those_right_after_it_with_it() {
        let mut pace = rested(20);
        pace.changed(ms(5000));
        assert_eq!(pace.due(), Some(ms(5120)));
        pace.changed(ms(5100));
        assert_eq!(pace.due(), Some(ms(5220)));
        for at in (5150..7000).step_by(50) {
            pace.changed(ms(at));
        }
        assert_eq!(pace.due(), Some(ms(5400)), "changes without an end hold nothing up");
    }

    #[test]
    fn a_dear_look_is_followed_by_a_long_rest() {
        let mut pace = rested(500);
        pace.changed(ms(1001));
        assert_eq!(pace.due(), Some(ms(2500)));
        assert_eq!(pace.interval(), ms(30_000));
        assert_eq!(rested(60_000).interval(), LONGEST);
    }

    #[test]
    fn what_is_not_watched_is_polled_within_a_second_where_that_is_cheap() {
        let mut pace = rested(10);
        assert_eq!(pace.due(), Some(ms(16_000)));
        pace.watched = false;
        assert_eq!(pace.due(), Some(ms(1900)));
        assert!(Pace { cost: ms(100), ..pace }.interval() == ms(6000));
    }
}
