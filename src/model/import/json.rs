//! JSON (RFC 8259) to a [`Node`] tree. serde_json checks the words; the places are found here.

use super::node::{DEEPEST, Node, SyntaxFault, Value};

/// Reads one JSON value and nothing after it. `start` is added to all places.
///
/// # Errors
/// The text is no JSON, or nested deeper than [`DEEPEST`].
pub(super) fn parse(text: &str, start: usize) -> Result<Node<'_>, SyntaxFault> {
    let mut scan = Scan { text, at: 0, start };
    if text.starts_with('\u{feff}') && start == 0 {
        scan.at = '\u{feff}'.len_utf8();
    }
    let node = scan.value(0)?;
    scan.skip();
    if scan.at < text.len() {
        return Err(scan.fault("there is something after the end of the JSON value"));
    }
    Ok(node)
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    start: usize,
}

impl<'t> Scan<'t> {
    fn fault(&self, what: &str) -> SyntaxFault {
        SyntaxFault::new(self.start + self.at.min(self.text.len().saturating_sub(1)), what)
    }

    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self) {
        while matches!(self.next(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Recurses at most [`DEEPEST`] times.
    fn value(&mut self, depth: usize) -> Result<Node<'t>, SyntaxFault> {
        self.skip();
        let from = self.at;
        let value = match self.next() {
            None => return Err(self.fault("the JSON ends here, and is not complete")),
            Some(b'{' | b'[') if depth == DEEPEST => {
                return Err(self.fault(&format!("nested deeper than {DEEPEST} times")));
            }
            Some(b'{') => self.table(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Value::Text(self.string()?.into()),
            Some(_) => self.word()?,
        };
        Ok(Node { span: self.start + from..self.start + self.at, value })
    }

    /// Whether another element follows; the closing `end` is passed.
    fn another(&mut self, end: u8, first: bool) -> Result<bool, SyntaxFault> {
        self.skip();
        match self.next() {
            Some(byte) if byte == end => {
                self.at += 1;
                Ok(false)
            }
            Some(_) if first => Ok(true),
            Some(b',') => {
                self.at += 1;
                self.skip();
                if self.next() == Some(end) {
                    return Err(self.fault("a comma before the end, which JSON does not allow"));
                }
                Ok(true)
            }
            Some(_) => Err(self.fault(&format!("expected ',' or '{}'", char::from(end)))),
            None => Err(self.fault("the JSON ends here, and is not complete")),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value<'t>, SyntaxFault> {
        self.at += 1;
        let mut list = Vec::new();
        while self.another(b']', list.is_empty())? {
            list.push(self.value(depth + 1)?);
        }
        Ok(Value::List(list))
    }

    fn table(&mut self, depth: usize) -> Result<Value<'t>, SyntaxFault> {
        self.at += 1;
        let mut entries = Vec::new();
        while self.another(b'}', entries.is_empty())? {
            if self.next() != Some(b'"') {
                return Err(self.fault("expected a key in double quotes"));
            }
            let from = self.at;
            let key = Value::Text(self.string()?.into());
            let key = Node { span: self.start + from..self.start + self.at, value: key };
            self.skip();
            if self.next() != Some(b':') {
                return Err(self.fault("expected ':'"));
            }
            self.at += 1;
            entries.push((key, self.value(depth + 1)?));
        }
        Ok(Value::Table(entries))
    }

    fn string(&mut self) -> Result<String, SyntaxFault> {
        let from = self.at;
        let mut escaped = true; // the opening quote
        let length = self.text.as_bytes()[from..].iter().position(|&byte| {
            let ends = byte == b'"' && !escaped;
            escaped = !escaped && byte == b'\\';
            ends
        });
        let Some(length) = length else { return Err(self.fault("this text has no end")) };
        self.at += length + 1;
        serde_json::from_str(&self.text[from..self.at]).map_err(|fault| {
            let at = self.start + from + fault.column().saturating_sub(1);
            SyntaxFault::new(at, shortened(&fault))
        })
    }

    fn word(&mut self) -> Result<Value<'t>, SyntaxFault> {
        let rest = &self.text[self.at..];
        let end =
            rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '-' | '.')).unwrap_or(rest.len());
        let word = &rest[..end];
        let value = match word {
            "null" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ if is_number(word) => Value::Number(word.into()),
            _ => return Err(self.fault("expected a JSON value")),
        };
        self.at += end;
        Ok(value)
    }
}

