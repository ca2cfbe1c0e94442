//! How far branches are from the target and from their bases.

use std::collections::{BTreeMap, BTreeSet};

use super::near::near;
use super::parallel;
use super::program::{Version, run};
use super::quarantine::without_fetching;
use super::repo::Repo;
use crate::model::oid::Oid;

/// Refs in one `git for-each-ref`: it compares each ref with each pattern.
const REFS_AT_ONCE: usize = 128;
/// So many branches that one walk of the whole history costs less than a process for each of them.
const MANY: usize = 200;
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
    /// Whether the base is an ancestor of the tip.
    pub contains_base: Option<bool>,
}

impl Counts {
    /// From the commits of each side: tip and target, tip and base.
    pub(super) fn new(target: Option<(u64, u64)>, base: Option<(u64, u64)>) -> Counts {
        Counts {
            ahead: target.map(|(ahead, _)| ahead),
            behind: target.map(|(_, behind)| behind),
            own: base.map(|(own, _)| own),
            contains_base: base.map(|(_, lost)| lost == 0),
        }
    }
}

/// The counts of each branch against `target`, in the order given: what `git rev-list --count` says, from a few
/// processes for all of them where git is 2.41 or newer. A branch that moved meanwhile is counted at the tip given.
pub fn counts(repo: &Repo, target: Oid, branches: &[Counted]) -> Vec<Counts> {
    let repos = |items: usize| (0..parallel::threads(items)).map(|_| repo.clone()).collect();
    let mut known: BTreeMap<usize, Counts> = near(repo, target, branches).into_iter().collect();
    if known.len() < branches.len() {
        known.extend(by_folder(repo, target, branches));
    }
    let pays = has_commit_graph(repo) || branches.len() > MANY;
    let chunks = if pays && repo.git.version >= Version(2, 41) { chunks(branches, &known) } else { Vec::new() };
    known.extend(
        parallel::each(&chunks, repos(chunks.len()), |repo, chunk| {
            let names: Vec<&str> = chunk.iter().map(|&at| &*branches[at].name).collect();
            at_once(repo, target, branches, chunk, &names)
        })
        .into_iter()
        .flatten(),
    );
    let rest: Vec<usize> = (0..branches.len()).filter(|at| !known.contains_key(at)).collect();
    let single = parallel::each(&rest, repos(rest.len()), |repo, &at| (at, one(repo, target, &branches[at])));
    known.extend(single);
    known.into_values().collect()
}

/// Without generation numbers `ahead-behind` walks the whole history, be the branches ever so near.
fn has_commit_graph(repo: &Repo) -> bool {
    let info = repo.common_dir().join("objects/info");
    info.join("commit-graph").exists() || info.join("commit-graphs").exists()
}

/// Very many branches of few bases are asked for by their common folder, in one walk of the history; empty where that
/// does not fit or fails.
fn by_folder(repo: &Repo, target: Oid, branches: &[Counted]) -> Vec<(usize, Counts)> {
    let bases: BTreeSet<Oid> = branches.iter().filter_map(|branch| branch.base).collect();
    let fits = branches.len() > REFS_AT_ONCE && bases.len() <= BASES_AT_ONCE && repo.git.version >= Version(2, 41);
    let mut folder = match branches {
        [first, ..] if fits => &*first.name,
        _ => return Vec::new(),
    };
    while let Some((shorter, _)) = folder.rsplit_once('/') {
        folder = shorter;
        let holds = |branch: &Counted| branch.name.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        if branches.iter().all(holds) {
            let all: Vec<usize> = (0..branches.len()).collect();
            return at_once(repo, target, branches, &all, &[folder]);
        }
    }
    Vec::new()
}

/// Splits the branches that are not known yet, by their place, so that each chunk has few refs and few different bases.
fn chunks(branches: &[Counted], known: &BTreeMap<usize, Counts>) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..branches.len()).filter(|at| !known.contains_key(at)).collect();
    order.sort_by_key(|&at| branches[at].base);
    let mut chunks: Vec<Vec<usize>> = Vec::new();
    let mut bases = BTreeSet::new();
    for at in order {
        bases.extend(branches[at].base);
        match chunks.last_mut() {
            Some(chunk) if chunk.len() < REFS_AT_ONCE && bases.len() <= BASES_AT_ONCE => chunk.push(at),
            _ => {
                chunks.push(vec![at]);
                bases = branches[at].base.into_iter().collect();
            }
        }
    }
    chunks
}

/// One `git for-each-ref` of `patterns` for a chunk; empty where it fails, and without the branches that have moved.
fn at_once(repo: &Repo, target: Oid, branches: &[Counted], chunk: &[usize], patterns: &[&str]) -> Vec<(usize, Counts)> {
    let bases: Vec<Oid> =
        chunk.iter().filter_map(|&at| branches[at].base).collect::<BTreeSet<_>>().into_iter().collect();
    let mut format = "--format=%(refname)%00%(objectname)".to_owned();
    for commit in std::iter::once(&target).chain(&bases) {
        format.push_str(&format!("%00%(ahead-behind:{commit})"));
    }
    let mut command = repo.command();
    without_fetching(&mut command);
    command.args(["for-each-ref", &format, "--"]).args(patterns);
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
            Some(base) => Some(pair(fields[3 + bases.binary_search(&base).ok()?])?),
            None => None,
        };
        Some((at, Counts::new(Some((ahead, behind)), own)))
    };
    output.stdout.split(|&byte| byte == b'\n').filter_map(counts).collect()
}

fn one(repo: &Repo, target: Oid, branch: &Counted) -> Counts {
    let sides = left_right(repo, branch.tip, target);
    Counts::new(sides, branch.base.and_then(|base| left_right(repo, branch.tip, base)))
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
