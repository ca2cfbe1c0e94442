//! Where the faults and notes of an import go.

use std::ops::Range;

use super::{Note, Spot, Text};
use crate::model::taskfile::{Fault, LONGEST_FILE, MOST_FAULTS, Parsed};
use crate::model::text::boundary;

/// The bytes of one text that something stands at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub text: usize,
    pub span: Range<usize>,
}

/// Faults by text, and notes.
#[derive(Default)]
pub(super) struct Sinks {
    parsed: Vec<Parsed>,
    pub notes: Vec<Note>,
    /// By text: where its lines start, once somebody asks.
    lines: Vec<Option<Vec<usize>>>,
}

impl Sinks {
    pub fn new(texts: &[Text]) -> Sinks {
        Sinks {
            parsed: texts.iter().map(|_| Parsed::default()).collect(),
            notes: Vec::new(),
            lines: vec![None; texts.len()],
        }
    }

    /// The text of `bytes`, empty where it cannot be one; a byte order mark stays, as spans count it.
    pub fn decode(&mut self, number: usize, bytes: &[u8]) -> String {
        if bytes.len() > LONGEST_FILE {
            self.fault(number, None, format!("the text has more than {} MiB", LONGEST_FILE >> 20), None);
            return String::new();
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(fault) => {
                let at = fault.valid_up_to();
                let what = format!("the text is UTF-8, and byte {} is not", at + 1);
                self.fault(number, Some(at..at + '\u{fffd}'.len_utf8()), what, None);
                String::from_utf8_lossy(bytes).into_owned()
            }
        }
    }

    pub fn fault(&mut self, text: usize, span: Option<Range<usize>>, what: String, hint: Option<String>) {
        let Some(parsed) = self.parsed.get_mut(text) else { return };
        if parsed.faults.len() < MOST_FAULTS {
            parsed.faults.push(Fault { span, what, hint });
        } else {
            parsed.untold += 1;
        }
    }

    pub fn fault_at(&mut self, place: &Place, what: String, hint: Option<String>) {
        self.fault(place.text, Some(place.span.clone()), what, hint);
    }

    /// Whether a fault stands at this very place.
    pub fn is_told(&self, place: &Place) -> bool {
        let parsed = self.parsed.get(place.text);
        parsed.is_some_and(|parsed| parsed.faults.iter().any(|fault| fault.span.as_ref() == Some(&place.span)))
    }

    /// Where in its text a place starts.
    pub fn spot(&mut self, texts: &[String], place: &Place) -> Option<Spot> {
        let text = texts.get(place.text)?;
        let starts = self
            .lines
            .get_mut(place.text)?
            .get_or_insert_with(|| std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect());
        let at = boundary(text, place.span.start);
        let line = starts.partition_point(|&start| start <= at);
        let start = starts[line.saturating_sub(1)];
        Some(Spot { text: place.text, line, column: 1 + text[start..at].chars().count() })
    }

    /// A note that is a warning too, about a line of `texts`.
    pub fn warn_at(&mut self, texts: &[String], place: &Place, what: String) {
        let place = self.spot(texts, place);
        self.notes.push(Note { what, place, warning: true });
    }

    pub fn warn(&mut self, what: String) {
        self.notes.push(Note { what, place: None, warning: true });
    }

    pub fn note(&mut self, what: String) {
        self.notes.push(Note { what, place: None, warning: false });
    }

    /// Whether nothing was found wrong so far.
    pub fn clean(&self) -> bool {
        self.parsed.iter().all(|parsed| parsed.faults.is_empty())
    }

    pub fn finish(mut self) -> Vec<Parsed> {
        for parsed in &mut self.parsed {
            parsed.faults.sort_by_key(|fault| fault.span.as_ref().map(|span| span.start));
        }
        self.parsed
    }
}

/// `text` between single quotes, cut where it is long.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        None => format!("'{text}'"),
        Some((end, _)) => format!("'{}…'", &text[..end]),
    }
}
