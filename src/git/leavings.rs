//! What a worktree holds that would be lost with it, by git's own word.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::Result;
use globset::{GlobSet, GlobSetBuilder};
use rustix::fs::FileType;

use super::copies;
use super::processes::process_in;
use super::program::stdout_of;
use super::repo::Repo;
use super::scan::is_plainly_clean;
use super::worktrees::Listed;
use crate::model::copies::Prints;
use crate::model::id::TaskId;
use crate::model::pattern::glob;
use crate::model::undo::Obstacle;

/// What is not committed in the worktree whose files are in `folder` now, ignored files, but for what is `harmless`, files that git is
/// told to overlook, submodules that are there, and processes that work there; `shown` is the place to name. Files below
/// ignored folders count by their folder.
pub(super) fn leavings(repo: &Repo, folder: &Path, shown: &Path, harmless: &Harmless) -> Vec<Obstacle> {
    let mut found = uncommitted(repo, folder, shown, harmless);
    found.extend(at_work(folder, shown));
    found
}

/// The same of a worktree whose ignored files are kept: what an own look finds clean needs no git.
pub(super) fn leavings_in_trash(repo: &Repo, folder: &Path, listed: &Listed, harmless: &Harmless) -> Vec<Obstacle> {
    let there = Listed { path: folder.to_owned(), ..listed.clone() };
    if harmless.ignored_stay && is_plainly_clean(repo, &there) {
        return at_work(folder, &listed.path).into_iter().collect();
    }
    leavings(repo, folder, &listed.path, harmless)
}

/// A process that works there, where that can be told.
fn at_work(folder: &Path, shown: &Path) -> Option<Obstacle> {
    match process_in(folder) {
        Ok(process) => process.map(|(pid, name)| Obstacle::Process(shown.to_owned(), pid, name)),
        Err(why) => Some(Obstacle::Uninspected(shown.to_owned(), why)),
    }
}

fn uncommitted(repo: &Repo, folder: &Path, shown: &Path, harmless: &Harmless) -> Vec<Obstacle> {
    let git = &repo.git;
    let asked = |arguments: &[&str]| {
        let mut command = git.command(folder);
        stdout_of(command.args(["-c", "core.fsmonitor=false", "-c", "status.renames=false"]).args(arguments))
    };
    let (status, files) = std::thread::scope(|scope| {
        let files =
            scope.spawn(|| asked(&["ls-files", "-z", "-v", "--stage"]).map(|said| hidden(&said, folder, shown)));
        let status = asked(&[
            "status",
            "--porcelain=v2",
            "-z",
            "--untracked-files=normal",
            "--ignored=traditional",
            "--ignore-submodules=none",
        ]);
        (status, files.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    let told = status.map(|said| in_words(&said, (folder, shown), harmless));
    let mut found = Vec::new();
    for told in [told, files] {
        match told {
            Ok(obstacles) => found.extend(obstacles),
            Err(fault) => found.push(Obstacle::Unreadable(shown.to_owned(), format!("{fault:#}"))),
        }
    }
    found
}

/// `git ls-files -v --stage`: `H 100644 <oid> 0<tab>path`; a small letter says `assume-unchanged`, `S` `skip-worktree`, which is usual
/// where the file is not there (a sparse checkout). git status says nothing of either, nor of what a submodule holds
/// beside its commit.
fn hidden(said: &[u8], folder: &Path, shown: &Path) -> Vec<Obstacle> {
    let (mut overlooked, mut submodules) = (Vec::new(), false);
    // A folder that is not there, with its slash: nothing below it has to be looked for. Paths come sorted.
    let mut absent: Option<&[u8]> = None;
    for line in said.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
        let Some(tab) = line.iter().position(|byte| *byte == b'\t') else { continue };
        let (tag, path) = (line[0], &line[tab + 1..]);
        let place = || folder.join(OsStr::from_bytes(path));
        if line[1..].starts_with(b" 160000 ") {
            submodules |= std::fs::read_dir(place()).is_ok_and(|mut entries| entries.next().is_some());
        } else if tag.is_ascii_lowercase() {
            overlooked.push(path);
        } else if tag == b'S' && absent.is_none_or(|absent| !path.starts_with(absent)) {
            match place().symlink_metadata() {
                Ok(_) => overlooked.push(path),
                Err(_) => absent = highest_absent(folder, path).or(absent),
            }
        }
    }
    let first = overlooked.first().map(|path| String::from_utf8_lossy(path).into_owned());
    let overlooked = first.map(|path| Obstacle::Overlooked(shown.to_owned(), path, overlooked.len()));
    overlooked.into_iter().chain(submodules.then(|| Obstacle::Submodules(shown.to_owned()))).collect()
}

/// The highest folder of `path` that is not there, with a slash at its end; `None`: all are, or that cannot be told.
fn highest_absent<'p>(folder: &Path, path: &'p [u8]) -> Option<&'p [u8]> {
    let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at + 1);
    let missing = |above: &&[u8]| {
        let found = folder.join(OsStr::from_bytes(&above[..above.len() - 1])).symlink_metadata();
        found.is_err_and(|fault| fault.kind() == std::io::ErrorKind::NotFound)
    };
    ends.map(|end| &path[..end]).find(missing)
}

