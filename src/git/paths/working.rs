//! Where the files of a worktree differ from its HEAD, at and below a path.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use gix::objs::Kind;
use gix::objs::tree::EntryKind;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::trees::{Entry, Found, Trees};
use crate::git::pipes::{hold_up, is_odd};
use crate::git::program::{Git, run};
use crate::git::read::read_bounded;
use crate::git::repo::Repo;
use crate::git::worktrees::Listed;
use crate::model::oid::Oid;
use crate::model::path::TreePath;

/// A file larger than this, in bytes, is git's to compare.
const LARGEST: u64 = 1 << 20;

/// Which names git ignores, by the path and the ignore files on the way to it, which most worktrees have in common.
/// A file that is ignored and yet added to the index, but not committed, may so go unseen.
#[derive(Default)]
pub(super) struct Ignores(Mutex<HashMap<(TreePath, u64), bool>>);

pub(super) struct Working {
    git: Git,
    common: PathBuf,
    /// Whether the configuration leaves it to git alone what a change is.
    unusual: bool,
}

/// What stands at a path in a worktree.
enum Place {
    /// Nothing, and neither does a file stand in the way.
    Nothing,
    /// A file or a link in place of the folder here.
    Blocked(TreePath),
    Something(OwnedFd, Stat),
}

/// What a first look tells.
enum Fate {
    Same,
    Changed,
    Gone,
    /// A file stands here, in place of the folder.
    InTheWay(TreePath),
    /// Nothing of HEAD, so it is untracked, added or ignored.
    New,
}

impl Working {
    pub(super) fn new(repo: &Repo) -> Working {
        let config = repo.gix.config_snapshot();
        let odd = [
            ("core.fileMode", false),
            ("core.symlinks", false),
            ("core.ignoreCase", true),
            ("core.precomposeUnicode", true),
        ];
        let unusual = odd.iter().any(|&(key, value)| config.boolean(key) == Some(value));
        Working { git: repo.git.clone(), common: repo.common_dir().to_owned(), unusual }
    }

    /// Where the worktree differs from its HEAD, at and below `path`; `None` where git does not tell.
    pub(super) fn differ(
        &self,
        (listed, head): (&Listed, Option<Oid>),
        trees: &mut Trees,
        path: &TreePath,
        ignores: &Ignores,
    ) -> Option<Found> {
        let found = |gone| Some(vec![(path.clone(), gone)]);
        match self.look((listed, head), trees, path) {
            Some(Fate::Same) => Some(Found::new()),
            Some(Fate::Changed) => found(false),
            Some(Fate::Gone) => found(true),
            Some(Fate::InTheWay(at)) => {
                let (asked, mut found) = (path, self.ask((listed, head), trees, &at)?);
                found.retain(|(path, _)| *path == at || path.is_at_or_below(asked));
                Some(found)
            }
            Some(Fate::New) => self.new_file((listed, head), trees, path, ignores),
            None => self.ask((listed, head), trees, path),
        }
    }

    /// `None` where only git can tell.
    fn look(&self, (listed, head): (&Listed, Option<Oid>), trees: &mut Trees, path: &TreePath) -> Option<Fate> {
        if self.unusual || listed.operation.is_some() || path.as_bytes().is_empty() {
            return None;
        }
        let known = trees.entry(head?, path)?;
        let known_at = known.as_ref().filter(|(_, at)| at == path).map(|(entry, _)| *entry);
        let in_the_way = known.is_some() && known_at.is_none();
        match place(&listed.path, path)? {
            Place::Nothing if known_at.is_none() => Some(Fate::Same),
            // Not checked out, or a whole folder.
            Place::Nothing if listed.admin_dir.join("info/sparse-checkout").exists() => None,
            Place::Nothing => {
                known_at.filter(|entry| !entry.mode.is_tree() && !entry.mode.is_commit()).map(|_| Fate::Gone)
            }
            Place::Blocked(_) if in_the_way => Some(Fate::Same),
            Place::Blocked(at) => Some(Fate::InTheWay(at)),
            Place::Something(folder, stat) => match known_at {
                Some(entry) => self.compare(&listed.path, (&folder, &stat), (trees, entry), path),
                None if FileType::from_raw_mode(stat.st_mode).is_dir() => None,
                None => Some(Fate::New),
            },
        }
    }

