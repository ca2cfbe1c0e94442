//! Untrusted text made safe for a terminal, and the small words that all tables share.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar;

/// `text` with every character that could move a cursor, recolour, reorder or hide text shown as an escape:
/// C0, DEL, C1, line and paragraph separators, bidi controls, zero-width and other invisible characters.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{1b}' => out.push_str("\\e"),
            unsafe_one if is_unsafe(unsafe_one) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(unsafe_one));
            }
            plain => out.push(plain),
        }
    }
    Cow::Owned(out)
}

/// Whether a character may change what a terminal shows of others, or shows as nothing
/// (Unicode 16: general categories Cc, Cf, Zl, Zp, the tag block and the invisible fillers).
pub fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}'
            | '\u{8e2}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Columns that `text` takes, SGR sequences not counted.
pub fn width(text: &str) -> usize {
    let mut columns = 0;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            characters.by_ref().find(|&end| end == 'm');
        } else {
            columns += character.width().unwrap_or(0);
        }
    }
    columns
}

/// `text` cut to at most `columns`, with `…` where something was cut. `text` holds no SGR sequences.
pub fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut used = 0;
    for character in text.chars() {
        let next = character.width().unwrap_or(0);
        if used + next + 1 > columns {
            break;
        }
        used += next;
        out.push(character);
    }
    if columns > 0 {
        out.push('…');
    }
    Cow::Owned(out)
}

/// The last place in `text` at or before byte `at` that lies between two characters.
pub fn boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|&place| text.is_char_boundary(place)).unwrap_or(0)
}

/// A duration as people say it: `0m`, `45m`, `4h`, `1h30m`. Days are not used: how long one is depends on who works.
pub fn duration(minutes: u64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes}m"),
        (hours, 0) => format!("{hours}h"),
        (hours, minutes) => format!("{hours}h{minutes:02}m"),
    }
}

/// How long ago something was, in the largest unit that is at least one: `just now`, `5m ago`, `2h ago`, `3d ago`, `5w ago`, `2y ago`.
pub fn age(seconds: i64) -> String {
    let minutes = seconds / 60;
    let hours = minutes / 60;
    let days = hours / 24;
    match () {
        () if minutes < 1 => "just now".to_owned(),
        () if hours < 1 => format!("{minutes}m ago"),
        () if days < 1 => format!("{hours}h ago"),
        () if days < 14 => format!("{days}d ago"),
        () if days < 365 => format!("{}w ago", days / 7),
        () => format!("{}y ago", days / 365),
    }
}

/// `1 task`, `2 tasks`.
pub fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// So many bytes as git says it (git `strbuf.c`, `strbuf_humanise_bytes`): `12 bytes`, `1.50 KiB`, `3.00 MiB`, `2.25 GiB`.
pub fn size(bytes: u64) -> String {
    let hundredths = |shift: u32, bytes: u64| (bytes >> shift, ((bytes & ((1 << shift) - 1)) * 100) >> shift);
    let (whole, part, unit) = match bytes {
        0..=0x400 => return count(usize::try_from(bytes).unwrap_or(usize::MAX), "byte"),
        0x401..=0x10_0000 => {
            let (whole, part) = hundredths(10, bytes + 5);
            (whole, part, "KiB")
        }
        0x10_0001..=0x4000_0000 => {
            let (whole, part) = hundredths(20, bytes + 5243);
            (whole, part, "MiB")
        }
        _ => (bytes >> 30, (bytes & ((1 << 30) - 1)) / 10_737_419, "GiB"),
    };
    format!("{whole}.{part:02} {unit}")
}

/// `text` as one word of a POSIX shell: as it is where that is safe, else in single quotes.
pub fn shell_word(text: &str) -> String {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | ',' | ':' | '@' | '%' | '=');
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_fool_a_terminal_is_shown_as_an_escape() {
        assert_eq!(
            escape("\u{1b}]0;pwn\u{7}\u{1b}[2Jx\rOK landed\u{202e}\u{9b}\u{200b}\u{7f}\n"),
            "\\e]0;pwn\\u{7}\\e[2Jx\\rOK landed\\u{202e}\\u{9b}\\u{200b}\\u{7f}\\n"
        );
        assert_eq!(escape("naïve 日本 –"), "naïve 日本 –");
    }

    #[test]
    fn text_is_cut_by_columns_not_characters() {
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("abcd", 0), "");
        assert_eq!(width("\u{1b}[1mab\u{1b}[0m"), 2);
    }

    /// What `git count-objects -vH` and progress bars of git say of these.
    #[test]
    fn sizes_are_said_as_git_says_them() {
        let cases = [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1024, "1024 bytes"),
            (1025, "1.00 KiB"),
            (1536, "1.50 KiB"),
            (1 << 20, "1024.00 KiB"),
            ((1 << 20) + 1, "1.00 MiB"),
            (5 << 20, "5.00 MiB"),
            ((1 << 30) + (1 << 28) + (1 << 20), "1.25 GiB"),
            (u64::MAX, "17179869183.99 GiB"),
        ];
        for (bytes, told) in cases {
            assert_eq!(size(bytes), told);
        }
    }

    #[test]
    fn durations_and_ages_use_the_largest_unit() {
        assert_eq!(duration(240), "4h");
        assert_eq!(duration(95), "1h35m");
        assert_eq!(duration(65), "1h05m");
        assert_eq!(age(30), "just now");
        assert_eq!(age(7_200), "2h ago");
        assert_eq!(age(86_400 * 20), "2w ago");
    }
}
