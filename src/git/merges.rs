//! What merging one commit into another would give, by git's own words, with nothing written to the repository.

use std::fmt::Write as _;
use std::fs::File;
use std::process::Stdio;

use anyhow::{Context, Result};

use super::program::{Version, run};
use super::quarantine::{Quarantine, without_fetching};
use super::repo::{Repo, ours, theirs};
use crate::model::facts::Merge;
use crate::model::oid::Oid;
use crate::model::path::TreePath;

/// What `git merge-tree --write-tree <target> <tip>` says of each pair `(target, tip)`, in the order given.
///
/// The attributes (merge drivers, line endings) are those that the quarantine was made for, whatever is checked out. `None`
/// where git gives no answer: an object is missing, the histories are unrelated, or a shallow history ends before their
/// merge base may have been found.
///
/// # Errors
/// git cannot be run, or there is no room for temporary files.
pub fn merges(repo: &Repo, quarantine: &Quarantine, pairs: &[(Oid, Oid)]) -> Result<Vec<Option<Merge>>> {
    let sides = sides_of(repo, pairs);
    let mut answers: Vec<_> = sides.iter().map(|sides| sides.as_ref().and_then(Sides::decided)).collect();
    let open: Vec<usize> = (0..pairs.len()).filter(|&at| sides[at].is_some() && answers[at].is_none()).collect();
    if open.is_empty() {
        return Ok(answers);
    }
    let asked: Vec<(Oid, Oid)> = open.iter().map(|&at| pairs[at]).collect();
    for (&at, said) in open.iter().zip(ask_git(repo, quarantine, &asked)?) {
        answers[at] = said.zip(sides[at].as_ref()).map(|(said, sides)| sides.merge(said));
    }
    Ok(answers)
}

/// What git says of one merge.
struct Said {
    clean: bool,
    tree: Oid,
    conflicts: Vec<TreePath>,
}

/// The trees that take part in a merge.
struct Sides {
    target: Oid,
    tip: Oid,
    /// Of the first merge base.
    base: Oid,
    /// Whether there is no other merge base.
    one_base: bool,
}

impl Sides {
    fn merge(&self, said: Said) -> Merge {
        Merge {
            clean: said.clean,
            tree: said.tree,
            conflicts: said.conflicts,
            adds_nothing: said.clean && said.tree == self.target,
            tip_changes_something: self.tip != self.base,
        }
    }

    /// The answer, where one side changed nothing or both did the same. With one merge base git's is the same: it takes
    /// whole trees before it looks for renames.
    fn decided(&self) -> Option<Merge> {
        if !self.one_base {
            return None;
        }
        let tree = if self.base == self.target {
            self.tip
        } else if self.base == self.tip || self.target == self.tip {
            self.target
        } else {
            return None;
        };
        Some(self.merge(Said { clean: true, tree, conflicts: Vec::new() }))
    }
}

/// The trees of each pair; `None` where one cannot be read or there is no merge base.
fn sides_of(repo: &Repo, pairs: &[(Oid, Oid)]) -> Vec<Option<Sides>> {
    let mut gix = repo.gix.clone();
    gix.object_cache_size_if_unset(4 << 20);
    let shallow: Vec<Oid> = match gix.shallow_commits() {
        Ok(Some(commits)) => commits.iter().map(|id| ours(id)).collect(),
        _ => Vec::new(),
    };
    let cache = gix.commit_graph_if_enabled().ok().flatten();
    let mut graph = gix.revision_graph(cache.as_ref());
    let tree = |commit: Oid| Some(ours(&gix.find_commit(theirs(commit)).ok()?.tree_id().ok()?));
    let mut sides = |&(target, tip): &(Oid, Oid)| {
        let bases = gix.merge_bases_many_with_graph(theirs(target), &[theirs(tip)], &mut graph).ok()?;
        let base = ours(bases.first()?);
        if !shallow.is_empty() && ends_too_soon(repo, &shallow, target, tip) {
            return None;
        }
        Some(Sides { target: tree(target)?, tip: tree(tip)?, base: tree(base)?, one_base: bases.len() == 1 })
    };
    pairs.iter().map(&mut sides).collect()
}

