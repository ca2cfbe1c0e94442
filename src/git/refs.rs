//! The refs that may belong to tasks, listed once.

use std::collections::HashMap;

use anyhow::Result;

use super::repo::{Repo, ours};
use crate::model::oid::Oid;

/// The branches of a repository and the recorded bases, by name. Refs that cannot be read are left out, and told.
#[derive(Debug, Default)]
pub(super) struct Refs {
    /// Local branches, without `refs/heads/`.
    pub heads: HashMap<String, Oid>,
    /// By the name of the branch on its remote: `task/A` → `origin/task/A`, and others.
    pub remotes: HashMap<String, Vec<String>>,
    /// By task id, from `refs/dispatch/base/`.
    pub bases: HashMap<String, Oid>,
    /// What is broken, the first few as sentences.
    pub faults: Vec<String>,
}

/// Lists them.
///
/// # Errors
/// The refs as a whole cannot be read, such as a damaged `packed-refs`.
pub(super) fn refs(repo: &Repo) -> Result<Refs> {
    let mut found = Refs::default();
    let mut faults = Vec::new();
    each_ref(repo, "refs/heads/", &mut faults, |name, id| _ = found.heads.insert(name.to_owned(), id))?;
    each_ref(repo, "refs/dispatch/base/", &mut faults, |name, id| _ = found.bases.insert(name.to_owned(), id))?;
    each_ref(repo, "refs/remotes/", &mut faults, |name, _| {
        if let Some((_, branch)) = name.split_once('/') {
            found.remotes.entry(branch.to_owned()).or_default().push(name.to_owned());
        }
    })?;
    for names in found.remotes.values_mut() {
        names.sort();
    }
    if faults.len() > MOST_TOLD {
        let further = faults.split_off(MOST_TOLD).len();
        faults.push(format!("{further} more refs are broken"));
    }
    found.faults = faults;
    Ok(found)
}

/// Broken refs that are named.
const MOST_TOLD: usize = 10;

/// Calls `visit` with the name, without the prefix, and the object of each ref whose name is UTF-8; of a broken one it
/// tells in `faults`. A symbolic ref that leads nowhere is left out.
fn each_ref(repo: &Repo, prefix: &str, faults: &mut Vec<String>, mut visit: impl FnMut(&str, Oid)) -> Result<()> {
    let unreadable =
        |fault: &dyn std::fmt::Display| anyhow::anyhow!("could not read the refs below '{prefix}': {fault}");
    let references = repo.gix.references().map_err(|fault| unreadable(&fault))?;
    for reference in references.prefixed(prefix).map_err(|fault| unreadable(&fault))? {
        let mut reference = match reference {
            Ok(reference) => reference,
            Err(fault) => {
                faults.push(format!("a ref below '{prefix}' is broken: {fault}"));
                continue;
            }
        };
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
