//! Whether two globs cover one path, decided by the product of their automata.
//!
//! Two regular languages share a word if the product of their automata reaches a pair of accepting states (Rabin and
//! Scott 1959). Nothing is made deterministic: pairs of states of the two Thompson automata, beside a third automaton for
//! what a path is, are searched breadth first.

use std::borrow::Cow;

use regex_automata::nfa::thompson::{Compiler, Config, NFA, State, WhichCaptures};
use regex_automata::util::syntax;

use super::name::is_glob;
use crate::model::pattern::{bare, glob};

/// How many states the product of two patterns may reach before the answer is a careful *maybe*.
pub(super) const MOST_PAIRS: usize = 1_000_000;
/// The room for the automaton of one pattern, in bytes.
const ROOM: usize = 16 << 20;

/// The automaton of a pattern, and of everything below what it matches.
pub(super) enum Automaton<'p> {
    /// No glob: as many states as bytes, and one more.
    Plain(Cow<'p, str>),
    Glob(NFA),
}

/// Whether two globs cover one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Common {
    Path,
    Nothing,
    /// The search was given up.
    Unknown,
}

/// What was read of a path so far. A path is one or more names with `/` between them; no name is empty, `.` or `..`, and
/// none holds a NUL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Read {
    /// Nothing of a name.
    Start,
    Dot,
    TwoDots,
    Name,
}

/// A state of the product. The two numbers are those of states, or [`Automaton::below`].
#[derive(Debug, Clone, Copy)]
struct Pair {
    a: usize,
    b: usize,
    read: Read,
}

impl<'p> Automaton<'p> {
    /// `None` where the automaton would take more than [`ROOM`].
    pub(super) fn new(text: &'p str) -> Option<Automaton<'p>> {
        let text = tidy(text);
        if !is_glob(&text) {
            return Some(Automaton::Plain(text));
        }
        let glob = glob(&text).ok()?;
        let config = Config::new().utf8(false).which_captures(WhichCaptures::None).nfa_size_limit(Some(ROOM));
        let syntax = syntax::Config::new().utf8(false).dot_matches_new_line(true);
        Compiler::new().configure(config).syntax(syntax).build(glob.regex()).ok().map(Automaton::Glob)
    }

    fn start(&self) -> usize {
        match self {
            Automaton::Plain(_) => 0,
            Automaton::Glob(nfa) => nfa.start_anchored().as_usize(),
        }
    }

    /// The state after a whole match and a `/`: everything from there on is covered.
    fn below(&self) -> usize {
        match self {
            Automaton::Plain(text) => text.len() + 1,
            Automaton::Glob(nfa) => nfa.states().len(),
        }
    }

    fn accepts(&self, state: usize) -> bool {
        match self {
            Automaton::Plain(text) => state >= text.len(),
            Automaton::Glob(nfa) => matches!(nfa.states().get(state), None | Some(State::Match { .. })),
        }
    }

    /// Calls `each` with the states that follow without a byte; whether this is a state of that kind.
    fn free(&self, state: usize, mut each: impl FnMut(usize)) -> bool {
        let Automaton::Glob(nfa) = self else { return false };
        match nfa.states().get(state) {
            Some(State::Union { alternates }) => alternates.iter().for_each(|next| each(next.as_usize())),
            Some(State::BinaryUnion { alt1, alt2 }) => [alt1, alt2].into_iter().for_each(|next| each(next.as_usize())),
            // A glob is `^…$`, read from its start to its end: both hold where they are reached.
            Some(State::Capture { next, .. } | State::Look { next, .. }) => each(next.as_usize()),
            _ => return false,
        }
        true
    }

    /// The bytes that the state goes on with, as ranges, and where to.
    fn ranges(&self, state: usize, ranges: &mut Vec<(u8, u8, usize)>) {
        ranges.clear();
        if state == self.below() {
            ranges.push((0, u8::MAX, state));
        } else if self.accepts(state) {
            ranges.push((b'/', b'/', self.below()));
        } else {
            match self {
                Automaton::Plain(text) => {
                    ranges.extend(text.as_bytes()[state..].first().map(|&byte| (byte, byte, state + 1)))
                }
                Automaton::Glob(nfa) => match &nfa.states()[state] {
                    State::ByteRange { trans } => ranges.push((trans.start, trans.end, trans.next.as_usize())),
                    State::Sparse(sparse) => {
                        ranges.extend(sparse.transitions.iter().map(|one| (one.start, one.end, one.next.as_usize())));
                    }
                    State::Dense(dense) => {
                        let next = |byte: u8| Some((byte, byte, dense.matches_byte(byte)?.as_usize()));
                        ranges.extend((0..=u8::MAX).filter_map(next));
                    }
                    _ => {}
                },
            }
        }
    }
}

/// Whether some path is covered by both, looking at no more than `most` states.
///
/// `trace` is told where each state that is reached came from, by its number from 1 on (the first, 0, is the start), and
/// over which byte.
pub(super) fn common(
    a: &Automaton<'_>,
    b: &Automaton<'_>,
    most: usize,
    mut trace: impl FnMut(usize, Option<u8>),
) -> (Common, usize) {
    let width = b.below() + 1;
    let mut seen = vec![0u8; (a.below() + 1) * width];
    let mut queue = vec![Pair { a: a.start(), b: b.start(), read: Read::Start }];
    let (mut from_a, mut from_b) = (Vec::new(), Vec::new());
    let mut done = 0;
    while let Some(&pair) = queue.get(done) {
        if pair.read == Read::Name && a.accepts(pair.a) && b.accepts(pair.b) {
            return (Common::Path, done);
        }
        if queue.len() > most {
            return (Common::Unknown, done);
        }
        let mut reach = |pair: Pair, byte| {
            let (place, bit) = (&mut seen[pair.a * width + pair.b], 1 << pair.read as u8);
            if *place & bit == 0 {
                *place |= bit;
                queue.push(pair);
                trace(done, byte);
            }
        };
        let free = a.free(pair.a, |next| reach(Pair { a: next, ..pair }, None))
            || b.free(pair.b, |next| reach(Pair { b: next, ..pair }, None));
        if !free {
            a.ranges(pair.a, &mut from_a);
            b.ranges(pair.b, &mut from_b);
            for &(low, high, a) in &from_a {
                for &(other_low, other_high, b) in &from_b {
                    for (byte, read) in pair.read.bytes(low.max(other_low), high.min(other_high)) {
                        reach(Pair { a, b, read }, Some(byte));
                    }
                }
            }
        }
        done += 1;
    }
    (Common::Nothing, done)
}

impl Read {
    /// The bytes from `low` to `high` that a path may go on with, one for each state that follows.
    fn bytes(self, low: u8, high: u8) -> impl Iterator<Item = (u8, Read)> {
        let in_range = move |byte: u8| (low <= byte && byte <= high).then_some(byte);
        let slash = in_range(b'/').filter(|_| self == Read::Name).map(|byte| (byte, Read::Start));
        let dot = in_range(b'.').map(|byte| (byte, self.after_dot()));
        let plain = |byte: &u8| !matches!(byte, 0 | b'.' | b'/');
        let letter = || (low..=high).find(u8::is_ascii_alphanumeric);
        let other = in_range(b'a').or_else(letter).or_else(|| (low..=high).find(plain));
        let other = other.map(|byte| (byte, Read::Name));
        slash.into_iter().chain(dot).chain(other)
    }

