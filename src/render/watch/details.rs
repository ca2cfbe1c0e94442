//! All that is known of one task.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::paint::{self, BOLD, CYAN, DIM, GREEN, MAGENTA, RED, YELLOW};
use super::{Shown, put};
use crate::model::status::{Row, Status};
use crate::model::text::{age, count, escape};
use crate::model::watch::{Conflict, Details, Place, Room};
use crate::render::status::{Beneath, UNKNOWN, removal};

/// Uncommitted paths told; the rest is counted.
const PATHS: usize = 100;

/// Draws the details of the selected task under a rule, scrolled as far as asked and possible.
pub(super) fn draw(shown: &Shown<'_>, area: Rect, buffer: &mut Buffer) -> Room {
    let (Some(seen), Some(id)) = (shown.seen, &shown.view.selected) else { return Room::default() };
    let Some(row) = seen.status.rows().find(|row| row.id == *id) else { return Room::default() };
    let lines = lines(row, &seen.status, shown.details.filter(|details| details.row.id == *id), area.width.into());
    let page = usize::from(area.height.saturating_sub(1));
    let depth = lines.len().saturating_sub(page);
    let first = shown.view.scroll.min(depth);
    put(area, buffer, 0, &rule(row, (first, page, lines.len()), usize::from(area.width)));
    for (at, line) in (1..area.height).zip(&lines[first..]) {
        put(area, buffer, at, line);
    }
    Room { page: page.saturating_sub(1).max(1), depth }
}

/// `── ID title ───── 1–20 of 63 ──`.
fn rule(row: &Row, (first, page, all): (usize, usize, usize), width: usize) -> Line<'static> {
    let place = if all > page {
        format!(" {}–{} of {all} ──", first + 1, (first + page).min(all))
    } else {
        String::new()
    };
    let mut spans = vec![
        Span::styled("── ", DIM),
        Span::styled(row.id.to_string(), BOLD),
        Span::raw(format!(" {}", escape(&row.title))),
    ];
    let taken = Line::raw(place.as_str()).width();
    let used: usize = spans.iter().map(Span::width).sum();
    let free = width.saturating_sub(used + 1 + taken);
    spans.push(Span::styled(format!(" {}{place}", "─".repeat(free)), DIM));
    Line::from(spans)
}

/// What there is to do is told in full; commits, paths and lines of files are cut at the edge.
fn lines(row: &Row, status: &Status, details: Option<&Details>, width: usize) -> Vec<Line<'static>> {
    let mut lines = facts(row);
    let mut told = Beneath::new(status, true).row(row);
    told.push_str(&removal(row));
    lines.extend(paint::lines(&told).into_iter().flat_map(|line| paint::broken(line, width)));
    let Some(details) = details else {
        lines.push(Line::styled(format!("  {UNKNOWN}"), DIM));
        return lines;
    };
    commits(details, status, &mut lines);
    files(details, &mut lines);
    uncommitted(row, &mut lines);
    details.conflicts.iter().for_each(|conflict| conflicts(conflict, &mut lines));
    lines
}

/// State, branch and place; nothing stands behind a path.
fn facts(row: &Row) -> Vec<Line<'static>> {
    let label =
        |label: &str, value: String| Line::from(vec![Span::styled(format!("  {label:<9}"), DIM), Span::raw(value)]);
    let mut state = row.state.word().to_owned();
    for reason in &row.reasons {
        state.push_str(&format!(", {}", escape(&reason.to_string())));
    }
    let mut lines = vec![label("state", state)];
    if let Some(branch) = &row.branch {
        lines.push(label("branch", escape(&branch.name).into_owned()));
        let from = row.base.map_or_else(|| UNKNOWN.to_owned(), |base| base.short());
        let tip = branch.tip.short();
        lines.push(label("commits", format!("{from}..{tip}")));
    }
    if let Some(worktree) = &row.worktree {
        lines.push(label("worktree", escape(&worktree.path.to_string_lossy()).into_owned()));
    }
    lines
}

