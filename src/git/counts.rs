//! How far branches are from the target and from their bases.

use std::collections::{BTreeMap, BTreeSet};

use super::parallel;
use super::program::{Version, run};
use super::quarantine::without_fetching;
use super::repo::Repo;
use crate::model::oid::Oid;

/// Refs in one `git for-each-ref`: it compares each ref with each pattern.
const REFS_AT_ONCE: usize = 128;
/// Different bases in one `git for-each-ref`.
const BASES_AT_ONCE: usize = 32;

/// A branch whose commits are to be counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// In full, such as `refs/heads/task/A`.
    pub name: String,
    pub tip: Oid,
    pub base: Option<Oid>,
}

/// Numbers of commits; `None` where git cannot count them (an object is missing).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// That the target lacks.
    pub ahead: Option<u64>,
    /// Of the target, that the branch lacks.
    pub behind: Option<u64>,
    /// From the base to the tip.
    pub own: Option<u64>,
}

/// The counts of each branch against `target`, in the order given: what `git rev-list --count` says, from a few
/// processes for all of them where git is 2.41 or newer. A branch that moved meanwhile is counted at the tip given.
pub fn counts(repo: &Repo, target: Oid, branches: &[Counted]) -> Vec<Counts> {
    let at_once_can = repo.git.version >= Version(2, 41) && !branches.is_empty();
    let chunks = if at_once_can { chunks(branches) } else { Vec::new() };
    let repos = |items: usize| (0..parallel::threads(items)).map(|_| repo.clone()).collect();
    let known: BTreeMap<usize, Counts> =
        parallel::each(&chunks, repos(chunks.len()), |repo, chunk| at_once(repo, target, branches, chunk))
            .into_iter()
            .flatten()
            .collect();
    let rest: Vec<usize> = (0..branches.len()).filter(|at| !known.contains_key(at)).collect();
    let single = parallel::each(&rest, repos(rest.len()), |repo, &at| (at, one(repo, target, &branches[at])));
    let known: BTreeMap<usize, Counts> = known.into_iter().chain(single).collect();
    known.into_values().collect()
}

/// Splits the branches, by their place, so that each chunk has few refs and few different bases.
fn chunks(branches: &[Counted]) -> Vec<Vec<usize>> {
    let mut chunks = vec![Vec::new()];
    let mut bases = BTreeSet::new();
    let mut order: Vec<usize> = (0..branches.len()).collect();
    order.sort_by_key(|&at| branches[at].base);
    for at in order {
        bases.extend(branches[at].base);
        let full = chunks.last().is_some_and(|chunk| chunk.len() == REFS_AT_ONCE) || bases.len() > BASES_AT_ONCE;
        if full {
            chunks.push(Vec::new());
            bases = branches[at].base.into_iter().collect();
        }
        if let Some(chunk) = chunks.last_mut() {
            chunk.push(at);
        }
    }
    chunks
}

/// One `git for-each-ref` for a chunk; empty where it fails, and without the branches that have moved.
fn at_once(repo: &Repo, target: Oid, branches: &[Counted], chunk: &[usize]) -> Vec<(usize, Counts)> {
    let bases: Vec<Oid> =
        chunk.iter().filter_map(|&at| branches[at].base).collect::<BTreeSet<_>>().into_iter().collect();
    let mut format = "--format=%(refname)%00%(objectname)".to_owned();
    for commit in std::iter::once(&target).chain(&bases) {
        format.push_str(&format!("%00%(ahead-behind:{commit})"));
    }
    let mut command = repo.command();
    without_fetching(&mut command);
    command.args(["for-each-ref", &format, "--"]).args(chunk.iter().map(|&at| &branches[at].name));
    let Some(output) = run(&mut command).ok().filter(|output| output.status.success()) else {
        return Vec::new();
    };
    let places: BTreeMap<&[u8], usize> = chunk.iter().map(|&at| (branches[at].name.as_bytes(), at)).collect();
    let counts = |line: &[u8]| {
        let fields: Vec<&[u8]> = line.split(|&byte| byte == 0).collect();
        let at = *places.get(*fields.first()?)?;
        if fields.len() != bases.len() + 3 || fields[1] != branches[at].tip.to_string().as_bytes() {
            return None;
        }
        let (ahead, behind) = pair(fields[2])?;
        let own = match branches[at].base {
            Some(base) => Some(pair(fields[3 + bases.binary_search(&base).ok()?])?.0),
            None => None,
        };
        Some((at, Counts { ahead: Some(ahead), behind: Some(behind), own }))
    };
    output.stdout.split(|&byte| byte == b'\n').filter_map(counts).collect()
}

fn one(repo: &Repo, target: Oid, branch: &Counted) -> Counts {
    let sides = left_right(repo, branch.tip, target);
    let own = branch.base.and_then(|base| left_right(repo, branch.tip, base)).map(|(own, _)| own);
    Counts { ahead: sides.map(|sides| sides.0), behind: sides.map(|sides| sides.1), own }
}

/// Commits that only `left` has, and that only `right` has; `None` where git cannot count them.
pub(super) fn left_right(repo: &Repo, left: Oid, right: Oid) -> Option<(u64, u64)> {
    if left == right {
        return Some((0, 0));
    }
    let mut command = repo.command();
    without_fetching(&mut command);
    command.args(["rev-list", "--count", "--left-right", "--end-of-options", &format!("{left}...{right}"), "--"]);
    let output = run(&mut command).ok().filter(|output| output.status.success())?;
    pair(output.stdout.trim_ascii())
}

/// Reads `<number><space or tab><number>`.
fn pair(text: &[u8]) -> Option<(u64, u64)> {
    let text = std::str::from_utf8(text).ok()?;
    let (left, right) = text.split_once([' ', '\t'])?;
    Some((left.parse().ok()?, right.parse().ok()?))
}
