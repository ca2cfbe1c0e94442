//! What the keys do.

use std::cmp::Reverse;

use crate::model::facts::Changes;
use crate::model::id::TaskId;
use crate::model::state::State;
use crate::model::status::{Row, Status, Verdict};

/// A key, as far as this view tells keys apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Enter,
    Escape,
    Tab,
    BackTab,
    Erase,
    Text(char),
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-Z.
    Suspend,
    /// Ctrl-L.
    Redraw,
}

/// What a key asks for beyond the view itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Quit,
    Refresh,
    Copy(TaskId),
    Suspend,
    Redraw,
}

/// In which order the rows stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// By batch, as `status` shows them.
    #[default]
    Batch,
    Id,
    State,
    /// Conflicts first, then collisions.
    Merges,
    /// Most commits behind first.
    Behind,
    /// Most uncommitted paths first.
    Changes,
    /// Last commit first.
    Age,
}

impl Sort {
    const ALL: [Sort; 7] = [Sort::Batch, Sort::Id, Sort::State, Sort::Merges, Sort::Behind, Sort::Changes, Sort::Age];

    pub fn word(self) -> &'static str {
        match self {
            Sort::Batch => "batch",
            Sort::Id => "id",
            Sort::State => "state",
            Sort::Merges => "merges",
            Sort::Behind => "behind",
            Sort::Changes => "changes",
            Sort::Age => "age",
        }
    }

    fn next(self) -> Sort {
        let at = Sort::ALL.iter().position(|&sort| sort == self).unwrap_or(0);
        Sort::ALL[(at + 1) % Sort::ALL.len()]
    }
}

/// How much fits, as it was drawn last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Room {
    /// Lines that a page moves by.
    pub page: usize,
    /// How far the details can be scrolled.
    pub depth: usize,
}

/// What a person has chosen to see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct View {
    pub selected: Option<TaskId>,
    pub sort: Sort,
    pub reversed: bool,
    /// Words that a row must have, all of them.
    pub filter: String,
    /// The filter is being typed.
    pub typing: bool,
    /// Details are open.
    pub open: bool,
    pub help: bool,
    /// Lines of the details above the first that is shown.
    pub scroll: usize,
    /// Told in the last line until the next key.
    pub message: Option<String>,
}

impl View {
    /// Takes a key and says what else is to be done.
    pub fn press(&mut self, key: Key, status: Option<&Status>, room: Room) -> Option<Act> {
        self.message = None;
        match key {
            Key::Interrupt => return Some(Act::Quit),
            Key::Suspend => return Some(Act::Suspend),
            Key::Redraw => return Some(Act::Redraw),
            _ => {}
        }
        if self.typing {
            self.type_filter(key);
        } else if self.help {
            self.help = false;
            return (key == Key::Text('q')).then_some(Act::Quit);
        } else if let Some(act) = self.command(key) {
            return Some(act);
        } else if self.open {
            self.within_details(key, status, room);
        } else {
            self.within_rows(key, status, room);
        }
        if let Some(status) = status {
            self.settle(status);
        }
        None
    }

    /// Keeps the selection on a row that is shown.
    pub fn settle(&mut self, status: &Status) {
        let rows = self.rows(status);
        let there = |id: &TaskId| rows.iter().any(|row| row.id == *id);
        if !self.selected.as_ref().is_some_and(there) {
            let first = rows.first().map(|row| row.id.clone());
            if self.selected != first {
                self.scroll = 0;
            }
            self.selected = first;
        }
        self.open &= self.selected.is_some();
    }

