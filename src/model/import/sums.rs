//! What a group says of itself, which becomes no task: it stands at the first task below it.

use super::Content;
use super::item::Item;
use super::settle::Field;
use crate::model::text::duration;

/// By item: the lines of the groups whose first kept task it is.
pub(super) fn texts(field: &Field, kept: &[bool]) -> Vec<Vec<String>> {
    let mut lines = vec![Vec::new(); kept.len()];
    let mut told = vec![false; kept.len()];
    for ix in (0..kept.len()).filter(|&ix| kept[ix]) {
        let mut above: Vec<usize> = field.parent_chain(ix).filter(|&above| field.group[above]).collect();
        above.reverse();
        for group in above {
            if !std::mem::replace(&mut told[group], true) {
                lines[ix].extend(lines_of(&field.items[group]));
            }
        }
    }
    lines
}

fn lines_of(item: &Item) -> Vec<String> {
    let Content { estimate, writes, locks, issue, done_when, brief, notes, phase, .. } = &item.content;
    let mut lines = Vec::new();
    let mut push = |what: &str, text: &str| {
        // The same task may stand in several groups, so each line names its own.
        lines.extend(text.lines().filter(|line| !line.trim().is_empty()).enumerate().map(|(number, line)| {
            let more = if number == 0 { ": " } else { " … " };
            format!("{} {what}{more}{}", item.key, line.trim())
        }));
    };
    let words = |all: Vec<&str>| all.join(", ");
    push("brief", brief.as_deref().unwrap_or_default());
    push("done when", done_when.as_deref().unwrap_or_default());
    push("issue", issue.as_deref().unwrap_or_default());
    push("phase", phase.as_deref().unwrap_or_default());
    push("estimate", &estimate.map(duration).unwrap_or_default());
    push("writes", &words(writes.iter().map(|pattern| pattern.as_str()).collect()));
    push("locks", &words(locks.iter().map(String::as_str).collect()));
    lines.extend(notes.iter().map(|note| format!("{} {note}", item.key)));
    lines
}
