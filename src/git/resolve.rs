//! The target: from its name to its commit and its upstream.

use anyhow::{Context, Result};

use super::counts::left_right;
use super::refs;
use super::repo::Repo;
use crate::model::facts::{Target, Upstream};
use crate::model::failure::{Exit, Failure};
use crate::model::text::shell_word;

/// The target of this name: a local branch, else a remote-tracking branch such as `origin/main`.
///
/// # Errors
/// There is no such branch, it has no commits yet ([`Exit::Refused`]), or its commit cannot be read.
pub fn target(repo: &Repo, name: &str) -> Result<Target> {
    let local = format!("refs/heads/{name}");
    for (full, is_local) in [(&local, true), (&format!("refs/remotes/{name}"), false)] {
        if gix::refs::FullName::try_from(full.as_str()).is_err() {
            continue;
        }
        if let Some(commit) = repo.commit_of(full)? {
            let mut target = Target { name: name.to_owned(), commit, upstream: None };
            if is_local {
                target.upstream = upstream(repo, &target, full);
            }
            return Ok(target);
        }
    }
    Err(no_target(repo, name, &local).into())
}

fn no_target(repo: &Repo, name: &str, local: &str) -> Failure {
    let head = refs::find(repo, "HEAD").ok().flatten();
    let unborn =
        head.is_some_and(|head| head.target().try_name().is_some_and(|name| name.as_bstr() == local.as_bytes()));
    if unborn {
        return Failure::new(Exit::Refused, format!("target '{name}' has no commits yet"))
            .hint("use 'git commit --allow-empty' to make the first one");
    }
    Failure::new(Exit::Git, format!("target '{name}' is no branch here"))
        .hint(format!("use 'git branch {} START' to make it", shell_word(name)))
        .hint("set 'target' in dispatch.toml to name another branch")
}

/// The upstream of a local branch; `None` where none is configured, or it is not here, or it can't be compared.
fn upstream(repo: &Repo, target: &Target, full: &str) -> Option<Upstream> {
    let branch = gix::refs::FullName::try_from(full).ok()?;
    let tracking = tracking_ref(repo, &branch)?;
    let commit = repo.commit_of(&tracking).ok()??;
    let (behind, ahead) = left_right(repo, target.commit, commit)?;
    let name = tracking.strip_prefix("refs/remotes/").or(tracking.strip_prefix("refs/heads/")).unwrap_or(&tracking);
    Some(Upstream { name: name.to_owned(), commit, ahead, behind })
}

/// The ref that `branch.<name>.remote` and `branch.<name>.merge` lead to.
fn tracking_ref(repo: &Repo, branch: &gix::refs::FullName) -> Option<String> {
    let short = branch.shorten().to_string();
    if repo.config(&format!("branch.{short}.remote")).as_deref() == Some(".") {
        return repo.config(&format!("branch.{short}.merge"));
    }
    let tracking = repo.gix.branch_remote_tracking_ref_name(branch.as_ref(), gix::remote::Direction::Fetch)?;
    Some(tracking.context("no tracking branch").ok()?.as_bstr().to_string())
}
