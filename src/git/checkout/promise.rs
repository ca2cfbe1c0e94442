//! Whether a checkout of our own would be what git makes, and if not, why.

use std::collections::HashSet;

use gix::objs::Kind;
use gix::objs::tree::EntryKind;

use super::super::parallel;
use super::super::program::Version;
use super::super::refs;
use super::super::repo::{Repo, theirs, variable};
use super::tree::Tree;
use super::{Native, admin, attributes, hook};
use crate::model::oid::Oid;

/// Larger files are git's: it streams them, or takes the memory.
const LARGE: u64 = 32 << 20;

/// What is below this in a worktree will hardly be [`LARGE`] in the repository.
const SMALL: u32 = 1 << 20;

/// Since then git knows `index.skipHash`.
const SKIPS_HASH: Version = Version(2, 40);

/// What is needed to check `tip` out here, with everything that could fail looked at before anything is written.
///
/// # Errors
/// Why git has to check it out.
pub(in crate::git) fn promise(repo: &Repo, tip: Oid) -> Result<Native, String> {
    settings(repo)?;
    let commit = repo.gix.find_commit(theirs(tip)).map_err(|_| format!("commit {tip} cannot be read"))?;
    let root = commit.tree_id().map_err(|_| format!("commit {tip} cannot be read"))?.detach();
    let mut gix = repo.gix.clone();
    // Each object is read once.
    gix.object_cache_size(None);
    let tree = Tree::read(&gix, root)?;
    let mut by_git = attributes::converted(repo, &tree)?;
    for (by_git, large) in by_git.iter_mut().zip(large(&gix, &tree)?) {
        *by_git |= large;
    }
    let left = by_git.iter().filter(|by_git| **by_git).count();
    if left > 1 && left * 2 > tree.entries.len() {
        return Err("most of its files are converted by git".to_owned());
    }
    let skip_hash = repo.gix.config_snapshot().boolean("index.skipHash") == Some(true);
    let skip_hash = skip_hash && repo.git.version >= SKIPS_HASH;
    let identity = admin::identity(repo)?;
    Ok(Native { tree, by_git, tip, skip_hash, identity })
}

/// Blobs that the index of this worktree holds to be small, if they are stored as they are. Looking at a blob's own header takes
/// as many reads as its chain of deltas is long.
fn known_small(gix: &gix::Repository) -> HashSet<gix::ObjectId> {
    let Ok(index) = gix.index_or_empty() else { return HashSet::new() };
    let small = index.entries().iter().filter(|entry| (1..SMALL).contains(&entry.stat.size));
    small.map(|entry| entry.id).collect()
}

/// For each entry, whether it is a large blob.
///
/// # Errors
/// An object is missing or of another kind.
fn large(gix: &gix::Repository, tree: &Tree) -> Result<Vec<bool>, String> {
    let small = known_small(gix);
    let chunks: Vec<_> = tree.entries.chunks(512).collect();
    let states = (0..parallel::threads(chunks.len())).map(|_| gix.clone()).collect();
    let looked = parallel::each(&chunks, states, |gix, chunk| {
        let one = |entry: &super::tree::Entry| match entry.kind {
            EntryKind::Commit => Ok(false),
            EntryKind::Blob | EntryKind::BlobExecutable if small.contains(&entry.id) && gix.has_object(entry.id) => {
                Ok(false)
            }
            kind => match gix.find_header(entry.id) {
                Ok(found) if found.kind() == Kind::Blob => match (kind, found.size()) {
                    (EntryKind::Link, size) if size == 0 || size > 4_000 || has_nul(gix, entry.id) => {
                        Err(format!("the symlink {} leads to no path", entry.id))
                    }
                    (_, size) => Ok(size > LARGE),
                },
                _ => Err(format!("object {} cannot be read", entry.id)),
            },
        };
        chunk.iter().map(one).collect::<Result<Vec<bool>, String>>()
    });
    Ok(looked.into_iter().collect::<Result<Vec<_>, String>>()?.concat())
}

