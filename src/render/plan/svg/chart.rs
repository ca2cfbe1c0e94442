//! Rows of bars over time.

use std::fmt::Write as _;

use super::axis::{DAY, step, tick};
use super::glyphs::Font;
use super::lanes::{Detail, INSET, Label, NARROWEST, Placed, Strip, TEXT, place};
use super::legend::{batches, shows_bound};
use super::xml::{pixels, text};
use super::{Drawing, rect, shown, write};
use crate::model::picture::{Bar, Condition, Picture, Row};
use crate::model::task::Minutes;
use crate::render::plan::caption::{self, class};

/// The plot is at least so wide; grows with the bars of the fullest row while a screen shows all of it; and beyond that as
/// far as bars without titles need.
const PLOT: [f64; 3] = [960.0, 1400.0, 3600.0];
/// So wide at most, where tasks crowd at some times only, in steps of a quarter until each has its label.
const WIDEST: f64 = 7200.0;
const WIDER: f64 = 1.25;
const EACH: [f64; 2] = [64.0, 14.0];
/// Names of rows take so much at most.
const LONGEST_NAME: f64 = 190.0;
/// What is written behind the last bar is not cut below this.
const LONGEST_TAIL: f64 = 120.0;
/// What the axis counts, in steps of whole days and below.
const UNITS: [&str; 2] = ["days of 8h", "working time"];
const BAR: f64 = 20.0;
/// From one lane to the next: a bar, the stripe of the critical path, a gap.
const LANE: f64 = 27.0;
const STRIPE: f64 = 3.0;
const PADDING: f64 = 5.0;
/// Lanes of what only one task may hold.
const LOCK: f64 = 18.0;
const MOST_LOCKS: usize = 12;
const SMALL: Font = Font::plain(11);
/// Of the signs on bars.
pub const SIGN: f64 = 8.0;

/// The chart from its axis down, without legend; `linked`: bars lead to `#task-ID`.
pub fn chart(picture: &Picture<'_>, linked: bool) -> Drawing {
    let mut chart = Chart::new(picture, linked);
    if picture.bars.is_empty() {
        write(&mut chart.out, (0.0, 20.0), "line", &caption::nothing_left(picture));
        chart.y = 28.0;
    } else {
        chart.rows();
        chart.locks();
        chart.done();
    }
    if let Some(never) = caption::never(picture) {
        write(&mut chart.out, (0.0, chart.y + 20.0), "quiet", &never);
        chart.y += 28.0;
    }
    Drawing { width: chart.width, height: chart.y, body: chart.out }
}

struct Chart<'c> {
    picture: &'c Picture<'c>,
    linked: bool,
    /// Where time begins and where everything ends.
    left: f64,
    end: f64,
    /// With what is written behind the last bars.
    width: f64,
    pixels_per_minute: f64,
    /// Where the next row goes.
    y: f64,
    out: String,
}

