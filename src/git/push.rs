//! Pushing the branch of a task to where it is merged.

use std::process::Output;

use anyhow::Result;
use gix::bstr::ByteSlice;

use super::program::run;
use super::reflog;
use super::repo::Repo;
use super::stack::contains;
use super::twin;
use super::worktrees::on_branch;
use crate::model::failure::{Exit, Failure};
use crate::model::forge::{shown, without_secrets};
use crate::model::oid::Oid;
use crate::model::submit::{Submission, Way};
use crate::model::text::shell_word;

/// The most lines of what git, a hook or the remote say that are repeated.
const MOST_LINES: usize = 12;
/// How the reflog of a remote-tracking branch begins where a push moved it (git `transport.c`).
const PUSHED: &str = "update by push";

/// The remote that the branch is pushed to, as git chooses it (git-config(1), `branch.<name>.pushRemote`), else that of the target, else
/// `origin` or the only one there is. A name, or an address in its place. `None`: there is none.
pub fn push_remote(repo: &Repo, branch: &str, target: &str) -> Option<String> {
    let said = |key: &str| repo.config(key).filter(|value| !value.is_empty() && value != ".");
    said(&format!("branch.{branch}.pushRemote"))
        .or_else(|| said("remote.pushDefault"))
        .or_else(|| said(&format!("branch.{branch}.remote")))
        .or_else(|| target_remote(repo, target).map(|(remote, _)| remote))
        .or_else(|| twin::remote(repo))
}

/// Where the target is on a remote, and what its branch is called there. `None`: on none.
pub fn target_remote(repo: &Repo, target: &str) -> Option<(String, String)> {
    let said = |key: &str| repo.config(&format!("branch.{target}.{key}"));
    if repo.commit_of(&format!("refs/heads/{target}")).is_ok_and(|found| found.is_some()) {
        let remote = said("remote").filter(|remote| remote != ".")?;
        let merge = said("merge")?;
        return Some((remote, merge.strip_prefix("refs/heads/")?.to_owned()));
    }
    let names = repo.gix.remote_names();
    let of = |name: String| target.strip_prefix(&format!("{name}/")).map(|branch| (name.clone(), branch.to_owned()));
    names.iter().find_map(|name| of(name.to_string()))
}

/// The address of a remote, by git's rules (`url.<base>.insteadOf`); `push`: the one that is pushed to. A remote without a name is one.
pub fn remote_url(repo: &Repo, remote: &str, push: bool) -> String {
    let mut command = repo.command();
    command.args(["remote", "get-url"]).args(push.then_some("--push")).args(["--", remote]);
    let url = run(&mut command).ok().filter(|output| output.status.success());
    let url = url.map(|output| String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned());
    url.filter(|url| !url.is_empty()).unwrap_or_else(|| remote.to_owned())
}

/// How the branch comes to the remote.
///
/// # Errors
/// The remote-tracking branch has commits that the task lacks and that nobody pushed from here ([`Exit::Refused`]).
pub fn way(repo: &Repo, task: &Submission, remote: &str) -> Result<Way> {
    let named = repo.gix.remote_names().iter().any(|name| name.as_bytes() == remote.as_bytes());
    let tracking = format!("refs/remotes/{remote}/{}", task.branch);
    // An address has no remote-tracking branch: there, what is recorded tells.
    let there = if named { repo.commit_of(&tracking)? } else { task.known.as_ref().map(|known| known.tip) };
    let Some(there) = there else { return Ok(Way::New) };
    if there == task.tip {
        return Ok(Way::Same);
    }
    if contains(repo, task.tip, there) {
        return Ok(Way::Forward(there));
    }
    // The ledger may be another's word, and what is replaced is lost there: only what git noted here counts.
    if was_at(repo, &format!("refs/heads/{}", task.branch), there, "")
        || named && was_at(repo, &tracking, there, PUSHED)
    {
        return Ok(Way::Replace(there));
    }
    let name = format!("{}/{}", shown(remote), task.branch);
    let what = format!("'{name}' has commits that are not in task '{}', and are not its own", task.id);
    let failure = Failure::new(Exit::Refused, what);
    let failure = match named {
        true => failure.hint(format!("use 'git log {}..{}' to see them", shell_word(&task.branch), shell_word(&name))),
        false => failure,
    };
    Err(failure.hint(format!("use 'git dispatch report {} --done' again when they are in it", task.id)).into())
}

/// Whether the reflog of a ref says that it was at `commit`, in an entry with a message that begins so.
fn was_at(repo: &Repo, full_name: &str, commit: Oid, message: &str) -> bool {
    let (log, commit) = (reflog::of_ref(repo, full_name), commit.to_string());
    let at = |line: &[u8]| {
        let (ids, said) = line.split_once_str("\t").unwrap_or((line, b""));
        ids.split(|byte| *byte == b' ').nth(1) == Some(commit.as_bytes()) && said.starts_with(message.as_bytes())
    };
    log.lines().any(at)
}

/// A branch on its way.
pub struct Pushing<'a> {
    pub task: &'a Submission,
    /// A name, or an address.
    pub remote: &'a str,
    /// The address that is pushed to.
    pub url: &'a str,
    pub way: Way,
}

