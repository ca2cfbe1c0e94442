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
use crate::model::template::tags::{Tag, tags};
use crate::model::text::{escape, is_unsafe};

/// The longest template, in bytes.
pub const LONGEST: usize = 64 << 10;
/// The most that comes out, in bytes.
const LONGEST_BRIEF: usize = 8 << 20;
/// Steps of the engine.
const FUEL: u64 = 1_000_000;
/// What joins texts, or makes lists of them.
const JOINS: [char; 8] = ['~', '+', '*', '[', ']', '{', '}', ','];
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
    if let Some(fault) = tags.iter().find_map(not_here) {
        return Err(fault);
    }
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

/// Why a tag may not stand in a template of briefs.
fn not_here(tag: &Tag<'_>) -> Option<String> {
    if let Some(name) = tag.name().filter(|name| !TAGS.contains(name)) {
        let name: String = name.chars().filter(|c| !is_unsafe(*c)).take(40).collect();
        return Some(tag.fault(&format!("a template of briefs has no tag '{name}', only 'if' and 'for'")));
    }
    let joins = tag.operators().any(|operator| JOINS.contains(&operator));
    joins.then(|| tag.fault("a tag of a brief names, compares and filters values: none of ~ + * , [ ] { } in it"))
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

#[cfg(test)]
mod tests;
