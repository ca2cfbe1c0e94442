//! Testing tasks together: all at once; where that fails, the first that breaks it is found by halving, and the others go on
//! without it (as the trains and bisecting queues of merge bots do).

/// What a check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Green,
    Red,
}

/// What a train may do next.
pub trait Plan {
    type Fault;

    /// How many of the tasks are still in it.
    fn number(&self) -> usize;

    /// Checks what the first `number` of them make of the target; 0 is the target itself.
    ///
    /// # Errors
    /// It could not be checked.
    fn check(&mut self, number: usize) -> Result<Verdict, Self::Fault>;

    /// Takes out the task at this place: it is the first with which the check fails. Those that need it, or no longer merge, go too;
    /// what was before it stays as it was.
    ///
    /// # Errors
    /// What is left could not be put together anew.
    fn take_out(&mut self, place: usize) -> Result<(), Self::Fault>;
}

/// Checks until what is left passes. Of n tasks with c culprits that takes at most 1 + c·(⌈log₂ n⌉ + 1) checks, and one more where
/// the target itself may fail, which is asked only when the first task seems guilty.
///
/// `each` checks after every task instead.
///
/// # Errors
/// A check could not be run. `Ok(false)`: the target itself fails, whatever lands.
pub fn train<P: Plan>(plan: &mut P, each: bool) -> Result<bool, P::Fault> {
    // So many of the first are known to pass together.
    let mut green = 0;
    while plan.number() > green {
        let step = if each { green + 1 } else { plan.number() };
        if plan.check(step)? == Verdict::Green {
            green = step;
            continue;
        }
        let (mut low, mut high) = (green, step);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            match plan.check(middle)? {
                Verdict::Green => low = middle,
                Verdict::Red => high = middle,
            }
        }
        if low == 0 && plan.check(0)? == Verdict::Red {
            return Ok(false);
        }
        plan.take_out(low)?;
        green = low;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Tasks by number; some are guilty, and some pairs fail together.
    struct Simulated {
        tasks: Vec<usize>,
        guilty: BTreeSet<usize>,
        pairs: Vec<(usize, usize)>,
        checks: usize,
        target_fails: bool,
    }

    impl Simulated {
        fn passes(&self, tasks: &[usize]) -> bool {
            let both = |&(a, b): &(usize, usize)| tasks.contains(&a) && tasks.contains(&b);
            !self.target_fails && tasks.iter().all(|task| !self.guilty.contains(task)) && !self.pairs.iter().any(both)
        }
    }

    impl Plan for Simulated {
        type Fault = ();

        fn number(&self) -> usize {
            self.tasks.len()
        }

        fn check(&mut self, number: usize) -> Result<Verdict, ()> {
            self.checks += 1;
            Ok(if self.passes(&self.tasks[..number]) { Verdict::Green } else { Verdict::Red })
        }

        fn take_out(&mut self, place: usize) -> Result<(), ()> {
            self.tasks.remove(place);
            Ok(())
        }
    }

    fn simulated(number: usize, guilty: BTreeSet<usize>, pairs: Vec<(usize, usize)>) -> Simulated {
        Simulated { tasks: (0..number).collect(), guilty, pairs, checks: 0, target_fails: false }
    }

    proptest! {
        #[test]
        fn what_lands_passes_together_and_nothing_innocent_is_left_out(
            number in 1usize..40,
            guilty in proptest::collection::btree_set(0usize..40, 0..6),
            each: bool,
        ) {
            let guilty: BTreeSet<usize> = guilty.into_iter().filter(|task| *task < number).collect();
            let mut plan = simulated(number, guilty.clone(), Vec::new());
            prop_assert_eq!(train(&mut plan, each), Ok(true));
            let innocent: Vec<usize> = (0..number).filter(|task| !guilty.contains(task)).collect();
            prop_assert_eq!(&plan.tasks, &innocent);
            let culprits = guilty.len();
            let halvings = number.next_power_of_two().trailing_zeros() as usize;
            let most = 1 + culprits * (halvings + 2);
            prop_assert!(each || plan.checks <= most, "{} checks of {number} with {culprits}", plan.checks);
            if each {
                prop_assert!(plan.checks <= number + culprits);
            }
        }

        #[test]
        fn of_two_that_fail_together_one_lands(a in 0usize..15, apart in 1usize..10, after in 0usize..10) {
            let (b, number) = (a + apart, a + apart + 1 + after);
            let mut plan = simulated(number, BTreeSet::new(), vec![(a, b)]);
            prop_assert_eq!(train(&mut plan, false), Ok(true));
            prop_assert_eq!(plan.tasks.len(), number - 1);
            prop_assert!(plan.tasks.contains(&a) && plan.passes(&plan.tasks));
        }
    }

    #[test]
    fn all_green_is_one_check_and_a_failing_target_is_told() {
        let mut plan = simulated(100, BTreeSet::new(), Vec::new());
        assert_eq!((train(&mut plan, false), plan.checks), (Ok(true), 1));
        let mut plan = simulated(4, BTreeSet::new(), Vec::new());
        plan.target_fails = true;
        assert_eq!((train(&mut plan, false), plan.checks), (Ok(false), 4));
        let mut plan = simulated(8, BTreeSet::from([7]), Vec::new());
        assert_eq!((train(&mut plan, false), plan.checks), (Ok(true), 4), "seven pass already");
    }
}
