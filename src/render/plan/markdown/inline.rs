//! Untrusted text within a line of GitHub Flavored Markdown.

use crate::model::text::escape;

/// Breaks what a renderer would make a link or a mention of, and shows as nothing. No entity and no backslash would do:
/// GitHub looks for mentions in what it has rendered.
const BREAK: &str = "<!-- -->";

/// `untrusted` as text: no emphasis, code, HTML, link, mention or end of a table's cell comes of it.
pub fn text(untrusted: &str) -> String {
    escaped(untrusted, BREAK)
}

/// Lines of untrusted text as lines of paragraphs, each behind `prefix`: no heading, list, code, table or HTML comes of any.
pub fn paragraphs(untrusted: &str, prefix: &str) -> String {
    let lines: Vec<&str> = untrusted.trim().lines().map(str::trim).collect();
    let mut out = String::new();
    for (at, line) in lines.iter().enumerate() {
        if line.is_empty() {
            if !lines[at - 1].is_empty() {
                out.push_str(prefix.trim_end());
                out.push('\n');
            }
            continue;
        }
        let goes_on = lines.get(at + 1).is_some_and(|next| !next.is_empty());
        out.push_str(prefix);
        out.push_str(&begun(&text(line)));
        out.push_str(if goes_on { "\\\n" } else { "\n" });
    }
    out
}

/// Text that stands at the beginning of a line, and begins nothing there (CommonMark 0.31, 4 and 5).
pub fn begun(safe: &str) -> String {
    let digits = safe.bytes().take_while(u8::is_ascii_digit).count();
    match safe[digits..].chars().next() {
        Some('#' | '-' | '+' | '=' | ':') if digits == 0 => format!("\\{safe}"),
        Some('.' | ')') if digits > 0 => format!("{}\\{}", &safe[..digits], &safe[digits..]),
        _ => safe.to_owned(),
    }
}

/// With `gap` where a link or a mention would begin.
fn escaped(untrusted: &str, gap: &str) -> String {
    let safe = escape(untrusted.trim());
    let mut out = String::with_capacity(safe.len() + 16);
    for (at, character) in safe.char_indices() {
        let (before, rest) = (&safe[..at], &safe[at + character.len_utf8()..]);
        let word = rest.starts_with(|next: char| next.is_alphanumeric());
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => out.extend(['\\', character]),
            '@' if word => {
                out.push(character);
                out.push_str(gap);
            }
            '#' if rest.starts_with(|next: char| next.is_numeric()) => {
                out.push(character);
                out.push_str(gap);
            }
            ':' if rest.starts_with("//") => {
                out.push(character);
                out.push_str(gap);
            }
            '.' if ends_in_www(before) => {
                out.push_str(gap);
                out.push(character);
            }
            plain => out.push(plain),
        }
    }
    out
}

fn ends_in_www(before: &str) -> bool {
    before.len() >= 3
        && before.is_char_boundary(before.len() - 3)
        && before[before.len() - 3..].eq_ignore_ascii_case("www")
}

/// A link to `address`, or only its words where that is none that [`url`] knows.
pub fn link(words: &str, address: Option<&str>) -> String {
    match address.and_then(url) {
        // Within a link nothing becomes one.
        Some(url) => format!("[{}]({})", escaped(words, ""), url.replace('&', "&amp;")),
        None => text(words),
    }
}

/// `#12` is meant as one where somebody writes it for an issue; all else is text.
pub fn reference(issue: &str) -> String {
    match issue.strip_prefix('#') {
        Some(number) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => issue.to_owned(),
        _ => text(issue),
    }
}

/// `url` with everything percent-encoded that could end it or fool a reader; `None` unless it is http or https with a host.
pub fn url(url: &str) -> Option<String> {
    let (scheme, rest) = url.trim().split_once("://")?;
    let known = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    if !known || !rest.starts_with(|first: char| first.is_alphanumeric() || first == '[') {
        return None;
    }
    let mut out = format!("{}://", scheme.to_ascii_lowercase());
    for byte in rest.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&*+,;=%".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_comes_of_what_is_written_in_a_title() {
        for (given, expected) in [
            ("a | b `c` **d** _e_", r"a \| b \`c\` \*\*d\*\* \_e\_"),
            ("[x](javascript:y) <b>&amp;", r"\[x\](javascript:y) &lt;b&gt;&amp;amp;"),
            ("@ada and a@b.c, #12, C#y, # 1", "@<!-- -->ada and a@<!-- -->b.c, #<!-- -->12, C#y, # 1"),
            ("https://x.y www.z WWW.z", "https:<!-- -->//x.y www<!-- -->.z WWW<!-- -->.z"),
            ("one\ntwo\u{202e}", r"one\\ntwo\\u{202e}"),
            (" - 日本 ", "- 日本"),
        ] {
            assert_eq!(text(given), expected);
        }
    }

    #[test]
    fn a_line_begins_nothing_but_text() {
        let given = "  # a\n- b\n\n\n12. c\n12 d\n1) e\n===\n    f\n> g\n:-- h\n\ni\\\n+ j\n";
        let expected = "> \\# a\\\n> \\- b\n>\n> 12\\. c\\\n> 12 d\\\n> 1\\) e\\\n> \\===\\\n> f\\\n> &gt; g\\\n> \\:-- h\n>\n> i\\\\\\\n> \\+ j\n";
        assert_eq!(paragraphs(given, "> "), expected);
    }

    #[test]
    fn only_http_is_a_link() {
        for (given, expected) in [
            ("https://x/a?b=1#c", Some("https://x/a?b=1#c")),
            ("HTTP://x", Some("http://x")),
            ("https://x/a(b)|c\"<d>`e` \n日", Some("https://x/a%28b%29%7Cc%22%3Cd%3E%60e%60%20%0A%E6%97%A5")),
            ("javascript://x/%0Aalert(1)", None),
            ("javascript:alert(1)", None),
            ("https:///x", None),
            ("#12", None),
            ("", None),
        ] {
            assert_eq!(url(given).as_deref(), expected, "{given}");
        }
    }
}
