//! Task ids: the one type through which a name from a task file or the command line may become part of a ref or a path.

use std::fmt;
use std::str::FromStr;

/// An id that matches `[A-Za-z0-9][A-Za-z0-9_-]{0,63}` and is neither `HEAD` nor a Windows device name.
///
/// It cannot be built otherwise, so whatever holds one may put it into a branch name, a path or a command line.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(Box<str>);

/// Why a text is no task id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdFault {
    Empty,
    TooLong,
    FirstCharacter,
    Character,
    DeviceName,
    Head,
}

/// The longest id, in characters.
pub const LONGEST: usize = 64;

impl TaskId {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key under which ids are unique: file systems and refs may not tell cases apart.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl FromStr for TaskId {
    type Err = IdFault;

    fn from_str(text: &str) -> Result<TaskId, IdFault> {
        let first = *text.as_bytes().first().ok_or(IdFault::Empty)?;
        if text.len() > LONGEST {
            return Err(IdFault::TooLong);
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') {
            return Err(IdFault::Character);
        }
        if !first.is_ascii_alphanumeric() {
            return Err(IdFault::FirstCharacter);
        }
        if text.eq_ignore_ascii_case("HEAD") {
            return Err(IdFault::Head);
        }
        if is_device_name(text) {
            return Err(IdFault::DeviceName);
        }
        Ok(TaskId(text.into()))
    }
}

/// Names that Windows gives to devices in every folder
/// (Naming Files, Paths, and Namespaces; learn.microsoft.com/windows/win32/fileio/naming-a-file).
fn is_device_name(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    matches!(lower.as_str(), "con" | "prn" | "aux" | "nul")
        || lower
            .strip_prefix("com")
            .or_else(|| lower.strip_prefix("lpt"))
            .is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit())
}

impl fmt::Display for IdFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            IdFault::Empty => "an id must not be empty",
            IdFault::TooLong => "an id has at most 64 characters",
            IdFault::FirstCharacter => "an id starts with a letter or a digit",
            IdFault::Character => "an id holds only letters, digits, '-' and '_'",
            IdFault::DeviceName => "this id is the name of a Windows device",
            IdFault::Head => "git means something else by HEAD",
        })
    }
}

impl std::error::Error for IdFault {}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for TaskId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for TaskId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<TaskId, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_git_or_a_shell_would_misread_are_refused() {
        let hostile = [
            "../../x",
            "..",
            "a..b",
            "x.lock",
            ".x",
            "x.",
            "/x",
            "x/",
            "a//b",
            "@{u}",
            "a@{1}",
            "a b",
            "a:b",
            "a~b",
            "a^b",
            "a?b",
            "a*b",
            "a[b",
            "a\\b",
            "",
            "-rf",
            "--exec=id",
            "-",
            "@",
            "$(id)",
            "`id`",
            "a;id",
            "a|id",
            "a&id",
            "a'b",
            "a\"b",
            "a$IFS",
            "#(id)",
            "%(refname)",
            "{x}",
            "\u{202e}",
            "\u{200b}",
            "\u{feff}",
            "\u{2028}",
            "\u{9b}",
            "\u{1b}",
            "\u{7f}",
            "a\nb",
            "\u{430}",
            "\u{e9}",
            "e\u{301}",
            "\u{1f600}",
            "CON",
            "nul",
            "COM1",
            "aux",
            "lpt9",
            "HEAD",
            "head",
        ];
        for id in hostile {
            assert!(id.parse::<TaskId>().is_err(), "{id:?}");
        }
    }

    #[test]
    fn an_id_has_at_most_64_characters() {
        assert!("x".repeat(64).parse::<TaskId>().is_ok());
        assert_eq!("x".repeat(65).parse::<TaskId>(), Err(IdFault::TooLong));
    }

    #[test]
    fn ordinary_ids_are_taken() {
        for id in ["SCR-001", "7", "a_b", "COM10", "console", "HEADER"] {
            assert!(id.parse::<TaskId>().is_ok(), "{id}");
        }
    }
}
