//! Columns without boxes: widths fit the cells, columns that are empty in every row are dropped, and the last one is cut.

use anstyle::Style;

use crate::model::text::{cut, width};

/// One cell: text without control characters, and how it looks.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    pub text: String,
    pub style: Style,
}

impl Cell {
    pub fn plain(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), style: Style::new() }
    }

    pub fn styled(text: impl Into<String>, style: Style) -> Cell {
        Cell { text: text.into(), style }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

/// A column's heading and side.
pub type Column = (String, Align);

/// Lines of the table, the headings first, each indented by two and at most `columns` wide where the last cell allows it.
/// Every row has as many cells as there are columns.
pub fn table(head: &[Column], rows: &[Vec<Cell>], heading: Style, columns: usize) -> String {
    let (kept, widths): (Vec<usize>, Vec<usize>) = widths(head, rows).into_iter().unzip();
    let titles: Vec<Cell> = head.iter().map(|(title, _)| Cell::styled(title.clone(), heading)).collect();
    let mut out = String::new();
    for row in std::iter::once(&titles).chain(rows) {
        let cells = kept.iter().map(|&at| (&row[at], head[at].1));
        out.push_str(&line(cells.zip(&widths).collect(), columns));
    }
    out
}

/// The columns that are not empty in every row, and how wide each is.
pub(super) fn widths(head: &[Column], rows: &[Vec<Cell>]) -> Vec<(usize, usize)> {
    let kept = (0..head.len()).filter(|&at| rows.iter().any(|row| !row[at].text.is_empty()));
    let widest = |at: usize| rows.iter().map(|row| width(&row[at].text)).max().unwrap_or(0).max(width(&head[at].0));
    kept.map(|at| (at, widest(at))).collect()
}

/// The last column is not cut below this.
const LEAST_LAST: usize = 8;

/// How wide a terminal the table takes, with its last column cut as far as can be.
pub fn least_width(head: &[Column], rows: &[Vec<Cell>]) -> usize {
    width_with(head, rows, LEAST_LAST)
}

/// How wide a terminal the table takes, with its last column cut to so many.
pub fn width_with(head: &[Column], rows: &[Vec<Cell>], last_cut: usize) -> usize {
    let widths = widths(head, rows);
    let Some(((last, wide), rest)) = widths.split_last() else { return 0 };
    // Titles may be cut; what stands in the other columns is too short to be.
    let last = if *last + 1 == head.len() { (*wide).min(last_cut) } else { *wide };
    rest.iter().map(|(_, wide)| wide + 2).sum::<usize>() + last + 2
}

fn line(cells: Vec<((&Cell, Align), &usize)>, columns: usize) -> String {
    let mut out = String::from("  ");
    let mut used = 2;
    let last = cells.len().saturating_sub(1);
    for (at, ((cell, align), &wide)) in cells.into_iter().enumerate() {
        let text = if at == last {
            cut(&cell.text, columns.saturating_sub(used).max(LEAST_LAST))
        } else {
            cell.text.as_str().into()
        };
        let gap = " ".repeat(wide.saturating_sub(width(&text)));
        let style = cell.style;
        match align {
            Align::Right => out.push_str(&format!("{gap}{style}{text}{style:#}")),
            Align::Left if at == last => out.push_str(&format!("{style}{text}{style:#}")),
            Align::Left => out.push_str(&format!("{style}{text}{style:#}{gap}")),
        }
        if at != last {
            out.push_str("  ");
        }
        used += wide + 2;
    }
    format!("{}\n", out.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_columns_are_dropped_and_the_last_one_is_cut() {
        let head = [
            ("Task".into(), Align::Left),
            ("PR".into(), Align::Left),
            ("n".into(), Align::Right),
            ("Title".into(), Align::Left),
        ];
        let row =
            |id: &str, n: &str, title: &str| vec![Cell::plain(id), Cell::plain(""), Cell::plain(n), Cell::plain(title)];
        let rows = [row("A-1", "12", "A long title that is cut"), row("B", "3", "")];
        let text = table(&head, &rows, Style::new(), 26);
        assert_eq!(text, "  Task   n  Title\n  A-1   12  A long title …\n  B      3\n");
    }
}
