//! Briefs in `dispatch/briefs/` of the common git dir, outside of every working tree.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::cache_file::CacheFile;
use super::repo::Repo;
use crate::model::id::TaskId;

fn place(id: &TaskId) -> PathBuf {
    PathBuf::from(format!("dispatch/briefs/{id}.md"))
}

/// Writes the brief of a task to a file of its own, whole or not at all, and returns where that stands, absolute. One from before
/// is replaced.
///
/// # Errors
/// It cannot be written, or one of the folders is none; then the file remains that was there.
pub fn write_brief(repo: &Repo, id: &TaskId, text: &str) -> Result<PathBuf> {
    let path = repo.common_dir().join(place(id));
    let file = CacheFile::below(repo.common_dir(), place(id));
    file.replace_text(text).with_context(|| format!("could not write '{}'", path.display()))?;
    Ok(path)
}

/// Called when the start of the task was taken back.
pub(super) fn forget_brief(repo: &Repo, id: &TaskId) {
    let path = repo.common_dir().join(place(id));
    // The next start writes another one, so one that remains is none the worse for it.
    let _ = std::fs::remove_file(&path);
    if let Some(folder) = path.parent() {
        let _ = std::fs::remove_dir(folder);
    }
}
