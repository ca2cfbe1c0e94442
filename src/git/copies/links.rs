//! Where a symlink leads.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, FileType};

/// As many symlinks as the kernel follows.
const MOST: usize = 40;

/// Whether the symlink with this target, in `folder` (from `top`), leads out of `top` or to a `.git`, through whatever other symlinks are
/// on the way. What is not there leads where its name says.
pub(super) fn leads_out(top: &OwnedFd, folder: &[u8], target: &[u8]) -> bool {
    let mut at: Vec<Vec<u8>> =
        folder.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).map(<[u8]>::to_vec).collect();
    let mut ahead: Vec<Vec<u8>> = Vec::new();
    let mut followed = 0;
    let mut push = |ahead: &mut Vec<Vec<u8>>, target: &[u8]| {
        followed += 1;
        ahead.extend(target.split(|byte| *byte == b'/').rev().map(<[u8]>::to_vec));
        followed > MOST || target.starts_with(b"/")
    };
    if push(&mut ahead, target) {
        return true;
    }
    while let Some(part) = ahead.pop() {
        match part.as_slice() {
            b"" | b"." => continue,
            b".." if at.pop().is_none() => return true,
            b".." => continue,
            name if name.eq_ignore_ascii_case(b".git") => return true,
            _ => at.push(part),
        }
        let path = at.join(&b'/');
        let path = Path::new(OsStr::from_bytes(&path));
        let stat = rustix::fs::statat(top, path, AtFlags::SYMLINK_NOFOLLOW);
        if stat.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink) {
            at.pop();
            let Ok(next) = rustix::fs::readlinkat(top, path, Vec::new()) else { return true };
            if push(&mut ahead, next.as_bytes()) {
                return true;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_is_followed_as_the_kernel_would() {
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &str| dir.path().join(path);
        std::fs::create_dir_all(at("d/e/f")).unwrap();
        for (name, target) in [("up", ".."), ("d/e/top", "../.."), ("loop", "loop"), ("etc", "/etc"), ("in", "d/e")] {
            symlink(target, at(name)).unwrap();
        }
        let top = rustix::fs::open(dir.path(), super::super::FOLDER, rustix::fs::Mode::empty()).unwrap();
        for (folder, target) in [
            ("", "x"),
            ("", "d/../d/./e"),
            ("d/e", "../../d"),
            ("d/e", "top/d"),
            ("", "nowhere/x"),
            ("", "in/../x"),
            ("", "in/f/../../../d"),
        ] {
            assert!(!leads_out(&top, folder.as_bytes(), target.as_bytes()), "{folder} {target}");
        }
        for (folder, target) in [
            ("", "/etc/passwd"),
            ("", ".."),
            ("", "d/../../x"),
            ("d/e", "../../../x"),
            ("d/e", "top/../x"),
            ("", "up/x"),
            ("", "loop"),
            ("", "etc/passwd"),
            ("", ".git/config"),
            ("d", "../.GIT"),
            ("", "nowhere/../../x"),
            ("", "in/../../../x"),
        ] {
            assert!(leads_out(&top, folder.as_bytes(), target.as_bytes()), "{folder} {target}");
        }
    }
}
