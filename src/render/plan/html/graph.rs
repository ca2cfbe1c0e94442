//! The graph of needs, drawn.

use std::fmt::Write as _;

use super::layers::{Layers, layers};
use crate::model::picture::{Bar, Picture, links};
use crate::model::text::escape;
use crate::render::plan::caption;
use crate::render::plan::svg::glyphs::Font;
use crate::render::plan::svg::xml::{pixels, text};
use crate::render::plan::svg::{Drawing, class, sign};

const WIDTH: f64 = 176.0;
const HEIGHT: f64 = 40.0;
/// Between two layers, where links turn.
const TURN: f64 = 64.0;
const EDGE: f64 = 8.0;
const ID: Font = Font::bold(12);
const TITLE: Font = Font::plain(11);
/// Tasks side by side that no link leads to.
const COLUMNS: usize = 6;

/// Links that a drawing may hold: beyond, all is one grey.
const MOST_LINKS: usize = 20_000;

/// All bars as boxes, from left to right; below, those that need nothing and that nothing needs. `Err`: there are so many
/// links that nothing could be seen.
pub fn graph(picture: &Picture<'_>) -> Result<Drawing, usize> {
    let links = links(&picture.bars);
    if links.len() > MOST_LINKS {
        return Err(links.len());
    }
    let mut linked = vec![false; picture.bars.len()];
    links.iter().for_each(|&(from, to)| (linked[from], linked[to]) = (true, true));
    let (inner, lone): (Vec<usize>, Vec<usize>) = (0..picture.bars.len()).partition(|&bar| linked[bar]);
    let mut number = vec![0; picture.bars.len()];
    inner.iter().enumerate().for_each(|(at, &bar)| number[bar] = at);
    let ends: Vec<(usize, usize)> = links.iter().map(|&(from, to)| (number[from], number[to])).collect();
    let laid = layers(inner.len(), &ends);
    let mut body = String::new();
    for (at, &(from, to)) in links.iter().enumerate() {
        let chain = picture.chained(from, to);
        edge(&mut body, &laid, (ends[at], &laid.passes[at]), chain);
    }
    for (at, &bar) in inner.iter().enumerate() {
        let (layer, middle) = laid.places[at];
        node(&mut body, picture, &picture.bars[bar], (left(layer), middle - HEIGHT / 2.0 + EDGE));
    }
    let columns = laid.number.max(COLUMNS.min(lone.len()));
    let mut height = laid.height + 2.0 * EDGE;
    if !lone.is_empty() {
        if !inner.is_empty() {
            let words = "Without needs, and needed by none:";
            let _ =
                writeln!(body, "<text class=\"quiet\" x=\"{}\" y=\"{}\">{words}</text>", EDGE, pixels(height + 18.0));
            height += 30.0;
        }
        for (at, &bar) in lone.iter().enumerate() {
            let y = height + (at / columns) as f64 * (HEIGHT + 12.0);
            node(&mut body, picture, &picture.bars[bar], (left(at % columns), y));
        }
        height += lone.len().div_ceil(columns) as f64 * (HEIGHT + 12.0) + EDGE;
    }
    let width = left(columns.saturating_sub(1)) + WIDTH + EDGE;
    Ok(Drawing { width, height, body })
}

/// The left edge of a layer.
fn left(layer: usize) -> f64 {
    EDGE + layer as f64 * (WIDTH + TURN)
}

/// A link from the right of one box to the left of another, past those in the layers between.
fn edge(out: &mut String, laid: &Layers, ((from, to), passes): ((usize, usize), &[f64]), chain: bool) {
    let ((layer, start), (last, end)) = (laid.places[from], laid.places[to]);
    let (mut x, mut y) = (left(layer) + WIDTH, start + EDGE);
    let mut path = format!("M{} {}", pixels(x), pixels(y));
    let mut turn = |path: &mut String, next: (f64, f64)| {
        let middle = pixels((x + next.0) / 2.0);
        let _ =
            write!(path, "C{middle} {} {middle} {} {} {}", pixels(y), pixels(next.1), pixels(next.0), pixels(next.1));
        (x, y) = next;
    };
    for (at, &height) in passes.iter().enumerate() {
        let beside = left(layer + 1 + at);
        turn(&mut path, (beside, height + EDGE));
        turn(&mut path, (beside + WIDTH, height + EDGE));
    }
    turn(&mut path, (left(last) - 6.0, end + EDGE));
    let (class, tip) = if chain { ("edge chain", "tip-chain") } else { ("edge", "tip") };
    let _ = writeln!(out, "<path class=\"{class}\" marker-end=\"url(#{tip})\" d=\"{path}\"/>");
}

/// A box with id and title; all that is known of it stands in its title.
fn node(out: &mut String, picture: &Picture<'_>, bar: &Bar<'_>, (x, y): (f64, f64)) {
    let (id, class) = (bar.task.id.as_str(), class(bar.condition));
    let _ = writeln!(out, "<a href=\"#task-{id}\"><g class=\"bar {class}\" data-task=\"{id}\">");
    let lines: Vec<String> = caption::details(picture, bar).iter().map(|line| text(line)).collect();
    let _ = writeln!(out, "<title>{}</title>", lines.join("\n"));
    let (w, h) = (pixels(WIDTH), pixels(HEIGHT));
    let (left, top) = (pixels(x), pixels(y));
    let _ = writeln!(out, "<rect class=\"{class}\" x=\"{left}\" y=\"{top}\" width=\"{w}\" height=\"{h}\" rx=\"5\"/>");
    if bar.critical {
        let low = pixels(y + HEIGHT + 1.5);
        let _ = writeln!(out, "<rect class=\"critical\" x=\"{left}\" y=\"{low}\" width=\"{w}\" height=\"3.5\"/>");
    }
    let room = WIDTH - 16.0;
    sign(out, bar.condition, (x + WIDTH - 16.0, y + 12.0));
    let alone = if bar.task.parallel { "" } else { "alone · " };
    let title = format!("{alone}{}", escape(bar.task.title.trim()));
    let _ = writeln!(
        out,
        "<svg x=\"{}\" y=\"{top}\" width=\"{}\" height=\"{h}\"><text class=\"on strong\" x=\"0\" y=\"16\">{}</text>\
         <text class=\"on small\" x=\"0\" y=\"31\">{}</text></svg>",
        pixels(x + 8.0),
        pixels(room),
        text(&ID.fit(id, room - 14.0)),
        text(&TITLE.fit(&title, room)),
    );
    out.push_str("</g></a>\n");
}
