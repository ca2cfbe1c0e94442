//! `status --porcelain`: lines for scripts. Their form is told in git-dispatch-status(1), and changes only with the number in
//! the first one.

use std::os::unix::ffi::OsStrExt as _;

use crate::model::oid::Oid;
use crate::model::path::TreePath;
use crate::model::state::State;
use crate::model::status::{Collision, Readiness, Row, Status, Verdict};

/// The number in the first line.
const VERSION: u32 = 1;

/// Does not apply, or is not there.
const NONE: &str = "-";

/// Not known.
const UNKNOWN: &str = "?";

/// Lines that end with a newline, and whose last field is quoted as git quotes paths; with `nul`, they end with a NUL, and
/// the last field is as it is. No other field holds a space, a newline or a NUL.
pub fn porcelain(status: &Status, nul: bool) -> Vec<u8> {
    let mut lines = Lines { out: Vec::new(), nul };
    lines.line(&["#", "git-dispatch", "status"], VERSION.to_string().as_bytes());
    let (target, commit) = status.target.newest();
    lines.line(&["target", &commit.to_string()], target.as_bytes());
    for row in status.rows() {
        lines.task(row);
    }
    lines.out
}

struct Lines {
    out: Vec<u8>,
    nul: bool,
}

impl Lines {
    fn line(&mut self, fields: &[&str], last: &[u8]) {
        for field in fields {
            self.out.extend_from_slice(field.as_bytes());
            self.out.push(b' ');
        }
        if self.nul {
            self.out.extend(last.iter().filter(|byte| **byte != 0));
            self.out.push(0);
        } else {
            self.out.extend(quoted(last));
            self.out.push(b'\n');
        }
    }

    fn task(&mut self, row: &Row) {
        let fields = fields(row);
        self.line(&fields.iter().map(String::as_str).collect::<Vec<_>>(), row.branch_name.as_bytes());
        let id = row.id.as_str();
        if let Some(worktree) = &row.worktree {
            self.line(&["worktree", id], worktree.path.as_os_str().as_bytes());
        }
        if let Some(readiness) = &row.readiness {
            let when = when(readiness.uncommitted);
            if readiness.verdict == Verdict::Conflict {
                self.paths(&["conflict", id, when], &readiness.conflicts);
            }
        }
        for Collision { with, paths, uncommitted } in row.collisions.iter().flatten() {
            self.paths(&["collision", id, with.as_str(), when(*uncommitted)], paths);
        }
        for other in &row.uncertain {
            self.line(&["uncertain", id], other.as_str().as_bytes());
        }
        let Some(drift) = &row.drift else { return };
        for touched in &drift.paths {
            self.line(&["drift", id, when(touched.uncommitted)], touched.path.as_bytes());
        }
        for (touched, others) in &drift.others {
            for other in others {
                self.line(&["declared", id, other.as_str(), when(touched.uncommitted)], touched.path.as_bytes());
            }
        }
    }

    /// A line for each path, or one with an empty path where none is told.
    fn paths(&mut self, fields: &[&str], paths: &[TreePath]) {
        if paths.is_empty() {
            self.line(fields, b"");
        }
        for path in paths {
            self.line(fields, path.as_bytes());
        }
    }
}

fn when(uncommitted: bool) -> &'static str {
    if uncommitted { "uncommitted" } else { "committed" }
}

/// The fields of a task before its branch.
fn fields(row: &Row) -> Vec<String> {
    let active = row.branch.is_some() && matches!(row.state, State::Active | State::Done | State::Stopped);
    let number = |number: Option<u64>| number.map_or_else(|| UNKNOWN.to_owned(), |number| number.to_string());
    let counted = |present: bool, value: Option<u64>| if present { number(value) } else { NONE.to_owned() };
    let (branch, worktree) = (row.branch.as_ref(), row.worktree.is_some());
    let changes = row.changes();
    let oid = |oid: Option<Oid>| oid.map_or_else(|| NONE.to_owned(), |oid| oid.to_string());
    let drifted = row.drift.as_ref().filter(|drift| drift.checked || !drift.paths.is_empty());
    let readiness = row.readiness.as_ref();
    let verdict = if branch.is_some() { readiness.map_or(UNKNOWN, |readiness| readiness.verdict.word()) } else { NONE };
    let flag = |is: fn(&Readiness) -> bool, sign| if readiness.is_some_and(is) { sign } else { "." };
    let pending = if readiness.is_some_and(|readiness| readiness.unread) {
        UNKNOWN
    } else {
        flag(|readiness| readiness.uncommitted, "u")
    };
    let flags = flag(|readiness| readiness.fast_forward, "f").to_owned() + pending;
    let ready = if row.ready_to_land() { "ready" } else { NONE };
    let collisions = row.collisions.as_ref().map(|collisions| collisions.len() as u64);
    vec![
        "task".to_owned(),
        row.id.to_string(),
        row.state.word().to_owned(),
        row.proof.as_ref().map_or(NONE, |proof| proof.word()).to_owned(),
        counted(branch.is_some(), branch.and_then(|branch| branch.commits)),
        counted(branch.is_some(), branch.and_then(|branch| branch.ahead)),
        counted(branch.is_some(), branch.and_then(|branch| branch.behind)),
        counted(worktree, changes.map(|changes| changes.staged)),
        counted(worktree, changes.map(|changes| changes.modified)),
        counted(worktree, changes.map(|changes| changes.untracked)),
        counted(worktree, changes.map(|changes| changes.conflicted)),
        verdict.to_owned(),
        flags,
        ready.to_owned(),
        counted(active, collisions),
        counted(active, drifted.map(|drift| drift.paths.len() as u64)),
        oid(row.base),
        oid(branch.map(|branch| branch.tip)),
    ]
}

/// As git shows a path with `core.quotePath`: as it is, or in double quotes with escapes of C, bytes that are not ASCII in octal.
fn quoted(text: &[u8]) -> Vec<u8> {
    let plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    if text.iter().all(plain) {
        return text.to_vec();
    }
    let mut out = vec![b'"'];
    for byte in text {
        match byte {
            0x07 => out.extend(b"\\a"),
            0x08 => out.extend(b"\\b"),
            b'\t' => out.extend(b"\\t"),
            b'\n' => out.extend(b"\\n"),
            0x0b => out.extend(b"\\v"),
            0x0c => out.extend(b"\\f"),
            b'\r' => out.extend(b"\\r"),
            b'"' | b'\\' => out.extend([b'\\', *byte]),
            byte if plain(byte) => out.push(*byte),
            byte => out.extend(format!("\\{byte:03o}").bytes()),
        }
    }
    out.push(b'"');
    out
}

#[cfg(test)]
mod tests;
