//! From items to tasks: which are work, what is done, and in which words that is told.

use std::collections::HashMap;

use super::circles;
use super::ids;
use super::item::{Group, Item, Items, Status, Unknown};
use super::needs::{self, Edge};
use super::node::DEEPEST;
use super::sink::{Sinks, quoted};
use super::sums;
use super::{Content, Draft, Imported, Options};
use crate::model::id::TaskId;
use crate::model::task::Declared;
use crate::model::taskfile::MOST_TASKS;
use crate::model::text::count;

/// The items of a source with what was found out about them, by index.
pub(super) struct Field {
    pub items: Vec<Item>,
    pub unknown: Unknown,
    pub word: &'static str,
    pub by_key: HashMap<String, usize>,
    pub parent: Vec<Option<usize>>,
    pub children: Vec<Vec<usize>>,
    /// Is the sum of its children and no task.
    pub group: Vec<bool>,
    /// As it counts: a group is done when all of its children are.
    pub status: Vec<Status>,
    pub ids: Vec<TaskId>,
}

/// Makes tasks of `items`; `None` where something is wrong, which stands in `sinks`.
pub(super) fn settle(items: Items, options: Options<'_>, texts: &[String], sinks: &mut Sinks) -> Option<Imported> {
    let mut field = Field::new(items, texts, sinks)?;
    field.dissolve(sinks);
    let mut edges = needs::edges(&mut field, texts, sinks);
    if !sinks.clean() {
        return None;
    }
    circles::open_up(&mut field, &mut edges, options, texts, sinks);
    if !sinks.clean() {
        return None;
    }
    let kept = field.kept(&edges, options);
    field.hold_blocked(&kept, &edges, texts, sinks);
    field.tell_items(&kept, texts, sinks);
    field.tell_left_out(&kept, &edges, sinks);
    field.share_issues(&kept);
    Some(Imported { tasks: drafts(field, &edges, &kept), notes: std::mem::take(&mut sinks.notes) })
}

/// The items by their keys; that one stands twice is a fault.
fn keys_of(items: &[Item], word: &str, texts: &[String], sinks: &mut Sinks) -> HashMap<String, usize> {
    let mut by_key = HashMap::with_capacity(items.len());
    for (ix, item) in items.iter().enumerate() {
        let first = *by_key.entry(item.key.clone()).or_insert(ix);
        // A key that stands twice in one table has been told already.
        if first != ix && !sinks.is_told(&item.place) {
            let line = sinks.spot(texts, &items[first].place).map_or(0, |spot| spot.line);
            let what = format!("{word} {} stands here twice, first in line {line}", quoted(&item.key));
            sinks.fault_at(&item.place, what, None);
        }
    }
    by_key
}

impl Field {
    fn new(all: Items, texts: &[String], sinks: &mut Sinks) -> Option<Field> {
        let Items { items, unknown, word } = all;
        let by_key = keys_of(&items, word, texts, sinks);
        if items.len() > MOST_TASKS {
            sinks.fault(
                0,
                None,
                format!("there are {} {word}s, and a task file holds {MOST_TASKS}", items.len()),
                None,
            );
        }
        if !sinks.clean() {
            return None;
        }
        let mut parent = vec![None; items.len()];
        let mut children = vec![Vec::new(); items.len()];
        for (ix, item) in items.iter().enumerate() {
            let found = item.parent.as_ref().and_then(|key| by_key.get(key)).copied();
            if let Some(above) = found.filter(|above| *above != ix) {
                parent[ix] = Some(above);
                children[above].push(ix);
            }
        }
        let keys: Vec<&str> = items.iter().map(|item| item.key.as_str()).collect();
        let ids = ids::map(&keys);
        let status = items.iter().map(|item| item.status).collect();
        let group = vec![false; items.len()];
        let field = Field { by_key, parent, children, group, status, ids, unknown, word, items };
        field.check_parents(sinks)?;
        Some(field)
    }

