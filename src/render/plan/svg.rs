//! `plan --format svg`: who works on what when. One file without scripts, for light and dark.

mod axis;
mod chart;
pub mod glyphs;
mod lanes;
mod legend;
pub mod xml;

use std::fmt::Write as _;

use super::caption;
pub use super::caption::class;
use crate::model::picture::Picture;
pub use chart::sign;
use glyphs::Font;
use xml::{pixels, text};

/// Colours and fonts of all that is drawn: text has a contrast of at least 4.5, and nothing is told by colour alone.
pub const STYLE: &str = include_str!("svg/style.css");

/// Around all.
const MARGIN: f64 = 24.0;
const TITLE: Font = Font::bold(18);
const LINE: Font = Font::plain(13);

/// Something drawn, from 0, 0 on.
pub struct Drawing {
    pub width: f64,
    pub height: f64,
    pub body: String,
}

/// The picture as a document of its own.
pub fn svg(picture: &Picture<'_>) -> String {
    let mut drawing = figure(picture, false);
    let head = head(picture, drawing.width);
    let (width, height) = (drawing.width + 2.0 * MARGIN, drawing.height + head.height + 2.0 * MARGIN);
    let mut out = String::with_capacity(drawing.body.len() + 8192);
    let (w, h) = (pixels(width), pixels(height));
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" role=\"img\">"
    );
    let _ = writeln!(out, "<title>{}</title>", text(picture.title()));
    let _ = writeln!(out, "<desc>{}</desc>", text(&caption::times(picture)));
    let _ = writeln!(out, "<style>\n{STYLE}</style>");
    let _ = writeln!(out, "<rect class=\"paper\" width=\"{w}\" height=\"{h}\"/>");
    let _ = writeln!(out, "<g transform=\"translate({0} {0})\">\n{1}</g>", pixels(MARGIN), head.body);
    let below = pixels(MARGIN + head.height);
    let _ = writeln!(out, "<g transform=\"translate({} {below})\">", pixels(MARGIN));
    out.push_str(&std::mem::take(&mut drawing.body));
    out.push_str("</g>\n</svg>\n");
    out
}

/// The legend and the chart below it; `linked`: bars lead to `#task-ID` on the same page.
pub fn figure(picture: &Picture<'_>, linked: bool) -> Drawing {
    let chart = chart::chart(picture, linked);
    let legend = legend::legend(picture, chart.width);
    let mut body = legend.body;
    let _ = writeln!(body, "<g transform=\"translate(0 {})\">\n{}</g>", pixels(legend.height), chart.body);
    Drawing { width: chart.width, height: legend.height + chart.height, body }
}

/// Title, times and where the repository stands.
fn head(picture: &Picture<'_>, width: f64) -> Drawing {
    let mut body = String::new();
    write(&mut body, (0.0, 16.0), "title", &TITLE.fit(&shown(picture.title()), width));
    let mut y = 42.0;
    for (class, line) in [("line", caption::times(picture)), ("line quiet", super::header(picture.plan))] {
        let line = LINE.fit(line.trim_end(), width).into_owned();
        if !line.is_empty() {
            write(&mut body, (0.0, y), class, &line);
            y += 20.0;
        }
    }
    Drawing { width, height: y, body }
}

fn shown(untrusted: &str) -> String {
    crate::model::text::escape(untrusted).into_owned()
}

/// One line of text with its baseline at `y`.
fn write(out: &mut String, (x, y): (f64, f64), class: &str, line: &str) {
    let _ = writeln!(out, "<text class=\"{class}\" x=\"{}\" y=\"{}\">{}</text>", pixels(x), pixels(y), text(line));
}

/// A rectangle by its left, top, width and height.
fn rect(out: &mut String, class: &str, [x, y, width, height]: [f64; 4], more: &str) {
    let [x, y, width, height] = [x, y, width, height].map(pixels);
    let _ = writeln!(out, "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"{more}/>");
}

#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
pub(crate) mod wellformed;
