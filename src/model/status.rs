//! How far the started tasks are: one row a task, grouped by batch.

use std::collections::BTreeSet;

use super::facts::{Branch, Changes, Facts, Head, Observed, Target, Worktree};
use super::failure::{Exit, Failure};
use super::graph::Ix;
use super::id::TaskId;
use super::ledger::Batch;
use super::oid::Oid;
use super::standing::{Names, Standings};
use super::start::unknown;
use super::state::{Proof, Reason, State};
use super::task::TaskFile;
use super::text::shell_word;

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
    /// Everything that can start once all that is active has landed, transitively, with titles: first the
    /// [`Status::next`] ones that nothing else stands before, each part in the order of ids.
    pub unblocks: Vec<(TaskId, String)>,
    pub next: usize,
    /// Lines of the ledger that could not be read.
    pub unreadable: usize,
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchState {
    Starting,
    InProgress,
    Complete,
    Closed,
}

impl BatchState {
    pub fn word(self) -> &'static str {
        match self {
            BatchState::Starting => "starting",
            BatchState::InProgress => "in progress",
            BatchState::Complete => "complete",
            BatchState::Closed => "closed",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub id: TaskId,
    pub title: String,
    pub batch: Option<String>,
    pub state: State,
    pub reasons: Vec<Reason>,
    pub proof: Option<Proof>,
    pub branch: Option<Branch>,
    pub branch_name: String,
    pub worktree: Option<Worktree>,
    pub base: Option<Oid>,
    pub remotes: Vec<String>,
    pub readiness: Option<Readiness>,
    /// Where branch or worktree are not what the record says; each a clause after the task's id.
    pub notes: Vec<String>,
}

/// Whether a tip merges into the target.
#[derive(Debug, Clone, PartialEq)]
pub struct Readiness {
    pub verdict: Verdict,
    /// The target's commit is an ancestor of the tip.
    pub fast_forward: bool,
    pub tree: Option<Oid>,
    pub conflicts: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Clean,
    Conflict,
    /// No commits of its own, or none that the target lacks.
    Empty,
    Landed,
}

impl Verdict {
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Clean => "clean",
            Verdict::Conflict => "conflict",
            Verdict::Empty => "empty",
            Verdict::Landed => "landed",
        }
    }
}

impl Row {
    pub fn changes(&self) -> Option<Changes> {
        self.worktree.as_ref()?.changes
    }

    /// Has commits, merges cleanly, and nothing in its worktree is uncommitted.
    pub fn ready_to_land(&self) -> bool {
        let clean = self.readiness.as_ref().is_some_and(|readiness| readiness.verdict == Verdict::Clean);
        let committed = self.worktree.is_none() || self.changes().is_some_and(|changes| changes.is_clean());
        matches!(self.state, State::Active | State::Done) && clean && committed
    }

    /// Is active and would not merge cleanly, or that is not known: what `--exit-code` asks. A task without commits passes.
    pub fn obstructed(&self) -> bool {
        let merges = |readiness: &Readiness| readiness.verdict != Verdict::Conflict;
        matches!(self.state, State::Active | State::Done | State::Stopped)
            && !self.readiness.as_ref().is_some_and(merges)
            || self.state == State::Lost
    }
}

impl Status {
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.groups.iter().flat_map(|group| &group.rows)
    }
}

/// What to show for `selection`.
///
/// # Errors
/// A batch or task was asked for that nobody knows ([`Exit::Usage`]).
pub fn status(
    file: &TaskFile,
    facts: &Facts,
    standings: &Standings,
    names: &Names,
    selection: &Selection,
) -> Result<Status, Failure> {
    let teller = Teller { file, facts, standings, names };
    let groups = teller.groups(selection)?;
    let rows = || groups.iter().flat_map(|group| &group.rows);
    let (unblocks, next) = teller.unblocks();
    Ok(Status {
        target: facts.target.clone(),
        now: facts.now,
        landed: rows().filter(|row| row.state == State::Landed).count(),
        total: rows().filter(|row| row.state != State::Cancelled).count(),
        unblocks,
        next,
        unreadable: facts.ledger.unreadable.len(),
        groups,
    })
}

struct Teller<'a> {
    file: &'a TaskFile,
    facts: &'a Facts,
    standings: &'a Standings,
    names: &'a Names,
}

