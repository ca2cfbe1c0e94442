//! Text and numbers in XML and HTML.

use crate::model::text::escape;

/// Untrusted text as it stands between tags or in a quoted attribute: what could fool a reader is shown as an escape, and
/// markup is text.
pub fn text(untrusted: &str) -> String {
    let safe = escape(untrusted);
    let mut out = String::with_capacity(safe.len() + 16);
    for character in safe.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // No characters of XML 1.0.
            '\u{fffe}' | '\u{ffff}' => out.push_str(&format!("\\u{{{:x}}}", u32::from(character))),
            plain => out.push(plain),
        }
    }
    out
}

/// Pixels with at most one decimal.
pub fn pixels(number: f64) -> String {
    let tenths = (number * 10.0).round() / 10.0;
    // No `-0`.
    format!("{}", tenths + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_what_xml_knows_no_name_for_are_shown_as_text() {
        assert_eq!(text("<a b=\"c\" d='e'>&amp;"), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;");
        assert_eq!(text("a\u{0}\n\u{1b}\u{202e}\u{ffff}]]>"), "a\\u{0}\\n\\e\\u{202e}\\u{ffff}]]&gt;");
        assert_eq!(text("日本 😀"), "日本 😀");
    }

    #[test]
    fn pixels_are_short() {
        assert_eq!([12.0, 0.04, -0.04, 3.25, 1e3].map(pixels), ["12", "0", "0", "3.3", "1000"]);
    }
}
