//! What `launch` opened, a line for each session as it is there, or what to paste.

use anstyle::Style;
use serde::Serialize;

use super::json::{SCHEMA, line};
use crate::model::id::TaskId;
use crate::model::launch::{Host, Session};
use crate::model::text::{escape, shell_word};

const BOLD: Style = Style::new().bold();

/// How it is told.
#[derive(Debug, Clone)]
pub struct Told {
    pub host: Host,
    pub dry_run: bool,
    /// How the program is called.
    pub program: String,
}

/// One session.
pub fn session(session: &Session, told: &Told) -> String {
    let id = &session.id;
    let folder = session.worktree.to_string_lossy();
    let window = session.window.as_ref().map(|window| format!(", window {window}")).unwrap_or_default();
    let place = match told.host {
        Host::Here => "here".to_owned(),
        host => format!("in {}{window}", host.word()),
    };
    match (told.host, session.opened, told.dry_run) {
        (Host::Print, ..) => format!("{}\n", escape(&paste(session, told))),
        (_, true, true) => format!("{BOLD}{id}{BOLD:#} would be launched {place}: {}\n", escape(&folder)),
        (_, true, false) => format!("{BOLD}{id}{BOLD:#} is launched {place}\n{}", older(session)),
        (_, false, _) => format!("{BOLD}{id}{BOLD:#} is there already, {place}\n"),
    }
}

/// Nothing tells an agent that sits there that others go on with its task.
fn older(session: &Session) -> String {
    let ended = session.ended.map(|code| format!("  the worker before it ended with exit code {code}\n"));
    let older = session.older.as_ref();
    let older = older.map(|window| format!("  its earlier session is still there: tmux kill-window -t {window}\n"));
    ended.into_iter().chain(older).collect()
}

/// How to see what was opened.
pub fn end(attach: Option<&str>) -> String {
    attach.map(|attach| format!("\n  {attach}\n")).unwrap_or_default()
}

/// A line for a terminal of its own.
fn paste(session: &Session, told: &Told) -> String {
    format!("cd {} && {}", shell_word(&session.worktree.to_string_lossy()), here(&session.id, &told.program))
}

/// What to type in the terminal that is to be the worker's.
pub fn here(id: &TaskId, program: &str) -> String {
    format!("{program} launch {id} --in here")
}

#[derive(Serialize)]
struct LaunchJson<'a> {
    schema: u32,
    command: &'static str,
    dry_run: bool,
    #[serde(rename = "in")]
    host: &'static str,
    sessions: Vec<SessionJson<'a>>,
}

/// One session in an answer.
#[derive(Serialize)]
pub struct SessionJson<'a> {
    id: &'a str,
    #[serde(rename = "in")]
    host: &'static str,
    worktree: String,
    opened: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    older: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paste: Option<String>,
}

/// The same as JSON.
pub fn json(all: &[Session], told: &Told) -> String {
    let one = |session| SessionJson::new(session, told);
    let sessions = all.iter().map(one).collect();
    let (dry_run, host) = (told.dry_run, told.host.word());
    line(&LaunchJson { schema: SCHEMA, command: "launch", dry_run, host, sessions })
}

impl<'a> SessionJson<'a> {
    pub fn new(session: &'a Session, told: &Told) -> SessionJson<'a> {
        let print = told.host == Host::Print;
        SessionJson {
            host: told.host.word(),
            id: session.id.as_str(),
            worktree: session.worktree.to_string_lossy().into_owned(),
            opened: session.opened && !print,
            window: session.window.as_deref(),
            older: session.older.as_deref(),
            ended: session.ended,
            paste: print.then(|| paste(session, told)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(host: Host) -> Told {
        Told { host, dry_run: false, program: "git dispatch".to_owned() }
    }

    fn one(opened: bool) -> Session {
        let (id, worktree) = ("A".parse().unwrap(), "/x/it's \u{1b}[2J".into());
        Session { id, worktree, opened, window: Some("@3".to_owned()), older: None, ended: None }
    }

    #[test]
    fn what_is_pasted_is_one_line_that_a_shell_reads_as_it_was_meant() {
        let (session, mut told) = (one(true), told(Host::Print));
        assert_eq!(super::session(&session, &told), "cd '/x/it'\\''s \\e[2J' && git dispatch launch A --in here\n");
        told.program = "git dispatch --file 'a b'".to_owned();
        let session = Session { worktree: "/x".into(), ..session };
        assert_eq!(super::session(&session, &told), "cd /x && git dispatch --file 'a b' launch A --in here\n");
    }

    #[test]
    fn the_answer_is_what_its_schema_says() {
        let schema = serde_json::from_str(include_str!("../../docs/schema/launch.schema.json")).unwrap();
        for (host, opened) in [(Host::Tmux, true), (Host::Tmux, false), (Host::Print, true), (Host::Kitty, true)] {
            let answer = serde_json::from_str(&json(&[one(opened)], &told(host))).unwrap();
            assert_eq!(super::super::schema::faults(&schema, &answer), [""; 0]);
        }
    }
}
