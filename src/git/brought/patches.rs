//! Rebases: the patches of a branch's own commits, each on some commit of the target.

use std::collections::{BTreeSet, HashMap};

use super::line::{Commit, Line, compare, compared, whole};
use super::text::{Patch, patches};
use super::trees::{Difference, Entry, Paths};
use super::{FILES_FOLLOWED, Open, is_ancestor, pr};
use crate::git::merges::merges;
use crate::git::program::run;
use crate::git::quarantine::{Quarantine, without_fetching};
use crate::git::repo::{Repo, ours, theirs};
use crate::git::scan::objects::Objects;
use crate::model::facts::{Brought, How};
use crate::model::oid::Oid;

/// A branch of more own commits is not looked at.
const OWN_COMMITS: u64 = 1000;

/// The files that a commit changes, with their modes: equal patches have equal shapes.
type Shape = Vec<(Vec<u8>, Option<u16>, Option<u16>)>;

/// A branch's own commits that the target lacks.
struct Own {
    /// Of those that are no merges and change something.
    changes: Vec<(Oid, Vec<Difference>)>,
    /// Each with its two parents.
    merges: Vec<(Commit, Oid, Oid)>,
}

/// Looks for rebases of the branches that are not decided yet, among the commits that are new to each. `touched` holds,
/// for each branch, the places on the line that touch what it changes: a branch without any costs nothing.
///
/// Merges among the own commits have to be what git makes of their parents: what was changed in one is no patch.
///
/// `None` where something could not be read.
pub(super) fn rebases(
    repo: &Repo,
    quarantine: &Quarantine,
    (target, line): (Oid, &Line),
    open: &mut [Open],
    touched: &[Vec<usize>],
) -> Option<()> {
    let mut asked: Vec<(usize, Own)> = Vec::new();
    for (number, open) in open.iter().enumerate() {
        let wanted = open.undecided() && !touched[number].is_empty() && open.ahead <= OWN_COMMITS;
        if let Some(own) = wanted.then(|| own(repo, target, open)).flatten() {
            asked.push((number, own));
        }
    }
    if asked.is_empty() {
        return Some(());
    }
    let deepest = asked.iter().map(|(number, _)| open[*number].new).max().unwrap_or(0);
    let newer = newer(repo, target, &line.commits[..deepest])?;
    let (matches, sure) = matches(repo, &newer, &asked);
    let mut commits: BTreeSet<Oid> = BTreeSet::new();
    for (own, carriers) in &matches {
        commits.insert(*own);
        commits.extend(carriers.iter().map(|place| newer[*place].id));
    }
    let patches = if commits.is_empty() { HashMap::new() } else { patches(repo, quarantine, &commits)? };
    let carriers = Carriers { newer: &newer, matches, patches };
    let pairs = asked.iter().flat_map(|(number, own)| carriers.pairs(repo, (*number, &open[*number]), own));
    let picked = picked(repo, quarantine, &newer, pairs.collect())?;
    for (number, own) in asked {
        let open = &mut open[number];
        carry((number, open), &own, &picked);
        let all = own.changes.iter().all(|(id, _)| open.found.carried.iter().any(|(carried, _)| carried == id));
        // The last commit of a rebase is a squash of what was left; one commit alone is that, and no rebase.
        let enough = own.changes.len() > usize::from(open.found.brought.is_some());
        if all && enough && merged_by_git(repo, quarantine, &own.merges) {
            open.found.brought = newest(repo, open, &newer);
        }
    }
    sure.then_some(())
}

/// The commits of the target that are not merges, from its newest down to the end of `line`, newest first.
fn newer(repo: &Repo, target: Oid, line: &[Commit]) -> Option<Vec<Commit>> {
    if !line.iter().any(|commit| commit.merge) {
        return Some(line.to_vec());
    }
    let mut command = repo.command();
    without_fetching(&mut command);
    command.args(["rev-list", "--no-merges", "--topo-order", &format!("--max-count={}", super::COMMITS_READ)]);
    command.args(["--end-of-options", &target.to_string()]);
    command.args(line.last().and_then(|last| last.parent).map(|(parent, _)| format!("^{parent}")));
    let output = run(command.arg("--")).ok().filter(|output| output.status.success())?;
    let mut gix = repo.gix.clone();
    gix.object_cache_size_if_unset(4 << 20);
    String::from_utf8_lossy(&output.stdout).lines().map(|id| whole(&gix, id.parse().ok()?)).collect()
}

