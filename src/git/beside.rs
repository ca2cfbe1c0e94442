//! Texts that the task file names by their paths: read from where it was read itself, and from nowhere outside of that.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};
use rustix::fs::{FileType, Mode, OFlags};

use super::repo::Repo;
use super::taskfile::{Place, Source, blob_at};
use crate::model::failure::{Exit, Failure};

/// A key of the task file whose value is the path of a text.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    pub key: &'a str,
    /// From the top of the repository.
    pub path: &'a str,
    /// In bytes.
    pub limit: usize,
}

/// The text of a file in the worktree, or in the commit, that the task file was read from; of a file that was named, in the worktree
/// that it lies in, else beside it. What is no UTF-8 in it comes as U+FFFD.
///
/// # Errors
/// A [`Failure`] with [`Exit::Usage`] where there is no such file, the path leads out of there (be it by a symlink) or into `.git`,
/// or it is no regular file of at most `limit` bytes; another error where it cannot be read.
pub fn named_text(repo: &Repo, source: &Source, named: Named<'_>) -> Result<String> {
    let bytes = match &source.place {
        Place::Commit(commit) => {
            check(Path::new(named.path)).map_err(|why| refused(named, why))?;
            blob_at(repo, *commit, named.path, named.limit)
                .with_context(|| format!("could not read '{}' in '{}'", named.path, commit.short()))?
                .ok_or_else(|| refused(named, "does not exist there"))?
                .ok_or_else(|| refused(named, &too_large(named.limit)))?
        }
        Place::Worktree(folder) => read_within(folder, named)?,
        Place::Named(file) => read_within(&top_of(repo, file), named)?,
    };
    let text = String::from_utf8(bytes).unwrap_or_else(|fault| String::from_utf8_lossy(fault.as_bytes()).into_owned());
    Ok(text)
}

/// The worktree that a task file lies in; else its folder.
fn top_of(repo: &Repo, file: &Path) -> PathBuf {
    let real = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let tops = [repo.here(), repo.main_worktree()];
    let top = tops.into_iter().flatten().find(|top| real.starts_with(top));
    top.or(real.parent()).unwrap_or(Path::new(".")).to_owned()
}

fn refused(named: Named<'_>, why: &str) -> Failure {
    let Named { key, path, .. } = named;
    Failure::new(Exit::Usage, format!("'{path}', which '{key}' of the task file names, {why}"))
        .hint("use 'git dispatch lint' to check the task file once it is mended")
}

fn too_large(limit: usize) -> String {
    format!("is larger than {} KiB", limit >> 10)
}

/// What a path of a task file may be.
fn check(path: &Path) -> Result<(), &'static str> {
    let inside = |part: Component<'_>| match part {
        Component::Normal(name) => !name.eq_ignore_ascii_case(".git"),
        Component::CurDir => true,
        _ => false,
    };
    if path.components().all(inside) { Ok(()) } else { Err("leads out of the repository, or into '.git'") }
}

fn read_within(top: &Path, named: Named<'_>) -> Result<Vec<u8>> {
    check(Path::new(named.path)).map_err(|why| refused(named, why))?;
    let unread = || format!("could not read '{}'", named.path);
    let top = top.canonicalize().with_context(unread)?;
    let real = match top.join(named.path).canonicalize() {
        Ok(real) => real,
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => {
            return Err(refused(named, "does not exist").into());
        }
        Err(fault) => return Err(fault).with_context(unread),
    };
    let inside = real.strip_prefix(&top).ok().filter(|inside| check(inside).is_ok());
    let inside = inside.ok_or_else(|| refused(named, "leads out of the repository, or into '.git'"))?;
    let file = open_below(&top, inside).with_context(unread)?;
    let stat = rustix::fs::fstat(&file).with_context(unread)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(refused(named, "is not a regular file").into());
    }
    let mut bytes = Vec::new();
    File::from(file).take(named.limit as u64 + 1).read_to_end(&mut bytes).with_context(unread)?;
    if bytes.len() > named.limit {
        return Err(refused(named, &too_large(named.limit)).into());
    }
    Ok(bytes)
}

/// Opens what was found without symlinks, one part after another: none has come since.
fn open_below(top: &Path, inside: &Path) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let mut file = rustix::fs::open(top, flags | OFlags::DIRECTORY, Mode::empty())?;
    for part in inside.components() {
        file = rustix::fs::openat(&file, part.as_os_str(), flags | OFlags::NOFOLLOW, Mode::empty())?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_regular_files_inside_are_read_and_no_symlink_leads_out() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().join("repo");
        std::fs::create_dir_all(top.join("docs")).unwrap();
        std::fs::create_dir_all(top.join(".git")).unwrap();
        std::fs::write(dir.path().join("secret"), "secret").unwrap();
        std::fs::write(top.join(".git/config"), "secret").unwrap();
        std::fs::write(top.join("docs/a.md"), "text").unwrap();
        for (link, to) in
            [("in", "docs"), ("out", ".."), ("file", "../secret"), ("dev", "/dev/zero"), ("git", ".git"), ("gone", "x")]
        {
            symlink(to, top.join(link)).unwrap();
        }
        rustix::fs::mknodat(rustix::fs::CWD, top.join("fifo"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        let read = |path: &str| {
            let read = read_within(&top, Named { key: "contract", path, limit: 4 });
            read.map_err(|error| error.downcast::<Failure>().unwrap().what)
        };
        for path in ["docs/a.md", "in/a.md", "./docs/a.md"] {
            assert_eq!(read(path).unwrap(), b"text", "{path}");
        }
        for (path, why) in [
            ("../secret", "leads out"),
            ("/etc/passwd", "leads out"),
            ("out/secret", "leads out"),
            ("file", "leads out"),
            ("dev", "leads out"),
            (".git/config", "leads out"),
            ("git/config", "leads out"),
            ("gone", "does not exist"),
            ("docs", "is not a regular file"),
            ("fifo", "is not a regular file"),
        ] {
            assert!(read(path).unwrap_err().contains(why), "{path}: {:?}", read(path));
        }
        std::fs::write(top.join("docs/a.md"), "texts").unwrap();
        assert!(read("docs/a.md").unwrap_err().contains("is larger than"));
    }
}
