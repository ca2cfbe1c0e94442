//! How far the started tasks are: one row a task, grouped by batch.

mod matrix;
mod notes;
mod readiness;
mod reviews;
mod row;
mod stack;
mod stopped;

use std::collections::BTreeSet;

use super::agent::agent_of;
use super::batch::{BatchState, Fate, fate, state};
use super::collision::{Collisions, Meeting, Met};
use super::drift::Declared;
use super::facts::{Facts, Observed, Target};
use super::failure::{Exit, Failure};
use super::graph::Ix;
use super::id::TaskId;
use super::landing::Landing;
use super::ledger::{Batch, Record};
use super::oid::Oid;
use super::ports;
use super::standing::{Names, Standings};
use super::start::unknown;
use super::state::{Proof, Reason, State};
use super::task::TaskFile;
use super::trash::Disk;

pub use matrix::{Cell, MOST as MOST_COMPARED, Matrix};
pub use notes::Note;
pub use readiness::{Readiness, Verdict};
pub use row::{Collision, Row};

/// Which tasks to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Batches that are not complete, and active tasks of no batch.
    Open,
    All,
    Batch(String),
    Tasks(Vec<String>),
}

/// What `status` tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    pub target: Target,
    pub now: jiff::Timestamp,
    /// In the order in which they began; the last group may be of no batch.
    pub groups: Vec<Group>,
    pub landed: usize,
    pub total: usize,
    /// Of all tasks of the task file: how many have landed, and how many there are, as `plan` counts.
    pub all: (usize, usize),
    /// Of all tasks that ever started and were not dropped, shown or not: how many have landed, and how many there are.
    pub ever: (usize, usize),
    /// Landed tasks, shown or not, whose worktrees hold changes that are not committed.
    pub left_dirty: usize,
    /// Everything that can start once all that is active has landed, transitively, with titles: first the
    /// [`Status::next`] ones that nothing else stands before, each part in the order of ids.
    pub unblocks: Vec<(TaskId, String)>,
    pub next: usize,
    /// Lines of the ledger that could not be read.
    pub unreadable: usize,
    /// That, as a clause, and the command that shows the first of them.
    pub unread: Option<(String, String)>,
    /// `None` where it was not simulated.
    pub landing: Option<Landing>,
    /// Something of the task file is for ports.
    pub uses_ports: bool,
    /// `None` where it was not asked for.
    pub disk: Option<Disk>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// `None` for tasks that no batch of the ledger started.
    pub batch: Option<BatchHead>,
    pub rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct BatchHead {
    pub name: String,
    pub target: String,
    pub base: Oid,
    pub at: jiff::Timestamp,
    pub state: BatchState,
    /// Tasks whose intent was written but not carried out: the same `start` again goes on.
    pub unfinished: Vec<TaskId>,
    /// They are unfinished since an `undo` was begun, and not brought to its end.
    pub undoing: bool,
}

impl Status {
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.groups.iter().flat_map(|group| &group.rows)
    }

    /// Pairs of tasks that do not merge with each other, of which at least one is shown; the smaller id first.
    pub fn collisions(&self) -> BTreeSet<(&TaskId, &TaskId)> {
        let colliding = self.rows().flat_map(|row| row.collisions.iter().flatten().map(|one| (&row.id, &one.with)));
        colliding.map(|(a, b)| (a.min(b), a.max(b))).collect()
    }
}

/// What to show for `selection`; `collisions` are those of all active tasks.
///
/// # Errors
/// A batch or task was asked for that nobody knows ([`Exit::Usage`]).
pub fn status(
    file: &TaskFile,
    (facts, collisions): (&Facts, Option<&Collisions>),
    standings: &Standings,
    names: &Names,
    selection: &Selection,
) -> Result<Status, Failure> {
    let collisions = collisions.map(Collisions::by_task);
    let teller = Teller { file, facts, collisions, standings, names, declared: Declared::new(file, standings) };
    let groups = teller.groups(selection)?;
    let rows = || groups.iter().flat_map(|group| &group.rows);
    let (unblocks, next) = teller.unblocks();
    Ok(Status {
        target: facts.target.clone(),
        now: facts.now,
        landed: rows().filter(|row| row.state == State::Landed).count(),
        total: rows().filter(|row| row.state != State::Cancelled).count(),
        all: teller.all(),
        ever: teller.ever(),
        left_dirty: teller.left_dirty(),
        unblocks,
        next,
        unreadable: facts.ledger.unreadable.len() + facts.ledger.further,
        unread: facts.ledger.unread(),
        landing: None,
        disk: None,
        uses_ports: ports::are_used(&file.settings),
        groups,
    })
}

struct Teller<'a> {
    file: &'a TaskFile,
    facts: &'a Facts,
    collisions: Option<Met<'a>>,
    standings: &'a Standings,
    names: &'a Names,
    declared: Declared<'a>,
}