impl Teller<'_> {
    fn groups(&self, selection: &Selection) -> Result<Vec<Group>, Failure> {
        let wanted = self.wanted(selection)?;
        let mut groups = Vec::new();
        for (index, batch) in self.facts.ledger.batches.iter().enumerate() {
            let last = |id: &TaskId| self.facts.ledger.records.get(id).and_then(|record| record.batch) == Some(index);
            let rows: Vec<Row> =
                batch.tasks.iter().filter(|task| last(&task.id)).map(|task| self.row(&task.id)).collect();
            let head = self.head(index, batch, &rows);
            let shown = match selection {
                Selection::Open => matches!(head.state, BatchState::Starting | BatchState::InProgress),
                Selection::All => true,
                Selection::Batch(name) => batch.name == *name,
                Selection::Tasks(_) => rows.iter().any(|row| wanted.contains(&row.id)),
            };
            let keep = |row: &Row| !matches!(selection, Selection::Tasks(_)) || wanted.contains(&row.id);
            let rows: Vec<Row> = rows.into_iter().filter(keep).collect();
            if shown && (!rows.is_empty() || !head.unfinished.is_empty()) {
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
                    .hint("git dispatch log lists the batches"));
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

    fn head(&self, index: usize, batch: &Batch, rows: &[Row]) -> BatchHead {
        let unfinished: Vec<TaskId> = match self.facts.ledger.unfinished().get(&index) {
            Some(missing) => missing.iter().map(|task| task.id.clone()).collect(),
            None => Vec::new(),
        };
        let dropped = |id: &TaskId| self.facts.ledger.records.get(id).is_some_and(|record| record.dropped);
        let over = |row: &Row| row.state.over() || (dropped(&row.id) && !row.state.holds());
        let state = match () {
            () if batch.closed.is_some() => BatchState::Closed,
            () if !unfinished.is_empty() => BatchState::Starting,
            () if rows.iter().all(over) => BatchState::Complete,
            () => BatchState::InProgress,
        };
        let (name, target) = (batch.name.clone(), batch.target.clone());
        BatchHead { name, target, base: batch.base, at: batch.at, state, unfinished }
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
        let recorded = record.and_then(|record| record.snapshot.as_ref()).map(|snapshot| snapshot.base);
        let base = seen.branch.as_ref().and_then(|branch| branch.base).or(recorded);
        let mut row = Row {
            id: id.clone(),
            title,
            batch: self.facts.ledger.batch_of(id).map(|batch| batch.name.clone()),
            state,
            reasons,
            proof,
            readiness: seen.branch.as_ref().and_then(|branch| readiness(branch, state)),
            branch: seen.branch.clone(),
            branch_name: self.names.get(id).cloned().unwrap_or_default(),
            worktree: seen.worktree.clone(),
            base,
            remotes: seen.remotes.clone(),
            notes: Vec::new(),
        };
        row.notes = notes(&row, index.is_none());
        row
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
        for ix in graph.topological() {
            let waits = states[ix].state == State::Waiting;
            can_start[ix] = waits && graph.needs(ix).all(|need| met(need) || can_start[need]);
        }
        let open = (0..graph.len()).filter(|&ix| can_start[ix]);
        let (next, later): (Vec<Ix>, Vec<Ix>) = open.partition(|&ix| graph.needs(ix).all(met));
        let named = |&ix: &Ix| (graph.tasks()[ix].id.clone(), graph.tasks()[ix].title.clone());
        (next.iter().chain(&later).map(named).collect(), next.len())
    }
}

/// `None` where it was not computed.
fn readiness(branch: &Branch, state: State) -> Option<Readiness> {
    let fast_forward = branch.behind == Some(0);
    let of = |verdict| Readiness { verdict, fast_forward, tree: None, conflicts: Vec::new() };
    if state == State::Landed {
        return Some(of(Verdict::Landed));
    }
    if branch.commits == Some(0) || branch.ahead == Some(0) {
        return Some(of(Verdict::Empty));
    }
    let merge = branch.merge.as_ref()?;
    let verdict = if merge.clean { Verdict::Clean } else { Verdict::Conflict };
    Some(Readiness { tree: Some(merge.tree), conflicts: merge.conflicts.clone(), ..of(verdict) })
}

/// Where things are not what one would expect, each with what to do about it.
fn notes(row: &Row, gone_from_file: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if gone_from_file && !row.state.over() {
        notes.push("is no longer in the task file; what it was when it started still holds".to_owned());
    }
    if row.state == State::Lost {
        notes.push(format!(
            "its branch '{}' is gone, and nothing shows that it landed: git dispatch adopt {} BRANCH",
            row.branch_name, row.id
        ));
    }
    if let Some(remote) = row.remotes.first().filter(|_| row.state == State::Elsewhere) {
        notes.push(format!("was started elsewhere: '{remote}'"));
    }
    let started = matches!(row.state, State::Active | State::Done | State::Stopped) && row.branch.is_some();
    if started && row.branch.as_ref().and_then(|branch| branch.contains_base) == Some(false) {
        let base = row.base.map(|base| base.short()).unwrap_or_default();
        notes.push(format!(
            "its branch no longer contains the commit {base} that it started from: it was reset or rebased"
        ));
    }
    let contained = |branch: &&Branch| branch.ahead == Some(0) && branch.commits.is_some_and(|own| own > 0);
    if started && row.branch.as_ref().filter(contained).is_some() {
        let remedy = format!("if that is its landing, write state = \"landed\" into [task.{}]", row.id);
        notes.push(format!("has nothing that the target lacks; {remedy}"));
    }
    let Some(worktree) = &row.worktree else {
        if started {
            notes.push(format!("has no worktree: git worktree add PATH {}", shell_word(&row.branch_name)));
        }
        return notes;
    };
    let path = worktree.path.display();
    if let Some(operation) = &worktree.operation {
        notes.push(format!("a {operation} is under way in '{path}'"));
    }
    match &worktree.head {
        Head::Missing if started => {
            notes.push(format!("its worktree '{path}' is gone: git worktree repair, if it was moved"))
        }
        Head::Detached(_) if started && worktree.operation.is_none() => {
            let (folder, branch) = (shell_word(&worktree.path.to_string_lossy()), shell_word(&row.branch_name));
            notes.push(format!("its worktree '{path}' is detached: git -C {folder} switch {branch}"));
        }
        Head::Branch(other) if started && *other != row.branch_name => {
            notes.push(format!("its worktree '{path}' has branch '{other}' checked out, not '{}'", row.branch_name));
        }
        _ => {}
    }
    notes
}
