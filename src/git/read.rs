//! Reading a file that a repository offers: bounded in size, never waiting.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use rustix::fs::{FileType, Mode, OFlags};

use crate::model::failure::{Exit, Failure};
use crate::model::taskfile::LONGEST_FILE;

/// The bytes of a regular file of at most [`LONGEST_FILE`] bytes. A symlink is followed; a FIFO or a device is not
/// waited for.
///
/// # Errors
/// A [`Failure`] with [`Exit::Usage`] where there is no such file, it is no regular file, or it is too large; another
/// error where it cannot be read.
pub fn read_bounded(path: &Path) -> Result<Vec<u8>> {
    let usage = |what: String| Failure::new(Exit::Usage, what);
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => file,
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => {
            return Err(usage(format!("'{}' does not exist", path.display())).into());
        }
        // A socket, or a device that nothing is behind.
        Err(rustix::io::Errno::NXIO | rustix::io::Errno::NODEV) => {
            return Err(usage(format!("'{}' is not a regular file", path.display())).into());
        }
        Err(fault) => return Err(fault).with_context(|| format!("could not open '{}'", path.display())),
    };
    let stat = rustix::fs::fstat(&file).with_context(|| format!("could not look at '{}'", path.display()))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(usage(format!("'{}' is not a regular file", path.display())).into());
    }
    let too_large =
        || usage(format!("'{}' is larger than {} MiB, the most of a task file", path.display(), LONGEST_FILE >> 20));
    let size = usize::try_from(stat.st_size).unwrap_or(usize::MAX);
    if size > LONGEST_FILE {
        return Err(too_large().into());
    }
    let mut bytes = Vec::with_capacity(size + 1);
    // It may grow while it is read.
    File::from(file)
        .take(LONGEST_FILE as u64 + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("could not read '{}'", path.display()))?;
    if bytes.len() > LONGEST_FILE {
        return Err(too_large().into());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(path: &Path) -> String {
        let error = read_bounded(path).unwrap_err();
        assert_eq!(error.downcast_ref::<Failure>().map(|failure| failure.exit), Some(Exit::Usage));
        error.to_string()
    }

    #[test]
    fn only_regular_files_of_a_sane_size_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        let socket = dir.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for path in [dir.path(), fifo.as_path(), socket.as_path(), Path::new("/dev/zero"), Path::new("/dev/null")] {
            assert!(refusal(path).contains("not a regular file"), "{}", path.display());
        }
        let large = dir.path().join("large");
        File::create(&large).unwrap().set_len(40 << 20).unwrap();
        assert!(refusal(&large).contains("larger than 32 MiB"));
        assert!(refusal(&dir.path().join("none")).contains("does not exist"));
        let small = dir.path().join("small");
        std::fs::write(&small, "x").unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&small, &link).unwrap();
        assert_eq!(read_bounded(&link).unwrap(), b"x");
    }
}
