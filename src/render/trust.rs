//! What there is to approve, and what was.

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::json::{SCHEMA, line};
use crate::model::text::{count, escape};
use crate::model::trust::Command;

const BOLD: Style = Style::new().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();

/// Every byte of the commands, escaped; nothing in them moves a cursor or hides a line.
pub fn question(open: &[Command], source: &str) -> String {
    let mut out = format!("'{}' has {} that would run as you:\n\n", escape(source), count(open.len(), "command"));
    open.iter().for_each(|command| out.push_str(&whole(command, "")));
    out
}

/// One block a command.
pub fn list(all: &[(Command, bool)]) -> String {
    if all.is_empty() {
        return "The task file has no commands.\n".to_owned();
    }
    let mut out = String::new();
    for (command, approved) in all {
        let state = if *approved { "  approved".to_owned() } else { format!("  {YELLOW}not approved{YELLOW:#}") };
        out.push_str(&whole(command, &state));
    }
    if all.iter().any(|(_, approved)| !approved) {
        out.push_str("  git dispatch trust\n");
    }
    out
}

fn whole(command: &Command, state: &str) -> String {
    let mut out = format!("{BOLD}{}{BOLD:#}{state}\n", escape(&command.name));
    for text in command.text.split('\n') {
        out.push_str(&format!("  | {}\n", escape(text)));
    }
    out + "\n"
}

pub fn approved(open: &[Command]) -> String {
    let names: Vec<String> = open.iter().map(|command| escape(&command.name).into_owned()).collect();
    format!("approved: {}\n", names.join(", "))
}

pub fn revoked(number: usize) -> String {
    match number {
        0 => "Nothing was approved here.\n".to_owned(),
        number => format!("{} taken back\n", count(number, "approval")),
    }
}

#[derive(Serialize)]
struct TrustJson<'a> {
    schema: u32,
    command: &'static str,
    commands: Vec<CommandJson<'a>>,
}

#[derive(Serialize)]
struct CommandJson<'a> {
    name: &'a str,
    text: &'a str,
    approved: bool,
}

/// The list as JSON.
pub fn json(all: &[(Command, bool)]) -> String {
    let commands =
        all.iter().map(|(one, approved)| CommandJson { name: &one.name, text: &one.text, approved: *approved });
    line(&TrustJson { schema: SCHEMA, command: "trust", commands: commands.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands() -> Vec<(Command, bool)> {
        let one = |name: &str, text: &str| Command { name: name.into(), text: text.into() };
        vec![
            (one("commands.setup", "npm ci\rrm -rf ~\nline two \u{202e}"), false),
            (one("commands.check", "true"), true),
        ]
    }

    #[test]
    fn nothing_in_a_command_hides_another_part_of_it() {
        let open: Vec<Command> = commands().into_iter().map(|(command, _)| command).take(1).collect();
        let text = anstream::adapter::strip_str(&question(&open, "dispatch.toml")).to_string();
        let expected = "'dispatch.toml' has 1 command that would run as you:\n\ncommands.setup\n  | npm ci\\rrm -rf ~\n  | line two \\u{202e}\n\n";
        assert_eq!(text, expected);
        let listed = anstream::adapter::strip_str(&list(&commands())).to_string();
        assert!(
            listed.contains("commands.check  approved\n  | true\n") && listed.contains("setup  not approved"),
            "{listed}"
        );
    }

    #[test]
    fn the_json_is_what_the_schema_says() {
        let schema = serde_json::from_str(include_str!("../../docs/schema/trust.schema.json")).unwrap();
        let value = serde_json::from_str(&json(&commands())).unwrap();
        assert_eq!(crate::render::schema::faults(&schema, &value), Vec::<String>::new());
    }
}
