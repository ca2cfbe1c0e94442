//! What stands under the rows of a group: conflicts, collisions, drift, notes, with commands to go on.

use std::collections::BTreeSet;

use super::{DIM, YELLOW, some};
use crate::model::drift::{Drift, Touched};
use crate::model::id::TaskId;
use crate::model::path::TreePath;
use crate::model::status::{Collision, Readiness, Row, Status, Verdict};
use crate::model::text::{count, escape};
use crate::render::toml;

/// Conflicting paths told of one task, unless asked for all.
const PATHS_TOLD: usize = 5;

/// Of a conflict that git tells no path of.
const NO_PATH: &str = "no single path: directories renamed";

/// Collisions told under all the tables, unless asked for all.
const COLLISIONS_TOLD: usize = 10;

/// What was told already: each pair of tasks once, under the first of the two.
pub struct Beneath<'s> {
    status: &'s Status,
    verbose: bool,
    told: BTreeSet<(&'s TaskId, &'s TaskId)>,
    listed: usize,
    left_out: usize,
}

impl<'s> Beneath<'s> {
    pub fn new(status: &'s Status, verbose: bool) -> Beneath<'s> {
        Beneath { status, verbose, told: BTreeSet::new(), listed: 0, left_out: 0 }
    }

    /// What there is to say of one row.
    pub fn row(&mut self, row: &'s Row) -> String {
        let mut out = self.conflicts(row);
        for collision in row.collisions.iter().flatten() {
            out.push_str(&self.collision(&row.id, collision));
        }
        out.push_str(&self.uncertain(row));
        if self.verbose {
            out.push_str(&drift(row));
            let port = row.port.filter(|_| self.status.uses_ports);
            out.extend(port.map(|port| format!("    {} has port {port}\n", row.id)));
        }
        for note in &row.notes {
            out.push_str(&format!("    {YELLOW}{}{YELLOW:#} {}\n", row.id, escape(&note.text)));
            out.push_str(&commands(&note.commands));
        }
        out
    }

    fn conflicts(&self, row: &Row) -> String {
        let mut out = String::new();
        let conflict = |readiness: &&Readiness| readiness.verdict == Verdict::Conflict;
        if let Some(readiness) = row.readiness.as_ref().filter(conflict) {
            let (target, _) = self.status.target.newest();
            let pending = pending(readiness.uncommitted, &readiness.conflicts);
            let paths = self.paths(&readiness.conflicts);
            out.push_str(&format!("    {} conflicts with {}{pending}{paths}", row.id, escape(target)));
        }
        if let Some(command) = &row.solution {
            out.push_str(&format!("    {DIM}{}{DIM:#}\n", escape(command)));
        }
        out
    }

    fn collision(&mut self, id: &'s TaskId, collision: &'s Collision) -> String {
        if !self.told.insert((id.min(&collision.with), id.max(&collision.with))) {
            return String::new();
        }
        if !self.verbose && self.listed == COLLISIONS_TOLD {
            self.left_out += 1;
            return String::new();
        }
        self.listed += 1;
        let pending = pending(collision.uncommitted, &collision.paths);
        let paths = self.paths(&collision.paths);
        format!("    {id} collides with {}{pending}{paths}", collision.with)
    }

    fn uncertain(&mut self, row: &'s Row) -> String {
        let id = &row.id;
        let new = row.uncertain.iter().filter(|&other| self.told.insert((id.min(other), id.max(other))));
        let others: Vec<&str> = new.map(|other| other.as_str()).collect();
        if others.is_empty() {
            return String::new();
        }
        let others = if self.verbose { others.join(", ") } else { some(&others) };
        format!("    {}: not known whether it merges with {others}\n", row.id)
    }

    /// Ends the line that they stand below.
    fn paths(&self, paths: &[TreePath]) -> String {
        if paths.is_empty() {
            return format!(" ({NO_PATH})\n");
        }
        let told = if self.verbose { paths.len() } else { PATHS_TOLD };
        let listed = paths.iter().take(told).map(|path| format!("      {path}\n"));
        let mut out = format!(" in\n{}", listed.collect::<String>());
        if paths.len() > told {
            out.push_str(&format!("      and {} more (-v lists them)\n", paths.len() - told));
        }
        out
    }

    /// That not all was told.
    pub fn rest(&self) -> String {
        match self.left_out {
            0 => String::new(),
            left => {
                let more = count(left, "more collision");
                format!("{more}, not listed: git dispatch status --matrix\n")
            }
        }
    }
}

fn pending(uncommitted: bool, paths: &[TreePath]) -> &'static str {
    match (uncommitted, paths.is_empty()) {
        (false, _) => "",
        (true, false) => ", with what is not committed,",
        (true, true) => ", with what is not committed",
    }
}

/// What a task touches that it did not declare or others did, and the lines that would declare it.
fn drift(row: &Row) -> String {
    let Some(drift) = row.drift.as_ref().filter(|drift| !(drift.paths.is_empty() && drift.others.is_empty())) else {
        return String::new();
    };
    let what = match (drift.declared, drift.paths.is_empty()) {
        (true, false) => "touches what it did not declare",
        _ => "touches what another active task declares",
    };
    let mut out = format!("    {} {what}\n", row.id);
    for (touched, others) in lines(drift) {
        let pending = touched.uncommitted.then(|| "not committed".to_owned());
        let others: Vec<&str> = others.iter().map(|other| other.as_str()).collect();
        let others = (!others.is_empty()).then(|| format!("declared by {}", others.join(", ")));
        let remarks: Vec<String> = pending.into_iter().chain(others).collect();
        let gap = if remarks.is_empty() { "" } else { "  " };
        out.push_str(&format!("      {}{gap}{DIM}{}{DIM:#}\n", touched.path, remarks.join(", ")));
    }
    if !drift.declaration.is_empty() {
        out.push_str("    to declare it, in the task file:\n");
        out.push_str(&declaration(&row.id, drift).lines().map(|line| format!("      {line}\n")).collect::<String>());
    }
    out
}

/// The lines of a task file that declare all of it.
pub(super) fn declaration(id: &TaskId, drift: &Drift) -> String {
    let patterns = toml::list(drift.declaration.iter().map(|pattern| pattern.as_str()));
    format!("[task.{id}]\nwrites = {patterns}\n")
}

/// Both lists of a drift as one, in the order of the paths' bytes.
fn lines(drift: &Drift) -> Vec<(&Touched, &[TaskId])> {
    let mut others = drift.others.iter().peekable();
    let mut lines: Vec<(&Touched, &[TaskId])> = Vec::new();
    for touched in &drift.paths {
        while let Some((other, by)) = others.next_if(|(other, _)| other.path < touched.path) {
            lines.push((other, by));
        }
        let by = others.next_if(|(other, _)| other.path == touched.path);
        lines.push((touched, by.map_or(&[][..], |(_, by)| by)));
    }
    lines.extend(others.map(|(other, by)| (other, by.as_slice())));
    lines
}

/// How to remove what is left of a landed task.
pub fn removal(row: &Row) -> String {
    if row.removal.is_empty() {
        return String::new();
    }
    let back = row.way_back().map_or_else(String::new, |(tip, command)| {
        format!(" (its branch is at {}; '{}' brings it back)", tip.short(), escape(&command))
    });
    format!("    to remove what is left of {}{back}:\n{}", row.id, commands(&row.removal))
}

fn commands(commands: &[String]) -> String {
    commands.iter().map(|command| format!("      {DIM}{}{DIM:#}\n", escape(command))).collect()
}
