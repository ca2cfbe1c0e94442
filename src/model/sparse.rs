//! What `sparse` of a task names that is no folder of the commit it starts from.

use super::failure::{Exit, Failure};
use super::id::TaskId;

/// An entry of `sparse` that is no folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misplaced {
    /// It is not there. `near` is the folder that was probably meant, or else the last one above that is there.
    Missing { entry: String, near: Option<String> },
    /// It is, or lies below, what is a file.
    File { entry: String, file: String },
}

/// The warnings, one for each entry of each task that is not there.
///
/// # Errors
/// Entries that are files ([`Exit::Refused`]), all of them, as git refuses them.
pub fn judge(all: &[(TaskId, Vec<Misplaced>)]) -> Result<Vec<String>, Failure> {
    let (mut warnings, mut files) = (Vec::new(), Failure::new(Exit::Refused, String::new()));
    for (id, misplaced) in all {
        for one in misplaced {
            match one {
                Misplaced::Missing { entry, near } => {
                    let near = near.as_ref().map(|near| format!("; the nearest one is '{near}'")).unwrap_or_default();
                    warnings.push(format!(
                        "task '{id}' has '{entry}' in 'sparse', and there is no such folder where it starts{near}"
                    ));
                }
                Misplaced::File { entry, file } => {
                    let gap = if files.what.is_empty() { "" } else { "\n" };
                    files
                        .what
                        .push_str(&format!("{gap}task '{id}' has '{entry}' in 'sparse': '{file}' is not a directory"));
                    let hint = match file.rsplit_once('/') {
                        Some((folder, _)) => format!("write '{folder}' in its place, the folder that it is in"),
                        None => format!("leave '{entry}' out: files at the top are always checked out"),
                    };
                    if !files.hints.contains(&hint) {
                        files.hints.push(hint);
                    }
                }
            }
        }
    }
    if files.what.is_empty() { Ok(warnings) } else { Err(files) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::id;

    #[test]
    fn what_is_missing_is_warned_of_and_files_are_refused() {
        let missing = |entry: &str, near: Option<&str>| Misplaced::Missing {
            entry: entry.to_owned(),
            near: near.map(str::to_owned),
        };
        let file = |entry: &str, file: &str| Misplaced::File { entry: entry.to_owned(), file: file.to_owned() };
        let all = [(id("A"), vec![missing("scr/a", Some("src")), missing("x", None)]), (id("B"), vec![])];
        assert_eq!(
            judge(&all).unwrap(),
            [
                "task 'A' has 'scr/a' in 'sparse', and there is no such folder where it starts; the nearest one is 'src'",
                "task 'A' has 'x' in 'sparse', and there is no such folder where it starts",
            ]
        );
        let all = [(id("A"), vec![missing("x", None), file("top", "top"), file("src/f/g", "src/f")])];
        let refused = judge(&all).unwrap_err();
        assert_eq!(
            refused.what,
            "task 'A' has 'top' in 'sparse': 'top' is not a directory\n\
             task 'A' has 'src/f/g' in 'sparse': 'src/f' is not a directory"
        );
        assert_eq!(
            refused.hints,
            [
                "leave 'top' out: files at the top are always checked out",
                "write 'src' in its place, the folder that it is in",
            ]
        );
    }
}
