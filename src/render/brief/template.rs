//! `brief-template`: a template of one's own in place of the built-in brief.
//!
//! It comes from a repository, so what it may cost is bounded: its size, the steps that it takes, and what comes out. Values can only
//! be named, compared and looped over: with operators that join texts or lists, some lines of a template could fill all memory.

use std::collections::BTreeMap;
use std::io::Write;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{Environment, UndefinedBehavior, escape_formatter};

use super::json::fields;
use super::safe::{line, text};
use crate::model::brief::Brief;
use crate::model::template::slug;
use crate::model::text::{escape, is_unsafe};

/// The longest template, in bytes.
pub const LONGEST: usize = 64 << 10;
/// The most that comes out, in bytes.
const LONGEST_BRIEF: usize = 8 << 20;
/// Steps of the engine.
const FUEL: u64 = 1_000_000;
const TAGS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];
/// Texts that may have several lines; all others have one.
const BLOCKS: [&str; 6] = ["blockers", "context", "done_when", "keep", "steps", "text"];

/// What `template` makes of a brief. Its names are the fields of [`Brief`], those of `--json`; one that does not apply is `none` and
/// prints as nothing. Texts of several lines stand as people wrote them, all else on one line, both without control characters. The
/// filters are `slug`, and `inline`, after which a text means nothing to Markdown.
///
/// # Errors
/// It is malformed, too long or takes too many steps, or a name, a tag or an operator in it is none that there is; with the line.
pub fn render(template: &str, brief: &Brief) -> Result<String, String> {
    if template.len() > LONGEST {
        return Err(format!("a template of briefs has at most {} KiB", LONGEST >> 10));
    }
    let tags = tags(template)?;
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    environment.set_syntax(syntax.map_err(|fault| told(&fault))?);
    environment.set_formatter(|out, state, value| match value.is_none() {
        true => Ok(()),
        false => escape_formatter(out, state, value),
    });
    environment.add_filter("inline", |text: &str| line(text));
    environment.add_filter("slug", |text: &str| slug(text, ""));
    environment.add_template("brief", template).map_err(|fault| told(&fault))?;
    let compiled = environment.get_template("brief").map_err(|fault| told(&fault))?;
    let serde_json::Value::Object(known) = fields(brief, false) else { return Err("there is no brief".to_owned()) };
    let mut unknown: Vec<String> =
        compiled.undeclared_variables(false).into_iter().filter(|name| !known.contains_key(name)).collect();
    unknown.sort();
    if let Some(name) = unknown.first() {
        let at = tags.iter().find(|tag| tag.words().any(|word| word == name)).map(|tag| tag.line);
        return Err(format!("{}a brief has no '{name}'", at.map(|line| format!("line {line}: ")).unwrap_or_default()));
    }
    let values: BTreeMap<String, Value> =
        known.into_iter().map(|(key, field)| (key.clone(), safe(&key, field))).collect();
    let mut out = Bounded(Vec::new());
    compiled.render_captured_to(Value::from(values), &mut out).map_err(|fault| match out_of_room(&fault) {
        true => format!("more than {} MiB come of it", LONGEST_BRIEF >> 20),
        false => told(&fault),
    })?;
    Ok(String::from_utf8_lossy(&out.0).into_owned())
}

/// Takes so much and no more.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST_BRIEF {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn out_of_room(fault: &minijinja::Error) -> bool {
    fault.kind() == minijinja::ErrorKind::WriteFailure
}

/// With the line where it is known.
fn told(fault: &minijinja::Error) -> String {
    let at = fault.line().map(|line| format!("line {line}: ")).unwrap_or_default();
    match fault.detail() {
        Some(detail) => format!("{at}{}: {}", fault.kind(), escape(detail)),
        None => format!("{at}{}", fault.kind()),
    }
}

