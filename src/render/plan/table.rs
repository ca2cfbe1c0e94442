//! The columns that all lists of a plan share.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use super::Layout;
use crate::model::plan::Plan;
use crate::model::task::{Minutes, Task};
use crate::model::text::{cut, duration, escape, width};
use crate::render::reason::sentence;

/// Rows of one list that are shown unless more is asked for.
const ROWS: usize = 20;

/// Columns that are kept for what follows the title and the time: at least those of `critical  unblocks 999`, and at most as
/// many as leave room for titles in 80 columns. Why a task is held tells more than the end of its title.
const NOTES: RangeInclusive<usize> = 24..=44;

/// Widths of the columns, in terminal columns.
pub(super) struct Table {
    layout: Layout,
    id: usize,
    title: usize,
    time: usize,
    criticals: bool,
}

impl Table {
    /// Columns as wide as what is shown of the plan needs, titles at most as wide as the terminal leaves.
    pub(super) fn new(plan: &Plan<'_>, layout: Layout) -> Table {
        let mut table = Table { layout, id: 0, title: 0, time: 0, criticals: false };
        let rows = table.rows();
        let candidates = plan.start.iter().chain(plan.queued.iter().take(rows));
        table.criticals = candidates.clone().any(|one| one.slack == 0);
        let timed = candidates.map(|one| one.ix).chain(plan.held.iter().take(rows).map(|held| held.ix));
        let mut longest = 0;
        for ix in timed {
            let task = plan.task(ix);
            table.time = table.time.max(width(&duration(task.minutes())));
            table.id = table.id.max(task.id.as_str().len());
            longest = longest.max(width(&escape(&task.title)));
        }
        for &ix in plan.waiting.iter().take(rows).chain(plan.lost.iter().take(rows)) {
            table.id = table.id.max(plan.task(ix).id.as_str().len());
            longest = longest.max(width(&escape(&plan.task(ix).title)));
        }
        let reasons = plan.held.iter().take(rows).map(|held| width(&sentence(&held.reasons))).max().unwrap_or(0);
        let notes = reasons.clamp(*NOTES.start(), *NOTES.end());
        let room = layout.width.saturating_sub(2 + table.id + 2 + 2 + table.time + 2 + notes);
        table.title = longest.min(room.max(10));
        table
    }

    /// Rows of one list to show.
    pub(super) fn rows(&self) -> usize {
        if self.layout.verbose { usize::MAX } else { ROWS }
    }

    /// Whether any row says `critical`.
    pub(super) fn criticals(&self) -> bool {
        self.criticals
    }

    /// One task: id, title, time right-aligned unless the list has none, notes, which come escaped and fitted.
    pub(super) fn row(&self, task: &Task, minutes: Option<Minutes>, notes: &str, out: &mut String) {
        let from = out.len();
        let _ = write!(out, "  {:<1$}", task.id.as_str(), self.id);
        if self.title > 0 {
            let title = escape(&task.title);
            let title = cut(&title, self.title);
            let _ = write!(out, "  {title}{:1$}", "", self.title.saturating_sub(width(&title)));
        }
        if let Some(minutes) = minutes {
            let _ = write!(out, "  {:>1$}", duration(minutes), self.time);
        }
        let _ = write!(out, "  {notes}");
        out.truncate(from + out[from..].trim_end().len());
        out.push('\n');
    }

    /// Notes cut to what the terminal leaves for them, at least twenty columns.
    pub(super) fn fit(&self, notes: &str, timed: bool) -> String {
        let title = if self.title > 0 { 2 + self.title } else { 0 };
        let used = 2 + self.id + title + if timed { 2 + self.time } else { 0 } + 2;
        cut(notes, self.layout.width.saturating_sub(used).max(20)).into_owned()
    }
}
