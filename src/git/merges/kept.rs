//! Which merges were found to be clean, kept for the next time: finding that out reads trees of both sides.
//!
//! What git says of the others is in [`super::cache`]; both hold in the same [`context`](super::context).

use std::collections::{HashMap, HashSet};

use super::super::cache_file::CacheFile;
use super::super::quarantine::Quarantine;
use super::super::repo::{Repo, ours, theirs};
use super::cache::context_of;
use super::objects::Objects;
use crate::model::facts::Merge;
use crate::model::oid::Oid;

/// What a file of this form begins with. Then come the length of ids, the context, and the records, the newest first: a
/// byte of flags, both commits, the tree.
const MAGIC: &[u8] = b"git-dispatch clean merges 1\n";
/// The file holds no more records, which is 1 MiB; of more merges at a time none is kept.
const MOST: usize = 16_384;

const HAS_TREE: u8 = 1;
const ADDS_NOTHING: u8 = 2;
const TIP_CHANGES_SOMETHING: u8 = 4;

/// The clean merges of one context, by their two commits.
pub(super) struct Kept {
    file: CacheFile,
    context: Oid,
    known: HashMap<(Oid, Oid), Clean>,
    objects: Objects,
    /// Which commits are there, of those that were asked for.
    there: HashMap<Oid, bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Clean {
    /// `None` where nobody asked for it.
    tree: Option<Oid>,
    adds_nothing: bool,
    tip_changes_something: bool,
}

type Record = ((Oid, Oid), Clean);

impl Kept {
    /// `None` where answers cannot be kept.
    pub(super) fn open(repo: &Repo, quarantine: &Quarantine) -> Option<Kept> {
        let context = ours(&context_of(repo, quarantine)?);
        let file = CacheFile::new(repo.common_dir(), "clean");
        let known = read(&file, context).into_iter().collect();
        let objects = Objects::open(repo, quarantine);
        Some(Kept { file, context, known, objects, there: HashMap::new() })
    }

    pub(super) fn merge(&mut self, pair: (Oid, Oid)) -> Option<Merge> {
        let Clean { tree, adds_nothing, tip_changes_something } = *self.known.get(&pair)?;
        let (tree, conflicts) = (tree?, Vec::new());
        self.is_there(pair).then_some(Merge { clean: true, tree, conflicts, adds_nothing, tip_changes_something })
    }

    pub(super) fn is_clean(&mut self, pair: (Oid, Oid)) -> bool {
        self.known.contains_key(&pair) && self.is_there(pair)
    }

    /// Whether both commits are there, with the tops of their trees.
    pub(super) fn is_there(&mut self, pair: (Oid, Oid)) -> bool {
        let objects = &self.objects;
        let there = |id: Oid| objects.commit(&theirs(id)).is_some_and(|commit| objects.has(&commit.tree));
        [pair.0, pair.1].into_iter().all(|id| *self.there.entry(id).or_insert_with(|| there(id)))
    }

    /// Adds merges; a file that cannot be written costs time, no answer.
    pub(super) fn add_merges<'m>(self, merges: impl Iterator<Item = ((Oid, Oid), &'m Merge)>) {
        let clean = merges.filter(|(_, merge)| merge.clean).map(|(pair, merge)| {
            let Merge { tree, adds_nothing, tip_changes_something, .. } = *merge;
            (pair, Clean { tree: Some(tree), adds_nothing, tip_changes_something })
        });
        self.add(clean.collect());
    }

    /// Adds merges of which no more is known than that they are clean.
    pub(super) fn add_verdicts(self, clean: impl Iterator<Item = (Oid, Oid)>) {
        let some = Clean { tree: None, adds_nothing: false, tip_changes_something: false };
        self.add(clean.map(|pair| (pair, some)).collect());
    }

    fn add(self, new: Vec<Record>) {
        if !new.is_empty() && new.len() <= MOST {
            _ = write(&self.file, self.context, new);
        }
    }
}

/// The records that hold for `context`, the newest first; none where the file holds for another or is none of ours.
fn read(file: &CacheFile, context: Oid) -> Vec<Record> {
    parse(&file.read(MAGIC).unwrap_or_default(), context).unwrap_or_default()
}