/// Whether a shallow history ends at a commit that only one side has: what follows might be a better merge base.
fn ends_too_soon(repo: &Repo, shallow: &[Oid], target: Oid, tip: Oid) -> bool {
    let mut command = repo.command();
    without_fetching(&mut command);
    command.args(["rev-list", "--end-of-options", &format!("{target}...{tip}")]);
    let Some(output) = run(&mut command).ok().filter(|output| output.status.success()) else {
        return true;
    };
    let ends = |line: &str| line.parse().is_ok_and(|commit| shallow.contains(&commit));
    String::from_utf8_lossy(&output.stdout).lines().any(ends)
}

/// git's answer to each pair, through as few processes as this git allows.
fn ask_git(repo: &Repo, quarantine: &Quarantine, pairs: &[(Oid, Oid)]) -> Result<Vec<Option<Said>>> {
    if repo.git.version < Version(2, 39) {
        return pairs.iter().map(|&pair| ask_for_one(repo, quarantine, pair)).collect();
    }
    let mut answers = Vec::new();
    while answers.len() < pairs.len() {
        let rest = &pairs[answers.len()..];
        answers.extend(ask_for_many(repo, quarantine, rest)?.into_iter().take(rest.len()).map(Some));
        if answers.len() < pairs.len() {
            answers.push(None);
        }
    }
    Ok(answers)
}

const MERGE_TREE: [&str; 5] = ["merge-tree", "--write-tree", "--name-only", "--no-messages", "-z"];

/// git's answers up to the first pair that it dies of.
fn ask_for_many(repo: &Repo, quarantine: &Quarantine, pairs: &[(Oid, Oid)]) -> Result<Vec<Said>> {
    let mut lines = String::new();
    for (target, tip) in pairs {
        _ = writeln!(lines, "{target} {tip}");
    }
    let input = quarantine.file("pairs")?;
    std::fs::write(&input, lines).context("could not write a temp file")?;
    let mut command = quarantine.command(repo)?;
    command.args(MERGE_TREE).arg("--stdin");
    command.stdin(Stdio::from(File::open(&input).context("could not read a temp file")?));
    Ok(parse(&run(&mut command)?.stdout))
}

fn ask_for_one(repo: &Repo, quarantine: &Quarantine, (target, tip): (Oid, Oid)) -> Result<Option<Said>> {
    let mut command = quarantine.command(repo)?;
    command.args(MERGE_TREE).args([target.to_string(), tip.to_string()]);
    let output = run(&mut command)?;
    let mut answer = match output.status.code() {
        Some(0) => b"1\0".to_vec(),
        Some(1) => b"0\0".to_vec(),
        _ => return Ok(None),
    };
    answer.extend(output.stdout);
    answer.push(0);
    Ok(parse(&answer).into_iter().next())
}

/// Reads answers of `merge-tree --stdin -z --name-only --no-messages`: each is `1` (clean) or `0`, the tree, the
/// conflicted paths, and an empty string, all followed by NUL. An answer that is cut off is none.
fn parse(output: &[u8]) -> Vec<Said> {
    let mut answers = Vec::new();
    let mut fields = output.split_inclusive(|&byte| byte == 0).map_while(|field| field.strip_suffix(b"\0"));
    while let (Some(verdict), Some(tree)) = (fields.next(), fields.next()) {
        let Some(tree) = std::str::from_utf8(tree).ok().and_then(|hex| hex.parse().ok()) else { break };
        let mut conflicts = Vec::new();
        let end = loop {
            match fields.next() {
                Some(b"") => break true,
                Some(path) => conflicts.push(TreePath::new(path)),
                None => break false,
            }
        };
        if !end {
            break;
        }
        answers.push(Said { clean: verdict == b"1", tree, conflicts });
    }
    answers
}
