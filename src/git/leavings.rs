//! What a worktree holds that would be lost with it, by git's own word.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use globset::{GlobSet, GlobSetBuilder};
use rustix::fs::FileType;

use super::copies;
use super::program::stdout_of;
use super::repo::Repo;
use crate::model::copies::Prints;
use crate::model::id::TaskId;
use crate::model::pattern::glob;
use crate::model::undo::Obstacle;

/// What is not committed in the worktree whose files are in `folder` now, ignored files, but for what is `harmless`, and processes
/// that work there; `shown` is the place to name. Files below ignored folders count by their folder.
pub(super) fn leavings(repo: &Repo, folder: &Path, shown: &Path, harmless: &Harmless) -> Vec<Obstacle> {
    let mut found = Vec::new();
    let mut command = repo.git.command(folder);
    command.args(["-c", "core.fsmonitor=false", "-c", "status.renames=false", "status", "--porcelain=v2", "-z"]);
    command.args(["--untracked-files=normal", "--ignored=traditional", "--ignore-submodules=none"]);
    match stdout_of(&mut command) {
        Ok(said) => found.extend(in_words(&said, (folder, shown), harmless)),
        Err(fault) => found.push(Obstacle::Unreadable(shown.to_owned(), format!("{fault:#}"))),
    }
    found.extend(process_in(folder).map(|who| Obstacle::Process(shown.to_owned(), who)));
    found
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
            b'!' if harmless.disposable.covers(path) || harmless.is_copied(folder, path, true) => {}
            b'!' => ignored.push(path),
            b'?' if harmless.is_copied(folder, path, false) => {}
            _ => changed.push(path),
        }
    }
    let first = |paths: &[&[u8]]| paths.first().map(|path| String::from_utf8_lossy(path).into_owned());
    let changed = first(&changed).map(|path| Obstacle::Changed(shown.to_owned(), path, changed.len()));
    let ignored = first(&ignored).map(|path| Obstacle::Ignored(shown.to_owned(), path, ignored.len()));
    changed.into_iter().chain(ignored).collect()
}

/// What is no loss when a worktree goes.
pub(super) struct Harmless {
    disposable: Disposable,
    copies: Prints,
}

impl Harmless {
    /// Ignored files that are `disposable`, and copies that were not changed since.
    pub(super) fn of(repo: &Repo, id: &TaskId, disposable: &[String]) -> Harmless {
        Harmless { disposable: Disposable::new(disposable), copies: copies::known(repo, id) }
    }

    /// Whether what stands at `path` is a copy that was not changed, or a folder of nothing but such, and of what is disposable
    /// if it is `ignored`.
    fn is_copied(&self, folder: &Path, path: &[u8], ignored: bool) -> bool {
        let path = path.strip_suffix(b"/").unwrap_or(path);
        !self.copies.is_empty() && self.is_harmless(folder, path, ignored)
    }

    fn is_harmless(&self, folder: &Path, path: &[u8], ignored: bool) -> bool {
        if ignored && self.disposable.covers(path) {
            return true;
        }
        let full = folder.join(OsStr::from_bytes(path));
        let Ok(stat) = rustix::fs::lstat(&full) else { return false };
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            let Ok(entries) = std::fs::read_dir(&full) else { return false };
            return entries.into_iter().all(|entry| {
                let below = entry.map(|entry| [path, b"/", entry.file_name().as_bytes()].concat());
                below.is_ok_and(|below| self.is_harmless(folder, &below, ignored))
            });
        }
        let kind = FileType::from_raw_mode(stat.st_mode);
        let is_file = kind == FileType::RegularFile || kind == FileType::Symlink;
        is_file && self.copies.get(path).is_some_and(|print| print.is_still(&copies::print_of(&stat)))
    }
}

/// Ignored files that removal may delete, as `disposable` of the task file declares them: like a line of a `.gitignore` at
/// the top.
struct Disposable(GlobSet);

impl Disposable {
    fn new(patterns: &[String]) -> Disposable {
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            let bare = pattern.trim_end_matches('/');
            let anywhere =
                if bare.contains('/') { bare.trim_start_matches('/').to_owned() } else { format!("**/{bare}") };
            glob(&anywhere).into_iter().for_each(|glob| _ = set.add(glob));
        }
        Disposable(set.build().unwrap_or_default())
    }

    fn covers(&self, path: &[u8]) -> bool {
        let path = Path::new(OsStr::from_bytes(path.strip_suffix(b"/").unwrap_or(path)));
        path.ancestors().any(|above| self.0.is_match(above))
    }
}

/// A process whose folder is within `folder`, where the system tells that.
fn process_in(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    std::fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok())?;
        let at = std::fs::read_link(entry.path().join("cwd")).ok()?;
        let name = std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
        at.starts_with(&folder).then(|| format!("process {pid} ({})", name.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_says_is_told_by_its_first_path() {
        let said = b"1 .M N... 100644 100644 100644 aa bb a b\0? new\0! target/\0! .env\0! deep/target/x\0";
        let shown = Path::new("/w");
        let disposable = Disposable::new(&["target/".to_owned()]);
        let told = in_words(said, (shown, shown), &Harmless { disposable, copies: Prints::new() });
        let expected =
            [Obstacle::Changed("/w".into(), "a b".into(), 2), Obstacle::Ignored("/w".into(), ".env".into(), 1)];
        assert_eq!(told, expected);
        let nothing = Harmless { disposable: Disposable::new(&[]), copies: Prints::new() };
        assert_eq!(in_words(b"", (shown, shown), &nothing), []);
        let conflict = b"u UU N... 1 2 3 4 h1 h2 h3 c c\0";
        assert_eq!(in_words(conflict, (shown, shown), &nothing), [Obstacle::Changed("/w".into(), "c c".into(), 1)]);
    }

    #[test]
    fn disposable_files_are_found_as_in_a_gitignore() {
        let disposable = Disposable::new(&["node_modules/".into(), "/build".into(), "a/*.o".into()]);
        for path in ["node_modules/", "web/node_modules/", "node_modules/x", "build/x/y", "a/x.o"] {
            assert!(disposable.covers(path.as_bytes()), "{path}");
        }
        for path in [".env", "web/build", "b/x.o", "node_modules2"] {
            assert!(!disposable.covers(path.as_bytes()), "{path}");
        }
    }
}
