//! Whether a branch was only ever moved to commits of others, as its reflog and its worktree's tell.

use std::collections::HashSet;

use super::branches::Found;
use super::reflog;
use super::repo::Repo;
use crate::model::oid::Oid;

/// One line of a reflog.
struct Entry<'a> {
    old: &'a str,
    new: &'a str,
    message: &'a str,
}

/// Whether no commit of the branch was made on it: since it was created at its base, every entry of its reflog moved it, without
/// work of its own, to what one of `others` had (branches without `refs/heads/`), or back.
///
/// No where that cannot be told: there is no reflog, or not from the creation on, or an entry is of another kind. So it is
/// where its worktree's HEAD has commits that may be on the branch now (docs/design/0018-landed-proofs.md).
pub(super) fn only_moved(repo: &Repo, found: &Found<'_>, others: &HashSet<&str>) -> bool {
    let Some(base) = found.base.map(|base| base.to_string()) else { return false };
    let foreign = |name: &str| name != found.name && others.contains(name);
    let log = reflog::of_ref(repo, &format!("refs/heads/{}", found.name));
    let Some(entries) = entries(&log) else { return false };
    let Some(((first, moves), last)) = entries.split_first().zip(entries.last()) else { return false };
    let created = first.old.bytes().all(|byte| byte == b'0') && first.new == base;
    let mut had: HashSet<&str> = HashSet::from([first.new]);
    let mut rebased = false;
    let sound = moves.iter().all(|entry| {
        let onto = is_rebase_onto(entry);
        rebased |= onto;
        !had.insert(entry.new) || onto || is_move(entry.message, &foreign)
    });
    created
        && sound
        && last.new == found.tip.to_string()
        && found.admin_dir.map_or(!rebased, |dir| only_visited(&reflog::of_head(repo, dir), &foreign))
}

/// Whether no commit was made in the worktree whose HEAD has the reflog `log`.
fn only_visited(log: &[u8], foreign: &impl Fn(&str) -> bool) -> bool {
    let visit = |message: &str| {
        let switched = message.starts_with("checkout: moving from ") || message == "reset: moving to HEAD";
        let rebased = message.strip_prefix("rebase (start): checkout ").is_some_and(foreign);
        switched || rebased || message.is_empty() || message.starts_with("rebase (finish): returning to ")
    };
    let Some(entries) = entries(log) else { return false };
    let mut had: HashSet<&str> = HashSet::new();
    entries.iter().all(|entry| !had.insert(entry.new) || visit(entry.message) || is_move(entry.message, foreign))
}

/// As git writes them: `merge main: Fast-forward`, `reset: moving to main`, `branch: Reset to main`, `pull origin main:
/// Fast-forward`.
fn is_move(message: &str, foreign: &impl Fn(&str) -> bool) -> bool {
    let forwarded = message.strip_suffix(": Fast-forward").and_then(|message| {
        let pulled = message.strip_prefix("pull ").and_then(|words| words.rsplit(' ').next());
        message.strip_prefix("merge ").or(pulled)
    });
    let set = message.strip_prefix("reset: moving to ").or_else(|| message.strip_prefix("branch: Reset to "));
    forwarded.or(set).is_some_and(foreign)
}

/// A rebase that ended right at what it went onto: nothing was replayed.
fn is_rebase_onto(entry: &Entry<'_>) -> bool {
    entry
        .message
        .strip_prefix("rebase (finish): ")
        .is_some_and(|message| message.ends_with(&format!(" onto {}", entry.new)))
}

/// `None` where a line is not as git writes it.
fn entries(log: &[u8]) -> Option<Vec<Entry<'_>>> {
    let lines = std::str::from_utf8(log).ok()?.lines();
    let entry = |line| -> Option<Entry<'_>> {
        let line: &str = line;
        let (head, message) = line.split_once('\t').unwrap_or((line, ""));
        let mut words = head.split(' ');
        let (old, new) = (words.next()?, words.next()?);
        (old.parse::<Oid>().is_ok() && new.parse::<Oid>().is_ok()).then_some(Entry { old, new, message })
    };
    lines.map(entry).collect()
}
