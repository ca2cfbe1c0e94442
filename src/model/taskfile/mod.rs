//! The grammar of `dispatch.toml`: text in, a checked [`TaskFile`] or every fault at once out.
//!
//! | file | what |
//! |---|---|
//! | `sink.rs` | where faults go; how a value of each type is read |
//! | `parts.rs` | where a large file can be cut |
//! | `syntax.rs` | what the TOML parser says, made shorter |
//! | `settings.rs` | the keys above the tasks, `[commands]`, `[locks]`, `[modes.*]`, `[agent.*]` |
//! | `tasks.rs` | `[task.*]` |
//! | `needs.rs`, `cycle.rs` | who needs whom, and that it ends |
//! | `advice.rs`, `circles.rs`, `briefs.rs` | warnings about what is allowed and still odd |
//! | `words.rs`, `estimate.rs`, `near.rs` | choices and values that several keys share; durations; nearest names for hints |
//!
//! The table is walked by hand, not through serde: serde stops at the first fault.

use std::borrow::Cow;
use std::ops::Range;

use toml::de::DeTable;

use super::graph::Graph;
use super::task::TaskFile;

mod advice;
mod briefs;
mod circles;
pub(in crate::model) mod cycle;
pub(in crate::model) mod estimate;
mod near;
mod needs;
mod parts;
mod settings;
mod sink;
mod syntax;
mod tasks;
#[cfg(test)]
mod tests;
mod words;

pub use briefs::briefs;
pub use circles::circles;
use settings::read_top;
use sink::Sink;
use tasks::Tasks;

/// The version of the grammar that this program reads.
pub const VERSION: u32 = 1;
/// The longest task file, in bytes.
pub const LONGEST_FILE: usize = 32 << 20;
/// The most tasks that one file may hold.
pub const MOST_TASKS: usize = 200_000;
/// The longest estimate, in hours.
pub const LONGEST_ESTIMATE: u32 = 100_000;
/// The modes that need no `[modes.*]` table.
pub const BUILT_IN_MODES: [&str; 6] = ["quick", "tdd", "swarm", "spike", "pair", "checkpoint"];
/// The most faults, and the most warnings, that are kept of one file.
pub const MOST_FAULTS: usize = 1000;
/// How much of a file is parsed in one go, in bytes.
const PART: usize = 256 << 10;

/// Something wrong with a task file, or a warning about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Bytes of the file that it is about.
    pub span: Option<Range<usize>>,
    /// One lower-case sentence without a full stop; holds untrusted text.
    pub what: String,
    pub hint: Option<String>,
}

/// What came of reading a task file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parsed {
    /// `None` if there are faults.
    pub file: Option<TaskFile>,
    /// In the order of the file; the first [`MOST_FAULTS`] of them.
    pub faults: Vec<Fault>,
    /// In the order of the file; the first [`MOST_FAULTS`] of them.
    pub warnings: Vec<Fault>,
    /// Faults beyond those.
    pub untold: usize,
}

/// Reads a task file.
///
/// All faults come at once, but for two cases where the others would mislead: syntax errors come alone, and so does a
/// `version` that is newer than [`VERSION`].
pub fn parse(text: &str) -> Parsed {
    if text.len() > LONGEST_FILE {
        let mut sink = Sink::default();
        sink.fault(None, format!("a task file has at most {} MiB", LONGEST_FILE >> 20), None);
        return sink.finish(None);
    }
    parse_in(text, PART)
}

/// Reads a file in parts of at least `part` bytes. A syntax tree takes twenty times the room of its text, so a large
/// file is not read as a whole.
fn parse_in(text: &str, part: usize) -> Parsed {
    let parts = parts::cut(text, part);
    if parts.len() > 1
        && let Ok(parsed) = read(text, &parts)
    {
        return parsed;
    }
    read(text, &parts::whole(text)).unwrap_or_else(|first| syntax::tell(text, first))
}

/// Reads the parts of a text.
///
/// # Errors
/// One has a syntax error, or (`None`) they depend on each other.
fn read(text: &str, parts: &[Range<usize>]) -> Result<Parsed, Option<toml::de::Error>> {
    let mut sink = Sink::default();
    let top = DeTable::parse(&text[parts[0].clone()])?.into_inner();
    if parts.len() > 1 && top.contains_key("task") {
        return Err(None);
    }
    if settings::newer_version(&top, &mut sink) {
        return Ok(sink.finish(None));
    }
    let (settings, spots, tables) = read_top(top, &mut sink);
    let mut tasks = Tasks::default();
    tasks.read(tables, &settings, &mut sink).ok_or(None)?;
    for part in &parts[1..] {
        let source = &text[part.clone()];
        sink.offset = part.start;
        let tables = parts::only_tasks(source, DeTable::parse(source)?).ok_or(None)?;
        tasks.read(tables, &settings, &mut sink).ok_or(None)?;
    }
    sink.offset = 0;
    tasks.sort();
    let pairs = needs::resolve(&tasks, &mut sink);
    let graph = Graph::new(tasks.tasks, &pairs);
    cycle::find(&graph, &tasks.needs, &mut sink);
    let file = TaskFile { settings, graph };
    advice::give(&file, &spots, tasks.no_agent.as_ref(), &mut sink);
    Ok(sink.finish(Some(file)))
}

/// Reads the bytes of a task file, and returns the text to show faults in: where a byte is not UTF-8, that is the one
/// fault, and the text has U+FFFD in its place.
pub fn parse_bytes(bytes: &[u8]) -> (Cow<'_, str>, Parsed) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Cow::Borrowed(text), parse(text)),
        Err(fault) => {
            let at = fault.valid_up_to();
            let mut sink = Sink::default();
            let what = format!("a task file is UTF-8, and byte {} is not", at + 1);
            let utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
            let hint = utf16.then(|| "the file looks like UTF-16: save it as UTF-8".to_owned());
            sink.fault(Some(at..at + '\u{fffd}'.len_utf8()), what, hint);
            (String::from_utf8_lossy(bytes), sink.finish(None))
        }
    }
}
