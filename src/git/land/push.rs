//! Pushing the target.

use anyhow::Result;

use crate::git::program::{failed, run};
use crate::git::repo::Repo;
use crate::git::stack::contains;
use crate::model::failure::{Exit, Failure};
use crate::model::oid::Oid;
use crate::model::text::shell_word;

/// The remote that git would push the target to.
///
/// # Errors
/// There is none ([`Exit::Refused`]).
pub fn pushes_to(repo: &Repo, target: &str) -> Result<String, Failure> {
    let config = |key: &str| repo.config(key).filter(|value| !value.is_empty());
    let remote = config(&format!("branch.{target}.pushRemote")).or_else(|| config("remote.pushDefault"));
    remote.or_else(|| config(&format!("branch.{target}.remote"))).ok_or_else(|| {
        Failure::new(Exit::Refused, format!("'{target}' has no remote to push to"))
            .hint(format!("use 'git push -u REMOTE {}' to push it where you want it", shell_word(target)))
    })
}

/// Pushes `commit`, to which the branch `target` points, to where git would push that branch. It is a fast-forward of what is known to be
/// there, and fails where something else is there by now. The name of the remote.
///
/// # Errors
/// There is no remote, what is known to be there is not part of `commit` ([`Exit::Refused`]), or the push is rejected
/// ([`Exit::Halfway`]): nothing is changed here.
pub fn push_target(repo: &Repo, target: &str, commit: Oid) -> Result<String> {
    let config = |key: &str| repo.config(key).filter(|value| !value.is_empty());
    let own = config(&format!("branch.{target}.remote"));
    let remote = pushes_to(repo, target)?;
    let merge = config(&format!("branch.{target}.merge")).filter(|_| own.as_ref() == Some(&remote));
    let there = merge.unwrap_or_else(|| format!("refs/heads/{target}"));
    let short = there.strip_prefix("refs/heads/").unwrap_or(&there).to_owned();
    let known = repo.commit_of(&format!("refs/remotes/{remote}/{short}"))?;
    let fetch = format!("use 'git fetch {}' to see what is there", shell_word(&remote));
    if known.is_some_and(|known| !contains(repo, commit, known)) {
        let what = format!("'{remote}/{short}' has commits that '{target}' lacks: it is not pushed");
        return Err(Failure::new(Exit::Halfway, what).hint(fetch).into());
    }
    let lease = known.map_or_else(String::new, |known| known.to_string());
    let mut command = repo.command();
    command.args(["push", "--quiet", &format!("--force-with-lease={there}:{lease}"), "--end-of-options", &remote]);
    command.arg(format!("{commit}:{there}"));
    let output = run(&mut command)?;
    if output.status.success() {
        return Ok(remote);
    }
    let failure = Failure { exit: Exit::Halfway, ..failed(&command, &output) };
    Err(failure.hint(fetch).into())
}
