//! The grammar is the one truth; pages and scripts follow it.

use std::collections::BTreeSet;

use clap::CommandFactory;
use git_dispatch::cli::Cli;
use git_dispatch::shell::{MARK, PIECES};

use super::{flags, set};

/// The grammar with every global flag on every subcommand.
fn built() -> clap::Command {
    let mut root = Cli::command();
    root.build();
    root
}

/// Names of the subcommands that people see.
pub fn subcommands() -> BTreeSet<String> {
    built().get_subcommands().filter(|sub| !sub.is_hide_set()).map(|sub| sub.get_name().to_owned()).collect()
}

/// Every flag of a subcommand, global ones too; of the program itself where `name` is empty.
pub fn flags_of(name: &str) -> BTreeSet<String> {
    let root = built();
    let command = if name.is_empty() { &root } else { root.find_subcommand(name).unwrap() };
    let arguments = command.get_arguments().filter(|argument| !argument.is_hide_set());
    arguments
        .flat_map(|argument| {
            let long = argument.get_long().map(|long| format!("--{long}"));
            let short = argument.get_short().map(|short| format!("-{short}"));
            [long, short]
        })
        .flatten()
        .collect()
}

/// The text of a page as it is read, without fonts and escapes.
fn page(name: &str) -> &'static str {
    let end = format!("/{name}");
    PIECES.iter().find(|piece| piece.path.ends_with(&end)).unwrap_or_else(|| panic!("there is no page {name}")).text
}

fn plain(roff: &str) -> String {
    let text: Vec<&str> = roff.lines().filter(|line| !line.starts_with(".\\\"")).collect();
    ["\\fB", "\\fI", "\\fR"].iter().fold(text.join("\n"), |text, font| text.replace(font, "")).replace("\\-", "-")
}

/// Flags of git's own that pages show.
fn of_git() -> BTreeSet<String> {
    set(&["-c", "--notes", "--ref"])
}

/// Flags of the programs in recipes: jq, tmux.
fn of_others() -> BTreeSet<String> {
    set(&["-r", "-g", "-t"])
}

#[test]
fn every_subcommand_has_a_page_with_its_flags_and_no_others() {
    for name in subcommands() {
        let shown = flags(&plain(page(&format!("git-dispatch-{name}.1"))));
        let missing: Vec<_> = flags_of(&name).difference(&shown).cloned().collect();
        assert!(missing.is_empty(), "git-dispatch-{name}.1 lacks {missing:?}");
        let known: BTreeSet<String> = flags_of(&name).union(&of_others()).cloned().collect();
        let unknown: Vec<_> = shown.difference(&known).cloned().collect();
        assert!(unknown.is_empty(), "git-dispatch-{name}.1 has {unknown:?}");
    }
}

#[test]
fn the_main_page_has_every_subcommand_and_global_flag_and_no_unknown_flag() {
    let text = plain(page("git-dispatch.1"));
    let shown = flags(&text);
    let missing: Vec<_> = flags_of("").difference(&shown).cloned().collect();
    assert!(missing.is_empty(), "git-dispatch.1 lacks {missing:?}");
    let mut known = of_git();
    known.extend(flags_of(""));
    for name in subcommands() {
        assert!(text.contains(&format!("git-dispatch-{name}(1)")), "git-dispatch.1 does not name '{name}'");
        known.extend(flags_of(&name));
    }
    let unknown: Vec<_> = shown.difference(&known).cloned().collect();
    assert!(unknown.is_empty(), "git-dispatch.1 has {unknown:?}");
}

#[test]
fn there_is_no_page_of_a_command_that_does_not_exist() {
    let pages = PIECES.iter().filter_map(|piece| piece.path.strip_prefix("man/man1/git-dispatch-"));
    let named: BTreeSet<String> = pages.map(|page| page.trim_end_matches(".1").to_owned()).collect();
    assert_eq!(named, subcommands());
}

#[test]
fn pages_name_only_pages_of_this_program_that_exist() {
    for piece in PIECES.iter().filter(|piece| piece.path.starts_with("man/")) {
        let text = plain(piece.text);
        for word in text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':')) {
            let Some((name, _)) = word.split_once('(') else { continue };
            if name.starts_with("git-dispatch") || name.starts_with("dispatch-") {
                let section = if name.starts_with("git") { "1" } else { "5" };
                page(&format!("{name}.{section}"));
            }
        }
    }
}

#[test]
fn pages_tell_the_version_of_the_program() {
    let version = concat!("\"git\\-dispatch ", env!("CARGO_PKG_VERSION"), "\"");
    for piece in PIECES.iter().filter(|piece| piece.path.starts_with("man/")) {
        assert!(piece.text.contains(version), "{}", piece.path);
    }
}

#[test]
fn every_piece_can_be_told_from_the_files_of_others() {
    for piece in PIECES {
        assert!(piece.text.contains(MARK), "{}", piece.path);
    }
}

#[test]
fn the_main_page_has_every_reason_and_state_and_exit_code() {
    let text = plain(page("git-dispatch.1"));
    let states = "landed cancelled done stopped active elsewhere held ready waiting lost";
    let reasons = "needs: reads: cancelled: writes: lock: issue: alone: slot gate:start gate:land";
    let proofs = "recorded ancestor same-tree message declared";
    let codes = "0 1 2 3 4 5 6 128";
    for word in [states, reasons, proofs, codes].iter().flat_map(|words| words.split(' ')) {
        let named = text.lines().any(|line| line.split(", ").any(|part| part.starts_with(word)));
        assert!(named, "git-dispatch.1 does not explain '{word}'");
    }
}
