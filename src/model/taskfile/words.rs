//! The words that some keys choose from, and values that several keys share.

use std::ops::Range;

use toml::de::DeValue;

use super::sink::{Owner, Sink, Slot, Value, quoted};
use crate::model::pattern::{LONGEST as LONGEST_PATTERN, Pattern};
use crate::model::task::{Batches, Budget, Declared, Gate, Kind, Overlap, Strategy};
use crate::model::template::{self, Template, is_branch_name};

pub(super) const BATCHES: [(&str, Batches); 2] = [("rolling", Batches::Rolling), ("barrier", Batches::Barrier)];
pub(super) const OVERLAPS: [(&str, Overlap); 2] = [("exclusive", Overlap::Exclusive), ("warn", Overlap::Warn)];
pub(super) const STRATEGIES: [(&str, Strategy); 4] =
    [("merge", Strategy::Merge), ("squash", Strategy::Squash), ("rebase", Strategy::Rebase), ("ff", Strategy::Ff)];
pub(super) const GATES: [(&str, Gate); 2] = [("start", Gate::Start), ("land", Gate::Land)];
pub(super) const KINDS: [(&str, Kind); 2] = [("code", Kind::Code), ("research", Kind::Research)];
pub(super) const STATES: [(&str, Declared); 2] = [("landed", Declared::Landed), ("cancelled", Declared::Cancelled)];

/// The longest name of a lock, a mode, an agent or a reviewer, in characters.
const LONGEST_NAME: usize = 64;

/// So many folders reach git in one command.
const MOST_FOLDERS: usize = 256;

/// Whether `text` can name a lock, a mode, an agent or a batch.
///
/// # Errors
/// Says what a name is.
pub(super) fn check_name(text: &str) -> Result<(), String> {
    let odd = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if text.is_empty() || text.trim() != text || text.starts_with('-') || text.chars().any(odd) {
        return Err("a name is one line of text that does not start with '-' or a space".to_owned());
    }
    if text.chars().nth(LONGEST_NAME).is_some() {
        return Err(format!("a name has at most {LONGEST_NAME} characters"));
    }
    Ok(())
}

/// A path inside the repository, whose patterns are allowed.
///
/// # Errors
/// Absolute, leaves the tree, or reaches into `.git`.
pub(super) fn check_path(text: &str) -> Result<(), String> {
    if text.starts_with('/') {
        return Err("a path is relative to the top of the repository".to_owned());
    }
    text.parse::<Pattern>().map_err(|why| why.to_string().replace("a pattern", "a path"))?;
    if text.split('/').any(|part| part.eq_ignore_ascii_case(".git")) {
        return Err("'.git' is git's own".to_owned());
    }
    Ok(())
}

/// A folder of a sparse checkout, taken by the letter: `*` and `[` are parts of its name.
///
/// # Errors
/// Absolute, leaves the tree, reaches into `.git`, or is nothing that git keeps as it is written.
fn check_folder(text: &str) -> Result<(), String> {
    if text.starts_with('/') {
        return Err("a folder is relative to the top of the repository".to_owned());
    }
    if text.len() > LONGEST_PATTERN {
        return Err(format!("a folder has at most {LONGEST_PATTERN} bytes"));
    }
    if text.chars().any(char::is_control) || text.trim() != text {
        return Err("a folder holds no control characters, and no space at its ends".to_owned());
    }
    let bare = text.strip_suffix('/').unwrap_or(text);
    if bare.split(['/', '\\']).any(|part| part == "..") {
        return Err("a folder stays inside the repository: no '..'".to_owned());
    }
    if bare.split('/').any(|part| part.is_empty() || part == ".") {
        return Err("a folder is named from the top, without '.' or an empty part".to_owned());
    }
    if bare.split('/').any(|part| part.eq_ignore_ascii_case(".git")) {
        return Err("'.git' is git's own".to_owned());
    }
    Ok(())
}

impl Sink {
    pub fn name(&mut self, slot: Slot<'_>, value: &Value<'_>) -> Option<String> {
        let text = self.any_text(slot, value)?;
        self.checked(slot, value, &text, check_name)?;
        Some(text)
    }

    pub fn path(&mut self, slot: Slot<'_>, value: &Value<'_>) -> Option<String> {
        let text = self.any_text(slot, value)?;
        self.checked(slot, value, &text, check_path)?;
        Some(text)
    }

    /// A branch name, local or remote-tracking.
    pub fn branch(&mut self, slot: Slot<'_>, value: &Value<'_>) -> Option<String> {
        let text = self.any_text(slot, value)?;
        let check =
            |name: &str| is_branch_name(name).then_some(()).ok_or_else(|| "git takes no such branch name".to_owned());
        self.checked(slot, value, &text, check)?;
        Some(text)
    }