/// The grammar of RFC 8259, section 6, of any size.
fn is_number(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let word = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = match word.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (word, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(digits)
}

/// What serde_json says, without the place that it adds.
fn shortened(fault: &serde_json::Error) -> String {
    let text = fault.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same(node: &Node<'_>, value: &serde_json::Value) -> bool {
        match (&node.value, value) {
            (Value::Null, serde_json::Value::Null) => true,
            (Value::Bool(a), serde_json::Value::Bool(b)) => a == b,
            (Value::Number(a), serde_json::Value::Number(b)) => {
                // serde_json is not exact in the last digits.
                let (a, b) = (a.parse::<f64>().unwrap(), b.as_f64().unwrap());
                (a - b).abs() <= a.abs() * 1e-12
            }
            (Value::Text(a), serde_json::Value::String(b)) => a == b,
            (Value::List(a), serde_json::Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
            }
            (Value::Table(a), serde_json::Value::Object(b)) => a.iter().all(|(key, value)| {
                // Of a key that stands twice, serde_json keeps the last.
                let last = a.iter().rev().find(|(other, _)| other.value == key.value);
                last.is_some_and(|last| {
                    b.get(key.word().unwrap()).is_some_and(|b| same(&last.1, b)) && value.span.start > 0
                })
            }),
            _ => false,
        }
    }

    fn agrees(text: &str) {
        match (parse(text, 0), serde_json::from_str::<serde_json::Value>(text)) {
            (Ok(node), Ok(value)) => assert!(same(&node, &value), "{text}"),
            (Err(fault), Err(_)) => assert!(fault.span.start <= text.len(), "{text}"),
            // serde_json reads numbers into an f64, and refuses those beyond.
            (Ok(_), Err(error)) => assert!(error.to_string().contains("number out of range"), "{text}: {error}"),
            (Err(fault), Ok(_)) => panic!("{text}: {}", fault.what),
        }
    }

    #[test]
    fn what_is_no_json_is_a_fault_and_no_panic() {
        for text in [
            "",
            " ",
            "{",
            "[",
            "\"",
            "\"\\",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1,}",
            "[1,]",
            "[1 2]",
            "nul",
            "01",
            "1.",
            "-",
            "1e",
            "+1",
            "\"\\x\"",
            "\"\\ud800\"",
            "\"\u{1}\"",
            "{a:1}",
            "[1]]",
            "\u{feff}",
            "é",
            "[é]",
            "\"\\u00\"",
            "1e999",
            "-0.0e+10",
            "\"\\ud83d\\ude00\"",
            "{\"a\":1,\"a\":2}",
            "'x'",
            "NaN",
            "[,1]",
        ] {
            agrees(text);
        }
        assert!(parse("\u{feff}[]", 0).is_ok());
    }

    #[test]
    fn deep_nesting_is_a_fault_and_needs_no_deep_stack() {
        assert!(parse(&"[".repeat(1_000_000), 0).unwrap_err().what.starts_with("nested deeper"));
        assert!(parse(&format!("{}{}", "[".repeat(DEEPEST), "]".repeat(DEEPEST)), 0).is_ok());
    }

    #[test]
    fn places_count_from_where_the_text_starts() {
        let node = parse("{\"é\": [1, \"x\"]}", 100).unwrap();
        let Value::Table(entries) = &node.value else { panic!() };
        let Value::List(list) = &entries[0].1.value else { panic!() };
        assert_eq!((entries[0].0.span.clone(), list[1].span.clone()), (101..105, 111..114));
    }

    proptest! {
        #[test]
        fn serde_json_reads_the_same(text in "[\\[\\]{},:\"\\\\ua0-9eE+. -]{0,24}") {
            agrees(&text);
        }

        #[test]
        fn what_serde_json_writes_is_read(words in proptest::collection::vec((".*", any::<f64>(), any::<i64>()), 0..4)) {
            let value = serde_json::json!(words.iter().map(|(a, b, c)| serde_json::json!({ a.as_str(): b, "n": c, "l": [a] })).collect::<Vec<_>>());
            agrees(&value.to_string());
            agrees(&serde_json::to_string_pretty(&value).unwrap());
        }
    }
}