impl Teller<'_> {
    fn groups(&self, selection: &Selection) -> Result<Vec<Group>, Failure> {
        let wanted = self.wanted(selection)?;
        let mut groups = Vec::new();
        for (index, batch) in self.facts.ledger.batches.iter().enumerate() {
            let last = |id: &TaskId| self.facts.ledger.records.get(id).and_then(|record| record.batch) == Some(index);
            let head = self.head(index, batch);
            let shown = |id: &TaskId| match selection {
                Selection::Open => last(id) && !head.state.over(),
                Selection::All => last(id),
                Selection::Batch(name) => batch.name == *name,
                Selection::Tasks(_) => last(id) && wanted.contains(id),
            };
            let ids = batch.tasks.iter().map(|task| &task.id).filter(|id| shown(id));
            let rows: Vec<Row> = ids.map(|id| self.row(id)).collect();
            if !rows.is_empty() {
                groups.push(Group { batch: Some(head), rows });
            }
        }
        let loose = self.loose(selection, &wanted);
        if !loose.is_empty() {
            groups.push(Group { batch: None, rows: loose });
        }
        Ok(groups)
    }

    /// The tasks asked for by name, or an error for what nobody knows.
    fn wanted(&self, selection: &Selection) -> Result<BTreeSet<TaskId>, Failure> {
        let mut wanted = BTreeSet::new();
        match selection {
            Selection::Batch(name) if !self.facts.ledger.batches.iter().any(|batch| batch.name == *name) => {
                return Err(Failure::new(Exit::Usage, format!("no batch '{name}' in the ledger"))
                    .hint("use 'git dispatch log' to list the batches"));
            }
            Selection::Tasks(ids) => {
                for text in ids {
                    let id = text.parse::<TaskId>().ok().filter(|id| self.knows(id));
                    wanted.insert(id.ok_or_else(|| unknown(self.file, text))?);
                }
            }
            _ => {}
        }
        Ok(wanted)
    }

    fn knows(&self, id: &TaskId) -> bool {
        self.file.graph.position(id).is_some() || self.facts.ledger.records.contains_key(id)
    }

    /// Rows of tasks that no batch started, but a branch here or elsewhere shows, or that were asked for.
    fn loose(&self, selection: &Selection, wanted: &BTreeSet<TaskId>) -> Vec<Row> {
        let tasks = self.file.graph.tasks().iter().enumerate();
        let shown = tasks.filter(|(index, task)| {
            let in_batch = self.facts.ledger.batch_of(&task.id).is_some();
            let active = self.standings.tasks[*index].state.holds();
            match selection {
                Selection::Open | Selection::All => active && !in_batch,
                Selection::Batch(_) => false,
                Selection::Tasks(_) => wanted.contains(&task.id) && !in_batch,
            }
        });
        shown.map(|(_, task)| self.row(&task.id)).collect()
    }

    fn head(&self, index: usize, batch: &Batch) -> BatchHead {
        let fates: Vec<Fate<'_>> =
            batch.tasks.iter().map(|task| fate(self.file, self.facts, self.standings, (index, &task.id))).collect();
        let not_made = batch.tasks.iter().zip(&fates).filter(|(_, fate)| **fate == Fate::NotMade);
        BatchHead {
            name: batch.name.clone(),
            target: batch.target.clone(),
            base: batch.base,
            at: batch.at,
            state: state(batch, fates.iter()),
            unfinished: not_made.map(|(task, _)| task.id.clone()).collect(),
            undoing: batch.undoing.is_some(),
        }
    }

    /// See [`Status::all`].
    fn all(&self) -> (usize, usize) {
        let tasks = &self.standings.tasks;
        (tasks.iter().filter(|standing| standing.state == State::Landed).count(), tasks.len())
    }

    /// See [`Status::ever`].
    fn ever(&self) -> (usize, usize) {
        let started = self.facts.ledger.records.iter().filter(|(_, record)| record.batch.is_some() && !record.dropped);
        let landed = |id: &TaskId| self.standing(id, self.file.graph.position(id)).0 == State::Landed;
        started.fold((0, 0), |(have, all), (id, _)| (have + usize::from(landed(id)), all + 1))
    }

    /// See [`Status::left_dirty`].
    fn left_dirty(&self) -> usize {
        let dirty = |seen: &Observed| {
            let changes =
                seen.worktree.as_ref().filter(|worktree| !worktree.main).and_then(|worktree| worktree.changes);
            changes.is_some_and(|changes| !changes.is_clean())
        };
        let landed = |id: &TaskId| self.standing(id, self.file.graph.position(id)).0 == State::Landed;
        self.facts.tasks.iter().filter(|(id, seen)| dirty(seen) && landed(id)).count()
    }

    fn row(&self, id: &TaskId) -> Row {
        let none = Observed::default();
        let seen = self.facts.tasks.get(id).unwrap_or(&none);
        let record = self.facts.ledger.records.get(id);
        let index = self.file.graph.position(id);
        let (state, reasons, proof) = self.standing(id, index);
        let title = match record.and_then(|record| record.snapshot.as_ref()) {
            Some(snapshot) => snapshot.title.clone(),
            None => index.map(|ix| self.file.graph.tasks()[ix].title.clone()).unwrap_or_default(),
        };
        let recorded = record.and_then(|record| record.snapshot.as_ref());
        let base = seen.branch.as_ref().and_then(|branch| branch.base).or(recorded.map(|snapshot| snapshot.base));
        let agent = agent_of(recorded, index.map(|ix| &self.file.graph.tasks()[ix]));
        let landed = proof.as_ref().and_then(Proof::pr);
        let submitted = || record?.pull_request().filter(|_| state.holds());
        let mut row = Row {
            pr: landed.or_else(submitted).map(str::to_owned),
            id: id.clone(),
            title,
            batch: self.facts.ledger.batch_of(id).map(|batch| batch.name.clone()),
            state,
            reasons,
            proof,
            report: record.and_then(Record::last_said),
            readiness: readiness::readiness(seen, state),
            collisions: None,
            uncertain: Vec::new(),
            drift: self.declared.drift(id, seen),
            branch: seen.branch.clone(),
            branch_name: self.names.get(id).cloned().unwrap_or_default(),
            worktree: seen.worktree.clone(),
            base,
            port: recorded.and_then(|snapshot| snapshot.port).filter(|_| state.holds()),
            stack: Vec::new(),
            remotes: seen.remotes.clone(),
            twin: seen.twin.clone(),
            agent: agent.map(str::to_owned),
            isolated: recorded.is_none_or(|snapshot| snapshot.isolated),
            notes: Vec::new(),
            solution: None,
            removal: Vec::new(),
        };
        let target = self.facts.target.newest().0;
        let (vacant, deleted) = (seen.vacant.as_deref(), seen.deleted);
        let unfinished = record.is_some_and(|record| record.batch.is_some() && !record.started && !record.dropped);
        let others = self.file.settings.agents.keys().find(|name| Some(name.as_str()) != agent);
        let other = others.map(String::as_str);
        let around = notes::Around { vacant, deleted, defined: index.is_some(), unfinished, target, other };
        row.notes = notes::notes(&row, &around);
        row.notes.extend(self.facts.ledger.removal_of(id).and_then(notes::half_removed));
        self.stack(&mut row);
        // What is not committed yet cannot be merged with: git would refuse.
        let committed = row.readiness.as_ref().is_some_and(|readiness| !readiness.uncommitted);
        row.solution = row.solution(target).filter(|_| committed);
        row.removal = row.removal();
        if let Some(meetings) = self.collisions.as_ref().and_then(|met| met.get(id)) {
            (row.collisions, row.uncertain) = met(meetings);
        }
        row.reasons.extend(self.done_too(&row));
        row.notes.extend(self.reviews(&row));
        row
    }

    /// Of two that are done and do not merge with each other, neither lands by itself.
    fn done_too(&self, row: &Row) -> Vec<Reason> {
        let done = |id: &TaskId| self.standings.holder(id).is_some_and(|holder| holder.state == State::Done);
        let colliding = row.collisions.iter().flatten().filter(|one| row.state == State::Done && !one.uncommitted);
        colliding.filter(|one| done(&one.with)).map(|one| Reason::Collides(one.with.clone())).collect()
    }

    fn standing(&self, id: &TaskId, index: Option<Ix>) -> (State, Vec<Reason>, Option<Proof>) {
        match index {
            Some(ix) => {
                let standing = &self.standings.tasks[ix];
                (standing.state, standing.reasons.clone(), standing.proof.clone())
            }
            None => {
                let gone = self.standings.gone.get(id);
                gone.map_or((State::Lost, Vec::new(), None), |one| (one.state, one.reasons.clone(), one.proof.clone()))
            }
        }
    }

    /// See [`Status::unblocks`].
    fn unblocks(&self) -> (Vec<(TaskId, String)>, usize) {
        let graph = &self.file.graph;
        let states = &self.standings.tasks;
        let met = |need: Ix| states[need].state == State::Landed || states[need].state.holds();
        let mut can_start = vec![false; graph.len()];
        let needs = |ix: Ix| self.standings.needs(self.file, ix);
        for ix in self.standings.implied.topological(graph) {
            let waits = states[ix].state == State::Waiting;
            can_start[ix] = waits && needs(ix).all(|need| met(need) || can_start[need]);
        }
        let open = (0..graph.len()).filter(|&ix| can_start[ix]);
        let (next, later): (Vec<Ix>, Vec<Ix>) = open.partition(|&ix| needs(ix).all(met));
        let named = |&ix: &Ix| (graph.tasks()[ix].id.clone(), graph.tasks()[ix].title.clone());
        (next.iter().chain(&later).map(named).collect(), next.len())
    }
}

/// The collisions among the meetings of a task, and whom it is not known of.
fn met(meetings: &[(&TaskId, &Meeting)]) -> (Option<Vec<Collision>>, Vec<TaskId>) {
    let mut collisions = Vec::new();
    let mut uncertain = Vec::new();
    for &(other, meeting) in meetings {
        match meeting {
            Meeting::Collides { paths, uncommitted } => {
                collisions.push(Collision { with: other.clone(), paths: paths.clone(), uncommitted: *uncommitted });
            }
            Meeting::Unknown => uncertain.push(other.clone()),
        }
    }
    (Some(collisions), uncertain)
}

#[cfg(test)]
mod tests;
