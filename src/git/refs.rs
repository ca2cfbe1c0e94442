//! The refs that may belong to tasks, listed once.

use std::collections::HashMap;

use anyhow::Result;

use super::repo::{Repo, ours};
use crate::model::oid::Oid;

/// The branches of a repository and the recorded bases, by name. Refs that cannot be read are left out.
#[derive(Debug, Default)]
pub(super) struct Refs {
    /// Local branches, without `refs/heads/`.
    pub heads: HashMap<String, Oid>,
    /// By the name of the branch on its remote: `task/A` → `origin/task/A`, and others.
    pub remotes: HashMap<String, Vec<String>>,
    /// By task id, from `refs/dispatch/base/`.
    pub bases: HashMap<String, Oid>,
}

/// Lists them.
///
/// # Errors
/// The refs as a whole cannot be read, such as a damaged `packed-refs`.
pub(super) fn refs(repo: &Repo) -> Result<Refs> {
    let mut found = Refs::default();
    each_ref(repo, "refs/heads/", |name, id| _ = found.heads.insert(name.to_owned(), id))?;
    each_ref(repo, "refs/dispatch/base/", |name, id| _ = found.bases.insert(name.to_owned(), id))?;
    each_ref(repo, "refs/remotes/", |name, _| {
        if let Some((_, branch)) = name.split_once('/') {
            found.remotes.entry(branch.to_owned()).or_default().push(name.to_owned());
        }
    })?;
    for names in found.remotes.values_mut() {
        names.sort();
    }
    Ok(found)
}

/// Calls `visit` with the name, without the prefix, and the object of each ref whose name is UTF-8.
fn each_ref(repo: &Repo, prefix: &str, mut visit: impl FnMut(&str, Oid)) -> Result<()> {
    let unreadable =
        |fault: &dyn std::fmt::Display| anyhow::anyhow!("could not read the refs below '{prefix}': {fault}");
    let references = repo.gix.references().map_err(|fault| unreadable(&fault))?;
    for reference in references.prefixed(prefix).map_err(|fault| unreadable(&fault))? {
        let Ok(mut reference) = reference else { continue };
        let id = match reference.target() {
            gix::refs::TargetRef::Object(id) => ours(id),
            gix::refs::TargetRef::Symbolic(_) => match reference.peel_to_id() {
                Ok(id) => ours(&id),
                Err(_) => continue,
            },
        };
        let name = std::str::from_utf8(reference.name().as_bstr()).ok().and_then(|name| name.strip_prefix(prefix));
        if let Some(name) = name {
            visit(name, id);
        }
    }
    Ok(())
}