/// For each own commit, the places of those in `newer` that have its shape; and whether all could be read.
fn matches(repo: &Repo, newer: &[Commit], asked: &[(usize, Own)]) -> (HashMap<Oid, Vec<usize>>, bool) {
    let mut shapes: HashMap<Shape, Vec<Oid>> = HashMap::new();
    let mut paths = Paths::default();
    for (id, changes) in asked.iter().flat_map(|(_, own)| &own.changes) {
        shapes.entry(shape(changes)).or_default().push(*id);
        changes.iter().for_each(|change| paths.add(&change.path));
    }
    let mut matches: HashMap<Oid, Vec<usize>> = HashMap::new();
    let compared = compared(repo, newer, &paths);
    for (place, differences) in compared.iter().enumerate() {
        let Some(differences) = differences.as_ref().filter(|differences| !differences.is_empty()) else { continue };
        // What it changes elsewhere is compared only where the rest is a match.
        let Some(own) = shapes.get(&shape(differences)) else { continue };
        let whole = compare(&repo.gix, &newer[place], None, differences.len());
        if whole.is_some_and(|whole| whole.len() == differences.len()) {
            own.iter().for_each(|id| matches.entry(*id).or_default().push(place));
        }
    }
    (matches, compared.iter().all(Option::is_some))
}

fn shape(differences: &[Difference]) -> Shape {
    let mode = |side: Option<Entry>| side.map(|side| side.mode);
    differences.iter().map(|one| (one.path.clone(), mode(one.old), mode(one.new))).collect()
}

/// Commits of the target, and which of them may carry which own commit.
struct Carriers<'a> {
    newer: &'a [Commit],
    matches: HashMap<Oid, Vec<usize>>,
    patches: HashMap<Oid, Patch>,
}

/// A commit of the branch with this number.
type OfBranch = (usize, Oid);

/// An own commit, and the place in [`Carriers::newer`] of one that may carry it.
type Pair = (OfBranch, usize);

impl Carriers<'_> {
    /// The own commits, each with those of the target that have its patch, and that the branch does not have itself.
    fn pairs(&self, repo: &Repo, (number, open): (usize, &Open), own: &Own) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for (id, _) in &own.changes {
            let places = self.matches.get(id).map(Vec::as_slice).unwrap_or_default();
            let same = |&&place: &&usize| {
                let commit = self.newer[place].id;
                let (one, other) = (self.patches.get(id), self.patches.get(&commit));
                one.is_some() && one == other && !is_ancestor(&repo.gix, commit, open.key.0)
            };
            pairs.extend(places.iter().filter(same).map(|&place| ((number, *id), place)));
        }
        pairs
    }
}

/// By own commit, the first of those that it was paired with that is what git makes of it there, by picking it onto the parent: equal
/// patches alone may stand at another place of a file. `None` where git fails.
fn picked(repo: &Repo, quarantine: &Quarantine, newer: &[Commit], pairs: Vec<Pair>) -> Option<HashMap<OfBranch, Oid>> {
    if pairs.is_empty() {
        return Some(HashMap::new());
    }
    let objects = Objects::new(&repo.gix, quarantine);
    // A commit of what the target had, on the parent of the own commit, which is its merge base with that then.
    let sides = |&((_, id), place): &Pair| {
        let (_, before) = newer[place].parent?;
        let parent = *parents(&repo.gix, id)?.first()?;
        Some((ours(&objects.commit(before, theirs(parent))?), id))
    };
    let asked: Vec<(Pair, (Oid, Oid))> = pairs.iter().filter_map(|pair| Some((*pair, sides(pair)?))).collect();
    let sides: Vec<(Oid, Oid)> = asked.iter().map(|(_, sides)| *sides).collect();
    let mut picked = HashMap::new();
    for (((own, place), _), merge) in asked.into_iter().zip(merges(repo, quarantine, &sides).ok()?) {
        let commit = &newer[place];
        if merge.is_some_and(|merge| merge.clean && theirs(merge.tree) == commit.tree) {
            picked.entry(own).or_insert(commit.id);
        }
    }
    Some(picked)
}

