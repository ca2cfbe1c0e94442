//! Which commands of a task file a person has approved, for which repository.
//!
//! A task file comes with a clone, and its commands are shell text. They run only after somebody saw them at a terminal; the
//! approval holds for that very text in that very place.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::task::Settings;

/// What stands in a file of approvals.
pub const VERSION: u32 = 1;

/// A command, or arguments that a command is given, as the task file has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Command {
    /// Its key: `commands.setup`, `agent.claude.launch`, `modes.pair.args`.
    pub name: String,
    pub text: String,
}

/// That a command was approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The repository's common git dir; for people, and for taking approvals back.
    pub repository: String,
    pub command: String,
    /// See [`digest`].
    pub sha256: String,
}

/// The file of approvals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approvals {
    version: u32,
    #[serde(default, rename = "approved", skip_serializing_if = "Vec::is_empty")]
    all: Vec<Approval>,
}

impl Default for Approvals {
    fn default() -> Approvals {
        Approvals { version: VERSION, all: Vec::new() }
    }
}

/// The commands of a task file that need an approval: those that git config gives are the user's own.
pub fn commands(settings: &Settings) -> Vec<Command> {
    let of_file = [
        ("commands.setup", &settings.commands.setup),
        ("commands.launch", &settings.commands.launch),
        ("commands.run", &settings.commands.run),
        ("commands.check", &settings.commands.check),
    ];
    let own = |name: &str| settings.commands.own.contains(name);
    let mut found: Vec<(String, &Option<String>)> =
        of_file.into_iter().filter(|(name, _)| !own(name)).map(|(name, text)| (name.to_owned(), text)).collect();
    for (name, agent) in &settings.agents {
        found.push((format!("agent.{name}.launch"), &agent.launch));
        found.push((format!("agent.{name}.run"), &agent.run));
    }
    found.extend(settings.modes.iter().map(|(name, mode)| (format!("modes.{name}.args"), &mode.args)));
    let there = found.into_iter().filter_map(|(name, text)| Some(Command { name, text: text.clone()? }));
    there.filter(|command| !command.text.trim().is_empty()).collect()
}

/// What an approval is recorded by: SHA-256 over the repository's path, the command's name and its text, each after its length
/// in eight bytes.
pub fn digest(repository: &[u8], command: &Command) -> String {
    let mut hash = Sha256::new();
    for part in [repository, command.name.as_bytes(), command.text.as_bytes()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Approvals {
    /// Reads a file of approvals.
    ///
    /// # Errors
    /// It is not of that form, or of a newer version; the reason as a clause.
    pub fn parse(text: &str) -> Result<Approvals, String> {
        let read: Approvals = toml::from_str(text).map_err(|fault| fault.message().to_owned())?;
        match read.version {
            VERSION => Ok(read),
            other => Err(format!("its version is {other}, and this program knows {VERSION} only")),
        }
    }

    /// Whether `command` was approved for the repository at `repository`.
    pub fn holds(&self, repository: &[u8], command: &Command) -> bool {
        let digest = digest(repository, command);
        self.all.iter().any(|approval| approval.sha256 == digest)
    }

    /// Adds what was shown; an older approval of the same command in the same place goes.
    pub fn approve(&mut self, repository: &[u8], commands: &[Command]) {
        let shown = String::from_utf8_lossy(repository).into_owned();
        let names: BTreeSet<&str> = commands.iter().map(|command| command.name.as_str()).collect();
        self.all.retain(|old| old.repository != shown || !names.contains(old.command.as_str()));
        self.all.extend(commands.iter().map(|command| Approval {
            repository: shown.clone(),
            command: command.name.clone(),
            sha256: digest(repository, command),
        }));
        self.all.sort_by(|a, b| (&a.repository, &a.command).cmp(&(&b.repository, &b.command)));
    }

    /// Takes back all approvals for the repository at `repository`, and returns how many there were.
    pub fn revoke(&mut self, repository: &[u8]) -> usize {
        let (shown, before) = (String::from_utf8_lossy(repository).into_owned(), self.all.len());
        self.all.retain(|approval| approval.repository != shown);
        before - self.all.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup(text: &str) -> Command {
        Command { name: "commands.setup".into(), text: text.into() }
    }

    #[test]
    fn an_approval_holds_for_one_text_in_one_place() {
        let mut approvals = Approvals::default();
        approvals.approve(b"/a/.git", &[setup("npm ci")]);
        assert!(approvals.holds(b"/a/.git", &setup("npm ci")));
        assert!(!approvals.holds(b"/a/.git", &setup("npm ci ")));
        assert!(!approvals.holds(b"/b/.git", &setup("npm ci")));
        let other = Command { name: "commands.check".into(), text: "npm ci".into() };
        assert!(!approvals.holds(b"/a/.git", &other));
        approvals.approve(b"/a/.git", &[setup("npm i")]);
        assert!(!approvals.holds(b"/a/.git", &setup("npm ci")), "the older one goes");
        approvals.approve(b"/b/.git", &[setup("npm ci")]);
        assert_eq!(approvals.revoke(b"/a/.git"), 1);
        assert!(approvals.holds(b"/b/.git", &setup("npm ci")));
    }

    #[test]
    fn parts_cannot_run_into_each_other() {
        let command = |name: &str, text: &str| Command { name: name.into(), text: text.into() };
        assert_ne!(digest(b"/a", &command("b", "c")), digest(b"/ab", &command("", "c")));
        assert_ne!(digest(b"/a", &command("b", "c")), digest(b"/a", &command("bc", "")));
        assert_eq!(digest(b"", &command("", "")).len(), 64);
    }

    #[test]
    fn a_file_of_approvals_is_read_as_it_was_written_and_nothing_else_is() {
        let mut approvals = Approvals::default();
        approvals.approve(
            "/a b\u{1b}\"'/.git".as_bytes(),
            &[setup("x"), Command { name: "agent.ä\".run".into(), text: "y".into() }],
        );
        let text = toml::to_string(&approvals).unwrap();
        assert_eq!(Approvals::parse(&text), Ok(approvals));
        assert!(Approvals::parse("").is_err());
        assert!(Approvals::parse("version = 2\n").unwrap_err().contains("its version is 2"));
        assert!(Approvals::parse("version = 1\nauto = true\n").is_err());
        assert!(
            Approvals::parse(
                "version = 1\n[[approved]]\nrepository = \"/a\"\ncommand = \"c\"\nsha256 = \"0\"\nall = true\n"
            )
            .is_err()
        );
        assert_eq!(Approvals::parse("version = 1\n"), Ok(Approvals::default()));
    }

    #[test]
    fn what_the_user_configured_needs_no_approval() {
        let mut settings = Settings::default();
        settings.commands.setup = Some("npm ci".into());
        settings.commands.check = Some("  ".into());
        settings.commands.launch = Some("claude".into());
        settings.commands.own.insert("commands.launch");
        settings.modes.insert("pair".into(), crate::model::task::Mode { launch_as: None, args: Some("--x".into()) });
        let names: Vec<String> = commands(&settings).into_iter().map(|command| command.name).collect();
        assert_eq!(names, ["commands.setup", "modes.pair.args"]);
    }
}