impl<'c> Chart<'c> {
    fn new(picture: &'c Picture<'c>, linked: bool) -> Chart<'c> {
        let rows = picture.rows.iter().map(|&row| SMALL_NAME.width(&caption::row(picture, row)));
        let locks = picture.shared.iter().take(MOST_LOCKS).map(|one| SMALL.width(&caption::resource(&one.resource)));
        let name = rows.chain(locks).fold(0.0, f64::max).min(LONGEST_NAME);
        let fullest = picture.rows.iter().map(|row| picture.bars.iter().filter(|bar| bar.row == *row).count()).max();
        let fullest = fullest.unwrap_or(0) as f64;
        let plot = (fullest * EACH[0]).clamp(PLOT[0], PLOT[1]).max(fullest * EACH[1]).min(PLOT[2]);
        let left = (name.max(SMALL.width(UNITS[1])) + 14.0).ceil();
        let mut chart = Chart::of_width(picture, linked, left, plot);
        while chart.crowded() && (chart.end - left) * WIDER <= WIDEST {
            chart = Chart::of_width(picture, linked, left, (chart.end - left) * WIDER);
        }
        chart
    }

    fn of_width(picture: &'c Picture<'c>, linked: bool, left: f64, plot: f64) -> Chart<'c> {
        let makespan = picture.plan.outlook.schedule.makespan.max(1);
        let pixels_per_minute = plot / makespan as f64;
        let (end, y, out) = (left + plot, 0.0, String::new());
        let mut chart = Chart { picture, linked, left, end, width: end, pixels_per_minute, y, out };
        chart.width += chart.tail();
        chart
    }

    /// Whether some bar has no room for its label.
    fn crowded(&self) -> bool {
        let bars = |&row: &Row| self.picture.bars.iter().filter(move |bar| bar.row == row);
        let rows = self.picture.rows.iter().filter(|&&row| row != Row::Done);
        let strips: Vec<Vec<Strip>> = rows.map(|row| bars(row).map(|bar| self.strip(bar)).collect()).collect();
        self.placed(&strips).iter().flatten().any(|one| one.label == Label::None)
    }

    /// Room for the longest id that may have to stand behind its bar.
    fn tail(&self) -> f64 {
        let short = self.picture.bars.iter().filter_map(|bar| {
            let strip = self.strip(bar);
            let id = TEXT.width(&strip.id);
            (bar.row != Row::Done && id + 2.0 * INSET + strip.signs > strip.right - strip.left).then_some(id + 12.0)
        });
        short.fold(0.0, f64::max).min(LONGEST_TAIL).ceil()
    }

    fn x(&self, minutes: Minutes) -> f64 {
        self.left + minutes as f64 * self.pixels_per_minute
    }

    /// The rows of workers and elsewhere, on the grid of time.
    fn rows(&mut self) {
        let rows: Vec<Row> = self.picture.rows.iter().copied().filter(|&row| row != Row::Done).collect();
        if rows.is_empty() {
            return;
        }
        let of_row = |row: Row| -> Vec<(usize, &'c Bar<'c>)> {
            self.picture.bars.iter().enumerate().filter(|(_, bar)| bar.row == row).collect()
        };
        let bars: Vec<Vec<(usize, &Bar<'_>)>> = rows.iter().map(|&row| of_row(row)).collect();
        let strips: Vec<Vec<Strip>> =
            bars.iter().map(|bars| bars.iter().map(|(_, bar)| self.strip(bar)).collect()).collect();
        let placed = self.placed(&strips);
        let top = 22.0;
        let lanes = |placed: &[Placed]| placed.iter().map(|one| one.lane + 1).max().unwrap_or(1);
        let heights: Vec<f64> =
            placed.iter().map(|placed| lanes(placed) as f64 * LANE - (LANE - BAR - STRIPE) + 2.0 * PADDING).collect();
        self.bands(top, &heights);
        self.grid(top, top + heights.iter().sum::<f64>());
        self.y = top;
        for (at, &row) in rows.iter().enumerate() {
            let baseline = self.y + PADDING + 14.0;
            write(&mut self.out, (0.0, baseline), "strong", &caption::row(self.picture, row));
            for ((&(_, bar), strip), placed) in bars[at].iter().zip(&strips[at]).zip(&placed[at]) {
                let y = self.y + PADDING + placed.lane as f64 * LANE;
                self.bar(bar, strip, &placed.label, y);
            }
            self.y += heights[at];
        }
    }

    fn placed(&self, strips: &[Vec<Strip>]) -> Vec<Vec<Placed>> {
        let all =
            |detail| strips.iter().map(|row| place(row, (self.left, self.width), detail)).collect::<Option<Vec<_>>>();
        all(Detail::Titles).or_else(|| all(Detail::Ids)).unwrap_or_default()
    }

    fn strip(&self, bar: &Bar<'_>) -> Strip {
        let (left, right) = (self.x(bar.start), self.x(bar.end));
        let mark = if has_sign(bar.condition) { SIGN + 4.0 } else { 0.0 };
        let lock = if bar.holds.is_empty() { 0.0 } else { SIGN + 5.0 };
        Strip {
            left,
            right: right.max(left + NARROWEST),
            id: if bar.task.parallel { bar.task.id.to_string() } else { format!("{} (alone)", bar.task.id) },
            title: shown(&bar.task.title).trim().to_owned(),
            signs: mark + lock,
            first: bar.condition == Condition::Start,
        }
    }

    /// Every other row lies on a band.
    fn bands(&mut self, top: f64, heights: &[f64]) {
        let mut y = top;
        for (at, &height) in heights.iter().enumerate() {
            if at % 2 == 0 {
                rect(&mut self.out, "band", [0.0, y, self.width, height], "");
            }
            y += height;
        }
    }

    fn grid(&mut self, top: f64, bottom: f64) {
        let makespan = self.picture.plan.outlook.schedule.makespan;
        let step = step(self.pixels_per_minute, 64.0);
        let mut at = 0;
        while at <= makespan {
            let x = self.x(at);
            let class = match at {
                0 => "now",
                at if at.is_multiple_of(DAY) && step < DAY => "day",
                _ => "grid",
            };
            self.line(class, x, top - 4.0, bottom);
            let label = if at == 0 { "now".to_owned() } else { tick(at, step) };
            let width = SMALL.width(&label);
            let left = (x - width / 2.0).clamp(self.left, self.end - width);
            write(&mut self.out, (left, top - 9.0), "small quiet", &label);
            let Some(next) = at.checked_add(step) else { break };
            at = next;
        }
        for between in batches(self.picture) {
            self.line("batch", self.x(between), top - 4.0, bottom);
        }
        if shows_bound(self.picture) {
            self.line("bound", self.x(self.picture.plan.outlook.lower_bound), top - 4.0, bottom);
        }
        let unit = UNITS[usize::from(step < DAY)];
        write(&mut self.out, (0.0, top - 9.0), "small quiet", &SMALL.fit(unit, self.left - 8.0));
    }

    fn line(&mut self, class: &str, x: f64, top: f64, bottom: f64) {
        let (x, top, bottom) = (pixels(x), pixels(top), pixels(bottom));
        let _ = writeln!(self.out, "<line class=\"{class}\" x1=\"{x}\" y1=\"{top}\" x2=\"{x}\" y2=\"{bottom}\"/>");
    }

    /// A bar with its stripe, its signs and its label; all that it is stands in its title.
    fn bar(&mut self, bar: &Bar<'_>, strip: &Strip, label: &Label, y: f64) {
        self.open(bar, class(bar.condition));
        let width = strip.right - strip.left - 1.0;
        rect(&mut self.out, class(bar.condition), [strip.left + 0.5, y + 0.5, width, BAR - 1.0], " rx=\"3\"");
        if bar.critical {
            rect(&mut self.out, "critical", [strip.left, y + BAR + 1.0, strip.right - strip.left, STRIPE], "");
        }
        let (from, to) = self.signs(bar, strip, matches!(label, Label::Inside(_)), y);
        match label {
            Label::Inside(words) => self.label("on", (from, y), to - from + INSET / 2.0, words),
            Label::Right(words) => self.label("beside", (strip.right + 4.0, y), TEXT.width(words) + 2.0, words),
            Label::Left(words) => {
                let width = TEXT.width(words);
                self.label("beside", (strip.left - 4.0 - width, y), width + 2.0, words);
            }
            Label::None => {}
        }
        self.close();
    }

    /// The signs in a bar, where there is room for them; returns where its label begins and ends.
    fn signs(&mut self, bar: &Bar<'_>, strip: &Strip, labelled: bool, y: f64) -> (f64, f64) {
        let middle = y + BAR / 2.0;
        let edge = if labelled { INSET } else { 3.0 };
        let (mut from, mut to) = (strip.left + edge, strip.right - edge);
        if has_sign(bar.condition) && to - from >= SIGN {
            sign(&mut self.out, bar.condition, (from, middle));
            from += SIGN + 4.0;
        }
        if !bar.holds.is_empty() && to - from >= SIGN {
            padlock(&mut self.out, (to - SIGN, middle));
            to -= SIGN + 5.0;
        }
        (from, to)
    }

    fn open(&mut self, bar: &Bar<'_>, class: &str) {
        let id = bar.task.id.as_str();
        if self.linked {
            let _ = writeln!(self.out, "<a href=\"#task-{id}\">");
        }
        let _ = writeln!(self.out, "<g class=\"bar {class}\" data-task=\"{id}\">");
        let lines: Vec<String> = caption::details(self.picture, bar).iter().map(|line| text(line)).collect();
        let _ = writeln!(self.out, "<title>{}</title>", lines.join("\n"));
    }

    fn close(&mut self) {
        self.out.push_str(if self.linked { "</g></a>\n" } else { "</g>\n" });
    }

    /// Words in a window of their own: a font that is wider than any known is cut, never drawn over others.
    fn label(&mut self, class: &str, (x, y): (f64, f64), width: f64, words: &str) {
        let (x, y, width) = (pixels(x), pixels(y), pixels(width.max(0.0)));
        let _ = write!(self.out, "<svg x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}\">", pixels(BAR));
        let _ = writeln!(self.out, "<text class=\"{class}\" x=\"0\" y=\"14\">{}</text></svg>", text(words));
    }

    /// A thin lane for each lock, issue and path that several bars hold.
    fn locks(&mut self) {
        let shared = &self.picture.shared;
        if shared.is_empty() {
            return;
        }
        self.y += 14.0;
        for one in shared.iter().take(MOST_LOCKS) {
            let name = caption::resource(&one.resource);
            write(&mut self.out, (0.0, self.y + 11.5), "small quiet", &SMALL.fit(&name, self.left - 8.0));
            let (x, end) = (pixels(self.left), pixels(self.end));
            let y = pixels(self.y + LOCK / 2.0 - 1.0);
            let _ = writeln!(self.out, "<line class=\"grid\" x1=\"{x}\" y1=\"{y}\" x2=\"{end}\" y2=\"{y}\"/>");
            let mut free = self.left;
            for &bar in one.bars.iter().filter(|&&bar| self.picture.bars[bar].row != Row::Done) {
                free = self.hold(&self.picture.bars[bar], &name, free);
            }
            self.y += LOCK;
        }
        if shared.len() > MOST_LOCKS {
            let more = format!("and {} more that only one task may hold at a time", shared.len() - MOST_LOCKS);
            write(&mut self.out, (self.left, self.y + 11.5), "small quiet", &more);
            self.y += LOCK;
        }
    }

    /// One bar's time on a lane; returns where the next may be labelled.
    fn hold(&mut self, bar: &Bar<'_>, name: &str, free: f64) -> f64 {
        let (left, right) = (self.x(bar.start), self.x(bar.end).max(self.x(bar.start) + NARROWEST));
        let id = bar.task.id.as_str();
        let _ = writeln!(self.out, "<g class=\"lock\" data-task=\"{id}\">");
        let _ = writeln!(self.out, "<title>{}</title>", text(&format!("{id} holds {name}")));
        rect(&mut self.out, "lock", [left + 0.5, self.y + 1.5, right - left - 1.0, 13.0], " rx=\"2\"");
        if left + 0.01 >= free && SMALL.width(id) + 6.0 <= right - left {
            write(&mut self.out, (left + 4.0, self.y + 12.0), "small", id);
        }
        self.out.push_str("</g>\n");
        free.max(right)
    }

    /// What is reported done and waits to land, as chips in lines: it takes no time.
    fn done(&mut self) {
        let done: Vec<&Bar<'_>> = self.picture.bars.iter().filter(|bar| bar.row == Row::Done).collect();
        if done.is_empty() {
            return;
        }
        self.y += if self.y > 0.0 { 14.0 } else { 0.0 };
        write(&mut self.out, (0.0, self.y + 14.0), "strong", &caption::row(self.picture, Row::Done));
        let mut x = self.left;
        for bar in done {
            let label = bar.task.id.as_str();
            let width = (TEXT.width(label) + 2.0 * INSET + SIGN + 4.0).min(self.width - self.left);
            if x > self.left && x + width > self.width {
                (x, self.y) = (self.left, self.y + LANE);
            }
            self.open(bar, "done");
            rect(&mut self.out, "done", [x + 0.5, self.y + 0.5, width - 1.0, BAR - 1.0], " rx=\"10\"");
            sign(&mut self.out, Condition::Done, (x + INSET, self.y + BAR / 2.0));
            self.label("on", (x + INSET + SIGN + 4.0, self.y), width - SIGN - INSET, label);
            self.close();
            x += width + 6.0;
        }
        self.y += LANE;
    }
}

