//! Commits that a branch had once, and that only its reflogs still hold.

use std::collections::BTreeSet;

use anyhow::Result;

use super::adopt::merge_base;
use super::program::stdout_of;
use super::repo::{Repo, theirs};
use crate::model::oid::Oid;

/// So many commits are followed; who resets more often has got something to look at by then.
const MOST: usize = 64;

/// The commits that the reflogs `logs` name and that neither one of `known` nor any ref but `own` has, the last first.
///
/// # Errors
/// git cannot be asked.
pub(super) fn reset_away(repo: &Repo, logs: &[Vec<u8>], known: &[Oid], own: &[String]) -> Result<Vec<Oid>> {
    let mut seen: BTreeSet<Oid> = known.iter().copied().collect();
    let mut found = Vec::new();
    for commit in logs.iter().flat_map(|log| named(log)) {
        if !seen.insert(commit) || repo.gix.find_commit(theirs(commit)).is_err() || found.len() == MOST {
            continue;
        }
        let below = known.iter().any(|known| merge_base(repo, *known, commit).is_ok_and(|base| base == Some(commit)));
        if !below && !is_held(repo, commit, own)? {
            found.push(commit);
        }
    }
    Ok(found)
}

/// What a reflog says that its ref pointed at, the last first: `<old> <new> <who> <when>` a line.
fn named(log: &[u8]) -> Vec<Oid> {
    let new = |line: &[u8]| -> Option<Oid> {
        std::str::from_utf8(line.split(|byte| *byte == b' ').nth(1)?).ok()?.parse().ok()
    };
    log.rsplit(|byte| *byte == b'\n').filter_map(new).collect()
}

fn is_held(repo: &Repo, commit: Oid, own: &[String]) -> Result<bool> {
    let mut command = repo.command();
    command.args(["for-each-ref", "--format=%(refname)", &format!("--contains={commit}")]);
    let said = stdout_of(&mut command)?;
    let mut refs = said.split(|byte| *byte == b'\n').filter(|name| !name.is_empty());
    Ok(refs.any(|name| own.iter().all(|own| own.as_bytes() != name)))
}
