//! Refs in a reftable, as the library would give them.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use gix::prelude::ReferenceExt as _;
use gix::refs::{FullName, Reference, Target};

use super::super::reftable::{Stack, Value};
use super::super::repo::{Repo, ours, theirs};
use crate::model::oid::Oid;

type All = BTreeMap<Vec<u8>, Value>;

/// Symbolic refs may lead to further ones, so often; as git has it.
const MOST_STEPS: usize = 5;

/// What [`super::find`] finds. `HEAD` is that of the worktree in which the repository was opened.
pub(super) fn find<'repo>(repo: &'repo Repo, stack: &Stack, name: &str) -> Result<Option<gix::Reference<'repo>>> {
    let what = || format!("could not read ref '{name}'");
    let value = if name == "HEAD" && repo.gix.git_dir() != repo.common_dir() {
        Stack::of(repo.gix.git_dir()).find(name).with_context(what)?
    } else {
        stack.find(name).with_context(what)?
    };
    let Some(value) = value else { return Ok(None) };
    let target = match value {
        Value::Object(id) => Target::Object(theirs(id)),
        Value::Symbolic(to) => Target::Symbolic(FullName::try_from(gix::bstr::BString::from(to)).with_context(what)?),
    };
    Ok(Some(reference(repo, name, target).with_context(what)?))
}

fn reference<'repo>(
    repo: &'repo Repo,
    name: &str,
    target: Target,
) -> Result<gix::Reference<'repo>, gix::validate::reference::name::Error> {
    let name = FullName::try_from(name)?;
    Ok(Reference { name, target, peeled: None }.attach(&repo.gix))
}

/// What [`super::resolved`] finds.
pub(super) fn resolved<'repo>(repo: &'repo Repo, stack: &Stack, name: &str) -> Result<Option<gix::Reference<'repo>>> {
    let what = || format!("could not read ref '{name}'");
    let all = stack.refs().with_context(what)?;
    match followed(&all, name.as_bytes()) {
        Some(id) => Ok(Some(reference(repo, name, Target::Object(theirs(id))).with_context(what)?)),
        None => find(repo, stack, name),
    }
}

/// The object that a ref leads to; `None` where that is nowhere.
fn followed(all: &All, name: &[u8]) -> Option<Oid> {
    let mut value = all.get(name)?;
    for _ in 0..MOST_STEPS {
        match value {
            Value::Object(id) => return Some(*id),
            Value::Symbolic(to) => value = all.get(to)?,
        }
    }
    None
}

/// The refs whose names begin so, in order.
pub(super) fn below<'a>(all: &'a All, prefix: &'a str) -> impl Iterator<Item = (&'a [u8], &'a Value)> {
    let from = all.range(prefix.as_bytes().to_vec()..);
    from.take_while(move |(name, _)| name.starts_with(prefix.as_bytes())).map(|(name, value)| (&**name, value))
}

/// What `each_ref` visits.
pub(super) fn each(repo: &Repo, all: &All, prefix: &str, faults: &mut Vec<String>, mut visit: impl FnMut(&str, Oid)) {
    for (name, value) in below(all, prefix) {
        if let Err(fault) = <&gix::refs::FullNameRef>::try_from(gix::bstr::BStr::new(name)) {
            faults.push(format!("a ref below '{prefix}' is broken: {fault}"));
            continue;
        }
        let id = match value {
            Value::Object(id) => Some(*id),
            Value::Symbolic(_) => followed(all, name).map(|id| peeled(repo, id)),
        };
        let name = std::str::from_utf8(name).ok().and_then(|name| name.strip_prefix(prefix));
        if let (Some(name), Some(id)) = (name, id) {
            visit(name, id);
        }
    }
}

/// What a tag is of; an object that cannot be read is itself.
fn peeled(repo: &Repo, id: Oid) -> Oid {
    let object = repo.gix.find_object(theirs(id)).ok();
    let peeled = object.and_then(|object| object.peel_tags_to_end().ok());
    peeled.map_or(id, |object| ours(&object.id))
}

/// Has the library read objects as they are replaced (`git replace`): it looks for that among refs in files only.
///
/// # Errors
/// The refs cannot be read.
pub(in crate::git) fn replace_objects(gix: &mut gix::Repository, stack: &Stack) -> Result<()> {
    if gix.config_snapshot().boolean("core.useReplaceRefs") == Some(false) {
        return Ok(());
    }
    let what = || "could not read which objects are replaced".to_owned();
    let all = stack.refs().with_context(what)?;
    let pair = |(name, value): (&[u8], &Value)| match value {
        Value::Object(new) => Some((gix::ObjectId::from_hex(name.strip_prefix(b"refs/replace/")?).ok()?, theirs(*new))),
        Value::Symbolic(_) => None,
    };
    let pairs: Vec<(gix::ObjectId, gix::ObjectId)> = below(&all, "refs/replace/").filter_map(pair).collect();
    if pairs.is_empty() {
        return Ok(());
    }
    let store = gix.objects.store_ref();
    let options = gix::odb::store::init::Options {
        use_multi_pack_index: store.use_multi_pack_index(),
        loose_compression: gix.objects.loose_compression,
        ..Default::default()
    };
    let (folder, kind) = (store.path().to_owned(), store.object_hash());
    let handle = gix::odb::at_opts(folder, kind, pairs, options).with_context(what)?;
    let mut objects = gix.objects.clone();
    **objects = handle.into_inner();
    gix.objects = objects;
    Ok(())
}
