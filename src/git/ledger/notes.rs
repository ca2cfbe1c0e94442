//! Reading the ledger, in bounded memory: whatever stands in its notes and their trees, the rest still counts.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use anyhow::Result;
use gix::bstr::ByteSlice;

use super::{LEDGER_REF, tree_of};
use crate::git::quarantine::without_fetching;
use crate::git::repo::Repo;
use crate::model::ledger::{Ledger, Reading};
use crate::model::oid::Oid;

/// Of all notes and their trees together so many bytes are read: no honest ledger has more, and memory is bounded.
const MOST_BYTES: u64 = 16 << 20;
/// What looking at a tree or a note counts for at least, in bytes: trees may hold each other very many times.
const LEAST_BYTES: u64 = 1 << 10;
/// A larger note is read line by line, no more than so much of it and of each line, in bytes.
const MOST_STREAMED: u64 = 1 << 30;
const LONGEST_LINE: u64 = 8 << 20;

/// Reads every batch and record. A repository without a ledger has an empty one.
///
/// Notes that are no ledger are skipped; lines that are no events, and what is damaged or too large, are kept aside.
///
/// # Errors
/// The ref cannot be read.
pub fn read_ledger(repo: &Repo) -> Result<Ledger> {
    let Some(tip) = repo.commit_of(LEDGER_REF)? else {
        return Ok(Ledger::default());
    };
    let mut notes = Notes { repo, tip, bytes_left: MOST_BYTES, reading: Reading::default() };
    match tree_of(repo, tip) {
        Ok(tree) => notes.tree(tree, String::new()),
        Err(fault) => notes.reading.unreadable(tip, fault.to_string().as_bytes()),
    }
    Ok(notes.reading.ledger(Some(tip)))
}

struct Notes<'a> {
    repo: &'a Repo,
    tip: Oid,
    bytes_left: u64,
    reading: Reading,
}

impl<'a> Notes<'a> {
    /// Notes trees name the annotated commit in hexadecimal, split into folders of two digits as they grow
    /// (git `Documentation/git-notes.txt`, NOTES). So the recursion is as deep as an id has bytes, at most.
    fn tree(&mut self, tree: gix::ObjectId, prefix: String) {
        let Some(tree) = self.object(self.tip, tree) else { return };
        let Ok(tree) = tree.try_into_tree() else {
            return self.reading.unreadable(self.tip, b"a folder of notes that is none");
        };
        for entry in tree.iter() {
            let Ok(entry) = entry else {
                return self.reading.unreadable(self.tip, b"a damaged folder of notes");
            };
            let Ok(name) = entry.filename().to_str() else { continue };
            let path = format!("{prefix}{name}");
            if entry.mode().is_tree() && is_pair(name) && path.len() < 64 {
                self.tree(entry.object_id(), path);
            } else if entry.mode().is_blob()
                && let Ok(commit) = path.parse::<Oid>()
            {
                self.note(commit, entry.object_id());
            }
        }
    }

    fn note(&mut self, commit: Oid, id: gix::ObjectId) {
        if self.repo.gix.find_header(id).is_ok_and(|header| header.size() > self.bytes_left) {
            if self.large_note(commit, id).is_none() {
                self.reading.unreadable(commit, format!("the rest of note {id}, which is too large").as_bytes());
            }
        } else if let Some(note) = self.object(commit, id) {
            let lines = ByteSlice::lines(&*note.data).filter(|line| !line.trim_ascii().is_empty());
            lines.for_each(|line| _ = self.reading.line(commit, line));
        }
    }

    /// Reads a note line by line, as far as there is memory for what it holds; `None` where that was not all.
    fn large_note(&mut self, commit: Oid, id: gix::ObjectId) -> Option<()> {
        let mut command = self.repo.command();
        without_fetching(&mut command);
        command.args(["cat-file", "blob", &id.to_string()]).stdin(Stdio::null()).stderr(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).spawn().ok()?;
        let read = child.stdout.take().and_then(|out| self.lines(commit, BufReader::new(out)));
        // Its output is closed: it ends by itself.
        let ended = child.wait();
        read.filter(|()| ended.is_ok_and(|status| status.success()))
    }

    fn lines(&mut self, commit: Oid, mut from: impl BufRead) -> Option<()> {
        let mut bytes_left = MOST_STREAMED;
        let mut line = Vec::new();
        loop {
            line.clear();
            let length = from.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line).ok()?;
            if length == 0 {
                return Some(());
            }
            let more = if line.ends_with(b"\n") { 0 } else { from.skip_until(b'\n').ok()? };
            bytes_left = bytes_left.checked_sub((length + more) as u64)?;
            if more > 0 {
                self.reading.unreadable(commit, &line);
            } else if !line.trim_ascii().is_empty() && self.reading.line(commit, &line) {
                self.bytes_left = self.bytes_left.checked_sub(length as u64)?;
            }
        }
    }

    /// One that cannot be read, or is too large, becomes one unreadable line of the note on `commit`.
    fn object(&mut self, commit: Oid, id: gix::ObjectId) -> Option<gix::Object<'a>> {
        let gix = &self.repo.gix;
        let found = match gix.find_header(id).map(|header| header.size().max(LEAST_BYTES)) {
            Ok(size) if size > self.bytes_left => Err(format!("{size} bytes, which are too many")),
            Ok(size) => {
                self.bytes_left -= size;
                gix.find_object(id).map_err(|fault| fault.to_string())
            }
            Err(fault) => Err(fault.to_string()),
        };
        found.map_err(|fault| self.reading.unreadable(commit, format!("object {id}: {fault}").as_bytes())).ok()
    }
}

/// Two digits of an id.
fn is_pair(name: &str) -> bool {
    name.len() == 2 && name.bytes().all(|digit| digit.is_ascii_hexdigit())
}
