//! Landings in memory: which order lands most, and what each of them makes of the target.

use std::collections::BTreeSet;

use anyhow::Result;

use super::{Loaded, Scene};
use crate::git::{self, Joining, Repo, Stand};
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::land::{self, Asked, Step};
use crate::model::landing::{Entrants, Landing, Left, Obstacle, Whom, entrants};
use crate::model::oid::Oid;
use crate::model::order::{Attempt, Candidate, order};
use crate::model::sides::named;
use crate::model::state::Reason;
use crate::model::task::Strategy;
use crate::model::template::{self, Template};
use crate::model::text::is_unsafe;

/// Of landing commits, where the task file says nothing.
const MESSAGE: &str = "{{ title }} ({{ id }})";

/// Lands the tips of tasks one after the other in memory, in the order that lands most of them. `None` where the target
/// cannot be read.
pub fn landing(repo: &Repo, loaded: &Loaded, scene: &Scene, whom: Whom) -> Option<Landing> {
    let entrants = entrants(&loaded.file, &scene.facts, &scene.standings, scene.collisions.as_ref(), whom);
    let strategy = loaded.file.settings.strategy.unwrap_or(Strategy::Merge);
    Some(Course::new(repo, scene, entrants, strategy)?.best())
}

/// Tasks that are to land, and the target as each of them leaves it.
pub struct Course<'a> {
    repo: &'a Repo,
    scene: &'a Scene,
    entrants: Entrants,
    strategy: Strategy,
    landings: git::Landings<'a>,
}

impl<'a> Course<'a> {
    /// `None` where the target cannot be read.
    pub fn new(repo: &'a Repo, scene: &'a Scene, entrants: Entrants, strategy: Strategy) -> Option<Course<'a>> {
        let landings = git::Landings::new(repo, &scene.quarantine, scene.facts.target.newest().1)?;
        Some(Course { repo, scene, entrants, strategy, landings })
    }

    fn joining(&self, place: usize) -> Joining {
        let entrant = &self.entrants.tasks[place];
        match self.strategy {
            Strategy::Merge => Joining::Merge,
            Strategy::Squash => Joining::Squash,
            Strategy::Ff => Joining::Forward,
            Strategy::Rebase => {
                let from = own_from(self.repo, self.scene, &entrant.id, entrant.tip);
                from.map_or(Joining::Merge, Joining::Rebase)
            }
        }
    }

    fn attempt(&mut self, stand: Stand, place: usize) -> Attempt<Stand> {
        let (target, joining) = (self.scene.facts.target.newest().0, self.joining(place));
        match self.landings.land(stand, self.entrants.tasks[place].tip, joining) {
            Some((_, Some(next))) => Attempt::Lands(next),
            Some((mut merge, None)) => {
                let entrant = &self.entrants.tasks[place];
                let name = self.scene.names.get(&entrant.id).map_or("", String::as_str);
                named(&mut merge.conflicts, [(self.landings.commit(stand), target), (entrant.tip, name)]);
                Attempt::Breaks(merge.conflicts)
            }
            None => Attempt::Unknown,
        }
    }

    /// The order that lands most.
    pub fn best(&mut self) -> Landing {
        let candidates: Vec<Candidate> = self.entrants.tasks.iter().map(|entrant| entrant.candidate.clone()).collect();
        let order = order(&candidates, Stand::NOW, |stand, place| self.attempt(*stand, place));
        let best = self.entrants.named(order);
        Landing { left: self.by_strategy(best.left), ..best }
    }

    /// What does not land by a fast-forward needs not conflict.
    fn by_strategy(&self, mut left: Vec<Left>) -> Vec<Left> {
        for one in left.iter_mut().filter(|_| self.strategy == Strategy::Ff) {
            if let Obstacle::Breaks { with, .. } = &mut one.why {
                one.why = Obstacle::Behind { with: std::mem::take(with) };
            }
        }
        left
    }

    /// Lands `ids` in this order; what does not land there is left out, and what needs that. Each with the tree that it makes.
    pub fn walk(&mut self, ids: &[TaskId]) -> (Vec<(TaskId, Oid)>, Vec<Left>) {
        let (mut stand, mut lands, mut left) = (Stand::NOW, Vec::new(), Vec::new());
        let mut out = BTreeSet::new();
        for id in ids {
            let Some(place) = self.entrants.tasks.iter().position(|entrant| entrant.id == *id) else { continue };
            let needs = self.entrants.tasks[place].candidate.needs.iter();
            let missing: Vec<TaskId> = needs
                .map(|&need| self.entrants.tasks[need].id.clone())
                .filter(|need| out.contains(need) || !ids.contains(need))
                .collect();
            let why = if missing.is_empty() {
                match self.attempt(stand, place) {
                    Attempt::Lands(next) => match self.landings.tree(next) {
                        Some(tree) => {
                            stand = next;
                            lands.push((id.clone(), tree));
                            continue;
                        }
                        None => Obstacle::Unknown,
                    },
                    Attempt::Breaks(paths) => {
                        Obstacle::Breaks { with: lands.iter().map(|(id, _)| id.clone()).collect(), paths }
                    }
                    Attempt::Unknown => Obstacle::Unknown,
                }
            } else {
                Obstacle::Needs(missing)
            };
            out.insert(id.clone());
            left.push(Left { id: id.clone(), title: self.entrants.tasks[place].title.clone(), why });
        }
        (lands, self.by_strategy(left))
    }
}

