//! What `submit` pushed and opened, or would.

use anstyle::Style;
use serde::Serialize;

use super::json::{SCHEMA, line, time};
use crate::model::forge::Forge;
use crate::model::ledger::{Handed, Submitted};
use crate::model::oid::Oid;
use crate::model::submit::{Left, Outcome, Outcomes, Request, Way};
use crate::model::text::escape;

const BOLD: Style = Style::new().bold();

/// Two lines for each task: its branch, and its pull request.
pub fn text(outcomes: &Outcomes, dry_run: bool) -> String {
    outcomes.done.iter().map(|outcome| of(outcome, dry_run)).collect()
}

fn of(outcome: &Outcome, dry_run: bool) -> String {
    let Outcome { task, remote, way, .. } = outcome;
    let (id, branch, tip) = (&task.id, escape(&task.branch), task.tip.short());
    let verb = match (way, dry_run) {
        (Way::Same, _) if outcome.up_to_date() => "is up to date on",
        (Way::Same, _) => "is on",
        (_, true) => "would be pushed to",
        (_, false) => "pushed to",
    };
    let how = match way {
        Way::New => " as a new branch".to_owned(),
        Way::Same => String::new(),
        Way::Forward(from) => format!(", which was at {}", from.short()),
        Way::Replace(from) => format!(" in place of {}, as it was rebased", from.short()),
    };
    let mut out = format!("{BOLD}{id}{BOLD:#} {verb} {}: {branch} at {tip}{how}\n", escape(remote));
    out.push_str(&format!("  {}\n", request(outcome, dry_run)));
    out
}

fn request(outcome: &Outcome, dry_run: bool) -> String {
    let pr = outcome.pr.as_deref().map_or_else(|| "a pull request".to_owned(), |pr| escape(pr).into_owned());
    let page = outcome.url.as_deref().map(|url| format!(": {}", escape(url))).unwrap_or_default();
    let title = escape(&outcome.task.title);
    match &outcome.request {
        Request::Opened if dry_run => format!("would open a pull request: {title}"),
        Request::Opened => format!("opened {pr}{page}"),
        Request::Updated if dry_run => format!("would bring {pr} up to date{page}"),
        Request::Updated => format!("brought {pr} up to date{page}"),
        Request::Current => format!("{pr} is as it should be{page}"),
        Request::Kept => format!("{pr} keeps the description that somebody wrote{page}"),
        Request::Page(page) if dry_run => format!("the pull request would be opened at {page}"),
        Request::Page(page) => format!("open the pull request at {page}"),
        Request::Unknown(why) => format!("no page to open: {}", escape(why)),
    }
}

/// A submission in one line, for lists.
pub fn line_of(submitted: &Submitted) -> String {
    let pr = submitted.pr.as_deref().map(|pr| format!(" as {}", escape(pr))).unwrap_or_default();
    format!("submitted at {}{pr}", submitted.tip.short())
}

/// A submission as other answers have it.
#[derive(Serialize)]
pub struct HandedJson<'a> {
    at: String,
    by: &'a str,
    tip: Oid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
}

impl<'a> HandedJson<'a> {
    pub fn of(handed: &'a Handed) -> HandedJson<'a> {
        let Handed { at, by, what } = handed;
        HandedJson { at: time(*at), by, tip: what.tip, pr: what.pr.as_deref(), url: what.url.as_deref() }
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    schema: u32,
    command: &'static str,
    dry_run: bool,
    tasks: Vec<TaskJson<'a>>,
    left: Vec<LeftJson<'a>>,
    failed: Vec<FailedJson<'a>>,
}

#[derive(Serialize)]
struct TaskJson<'a> {
    id: &'a str,
    branch: &'a str,
    tip: Oid,
    remote: &'a str,
    push: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Oid>,
    up_to_date: bool,
    forge: Option<&'static str>,
    request: &'static str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<&'a str>,
}

#[derive(Serialize)]
struct LeftJson<'a> {
    id: &'a str,
    why: Vec<&'a str>,
}

