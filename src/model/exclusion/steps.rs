//! Why two tasks may or may not run side by side: the rules one after the other, as [`Pairs::beside`] goes through them.

use std::collections::BTreeSet;

use super::beside::Reads;
use super::overlap::{meeting, witness};
use super::{Pairs, Party, Rules, meet};
use crate::model::graph::{Side, shortest};
use crate::model::id::TaskId;
use crate::model::implied::Number;
use crate::model::pattern::Pattern;
use crate::model::state::Reason;
use crate::model::task::{Kind, Overlap, Task};

/// How many pairs of patterns a step lists; the rest is counted.
const MOST: usize = 10;

/// One of the rules, in their order (git-dispatch(1), SIDE BY SIDE).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    Needs,
    Reads,
    Parallel,
    Locks,
    Issue,
    Writes,
}

/// What a rule says of two tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It does not apply.
    No,
    /// The first of the two comes after the second.
    After,
    Before,
    /// Not at the same time.
    Exclusive,
    /// Side by side, with a warning.
    Warn,
    /// Side by side as far as anybody knows.
    NotChecked,
}

/// One rule, what it says, and what that rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub rule: Rule,
    pub answer: Answer,
    pub details: Vec<Detail>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    /// Each link begins where the one before it ends.
    Chain(Vec<Link>),
    /// The same, and the last one ends where the first begins: so no order follows.
    Circle(Vec<Link>),
    Meeting(Meeting),
    /// So many more pairs of patterns.
    More(usize),
    /// Would meet, but this one of `shared-paths` covers it.
    Shared(Meeting, Pattern),
    /// Has `parallel = false`.
    Alone(TaskId),
    /// A lock, and how each of the two comes to it.
    Lock(String, [(TaskId, Taken); 2]),
    Issue(String),
    /// Why what both write is no more than a warning.
    Warns(Warns),
    /// Declares no `writes`.
    NoWrites(TaskId),
}

/// One task comes right after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub after: TaskId,
    pub first: TaskId,
    /// The path that it reads and the other writes; `None`: it needs the other.
    pub reads: Option<String>,
}

/// Two patterns that cover one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    pub ends: [(TaskId, Usage, Pattern); 2],
    /// Such a path, where the patterns do not show one themselves.
    pub path: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    Reads,
    Writes,
}

/// How a task comes to a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    Declared,
    /// What it writes meets a pattern of the lock.
    Implied {
        writes: Pattern,
        lock: Pattern,
    },
}

/// Where `overlap = "warn"` stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warns {
    Task(TaskId),
    Settings,
}

/// A list of patterns, and whose and what it is.
type Given<'t> = (&'t Task, Usage);

impl Step {
    fn new(rule: Rule, answer: Answer, details: Vec<Detail>) -> Step {
        Step { rule, answer, details }
    }
}

