//! `[task.*]`: one table for each task.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::settings::MOST_TURNS;
use super::sink::{Owner, Sink, Slot, Value, quoted, type_of};
use super::words::{KINDS, OVERLAPS, STATES};
use super::{BUILT_IN_MODES, MOST_TASKS, estimate, near};
use crate::model::id::TaskId;
use crate::model::task::{Kind, Settings, Task};

/// Every key of a task.
pub(super) const KEYS: [&str; 26] = [
    "agent",
    "brief",
    "brief-file",
    "budget",
    "clauses",
    "context",
    "done-when",
    "estimate",
    "follow-up",
    "issue",
    "kind",
    "locks",
    "max-turns",
    "mode",
    "model",
    "needs",
    "overlap",
    "parallel",
    "phase",
    "reads",
    "review",
    "sparse",
    "state",
    "steps",
    "title",
    "writes",
];
/// How many names a hint is looked for among.
const NAMES_FOR_HINTS: usize = 200;

/// Tasks, and whom each names as its needs.
#[derive(Default)]
pub(super) struct Tasks<'t> {
    pub tasks: Vec<Task>,
    /// By task, in the order of the file.
    pub needs: Vec<Need<'t>>,
    /// A task that names no agent.
    pub no_agent: Option<TaskId>,
    /// Every id, by its key of uniqueness.
    folded: HashMap<String, TaskId>,
    count: usize,
}

/// One word of a `needs` list.
pub(super) struct Need<'t> {
    /// Index of the task that needs it.
    pub task: u32,
    pub id: Cow<'t, str>,
    start: u32,
    end: u32,
}

impl Need<'_> {
    pub fn span(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Where the keys of one task stand that are looked at together.
#[derive(Default)]
struct Spots {
    agent: Option<Range<usize>>,
    brief: Option<Range<usize>>,
    brief_file: Option<Range<usize>>,
    locks: Option<Range<usize>>,
    mode: Option<Range<usize>>,
    writes: Option<Range<usize>>,
}

impl<'t> Tasks<'t> {
    /// Reads the tasks of a part. Tasks with faults are in the result too, so that the faults between tasks come at
    /// once. `None` if an earlier part has one of these ids.
    pub fn read(&mut self, table: DeTable<'t>, settings: &Settings, sink: &mut Sink) -> Option<()> {
        let full = self.count > MOST_TASKS;
        self.count += table.len();
        if self.count > MOST_TASKS {
            if !full {
                sink.fault(None, format!("a task file holds at most {MOST_TASKS} tasks"), None);
            }
            return Some(());
        }
        self.folded.reserve(table.len());
        for (key, value) in table {
            let Some(id) = read_id(&key, sink) else { continue };
            if let Some(other) = self.folded.insert(id.folded(), id.clone()) {
                if other == id {
                    return None;
                }
                tell_same(&other, &id, key.span(), sink);
            }
            let slot = Slot { owner: Owner::Table("task"), key: key.get_ref() };
            let table = sink.table(slot, value);
            let (task, spots) = read_task(id, table, self, sink);
            check(&task, &spots, settings, sink);
            if spots.agent.is_none() && self.no_agent.is_none() {
                self.no_agent = Some(task.id.clone());
            }
            self.tasks.push(task);
        }
        Some(())
    }

    /// Puts the tasks into the order of their ids, where the parts of a file did not.
    pub fn sort(&mut self) {
        self.folded = HashMap::new();
        if self.tasks.is_sorted_by(|a, b| a.id < b.id) {
            return;
        }
        let mut order: Vec<u32> = (0..self.tasks.len() as u32).collect();
        order.sort_by(|&a, &b| self.tasks[a as usize].id.cmp(&self.tasks[b as usize].id));
        let mut place = vec![0; order.len()];
        for (new, &old) in (0u32..).zip(&order) {
            place[old as usize] = new;
        }
        for need in &mut self.needs {
            need.task = place[need.task as usize];
        }
        self.needs.sort_by_key(|need| need.task);
        self.tasks.sort_by(|a, b| a.id.cmp(&b.id));
    }
}

fn read_id(key: &Spanned<Cow<'_, str>>, sink: &mut Sink) -> Option<TaskId> {
    let text = key.get_ref().as_ref();
    text.parse()
        .map_err(|why| sink.fault(Some(key.span()), format!("{} is no task id: {why}", quoted(text)), None))
        .ok()
}

fn tell_same(other: &TaskId, id: &TaskId, span: Range<usize>, sink: &mut Sink) {
    let what = format!("task ids '{other}' and '{id}' differ only in case");
    let hint = "on some file systems their branches and folders would be the same; rename one of them";
    sink.fault(Some(span), what, Some(hint.to_owned()));
}

fn read_task<'t>(id: TaskId, table: DeTable<'t>, all: &mut Tasks<'t>, sink: &mut Sink) -> (Task, Spots) {
    let index = all.tasks.len() as u32;
    let name = id.clone();
    let mut task = Task::named(id);
    let mut spots = Spots::default();
    let owner = Owner::Named("task", name.as_str());
    for (key, value) in table {
        let slot = Slot { owner, key: key.get_ref() };
        match slot.key {
            "needs" => read_needs(slot, value, index, &mut all.needs, sink),
            "title" => task.title = read_title(slot, &value, sink),
            "phase" => task.phase = sink.text(slot, &value),
            "estimate" => match estimate::minutes(value.get_ref()) {
                Ok(minutes) => task.estimate = Some(minutes),
                Err(why) => sink.fault(Some(value.span()), format!("{slot} {why}"), None),
            },
            "writes" => {
                spots.writes = Some(value.span());
                task.writes = sink.patterns(slot, &value);
            }
            "reads" => task.reads = sink.patterns(slot, &value),
            "locks" => {
                spots.locks = Some(value.span());
                task.locks = sink.names(slot, &value);
            }
            "parallel" => task.parallel = sink.flag(slot, &value).unwrap_or(true),
            "kind" => task.kind = sink.choice(slot, &value, &KINDS).unwrap_or_default(),
            "overlap" => task.overlap = sink.choice(slot, &value, &OVERLAPS),
            "issue" => task.issue = sink.text(slot, &value),
            "state" => task.state = sink.choice(slot, &value, &STATES),
            _ if !read_detail(slot, &value, &mut task, &mut spots, sink) => sink.unknown_key(owner, &key, &KEYS),
            "brief" => spots.brief = Some(key.span()),
            "brief-file" => spots.brief_file = Some(key.span()),
            _ => {}
        }
    }
    sink.one_of(owner, ("brief", spots.brief.as_ref()), ("brief-file", spots.brief_file.as_ref()));
    (task, spots)
}

