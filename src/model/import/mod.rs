//! Task graphs of other tools, as tasks of `dispatch.toml`: texts in, an [`Imported`] value or faults at their places out.
//!
//! | file | what |
//! |---|---|
//! | `node.rs` | a tree that knows its places, and typed reading of it |
//! | `json.rs`, `yaml.rs` | text to that tree, bounded in depth and size |
//! | `sink.rs` | where faults and notes go, for each text |
//! | `item.rs` | a task as its source has it |
//! | `beads.rs`, `taskmaster.rs`, `backlog.rs`, `actions.rs`, `index.rs` | one source each: tree to items |
//! | `ids.rs` | ids that the task file allows, one for one |
//! | `common.rs` | forms that several sources share |
//! | `settle.rs`, `needs.rs`, `circles.rs` | items to tasks: containers, what is done, who needs whom, and that it ends |
//! | `sums.rs` | what containers say of themselves |
//!
//! What the sources mean, and why it is read so, is docs/design/0012-import.md.

use jiff::Timestamp;

use super::id::TaskId;
use super::pattern::Pattern;
use super::task::{Declared, Minutes};
use super::taskfile::Parsed;

mod actions;
mod backlog;
mod beads;
mod circles;
mod common;
mod ids;
mod index;
mod item;
mod json;
mod needs;
mod node;
mod settle;
mod sink;
mod sums;
mod taskmaster;
#[cfg(test)]
mod tests;
mod yaml;

use sink::Sinks;

/// Where tasks come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Issues of beads: JSON, one issue a line.
    Beads,
    /// `tasks.json` of Task Master.
    Taskmaster,
    /// Tasks of Backlog.md: a Markdown file each, with YAML in front.
    Backlog,
    /// A workflow of GitHub Actions.
    Actions,
    /// A list of tasks in JSON, such as an index that a project keeps itself.
    Json,
}

impl Source {
    /// As `--from` has it.
    pub fn word(self) -> &'static str {
        match self {
            Source::Beads => "beads",
            Source::Taskmaster => "taskmaster",
            Source::Backlog => "backlog",
            Source::Actions => "actions",
            Source::Json => "json",
        }
    }
}

/// One text to import, with the name that messages give it.
#[derive(Debug, Clone)]
pub struct Text {
    pub name: String,
    pub bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// Take what is done or cancelled too.
    pub all: bool,
    /// The tag of a Task Master file.
    pub tag: Option<&'a str>,
    /// Leave out needs that close a circle.
    pub break_cycles: bool,
    /// Times before this no longer hold anything up; without it every time does.
    pub now: Option<Timestamp>,
}

/// Tasks for a task file that has no faults.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Imported {
    /// In the order of the source.
    pub tasks: Vec<Draft>,
    /// What holds for all: what was left out, and how it was read.
    pub notes: Vec<Note>,
}

/// One task to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub id: TaskId,
    /// The id in its source; holds untrusted text.
    pub was: String,
    pub needs: Vec<TaskId>,
    pub state: Option<Declared>,
    pub content: Content,
}

/// What a task says about itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Content {
    pub title: String,
    pub phase: Option<String>,
    pub estimate: Option<Minutes>,
    pub writes: Vec<Pattern>,
    pub locks: Vec<String>,
    pub issue: Option<String>,
    pub done_when: Option<String>,
    pub brief: Option<String>,
    /// Put off in its source: held until someone says that it may start.
    pub deferred: bool,
    /// What no key carries, each a line; holds untrusted text.
    pub notes: Vec<String>,
}

/// A sentence about the import; holds untrusted text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub what: String,
    pub place: Option<Spot>,
    /// It changes what may start when, so it is a warning too.
    pub warning: bool,
}

/// Where a note is about: the number of its text, and line and column from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    pub text: usize,
    pub line: usize,
    pub column: usize,
}

/// What came of reading the texts.
#[derive(Debug)]
pub struct Read {
    /// `None` if any text has faults.
    pub imported: Option<Imported>,
    /// For each text: as it is to be shown, and its faults.
    pub texts: Vec<(String, Parsed)>,
}

/// Reads `texts` as `source` writes them.
///
/// Faults come all at once as far as they can be told apart: a text that is no JSON or YAML at all has one.
pub fn read(source: Source, texts: &[Text], options: Options<'_>) -> Read {
    let mut sinks = Sinks::new(texts);
    let decoded: Vec<String> = (0..texts.len()).map(|number| sinks.decode(number, &texts[number].bytes)).collect();
    // No issue is a list of issues; anything else holds something.
    if let [text] = decoded.as_slice()
        && source != Source::Beads
        && sinks.clean()
        && text.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']).is_empty()
    {
        sinks.fault(0, None, "there is nothing in it".to_owned(), None);
        return Read { imported: None, texts: decoded.into_iter().zip(sinks.finish()).collect() };
    }
    let items = match source {
        Source::Beads => beads::items(&decoded, options, &mut sinks),
        Source::Taskmaster => taskmaster::items(&decoded, options, &mut sinks),
        Source::Backlog => backlog::items(texts, &decoded, &mut sinks),
        Source::Actions => actions::items(&decoded, &mut sinks),
        Source::Json => index::items(&decoded, &mut sinks),
    };
    let imported = settle::settle(items, options, &decoded, &mut sinks);
    let imported = imported.filter(|_| sinks.clean());
    Read { imported, texts: decoded.into_iter().zip(sinks.finish()).collect() }
}