fn title(text: String, lines: &mut Vec<Line<'static>>) {
    lines.push(Line::default());
    lines.push(Line::styled(text, BOLD));
}

fn commits(details: &Details, status: &Status, lines: &mut Vec<Line<'static>>) {
    if details.commits.is_empty() {
        return;
    }
    let more = if details.more_commits { " or more" } else { "" };
    title(format!("{}{more}", count(details.commits.len(), "commit")), lines);
    for commit in &details.commits {
        let ago = age(status.now.as_second() - commit.at.as_second());
        let ago = ago.trim_start_matches("just ").trim_end_matches(" ago").to_owned();
        lines.push(Line::from(vec![
            Span::styled(format!("  {}", commit.id.short()), YELLOW),
            Span::styled(format!("  {ago:>4}  "), DIM),
            Span::raw(escape(&commit.subject).into_owned()),
        ]));
    }
}

fn files(details: &Details, lines: &mut Vec<Line<'static>>) {
    let Some(files) = &details.files else {
        title(format!("files changed: {UNKNOWN}"), lines);
        return;
    };
    if files.is_empty() {
        return;
    }
    title(format!("{} changed", count(files.len(), "file")), lines);
    for file in files {
        let (added, removed) = match file.lines {
            Some((added, removed)) => (format!("+{added}"), format!("-{removed}")),
            None => ("binary".to_owned(), String::new()),
        };
        lines.push(Line::from(vec![
            Span::styled(format!("  {added:>6}"), GREEN),
            Span::styled(format!(" {removed:<6}  "), RED),
            Span::raw(file.path.to_string()),
        ]));
    }
}

fn uncommitted(row: &Row, lines: &mut Vec<Line<'static>>) {
    let Some(uncommitted) = row.worktree.as_ref().and_then(|worktree| worktree.uncommitted.as_ref()) else { return };
    let paths = &uncommitted.paths;
    if paths.is_empty() {
        return;
    }
    title(format!("{} not committed", count(paths.len(), "file")), lines);
    lines.extend(paths.iter().take(PATHS).map(|path| Line::raw(format!("  {path}"))));
    if paths.len() > PATHS {
        lines.push(Line::styled(format!("  and {} more", paths.len() - PATHS), DIM));
    }
}

fn conflicts(conflict: &Conflict, lines: &mut Vec<Line<'static>>) {
    title(format!("conflicts with {}", escape(&conflict.with)), lines);
    lines.extend(conflict.said.iter().map(|said| Line::styled(format!("  {}", escape(said)), DIM)));
    conflict.places.iter().filter(|place| !place.lines.is_empty()).for_each(|place| hunks(place, lines));
    if conflict.cut {
        lines.push(Line::styled("  … there is more", DIM));
    }
}

/// The lines around the markers: ours, theirs, and what is common to both in dim.
fn hunks(place: &Place, lines: &mut Vec<Line<'static>>) {
    lines.push(Line::styled(format!("  {}", place.path), BOLD));
    let mut side = DIM;
    let mut last = 0;
    for (number, text) in &place.lines {
        if last > 0 && *number > last + 1 {
            lines.push(Line::styled("        ⋮", DIM));
        }
        last = *number;
        let (style, next) = match marker(text) {
            Some('<') => (RED, CYAN),
            Some('=') => (RED, MAGENTA),
            Some(_) => (RED, DIM),
            None => (side, side),
        };
        side = next;
        lines.push(Line::from(vec![
            Span::styled(format!("  {number:>6}  "), DIM),
            Span::styled(escape(&text.replace('\t', "    ")).into_owned(), style),
        ]));
    }
}

/// The character of a line of conflict markers, `None` for other lines.
fn marker(text: &str) -> Option<char> {
    let first = text.chars().next().filter(|first| "<|=>".contains(*first))?;
    let many = text.chars().take_while(|next| *next == first).count();
    let rest = &text[many..];
    (many >= 7 && (rest.is_empty() || rest.starts_with(' '))).then_some(first)
}
