//! Templates that make branch names, worktree paths and landing messages out of a task.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::Value;
use minijinja::{Environment, State, UndefinedBehavior};

use super::id::TaskId;
use super::text::escape;

pub mod tags;
#[cfg(test)]
mod tests;

/// What a template makes, and so what its text must hold and what may come out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A branch name below `refs/heads/`; must hold the id.
    Branch,
    /// A path relative to the main worktree, nowhere above its parent; must hold the id.
    Worktree,
    /// A path that the user's own git config gives, which may lead anywhere; must hold the id.
    WorktreeAnywhere,
    /// The message of a landing commit.
    Message,
}

/// The names that a template may use.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    pub id: &'a TaskId,
    pub title: &'a str,
    pub agent: Option<&'a str>,
    /// `git::Repo::name`.
    pub repo: &'a str,
}

/// A checked template. What it renders is checked again, for titles and folders can be anything.
#[derive(Debug, Clone)]
pub struct Template {
    text: String,
    kind: Kind,
    body: Body,
}

#[derive(Debug, Clone)]
enum Body {
    /// Text and plain placeholders: 100,000 of them render in milliseconds.
    Parts(Vec<Part>),
    /// Everything else goes through the engine.
    Engine { environment: Arc<Environment<'static>>, agent: bool },
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Literal(Box<str>),
    Id,
    Title,
    Slug,
    Agent,
    Repo,
}

/// The longest template, in bytes.
const LONGEST: usize = 1024;
/// The longest component of a name, in bytes: file systems take 255, and git adds `.lock`.
const LONGEST_COMPONENT: usize = 250;
/// The longest slug, in characters.
const LONGEST_SLUG: usize = 40;
const NAMES: [&str; 4] = ["id", "title", "agent", "repo"];
/// The most times that a template joins two texts.
const MOST_JOINS: usize = 8;
/// Without loops and macros, what a template costs is bounded by its length and its joins.
const TAGS: [&str; 5] = ["if", "elif", "else", "endif", "set"];

impl Template {
    /// Checks `text` and renders it once for a sample task.
    ///
    /// # Errors
    /// Malformed, longer than 1024 bytes, names something unknown, leaves out the id where a name is made, or what
    /// comes out is no branch name or no path beside the main worktree. The text says which.
    pub fn new(text: &str, kind: Kind) -> Result<Template, String> {
        if text.len() > LONGEST {
            return Err(format!("a template has at most {LONGEST} bytes"));
        }
        if kind != Kind::Message && text.contains('\n') {
            return Err("a line break in a name".to_owned());
        }
        let body = match parts(text) {
            Some(parts) => Body::Parts(parts),
            None => engine(text)?,
        };
        let template = Template { text: text.to_owned(), kind, body };
        let id: TaskId = "Zq_9-xA".parse().expect("because the sample id is valid");
        template.render(&Names { id: &id, title: "A sample", agent: Some("agent"), repo: "repo" }).map_err(|why| {
            match why.strip_prefix(NO_ID) {
                Some(_) => "'{{ id }}' must stand in it".to_owned(),
                None => why,
            }
        })?;
        Ok(template)
    }

    /// What the template makes of a task.
    ///
    /// # Errors
    /// The template names an agent and the task has none; what came out lacks the id, is no branch name, or is a path
    /// that leaves the parent of the main worktree, or could be taken for an option or for git's own folder.
    pub fn render(&self, names: &Names<'_>) -> Result<String, String> {
        let out = match &self.body {
            Body::Parts(parts) => fill(parts, names)?,
            Body::Engine { environment, .. } => run_engine(environment, names)?,
        };
        let fault = match self.kind {
            Kind::Message => message_fault(&out),
            _ if !out.contains(names.id.as_str()) => return Err(format!("{NO_ID} '{}': '{out}'", names.id)),
            Kind::Branch => branch_fault(&out).map(|why| format!("'{out}' is no branch name: {why}")),
            Kind::Worktree => worktree_fault(&out).map(|why| format!("'{out}' is no place for a worktree: {why}")),
            Kind::WorktreeAnywhere => {
                let fault = out.split('/').find_map(component_fault);
                fault.map(|why| format!("'{out}' is no place for a worktree: {why}"))
            }
        };
        fault.map_or(Ok(out), Err)
    }

