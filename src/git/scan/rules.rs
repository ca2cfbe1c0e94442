//! What git ignores: `.gitignore` files as they are on disk, `info/exclude` and `core.excludesFile`.

use gix::index::entry::Mode;
use gix::worktree::stack::state::ignore::Source;

use super::stamp::Kind;

/// The rules of one worktree, read from disk as paths are asked for.
pub(super) struct Rules<'a> {
    gix: &'a gix::Repository,
    stack: Option<gix::AttributeStack<'a>>,
}

impl<'a> Rules<'a> {
    /// For the worktree that `gix` is set to.
    pub(super) fn new(gix: &'a gix::Repository) -> Rules<'a> {
        Rules { gix, stack: None }
    }

    /// Whether git ignores a path that the index does not know; `None` where the rules cannot be read.
    pub(super) fn ignores(&mut self, path: &[u8], kind: Kind) -> Option<bool> {
        if self.stack.is_none() {
            // An empty index: git reads the file of an entry that is gone from disk only where that is skip-worktree.
            let none = gix::index::State::new(self.gix.object_hash());
            self.stack = Some(self.gix.excludes(&none, None, Source::WorktreeThenIdMappingIfNotSkipped).ok()?);
        }
        let mode = if kind == Kind::Folder { Mode::DIR } else { Mode::FILE };
        let path: &gix::bstr::BStr = path.into();
        Some(self.stack.as_mut()?.at_entry(path, Some(mode)).ok()?.is_excluded())
    }
}
