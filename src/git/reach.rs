//! Which commits can be reached from which.

use std::collections::HashSet;

use super::program::run;
use super::quarantine::without_fetching;
use super::repo::{Repo, ours, theirs};
use crate::model::oid::Oid;

/// Commits in one command line.
const COMMITS_AT_ONCE: usize = 500;

/// Those of `commits` that can be reached from `tip`. One that is missing cannot.
pub(super) fn reachable(repo: &Repo, tip: Oid, commits: &[Oid]) -> HashSet<Oid> {
    let present: Vec<Oid> =
        commits.iter().copied().filter(|&commit| repo.gix.find_commit(theirs(commit)).is_ok()).collect();
    let mut found = HashSet::new();
    for chunk in present.chunks(COMMITS_AT_ONCE) {
        let mut command = repo.command();
        without_fetching(&mut command);
        command.args(["rev-list", "--end-of-options"]);
        command.args(chunk.iter().map(Oid::to_string)).arg(format!("^{tip}")).arg("--");
        let Some(output) = run(&mut command).ok().filter(|output| output.status.success()) else { continue };
        let beyond: HashSet<Oid> =
            String::from_utf8_lossy(&output.stdout).lines().filter_map(|line| line.parse().ok()).collect();
        found.extend(chunk.iter().filter(|commit| !beyond.contains(commit)));
    }
    found
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

/// The best common ancestor of `target` and each tip, given with the number of commits that the target lacks, where that
/// is known; the first where there are several.
pub(super) fn merge_bases(repo: &Repo, target: Oid, tips: &[(Oid, Option<u64>)]) -> Vec<Option<Oid>> {
    let mut gix = repo.gix.clone();
    gix.object_cache_size_if_unset(4 << 20);
    let cache = gix.commit_graph_if_enabled().ok().flatten();
    let mut line = gix.revision_graph::<()>(cache.as_ref());
    let mut graph = gix.revision_graph(cache.as_ref());
    let mut base = |&(tip, ahead): &(Oid, Option<u64>)| {
        if let Some(base) = ahead.and_then(|ahead| below_own(&mut line, tip, ahead)) {
            return Some(base);
        }
        let base = gix.merge_base_with_graph(theirs(target), theirs(tip), &mut graph).ok()??;
        Some(ours(&base))
    };
    tips.iter().map(&mut base).collect()
}

/// The commit `own` below the tip, where no merge is on the way. The target lacks `own` commits of the tip's, and with a
/// commit it has all its ancestors: so they are the topmost, and what follows is the one merge base.
fn below_own(graph: &mut gix::revwalk::Graph<'_, '_, ()>, tip: Oid, own: u64) -> Option<Oid> {
    let mut next = theirs(tip);
    for _ in 0..own {
        let commit = graph.try_lookup(&next).ok()??;
        let mut parents = commit.iter_parents();
        let parent = parents.next()?.ok()?;
        if parents.next().is_some() {
            return None;
        }
        next = parent;
    }
    // Below the end of a shallow history a parent is named, but not there.
    graph.try_lookup(&next).ok()??;
    Some(ours(&next))
}
