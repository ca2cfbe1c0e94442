//! What `demo` says around the output of the commands that it runs.

use std::path::Path;

use anstyle::{AnsiColor, Style};

use crate::model::example::{CONFLICTS, LANDED, LANDS, MERGES, TASKS};
use crate::model::text::{escape, shell_word, width};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const PROMPT: Style = AnsiColor::Green.on_default();

/// The first words: where the example is, and what is in it.
pub fn beginning(repo: &Path) -> String {
    let landed = LANDED.len();
    format!(
        "{BOLD}An example: a program in the making, {TASKS} tasks, {landed} of them landed.{BOLD:#}\n\
         It is in a folder of its own; nothing else is touched.\n\n{}",
        command(&["cd", &repo.to_string_lossy()], usize::MAX)
    )
}

/// A line of explanation above the commands that follow.
pub fn remark(text: &str) -> String {
    let lines: String = text.lines().map(|line| format!("{DIM}# {line}{DIM:#}\n")).collect();
    format!("\n{lines}")
}

/// A command as it would be typed, broken between words where it is wider than `columns`.
pub fn command(words: &[&str], columns: usize) -> String {
    let mut out = format!("{PROMPT}${PROMPT:#}{BOLD}");
    let mut used = 1;
    for (at, word) in words.iter().enumerate() {
        let word = escape(&shell_word(word)).into_owned();
        // A flag stays with what follows it; behind that, unless it is the end, a blank and the backslash.
        let next = words.get(at + 1).filter(|_| word.starts_with('-'));
        let with = next.map_or(0, |next| 1 + width(&shell_word(next)));
        let more = if at + 1 + usize::from(next.is_some()) < words.len() { 2 } else { 0 };
        if used > 1 && used + 1 + width(&word) + with + more > columns {
            out.push_str(" \\\n     ");
            used = 5;
        }
        used += 1 + width(&word);
        out.push(' ');
        out.push_str(&word);
    }
    out + &format!("{BOLD:#}\n")
}

/// What stands above each step of the walk.
pub mod remarks {
    use super::{CONFLICTS, LANDS, MERGES};

    pub const PLAN: &str = "What can be worked on now, side by side?";
    pub const START: &str = "Start these three: each gets a branch and a worktree beside the repository.";
    pub const STATUS: &str = "How far are they, and which of them still merge?";
    pub const LOG: &str = "What was started, when, and what became of it?";

    /// Above the commits of the workers.
    pub fn work() -> String {
        let (lands, merges, conflicts) = (LANDS.task, MERGES.task, CONFLICTS.task);
        format!(
            "The workers commit; this program plays them. {merges} keeps to its own files,\n\
             {lands} and {conflicts} add a line at the same place of src/scorers/mod.rs."
        )
    }

    /// Above the merge.
    pub fn landing() -> String {
        format!("{} is reviewed and merged, as a hosting service would do it.", LANDS.task)
    }
}

/// The last words: what to try, and how to be rid of it. `program` is the folder of a program that `PATH` does not find.
pub fn ending(folder: &Path, repo: &Path, program: Option<&Path>) -> String {
    let word = |path: &Path| escape(&shell_word(&path.to_string_lossy())).into_owned();
    let conflicts = CONFLICTS.task;
    let mut out = format!("\n{BOLD}All this is real and stays there. To go on:{BOLD:#}\n\n");
    if let Some(program) = program {
        out.push_str(&format!("  export PATH={}:\"$PATH\"\n", word(program)));
    }
    out.push_str(&format!(
        "  cd {}\n\n\
         A worker is free again, now that {} has landed:\n  git dispatch start --ready\n\
         See the conflict, and solve it where it arose:\n  git -C ../neon-task-{conflicts} merge main\n\
         The same for programs:\n  git dispatch status --json\n\n\
         To be rid of it:\n  rm -rf {}\n",
        word(repo),
        LANDS.task,
        word(folder)
    ));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_quoted_and_broken_as_a_shell_reads_them() {
        let plain = |text: String| anstream::adapter::strip_str(&text).to_string();
        assert_eq!(plain(command(&["git", "commit", "-qm", "It's"], 80)), "$ git commit -qm 'It'\\''s'\n");
        assert_eq!(plain(command(&["abcd", "e", "-m", "c d"], 14)), "$ abcd e \\\n      -m 'c d'\n");
        assert_eq!(plain(command(&["git", "merge", "a", "bcd"], 16)), "$ git merge a \\\n      bcd\n");
        assert_eq!(plain(command(&["a-long-word-alone"], 5)), "$ a-long-word-alone\n");
    }
}