    /// Every way up ends, and soon.
    fn check_parents(&self, sinks: &mut Sinks) -> Option<()> {
        // By item: the walk that came by last.
        let mut seen = vec![usize::MAX; self.items.len()];
        for start in 0..self.items.len() {
            let mut at = Some(start);
            while let Some(ix) = at.filter(|&ix| seen[ix] == usize::MAX || seen[ix] == start) {
                if seen[ix] == start {
                    let item = &self.items[ix];
                    sinks.fault_at(
                        &item.place,
                        format!("{} {} is its own ancestor", self.word, quoted(&item.key)),
                        None,
                    );
                    return None;
                }
                seen[ix] = start;
                at = self.parent[ix];
            }
        }
        let mut depth = vec![0; self.items.len()];
        for ix in self.parents_first() {
            depth[ix] = self.parent[ix].map_or(0, |above| depth[above] + 1);
            if depth[ix] > DEEPEST {
                let what = format!("{} {} has more than {DEEPEST} ancestors", self.word, quoted(&self.items[ix].key));
                sinks.fault_at(&self.items[ix].place, what, None);
                return None;
            }
        }
        Some(())
    }

    /// Parents before their children.
    fn parents_first(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.items.len()).filter(|&ix| self.parent[ix].is_none()).collect();
        let mut next = 0;
        while let Some(&ix) = order.get(next) {
            next += 1;
            order.extend(&self.children[ix]);
        }
        order
    }

    /// Finds out which items are the sum of their children, and whether those are done.
    fn dissolve(&mut self, sinks: &mut Sinks) {
        let mut through = Vec::new();
        for ix in self.parents_first().into_iter().rev() {
            let kids = &self.children[ix];
            let open = kids.iter().any(|&kid| self.status[kid] == Status::Open);
            let kind = self.items[ix].group;
            self.group[ix] = match kind {
                Group::Never => false,
                Group::WhileOpen => open && self.status[ix] == Status::Open,
                Group::Always => !kids.is_empty(),
                Group::Through => true,
            };
            if self.group[ix] && !kids.is_empty() && self.status[ix] == Status::Open && !open {
                self.status[ix] = Status::Done;
                through.push(ix);
            }
        }
        through.sort_unstable();
        for ix in through {
            let key = quoted(&self.items[ix].key);
            sinks.warn(format!("{key} is open, but all of its children are closed: it counts as done"));
        }
    }

    /// Whether each item becomes a task.
    fn kept(&self, edges: &[Edge], options: Options<'_>) -> Vec<bool> {
        let mut kept: Vec<bool> = (0..self.items.len())
            .map(|ix| !self.group[ix] && (options.all || self.status[ix] == Status::Open))
            .collect();
        // A cancelled task holds who needs it: that is not for an import to change.
        for edge in edges.iter().filter(|edge| self.status[edge.from] == Status::Open) {
            if self.status[edge.to] == Status::Cancelled && !self.group[edge.to] {
                kept[edge.to] = true;
            }
        }
        kept
    }

    fn tell_left_out(&self, kept: &[bool], edges: &[Edge], sinks: &mut Sinks) {
        let number = |wanted: Status, group: bool| {
            let all = (0..kept.len()).filter(|&ix| !kept[ix] && self.group[ix] == group && self.status[ix] == wanted);
            all.count()
        };
        let (done, cancelled) = (number(Status::Done, false), number(Status::Cancelled, false));
        let met = edges.iter().filter(|edge| kept[edge.from] && !kept[edge.to]).count();
        if done > 0 {
            let (whom, are) = (if done == 1 { "it" } else { "them" }, if met == 1 { "is" } else { "are" });
            let needs = if met > 0 { format!("; {} on {whom} {are} met", count(met, "need")) } else { String::new() };
            sinks.note(format!("{} left out as done{needs}", count(done, self.word)));
        }
        if cancelled > 0 {
            sinks.note(format!("{} left out as cancelled", count(cancelled, self.word)));
        }
        let groups = (0..kept.len()).filter(|&ix| self.group[ix] && self.items[ix].group != Group::Through).count();
        if groups > 0 {
            let what = count(groups, self.word);
            sinks.note(format!("{what} left out as the sum of others: who needs one needs all of those"));
        }
    }

    /// Tasks with the same issue exclude each other: only an issue of one task is a key, others become notes.
    fn share_issues(&mut self, kept: &[bool]) {
        let mut uses: HashMap<String, usize> = HashMap::new();
        let used = self.items.iter().zip(kept).filter(|(_, kept)| **kept);
        for issue in used.filter_map(|(item, _)| item.content.issue.clone()) {
            *uses.entry(issue).or_default() += 1;
        }
        for item in &mut self.items {
            if let Some(issue) = item.content.issue.take_if(|issue| uses.get(issue).is_some_and(|&uses| uses > 1)) {
                item.content.notes.push(format!("issue, which others have too: {issue}"));
            }
        }
    }
}