#[derive(Serialize)]
struct FailedJson<'a> {
    id: &'a str,
    what: &'a str,
}

/// The same as JSON, with what was left out and what went wrong.
pub fn json(outcomes: &Outcomes, left: &[Left], dry_run: bool) -> String {
    let tasks = outcomes.done.iter().map(|outcome| TaskJson {
        id: outcome.task.id.as_str(),
        branch: &outcome.task.branch,
        tip: outcome.task.tip,
        remote: &outcome.remote,
        push: outcome.way.word(),
        before: outcome.way.from(),
        up_to_date: outcome.up_to_date(),
        forge: outcome.forge.map(Forge::word),
        request: outcome.request.word(),
        title: &outcome.task.title,
        pr: outcome.pr.as_deref(),
        url: outcome.url.as_deref(),
        page: if let Request::Page(page) = &outcome.request { Some(page) } else { None },
    });
    let left = left
        .iter()
        .map(|left| LeftJson { id: left.id.as_str(), why: left.why.iter().map(|(what, _)| what.as_str()).collect() });
    let failed = outcomes.failed.iter().map(|(task, failure)| FailedJson { id: task.id.as_str(), what: &failure.what });
    line(&Answer {
        schema: SCHEMA,
        command: "submit",
        dry_run,
        tasks: tasks.collect(),
        left: left.collect(),
        failed: failed.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::failure::{Exit, Failure};
    use crate::model::sample::{id, oid};
    use crate::model::submit::Submission;

    fn outcome(way: Way, request: Request) -> Outcome {
        let task = Submission {
            id: id("A"),
            title: "First (A)".to_owned(),
            branch: "task/A\u{1b}".to_owned(),
            tip: oid('b'),
            batch: ("batch-001".to_owned(), "u0".to_owned()),
            note: oid('a'),
            known: None,
            pushed: None,
        };
        let (pr, url) = (Some("#7".to_owned()), Some("https://x/pull/7".to_owned()));
        Outcome { task, remote: "origin".to_owned(), way, forge: Some(Forge::GitHub), request, pr, url, title: None }
    }

    #[test]
    fn what_became_of_it_is_told_for_people_and_as_the_schema_describes_it() {
        let schema = serde_json::from_str(include_str!("../../docs/schema/submit.schema.json")).unwrap();
        for (way, request, dry_run, expected) in [
            (
                Way::New,
                Request::Opened,
                false,
                "A pushed to origin: task/A\\e at bbbbbbb as a new branch\n  opened #7: https://x/pull/7\n",
            ),
            (
                Way::Forward(oid('c')),
                Request::Updated,
                true,
                "A would be pushed to origin: task/A\\e at bbbbbbb, which was at ccccccc\n  would bring #7 up to date: https://x/pull/7\n",
            ),
            (
                Way::Replace(oid('c')),
                Request::Page("https://x/new".to_owned()),
                false,
                "A pushed to origin: task/A\\e at bbbbbbb in place of ccccccc, as it was rebased\n  open the pull request at https://x/new\n",
            ),
            (
                Way::Same,
                Request::Kept,
                false,
                "A is on origin: task/A\\e at bbbbbbb\n  #7 keeps the description that somebody wrote: https://x/pull/7\n",
            ),
            (
                Way::New,
                Request::Unknown("\u{9b}".to_owned()),
                false,
                "A pushed to origin: task/A\\e at bbbbbbb as a new branch\n  no page to open: \\u{9b}\n",
            ),
        ] {
            let failed = vec![(outcome(way, Request::Current).task, Failure::new(Exit::No, "rejected"))];
            let outcomes = Outcomes { done: vec![outcome(way, request)], failed };
            assert_eq!(anstream::adapter::strip_str(&text(&outcomes, dry_run)).to_string(), expected);
            let left = [Left { id: id("B"), why: vec![("is halted".to_owned(), Vec::new())] }];
            let value = serde_json::from_str(&json(&outcomes, &left, dry_run)).unwrap();
            assert_eq!(crate::render::schema::faults(&schema, &value), Vec::<String>::new());
        }
    }
}
