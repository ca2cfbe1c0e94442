//! The base of a task that stands on what is not landed yet: a tip, or merges of several in a chain, first made where nobody keeps
//! them, then written to the repository.

mod bases;
mod carry;
mod replay;

use std::process::Command;

use anyhow::{Context, Result};

use super::program::{failed, run, stdout_of};
use super::quarantine::Quarantine;
use super::reach::reachable;
use super::repo::Repo;
use crate::model::oid::Oid;
use crate::model::path::TreePath;
use crate::model::stack::{Asked, Base, Clash, and};

pub use bases::{contains, finish, keep_next, kept, merges_since, same_work, unready};
pub use carry::{Way, carry, dirt, leaves_alone, let_go, may_carry, retreat};
pub use replay::{Remade, Stuck, replay};

pub(super) use replay::signs;

/// The commit that `asked` stands on, or which two of its parts do not merge. The target, by name and commit, takes part where a
/// need has landed that the others lack. A part that another one contains is left out.
///
/// New commits are in the quarantine until [`keep`] writes them.
///
/// # Errors
/// git gives no answer: a commit is missing, histories are unrelated, there is no committer.
pub fn base(repo: &Repo, quarantine: &Quarantine, target: (&str, Oid), asked: &Asked) -> Result<Result<Base, Clash>> {
    let tips: Vec<Oid> = asked.on.iter().map(|support| support.tip).collect();
    let mut below = asked.landed.clone();
    for &tip in &tips {
        let contained = reachable(repo, tip, &below);
        below.retain(|commit| !contained.contains(commit));
    }
    let with_target = tips.is_empty() || asked.with_target || !below.is_empty();
    let needs = asked.on.iter().map(|support| (support.id.to_string(), support.tip));
    let all: Vec<(String, Oid)> =
        with_target.then(|| (target.0.to_owned(), target.1)).into_iter().chain(needs).collect();
    let parts = independent(repo, &all);
    let parts_of = || parts.iter().map(|(_, commit)| *commit).collect();
    let mut merged = parts[0].1;
    for at in 1..parts.len() {
        let tree = match merge(repo, quarantine, (merged, parts[at].1))? {
            Ok(tree) => tree,
            Err(paths) => return Ok(Err(clash(repo, quarantine, (&parts[..at], &parts[at]), paths))),
        };
        let names: Vec<&str> = parts[..=at].iter().map(|(name, _)| name.as_str()).collect();
        let message = format!("base of task {}: merge of {}", asked.id, and(&names));
        merged = commit(repo, quarantine, &tree, [merged, parts[at].1], &message)?;
    }
    Ok(Ok(Base { commit: merged, on: asked.on.clone(), parts: parts_of() }))
}

/// Those of `parts` that no other one contains; of equal ones the first.
fn independent(repo: &Repo, parts: &[(String, Oid)]) -> Vec<(String, Oid)> {
    let commits: Vec<Oid> = parts.iter().map(|(_, commit)| *commit).collect();
    let mut kept: Vec<(String, Oid)> = Vec::new();
    for (at, (name, commit)) in parts.iter().enumerate() {
        let contained = parts.iter().enumerate().any(|(other, (_, above))| {
            other != at && (*above != *commit || other < at) && reachable(repo, *above, &commits).contains(commit)
        });
        if !contained {
            kept.push((name.clone(), *commit));
        }
    }
    kept
}

/// The two that are at odds: the new part and the first of the others that it does not merge with, by itself.
fn clash(
    repo: &Repo,
    quarantine: &Quarantine,
    (before, new): (&[(String, Oid)], &(String, Oid)),
    paths: Vec<TreePath>,
) -> Clash {
    for (name, commit) in before {
        if let Ok(Err(paths)) = merge(repo, quarantine, (*commit, new.1)) {
            return Clash { between: [name.clone(), new.0.clone()], paths };
        }
    }
    let names: Vec<&str> = before.iter().map(|(name, _)| name.as_str()).collect();
    Clash { between: [and(&names), new.0.clone()], paths }
}

