//! A port for each active task, no two alike, and the same one again wherever that is free.

use std::collections::BTreeSet;

use super::id::TaskId;
use super::ledger::Ledger;
use super::state::State;
use super::task::Settings;

/// Where the task file names no range.
pub const DEFAULT: (u16, u16) = (4000, 4999);

/// The ports of tasks that the ledger knows and that are not over, as far as `state` tells.
pub fn taken(ledger: &Ledger, state: impl Fn(&TaskId) -> Option<State>) -> BTreeSet<u16> {
    let held = ledger.records.iter().filter(|(id, record)| !record.dropped && !state(id).is_some_and(State::over));
    held.filter_map(|(_, record)| record.snapshot.as_ref()?.port).collect()
}

/// Whether anything of a task file is for ports: a range, or a command that could listen at one.
pub fn are_used(settings: &Settings) -> bool {
    let commands = &settings.commands;
    let own = [&commands.setup, &commands.launch, &commands.run];
    let agents = settings.agents.values().flat_map(|agent| [&agent.launch, &agent.run]);
    settings.ports.is_some() || own.into_iter().chain(agents).any(Option::is_some)
}

/// The port of task `id` in `range`, both ends included: where its name points, else the next one that is free, which is then
/// taken. `None` where all are. `seed` is what tells this repository from others, in which a task may have the same name.
pub fn assign(id: &TaskId, seed: &[u8], (first, last): (u16, u16), taken: &mut BTreeSet<u16>) -> Option<u16> {
    let size = u32::from(last.checked_sub(first)?) + 1;
    let begin = hash([seed, b"\0", id.as_str().as_bytes()].concat()) % size;
    let ports = (0..size).map(|step| first + u16::try_from((begin + step) % size).unwrap_or(0));
    let port = ports.into_iter().find(|port| !taken.contains(port))?;
    taken.insert(port);
    Some(port)
}

/// FNV-1a of 32 bits (Fowler, Noll and Vo): the same on every machine.
fn hash(text: Vec<u8>) -> u32 {
    text.into_iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::id;

    #[test]
    fn every_task_gets_another_port_until_none_is_left() {
        let mut taken = BTreeSet::new();
        let range = (4000, 4002);
        let ports: Vec<Option<u16>> =
            ["A", "B", "C", "D"].iter().map(|name| assign(&id(name), b"/r", range, &mut taken)).collect();
        let distinct: BTreeSet<u16> = ports.iter().flatten().copied().collect();
        assert_eq!((distinct.len(), ports[3]), (3, None));
        assert!(distinct.iter().all(|port| (4000..=4002).contains(port)));
        let first = assign(&id("A"), b"/r", range, &mut BTreeSet::new());
        assert_eq!(assign(&id("A"), b"/r", range, &mut BTreeSet::new()), first);
        assert_eq!(assign(&id("A"), b"/r", (65535, 65535), &mut BTreeSet::new()), Some(65535));
        assert_eq!(assign(&id("A"), b"/r", (2, 1), &mut BTreeSet::new()), None);
        let elsewhere = |seed: &str| assign(&id("A"), seed.as_bytes(), DEFAULT, &mut BTreeSet::new());
        let all: BTreeSet<_> = ["/r", "/x", "/src/one", "/src/two"].map(elsewhere).into();
        assert_eq!(all.len(), 4, "{all:?}");
    }
}
