//! `brief`: the text that a worker starts from, as Markdown, as an issue, as JSON, or by a template.

pub mod issue;
mod json;
mod parts;
pub mod request;
mod safe;
pub mod template;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use super::plan::markdown::inline::url;
use crate::model::brief::{Action, Brief};
use crate::model::task::Kind;
use parts::{clauses, context, deliverable, files, findings, heading, must_not_write, needs, reports, section, steps};
use safe::{line, path};

pub use json::json;

/// The built-in brief, in Markdown.
pub fn markdown(brief: &Brief) -> String {
    let mut out = format!("# {}\n\n", title(brief));
    head(brief, &mut out);
    place(brief, &mut out);
    context(brief, &mut out);
    reports(brief, &mut out);
    needs(brief, &mut out);
    findings(brief, &mut out);
    let worktree = if brief.worktree { "yes" } else { "no" };
    let (mode, launch_as) = (line(&brief.mode), line(&brief.launch_as));
    let _ = writeln!(out, "\nExecution mode: {mode} | Launch as: {launch_as} | Worktree: {worktree}");
    steps(brief, &mut out);
    files(brief, &mut out);
    must_not_write(brief, &mut out);
    clauses(brief, &mut out);
    deliverable(brief, &mut out);
    section("Rules", &rules(brief), &mut out);
    begin(brief, &mut out);
    exit(brief, &mut out);
    out
}

/// `Implement SCR-001: ToolSelectionScorer`, with a link to the issue.
fn title(brief: &Brief) -> String {
    let action = match brief.action {
        Action::Implement => "Implement",
        Action::Explore => "Explore",
        Action::Research => "Research",
        Action::Continue => "Continue",
    };
    let gap = if brief.title.trim().is_empty() { "" } else { ": " };
    let name = format!("{action} {}{gap}{}", brief.id, line(&brief.title));
    match &brief.issue {
        Some(issue) => format!("{name} ({})", link("issue", issue)),
        None => name,
    }
}

/// A link; what is no address on the web stands as it is.
fn link(words: &str, address: &str) -> String {
    match url(address) {
        Some(url) => format!("[{words}]({url})"),
        None => format!("{words} {}", line(address)),
    }
}

fn head(brief: &Brief, out: &mut String) {
    if let Some(phase) = &brief.phase {
        let _ = writeln!(out, "Phase: {}", line(phase));
    }
    let plan = brief.plan.as_ref().map(|plan| (plan.title.as_deref(), plan.issue.as_deref()));
    let plan = match plan {
        Some((Some(title), Some(issue))) => Some(link(&line(title), issue)),
        Some((Some(title), None)) => Some(line(title)),
        Some((None, Some(issue))) => Some(url(issue).unwrap_or_else(|| line(issue))),
        _ => None,
    };
    if let Some(plan) = &plan {
        let _ = writeln!(out, "Master plan: {plan}");
    }
    if brief.phase.is_some() || plan.is_some() {
        out.push('\n');
    }
}

fn place(brief: &Brief, out: &mut String) {
    let _ = writeln!(out, "Repository: {}", path(&brief.repository));
    let _ = writeln!(out, "Launch from: {} (required)", path(&brief.launch_from));
    let _ = writeln!(out, "Branch: {}", path(&brief.branch));
    let _ = write!(out, "Base: {} ", brief.base);
    if brief.stack.is_empty() {
        let _ = writeln!(out, "({})", line(&brief.target));
    } else {
        let below: Vec<&str> = brief.stack.iter().map(|id| id.as_str()).collect();
        let _ = writeln!(out, "(on {}, not landed yet; lands on {})", below.join(", "), line(&brief.target));
    }
}

/// The command that reports on the task from where it is worked on.
fn report(brief: &Brief) -> String {
    let id = if brief.worktree { String::new() } else { format!(" {}", brief.id) };
    format!("git dispatch report{id}")
}

fn rules(brief: &Brief) -> String {
    let report = report(brief);
    let mut rules = vec![
        match brief.worktree {
            true => "Stay inside the worktree: change nothing outside of it.".to_owned(),
            false => "Stay on the branch above, and in your own copy: change nothing else.".to_owned(),
        },
        format!("Never merge, and never push to {}: landing is not part of this task.", line(&brief.target)),
        format!("Never ask the user. What you need, report: `{report} --blocked \"what is needed\"`."),
        "Cite evidence for what you say: file and line, the command and what it printed, or the commit.".to_owned(),
    ];
    if brief.worktree && brief.kind == Kind::Code {
        rules.push("Before you change a file, `git dispatch check PATH` tells whether another task does.".to_owned());
    }
    if brief.strict_writes && brief.kind == Kind::Code {
        rules.push("Keep to the files that it may write: a change elsewhere is refused at the end.".to_owned());
    }
    if brief.single_commit && brief.kind == Kind::Code {
        rules.push("Make one commit of it all.".to_owned());
    }
    if brief.checkpoints {
        rules.push(format!(
            "A review comes at each checkpoint, which is the end of a step: commit, \
             `{report} --partial \"checkpoint: what is done\"`, and end: you are started again with what the review says."
        ));
    }
    rules.iter().fold(String::new(), |all, rule| all + "- " + rule + "\n")
}

fn begin(brief: &Brief, out: &mut String) {
    heading("Before you begin", out);
    if let Some(budget) = &brief.budget {
        let budget = line(budget);
        let _ = writeln!(
            out,
            "Estimate cost before execution. If >{budget} and cost profile is not unlimited, checkpoint.\n"
        );
    }
    let _ =
        writeln!(out, "Reply with 'Session started' before beginning work. Then:\n\n    {} --started", report(brief));
}

/// What a worker does last.
fn exit(brief: &Brief, out: &mut String) {
    heading("When you end", out);
    let (report, yes, partial) = match &brief.done_when {
        Some(_) => (report(brief), " --done-when yes", " --done-when partial"),
        None => (report(brief), "", ""),
    };
    let text = if brief.kind == Kind::Research { " --text FILE" } else { "" };
    let before = match brief.kind {
        Kind::Research => "Write what you found to a file outside of the repository",
        Kind::Code => "Commit everything",
    };
    let _ = writeln!(
        out,
        "{before}, then report with one of these:\n\n    \
         {report} --done{yes}{text}\n    \
         {report} --partial \"why\"{partial}\n    \
         {report} --blocked \"what is needed\"\n"
    );
    out.push_str(
        "`--text FILE` adds what else there is to say, `--pr N` the pull request, `--cost AMOUNT` what it cost.\n",
    );
    if let Some(issue) = &brief.issue {
        let _ = writeln!(out, "\nUpdate the {}, and set it Done or In Review.", link("issue", issue));
    }
}
