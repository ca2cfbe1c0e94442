//! The rows: the columns of `status`, one table over all batches.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use super::paint::{self, DIM, PLAIN};
use super::put;
use crate::model::status::{Row, Status};
use crate::model::text::{cut, escape, width};
use crate::model::watch::{Seen, Sort, View};
use crate::render::status::{grid, heading, nothing as under_way};
use crate::render::table::{Align, Cell, Column, widths};

/// One line below the headings.
enum Item<'a> {
    Batch(Line<'static>),
    Task(usize, &'a Row),
}

/// How many lines all rows take, with headings.
pub(super) fn lines(seen: &Seen, view: &View) -> usize {
    items(&seen.status, view).len() + 1
}

/// Draws as many rows as fit around the selected one, and says how many that are.
pub(super) fn draw(seen: &Seen, view: &View, area: Rect, buffer: &mut Buffer) -> usize {
    let status = &seen.status;
    let items = items(status, view);
    if items.is_empty() {
        for (at, line) in (0..area.height).zip(nothing(status, view)) {
            put(area, buffer, at, &line);
        }
        return 0;
    }
    let rows: Vec<&Row> = items.iter().filter_map(Item::row).collect();
    let columns = usize::from(area.width);
    let (head, grid) = grid(&rows, status, columns);
    let layout = widths(&head, &grid);
    let titles: Vec<Cell> = head.iter().map(|(title, _)| Cell::plain(title.clone())).collect();
    // The only line of a screen is for the selected row.
    let above = u16::from(area.height > 1);
    if above > 0 {
        put(area, buffer, 0, &line(&titles, &head, &layout, columns).style(DIM));
    }
    let page = usize::from(area.height.saturating_sub(above));
    let at = items.iter().position(|item| item.row().is_some_and(|row| view.selected.as_ref() == Some(&row.id)));
    let first = at.unwrap_or(0).saturating_sub(page / 2).min(items.len().saturating_sub(page));
    for (place, item) in (above..area.height).zip(&items[first..]) {
        match item {
            Item::Batch(title) => put(area, buffer, place, title),
            Item::Task(number, row) => {
                let stale = seen.stale.contains(&row.id);
                put(area, buffer, place, &told(line(&grid[*number], &head, &layout, columns), stale));
                if view.selected.as_ref() == Some(&row.id) {
                    select(Rect { y: area.y + place, height: 1, ..area }, buffer);
                }
            }
        }
    }
    page
}

fn nothing(status: &Status, view: &View) -> Vec<Line<'static>> {
    match status.rows().next() {
        Some(_) => vec![Line::styled(format!("  no row has '{}'", escape(&view.filter)), DIM)],
        None => paint::lines(&under_way(status)),
    }
}

impl<'a> Item<'a> {
    fn row(&self) -> Option<&'a Row> {
        if let Item::Task(_, row) = self { Some(row) } else { None }
    }
}

/// Rows in their order; while that is the order of batches, each under its batch.
fn items<'a>(status: &'a Status, view: &View) -> Vec<Item<'a>> {
    let rows = view.rows(status);
    let tasks = rows.iter().enumerate().map(|(number, &row)| Item::Task(number, row));
    if view.sort != Sort::Batch || view.reversed || status.groups.len() < 2 {
        return tasks.collect();
    }
    let mut items = Vec::new();
    let mut tasks = tasks.peekable();
    for group in &status.groups {
        let of_group =
            |item: &Item<'_>| item.row().is_some_and(|row| group.rows.iter().any(|one| std::ptr::eq(one, row)));
        if tasks.peek().is_some_and(of_group) {
            let title = paint::lines(&heading(group, status)).into_iter().next().unwrap_or_default();
            items.push(Item::Batch(title));
        }
        while let Some(task) = tasks.next_if(of_group) {
            items.push(task);
        }
    }
    items
}

fn line(row: &[Cell], head: &[Column], layout: &[(usize, usize)], columns: usize) -> Line<'static> {
    let mut spans = vec![Span::raw("  ")];
    let mut used = 2;
    for &(at, wide) in layout {
        let text = cut(&row[at].text, columns.saturating_sub(used).min(wide));
        let gap = " ".repeat(wide.saturating_sub(width(&text)));
        let text = Span::styled(text.into_owned(), paint::style(row[at].style));
        match head[at].1 {
            Align::Right => spans.extend([Span::raw(gap), text]),
            Align::Left => spans.extend([text, Span::raw(gap)]),
        }
        spans.push(Span::raw("  "));
        used += wide + 2;
    }
    Line::from(spans)
}

/// What is no longer, or not yet, known for what it is now is dim; the id is always known.
fn told(mut line: Line<'static>, stale: bool) -> Line<'static> {
    if stale {
        line.spans.iter_mut().skip(3).for_each(|span| span.style = DIM);
    }
    line
}

/// One bar over the whole line: colours on a reversed ground would be patches.
fn select(area: Rect, buffer: &mut Buffer) {
    buffer.set_style(area, PLAIN.fg(Color::Reset).remove_modifier(Modifier::DIM));
    buffer.set_style(area, Style::new().add_modifier(Modifier::REVERSED));
}
