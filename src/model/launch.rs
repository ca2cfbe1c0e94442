//! For which tasks a session is opened, with which command, and where.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::agent::agent_of;
use super::environment::manner;
use super::facts::{Facts, Head, Worktree};
use super::failure::{Exit, Failure};
use super::id::TaskId;
use super::ledger::{Ledger, Snapshot};
use super::standing::Standings;
use super::start::{is_open, not_in_file};
use super::state::State;
use super::task::{Kind, TaskFile};
use super::text::{escape, shell_word};
use super::trust::Command;

/// Where a session is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// In this terminal, in place of this process.
    Here,
    Tmux,
    Zellij,
    Wezterm,
    Kitty,
    /// Nowhere: what to paste is told.
    Print,
}

impl Host {
    /// The words of all, in the order of the manual page.
    pub const WORDS: [&'static str; 6] = ["here", "tmux", "zellij", "wezterm", "kitty", "print"];

    /// As people write it; the name of the program, too.
    pub fn word(self) -> &'static str {
        match self {
            Host::Here => "here",
            Host::Tmux => "tmux",
            Host::Zellij => "zellij",
            Host::Wezterm => "wezterm",
            Host::Kitty => "kitty",
            Host::Print => "print",
        }
    }

    pub fn of(word: &str) -> Option<Host> {
        let all = [Host::Here, Host::Tmux, Host::Zellij, Host::Wezterm, Host::Kitty, Host::Print];
        all.into_iter().find(|host| host.word() == word)
    }

    /// Where nobody says: in the multiplexer whose variable is set (the innermost, which tmux and zellij are within the others),
    /// else in tmux where that is installed.
    pub fn usual(set: impl Fn(&str) -> bool, tmux: bool) -> Host {
        let known = [
            ("TMUX", Host::Tmux),
            ("ZELLIJ", Host::Zellij),
            ("WEZTERM_PANE", Host::Wezterm),
            ("KITTY_LISTEN_ON", Host::Kitty),
            ("KITTY_WINDOW_ID", Host::Kitty),
        ];
        let inside = known.into_iter().find(|(variable, _)| set(variable)).map(|(_, host)| host);
        inside.unwrap_or(if tmux { Host::Tmux } else { Host::Print })
    }
}

/// A task that a worker is launched for, and the agent that it is, if any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    pub id: TaskId,
    pub agent: Option<String>,
}

impl Worker {
    pub fn of(file: &TaskFile, snapshot: &Snapshot) -> Worker {
        let agent = agent_of(Some(snapshot), file.graph.task(&snapshot.id)).map(str::to_owned);
        Worker { id: snapshot.id.clone(), agent }
    }

    /// Those of tasks that `ledger` knows.
    pub fn all(file: &TaskFile, ledger: &Ledger, ids: &[TaskId]) -> Vec<Worker> {
        let snapshot = |id: &TaskId| ledger.records.get(id)?.snapshot.as_ref();
        ids.iter().filter_map(snapshot).map(|snapshot| Worker::of(file, snapshot)).collect()
    }
}

/// What became of the session of one task.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    pub id: TaskId,
    /// Absolute.
    pub worktree: PathBuf,
    /// It was not there before; with `--dry-run`, it would be opened.
    pub opened: bool,
    /// By the name that tmux gives it.
    pub window: Option<String>,
    /// The window of an earlier session, from before the task stopped or was begun anew, that has not ended.
    pub older: Option<String>,
    /// With which exit code the worker before it ended.
    pub ended: Option<u8>,
}

