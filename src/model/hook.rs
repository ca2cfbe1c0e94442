//! What an agent tells a hook before it edits a file: JSON that has `cwd` and, in `tool_input`, the file. Claude Code and Gemini
//! CLI use the same names (code.claude.com/docs/en/hooks, geminicli.com/docs/hooks/reference).

use std::path::PathBuf;

use serde_json::Value;

use super::check::{Check, Together};
use super::failure::{Exit, Failure};

/// The names under which tools tell the file that they are about to write.
const PATHS: [&str; 3] = ["file_path", "notebook_path", "path"];

/// Tasks that a refusal names.
const MOST_NAMED: usize = 5;

/// An edit that is about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The folder that the session stands in; `None` where that is not told.
    pub dir: Option<PathBuf>,
    /// Absolute, or seen from `dir`.
    pub path: PathBuf,
}

/// The edit that `text` tells of; `None` where the tool edits no single file.
///
/// # Errors
/// It is no JSON object, or the path is no text.
pub fn edit(text: &[u8]) -> Result<Option<Edit>, Failure> {
    let fault = |what: &str| {
        Failure::new(Exit::Usage, format!("what the hook was told {what}"))
            .hint("use 'git dispatch check PATH' to ask for a path without a hook")
    };
    let told: Value = serde_json::from_slice(text).map_err(|fault_at| fault(&format!("is no JSON: {fault_at}")))?;
    let told = told.as_object().ok_or_else(|| fault("is no object"))?;
    let dir = told.get("cwd").and_then(Value::as_str).map(PathBuf::from).filter(|dir| dir.is_absolute());
    let input = told.get("tool_input").and_then(Value::as_object);
    let Some(path) = input.and_then(|input| PATHS.iter().find_map(|name| input.get(*name))) else { return Ok(None) };
    let path = path.as_str().ok_or_else(|| fault("has a path that is no text"))?;
    Ok(Some(Edit { dir, path: PathBuf::from(path) }).filter(|_| !path.is_empty()))
}

/// Why the edit must not be made: exit code 2 stops it, and the agent reads the message. `None` where nothing stands in the way.
pub fn refusal(check: &Check) -> Option<Failure> {
    if !check.obstructed() {
        return None;
    }
    let stands = |together| !matches!(together, Together::Merges | Together::Declared);
    let rows: Vec<_> = check.rows.iter().filter(|row| stands(row.together)).collect();
    let mut failure = Failure::new(Exit::Usage, String::new());
    for row in rows.iter().take(MOST_NAMED) {
        let gap = if failure.what.is_empty() { "" } else { "\n" };
        let how = match row.together {
            Together::Collides => "has changed it here and there, and that collides",
            Together::Unknown => "has changed it too, and whether that merges is not known",
            _ => "is changing it, and an edit here would collide",
        };
        failure.what.push_str(&format!("{gap}'{}': task '{}' {how}", row.path, row.task));
    }
    let first = rows.first()?;
    Some(
        failure
            .hint(format!("use 'git dispatch status {}' to see how far it is, and work on something else", first.task))
            .hint("use 'git dispatch report --blocked \"WHAT\"' to stop where nothing else is left"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(Option<String>, String)> {
        let edit = edit(text.as_bytes()).unwrap()?;
        Some((edit.dir.map(|dir| dir.display().to_string()), edit.path.display().to_string()))
    }

    #[test]
    fn the_path_is_found_in_what_agents_tell() {
        let claude = r#"{"session_id":"a","cwd":"/x/y","hook_event_name":"PreToolUse","tool_name":"Edit",
            "tool_input":{"file_path":"/x/y/src/a \"b\".rs","old_string":"{\"file_path\":1}"}}"#;
        assert_eq!(read(claude), Some((Some("/x/y".into()), "/x/y/src/a \"b\".rs".into())));
        let notebook = r#"{"tool_input":{"notebook_path":"n.ipynb"},"cwd":"relative"}"#;
        assert_eq!(read(notebook), Some((None, "n.ipynb".into())));
        for nothing in ["{}", r#"{"tool_input":{"command":"ls"}}"#, r#"{"tool_input":{"file_path":""}}"#] {
            assert_eq!(read(nothing), None, "{nothing}");
        }
        for bad in ["", "[]", "{\"tool_input\":{\"file_path\":1}}", "\u{1b}", "{\"a\":"] {
            assert_eq!(edit(bad.as_bytes()).unwrap_err().exit, Exit::Usage, "{bad}");
        }
        assert!(edit(b"{\"cwd\":\"\xff\"}").is_err());
    }
}