    fn after_dot(self) -> Read {
        match self {
            Read::Start => Read::Dot,
            Read::Dot => Read::TwoDots,
            Read::TwoDots | Read::Name => Read::Name,
        }
    }
}

/// A pattern without the folders that are none: `./src//a/` is `src/a`, and `.` covers what `**` does.
pub(in crate::model::exclusion) fn tidy(text: &str) -> Cow<'_, str> {
    let odd = |part: &str| part.is_empty() || part == ".";
    if !text.split('/').any(odd) {
        return Cow::Borrowed(text);
    }
    let slashes = bare(text).filter(|&(_, character, depth)| character == '/' && depth == 0).map(|(at, ..)| at);
    let mut start = 0;
    let mut parts = Vec::new();
    for end in slashes.chain([text.len()]) {
        parts.push(&text[start..end]);
        start = end + 1;
    }
    parts.retain(|part| !odd(part));
    if parts.is_empty() { Cow::Borrowed("**") } else { Cow::Owned(parts.join("/")) }
}

/// A shortest path that both cover, if there is one.
///
/// # Errors
/// An automaton would be too large, or the search was given up.
pub(super) fn witness(a: &str, b: &str) -> Result<Option<Vec<u8>>, &'static str> {
    let (a, b) = (Automaton::new(a).ok_or("too large")?, Automaton::new(b).ok_or("too large")?);
    let mut ways = vec![(0, None)];
    match common(&a, &b, MOST_PAIRS, |from, byte| ways.push((from, byte))) {
        (Common::Nothing, _) => Ok(None),
        (Common::Unknown, _) => Err("unknown"),
        (Common::Path, mut at) => {
            let mut path = Vec::new();
            while at > 0 {
                path.extend(ways[at].1);
                at = ways[at].0;
            }
            path.reverse();
            Ok(Some(path))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_that_are_none_are_left_out() {
        for (text, tidied) in [
            ("src/a", "src/a"),
            ("./src//a/", "src/a"),
            (".", "**"),
            ("./", "**"),
            ("a/./*/", "a/*"),
            ("[/]//a", "[/]/a"),
            ("{a//b,c}//d", "{a//b,c}/d"),
            ("a\\//b", "a\\//b"),
        ] {
            assert_eq!(tidy(text), tidied, "{text}");
        }
    }

    #[test]
    fn a_witness_is_a_shortest_path_that_both_cover() {
        for (a, b, path) in [
            ("src/*.rs", "src/lib.*", Some("src/lib.rs")),
            ("?.", ".?", None),
            ("a/**", "a", Some("a/a")),
            ("[.]", "*", None),
            ("a[/]b", "a", Some("a/b")),
            ("*", "[!a]", Some("b")),
        ] {
            let found = witness(a, b).unwrap().map(|path| String::from_utf8(path).unwrap());
            assert_eq!(found.is_some(), path.is_some(), "{a} and {b}: {found:?}");
            if let (Some(found), Some(path)) = (found, path) {
                assert_eq!(found.len(), path.len(), "{a} and {b}: {found}");
            }
        }
    }

    #[test]
    fn a_search_that_would_take_too_long_is_given_up() {
        let [a, b] = ["x", "y"].map(|tail| format!("{}{tail}", "*a".repeat(1500)));
        let (a, b) = (Automaton::new(&a).unwrap(), Automaton::new(&b).unwrap());
        assert_eq!(common(&a, &b, MOST_PAIRS, |_, _| ()).0, Common::Unknown);
    }
}
