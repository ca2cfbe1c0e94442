//! What git has said of merges, kept for the next time.

use std::collections::{HashMap, HashSet};

use gix::ObjectId;

use super::super::cache_file::CacheFile;
use super::super::quarantine::Quarantine;
use super::super::repo::{Repo, ours};
use super::ask::Said;
use super::context::{attributes_of, context};
use super::objects::Objects;
use crate::model::oid::Oid;
use crate::model::path::TreePath;

/// What a file of this form begins with.
const MAGIC: &[u8] = b"git-dispatch merges 1\n";

/// The file grows no larger, in bytes; the oldest answers go first.
const MOST: usize = 4 << 20;

/// The answers that hold for one [`context`], by their two commits.
pub(super) struct Cache {
    file: CacheFile,
    context: ObjectId,
    known: HashMap<(Oid, Oid), Said>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Record {
    /// The digest of the attributes that a tree has.
    Attributes {
        tree: Oid,
        digest: Oid,
    },
    Answer {
        context: Oid,
        pair: (Oid, Oid),
        said: Said,
    },
}

/// The context of the answers; the attributes of the target's tree are kept. `None` where answers cannot be.
pub(super) fn context_of(repo: &Repo, quarantine: &Quarantine) -> Option<ObjectId> {
    quarantine.settings(|| {
        let file = CacheFile::new(repo.common_dir(), "merges");
        let records = read(&file).unwrap_or_default();
        let digest_of = |tree: ObjectId| {
            let tree = ours(&tree);
            let known = records.iter().find_map(|record| match record {
                Record::Attributes { tree: of, digest } if *of == tree => Some(*digest),
                _ => None,
            });
            if let Some(digest) = known {
                return Some(super::theirs(digest));
            }
            let digest = attributes_of(&mut Objects::open(repo, quarantine), super::theirs(tree))?;
            _ = write(&file, &[Record::Attributes { tree, digest: ours(&digest) }]);
            Some(digest)
        };
        context(repo, quarantine, digest_of)
    })
}

impl Cache {
    /// `None` where answers cannot be kept.
    pub(super) fn open(repo: &Repo, quarantine: &Quarantine) -> Option<Cache> {
        let context = context_of(repo, quarantine)?;
        let file = CacheFile::new(repo.common_dir(), "merges");
        let ours = ours(&context);
        let known = read(&file).unwrap_or_default().into_iter().filter_map(|record| match record {
            Record::Answer { context, pair, said } if context == ours => Some((pair, said)),
            _ => None,
        });
        Some(Cache { known: known.collect(), file, context })
    }

    pub(super) fn said(&self, pair: &(Oid, Oid)) -> Option<Said> {
        self.known.get(pair).cloned()
    }

    /// Adds answers to the file; one that cannot be written costs time, no answer.
    pub(super) fn add(self, answers: impl Iterator<Item = ((Oid, Oid), Said)>) {
        let context = ours(&self.context);
        let new: Vec<Record> = answers.map(|(pair, said)| Record::Answer { context, pair, said }).collect();
        if !new.is_empty() {
            _ = write(&self.file, &new);
        }
    }
}

/// The records, the oldest first; `None` where there is no such file, or it is damaged or of another kind.
fn read(file: &CacheFile) -> Option<Vec<Record>> {
    let text = file.read(MAGIC)?;
    let mut rest = text.as_slice();
    let mut records = Vec::new();
    while !rest.is_empty() {
        records.push(Record::parse(&mut rest)?);
    }
    Some(records)
}

/// Replaces the file by one that has the new records, too.
fn write(file: &CacheFile, new: &[Record]) -> std::io::Result<()> {
    // Read again: another process may have added to it.
    let old = read(file).unwrap_or_default();
    let new: Vec<Vec<u8>> = new.iter().map(Record::encode).collect();
    let known: HashSet<&[u8]> = new.iter().map(Vec::as_slice).collect();
    let mut records: Vec<Vec<u8>> = old.iter().map(Record::encode).collect();
    records.retain(|record| !known.contains(record.as_slice()));
    records.extend(new.iter().cloned());
    let mut room = MOST - MAGIC.len() - 8;
    let fits = |record: &&Vec<u8>| room.checked_sub(record.len()).inspect(|rest| room = *rest).is_some();
    let kept = records.iter().rev().take_while(fits).count();
    file.replace(MAGIC, &records[records.len() - kept..].concat())
}

impl Record {
    fn encode(&self) -> Vec<u8> {
        let mut text = Vec::new();
        match self {
            Record::Attributes { tree, digest } => {
                text.push(b'A');
                [tree, digest].iter().for_each(|id| put(&mut text, id.as_bytes()));
            }
            Record::Answer { context, pair, said } => {
                text.push(if said.clean { b'C' } else { b'X' });
                [context, &pair.0, &pair.1, &said.tree].iter().for_each(|id| put(&mut text, id.as_bytes()));
                text.extend((said.conflicts.len() as u32).to_be_bytes());
                said.conflicts.iter().for_each(|path| put(&mut text, path.as_bytes()));
            }
        }
        text
    }

