//! YAML 1.2 to a [`Node`] tree, from the events of saphyr-parser, which neither recurses nor follows aliases itself.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};

use super::node::{DEEPEST, Node, SyntaxFault, Value};

/// The longest text that is read, in bytes; GitHub takes workflows of half of that.
pub(super) const LONGEST: usize = 1 << 20;
/// The most nodes that anchors may keep and aliases repeat, all together.
const REPEATED: usize = 100_000;

/// Reads one document. `start` is added to all places.
///
/// # Errors
/// The text is no YAML, longer than [`LONGEST`], nested deeper than [`DEEPEST`], holds a second document, or repeats too
/// much by aliases.
pub(super) fn parse(text: &str, start: usize) -> Result<Node<'_>, SyntaxFault> {
    if text.len() > LONGEST {
        return Err(SyntaxFault::new(start, format!("YAML of more than {} MiB is not read", LONGEST >> 20)));
    }
    let mut builder = Builder {
        places: Places::new(text, start),
        open: Vec::new(),
        done: None,
        anchors: HashMap::new(),
        repeated: 0,
    };
    let mut parser = Parser::new_from_str(text);
    let mut documents = 0;
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|fault| {
            let at = builder.places.byte(*fault.marker());
            // The parser's own bound, which is above ours: it reads ahead in what stands in brackets.
            if fault.info().contains("recursion limit") {
                return too_deep(at);
            }
            SyntaxFault::new(at, fault.info().to_owned())
        })?;
        if matches!(event, Event::DocumentStart(_)) {
            documents += 1;
        }
        if documents > 1 {
            return Err(SyntaxFault::new(builder.places.byte(span.start), "a second YAML document in one file"));
        }
        builder.take(event, span)?;
    }
    Ok(builder.done.unwrap_or(Node { span: start..start, value: Value::Null }))
}

/// Where the characters of a text start: the parser counts in characters.
struct Places {
    start: usize,
    length: usize,
    /// Empty where every character is one byte.
    bytes: Vec<u32>,
}

impl Places {
    fn new(text: &str, start: usize) -> Places {
        let bytes = if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(at, _)| at as u32).collect() };
        Places { start, length: text.len(), bytes }
    }

    fn byte(&self, marker: Marker) -> usize {
        let index = marker.index();
        let at =
            if self.bytes.is_empty() { index } else { self.bytes.get(index).map_or(self.length, |&at| at as usize) };
        self.start + at.min(self.length)
    }
}

/// A list or table that is not closed yet.
struct Open<'t> {
    from: usize,
    anchor: usize,
    list: bool,
    nodes: Vec<Node<'t>>,
}

struct Builder<'t> {
    places: Places,
    open: Vec<Open<'t>>,
    done: Option<Node<'t>>,
    anchors: HashMap<usize, Node<'t>>,
    repeated: usize,
}

impl<'t> Builder<'t> {
    fn take(&mut self, event: Event<'t>, span: Span) -> Result<(), SyntaxFault> {
        let (from, to) = (self.places.byte(span.start), self.places.byte(span.end));
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                let value = if plain { plain_value(text) } else { Value::Text(text) };
                self.put(Node { span: from..to.max(from), value }, anchor)?;
            }
            Event::SequenceStart(anchor, _) => self.begin(from, anchor, true)?,
            Event::MappingStart(anchor, _) => self.begin(from, anchor, false)?,
            Event::SequenceEnd | Event::MappingEnd => self.end(to)?,
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor) else {
                    return Err(SyntaxFault::new(from, "an alias of something that is not complete"));
                };
                let node = node.clone();
                self.charge(&node, from)?;
                if self.open.len() + depth(&node) > DEEPEST {
                    return Err(too_deep(from));
                }
                self.put(node, 0)?;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn begin(&mut self, from: usize, anchor: usize, list: bool) -> Result<(), SyntaxFault> {
        if self.open.len() == DEEPEST {
            return Err(too_deep(from));
        }
        self.open.push(Open { from, anchor, list, nodes: Vec::new() });
        Ok(())
    }

    fn end(&mut self, to: usize) -> Result<(), SyntaxFault> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let value = if open.list {
            Value::List(open.nodes)
        } else {
            let mut nodes = open.nodes.into_iter();
            let mut entries = Vec::with_capacity(nodes.len() / 2);
            while let (Some(key), Some(value)) = (nodes.next(), nodes.next()) {
                // YAML 1.1 had it, GitHub does not read it, and what it merges would be lost.
                if key.value == Value::Text("<<".into()) {
                    return Err(SyntaxFault { span: key.span, what: "a merge key '<<' is not read".to_owned() });
                }
                entries.push((key, value));
            }
            Value::Table(entries)
        };
        self.put(Node { span: open.from..to.max(open.from), value }, open.anchor)
    }

    fn put(&mut self, node: Node<'t>, anchor: usize) -> Result<(), SyntaxFault> {
        if anchor > 0 {
            self.charge(&node, node.span.start)?;
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            Some(open) => open.nodes.push(node),
            None => self.done = Some(node),
        }
        Ok(())
    }

    /// Counts what is copied of the text.
    fn charge(&mut self, node: &Node<'_>, at: usize) -> Result<(), SyntaxFault> {
        self.repeated += size(node);
        if self.repeated > REPEATED { Err(SyntaxFault::new(at, "aliases repeat too much")) } else { Ok(()) }
    }
}

