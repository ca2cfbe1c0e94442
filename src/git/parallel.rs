//! Work spread over the cores.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many threads `items` pieces of work deserve: never more than there are cores.
pub fn threads(items: usize) -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).min(items).max(1)
}

/// `work` done on each item, one thread for each of `states`; the answers in the order of the items.
pub fn each<T: Sync, S: Send, R: Send>(items: &[T], states: Vec<S>, work: impl Fn(&mut S, &T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    let work_on = |mut state: S| {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return };
            let answer = work(&mut state, item);
            done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((index, answer));
        }
    };
    std::thread::scope(|scope| {
        for state in states {
            let work_on = &work_on;
            scope.spawn(move || work_on(state));
        }
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, answer)| answer).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn answers_come_in_the_order_of_the_items() {
        let items: Vec<u32> = (0..100).collect();
        assert_eq!(super::each(&items, vec![(), ()], |(), item| item * 2), (0..200).step_by(2).collect::<Vec<_>>());
        assert!(super::each(&[0; 0], vec![()], |(), item| *item).is_empty());
    }
}