    fn parse(rest: &mut &[u8]) -> Option<Record> {
        match take(rest, 1)? {
            b"A" => Some(Record::Attributes { tree: oid(rest)?, digest: oid(rest)? }),
            kind @ (b"C" | b"X") => {
                let (context, pair, tree) = (oid(rest)?, (oid(rest)?, oid(rest)?), oid(rest)?);
                let count = number(rest)?;
                let conflicts: Option<Vec<TreePath>> = (0..count).map(|_| Some(TreePath::new(field(rest)?))).collect();
                let said = Said { clean: kind == b"C", tree, conflicts: conflicts? };
                Some(Record::Answer { context, pair, said })
            }
            _ => None,
        }
    }
}

fn put(text: &mut Vec<u8>, bytes: &[u8]) {
    text.extend((bytes.len() as u32).to_be_bytes());
    text.extend_from_slice(bytes);
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}

fn number(rest: &mut &[u8]) -> Option<usize> {
    let bytes = take(rest, 4)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(bytes)).ok()
}

fn field<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let count = number(rest)?;
    take(rest, count)
}

fn oid(rest: &mut &[u8]) -> Option<Oid> {
    Oid::from_bytes(field(rest)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(number: u32, paths: usize) -> Record {
        let id = |part: u32| {
            let mut raw = [part as u8; 20];
            raw[..4].copy_from_slice(&number.to_be_bytes());
            Oid::from_bytes(&raw).unwrap()
        };
        let conflicts = (0..paths).map(|at| TreePath::new(format!("path \n\0{at}"))).collect();
        let said = Said { clean: paths == 0, tree: id(3), conflicts };
        Record::Answer { context: id(0), pair: (id(1), id(2)), said }
    }

    #[test]
    fn answers_are_read_as_they_were_written_and_not_at_all_when_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let file = CacheFile::new(dir.path(), "merges");
        assert_eq!(read(&file), None);
        let attributes =
            Record::Attributes { tree: "1".repeat(40).parse().unwrap(), digest: "2".repeat(40).parse().unwrap() };
        let first = [answer(1, 0), attributes];
        write(&file, &first).unwrap();
        write(&file, &[answer(2, 3)]).unwrap();
        write(&file, &[answer(1, 0)]).unwrap();
        assert_eq!(read(&file), Some(vec![first[1].clone(), answer(2, 3), answer(1, 0)]), "none of them twice");
        let body = file.read(MAGIC).unwrap();
        for at in 1..body.len() {
            file.replace(MAGIC, &body[..at]).unwrap();
            assert_ne!(read(&file).map_or(0, |records| records.len()), 3, "cut at {at}");
        }
    }

    #[test]
    fn the_file_stays_bounded_and_loses_the_oldest_first() {
        let dir = tempfile::tempdir().unwrap();
        let file = CacheFile::new(dir.path(), "merges");
        let many: Vec<Record> = (0..40_000).map(|number| answer(number, 2)).collect();
        write(&file, &many[..20_000]).unwrap();
        write(&file, &many[20_000..]).unwrap();
        let size = std::fs::metadata(dir.path().join("dispatch/cache/merges")).unwrap().len() as usize;
        assert!((MOST - 200..=MOST).contains(&size), "{size}");
        let kept = read(&file).unwrap();
        assert_eq!(kept, many[many.len() - kept.len()..]);
    }
}
