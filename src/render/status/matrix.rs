//! Who does not merge with whom, as a square of counts.

use anstyle::Style;

use super::{BOLD, DIM, RED, UNKNOWN, YELLOW, nothing, wrapped};
use crate::model::status::{Cell, Matrix, Status};
use crate::model::text::{cut, escape, width};

/// Columns that a cell takes: a sign and a mark.
const CELL: usize = 2;

/// Before the number of a row.
const INDENT: usize = 2;

/// The whole answer: the target and each active task by a number, each with each. `columns` is the width of the terminal:
/// where they do not fit beside each other, the columns of the square stand below each other in parts, and the tasks in a
/// list of their own.
pub fn matrix(status: &Status, columns: usize) -> String {
    let matrix = status.matrix();
    if matrix.rows.is_empty() {
        return if status.groups.is_empty() { nothing(status) } else { "No active task to compare.\n".to_owned() };
    }
    let square = Square::new(&matrix);
    let mut out = square.text(columns);
    out.push('\n');
    out.push_str(&legend(&matrix, columns));
    out
}

struct Square<'m> {
    cells: &'m [Vec<Cell>],
    /// Id and title of each, the target's name first.
    names: Vec<(String, String)>,
    /// Digits of the largest number.
    digits: usize,
}

impl<'m> Square<'m> {
    fn new(matrix: &'m Matrix<'_>) -> Square<'m> {
        let target = (escape(matrix.target).into_owned(), String::new());
        let tasks = matrix.rows.iter().map(|row| (row.id.to_string(), escape(&row.title).into_owned()));
        let digits = matrix.rows.len().to_string().len();
        Square { cells: &matrix.cells, names: std::iter::once(target).chain(tasks).collect(), digits }
    }

    fn text(&self, columns: usize) -> String {
        let ids = self.names[1..].iter().map(|(id, _)| width(id)).max().unwrap_or(0);
        let whole = |(id, title): &(String, String)| if title.is_empty() { width(id) } else { ids + 2 + width(title) };
        let whole = self.names.iter().map(whole).max().unwrap_or(0);
        let free = columns.saturating_sub(INDENT + self.digits + 2);
        let beside = free.saturating_sub(CELL * self.names.len() + 2);
        let all = 0..self.names.len();
        if beside >= ids {
            return self.part(all, whole.min(beside), ids);
        }
        let at_once = (free / CELL).max(1);
        let mut out = String::new();
        for start in all.step_by(at_once) {
            out.push_str(&self.part(start..(start + at_once).min(self.names.len()), 0, 0));
            out.push('\n');
        }
        for (number, (id, title)) in self.names.iter().enumerate() {
            let gap = if title.is_empty() { "" } else { "  " };
            let head = format!("{:INDENT$}{number:>w$}  {id:ids$}{gap}", "", w = self.digits);
            let title = cut(title, columns.saturating_sub(width(&head)).max(8)).into_owned();
            out.push_str(&format!("{}\n", format!("{head}{title}").trim_end()));
        }
        out
    }

    /// Some of the columns, with `label` columns of text before them, of which an id takes `ids`.
    fn part(&self, shown: std::ops::Range<usize>, label: usize, ids: usize) -> String {
        let label_gap = if label > 0 { label + 2 } else { 0 };
        let before = INDENT + self.digits + 2 + label_gap;
        let mut out = self.headings(shown.clone(), before);
        for (number, (id, title)) in self.names.iter().enumerate() {
            let name = if title.is_empty() { id.clone() } else { format!("{id:ids$}  {title}") };
            let name = cut(&name, label);
            let name =
                if label > 0 { format!("{name}{}", " ".repeat(label_gap - width(&name))) } else { String::new() };
            let cells: String = self.cells[number][shown.clone()].iter().map(|&cell| drawn(cell)).collect();
            let line = format!("{:INDENT$}{number:>w$}  {name}{cells}", "", w = self.digits);
            out.push_str(&format!("{}\n", line.trim_end()));
        }
        out
    }

    /// The numbers of the columns, read downwards.
    fn headings(&self, shown: std::ops::Range<usize>, before: usize) -> String {
        let mut out = String::new();
        for place in (0..self.digits as u32).rev() {
            let digit = |number: usize| {
                let higher = number / 10usize.pow(place);
                if higher == 0 && place > 0 { ' ' } else { char::from(b'0' + (higher % 10) as u8) }
            };
            let digits: String = shown.clone().flat_map(|number| [digit(number), ' ']).collect();
            out.push_str(&format!("{:before$}{DIM}{}{DIM:#}\n", "", digits.trim_end()));
        }
        out
    }
}

/// A cell as [`CELL`] columns.
fn drawn(cell: Cell) -> String {
    let (text, style): (String, Style) = match cell {
        Cell::Same => ("\\ ".to_owned(), DIM),
        Cell::Clean => ("- ".to_owned(), DIM),
        Cell::Unknown => (format!("{UNKNOWN} "), Style::new()),
        Cell::Conflicts { paths, uncommitted } => {
            let count = if paths < 10 { paths.to_string() } else { "+".to_owned() };
            let (mark, style) = if uncommitted { ("~", YELLOW) } else { (" ", RED) };
            (format!("{count}{mark}"), style)
        }
    };
    let shown = text.trim_end();
    format!("{style}{shown}{style:#}{}", &text[shown.len()..])
}

/// What the signs mean that are there.
fn legend(matrix: &Matrix<'_>, columns: usize) -> String {
    let has = |test: &dyn Fn(Cell) -> bool| matrix.cells.iter().flatten().any(|&cell| test(cell));
    let mut parts =
        vec![format!("{BOLD}0{BOLD:#} is {}", escape(matrix.target)), "a number counts conflicting paths".to_owned()];
    let signs: [(&str, &dyn Fn(Cell) -> bool); 4] = [
        ("+ ten or more", &|cell| matches!(cell, Cell::Conflicts { paths: 10.., .. })),
        ("~ with what is not committed", &|cell| matches!(cell, Cell::Conflicts { uncommitted: true, .. })),
        ("- merges cleanly", &|cell| cell == Cell::Clean),
        ("· not known", &|cell| cell == Cell::Unknown),
    ];
    parts.extend(signs.iter().filter(|(_, test)| has(test)).map(|(text, _)| (*text).to_owned()));
    wrapped(&parts, columns)
}

#[cfg(test)]
mod tests;
