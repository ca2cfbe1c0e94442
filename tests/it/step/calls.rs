//! Which system calls change files, and where their arguments say which file.

use std::os::unix::fs::FileExt;
use std::path::Path;

/// A system call, stopped before it happens.
pub struct Stopped {
    /// The thread that makes it.
    pub pid: libc::pid_t,
    pub number: libc::c_long,
    pub arguments: [u64; 6],
}

/// Where a call names the file that it changes.
enum At {
    /// By this argument, a descriptor.
    Descriptor(usize),
    /// By this argument, a path.
    Path(usize),
    /// By these arguments, a path and flags: a change where they ask for more than reading.
    Open(usize, usize),
    /// By these arguments, a path and a structure whose first field is the flags.
    OpenHow(usize, usize),
    /// By its first argument, a descriptor, where the second asks for a clone.
    Clone,
    /// By these arguments, a path or, where that is null, a descriptor.
    Either(usize, usize),
}

struct Call {
    number: libc::c_long,
    name: &'static str,
    at: At,
    /// Whether it fails on a full disk.
    fills: bool,
}

const fn call(number: libc::c_long, name: &'static str, at: At, fills: bool) -> Call {
    Call { number, name, at, fills }
}

const CALLS: &[Call] = &[
    call(libc::SYS_openat, "openat", At::Open(1, 2), true),
    call(libc::SYS_openat2, "openat2", At::OpenHow(1, 2), true),
    call(libc::SYS_write, "write", At::Descriptor(0), true),
    call(libc::SYS_writev, "writev", At::Descriptor(0), true),
    call(libc::SYS_pwrite64, "pwrite", At::Descriptor(0), true),
    call(libc::SYS_pwritev, "pwritev", At::Descriptor(0), true),
    call(libc::SYS_pwritev2, "pwritev2", At::Descriptor(0), true),
    call(libc::SYS_sendfile, "sendfile", At::Descriptor(0), true),
    call(libc::SYS_copy_file_range, "copy_file_range", At::Descriptor(2), true),
    call(libc::SYS_ioctl, "clone", At::Clone, true),
    call(libc::SYS_ftruncate, "ftruncate", At::Descriptor(0), true),
    call(libc::SYS_truncate, "truncate", At::Path(0), true),
    call(libc::SYS_fallocate, "fallocate", At::Descriptor(0), true),
    call(libc::SYS_fsync, "fsync", At::Descriptor(0), true),
    call(libc::SYS_fdatasync, "fdatasync", At::Descriptor(0), true),
    call(libc::SYS_renameat2, "renameat2", At::Path(3), true),
    call(libc::SYS_linkat, "linkat", At::Path(3), true),
    call(libc::SYS_symlinkat, "symlinkat", At::Path(2), true),
    call(libc::SYS_mkdirat, "mkdirat", At::Path(1), true),
    call(libc::SYS_unlinkat, "unlinkat", At::Path(1), false),
    call(libc::SYS_fchmod, "fchmod", At::Descriptor(0), false),
    call(libc::SYS_fchmodat, "fchmodat", At::Path(1), false),
    call(libc::SYS_utimensat, "utimensat", At::Either(1, 0), false),
    call(libc::SYS_renameat, "renameat", At::Path(3), true),
    #[cfg(target_arch = "x86_64")]
    call(libc::SYS_open, "open", At::Open(0, 1), true),
    #[cfg(target_arch = "x86_64")]
    call(libc::SYS_creat, "creat", At::Path(0), true),
    #[cfg(target_arch = "x86_64")]
    call(libc::SYS_rename, "rename", At::Path(1), true),
    #[cfg(target_arch = "x86_64")]
    call(libc::SYS_link, "link", At::Path(1), true),
    #[cfg(target_arch = "x86_64")]
    call(libc::SYS_symlink, "symlink", At::Path(1), true),
    #[cfg(target_arch = "x86_64")]
    call(libc::SYS_mkdir, "mkdir", At::Path(0), true),
    #[cfg(target_arch = "x86_64")]
    call(libc::SYS_rmdir, "rmdir", At::Path(0), false),
    #[cfg(target_arch = "x86_64")]
    call(libc::SYS_unlink, "unlink", At::Path(0), false),
    #[cfg(target_arch = "x86_64")]
    call(libc::SYS_chmod, "chmod", At::Path(0), false),
    #[cfg(target_arch = "x86_64")]
    call(libc::SYS_utimes, "utimes", At::Path(0), false),
    #[cfg(target_arch = "x86_64")]
    call(libc::SYS_futimesat, "futimesat", At::Path(1), false),
    #[cfg(target_arch = "x86_64")]
    call(libc::SYS_utime, "utime", At::Path(0), false),
];

