//! Files in `<common git dir>/dispatch/cache/`: read without waiting, replaced whole, and never through a symlink.
//!
//! Whatever lies there, the worst it does is to be no cache: the folders `dispatch` and `cache` and those below are real
//! folders, a cache is a regular file of a sane size, and what is read is what was written, by a checksum.

use std::ffi::OsStr;
use std::fs::File;
use std::hash::Hasher;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

/// No cache is larger than this, in bytes.
const LARGEST: u64 = 32 << 20;
/// How the names of files begin that are being written.
const HALF: &str = ".tmp";
/// Seconds after which such a file is taken for one that a killed process left.
const STALE: i64 = 24 * 60 * 60;
const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);

/// A file of the cache, which need not be there.
#[derive(Debug, Clone)]
pub(super) struct CacheFile {
    common: PathBuf,
    /// Below the common git dir.
    folder: PathBuf,
    name: PathBuf,
}

impl CacheFile {
    /// `path` is below `dispatch/cache` in the common git dir.
    pub fn new(common: &Path, path: impl AsRef<Path>) -> CacheFile {
        CacheFile::below(common, Path::new("dispatch/cache").join(path))
    }

    /// A file elsewhere below the common git dir, which is no cache, but kept as one.
    pub fn below(common: &Path, path: impl AsRef<Path>) -> CacheFile {
        let path = path.as_ref();
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let name = path.file_name().map(PathBuf::from).unwrap_or_default();
        CacheFile { common: common.to_owned(), folder, name }
    }

    /// What was written behind `magic`; `None` where there is no such file, or it is damaged or of another kind.
    pub fn read(&self, magic: &[u8]) -> Option<Vec<u8>> {
        let folder = open_folder(&self.common, &self.folder, false).ok()?;
        let mut bytes = read_at(&folder, &self.name)?;
        let (sum, body) = bytes.strip_prefix(magic)?.split_first_chunk::<8>()?;
        if *sum != checksum(body) {
            return None;
        }
        bytes.drain(..magic.len() + 8);
        Some(bytes)
    }

    /// Replaces the file, and removes what processes left half-written long ago.
    ///
    /// # Errors
    /// It cannot be written, or one of its folders is none. The old file remains.
    pub fn replace(&self, magic: &[u8], body: &[u8]) -> std::io::Result<()> {
        self.replace_by(&[magic, &checksum(body), body])
    }

    /// Replaces a file that people read: it holds `text` and nothing else.
    ///
    /// # Errors
    /// As [`CacheFile::replace`].
    pub fn replace_text(&self, text: &str) -> std::io::Result<()> {
        self.replace_by(&[text.as_bytes()])
    }

    fn replace_by(&self, parts: &[&[u8]]) -> std::io::Result<()> {
        let folder = open_folder(&self.common, &self.folder, true)?;
        let half = format!("{HALF}{:016x}", getrandom::u64().map_err(std::io::Error::from)?);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::openat(&folder, &half, flags, Mode::from_raw_mode(0o600))?);
        let written = parts.iter().try_for_each(|part| file.write_all(part));
        let renamed = written.and_then(|()| Ok(rustix::fs::renameat(&folder, &half, &folder, &self.name)?));
        if renamed.is_err() {
            _ = rustix::fs::unlinkat(&folder, &half, AtFlags::empty());
        }
        if let Ok(now) = rustix::fs::fstat(&file) {
            let stale = |name: &OsStr, stat: &Stat| {
                name.as_bytes().starts_with(HALF.as_bytes()) && stat.st_mtime < now.st_mtime - STALE
            };
            remove(&folder, stale);
        }
        renamed
    }
}

/// Removes the caches in `folder` (below `dispatch/cache`) that begin with `magic` and whose names are `gone`. Names with a
/// dot in front are kept.
pub(super) fn sweep(common: &Path, folder: &str, magic: &[u8], gone: impl Fn(&OsStr) -> bool) {
    let Ok(folder) = open_folder(common, &Path::new("dispatch/cache").join(folder), false) else { return };
    let ours = |name: &OsStr| read_at(&folder, Path::new(name)).is_some_and(|bytes| bytes.starts_with(magic));
    remove(&folder, |name, _| !name.as_bytes().starts_with(b".") && gone(name) && ours(name));
}

/// Removes the regular files that are `unwanted`.
fn remove(folder: &OwnedFd, unwanted: impl Fn(&OsStr, &Stat) -> bool) {
    let Ok(entries) = rustix::fs::Dir::read_from(folder) else { return };
    for entry in entries.flatten() {
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        let Ok(stat) = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
        if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && unwanted(name, &stat) {
            _ = rustix::fs::unlinkat(folder, name, AtFlags::empty());
        }
    }
}

/// Opens a folder below the common git dir, none of whose parts is a symlink.
fn open_folder(common: &Path, path: &Path, make: bool) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut folder = rustix::fs::open(common, flags, Mode::empty())?;
    for part in path.components() {
        if make {
            match rustix::fs::mkdirat(&folder, part.as_os_str(), Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(fault) => return Err(fault),
            }
        }
        folder = rustix::fs::openat(&folder, part.as_os_str(), FOLDER, Mode::empty())?;
    }
    Ok(folder)
}

fn read_at(folder: &OwnedFd, name: &Path) -> Option<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = rustix::fs::openat(folder, name, flags, Mode::empty()).ok()?;
    let stat = rustix::fs::fstat(&file).ok()?;
    let size = u64::try_from(stat.st_size).ok().filter(|size| *size <= LARGEST)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return None;
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).ok()? + 1);
    // It may grow while it is read; then its checksum is another.
    File::from(file).take(LARGEST).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Against damage only. Another build of the program may compute another sum: then the file is no cache.
