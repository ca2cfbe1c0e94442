//! The own commits of a task, made anew on another base in memory: each as git's merge of its change into what stands there, as
//! `git rebase` does it (git `sequencer.c`), without a worktree. Nothing names what is made.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use anyhow::{Context, Result};

use super::{identified, made, merge, who};
use crate::git::fault::Told;
use crate::git::program::stdout_of;
use crate::git::quarantine::Quarantine;
use crate::git::repo::{Repo, ours, theirs};
use crate::model::oid::Oid;
use crate::model::path::TreePath;

/// The commit that does not go onto what stands there, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    pub commit: Oid,
    /// In git's order.
    pub paths: Vec<TreePath>,
}

/// How commits are made anew.
#[derive(Debug, Clone, Default)]
pub struct Remade<'a> {
    /// Whether they are signed, if the user's configuration says so.
    pub signed: bool,
    /// A line for the end of the last message.
    pub trailer: Option<&'a str>,
}

/// The tip that the commits `from..tip` have on `base`, oldest first; they must hold no merge. A commit whose change `base` has
/// already drops out; author, message and encoding stay, the committer is git's configuration's, which also says whether it is signed.
/// New commits are in the quarantine until [`super::keep`] writes them.
///
/// # Errors
/// git gives no answer: an object is missing, there is no committer, or a commit could not be signed.
pub fn replay(
    repo: &Repo,
    quarantine: &Quarantine,
    (from, tip): (Oid, Oid),
    base: Oid,
    remade: &Remade<'_>,
) -> Result<Result<Oid, Stuck>> {
    let mut command = repo.command();
    command.args(["rev-list", "--reverse", "--topo-order", &format!("{from}..{tip}"), "--"]);
    let listed = stdout_of(&mut command)?;
    let listed = String::from_utf8_lossy(&listed);
    let mut stand = base;
    let last = listed.lines().last();
    for commit in listed.lines() {
        let trailer = remade.trailer.filter(|_| Some(commit) == last);
        let remade = Remade { trailer, ..*remade };
        let commit = commit.parse().ok().context("git lists what is no commit")?;
        stand = match pick((repo, quarantine), commit, stand, &remade)? {
            Ok(next) => next,
            Err(paths) => return Ok(Err(Stuck { commit, paths })),
        };
    }
    Ok(Ok(stand))
}

fn pick(
    (repo, quarantine): (&Repo, &Quarantine),
    id: Oid,
    stand: Oid,
    remade: &Remade<'_>,
) -> Result<Result<Oid, Vec<TreePath>>> {
    let unread = || format!("could not read commit {id}");
    let commit = repo.gix.find_commit(theirs(id)).told(unread)?;
    let parent =
        commit.parent_ids().next().map(|parent| ours(&parent)).context("it has no parent").with_context(unread)?;
    if parent == stand && remade.trailer.is_none() {
        return Ok(Ok(id));
    }
    let before = tree(repo, quarantine, parent)?;
    let onto = tree(repo, quarantine, stand)?;
    let own = commit.tree_id().told(unread)?.to_string();
    // git takes no base but the merge base before 2.40: a commit of what stands there, as if made on the parent, has that one.
    let beside = commit_tree(quarantine.command(repo)?, (repo, &onto), &[parent], None)?;
    let merged = match merge(repo, quarantine, (beside, id))? {
        Ok(merged) => merged,
        Err(paths) => return Ok(Err(paths)),
    };
    // One that was empty from the beginning says something all the same.
    if merged == onto && own != before {
        return Ok(Ok(stand));
    }
    let original = commit.detach();
    commit_tree(quarantine.command(repo)?, (repo, &merged), &[stand], Some((&original.data, quarantine, remade)))
        .map(Ok)
}

/// The tree of a commit, which may be in the quarantine only.
fn tree(repo: &Repo, quarantine: &Quarantine, commit: Oid) -> Result<String> {
    let said = stdout_of(quarantine.command(repo)?.args(["rev-parse", "--verify", &format!("{commit}^{{tree}}")]))?;
    Ok(String::from_utf8_lossy(&said).trim().to_owned())
}

/// Writes a commit, as the one of which these are the bytes was written; without one, for nobody to see.
fn commit_tree(
    mut command: Command,
    (repo, tree): (&Repo, &str),
    parents: &[Oid],
    original: Option<(&[u8], &Quarantine, &Remade<'_>)>,
) -> Result<Oid> {
    let committer = who(repo)?;
    identified(&mut command, "COMMITTER", &committer);
    let Some((bytes, quarantine, remade)) = original else {
        identified(&mut command, "AUTHOR", &committer);
        command.args(["commit-tree", tree, "-m", ""]);
        return made(&mut command, parents);
    };
    let kind = repo.gix.object_hash();
    let original = gix::objs::CommitRef::from_bytes(bytes, kind).told(|| "could not read a commit".to_owned())?;
    let author = original.author().told(|| "could not read the author of a commit".to_owned())?;
    command.env("GIT_AUTHOR_NAME", OsStr::from_bytes(author.name));
    command.env("GIT_AUTHOR_EMAIL", OsStr::from_bytes(author.email));
    command.env("GIT_AUTHOR_DATE", format!("@{}", author.time));
    let encoding = original.encoding.map_or_else(|| "UTF-8".to_owned(), ToString::to_string);
    command.arg("-c").arg(format!("i18n.commitEncoding={encoding}")).args(["commit-tree", tree]);
    if remade.signed && signs(repo) {
        command.arg("-S");
    }
    let message = match remade.trailer {
        Some(trailer) => with_trailer(original.message, trailer),
        None => original.message.to_vec(),
    };
    command.args(["-F", "-"]).stdin(quarantine.input(&message)?);
    made(&mut command, parents)
}

/// Whether the user's configuration has commits signed.
pub(in crate::git) fn signs(repo: &Repo) -> bool {
    matches!(repo.config("commit.gpgSign").as_deref(), Some("true" | "yes" | "on" | "1"))
}

/// The message with one more trailer: in its last paragraph, where that is one of trailers, else in one of its own.
fn with_trailer(message: &[u8], trailer: &str) -> Vec<u8> {
    let text = message.trim_ascii_end();
    let last = text.rsplit(|&byte| byte == b'\n').take_while(|line| !line.is_empty());
    let token = |line: &[u8]| {
        let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
        name.len() < line.len() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    };
    let one = text.split(|&byte| byte == b'\n').any(<[u8]>::is_empty);
    let gap: &[u8] = if one && last.clone().all(token) { b"\n" } else { b"\n\n" };
    [text, gap, trailer.as_bytes(), b"\n"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailer_joins_those_that_are_there() {
        let told = |message: &str| String::from_utf8(with_trailer(message.as_bytes(), "Task: A")).unwrap();
        assert_eq!(told("subject\n"), "subject\n\nTask: A\n");
        assert_eq!(told("fix: subject\n"), "fix: subject\n\nTask: A\n");
        assert_eq!(told("subject\n\nbody: of\nlines\n"), "subject\n\nbody: of\nlines\n\nTask: A\n");
        assert_eq!(told("subject\n\nSigned-off-by: A <a@b>\n\n"), "subject\n\nSigned-off-by: A <a@b>\nTask: A\n");
    }
}
