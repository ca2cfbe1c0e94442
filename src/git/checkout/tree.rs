//! The tree of a commit, flattened to what an index of it holds. What git would look at twice is refused, and left to git.

use std::ops::Range;

use gix::ObjectId;
use gix::objs::tree::EntryKind;

/// Deeper or longer than this is git's to refuse.
const DEEPEST: usize = 200;
const LONGEST: usize = 3_500;

/// All files of a commit, in the order of an index.
pub(super) struct Tree {
    pub root: ObjectId,
    pub entries: Vec<Entry>,
    /// The `TREE` extension that describes all of it.
    pub cache_tree: Vec<u8>,
    /// How deep the deepest folder lies; 0 where all files are at the top.
    pub depth: usize,
    paths: Vec<u8>,
}

pub(super) struct Entry {
    pub kind: EntryKind,
    pub id: ObjectId,
    path: Range<usize>,
}

impl Tree {
    /// Reads the tree `root` and all below it.
    ///
    /// # Errors
    /// Why git should check it out: an object cannot be read, or a name needs git's judgement.
    pub(super) fn read(gix: &gix::Repository, root: ObjectId) -> Result<Tree, String> {
        let mut tree = Tree { root, entries: Vec::new(), cache_tree: Vec::new(), depth: 0, paths: Vec::new() };
        let (_, body) = tree.descend(gix, root, &mut Vec::new(), 0)?;
        tree.cache_tree = [&[0], body.as_slice()].concat();
        let sorted = tree.entries.windows(2).all(|two| tree.path(&two[0]) < tree.path(&two[1]));
        if sorted { Ok(tree) } else { Err(UNSORTED.to_owned()) }
    }

    pub(super) fn path(&self, entry: &Entry) -> &[u8] {
        &self.paths[entry.path.clone()]
    }

    /// Takes in one folder whose path, with a slash at its end, is `path`; how many files are below it, and what the
    /// `TREE` extension says behind its name.
    fn descend(
        &mut self,
        gix: &gix::Repository,
        id: ObjectId,
        path: &mut Vec<u8>,
        depth: usize,
    ) -> Result<(usize, Vec<u8>), String> {
        self.depth = self.depth.max(depth);
        let unreadable = |_| format!("tree {id} cannot be read");
        let object =
            gix.find_object(id).map_err(unreadable)?.try_into_tree().map_err(|_| format!("{id} is no tree"))?;
        let (first, mut files, mut folders) = (self.entries.len(), Vec::new(), Vec::new());
        for entry in object.iter() {
            let entry = entry.map_err(|_| format!("tree {id} cannot be read"))?;
            let (name, kind): (&[u8], EntryKind) = (entry.filename(), entry.mode().kind());
            let start = path.len();
            path.extend_from_slice(name);
            if is_doubtful(name, kind) || path.len() > LONGEST || depth > DEEPEST {
                return Err(format!("its path '{}' needs git's judgement", String::from_utf8_lossy(path)));
            }
            if kind == EntryKind::Tree {
                path.push(b'/');
                let (_, body) = self.descend(gix, entry.object_id(), path, depth + 1)?;
                folders.push((name.to_vec(), body));
            } else {
                let at = self.paths.len();
                self.paths.extend_from_slice(path);
                self.entries.push(Entry { kind, id: entry.object_id(), path: at..self.paths.len() });
                files.push(name.to_vec());
            }
            path.truncate(start);
        }
        let twice = folders.iter().any(|(name, _)| files.binary_search(name).is_ok());
        // Sorted as git sorts folders: with a slash at the end.
        let in_order = |(a, _): &(Vec<u8>, _), (b, _): &(Vec<u8>, _)| a.iter().chain(b"/").lt(b.iter().chain(b"/"));
        if twice || !files.is_sorted_by(|a, b| a < b) || !folders.is_sorted_by(in_order) {
            return Err(UNSORTED.to_owned());
        }
        let count = self.entries.len() - first;
        Ok((count, described(count, id, folders)))
    }
}

const UNSORTED: &str = "one of its trees is not sorted, or has a name twice";

/// The line of a folder in the `TREE` extension, and those of the folders in it: in git's order, shorter names first
/// (`cache-tree.c`, `subtree_name_cmp`).
fn described(count: usize, id: ObjectId, mut folders: Vec<(Vec<u8>, Vec<u8>)>) -> Vec<u8> {
    folders.sort_by(|(a, _), (b, _)| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    let mut body = format!("{count} {}\n", folders.len()).into_bytes();
    body.extend_from_slice(id.as_bytes());
    for (name, below) in folders {
        body.extend_from_slice(&name);
        body.push(0);
        body.extend_from_slice(&below);
    }
    body
}

/// Whether git's `verify_path` might refuse a name on any file system, or treat it as one of its own. Wider than git's rule:
/// what is doubtful here is git's to decide.
fn is_doubtful(name: &[u8], kind: EntryKind) -> bool {
    let lower = name.to_ascii_lowercase();
    let beyond_git = lower.strip_prefix(b".git").map(|rest| rest.first().copied());
    let dot_git = match beyond_git {
        Some(next) => next.is_none_or(|next| !next.is_ascii_alphanumeric() && next != b'-' && next != b'_'),
        None => false,
    };
    let odd_link = kind == EntryKind::Link && (beyond_git.is_some() || lower.contains(&b'~'));
    // Code points that HFS+ leaves out of a name: .g\u{200c}it is .git there.
    let ignorable = |three: &[u8]| match three {
        [0xE2, 0x80, last] => (0x8C..=0x8F).contains(last) || (0xAA..=0xAE).contains(last),
        [0xE2, 0x81, last] => (0xAA..=0xAF).contains(last),
        three => three == [0xEF, 0xBB, 0xBF],
    };
    let special = lower.is_empty() || lower == b"." || lower == b"..";
    special
        || dot_git
        || odd_link
        || lower.starts_with(b"git~")
        || lower.iter().any(|byte| matches!(byte, 0 | b'/' | b'\\'))
        || name.windows(3).any(ignorable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_git_may_refuse_are_doubtful_and_usual_ones_are_not() {
        let doubtful = |name: &str| is_doubtful(name.as_bytes(), EntryKind::Blob);
        for name in [
            "",
            ".",
            "..",
            ".git",
            ".GIT",
            ".Git ",
            ".git.",
            ".git...",
            ".git:x",
            "git~1",
            "GIT~2",
            ".g\u{200c}it",
            "a\\b",
            ".git~1",
        ] {
            assert!(doubtful(name), "{name:?}");
        }
        for name in
            [".gitignore", ".gitattributes", ".github", ".git-blame", "git", "a b", "...", "ü", "-rf", ".gi", "x~1"]
        {
            assert!(!doubtful(name), "{name:?}");
        }
        assert!(is_doubtful(b".gitmodules", EntryKind::Link) && is_doubtful(b"GITMOD~1", EntryKind::Link));
    }

    #[test]
    fn folders_are_described_with_the_shorter_name_first() {
        let id = ObjectId::null(gix::hash::Kind::Sha1);
        let folders = vec![(b"aa".to_vec(), b"1".to_vec()), (b"b".to_vec(), b"2".to_vec())];
        let body = described(3, id, folders);
        assert_eq!(&body[..4], b"3 2\n");
        assert_eq!(&body[24..], b"b\x002aa\x001");
    }
}
