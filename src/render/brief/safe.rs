//! Untrusted text in a brief. It is read as it stands, so as little as possible is changed in it.

use crate::model::text::{escape, is_unsafe};

/// Text within a line of Markdown: nothing in it ends the line, or begins code, a link, HTML or emphasis.
pub(super) fn line(untrusted: &str) -> String {
    let safe = escape(untrusted.trim());
    let mut out = String::with_capacity(safe.len() + 8);
    let mut before = ' ';
    let mut characters = safe.chars().peekable();
    while let Some(character) = characters.next() {
        let within = before.is_alphanumeric() && characters.peek().is_some_and(|next| next.is_alphanumeric());
        let special = match character {
            '\\' | '`' | '*' | '[' | ']' | '<' | '|' | '~' => true,
            '_' => !within,
            '&' => characters.peek().is_some_and(|next| next.is_ascii_alphanumeric() || *next == '#'),
            _ => false,
        };
        if special {
            out.push('\\');
        }
        out.push(character);
        before = character;
    }
    out
}

/// A path or a name as one can paste it; in a code span where it holds anything special.
pub(super) fn path(untrusted: &str) -> String {
    let plain =
        |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+' | ',' | '@' | '=' | ' ' | '{' | '}');
    if untrusted.trim() == untrusted && untrusted.chars().all(plain) {
        return untrusted.to_owned();
    }
    code(untrusted)
}

/// A code span: fenced by more backticks than stand in it (CommonMark 0.31, 6.1).
pub(super) fn code(untrusted: &str) -> String {
    let safe = escape(untrusted);
    let longest = safe.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if safe.starts_with(['`', ' ']) || safe.ends_with(['`', ' ']) || safe.is_empty() { " " } else { "" };
    format!("{fence}{pad}{safe}{pad}{fence}")
}

/// Text of several lines as it is, but for what could fool a reader: control and invisible characters are shown as escapes. A
/// joiner or a variation selector stays within text that may need one.
pub(super) fn text(untrusted: &str) -> String {
    let mut out = String::with_capacity(untrusted.len());
    let mut before = ' ';
    for character in untrusted.replace("\r\n", "\n").chars() {
        let needed = matches!(character, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
            && !before.is_ascii()
            && !is_unsafe(before);
        match character {
            '\n' | '\t' => out.push(character),
            odd if is_unsafe(odd) && !needed => out.push_str(&escape(odd.encode_utf8(&mut [0; 4]))),
            plain => out.push(plain),
        }
        before = character;
    }
    out
}

/// [`text`] that what follows is not part of: fenced code and a comment that it leaves open are closed.
pub(super) fn block(untrusted: &str) -> String {
    let safe = text(untrusted);
    let mut out = safe.trim_end().trim_start_matches('\n').to_owned();
    let mut open: Option<String> = None;
    for line in out.lines() {
        let bare = line.trim_start_matches(' ');
        if line.len() - bare.len() > 3 {
            continue;
        }
        let mark = bare.chars().next().filter(|mark| matches!(mark, '`' | '~'));
        let fence: String = mark.map(|mark| bare.chars().take_while(|c| *c == mark).collect()).unwrap_or_default();
        let rest = bare[fence.len()..].trim();
        open = match open {
            None if fence.len() >= 3 && !(mark == Some('`') && rest.contains('`')) => Some(fence),
            Some(begun) if fence.starts_with(begun.as_str()) && rest.is_empty() => None,
            other => other,
        };
    }
    if let Some(fence) = open {
        out.push('\n');
        out.push_str(&fence);
    }
    if out.rfind("<!--").is_some_and(|begins| !out[begins..].contains("-->")) {
        out.push_str("\n-->");
    }
    out
}

/// [`text`] in an item of a list whose marker takes so many columns: the lines behind the first stand below its content.
pub(super) fn item(untrusted: &str, columns: usize) -> String {
    let safe = text(untrusted);
    let mut lines = safe.trim().lines();
    let mut out = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        out.push('\n');
        if !line.trim().is_empty() {
            out.push_str(&" ".repeat(columns));
            out.push_str(line);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_a_line_and_a_path_stays_what_it_is() {
        for (given, expected) in [
            ("a_b `c` **d** _e_", r"a_b \`c\` \*\*d\*\* \_e\_"),
            ("[x](y) <b> &amp; R&D & co", r"\[x\](y) \<b> \&amp; R\&D & co"),
            ("one\n# two\u{202e}", r"one\\n# two\\u{202e}"),
        ] {
            assert_eq!(line(given), expected);
        }
        assert_eq!(path("/home/a b/r_x-task-A"), "/home/a b/r_x-task-A");
        assert_eq!(path("/x`y``z\n"), "```/x`y``z\\n```");
        assert_eq!(path("`"), "`` ` ``");
        assert_eq!(path(""), "");
    }

    #[test]
    fn a_block_keeps_what_people_wrote_and_holds_nothing_of_what_follows() {
        assert_eq!(block("\n## A\n\n  b\tc\r\nd \u{1b}[31m\u{202e}\n\n"), "## A\n\n  b\tc\nd \\e[31m\\u{202e}");
        assert_eq!(block("a\n```sh\nb\n"), "a\n```sh\nb\n```");
        assert_eq!(block("~~~~\n```\n~~~\n"), "~~~~\n```\n~~~\n~~~~");
        assert_eq!(block("```\na\n```\n``` x`"), "```\na\n```\n``` x`");
        assert_eq!(block("a <!-- b"), "a <!-- b\n-->");
        assert_eq!(
            text("\u{2764}\u{fe0f} \u{200d}a\u{fe0f} \u{2764}\u{fe0f}\u{fe0f}"),
            "\u{2764}\u{fe0f} \\u{200d}a\\u{fe0f} \u{2764}\u{fe0f}\\u{fe0f}"
        );
        assert_eq!(item("a\n\n# b\nc\n", 2), "a\n\n  # b\n  c");
    }
}
