//! The remote-tracking twin of a branch whose worker is elsewhere: there its work arrives.

use super::refs::Refs;
use super::repo::Repo;
use super::stack::contains;
use crate::model::facts::Twin;
use crate::model::oid::Oid;

/// The remote that branches are pushed to: `remote.pushDefault`, else `origin`, else the only one.
pub fn remote(repo: &Repo) -> Option<String> {
    let names: Vec<String> = repo.gix.remote_names().iter().map(|name| name.to_string()).collect();
    let default = repo.config("remote.pushDefault").filter(|name| names.contains(name));
    let origin = || names.iter().find(|name| *name == "origin").cloned();
    default.or_else(origin).or_else(|| names.first().filter(|_| names.len() == 1).cloned())
}

/// What counts as the tip of the branch `name`, which is at `local` here, and the remote-tracking branch that this is about: the one
/// that has all of `local` and more. Of several, the one that has all of the others, else the first.
pub(super) fn tip(repo: &Repo, refs: &Refs, (name, local): (&str, Option<Oid>)) -> (Option<Oid>, Option<Twin>) {
    let mut followed: Option<(Oid, &str)> = None;
    let mut apart = None;
    for twin in refs.remotes.get(name).into_iter().flatten() {
        let Ok(Some(theirs)) = repo.commit_of(&format!("refs/remotes/{twin}")) else { continue };
        let has = |commit: Option<Oid>| commit.is_none_or(|commit| commit == theirs || contains(repo, theirs, commit));
        if local == Some(theirs) || local.is_some_and(|local| contains(repo, local, theirs)) {
            continue;
        } else if !has(local) {
            apart = apart.or_else(|| Some(Twin::Apart(twin.clone())));
        } else if has(followed.map(|(tip, _)| tip)) {
            followed = Some((theirs, twin));
        }
    }
    match followed {
        Some((tip, twin)) => (Some(tip), Some(Twin::Followed(twin.to_owned()))),
        None => (local, apart),
    }
}