/// git makes a link to what stands before the NUL.
fn has_nul(gix: &gix::Repository, link: gix::ObjectId) -> bool {
    gix.find_object(link).is_ok_and(|link| link.data.contains(&0))
}

/// Booleans under which git does something that is not done here.
const FLAGS: [(&str, bool); 11] = [
    ("core.symlinks", false),
    ("core.ignoreCase", true),
    ("core.precomposeUnicode", true),
    ("core.splitIndex", true),
    ("core.untrackedCache", true),
    ("core.sparseCheckout", true),
    ("core.protectHFS", true),
    ("core.logAllRefUpdates", false),
    ("feature.manyFiles", true),
    ("worktree.useRelativePaths", true),
    ("index.sparse", true),
];

/// Settings that change what git writes, whatever they say.
const SETTINGS: [&str; 7] = [
    "core.worktree",
    "core.fsmonitor",
    "attr.tree",
    "index.version",
    "index.threads",
    "index.recordOffsetTable",
    "index.recordEndOfIndexEntries",
];

/// Extensions under which refs, worktrees and objects are where they always are.
const EXTENSIONS: [&str; 5] = ["objectformat", "refstorage", "noop", "preciousobjects", "worktreeconfig"];

fn settings(repo: &Repo) -> Result<(), String> {
    let config = repo.gix.config_snapshot();
    if repo.config("dispatch.checkout").as_deref() == Some("git") {
        return Err("dispatch.checkout is 'git'".to_owned());
    }
    if repo.reftable().is_some() {
        return Err("refs are kept in a reftable".to_owned());
    }
    if repo.main_worktree().is_none() {
        return Err("the repository is bare".to_owned());
    }
    let said = ["core.", "attr.", "extensions.", "feature.", "filter.", "index.", "worktree."];
    if repo.says_any_of(&said) {
        return Err("'git -c' changes how files are checked out".to_owned());
    }
    if let Some((key, value)) = FLAGS.iter().find(|(key, value)| config.boolean(*key) == Some(*value)) {
        return Err(format!("{key} is {value}"));
    }
    if let Some(key) = SETTINGS.iter().find(|key| config.string(**key).is_some()) {
        return Err(format!("{key} is set"));
    }
    let shared = config.string("core.sharedRepository").is_some_and(|value| {
        !["umask", "false", "0", "no", "off"].iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes()))
    });
    if shared {
        return Err("core.sharedRepository is set".to_owned());
    }
    if let Some(name) = ["GIT_REFLOG_ACTION", "GIT_INDEX_VERSION"].iter().find(|name| variable(name).is_some()) {
        return Err(format!("{name} is set"));
    }
    if let Some(hook) = hook::other(repo) {
        return Err(format!("there is a hook '{hook}'"));
    }
    sections(repo)
}

fn sections(repo: &Repo) -> Result<(), String> {
    let config = repo.gix.config_snapshot();
    for section in config.plumbing().sections_by_name("extensions").into_iter().flatten() {
        for name in section.value_names() {
            if !EXTENSIONS.contains(&name.to_ascii_lowercase().as_str()) {
                return Err(format!("extensions.{name} is set"));
            }
        }
    }
    // Such a file holds settings for the main worktree, and git copies it into each new one.
    if repo.common_dir().join("config.worktree").symlink_metadata().is_ok() {
        return Err("there is a 'config.worktree'".to_owned());
    }
    for section in config.plumbing().sections_by_name("remote").into_iter().flatten() {
        if section.contains_value_name("promisor") || section.contains_value_name("partialclonefilter") {
            return Err("the repository is a partial clone".to_owned());
        }
    }
    if refs::replaces(repo) == Some(true) { Err("objects are replaced ('git replace -l')".to_owned()) } else { Ok(()) }
}
