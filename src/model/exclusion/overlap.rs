//! Whether two path patterns can cover one path, decided from the patterns alone.

mod automaton;
mod name;

use automaton::{Automaton, Common, MOST_PAIRS, common, tidy};
use name::{Glance, is_glob, is_intricate};

use globset::GlobMatcher;

use crate::model::pattern::{Pattern, glob};

/// Whether some path is covered by both: it, or a folder above it, is matched (by the rules of [`glob`]).
///
/// Exact, but for two patterns whose comparison would take more than a million steps: that is a *yes*, so there is never
/// a wrong *no*.
///
/// [`glob`]: crate::model::pattern::glob
pub fn meet(a: &Pattern, b: &Pattern) -> bool {
    match glance(a.as_str(), b.as_str()) {
        Glance::Yes => true,
        Glance::No => false,
        Glance::Unclear => match (Automaton::new(a.as_str()), Automaton::new(b.as_str())) {
            (Some(a), Some(b)) => common(&a, &b, MOST_PAIRS, |_, _| ()).0 != Common::Nothing,
            _ => true,
        },
    }
}

/// What the names of two patterns say, folder by folder. Exact where it is not [`Glance::Unclear`].
///
/// From the first `**` on, and where one of the two has no more names, everything below is covered by one and something
/// there by the other: whatever comes then, they meet.
fn glance(a: &str, b: &str) -> Glance {
    let intricate = is_intricate(a) || is_intricate(b);
    let mut answer = if intricate { Glance::Unclear } else { Glance::Yes };
    let (mut left, mut right) = (parts(a), parts(b));
    while let (Some(one), Some(other)) = (left.next(), right.next()) {
        // A class or a group may hold a slash: from there on, names do not tell.
        if one == "**" || other == "**" || intricate && (is_glob(one) || is_glob(other)) {
            return answer;
        }
        match name::glance(one, other) {
            Glance::Yes => {}
            Glance::No => return Glance::No,
            Glance::Unclear => answer = Glance::Unclear,
        }
    }
    answer
}

/// The text that says best where `a` and `b` meet: a literal one, else the more precise one.
pub fn meeting<'p>(a: &'p Pattern, b: &'p Pattern) -> &'p str {
    let precision = |pattern: &Pattern| (pattern.is_literal(), pattern.literal_prefix().len());
    if precision(b) > precision(a) { b.as_str() } else { a.as_str() }
}

/// Whether `path` is `folder` or lies below it.
pub fn is_at_or_below(path: &str, folder: &str) -> bool {
    match path.strip_prefix(folder) {
        Some(rest) => folder.is_empty() || rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}

/// What tells whether the pattern matches a path, whatever lies below it; `None` for one that is too large.
pub(super) fn matcher(pattern: &Pattern) -> Option<GlobMatcher> {
    glob(&tidy(pattern.as_str())).ok().map(|glob| glob.compile_matcher())
}

/// The names between slashes, without those that name no folder.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split('/').filter(|part| !matches!(*part, "" | "."))
}

#[cfg(test)]
mod tests;
