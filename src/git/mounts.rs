//! File systems that are mounted within a folder: it cannot be moved in one step then, or takes something else along.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What is mounted at `folder`, or, where the system tells that, below it.
pub(super) fn mounted_in(folder: &Path) -> Option<PathBuf> {
    let device = |path: &Path| path.metadata().ok().map(|found| found.dev());
    if folder.parent().is_some_and(|above| device(above) != device(folder)) {
        return Some(folder.to_owned());
    }
    let real = folder.canonicalize().ok()?;
    let said = std::fs::read("/proc/self/mountinfo").ok()?;
    points(&said).find(|point| point.starts_with(&real))
}

/// proc_pid_mountinfo(5): the fifth field is the mount point, with white space and backslashes as three octal digits.
fn points(said: &[u8]) -> impl Iterator<Item = PathBuf> {
    let lines = said.split(|byte| *byte == b'\n');
    lines.filter_map(|line| line.split(|byte| *byte == b' ').nth(4)).map(plain)
}

fn plain(field: &[u8]) -> PathBuf {
    let (mut out, mut rest) = (Vec::with_capacity(field.len()), field);
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..3).filter(|_| first == b'\\').and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = &after[3..];
            }
            None => {
                out.push(first);
                rest = after;
            }
        }
    }
    PathBuf::from(OsStr::from_bytes(&out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_are_read_as_the_kernel_writes_them() {
        let said = b"22 1 0:20 / / rw - ext4 /dev/a rw\n36 35 98:0 /x /w/a\\040b\\134c rw,noatime master:1 - ext3 /dev/b rw\n\n";
        assert_eq!(points(said).collect::<Vec<_>>(), [PathBuf::from("/"), PathBuf::from("/w/a b\\c")]);
        assert_eq!(mounted_in(tempfile::tempdir().unwrap().path()), None);
    }
}
