//! The ledger in `refs/notes/dispatch`: appended by compare-and-swap, synced to disk.

mod kept;
mod notes;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use gix::bstr::ByteSlice;
use gix::note::plumbing::State;

use super::fault::Told;
use super::program::{failed, run};
use super::refs;
use super::repo::{Repo, ours, theirs};
use super::stale::clear_stale_lock;
use crate::model::failure::{Exit, Failure};
use crate::model::ledger::{Body, Event, VERSION};
use crate::model::oid::Oid;

pub use notes::read_ledger;

/// Where the ledger lives.
pub const LEDGER_REF: &str = "refs/notes/dispatch";

/// A command decides anew for so long, and at least so often, because other processes write to the ledger in between.
const PATIENCE: Duration = Duration::from_secs(30);
const AT_LEAST: u32 = 20;

/// Attempts at a decision: between two of them a pause, longer each time and never the same in two processes, so that of many at once
/// each comes to its turn.
#[derive(Debug)]
pub struct Attempts {
    began: Instant,
    made: u32,
}

impl Attempts {
    #[expect(clippy::new_without_default, reason = "it is about now")]
    pub fn new() -> Attempts {
        Attempts { began: Instant::now(), made: 0 }
    }
}

impl Iterator for Attempts {
    type Item = ();

    fn next(&mut self) -> Option<()> {
        if self.made > 0 {
            let mut random = [0u8; 2];
            // Without random bytes all wait as long.
            let share = getrandom::fill(&mut random).map_or(u16::MAX, |()| u16::from_le_bytes(random));
            let longest = Duration::from_millis(4 << self.made.min(6));
            std::thread::sleep(longest.mul_f32(f32::from(share) / f32::from(u16::MAX)));
        }
        self.made += 1;
        (self.made <= AT_LEAST || self.began.elapsed() < PATIENCE).then_some(())
    }
}

/// The failure of a command that lost the swap in all of its [`Attempts`].
pub fn contended() -> Failure {
    Failure::new(Exit::Held, format!("'{LEDGER_REF}' changed each time that this was decided"))
        .hint("run the same command again; a stale '.lock' beside the ref would also look like this")
}

/// How an append ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swap {
    /// The ledger now ends in this commit.
    Done(Oid),
    /// Another process appended first; nothing was written. Decide again from what the ledger says now.
    Lost,
}

pub(super) fn tree_of(repo: &Repo, commit: Oid) -> Result<gix::ObjectId> {
    let commit =
        repo.gix.find_commit(theirs(commit)).told(|| format!("could not read commit {commit} of {LEDGER_REF}"))?;
    Ok(commit.tree_id().told(|| format!("could not read {LEDGER_REF}"))?.detach())
}

/// An event of now, by the committer of git's configuration.
///
/// # Errors
/// git knows no committer, or the system gives no random bytes.
pub fn event(repo: &Repo, at: jiff::Timestamp, body: Body) -> Result<Event> {
    let by = committer(repo)?;
    let mut random = [0u8; 16];
    getrandom::fill(&mut random).context("could not get random bytes")?;
    let uid = random.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Event { at, uid, v: VERSION, body, by, host: host() })
}

/// The name of this machine, as events record it.
pub fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Who acts, by git's configuration, as the ledger records it: `Name <mail>`.
///
/// # Errors
/// git knows no committer ([`Exit::Refused`]).
pub fn committer(repo: &Repo) -> Result<String> {
    let who = match repo.gix.committer() {
        Some(Ok(who)) if !who.name.trim().is_empty() => who,
        Some(Err(fault)) => return Err(anyhow!("could not read the committer's date: {fault}")),
        _ => {
            return Err(Failure::new(Exit::Refused, "git does not know who you are, and the ledger records who acts")
                .hint("use 'git config --global user.name \"Your Name\"' to say it")
                .hint("use 'git config --global user.email you@example.com' too")
                .into());
        }
    };
    Ok(format!("{} <{}>", who.name.trim().as_bstr(), who.email.trim().as_bstr()))
}

