//! May two tasks run side by side? The rules, in their order (git-dispatch(1), SIDE BY SIDE).
//!
//! [`Pairs`] answers for two tasks, [`Rules::contested`] and [`Rules::readers`] for all of many at once.

mod beside;
mod clique;
mod cover;
mod index;
mod overlap;
mod sieve;
mod steps;
mod territory;

use std::collections::BTreeSet;

use globset::GlobMatcher;

pub use beside::{Beside, By, Pairs, Party};
pub(super) use clique::cliques;
pub use cover::{Cover, Lookup};
use overlap::is_at_or_below;
pub use overlap::meet;
pub use steps::{Answer, Detail, Link, Meeting, Rule, Step, Taken, Usage, Warns};
pub use territory::{Contested, ReadAfter, Readers};

use super::id::TaskId;
use super::pattern::Pattern;
use super::state::Reason;
use super::task::{Overlap, Settings, Task};

/// A path that two tasks write side by side, knowingly.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Overlapping {
    /// The other task.
    pub id: TaskId,
    pub path: String,
}

/// The settings that decide about pairs, prepared for many questions.
pub struct Rules<'s> {
    settings: &'s Settings,
    shared: Vec<Shared<'s>>,
}

/// A task and the locks that it takes: those it names, and those whose patterns meet its `writes`.
pub struct Claims<'t> {
    pub task: &'t Task,
    /// In order, each once.
    pub locks: Vec<&'t str>,
}

/// One of `shared-paths`.
struct Shared<'s> {
    pattern: &'s Pattern,
    /// For a literal, or for `folder/**`: everything at or below this path is shared.
    folder: Option<&'s str>,
    matcher: Option<GlobMatcher>,
}

impl<'s> Rules<'s> {
    pub fn new(settings: &'s Settings) -> Rules<'s> {
        Rules { settings, shared: settings.shared_paths.iter().map(Shared::new).collect() }
    }

    pub fn claims<'t>(&self, task: &'t Task) -> Claims<'t>
    where
        's: 't,
    {
        let implied = self.settings.locks.iter().filter(|(_, patterns)| any_meet(patterns, &task.writes));
        let named = task.locks.iter().map(String::as_str);
        let mut locks: Vec<&str> = named.chain(implied.map(|(name, _)| name.as_str())).collect();
        locks.sort_unstable();
        locks.dedup();
        Claims { task, locks }
    }

    /// Why these two may not be active at one time, seen from the candidate, whatever order there is between them.
    fn clashes(&self, candidate: &Claims<'_>, holder: &Claims<'_>) -> Vec<Reason> {
        let id = || holder.task.id.clone();
        let mut reasons = Vec::new();
        if !candidate.task.parallel || !holder.task.parallel {
            reasons.push(Reason::Alone(id()));
        }
        reasons.extend(self.shared_locks(candidate, holder));
        if candidate.task.issue.is_some() && candidate.task.issue == holder.task.issue {
            reasons.push(Reason::Issue(id()));
        }
        if !self.only_warns(candidate.task, holder.task) {
            let paths = self.meetings(&candidate.task.writes, &holder.task.writes);
            reasons.extend(paths.into_iter().map(|path| Reason::Writes { id: id(), path: path.to_owned() }));
        }
        reasons
    }

    /// The locks that both take, seen from the candidate.
    fn shared_locks(&self, candidate: &Claims<'_>, holder: &Claims<'_>) -> Vec<Reason> {
        let shared = candidate.locks.iter().filter(|name| holder.locks.contains(name));
        shared.map(|&name| Reason::Lock { name: name.to_owned(), id: holder.task.id.clone() }).collect()
    }

    /// A path that the one reads and the other writes.
    fn read_path(&self, reader: &Task, writer: &Task) -> Option<String> {
        self.meetings(&reader.reads, &writer.writes).first().map(|&path| path.to_owned())
    }

    /// Paths that both write although they may run side by side.
    fn overlaps(&self, candidate: &Task, holder: &Task) -> Vec<Overlapping> {
        if !self.only_warns(candidate, holder) {
            return Vec::new();
        }
        let paths = self.meetings(&candidate.writes, &holder.writes);
        paths.into_iter().map(|path| Overlapping { id: holder.id.clone(), path: path.to_owned() }).collect()
    }

    /// Whether nothing that the pattern covers counts as overlap.
    fn is_shared(&self, pattern: &Pattern) -> bool {
        self.shared.iter().any(|shared| shared.covers(pattern))
    }

    /// Whether two tasks that write the same paths exclude each other as far as this one is concerned.
    fn is_exclusive(&self, task: &Task) -> bool {
        task.overlap.unwrap_or(self.settings.overlap()) == Overlap::Exclusive
    }

    fn only_warns(&self, a: &Task, b: &Task) -> bool {
        !self.is_exclusive(a) || !self.is_exclusive(b)
    }

    /// Where the patterns of two lists meet, shared paths left out.
    fn meetings<'t>(&self, a: &'t [Pattern], b: &'t [Pattern]) -> BTreeSet<&'t str> {
        let pairs = a.iter().flat_map(|one| b.iter().map(move |other| (one, other)));
        pairs
            .filter(|(one, other)| meet(one, other) && !self.is_shared(one) && !self.is_shared(other))
            .map(|(one, other)| overlap::meeting(one, other))
            .collect()
    }
}

impl<'s> Shared<'s> {
    fn new(pattern: &'s Pattern) -> Shared<'s> {
        let text = pattern.as_str();
        let folder = match text.strip_suffix("/**") {
            _ if pattern.is_literal() => Some(pattern.literal_prefix()),
            Some(folder) if folder == pattern.literal_prefix() => Some(folder),
            _ => None,
        };
        let matcher = if folder.is_some() { None } else { overlap::matcher(pattern) };
        Shared { pattern, folder, matcher }
    }

    /// Whether everything that `other` covers is shared.
    fn covers(&self, other: &Pattern) -> bool {
        // The first question is cheap, and mostly the last.
        if !meet(self.pattern, other) {
            return false;
        }
        let prefix = other.literal_prefix();
        let above = || prefix.match_indices('/').map(|(at, _)| &prefix[..at]).chain([prefix]);
        other == self.pattern
            || self.folder.is_some_and(|folder| is_at_or_below(prefix, folder))
            || !prefix.is_empty()
                && self.matcher.as_ref().is_some_and(|matcher| above().any(|path| matcher.is_match(path)))
    }
}

fn any_meet(a: &[Pattern], b: &[Pattern]) -> bool {
    a.iter().any(|one| b.iter().any(|other| meet(one, other)))
}

#[cfg(test)]
mod tests;