/// The numbers of all calls that may change a file.
pub fn numbers() -> impl Iterator<Item = libc::c_long> {
    CALLS.iter().map(|call| call.number)
}

/// A call that is about to change a file.
pub struct Change {
    /// Its name and the file, from the root of what is watched.
    pub told: String,
    /// Whether it fails on a full disk.
    pub fills: bool,
}

impl Stopped {
    /// What it changes below `root`; `None` where it only looks like that. A relative path counts as below it.
    pub fn change(&self, root: &Path) -> Option<Change> {
        let call = CALLS.iter().find(|call| call.number == self.number)?;
        let argument = |at: usize| self.arguments[at];
        let mut fills = call.fills;
        let mut opened = |flags: u64| {
            let flags = flags as libc::c_int;
            fills = flags & (libc::O_CREAT | libc::O_TRUNC) != 0;
            fills || flags & libc::O_ACCMODE != libc::O_RDONLY
        };
        let file = match call.at {
            At::Descriptor(fd) => self.descriptor(argument(fd))?,
            At::Path(path) => self.text(argument(path))?,
            At::Open(path, flags) => opened(argument(flags)).then(|| self.text(argument(path)))??,
            At::OpenHow(path, how) => opened(self.word(argument(how))?).then(|| self.text(argument(path)))??,
            At::Either(path, fd) if argument(path) == 0 => self.descriptor(argument(fd))?,
            At::Either(path, _) => self.text(argument(path))?,
            At::Clone if matches!(argument(1) as u32, 0x4004_9409 | 0x4020_940d) => self.descriptor(argument(0))?,
            At::Clone => return None,
        };
        let root = root.to_str()?;
        let below = file.strip_prefix(root).map(|rest| format!("…{rest}"));
        let file = if file.starts_with('/') { below? } else { file };
        Some(Change { told: format!("{} {file}", call.name), fills })
    }

    /// What a descriptor leads to; pipes, sockets and the like are no files.
    fn descriptor(&self, fd: u64) -> Option<String> {
        let link = std::fs::read_link(format!("/proc/{}/fd/{}", self.pid, fd as libc::c_int)).ok()?;
        let path = link.to_string_lossy().into_owned();
        path.starts_with('/').then_some(path)
    }

    fn text(&self, address: u64) -> Option<String> {
        let memory = std::fs::File::open(format!("/proc/{}/mem", self.pid)).ok()?;
        let mut bytes = Vec::new();
        while bytes.len() < 4096 {
            let from = address + bytes.len() as u64;
            // Never past the end of a page, which may be the last one.
            let mut part = vec![0; (256 - from % 256) as usize];
            memory.read_exact_at(&mut part, from).ok()?;
            if let Some(end) = part.iter().position(|&byte| byte == 0) {
                bytes.extend_from_slice(&part[..end]);
                return Some(String::from_utf8_lossy(&bytes).into_owned());
            }
            bytes.append(&mut part);
        }
        None
    }

    fn word(&self, address: u64) -> Option<u64> {
        let memory = std::fs::File::open(format!("/proc/{}/mem", self.pid)).ok()?;
        let mut word = [0; 8];
        memory.read_exact_at(&mut word, address).ok()?;
        Some(u64::from_ne_bytes(word))
    }
}
