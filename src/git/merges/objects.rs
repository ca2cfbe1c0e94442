//! Trees and commits, from the repository and from the quarantine beside it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use gix::ObjectId;
use gix::objs::Kind;

use super::super::quarantine::{Held, Quarantine};
use super::super::repo::Repo;

/// Decoded trees are kept up to this many bytes.
const TREE_BYTES: usize = 24 << 20;

/// What one thread reads, each tree decoded once.
pub(super) struct Objects {
    gix: gix::Repository,
    quarantined: Option<gix::odb::loose::Store>,
    held: Arc<Held>,
    /// Objects that were made here and may be in no file yet.
    made: HashMap<ObjectId, (Kind, Arc<[u8]>)>,
    trees: HashMap<ObjectId, Arc<Tree>>,
    decoded: usize,
}

/// As much of a commit as merging needs.
#[derive(Clone)]
pub(super) struct Commit {
    pub tree: ObjectId,
    pub parents: Vec<ObjectId>,
    /// Committer time, in seconds since the epoch.
    pub time: i64,
}

impl Objects {
    pub(super) fn open(repo: &Repo, quarantine: &Quarantine) -> Objects {
        let mut gix = repo.gix.clone();
        gix.object_cache_size_if_unset(4 << 20);
        let kind = gix.object_hash();
        let quarantined = quarantine.made().map(|dir| gix::odb::loose::Store::at(dir, kind));
        Objects { gix, quarantined, held: quarantine.held(), made: HashMap::new(), trees: HashMap::new(), decoded: 0 }
    }

    pub(super) fn hash(&self) -> gix::hash::Kind {
        self.gix.object_hash()
    }

    /// The bytes of an object; `None` where it is missing, damaged or of another kind.
    fn bytes(&self, id: &gix::oid, kind: Kind) -> Option<Vec<u8>> {
        if let Some((known, bytes)) = self.made.get(id) {
            return (*known == kind).then(|| bytes.to_vec());
        }
        if let Some((known, bytes)) = self.held.find(id) {
            return (known == kind).then(|| bytes.to_vec());
        }
        if let Some(store) = &self.quarantined {
            let mut bytes = Vec::new();
            if let Ok(Some(found)) = store.try_find(id, &mut bytes) {
                return (found.kind == kind).then_some(bytes);
            }
        }
        let found = self.gix.find_object(id).ok()?;
        (found.kind == kind).then(|| found.detach().data)
    }

    /// Whether there is an object of this id.
    pub(super) fn has(&self, id: &gix::oid) -> bool {
        let quarantined = || self.quarantined.as_ref().is_some_and(|store| store.contains(id));
        self.made.contains_key(id) || self.held.find(id).is_some() || quarantined() || self.gix.has_object(id)
    }

    pub(super) fn commit(&self, id: &gix::oid) -> Option<Commit> {
        let bytes = self.bytes(id, Kind::Commit)?;
        let mut fields = gix::objs::CommitRefIter::from_bytes(&bytes, self.hash());
        let tree = fields.tree_id().ok()?;
        let time = fields.committer().map_or(0, |committer| committer.seconds());
        Some(Commit { tree, parents: fields.parent_ids().collect(), time })
    }

    /// `None` where the tree is missing, damaged, or not as git itself would write it ([`Tree::decode`]).
    pub(super) fn tree(&mut self, id: &gix::oid) -> Option<Arc<Tree>> {
        if let Some(tree) = self.trees.get(id) {
            return Some(tree.clone());
        }
        let tree = Arc::new(Tree::decode(self.bytes(id, Kind::Tree)?, self.hash())?);
        if self.decoded > TREE_BYTES {
            self.trees.clear();
            self.decoded = 0;
        }
        self.decoded += tree.raw.len() + tree.slots.len() * size_of::<Slot>();
        self.trees.insert(id.to_owned(), tree.clone());
        Some(tree)
    }

    /// Holds a new object here; it is written by [`Objects::flush`].
    pub(super) fn make(&mut self, id: ObjectId, kind: Kind, bytes: Vec<u8>) {
        self.made.insert(id, (kind, bytes.into()));
    }

    /// Writes what was made here to the quarantine's folder of objects, for git to find.
    ///
    /// # Errors
    /// A file cannot be written.
    pub(super) fn flush(&mut self, folder: &Path) -> anyhow::Result<()> {
        use gix::objs::Write as _;
        let store = gix::odb::loose::Store::at(folder, self.hash());
        for (id, (kind, bytes)) in &self.made {
            let written = store.write_buf_with_known_id(*kind, bytes, *id);
            written.map_err(|fault| anyhow::anyhow!("could not write a temp file: {fault}"))?;
        }
        self.made.clear();
        self.quarantined = Some(store);
        Ok(())
    }
}