/// Appends `events` to the note on `commit`, if the ledger still ends in `expected`; that one compare-and-swap of one
/// ref is the commit point of every acting command. Objects and the ref are synced to disk.
///
/// # Errors
/// The ledger could not be read or written. Then it is as it was, or another process moved it; objects may be left behind,
/// which `git gc` removes.
pub fn append(repo: &Repo, expected: Option<Oid>, commit: Oid, events: &[Event], subject: &str) -> Result<Swap> {
    append_all(repo, expected, &[(commit, events)], subject)
}

/// The same for the notes on several commits, in one compare-and-swap.
///
/// # Errors
/// As [`append`].
pub fn append_all(repo: &Repo, expected: Option<Oid>, notes: &[(Oid, &[Event])], subject: &str) -> Result<Swap> {
    let mut written = write(repo, expected, notes, subject);
    for _ in 0..AGAIN {
        if written.is_err() {
            written = write(repo, expected, notes, subject);
        }
    }
    let (new, objects) = written?;
    // One that a prune has removed already: it is written anew in another attempt.
    let Some(kept) = kept::Kept::of(repo, &objects) else { return Ok(Swap::Lost) };
    sync(repo, &objects)?;
    let done = swap(repo, expected, new, subject)?;
    if done != Swap::Lost {
        kept.outlast_prune(repo)?;
    }
    Ok(done)
}

/// Why nothing can be recorded from here, where that is so: a sandbox that makes the common git dir read-only.
pub fn not_writable(repo: &Repo) -> Option<Failure> {
    let common = repo.common_dir();
    let writable = |path: &Path| rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok();
    if [common.to_owned(), common.join("objects")].iter().all(|path| writable(path)) {
        return None;
    }
    let what = format!("'{}' cannot be written from here, and the ledger is in it", common.display());
    Some(
        Failure::new(Exit::Refused, what)
            .hint("allow that folder, which GIT_DISPATCH_GIT_DIR names, in the worker's sandbox"),
    )
}

/// How often objects are written again where they could not be: a gc beside removes folders of objects that are empty, also
/// those into which one was just about to be renamed.
pub(super) const AGAIN: usize = 5;

/// Writes the objects of an append: its commit, and all of them.
fn write(
    repo: &Repo,
    expected: Option<Oid>,
    new: &[(Oid, &[Event])],
    subject: &str,
) -> Result<(Oid, Vec<gix::ObjectId>)> {
    let mut root = match expected {
        Some(tip) => tree_of(repo, tip)?,
        None => gix::ObjectId::empty_tree(repo.gix.object_hash()),
    };
    let mut notes = State::new(root, &repo.gix.objects).told(|| format!("could not read {LEDGER_REF}"))?;
    let mut objects = Vec::new();
    for (commit, events) in new {
        let note = grown_note(repo, &mut notes, *commit, events)?;
        let edit = notes.replace(theirs(*commit), note, &repo.gix.objects);
        root = edit.told(|| format!("could not write the tree of {LEDGER_REF}"))?.tree;
        objects.push(note);
    }
    let parents: Vec<gix::ObjectId> = expected.into_iter().map(theirs).collect();
    let commit = repo
        .gix
        .new_commit(format!("{subject}\n"), root, parents)
        .told(|| format!("could not write a commit for {LEDGER_REF}"))?
        .id;
    objects.push(commit);
    objects.extend(new.iter().flat_map(|(annotated, _)| trees(repo, root, *annotated)));
    objects.sort_unstable();
    objects.dedup();
    Ok((ours(&commit), objects))
}

/// Appends events that tell what has become true, to whatever the ledger is by then.
///
/// # Errors
/// As [`append`], or other processes were faster 100 times in a row.
pub fn append_outcome(repo: &Repo, commit: Oid, events: &[Event], subject: &str) -> Result<()> {
    for () in Attempts::new() {
        let expected = repo.commit_of(LEDGER_REF)?;
        if append(repo, expected, commit, events, subject)? != Swap::Lost {
            return Ok(());
        }
    }
    Err(anyhow!("could not append to {LEDGER_REF}: other processes were faster, or a stale lock stands beside it"))
}

