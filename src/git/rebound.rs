//! Reports that still hold although the branch is at another commit: the same work on another base.

use std::collections::{BTreeSet, HashMap};

use super::brought::{Patch, commit_patches};
use super::merges::merges;
use super::program::run;
use super::quarantine::{Quarantine, without_fetching};
use super::repo::{Repo, ours, theirs};
use crate::model::facts::Facts;
use crate::model::id::TaskId;
use crate::model::oid::Oid;

/// A branch with more own commits is not looked at.
const LOOKED_AT: usize = 1000;

/// A report at `from`, and a branch at `to` that may be the same work.
struct Pair {
    id: TaskId,
    from: Oid,
    to: Oid,
    /// The commit below `to` that it stands on.
    base: Oid,
    old: Vec<Own>,
    new: Vec<Own>,
}

/// A commit of a branch's own.
struct Own {
    id: Oid,
    tree: Oid,
    parents: Vec<Oid>,
}

/// Moves what was said of a task to the tip of its branch, where that has the same work: after a rebase, an amended message, a merge of
/// the target that git made without help.
///
/// It is the same if the own commits that are no merges have the same patches in the same order, merges among the new ones are what git
/// makes of their parents, and merging the reported tip into the new base gives the very tree of the new tip: equal patches alone may
/// stand at another place of a file, and a clean merge alone may stand beside something that nobody saw. A branch without own commits,
/// or of which the target has the reported ones, is never the same. What cannot be read is other work.
pub(super) fn rebind(repo: &Repo, quarantine: &Quarantine, facts: &mut Facts) {
    let pairs = pairs(repo, facts);
    if pairs.is_empty() {
        return;
    }
    let same = same(repo, quarantine, &pairs).unwrap_or_else(|| vec![false; pairs.len()]);
    for (pair, _) in pairs.into_iter().zip(same).filter(|(_, same)| *same) {
        if let Some(record) = facts.ledger.records.get_mut(&pair.id) {
            record.rebind(pair.from, pair.to);
        }
    }
}

/// Those of which the numbers of commits do not tell already that they differ.
fn pairs(repo: &Repo, facts: &Facts) -> Vec<Pair> {
    let target = facts.target.newest().1;
    let pair = |id: &TaskId| {
        let record = facts.ledger.records.get(id)?;
        let (from, to) = (record.reported.as_ref()?.tip, facts.tasks.get(id)?.branch.as_ref()?.tip);
        // What it is stacked on need not be on the target.
        let stacked = record.snapshot.as_ref().filter(|_| record.is_stacked()).map(|snapshot| snapshot.base);
        let below = stacked.unwrap_or(target);
        if from == to {
            return None;
        }
        let ((_, old), (base, new)) = (own(repo, (target, below), from)?, own(repo, (target, below), to)?);
        let alike = !changes(&old).is_empty() && changes(&old).len() == changes(&new).len();
        alike.then(|| Pair { id: id.clone(), from, to, base, old, new })
    };
    facts.ledger.records.keys().filter_map(pair).collect()
}

/// The base of `tip` over `below`, and the commits that neither it nor the target has, oldest first.
fn own(repo: &Repo, (target, below): (Oid, Oid), tip: Oid) -> Option<(Oid, Vec<Own>)> {
    let cache = repo.gix.commit_graph_if_enabled().ok().flatten();
    let mut graph = repo.gix.revision_graph(cache.as_ref());
    let bases = repo.gix.merge_bases_many_with_graph(theirs(below), &[theirs(tip)], &mut graph).ok()?;
    let base = ours(bases.first()?);
    let mut commits = Vec::new();
    let mut next = tip;
    while next != base && commits.len() < LOOKED_AT {
        let commit = read(repo, next)?;
        let [parent] = commit.parents[..] else { return Some((base, listed(repo, (target, below), tip)?)) };
        commits.push(commit);
        next = parent;
    }
    commits.reverse();
    (next == base).then_some((base, commits))
}

/// The same where there are merges.
fn listed(repo: &Repo, (target, below): (Oid, Oid), tip: Oid) -> Option<Vec<Own>> {
    let mut command = repo.command();
    without_fetching(&mut command);
    command.args(["rev-list", "--topo-order", "--reverse", &format!("--max-count={}", LOOKED_AT + 1)]);
    command.args(["--end-of-options", &tip.to_string(), &format!("^{target}"), &format!("^{below}"), "--"]);
    let output = run(&mut command).ok().filter(|output| output.status.success())?;
    let listed = String::from_utf8_lossy(&output.stdout);
    let all: Option<Vec<Own>> = listed.lines().map(|id| read(repo, id.parse().ok()?)).collect();
    all.filter(|all| all.len() <= LOOKED_AT)
}

fn read(repo: &Repo, id: Oid) -> Option<Own> {
    let commit = repo.gix.find_commit(theirs(id)).ok()?;
    let tree = ours(&commit.tree_id().ok()?.detach());
    Some(Own { id, tree, parents: commit.parent_ids().map(|parent| ours(&parent.detach())).collect() })
}

/// Which of `pairs` are the same; `None` where git fails.
fn same(repo: &Repo, quarantine: &Quarantine, pairs: &[Pair]) -> Option<Vec<bool>> {
    let mut asked: Vec<(usize, (Oid, Oid), Oid)> = Vec::new();
    let mut same = vec![true; pairs.len()];
    for (at, pair) in pairs.iter().enumerate() {
        let Some(tip) = read(repo, pair.to) else { continue };
        asked.push((at, (pair.base, pair.from), tip.tree));
        for commit in pair.new.iter().filter(|commit| commit.parents.len() != 1) {
            match commit.parents[..] {
                [one, other] => asked.push((at, (one, other), commit.tree)),
                // git merges no more than two by itself, and a root is on nothing.
                _ => same[at] = false,
            }
        }
    }
    let sides: Vec<(Oid, Oid)> = asked.iter().map(|(_, sides, _)| *sides).collect();
    for ((at, _, tree), merge) in asked.into_iter().zip(merges(repo, quarantine, &sides).ok()?) {
        same[at] &= merge.is_some_and(|merge| merge.clean && merge.tree == tree);
    }
    let open: Vec<usize> = (0..pairs.len()).filter(|&at| same[at] && !alike(repo, &pairs[at])).collect();
    let wanted: BTreeSet<Oid> =
        open.iter().flat_map(|&at| [&pairs[at].old, &pairs[at].new]).flat_map(|own| changes(own)).collect();
    if wanted.is_empty() {
        return Some(same);
    }
    let patches: HashMap<Oid, Patch> = commit_patches(repo, quarantine, &wanted)?;
    for at in open {
        let of =
            |own: &[Own]| -> Option<Vec<Patch>> { changes(own).iter().map(|id| patches.get(id).copied()).collect() };
        same[at] = of(&pairs[at].old).is_some_and(|old| of(&pairs[at].new) == Some(old));
    }
    Some(same)
}

/// Those that are no merges.
fn changes(own: &[Own]) -> Vec<Oid> {
    own.iter().filter(|commit| commit.parents.len() == 1).map(|commit| commit.id).collect()
}

/// Whether the very trees are the same, one after the other: then only what is said of them changed.
fn alike(repo: &Repo, pair: &Pair) -> bool {
    let below = |own: &Own| read(repo, *own.parents.first()?).map(|parent| parent.tree);
    pair.old.len() == pair.new.len()
        && pair.old.iter().zip(&pair.new).all(|(old, new)| {
            (old.tree, old.parents.len(), new.parents.len()) == (new.tree, 1, 1) && below(old) == below(new)
        })
}
