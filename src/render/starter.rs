//! The task file that `init` writes, and what it says afterwards.

use std::fmt::Write as _;

use serde::Serialize;

use super::json::{SCHEMA, line};
use super::toml;
use crate::model::text::escape;

/// What `init` did.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Written<'a> {
    pub file: &'a str,
    pub target: Option<&'a str>,
    pub dry_run: bool,
}

/// A task file without tasks: `target` stands in it, everything else is an example in comments.
pub fn task_file(target: Option<&str>) -> String {
    let line = match target {
        Some(target) => format!("target = {}", toml::string(target)),
        None => "# target = \"main\"".to_owned(),
    };
    include_str!("starter.toml").replace("# TARGET", &line)
}

/// What to do next.
pub fn next_steps(written: Written<'_>) -> String {
    let mut out = format!("wrote {}", escape(written.file));
    if let Some(target) = written.target {
        let _ = write!(out, "; tasks start from and land on '{}'", escape(target));
    }
    out.push_str("\n\n  describe your tasks in it, then\n");
    out.push_str("  git dispatch lint   checks it\n  git dispatch plan   shows what can start side by side\n");
    out
}

/// The same as JSON.
pub fn json(written: Written<'_>) -> String {
    #[derive(Serialize)]
    struct Answer<'a> {
        schema: u32,
        command: &'a str,
        file: &'a str,
        target: Option<&'a str>,
        dry_run: bool,
    }
    let Written { file, target, dry_run } = written;
    let answer = Answer { schema: SCHEMA, command: "init", file, target, dry_run };
    line(&answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::taskfile::parse;

    #[test]
    fn the_starter_has_neither_faults_nor_warnings() {
        for target in [None, Some("main"), Some("we\"ird"), Some("日本")] {
            let parsed = parse(&task_file(target));
            assert_eq!(parsed.faults, []);
            assert_eq!(parsed.warnings, []);
            assert_eq!(parsed.file.unwrap().settings.target.as_deref(), target);
        }
    }

    #[test]
    fn the_examples_of_the_starter_have_no_faults_either() {
        let uncommented: String = task_file(None)
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(rest) if rest.contains(" = ") || rest.starts_with('[') => format!("{rest}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let parsed = parse(&uncommented);
        assert_eq!(parsed.faults, [], "{uncommented}");
        assert_eq!(parsed.file.unwrap().graph.len(), 3);
    }
}
