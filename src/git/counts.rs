//! How far branches are from the target and from their bases.

mod cache;

use cache::Cache;

use super::cache_file::CacheFile;
use super::parallel;
use super::program::run;
use super::quarantine::without_fetching;
use super::refs;
use super::repo::Repo;
use super::walk::{Walked, walk};
use crate::model::oid::Oid;

/// Commits read as objects, but for the branches' own, beyond which counts are worth keeping: some milliseconds.
const COSTLY: usize = 2000;

/// A branch whose commits are to be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Counted {
    pub tip: Oid,
    pub base: Option<Oid>,
}

/// Numbers of commits; `None` where they cannot be counted (a commit is missing).
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
    /// Whether some of the commits from the base to the tip are the target's.
    pub has_more_of_target: Option<bool>,
    /// With the target; of several, the one that git names first. `None` also where there is none.
    pub merge_base: Option<Oid>,
    /// A commit that cannot be read, for which something above is not known.
    pub missing: Option<Oid>,
}

/// The counts of each branch against `target`, in the order given: what `git rev-list --count`, `git merge-base` and
/// `git merge-base --is-ancestor` say.
///
/// One walk of our own counts for all; what cost much is kept in `<common git dir>/dispatch/cache/counts`. git is asked
/// where commits are replaced or grafted, and for the first of several merge bases.
pub fn counts(repo: &Repo, target: Oid, branches: &[Counted]) -> Vec<Counts> {
    if rewritten(repo) {
        return parallel::each(branches, repos(repo, branches.len()), |repo, &one| by_git(repo, target, one));
    }
    let file = CacheFile::new(repo.common_dir(), "counts");
    // Where a history is cut off may change.
    let lasting = repo.gix.is_shallow().is_ok_and(|shallow| !shallow);
    let cache = if lasting { Cache::read(&file) } else { Cache::default() };
    let mut counts: Vec<Option<Counts>> = branches.iter().map(|&one| cache.known(target, one)).collect();
    let asked: Vec<usize> = (0..branches.len()).filter(|&at| counts[at].is_none()).collect();
    let rest: Vec<Counted> = asked.iter().map(|&at| branches[at]).collect();
    let (walked, objects) = walked(repo, target, &rest);
    if lasting && objects > COSTLY + 2 * branches.len() {
        let new: Vec<(Counted, Counts)> = rest.into_iter().zip(walked.iter().copied()).collect();
        // A cache that cannot be written costs time, no answer.
        _ = cache.write(&file, target, &new);
    }
    for (at, walked) in asked.into_iter().zip(walked) {
        counts[at] = Some(walked);
    }
    counts.into_iter().map(Option::unwrap_or_default).collect()
}

/// By one walk, and by git what that leaves open; and how many commits were read as objects.
fn walked(repo: &Repo, target: Oid, branches: &[Counted]) -> (Vec<Counts>, usize) {
    if branches.is_empty() {
        return (Vec::new(), 0);
    }
    let Walked { answers, objects } = walk(repo, target, branches);
    let several: Vec<usize> = (0..).zip(&answers).filter(|(_, answer)| answer.several).map(|(at, _)| at).collect();
    let rest: Vec<usize> = (answers.len()..branches.len()).collect();
    let named =
        parallel::each(&several, repos(repo, several.len()), |repo, &at| merge_base(repo, target, branches[at].tip));
    let mut counts: Vec<Counts> = answers.into_iter().map(|answer| answer.counts).collect();
    for (at, base) in several.into_iter().zip(named) {
        counts[at].merge_base = base;
    }
    counts.extend(parallel::each(&rest, repos(repo, rest.len()), |repo, &at| by_git(repo, target, branches[at])));
    (counts, objects)
}

/// One for each thread.
fn repos(repo: &Repo, items: usize) -> Vec<Repo> {
    (0..parallel::threads(items)).map(|_| repo.clone()).collect()
}

/// Commits that only `left` has, and that only `right` has; `None` where they cannot be counted.
pub(super) fn left_right(repo: &Repo, left: Oid, right: Oid) -> Option<(u64, u64)> {
    let counts = counts(repo, right, &[Counted { tip: left, base: None }]);
    let counts = counts.first()?;
    counts.ahead.zip(counts.behind)
}

/// Whether git sees other parents than commits name.
fn rewritten(repo: &Repo) -> bool {
    repo.common_dir().join("info/grafts").exists() || refs::replaces(repo).unwrap_or(true)
}

fn by_git(repo: &Repo, target: Oid, branch: Counted) -> Counts {
    let sides = sides(repo, branch.tip, target);
    let base = branch.base.and_then(|base| Some((base, self::sides(repo, branch.tip, base)?)));
    let own = base.map(|(_, (own, _))| own);
    Counts {
        ahead: sides.map(|(ahead, _)| ahead),
        behind: sides.map(|(_, behind)| behind),
        own,
        contains_base: base.map(|(_, (_, lost))| lost == 0),
        has_more_of_target: base.and_then(|(base, _)| {
            let beside = count(repo, branch.tip, &[base, target])?;
            Some(own > Some(beside))
        }),
        merge_base: merge_base(repo, target, branch.tip),
        missing: None,
    }
}

fn merge_base(repo: &Repo, target: Oid, tip: Oid) -> Option<Oid> {
    let said = said(repo, &["merge-base", "--end-of-options", &target.to_string(), &tip.to_string()])?;
    said.trim().parse().ok()
}

/// Commits that only `left` has, and that only `right` has.
fn sides(repo: &Repo, left: Oid, right: Oid) -> Option<(u64, u64)> {
    let range = format!("{left}...{right}");
    let said = said(repo, &["rev-list", "--count", "--left-right", "--end-of-options", &range, "--"])?;
    let (left, right) = said.trim().split_once('\t')?;
    Some((left.parse().ok()?, right.parse().ok()?))
}

/// Commits of `tip` that none of `without` has.
fn count(repo: &Repo, tip: Oid, without: &[Oid]) -> Option<u64> {
    let tip = tip.to_string();
    let without: Vec<String> = without.iter().map(|oid| format!("^{oid}")).collect();
    let mut arguments = vec!["rev-list", "--count", "--end-of-options", &tip];
    arguments.extend(without.iter().map(String::as_str));
    said(repo, &arguments)?.trim().parse().ok()
}

fn said(repo: &Repo, arguments: &[&str]) -> Option<String> {
    let mut command = repo.command();
    without_fetching(&mut command);
    let output = run(command.args(arguments)).ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}
