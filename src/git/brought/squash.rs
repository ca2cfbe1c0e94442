//! Which commits of the target may be a squash of a branch, told from trees alone.

use std::collections::HashMap;

use super::trees::{Difference, Entry};

/// The paths that a branch changed, and what the target has there, followed along its line of commits.
///
/// Where the target has what the merge base had, a merge of the branch gives what the branch has, whatever else happened:
/// so a commit that is a squash of it brings just that. Files that the branch added may be moved along with their folder,
/// so they only have to be touched.
pub(super) struct Follower {
    paths: HashMap<Vec<u8>, Path>,
    /// Paths where the target has what the merge base had, and the branch has not.
    open: usize,
    /// Whether the above holds: there is one merge base.
    exact: bool,
    /// The branch deletes files, so that what it adds may be renamed ones.
    deletes: bool,
}

struct Path {
    base: Option<Entry>,
    tip: Option<Entry>,
    now: Option<Entry>,
}

impl Path {
    fn open(&self) -> bool {
        self.base.is_some() && self.now == self.base
    }
}

impl Follower {
    /// `changes` are those of the branch from its merge base on, `since` those of the target from there to where the line
    /// begins, at the same paths.
    pub(super) fn new(changes: &[Difference], since: &[Difference], exact: bool) -> Follower {
        let path = |change: &Difference| Path { base: change.old, tip: change.new, now: change.old };
        let mut paths: HashMap<Vec<u8>, Path> =
            changes.iter().map(|change| (change.path.clone(), path(change))).collect();
        for change in since {
            if let Some(path) = paths.get_mut(&change.path) {
                path.now = change.new;
            }
        }
        let open = paths.values().filter(|path| path.open()).count();
        Follower { paths, open, exact, deletes: changes.iter().any(|change| change.new.is_none()) }
    }

    /// Goes on to the next commit of the line; whether it may be a squash of the branch.
    pub(super) fn pass(&mut self, differences: &[Difference]) -> bool {
        let (open, mut brought) = (self.open, 0);
        let (mut touched, mut other) = (false, false);
        for difference in differences {
            let Some(path) = self.paths.get_mut(&difference.path) else { continue };
            touched = true;
            let was_open = path.open();
            let as_tip = difference.new == path.tip;
            if was_open {
                brought += usize::from(as_tip);
            } else if path.base.is_none() && path.now.is_none() && !self.deletes {
                // Added by the branch alone: its content, or it went elsewhere with its folder.
                other |= difference.new.is_some() && !as_tip;
            }
            path.now = difference.new;
            self.open = self.open + usize::from(path.open()) - usize::from(was_open);
        }
        touched && (!self.exact || (!other && brought == open))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::oid;

    fn entry(digit: char) -> Option<Entry> {
        (digit != '-').then(|| Entry { mode: 0o100_644, id: oid(digit) })
    }

    /// `("a12", …)`: path `a` from 1 to 2, `-` for no file.
    fn differences(texts: &[&str]) -> Vec<Difference> {
        let one = |text: &&str| {
            let [path, old, new] = text.chars().collect::<Vec<_>>()[..] else { panic!("{text}") };
            Difference { path: path.to_string().into_bytes(), old: entry(old), new: entry(new) }
        };
        texts.iter().map(one).collect()
    }

    #[test]
    fn a_squash_brings_all_that_the_target_had_not_touched() {
        let branch = differences(&["a12", "b12", "c-2"]);
        let passes = |line: &[&[&str]]| {
            let mut follower = Follower::new(&branch, &[], true);
            line.iter().map(|commit| follower.pass(&differences(commit))).collect::<Vec<_>>()
        };
        assert_eq!(passes(&[&["a12", "b12", "c-2"]]), [true]);
        assert_eq!(passes(&[&["x12"]]), [false], "touches nothing of it");
        assert_eq!(passes(&[&["a12", "c-2"]]), [false], "b is missing");
        assert_eq!(passes(&[&["a12", "b13", "c-2"]]), [false], "b is another");
        assert_eq!(passes(&[&["a12", "b12", "c-3"]]), [false], "c is another");
        assert_eq!(passes(&[&["a13"], &["a34", "b12", "c-2"]]), [false, true], "a was edited before");
        // Once everything is there, what touches it is git's to judge.
        assert_eq!(
            passes(&[&["a12", "b12", "c-2"], &["a21", "b21"], &["a12"], &["a12", "b12"]]),
            [true, true, false, true]
        );
    }

    #[test]
    fn where_the_line_begins_counts() {
        let branch = differences(&["a12", "b12"]);
        let mut follower = Follower::new(&branch, &differences(&["a13"]), true);
        assert!(follower.pass(&differences(&["b12"])));
        let mut follower = Follower::new(&branch, &[], false);
        assert!(follower.pass(&differences(&["b14"])), "with several merge bases nothing is sure");
    }
}
