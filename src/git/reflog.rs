//! Reflogs as git keeps them in files, wherever they are: `<old> <new> <who> <seconds> <zone><tab><message>` a line, the oldest first.

use std::path::Path;

use super::read::read_bounded;
use super::reftable::Stack;
use super::repo::Repo;

/// The reflog of a ref that all worktrees share, by its full name. Empty where there is none, or it cannot be read.
pub(super) fn of_ref(repo: &Repo, full_name: &str) -> Vec<u8> {
    match repo.reftable() {
        Some(stack) => stack.log(full_name),
        None => read_bounded(&repo.common_dir().join("logs").join(full_name)).unwrap_or_default(),
    }
}

/// The reflog of the HEAD of a worktree, by its own git dir. Empty where there is none, or it cannot be read.
pub(super) fn of_head(repo: &Repo, admin_dir: &Path) -> Vec<u8> {
    match repo.reftable() {
        Some(stack) if admin_dir == repo.common_dir() => stack.log("HEAD"),
        Some(_) => Stack::of(admin_dir).log("HEAD"),
        None => read_bounded(&admin_dir.join("logs/HEAD")).unwrap_or_default(),
    }
}