impl Pairs<'_> {
    /// The rules in their order up to the one that decides about two different tasks: the first whose answer is not
    /// [`Answer::No`]. Where that is an exclusion, all further ones follow.
    pub fn steps(&self, one: &Party<'_>, other: &Party<'_>) -> Vec<Step> {
        let mut steps = vec![self.by_needs(one, other)];
        if steps[0].answer == Answer::No {
            steps.push(self.by_reads(one, other));
        }
        if steps.iter().any(|step| matches!(step.answer, Answer::After | Answer::Before)) {
            return steps;
        }
        let (a, b) = (one.task(), other.task());
        for step in [alone(a, b), self.locks(one, other), issue(a, b), self.rules.writes(a, b)] {
            let decided = steps.iter().any(|step| step.answer == Answer::Exclusive);
            if !decided || step.answer == Answer::Exclusive {
                steps.push(step);
            }
        }
        steps
    }

    fn by_needs(&self, one: &Party<'_>, other: &Party<'_>) -> Step {
        let (answer, later, earlier) = match self.side(one, other) {
            Side::Apart => return Step::new(Rule::Needs, Answer::No, vec![]),
            Side::After => (Answer::After, one, other),
            Side::Before => (Answer::Before, other, one),
        };
        let ends = (later.number as usize, earlier.number as usize);
        let way = shortest(self.graph.len(), ends, |ix| self.graph.needs(ix));
        let name = |number: usize| self.graph.tasks()[number].id.clone();
        let link = |pair: &[usize]| Link { after: name(pair[0]), first: name(pair[1]), reads: None };
        let chain = way.map(|way| Detail::Chain(way.windows(2).map(link).collect()));
        Step::new(Rule::Needs, answer, chain.into_iter().collect())
    }

    fn by_reads(&self, one: &Party<'_>, other: &Party<'_>) -> Step {
        let (a, b) = (one.task(), other.task());
        let ours = || self.rules.meet_at((a, Usage::Reads), (b, Usage::Writes));
        let theirs = || self.rules.meet_at((b, Usage::Reads), (a, Usage::Writes));
        match self.reads(one, other) {
            Reads::After(_) => Step::new(Rule::Reads, Answer::After, ours()),
            Reads::Before(_) => Step::new(Rule::Reads, Answer::Before, theirs()),
            Reads::Circle(first, second) => {
                let mut details = if first.is_some() { ours() } else { vec![] };
                details.extend(if second.is_some() { theirs() } else { vec![] });
                let (reader, writer) = if first.is_some() { (one, other) } else { (other, one) };
                details.extend(self.circle(reader, writer, first.or(second)).map(Detail::Circle));
                Step::new(Rule::Reads, Answer::Exclusive, details)
            }
            Reads::Nothing => self.through_others(one, other).unwrap_or_else(|| {
                let shared = [ours(), theirs()].concat();
                let shared = shared.into_iter().filter(|detail| matches!(detail, Detail::Shared(..)));
                Step::new(Rule::Reads, Answer::No, shared.collect())
            }),
        }
    }

    /// An order that follows from needs and from what is read, one behind the other.
    fn through_others(&self, one: &Party<'_>, other: &Party<'_>) -> Option<Step> {
        let known = one.known && other.known && self.implied.has_needs();
        let chain = |later: &Party<'_>, earlier: &Party<'_>| {
            let read = |number: Number| self.implied.needs_of(number).iter().map(|after| after.writer as usize);
            let way = self.way(later, earlier, |number| read(number).collect())?;
            Some(vec![Detail::Chain(self.links(&way, (later, earlier)))])
        };
        let step = |answer: Answer, chain: Vec<Detail>| Step::new(Rule::Reads, answer, chain);
        let after = || chain(one, other).map(|chain| step(Answer::After, chain));
        let before = || chain(other, one).map(|chain| step(Answer::Before, chain));
        known.then(|| after().or_else(before)).flatten()
    }

    /// The circle that `reader` closes by coming after `writer`; `None` where too many are in it to tell.
    fn circle(&self, reader: &Party<'_>, writer: &Party<'_>, path: Option<String>) -> Option<Vec<Link>> {
        let closing = Link { after: reader.task().id.clone(), first: writer.task().id.clone(), reads: path };
        let read = |number: Number| self.implied.circles_of(number).iter().map(|after| after.writer as usize);
        let way = self.way(writer, reader, |number| read(number).collect())?;
        Some(std::iter::once(closing).chain(self.links(&way, (writer, reader))).collect())
    }

    /// A shortest way over needs and what `read` says.
    fn way(&self, later: &Party<'_>, earlier: &Party<'_>, read: impl Fn(Number) -> Vec<usize>) -> Option<Vec<usize>> {
        let tasks = self.graph.len();
        let ends = (later.number as usize, earlier.number as usize);
        let needs = |ix: usize| (ix < tasks).then(|| self.graph.needs(ix)).into_iter().flatten();
        // One that the file no longer names has a number of its own, and waits for nobody.
        let inside = |ix: &usize| *ix < tasks || *ix == ends.0 || *ix == ends.1;
        let next = |ix: usize| needs(ix).chain(read(ix as Number).into_iter().filter(inside));
        shortest(tasks.max(ends.0 + 1).max(ends.1 + 1), ends, next)
    }

    fn links(&self, way: &[usize], (one, other): (&Party<'_>, &Party<'_>)) -> Vec<Link> {
        let name = |number: usize| match number {
            number if number == one.number as usize => one.task().id.clone(),
            number if number == other.number as usize => other.task().id.clone(),
            number => self.graph.tasks()[number].id.clone(),
        };
        let link = |pair: &[usize]| {
            let needs = pair[0] < self.graph.len() && self.graph.needs(pair[0]).any(|need| need == pair[1]);
            let ends = (pair[0] as Number, pair[1] as Number);
            let path = || self.implied.need(ends.0, ends.1).or_else(|| self.implied.circle(ends.0, ends.1));
            let reads = if needs { None } else { path().map(str::to_owned) };
            Link { after: name(pair[0]), first: name(pair[1]), reads }
        };
        way.windows(2).map(link).collect()
    }

    fn locks(&self, one: &Party<'_>, other: &Party<'_>) -> Step {
        let shared = self.rules.shared_locks(&one.claims, &other.claims);
        let lock = |reason: Reason| match reason {
            Reason::Lock { name, .. } => {
                let takers = [one.task(), other.task()].map(|task| (task.id.clone(), self.rules.taken(task, &name)));
                Some(Detail::Lock(name, takers))
            }
            _ => None,
        };
        let details: Vec<Detail> = shared.into_iter().filter_map(lock).collect();
        let answer = if details.is_empty() { Answer::No } else { Answer::Exclusive };
        Step::new(Rule::Locks, answer, details)
    }
}