fn checksum(body: &[u8]) -> [u8; 8] {
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(body);
    hasher.finish().to_be_bytes()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    const MAGIC: &[u8] = b"some 1\n";

    #[test]
    fn a_file_is_read_as_it_was_written_and_not_at_all_when_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let cache = CacheFile::new(dir.path(), "some/name");
        assert_eq!(cache.read(MAGIC), None);
        cache.replace(MAGIC, b"old").unwrap();
        cache.replace(MAGIC, b"new").unwrap();
        assert_eq!(cache.read(MAGIC).as_deref(), Some(&b"new"[..]));
        assert_eq!(cache.read(b"some 2\n"), None);
        let file = dir.path().join("dispatch/cache/some/name");
        let whole = std::fs::read(&file).unwrap();
        for at in 0..whole.len() {
            std::fs::write(&file, &whole[..at]).unwrap();
            assert_eq!(cache.read(MAGIC), None, "cut at {at}");
            let mut damaged = whole.clone();
            damaged[at] ^= 4;
            std::fs::write(&file, &damaged).unwrap();
            assert_eq!(cache.read(MAGIC), None, "damaged at {at}");
        }
    }

    #[test]
    fn what_is_no_regular_file_is_no_cache_and_nothing_is_written_through_it() {
        let dir = tempfile::tempdir().unwrap();
        let cache = CacheFile::new(dir.path(), "name");
        let file = dir.path().join("dispatch/cache/name");
        let outside = dir.path().join("outside");
        cache.replace(MAGIC, b"x").unwrap();
        std::fs::rename(&file, &outside).unwrap();
        let kept = std::fs::read(&outside).unwrap();
        for target in [&outside, Path::new("/dev/zero"), Path::new("nowhere")] {
            symlink(target, &file).unwrap();
            assert_eq!(cache.read(MAGIC), None, "{}", target.display());
            cache.replace(MAGIC, b"y").unwrap();
            assert_eq!(std::fs::read(&outside).unwrap(), kept);
            std::fs::remove_file(&file).unwrap();
        }
        rustix::fs::mknodat(rustix::fs::CWD, &file, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        assert_eq!(cache.read(MAGIC), None);
        cache.replace(MAGIC, b"y").unwrap();
        assert_eq!(cache.read(MAGIC).as_deref(), Some(&b"y"[..]));
        File::create(&file).unwrap().set_len(LARGEST + 1).unwrap();
        assert_eq!(cache.read(MAGIC), None);
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir_all(file.join("full")).unwrap();
        assert_eq!(cache.read(MAGIC), None);
        cache.replace(MAGIC, b"y").unwrap_err();
        assert_eq!(std::fs::read_dir(dir.path().join("dispatch/cache")).unwrap().count(), 1, "nothing half-written");
    }

    #[test]
    fn a_folder_that_is_a_link_is_neither_read_nor_written_nor_swept() {
        for part in ["dispatch", "dispatch/cache", "dispatch/cache/contents"] {
            let dir = tempfile::tempdir().unwrap();
            let cache = CacheFile::new(dir.path(), "contents/name");
            cache.replace(MAGIC, b"x").unwrap();
            let outside = dir.path().join("outside");
            std::fs::rename(dir.path().join(part), &outside).unwrap();
            symlink(&outside, dir.path().join(part)).unwrap();
            assert_eq!(cache.read(MAGIC), None, "{part}");
            cache.replace(MAGIC, b"y").unwrap_err();
            sweep(dir.path(), "contents", MAGIC, |_| true);
            std::fs::remove_file(dir.path().join(part)).unwrap();
            std::fs::rename(&outside, dir.path().join(part)).unwrap();
            assert_eq!(cache.read(MAGIC).as_deref(), Some(&b"x"[..]), "{part}");
        }
    }

    #[test]
    fn only_what_is_ours_and_old_is_swept() {
        let dir = tempfile::tempdir().unwrap();
        let cache = CacheFile::new(dir.path(), "contents/gone");
        cache.replace(MAGIC, b"x").unwrap();
        let folder = dir.path().join("dispatch/cache/contents");
        let names = || -> Vec<String> {
            let entries = std::fs::read_dir(&folder).unwrap();
            let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        std::fs::write(folder.join("foreign"), "work").unwrap();
        std::fs::create_dir(folder.join("folder")).unwrap();
        for name in [".tmpold", ".tmpnew", ".old"] {
            std::fs::write(folder.join(name), MAGIC).unwrap();
        }
        for name in [".tmpold", ".old"] {
            let old = std::time::SystemTime::UNIX_EPOCH;
            File::options().write(true).open(folder.join(name)).unwrap().set_modified(old).unwrap();
        }
        symlink(folder.join("gone"), folder.join("link")).unwrap();
        sweep(dir.path(), "contents", MAGIC, |name| name != "stays");
        assert_eq!(names(), [".old", ".tmpnew", ".tmpold", "folder", "foreign", "link"]);
        CacheFile::new(dir.path(), "contents/stays").replace(MAGIC, b"x").unwrap();
        sweep(dir.path(), "contents", MAGIC, |name| name != "stays");
        assert_eq!(names(), [".old", ".tmpnew", "folder", "foreign", "link", "stays"]);
    }
}
