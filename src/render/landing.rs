//! A simulated landing, as text.

use anstyle::{AnsiColor, Style};

use super::reason::sentence;
use super::table::{Align, Cell, Column, table};
use crate::model::facts::Target;
use crate::model::id::TaskId;
use crate::model::landing::{Landing, Left, Obstacle, Whom};
use crate::model::path::TreePath;
use crate::model::text::{count, escape};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default();

/// Conflicting paths told of one task, unless asked for all.
const PATHS_TOLD: usize = 3;

/// The whole answer of `status --order`. `columns` is the width of the terminal; `verbose` tells every path.
pub fn landing(landing: &Landing, target: &Target, columns: usize, verbose: bool) -> String {
    let (name, commit) = target.newest();
    let all = landing.lands.len() + landing.left.len();
    if all == 0 {
        return nothing(landing.whom);
    }
    let whom = match landing.whom {
        Whom::Done => "reported done",
        Whom::All => "with commits",
    };
    let tasks = count(all, "task");
    let mut out =
        format!("{BOLD}Landing {tasks} {whom}{BOLD:#} onto {} at {}, simulated\n", escape(name), commit.short());
    let rows = landing.lands.iter().enumerate().map(|(place, (id, title))| {
        vec![Cell::plain((place + 1).to_string()), Cell::plain(id.as_str()), Cell::plain(escape(title))]
    });
    let column = |title: &str, align| -> Column { (title.to_owned(), align) };
    let head = [column("", Align::Right), column("Task", Align::Left), column("Title", Align::Left)];
    let rows: Vec<Vec<Cell>> = rows.collect();
    if !rows.is_empty() {
        out.push_str(&table(&head, &rows, DIM, columns));
    }
    if !landing.left.is_empty() {
        out.push_str(&format!("{BOLD}Left out{BOLD:#}\n"));
        out.push_str(&landing.left.iter().map(|left| told(left, name, verbose)).collect::<String>());
    }
    out.push('\n');
    out.push_str(&summary(landing, all));
    out
}

fn nothing(whom: Whom) -> String {
    match whom {
        Whom::Done => "No task is reported done.\n\n  git dispatch status --order --all\n".to_owned(),
        Whom::All => "No active task has commits.\n".to_owned(),
    }
}

fn summary(landing: &Landing, all: usize) -> String {
    let lands = landing.lands.len();
    match (lands == all, landing.most) {
        (true, _) => format!("{lands} of {all} land one after the other\n"),
        (false, true) => format!("{lands} of {all} land one after the other; no order lands more\n"),
        (false, false) => format!("{lands} of {all} land one after the other; another order may land more\n"),
    }
}

/// A task that is left out, and what it breaks with and where.
fn told(left: &Left, target: &str, verbose: bool) -> String {
    format!("  {RED}{}{RED:#} {}\n", left.id, why(&left.why, target, verbose))
}

/// A clause after the task's id: why it does not land on `target`.
pub fn why(why: &Obstacle, target: &str, verbose: bool) -> String {
    match why {
        Obstacle::Breaks { with, paths } => {
            let with = if with.is_empty() { escape(target).into_owned() } else { ids(with) };
            match paths.as_slice() {
                [] => format!("conflicts with {with} (no single path: directories renamed)"),
                paths => format!("conflicts with {with} in {}", some(paths, verbose)),
            }
        }
        Obstacle::Behind { with } if with.is_empty() => {
            format!("does not stand on all that {} has: no fast-forward", escape(target))
        }
        Obstacle::Behind { with } => format!("does not stand on {}: no fast-forward", ids(with)),
        Obstacle::Needs(needs) => format!("needs {}", ids(needs)),
        Obstacle::Barred(reasons) => sentence(reasons),
        Obstacle::Red { .. } => "fails the check".to_owned(),
        Obstacle::Unknown => "cannot be merged: an object is missing, or it shares no history".to_owned(),
    }
}

fn ids(ids: &[TaskId]) -> String {
    ids.iter().map(TaskId::as_str).collect::<Vec<_>>().join(", ")
}

fn some(paths: &[TreePath], verbose: bool) -> String {
    let told = if verbose { paths.len() } else { PATHS_TOLD };
    let first: Vec<String> = paths.iter().take(told).map(TreePath::to_string).collect();
    match paths.len().saturating_sub(told) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::{facts, id};

    fn left(name: &str, why: Obstacle) -> Left {
        Left { id: id(name), title: String::new(), why }
    }

    #[test]
    fn an_order_tells_what_is_left_out_with_whom_and_where() {
        let paths: Vec<TreePath> = ["a", "b\u{1b}[2J", "c", "d"].map(TreePath::from).into();
        let order = Landing {
            whom: Whom::Done,
            lands: vec![(id("B"), "Second\u{7}".to_owned()), (id("A"), "First".to_owned())],
            left: vec![
                left("C", Obstacle::Breaks { with: vec![id("A"), id("B")], paths }),
                left("D", Obstacle::Breaks { with: vec![], paths: vec!["x".into()] }),
                left("E", Obstacle::Needs(vec![id("C")])),
            ],
            most: true,
        };
        let text = anstream::adapter::strip_str(&landing(&order, &facts().target, 80, false)).to_string();
        assert_eq!(
            text,
            "Landing 5 tasks reported done onto main at aaaaaaa, simulated\n     Task  Title\n  1  B     Second\\u{7}\n  \
             2  A     First\nLeft out\n  C conflicts with A, B in a, b\\e[2J, c and 1 more\n  D conflicts with main in x\n  \
             E needs C\n\n2 of 5 land one after the other; no order lands more\n"
        );
    }
}