/// What lands of what was asked for, and in which order; nothing is written but to the quarantine.
///
/// # Errors
/// The target is no branch of this repository, a task is unknown, or the template of messages cannot be rendered.
pub fn decide(repo: &Repo, loaded: &Loaded, scene: &Scene, asked: &Asked) -> Result<land::Landing> {
    let target = &scene.facts.target;
    if repo.commit_of(&format!("refs/heads/{}", target.name))? != Some(target.commit) {
        let what = format!("'{}' is no branch of this repository: nothing can land on it here", target.name);
        return Err(Failure::new(Exit::Refused, what)
            .hint("use 'git dispatch submit' to push branches for others to merge")
            .hint("use 'git config dispatch.target BRANCH' to name a branch")
            .into());
    }
    let (file, standings) = (&loaded.file, &scene.standings);
    let named = match &asked.ids[..] {
        [] => None,
        ids => Some(land::named(file, standings, ids)?),
    };
    let strategy = asked.strategy.unwrap_or(file.settings.strategy.unwrap_or(Strategy::Merge));
    let mut entrants =
        land::entrants((file, &scene.facts, standings), scene.collisions.as_ref(), named.as_ref(), asked);
    let empty = land::empty(standings, named.as_ref(), &entrants);
    for entrant in entrants.tasks.iter_mut().filter(|_| strategy == Strategy::Rebase) {
        let base = own_from(repo, scene, &entrant.id, entrant.tip);
        if base.is_some_and(|base| git::merges_since(repo, base, entrant.tip).is_ok_and(|merges| merges > 0)) {
            entrant.barred.push(Reason::Merges);
            entrant.candidate.waits = true;
        }
    }
    let cannot = || Failure::new(Exit::Git, format!("commit {} of '{}' cannot be read", target.commit, target.name));
    let mut course = Course::new(repo, scene, entrants, strategy).ok_or_else(cannot)?;
    let best = course.best();
    let ids: Vec<TaskId> = best.lands.iter().map(|(id, _)| id.clone()).collect();
    let (lands, further) = course.walk(&ids);
    let steps = lands.into_iter().map(|(id, tree)| step(repo, loaded, scene, (&id, tree), strategy));
    let steps = steps.collect::<Result<Vec<Step>>>()?;
    let mut left = [best.left, further, empty].concat();
    left.sort_by(|a, b| a.id.cmp(&b.id));
    let (name, commit) = target.newest();
    Ok(land::Landing {
        target: target.name.clone(),
        old: target.commit,
        from: (name.to_owned(), commit),
        steps,
        left,
        strategy,
    })
}

