//! Warnings about tasks that read what others write, where no order follows from it.

use std::collections::HashMap;
use std::ops::Range;

use super::sink::quoted;
use super::{Fault, MOST_FAULTS};
use crate::model::id::TaskId;
use crate::model::implied::{Implied, Number};
use crate::model::task::TaskFile;

/// One warning for each pair of tasks that exclude each other since to keep the order of reader and writer would go round
/// in a circle, in the order of the file; the first [`MOST_FAULTS`] of them.
///
/// Takes longer than reading the file, so only who asks for advice is given this one. `text` is where the file was read
/// from.
pub fn circles(file: &TaskFile, text: &str) -> Vec<Fault> {
    let implied = Implied::of_file(file);
    if implied.is_orderly() {
        return Vec::new();
    }
    let headers = headers(text);
    let id = |number: Number| &file.graph.tasks()[number as usize].id;
    let span = |number: Number| headers.get(id(number).as_str()).cloned();
    let hint =
        |a: &TaskId, b: &TaskId| format!("let '{a}' need '{b}', or the other way round, to say which comes first");
    let pairs = implied.circles().iter().take(MOST_FAULTS).map(|one| {
        let (reader, writer) = (id(one.reader), id(one.writer));
        let what = format!(
            "task '{reader}' reads {}, which '{writer}' writes, and that order would go in a circle: they exclude each other",
            quoted(&one.path)
        );
        Fault { span: span(one.reader), what, hint: Some(hint(reader, writer)) }
    });
    let crowds = implied.crowds().map(|(members, path)| {
        let what = format!(
            "{} tasks read and write around {}, too many to put in order: those that meet exclude each other",
            members.len(),
            quoted(path)
        );
        Fault { span: members.first().and_then(|&first| span(first)), what, hint: None }
    });
    let mut faults: Vec<Fault> = pairs.chain(crowds).collect();
    faults.sort_by_key(|fault| fault.span.as_ref().map(|span| span.start));
    faults
}

/// The headers `[task.ID]` that stand at the beginning of a line, by the id.
fn headers(text: &str) -> HashMap<&str, Range<usize>> {
    let mut headers = HashMap::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some((id, _)) = line.strip_prefix("[task.").and_then(|rest| rest.split_once(']')) {
            headers.insert(id.trim_matches('"'), start..start + "[task.]".len() + id.len());
        }
        start += line.len();
    }
    headers
}
