//! The keys above the tasks, and the tables beside them.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::VERSION;
use super::sink::{Owner, Sink, Slot, Value};
use super::words::{BATCHES, OVERLAPS, STRATEGIES, check_name};
use crate::model::task::{Agent, Commands, MasterPlan, Mode, Settings};
use crate::model::template::Kind;

/// Every key at the top of a task file.
pub(super) const KEYS: [&str; 30] = [
    "agent",
    "batches",
    "branch",
    "brief-template",
    "commands",
    "contract",
    "contract-text",
    "copy",
    "disposable",
    "lock-worktrees",
    "locks",
    "message",
    "modes",
    "overlap",
    "phase",
    "plan",
    "ports",
    "research-workers",
    "review",
    "reviewers",
    "shared-paths",
    "single-commit",
    "sparse",
    "strategy",
    "strict-writes",
    "target",
    "task",
    "version",
    "workers",
    "worktree",
];
const COMMANDS: [&str; 4] = ["check", "launch", "run", "setup"];
const MODE: [&str; 2] = ["args", "launch-as"];
const AGENT: [&str; 6] = ["branch", "isolated", "launch", "max-turns", "model", "run"];
const PLAN: [&str; 2] = ["issue", "title"];
const MOST_WORKERS: u32 = 1000;
pub(super) const MOST_TURNS: u32 = 100_000;

/// Where the things stand that may deserve a warning.
#[derive(Default)]
pub(super) struct Spots {
    pub version: bool,
    pub workers: Option<Range<usize>>,
    pub phase: Option<Range<usize>>,
    pub branch: Option<Range<usize>>,
    pub worktree: Option<Range<usize>>,
    pub locks: BTreeMap<String, Range<usize>>,
}

/// Tells a `version` that this program does not know, and whether it is one.
pub(super) fn newer_version(top: &DeTable<'_>, sink: &mut Sink) -> bool {
    let Some(value) = top.get("version") else { return false };
    let DeValue::Integer(integer) = value.get_ref() else { return false };
    let text = integer.as_str();
    let newer = match i64::from_str_radix(text, integer.radix()) {
        Ok(version) => version > i64::from(VERSION),
        Err(_) => !text.starts_with('-'),
    };
    if newer {
        let what = format!("the file has version {text}, and this git-dispatch reads up to version {VERSION}");
        sink.fault(Some(value.span()), what, Some("install a newer git-dispatch".to_owned()));
    }
    newer
}

/// Reads everything but the tasks, whose table comes back.
pub(super) fn read_top<'t>(top: DeTable<'t>, sink: &mut Sink) -> (Settings, Spots, DeTable<'t>) {
    let mut settings = Settings::default();
    let mut spots = Spots::default();
    let mut tasks = DeTable::new();
    let (mut contract, mut contract_text) = (None, None);
    for (key, value) in top {
        let name = key.get_ref().as_ref();
        let slot = Slot { owner: Owner::Top, key: name };
        match name {
            "task" => tasks = tables(slot, value, sink),
            "version" => {
                spots.version = true;
                sink.number(slot, &value, 1..=VERSION);
            }
            "workers" => {
                spots.workers = Some(value.span());
                settings.workers = sink.number(slot, &value, 1..=MOST_WORKERS);
            }
            "phase" => {
                spots.phase = Some(value.span());
                settings.phase = sink.text(slot, &value);
            }
            "contract" => {
                contract = Some(key.span());
                settings.contract = sink.path(slot, &value);
            }
            "contract-text" => {
                contract_text = Some(key.span());
                settings.contract_text = sink.text(slot, &value);
            }
            "branch" => {
                spots.branch = Some(value.span());
                settings.branch = sink.template(slot, &value, Kind::Branch);
            }
            "worktree" => {
                spots.worktree = Some(value.span());
                settings.worktree = sink.template(slot, &value, Kind::Worktree);
            }
            "locks" => read_locks(tables(slot, value, sink), &mut settings, &mut spots, sink),
            "plan" | "commands" | "modes" | "agent" => read_table(slot, value, &mut settings, sink),
            _ if !read_setting(slot, &value, &mut settings, sink) => sink.unknown_key(Owner::Top, &key, &KEYS),
            _ => {}
        }
    }
    sink.one_of(Owner::Top, ("contract", contract.as_ref()), ("contract-text", contract_text.as_ref()));
    (settings, spots, tasks)
}

/// Reads a key that stands for itself; `false` if there is none of this name.
fn read_setting(slot: Slot<'_>, value: &Value<'_>, settings: &mut Settings, sink: &mut Sink) -> bool {
    match slot.key {
        "target" => settings.target = sink.branch(slot, value),
        "research-workers" => settings.research_workers = sink.number(slot, value, 1..=MOST_WORKERS),
        "batches" => settings.batches = sink.choice(slot, value, &BATCHES),
        "overlap" => settings.overlap = sink.choice(slot, value, &OVERLAPS),
        "shared-paths" => settings.shared_paths = sink.patterns(slot, value),
        "copy" => settings.copy = sink.paths(slot, value),
        "disposable" => settings.disposable = sink.paths(slot, value),
        "sparse" => settings.sparse = sink.folders(slot, value),
        "ports" => settings.ports = sink.ports(slot, value),
        "brief-template" => settings.brief_template = sink.path(slot, value),
        "strategy" => settings.strategy = sink.choice(slot, value, &STRATEGIES),
        "message" => settings.message = sink.template(slot, value, Kind::Message),
        "single-commit" => settings.single_commit = sink.flag(slot, value),
        "strict-writes" => settings.strict_writes = sink.flag(slot, value),
        "review" => settings.review = sink.gates(slot, value),
        "reviewers" => settings.reviewers = sink.names(slot, value),
        "lock-worktrees" => settings.lock_worktrees = sink.flag(slot, value),
        _ => return false,
    }
    true
}

