//! What a worktree holds that its HEAD does not, as a commit: what `git add --all` would store, without storing it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use gix::objs::tree::EntryKind;

use super::super::repo::ours;
use super::ask::Git;
use super::content::Contents;
use super::limits::Limits;
use super::objects::{Edit, Objects, kind_of, placeholder};
use super::staged::{Content, Staged};
use super::stamp::Stamp;
use super::untracked::Untracked;
use super::usual::Top;
use super::walk::Now;
use crate::model::facts::Uncommitted;
use crate::model::path::TreePath;

/// An entry whose file is not as the index has it.
#[derive(Debug)]
pub(super) struct Changed<'a> {
    pub path: &'a [u8],
    pub index: Content,
    pub now: Now,
}

/// Everything that stands between HEAD and the state of a worktree.
pub(super) struct Parts<'a> {
    pub head: Top,
    pub staged: &'a [Staged],
    pub changed: &'a [Changed<'a>],
    pub untracked: &'a Untracked,
}

/// What HEAD has at a path, and what the state has.
#[derive(Debug, Default)]
struct Turn {
    before: Option<Content>,
    after: Option<Content>,
}

/// The state of a worktree. `None` where it is not built: a file cannot be read or added, or there is too much of it.
///
/// A file above the limit is not read: a content that no other file has stands for its own. A repository without a
/// commit, which git refuses to add, is left out.
pub(super) fn state(
    git: Git<'_>,
    contents: &mut Contents<'_>,
    parts: &Parts<'_>,
    limits: Limits,
) -> Option<Uncommitted> {
    if parts.untracked.cut {
        return None;
    }
    let Work { mut turns, to_read, mut to_ask } = work(git, parts)?;
    let objects = Objects::new(&git.repo.gix, git.quarantine);
    let mut budget = limits.budget();
    let mut unread = Vec::new();
    for (path, stamp) in &to_read {
        let kind = kind_of(stamp.mode()?)?;
        let id = if limits.is_large(stamp) {
            unread.push(TreePath::new(path.as_slice()));
            Some(objects.blob(&placeholder(path, stamp))?)
        } else {
            budget.take(stamp)?;
            let id = contents.stored(path, stamp)?;
            if let Some(id) = id {
                objects.file(id, git.worktree.path.join(OsStr::from_bytes(path)));
            }
            id
        };
        match id {
            Some(id) => turns.get_mut(path)?.after = Some((kind, id)),
            None => to_ask.push(path.clone()),
        }
    }
    ask(git, &to_ask, &mut turns)?;
    turns.retain(|_, turn| turn.before != turn.after);
    if turns.is_empty() {
        return Some(Uncommitted::default());
    }
    unread.sort_unstable();
    let edits: Vec<Edit<'_>> = turns.iter().map(|(path, turn)| (path.as_slice(), turn.after)).collect();
    let commit = objects.commit(objects.tree(parts.head.tree, &edits)?, parts.head.commit)?;
    let paths = turns.into_keys().map(TreePath::new).collect();
    Some(Uncommitted { paths, unread, commit: Some(ours(&commit)), merge: None })
}

type Turns = BTreeMap<Vec<u8>, Turn>;

struct Work {
    /// Each path that may differ from HEAD's.
    turns: Turns,
    to_read: Vec<(Vec<u8>, Stamp)>,
    /// What only git can add.
    to_ask: Vec<Vec<u8>>,
}

fn work(git: Git<'_>, parts: &Parts<'_>) -> Option<Work> {
    let (mut turns, mut to_read, mut to_ask) = (Turns::new(), Vec::new(), Vec::new());
    for staged in parts.staged {
        turns.insert(staged.path.clone(), Turn { before: staged.head, after: staged.index });
    }
    for changed in parts.changed {
        let path = changed.path.to_owned();
        let index = Some(changed.index);
        let turn = turns.entry(path.clone()).or_insert(Turn { before: index, after: index });
        match changed.now {
            Now::Gone => turn.after = None,
            Now::There(stamp) => to_read.push((path, stamp)),
            Now::Submodule => to_ask.push(path),
        }
    }
    for path in &parts.untracked.files {
        let found = rustix::fs::lstat(git.worktree.path.join(OsStr::from_bytes(path))).ok()?;
        turns.entry(path.clone()).or_default();
        to_read.push((path.clone(), Stamp::of(&found)));
    }
    for (path, head) in &parts.untracked.repositories {
        turns.entry(path.clone()).or_default().after = Some((EntryKind::Commit, *head));
    }
    Some(Work { turns, to_read, to_ask })
}

fn ask(git: Git<'_>, paths: &[Vec<u8>], turns: &mut Turns) -> Option<()> {
    if paths.is_empty() {
        return Some(());
    }
    (paths.len() <= Limits::MOST_ASKED).then_some(())?;
    let asked: Vec<&[u8]> = paths.iter().map(Vec::as_slice).collect();
    let mut said = git.stored(&asked)?;
    for path in paths {
        turns.get_mut(path)?.after = said.remove(path);
    }
    Some(())
}
