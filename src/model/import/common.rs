//! What several sources have in the same form.

use super::Content;
use super::item::{Item, Status};
use super::node::{Node, Reader, Table};
use crate::model::pattern::Pattern;
use crate::model::task::Minutes;
use crate::model::taskfile::{LONGEST_ESTIMATE, estimate};

/// One line: runs of blanks and line breaks are one blank each.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The texts that say something, with an empty line between them.
pub(super) fn paragraphs(texts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let texts: Vec<String> = texts.into_iter().flatten().map(|text| text.trim().replace("\r\n", "\n")).collect();
    let texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    (!texts.is_empty()).then(|| texts.join("\n\n"))
}

/// What a status says, whatever its spelling; `None` for the words of others.
pub(super) fn status(word: &str) -> Option<Status> {
    Some(match folded(word).as_str() {
        "done" | "completed" | "complete" | "closed" | "landed" | "merged" | "finished" | "resolved" => Status::Done,
        "cancelled" | "canceled" | "wontfix" | "rejected" => Status::Cancelled,
        "open" | "todo" | "pending" | "ready" | "new" | "planned" | "backlog" | "notstarted" => Status::Open,
        _ => return None,
    })
}

fn folded(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Takes a status over: what no key carries becomes a note.
pub(super) fn take_status(word: &str, item: &mut Item) {
    if let Some(status) = status(word) {
        item.status = status;
        return;
    }
    let content = &mut item.content;
    match folded(word).as_str() {
        "deferred" | "postponed" | "onhold" | "paused" => content.deferred = true,
        "blocked" | "stuck" | "waiting" => item.blocked = true,
        "inprogress" | "review" | "inreview" | "active" | "started" | "doing" | "hooked" => {
            content.notes.push(format!("{word} there; where it has a branch, 'git dispatch adopt' takes it over"));
        }
        _ => content.notes.push(format!("status there: {word}")),
    }
    item.status = Status::Open;
}

/// Adds a note for each of `keys` that has a word, or words.
pub(super) fn note_words(reader: &mut Reader<'_>, table: Table<'_, '_>, keys: &[&str], content: &mut Content) {
    for &key in keys {
        let words: Vec<String> = reader.words_of(table, key).into_iter().map(|(word, _)| one_line(&word)).collect();
        if words.iter().any(|word| !word.is_empty()) {
            content.notes.push(format!("{key}: {}", words.join(", ")));
        }
    }
}

/// Minutes of a number of hours, or of a text such as `4h`; a text of another form becomes a note.
pub(super) fn hours(reader: &mut Reader<'_>, key: &str, node: &Node<'_>, content: &mut Content) -> Option<Minutes> {
    let word = reader.word(key, node)?;
    let number = word.trim().parse::<f64>().ok();
    let minutes = match number {
        Some(hours) => estimate::of_hours(hours),
        None => match estimate::of_text(&word) {
            Err(why) if why.starts_with("must be a duration") => {
                content.notes.push(format!("{key}: {}", one_line(&word)));
                return None;
            }
            minutes => minutes,
        },
    };
    minutes.map_err(|why| reader.fault(node, format!("{} {why}", reader.slot(key)))).ok()
}

/// Whole minutes.
pub(super) fn minutes(reader: &mut Reader<'_>, key: &str, node: &Node<'_>) -> Option<Minutes> {
    let most = Minutes::from(LONGEST_ESTIMATE) * 60;
    let word = reader.word(key, node)?;
    // Some write `60.0`.
    let number = word.parse::<f64>().ok().filter(|number| (0.0..=most as f64).contains(number));
    if number.is_none() {
        let what = format!("{} must be a number of minutes from 0 to {most}", reader.slot(key));
        reader.fault(node, what);
    }
    number.map(|number| number.ceil() as Minutes)
}

/// Adds a pattern for each of `words`: paths as they are, or patterns. What cannot be one becomes a note.
pub(super) fn writes(words: &[(String, &Node<'_>)], literal: bool, content: &mut Content) {
    for (word, _) in words {
        let path = word.trim().replace('\\', "/");
        let path = path.strip_prefix("./").unwrap_or(&path);
        let text = if literal { as_pattern(path) } else { path.to_owned() };
        match text.parse::<Pattern>() {
            Ok(pattern) if content.writes.contains(&pattern) => {}
            Ok(pattern) => content.writes.push(pattern),
            Err(why) => content.notes.push(format!("writes {}, left out: {why}", one_line(word))),
        }
    }
}

/// The pattern of this very path.
fn as_pattern(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for character in path.chars() {
        if matches!(character, '*' | '?' | '[' | '{' | '}') {
            text.extend(['[', character, ']']);
        } else {
            text.push(character);
        }
    }
    text
}

/// `text` as the name of a lock; `None` if nothing is left.
pub(super) fn lock_name(text: &str) -> Option<String> {
    const LONGEST: usize = 64;
    let name: String = one_line(text).chars().filter(|c| !c.is_control()).collect();
    let name = name.trim_start_matches(['-', '_', '/', ' ']).trim_end_matches(['-', '_', '/', ' ', '.']);
    let name: String = name.chars().take(LONGEST).collect();
    let name = name.trim_end();
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::sink::Place;
    use super::*;

    #[test]
    fn a_path_is_the_pattern_of_itself_alone() {
        let pattern = as_pattern("app/[id]/{a,b}*?.tsx");
        let glob = globset::GlobBuilder::new(&pattern).literal_separator(true).build().unwrap().compile_matcher();
        assert!(glob.is_match("app/[id]/{a,b}*?.tsx") && !glob.is_match("app/i/a.tsx"), "{pattern}");
    }

    #[test]
    fn statuses_are_known_whatever_their_spelling() {
        assert_eq!(status("To Do"), Some(Status::Open));
        assert_eq!(status("DONE"), Some(Status::Done));
        assert_eq!(status("won't-fix"), Some(Status::Cancelled));
        let mut item = Item::new("x".to_owned(), Place::default());
        take_status("in_progress", &mut item);
        take_status("on hold", &mut item);
        assert!(item.status == Status::Open && item.content.deferred && item.content.notes.len() == 1);
        take_status("Blocked", &mut item);
        assert!(item.blocked);
    }
}