/// Stands for the last start of a task, and for each time that it went on: another one is another session. Hexadecimal.
pub fn stamp(ledger: &Ledger, id: &TaskId) -> String {
    let Some(batch) = ledger.batch_of(id) else { return String::new() };
    let went_on = batch.continued.iter().filter(|one| one.tasks.contains(id)).count();
    let hash = Sha256::digest(format!("{} {went_on}", batch.uid));
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Tasks that sessions are opened for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chosen {
    pub tasks: Vec<TaskId>,
    /// Active tasks that are none of them since nobody named them, and why, as sentences.
    pub left_out: Vec<String>,
}

/// Chooses the tasks that `typed` names, each once; those that are active here and have a worktree where it names none.
///
/// # Errors
/// All that is wrong at once: ids that nobody knows ([`Exit::Usage`]), tasks that no worker is launched for ([`Exit::Refused`]).
pub fn choose(file: &TaskFile, (facts, standings): (&Facts, &Standings), typed: &[String]) -> Result<Chosen, Failure> {
    let mut chosen = Chosen::default();
    if typed.is_empty() {
        for holder in standings.under_way().filter(|holder| holder.state == State::Active) {
            let id = &holder.task.id;
            match obstacle(file, (facts, standings), id) {
                None => chosen.tasks.push(id.clone()),
                Some(why) => chosen.left_out.push(why.what),
            }
        }
        return Ok(chosen);
    }
    let known = |text: &str| text.parse::<TaskId>().ok().filter(|id| standings.of(file, id).is_some());
    let unknown: Vec<&str> = typed.iter().map(String::as_str).filter(|text| known(text).is_none()).collect();
    if !unknown.is_empty() {
        return Err(not_in_file(file, standings, &unknown));
    }
    let mut refused: Option<Failure> = None;
    for id in typed.iter().filter_map(|text| known(text)) {
        if chosen.tasks.contains(&id) {
            continue;
        }
        refused = match (refused, obstacle(file, (facts, standings), &id)) {
            (all, None) => all,
            (None, Some(why)) => Some(why),
            (Some(all), Some(why)) => Some(both(all, why)),
        };
        chosen.tasks.push(id);
    }
    refused.map_or(Ok(chosen), Err)
}

fn both(mut all: Failure, other: Failure) -> Failure {
    all.what.push_str(&format!("\n{}", other.what));
    let new: Vec<String> = other.hints.into_iter().filter(|hint| !all.hints.contains(hint)).collect();
    new.into_iter().fold(all, Failure::hint)
}

/// Why no worker of a task is launched, with what to do about it.
pub fn obstacle(file: &TaskFile, (facts, standings): (&Facts, &Standings), id: &TaskId) -> Option<Failure> {
    let state = standings.of(file, id).map(|standing| standing.state)?;
    let refused =
        |what: &str, hint: String| Some(Failure::new(Exit::Refused, format!("task '{id}' {what}")).hint(hint));
    let record = facts.ledger.records.get(id);
    let see = || format!("use 'git dispatch status {id}' to see how it stands");
    match state {
        State::Active => {}
        State::Stopped => return refused("has stopped", format!("use 'git dispatch start {id}' to have it go on")),
        State::Done => {
            let found = standings.of(file, id).is_some_and(is_open);
            let hint = if found { format!("use 'git dispatch start {id}' to have it go on") } else { see() };
            return refused("is reported done, and nobody works on it any more", hint);
        }
        State::Landed | State::Cancelled => return refused(&format!("is {}", state.word()), see()),
        State::Elsewhere => return refused("was started in another clone", see()),
        State::Lost => {
            let why = format!("use 'git dispatch why {id}' to see how to start it again");
            return refused("was started, but its branch is gone", why);
        }
        State::Ready => return refused("has not started", format!("use 'git dispatch start {id}' to start it")),
        State::Held | State::Waiting => {
            return refused("has not started", format!("use 'git dispatch why {id}' to see what it waits for"));
        }
    }
    if let Some(halt) = record.and_then(|record| record.halted()) {
        let why = halt.text.as_deref().map(|text| format!(": {}", escape(text))).unwrap_or_default();
        let resume = format!("use 'git dispatch review {id} --resume' to have it go on");
        return refused(&format!("was halted by {}{why}", halt.reviewer), resume);
    }
    if facts.ledger.batch_of(id).is_none() {
        let branch = facts.tasks.get(id).and_then(|seen| seen.branch.as_ref()).map_or("BRANCH", |branch| &branch.name);
        let adopt = format!("use 'git dispatch adopt {id} {}' to take it as the task's", shell_word(branch));
        return refused("has a branch that 'start' did not make", adopt);
    }
    if !record.is_some_and(|record| record.started) {
        let go_on = format!("use 'git dispatch start {id}' to go on");
        return refused("is not started completely", go_on);
    }
    if record.and_then(|record| record.snapshot.as_ref()).is_some_and(|snapshot| !snapshot.isolated) {
        let brief = format!("use 'git dispatch brief {id}' to get what it starts from");
        return refused("has a worker who is elsewhere, and no worktree here", brief);
    }
    let worktree = facts.tasks.get(id).and_then(|seen| seen.worktree.as_ref());
    match worktree.filter(|worktree| is_there(worktree)) {
        None => refused("has no worktree here", see()),
        Some(worktree) if worktree.unequipped => {
            let setup = format!("use 'git dispatch start --setup {id}' to make it ready");
            refused("has a worktree that is not set up yet", setup)
        }
        Some(_) => None,
    }
}

fn is_there(worktree: &Worktree) -> bool {
    !worktree.main && worktree.head != Head::Missing
}

/// What a worker of the task is launched with, by its key: that of its agent, else the one of all tasks.
///
/// # Errors
/// Neither is set ([`Exit::Usage`]).
pub fn command(file: &TaskFile, Worker { id, agent }: &Worker) -> Result<Command, Failure> {
    let settings = &file.settings;
    let of_agent = agent.as_ref().and_then(|name| {
        let text = settings.agents.get(name)?.launch.clone()?;
        Some(Command { name: format!("agent.{name}.launch"), text })
    });
    let of_all = || Some(Command { name: "commands.launch".to_owned(), text: settings.commands.launch.clone()? });
    let said = |command: &Command| !command.text.trim().is_empty();
    of_agent.filter(said).or_else(|| of_all().filter(said)).ok_or_else(|| {
        Failure::new(Exit::Usage, format!("there is no launch command for task '{id}'"))
            .hint("write 'launch' under [commands] in the task file, or use 'git config dispatch.launch COMMAND'")
    })
}

/// What has to be approved before a worker of the task is launched, by its keys: the command, and what its mode has it called with.
pub fn approvals(file: &TaskFile, worker: &Worker) -> Result<Vec<String>, Failure> {
    let details = file.graph.task(&worker.id).and_then(|task| task.details.as_deref());
    let manner = manner((Kind::Code, worker.agent.as_deref()), details, &file.settings);
    let arguments = manner.args.map(|_| format!("modes.{}.args", manner.mode));
    Ok([Some(command(file, worker)?.name), arguments].into_iter().flatten().collect())
}

/// What stands for a repository where text would be read in some other way: SHA-256 of its path, in hexadecimal.
pub fn digest(common_dir: &Path) -> String {
    let hash = Sha256::digest(common_dir.as_os_str().as_encoded_bytes());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How to call the program so that it reads the task file that was read here.
pub fn program(file: Option<&Path>) -> String {
    match file {
        Some(file) => format!("git dispatch --file {}", shell_word(&file.to_string_lossy())),
        None => "git dispatch".to_owned(),
    }
}

#[cfg(test)]
mod tests;
