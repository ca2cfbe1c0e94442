//! Faults of a task file, shown in the lines where they stand.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::json::{SCHEMA, line};
use crate::model::taskfile::{Fault, Parsed};
use crate::model::text::{boundary, escape, width};

#[cfg(test)]
mod tests;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const FRAME: Style = AnsiColor::Blue.on_default();
const HINT: Style = AnsiColor::Cyan.on_default();

/// How many faults, and how many warnings, are shown; the rest is counted.
const SHOWN: usize = 50;
/// How many characters of a line are shown before a fault, and in all.
const BEFORE: usize = 50;
const ALONG: usize = 100;

/// The file that faults are about: its name as the user knows it, and its text.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    pub name: &'a str,
    pub text: &'a str,
}

/// Faults, then warnings, each with its place, its line and a caret below it; SGR-styled, empty if there are none.
pub fn text(source: Source<'_>, parsed: &Parsed) -> String {
    let mut out = String::new();
    for (label, style, faults, untold) in
        [("error", ERROR, &parsed.faults, parsed.untold), ("warning", WARNING, &parsed.warnings, 0)]
    {
        let mut lines = Lines::new(source.text);
        for fault in faults.iter().take(SHOWN) {
            let _ = writeln!(out, "{style}{label}:{style:#} {}", escape(&fault.what));
            place(&mut out, source.name, &mut lines, fault, style);
            if let Some(hint) = &fault.hint {
                let _ = writeln!(out, "{HINT}hint:{HINT:#} {}", escape(hint));
            }
            out.push('\n');
        }
        let more = untold + faults.len().saturating_sub(SHOWN);
        if more > 0 {
            let _ = writeln!(out, "{style}{label}:{style:#} {more} more {label}s are not shown\n");
        }
    }
    out
}

#[derive(Serialize)]
struct Answer<'a> {
    schema: u32,
    command: &'a str,
    file: &'a str,
    tasks: Option<usize>,
    faults: Vec<Row<'a>>,
    untold: usize,
}

#[derive(Serialize)]
struct Row<'a> {
    severity: &'a str,
    message: std::borrow::Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<std::borrow::Cow<'a, str>>,
}

/// The same as JSON, one object and a line break. `tasks` is null where the file has faults; `untold` counts the faults
/// beyond the first thousand.
pub fn json(source: Source<'_>, parsed: &Parsed) -> String {
    let mut rows = Vec::new();
    for (severity, faults) in [("error", &parsed.faults), ("warning", &parsed.warnings)] {
        let mut lines = Lines::new(source.text);
        rows.extend(faults.iter().map(|fault| {
            let place = fault.span.as_ref().map(|span| lines.find(span.start));
            Row {
                severity,
                message: escape(&fault.what),
                line: place.as_ref().map(|place| place.line),
                column: place.as_ref().map(|place| place.column),
                hint: fault.hint.as_deref().map(escape),
            }
        }));
    }
    let tasks = parsed.file.as_ref().map(|file| file.graph.len());
    let answer =
        Answer { schema: SCHEMA, command: "lint", file: source.name, tasks, faults: rows, untold: parsed.untold };
    line(&answer)
}

fn place(out: &mut String, name: &str, lines: &mut Lines<'_>, fault: &Fault, style: Style) {
    let Some(span) = &fault.span else {
        let _ = writeln!(out, "  {FRAME}-->{FRAME:#} {}", escape(name));
        return;
    };
    let place = lines.find(span.start);
    let (excerpt, indent, carets) = excerpt(&place, span.len());
    let number = place.line.to_string();
    let gutter = number.len();
    let (line, column) = (place.line, place.column);
    let _ = writeln!(out, "{:gutter$}{FRAME}-->{FRAME:#} {}:{line}:{column}", "", escape(name));
    let _ = writeln!(out, "{:gutter$} {FRAME}|{FRAME:#}", "");
    let _ = writeln!(out, "{FRAME}{number} |{FRAME:#} {excerpt}");
    let _ = writeln!(out, "{:gutter$} {FRAME}|{FRAME:#} {:indent$}{style}{}{style:#}", "", "", "^".repeat(carets));
}

/// A place in a text: line and column from 1, the column in characters.
struct Place<'a> {
    line: usize,
    column: usize,
    /// The line before the place, and from the place on.
    before: &'a str,
    after: &'a str,
}

/// Finds places from the start of a text to its end, each line break looked at once.
struct Lines<'a> {
    text: &'a str,
    line: usize,
    start: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Lines<'a> {
        Lines { text, line: 1, start: 0 }
    }

    fn find(&mut self, at: usize) -> Place<'a> {
        let at = boundary(self.text, at);
        if at < self.start {
            *self = Lines::new(self.text);
        }
        let passed = &self.text.as_bytes()[self.start..at];
        self.line += passed.iter().filter(|byte| **byte == b'\n').count();
        self.start += passed.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let after = &self.text[at..];
        let after = &after[..after.find('\n').unwrap_or(after.len())];
        let before = &self.text[self.start..at];
        let column = before.strip_prefix('\u{feff}').unwrap_or(before).chars().count() + 1;
        Place { line: self.line, column, before, after: after.strip_suffix('\r').unwrap_or(after) }
    }
}

/// What is shown of a line, in how many columns the caret comes, and how many there are.
fn excerpt(place: &Place<'_>, length: usize) -> (String, usize, usize) {
    let before = place.before.strip_prefix('\u{feff}').unwrap_or(place.before);
    let mut head = tail_of(before, BEFORE);
    let spare = ALONG.saturating_sub(BEFORE.min(head.chars().count()));
    let under = visible(head_of(&place.after[..boundary(place.after, length)], spare));
    let rest = place.after;
    let shown = head_of(rest, spare);
    let cut_before = head.len() < before.len();
    head = head.trim_start_matches(|c: char| cut_before && c.is_whitespace());
    let start = format!("{}{}", if cut_before { "…" } else { "" }, visible(head));
    let end = if shown.len() < rest.len() { "…" } else { "" };
    let indent = width(&start);
    (format!("{start}{}{end}", visible(shown)), indent, width(&under).max(1))
}

/// Tabs as four columns, everything odd escaped.
fn visible(text: &str) -> String {
    escape(&text.replace('\t', "    ")).into_owned()
}

fn head_of(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(end, _)| &text[..end])
}

fn tail_of(text: &str, characters: usize) -> &str {
    if characters == 0 {
        return "";
    }
    text.char_indices().rev().nth(characters - 1).map_or(text, |(start, _)| &text[start..])
}
