//! Styles of this screen, and those of text that was made for a terminal.

use anstyle::{AnsiColor, Color as Ansi, Effects};
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

pub(super) const PLAIN: Style = Style::new();
pub(super) const BOLD: Style = PLAIN.add_modifier(Modifier::BOLD);
pub(super) const DIM: Style = PLAIN.add_modifier(Modifier::DIM);
pub(super) const RED: Style = PLAIN.fg(Color::Red);
pub(super) const GREEN: Style = PLAIN.fg(Color::Green);
pub(super) const YELLOW: Style = PLAIN.fg(Color::Yellow);
pub(super) const CYAN: Style = PLAIN.fg(Color::Cyan);
pub(super) const MAGENTA: Style = PLAIN.fg(Color::Magenta);

/// The style of a table's cell.
pub(super) fn style(of: anstyle::Style) -> Style {
    let mut style = PLAIN;
    if let Some(Ansi::Ansi(color)) = of.get_fg_color() {
        style = style.fg(named(color));
    }
    let effects = of.get_effects();
    for (effect, modifier) in [(Effects::BOLD, Modifier::BOLD), (Effects::DIMMED, Modifier::DIM)] {
        if effects.contains(effect) {
            style = style.add_modifier(modifier);
        }
    }
    style
}

fn named(color: AnsiColor) -> Color {
    match color {
        AnsiColor::Black | AnsiColor::BrightBlack => Color::DarkGray,
        AnsiColor::Red | AnsiColor::BrightRed => Color::Red,
        AnsiColor::Green | AnsiColor::BrightGreen => Color::Green,
        AnsiColor::Yellow | AnsiColor::BrightYellow => Color::Yellow,
        AnsiColor::Blue | AnsiColor::BrightBlue => Color::Blue,
        AnsiColor::Magenta | AnsiColor::BrightMagenta => Color::Magenta,
        AnsiColor::Cyan | AnsiColor::BrightCyan => Color::Cyan,
        AnsiColor::White | AnsiColor::BrightWhite => Color::Reset,
    }
}

/// The lines of text that `render` made for a terminal, its SGR sequences as styles.
pub(super) fn lines(text: &str) -> Vec<Line<'static>> {
    let mut style = PLAIN;
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut spans = Vec::new();
        let mut parts = line.split("\u{1b}[");
        spans.push(Span::styled(parts.next().unwrap_or_default().to_owned(), style));
        for part in parts {
            let (codes, rest) = part.split_once('m').unwrap_or((part, ""));
            style = codes.split(';').fold(style, sgr);
            spans.push(Span::styled(rest.to_owned(), style));
        }
        lines.push(Line::from(spans));
    }
    lines
}

/// `line` as lines of at most `width` columns, broken at blanks where there are any; what goes on stands two columns deeper.
pub(super) fn broken(line: Line<'static>, width: usize) -> Vec<Line<'static>> {
    if line.width() <= width || width == 0 {
        return vec![line];
    }
    let letters: Vec<(char, Style)> =
        line.spans.iter().flat_map(|span| span.content.chars().map(|letter| (letter, span.style))).collect();
    let deep = letters.iter().take_while(|(letter, _)| *letter == ' ').count() + 2;
    let deep = if deep * 2 > width { 0 } else { deep };
    let mut lines = Vec::new();
    let mut rest = letters.as_slice();
    while !rest.is_empty() {
        let before = if lines.is_empty() { 0 } else { deep };
        let fits = fitting(rest, width - before);
        let blank = rest[..fits].iter().rposition(|(letter, _)| *letter == ' ');
        let end = if fits == rest.len() {
            fits
        } else {
            blank.filter(|&at| rest[..at].iter().any(|(letter, _)| *letter != ' ')).unwrap_or(fits)
        };
        let mut next = Line::raw(" ".repeat(before));
        next.spans.extend(rest[..end].iter().map(|&(letter, style)| Span::styled(letter.to_string(), style)));
        lines.push(next);
        let gap = rest[end..].iter().take_while(|(letter, _)| *letter == ' ').count();
        rest = &rest[end + gap..];
    }
    lines
}

/// How many letters fit into `width` columns: at least one.
fn fitting(letters: &[(char, Style)], width: usize) -> usize {
    let mut used = 0;
    let fits = letters.iter().take_while(|(letter, _)| {
        used += crate::model::text::width(letter.encode_utf8(&mut [0; 4]));
        used <= width
    });
    fits.count().max(1)
}

/// `style` after one SGR code, of those that `render` uses.
fn sgr(style: Style, code: &str) -> Style {
    match code.parse::<u8>().unwrap_or(0) {
        0 => PLAIN,
        1 => style.add_modifier(Modifier::BOLD),
        2 => style.add_modifier(Modifier::DIM),
        31 | 91 => style.fg(Color::Red),
        32 | 92 => style.fg(Color::Green),
        33 | 93 => style.fg(Color::Yellow),
        34 | 94 => style.fg(Color::Blue),
        35 | 95 => style.fg(Color::Magenta),
        36 | 96 => style.fg(Color::Cyan),
        _ => style,
    }
}

/// Takes the colours off what is drawn; bold, dim and reverse stay.
pub(super) fn plain_without_colors(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        cell.fg = Color::Reset;
        cell.bg = Color::Reset;
    }
}