/// Of the names of rows.
const SMALL_NAME: Font = Font::bold(12);

fn has_sign(condition: Condition) -> bool {
    matches!(condition, Condition::Active | Condition::Done | Condition::Start)
}

/// The sign of a condition, so that it is told by more than colour: a disc for active, a triangle to start, a tick for
/// done. `at`: its left end and its middle.
pub fn sign(out: &mut String, condition: Condition, (x, y): (f64, f64)) {
    let (left, top) = (pixels(x), pixels(y));
    let _ = match condition {
        Condition::Active => {
            writeln!(out, "<circle class=\"on sign\" cx=\"{}\" cy=\"{top}\" r=\"3.5\"/>", pixels(x + 4.0))
        }
        Condition::Start => writeln!(out, "<path class=\"on sign\" d=\"M{left} {top}m0 -4.5l8 4.5l-8 4.5z\"/>"),
        Condition::Done => {
            writeln!(out, "<path class=\"sign\" d=\"M{left} {top}m0 0l3 3.5l5.5 -7l-1.2 -1l-4.3 5.6l-1.8 -2.1z\"/>")
        }
        _ => Ok(()),
    };
}

/// A padlock with its left end and its middle at `at`.
fn padlock(out: &mut String, (x, y): (f64, f64)) {
    let (x, y) = (pixels(x), pixels(y));
    let body = "m0 -0.5h8v5.5h-8z";
    let bow = "m1.2 0v-1.5a2.8 2.8 0 0 1 5.6 0v1.5h-1.4v-1.5a1.4 1.4 0 0 0 -2.8 0v1.5z";
    let _ = writeln!(out, "<path class=\"on sign\" d=\"M{x} {y}{body}M{x} {y}{bow}\"/>");
}