    /// A file beside what HEAD has in its place.
    fn compare(
        &self,
        top: &Path,
        (folder, stat): (&OwnedFd, &Stat),
        (trees, entry): (&Trees, Entry),
        path: &TreePath,
    ) -> Option<Fate> {
        let name = path.as_bytes().rsplit(|&byte| byte == b'/').next()?;
        let executable = stat.st_mode & 0o100 != 0;
        let (kind, known) = (FileType::from_raw_mode(stat.st_mode), entry.mode.kind());
        let matches =
            |data: &[u8]| gix::objs::compute_hash(entry.id.kind(), Kind::Blob, data).is_ok_and(|id| id == entry.id);
        match (known, kind) {
            // Files below it are gone, or in it are others.
            (EntryKind::Tree, _) | (EntryKind::Commit, FileType::Directory) => None,
            (EntryKind::Link, FileType::Symlink) => {
                let target = rustix::fs::readlinkat(folder, name, Vec::new()).ok()?;
                Some(if matches(target.as_bytes()) { Fate::Same } else { Fate::Changed })
            }
            (EntryKind::Blob | EntryKind::BlobExecutable, FileType::RegularFile) => {
                let size = stat.st_size as u64;
                if size > LARGEST {
                    return None;
                }
                let same_mode = executable == (known == EntryKind::BlobExecutable);
                let same_size = trees.gix.find_header(entry.id).ok()?.size() == size;
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
                let file = rustix::fs::openat(folder, name, flags, Mode::empty()).ok()?;
                let mut data = Vec::with_capacity(size as usize + 1);
                File::from(file).take(LARGEST + 1).read_to_end(&mut data).ok()?;
                match () {
                    () if same_size && matches(&data) => Some(if same_mode { Fate::Same } else { Fate::Changed }),
                    () if self.converted(top, path, &data) => None,
                    () => Some(Fate::Changed),
                }
            }
            (_, FileType::RegularFile | FileType::Symlink) => Some(Fate::Changed),
            _ => None,
        }
    }

    /// Whether git may store something else than what the file holds: another end of lines, `$Id$`, or by a filter
    /// (gitattributes(5)).
    fn converted(&self, top: &Path, path: &TreePath, data: &[u8]) -> bool {
        let holds = |text: &[u8], word: &[u8]| text.windows(word.len()).any(|part| part == word);
        if holds(data, b"\r\n") || holds(data, b"$Id") {
            return true;
        }
        let files = on_the_way(top, path, ".gitattributes").chain([self.common.join("info/attributes")]);
        let words: [&[u8]; 3] = [b"filter", b"working-tree-encoding", b"[attr]"];
        files.filter_map(|file| read_bounded(&file).ok()).any(|text| words.iter().any(|word| holds(&text, word)))
    }

    fn new_file(
        &self,
        (listed, head): (&Listed, Option<Oid>),
        trees: &mut Trees,
        path: &TreePath,
        ignores: &Ignores,
    ) -> Option<Found> {
        let mut hasher = DefaultHasher::new();
        for file in on_the_way(&listed.path, path, ".gitignore") {
            read_bounded(&file).ok().hash(&mut hasher);
        }
        let key = (path.clone(), hasher.finish());
        let known = ignores.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        if let Some(ignored) = known {
            return Some(if ignored { Found::new() } else { vec![(path.clone(), false)] });
        }
        let found = self.ask((listed, head), trees, path)?;
        ignores.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, found.is_empty());
        Some(found)
    }

    /// What differs at and below a path, of what `git status` names: that may also be a file that only the index has otherwise.
    fn ask(&self, (listed, head): (&Listed, Option<Oid>), trees: &mut Trees, path: &TreePath) -> Option<Found> {
        if listed.has_odd_index() || would_wait(&listed.path, path) {
            return None;
        }
        let mut command = self.git.command(&listed.path);
        let option = |name: &str, value: &Path| {
            let mut option = std::ffi::OsString::from(name);
            option.push(value);
            option
        };
        // Named outright: with a broken `.git` file there git would go upwards and answer for another repository.
        command.arg(option("--git-dir=", &listed.admin_dir)).arg(option("--work-tree=", &listed.path));
        command.args(["--literal-pathspecs", "-c", "core.fsmonitor=false"]);
        command.args(["status", "--porcelain=v2", "-z", "--untracked-files=all", "--no-renames", "--no-ahead-behind"]);
        command.arg("--");
        if !path.as_bytes().is_empty() {
            command.arg(OsStr::from_bytes(path.as_bytes()));
        }
        let output = run(&mut command).ok()?;
        let mut found = output.status.success().then(|| parse(&output.stdout))?;
        found.retain(|(path, _)| !matches!(self.look((listed, head), trees, path), Some(Fate::Same)));
        Some(found)
    }
}

