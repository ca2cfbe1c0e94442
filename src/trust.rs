//! The file in which approvals are kept, outside of every repository.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, flock};

use crate::model::failure::{Exit, Failure};
use crate::model::trust::Approvals;

/// A file of approvals is small; one that is not is none.
const LARGEST: u64 = 4 << 20;

/// `$XDG_STATE_HOME/git-dispatch/trusted.toml`, else below `~/.local/state` (XDG Base Directory Specification 0.8: a relative
/// path there is invalid and counts as unset).
///
/// # Errors
/// The environment names no such place, or it lies within one of `repositories` ([`Exit::Refused`]): then who writes there
/// could approve their own commands.
#[expect(
    clippy::disallowed_methods,
    reason = "where the user's files are is a fact of the machine, and this is its room"
)]
pub fn place(repositories: &[&Path]) -> Result<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
    let state = state.ok_or_else(|| {
        Failure::new(Exit::Refused, "neither XDG_STATE_HOME nor HOME says where approvals are kept")
            .hint("set HOME to your home folder")
    })?;
    let file = state.join("git-dispatch/trusted.toml");
    let real = file.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    let real =
        real.map_or_else(|| file.clone(), |(above, real)| real.join(file.strip_prefix(above).unwrap_or(Path::new(""))));
    if let Some(within) = repositories.iter().find(|within| real.starts_with(within)) {
        let what =
            format!("approvals would be kept in '{}', within the repository at '{}'", file.display(), within.display());
        return Err(Failure::new(Exit::Refused, what).hint("set XDG_STATE_HOME to a folder outside of it").into());
    }
    Ok(file)
}

/// The approvals in the file at `path`; none where there is no file.
///
/// # Errors
/// It is damaged, or another user may write to it ([`Exit::Refused`]), or it cannot be read.
pub fn read(path: &Path) -> Result<Approvals> {
    // Neither a symlink nor a FIFO is waited for or followed.
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let mut file = match OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path) {
        Ok(file) => file,
        Err(fault) if fault.kind() == ErrorKind::NotFound => return Ok(Approvals::default()),
        Err(fault) => return Err(fault).with_context(|| format!("could not read '{}'", path.display())),
    };
    let meta = file.metadata().with_context(|| format!("could not read '{}'", path.display()))?;
    let refused =
        |what: &str| Failure::new(Exit::Refused, format!("the approvals in '{}' do not count: {what}", path.display()));
    if !meta.is_file() || meta.len() > LARGEST {
        return Err(refused("that is no such file").hint("move it away").into());
    }
    if meta.uid() != rustix::process::geteuid().as_raw() || meta.mode() & 0o022 != 0 {
        return Err(refused("others may write there").hint("look at what it says, then use 'chmod 600' on it").into());
    }
    let mut text = String::new();
    file.read_to_string(&mut text).with_context(|| format!("could not read '{}'", path.display()))?;
    Approvals::parse(&text).map_err(|why| refused(&why).hint("mend it, or move it away and approve again").into())
}

/// Changes the approvals in the file at `path`: another that does the same waits, and after a crash the file is as before or
/// as after.
///
/// # Errors
/// As [`read`], and where the folder or the file cannot be written.
pub fn update<T>(path: &Path, change: impl FnOnce(&mut Approvals) -> T) -> Result<T> {
    let could_not = || format!("could not write '{}'", path.display());
    let folder = path.parent().unwrap_or(Path::new("/"));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(could_not)?;
    let held = File::open(folder).with_context(could_not)?;
    flock(&held, FlockOperation::LockExclusive).with_context(could_not)?;
    let mut approvals = read(path)?;
    let told = change(&mut approvals);
    let text = toml::to_string(&approvals).context("could not write approvals as TOML")?;
    let private = Permissions::from_mode(0o600);
    let mut file = tempfile::Builder::new()
        .prefix(".trusted-")
        .permissions(private)
        .tempfile_in(folder)
        .with_context(could_not)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).with_context(could_not)?;
    file.persist(path).map_err(|fault| fault.error).with_context(could_not)?;
    held.sync_all().with_context(could_not)?;
    Ok(told)
}