/// `landing` without the task at `place`, and without what needs it or merges no more.
///
/// # Errors
/// As [`decide`].
pub fn without(
    repo: &Repo,
    loaded: &Loaded,
    scene: &Scene,
    asked: &Asked,
    (landing, place): (&land::Landing, usize),
) -> Result<(Vec<Step>, Vec<Left>)> {
    let ids: Vec<TaskId> = landing.steps.iter().map(|step| step.task.id.clone()).collect();
    let named: BTreeSet<TaskId> = ids.iter().cloned().collect();
    let asked = Asked { force_state: true, ..asked.clone() };
    let around = (&loaded.file, &scene.facts, &scene.standings);
    let entrants = land::entrants(around, scene.collisions.as_ref(), Some(&named), &asked);
    let Some(mut course) = Course::new(repo, scene, entrants, landing.strategy) else {
        return Err(Failure::new(Exit::Git, "the target cannot be read any more").into());
    };
    let rest: Vec<TaskId> = ids.iter().enumerate().filter(|(at, _)| *at != place).map(|(_, id)| id.clone()).collect();
    let (lands, left) = course.walk(&rest);
    let steps = lands.into_iter().map(|(id, tree)| step(repo, loaded, scene, (&id, tree), landing.strategy));
    Ok((steps.collect::<Result<_>>()?, left))
}

/// Where the own commits of a task begin: at its base, or, where it was rebased since, at the commit of the target that it stands on.
fn own_from(repo: &Repo, scene: &Scene, id: &TaskId, tip: Oid) -> Option<Oid> {
    let base = snapshot(scene, id)?.base;
    let met = git::merge_base(repo, scene.facts.target.newest().1, tip).ok().flatten();
    Some(met.filter(|met| *met != base && git::contains(repo, *met, base)).unwrap_or(base))
}

fn snapshot<'a>(scene: &'a Scene, id: &TaskId) -> Option<&'a crate::model::ledger::Snapshot> {
    scene.facts.ledger.records.get(id)?.snapshot.as_ref()
}

fn step(repo: &Repo, loaded: &Loaded, scene: &Scene, (id, tree): (&TaskId, Oid), strategy: Strategy) -> Result<Step> {
    let ledger = &scene.facts.ledger;
    let tip = scene.facts.tasks.get(id).and_then(|seen| seen.branch.as_ref()).map(|branch| branch.tip);
    let (Some(task), Some(batch), Some(tip)) = (snapshot(scene, id), ledger.batch_of(id), tip) else {
        let what = format!("task '{id}' has a branch, but was neither started nor adopted");
        return Err(Failure::new(Exit::Refused, what)
            .hint(format!("use 'git dispatch adopt {id}' to take that branch as its"))
            .into());
    };
    super::may_act(repo, loaded, task, batch.base)?;
    Ok(Step {
        task: task.clone(),
        batch: batch.name.clone(),
        of: batch.uid.clone(),
        note: batch.base,
        tip,
        from: own_from(repo, scene, id, tip).unwrap_or(task.base),
        strategy,
        tree,
        message: message(repo, loaded, task)?,
    })
}

fn message(repo: &Repo, loaded: &Loaded, task: &crate::model::ledger::Snapshot) -> Result<String> {
    let text = loaded.file.settings.message.as_deref().unwrap_or(MESSAGE);
    let bad = |why: String| {
        Failure::new(Exit::Usage, format!("the template 'message' gives no message for task '{}': {why}", task.id))
            .hint("use 'git config dispatch.message TEMPLATE' to set another one for this clone")
    };
    let template = Template::new(text, template::Kind::Message).map_err(bad)?;
    let title = if task.title.trim().is_empty() { task.id.as_str() } else { &task.title };
    // A title is one line, and no more than that.
    let title: String = title.chars().map(|one| if is_unsafe(one) || one.is_control() { ' ' } else { one }).collect();
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let repo = repo.name();
    let names = template::Names { id: &task.id, title: &title, agent: task.agent.as_deref(), repo: &repo };
    Ok(template.render(&names).map_err(bad)?)
}
