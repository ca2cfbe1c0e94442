//! Syntax errors: what the parser says, without what only follows from an earlier error.

use std::ops::Range;

use toml::de::{DeTable, Error};

use super::Parsed;
use super::sink::{Sink, quoted};

/// Of a longer file only the first syntax error is told: recovering from each costs memory.
const RECOVERABLE: usize = 1 << 20;

/// Tells the syntax errors of a text, of which `first` is the first.
pub(super) fn tell(text: &str, first: Option<Error>) -> Parsed {
    let mut errors = match text.len() {
        ..=RECOVERABLE => DeTable::parse_recoverable(text).1,
        _ => first.into_iter().collect(),
    };
    // Errors of single values come behind those of the structure.
    errors.sort_by_key(|error| error.span().map(|span| span.start));
    let unclosed = |error: &Error| error.message().starts_with("unclosed");
    // Behind a list that is not closed, everything looks like an element of it.
    let swallowed = errors.iter().any(unclosed).then(|| errors.iter().position(missing_comma)).flatten();
    errors.truncate(swallowed.map_or(errors.len(), |place| place + 1));
    let mut sink = Sink::default();
    let mut end_of_line = None;
    for (number, error) in errors.iter().enumerate() {
        let span = error.span().map(|span| span.start.min(text.len())..span.end.min(text.len()));
        // The first error of a line is the cause; those after it come from recovering.
        if span.as_ref().is_some_and(|span| end_of_line.is_some_and(|end| span.start <= end)) {
            continue;
        }
        end_of_line = span.as_ref().map(|span| line_end(text, span.start));
        let (what, hint) = if swallowed == Some(number) {
            ("missing comma between elements".to_owned(), Some("is the list or table before it closed?".to_owned()))
        } else {
            said(error, text, span.clone())
        };
        sink.fault(span, what, hint);
    }
    sink.finish(None)
}

fn missing_comma(error: &Error) -> bool {
    error.message().starts_with("missing comma between")
}

fn line_end(text: &str, at: usize) -> usize {
    text.as_bytes()[at..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |length| at + length)
}

fn said(error: &Error, text: &str, span: Option<Range<usize>>) -> (String, Option<String>) {
    let message = error.message();
    if message == "duplicate key" {
        let key = span.and_then(|span| text.get(span)).unwrap_or_default();
        return (format!("{} is defined twice", quoted(key)), None);
    }
    if message.starts_with("string values must be quoted") {
        return ("a text must stand between quotes".to_owned(), None);
    }
    if message.contains("recursion") {
        return ("nested too deeply".to_owned(), None);
    }
    (message.replace('`', "'"), None)
}
