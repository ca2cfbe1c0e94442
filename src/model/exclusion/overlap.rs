//! Whether two path patterns can cover one path, decided from the patterns alone.

mod automaton;
mod name;

use std::cell::Cell;
use std::collections::HashMap;

pub(super) use automaton::tidy;
use automaton::{Automaton, Common, MOST_PAIRS, common};
use name::is_any;
use name::is_intricate;
pub(super) use name::{Glance, ends as ends_of_name, glance as glance_at_names, is_glob, is_special};

use globset::GlobMatcher;

use crate::model::pattern::{Pattern, bare, glob};
use crate::model::text::is_unsafe;

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

/// A shortest path that both cover; `None` where there is none, where it takes long to say, and where it could not be shown.
pub(super) fn witness(a: &Pattern, b: &Pattern) -> Option<String> {
    let path = automaton::witness(a.as_str(), b.as_str()).ok()??;
    String::from_utf8(path).ok().filter(|path| !path.chars().any(is_unsafe))
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

/// How much of a pattern decides whom it meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Names, each a glob or not: everything at or below what they match.
    Names,
    /// Plain names, and below them what only the whole pattern tells: a class or a group that may hold a slash.
    Whole,
    /// It matches no path.
    Nothing,
}

/// Puts the names of the folders that a pattern leads through into `names`.
///
/// They end before the first `**`, and before stars that only say *something below*: both change nothing about whom it
/// meets, since everything below what one pattern matches is covered by it, and something there by the other.
pub(super) fn read<'p>(pattern: &'p Pattern, names: &mut Vec<&'p str>) -> Reach {
    names.clear();
    let mut sure = true;
    let mut deep = false;
    for part in parts(pattern.as_str()) {
        deep |= part == "**";
        let intricate = is_intricate(part);
        if intricate && !is_self_contained(part) && !deep {
            let plain = names.iter().position(|name| is_glob(name)).unwrap_or(names.len());
            names.truncate(plain);
            return if matches_something(pattern) { Reach::Whole } else { Reach::Nothing };
        }
        sure &= !intricate || is_self_contained(part) && surely_matches(part);
        if !deep {
            names.push(part);
        }
    }
    while names.last().is_some_and(|name| is_any(name)) {
        names.pop();
    }
    if sure || matches_something(pattern) { Reach::Names } else { Reach::Nothing }
}

/// Whether it covers any path; also where that would take too long to say.
fn matches_something(pattern: &Pattern) -> bool {
    Automaton::new(pattern.as_str()).is_none_or(|own| common(&own, &own, MOST_PAIRS, |_, _| ()).0 != Common::Nothing)
}

/// Whether a part of a pattern means the same when it is read alone: no class or group in it can hold a slash.
fn is_self_contained(part: &str) -> bool {
    let mut depth = 0usize;
    for character in part.bytes() {
        match character {
            b'{' => depth += 1,
            b'}' if depth == 0 => return false,
            b'}' => depth -= 1,
            b'\\' => return false,
            _ => {}
        }
    }
    let inside = part.find('{').map_or("", |open| &part[open..]);
    depth == 0 && !inside.contains("**") && part.split('[').skip(1).all(is_plain_class)
}

/// Whether what follows a `[` is a class of letters, digits and `_`, or of ranges between them.
fn is_plain_class(rest: &str) -> bool {
    let Some(end) = rest.find(']') else { return false };
    let class = &rest.as_bytes()[..end];
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    !class.is_empty()
        && class.iter().enumerate().all(|(at, byte)| {
            word(byte) || *byte == b'-' && at > 0 && word(&class[at - 1]) && class.get(at + 1).is_none_or(word)
        })
}

/// Whether it is easy to see that a self-contained part matches some name: a character that every match has.
fn surely_matches(part: &str) -> bool {
    bare(part).any(|(_, character, depth)| depth == 0 && (character.is_alphanumeric() || "_-*?".contains(character)))
        || part.starts_with('[')
}

/// Remembers what it takes automata to tell.
#[derive(Default)]
pub(super) struct Memo<'p> {
    globs: HashMap<&'p str, Option<Automaton<'p>>>,
    names: HashMap<(&'p str, &'p str), bool>,
}

impl<'p> Memo<'p> {
    /// Whether two names meet, of which one at least is a glob.
    pub(super) fn names_meet(&mut self, a: &'p str, b: &'p str, work: &Cell<u64>) -> bool {
        let key = if a <= b { (a, b) } else { (b, a) };
        if let Some(&known) = self.names.get(&key) {
            return known;
        }
        let answer = self.meet(a, b, work);
        self.names.insert(key, answer);
        answer
    }

    /// Whether two patterns cover one path. Takes what it costs from `work`; where nothing is left of that, the answer is
    /// a careful *yes*.
    pub(super) fn meet(&mut self, a: &'p str, b: &'p str, work: &Cell<u64>) -> bool {
        for text in [a, b] {
            if is_glob(text) && !self.globs.contains_key(text) {
                spend(work, 100 + 20 * text.len() as u64);
                self.globs.insert(text, Automaton::new(text));
            }
        }
        let plain = [a, b].map(|text| if is_glob(text) { None } else { Automaton::new(text) });
        let [one, other] = [(a, &plain[0]), (b, &plain[1])]
            .map(|(text, plain)| plain.as_ref().or_else(|| self.globs.get(text).and_then(Option::as_ref)));
        let (Some(one), Some(other)) = (one, other) else { return true };
        let most = usize::try_from(work.get()).unwrap_or(MOST_PAIRS).min(MOST_PAIRS);
        let (answer, steps) = common(one, other, most, |_, _| ());
        spend(work, 10 + 2 * steps as u64);
        answer != Common::Nothing
    }
}

fn spend(work: &Cell<u64>, steps: u64) {
    work.set(work.get().saturating_sub(steps));
}

/// The text that says best where `a` and `b` meet: a literal one, else the more precise one. The same for both orders.
pub fn meeting<'p>(a: &'p Pattern, b: &'p Pattern) -> &'p str {
    let precision = |pattern: &'p Pattern| {
        let text = pattern.as_str();
        (pattern.is_literal(), pattern.literal_prefix().len(), !text.contains("**"), text.len(), text)
    };
    precision(a).max(precision(b)).4
}

/// Whether `path` is `folder` or lies below it.
pub(super) fn is_at_or_below(path: &str, folder: &str) -> bool {
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
