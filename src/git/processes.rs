//! Which process works in a folder: by `/proc` where there is one, else by `lsof`, which comes with macOS.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::program::{find_program, run, user_command};

/// A process by its id and name.
pub(super) type Process = (u32, String);

/// The first process that stands within `folder`. Processes of other users may be out of sight, which nothing tells.
///
/// # Errors
/// This machine does not show where its processes stand: then why not.
pub(super) fn process_in(folder: &Path) -> Result<Option<Process>, String> {
    let folder = folder.canonicalize().map_err(|fault| fault.to_string())?;
    if std::fs::read_link("/proc/self/cwd").is_ok() {
        return by_proc(&folder);
    }
    by_lsof(&folder)
}

fn by_proc(folder: &Path) -> Result<Option<Process>, String> {
    let entries = std::fs::read_dir("/proc").map_err(|fault| format!("'/proc' cannot be read: {fault}"))?;
    Ok(entries.flatten().find_map(|entry| {
        let pid = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok())?;
        let at = std::fs::read_link(entry.path().join("cwd")).ok()?;
        let name = std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
        at.starts_with(folder).then(|| (pid, name.trim().to_owned()))
    }))
}

fn by_lsof(folder: &Path) -> Result<Option<Process>, String> {
    let lsof = find_program("lsof").ok_or("there is no '/proc' here, and no 'lsof'")?;
    let mut command = user_command(&lsof);
    command.args(["-w", "-n", "-P", "-d", "cwd", "-F", "pcn"]).env("LC_ALL", "C").stdin(Stdio::null());
    let output = run(&mut command).map_err(|fault| format!("{fault:#}"))?;
    let all = listed(&output.stdout);
    // It exits with 1 where it could not look at one of them, too.
    if !all.iter().any(|(pid, ..)| *pid == std::process::id()) {
        return Err("there is no '/proc' here, and 'lsof' does not even show this process".to_owned());
    }
    Ok(all.into_iter().find(|(_, _, at)| at.starts_with(folder)).map(|(pid, name, _)| (pid, name)))
}

/// lsof(8), "OUTPUT FOR OTHER PROGRAMS": a line for each field, which begins with the field's letter: `p` the process, `c` its
/// command, `n` the path, in which bytes that are not printable stand as `\x` and two digits.
fn listed(said: &[u8]) -> Vec<(u32, String, PathBuf)> {
    let mut found = Vec::new();
    let (mut pid, mut name) = (None, String::new());
    for line in said.split(|byte| *byte == b'\n') {
        match line.split_first() {
            Some((b'p', id)) => pid = std::str::from_utf8(id).ok().and_then(|id| id.parse().ok()),
            Some((b'c', command)) => name = String::from_utf8_lossy(command).into_owned(),
            Some((b'n', path)) => {
                let path = PathBuf::from(OsStr::from_bytes(&plain(path)));
                found.extend(pid.map(|pid| (pid, name.clone(), path)));
            }
            _ => {}
        }
    }
    found
}

fn plain(path: &[u8]) -> Vec<u8> {
    let digit = |at: usize| path.get(at).and_then(|digit| char::from(*digit).to_digit(16));
    let (mut out, mut at) = (Vec::with_capacity(path.len()), 0);
    while at < path.len() {
        let code = path[at..].starts_with(b"\\x").then(|| Some(digit(at + 2)? * 16 + digit(at + 3)?)).flatten();
        let (byte, length) = match code.and_then(|code| u8::try_from(code).ok()) {
            Some(byte) => (byte, 4),
            None if path[at..].starts_with(b"\\\\") => (b'\\', 2),
            None => (path[at], 1),
        };
        out.push(byte);
        at += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lsof_says_is_read() {
        let said = b"p1\ncinit\nfcwd\nn/\np77\nczsh\nfcwd\nn/w/\\xc3\\xa9 \\\\x41\npx\nn/lost\n";
        let expected = [(1, "init".to_owned(), "/".into()), (77, "zsh".to_owned(), "/w/\u{e9} \\x41".into())];
        assert_eq!(listed(said), expected);
    }

    #[test]
    fn both_ways_find_the_process_that_stands_in_a_folder() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).canonicalize().unwrap();
        let other = tempfile::tempdir().unwrap();
        let nobody = other.path().canonicalize().unwrap();
        assert!(process_in(&here).unwrap().is_some(), "at least this test");
        assert_eq!(process_in(&nobody), Ok(None));
        if find_program("lsof").is_some() {
            assert!(by_lsof(&here).unwrap().is_some());
            assert_eq!(by_lsof(&nobody), Ok(None));
        }
    }
}
