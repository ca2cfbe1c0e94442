//! Merges that need no look into a file: three trees side by side.
//!
//! What is decided here is what git's `merge-ort` decides. It takes a path that one side left alone, or that both made
//! the same, and looks for renames beyond that; a rename changes the outcome only where
//! - its old path is changed or deleted on the other side,
//! - its new path exists there with another content, or within a file there or above a folder,
//! - a folder that one side removed got a new path on the other (a directory rename, `merge.directoryRenames`).
//!
//! Each of these shows in a path that both sides changed, not alike, or in a path that both deleted; both are left to git.
//! A path that both deleted is one also within folders that both changed alike: it may be renamed to two new places.

use gix::ObjectId;
use gix::objs::Kind;

use super::objects::{Entry, Mode, Objects, Tree, encode};

/// The trees of a merge are git's to decide on, or cannot be read.
pub(super) struct Undecided;

/// What becomes of the trees that the merge makes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Nobody asks for them: the tree returned is any.
    Verdict,
    /// Their ids are computed.
    Id,
    /// They are held by [`Objects`], too.
    Made,
}

/// The tree of a clean merge of `ours` and `theirs`, whose only merge base has the tree `base`.
///
/// # Errors
/// The walk does not decide it.
pub(super) fn merged(objects: &mut Objects, trees: [ObjectId; 3], outcome: Outcome) -> Result<ObjectId, Undecided> {
    let [base, ours, theirs] = trees;
    if base == theirs || ours == theirs {
        return Ok(ours);
    }
    if base == ours {
        // git reads the tree, too.
        return objects.tree(&theirs).map(|_| theirs).ok_or(Undecided);
    }
    let empty = ObjectId::empty_tree(objects.hash());
    Walk { objects, outcome }.trees(Some(&base), &ours, &theirs).map(|tree| tree.unwrap_or(empty))
}

struct Walk<'a> {
    objects: &'a mut Objects,
    outcome: Outcome,
}

/// What becomes of a name.
enum Fate {
    Gone,
    Ours,
    Theirs,
    Merged(ObjectId),
}

impl Walk<'_> {
    /// `None` where nothing is left.
    fn trees(
        &mut self,
        base: Option<&gix::oid>,
        ours: &gix::oid,
        theirs: &gix::oid,
    ) -> Result<Option<ObjectId>, Undecided> {
        let base = base.map(|base| self.objects.tree(base).ok_or(Undecided)).transpose()?;
        let [ours, theirs] = [ours, theirs].map(|id| self.objects.tree(id).ok_or(Undecided));
        let (ours, theirs) = (ours?, theirs?);
        let mut left: Vec<(&[u8], Mode, ObjectId)> = Vec::new();
        let mut any = false;
        let mut names = Names { base: base.as_deref(), ours: &ours, theirs: &theirs, at: [0; 3] };
        while let Some(sides) = names.next() {
            let [_, in_ours, in_theirs] = &sides;
            let entry = match self.fate(&sides)? {
                Fate::Gone => None,
                Fate::Ours => in_ours.as_ref().map(|entry| (entry.name, entry.mode, entry.id)),
                Fate::Theirs => in_theirs.as_ref().map(|entry| (entry.name, entry.mode, entry.id)),
                Fate::Merged(tree) => {
                    any = true;
                    let name = in_ours.as_ref().map_or(&b""[..], |entry| entry.name);
                    left.push((name, Mode::Tree, tree));
                    None
                }
            };
            if let Some((name, mode, id)) = entry {
                any = true;
                if self.outcome != Outcome::Verdict {
                    left.push((name, mode, id.to_owned()));
                }
            }
        }
        if !any {
            return Ok(None);
        }
        self.tree_of(&left).map(Some)
    }

    fn tree_of(&mut self, entries: &[(&[u8], Mode, ObjectId)]) -> Result<ObjectId, Undecided> {
        let hash = self.objects.hash();
        if self.outcome == Outcome::Verdict {
            return Ok(hash.null());
        }
        let raw = encode(entries);
        let id = gix::objs::compute_hash(hash, Kind::Tree, &raw).map_err(|_| Undecided)?;
        if self.outcome == Outcome::Made {
            self.objects.make(id, Kind::Tree, raw);
        }
        Ok(id)
    }

    fn fate(&mut self, [base, ours, theirs]: &[Option<Entry<'_>>; 3]) -> Result<Fate, Undecided> {
        if ours == theirs {
            self.alike(base, ours)?;
            return Ok(Fate::Ours);
        }
        if base == theirs {
            return Ok(Fate::Ours);
        }
        if base == ours {
            return Ok(Fate::Theirs);
        }
        let trees = |entry: &Option<Entry<'_>>| entry.as_ref().is_none_or(Entry::is_tree);
        let (Some(a), Some(b)) = (ours, theirs) else { return Err(Undecided) };
        if !(a.is_tree() && b.is_tree() && trees(base)) {
            return Err(Undecided);
        }
        let merged = self.trees(base.as_ref().and_then(Entry::tree), a.id, b.id)?;
        Ok(merged.map_or(Fate::Gone, Fate::Merged))
    }

    /// Succeeds where a change that both sides made deletes no path.
    fn alike(&mut self, base: &Option<Entry<'_>>, side: &Option<Entry<'_>>) -> Result<(), Undecided> {
        let (base, side) = match (base, side) {
            (None, _) => return Ok(()),
            (Some(_), None) => return Err(Undecided),
            (Some(base), Some(side)) if base == side => return Ok(()),
            (Some(base), Some(side)) => (base, side),
        };
        match (base.tree(), side.tree()) {
            (None, None) => Ok(()),
            (Some(base), Some(side)) => self.deletes_nothing(base, side),
            _ => Err(Undecided),
        }
    }

    fn deletes_nothing(&mut self, base: &gix::oid, side: &gix::oid) -> Result<(), Undecided> {
        let [base, side] = [base, side].map(|id| self.objects.tree(id).ok_or(Undecided));
        let (base, side) = (base?, side?);
        let mut rest = side.entries().peekable();
        for entry in base.entries() {
            while rest.peek().is_some_and(|next| next.name < entry.name) {
                rest.next();
            }
            let found = rest.peek().copied().filter(|next| next.name == entry.name);
            self.alike(&Some(entry), &found)?;
        }
        Ok(())
    }
}

/// The names of three trees, each once, in the order of their bytes.
struct Names<'a> {
    base: Option<&'a Tree>,
    ours: &'a Tree,
    theirs: &'a Tree,
    at: [usize; 3],
}

impl<'a> Names<'a> {
    /// What base, ours and theirs have by the next name.
    fn next(&mut self) -> Option<[Option<Entry<'a>>; 3]> {
        let trees = [self.base, Some(self.ours), Some(self.theirs)];
        let mut next = [None; 3];
        for (side, tree) in trees.iter().enumerate() {
            next[side] = tree.and_then(|tree| tree.entry(self.at[side]));
        }
        let name = next.iter().flatten().map(|entry| entry.name).min()?;
        for (side, entry) in next.iter_mut().enumerate() {
            *entry = entry.filter(|entry| entry.name == name);
            self.at[side] += usize::from(entry.is_some());
        }
        Some(next)
    }
}
