//! What an import reads besides one file: a folder, and standard input.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::model::failure::{Exit, Failure};
use crate::model::taskfile::{LONGEST_FILE, MOST_TASKS};

/// The files of a folder whose names end in one of `endings`, in the order of their names; not of the folders in it.
///
/// # Errors
/// It cannot be read, or holds more than there may be tasks.
pub fn files_in(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>> {
    let could_not = || format!("could not read '{}'", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(could_not)? {
        let path = entry.with_context(could_not)?.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        if ending.is_some_and(|ending| endings.contains(&ending)) {
            files.push(path);
        }
        if files.len() > MOST_TASKS {
            let what = format!("'{}' holds more than {MOST_TASKS} files", folder.display());
            return Err(Failure::new(Exit::Usage, what).into());
        }
    }
    files.sort();
    Ok(files)
}

/// Everything on standard input.
///
/// # Errors
/// It cannot be read, or is more than an import source may hold.
pub fn read_stdin() -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = LONGEST_FILE as u64 + 1;
    std::io::stdin().lock().take(most).read_to_end(&mut bytes).context("could not read standard input")?;
    if bytes.len() > LONGEST_FILE {
        let what = format!("standard input has more than {} MiB, the most of an import source", LONGEST_FILE >> 20);
        return Err(Failure::new(Exit::Usage, what).into());
    }
    Ok(bytes)
}
