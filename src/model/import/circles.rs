//! Needs that go in a circle: told, read otherwise where that can mean one thing only, or left out where that is asked for.

use std::collections::{BTreeMap, HashSet};

use super::Options;
use super::item::Status;
use super::needs::Edge;
use super::settle::Field;
use super::sink::{Sinks, quoted};
use crate::model::graph::Graph;
use crate::model::graph::knots;
use crate::model::task::Task;
use crate::model::taskfile::cycle;

/// How many other readings are tried.
const READINGS: usize = 50;

/// Takes from `edges` what keeps the open tasks from being in order, as far as that changes nothing or was asked for, and
/// tells each of it. What is left of circles is a fault.
pub(super) fn open_up(
    field: &mut Field,
    edges: &mut Vec<Edge>,
    options: Options<'_>,
    texts: &[String],
    sinks: &mut Sinks,
) {
    closed_ones(field, edges, sinks);
    read_otherwise(field, edges, texts, sinks);
    if options.break_cycles {
        leave_out(field, edges, texts, sinks);
    }
    let view = View::new(field, edges);
    for edge in edges.iter().filter(|edge| edge.from == edge.to) {
        let what = format!("{} {} needs itself", field.word, quoted(&field.items[edge.from].key));
        sinks.fault_at(&edge.place, what, Some(HINT.to_owned()));
    }
    let (circles, total) = cycle::shortest(&view.graph);
    for (number, circle) in circles.iter().enumerate() {
        let more = total - circles.len();
        let last = number + 1 == circles.len() && more > 0;
        let hint = if last { format!("{more} more such circles are not shown") } else { HINT.to_owned() };
        let (first, second) = (view.items[circle[0]], view.items[circle[1 % circle.len()]]);
        if let Some(edge) = edges.iter().find(|edge| edge.from == first && edge.to == second) {
            sinks.fault_at(&edge.place, format!("needs go in a circle: {}", view.shown(field, circle)), Some(hint));
        }
    }
}

const HINT: &str = "correct it there, or use --break-cycles to leave out the need that closes it";

/// A graph of all items, in the order of their ids, as the search for circles wants it.
struct View {
    graph: Graph,
    /// By index in the graph: the item.
    items: Vec<usize>,
}

impl View {
    fn new(field: &Field, edges: &[Edge]) -> View {
        let mut items: Vec<usize> = (0..field.items.len()).collect();
        items.sort_by(|&a, &b| field.ids[a].cmp(&field.ids[b]));
        let mut place = vec![0u32; items.len()];
        for (at, &item) in (0u32..).zip(&items) {
            place[item] = at;
        }
        let tasks = items.iter().map(|&item| Task::named(field.ids[item].clone())).collect();
        let pairs: Vec<(u32, u32)> =
            edges.iter().filter(|edge| edge.from != edge.to).map(|edge| (place[edge.from], place[edge.to])).collect();
        View { graph: Graph::new(tasks, &pairs), items }
    }

    /// By item: the number of its knot.
    fn knots(&self) -> Vec<Option<usize>> {
        let mut knot = vec![None; self.items.len()];
        for (number, members) in knots(self.graph.len(), |ix| self.graph.needs(ix)).into_iter().enumerate() {
            members.into_iter().for_each(|member| knot[self.items[member]] = Some(number));
        }
        knot
    }

    /// `'A' → 'B' → 'A'`, at most twenty of them.
    fn shown(&self, field: &Field, circle: &[usize]) -> String {
        cycle::shown(circle, |at| field.items[self.items[at]].key.clone())
    }
}

/// Circles through what is done, or will never be: nobody waits for it, so those needs go, and it is told.
fn closed_ones(field: &mut Field, edges: &mut Vec<Edge>, sinks: &mut Sinks) {
    let view = View::new(field, edges);
    let knot = view.knots();
    let closed = |ix: usize| field.status[ix] != Status::Open;
    let gone = |edge: &Edge| {
        let together = edge.from == edge.to || knot[edge.from].is_some() && knot[edge.from] == knot[edge.to];
        together && (closed(edge.from) || closed(edge.to))
    };
    for circle in cycle::shortest(&view.graph).0 {
        if let Some(&at) = circle.iter().find(|&&at| closed(view.items[at])) {
            let key = quoted(&field.items[view.items[at]].key);
            let what = view.shown(field, &circle);
            sinks.warn(format!("needs go in a circle: {what}; {key} is closed, so that nothing waits in it"));
        }
    }
    edges.retain(|edge| !gone(edge));
}

