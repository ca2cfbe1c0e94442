//! A repository, its files in memory, and fresh clones of it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::support::{done, git, stage};

pub struct Stage {
    pub root: PathBuf,
    /// Path, whether it is executable, content; without symlinks and submodules.
    pub files: Vec<(PathBuf, bool, Vec<u8>)>,
}

pub fn id(number: usize) -> String {
    format!("T{number:03}")
}

/// The most worktrees of one start.
const MOST: usize = 100;

impl Stage {
    /// A clone of `source`, or made up.
    pub fn new(source: Option<&str>, root: &Path) -> Stage {
        std::fs::create_dir_all(root).unwrap();
        let repo = match source {
            Some(source) => stage::clone_of(source, root),
            None => stage::synthetic(root),
        };
        let tasks: String = (1..=MOST).map(|number| format!("[task.{}]\n", id(number))).collect();
        stage::write(
            &repo.join("dispatch.toml"),
            &format!("worktree = \"../wt/{{{{ id }}}}\"\nworkers = {MOST}\n{tasks}"),
        );
        stage::commit(&repo, "tasks");
        #[expect(clippy::disallowed_methods, reason = "names need not be UTF-8, and this is no git of the program's")]
        let listed =
            std::process::Command::new("git").args(["ls-files", "-z"]).current_dir(&repo).output().unwrap().stdout;
        let mut files = Vec::new();
        for name in listed.split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
            let name = PathBuf::from(OsStr::from_bytes(name));
            let found = repo.join(&name).symlink_metadata().unwrap();
            if found.is_file() {
                let content = std::fs::read(repo.join(&name)).unwrap();
                files.push((name, found.permissions().mode() & 0o100 != 0, content));
            }
        }
        Stage { root: root.to_owned(), files }
    }

    /// A clone without files, in a new folder, which is returned: the way's own, so that none finds what another one made.
    pub fn clone_for(&self, number: usize, round: usize, way: usize) -> PathBuf {
        let folder = self.root.join(format!("{number}-{round}-{way}"));
        std::fs::create_dir(&folder).unwrap();
        done(git(&folder, &["clone", "--quiet", "--shared", "--no-checkout", "../repo", "repo"]));
        std::fs::copy(self.root.join("repo/dispatch.toml"), folder.join("repo/dispatch.toml")).unwrap();
        folder
    }
}