fn read_table(slot: Slot<'_>, value: Value<'_>, settings: &mut Settings, sink: &mut Sink) {
    let table = tables(slot, value, sink);
    match slot.key {
        "plan" => settings.plan = Some(read_plan(table, sink)),
        "commands" => settings.commands = read_commands(table, sink),
        "modes" => settings.modes = read_named("mode", table, sink, read_mode),
        _ => settings.agents = read_named("agent", table, sink, read_agent),
    }
}

/// A table; where it is a list of tables, the hint says how it is written.
fn tables<'t>(slot: Slot<'_>, value: Value<'t>, sink: &mut Sink) -> DeTable<'t> {
    let list = value.get_ref().as_array().is_some_and(|array| array.iter().any(|item| item.get_ref().is_table()));
    if list {
        let what = format!("{slot} must be a table of tables, not a list");
        sink.fault(Some(value.span()), what, Some(format!("write [{}.ID] for each", slot.key)));
        return DeTable::new();
    }
    sink.table(slot, value)
}

fn read_plan(table: DeTable<'_>, sink: &mut Sink) -> MasterPlan {
    let mut plan = MasterPlan::default();
    let owner = Owner::Table("plan");
    for (key, value) in table {
        let slot = Slot { owner, key: key.get_ref() };
        match slot.key {
            "title" => plan.title = sink.text(slot, &value),
            "issue" => plan.issue = sink.text(slot, &value),
            _ => sink.unknown_key(owner, &key, &PLAN),
        }
    }
    plan
}

fn read_commands(table: DeTable<'_>, sink: &mut Sink) -> Commands {
    let mut commands = Commands::default();
    let owner = Owner::Table("commands");
    for (key, value) in table {
        let slot = Slot { owner, key: key.get_ref() };
        match slot.key {
            "setup" => commands.setup = sink.text(slot, &value),
            "launch" => commands.launch = sink.text(slot, &value),
            "run" => commands.run = sink.text(slot, &value),
            "check" => commands.check = sink.text(slot, &value),
            _ => sink.unknown_key(owner, &key, &COMMANDS),
        }
    }
    commands
}

fn read_locks(table: DeTable<'_>, settings: &mut Settings, spots: &mut Spots, sink: &mut Sink) {
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        check_table_name("lock", name, key.span(), sink);
        let patterns = sink.patterns(Slot { owner: Owner::Table("locks"), key: name }, &value);
        settings.locks.insert(name.to_owned(), patterns);
        spots.locks.insert(name.to_owned(), key.span());
    }
}

/// `[kind.NAME]` tables.
fn read_named<T>(
    kind: &str,
    table: DeTable<'_>,
    sink: &mut Sink,
    read: impl Fn(&str, DeTable<'_>, &mut Sink) -> T,
) -> BTreeMap<String, T> {
    let mut named = BTreeMap::new();
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        check_table_name(kind, name, key.span(), sink);
        let inner = sink.table(Slot { owner: Owner::Table(kind), key: name }, value);
        named.insert(name.to_owned(), read(name, inner, sink));
    }
    named
}

fn check_table_name(kind: &str, name: &str, span: Range<usize>, sink: &mut Sink) {
    if let Err(why) = check_name(name) {
        sink.fault(Some(span), format!("{} is no name of a {kind}: {why}", super::sink::quoted(name)), None);
    }
}

fn read_mode(name: &str, table: DeTable<'_>, sink: &mut Sink) -> Mode {
    let mut mode = Mode::default();
    let owner = Owner::Named("mode", name);
    for (key, value) in table {
        let slot = Slot { owner, key: key.get_ref() };
        match slot.key {
            "launch-as" => mode.launch_as = sink.text(slot, &value),
            "args" => mode.args = sink.text(slot, &value),
            _ => sink.unknown_key(owner, &key, &MODE),
        }
    }
    mode
}

fn read_agent(name: &str, table: DeTable<'_>, sink: &mut Sink) -> Agent {
    let mut agent = Agent::default();
    let owner = Owner::Named("agent", name);
    for (key, value) in table {
        let slot = Slot { owner, key: key.get_ref() };
        match slot.key {
            "launch" => agent.launch = sink.text(slot, &value),
            "run" => agent.run = sink.text(slot, &value),
            "branch" => agent.branch = sink.template(slot, &value, Kind::Branch),
            "model" => agent.model = sink.text(slot, &value),
            "max-turns" => agent.max_turns = sink.number(slot, &value, 1..=MOST_TURNS),
            "isolated" => agent.isolated = sink.flag(slot, &value),
            _ => sink.unknown_key(owner, &key, &AGENT),
        }
    }
    agent
}
