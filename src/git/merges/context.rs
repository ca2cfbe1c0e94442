//! Everything but the two commits that git's answer depends on.

use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::objs::Kind;

use super::super::quarantine::Quarantine;
use super::super::read::read_bounded;
use super::super::repo::{Repo, theirs};
use super::objects::Objects;

/// Sections of git config that may change what a merge gives.
const SECTIONS: [&[u8]; 7] = [b"attr", b"core", b"diff", b"extensions", b"feature", b"filter", b"merge"];

/// A digest of git's version and configuration, and of the attributes: those of the repository and of the user, and, given
/// by `digest_of` for the target's tree, the project's own.
///
/// `None` where the answer depends on more than can be told: programs that merge or clean, submodules that were cloned,
/// replaced commits, a history that ends early.
pub(super) fn context(
    repo: &Repo,
    quarantine: &Quarantine,
    digest_of: impl FnOnce(ObjectId) -> Option<ObjectId>,
) -> Option<ObjectId> {
    let common = repo.common_dir();
    if rewritten(repo) || filled(&common.join("modules")) {
        return None;
    }
    let mut all = Digest::default();
    let said = configuration(repo)?;
    for part in &said {
        all.part(part);
    }
    all.part(repo.git.identity().as_bytes());
    let named = repo.config_path("core.attributesFile");
    let own = named.or_else(|| repo.git.user_attributes());
    let files = [Some(common.join("info/attributes")), own, repo.git.system_attributes()];
    for file in files {
        all.part(&file.map(content).unwrap_or_default());
    }
    let target = repo.gix.find_commit(theirs(quarantine.attributes())).ok()?;
    all.part(digest_of(target.tree_id().ok()?.detach())?.as_slice());
    all.finish(repo)
}

/// Parts of an input of a hash, kept apart.
#[derive(Default)]
struct Digest(Vec<u8>);

impl Digest {
    fn part(&mut self, part: &[u8]) {
        self.0.extend_from_slice(&(part.len() as u64).to_be_bytes());
        self.0.extend_from_slice(part);
    }

    fn finish(self, repo: &Repo) -> Option<ObjectId> {
        gix::objs::compute_hash(repo.gix.object_hash(), Kind::Blob, &self.0).ok()
    }
}

/// Whether commits have other parents here than they name.
fn rewritten(repo: &Repo) -> bool {
    let replaced = repo.gix.objects.store_ref().replacements().next().is_some();
    replaced || ["info/grafts", "shallow"].iter().any(|file| repo.common_dir().join(file).exists())
}

fn filled(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

fn content(file: PathBuf) -> Vec<u8> {
    read_bounded(&file).unwrap_or_default()
}

/// What configuration says, as git sees it from the common git dir; `None` where it names programs that git would run.
fn configuration(repo: &Repo) -> Option<Vec<Vec<u8>>> {
    let common;
    let gix = if repo.gix.git_dir() == repo.common_dir() {
        &repo.gix
    } else {
        let options = gix::open::Options::default().with(gix::sec::Trust::Full);
        common = gix::open_opts(repo.common_dir(), options).ok()?;
        &common
    };
    let said = repo.said_on_command_line();
    let snapshot = gix.config_snapshot();
    let mut parts: Vec<Vec<u8>> = said.iter().map(|(key, value)| format!("{key}={value}").into_bytes()).collect();
    let mut programs = said.iter().any(|(key, _)| runs_a_program(key.as_bytes()));
    for section in snapshot.plumbing().sections() {
        let name = section.header().name().to_ascii_lowercase();
        if !SECTIONS.contains(&name.as_slice()) {
            continue;
        }
        programs |= name == b"merge" && section.contains_value_name("driver");
        parts.push(section.to_bstring().into());
    }
    let renormalize = snapshot.boolean("merge.renormalize") == Some(true);
    let renormalize = renormalize || said.iter().any(|(key, _)| key == "merge.renormalize");
    (!programs && !renormalize).then_some(parts)
}

fn runs_a_program(key: &[u8]) -> bool {
    key.starts_with(b"merge.") && key.ends_with(b".driver")
}

/// A digest of every `.gitattributes` of the tree; `None` where a folder of it cannot be read.
pub(super) fn attributes_of(objects: &mut Objects, tree: ObjectId) -> Option<ObjectId> {
    let mut all = Digest::default();
    let mut folders = vec![(Vec::new(), tree)];
    while let Some((path, tree)) = folders.pop() {
        for entry in objects.tree(&tree)?.entries() {
            if entry.is_tree() {
                folders.push(([&path, entry.name].concat(), entry.id.to_owned()));
                if let Some((path, _)) = folders.last_mut() {
                    path.push(b'/');
                }
            } else if entry.name.eq_ignore_ascii_case(b".gitattributes") {
                all.part(&path);
                all.part(entry.name);
                all.part(entry.id.as_bytes());
            }
        }
    }
    gix::objs::compute_hash(objects.hash(), Kind::Blob, &all.0).ok()
}
