//! The branch that tasks start from and land on, where nobody names one.

use anyhow::Result;

use super::refs;
use super::repo::Repo;

/// The first there is of: the branch that `origin/HEAD` names, `init.defaultBranch`, `main`, `master`, the current
/// branch (also before its first commit). A short name; the remote-tracking one (`origin/main`) where only that exists.
///
/// `None` on a detached HEAD in a repository that has none of these.
///
/// # Errors
/// A ref cannot be read.
pub fn default_target(repo: &Repo) -> Result<Option<String>> {
    if let Some(branch) = symbolic(repo, "refs/remotes/origin/HEAD", "refs/remotes/origin/")? {
        if exists(repo, &format!("refs/heads/{branch}"))? {
            return Ok(Some(branch));
        }
        if exists(repo, &format!("refs/remotes/origin/{branch}"))? {
            return Ok(Some(format!("origin/{branch}")));
        }
    }
    let configured = repo.config("init.defaultBranch");
    for branch in configured.iter().map(String::as_str).chain(["main", "master"]) {
        if gix::refs::FullName::try_from(format!("refs/heads/{branch}")).is_ok()
            && exists(repo, &format!("refs/heads/{branch}"))?
        {
            return Ok(Some(branch.to_owned()));
        }
    }
    symbolic(repo, "HEAD", "refs/heads/")
}

/// What a symbolic ref points at, without `prefix`; `None` where it is no symbolic ref to something below it.
fn symbolic(repo: &Repo, name: &str, prefix: &str) -> Result<Option<String>> {
    Ok(refs::find(repo, name)?.and_then(|reference| {
        let target = reference.target().try_name()?.as_bstr().to_string();
        Some(target.strip_prefix(prefix)?.to_owned())
    }))
}

fn exists(repo: &Repo, full_name: &str) -> Result<bool> {
    Ok(repo.commit_of(full_name)?.is_some())
}
