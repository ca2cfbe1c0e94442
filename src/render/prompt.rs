//! The segment for a shell prompt.

use std::fmt::Write as _;

use crate::model::prompt::{Brief, Prompt};

/// Such as `SCR-001 +2 -1! | 3 active 1 ready 2!~`: the task here, if `branch` is one's; the active tasks, how many of them
/// are ready to land, how many conflict or collide; `~` where refs have moved since. Empty where there is nothing to tell.
///
/// It holds nothing that bash, zsh, fish or tmux would expand: ids, digits, blanks and `+-!|~?`.
pub fn segment(prompt: &Prompt, branch: Option<&str>, stale: bool) -> String {
    if prompt.tasks.is_empty() && !stale {
        return String::new();
    }
    let mut text = String::new();
    if let Some(own) = prompt.tasks.iter().find(|task| Some(&*task.branch) == branch) {
        text = format!("{} | ", task(own));
    }
    let count = |wanted: fn(&Brief) -> bool| prompt.tasks.iter().filter(|task| wanted(task)).count();
    _ = write!(text, "{} active", prompt.tasks.len());
    for (number, word) in [(count(|task| task.ready), " ready"), (count(|task| task.trouble), "!")] {
        if number > 0 {
            _ = write!(text, " {number}{word}");
        }
    }
    text + if stale { "~" } else { "" }
}

fn task(task: &Brief) -> String {
    let mut text = task.id.to_string();
    for (sign, number) in [('+', task.ahead), ('-', task.behind)] {
        match number {
            Some(0) => {}
            Some(number) => _ = write!(text, " {sign}{number}"),
            None => _ = write!(text, " {sign}?"),
        }
    }
    text + if task.trouble { "!" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brief(id: &str, ahead: Option<u64>, ready: bool, trouble: bool) -> Brief {
        let branch = format!("task/{id}");
        Brief { id: id.parse().unwrap(), branch, ahead, behind: Some(u64::from(trouble)), ready, trouble }
    }

    #[test]
    fn what_is_zero_is_left_out() {
        let tasks =
            vec![brief("A", Some(2), true, true), brief("B", Some(0), false, false), brief("C", None, true, false)];
        let mut prompt = Prompt { refs: Vec::new(), tasks };
        assert_eq!(segment(&prompt, None, false), "3 active 2 ready 1!");
        assert_eq!(segment(&prompt, Some("task/A"), true), "A +2 -1! | 3 active 2 ready 1!~");
        assert_eq!(segment(&prompt, Some("task/B"), false), "B | 3 active 2 ready 1!");
        assert_eq!(segment(&prompt, Some("task/C"), false), "C +? | 3 active 2 ready 1!");
        prompt.tasks.drain(..2);
        assert_eq!(segment(&prompt, Some("main"), false), "1 active 1 ready");
        assert_eq!(
            (segment(&Prompt::default(), None, false), segment(&Prompt::default(), None, true)),
            (String::new(), "0 active~".into())
        );
    }
}
