//! Hooks that are looked for in what is checked out: what lands could bring some.

use crate::git::repo::Repo;
use crate::git::worktrees::worktrees;

impl Repo {
    /// The same repository, whose git runs no hook if hooks are looked for in a worktree (`core.hooksPath=.githooks`, or a link): the
    /// files of a branch stand there before its landing is over.
    #[must_use]
    pub fn without_hooks_of_branches(mut self) -> Repo {
        self.git.hooks = !hooks_in_worktree(&self);
        self
    }
}

fn hooks_in_worktree(repo: &Repo) -> bool {
    let named = repo.config_path("core.hooksPath");
    if named.as_ref().is_some_and(|named| named.is_relative()) {
        return true;
    }
    let folder = named.unwrap_or_else(|| repo.common_dir().join("hooks"));
    let folder = folder.canonicalize().unwrap_or(folder);
    let inside = |listed: Vec<_>| {
        listed.iter().any(|one: &crate::git::worktrees::Listed| !one.bare && folder.starts_with(&one.path))
    };
    !folder.starts_with(repo.common_dir()) && worktrees(repo).map_or(true, inside)
}
