//! Where faults go, and how a value of each type is read.

use std::fmt;
use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Fault, MOST_FAULTS, Parsed, near};
use crate::model::task::TaskFile;

/// A value with the bytes that it takes.
pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// Collects the faults and warnings of one file.
#[derive(Default)]
pub(super) struct Sink {
    faults: Kept,
    warnings: Kept,
    /// Where the part of the file starts that is being read: spans count from there.
    pub offset: usize,
}

/// The first [`MOST_FAULTS`] by place, and how many there were.
#[derive(Default)]
struct Kept {
    kept: Vec<Fault>,
    count: usize,
    /// Where the last one stands that is kept, once there are too many.
    cutoff: Option<usize>,
}

/// A key in its table, as faults name it.
#[derive(Clone, Copy)]
pub(super) struct Slot<'a> {
    pub owner: Owner<'a>,
    pub key: &'a str,
}

/// The table that a key stands in.
#[derive(Clone, Copy)]
pub(super) enum Owner<'a> {
    Top,
    Table(&'a str),
    /// Kind and name, such as `task` and `SCR-001`.
    Named(&'a str, &'a str),
}

impl fmt::Display for Slot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = quoted(self.key);
        match self.owner {
            Owner::Top => f.write_str(&key),
            Owner::Table(table) => write!(f, "{key} of [{table}]"),
            Owner::Named(kind, name) => write!(f, "{key} of {kind} {}", quoted(name)),
        }
    }
}

/// `text` between single quotes, cut where it is long.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        None => format!("'{text}'"),
        Some((end, _)) => format!("'{}…'", &text[..end]),
    }
}

impl Kept {
    /// Whether a fault at `start` would be kept.
    fn wants(&self, start: usize) -> bool {
        self.cutoff.is_none_or(|cutoff| start < cutoff)
    }

    fn push(&mut self, fault: Fault) {
        self.count += 1;
        if !self.wants(fault.span.as_ref().map_or(0, |span| span.start)) {
            return;
        }
        self.kept.push(fault);
        if self.kept.len() >= 2 * MOST_FAULTS {
            self.sort();
            self.cutoff = self.kept.last().and_then(|fault| fault.span.as_ref()).map(|span| span.start);
        }
    }

    fn sort(&mut self) {
        self.kept.sort_by_key(|fault| fault.span.as_ref().map(|span| span.start));
        self.kept.truncate(MOST_FAULTS);
    }
}

impl Sink {
    pub fn fault(&mut self, span: Option<Range<usize>>, what: String, hint: Option<String>) {
        let span = self.placed(span);
        self.faults.push(Fault { span, what, hint });
    }

    pub fn warning(&mut self, span: Option<Range<usize>>, what: String, hint: Option<String>) {
        let span = self.placed(span);
        self.warnings.push(Fault { span, what, hint });
    }

    fn placed(&self, span: Option<Range<usize>>) -> Option<Range<usize>> {
        span.map(|span| span.start + self.offset..span.end + self.offset)
    }

    /// Whether nothing was found wrong so far.
    pub fn clean(&self) -> bool {
        self.faults.count == 0
    }

    pub fn finish(mut self, file: Option<TaskFile>) -> Parsed {
        let file = file.filter(|_| self.clean());
        self.faults.sort();
        self.warnings.sort();
        let untold = self.faults.count - self.faults.kept.len();
        Parsed { file, faults: self.faults.kept, warnings: self.warnings.kept, untold }
    }

    /// A key that the table does not have.
    pub fn unknown_key(&mut self, owner: Owner<'_>, key: &Spanned<std::borrow::Cow<'_, str>>, known: &[&str]) {
        if !self.faults.wants(key.span().start + self.offset) {
            self.faults.count += 1;
            return;
        }
        let name = key.get_ref().as_ref();
        let what = match owner {
            Owner::Top => format!("unknown key {}", quoted(name)),
            _ => format!("unknown key {}", Slot { owner, key: name }),
        };
        self.fault(Some(key.span()), what, near::key(name, owner, known));
    }

    /// The fault that a value has the wrong type, or says what cannot be.
    pub fn wrong(&mut self, slot: Slot<'_>, value: &Value<'_>, expected: &str) {
        self.fault(Some(value.span()), format!("{slot} must be {expected}, not {}", type_of(value.get_ref())), None);
    }

    /// A text that says something.
    pub fn text(&mut self, slot: Slot<'_>, value: &Value<'_>) -> Option<String> {
        let text = self.any_text(slot, value)?;
        if text.trim().is_empty() {
            self.fault(Some(value.span()), format!("{slot} must not be empty"), None);
            return None;
        }
        Some(text)
    }

