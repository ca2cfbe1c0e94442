//! A task file made of the tasks of another tool, and what is said about it.

use std::fmt::Write as _;

use serde::Serialize;

use super::fault;
use super::json::{SCHEMA, line};
use super::toml;
use crate::model::import::{Draft, Imported, Note, Source, Spot};
use crate::model::task::Declared;
use crate::model::taskfile::Parsed;
use crate::model::text::{count, duration, escape};

#[cfg(test)]
mod tests;

/// How many warnings stand at the top of a file, and are shown.
pub const WARNINGS: usize = 50;

/// What was imported: from where, and the names of its texts.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    pub source: Source,
    pub names: &'a [String],
}

impl Origin<'_> {
    /// `.beads/issues.jsonl`, or how many files it was.
    fn shown(&self) -> String {
        match self.names {
            [one] => one.clone(),
            [first, ..] => {
                let folder = first.rsplit_once('/').map_or(".", |(folder, _)| folder);
                format!("{} from {folder}", count(self.names.len(), "file"))
            }
            [] => "nothing".to_owned(),
        }
    }
}

/// The text of `dispatch.toml`.
pub fn task_file(origin: Origin<'_>, imported: &Imported) -> String {
    let mut out = toml::comment(&format!("Imported from {}: {}", origin.source.word(), origin.shown()));
    out.push_str(&toml::comment(&format!("{}.", count(imported.tasks.len(), "task"))));
    let (warnings, others): (Vec<&Note>, Vec<&Note>) = imported.notes.iter().partition(|note| note.warning);
    for note in warnings.iter().take(WARNINGS).chain(&others) {
        let place = note.place.map(|place| format!(" ({})", shown_place(origin, place)));
        let word = if note.warning { "Warning: " } else { "" };
        out.push_str(&toml::comment(&format!("- {word}{}{}", note.what, place.unwrap_or_default())));
    }
    if warnings.len() > WARNINGS {
        out.push_str(&toml::comment(&format!(
            "- {} more warnings stand beside their tasks",
            warnings.len() - WARNINGS
        )));
    }
    out.push_str("version = 1\n");
    for draft in &imported.tasks {
        push_task(&mut out, draft);
    }
    out
}

fn push_task(out: &mut String, draft: &Draft) {
    let Draft { id, was, needs, state, content } = draft;
    out.push('\n');
    if was != id.as_str() {
        out.push_str(&toml::comment(&format!("{was} -> {id}")));
    }
    content.notes.iter().for_each(|note| out.push_str(&toml::comment(note)));
    let _ = writeln!(out, "[task.{id}]");
    let mut key = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(out, "{name} = {value}");
        }
    };
    let list = |words: Vec<&str>| (!words.is_empty()).then(|| toml::list(words.into_iter()));
    key("title", Some(&content.title).filter(|title| !title.is_empty()).map(|title| toml::string(title)));
    key("phase", content.phase.as_deref().map(toml::string));
    key("estimate", content.estimate.map(|minutes| toml::string(&duration(minutes))));
    key("needs", list(needs.iter().map(|need| need.as_str()).collect()));
    key("writes", list(content.writes.iter().map(|pattern| pattern.as_str()).collect()));
    key("locks", list(content.locks.iter().map(String::as_str).collect()));
    key("issue", content.issue.as_deref().map(toml::string));
    key("review", content.deferred.then(|| "[\"start\"]".to_owned()));
    let word = |state: &Declared| match state {
        Declared::Landed => "\"landed\"".to_owned(),
        Declared::Cancelled => "\"cancelled\"".to_owned(),
    };
    key("state", state.as_ref().map(word));
    key("done-when", content.done_when.as_deref().map(toml::text));
    key("brief", content.brief.as_deref().map(toml::text));
}

/// A warning, with its place on a line of its own; untrusted text is as it is.
pub fn warning(origin: Origin<'_>, note: &Note) -> String {
    match note.place {
        Some(place) => format!("{}\n--> {}", note.what, shown_place(origin, place)),
        None => note.what.clone(),
    }
}

fn shown_place(origin: Origin<'_>, spot: Spot) -> String {
    let name = origin.names.get(spot.text).map_or("?", String::as_str);
    format!("{name}:{}:{}", spot.line, spot.column)
}

/// Every fault at its place, text by text.
pub fn faults(names: &[String], texts: &[(String, Parsed)]) -> String {
    let all = names.iter().zip(texts);
    all.map(|(name, (text, parsed))| fault::text(fault::Source { name, text }, parsed)).collect()
}

/// The line that says what became of it.
pub fn summary(origin: Origin<'_>, imported: &Imported, file: Option<&str>) -> String {
    let place = file.map(|file| format!("wrote {}: ", escape(file))).unwrap_or_default();
    let mapped = imported.tasks.iter().filter(|draft| draft.was != draft.id.as_str()).count();
    let ids = if mapped > 0 { format!(", {} with another id", mapped) } else { String::new() };
    format!("{place}{} from {}{ids}", count(imported.tasks.len(), "task"), escape(&origin.shown()))
}

#[derive(Serialize)]
struct Answer<'a> {
    schema: u32,
    command: &'a str,
    from: &'a str,
    sources: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    tasks: Vec<Row<'a>>,
    notes: Vec<NoteRow<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    was: &'a str,
    notes: &'a [String],
}

#[derive(Serialize)]
struct NoteRow<'a> {
    message: &'a str,
    warning: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
}

impl<'a> Row<'a> {
    fn new(draft: &'a Draft) -> Row<'a> {
        Row { id: draft.id.as_str(), was: &draft.was, notes: &draft.content.notes }
    }
}

impl<'a> NoteRow<'a> {
    fn new(note: &'a Note, origin: Origin<'a>) -> NoteRow<'a> {
        let source = note.place.and_then(|spot| origin.names.get(spot.text)).map(String::as_str);
        let (line, column) = note.place.map(|spot| (spot.line, spot.column)).unzip();
        NoteRow { message: &note.what, warning: note.warning, source, line, column }
    }
}

/// The same as JSON: with the text of the task file, or with the name of the `file` that was written.
pub fn json(origin: Origin<'_>, imported: &Imported, text: &str, file: Option<&str>) -> String {
    line(&Answer {
        schema: SCHEMA,
        command: "import",
        from: origin.source.word(),
        sources: origin.names,
        file,
        text: Some(text).filter(|_| file.is_none()),
        tasks: imported.tasks.iter().map(Row::new).collect(),
        notes: imported.notes.iter().map(|note| NoteRow::new(note, origin)).collect(),
    })
}
