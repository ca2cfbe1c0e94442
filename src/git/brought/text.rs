//! Patches as texts that can be compared, by git's own diff.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::git::program::stdout_of;
use crate::git::quarantine::Quarantine;
use crate::git::repo::Repo;
use crate::model::oid::Oid;

/// A digest of a patch without the line numbers and blob ids in it, as `git patch-id --verbatim` takes it, but for binary
/// files, of which the ids count.
pub(in crate::git) type Patch = gix::ObjectId;

/// What git is told so that nobody's configuration changes a patch, and no program of the repository runs.
const PLAIN: [&str; 13] = [
    "--stdin",
    "--root",
    "-r",
    "--patch",
    "--full-index",
    "--unified=3",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-renames",
    "--ignore-submodules=none",
    "--diff-algorithm=myers",
    "--no-indent-heuristic",
];

/// The patch of each of `commits`, none of them a merge; `None` where git fails.
pub(in crate::git) fn patches(
    repo: &Repo,
    quarantine: &Quarantine,
    commits: &BTreeSet<Oid>,
) -> Option<HashMap<Oid, Patch>> {
    let mut lines = String::new();
    for commit in commits {
        _ = writeln!(lines, "{commit}");
    }
    let (input, output) = (quarantine.file("commits").ok()?, quarantine.file("patches").ok()?);
    std::fs::write(&input, lines).ok()?;
    let mut command = quarantine.command(repo).ok()?;
    // Larger files are compared by their ids.
    command.args(["-c", "core.bigFileThreshold=16m", "diff-tree"]).args(PLAIN);
    command.stdin(Stdio::from(File::open(&input).ok()?)).stdout(Stdio::from(File::create(&output).ok()?));
    command.stderr(Stdio::null());
    let status = command.status().ok()?;
    let patches = status.success().then(|| read(repo, BufReader::new(File::open(&output).ok()?)))?;
    _ = std::fs::remove_file(output);
    patches
}

/// The patch from one commit to another; `None` where git fails.
pub(in crate::git) fn between(repo: &Repo, quarantine: &Quarantine, from: Oid, to: Oid) -> Option<Patch> {
    let mut command = quarantine.command(repo).ok()?;
    command.args(["-c", "core.bigFileThreshold=16m", "diff-tree"]).args(&PLAIN[2..]);
    let said = stdout_of(command.args([from.to_string(), to.to_string()])).ok()?;
    let mut digest = Digest::new(repo);
    said.split_inclusive(|&byte| byte == b'\n').for_each(|line| digest.line(line));
    digest.end()
}

/// Reads the output of `git diff-tree --stdin --patch`: each commit's id, and its patch.
fn read(repo: &Repo, mut output: impl BufRead) -> Option<HashMap<Oid, Patch>> {
    let mut patches = HashMap::new();
    let mut current: Option<(Oid, Digest)> = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        let end = output.read_until(b'\n', &mut line).ok()? == 0;
        // Lines of patches begin with a space, a sign or a word.
        let commit = std::str::from_utf8(line.trim_ascii_end()).ok().and_then(|hex| hex.parse::<Oid>().ok());
        if end || commit.is_some() {
            if let Some((id, digest)) = current.take() {
                patches.insert(id, digest.end()?);
            }
            current = commit.map(|commit| (commit, Digest::new(repo)));
        }
        if end {
            return Some(patches);
        }
        if let Some((_, digest)) = current.as_mut().filter(|_| commit.is_none()) {
            digest.line(&line);
        }
    }
}

/// A patch on its way, line by line.
struct Digest {
    hasher: gix::hash::Hasher,
    index: Vec<u8>,
}

impl Digest {
    fn new(repo: &Repo) -> Digest {
        Digest { hasher: gix::hash::hasher(repo.gix.object_hash()), index: Vec::new() }
    }

    fn line(&mut self, line: &[u8]) {
        if line.starts_with(b"@@ ") {
            self.hasher.update(b"@@\n");
        } else if line.starts_with(b"index ") {
            self.index = line.to_vec();
        } else {
            if line.starts_with(b"Binary files ") {
                self.hasher.update(&self.index);
            }
            self.hasher.update(line);
        }
    }

    fn end(self) -> Option<Patch> {
        self.hasher.try_finalize().ok()
    }
}
