//! Refs, read so that a packing beside it hides none: the library looks at `packed-refs` first and then at loose refs,
//! and takes a copy in memory for as long as the file's time stays the same, which may outlast two packings in a row.
//! The library reads no reftable; there it is done in [`super::reftable`].

mod tables;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use gix::bstr::ByteSlice;
use gix::prelude::ReferenceExt as _;

use super::fault::Told;
use super::repo::{Repo, ours};
use crate::model::oid::Oid;

pub(super) use tables::replace_objects;

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
    if let Some(stack) = repo.reftable() {
        return tables::find(repo, stack, full_name);
    }
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

/// The same, with what symbolic refs lead to in their place where peeling would not follow them.
///
/// # Errors
/// As [`find`].
pub(super) fn resolved<'repo>(repo: &'repo Repo, full_name: &str) -> Result<Option<gix::Reference<'repo>>> {
    match repo.reftable() {
        Some(stack) => tables::resolved(repo, stack, full_name),
        None => find(repo, full_name),
    }
}

/// All local branches, without `refs/heads/`; those whose names are no UTF-8 are shown lossily.
///
/// # Errors
/// The refs cannot be read.
pub fn branch_names(repo: &Repo) -> Result<BTreeSet<String>> {
    let short = |name: &[u8]| name.strip_prefix(b"refs/heads/").unwrap_or(name).to_str_lossy().into_owned();
    if let Some(stack) = repo.reftable() {
        let all = stack.refs().context("could not list the branches")?;
        return Ok(tables::below(&all, "refs/heads/").map(|(name, _)| short(name)).collect());
    }
    let read = |fault: &dyn std::fmt::Display| anyhow!("could not list the branches: {fault}");
    let refs = repo.gix.references().map_err(|fault| read(&fault))?;
    let heads = refs.local_branches().map_err(|fault| read(&fault))?;
    // A ref that cannot be read still occupies its name, but has none to tell; making the branch will say so.
    Ok(heads.filter_map(Result::ok).map(|head| short(head.name().as_bstr())).collect())
}

/// Whether objects are replaced (`git replace -l`); `None` where the refs cannot be read.
pub(super) fn replaces(repo: &Repo) -> Option<bool> {
    if let Some(stack) = repo.reftable() {
        let all = stack.refs().ok()?;
        return Some(tables::below(&all, "refs/replace/").next().is_some());
    }
    let refs = repo.gix.references().ok()?;
    let mut replaced = refs.prefixed("refs/replace/").ok()?;
    Some(replaced.next().is_some())
}

/// Packings during one listing, after which it is taken as it is.
const MOST_PACKINGS: usize = 10;

/// Lists them, again if refs were packed meanwhile.
///
/// # Errors
/// The refs as a whole cannot be read, such as a damaged `packed-refs`.
pub(super) fn refs(repo: &Repo) -> Result<Refs> {
    if repo.reftable().is_some() {
        return listed(repo);
    }
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
    let unreadable = |fault: &dyn std::fmt::Display| anyhow!("could not read the refs below '{prefix}': {fault}");
    if let Some(stack) = repo.reftable() {
        let all = stack.refs().map_err(|fault| unreadable(&format_args!("{fault:#}")))?;
        tables::each(repo, &all, prefix, faults, visit);
        return Ok(());
    }
    let references = repo.gix.references().map_err(|fault| unreadable(&fault))?;
    for reference in references.prefixed(prefix).map_err(|fault| unreadable(&fault))? {
        let mut reference = match reference {
            Ok(reference) => reference,
            Err(fault) => {
                faults.push(format!("a ref below '{prefix}' is broken: {fault}"));
                continue;
            }
        };
        // Peeling makes it the ref that it leads to.
        let mut symbolic = None;
        let id = match reference.target() {
            gix::refs::TargetRef::Object(id) => ours(id),
            gix::refs::TargetRef::Symbolic(_) => {
                symbolic = Some(reference.name().to_owned());
                let Ok(id) = reference.peel_to_id() else { continue };
                ours(&id)
            }
        };
        let name = symbolic.as_ref().map_or(reference.name(), |name| name.as_ref()).as_bstr();
        if let Some(name) = std::str::from_utf8(name).ok().and_then(|name| name.strip_prefix(prefix)) {
            visit(name, id);
        }
    }
    Ok(())
}
