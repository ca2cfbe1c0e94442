//! `plan --format dot`: the graph, for Graphviz.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::caption;
use crate::model::picture::{Bar, Condition, Picture, Shared};
use crate::model::text::{cut, duration, escape};

/// Columns of a title in a node.
const TITLE: usize = 40;

/// Locks, issues and paths that a node names at most.
const HOLDS: usize = 3;
/// Dashed lines at most: more of them make a graph illegible. They carry no label: what each task holds stands in
/// its node, and Graphviz 2.43 fails on labels between nodes of one rank ("trouble in init_rank").
const DASHED: usize = 40;

/// A digraph with a cluster for each phase. The critical path is bold; what holds the same lock, issue or path is joined by
/// dashed lines in the order of the schedule. Linear in tasks and needs.
pub fn dot(picture: &Picture<'_>) -> String {
    let mut out = String::from("digraph plan {\n");
    let mut times = caption::times(picture);
    caption::calibrated(picture.plan).into_iter().for_each(|what| times.push_str(&format!(" · {what}")));
    let under = if times.is_empty() { caption::nothing_left(picture) } else { times };
    let label = format!("{}\\n{}", escaped(picture.title()), escaped(&under));
    let _ = writeln!(
        out,
        "  graph [rankdir=LR, newrank=true, label=\"{label}\", labelloc=t, fontname=\"sans-serif\", fontsize=16];"
    );
    out.push_str("  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\", fontsize=11];\n");
    out.push_str("  edge [color=\"#6b737c\", fontname=\"sans-serif\", fontsize=9];\n");
    let mut phases: BTreeMap<Option<&str>, Vec<&Bar<'_>>> = BTreeMap::new();
    for bar in &picture.bars {
        phases.entry(bar.listed.phase.as_deref()).or_default().push(bar);
    }
    for (number, (phase, bars)) in phases.iter().enumerate() {
        let indent = if phase.is_some() { "    " } else { "  " };
        if let Some(phase) = phase {
            let label = escaped(phase);
            let _ = writeln!(out, "  subgraph cluster_{number} {{\n    label=\"{label}\"; color=\"#afb8c1\";");
        }
        bars.iter().for_each(|bar| out.push_str(&format!("{indent}{}\n", node(picture, bar))));
        out.push_str(if phase.is_some() { "  }\n" } else { "" });
    }
    edges(picture, &mut out);
    out.push_str("}\n");
    out
}

fn node(picture: &Picture<'_>, bar: &Bar<'_>) -> String {
    let title = match bar.task.title.trim() {
        "" => String::new(),
        title => format!("{}\\n", escaped(&cut(&escape(title), TITLE))),
    };
    let length = duration(bar.task.minutes());
    let (fill, line, text) = colours(bar.condition);
    let dashed = if matches!(bar.condition, Condition::Held | Condition::Stopped) { ",dashed" } else { "" };
    let (line, width) = if bar.critical { ("#d04a00", "3") } else { (line, "1") };
    let id = bar.task.id.as_str();
    let alone = if bar.task.parallel { "" } else { ", alone" };
    let holds = bar.holds.iter().take(HOLDS).map(|&at| caption::resource(&picture.shared[at].resource));
    let holds: String = holds.map(|held| format!("\\n{}", escaped(&cut(&held, TITLE)))).collect();
    format!(
        "\"{id}\" [label=\"{id}\\n{title}{length}, {}{alone}{holds}\", style=\"rounded,filled{dashed}\", fillcolor=\"{fill}\", \
         color=\"{line}\", fontcolor=\"{text}\", penwidth={width}];",
        bar.word()
    )
}

/// Fill, line and text.
fn colours(condition: Condition) -> (&'static str, &'static str, &'static str) {
    match condition {
        Condition::Active => ("#0b5ea8", "#0b5ea8", "#ffffff"),
        Condition::Start => ("#0a6c47", "#0a6c47", "#ffffff"),
        Condition::Queued => ("#d5f0e3", "#0a6c47", "#1f2328"),
        Condition::Held => ("#fff0cf", "#8a5c00", "#1f2328"),
        Condition::Stopped => ("#ffffff", "#0b5ea8", "#1f2328"),
        Condition::Done => ("#ffffff", "#57606a", "#1f2328"),
        Condition::Waiting => ("#e6e9ed", "#868e97", "#1f2328"),
    }
}

fn edges(picture: &Picture<'_>, out: &mut String) {
    let id = |bar: usize| picture.bars[bar].task.id.as_str();
    for (at, bar) in picture.bars.iter().enumerate() {
        for &need in &bar.needs {
            let bold = if picture.chained(need, at) { " [color=\"#d04a00\", penwidth=2.5]" } else { "" };
            let _ = writeln!(out, "  \"{}\" -> \"{}\"{bold};", id(need), id(at));
        }
    }
    if picture.shared.iter().map(|shared| shared.bars.len() - 1).sum::<usize>() > DASHED {
        return;
    }
    let after = |shared: &Shared<'_>| shared.bars.windows(2).map(|pair| (pair[0], pair[1])).collect::<Vec<_>>();
    let pairs: BTreeSet<(usize, usize)> = picture.shared.iter().flat_map(after).collect();
    for (a, b) in pairs {
        let _ = writeln!(out, "  \"{}\" -> \"{}\" [dir=none, style=dashed, weight=0];", id(a), id(b));
    }
}

/// Within quotes: what Graphviz would read as an escape or an entity is text.
fn escaped(untrusted: &str) -> String {
    let entities = escape(untrusted).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    entities.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::with;
    use crate::model::picture::tests::{pictured, shop};
    use crate::model::state::State;
    use crate::render::plan::svg::tests::hostile;

    #[test]
    fn the_graph_has_phases_the_critical_path_and_what_excludes_each_other() {
        let mut sketches = shop();
        sketches[4] = with(sketches[4].clone(), |task| task.phase = Some("re\"lease".into()));
        let text = pictured(sketches, &[("B", State::Active)], dot);
        for line in [
            "digraph plan {",
            r##"  "A" [label="A\nCart endpoint\n4h, start now", style="rounded,filled", fillcolor="#0a6c47", color="#d04a00", fontcolor="#ffffff", penwidth=3];"##,
            r##"  "C" [label="C\nPrice table\n3h, held\nlock db", style="rounded,filled,dashed", fillcolor="#fff0cf", color="#8a5c00", fontcolor="#1f2328", penwidth=1];"##,
            r##"    label="re\"lease"; color="#afb8c1";"##,
            r##"    "E" [label="E\nRelease notes\n1h, waiting", style="rounded,filled", fillcolor="#e6e9ed", color="#d04a00", fontcolor="#1f2328", penwidth=3];"##,
            r##"  "A" -> "D" [color="#d04a00", penwidth=2.5];"##,
            r##"  "A" -> "E";"##,
            r##"  "C" -> "E";"##,
            r##"  "B" -> "C" [dir=none, style=dashed, weight=0];"##,
            "}",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
    }

    #[test]
    fn hostile_titles_stay_in_their_quotes() {
        let text = pictured(hostile(), &[], dot);
        for line in text.lines() {
            let bare = line.replace("\\\\", "").replace("\\\"", "");
            assert_eq!(bare.matches('"').count() % 2, 0, "{line}");
        }
        assert!(text.contains("&amp;lt;script&amp;gt;"), "{text}");
        assert!(pictured(vec![], &[], dot).contains("No tasks yet"));
    }
}
