//! Hints that name what was probably meant.

use super::sink::Owner;
use super::{settings, sink};

/// Other words for keys that people write.
const SYNONYMS: [(&str, &str); 34] = [
    ("after", "needs"),
    ("dep", "needs"),
    ("depends", "needs"),
    ("depends-on", "needs"),
    ("dependencies", "needs"),
    ("dependson", "needs"),
    ("deps", "needs"),
    ("requires", "needs"),
    ("file", "writes"),
    ("files", "writes"),
    ("outputs", "writes"),
    ("path", "writes"),
    ("paths", "writes"),
    ("touches", "writes"),
    ("inputs", "reads"),
    ("name", "title"),
    ("summary", "title"),
    ("duration", "estimate"),
    ("effort", "estimate"),
    ("hours", "estimate"),
    ("time", "estimate"),
    ("description", "brief"),
    ("prompt", "brief"),
    ("assignee", "agent"),
    ("status", "state"),
    ("type", "kind"),
    ("url", "issue"),
    ("tests", "check"),
    ("test", "check"),
    ("branches", "branch"),
    ("main", "target"),
    ("base", "target"),
    ("tasks", "task"),
    ("mutex", "locks"),
];

/// What an unknown key may have meant.
pub(super) fn key(name: &str, owner: Owner<'_>, known: &[&str]) -> Option<String> {
    if name.len() > 80 {
        return None;
    }
    let tidy = name.trim().to_ascii_lowercase().replace(['_', ' '], "-");
    let synonym = SYNONYMS.iter().find(|(word, _)| *word == tidy).map(|(_, key)| *key);
    if let Some(key) = synonym.filter(|key| known.contains(key)) {
        return Some(format!("did you mean '{key}'?"));
    }
    if let Some(key) = nearest(&tidy, known.iter().copied()) {
        return Some(format!("did you mean '{key}'?"));
    }
    let elsewhere = !matches!(owner, Owner::Top) && settings::KEYS.contains(&tidy.as_str());
    elsewhere.then(|| format!("'{tidy}' belongs at the top of the file, before the first [table]"))
}

/// `did you mean '…'?`
pub(super) fn hint<'a>(text: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> Option<String> {
    nearest(text, candidates).map(|near| format!("did you mean {}?", sink::quoted(near)))
}

/// The candidate with the smallest distance to `text`, if it is near: one edit for each three characters.
/// The first of several. Linear in the candidates.
pub(super) fn nearest<'a>(text: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    if text.is_empty() || text.len() > 80 {
        return None;
    }
    if let Some(same) = candidates.clone().find(|candidate| candidate.eq_ignore_ascii_case(text)) {
        return Some(same);
    }
    let bound = (text.len() / 3).clamp(1, 3);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates.filter(|candidate| candidate.len().abs_diff(text.len()) <= bound) {
        let distance = strsim::osa_distance(text, candidate);
        if distance <= bound && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_near_or_nothing() {
        let near = |text, list: &[&'static str]| nearest(text, list.iter().copied());
        assert_eq!(near("SCR-01", &["FND-001", "SCR-001", "SCR-002"]), Some("SCR-001"));
        assert_eq!(near("scr-002", &["SCR-001", "SCR-002"]), Some("SCR-002"));
        assert_eq!(near("A", &["B"]), Some("B"));
        assert_eq!(near("alpha", &["omega"]), None);
        assert_eq!(near("", &["a"]), None);
    }

    #[test]
    fn keys_have_synonyms_and_a_place() {
        let known = ["needs", "title", "writes"];
        let of_task = Owner::Named("task", "A");
        assert_eq!(key("depends_on", of_task, &known).unwrap(), "did you mean 'needs'?");
        assert_eq!(key("Titel", of_task, &known).unwrap(), "did you mean 'title'?");
        assert!(key("workers", of_task, &known).unwrap().contains("top of the file"));
        assert_eq!(key("colour", of_task, &known), None);
    }
}
