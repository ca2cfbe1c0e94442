//! The base of a task that stands on what is not landed yet: a tip, or merges of several in a chain, first made where nobody keeps
//! them, then written to the repository.

mod rebase;

use anyhow::{Context, Result};

use super::program::{failed, run, stdout_of};
use super::quarantine::Quarantine;
use super::reach::reachable;
use super::repo::{Repo, theirs};
use crate::model::oid::Oid;
use crate::model::path::TreePath;
use crate::model::stack::{Asked, Base, Clash, and};

pub use rebase::{
    Rebased, abort_rebase, contains, finish, has_changes, is_this_rebase, is_untouched, keep_next, kept, merges_since,
    quit_rebase, rebase, unmerged,
};

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

/// Writes the commit of a merge to the quarantine, by the committer of git's configuration.
fn commit(repo: &Repo, quarantine: &Quarantine, tree: &str, parents: [Oid; 2], message: &str) -> Result<Oid> {
    super::ledger::committer(repo)?;
    let who = repo.gix.committer().and_then(Result::ok).context("could not read who the committer is")?;
    let (name, mail) = (who.name.to_string(), who.email.to_string());
    let mut command = quarantine.command(repo)?;
    for (role, value) in [("NAME", name.as_str()), ("EMAIL", mail.as_str()), ("DATE", who.time)] {
        for whose in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{whose}_{role}"), value);
        }
    }
    command.args(["-c", "i18n.commitEncoding=UTF-8", "commit-tree", tree]);
    for parent in parents {
        command.args(["-p", &parent.to_string()]);
    }
    let said = stdout_of(command.args(["-m", message]))?;
    let said = String::from_utf8_lossy(&said);
    said.trim().parse().ok().context("git names no commit that it made")
}

/// Writes what `base` needs and only the quarantine has to the repository, synced to disk. Nothing names it yet.
///
/// # Errors
/// git failed, or there is no room.
pub fn keep(repo: &Repo, quarantine: &Quarantine, base: &Base) -> Result<()> {
    if repo.gix.has_object(theirs(base.commit)) {
        return Ok(());
    }
    let wanted = base.parts.iter().fold(base.commit.to_string(), |all, part| format!("{all}\n^{part}")) + "\n";
    let mut pack = quarantine.command(repo)?;
    pack.args(["pack-objects", "--quiet", "--revs", "--stdout"]).stdin(quarantine.input(wanted.as_bytes())?);
    let packed = stdout_of(&mut pack)?;
    let mut unpack = repo.command();
    unpack.args(["-c", "core.fsync=committed,loose-object", "unpack-objects", "-q"]);
    stdout_of(unpack.stdin(quarantine.input(&packed)?))?;
    Ok(())
}