fn parse(body: &[u8], context: Oid) -> Option<Vec<Record>> {
    let (&length, rest) = body.split_first()?;
    let length = usize::from(length);
    let rest = rest.strip_prefix(context.as_bytes()).filter(|_| context.as_bytes().len() == length)?;
    let records = rest.chunks_exact(1 + 3 * length);
    if !records.remainder().is_empty() {
        return None;
    }
    records.map(|record| Some((pair(record, length)?, clean(record, length)?))).collect()
}

fn id(record: &[u8], length: usize, at: usize) -> Option<Oid> {
    Oid::from_bytes(record.get(1 + at * length..1 + (at + 1) * length)?)
}

fn pair(record: &[u8], length: usize) -> Option<(Oid, Oid)> {
    Some((id(record, length, 0)?, id(record, length, 1)?))
}

fn clean(record: &[u8], length: usize) -> Option<Clean> {
    let (has, tree) = (|flag| record[0] & flag != 0, id(record, length, 2)?);
    Some(Clean {
        tree: has(HAS_TREE).then_some(tree),
        adds_nothing: has(ADDS_NOTHING),
        tip_changes_something: has(TIP_CHANGES_SOMETHING),
    })
}

/// Replaces the file by one that has the new records in front.
fn write(file: &CacheFile, context: Oid, new: Vec<Record>) -> std::io::Result<()> {
    let known: HashSet<(Oid, Oid)> = new.iter().map(|(pair, _)| *pair).collect();
    // Read again: another process, or another merge of this one, may have added to it.
    let old = read(file, context).into_iter().filter(|(pair, _)| !known.contains(pair));
    let mut body = vec![context.as_bytes().len() as u8];
    body.extend_from_slice(context.as_bytes());
    for ((target, tip), clean) in new.iter().copied().chain(old).take(MOST) {
        let flag = |flag: u8, set: bool| if set { flag } else { 0 };
        body.push(
            flag(HAS_TREE, clean.tree.is_some())
                | flag(ADDS_NOTHING, clean.adds_nothing)
                | flag(TIP_CHANGES_SOMETHING, clean.tip_changes_something),
        );
        // Without a tree any id fills its place.
        for id in [target, tip, clean.tree.unwrap_or(target)] {
            body.extend_from_slice(id.as_bytes());
        }
    }
    file.replace(MAGIC, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> Oid {
        format!("{number:040x}").parse().unwrap()
    }

    fn record(number: usize) -> Record {
        let clean = Clean {
            tree: (!number.is_multiple_of(3)).then(|| id(number + 7)),
            adds_nothing: number.is_multiple_of(2),
            tip_changes_something: number.is_multiple_of(5),
        };
        ((id(number), id(number + 1)), clean)
    }

    #[test]
    fn records_are_read_as_they_were_written_and_not_at_all_when_damaged_or_of_another_context() {
        let dir = tempfile::tempdir().unwrap();
        let file = CacheFile::new(dir.path(), "clean");
        assert_eq!(read(&file, id(1)), []);
        write(&file, id(1), (0..8).map(record).collect()).unwrap();
        write(&file, id(1), vec![record(9), record(3)]).unwrap();
        let all: Vec<Record> = [9, 3, 0, 1, 2, 4, 5, 6, 7].map(record).to_vec();
        assert_eq!(read(&file, id(1)), all, "the newest first, none of them twice");
        assert_eq!(read(&file, id(2)), []);
        let body = file.read(MAGIC).unwrap();
        for end in 0..body.len() {
            let cut = parse(&body[..end], id(1)).unwrap_or_default();
            assert!(cut.len() < all.len() && all.starts_with(&cut), "cut at {end}");
        }
        write(&file, id(2), vec![record(4)]).unwrap();
        assert_eq!((read(&file, id(1)), read(&file, id(2))), (Vec::new(), vec![record(4)]));
    }

    #[test]
    fn the_file_stays_bounded_and_loses_the_oldest_first() {
        let dir = tempfile::tempdir().unwrap();
        let file = CacheFile::new(dir.path(), "clean");
        write(&file, id(1), (0..MOST).map(record).collect()).unwrap();
        write(&file, id(1), (MOST..MOST + 100).map(record).collect()).unwrap();
        let kept = read(&file, id(1));
        let newest = (MOST..MOST + 100).chain(0..MOST - 100).map(record).collect::<Vec<_>>();
        assert!(kept == newest);
        assert!(std::fs::metadata(dir.path().join("dispatch/cache/clean")).unwrap().len() <= 1 << 20);
    }
}
