//! Small task files, and where their tasks stand, for tests.

use std::collections::BTreeMap;

use super::facts::{Facts, Target};
use super::graph::{Graph, Ix};
use super::ledger::Ledger;
use super::oid::Oid;
use super::pattern::Pattern;
use super::review::before_start;
use super::standing::{Holder, Standing, Standings, settled};
use super::state::State;
use super::task::{Settings, Task, TaskFile};

/// A task and the ids that it needs.
pub(crate) type Sketch = (Task, Vec<&'static str>);

/// A task by id, hours and needs.
pub(crate) fn task(id: &str, hours: u64, needs: &[&'static str]) -> Sketch {
    (Task { estimate: Some(hours * 60), ..Task::named(id.parse().unwrap()) }, needs.to_vec())
}

/// The same task with something changed.
pub(crate) fn with((mut task, needs): Sketch, change: impl FnOnce(&mut Task)) -> Sketch {
    change(&mut task);
    (task, needs)
}

pub(crate) fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

pub(crate) fn file(mut sketches: Vec<Sketch>) -> TaskFile {
    sketches.sort_by(|(a, _), (b, _)| a.id.cmp(&b.id));
    let at = |id: &str| sketches.iter().position(|(task, _)| task.id.as_str() == id).unwrap() as u32;
    let needs = sketches.iter().enumerate();
    let needs: Vec<_> = needs.flat_map(|(ix, (_, ids))| ids.iter().map(move |id| (ix as u32, at(id)))).collect();
    let tasks = sketches.iter().map(|(task, _)| task.clone()).collect();
    TaskFile { settings: Settings::default(), graph: Graph::new(tasks, &needs) }
}

/// Where tasks stand, where `given` says what the repository shows; the rest follows from needs and exclusions.
pub(crate) fn standings(file: &TaskFile, given: &[(&str, State)]) -> Standings {
    let given: BTreeMap<Ix, State> =
        given.iter().map(|(id, state)| (file.graph.position(&id.parse().unwrap()).unwrap(), *state)).collect();
    standings_of(file, &given)
}

pub(crate) fn standings_of(file: &TaskFile, given: &BTreeMap<Ix, State>) -> Standings {
    let tasks = file.graph.tasks();
    let holds = given.iter().filter(|(_, state)| state.holds());
    let holders: Vec<Holder> =
        holds.map(|(&ix, &state)| Holder { task: tasks[ix].clone(), index: Some(ix), state }).collect();
    let standing = |ix: Ix| {
        let state = given.get(&ix).copied().unwrap_or(State::Ready);
        let reasons = if state == State::Ready { before_start(file, ix, None) } else { Vec::new() };
        Standing { state, reasons, proof: None }
    };
    let shown = Standings { tasks: (0..tasks.len()).map(standing).collect(), holders, ..Standings::default() };
    settled(file, shown)
}

/// What a repository shows whose `main` is at 1a2b3c4.
pub(crate) fn facts() -> Facts {
    let commit = Oid::from_bytes(&[0x1a, 0x2b, 0x3c, 0x4d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).unwrap();
    Facts {
        now: jiff::Timestamp::UNIX_EPOCH,
        target: Target { name: "main".into(), commit, upstream: None },
        tasks: BTreeMap::new(),
        mentions: Vec::new(),
        faults: Vec::new(),
        reverts: Default::default(),
        ledger: Ledger::default(),
    }
}
