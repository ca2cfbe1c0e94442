//! Which finished tasks would land now, and in which order.

use std::collections::BTreeMap;

use super::collision::{Collisions, Meeting};
use super::facts::Facts;
use super::id::TaskId;
use super::oid::Oid;
use super::order::{Candidate, Order, Why};
use super::path::TreePath;
use super::standing::{Holder, Standings};
use super::state::{Reason, State};
use super::task::TaskFile;

/// Whom a simulated landing is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// Tasks that were reported done.
    Done,
    /// Every active task that has commits and was not stopped.
    All,
}

impl Whom {
    pub fn word(self) -> &'static str {
        match self {
            Whom::Done => "done",
            Whom::All => "all",
        }
    }
}

/// Tasks that would land, each with what [`super::order::order`] wants to know of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entrants {
    pub whom: Whom,
    /// In the order of ids.
    pub tasks: Vec<Entrant>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entrant {
    pub id: TaskId,
    pub title: String,
    pub tip: Oid,
    pub candidate: Candidate,
    /// What it needs and no candidate brings.
    pub waits_for: Vec<TaskId>,
    /// What keeps it where it is, where only what is done is to land.
    pub barred: Vec<Reason>,
}

/// A landing that was simulated: tips only, without what is not committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landing {
    pub whom: Whom,
    /// What lands, in sequence: ids and titles.
    pub lands: Vec<(TaskId, String)>,
    /// The rest, in the order of ids.
    pub left: Vec<Left>,
    /// No order lands more. Not so where the search was cut short.
    pub most: bool,
}

/// A task that is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    pub id: TaskId,
    pub title: String,
    pub why: Obstacle,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// It conflicts with the target as it is (`with` is empty), or with what these would make of it.
    Breaks { with: Vec<TaskId>, paths: Vec<TreePath> },
    /// It does not stand on all that the target has (`with` is empty), or would have with these: no fast-forward.
    Behind { with: Vec<TaskId> },
    /// It waits for reviewers, or does not merge with another one that is done.
    Barred(Vec<Reason>),
    /// These need to land before it, and do not.
    Needs(Vec<TaskId>),
    /// The check fails with it, and with these that land before it it does not; the last lines of what it said.
    Red { log: String, tail: Vec<String> },
    /// git gives no answer.
    Unknown,
}

/// The tasks that [`Whom`] stands for; `collisions` tell where to look for conflicts first.
pub fn entrants(
    file: &TaskFile,
    facts: &Facts,
    standings: &Standings,
    collisions: Option<&Collisions>,
    whom: Whom,
) -> Entrants {
    let wanted = |holder: &Holder| match whom {
        Whom::Done => holder.state == State::Done,
        Whom::All => matches!(holder.state, State::Done | State::Active),
    };
    let bars = |holder: &Holder, others: &[&TaskId]| match whom {
        Whom::Done => barred((file, standings), holder, others),
        Whom::All => Vec::new(),
    };
    among((file, facts, standings), collisions, whom, (&wanted, &bars))
}

/// Which tasks take part, and what keeps one where it is, given those others of them that it does not merge with.
type Rules<'a> = (&'a dyn Fn(&Holder) -> bool, &'a dyn Fn(&Holder, &[&TaskId]) -> Vec<Reason>);

/// The tasks with commits that are `wanted`.
pub(super) fn among(
    (file, facts, standings): (&TaskFile, &Facts, &Standings),
    collisions: Option<&Collisions>,
    whom: Whom,
    (wanted, bars): Rules<'_>,
) -> Entrants {
    let tip = |holder: &Holder| {
        let branch = facts.tasks.get(&holder.task.id)?.branch.as_ref()?;
        let works = branch.commits != Some(0) && branch.ahead != Some(0);
        works.then_some(branch.tip)
    };
    let chosen: Vec<(&Holder, Oid)> = standings
        .under_way()
        .filter(|holder| wanted(holder))
        .filter_map(|holder| Some((holder, tip(holder)?)))
        .collect();
    let places: BTreeMap<&TaskId, usize> =
        chosen.iter().enumerate().map(|(place, (holder, _))| (&holder.task.id, place)).collect();
    let met = collisions.map(Collisions::by_task).unwrap_or_default();
    let entrant = |&(holder, tip): &(&Holder, Oid)| {
        let unmet = unmet(file, facts, standings, holder);
        let (needs, waits_for): (Vec<TaskId>, Vec<TaskId>) =
            unmet.into_iter().partition(|need| places.contains_key(need));
        let suspects = met.get(&holder.task.id).map(Vec::as_slice).unwrap_or_default();
        let collides = |meeting: &Meeting| matches!(meeting, Meeting::Collides { uncommitted: false, .. });
        let suspects: Vec<&TaskId> =
            suspects.iter().filter(|(_, meeting)| collides(meeting)).map(|(id, _)| *id).collect();
        let others: Vec<&TaskId> = suspects.iter().copied().filter(|id| places.contains_key(id)).collect();
        let barred = bars(holder, &others);
        let candidate = Candidate {
            needs: needs.iter().map(|need| places[need]).collect(),
            waits: !waits_for.is_empty() || !barred.is_empty(),
            suspects: suspects.iter().filter_map(|id| places.get(id)).copied().collect(),
        };
        Entrant { id: holder.task.id.clone(), title: holder.task.title.clone(), tip, candidate, waits_for, barred }
    };
    Entrants { whom, tasks: chosen.iter().map(entrant).collect() }
}

