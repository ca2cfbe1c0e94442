//! Who does not merge with whom, as a square.

use std::collections::{BTreeMap, BTreeSet};

use super::{Row, Status, Verdict};
use crate::model::id::TaskId;
use crate::model::state::State;

/// What becomes of two that are merged with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// One and the same.
    Same,
    Clean,
    /// In so many paths.
    Conflicts {
        paths: usize,
        uncommitted: bool,
    },
    Unknown,
}

/// The target and the active tasks among those shown, each merged with each.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix<'s> {
    /// The target's name.
    pub target: &'s str,
    pub rows: Vec<&'s Row>,
    /// A square, symmetric, one larger than there are rows: the target comes first.
    pub cells: Vec<Vec<Cell>>,
}

/// The square of more active tasks would be larger than anyone reads.
pub const MOST: usize = 500;

impl Status {
    /// How many tasks the square compares.
    pub fn compared(&self) -> usize {
        self.rows().filter(|row| meets(row)).map(|row| &row.id).collect::<BTreeSet<_>>().len()
    }

    /// The rows are in the order in which they are shown, each task once.
    pub fn matrix(&self) -> Matrix<'_> {
        let mut known = BTreeSet::new();
        let rows: Vec<&Row> = self.rows().filter(|row| meets(row) && known.insert(&row.id)).collect();
        let places: BTreeMap<&TaskId, usize> = rows.iter().map(|row| &row.id).zip(1..).collect();
        let compared = |row: &Row| if row.collisions.is_some() { Cell::Clean } else { Cell::Unknown };
        let mut cells = vec![vec![Cell::Unknown; rows.len() + 1]; rows.len() + 1];
        cells[0][0] = Cell::Same;
        for (row, place) in rows.iter().zip(1..) {
            cells[0][place] = with_target(row);
            cells[place][0] = with_target(row);
            for (other, beside) in rows.iter().zip(1..) {
                cells[place][beside] = if compared(other) == Cell::Clean { compared(row) } else { Cell::Unknown };
            }
            for collision in row.collisions.iter().flatten() {
                if let Some(&beside) = places.get(&collision.with) {
                    let paths = collision.paths.len().max(1);
                    cells[place][beside] = Cell::Conflicts { paths, uncommitted: collision.uncommitted };
                }
            }
            for beside in row.uncertain.iter().filter_map(|other| places.get(other)) {
                cells[place][*beside] = Cell::Unknown;
            }
            cells[place][place] = Cell::Same;
        }
        Matrix { target: self.target.newest().0, rows, cells }
    }
}

fn meets(row: &Row) -> bool {
    row.branch.is_some() && matches!(row.state, State::Active | State::Done | State::Stopped)
}

fn with_target(row: &Row) -> Cell {
    match &row.readiness {
        None => Cell::Unknown,
        Some(readiness) if readiness.verdict == Verdict::Conflict => {
            Cell::Conflicts { paths: readiness.conflicts.len().max(1), uncommitted: readiness.uncommitted }
        }
        Some(readiness) if readiness.unread => Cell::Unknown,
        Some(_) => Cell::Clean,
    }
}
