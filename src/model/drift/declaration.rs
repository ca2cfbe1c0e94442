//! The patterns that would declare what drifted.

use std::collections::{BTreeMap, HashSet};

use crate::model::exclusion::meet;
use crate::model::path::TreePath;
use crate::model::pattern::{LONGEST, Pattern};

/// From this many files of a folder on, the folder is declared.
const SEVERAL: usize = 2;

/// `writes`, with what it takes to cover all of `missing`, without what that covers anyway.
///
/// Several files of a folder are declared as the folder, unless one of `others`, which other active tasks write, lies in it.
pub(super) fn declaration(writes: &[Pattern], missing: &[&TreePath], others: &[&Pattern]) -> Vec<Pattern> {
    let mut folders: BTreeMap<&[u8], Vec<&[u8]>> = BTreeMap::new();
    for path in missing {
        let path = path.as_bytes();
        let parent = path.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
        folders.entry(&path[..parent]).or_default().push(path);
    }
    let mut whole: Vec<Pattern> = Vec::new();
    let mut single: Vec<Pattern> = Vec::new();
    for (folder, files) in folders {
        let wide = if folder.is_empty() || files.len() < SEVERAL { None } else { below(folder) };
        match wide.filter(|wide| !others.iter().any(|other| meet(wide, other))) {
            Some(wide) => whole.push(wide),
            None => single.extend(files.into_iter().map(exactly)),
        }
    }
    let folders: HashSet<&str> = whole.iter().filter_map(|wide| wide.as_str().strip_suffix("/**")).collect();
    let mut seen: HashSet<&str> = HashSet::new();
    let mut new: Vec<&Pattern> = whole.iter().chain(&single).collect();
    new.sort_unstable();
    let all = writes.iter().chain(new);
    all.filter(|pattern| !lies_in(pattern, &folders) && seen.insert(pattern.as_str())).cloned().collect()
}

/// Whether everything that `pattern` covers lies below one of the folders, other than as their `/**`.
fn lies_in(pattern: &Pattern, folders: &HashSet<&str>) -> bool {
    let text = pattern.as_str();
    let above = text.match_indices('/').map(|(at, _)| (&text[..at], &text[at + 1..]));
    above.into_iter().any(|(folder, rest)| rest != "**" && !rest.is_empty() && folders.contains(folder))
}

/// A pattern for one path: a folder above it where it is too long for a pattern.
fn exactly(path: &[u8]) -> Pattern {
    let ends = path.iter().enumerate().rev().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    let shorter = ends.filter_map(|end| below(&path[..end])).next();
    let everything = || "**".parse().expect("because two stars are a pattern");
    text_of(path).parse().ok().or(shorter).unwrap_or_else(everything)
}

/// Everything below a folder; `None` where that is too long for a pattern.
fn below(folder: &[u8]) -> Option<Pattern> {
    let text = text_of(folder) + "/**";
    if text.len() > LONGEST { None } else { text.parse().ok() }
}

/// A pattern that matches this path: what a pattern cannot hold is any character.
fn text_of(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len());
    for chunk in path.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '*' | '?' | '[' | '{' | '}' => text.extend(['[', character, ']']),
                // The second character of `C:` would be a drive's, where it follows a letter.
                ':' if text.len() == 1 => text.push_str("[:]"),
                // A pattern is matched byte by byte.
                '\\' | '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => text.push_str(&"?".repeat(character.len_utf8())),
                plain => text.push(plain),
            }
        }
        text.push_str(&"?".repeat(chunk.invalid().len()));
    }
    text
}
