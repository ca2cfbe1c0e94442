//! Refs and reflogs of a repository that keeps them in a reftable, read without git (docs/design/0023-reftables-are-read.md): a folder
//! `reftable`, of the repository and of each worktree, whose file `tables.list` names tables, of which the later ones count.
//! A table is never changed, and no other ever gets its name. Only git writes them.

mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Context, Result, anyhow};

use super::pipes::is_odd;
use crate::model::oid::Oid;

pub(super) use table::Value;
use table::{Entry, Table};

/// What `HEAD` says in place of what the reftable says.
const STUB: &[u8] = b"ref: refs/heads/.invalid";

/// How often tables may go, because git put several into one, while they are read.
const ATTEMPTS: usize = 20;

/// The tables of one folder, read again when others are listed.
#[derive(Debug)]
pub(super) struct Stack {
    folder: PathBuf,
    kept: Mutex<Option<Arc<Tables>>>,
}

/// Tables, as they were at one moment.
#[derive(Debug, Default)]
struct Tables {
    list: Vec<u8>,
    all: Vec<Vec<u8>>,
    refs: Arc<BTreeMap<Vec<u8>, Value>>,
    logs: OnceLock<HashMap<Vec<u8>, Vec<u8>>>,
}

impl Stack {
    /// Of a git dir, be it that of a worktree or of all.
    pub fn of(git_dir: &Path) -> Stack {
        Stack { folder: git_dir.join("reftable"), kept: Mutex::new(None) }
    }

    /// All refs by their full names, as they are now; none where there is no table yet.
    ///
    /// # Errors
    /// A table cannot be read.
    pub fn refs(&self) -> Result<Arc<BTreeMap<Vec<u8>, Value>>> {
        Ok(Arc::clone(&self.tables()?.refs))
    }

    /// What the ref of this full name says.
    ///
    /// # Errors
    /// A table cannot be read.
    pub fn find(&self, full_name: &str) -> Result<Option<Value>> {
        Ok(self.refs()?.get(full_name.as_bytes()).cloned())
    }

    /// The reflog of a ref, as it would stand in a file: the oldest entry first. Empty where there is none, or it cannot be read.
    pub fn log(&self, full_name: &str) -> Vec<u8> {
        let Ok(tables) = self.tables() else { return Vec::new() };
        let logs = tables.logs.get_or_init(|| logs(&tables.all).unwrap_or_default());
        logs.get(full_name.as_bytes()).cloned().unwrap_or_default()
    }

    /// What the file `HEAD` of the git dir would say without a reftable; empty where nothing says it.
    pub fn head(&self) -> Vec<u8> {
        match self.find("HEAD") {
            Ok(Some(Value::Symbolic(name))) => [b"ref: ", &*name, b"\n"].concat(),
            Ok(Some(Value::Object(id))) => format!("{id}\n").into_bytes(),
            _ => Vec::new(),
        }
    }

    fn tables(&self) -> Result<Arc<Tables>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let list = self.read("tables.list")?.unwrap_or_default();
        match &*kept {
            Some(tables) if tables.list == list => Ok(Arc::clone(tables)),
            _ => Ok(Arc::clone(kept.insert(Arc::new(self.load(list)?)))),
        }
    }

    fn load(&self, mut list: Vec<u8>) -> Result<Tables> {
        for _ in 0..ATTEMPTS {
            let names = String::from_utf8_lossy(&list).into_owned();
            let plain = |name: &&str| !name.contains('/') && !name.starts_with('.');
            let names: Vec<&str> = names.lines().filter(|name| !name.is_empty()).collect();
            if let Some(odd) = names.iter().find(|name| !plain(name)) {
                return Err(anyhow!("'{}' names no table: {}", self.folder.join("tables.list").display(), *odd));
            }
            let read: Option<Vec<Vec<u8>>> = names.iter().map(|name| self.read(name)).collect::<Result<_>>()?;
            let now = self.read("tables.list")?.unwrap_or_default();
            if let Some(all) = read {
                let refs = Arc::new(self.merged(&names, &all)?);
                return Ok(Tables { list, all, refs, logs: OnceLock::new() });
            }
            if now == list {
                break;
            }
            list = now;
        }
        Err(anyhow!("'{}' names a table that is not there", self.folder.join("tables.list").display()))
    }

    fn merged(&self, names: &[&str], all: &[Vec<u8>]) -> Result<BTreeMap<Vec<u8>, Value>> {
        let mut refs = BTreeMap::new();
        for (name, bytes) in names.iter().zip(all) {
            let read = Table::of(bytes).and_then(|table| {
                table.refs(|name, value| match value {
                    Some(value) => _ = refs.insert(name.to_vec(), value),
                    None => _ = refs.remove(name),
                })
            });
            read.with_context(|| format!("table '{}' is damaged or too new", self.folder.join(name).display()))?;
        }
        Ok(refs)
    }

    /// `None` where there is no such file.
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let path = self.folder.join(name);
        if is_odd(&path) {
            return Err(anyhow!("'{}' is not a regular file", path.display()));
        }
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(fault) if matches!(fault.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(fault) => Err(fault).with_context(|| format!("could not read '{}'", path.display())),
        }
    }
}

/// Every reflog as text, by the name of its ref. `None`: a table is damaged.
fn logs(all: &[Vec<u8>]) -> Option<HashMap<Vec<u8>, Vec<u8>>> {
    let mut entries: BTreeMap<(Vec<u8>, u64), Entry> = BTreeMap::new();
    for bytes in all {
        Table::of(bytes)?.logs(|name, number, entry| match entry {
            Some(entry) => _ = entries.insert((name.to_vec(), number), entry),
            None => _ = entries.remove(&(name.to_vec(), number)),
        })?;
    }
    let mut logs: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
    for ((name, _), entry) in entries {
        // That there is a reflog, and nothing in it.
        if is_null(entry.old) && is_null(entry.new) {
            continue;
        }
        logs.entry(name).or_default().extend(line(&entry));
    }
    Some(logs)
}

fn is_null(id: Oid) -> bool {
    id.as_bytes().iter().all(|byte| *byte == 0)
}

/// As git writes it to a file: `<old> <new> <name> <<mail>> <seconds> <zone><tab><message>`.
fn line(entry: &Entry) -> Vec<u8> {
    let mut line = format!("{} {} ", entry.old, entry.new).into_bytes();
    line.extend_from_slice(&entry.name);
    line.extend_from_slice(b" <");
    line.extend_from_slice(&entry.mail);
    line.extend_from_slice(format!("> {} {:+05}", entry.seconds, entry.zone).as_bytes());
    let message = entry.message.trim_ascii_end();
    if !message.is_empty() {
        line.push(b'\t');
        line.extend(message.iter().map(|&byte| if byte == b'\n' { b' ' } else { byte }));
    }
    line.push(b'\n');
    line
}

/// Whether the bytes of a file `HEAD` say that the reftable beside it knows better.
pub(super) fn is_stub(head: &[u8]) -> bool {
    head.trim_ascii_end() == STUB
}
