//! What JSON and YAML become: a tree that knows its places, read by type with a fault where the type is another.

use std::borrow::Cow;
use std::ops::Range;

use super::sink::{Place, Sinks, quoted};

/// The deepest nesting that is read.
pub(super) const DEEPEST: usize = 64;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node<'t> {
    pub span: Range<usize>,
    pub value: Value<'t>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'t> {
    Null,
    Bool(bool),
    /// As it is written.
    Number(Cow<'t, str>),
    Text(Cow<'t, str>),
    List(Vec<Node<'t>>),
    Table(Vec<(Node<'t>, Node<'t>)>),
}

/// Why a text could not be read as JSON or YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SyntaxFault {
    pub span: Range<usize>,
    pub what: String,
}

impl SyntaxFault {
    pub fn new(at: usize, what: impl Into<String>) -> SyntaxFault {
        SyntaxFault { span: at..at + 1, what: what.into() }
    }
}

/// A table whose keys are texts, each once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'n, 't> {
    pub entries: &'n [(Node<'t>, Node<'t>)],
}

impl<'t> Node<'t> {
    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// What it is, for faults.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// A text, or a number or truth value as it is written.
    pub fn word(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Some(text),
            Value::Bool(true) => Some("true"),
            Value::Bool(false) => Some("false"),
            _ => None,
        }
    }
}

impl<'n, 't> Table<'n, 't> {
    /// The value of `key`; `null` counts as absent.
    pub fn get(self, key: &str) -> Option<&'n Node<'t>> {
        let found = self.entries.iter().find(|(name, _)| name.word() == Some(key));
        found.map(|(_, value)| value).filter(|value| !value.is_null())
    }

    /// The first of `keys` that there is, with its name.
    pub fn first<'k>(self, keys: &[&'k str]) -> Option<(&'k str, &'n Node<'t>)> {
        keys.iter().find_map(|&key| Some((key, self.get(key)?)))
    }
}

/// Reads the nodes of one text by type; `owner` names the task in faults.
pub(super) struct Reader<'s> {
    pub sinks: &'s mut Sinks,
    pub text: usize,
    /// Such as `'bd-1'`; empty at the top.
    pub owner: String,
}

impl Reader<'_> {
    pub fn place(&self, node: &Node<'_>) -> Place {
        Place { text: self.text, span: node.span.clone() }
    }

    pub fn fault(&mut self, node: &Node<'_>, what: String) {
        self.sinks.fault(self.text, Some(node.span.clone()), what, None);
    }

    pub fn slot(&self, key: &str) -> String {
        // What has no key: 'a workflow', 'a job'.
        if ["a ", "an ", "the "].iter().any(|article| key.starts_with(article)) {
            return if self.owner.is_empty() { key.to_owned() } else { self.owner.clone() };
        }
        if self.owner.is_empty() { quoted(key) } else { format!("'{key}' of {}", self.owner) }
    }

    pub fn wrong(&mut self, key: &str, node: &Node<'_>, expected: &str) {
        let what = format!("{} must be {expected}, not {}", self.slot(key), node.kind());
        self.fault(node, what);
    }

    pub fn table<'n, 't>(&mut self, key: &str, node: &'n Node<'t>) -> Option<Table<'n, 't>> {
        let Value::Table(entries) = &node.value else {
            self.wrong(key, node, "a table");
            return None;
        };
        let mut seen = std::collections::HashSet::new();
        for (name, _) in entries {
            match name.word() {
                None => self.fault(name, format!("a key must be a text, not {}", name.kind())),
                Some(word) if !seen.insert(word) => {
                    let what = format!("the key {} stands here twice", quoted(word));
                    self.fault(name, what);
                }
                Some(_) => {}
            }
        }
        Some(Table { entries })
    }

    pub fn list<'n, 't>(&mut self, key: &str, node: &'n Node<'t>) -> &'n [Node<'t>] {
        if let Value::List(list) = &node.value {
            return list;
        }
        self.wrong(key, node, "a list");
        &[]
    }

    /// A text without NUL, which nothing that it may reach can hold.
    pub fn text(&mut self, key: &str, node: &Node<'_>) -> Option<String> {
        let Value::Text(text) = &node.value else {
            self.wrong(key, node, "a text");
            return None;
        };
        self.sound(key, node, text)
    }

    /// A text or a number, as ids and names are written.
    pub fn word(&mut self, key: &str, node: &Node<'_>) -> Option<String> {
        match &node.value {
            Value::Text(text) | Value::Number(text) => self.sound(key, node, text),
            _ => {
                self.wrong(key, node, "a text or a number");
                None
            }
        }
    }

    fn sound(&mut self, key: &str, node: &Node<'_>, text: &str) -> Option<String> {
        if text.contains('\0') {
            let what = format!("{} holds a NUL character", self.slot(key));
            self.fault(node, what);
            return None;
        }
        Some(text.to_owned())
    }

    /// The text of `key`, where there is one that says something.
    pub fn text_of(&mut self, table: Table<'_, '_>, key: &str) -> Option<String> {
        let text = self.text(key, table.get(key)?)?;
        (!text.trim().is_empty()).then_some(text)
    }

    /// The text or number of `key`, where there is one that says something.
    pub fn word_of(&mut self, table: Table<'_, '_>, key: &str) -> Option<String> {
        let word = self.word(key, table.get(key)?)?;
        (!word.trim().is_empty()).then_some(word)
    }

    /// The words of `key`, each with its node: a list of them, or one alone.
    pub fn words_of<'n, 't>(&mut self, table: Table<'n, 't>, key: &str) -> Vec<(String, &'n Node<'t>)> {
        let Some(node) = table.get(key) else { return Vec::new() };
        if matches!(node.value, Value::Text(_) | Value::Number(_)) {
            return self.word(key, node).into_iter().map(|word| (word, node)).collect();
        }
        let Value::List(list) = &node.value else {
            self.wrong(key, node, "a list, or one text");
            return Vec::new();
        };
        list.iter().filter(|item| !item.is_null()).filter_map(|item| Some((self.word(key, item)?, item))).collect()
    }
}