fn too_deep(at: usize) -> SyntaxFault {
    SyntaxFault::new(at, format!("nested deeper than {DEEPEST} times"))
}

/// How many nodes there are; the tree is at most [`DEEPEST`] deep.
fn size(node: &Node<'_>) -> usize {
    1 + match &node.value {
        Value::List(list) => list.iter().map(size).sum(),
        Value::Table(entries) => entries.iter().map(|(key, value)| size(key) + size(value)).sum(),
        _ => 0,
    }
}

fn depth(node: &Node<'_>) -> usize {
    match &node.value {
        Value::List(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        Value::Table(entries) => 1 + entries.iter().map(|(key, value)| depth(key).max(depth(value))).max().unwrap_or(0),
        _ => 0,
    }
}

/// The core schema (YAML 1.2.2, section 10.3.2), but numbers are kept as written: `1.10` may be an id.
fn plain_value(text: std::borrow::Cow<'_, str>) -> Value<'_> {
    match text.as_ref() {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        word if is_number(word) => Value::Number(text),
        _ => Value::Text(text),
    }
}

fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix(['-', '+']).unwrap_or(word);
    digits.starts_with(|c: char| c.is_ascii_digit()) && digits.parse::<f64>().is_ok_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fault(text: &str) -> String {
        parse(text, 0).unwrap_err().what
    }

    #[test]
    fn values_have_types_and_places() {
        let text = "é: [1.10, 'x', ~, yes, true]\nb:\n  - |\n    two\n    lines\n";
        let Value::Table(entries) = parse(text, 10).unwrap().value else { panic!() };
        let Value::List(list) = &entries[0].1.value else { panic!() };
        let values: Vec<_> = list.iter().map(|node| node.value.clone()).collect();
        let text_of = |text: &'static str| Value::Text(text.into());
        assert_eq!(
            values,
            [Value::Number("1.10".into()), text_of("x"), Value::Null, text_of("yes"), Value::Bool(true)]
        );
        assert_eq!(&text[list[1].span.start - 10..list[1].span.end - 10], "'x'");
        let Value::List(list) = &entries[1].1.value else { panic!() };
        assert_eq!(list[0].value, text_of("two\nlines\n"));
    }

    #[test]
    fn aliases_repeat_only_so_much() {
        let mut bomb = String::from("a: &a [x, x, x, x, x, x, x, x, x]\n");
        for (before, name) in ('a'..'i').zip('b'..='i') {
            bomb.push_str(&format!("{name}: &{name} [{}]\n", format!("*{before}, ").repeat(9)));
        }
        assert_eq!(fault(&bomb), "aliases repeat too much");
        let anchors: String = (0..50).map(|n| format!("&a{n} [")).collect();
        assert_eq!(fault(&format!("{anchors}{}{}", "x, ".repeat(50_000), "]".repeat(50))), "aliases repeat too much");
        assert!(parse("a: &a [1, 2]\nb: *a\n", 0).is_ok());
        assert!(parse("a: &a [1, *a]\n", 0).is_err());
        assert!(parse("a: *b\n", 0).is_err());
    }

    #[test]
    fn deep_nesting_is_a_fault_and_needs_no_deep_stack() {
        for text in ["[".repeat(200_000), "- ".repeat(200_000), "{a: ".repeat(200_000), "? ".repeat(100_000)] {
            let what = fault(&text);
            assert_eq!(what, "nested deeper than 64 times");
        }
        assert!(parse(&format!("{}{}", "[".repeat(64), "]".repeat(64)), 0).is_ok());
        assert_eq!(fault(&format!("{}{}", "[".repeat(65), "]".repeat(65))), "nested deeper than 64 times");
        let block: String = (0..1000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
        assert!(fault(&block).starts_with("nested deeper"));
    }

    #[test]
    fn what_is_no_yaml_is_a_fault() {
        for text in [
            "a: [",
            "a: b: c",
            "a:\n  b\n c: d",
            "a: 'x",
            "%YAML 9",
            "a: @x",
            "---\na\n---\nb\n",
            "}",
            "&a *a",
            "!<",
            "a: \"\\q\"",
        ] {
            assert!(parse(text, 0).is_err(), "{text}");
        }
        assert!(fault(&" ".repeat(LONGEST + 1)).contains("is not read"));
        assert!(parse("", 0).unwrap().is_null());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn nothing_makes_it_panic(text in "[-\\[\\]{}:,#&*!|>'\"%@`? \\n\\r\\tab1é\u{85}\u{2028}~.\\\\]{0,40}") {
            if let Ok(node) = parse(&text, 0) {
                prop_assert!(node.span.end <= text.len());
            }
        }
    }
}