fn drafts(field: Field, edges: &[Edge], kept: &[bool]) -> Vec<Draft> {
    let mut needs: Vec<Vec<TaskId>> = vec![Vec::new(); kept.len()];
    for edge in edges.iter().filter(|edge| kept[edge.from] && kept[edge.to]) {
        // What has landed needs nothing that was cancelled.
        if field.status[edge.from] == Status::Open || field.status[edge.to] == Status::Done {
            needs[edge.from].push(field.ids[edge.to].clone());
        }
    }
    let above: Vec<Option<String>> =
        field.parent.iter().map(|above| above.map(|ix| part_of(&field.items[ix]))).collect();
    let mut sums = sums::texts(&field, kept);
    let deferred: Vec<bool> = (0..kept.len()).map(|ix| field.deferred(ix)).collect();
    let all = field.items.into_iter().zip(field.ids).zip(needs).zip(above).enumerate();
    let kept_ones = all.filter(|(ix, _)| kept[*ix]);
    kept_ones
        .map(|(ix, (((item, id), needs), above))| {
            let state = match field.status[ix] {
                Status::Open => None,
                Status::Done => Some(Declared::Landed),
                Status::Cancelled => Some(Declared::Cancelled),
            };
            let mut notes: Vec<String> = above.into_iter().collect();
            notes.append(&mut sums[ix]);
            notes.extend(item.content.notes);
            let deferred = deferred[ix] && state.is_none();
            if deferred {
                notes.push("put off there: delete the gate below, or start it with --force".to_owned());
            }
            Draft { id, was: item.key, needs, state, content: Content { notes, deferred, ..item.content } }
        })
        .collect()
}

fn part_of(item: &Item) -> String {
    let title = if item.content.title.is_empty() { String::new() } else { format!(": {}", item.content.title) };
    format!("part of {}{title}", item.key)
}

impl Field {
    /// Puts off what its source calls blocked, by a status of its own or of a group, where no need says by what.
    fn hold_blocked(&mut self, kept: &[bool], edges: &[Edge], texts: &[String], sinks: &mut Sinks) {
        if !self.items.iter().any(|item| item.blocked) {
            return;
        }
        let mut waits: Vec<Vec<usize>> = vec![Vec::new(); kept.len()];
        for edge in edges.iter().filter(|edge| kept[edge.to] && self.status[edge.to] != Status::Done) {
            waits[edge.from].push(edge.to);
        }
        for ix in (0..kept.len()).filter(|&ix| kept[ix] && self.status[ix] == Status::Open) {
            let groups = self.parent_chain(ix).filter(|&above| self.group[above]);
            let unexplained = |&owner: &usize| {
                let outside = |&to: &usize| owner == ix || !self.is_below(to, owner);
                self.items[owner].blocked && !waits[ix].iter().any(outside)
            };
            let Some(owner) = std::iter::once(ix).chain(groups).find(unexplained) else { continue };
            let (key, blocked) = (quoted(&self.items[ix].key), quoted(&self.items[owner].key));
            let whose = if owner == ix { String::new() } else { format!(" as part of {blocked}") };
            let what = format!("{key} is blocked there{whose}, and no need says by what: it gets a gate");
            let place = self.items[ix].place.clone();
            sinks.warn_at(texts, &place, what);
            let content = &mut self.items[ix].content;
            content.deferred = true;
            content.notes.push(format!("blocked there{whose}, and no need says by what"));
        }
    }

    /// What the items that become tasks have to say.
    fn tell_items(&mut self, kept: &[bool], texts: &[String], sinks: &mut Sinks) {
        for ix in (0..kept.len()).filter(|&ix| kept[ix] || self.group[ix]) {
            if self.status[ix] == Status::Open {
                for (place, what) in std::mem::take(&mut self.items[ix].warnings) {
                    sinks.warn_at(texts, &place, what);
                }
            }
        }
    }

    /// Whether it, or a group that it is part of, is put off.
    fn deferred(&self, ix: usize) -> bool {
        let above = std::iter::successors(self.parent[ix], |&above| self.parent[above]);
        self.items[ix].content.deferred
            || above.into_iter().any(|above| self.group[above] && self.items[above].content.deferred)
    }
}
