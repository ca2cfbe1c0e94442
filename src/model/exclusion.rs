//! May two tasks run side by side? The rules, in their order (git-dispatch(1), SIDE BY SIDE).
//!
//! Tasks of which one needs the other, also transitively, are in sequence and never exclude each other: whoever asks
//! looks at the graph first. Everything here sees two tasks and the settings only.

mod clique;
mod index;
mod overlap;
mod sieve;
mod territory;

use std::collections::BTreeSet;

use globset::GlobMatcher;

pub use overlap::{is_at_or_below, meet};
pub use territory::{Contested, ReadAfter, Readers};

use super::id::TaskId;
use super::pattern::Pattern;
use super::state::Reason;
use super::task::{Overlap, Settings, Task};

/// Why `candidate` may not start while `holder` is active or chosen, seen from the candidate; empty if it may.
///
/// Compares one pair; to compare many, keep [`Rules`] and [`Claims`].
pub fn exclusions(settings: &Settings, candidate: &Task, holder: &Task) -> Vec<Reason> {
    let rules = Rules::new(settings);
    rules.exclusions(&rules.claims(candidate), &rules.claims(holder))
}

/// The locks that both take, whatever else stands between them, seen from the candidate.
pub fn shared_locks(settings: &Settings, candidate: &Task, holder: &Task) -> Vec<Reason> {
    let rules = Rules::new(settings);
    let (ours, theirs) = (rules.claims(candidate).locks, rules.claims(holder).locks);
    ours.iter()
        .filter(|name| theirs.contains(name))
        .map(|&name| Reason::Lock { name: name.to_owned(), id: holder.id.clone() })
        .collect()
}

/// Paths that both write and that only warn, since one of the two has `overlap = "warn"`.
pub fn overlaps(settings: &Settings, candidate: &Task, holder: &Task) -> Vec<Overlapping> {
    Rules::new(settings).overlaps(candidate, holder)
}

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

    /// Why `candidate` may not start beside `holder`; empty if it may.
    ///
    /// A candidate that reads what the holder writes waits for it, and nothing else counts. Where each reads what the
    /// other writes there is no order to keep: that pair excludes each other.
    pub fn exclusions(&self, candidate: &Claims<'_>, holder: &Claims<'_>) -> Vec<Reason> {
        let id = || holder.task.id.clone();
        let reads = self.reads_from(candidate.task, holder.task);
        let mut reasons = Vec::new();
        if reads.is_empty() || self.reads(holder.task, candidate.task) {
            if !candidate.task.parallel || !holder.task.parallel {
                reasons.push(Reason::Alone(id()));
            }
            let locks = candidate.locks.iter().filter(|name| holder.locks.contains(name));
            reasons.extend(locks.map(|&name| Reason::Lock { name: name.to_owned(), id: id() }));
            if candidate.task.issue.is_some() && candidate.task.issue == holder.task.issue {
                reasons.push(Reason::Issue(id()));
            }
            if !self.only_warns(candidate.task, holder.task) {
                let paths = self.meetings(&candidate.task.writes, &holder.task.writes);
                reasons.extend(paths.into_iter().map(|path| Reason::Writes { id: id(), path: path.to_owned() }));
            }
        }
        if reasons.is_empty() {
            reasons.extend(reads.into_iter().map(|path| Reason::Reads { id: id(), path: path.to_owned() }));
        }
        reasons
    }

    /// Paths that both write although they may run side by side.
    pub fn overlaps(&self, candidate: &Task, holder: &Task) -> Vec<Overlapping> {
        if !self.only_warns(candidate, holder) {
            return Vec::new();
        }
        let paths = self.meetings(&candidate.writes, &holder.writes);
        paths.into_iter().map(|path| Overlapping { id: holder.id.clone(), path: path.to_owned() }).collect()
    }

    /// Whether `reader` reads what `writer` writes and not the other way round too: then the writer goes first.
    pub fn follows(&self, reader: &Task, writer: &Task) -> bool {
        self.reads(reader, writer) && !self.reads(writer, reader)
    }

    /// Whether nothing that the pattern covers counts as overlap.
    pub fn is_shared(&self, pattern: &Pattern) -> bool {
        self.shared.iter().any(|shared| shared.covers(pattern))
    }

    /// Whether two tasks that write the same paths exclude each other as far as this one is concerned.
    pub fn is_exclusive(&self, task: &Task) -> bool {
        task.overlap.unwrap_or(self.settings.overlap()) == Overlap::Exclusive
    }

    fn only_warns(&self, a: &Task, b: &Task) -> bool {
        !self.is_exclusive(a) || !self.is_exclusive(b)
    }

    fn reads(&self, reader: &Task, writer: &Task) -> bool {
        reader.reads.iter().any(|read| {
            !self.is_shared(read) && writer.writes.iter().any(|write| meet(read, write) && !self.is_shared(write))
        })
    }

    fn reads_from<'t>(&self, reader: &'t Task, writer: &'t Task) -> BTreeSet<&'t str> {
        self.meetings(&reader.reads, &writer.writes)
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