/// A field by its key, safe to be shown and, but for those of several lines, on one.
fn safe(key: &str, field: serde_json::Value) -> Value {
    match field {
        serde_json::Value::Null => Value::from(()),
        serde_json::Value::Bool(flag) => Value::from(flag),
        serde_json::Value::Number(number) => Value::from(number.as_u64().unwrap_or_default()),
        serde_json::Value::String(words) if BLOCKS.contains(&key) => Value::from(text(&words)),
        serde_json::Value::String(words) => Value::from(escape(&words).into_owned()),
        serde_json::Value::Array(items) => {
            Value::from(items.into_iter().map(|item| safe(key, item)).collect::<Vec<_>>())
        }
        serde_json::Value::Object(fields) => Value::from(
            fields.into_iter().map(|(key, field)| (key.clone(), safe(&key, field))).collect::<BTreeMap<_, _>>(),
        ),
    }
}

/// What stands between `{{` and `}}`, or `{%` and `%}`.
struct Tag<'t> {
    inside: &'t str,
    line: usize,
}

impl<'t> Tag<'t> {
    fn words(&self) -> impl Iterator<Item = &'t str> {
        self.inside.split(|c: char| !c.is_alphanumeric() && c != '_')
    }
}

/// All tags, of which each is one that may stand here. Ends where the engine sees an end, or finds a fault: strings, braces and
/// parentheses that would shift it are faults.
fn tags(template: &str) -> Result<Vec<Tag<'_>>, String> {
    let mut tags = Vec::new();
    let mut rest = template;
    while let Some(open) = rest.find("{{").into_iter().chain(rest.find("{%")).chain(rest.find("{#")).min() {
        let line = template[..template.len() - rest.len() + open].matches('\n').count() + 1;
        let fault = |why: String| format!("line {line}: {why}");
        let (kind, after) = (&rest[open..open + 2], &rest[open + 2..]);
        if kind == "{#" {
            let end = after.find("#}").ok_or_else(|| fault("a comment without an end".to_owned()))?;
            rest = &after[end + 2..];
            continue;
        }
        let close = if kind == "{{" { "}}" } else { "%}" };
        let end = end(after, close).map_err(|why| fault(why.to_owned()))?;
        let inside = after[..end].trim_matches(|c: char| c.is_whitespace() || matches!(c, '-' | '+'));
        let tag = Tag { inside, line };
        if kind == "{%" {
            let name = tag.words().next().unwrap_or_default();
            if !TAGS.contains(&name) {
                let name: String = name.chars().filter(|c| !is_unsafe(*c)).take(40).collect();
                return Err(fault(format!("a template of briefs has no tag '{name}', only 'if' and 'for'")));
            }
        }
        tags.push(tag);
        rest = &after[end + close.len()..];
    }
    Ok(tags)
}

/// Where the tag ends.
fn end(after: &str, close: &str) -> Result<usize, &'static str> {
    let mut quote: Option<char> = None;
    let mut depth = 0_usize;
    let bytes = after.as_bytes();
    for (at, character) in after.char_indices() {
        if let Some(mark) = quote {
            match character {
                '\\' => return Err("no backslash in a text of a tag"),
                _ if character == mark => quote = None,
                _ => {}
            }
            continue;
        }
        // As the engine does, which takes a sign before the end for part of it.
        let ends = |at: usize| after[at..].starts_with(close);
        match character {
            _ if ends(at) && depth == 0 => return Ok(at),
            _ if ends(at) => return Err("a parenthesis is left open"),
            '-' | '+' if bytes.get(at + 1).is_some() && ends(at + 1) => {}
            '\'' | '"' => quote = Some(character),
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1).ok_or("a parenthesis is closed that was not opened")?,
            '~' | '+' | '*' | '[' | ']' | '{' | '}' | ',' => {
                return Err("a tag of a brief names, compares and filters values: none of ~ + * , [ ] { } in it");
            }
            _ => {}
        }
    }
    Err("a tag without an end")
}

#[cfg(test)]
mod tests;
