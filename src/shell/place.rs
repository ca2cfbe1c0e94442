//! Where the pieces go, what stands there already, and putting one in place.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use tempfile::Builder;

use super::pieces::{Agent, MARK, Piece};
use crate::model::install::Standing;

/// The user's folder for data of programs: `$XDG_DATA_HOME`, else `~/.local/share`; `None` where neither that nor `HOME` is
/// an absolute path (XDG Base Directory Specification 0.8: a relative path there is invalid and counts as unset).
#[expect(
    clippy::disallowed_methods,
    reason = "where the user's files are is a fact of the machine, and this is its room"
)]
pub fn user_data_dir() -> Option<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")))
}

/// The user's folder of an agent: for Claude Code `$CLAUDE_CONFIG_DIR`, else below `HOME`; `None` where neither is an absolute path.
#[expect(
    clippy::disallowed_methods,
    reason = "where the user's files are is a fact of the machine, and this is its room"
)]
pub fn agent_dir(agent: Agent) -> Option<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let own = (agent == Agent::Claude).then(|| absolute("CLAUDE_CONFIG_DIR")).flatten();
    own.or_else(|| Some(absolute("HOME")?.join(agent.folder())))
}

/// Whether `man` looks into `data/man` by itself: man-db and macOS look into `../share/man` beside each `PATH` entry.
#[expect(clippy::disallowed_methods, reason = "where programs are is a fact of the machine, and this is its room")]
pub fn man_finds(data: &Path) -> bool {
    let Some(path) = std::env::var_os("PATH") else { return false };
    std::env::split_paths(&path).any(|entry| entry.parent().is_some_and(|parent| parent.join("share") == data))
}

/// What stands at the place of `piece` below `data`; changes nothing.
pub fn standing(data: &Path, piece: &Piece) -> Standing {
    let target = data.join(piece.path);
    let folder = target.parent().unwrap_or(data);
    let there = deepest_existing(folder);
    if folder.starts_with(data)
        && there.starts_with(data)
        && let (Ok(real), Ok(root)) = (there.canonicalize(), data.canonicalize())
        && !real.starts_with(&root)
    {
        return Standing::LeadsOut(real);
    }
    match fs::symlink_metadata(&target) {
        Ok(found) if found.is_symlink() => return Standing::LeadsOut(fs::read_link(&target).unwrap_or(target)),
        Ok(found) if !found.is_file() => return Standing::Foreign,
        Ok(_) => match fs::read(&target) {
            Ok(text) if text == piece.text.as_bytes() => return Standing::Same,
            Ok(text) if !is_ours(&text) => return Standing::Foreign,
            Ok(_) => {}
            Err(_) => return Standing::Closed(target),
        },
        Err(_) => {}
    }
    if !there.is_dir() || access(there, Access::WRITE_OK | Access::EXEC_OK).is_err() {
        return Standing::Closed(there.to_owned());
    }
    if target.exists() { Standing::Older } else { Standing::Absent }
}

/// Puts `piece` in place below `data`: whole or not at all. Folders are made as needed.
///
/// # Errors
/// Where a folder or the file cannot be written; then what stood there still stands, and folders may have been made.
pub fn put(data: &Path, piece: &Piece) -> io::Result<()> {
    let target = data.join(piece.path);
    let folder = target.parent().unwrap_or(data);
    fs::create_dir_all(folder)?;
    // The umask takes its part from this mode.
    let mode = if piece.text.starts_with("#!") { 0o777 } else { 0o666 };
    let mut file =
        Builder::new().prefix(".git-dispatch-").permissions(Permissions::from_mode(mode)).tempfile_in(folder)?;
    file.write_all(piece.text.as_bytes())?;
    file.as_file().sync_data()?;
    file.persist(&target).map_err(|fault| fault.error)?;
    Ok(())
}

/// The nearest of `path` and the folders above it that exists, also as a broken symlink.
fn deepest_existing(path: &Path) -> &Path {
    path.ancestors().find(|above| fs::symlink_metadata(above).is_ok()).unwrap_or(Path::new("/"))
}

fn is_ours(text: &[u8]) -> bool {
    text.windows(MARK.len()).any(|window| window == MARK.as_bytes())
}
