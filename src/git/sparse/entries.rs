//! Folders of a sparse checkout, against the tree that is checked out: git takes what is not there without a word.

use super::super::repo::{Repo, theirs};
use crate::model::near::nearest;
use crate::model::oid::Oid;
use crate::model::sparse::Misplaced;

/// What of `folders` is no folder in the tree of `commit`. Nothing where that cannot be read: making the worktree will say so.
pub fn misplaced(repo: &Repo, commit: Oid, folders: &[String]) -> Vec<Misplaced> {
    let tree = repo.gix.find_commit(theirs(commit)).ok().and_then(|commit| commit.tree().ok());
    let Some(tree) = tree else { return Vec::new() };
    folders.iter().filter_map(|folder| look(repo, tree.clone(), folder)).collect()
}

fn look<'r>(repo: &'r Repo, mut tree: gix::Tree<'r>, folder: &str) -> Option<Misplaced> {
    let mut above: Vec<&str> = Vec::new();
    for part in folder.split('/') {
        let found = tree.find_entry(part).map(|entry| (entry.mode(), entry.object_id()));
        match found {
            Some((mode, id)) if mode.is_tree() => {
                above.push(part);
                // What cannot be read is not known to be misplaced.
                tree = repo.gix.find_tree(id).ok()?;
            }
            // A submodule is a folder, of which nothing more is known.
            Some((mode, _)) if mode.is_commit() => return None,
            Some(_) => {
                above.push(part);
                return Some(Misplaced::File { entry: folder.to_owned(), file: above.join("/") });
            }
            None => {
                let names: Vec<String> = folders_of(&tree);
                let near = nearest(part, names.iter().map(String::as_str));
                let near = near.map(|name| above.iter().copied().chain([name]).collect::<Vec<_>>().join("/"));
                let near = near.or_else(|| (!above.is_empty()).then(|| above.join("/")));
                return Some(Misplaced::Missing { entry: folder.to_owned(), near });
            }
        }
    }
    None
}

fn folders_of(tree: &gix::Tree<'_>) -> Vec<String> {
    let folders = tree.iter().filter_map(Result::ok).filter(|entry| entry.mode().is_tree());
    folders.filter_map(|entry| std::str::from_utf8(entry.filename()).ok().map(str::to_owned)).collect()
}
