//! How old something must be to go: what the model does not read, git does.

use jiff::Timestamp;

use super::program::run;
use super::repo::Repo;
use crate::model::expiry::{self, Expiry, TRASH_EXPIRE, no_age};
use crate::model::failure::Failure;

/// What `text` says, the value of `what`.
///
/// # Errors
/// It is no age ([`crate::model::failure::Exit::Usage`]).
pub fn expiry(repo: &Repo, what: &str, text: &str, now: Timestamp) -> Result<Expiry, Failure> {
    expiry::expiry(text, now).or_else(|| by_git(repo, text)).ok_or_else(|| no_age(what, text))
}

/// How old what was dropped must be to go for good: `dispatch.trashExpire`, else two weeks. With the text that says so.
///
/// # Errors
/// It is no age ([`crate::model::failure::Exit::Usage`]).
pub fn trash_expiry(repo: &Repo, now: Timestamp) -> Result<(Expiry, String), Failure> {
    let key = "dispatch.trashExpire";
    let text = repo.config(key).unwrap_or_else(|| TRASH_EXPIRE.to_owned());
    let read = expiry(repo, key, &text, now);
    let read =
        read.map_err(|failure| failure.hint(format!("use 'git config --show-origin {key}' to see where it is set")));
    Ok((read?, text))
}

/// git-config(1), `--type=expiry-date`: seconds since the epoch.
fn by_git(repo: &Repo, text: &str) -> Option<Expiry> {
    let mut command = repo.git.command(repo.common_dir());
    command.args(["config", "--type=expiry-date", &format!("--default={text}"), "--get", "dispatch.no-such-key"]);
    let output = run(&mut command).ok().filter(|output| output.status.success())?;
    match String::from_utf8_lossy(&output.stdout).trim().parse::<i64>().ok()? {
        0 => Some(Expiry::Never),
        seconds => Some(Timestamp::from_second(seconds).map_or(Expiry::ALL, Expiry::Until)),
    }
}
