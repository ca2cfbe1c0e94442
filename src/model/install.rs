//! Which man pages and completions are put in place, and what keeps them from it.

use std::path::{Path, PathBuf};

use super::failure::{Exit, Failure};

/// What stands where a piece would go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Absent,
    /// This very text.
    Same,
    /// Another version of the piece.
    Older,
    /// Something that this program did not write.
    Foreign,
    /// A symlink on the way leads out of the data folder, to here.
    LeadsOut(PathBuf),
    /// This folder, or what should be one, cannot be written to.
    Closed(PathBuf),
}

/// A piece by its place below the data folder, and what stands there.
#[derive(Debug, Clone)]
pub struct Found {
    pub path: &'static str,
    pub standing: Standing,
}

/// What became of one piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    Same,
    WouldWrite,
    Wrote,
}

impl Fate {
    pub fn word(self) -> &'static str {
        match self {
            Fate::Same => "same",
            Fate::WouldWrite => "would write",
            Fate::Wrote => "wrote",
        }
    }
}

/// The places to write, of pieces that are not there yet or in another version only.
///
/// # Errors
/// Something stands in the way of a piece ([`Exit::Refused`]): the first one is told, before any is written.
pub fn decide(data: &Path, found: &[Found]) -> Result<Vec<&'static str>, Failure> {
    let mut wanted = Vec::new();
    for one in found {
        match &one.standing {
            Standing::Same => {}
            Standing::Absent | Standing::Older => wanted.push(one.path),
            refusal => return Err(refused(refusal, &data.join(one.path))),
        }
    }
    Ok(wanted)
}

fn refused(standing: &Standing, path: &Path) -> Failure {
    let path = path.display();
    let (what, hint) = match standing {
        Standing::LeadsOut(to) => (
            format!("'{path}' is reached through a symlink to '{}'", to.display()),
            "remove the symlink, or choose another folder with --prefix DIR",
        ),
        Standing::Closed(closed) => (
            format!("cannot write '{path}': '{}' is not writable, or no folder", closed.display()),
            "choose another folder with --prefix DIR",
        ),
        _ => (
            format!("'{path}' was not put there by this program"),
            "move it away, or choose another folder with --prefix DIR",
        ),
    };
    Failure::new(Exit::Refused, what).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_already_is_not_written_and_what_is_foreign_stops_all() {
        let found = |all: &[(&'static str, Standing)]| -> Vec<Found> {
            all.iter().map(|(path, standing)| Found { path, standing: standing.clone() }).collect()
        };
        let mut all = vec![("a", Standing::Absent), ("b", Standing::Same), ("c", Standing::Older)];
        assert_eq!(decide(Path::new("/d"), &found(&all)).unwrap(), ["a", "c"]);
        all.push(("e", Standing::Foreign));
        let failure = decide(Path::new("/d"), &found(&all)).unwrap_err();
        assert_eq!((failure.exit, failure.what.as_str()), (Exit::Refused, "'/d/e' was not put there by this program"));
    }
}
