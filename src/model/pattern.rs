//! Path patterns of a task file: gitignore-like globs from the top of the repository.

use std::fmt;
use std::str::FromStr;

/// A checked pattern, relative to the top of the repository, with `/` between folders.
///
/// `*`, `?` and `[…]` stay within one folder, `**` crosses folders. A pattern that matches a folder covers everything
/// below it, as in gitignore(5).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern(Box<str>);

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatternFault {
    Empty,
    /// Has a `..` component, a drive letter, or a backslash that would be a separator elsewhere.
    LeavesTheTree,
    /// Contains a control character.
    ControlCharacter,
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

fn is_glob(character: char) -> bool {
    matches!(character, '*' | '?' | '[' | '{' | '\\')
}

impl FromStr for Pattern {
    type Err = PatternFault;

    fn from_str(text: &str) -> Result<Pattern, PatternFault> {
        if text.is_empty() {
            return Err(PatternFault::Empty);
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
            globset::GlobBuilder::new(text)
                .literal_separator(true)
                .build()
                .map_err(|fault| PatternFault::Glob(fault.kind().to_string()))?;
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
}