/// git's porcelain v2: `1 XY sub mH mI mW hH hI path`, `u XY sub m1 m2 m3 mW h1 h2 h3 path`, `? path`, `! path`.
fn in_words(said: &[u8], (folder, shown): (&Path, &Path), harmless: &Harmless) -> Vec<Obstacle> {
    let (mut changed, mut ignored) = (Vec::new(), Vec::new());
    for line in said.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
        let fields = match line[0] {
            b'1' => 9,
            b'u' => 11,
            b'?' | b'!' => 2,
            _ => continue,
        };
        let path = line.splitn(fields, |byte| *byte == b' ').nth(fields - 1).unwrap_or(line);
        match line[0] {
            b'!' if harmless.ignored_stay => {}
            b'!' if harmless.disposable.covers(path) => ignored.extend(repository_in(folder, path)),
            b'!' => ignored.extend(harmless.harm(folder, path, true)),
            b'?' => changed.extend(harmless.harm(folder, path, false)),
            _ => changed.push(path.to_owned()),
        }
    }
    let first = |paths: &[Vec<u8>]| paths.first().map(|path| String::from_utf8_lossy(path).into_owned());
    let changed = first(&changed).map(|path| Obstacle::Changed(shown.to_owned(), path, changed.len()));
    let ignored = first(&ignored).map(|path| Obstacle::Ignored(shown.to_owned(), path, ignored.len()));
    changed.into_iter().chain(ignored).collect()
}

/// What is ignored and disposable in the worktree `folder`, but for what holds a repository.
///
/// # Errors
/// git cannot tell.
pub(super) fn disposable_in(repo: &Repo, folder: &Path, harmless: &Harmless) -> Result<Vec<PathBuf>> {
    if harmless.disposable.is_empty() {
        return Ok(Vec::new());
    }
    let mut command = repo.git.command(folder);
    command.args(["-c", "core.fsmonitor=false", "status", "--porcelain=v2", "-z", "--untracked-files=normal"]);
    let said = stdout_of(command.args(["--ignored=traditional", "--ignore-submodules=all"]))?;
    let ignored = said.split(|byte| *byte == 0).filter_map(|line| line.strip_prefix(b"! "));
    let goes = ignored.filter(|path| harmless.disposable.covers(path) && repository_in(folder, path).is_none());
    Ok(goes.map(|path| folder.join(OsStr::from_bytes(path.strip_suffix(b"/").unwrap_or(path)))).collect())
}

/// The first repository at or below `path`: it may hold commits that are nowhere else, whatever folder it is in.
fn repository_in(folder: &Path, path: &[u8]) -> Option<Vec<u8>> {
    // Without a slash at its end, it is no folder.
    let top = path.strip_suffix(b"/")?;
    let mut open = vec![folder.join(OsStr::from_bytes(top))];
    while let Some(next) = open.pop() {
        // A folder that cannot be read is no folder, or will not be removed either.
        for entry in std::fs::read_dir(&next).into_iter().flatten().flatten() {
            if entry.file_name() == ".git" {
                let inner = next.strip_prefix(folder).unwrap_or(&next);
                return Some(inner.as_os_str().as_bytes().to_owned());
            }
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push(entry.path());
            }
        }
    }
    None
}

/// What is no loss when a worktree goes.
pub(super) struct Harmless {
    disposable: Disposable,
    copies: Prints,
    /// Ignored files go along, and so are not lost.
    ignored_stay: bool,
}

impl Harmless {
    /// Ignored files that are `disposable`, and copies that were not changed since.
    pub(super) fn of(repo: &Repo, id: &TaskId, disposable: &[String]) -> Harmless {
        Harmless { disposable: Disposable::new(disposable), copies: copies::known(repo, id), ignored_stay: false }
    }

    /// The same where ignored files are kept with the folder.
    pub(super) fn in_trash(repo: &Repo, id: &TaskId, disposable: &[String]) -> Harmless {
        Harmless { ignored_stay: true, ..Harmless::of(repo, id, disposable) }
    }

    /// What of `path` would be lost: `None` where that is a copy that was not changed, or a folder of nothing but such, and of what
    /// is disposable if it is `ignored`. Of a folder that has copies in it, the first file that is none.
    fn harm(&self, folder: &Path, path: &[u8], ignored: bool) -> Option<Vec<u8>> {
        let bare = path.strip_suffix(b"/").unwrap_or(path);
        let below = [bare, b"/"].concat();
        let first = self.copies.range(below.clone()..).next();
        let has_copies = self.copies.contains_key(bare) || first.is_some_and(|(copy, _)| copy.starts_with(&below));
        if has_copies { self.harm_in(folder, bare, ignored) } else { Some(path.to_owned()) }
    }

