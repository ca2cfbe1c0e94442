//! `status --watch` as a screen: a pure function from what was seen and what a person chose to a buffer of cells.
//!
//! Only the sixteen colours that every theme defines, bold, dim and reverse are used, never a background: so it is readable on
//! light and dark.

mod details;
mod list;
mod paint;
#[cfg(test)]
mod tests;

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::model::status::{Row, Status, Verdict};
use crate::model::text::{count, escape};
use crate::model::watch::{Details, Room, Seen, Sort, View};
use paint::{BOLD, DIM, GREEN, PLAIN, RED, YELLOW, plain_without_colors};

/// Everything that is on the screen.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The repository's name.
    pub repo: &'a str,
    /// `None` until the first observation is there.
    pub seen: Option<&'a Seen>,
    pub view: &'a View,
    /// Of the selected task, where they are read already.
    pub details: Option<&'a Details>,
    pub pulse: Pulse,
    /// Why the last observation failed; what is shown is older.
    pub fault: Option<&'a str>,
    pub colors: bool,
}

/// How what is shown follows the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pulse {
    Looking,
    /// Changes are told by the system.
    Live,
    /// Something is not watched: it is looked at this often.
    Every(Duration),
}

/// Draws the screen, and says how much fits.
pub fn draw(shown: &Shown<'_>, area: Rect, buffer: &mut Buffer) -> Room {
    let [head, body, foot] = parts(area);
    put(head, buffer, 0, &title(shown, usize::from(head.width)));
    put(foot, buffer, 0, &footer(shown));
    let room = match shown.seen {
        _ if shown.view.help => help(body, buffer),
        None => {
            put(body, buffer, 0, &Line::styled("  reading the repository …", DIM));
            Room::default()
        }
        Some(seen) => {
            let (above, below) = split(shown, seen, body);
            let above = if below.is_none() { outlook(&seen.status, above, buffer) } else { above };
            let page = list::draw(seen, shown.view, above, buffer);
            below.map_or(Room { page, depth: 0 }, |below| details::draw(shown, below, buffer))
        }
    };
    if !shown.colors {
        plain_without_colors(buffer);
    }
    room
}

/// Title, body and footer; on a screen of one or two lines, what matters most.
fn parts(area: Rect) -> [Rect; 3] {
    let head = u16::from(area.height >= 4);
    let foot = u16::from(area.height >= 3);
    let at = |y: u16, height: u16| Rect { y: area.y + y, height, ..area };
    [at(0, head), at(head, area.height - head - foot), at(area.height - foot, foot)]
}

/// Where the rows stand, and where the details, if they are open: below the rows, or in their place on a small screen.
fn split(shown: &Shown<'_>, seen: &Seen, body: Rect) -> (Rect, Option<Rect>) {
    const SMALL: u16 = 16;
    if !shown.view.open {
        return (body, None);
    }
    if body.height < SMALL {
        return (Rect { height: 0, ..body }, Some(body));
    }
    let needed = u16::try_from(list::lines(seen, shown.view)).unwrap_or(u16::MAX);
    let above = needed.min(body.height * 2 / 5);
    let (y, height) = (body.y + above, body.height - above);
    (Rect { height: above, ..body }, Some(Rect { y, height, ..body }))
}

/// Writes what is to come at the end of `area`, where there is room for it, and returns what is left for the rows.
fn outlook(status: &Status, area: Rect, buffer: &mut Buffer) -> Rect {
    const SMALL: u16 = 12;
    const MOST: usize = 3;
    if area.height < SMALL || status.rows().next().is_none() {
        return area;
    }
    let text = crate::render::status::outlook(status, usize::from(area.width).saturating_sub(1));
    let lines: Vec<Line<'_>> = paint::lines(&text).into_iter().take(MOST).collect();
    let above = area.height - u16::try_from(lines.len()).unwrap_or(0);
    for (at, mut line) in (above..).zip(lines) {
        line.spans.insert(0, Span::raw(" "));
        put(area, buffer, at, &line);
    }
    Rect { height: above, ..area }
}

/// Writes `line` as the line `at` of `area`, cut at its edge; nothing where there is no such line.
fn put(area: Rect, buffer: &mut Buffer, at: u16, line: &Line<'_>) {
    if at < area.height {
        buffer.set_line(area.x, area.y + at, line, area.width);
    }
}

