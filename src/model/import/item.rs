//! A task as its source has it, before anything is decided about it.

use super::Content;
use super::sink::Place;

#[derive(Debug, Clone)]
pub(super) struct Item {
    /// Its id there; needs and parents name it so.
    pub key: String,
    pub place: Place,
    pub status: Status,
    pub parent: Option<String>,
    pub group: Group,
    /// What it is, where it is no work that others may wait for, such as `gate`.
    pub no_work: Option<String>,
    pub needs: Vec<Need>,
    /// Blocked by its status, so that a need should say by what.
    pub blocked: bool,
    /// Was deleted there: what needs it is met.
    pub tombstone: bool,
    /// What is a warning if it becomes a task, each at its place.
    pub warnings: Vec<(Place, String)>,
    pub content: Content,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Open,
    Done,
    Cancelled,
}

/// What having children makes of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// Nothing: it is work beside theirs.
    Never,
    /// It is the sum of them while one is open, and work of its own else.
    WhileOpen,
    /// It is the sum of them.
    Always,
    /// It is no work, with or without them: who needs it needs them, and what it needs itself.
    Through,
}

#[derive(Debug, Clone)]
pub(super) struct Need {
    pub key: String,
    pub place: Place,
    /// What the same word could name too.
    pub other: Option<String>,
}

impl Item {
    pub fn new(key: String, place: Place) -> Item {
        Item {
            key,
            place,
            status: Status::Open,
            parent: None,
            group: Group::Never,
            no_work: None,
            needs: Vec::new(),
            blocked: false,
            tombstone: false,
            warnings: Vec::new(),
            content: Content::default(),
        }
    }
}

/// What a source means by a need that names nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    /// The file is at fault.
    Fault,
    /// It may stand elsewhere: it is left out, with a warning.
    LeftOut,
}

/// What a source holds.
#[derive(Debug)]
pub(super) struct Items {
    pub items: Vec<Item>,
    pub unknown: Unknown,
    /// What tasks are called there, for notes: `issue`, `job`.
    pub word: &'static str,
}
