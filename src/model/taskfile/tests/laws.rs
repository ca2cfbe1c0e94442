//! What holds for every text.

use proptest::prelude::{Just, Strategy as Generator, prop_oneof, proptest};

use super::{COMPLETE, parse, parse_in};
use crate::model::text::boundary;

fn mutation() -> impl Generator<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,4}",
        Just("[[".to_owned()),
        Just("\"\"\"".to_owned()),
        Just("\n[task.X]\n".to_owned()),
        Just("= {".to_owned()),
        Just("needs = ['SCR-001']".to_owned()),
        Just("\u{0}".to_owned()),
        Just("1e999".to_owned()),
        Just("{{".to_owned()),
    ];
    (0..COMPLETE.len(), 0..40usize, piece).prop_map(|(at, length, piece)| {
        let start = boundary(COMPLETE, at);
        let end = boundary(COMPLETE, at + length).max(start);
        format!("{}{piece}{}", &COMPLETE[..start], &COMPLETE[end..])
    })
}

/// Spans are inside the text and on characters, and there is a file exactly where there is no fault.
fn sound(text: &str) {
    let parsed = parse(text);
    assert_eq!(parsed.file.is_some(), parsed.faults.is_empty());
    for fault in parsed.faults.iter().chain(&parsed.warnings) {
        if let Some(span) = fault.span.clone() {
            assert!(text.get(span).is_some(), "{fault:?}");
        }
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,200}") {
        sound(&text);
    }

    #[test]
    fn no_toml_like_text_makes_the_parser_panic(text in "([a-z.\"'\\[\\]{}=,# \n0-9é-]|task|needs|version){0,80}") {
        sound(&text);
    }

    #[test]
    fn no_mutation_of_a_valid_file_makes_the_parser_panic(text in mutation()) {
        sound(&text);
    }
}

proptest! {
    #[test]
    fn parts_make_the_same_file_as_the_whole(text in mutation(), again in mutation()) {
        let again = again.replace("SCR-001", "SCR-002");
        for text in [text.clone(), format!("{text}\n{again}"), format!("{COMPLETE}{text}"), format!("{COMPLETE}{again}")] {
            let whole = parse_in(&text, usize::MAX);
            let parts = parse_in(&text, 1);
            assert_eq!(parts.file, whole.file, "{text}");
            assert_eq!(parts.faults.is_empty(), whole.faults.is_empty(), "{text}");
        }
    }
}

#[test]
fn parts_keep_order_and_places() {
    let text = "version = 1\n[task.B]\nneeds = ['A', 'X']\n[task.A]\nneeds = ['C']\n[task.C]\nestimate = 'x'\n";
    let parts = parse_in(text, 1);
    assert_eq!(parts, parse_in(text, usize::MAX));
    assert_eq!(parts.faults.iter().map(|fault| &text[fault.span.clone().unwrap()]).collect::<Vec<_>>(), ["'X'", "'x'"]);
    for twice in [
        "[task]\n[task.A]\n[task]",
        "task = {}\n[task.A]",
        "[task.A]\n[task.B]\n[task.A.x]\n[task.A]",
        "task.A.title = 'x'\n[task.A]",
    ] {
        assert_eq!(parse_in(twice, 1), parse_in(twice, usize::MAX), "{twice}");
        assert!(parse_in(twice, 1).file.is_none());
    }
}