    /// A text, which may be empty.
    pub fn any_text(&mut self, slot: Slot<'_>, value: &Value<'_>) -> Option<String> {
        let DeValue::String(text) = value.get_ref() else {
            self.wrong(slot, value, "a string");
            return None;
        };
        // Values reach commands through the environment, which cannot hold one.
        if text.contains('\0') {
            self.fault(Some(value.span()), format!("{slot} holds a NUL character"), None);
            return None;
        }
        Some(text.clone().into_owned())
    }

    pub fn flag(&mut self, slot: Slot<'_>, value: &Value<'_>) -> Option<bool> {
        if let DeValue::Boolean(flag) = value.get_ref() {
            return Some(*flag);
        }
        self.wrong(slot, value, "true or false");
        None
    }

    pub fn number(&mut self, slot: Slot<'_>, value: &Value<'_>, range: RangeInclusive<u32>) -> Option<u32> {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        let DeValue::Integer(integer) = value.get_ref() else {
            self.wrong(slot, value, &expected);
            return None;
        };
        let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|n| range.contains(n));
        if number.is_none() {
            self.fault(Some(value.span()), format!("{slot} must be {expected}"), None);
        }
        number
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&mut self, slot: Slot<'_>, value: &Value<'_>, words: &[(&str, T)]) -> Option<T> {
        let known = words.iter().map(|(word, _)| *word);
        let DeValue::String(text) = value.get_ref() else {
            self.wrong(slot, value, &alternatives(known));
            return None;
        };
        let found = words.iter().find(|(word, _)| word == text).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let what = format!("{slot} must be {}, not {}", alternatives(known.clone()), quoted(text));
            self.fault(Some(value.span()), what, near::hint(text, known));
        }
        found
    }

    /// A list of texts, each read by `each`; said twice is a warning.
    pub fn list<T>(
        &mut self,
        slot: Slot<'_>,
        value: &Value<'_>,
        mut each: impl FnMut(&mut Sink, &str) -> Result<T, String>,
    ) -> Vec<T> {
        let DeValue::Array(array) = value.get_ref() else {
            self.wrong(slot, value, "a list of strings");
            return Vec::new();
        };
        let mut list = Vec::with_capacity(array.len());
        for item in array {
            let DeValue::String(text) = item.get_ref() else {
                let what = format!("{slot} must be a list of strings, and holds {}", type_of(item.get_ref()));
                self.fault(Some(item.span()), what, None);
                continue;
            };
            match each(self, text) {
                Ok(value) => list.push(value),
                Err(why) => self.fault(Some(item.span()), format!("{slot} holds {}: {why}", quoted(text)), None),
            }
        }
        self.tell_duplicates(slot, value);
        list
    }

    fn tell_duplicates(&mut self, slot: Slot<'_>, value: &Value<'_>) {
        for (text, span) in repeated(value) {
            self.warning(Some(span), format!("{slot} holds {} twice", quoted(text)), None);
        }
    }

    /// A table; an empty one where it is something else.
    pub fn table<'t>(&mut self, slot: Slot<'_>, value: Value<'t>) -> DeTable<'t> {
        if value.get_ref().is_table() {
            if let DeValue::Table(table) = value.into_inner() {
                return table;
            }
            return DeTable::new();
        }
        self.wrong(slot, &value, "a table");
        DeTable::new()
    }
}

/// The texts of a list that stand in it before.
pub(super) fn repeated<'v>(value: &'v Value<'_>) -> Vec<(&'v str, Range<usize>)> {
    const FEW: usize = 8;
    let texts: Vec<_> = value
        .get_ref()
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|item| Some((item.get_ref().as_str()?, item.span())))
        .collect();
    if texts.len() <= FEW {
        let before = |at: usize| texts[..at].iter().any(|(text, _)| *text == texts[at].0);
        return (0..texts.len()).filter(|&at| before(at)).map(|at| texts[at].clone()).collect();
    }
    let mut seen = std::collections::HashSet::new();
    texts.into_iter().filter(|(text, _)| !seen.insert(*text)).collect()
}

/// `'a', 'b' or 'c'`.
pub(super) fn alternatives<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut words: Vec<_> = words.map(|word| format!("'{word}'")).collect();
    match words.pop() {
        Some(last) if !words.is_empty() => format!("{} or {last}", words.join(", ")),
        last => last.unwrap_or_default(),
    }
}

pub(super) fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
