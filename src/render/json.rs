//! JSON answers: each an envelope with `schema` and `command`, described under docs/schema. `null` is unknown; a field that
//! does not apply is absent.

use jiff::Timestamp;
use serde::Serialize;

use crate::model::facts;
use crate::model::oid::Oid;
use crate::model::text::is_unsafe;

/// The version of all JSON answers.
pub const SCHEMA: u32 = 1;

/// One JSON answer as a line of text: characters that could fool a terminal stand in it as `\uXXXX`. They can only stand in
/// strings, where that means the same.
pub fn line<T: Serialize>(answer: &T) -> String {
    let text = serde_json::to_string(answer);
    let text = text.expect("because every key is a string and nothing in it can fail to serialize");
    let mut line = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        if is_unsafe(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                line.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            line.push(character);
        }
    }
    line.push('\n');
    line
}

/// A time in RFC 3339, UTC, whole seconds.
pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The target as every answer names it.
#[derive(Debug, Serialize)]
pub struct Target<'a> {
    pub name: &'a str,
    pub commit: Oid,
}

impl<'a> Target<'a> {
    /// The commit that new branches start from and landings are proved against.
    pub fn new(target: &'a facts::Target) -> Target<'a> {
        let (name, commit) = target.newest();
        Target { name, commit }
    }
}