    /// The rows that are shown, in their order.
    pub fn rows<'a>(&self, status: &'a Status) -> Vec<&'a Row> {
        let words: Vec<String> = self.filter.split_whitespace().map(str::to_lowercase).collect();
        let mut rows: Vec<&Row> = status.rows().filter(|row| matches(row, &words)).collect();
        match self.sort {
            Sort::Batch => {}
            Sort::Id => rows.sort_by(|a, b| a.id.cmp(&b.id)),
            Sort::State => rows.sort_by_key(|row| urgency(row.state)),
            Sort::Merges => rows.sort_by_key(|row| verdict(row)),
            Sort::Behind => rows.sort_by_key(|row| Reverse(row.branch.as_ref().and_then(|branch| branch.behind))),
            Sort::Changes => rows.sort_by_key(|row| Reverse(row.changes().map(changed))),
            Sort::Age => rows.sort_by_key(|row| Reverse(row.branch.as_ref().map(|branch| branch.committed_at))),
        }
        if self.reversed {
            rows.reverse();
        }
        rows
    }

    /// Keys that mean the same with and without details.
    fn command(&mut self, key: Key) -> Option<Act> {
        match key {
            Key::Text('q') => return Some(Act::Quit),
            Key::Text('r') => return Some(Act::Refresh),
            Key::Text('y' | 'c') => return self.selected.clone().map(Act::Copy),
            Key::Text('?') => self.help = true,
            Key::Text('/') => self.typing = true,
            Key::Text('s') => {
                self.sort = self.sort.next();
                self.message = Some(format!("sorted by {}", self.sort.word()));
            }
            Key::Text('S') => self.reversed = !self.reversed,
            _ => {}
        }
        None
    }

    fn type_filter(&mut self, key: Key) {
        match key {
            Key::Text(character) => self.filter.push(character),
            Key::Erase if self.filter.is_empty() => self.typing = false,
            Key::Erase => _ = self.filter.pop(),
            Key::Enter => self.typing = false,
            Key::Escape => {
                self.typing = false;
                self.filter.clear();
            }
            _ => {}
        }
    }

    fn within_rows(&mut self, key: Key, status: Option<&Status>, room: Room) {
        let page = room.page.max(1) as isize;
        match key {
            Key::Up | Key::Text('k') | Key::BackTab => self.move_by(-1, status),
            Key::Down | Key::Text('j') | Key::Tab => self.move_by(1, status),
            Key::PageUp => self.move_by(-page, status),
            Key::PageDown | Key::Text(' ') => self.move_by(page, status),
            Key::First | Key::Text('g') => self.move_by(isize::MIN, status),
            Key::Last | Key::Text('G') => self.move_by(isize::MAX, status),
            Key::Enter | Key::Text('l') => (self.open, self.scroll) = (self.selected.is_some(), 0),
            Key::Escape => self.filter.clear(),
            _ => {}
        }
    }

    fn within_details(&mut self, key: Key, status: Option<&Status>, room: Room) {
        let page = room.page.max(1);
        let scrolled = self.scroll.min(room.depth);
        self.scroll = match key {
            Key::Up | Key::Text('k') => scrolled.saturating_sub(1),
            Key::Down | Key::Text('j') => scrolled + 1,
            Key::PageUp => scrolled.saturating_sub(page),
            Key::PageDown | Key::Text(' ') => scrolled + page,
            Key::First | Key::Text('g') => 0,
            Key::Last | Key::Text('G') => room.depth,
            _ => scrolled,
        }
        .min(room.depth);
        match key {
            Key::Tab | Key::Text('n') => self.move_by(1, status),
            Key::BackTab | Key::Text('p') => self.move_by(-1, status),
            Key::Escape | Key::Enter | Key::Erase | Key::Text('h') => self.open = false,
            _ => {}
        }
    }

    /// Moves the selection by so many rows, no further than the first and the last.
    fn move_by(&mut self, by: isize, status: Option<&Status>) {
        let Some(status) = status else { return };
        let rows = self.rows(status);
        let Some(last) = rows.len().checked_sub(1) else { return };
        let now = rows.iter().position(|row| self.selected.as_ref() == Some(&row.id)).unwrap_or(0);
        let next = now.saturating_add_signed(by).min(last);
        if next != now {
            self.scroll = 0;
        }
        self.selected = Some(rows[next].id.clone());
    }
}

/// Whether each of `words`, all in lower case, stands somewhere in what a row says.
fn matches(row: &Row, words: &[String]) -> bool {
    let batch = row.batch.as_deref().unwrap_or_default();
    let verdict = row.readiness.as_ref().map_or("", |readiness| readiness.verdict.word());
    let collides = if collides(row) { "collides" } else { "" };
    let drift = if row.drift.as_ref().is_some_and(|drift| !drift.paths.is_empty()) { "drift" } else { "" };
    let texts = [row.id.as_str(), &row.title, &row.branch_name, batch, row.state.word(), verdict, collides, drift];
    let texts = texts.map(str::to_lowercase);
    words.iter().all(|word| texts.iter().any(|text| text.contains(word)))
}

/// What asks for somebody comes first.
fn urgency(state: State) -> u8 {
    match state {
        State::Lost => 0,
        State::Stopped => 1,
        State::Done => 2,
        State::Active => 3,
        State::Landed => 5,
        State::Cancelled => 6,
        _ => 4,
    }
}

fn verdict(row: &Row) -> u8 {
    match row.readiness.as_ref().map(|readiness| readiness.verdict) {
        Some(Verdict::Conflict) => 0,
        None if row.branch.is_some() => 1,
        _ if collides(row) => 2,
        Some(Verdict::Clean) => 3,
        Some(Verdict::Empty) => 4,
        Some(Verdict::Landed) | None => 5,
    }
}

fn collides(row: &Row) -> bool {
    row.collisions.as_ref().is_some_and(|others| !others.is_empty())
}

fn changed(changes: Changes) -> u64 {
    changes.staged + changes.modified + changes.untracked + changes.conflicted
}
