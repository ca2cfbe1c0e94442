//! What `install` wrote.

use std::path::Path;

use serde::Serialize;

use super::json::{SCHEMA, line};
use crate::model::install::Fate;
use crate::model::text::escape;

/// The folder, then a line for each piece.
pub fn text(data: &Path, fates: &[(&str, Fate)]) -> String {
    let width = fates.iter().map(|(_, fate)| fate.word().len()).max().unwrap_or(0);
    let mut out = format!("{}\n", escape(&data.to_string_lossy()));
    for (path, fate) in fates {
        out.push_str(&format!("  {:width$}  {path}\n", fate.word()));
    }
    out
}

#[derive(Serialize)]
struct InstallJson<'a> {
    schema: u32,
    command: &'static str,
    folder: &'a str,
    files: Vec<FileJson<'a>>,
}

#[derive(Serialize)]
struct FileJson<'a> {
    path: &'a str,
    fate: Fate,
}

/// The same as JSON.
pub fn json(data: &Path, fates: &[(&str, Fate)]) -> String {
    let files = fates.iter().map(|&(path, fate)| FileJson { path, fate }).collect();
    line(&InstallJson { schema: SCHEMA, command: "install", folder: &data.to_string_lossy(), files })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::schema::faults;

    #[test]
    fn json_is_what_the_schema_says() {
        let schema = serde_json::from_str(include_str!("../../docs/schema/install.schema.json")).unwrap();
        let fates = [("man/man1/x.1", Fate::Same), ("y", Fate::WouldWrite), ("z", Fate::Wrote)];
        let answer = json(Path::new("/home/a\u{202e}b/share"), &fates);
        assert!(answer.contains("would-write") && answer.contains("\\u202e"), "{answer}");
        assert_eq!(faults(&schema, &serde_json::from_str(&answer).unwrap()), Vec::<String>::new());
    }
}
