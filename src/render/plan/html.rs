//! `plan --format html`: one page with the chart, the graph and a table. It loads nothing, and reads without its script.

mod graph;
mod layers;
mod table;

use std::fmt::Write as _;

use super::svg::xml::{pixels, text};
use super::svg::{self, Drawing};
use super::{caption, markdown::inline};
use crate::model::picture::Picture;

const STYLE: &str = concat!(include_str!("svg/style.css"), include_str!("html/page.css"));
const SCRIPT: &str = include_str!("html/script.js");
/// Of [`STYLE`] and [`SCRIPT`], which alone the page may apply and run; a test holds them to it.
const STYLE_HASH: &str = "sha256-+SQtwIX++XcNTp62dGAqOusSF8IjG12h2c9/fb9u2yA=";
const SCRIPT_HASH: &str = "sha256-ja/9CzOW+Vf41/6SDWouDj8JQX24wxlNO8nF5dSDE2w=";

/// The page.
pub fn html(picture: &Picture<'_>) -> String {
    let mut out = head(picture);
    let title = text(picture.title());
    let _ = writeln!(out, "<body>\n<header>\n<h1>{title}</h1>");
    for (class, line) in [("first", caption::times(picture)), ("second", super::header(picture.plan))] {
        if !line.is_empty() {
            let _ = writeln!(out, "<p class=\"{class}\">{}</p>", text(line.trim_end()));
        }
    }
    let plan = picture.plan.file.settings.plan.as_ref();
    if let Some(url) = plan.and_then(|plan| plan.issue.as_deref()).and_then(inline::url) {
        let url = text(&url);
        let _ = writeln!(out, "<p class=\"second\">Master plan: <a href=\"{url}\" rel=\"noreferrer\">{url}</a></p>");
    }
    out.push_str("</header>\n");
    if picture.bars.is_empty() && picture.plan.stuck.is_empty() {
        let _ = writeln!(out, "<p>{}</p>", caption::nothing_left(picture));
    } else {
        sections(picture, &mut out);
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn head(picture: &Picture<'_>) -> String {
    let policy = format!(
        "default-src 'none'; style-src '{STYLE_HASH}'; script-src '{SCRIPT_HASH}'; base-uri 'none'; form-action 'none'"
    );
    let title = text(picture.title());
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n"
    )
}

fn sections(picture: &Picture<'_>, out: &mut String) {
    out.push_str(
        "<form role=\"search\" hidden>\n<input type=\"search\" placeholder=\"Search tasks\" aria-label=\"Search tasks\">\n\
         <output></output>\n</form>\n<main>\n",
    );
    if !picture.bars.is_empty() {
        out.push_str("<h2>Who works on what when</h2>\n");
        drawing(&svg::figure(picture, true), "Gantt chart of the workers over time", out);
        out.push_str("<h2>What needs what</h2>\n");
        match graph::graph(picture) {
            Ok(graph) => drawing(&graph, "Graph of the needs among the tasks", out),
            Err(links) => out.push_str(&format!("<p>Not drawn: {links} needs are too many to be seen.</p>\n")),
        }
    }
    let _ = write!(out, "<h2>All that is left</h2>\n<div class=\"rows\">\n{}</div>\n</main>\n", table::table(picture));
    let _ = writeln!(out, "<script>{SCRIPT}</script>");
}

fn drawing(drawing: &Drawing, label: &str, out: &mut String) {
    let (width, height) = (pixels(drawing.width), pixels(drawing.height));
    let _ = writeln!(
        out,
        "<div class=\"scroll\" tabindex=\"0\"><svg viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"group\" aria-label=\"{label}\">"
    );
    for (id, class) in [("tip", "tip"), ("tip-chain", "tip chain")] {
        let marks = drawing.body.contains(&format!("url(#{id})"));
        let marker = "viewBox=\"0 0 8 8\" refX=\"3\" refY=\"4\" markerWidth=\"9\" markerHeight=\"9\" \
                      markerUnits=\"userSpaceOnUse\" orient=\"auto\"";
        let path = format!("<path class=\"{class}\" d=\"M0 0.5l8 3.5l-8 3.5z\"/>");
        out.push_str(&if marks { format!("<marker id=\"{id}\" {marker}>{path}</marker>\n") } else { String::new() });
    }
    out.push_str(&drawing.body);
    out.push_str("</svg></div>\n");
}

#[cfg(test)]
mod tests;
