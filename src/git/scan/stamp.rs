//! What `lstat` says of a file, and whether an index entry stands for exactly that.

use gix::index::entry::{Flags, Mode, Stat};
use rustix::fs::FileType;

/// A file as `lstat` describes it: as long as this is the same and not racy, so is the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub kind: Kind,
    pub identity: Identity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Executable,
    Symlink,
    Folder,
    /// A pipe, a socket, a device.
    Other,
}

/// Times are nanoseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    pub device: u64,
    pub inode: u64,
    pub size: u64,
    pub mtime: i64,
    pub ctime: i64,
}

impl Stamp {
    #[expect(
        clippy::unnecessary_cast,
        clippy::cast_possible_wrap,
        reason = "the fields of stat differ between platforms"
    )]
    pub(super) fn of(found: &rustix::fs::Stat) -> Stamp {
        let nanos = |secs: i64, nanos: i64| secs.wrapping_mul(1_000_000_000).wrapping_add(nanos);
        let kind = match FileType::from_raw_mode(found.st_mode) {
            FileType::RegularFile if found.st_mode & 0o100 != 0 => Kind::Executable,
            FileType::RegularFile => Kind::File,
            FileType::Symlink => Kind::Symlink,
            FileType::Directory => Kind::Folder,
            _ => Kind::Other,
        };
        let identity = Identity {
            device: found.st_dev as u64,
            inode: found.st_ino as u64,
            size: found.st_size as u64,
            mtime: nanos(found.st_mtime as i64, found.st_mtime_nsec as i64),
            ctime: nanos(found.st_ctime as i64, found.st_ctime_nsec as i64),
        };
        Stamp { kind, identity }
    }

    /// The mode that git gives such a file; `None` where it takes none of that kind.
    pub(super) fn mode(&self) -> Option<Mode> {
        match self.kind {
            Kind::File => Some(Mode::FILE),
            Kind::Executable => Some(Mode::FILE_EXECUTABLE),
            Kind::Symlink => Some(Mode::SYMLINK),
            Kind::Folder | Kind::Other => None,
        }
    }
}

/// Whether the entry stands for exactly this file, and not racily so.
#[expect(clippy::unnecessary_cast, reason = "the fields of stat differ between platforms")]
pub(super) fn describes(index: &gix::index::File, entry: &gix::index::Entry, found: &rustix::fs::Stat) -> bool {
    let kind = FileType::from_raw_mode(found.st_mode);
    let executable = found.st_mode & 0o100 != 0;
    let right_kind = match entry.mode {
        Mode::FILE => kind == FileType::RegularFile && !executable,
        Mode::FILE_EXECUTABLE => kind == FileType::RegularFile && executable,
        Mode::SYMLINK => kind == FileType::Symlink,
        _ => false,
    };
    let stat = &entry.stat;
    right_kind
        && stat.mtime.secs == found.st_mtime as u32
        && stat.mtime.nsecs == found.st_mtime_nsec as u32
        && stat.ctime.secs == found.st_ctime as u32
        && stat.ctime.nsecs == found.st_ctime_nsec as u32
        && stat.size == found.st_size as u32
        && stat.ino == found.st_ino as u32
        && stat.uid == found.st_uid as u32
        && stat.gid == found.st_gid as u32
        && !racy(index, stat)
        && (stat.size != 0 || entry.id.is_empty_blob())
}

/// git's racy rule: a file written no earlier than its index may have changed since without a trace in its stat.
/// Where the file system keeps fractions of a second they count, as for a git built with `USE_NSEC`.
fn racy(index: &gix::index::File, stat: &Stat) -> bool {
    let written = index.timestamp();
    let (written_secs, secs) = (written.unix_seconds(), i64::from(stat.mtime.secs));
    if written_secs != secs || stat.mtime.nsecs == 0 || written.nanoseconds() == 0 {
        return written_secs <= secs;
    }
    written.nanoseconds() <= stat.mtime.nsecs
}

/// Stages, intent-to-add, skip-worktree and assume-unchanged all stand in the flags beside the path's length.
pub(super) fn is_plain(entry: &gix::index::Entry) -> bool {
    entry.flags.difference(Flags::PATH_LEN).is_empty()
}