/// Adds to what is carried of `open` its own commits that were picked.
fn carry((number, open): (usize, &mut Open), own: &Own, picked: &HashMap<OfBranch, Oid>) {
    for (id, _) in &own.changes {
        if let Some(carrier) = picked.get(&(number, *id)) {
            open.found.carried.retain(|(carried, _)| carried != id);
            open.found.carried.push((*id, *carrier));
        }
    }
}

/// The newest of those that carry the branch.
fn newest(repo: &Repo, open: &Open, newer: &[Commit]) -> Option<Brought> {
    let carriers: BTreeSet<Oid> = open.found.carried.iter().map(|(_, carrier)| *carrier).collect();
    let newest = newer.iter().map(|commit| commit.id).find(|id| carriers.contains(id));
    let commit = newest.or_else(|| carriers.first().copied())?;
    Some(Brought { how: How::Rebase, commit, pr: pr(repo, commit) })
}

fn own(repo: &Repo, target: Oid, open: &Open) -> Option<Own> {
    let mut gix = repo.gix.clone();
    gix.object_cache_size_if_unset(4 << 20);
    let ids = match topmost(&gix, open.key.0, open.ahead) {
        Some((ids, _)) => ids,
        None => listed(repo, target, open.key.0)?,
    };
    let mut own = Own { changes: Vec::new(), merges: Vec::new() };
    for id in ids {
        let commit = whole(&gix, id)?;
        if commit.merge {
            let parents: Vec<Oid> = parents(&gix, id)?;
            let [one, other] = parents[..] else { return None };
            own.merges.push((commit, one, other));
            continue;
        }
        let changes = compare(&gix, &commit, None, FILES_FOLLOWED)?;
        if !changes.is_empty() {
            own.changes.push((id, changes));
        }
    }
    Some(own)
}

fn parents(gix: &gix::Repository, id: Oid) -> Option<Vec<Oid>> {
    Some(gix.find_commit(theirs(id)).ok()?.parent_ids().map(|parent| ours(&parent)).collect())
}

/// The `ahead` commits at the top, where no merge is among them, and what is below: these are the branch's own, for with a commit
/// the target has all that is below it.
pub(super) fn topmost(gix: &gix::Repository, tip: Oid, ahead: u64) -> Option<(Vec<Oid>, Oid)> {
    let (mut ids, mut next) = (Vec::new(), tip);
    for _ in 0..ahead {
        ids.push(next);
        let [parent] = parents(gix, next)?[..] else { return None };
        next = parent;
    }
    Some((ids, next))
}

fn listed(repo: &Repo, target: Oid, tip: Oid) -> Option<Vec<Oid>> {
    let mut command = repo.command();
    without_fetching(&mut command);
    command.args(["rev-list", "--end-of-options", &tip.to_string(), &format!("^{target}"), "--"]);
    let output = run(&mut command).ok().filter(|output| output.status.success())?;
    String::from_utf8_lossy(&output.stdout).lines().map(|id| id.parse().ok()).collect()
}

fn merged_by_git(repo: &Repo, quarantine: &Quarantine, own: &[(Commit, Oid, Oid)]) -> bool {
    let pairs: Vec<(Oid, Oid)> = own.iter().map(|(_, one, other)| (*one, *other)).collect();
    if pairs.is_empty() {
        return true;
    }
    let Ok(answers) = merges(repo, quarantine, &pairs) else { return false };
    own.iter()
        .zip(answers)
        .all(|((commit, ..), answer)| answer.is_some_and(|merge| merge.clean && theirs(merge.tree) == commit.tree))
}
