//! Hints that name what was probably meant.

use super::sink::Owner;
use super::{settings, sink};
use crate::model::near::nearest;

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

#[cfg(test)]
mod tests {
    use super::*;

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
