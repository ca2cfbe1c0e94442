//! The README says what the program is and does.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use clap::CommandFactory;
use clap::error::ErrorKind;
use git_dispatch::cli::Cli;

use crate::demo::{demo, steady};
use crate::support::Sandbox;

const README: &str = include_str!("../../README.md");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The words behind every `git dispatch` that the README shows as a command.
fn commands() -> Vec<Vec<&'static str>> {
    let spans = README.split('`').skip(1).step_by(2);
    let typed = README.lines().map(|line| line.trim_start_matches([' ', '$']));
    let shown = spans.chain(typed).filter_map(|text| text.strip_prefix("git dispatch "));
    shown.filter(|text| !text.contains('\n')).map(|text| text.split_whitespace().collect()).collect()
}

/// The transcript of the demo.
fn transcript() -> &'static str {
    let from = README.split_once("```console\n").unwrap().1;
    from.split_once("```").unwrap().0
}

#[test]
fn every_command_that_the_readme_shows_is_in_the_grammar() {
    let commands = commands();
    assert!(commands.len() > 10, "{commands:?}");
    for words in commands {
        let line = ["git-dispatch"].iter().chain(&words);
        let fault = Cli::command().try_get_matches_from(line).err().map(|error| error.kind());
        assert!(
            matches!(fault, None | Some(ErrorKind::DisplayHelp | ErrorKind::DisplayVersion)),
            "{words:?}: {fault:?}"
        );
    }
}

#[test]
fn every_subcommand_is_in_the_readme() {
    let shown: BTreeSet<&str> = commands().into_iter().filter_map(|words| words.first().copied()).collect();
    let root = Cli::command();
    let known: BTreeSet<&str> =
        root.get_subcommands().filter(|sub| !sub.is_hide_set()).map(|sub| sub.get_name()).collect();
    assert_eq!(known.difference(&shown).count(), 0, "{known:?} {shown:?}");
}

#[test]
fn the_two_commands_of_the_readme_are_there() {
    for command in ["    cargo run --release -- demo\n", "    tests/run\n"] {
        assert!(README.contains(command), "{command}");
    }
    Cli::command().try_get_matches_from(["git-dispatch", "demo"]).unwrap();
    let mode = std::fs::metadata(root().join("tests/run")).unwrap().permissions().mode();
    assert_eq!(mode & 0o111, 0o111);
}

#[test]
fn every_file_that_the_readme_links_to_is_there() {
    let targets: Vec<&str> = README.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(targets.len() > 5);
    for target in targets.iter().filter(|target| !target.starts_with("https://")) {
        assert!(root().join(target).exists(), "{target}");
    }
}

#[test]
fn the_task_file_of_the_readme_has_no_fault() {
    let toml = README.split_once("```toml\n").unwrap().1.split_once("```").unwrap().0;
    let sandbox = Sandbox::new();
    sandbox.write("dispatch.toml", toml);
    sandbox.dispatch(&["lint"]).assert().success().stdout("dispatch.toml: 2 tasks, no faults\n");
}

/// Where this fails, the output of a command has changed: run the demo 80 columns wide, and paste it anew.
#[test]
fn the_transcript_is_what_the_demo_prints() {
    let sandbox = Sandbox::empty();
    let (printed, _) = demo(&sandbox, &sandbox.root(), &[]);
    let mut rest = printed.lines().filter(|line| !line.is_empty()).map(steady);
    let mut cut = false;
    for line in transcript().lines().filter(|line| !line.is_empty()) {
        if line == "…" {
            cut = true;
            continue;
        }
        let wanted = steady(line);
        let found = if cut { rest.find(|line| *line == wanted) } else { rest.next() };
        assert_eq!(found.as_deref(), Some(wanted.as_str()), "the README has: {line}");
        cut = false;
    }
    assert_eq!(rest.next(), None);
}

/// Where this fails, paste the answer of `status` in the README into the manual page anew.
#[test]
fn the_example_of_the_manual_page_is_the_answer_in_the_readme() {
    let page = include_str!("../../man/git-dispatch-status.1");
    let example = page.split_once(".SH OUTPUT\n.RS 0\n.nf\n").unwrap().1.split_once(".fi").unwrap().0;
    let signs = [("\\-", "-"), ("\\(ua", "↑"), ("\\(da", "↓"), ("\\(pc", "·"), ("\\(+-", "±")];
    let plain = signs.iter().fold(example.to_owned(), |text, (roff, sign)| text.replace(roff, sign));
    let answer = transcript().split_once("$ git dispatch status\n").unwrap().1.split_once("\n\n#").unwrap().0;
    assert_eq!(plain.trim_end(), answer);
}
