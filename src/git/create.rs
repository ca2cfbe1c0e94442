//! Making a file that was not there.

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};

/// Writes a new file in one step: after a crash it is there whole or not at all. Nothing that stands at `path` is
/// replaced, be it a dangling symlink.
///
/// Returns whether the file was made; `false` if something stands there already.
///
/// # Errors
/// The folder cannot be written.
pub fn create_new(path: &Path, text: &str) -> Result<bool> {
    let could_not = || format!("could not write '{}'", path.display());
    if path.symlink_metadata().is_ok() {
        return Ok(false);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".dispatch-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)
        .with_context(could_not)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).with_context(could_not)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(fault) if fault.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(fault) => Err(fault.error).with_context(could_not),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new");
        assert!(create_new(&path, "a").unwrap());
        assert!(!create_new(&path, "b").unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a");
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(dir.path().join("nowhere"), &link).unwrap();
        assert!(!create_new(&link, "c").unwrap());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
        assert!(create_new(&dir.path().join("no/such"), "d").is_err());
    }
}
