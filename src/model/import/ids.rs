//! Ids that the task file allows, one for one and the same at every import.

use std::collections::{BTreeSet, HashMap};

use crate::model::id::{LONGEST, TaskId};

/// An id for each of `names`, which are all different, in their order.
///
/// Each follows from its own name alone, but where two would be the same without regard to case: then the one that needs no
/// change keeps it, and the others carry a hash of their names.
pub(super) fn map(names: &[&str]) -> Vec<TaskId> {
    let plain: Vec<String> = names.iter().map(|name| plain(name)).collect();
    let mut order: Vec<usize> = (0..names.len()).collect();
    // Whoever needs no change comes first.
    order.sort_by_key(|&ix| (plain[ix] != names[ix], names[ix]));
    let mut crowded: HashMap<String, usize> = HashMap::new();
    for (ix, text) in plain.iter().enumerate() {
        if text != names[ix] {
            *crowded.entry(text.to_ascii_lowercase()).or_default() += 1;
        }
    }
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut ids: Vec<Option<TaskId>> = vec![None; names.len()];
    for ix in order {
        let text = &plain[ix];
        let folded = text.to_ascii_lowercase();
        let changed = text != names[ix];
        let alone = !changed || (crowded[&folded] == 1 && names[ix].len() <= LONGEST);
        let mut tries = 0;
        let id = std::iter::once(text.clone())
            .filter(|_| alone)
            .chain(std::iter::from_fn(|| {
                tries += 1;
                Some(hashed(text, names[ix], tries))
            }))
            .filter(|text| !taken.contains(&text.to_ascii_lowercase()))
            .find_map(|text| text.parse::<TaskId>().ok());
        if let Some(id) = id {
            taken.insert(id.folded());
            ids[ix] = Some(id);
        }
    }
    ids.into_iter().map(|id| id.expect("because one of endless tries is free and valid")).collect()
}

/// `name` with one `-` for each run of other characters than an id may hold, cut to its length, and a word before what
/// may not be an id.
fn plain(name: &str) -> String {
    if name.parse::<TaskId>().is_ok() {
        return name.to_owned();
    }
    let mut text = String::new();
    for character in name.chars() {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' => text.push(character),
            _ if text.ends_with('-') => {}
            _ => text.push('-'),
        }
        if text.len() == LONGEST {
            break;
        }
    }
    let text = text.trim_start_matches(['-', '_']).trim_end_matches('-');
    if text.parse::<TaskId>().is_ok() {
        return text.to_owned();
    }
    if text.is_empty() { "task".to_owned() } else { format!("task-{text}") }
}

/// `text` with a hash of `name` behind it.
fn hashed(text: &str, name: &str, tries: u32) -> String {
    let suffix = format!("-{:08x}", fnv(name).wrapping_add(tries - 1));
    let room = LONGEST - suffix.len();
    format!("{}{suffix}", &text[..text.len().min(room)])
}

/// FNV-1a, 32 bits (Fowler, Noll, Vo): the standard library's own hash may change.
fn fnv(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn mapped(names: &[&str]) -> Vec<String> {
        map(names).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_id_that_is_allowed_stays_and_others_change_as_little_as_they_can() {
        assert_eq!(
            mapped(&["A-1", "bd-1.2", "#12", "_x", "con", "a b  c!"]),
            ["A-1", "bd-1-2", "12", "x", "task-con", "a-b-c"]
        );
        assert_eq!(mapped(&["日本"]), ["task"]);
    }

    #[test]
    fn ids_that_would_be_the_same_are_kept_apart_whatever_their_order() {
        assert_eq!(mapped(&["a.b", "a-b", "a/b"]), ["a-b-108bf50c", "a-b", "a-b-3a8e75c1"]);
        assert_eq!(mapped(&["a/b", "a.b", "a-b"]), ["a-b-3a8e75c1", "a-b-108bf50c", "a-b"]);
        let cases = mapped(&["abc", "ABC"]);
        assert_eq!((cases[1].as_str(), cases[0].starts_with("abc-")), ("ABC", true));
        let long = [&"x".repeat(70)[..], &"x".repeat(71)];
        assert!(mapped(&long).iter().all(|id| id.len() == 64));
    }

    proptest! {
        #[test]
        fn names_map_one_to_one(names in proptest::collection::hash_set("[aA.#é_-]{0,3}|con|.{0,80}", 0..30)) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let ids = map(&names);
            let folded: HashSet<String> = ids.iter().map(TaskId::folded).collect();
            prop_assert_eq!(folded.len(), names.len());
            let mut backwards = names.clone();
            backwards.reverse();
            let mut again = map(&backwards);
            again.reverse();
            prop_assert_eq!(ids, again);
        }
    }
}
