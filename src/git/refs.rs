//! Refs, read so that a packing beside it hides none: the library looks at `packed-refs` first and then at loose refs,
//! and takes a copy in memory for as long as the file's time stays the same, which may outlast two packings in a row.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Result;
use gix::prelude::ReferenceExt as _;

use super::fault::Told;
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

/// The ref of this full name; `None` if there is none. Not what is called `refs/tags/<full_name>`.
///
/// # Errors
/// It, or `packed-refs`, cannot be read.
pub(super) fn find<'repo>(repo: &'repo Repo, full_name: &str) -> Result<Option<gix::Reference<'repo>>> {
    let refs = &repo.gix.refs;
    let what = || format!("could not read ref '{full_name}'");
    // git moves a ref into the pack before it removes the loose one: looked for in this order, it is found on the way.
    let found = match refs.try_find_loose(full_name).told(what)? {
        Some(loose) => Some(loose.into()),
        None => {
            let packed = refs.open_packed_buffer().told(what)?;
            refs.try_find_packed(full_name, packed.as_ref()).told(what)?
        }
    };
    let found = found.filter(|found: &gix::refs::Reference| found.name.as_bstr() == full_name.as_bytes());
    Ok(found.map(|found| found.attach(&repo.gix)))
}

/// Packings during one listing, after which it is taken as it is.
const MOST_PACKINGS: usize = 10;

/// Lists them, again if refs were packed meanwhile.
///
/// # Errors
/// The refs as a whole cannot be read, such as a damaged `packed-refs`.
pub(super) fn refs(repo: &Repo) -> Result<Refs> {
    let packed_refs = repo.common_dir().join("packed-refs");
    let mut before = state(&packed_refs);
    for _ in 0..MOST_PACKINGS {
        // Where there is none, or it cannot be read, listing finds that, too.
        let _ = repo.gix.refs.force_refresh_packed_buffer();
        let found = listed(repo);
        let after = state(&packed_refs);
        if after == before {
            return found;
        }
        before = after;
    }
    listed(repo)
}

/// What changes when `packed-refs` is replaced.
fn state(packed_refs: &Path) -> Option<(u64, Option<std::time::SystemTime>, u64)> {
    let found = std::fs::metadata(packed_refs).ok()?;
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(&found);
    #[cfg(not(unix))]
    let inode = 0;
    Some((found.len(), found.modified().ok(), inode))
}

fn listed(repo: &Repo) -> Result<Refs> {
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
