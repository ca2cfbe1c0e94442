//! Real zsh, at a pseudo-terminal of its own `zpty`.

use std::collections::BTreeSet;

use super::grammar::{flags_of, subcommands};
use super::{Home, flags, needed, set, stdout};

/// Types each line, lists what may follow, completes, and shows the line then; each answer ends with `SHOWN<line>`.
/// It types only while the line editor reads: the editor itself says so, and its widgets never leave it.
const TYPIST: &str = r#"
zmodload zsh/zpty || exit 1
zpty child 'exec zsh -f -i'
zpty -w child "stty -echo cols 200 rows 200; PS1= RPS1=; unsetopt prompt_cr prompt_sp; unset zle_bracketed_paste
fpath=($XDG_DATA_HOME/zsh/site-functions \$fpath); autoload -Uz compinit; compinit -u -D; LISTMAX=1000
show() { print -r -- \"SHOWN<\$BUFFER>\"\"END\" >\$TTY; BUFFER= }; zle -N show
zle-line-init() { print REA\"\"DY >\$TTY }; zle -N zle-line-init
bindkey '^T' show; bindkey '^D' list-choices; bindkey '^I' complete-word"
zpty -r child answer '*READY*'
for line; do
  zpty -w -n child "$line"$'\x04\t\x14'
  zpty -r child answer '*SHOWN<*>END*'
  print -r -- "$answer"
  print -rn -- $'\x1e'
done
zpty -d child
"#;

pub struct Answer {
    /// What was listed, without the terminal's control sequences.
    pub listed: String,
    /// The line after TAB.
    pub line: String,
}

pub fn tab(home: &Home, lines: &[&str]) -> Vec<Answer> {
    let zsh = needed("zsh", "zsh");
    let out = stdout(home.command(&zsh).args(["-f", "-c", TYPIST, "zsh"]).args(lines));
    let answers: Vec<&str> = out.split_terminator('\x1e').collect();
    assert_eq!(answers.len(), lines.len(), "{out}");
    answers.iter().zip(lines).map(|(answer, line)| read(&visible(answer), line)).collect()
}

/// Without control sequences and carriage returns.
fn visible(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\x1b' => {
                characters.by_ref().skip_while(|&c| c == '[').find(|c| !matches!(c, '0'..='9' | ';' | '?'));
            }
            '\r' => {}
            other => out.push(other),
        }
    }
    out
}

fn read(answer: &str, line: &str) -> Answer {
    // What comes before the echo is the list of the line before, drawn once more.
    let (_, rest) = answer.split_once(line).unwrap_or_else(|| panic!("no echo of {line:?} in {answer:?}"));
    let (listed, shown) = rest.split_once("SHOWN<").unwrap();
    Answer { listed: listed.to_owned(), line: shown.split(">END").next().unwrap().to_owned() }
}

/// The words listed before descriptions.
fn words(answer: &Answer) -> BTreeSet<String> {
    let described = answer.listed.lines().filter_map(|line| line.split_once(" -- "));
    described.flat_map(|(words, _)| words.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn both_forms_offer_the_subcommands_with_descriptions() {
    let home = Home::new();
    let answers = tab(&home, &["git dispatch ", "git-dispatch ", "git dispatch sta", "git dispatch pl", "git disp"]);
    assert_eq!(words(&answers[0]), subcommands());
    assert_eq!(words(&answers[1]), subcommands());
    assert_eq!(words(&answers[2]), set(&["start", "status"]));
    assert!(answers[2].listed.contains("start   -- create branches and worktrees for tasks"), "{}", answers[2].listed);
    assert_eq!(answers[3].line, "git dispatch plan ");
    assert_eq!(answers[4].line, "git dispatch ");
}

#[test]
fn both_forms_offer_the_flags_of_each_subcommand_and_no_others() {
    let home = Home::new();
    let names: Vec<String> = subcommands().into_iter().collect();
    for form in ["git dispatch", "git-dispatch"] {
        let lines: Vec<String> = names.iter().map(|name| format!("{form} {name} -")).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        for (name, answer) in names.iter().zip(tab(&home, &lines)) {
            let offered = flags(&words(&answer).into_iter().collect::<Vec<_>>().join(" "));
            assert_eq!(offered, flags_of(name), "{form} {name}: {}", answer.listed);
        }
    }
    let root = words(&tab(&home, &["git-dispatch -"])[0]);
    assert_eq!(flags(&root.into_iter().collect::<Vec<_>>().join(" ")), flags_of(""));
}

#[test]
fn values_are_offered() {
    let home = Home::new();
    std::fs::write(home.path().join("tasks.toml"), "").unwrap();
    let answers = tab(&home, &["git dispatch plan --color n", "git-dispatch --color=al", "git dispatch --file ta"]);
    assert_eq!(answers[0].line, "git dispatch plan --color never ");
    assert_eq!(answers[1].line, "git-dispatch --color=always ");
    assert_eq!(answers[2].line, "git dispatch --file tasks.toml ");
}

#[test]
fn a_flag_of_git_before_the_subcommand_is_skipped() {
    let home = Home::new();
    let answers = tab(&home, &["git -C 'no where' dispatch lo", "git --no-pager dispatch -C x li"]);
    assert_eq!(answers[0].line, "git -C 'no where' dispatch log ");
    assert_eq!(answers[1].line, "git --no-pager dispatch -C x lint ");
}

#[test]
fn outside_a_repository_ids_are_silently_none() {
    let home = Home::new();
    let answers = tab(&home, &["git dispatch start ", "git dispatch start --rea"]);
    assert_eq!(answers[0].line, "git dispatch start ");
    assert!(!answers[0].listed.contains("error"), "{}", answers[0].listed);
    assert_eq!(answers[1].line, "git dispatch start --ready ");
}