/// Where a word of a circle names something else too, and with just one such word read so the circle is none, it is.
fn read_otherwise(field: &mut Field, edges: &mut Vec<Edge>, texts: &[String], sinks: &mut Sinks) {
    for _ in 0..READINGS {
        let Some((number, other, changed)) = only_reading(field, edges) else { return };
        let edge = &edges[number];
        let (from, to, other) = (&field.items[edge.from].key, &field.items[edge.to].key, &field.items[other].key);
        let what =
            format!("{} needs {}, which would go in a circle: read as {}", quoted(from), quoted(to), quoted(other));
        let note = format!("its need on {to} is read as one on {other}, for it would go in a circle");
        sinks.warn_at(texts, &edge.place, what);
        let from = edge.from;
        field.items[from].content.notes.push(note);
        *edges = changed;
    }
}

/// The need, what it is read as, and the needs then, of the first knot that has just one such reading.
fn only_reading(field: &Field, edges: &[Edge]) -> Option<(usize, usize, Vec<Edge>)> {
    let view = View::new(field, edges);
    let knot = view.knots();
    let before = in_order(&view);
    let mut candidates: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
    for (number, edge) in edges.iter().enumerate() {
        if let (Some(inside), Some(other)) = (knot[edge.from].filter(|_| knot[edge.from] == knot[edge.to]), edge.other)
        {
            candidates.entry(inside).or_default().push((number, other));
        }
    }
    for readings in candidates.into_values().filter(|readings| readings.len() <= READINGS) {
        let tried =
            readings.into_iter().map(|(number, other)| (number, other, with_reading(field, edges, number, other)));
        let working: Vec<_> =
            tried.filter(|(.., changed)| in_order(&View::new(field, changed)) > before).take(2).collect();
        if let Ok([only]) = <[_; 1]>::try_from(working) {
            return Some(only);
        }
    }
    None
}

fn with_reading(field: &Field, edges: &[Edge], number: usize, other: usize) -> Vec<Edge> {
    let mut changed = edges.to_vec();
    let edge = changed.remove(number);
    let had: HashSet<usize> = changed.iter().filter(|one| one.from == edge.from).map(|one| one.to).collect();
    let parts = field.tasks_of(other).into_iter().filter(|part| *part != edge.from && !had.contains(part));
    changed.extend(parts.map(|part| Edge { to: part, other: None, ..edge.clone() }));
    changed
}

/// How many tasks come in an order.
fn in_order(view: &View) -> usize {
    view.graph.topological().len()
}

/// Leaves out each need that leads back to a task on the way to it, going through the tasks in the order of the source.
fn leave_out(field: &mut Field, edges: &mut Vec<Edge>, texts: &[String], sinks: &mut Sinks) {
    let knot = View::new(field, edges).knots();
    let mut out: Vec<Vec<usize>> = vec![Vec::new(); field.items.len()];
    for (number, edge) in edges.iter().enumerate() {
        if edge.from == edge.to || knot[edge.from].is_some() && knot[edge.from] == knot[edge.to] {
            out[edge.from].push(number);
        }
    }
    let mut gone = HashSet::new();
    let mut state = vec![Visit::Not; field.items.len()];
    for start in 0..field.items.len() {
        if state[start] != Visit::Not {
            continue;
        }
        state[start] = Visit::Within;
        let mut path = vec![(start, 0)];
        while let Some((ix, next)) = path.last_mut() {
            let Some(&number) = out[*ix].get(*next) else {
                state[*ix] = Visit::Done;
                path.pop();
                continue;
            };
            *next += 1;
            let to = edges[number].to;
            match state[to] {
                Visit::Not => {
                    state[to] = Visit::Within;
                    path.push((to, 0));
                }
                Visit::Within => _ = gone.insert(number),
                Visit::Done => {}
            }
        }
    }
    for edge in edges.iter().enumerate().filter(|(number, _)| gone.contains(number)).map(|(_, edge)| edge) {
        let to = field.items[edge.to].key.clone();
        let what =
            format!("{} needs {}, which closes a circle: left out", quoted(&field.items[edge.from].key), quoted(&to));
        sinks.warn_at(texts, &edge.place, what);
        field.items[edge.from].content.notes.push(format!("needed {to}, which closed a circle: left out"));
    }
    let mut number = 0;
    edges.retain(|_| {
        number += 1;
        !gone.contains(&(number - 1))
    });
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visit {
    Not,
    Within,
    Done,
}
