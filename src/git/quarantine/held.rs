//! Objects that were made up and are written only when git is to read them: most never are.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use anyhow::{Context, Result};
use gix::ObjectId;
use gix::objs::Kind;
use rustix::fs::{Mode, OFlags};

use super::loose::Loose;

/// Objects by id. Those that were made stay readable here when they are written.
#[derive(Default)]
pub(in crate::git) struct Held {
    objects: RwLock<HashMap<ObjectId, Source>>,
    /// What no file of the quarantine has yet.
    unwritten: Mutex<Vec<ObjectId>>,
}

#[derive(Clone)]
enum Source {
    Made(Kind, Arc<[u8]>),
    /// A blob that is all of a file, or of a symlink.
    File(PathBuf),
}

impl Held {
    pub(in crate::git) fn made(&self, id: ObjectId, kind: Kind, bytes: Vec<u8>) {
        self.hold(id, || Source::Made(kind, bytes.into()));
    }

    /// The blob `id` is what the file or symlink `path` holds now.
    pub(in crate::git) fn file(&self, id: ObjectId, path: PathBuf) {
        self.hold(id, || Source::File(path));
    }

    fn hold(&self, id: ObjectId, source: impl FnOnce() -> Source) {
        // In the order in which `settle` takes them: the other way round two threads wait for each other.
        let mut unwritten = self.unwritten.lock().unwrap_or_else(PoisonError::into_inner);
        let mut objects = self.objects.write().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Vacant(place) = objects.entry(id) {
            place.insert(source());
            unwritten.push(id);
        }
    }

    /// The bytes of an object that was made.
    pub(in crate::git) fn find(&self, id: &gix::oid) -> Option<(Kind, Arc<[u8]>)> {
        match self.objects.read().unwrap_or_else(PoisonError::into_inner).get(id)? {
            Source::Made(kind, bytes) => Some((*kind, bytes.clone())),
            Source::File(_) => None,
        }
    }

    /// Writes everything that is not written yet into the folder of loose objects `dir`. A file that holds something else by
    /// now is left out: git then misses its object, and gives no answer.
    ///
    /// # Errors
    /// There is no room.
    pub(super) fn settle(&self, dir: &Path) -> Result<()> {
        let mut unwritten = self.unwritten.lock().unwrap_or_else(PoisonError::into_inner);
        let loose = Loose::at(dir.to_owned());
        for id in std::mem::take(&mut *unwritten) {
            let source = self.objects.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
            let (kind, bytes) = match source {
                Some(Source::Made(kind, bytes)) => (kind, bytes),
                Some(Source::File(path)) => match content(&path).filter(|bytes| is(id, bytes)) {
                    Some(bytes) => (Kind::Blob, bytes.into()),
                    None => continue,
                },
                None => continue,
            };
            loose.write(id, kind, &bytes).context("could not write a temp file")?;
        }
        Ok(())
    }
}

fn is(id: ObjectId, bytes: &[u8]) -> bool {
    gix::objs::compute_hash(id.kind(), Kind::Blob, bytes).is_ok_and(|now| now == id)
}

/// What a file or a symlink holds; `None` where neither stands there.
fn content(path: &Path) -> Option<Vec<u8>> {
    if let Ok(target) = std::fs::read_link(path) {
        return Some(target.into_os_string().into_encoded_bytes());
    }
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut file = std::fs::File::from(rustix::fs::open(path, flags, Mode::empty()).ok()?);
    let found = file.metadata().ok()?;
    let mut bytes = Vec::new();
    // It was of a size worth reading, and may have grown since.
    file.by_ref().take(found.len()).read_to_end(&mut bytes).ok().filter(|_| found.is_file())?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changed_since_is_not_written_as_what_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let objects = dir.path().join("objects");
        std::fs::create_dir(&objects).unwrap();
        let kind = gix::hash::Kind::Sha1;
        let id = |bytes: &[u8]| gix::objs::compute_hash(kind, Kind::Blob, bytes).unwrap();
        let (same, changed) = (dir.path().join("same"), dir.path().join("changed"));
        std::fs::write(&same, "same").unwrap();
        std::fs::write(&changed, "now").unwrap();
        let held = Held::default();
        held.file(id(b"same"), same);
        held.file(id(b"then"), changed);
        held.made(id(b"made"), Kind::Blob, b"made".to_vec());
        held.settle(&objects).unwrap();
        held.settle(&objects).unwrap();
        let loose = Loose::at(objects);
        assert_eq!([&b"same"[..], b"then", b"made"].map(|bytes| loose.has(id(bytes))), [true, false, true]);
        assert_eq!(held.find(&id(b"made")).map(|(_, bytes)| bytes.to_vec()), Some(b"made".to_vec()));
    }
}