/// A tree's entries in the order of their names' bytes, which is git's own but for folders.
pub(super) struct Tree {
    raw: Vec<u8>,
    slots: Vec<Slot>,
    hash_len: usize,
}

/// Where in the raw tree an entry's name and id begin; the name ends one byte before the id.
struct Slot {
    name: u32,
    id: u32,
    mode: Mode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Tree,
    File,
    Executable,
    Link,
    Submodule,
}

/// One entry; equal where mode and content are, whatever the names.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub name: &'a [u8],
    pub mode: Mode,
    pub id: &'a gix::oid,
}

impl PartialEq for Entry<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.mode == other.mode && self.id == other.id
    }
}

impl Entry<'_> {
    pub(super) fn is_tree(&self) -> bool {
        self.mode == Mode::Tree
    }

    pub(super) fn tree(&self) -> Option<&gix::oid> {
        self.is_tree().then_some(self.id)
    }
}

impl Mode {
    const ALL: [(Mode, &'static [u8]); 5] = [
        (Mode::File, b"100644"),
        (Mode::Tree, b"40000"),
        (Mode::Executable, b"100755"),
        (Mode::Link, b"120000"),
        (Mode::Submodule, b"160000"),
    ];

    fn of(text: &[u8]) -> Option<Mode> {
        Mode::ALL.iter().find(|(_, written)| *written == text).map(|(mode, _)| *mode)
    }

    fn written(self) -> &'static [u8] {
        Mode::ALL.iter().find(|(mode, _)| *mode == self).map_or(b"", |(_, written)| written)
    }
}

impl Tree {
    /// Reads `<mode> <name> NUL <id>` until the end. `None` where git would write it in another way or not at all: another
    /// mode, an empty name or one with a slash, a name twice, an empty folder.
    fn decode(raw: Vec<u8>, hash: gix::hash::Kind) -> Option<Tree> {
        let hash_len = hash.len_in_bytes();
        let empty = ObjectId::empty_tree(hash);
        let mut slots = Vec::with_capacity(raw.len() / (hash_len + 20));
        let mut at = 0;
        let mut sorted = true;
        let mut before: &[u8] = b"";
        while at < raw.len() {
            let rest = &raw[at..];
            let space = rest.iter().take(7).position(|&byte| byte == b' ')?;
            let mode = Mode::of(&rest[..space])?;
            let end = space + 1 + rest[space + 1..].iter().position(|&byte| byte == 0)?;
            let name = &rest[space + 1..end];
            let id = rest.get(end + 1..end + 1 + hash_len)?;
            if name.is_empty() || name.contains(&b'/') || (mode == Mode::Tree && id == empty.as_slice()) {
                return None;
            }
            sorted &= before < name;
            before = name;
            slots.push(Slot { name: (at + space + 1).try_into().ok()?, id: (at + end + 1).try_into().ok()?, mode });
            at += end + 1 + hash_len;
        }
        let mut tree = Tree { raw, slots, hash_len };
        if !sorted {
            let name = |slot: &Slot| slot.name as usize..slot.id as usize - 1;
            tree.slots.sort_by(|a, b| tree.raw[name(a)].cmp(&tree.raw[name(b)]));
            let twice = |two: &[Slot]| tree.raw[name(&two[0])] == tree.raw[name(&two[1])];
            if tree.slots.windows(2).any(twice) {
                return None;
            }
        }
        Some(tree)
    }

    pub(super) fn entry(&self, at: usize) -> Option<Entry<'_>> {
        let slot = self.slots.get(at)?;
        let (name, id) = (slot.name as usize, slot.id as usize);
        Some(Entry {
            name: &self.raw[name..id - 1],
            mode: slot.mode,
            id: gix::oid::from_bytes_unchecked(&self.raw[id..id + self.hash_len]),
        })
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        (0..self.slots.len()).filter_map(|at| self.entry(at))
    }
}

/// The bytes of the tree with these entries, which come in the order of their names' bytes.
pub(super) fn encode(entries: &[(&[u8], Mode, ObjectId)]) -> Vec<u8> {
    let mut sorted: Vec<&(&[u8], Mode, ObjectId)> = entries.iter().collect();
    sorted.sort_by(|a, b| gix::objs::tree::name_order(a.0, a.1 == Mode::Tree, b.0, b.1 == Mode::Tree));
    let mut raw = Vec::with_capacity(entries.len() * 48);
    for (name, mode, id) in sorted {
        raw.extend_from_slice(mode.written());
        raw.push(b' ');
        raw.extend_from_slice(name);
        raw.push(0);
        raw.extend_from_slice(id.as_slice());
    }
    raw
}
