//! Who needs whom, between tasks: needs of a group are those of its parts, and a need on a group is one on all of them.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use super::item::{Group, Status, Unknown};
use super::settle::Field;
use super::sink::{Place, Sinks, quoted};
use crate::model::text::count;

/// The most needs between tasks, after groups have been taken apart.
const MOST: usize = 5_000_000;

/// One task needs another; both by index.
#[derive(Debug, Clone)]
pub(super) struct Edge {
    pub from: usize,
    pub to: usize,
    pub place: Place,
    /// The item that the same word could name too.
    pub other: Option<usize>,
}

/// The needs between the items that are no groups, each pair once, in the order of the source.
pub(super) fn edges(field: &mut Field, texts: &[String], sinks: &mut Sinks) -> Vec<Edge> {
    let resolved = resolve(field, texts, sinks);
    let field = &*field;
    let mut parts = Parts { field, resolved: &resolved, known: BTreeMap::new() };
    let mut edges = Vec::new();
    let mut own_parent = 0;
    let mut own_parts = 0;
    for ix in (0..field.items.len()).filter(|&ix| !field.group[ix]) {
        let above: Vec<usize> = field.parent_chain(ix).collect();
        let mut seen = HashSet::new();
        for &owner in std::iter::once(&ix).chain(&above) {
            // What is closed no longer waits for anything.
            if owner != ix && field.items[owner].status != Status::Open {
                continue;
            }
            for (target, place, other) in &resolved[owner] {
                // A group that was closed is met, whatever became of its parts.
                if field.group[*target] && field.items[*target].status == Status::Done {
                    continue;
                }
                if above.contains(target) {
                    own_parent += usize::from(owner == ix && field.status[ix] == Status::Open);
                    continue;
                }
                for &part in parts.of(*target).iter() {
                    // A group that needs its own parts says no more than that it is a group.
                    let inside = owner != ix && field.is_below(part, owner);
                    if !inside && seen.insert(part) {
                        edges.push(Edge { from: ix, to: part, place: place.clone(), other: *other });
                    }
                }
                if edges.len() > MOST {
                    sinks.fault_at(place, format!("more than {MOST} needs, once groups are taken apart"), None);
                    return edges;
                }
            }
        }
    }
    for owner in (0..field.items.len()).filter(|&ix| field.group[ix] && field.status[ix] == Status::Open) {
        own_parts += resolved[owner].iter().filter(|(target, ..)| field.is_below(*target, owner)).count();
    }
    tell_tombstones(field, &resolved, sinks);
    if own_parts > 0 {
        sinks.note(format!("{} on a part of the {} itself left out", count(own_parts, "need"), field.word));
    }
    if own_parent > 0 {
        sinks.note(format!("{} on a parent of the {} itself left out", count(own_parent, "need"), field.word));
    }
    edges
}

/// Counts what open items need that was deleted.
fn tell_tombstones(field: &Field, resolved: &Resolved, sinks: &mut Sinks) {
    let open = (0..field.items.len()).filter(|&ix| field.status[ix] == Status::Open);
    let needs = open.flat_map(|ix| &resolved[ix]).filter(|(target, ..)| field.items[*target].tombstone).count();
    if needs > 0 {
        let are = if needs == 1 { "is" } else { "are" };
        sinks.note(format!("{} on a tombstone {are} met", count(needs, "need")));
    }
}

type Resolved = Vec<Vec<(usize, Place, Option<usize>)>>;

/// The items that the needs of each item name.
fn resolve(field: &mut Field, texts: &[String], sinks: &mut Sinks) -> Resolved {
    let mut resolved = Vec::with_capacity(field.items.len());
    for ix in 0..field.items.len() {
        let mut found = Vec::new();
        let mut notes = Vec::new();
        let item = &field.items[ix];
        for need in &item.needs {
            if let Some(&target) = field.by_key.get(&need.key) {
                let other = need.other.as_ref().and_then(|key| field.by_key.get(key)).copied();
                found.push((target, need.place.clone(), other));
                if let Some(kind) = &field.items[target].no_work
                    && field.status[ix] == Status::Open
                    && field.status[target] == Status::Open
                {
                    let (key, other) = (quoted(&item.key), quoted(&need.key));
                    sinks.warn_at(
                        texts,
                        &need.place,
                        format!("{key} waits for {other}, a {kind}: that is not carried"),
                    );
                    notes.push(format!("waited for {}, a {kind}", need.key));
                }
                continue;
            }
            let what = format!("{} {} needs {}, which is not there", field.word, quoted(&item.key), quoted(&need.key));
            match field.unknown {
                Unknown::Fault => sinks.fault_at(&need.place, what, None),
                Unknown::LeftOut if field.status[ix] == Status::Open => {
                    sinks.warn_at(texts, &need.place, format!("{what}: left out"));
                    notes.push(format!("needed {}, which was not there", need.key));
                }
                Unknown::LeftOut => {}
            }
        }
        field.items[ix].content.notes.extend(notes);
        resolved.push(found);
    }
    resolved
}

/// The tasks that each item stands for.
struct Parts<'f> {
    field: &'f Field,
    resolved: &'f Resolved,
    known: BTreeMap<usize, Rc<[usize]>>,
}

impl Parts<'_> {
    /// Itself; or all that is below a group and is none; and for what only stands between others, what it needs too.
    fn of(&mut self, ix: usize) -> Rc<[usize]> {
        if let Some(known) = self.known.get(&ix) {
            return known.clone();
        }
        let field = self.field;
        let mut tasks = Vec::new();
        let mut seen = HashSet::from([ix]);
        let mut open = vec![ix];
        while let Some(at) = open.pop() {
            if !field.group[at] {
                tasks.push(at);
            } else if field.items[at].group == Group::Through {
                open.extend(self.resolved[at].iter().map(|(target, ..)| *target).filter(|target| seen.insert(*target)));
            }
            if field.group[ix] && field.group[at] || field.parent_chain(at).any(|up| up == ix) {
                open.extend(field.children[at].iter().copied().filter(|kid| seen.insert(*kid)));
            }
        }
        tasks.sort_unstable();
        let tasks: Rc<[usize]> = tasks.into();
        self.known.insert(ix, tasks.clone());
        tasks
    }
}

impl Field {
    pub fn parent_chain(&self, ix: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(self.parent[ix], |&up| self.parent[up])
    }

    /// The item itself, or the tasks below it where it is a group.
    pub fn tasks_of(&self, ix: usize) -> Vec<usize> {
        if !self.group[ix] {
            return vec![ix];
        }
        (0..self.items.len()).filter(|&at| !self.group[at] && self.is_below(at, ix)).collect()
    }

    /// Whether `ix` is below `above`.
    pub fn is_below(&self, ix: usize, above: usize) -> bool {
        self.parent_chain(ix).any(|up| up == above)
    }
}
