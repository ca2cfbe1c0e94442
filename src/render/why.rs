//! `why` as text; as JSON in [`json`].

pub mod json;
mod words;

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::model::exclusion::{Answer, Step};
use crate::model::state::{Reason, State};
use crate::model::text::{cut, escape, width};
use crate::model::why::{Cause, Pair, Place, Remedy, What, Why};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const DECIDES: Style = AnsiColor::Yellow.on_default();

/// So many reasons are listed where nobody asks for all.
const MOST: usize = 20;

/// How text is laid out.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// Columns of the terminal.
    pub width: usize,
    /// Lists are shown to their end.
    pub verbose: bool,
}

/// The answer as a person reads it, with SGR sequences: the verdict first, then what it rests on.
pub fn text(why: &Why, layout: Layout) -> String {
    match &why.pair {
        Some(pair) => of_pair(why, pair),
        None => of_one(why, layout),
    }
}

fn of_one(why: &Why, layout: Layout) -> String {
    let verdict = verdict(why);
    let title = cut(&escape(&why.title), layout.width.saturating_sub(width(&verdict) + 2).max(20)).into_owned();
    let mut out = format!("{BOLD}{verdict}{BOLD:#}");
    if !title.is_empty() {
        let _ = write!(out, "  {DIM}{title}{DIM:#}");
    }
    out.push('\n');
    let shown = if layout.verbose { why.causes.len() } else { why.causes.len().min(MOST) };
    if shown > 0 {
        out.push('\n');
        rows(why, &why.causes[..shown], layout, &mut out);
    }
    if shown < why.causes.len() {
        let _ = writeln!(out, "  {DIM}… and {} more (-v lists them all){DIM:#}", why.causes.len() - shown);
    }
    let told = |anyway: &&Remedy| why.causes[..shown].iter().any(|cause| cause.remedies.contains(anyway));
    if let Some(anyway) = why.anyway.as_ref().filter(|anyway| !told(anyway)) {
        let _ = writeln!(out, "\n  {}", remedy(anyway, 0));
    }
    out
}

fn verdict(why: &Why) -> String {
    match why.place {
        Some(Place::Start) => format!("{} is ready, and the plan starts it now", why.id),
        Some(Place::Queued)
            if why.causes.iter().any(|cause| matches!(cause.what, What::Reason(Reason::Shortens(_)))) =>
        {
            format!("{} is ready, but waits for the sake of a shorter plan", why.id)
        }
        Some(Place::Queued) if why.causes.iter().any(|cause| matches!(cause.what, What::Reason(Reason::Batch(_)))) => {
            format!("{} is ready, but belongs to a later batch", why.id)
        }
        Some(Place::Queued) => format!("{} is ready, but queued for a free worker", why.id),
        Some(Place::Held) => format!("{} is held by what the plan starts now", why.id),
        None => format!("{} {}", why.id, standing(why.state)),
    }
}

/// A state as the end of a sentence.
fn standing(state: State) -> String {
    match state {
        State::Landed => "has landed".to_owned(),
        State::Elsewhere => "was started elsewhere".to_owned(),
        state => format!("is {}", state.word()),
    }
}

/// Each reason with what resolves it: beside it where the terminal is wide enough, else below.
fn rows(why: &Why, causes: &[Cause], layout: Layout, out: &mut String) {
    let texts: Vec<String> = causes.iter().map(|cause| words::cause(why, cause)).collect();
    let remedies = || causes.iter().flat_map(|cause| &cause.remedies);
    let commands = remedies().map(|remedy| width(line_of(remedy))).max().unwrap_or(0);
    let answers = remedies().map(|one| width(&remedy(one, commands))).max().unwrap_or(0);
    let reasons = texts.iter().map(|text| width(text)).max().unwrap_or(0);
    let beside = reasons + answers + 4 <= layout.width;
    let mut texts = texts.iter();
    // What is alike for several reasons is told once.
    for group in causes.chunk_by(|a, b| a.remedies == b.remedies) {
        let mut left: Vec<String> = texts.by_ref().take(group.len()).map(|text| format!("  {text}")).collect();
        let right = group[0].remedies.iter().map(|one| remedy(one, commands));
        if beside {
            for (at, answer) in right.enumerate() {
                left.resize(left.len().max(at + 1), String::new());
                let gap = reasons + 4 - width(&left[at]);
                left[at].push_str(&format!("{:gap$}{answer}", ""));
            }
        } else {
            left.extend(right.map(|answer| format!("      {answer}")));
        }
        left.iter().for_each(|line| out.push_str(&format!("{line}\n")));
    }
}

fn line_of(remedy: &Remedy) -> &str {
    match remedy {
        Remedy::Command(line, _) => line,
        Remedy::Edit(_) => "",
    }
}

/// A command with what it is for, or what to edit; commands come from ids and quoted names, which may hold anything.
fn remedy(remedy: &Remedy, columns: usize) -> String {
    match remedy {
        Remedy::Command(line, to) => {
            let line = escape(line);
            let gap = columns.saturating_sub(width(&line)) + 2;
            format!("{line}{:gap$}{DIM}to {to}{DIM:#}", "")
        }
        Remedy::Edit(text) => escape(text).into_owned(),
    }
}

fn of_pair(why: &Why, pair: &Pair) -> String {
    let (a, b) = (&why.id, &pair.with);
    let verdict = match pair.verdict() {
        Answer::No => format!("{a} and {b} run side by side"),
        Answer::Warn => format!("{a} and {b} run side by side, with a warning"),
        Answer::NotChecked => format!("{a} and {b} run side by side, but whether they overlap is not checked"),
        Answer::After => format!("{a} comes after {b}"),
        Answer::Before => format!("{b} comes after {a}"),
        Answer::Exclusive => format!("{a} and {b} exclude each other"),
    };
    let mut out = format!("{BOLD}{verdict}{BOLD:#}\n\n");
    let rules = pair.steps.iter().map(|step| words::rule(step.rule).len()).max().unwrap_or(0);
    let answers = pair.steps.iter().map(|step| answer(step).len()).max().unwrap_or(0);
    for step in &pair.steps {
        let style = if step.answer == Answer::No { Style::new() } else { DECIDES };
        let (rule, word) = (words::rule(step.rule), answer(step));
        let _ = write!(out, "  {rule:rules$}  {style}{word}{style:#}");
        let mut gap = answers - word.len() + 2;
        for detail in &step.details {
            let _ = write!(out, "{:gap$}{}", "", words::detail(detail));
            out.push('\n');
            gap = rules + answers + 6;
        }
        if step.details.is_empty() {
            out.push('\n');
        }
    }
    let _ = writeln!(out, "\nNow {a} {}, and {b} {}.", standing(why.state), standing(pair.with_state));
    for id in &pair.as_started {
        let _ = writeln!(out, "{id} counts as it was when it started: the task file says otherwise now.");
    }
    for name in even_so(pair) {
        let _ = writeln!(out, "Even so, only one at a time holds lock {}.", escape(name));
    }
    out
}

fn answer(step: &Step) -> &'static str {
    match step.answer {
        Answer::No => "no",
        Answer::NotChecked => "not checked",
        _ => "yes",
    }
}

/// Locks that both take, of two in sequence.
fn even_so(pair: &Pair) -> impl Iterator<Item = &str> {
    let in_sequence = matches!(pair.verdict(), Answer::After | Answer::Before);
    let locks = pair.reasons.iter().filter_map(|reason| match reason {
        Reason::Lock { name, .. } => Some(name.as_str()),
        _ => None,
    });
    locks.filter(move |_| in_sequence)
}

#[cfg(test)]
mod tests;