/// Pushes the branch as it was reported, and no other; returns how it came there, and what was said on the way.
///
/// A branch of the remote is replaced only where it still is where [`Way::Replace`] has it. The user's `pre-push` hook runs as git
/// runs it, found from the main worktree; not where that has this very branch checked out and the hook is in it.
///
/// # Errors
/// The branch has moved meanwhile ([`Exit::Refused`]); git or the remote refuses ([`Exit::No`]), in their own words. Then the remote is as
/// it was, unless the connection broke.
pub fn push(repo: &Repo, pushing: &Pushing<'_>) -> Result<(Way, Vec<String>)> {
    let Pushing { task, remote, way, .. } = pushing;
    if task.pushed.as_deref() == Some(&format!("{remote}/{}", task.branch)) && *way == Way::Same {
        return Ok((Way::Same, Vec::new()));
    }
    let full = format!("refs/heads/{}", task.branch);
    let source = match repo.commit_of(&full)? {
        Some(tip) if tip == task.tip => full.clone(),
        _ if task.pushed.is_some() => task.tip.to_string(),
        _ => {
            let what = format!("branch '{}' has moved since", task.branch);
            let hint = format!("use 'git dispatch status {}' to see how far it is", task.id);
            return Err(Failure::new(Exit::Refused, what).hint(hint).into());
        }
    };
    let mut command = repo.command();
    let mut told = Vec::new();
    if hooks_are_its_own(repo, &task.branch) {
        command.args(["-c", "core.hooksPath=/dev/null"]);
        told.push(format!("no hook was run: 'core.hooksPath' leads into the branch of task '{}'", task.id));
    }
    command.args(["push", "--porcelain", "--no-follow-tags"]);
    if let Way::Replace(there) = way {
        command.arg(format!("--force-with-lease={full}:{there}"));
    }
    // Its arguments may hold a password, and are not for a message.
    let output = run(command.args(["--", remote, &format!("{source}:{full}")]));
    let output = output.map_err(|_| Failure::new(Exit::Git, "could not run 'git push'"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said.lines().find_map(|line| {
        let (flag, rest) = line.split_once('\t')?;
        let (refs, summary) = rest.split_once('\t')?;
        refs.ends_with(&format!(":{full}")).then_some((flag, summary))
    });
    match line {
        Some(("=", _)) if output.status.success() => Ok((Way::Same, told)),
        Some((flag, _)) if flag != "!" && output.status.success() => {
            told.extend(lines(&output, pushing).into_iter().filter_map(|line| {
                Some(line.strip_prefix("remote:")?.trim().to_owned()).filter(|line| !line.is_empty())
            }));
            Ok((if *way == Way::Same { Way::New } else { *way }, told))
        }
        line => Err(rejected(pushing, line.map(|(_, summary)| summary), &output).into()),
    }
}

/// The main worktree has the branch checked out, and hooks are looked for in it.
fn hooks_are_its_own(repo: &Repo, branch: &str) -> bool {
    let Some(hooks) = repo.config_path("core.hooksPath") else { return false };
    let (main, common) = (repo.anchor(), repo.common_dir());
    let hooks = main.join(hooks);
    let hooks = hooks.canonicalize().unwrap_or(hooks);
    let inside = hooks.starts_with(main) && !hooks.starts_with(common);
    inside && on_branch(repo, branch).is_ok_and(|listed| listed.iter().any(|one| one.main))
}

/// What was said, without what must not be repeated.
fn lines(output: &Output, pushing: &Pushing<'_>) -> Vec<String> {
    let said = String::from_utf8_lossy(&output.stderr);
    let said = without_secrets(&without_secrets(&said, pushing.url), pushing.remote);
    let ours = |line: &&str| !line.trim().is_empty() && !line.starts_with("To ") && !line.starts_with("hint: ");
    said.lines().filter(ours).map(|line| line.trim_end().to_owned()).collect()
}

fn rejected(pushing: &Pushing<'_>, summary: Option<&str>, output: &Output) -> Failure {
    let Pushing { task, remote, .. } = pushing;
    let (id, name) = (&task.id, shown(remote));
    let mut words: Vec<String> = lines(output, pushing);
    words.retain(|line| !line.starts_with("error: failed to push some refs"));
    words.truncate(MOST_LINES);
    words.extend(summary.map(str::to_owned));
    if words.is_empty() {
        words.push(format!("git ended with {}", output.status));
    }
    let what = format!("could not push '{}' to '{name}': {}", task.branch, words.join("\n"));
    let failure = Failure::new(Exit::No, what);
    let meanwhile = ["fetch first", "non-fast-forward", "stale info"];
    if summary.is_some_and(|summary| meanwhile.iter().any(|reason| summary.contains(reason))) {
        return failure
            .hint(format!("use 'git fetch {}' to get what somebody else pushed there", shell_word(&name)))
            .hint(format!("use 'git dispatch submit {id}' again when that is in it, and reported"));
    }
    failure.hint(format!("use 'git dispatch submit {id}' to try again"))
}
