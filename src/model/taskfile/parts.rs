//! Where a large file can be cut, so that its syntax tree is never in memory as a whole.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::model::text::boundary;

/// Cuts `text` before lines that start with `[task.`: what comes before the first of them, then parts of at least
/// `size` bytes.
///
/// A cut may fall into a list or into a text of several lines. Then the part before it has a syntax error, whatever
/// follows, and the file is read as a whole.
pub(super) fn cut(text: &str, size: usize) -> Vec<Range<usize>> {
    const HEADER: &str = "\n[task.";
    let first = if text.starts_with(&HEADER[1..]) { Some(0) } else { text.find(HEADER).map(|at| at + 1) };
    let Some(mut start) = first else { return whole(text) };
    let mut parts: Vec<_> = std::iter::once(0..start).collect();
    while start < text.len() {
        let from = boundary(text, start.saturating_add(size)).max(start + 1);
        let end = text[from..].find(HEADER).map_or(text.len(), |at| from + at + 1);
        parts.push(start..end);
        start = end;
    }
    parts
}

/// The text as one part.
pub(super) fn whole(text: &str) -> Vec<Range<usize>> {
    std::iter::once(0..text.len()).collect()
}

/// The tasks of a part; `None` if it holds something else, or a `[task]` of its own, which another part may hold too.
pub(super) fn only_tasks<'t>(text: &str, top: Spanned<DeTable<'t>>) -> Option<DeTable<'t>> {
    let mut top = top.into_inner();
    let tasks = top.remove("task").filter(|_| top.is_empty())?;
    // A table that only its members imply takes the place of its name, any other that of its header.
    if text.as_bytes().get(tasks.span().start) == Some(&b'[') {
        return None;
    }
    match tasks.into_inner() {
        DeValue::Table(tasks) => Some(tasks),
        _ => None,
    }
}
