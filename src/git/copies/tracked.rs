//! What git tracks in a worktree: never copied, nor written over.

use std::path::Path;

use anyhow::Result;

use super::super::program::stdout_of;
use super::super::repo::Repo;

/// The paths of an index, sorted, submodules among them; those of a sparse checkout too that are not there.
pub(super) struct Tracked(Vec<Vec<u8>>);

impl Tracked {
    /// By git's own word.
    ///
    /// # Errors
    /// git cannot read the index.
    pub(super) fn of(repo: &Repo, worktree: &Path) -> Result<Tracked> {
        let mut command = repo.git.command(worktree);
        command.args(["-c", "core.fsmonitor=false", "ls-files", "--cached", "-z"]);
        let listed = stdout_of(&mut command)?;
        let mut paths: Vec<Vec<u8>> =
            listed.split(|byte| *byte == 0).filter(|path| !path.is_empty()).map(<[u8]>::to_vec).collect();
        paths.sort_unstable();
        paths.dedup();
        Ok(Tracked(paths))
    }

    /// Whether this very path is tracked.
    pub(super) fn has(&self, path: &[u8]) -> bool {
        self.0.binary_search_by(|known| known.as_slice().cmp(path)).is_ok()
    }

    /// Whether it is, or something below it, or a file in place of a folder above it.
    pub(super) fn concerns(&self, path: &[u8]) -> bool {
        let below = [path, b"/"].concat();
        let at = self.0.partition_point(|known| known.as_slice() < below.as_slice());
        let above = |(at, _): (usize, &u8)| self.has(&path[..at]);
        self.has(path)
            || self.0.get(at).is_some_and(|known| known.starts_with(&below))
            || path.iter().enumerate().filter(|(_, byte)| **byte == b'/').any(above)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_concerned_by_what_stands_at_above_and_below_it() {
        let tracked = Tracked([&b"a"[..], b"b/c/d", b"b/x"].map(<[u8]>::to_vec).to_vec());
        for path in ["a", "a/x/y", "b", "b/c", "b/c/d", "b/x/y"] {
            assert!(tracked.concerns(path.as_bytes()), "{path}");
        }
        for path in ["aa", "a.b", "b/c/e", "b/c.d", "c"] {
            assert!(!tracked.concerns(path.as_bytes()), "{path}");
        }
    }
}
