//! Path patterns of a task file: gitignore-like globs from the top of the repository.

use std::fmt;
use std::str::FromStr;

/// A checked pattern, relative to the top of the repository, with `/` between folders.
///
/// `*`, `?` and `[…]` stay within one folder, `**` crosses folders. A pattern that matches a folder covers everything
/// below it, as in gitignore(5).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern(Box<str>);

/// The longest pattern, in bytes.
pub const LONGEST: usize = 4096;
/// How deep `{…}` may stand in `{…}`.
pub const DEEPEST: usize = 16;

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatternFault {
    Empty,
    /// Has a `..` component, a drive letter, or a backslash that would be a separator elsewhere.
    LeavesTheTree,
    /// Contains a control character.
    ControlCharacter,
    /// Has more bytes than [`LONGEST`].
    TooLong,
    /// Has more `{` inside each other than [`DEEPEST`].
    TooDeep,
    /// The glob itself is malformed.
    Glob(String),
}

impl Pattern {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The whole components before the first one with a glob character, without a trailing `/`.
    /// Everything that the pattern matches lies at or below it; empty means anywhere.
    pub fn literal_prefix(&self) -> &str {
        let text = self.0.trim_end_matches('/');
        match text.find(is_glob) {
            None => text,
            Some(glob) => text[..glob].rfind('/').map_or("", |slash| &text[..slash]),
        }
    }

    /// Whether it names one path and has no glob character.
    pub fn is_literal(&self) -> bool {
        !self.0.contains(is_glob)
    }
}

/// The glob of a pattern's text: `*` and `?` stay within a folder, a backslash takes the next character as it is.
///
/// # Errors
/// The text is malformed.
pub fn glob(text: &str) -> Result<globset::Glob, globset::Error> {
    globset::GlobBuilder::new(text).literal_separator(true).backslash_escape(true).build()
}

fn is_glob(character: char) -> bool {
    matches!(character, '*' | '?' | '[' | '{' | '\\')
}

/// The characters of a pattern that stand in no class and behind no backslash, each with its place and how many `{` are
/// open around it.
pub(super) fn bare(text: &str) -> impl Iterator<Item = (usize, char, usize)> {
    let mut characters = text.char_indices().peekable();
    let mut depth = 0usize;
    std::iter::from_fn(move || {
        loop {
            let (at, character) = characters.next()?;
            match character {
                '\\' => {
                    characters.next();
                    continue;
                }
                '[' => {
                    characters.next_if(|(_, next)| matches!(next, '!' | '^'));
                    // The first character belongs to the class, even if it is a bracket.
                    characters.next();
                    characters.by_ref().find(|(_, next)| *next == ']');
                    continue;
                }
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            return Some((at, character, depth));
        }
    })
}

impl FromStr for Pattern {
    type Err = PatternFault;

    fn from_str(text: &str) -> Result<Pattern, PatternFault> {
        if text.is_empty() {
            return Err(PatternFault::Empty);
        }
        if text.len() > LONGEST {
            return Err(PatternFault::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(PatternFault::ControlCharacter);
        }
        let drive = text.as_bytes().get(1) == Some(&b':') && text.as_bytes()[0].is_ascii_alphabetic();
        if drive || text.starts_with('/') || text.split(['/', '\\']).any(|part| part == "..") {
            return Err(PatternFault::LeavesTheTree);
        }
        // Without these a pattern cannot be malformed, and building an automaton for each of 100,000 would be felt.
        if text.contains(is_glob) && text.contains(['[', '{', '}', '\\']) {
            if bare(text).any(|(_, _, depth)| depth > DEEPEST) {
                return Err(PatternFault::TooDeep);
            }
            glob(text).map_err(|fault| PatternFault::Glob(fault.kind().to_string()))?;
        }
        Ok(Pattern(text.into()))
    }
}

impl fmt::Display for PatternFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PatternFault::Empty => f.write_str("a pattern must not be empty"),
            PatternFault::LeavesTheTree => {
                f.write_str("a pattern stays inside the repository: no '..' and no absolute path")
            }
            PatternFault::ControlCharacter => f.write_str("a pattern holds no control characters"),
            PatternFault::TooLong => write!(f, "a pattern has at most {LONGEST} bytes"),
            PatternFault::TooDeep => write!(f, "a pattern has at most {DEEPEST} '{{' inside each other"),
            PatternFault::Glob(why) => write!(f, "malformed pattern: {why}"),
        }
    }
}

impl std::error::Error for PatternFault {}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl serde::Serialize for Pattern {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Pattern {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Pattern, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_literal_prefix_ends_before_the_first_glob_component() {
        let prefix = |text: &str| text.parse::<Pattern>().unwrap().literal_prefix().to_owned();
        assert_eq!(prefix("src/scorers/tool/**"), "src/scorers/tool");
        assert_eq!(prefix("src/s*/x"), "src");
        assert_eq!(prefix("*.rs"), "");
        assert_eq!(prefix("src/lib.rs"), "src/lib.rs");
        assert_eq!(prefix("docs/"), "docs");
    }

    #[test]
    fn patterns_that_leave_the_tree_are_refused() {
        for text in ["..", "../x", "a/../b", "/etc", "//etc", "C:/x", "a\\..\\b"] {
            assert_eq!(text.parse::<Pattern>(), Err(PatternFault::LeavesTheTree), "{text}");
        }
        assert_eq!("".parse::<Pattern>(), Err(PatternFault::Empty));
        assert_eq!("a\nb".parse::<Pattern>(), Err(PatternFault::ControlCharacter));
        assert!(matches!("a[b".parse::<Pattern>(), Err(PatternFault::Glob(_))));
    }

    #[test]
    fn patterns_that_would_take_long_to_compare_are_refused() {
        assert!("a".repeat(LONGEST).parse::<Pattern>().is_ok());
        assert_eq!("a".repeat(LONGEST + 1).parse::<Pattern>(), Err(PatternFault::TooLong));
        let nested = |depth: usize| format!("{}a{}", "{".repeat(depth), "}".repeat(depth)).parse::<Pattern>();
        assert!(nested(DEEPEST).is_ok());
        assert_eq!(nested(DEEPEST + 1), Err(PatternFault::TooDeep));
        assert_eq!(nested(1000), Err(PatternFault::TooDeep));
        assert!("\\{".repeat(100).parse::<Pattern>().is_ok());
        assert!(format!("[{}]", "{".repeat(100)).parse::<Pattern>().is_ok());
    }
}