    /// The text before the first placeholder or tag: every name that the template makes starts with it.
    pub fn literal_prefix(&self) -> &str {
        let end = ["{{", "{%", "{#"].iter().filter_map(|open| self.text.find(open)).min();
        match (end, &self.body) {
            (Some(end), Body::Engine { .. }) => self.text[..end].trim_end(),
            (Some(end), Body::Parts(_)) => &self.text[..end],
            (None, _) => &self.text,
        }
    }

    /// Whether the template names the agent, which not every task has.
    pub fn names_agent(&self) -> bool {
        match &self.body {
            Body::Parts(parts) => parts.contains(&Part::Agent),
            Body::Engine { agent, .. } => *agent,
        }
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

const NO_ID: &str = "the name lacks the id";

/// The parts of a template that holds nothing but text and plain placeholders.
fn parts(text: &str) -> Option<Vec<Part>> {
    if text.contains("{%") || text.contains("{#") {
        return None;
    }
    let mut parts = Vec::new();
    // As in Jinja, one line break at the end of a template is not part of it.
    let mut rest = text.strip_suffix('\n').unwrap_or(text);
    while let Some((before, after)) = rest.split_once("{{") {
        let (inside, after) = after.split_once("}}")?;
        parts.extend((!before.is_empty()).then(|| Part::Literal(before.into())));
        parts.push(match inside.trim() {
            "id" => Part::Id,
            "title" => Part::Title,
            "agent" => Part::Agent,
            "repo" => Part::Repo,
            "title|slug" | "title | slug" => Part::Slug,
            _ => return None,
        });
        rest = after;
    }
    parts.extend((!rest.is_empty()).then(|| Part::Literal(rest.into())));
    Some(parts)
}

fn fill(parts: &[Part], names: &Names<'_>) -> Result<String, String> {
    let mut out = String::with_capacity(64);
    for part in parts {
        match part {
            Part::Literal(text) => out.push_str(text),
            Part::Id => out.push_str(names.id.as_str()),
            Part::Title => out.push_str(names.title),
            Part::Slug => out.push_str(&slug(names.title, names.id.as_str())),
            Part::Agent => out.push_str(names.agent.ok_or("the template names the agent, and the task has none")?),
            Part::Repo => out.push_str(names.repo),
        }
    }
    Ok(out)
}

fn engine(text: &str) -> Result<Body, String> {
    if let Some(tag) = first_words(text).find(|tag| !TAGS.contains(tag)) {
        return Err(format!("a template has no tag '{tag}', only 'if' and 'set'"));
    }
    check_cost(text)?;
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.add_filter("slug", slug_filter);
    environment.add_template_owned("template", text.to_owned()).map_err(|fault| told(&fault))?;
    let used = environment.get_template("template").map_err(|fault| told(&fault))?.undeclared_variables(false);
    let mut unknown: Vec<_> = used.iter().filter(|name| !NAMES.contains(&name.as_str())).collect();
    unknown.sort();
    if let Some(name) = unknown.first() {
        return Err(format!("a template knows no name '{name}', only id, title, agent and repo"));
    }
    Ok(Body::Engine { environment: Arc::new(environment), agent: used.contains("agent") })
}

/// Each join may double a text, and each list may repeat one: so many joins may be, and no lists of several.
///
/// # Errors
/// There are more.
fn check_cost(text: &str) -> Result<(), String> {
    let mut joins = 0;
    for tag in tags::tags(text).map_err(|why| why.split_once(": ").map_or(why.clone(), |(_, why)| why.to_owned()))? {
        if tag.operators().any(|operator| matches!(operator, '*' | ',')) {
            return Err("neither '*' nor ',' in a tag".to_owned());
        }
        joins += tag.operators().filter(|operator| matches!(operator, '~' | '+')).count();
    }
    if joins > MOST_JOINS { Err(format!("a template joins at most {MOST_JOINS} texts")) } else { Ok(()) }
}

/// The first word of every `{% … %}`.
fn first_words(text: &str) -> impl Iterator<Item = &str> {
    text.split("{%").skip(1).map(|tag| {
        let tag = tag.trim_start_matches(['-', '+']).trim_start();
        let end = tag.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(tag.len());
        &tag[..end]
    })
}

fn run_engine(environment: &Environment<'_>, names: &Names<'_>) -> Result<String, String> {
    let mut context = BTreeMap::from([
        ("id", Value::from(names.id.as_str())),
        ("title", Value::from(names.title)),
        ("repo", Value::from(names.repo)),
    ]);
    if let Some(agent) = names.agent {
        context.insert("agent", Value::from(agent));
    }
    let template = environment.get_template("template").map_err(|fault| told(&fault))?;
    template.render(Value::from(context)).map_err(|fault| told(&fault))
}

fn told(fault: &minijinja::Error) -> String {
    match fault.detail() {
        Some(detail) => format!("{}: {detail}", fault.kind()),
        None => fault.kind().to_string(),
    }
}

fn slug_filter(state: &State<'_, '_>, text: &str) -> String {
    let id = state.lookup("id").map(|id| id.to_string()).unwrap_or_default();
    slug(text, &id)
}

/// `title` in lower-case `a-z0-9` with single `-` between, at most 40 characters; `id` where nothing is left.
pub fn slug(title: &str, id: &str) -> String {
    let mut out = String::new();
    for character in title.chars() {
        if out.len() >= LONGEST_SLUG {
            break;
        }
        if character.is_ascii_alphanumeric() {
            out.push(character.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    let out = out.trim_end_matches('-');
    if out.is_empty() { id.to_owned() } else { out.to_owned() }
}

/// Whether git takes `name` below `refs/heads/` and `git branch` takes it too (git-check-ref-format(1), with
/// `--branch`), and no component could be taken for an option or fool a terminal.
pub fn is_branch_name(name: &str) -> bool {
    branch_fault(name).is_none()
}

fn branch_fault(name: &str) -> Option<&'static str> {
    let forbidden = |c: char| matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\');
    match name {
        "" => return Some("it is empty"),
        "HEAD" | "@" => return Some("git means something else by it"),
        _ if name.contains("..") => return Some("no '..' in a branch name"),
        _ if name.contains("@{") => return Some("no '@{' in a branch name"),
        _ if name.contains(forbidden) => return Some("no space and none of ~^:?*[\\ in a branch name"),
        _ if name.ends_with('.') => return Some("it ends with '.'"),
        _ => {}
    }
    name.split('/').find_map(|part| match part {
        "" => Some("an empty component"),
        _ if part.starts_with('.') => Some("a component starts with '.'"),
        _ if part.ends_with(".lock") => Some("a component ends with '.lock'"),
        _ => component_fault(part),
    })
}

fn worktree_fault(path: &str) -> Option<&'static str> {
    if path.starts_with('/') {
        return Some("an absolute path");
    }
    if path.starts_with('~') {
        return Some("it starts with '~'");
    }
    path.split('/').enumerate().find_map(|(index, part)| match part {
        "" => Some("an empty component"),
        "." => Some("a component '.'"),
        ".." if index > 0 => Some("'..' only once, at the start"),
        _ if part.eq_ignore_ascii_case(".git") => Some("'.git' is git's own"),
        _ if part.starts_with(' ') || part.ends_with(' ') => Some("a component starts or ends with a space"),
        _ => component_fault(part),
    })
}

/// What no component of a name or a path may be.
fn component_fault(part: &str) -> Option<&'static str> {
    if part.starts_with('-') {
        return Some("a component starts with '-'");
    }
    if part.len() > LONGEST_COMPONENT {
        return Some("a component is longer than 250 bytes");
    }
    matches!(escape(part), std::borrow::Cow::Owned(_)).then_some("a control or invisible character")
}

fn message_fault(message: &str) -> Option<String> {
    if message.trim().is_empty() {
        return Some("the message is empty".to_owned());
    }
    message.contains('\0').then(|| "a NUL character in the message".to_owned())
}