/// What reviewers have against the landing of a task, and the others that are done and do not merge with it.
pub(super) fn barred((file, standings): (&TaskFile, &Standings), holder: &Holder, others: &[&TaskId]) -> Vec<Reason> {
    let standing = standings.of(file, &holder.task.id);
    let said = standing.into_iter().flat_map(|standing| &standing.reasons).filter(|reason| reason.bars_landing());
    let others = others.iter().map(|id| Reason::Collides((*id).clone()));
    said.cloned().chain(others).collect()
}

/// What the task needs, by the file or, where that no longer names it, as it was when it started, and has not landed.
fn unmet(file: &TaskFile, facts: &Facts, standings: &Standings, holder: &Holder) -> Vec<TaskId> {
    if let Some(ix) = holder.index {
        return standings.unmet(file, ix).map(|need| file.graph.tasks()[need].id.clone()).collect();
    }
    let record = facts.ledger.records.get(&holder.task.id);
    let needs = record.and_then(|record| record.snapshot.as_ref()).map(|snapshot| snapshot.needs.clone());
    let landed = |need: &TaskId| match file.graph.position(need) {
        Some(ix) => standings.tasks[ix].state == State::Landed,
        None => standings.gone.get(need).is_none_or(|standing| standing.state == State::Landed),
    };
    needs.unwrap_or_default().into_iter().filter(|need| !landed(need)).collect()
}

impl Entrants {
    /// `order` with ids in place of places.
    pub fn named(&self, order: Order) -> Landing {
        let id = |place: usize| self.tasks[place].id.clone();
        let ids = |places: Vec<usize>| places.into_iter().map(id).collect();
        let obstacle = |place: usize, why: Why| match why {
            Why::Breaks { with, paths } => Obstacle::Breaks { with: ids(with), paths },
            Why::Needs(need) => Obstacle::Needs(vec![id(need)]),
            Why::Waits if !self.tasks[place].barred.is_empty() => Obstacle::Barred(self.tasks[place].barred.clone()),
            Why::Waits => Obstacle::Needs(self.tasks[place].waits_for.clone()),
            Why::Unknown => Obstacle::Unknown,
        };
        let title = |place: usize| self.tasks[place].title.clone();
        let left = order.left.into_iter().map(|(place, why)| Left {
            id: id(place),
            title: title(place),
            why: obstacle(place, why),
        });
        let lands = order.lands.into_iter().map(|place| (id(place), title(place)));
        Landing { whom: self.whom, lands: lands.collect(), left: left.collect(), most: order.most }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::facts::Branch;
    use crate::model::order::{Attempt, order};
    use crate::model::sample::{branch, facts, file, id, ledger, names, observe, oid, started, starting};
    use crate::model::standing::standings;

    #[test]
    fn active_tasks_with_commits_land_after_what_they_need() {
        let file = file(&["A", "B", "C: B", "D: E", "E"]);
        let mut facts = facts();
        facts.ledger = ledger(vec![starting(&["A", "B", "C", "D"]), started("u0", &["A", "B", "C", "D"])]);
        observe(&mut facts, "A", Branch { commits: Some(0), ahead: Some(0), ..branch("A") });
        for (name, digit) in [("B", '1'), ("C", '2'), ("D", '3')] {
            observe(&mut facts, name, Branch { tip: oid(digit), ..branch(name) });
        }
        let standings = standings(&file, &facts, &names(&file));
        let meetings = [((id("B"), id("D")), Meeting::Collides { paths: Vec::new(), uncommitted: false })];
        let collisions = Collisions { compared: vec![id("B"), id("C"), id("D")], meetings: meetings.into() };
        let entrants = entrants(&file, &facts, &standings, Some(&collisions), Whom::All);
        let shown: Vec<_> = entrants
            .tasks
            .iter()
            .map(|one| (one.id.as_str(), one.candidate.needs.clone(), one.candidate.waits))
            .collect();
        assert_eq!(shown, [("B", vec![], false), ("C", vec![0], false), ("D", vec![], true)]);
        assert_eq!(entrants.tasks[0].candidate.suspects, [2]);
        let candidates: Vec<Candidate> = entrants.tasks.iter().map(|one| one.candidate.clone()).collect();
        let landing = entrants.named(order(&candidates, (), |(), _| Attempt::Lands(())));
        assert_eq!(landing.lands, [(id("B"), String::new()), (id("C"), String::new())]);
        assert_eq!((&landing.left[0].id, &landing.left[0].why), (&id("D"), &Obstacle::Needs(vec![id("E")])));
        assert!(super::entrants(&file, &facts, &standings, None, Whom::Done).tasks.is_empty());
    }
}
