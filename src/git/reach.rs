//! Which commits can be reached from which.

use std::collections::HashSet;

use super::counts::{Counted, counts};
use super::repo::{Repo, ours, theirs};
use crate::model::oid::Oid;

/// Those of `commits` that can be reached from `tip`. One that is missing cannot.
pub(super) fn reachable(repo: &Repo, tip: Oid, commits: &[Oid]) -> HashSet<Oid> {
    let asked: Vec<Counted> = commits.iter().map(|&tip| Counted { tip, base: None }).collect();
    let counted = commits.iter().zip(counts(repo, tip, &asked));
    counted.filter(|(_, counts)| counts.ahead == Some(0)).map(|(commit, _)| *commit).collect()
}

/// Those of `commits` that lie on the first-parent line of `tip`, no more than `depth` commits below it.
pub(super) fn on_first_parent_line(repo: &Repo, tip: Oid, depth: u64, commits: &HashSet<Oid>) -> HashSet<Oid> {
    let cache = repo.gix.commit_graph_if_enabled().ok().flatten();
    let mut graph = repo.gix.revision_graph::<()>(cache.as_ref());
    let mut found = HashSet::new();
    let mut next = theirs(tip);
    for _ in 0..=depth {
        let id = ours(&next);
        if commits.contains(&id) {
            found.insert(id);
        }
        if found.len() == commits.len() {
            break;
        }
        let Ok(Some(commit)) = graph.try_lookup(&next) else { break };
        let Some(Ok(parent)) = commit.iter_parents().next() else { break };
        next = parent;
    }
    found
}