/// The repository, how far everything is, and at the right how it is followed; where there is little room, without the target,
/// then without what stands last.
fn title(shown: &Shown<'_>, width: usize) -> Line<'static> {
    let pulse = match shown.pulse {
        Pulse::Looking => "looking … ".to_owned(),
        Pulse::Live => "live ".to_owned(),
        Pulse::Every(pause) => format!("every {} s ", pause.as_secs().max(1)),
    };
    let right = Line::raw(pulse.as_str()).width();
    let mut parts = vec![Span::styled(format!(" {}", escape(shown.repo)), BOLD)];
    parts.extend(shown.seen.map(|seen| progress(&seen.status)).unwrap_or_default());
    let used = |parts: &[Span<'_>]| parts.iter().map(|part| part.width() + 3).sum::<usize>() - 3;
    if parts.len() > 1 && used(&parts) + right >= width {
        parts.remove(1);
    }
    while parts.len() > 1 && used(&parts) + right >= width {
        parts.pop();
    }
    let gap = width.saturating_sub(used(&parts) + right);
    let mut line = Line::default();
    for (at, part) in parts.into_iter().enumerate() {
        if at > 0 {
            line.push_span(Span::raw(" · "));
        }
        line.push_span(part);
    }
    if gap > 0 {
        line.push_span(Span::raw(" ".repeat(gap)));
        line.push_span(Span::styled(pulse, DIM));
    }
    line
}

/// The target, and how far everything is.
fn progress(status: &Status) -> Vec<Span<'static>> {
    let (target, commit) = status.target.newest();
    let mut parts = vec![
        Span::raw(format!("{} at {}", escape(target), commit.short())),
        Span::raw(crate::render::status::progress(status, "")),
    ];
    let number = |of: fn(&Row) -> bool| status.rows().filter(|row| of(row)).count();
    let in_conflict = |row: &Row| row.readiness.as_ref().is_some_and(|it| it.verdict == Verdict::Conflict);
    let (ready, conflicts, collisions) = (number(Row::ready_to_land), number(in_conflict), status.collisions().len());
    parts.extend((ready > 0).then(|| Span::styled(format!("{ready} ready"), GREEN)));
    parts.extend((conflicts > 0).then(|| Span::styled(format!("{conflicts} in conflict"), RED)));
    parts.extend((collisions > 0).then(|| Span::styled(count(collisions, "collision"), RED)));
    parts
}

fn footer(shown: &Shown<'_>) -> Line<'static> {
    let view = shown.view;
    if view.typing {
        let cursor = Span::styled(" ", PLAIN.add_modifier(Modifier::REVERSED));
        return Line::from(vec![Span::styled(" /", BOLD), Span::raw(escape(&view.filter).into_owned()), cursor]);
    }
    if let Some(message) = &view.message {
        return Line::styled(format!(" {}", escape(message)), BOLD);
    }
    if let Some(fault) = shown.fault {
        return Line::from(vec![Span::styled(" error: ", RED), Span::raw(escape(fault).into_owned())]);
    }
    let mut spans = Vec::new();
    if !view.filter.is_empty() {
        spans.push(Span::styled(format!(" filter: {}", escape(&view.filter)), YELLOW));
    }
    if view.sort != Sort::Batch || view.reversed {
        let reversed = if view.reversed { ", reversed" } else { "" };
        spans.push(Span::styled(format!(" sort: {}{reversed}", view.sort.word()), YELLOW));
    }
    let keys = if view.open {
        "  ↑↓ scroll  n p next task  y copy path  esc close  ? help  q quit"
    } else {
        "  ↑↓ select  enter details  / filter  s sort  y copy path  ? help  q quit"
    };
    spans.push(Span::styled(if spans.is_empty() { keys.replacen(' ', "", 1) } else { keys.to_owned() }, DIM));
    Line::from(spans)
}

const KEYS: [(&str, &str); 14] = [
    ("↑ ↓  k j", "select a task; in details, scroll"),
    ("PgUp PgDn  space", "the same by pages"),
    ("Home End  g G", "the first, the last"),
    ("enter  l", "open details of the selected task"),
    ("esc  h", "close them; else take the filter off"),
    ("tab  n p", "in details: next, previous task"),
    ("/", "show only rows with these words (enter, esc)"),
    ("s S", "sort by the next column; reverse"),
    ("y  c", "copy the path of the worktree"),
    ("r", "look again now"),
    ("ctrl-l", "draw again"),
    ("ctrl-z", "suspend"),
    ("q  ctrl-c", "quit"),
    ("?", "this help; any key closes it"),
];

fn help(area: Rect, buffer: &mut Buffer) -> Room {
    for (at, (keys, what)) in (0..).zip(KEYS) {
        let keys = Span::styled(format!("  {keys:<18}"), BOLD);
        put(area, buffer, at, &Line::from(vec![keys, Span::styled(what, Style::new())]));
    }
    Room::default()
}
