//! Sessions in multiplexers that are asked by one command line and then forgotten: what they have open is not known later.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Opening, Programs, output};
use crate::model::failure::Failure;
use crate::model::launch::Host;

/// The arguments before the program to run, as each program's own manual has them: a pane of zellij, tabs of the others. Folders
/// and names are taken as they are.
fn before(host: Host, opening: &Opening) -> Vec<OsString> {
    let (id, folder) = (opening.id.as_str(), opening.worktree.as_os_str());
    let words = |all: &[&str]| all.iter().map(OsString::from).collect::<Vec<_>>();
    let mut arguments = match host {
        Host::Zellij => words(&["run", "--name", id, "--cwd"]),
        Host::Kitty => words(&["@", "launch", "--type=tab", "--keep-focus", "--tab-title", id, "--cwd"]),
        _ => words(&["cli", "spawn", "--cwd"]),
    };
    arguments.push(folder.to_owned());
    // kitty takes what follows its options as the command without being told where they end.
    if host != Host::Kitty {
        arguments.push("--".into());
    }
    arguments
}

/// What follows the program's own name: the shell runs the text with the variables that `env` sets.
fn arguments(host: Host, opening: &Opening, (env, sh): (&Path, &Path)) -> Vec<OsString> {
    let mut all = before(host, opening);
    all.push(env.into());
    all.extend(opening.assignments());
    all.extend([sh.into(), "-c".into(), OsString::from(&opening.text)]);
    all
}

/// One of them, and what it is to run.
pub struct Other {
    host: Host,
    programs: Programs,
    exe: PathBuf,
    env: PathBuf,
    sh: PathBuf,
}

impl Other {
    /// # Errors
    /// It is not installed ([`Exit::Refused`]).
    ///
    /// [`Exit::Refused`]: crate::model::failure::Exit::Refused
    pub fn new(host: Host, programs: Programs) -> Result<Other, Failure> {
        let (exe, env, sh) = (programs.find(host.word())?, programs.find("env")?, programs.find("sh")?);
        Ok(Other { host, programs, exe, env, sh })
    }

    /// Opens a session.
    ///
    /// # Errors
    /// The program will not: then in its own words.
    pub fn open(&self, opening: &Opening) -> Result<()> {
        let mut command = (self.programs.command)(&self.exe);
        command.current_dir(&opening.worktree).args(arguments(self.host, opening, (&self.env, &self.sh)));
        output(&mut command).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "claude \"$(cat \"$GIT_DISPATCH_BRIEF\")\"; exec $SHELL";

    fn told(host: Host) -> Vec<String> {
        let opening = Opening {
            start: String::new(),
            id: "A".parse().unwrap(),
            worktree: "/w/#(touch PWNED) $x '".into(),
            variables: vec![("GIT_DISPATCH_TASK", "A".into()), ("GIT_DISPATCH_TITLE", "'; $(id)\n\"".into())],
            text: TEXT.to_owned(),
        };
        let all = arguments(host, &opening, (Path::new("/usr/bin/env"), Path::new("/bin/sh")));
        all.into_iter().map(|word| word.into_string().unwrap()).collect()
    }

    #[test]
    fn every_value_is_an_argument_of_its_own_whatever_it_holds() {
        let folder = "/w/#(touch PWNED) $x '";
        let before: [(Host, &[&str]); 3] = [
            (Host::Zellij, &["run", "--name", "A", "--cwd", folder, "--"]),
            (Host::Wezterm, &["cli", "spawn", "--cwd", folder, "--"]),
            (Host::Kitty, &["@", "launch", "--type=tab", "--keep-focus", "--tab-title", "A", "--cwd", folder]),
        ];
        let after = ["/usr/bin/env", "GIT_DISPATCH_TASK=A", "GIT_DISPATCH_TITLE='; $(id)\n\"", "/bin/sh", "-c", TEXT];
        for (host, before) in before {
            assert_eq!(told(host), [before, &after].concat(), "{host:?}");
        }
    }
}
