//! Text as TOML: whatever it holds, it is read back as it was, and shows nothing that could fool a terminal.

use std::fmt::Write as _;

use crate::model::text::{escape, is_unsafe};

/// `text` as a basic string, on one line.
pub fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            other => push(&mut out, other),
        }
    }
    out.push('"');
    out
}

/// `text` as a basic string, on several lines where it has several.
pub fn text(text: &str) -> String {
    if !text.contains('\n') {
        return string(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    out.push_str("\"\"\"\n");
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => out.push_str("\\\\"),
            // Two quotes in a row could become three.
            '"' if matches!(characters.peek(), Some('"') | None) => out.push_str("\\\""),
            '"' | '\n' => out.push(character),
            other => push(&mut out, other),
        }
    }
    out.push_str("\"\"\"");
    out
}

/// A list of strings, on several lines where it is long.
pub fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    const LONGEST: usize = 100;
    let words: Vec<String> = words.map(string).collect();
    let line = format!("[{}]", words.join(", "));
    if line.len() <= LONGEST {
        return line;
    }
    format!("[\n{}]", words.iter().map(|word| format!("    {word},\n")).collect::<String>())
}

/// `text` as a comment of one line.
pub fn comment(text: &str) -> String {
    format!("# {}\n", escape(text))
}

fn push(out: &mut String, character: char) {
    match character {
        '\t' => out.push_str("\\t"),
        '\r' => out.push_str("\\r"),
        odd if is_unsafe(odd) => _ = write!(out, "\\U{:08X}", u32::from(odd)),
        plain => out.push(plain),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(value: &str) -> String {
        let table = toml::de::DeTable::parse(value).unwrap_or_else(|fault| panic!("{value}: {fault}"));
        table.get_ref().get("x").unwrap().get_ref().as_str().unwrap().to_owned()
    }

    fn survives(original: &str) {
        for value in [string(original), text(original)] {
            assert!(!value.chars().any(|c| is_unsafe(c) && c != '\n'), "{value:?}");
            assert_eq!(read(&format!("x = {value}\n")), original, "{value}");
        }
        let commented = format!("{}x = \"\"", comment(original));
        assert_eq!(read(&commented), "", "{commented:?}");
    }

    #[test]
    fn hostile_text_is_read_back_as_it_was() {
        for text in [
            "",
            "\"",
            "\"\"\"",
            "a\n\"\"\"\"\"",
            "\n",
            "\n\n",
            "\\",
            "a\\\nb",
            "\r\n",
            "\u{1b}]0;x\u{7}\n\u{202e}",
            "x\n  \\u0041",
            "\u{0}",
            "tab\there\n",
            "日本\n",
            "\u{feff}\n",
            "# no\n[task.x]\n",
            "'''\n\"\"",
        ] {
            survives(text);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_back_as_it_was(text in "([\"\\\\\n\r\t'#a]|\\PC|\\pC){0,20}") {
            survives(&text);
        }
    }
}
