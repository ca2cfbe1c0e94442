//! Which repositories and worktrees this scan reads itself. In all others git is asked.

use super::super::repo::{Repo, theirs};
use super::super::worktrees::Listed;
use crate::model::facts::Head;

/// Whether stat data, names and attributes mean what they usually mean in this repository.
pub(super) fn usual(repo: &Repo) -> bool {
    let config = repo.gix.config_snapshot();
    let unusual = [
        ("core.fileMode", false),
        ("core.trustCTime", false),
        ("core.symlinks", false),
        ("core.ignoreCase", true),
        ("core.precomposeUnicode", true),
        ("core.splitIndex", true),
        ("core.sparseCheckout", true),
    ];
    let other_settings =
        config.boolean("extensions.worktreeConfig") == Some(true) && has_own_settings(repo.gix.git_dir());
    !other_settings
        && unusual.iter().all(|&(key, value)| config.boolean(key) != Some(value))
        && config.string("core.checkStat").is_none_or(|value| value.eq_ignore_ascii_case(b"default"))
        && config.string("attr.tree").is_none()
        && config.string("core.worktree").is_none()
        && !repo.says_any_of(&["core.", "attr.", "filter.", "extensions."])
}

/// Whether `extensions.worktreeConfig` lets settings hold in this worktree only.
pub(super) fn has_own_settings(admin: &std::path::Path) -> bool {
    admin.join("config.worktree").symlink_metadata().is_ok()
}

/// The HEAD of a worktree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Top {
    pub commit: gix::ObjectId,
    pub tree: gix::ObjectId,
}

pub(super) fn top(repo: &Repo, head: &Head) -> Option<Top> {
    let commit = match head {
        Head::Branch(name) if repo.reftable().is_some() => theirs(repo.commit_of(&format!("refs/heads/{name}")).ok()??),
        Head::Branch(name) => {
            repo.gix.find_reference(&format!("refs/heads/{name}")).ok()?.into_fully_peeled_id().ok()?.detach()
        }
        Head::Detached(id) => theirs(*id),
        Head::Missing => return None,
    };
    Some(Top { commit, tree: repo.gix.find_commit(commit).ok()?.tree_id().ok()?.detach() })
}

/// The index of a worktree; `None` where git's own reading of it is needed.
pub(super) fn index(gix: &gix::Repository, worktree: &Listed) -> Option<gix::index::File> {
    if worktree.operation.is_some() || is_split(worktree)? {
        return None;
    }
    let options = gix::index::decode::Options { thread_limit: Some(1), ..Default::default() };
    let file = gix::index::File::at(worktree.admin_dir.join("index"), gix.object_hash(), true, options).ok()?;
    (!file.is_sparse() && file.fs_monitor().is_none()).then_some(file)
}

fn is_split(worktree: &Listed) -> Option<bool> {
    let mut names = std::fs::read_dir(&worktree.admin_dir).ok()?.flatten().map(|entry| entry.file_name());
    Some(names.any(|name| name.as_encoded_bytes().starts_with(b"sharedindex.")))
}

/// Whether changing this file may change what git says of others that are as they were.
pub(super) fn is_attributes(path: &[u8]) -> bool {
    path.rsplit(|&byte| byte == b'/').next() == Some(b".gitattributes")
}