/// The tree of a merge, which the quarantine has then; or where it conflicts.
fn merge(repo: &Repo, quarantine: &Quarantine, (one, other): (Oid, Oid)) -> Result<Result<String, Vec<TreePath>>> {
    let mut command = quarantine.command(repo)?;
    command.args(["merge-tree", "--write-tree", "--name-only", "--no-messages", "-z"]);
    command.args([one.to_string(), other.to_string()]);
    let output = run(&mut command)?;
    let mut fields = output.stdout.split(|&byte| byte == 0);
    let tree = String::from_utf8_lossy(fields.next().unwrap_or_default()).trim().to_owned();
    match output.status.code() {
        Some(0) => Ok(Ok(tree)),
        Some(1) => {
            let mut paths: Vec<TreePath> = fields.filter(|path| !path.is_empty()).map(TreePath::new).collect();
            paths.dedup();
            Ok(Err(paths))
        }
        _ => Err(failed(&command, &output).into()),
    }
}

/// Writes the commit of a merge to the quarantine, by the committer of git's configuration. It is dated as the newer of its parents: of
/// the same parents, the same commit comes again.
fn commit(repo: &Repo, quarantine: &Quarantine, tree: &str, parents: [Oid; 2], message: &str) -> Result<Oid> {
    let mut newest = 0;
    for parent in parents {
        let mut command = quarantine.command(repo)?;
        let said = stdout_of(command.args(["log", "-1", "--format=%ct", &parent.to_string()]))?;
        newest = newest.max(String::from_utf8_lossy(&said).trim().parse().unwrap_or(0));
    }
    let who = Who { date: format!("@{newest} +0000"), ..who(repo)? };
    let mut command = quarantine.command(repo)?;
    identified(&mut command, "AUTHOR", &who);
    identified(&mut command, "COMMITTER", &who);
    command.args(["-c", "i18n.commitEncoding=UTF-8", "commit-tree", tree, "-m", message]);
    made(&mut command, &parents)
}

/// Who makes a commit, and when, as git takes it from the environment.
struct Who {
    name: String,
    mail: String,
    date: String,
}

/// The committer of git's configuration, now.
fn who(repo: &Repo) -> Result<Who> {
    super::ledger::committer(repo)?;
    let who = repo.gix.committer().and_then(Result::ok).context("could not read who the committer is")?;
    Ok(Who { name: who.name.to_string(), mail: who.email.to_string(), date: who.time.to_owned() })
}

fn identified(command: &mut Command, role: &str, who: &Who) {
    for (what, value) in [("NAME", &who.name), ("EMAIL", &who.mail), ("DATE", &who.date)] {
        command.env(format!("GIT_{role}_{what}"), value);
    }
}

/// Runs a `git commit-tree` with these parents: the commit.
pub(super) fn made(command: &mut Command, parents: &[Oid]) -> Result<Oid> {
    for parent in parents {
        command.args(["-p", &parent.to_string()]);
    }
    let said = stdout_of(command)?;
    String::from_utf8_lossy(&said).trim().parse().ok().context("git names no commit that it made")
}

/// Writes `tip` with what it needs and only the quarantine has to the repository, synced to disk, as far as `known` do not have it. Nothing
/// names it yet.
///
/// # Errors
/// git failed, or there is no room.
pub fn keep(repo: &Repo, quarantine: &Quarantine, tip: Oid, known: &[Oid]) -> Result<()> {
    // That the repository has a commit does not say that it has its trees: an unpacking may have been killed.
    if quarantine.made().is_none() {
        return Ok(());
    }
    let wanted = known.iter().fold(tip.to_string(), |all, part| format!("{all}\n^{part}")) + "\n";
    let mut pack = quarantine.command(repo)?;
    pack.args(["pack-objects", "--quiet", "--revs", "--stdout"]).stdin(quarantine.input(wanted.as_bytes())?);
    let packed = stdout_of(&mut pack)?;
    let mut unpack = repo.command();
    unpack.args(["-c", "core.fsync=committed,loose-object", "unpack-objects", "-q"]);
    stdout_of(unpack.stdin(quarantine.input(&packed)?))?;
    Ok(())
}