impl Rules<'_> {
    fn taken(&self, task: &Task, name: &str) -> Taken {
        let patterns = self.settings.locks.get(name).into_iter().flatten();
        let mut pairs = patterns.flat_map(|lock| task.writes.iter().map(move |writes| (writes, lock)));
        let met = pairs.find(|(writes, lock)| meet(writes, lock));
        match met.filter(|_| !task.locks.iter().any(|lock| lock == name)) {
            Some((writes, lock)) => Taken::Implied { writes: writes.clone(), lock: lock.clone() },
            None => Taken::Declared,
        }
    }

    fn writes(&self, a: &Task, b: &Task) -> Step {
        let mut details = self.meet_at((a, Usage::Writes), (b, Usage::Writes));
        let unchecked: Vec<Detail> = [a, b]
            .into_iter()
            .filter(|task| task.writes.is_empty() && task.kind != Kind::Research)
            .map(|task| Detail::NoWrites(task.id.clone()))
            .collect();
        let answer = match details.iter().any(|detail| matches!(detail, Detail::Meeting(_))) {
            true if !self.only_warns(a, b) => Answer::Exclusive,
            true => {
                let warns = |task: &Task| Detail::Warns(Warns::Task(task.id.clone()));
                let own = [a, b].into_iter().filter(|task| task.overlap == Some(Overlap::Warn)).map(warns);
                details.extend(own);
                let general = [a, b].iter().any(|task| task.overlap.is_none());
                let by_settings = general && self.settings.overlap() == Overlap::Warn;
                details.extend(by_settings.then_some(Detail::Warns(Warns::Settings)));
                Answer::Warn
            }
            false if !unchecked.is_empty() => Answer::NotChecked,
            false => Answer::No,
        };
        details.extend(if answer == Answer::NotChecked { unchecked } else { vec![] });
        Step::new(Rule::Writes, answer, details)
    }

    /// Where the patterns of two lists meet, in the order of what they say of it; shared paths come last.
    fn meet_at(&self, (a, ours): Given<'_>, (b, theirs): Given<'_>) -> Vec<Detail> {
        let list = |task, usage| -> &[Pattern] { patterns(task, usage) };
        let pairs = list(a, ours).iter().flat_map(|one| list(b, theirs).iter().map(move |other| (one, other)));
        let met: BTreeSet<(&str, &Pattern, &Pattern)> = pairs
            .filter(|(one, other)| meet(one, other))
            .map(|(one, other)| (meeting(one, other), one, other))
            .collect();
        let covering = |pattern: &Pattern| self.shared.iter().find(|shared| shared.covers(pattern));
        let told = |one: &Pattern, other: &Pattern| {
            let path = (!one.is_literal() && !other.is_literal() && one != other).then(|| witness(one, other));
            let ends = [(a.id.clone(), ours, one.clone()), (b.id.clone(), theirs, other.clone())];
            Meeting { ends, path: path.flatten() }
        };
        let (mut plain, mut shared) = (Vec::new(), Vec::new());
        let (mut more, mut more_shared) = (0, 0);
        for (_, one, other) in met {
            match covering(one).or_else(|| covering(other)) {
                Some(by) if shared.len() < MOST => {
                    shared.push(Detail::Shared(told(one, other), by.pattern.clone()));
                }
                Some(_) => more_shared += 1,
                None if plain.len() < MOST => plain.push(Detail::Meeting(told(one, other))),
                None => more += 1,
            }
        }
        plain.extend((more > 0).then_some(Detail::More(more)));
        shared.extend((more_shared > 0).then_some(Detail::More(more_shared)));
        plain.into_iter().chain(shared).collect()
    }
}

fn patterns(task: &Task, usage: Usage) -> &[Pattern] {
    match usage {
        Usage::Reads => &task.reads,
        Usage::Writes => &task.writes,
    }
}

fn alone(a: &Task, b: &Task) -> Step {
    let alone = [a, b].into_iter().filter(|task| !task.parallel);
    let details: Vec<Detail> = alone.map(|task| Detail::Alone(task.id.clone())).collect();
    let answer = if details.is_empty() { Answer::No } else { Answer::Exclusive };
    Step::new(Rule::Parallel, answer, details)
}

fn issue(a: &Task, b: &Task) -> Step {
    match a.issue.as_ref().filter(|issue| b.issue.as_ref() == Some(issue)) {
        Some(issue) => Step::new(Rule::Issue, Answer::Exclusive, vec![Detail::Issue(issue.clone())]),
        None => Step::new(Rule::Issue, Answer::No, vec![]),
    }
}

#[cfg(test)]
mod tests;
