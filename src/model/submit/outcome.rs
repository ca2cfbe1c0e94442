//! What became of a submission, or would.

use super::Submission;
use crate::model::failure::Failure;
use crate::model::forge::Forge;
use crate::model::ledger::Submitted;
use crate::model::oid::Oid;

/// How the branch of the remote comes to the tip, by what its remote-tracking branch says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// There is none yet.
    New,
    /// It is there already.
    Same,
    /// It has no commit that the tip lacks.
    Forward(Oid),
    /// It has, and that is what was pushed last: the work was rebased since.
    Replace(Oid),
}

impl Way {
    /// For programs.
    pub fn word(self) -> &'static str {
        match self {
            Way::New => "new",
            Way::Same => "same",
            Way::Forward(_) => "forward",
            Way::Replace(_) => "replaced",
        }
    }

    /// Where it was before.
    pub fn from(self) -> Option<Oid> {
        match self {
            Way::New | Way::Same => None,
            Way::Forward(from) | Way::Replace(from) => Some(from),
        }
    }
}

/// What became of the pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    Opened,
    /// Title or description were written anew.
    Updated,
    /// It is there, and says what it should.
    Current,
    /// Its description is somebody's own, and was let be.
    Kept,
    /// No program is there that would open it: this page does.
    Page(String),
    /// A person is to open it, and where is not known: why.
    Unknown(String),
}

impl Request {
    /// For programs.
    pub fn word(&self) -> &'static str {
        match self {
            Request::Opened => "opened",
            Request::Updated => "updated",
            Request::Current => "current",
            Request::Kept => "kept",
            Request::Page(_) => "page",
            Request::Unknown(_) => "unknown",
        }
    }
}

/// A task that was submitted, or would be.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub task: Submission,
    /// The remote, without name and password where it is an address.
    pub remote: String,
    pub way: Way,
    /// Which forge it is, where that is known.
    pub forge: Option<Forge>,
    pub request: Request,
    pub pr: Option<String>,
    pub url: Option<String>,
    /// The title that was set last.
    pub title: Option<String>,
}

impl Outcome {
    /// Whether there was nothing to do.
    pub fn up_to_date(&self) -> bool {
        let acted = matches!(self.request, Request::Opened | Request::Updated);
        self.way == Way::Same && !acted && self.record().is_none()
    }

    /// What the ledger is to know; `None` where it knows.
    pub fn record(&self) -> Option<Submitted> {
        let (batch, of) = self.task.batch.clone();
        let submitted = Submitted {
            batch,
            of,
            task: self.task.id.clone(),
            tip: self.task.tip,
            pr: self.pr.clone(),
            url: self.url.clone(),
            title: self.title.clone(),
        };
        (self.task.known.as_ref() != Some(&submitted)).then_some(submitted)
    }
}

/// What all came to.
#[derive(Debug, Default)]
pub struct Outcomes {
    pub done: Vec<Outcome>,
    /// With what went wrong.
    pub failed: Vec<(Submission, Failure)>,
}