/// The note on `commit` with one more line for each event; what stood there stays, byte for byte.
fn grown_note(repo: &Repo, notes: &mut State, commit: Oid, events: &[Event]) -> Result<gix::ObjectId> {
    let old = notes.get(&theirs(commit), &repo.gix.objects).told(|| format!("could not read the note on {commit}"))?;
    let mut text = match old {
        Some(blob) => {
            let blob = repo.gix.find_object(blob);
            blob.told(|| format!("could not read the note on {commit}"))?.detach().data
        }
        None => Vec::new(),
    };
    if text.last().is_some_and(|&last| last != b'\n') {
        text.push(b'\n');
    }
    for event in events {
        serde_json::to_writer(&mut text, event).context("could not write an event as JSON")?;
        text.push(b'\n');
    }
    let blob = repo.gix.write_blob(&text);
    Ok(blob.told(|| format!("could not write the note on {commit}"))?.detach())
}

/// The trees from `root` down to where `commit` is annotated.
fn trees(repo: &Repo, root: gix::ObjectId, commit: Oid) -> Vec<gix::ObjectId> {
    let hex = commit.to_string();
    let mut trees = vec![root];
    for level in 0.. {
        let Some(pair) = hex.get(level * 2..level * 2 + 2) else { break };
        let Ok(found) = repo.gix.find_tree(trees[level]) else { break };
        let Some(entry) = found.iter().flatten().find(|entry| entry.filename() == pair && entry.mode().is_tree())
        else {
            break;
        };
        trees.push(entry.object_id());
    }
    trees
}

fn sync(repo: &Repo, objects: &[gix::ObjectId]) -> Result<()> {
    for id in objects {
        let path = loose_path(repo, id);
        match std::fs::File::open(&path) {
            Ok(file) => file.sync_all().with_context(|| format!("could not sync '{}' to disk", path.display()))?,
            // Not loose: it was in a pack already.
            Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => {}
            Err(fault) => return Err(fault).with_context(|| format!("could not sync '{}' to disk", path.display())),
        }
    }
    Ok(())
}

fn loose_path(repo: &Repo, id: &gix::oid) -> PathBuf {
    let hex = id.to_hex().to_string();
    repo.common_dir().join("objects").join(&hex[..2]).join(&hex[2..])
}

/// Where the ledger's ref points, be the commit there or not: a prune may take it away at this moment.
fn tip(repo: &Repo) -> Result<Option<Oid>> {
    let found = refs::find(repo, LEDGER_REF)?;
    Ok(found.and_then(|found| found.target().try_id().map(ours)))
}

/// git moves the ref: it syncs, writes the reflog and asks the reference-transaction hook. Exit codes lie both ways
/// (a kill between rename and exit; a hook that fails after the fact), so the ref itself says how it ended.
fn swap(repo: &Repo, expected: Option<Oid>, new: Oid, subject: &str) -> Result<Swap> {
    clear_stale_lock(repo, LEDGER_REF)?;
    let old = expected.map_or_else(|| repo.null_oid(), |tip| tip.to_string());
    let mut command = repo.command();
    command.args(["-c", "core.fsync=committed,loose-object,reference", "update-ref", "-m"]);
    command.args([&format!("dispatch: {subject}"), LEDGER_REF, &new.to_string(), &old]);
    let output = run(&mut command)?;
    let now = tip(repo)?;
    match () {
        () if now == Some(new) => Ok(Swap::Done(new)),
        () if now != expected => Ok(Swap::Lost),
        () => {
            // Unmoved, yet refused: another process may hold the ref's lock at this moment, or prunes what nothing names yet.
            let said = String::from_utf8_lossy(&output.stderr);
            let locked = said.contains(".lock") || said.contains("cannot lock references");
            if locked || !repo.gix.has_object(theirs(new)) {
                Ok(Swap::Lost)
            } else {
                Err(failed(&command, &output).into())
            }
        }
    }
}