/// Whether git would wait for ever for a file of rules on the way to `path`, or below. It follows no link, which may lead anywhere.
fn would_wait(top: &Path, path: &TreePath) -> bool {
    let is_folder = |stat: Stat| FileType::from_raw_mode(stat.st_mode).is_dir();
    let below = || match place(top, path) {
        _ if path.as_bytes().is_empty() => hold_up(top),
        Some(Place::Something(_, stat)) => is_folder(stat) && hold_up(&top.join(OsStr::from_bytes(path.as_bytes()))),
        _ => false,
    };
    [".gitignore", ".gitattributes"].iter().any(|name| on_the_way(top, path, name).any(|file| is_odd(&file))) || below()
}

/// The files of this name in the folders from `top` down to `path`.
fn on_the_way<'a>(top: &'a Path, path: &'a TreePath, name: &'a str) -> impl Iterator<Item = PathBuf> + 'a {
    let path = path.as_bytes();
    let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    std::iter::once(0).chain(slashes).map(move |at| top.join(OsStr::from_bytes(&path[..at])).join(name))
}

/// Looks at a path without following a link on the way. `None` where that fails.
fn place(top: &Path, path: &TreePath) -> Option<Place> {
    const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
    let path = path.as_bytes();
    let mut folder = rustix::fs::open(top, FOLDER, Mode::empty()).ok()?;
    let mut start = 0;
    while let Some(length) = path[start..].iter().position(|&byte| byte == b'/') {
        let end = start + length;
        match rustix::fs::openat(&folder, &path[start..end], FOLDER, Mode::empty()) {
            Ok(next) => folder = next,
            Err(Errno::NOENT) => return Some(Place::Nothing),
            Err(Errno::NOTDIR | Errno::LOOP) => return Some(Place::Blocked(TreePath::new(&path[..end]))),
            Err(_) => return None,
        }
        start = end + 1;
    }
    match rustix::fs::statat(&folder, &path[start..], AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Some(Place::Something(folder, stat)),
        Err(Errno::NOENT | Errno::NOTDIR) => Some(Place::Nothing),
        Err(_) => None,
    }
}

/// The paths in `git status --porcelain=v2 -z --no-renames`, each with whether nothing is left there.
fn parse(porcelain: &[u8]) -> Found {
    let mut found = std::collections::BTreeMap::new();
    for entry in porcelain.split(|&byte| byte == 0) {
        let (fields, states) = match entry.first() {
            Some(b'1') => (9, entry.get(2..4)),
            Some(b'u') => (11, None),
            Some(b'?') => (2, None),
            _ => continue,
        };
        // Added to the index and deleted since: neither HEAD nor the worktree has it.
        if states == Some(b"AD") {
            continue;
        }
        let Some(path) = entry.splitn(fields, |&byte| byte == b' ').nth(fields - 1) else { continue };
        let path = TreePath::new(path.strip_suffix(b"/").unwrap_or(path));
        let gone = states.is_some_and(|states| states[1] == b'D' || states == b"D.");
        // Deleted from the index, and there all the same: two entries.
        found.entry(path).and_modify(|before| *before &= gone).or_insert(gone);
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_of_a_status_is_found_once() {
        let porcelain = "1 M. N... 1 1 1 a a one two|1 .D N... 1 1 1 a a gone|1 D. N... 1 1 1 a a back|? back|1 AD N... 1 1 1 a a never|\
            u UU N... 1 1 1 1 a a a three|? dir/|! ignored|"
            .replace('|', "\0");
        let found: Vec<(String, bool)> =
            parse(porcelain.as_bytes()).iter().map(|(path, gone)| (path.to_string(), *gone)).collect();
        let expected = [("back", false), ("dir", false), ("gone", true), ("one two", false), ("three", false)];
        assert_eq!(found, expected.map(|(path, gone)| (path.to_owned(), gone)));
    }
}