    pub fn template(&mut self, slot: Slot<'_>, value: &Value<'_>, kind: template::Kind) -> Option<String> {
        let text = self.any_text(slot, value)?;
        self.checked(slot, value, &text, |text| Template::new(text, kind).map(|_| ()))?;
        Some(text)
    }

    fn checked(
        &mut self,
        slot: Slot<'_>,
        value: &Value<'_>,
        text: &str,
        check: impl Fn(&str) -> Result<(), String>,
    ) -> Option<()> {
        check(text)
            .map_err(|why| self.fault(Some(value.span()), format!("{slot} is {}: {why}", quoted(text)), None))
            .ok()
    }

    pub fn patterns(&mut self, slot: Slot<'_>, value: &Value<'_>) -> Vec<Pattern> {
        self.list(slot, value, |_, text| text.parse::<Pattern>().map_err(|why| why.to_string()))
    }

    pub fn paths(&mut self, slot: Slot<'_>, value: &Value<'_>) -> Vec<String> {
        self.list(slot, value, |_, text| check_path(text).map(|()| text.to_owned()))
    }

    /// The folders of a sparse checkout, without a `/` at their ends.
    pub fn folders(&mut self, slot: Slot<'_>, value: &Value<'_>) -> Vec<String> {
        let checked = |text: &str| check_folder(text).map(|()| text.strip_suffix('/').unwrap_or(text).to_owned());
        let folders = self.list(slot, value, |_, text| checked(text));
        if folders.len() > MOST_FOLDERS {
            self.fault(Some(value.span()), format!("{slot} holds more than {MOST_FOLDERS} folders"), None);
        }
        folders
    }

    pub fn names(&mut self, slot: Slot<'_>, value: &Value<'_>) -> Vec<String> {
        self.list(slot, value, |_, text| check_name(text).map(|()| text.to_owned()))
    }

    /// Texts that say something, of any length.
    pub fn texts(&mut self, slot: Slot<'_>, value: &Value<'_>) -> Vec<String> {
        self.list(slot, value, |_, text| match text {
            _ if text.contains('\0') => Err("no NUL character".to_owned()),
            _ if text.trim().is_empty() => Err("it is empty".to_owned()),
            _ => Ok(text.to_owned()),
        })
    }

    pub fn gates(&mut self, slot: Slot<'_>, value: &Value<'_>) -> Vec<Gate> {
        self.list(slot, value, |_, text| {
            let gate = GATES.iter().find(|(word, _)| *word == text).map(|(_, gate)| *gate);
            gate.ok_or_else(|| "a gate is 'start' or 'land'".to_owned())
        })
    }

    /// `4000-4999`, both included.
    pub fn ports(&mut self, slot: Slot<'_>, value: &Value<'_>) -> Option<(u16, u16)> {
        let expected = "a range of ports from 1024 to 65535, such as \"4000-4999\"";
        let DeValue::String(text) = value.get_ref() else {
            self.wrong(slot, value, expected);
            return None;
        };
        let port = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u16>().ok().filter(|port| digits && *port >= 1024)
        };
        let range = text.split_once('-').and_then(|(first, last)| Some((port(first.trim())?, port(last.trim())?)));
        let range = range.filter(|(first, last)| first <= last);
        if range.is_none() {
            self.fault(Some(value.span()), format!("{slot} must be {expected}, not {}", quoted(text)), None);
        }
        range
    }

    /// `$10`, `$2.50` or `unlimited`.
    pub fn budget(&mut self, slot: Slot<'_>, value: &Value<'_>) -> Option<Budget> {
        let expected = "an amount such as \"$10\", or \"unlimited\"";
        let DeValue::String(text) = value.get_ref() else {
            self.wrong(slot, value, expected);
            return None;
        };
        if text == "unlimited" {
            return Some(Budget::Unlimited);
        }
        let digits = |text: &str| (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let amount = text.strip_prefix('$').is_some_and(|amount| match amount.split_once('.') {
            Some((whole, cents)) => digits(whole) && digits(cents) && cents.len() <= 2,
            None => digits(amount),
        });
        if !amount {
            self.fault(Some(value.span()), format!("{slot} must be {expected}, not {}", quoted(text)), None);
            return None;
        }
        Some(Budget::Amount(text.clone().into_owned()))
    }

    /// Two keys of which at most one may stand.
    pub fn one_of(
        &mut self,
        owner: Owner<'_>,
        first: (&str, Option<&Range<usize>>),
        second: (&str, Option<&Range<usize>>),
    ) {
        if let (Some(_), Some(span)) = (first.1, second.1) {
            let what = format!("{} and '{}' exclude each other", Slot { owner, key: first.0 }, second.0);
            self.fault(Some(span.clone()), what, Some("keep one of them".to_owned()));
        }
    }
}