    fn harm_in(&self, folder: &Path, path: &[u8], ignored: bool) -> Option<Vec<u8>> {
        if ignored && self.disposable.covers(path) {
            return None;
        }
        let harm = || Some(path.to_owned());
        let full = folder.join(OsStr::from_bytes(path));
        let Ok(stat) = rustix::fs::lstat(&full) else { return harm() };
        let kind = FileType::from_raw_mode(stat.st_mode);
        if kind == FileType::Directory {
            let names = std::fs::read_dir(&full).and_then(|entries| {
                entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<std::io::Result<Vec<_>>>()
            });
            let Ok(mut names) = names else { return harm() };
            names.sort_unstable();
            let below = |name: &std::ffi::OsString| [path, b"/", name.as_bytes()].concat();
            return names.iter().find_map(|name| self.harm_in(folder, &below(name), ignored));
        }
        let is_file = kind == FileType::RegularFile || kind == FileType::Symlink;
        let copied = self.copies.get(path).is_some_and(|print| print.is_still(&copies::print_of(&stat)));
        if is_file && copied { None } else { harm() }
    }
}

/// Ignored files that removal may delete, as `disposable` of the task file declares them: like a line of a `.gitignore` at
/// the top. With a slash at its end, a pattern means folders only.
struct Disposable {
    any: GlobSet,
    folders: GlobSet,
}

impl Disposable {
    fn new(patterns: &[String]) -> Disposable {
        let (mut any, mut folders) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        for pattern in patterns {
            let bare = pattern.trim_end_matches('/');
            let whole = if bare.contains('/') { bare.trim_start_matches('/').to_owned() } else { format!("**/{bare}") };
            let set = if pattern.ends_with('/') { &mut folders } else { &mut any };
            glob(&whole).into_iter().for_each(|glob| _ = set.add(glob));
        }
        Disposable { any: any.build().unwrap_or_default(), folders: folders.build().unwrap_or_default() }
    }

    fn is_empty(&self) -> bool {
        self.any.is_empty() && self.folders.is_empty()
    }

    /// `path` ends with a slash where it is a folder.
    fn covers(&self, path: &[u8]) -> bool {
        let bare = path.strip_suffix(b"/").unwrap_or(path);
        let is_folder = bare.len() < path.len();
        let mut above = Path::new(OsStr::from_bytes(bare)).ancestors();
        let itself =
            above.next().is_some_and(|path| self.any.is_match(path) || is_folder && self.folders.is_match(path));
        itself || above.any(|folder| self.any.is_match(folder) || self.folders.is_match(folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_says_is_told_by_its_first_path() {
        let said = b"1 .M N... 100644 100644 100644 aa bb a b\0? new\0! target/\0! .env\0! deep/target/x\0";
        let shown = Path::new("/w");
        let disposable = Disposable::new(&["target/".to_owned()]);
        let told = in_words(said, (shown, shown), &Harmless { disposable, copies: Prints::new(), ignored_stay: false });
        let expected =
            [Obstacle::Changed("/w".into(), "a b".into(), 2), Obstacle::Ignored("/w".into(), ".env".into(), 1)];
        assert_eq!(told, expected);
        let nothing = Harmless { disposable: Disposable::new(&[]), copies: Prints::new(), ignored_stay: false };
        assert_eq!(in_words(b"", (shown, shown), &nothing), []);
        let conflict = b"u UU N... 1 2 3 4 h1 h2 h3 c c\0";
        assert_eq!(in_words(conflict, (shown, shown), &nothing), [Obstacle::Changed("/w".into(), "c c".into(), 1)]);
    }

    #[test]
    fn what_a_status_does_not_tell_is_found() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("sub/x")).unwrap();
        std::fs::create_dir_all(folder.path().join("bare")).unwrap();
        std::fs::write(folder.path().join("there"), "").unwrap();
        let told = |said: &[u8]| hidden(said, folder.path(), Path::new("/w"));
        assert_eq!(told(b"H 100644 aa 0\tthere\0S 100644 aa 0\tsparse\0H 160000 aa 0\tbare\0"), []);
        assert_eq!(
            told(b"S 100644 aa 0\tthere\0h 100644 aa 0\tb\0"),
            [Obstacle::Overlooked("/w".into(), "there".into(), 2)]
        );
        assert_eq!(told(b"H 160000 aa 0\tsub\0"), [Obstacle::Submodules("/w".into())]);
        assert_eq!(
            told(b"S 100644 aa 0\tno/a/b\0S 100644 aa 0\tno/c\0S 100644 aa 0\tno-\0S 100644 aa 0\tsub/no/a\0S 100644 aa 0\tthere\0"),
            [Obstacle::Overlooked("/w".into(), "there".into(), 1)]
        );
    }

    #[test]
    fn disposable_files_are_found_as_in_a_gitignore() {
        let disposable = Disposable::new(&["node_modules/".into(), "/build".into(), "a/*.o".into()]);
        for path in ["node_modules/", "web/node_modules/", "node_modules/x", "build/x/y", "a/x.o"] {
            assert!(disposable.covers(path.as_bytes()), "{path}");
        }
        for path in [".env", "web/build", "b/x.o", "node_modules2", "node_modules", "web/node_modules"] {
            assert!(!disposable.covers(path.as_bytes()), "{path}");
        }
    }
}