/// Reads what only briefs and launches ask for; `false` if there is no such key.
fn read_detail(slot: Slot<'_>, value: &Value<'_>, task: &mut Task, spots: &mut Spots, sink: &mut Sink) -> bool {
    let details = task.details.get_or_insert_default();
    match slot.key {
        "mode" => {
            spots.mode = Some(value.span());
            details.mode = sink.name(slot, value);
        }
        "agent" => {
            spots.agent = Some(value.span());
            details.agent = sink.name(slot, value);
        }
        "model" => details.model = sink.text(slot, value),
        "max-turns" => details.max_turns = sink.number(slot, value, 1..=MOST_TURNS),
        "clauses" => details.clauses = sink.names(slot, value),
        "done-when" => details.done_when = sink.text(slot, value),
        "context" => details.context = sink.texts(slot, value),
        "steps" => details.steps = sink.texts(slot, value),
        "brief" => details.brief = sink.text(slot, value),
        "brief-file" => details.brief_file = sink.path(slot, value),
        "review" => details.review = sink.gates(slot, value),
        "budget" => details.budget = sink.budget(slot, value),
        "follow-up" => details.follow_up = sink.name(slot, value),
        "sparse" => details.sparse = Some(sink.folders(slot, value)),
        _ => return false,
    }
    true
}

fn read_title(slot: Slot<'_>, value: &Value<'_>, sink: &mut Sink) -> String {
    let title = sink.any_text(slot, value).unwrap_or_default();
    if title.trim().is_empty() && value.get_ref().is_str() {
        sink.warning(Some(value.span()), format!("{slot} is empty"), None);
    }
    title
}

fn read_needs<'t>(slot: Slot<'_>, value: Value<'t>, task: u32, needs: &mut Vec<Need<'t>>, sink: &mut Sink) {
    if !value.get_ref().is_array() {
        sink.wrong(slot, &value, "a list of task ids");
        return;
    }
    let DeValue::Array(array) = value.into_inner() else { return };
    for item in array {
        let span = item.span();
        match item.into_inner() {
            DeValue::String(id) => {
                let (start, end) = ((sink.offset + span.start) as u32, (sink.offset + span.end) as u32);
                needs.push(Need { task, id, start, end });
            }
            other => {
                let what = format!("{slot} must be a list of task ids, and holds {}", type_of(&other));
                sink.fault(Some(span), what, None);
            }
        }
    }
}

/// What the task says about settings, and about itself.
fn check(task: &Task, spots: &Spots, settings: &Settings, sink: &mut Sink) {
    let id = &task.id;
    let details = task.details.as_deref();
    if let (Some(mode), span @ Some(_)) = (details.and_then(|details| details.mode.as_deref()), &spots.mode)
        && !BUILT_IN_MODES.contains(&mode)
        && !settings.modes.contains_key(mode)
    {
        let known = BUILT_IN_MODES.into_iter().chain(settings.modes.keys().map(String::as_str)).take(NAMES_FOR_HINTS);
        let hint = near::hint(mode, known).unwrap_or_else(|| format!("describe it in a table [modes.{mode}]"));
        let what = format!("task '{id}' has mode {}, which is not built in and has no table", quoted(mode));
        sink.fault(span.clone(), what, Some(hint));
    }
    if let (Some(agent), span @ Some(_)) = (task.agent(), &spots.agent)
        && !settings.agents.is_empty()
        && !settings.agents.contains_key(agent)
    {
        let hint = near::hint(agent, settings.agents.keys().map(String::as_str).take(NAMES_FOR_HINTS));
        sink.warning(span.clone(), format!("task '{id}' has agent {}, which has no table", quoted(agent)), hint);
    }
    for lock in task.locks.iter().filter(|lock| !settings.locks.contains_key(*lock)) {
        // A lock needs no table, so only what looks mistyped is told.
        if let Some(hint) = near::hint(lock, settings.locks.keys().map(String::as_str).take(NAMES_FOR_HINTS)) {
            let what = format!("task '{id}' takes lock {}, which has no patterns", quoted(lock));
            sink.warning(spots.locks.clone(), what, Some(hint));
        }
    }
    if task.kind == Kind::Research && !task.writes.is_empty() {
        let what = format!("task '{id}' is research, which only reads, and has 'writes'");
        sink.warning(spots.writes.clone(), what, None);
    }
}
