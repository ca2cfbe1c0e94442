//! What several sources have in the same form.

use std::collections::BTreeMap;

use super::Content;
use super::item::{Item, Status};
use super::node::{Node, Reader, Table, Value};
use super::sink::{Sinks, quoted};
use crate::model::pattern::{Pattern, PatternFault};
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

/// How often each key stood in a task that nothing here reads.
#[derive(Debug, Default)]
pub(super) struct Unknown(BTreeMap<String, usize>);

impl Unknown {
    /// Counts the keys of `table` that are in none of `known`, and say something.
    pub fn count(&mut self, table: Table<'_, '_>, known: &[&[&str]]) {
        let says = |node: &Node<'_>| match &node.value {
            Value::Null => false,
            Value::Text(text) => !text.trim().is_empty(),
            Value::List(list) => !list.is_empty(),
            _ => true,
        };
        for key in table.entries.iter().filter(|(_, node)| says(node)).filter_map(|(key, _)| key.word()) {
            if !known.iter().any(|keys| keys.contains(&key)) {
                self.add(key);
            }
        }
    }

    pub fn add(&mut self, key: &str) {
        *self.0.entry(one_line(key)).or_default() += 1;
    }

    /// Tells them, as `keys` or whatever else they are.
    pub fn tell(&self, what: &str, sinks: &mut Sinks) {
        if !self.0.is_empty() {
            let keys: Vec<String> = self.0.iter().map(|(key, number)| format!("{} ({number})", quoted(key))).collect();
            sinks.note(format!("{what} that are not carried: {}", keys.join(", ")));
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

/// How the names of files are written in a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paths {
    /// Each is the path of a file.
    Literal,
    /// Paths as well, but `*` and `{a,b}` mean what they do in globs.
    Globs,
}

/// Adds a pattern for each of `words`. What cannot be one becomes a note, and a warning: what else writes there is no
/// longer kept apart.
pub(super) fn writes(reader: &mut Reader<'_>, words: &[(String, &Node<'_>)], paths: Paths, item: &mut Item) {
    for (word, node) in words {
        let word = word.trim();
        // Without any '/', a backslash is the separator of another system; else it is a character of the name.
        let path = if word.contains('/') { word.to_owned() } else { word.replace('\\', "/") };
        let path = path.strip_prefix("./").unwrap_or(&path);
        let text = if paths == Paths::Globs { as_glob(path) } else { as_pattern(path) };
        let writes = &mut item.content.writes;
        match text.parse::<Pattern>() {
            Ok(pattern) if writes.contains(&pattern) => {}
            Ok(pattern) => writes.push(pattern),
            Err(why) => {
                item.content.notes.push(format!("writes {}, left out: {why}", one_line(word)));
                let what = format!("{} writes {}, left out: {why}", reader.owner, quoted(&one_line(word)));
                item.warnings.push((reader.place(node), what));
            }
        }
    }
}

/// The pattern of this very path.
fn as_pattern(path: &str) -> String {
    escaped(path, |_| true)
}

/// The pattern of a path where only `*` and braces with a comma in them are globs: `app/[id]/*.{ts,tsx}`.
fn as_glob(path: &str) -> String {
    let inside = path.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(inside, _)| inside);
    let braces = inside.is_some_and(|inside| inside.contains(',') && !inside.contains('{'))
        && path.matches('{').count() == path.matches('}').count();
    // Somebody knew of globs, and took the meaning away.
    let path = ["\\[", "\\]", "\\(", "\\)"].iter().fold(path.to_owned(), |path, pair| path.replace(pair, &pair[1..]));
    let text = escaped(&path, |character| character != '*' && !(braces && matches!(character, '{' | '}')));
    if matches!(text.parse::<Pattern>(), Err(PatternFault::Glob(_))) { as_pattern(&path) } else { text }
}

/// `path` with the characters of globs for themselves, where `wanted`.
fn escaped(path: &str, wanted: impl Fn(char) -> bool) -> String {
    let mut text = String::with_capacity(path.len());
    for character in path.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '*' | '?' | '[' | '{' | '}' if wanted(character) => text.extend(['[', character, ']']),
            _ => text.push(character),
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

    fn matches(pattern: &str, path: &str) -> bool {
        let pattern: Pattern = pattern.parse().unwrap();
        crate::model::pattern::glob(pattern.as_str()).unwrap().compile_matcher().is_match(path)
    }

    #[test]
    fn a_path_is_the_pattern_of_itself_alone() {
        let path = "app/[id]/{a,b}*?.tsx";
        let pattern = as_pattern(path);
        assert!(matches(&pattern, path) && !matches(&pattern, "app/i/a.tsx"), "{pattern}");
    }

    #[test]
    fn names_of_files_keep_their_brackets_beside_clear_globs() {
        for path in ["app/[id]/page.tsx", "app/[...all]/page.tsx", "a?b", "a{b}", "a/b\\c", "a{b", "[", "]{,", "(x)/y"]
        {
            assert!(matches(&as_glob(path), path), "{path}");
        }
        assert!(!matches(&as_glob("app/[id]/page.tsx"), "app/i/page.tsx") && !matches(&as_glob("a?b"), "axb"));
        assert!(matches(&as_glob("app/[id]/**"), "app/[id]/x/y.ts"));
        assert!(matches(&as_glob("src/*.{ts,tsx}"), "src/a.tsx") && !matches(&as_glob("src/*.ts"), "src/a/b.ts"));
        assert!(matches(&as_glob("app/\\[id\\]/x"), "app/[id]/x"));
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_file_is_called_its_pattern_matches_it(path in "[ab\\[\\]{}?!^,\\\\é-]{1,6}/[ab\\[\\]{}?*!^,\\\\-]{1,8}") {
            proptest::prop_assert!(matches(&as_pattern(&path), &path), "{}", as_pattern(&path));
        }
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
