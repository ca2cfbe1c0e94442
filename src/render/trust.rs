//! What there is to approve, and what was.

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::json::{SCHEMA, line};
use crate::model::text::{count, escape};
use crate::model::trust::Command;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const YELLOW: Style = AnsiColor::Yellow.on_default();

/// More empty lines than this in a row are counted instead: nothing scrolls out of sight on them.
const MOST_EMPTY: usize = 3;

/// What is asked behind the [`question`]: how much there is to have looked at.
pub fn asked(open: &[Command]) -> String {
    let lines: usize = open.iter().map(|command| command.text.split('\n').count()).sum();
    format!(
        "Let {} run in this repository? [y/N] ",
        if lines == 1 { "this line".to_owned() } else { format!("these {lines} lines") }
    )
}

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
    let lines: Vec<&str> = command.text.split('\n').collect();
    let mut out = format!("{BOLD}{}{BOLD:#}, {}{state}\n", escape(&command.name), count(lines.len(), "line"));
    if lines.iter().any(|line| escape(line) != *line) {
        out.push_str(&format!(
            "  {YELLOW}it has characters that do not show, or move others: they stand as escapes\n{YELLOW:#}"
        ));
    }
    let width = lines.len().to_string().len();
    let mut at = 0;
    while at < lines.len() {
        let empty = lines[at..].iter().take_while(|line| line.trim().is_empty()).count();
        if empty > MOST_EMPTY {
            out.push_str(&format!("  {:width$} | {DIM}({empty} empty lines){DIM:#}\n", ""));
            at += empty;
            continue;
        }
        out.push_str(&format!("  {:>width$} | {}\n", at + 1, escape(lines[at])));
        at += 1;
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
        let expected = "'dispatch.toml' has 1 command that would run as you:\n\n\
            commands.setup, 2 lines\n  it has characters that do not show, or move others: they stand as escapes\n  \
            1 | npm ci\\rrm -rf ~\n  2 | line two \\u{202e}\n\n";
        assert_eq!(text, expected);
        let listed = anstream::adapter::strip_str(&list(&commands())).to_string();
        assert!(
            listed.contains("commands.check, 1 line  approved\n  1 | true\n")
                && listed.contains("setup, 2 lines  not approved"),
            "{listed}"
        );
    }

    #[test]
    fn what_is_far_below_is_not_out_of_sight() {
        let far = Command { name: "commands.setup".into(), text: format!("touch PWN{}npm ci", "\n ".repeat(300)) };
        let text = anstream::adapter::strip_str(&question(std::slice::from_ref(&far), "f")).to_string();
        assert!(text.ends_with("    1 | touch PWN\n      | (299 empty lines)\n  301 |  npm ci\n\n"), "{text}");
        assert_eq!(asked(&[far]), "Let these 301 lines run in this repository? [y/N] ");
    }

    #[test]
    fn the_json_is_what_the_schema_says() {
        let schema = serde_json::from_str(include_str!("../../docs/schema/trust.schema.json")).unwrap();
        let value = serde_json::from_str(&json(&commands())).unwrap();
        assert_eq!(crate::render::schema::faults(&schema, &value), Vec::<String>::new());
    }
}
