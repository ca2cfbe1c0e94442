//! What the colours and signs of a picture mean.

use std::collections::BTreeSet;

use super::chart::{SIGN, sign};
use super::glyphs::Font;
use super::{Drawing, rect, write};
use crate::model::picture::{Condition, Picture};
use crate::model::task::Minutes;
use crate::model::text::duration;

const TEXT: Font = Font::plain(12);
const LINE: f64 = 22.0;
const SWATCH: f64 = 22.0;

/// Entries for what occurs in the picture only, in lines of at most `width` pixels.
pub fn legend(picture: &Picture<'_>, width: f64) -> Drawing {
    let mut body = String::new();
    let (mut x, mut y) = (0.0, 0.0);
    for (entry, words) in entries(picture) {
        let wide = SWATCH + 6.0 + TEXT.width(&words) + 18.0;
        if x > 0.0 && x + wide > width {
            (x, y) = (0.0, y + LINE);
        }
        entry.draw(&mut body, x, y);
        write(&mut body, (x + SWATCH + 6.0, y + 14.0), "quiet", &words);
        x += wide;
    }
    let height = if body.is_empty() { 0.0 } else { y + LINE + 6.0 };
    Drawing { width, height, body }
}

enum Entry {
    Condition(Condition),
    Critical,
    Lock,
    Bound,
    Batch,
}

impl Entry {
    fn draw(&self, out: &mut String, x: f64, y: f64) {
        let round = " rx=\"3\"";
        match self {
            Entry::Condition(condition) => {
                let class = crate::render::plan::caption::class(*condition);
                out.push_str(&format!("<g class=\"bar {class}\">\n"));
                rect(out, class, [x, y + 3.0, SWATCH, 14.0], round);
                sign(out, *condition, (x + (SWATCH - SIGN) / 2.0, y + 10.0));
                out.push_str("</g>\n");
            }
            Entry::Critical => rect(out, "critical", [x, y + 9.0, SWATCH, 3.0], ""),
            Entry::Lock => rect(out, "lock", [x, y + 5.0, SWATCH, 10.0], " rx=\"2\""),
            Entry::Bound | Entry::Batch => {
                let class = if matches!(self, Entry::Bound) { "bound" } else { "batch" };
                let x = x + SWATCH / 2.0;
                let line =
                    format!("<line class=\"{class}\" x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{}\"/>\n", y + 2.0, y + 18.0);
                out.push_str(&line);
            }
        }
    }
}

fn entries(picture: &Picture<'_>) -> Vec<(Entry, String)> {
    let mut entries: Vec<(Entry, String)> = Vec::new();
    for condition in Condition::ALL {
        let number = picture.count(condition);
        if number > 0 {
            entries.push((Entry::Condition(condition), format!("{} ({number})", words(condition))));
        }
    }
    if picture.bars.iter().any(|bar| bar.critical) {
        entries.push((Entry::Critical, format!("critical path ({})", duration(picture.critical))));
    }
    if !picture.shared.is_empty() {
        entries.push((Entry::Lock, "held by one task at a time".to_owned()));
    }
    if shows_bound(picture) {
        let bound = duration(picture.plan.outlook.lower_bound);
        entries.push((Entry::Bound, format!("no plan ends before ({bound})")));
    }
    if !batches(picture).is_empty() {
        entries.push((Entry::Batch, "next batch".to_owned()));
    }
    entries
}

/// Under barriers, when each batch but the first begins; in increasing order.
pub fn batches(picture: &Picture<'_>) -> BTreeSet<Minutes> {
    let starts = picture.bars.iter().map(|bar| bar.start).filter(|&start| start > 0);
    if picture.plan.outlook.rolling.is_some() { starts.collect() } else { BTreeSet::new() }
}

/// Whether the bound is drawn: where the plan meets it, it is the end of the chart.
pub fn shows_bound(picture: &Picture<'_>) -> bool {
    let outlook = &picture.plan.outlook;
    !outlook.proven() && outlook.lower_bound > 0 && outlook.lower_bound < outlook.schedule.makespan
}

fn words(condition: Condition) -> &'static str {
    match condition {
        Condition::Active => "active",
        Condition::Done => "done, not landed yet",
        Condition::Stopped => "stopped",
        Condition::Start => "can start now",
        Condition::Queued => "queued for a free worker",
        Condition::Held => "held by another task",
        Condition::Waiting => "waiting for needs",
    }
}
