//! Real bash, with bash-completion and git's own completion, and without either.

use std::collections::BTreeSet;

use super::grammar::{flags_of, subcommands};
use super::{Home, needed, needed_file, set, stdout};

/// What readline does at TAB: finds the function for the command and asks it.
const TAB: &str = r#"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMP_TYPE=9 COMP_KEY=9 COMPREPLY=()
complete -p -- "$1" >/dev/null 2>&1 || _completion_loader "$1"
function=$(complete -p -- "$1") function=${function##*-F } function=${function%% *}
"$function" "$1" "${@: -1}" "${@: -2:1}"
((${#COMPREPLY[@]})) && printf '%s\n' "${COMPREPLY[@]}"
:
"#;

const BASH_COMPLETION: &[&str] = &[
    "/usr/share/bash-completion/bash_completion",
    "/usr/local/share/bash-completion/bash_completion",
    "/opt/homebrew/share/bash-completion/bash_completion",
];

const GIT_COMPLETION: &[&str] = &[
    "/usr/share/bash-completion/completions/git",
    "/usr/share/git/completion/git-completion.bash",
    "/usr/local/share/bash-completion/completions/git",
    "/opt/homebrew/etc/bash_completion.d/git-completion.bash",
];

/// What stands on the line at TAB, as bash splits it, after `files` were sourced.
fn offered(home: &Home, files: &[&str], words: &[&str]) -> BTreeSet<String> {
    let sources: String = files.iter().map(|file| format!("source '{file}'\n")).collect();
    let script = format!("{sources}{TAB}");
    let bash = needed("bash", "bash");
    let out = stdout(home.command(&bash).args(["--norc", "-c", &script, "bash"]).args(words));
    out.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// As for most people: bash-completion loads git's file, and ours by its name.
pub fn tab(home: &Home, words: &[&str]) -> BTreeSet<String> {
    needed_file(GIT_COMPLETION, "git");
    offered(home, &[needed_file(BASH_COMPLETION, "bash-completion")], words)
}

#[test]
fn both_forms_offer_the_subcommands() {
    let home = Home::new();
    assert_eq!(tab(&home, &["git", "dispatch", ""]), subcommands());
    assert_eq!(tab(&home, &["git-dispatch", ""]), subcommands());
    assert_eq!(tab(&home, &["git", "dispatch", "st"]), set(&["start", "status"]));
    assert_eq!(tab(&home, &["git-dispatch", "--quiet", "st"]), set(&["start", "status"]));
    assert_eq!(tab(&home, &["git", "disp"]), set(&["dispatch"]));
}

#[test]
fn both_forms_offer_the_flags_of_each_subcommand_and_no_others() {
    let home = Home::new();
    for name in subcommands() {
        assert_eq!(tab(&home, &["git", "dispatch", &name, "-"]), flags_of(&name), "{name}");
        assert_eq!(tab(&home, &["git-dispatch", &name, "-"]), flags_of(&name), "{name}");
    }
    assert_eq!(tab(&home, &["git-dispatch", "-"]), flags_of(""));
}

#[test]
fn values_are_offered_after_a_blank_and_after_an_equals_sign() {
    let home = Home::new();
    assert_eq!(tab(&home, &["git", "dispatch", "plan", "--color", "a"]), set(&["auto", "always"]));
    assert_eq!(tab(&home, &["git", "dispatch", "plan", "--color", "=", "a"]), set(&["auto", "always"]));
    assert_eq!(tab(&home, &["git", "dispatch", "land", "--strategy", ""]), set(&["merge", "squash", "rebase", "ff"]));
    assert_eq!(tab(&home, &["git-dispatch", "--color", "=", ""]), set(&["auto", "always", "never"]));
    // readline's own file names.
    assert_eq!(tab(&home, &["git", "dispatch", "--file", ""]), set(&[]));
}

#[test]
fn a_flag_of_git_before_the_subcommand_is_skipped() {
    let home = Home::new();
    assert_eq!(tab(&home, &["git", "-C", "no where", "dispatch", "lo"]), set(&["log"]));
    assert_eq!(tab(&home, &["git", "--no-pager", "dispatch", "-C", "x", "li"]), set(&["lint"]));
}

#[test]
fn the_file_works_when_it_is_sourced_with_and_without_gits() {
    let home = Home::new();
    let ours = home.data().join("bash-completion/completions/git-dispatch");
    let ours = ours.to_str().unwrap();
    let git = needed_file(GIT_COMPLETION, "git");
    assert_eq!(offered(&home, &[ours], &["git-dispatch", "sta"]), set(&["start", "status"]));
    assert_eq!(offered(&home, &[ours, git], &["git", "dispatch", "sta"]), set(&["start", "status"]));
    assert_eq!(offered(&home, &[git, ours], &["git", "dispatch", "sta"]), set(&["start", "status"]));
    assert_eq!(offered(&home, &[git, ours], &["git-dispatch", "--color", "=", "n"]), set(&["never"]));
}

#[test]
fn outside_a_repository_ids_are_silently_none_and_flags_are_still_there() {
    let home = Home::new();
    // `stdout` asserts that nothing came on standard error.
    assert_eq!(tab(&home, &["git", "dispatch", "start", ""]), set(&[]));
    assert_eq!(tab(&home, &["git", "dispatch", "start", "--re"]), set(&["--ready"]));
}
