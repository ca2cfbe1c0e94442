//! Objects of the state of a worktree, held where nobody keeps them.

use std::path::PathBuf;
use std::sync::Arc;

use gix::objs::tree::EntryKind;
use gix::objs::{Kind as Object, WriteTo};

use super::super::quarantine::{Held, Quarantine};
use super::staged::Content;
use super::stamp::{Identity, Stamp};

/// Makes objects for a quarantine.
pub(in crate::git) struct Objects<'a> {
    gix: &'a gix::Repository,
    held: Arc<Held>,
}

/// A path, and what is to stand there; nothing takes it away.
pub(super) type Edit<'a> = (&'a [u8], Option<Content>);

impl<'a> Objects<'a> {
    pub(in crate::git) fn new(gix: &'a gix::Repository, quarantine: &Quarantine) -> Objects<'a> {
        Objects { gix, held: quarantine.held() }
    }

    /// The blob `id` is what the file `path` holds.
    pub(super) fn file(&self, id: gix::ObjectId, path: PathBuf) {
        self.held.file(id, path);
    }

    pub(super) fn blob(&self, bytes: &[u8]) -> Option<gix::ObjectId> {
        self.keep(Object::Blob, bytes).ok()
    }

    /// The tree `base` with `edits`.
    pub(super) fn tree(&self, base: gix::ObjectId, edits: &[Edit<'_>]) -> Option<gix::ObjectId> {
        let root = gix::objs::Tree::from(self.gix.find_tree(base).ok()?.decode().ok()?);
        let mut editor = gix::objs::tree::Editor::new(root, &self.gix.objects, self.gix.object_hash());
        // What goes makes room for what comes: a folder for a file, a file for a folder.
        for (path, _) in edits.iter().filter(|(_, content)| content.is_none()) {
            editor.remove(parts(path)).ok()?;
        }
        for (path, content) in edits {
            if let Some((kind, id)) = content {
                editor.upsert(parts(path), *kind, *id).ok()?;
            }
        }
        editor.write(|tree| self.write(tree)).ok()
    }

    /// A commit of `tree` on top of `parent`: for the same state always the same. It is as old as its parent: walks go by date,
    /// and from an older one they would go through the whole history.
    pub(in crate::git) fn commit(&self, tree: gix::ObjectId, parent: gix::ObjectId) -> Option<gix::ObjectId> {
        let seconds = self.gix.find_commit(parent).ok()?.time().map_or(0, |time| time.seconds);
        let nobody = gix::actor::Signature {
            name: "git-dispatch".into(),
            email: "".into(),
            time: gix::date::Time { seconds, offset: 0 },
        };
        self.write(&gix::objs::Commit {
            tree,
            parents: [parent].into_iter().collect(),
            author: nobody.clone(),
            committer: nobody,
            encoding: None,
            message: "not committed\n".into(),
            extra_headers: Vec::new(),
        })
        .ok()
    }

    fn write(&self, object: &dyn WriteTo) -> gix::Result<gix::ObjectId> {
        let mut bytes = Vec::new();
        object.write_to(&mut bytes).map_err(gix::Error::from_error)?;
        self.keep(object.kind(), &bytes)
    }

    fn keep(&self, kind: Object, bytes: &[u8]) -> gix::Result<gix::ObjectId> {
        let id = gix::objs::compute_hash(self.gix.object_hash(), kind, bytes)?;
        self.held.made(id, kind, bytes.to_vec());
        Ok(id)
    }
}

fn parts(path: &[u8]) -> impl Iterator<Item = &gix::bstr::BStr> {
    path.split(|&byte| byte == b'/').map(gix::bstr::BStr::new)
}

/// A content for a file that is not read: no other file has it, and the same file has the same.
pub(super) fn placeholder(path: &[u8], stamp: &Stamp) -> Vec<u8> {
    let Identity { device, inode, size, mtime, ctime } = stamp.identity;
    let what = format!("git-dispatch did not read this file: {device} {inode} {size} {mtime} {ctime} ");
    [what.as_bytes(), path, b"\n"].concat()
}

/// What a mode of the index is in a tree; `None` for a folder of a sparse index.
pub(super) fn kind_of(mode: gix::index::entry::Mode) -> Option<EntryKind> {
    mode.to_tree_entry_mode().map(|mode| mode.kind()).filter(|&kind| kind != EntryKind::Tree)
}
