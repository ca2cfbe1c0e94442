//! `why --json`, as docs/schema/why.schema.json describes it.

use serde::Serialize;

use super::words;
use crate::model::exclusion::{Answer, Detail, Link, Meeting, Rule, Step, Usage};
use crate::model::id::TaskId;
use crate::model::state::{Proof, Reason, State};
use crate::model::why::{Cause, Pair, Place, Remedy, What, Why};
use crate::render::json::{SCHEMA, Target, line};

/// One line of JSON: all reasons, however many.
pub fn json(why: &Why) -> String {
    line(&document(why))
}

#[derive(Serialize)]
struct Document<'w> {
    schema: u32,
    command: &'static str,
    target: Target<'w>,
    task: &'w TaskId,
    title: &'w str,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    choice: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pr: Option<&'w str>,
    reasons: Vec<ReasonJson<'w>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    anyway: Option<Resolve<'w>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pair: Option<PairJson<'w>>,
}

#[derive(Serialize)]
struct ReasonJson<'w> {
    code: String,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<OtherJson>,
    resolve: Vec<Resolve<'w>>,
}

#[derive(Serialize)]
struct OtherJson {
    state: State,
    chosen: bool,
    as_started: bool,
}

#[derive(Serialize)]
struct Resolve<'w> {
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'w str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edit: Option<&'w str>,
}

#[derive(Serialize)]
struct PairJson<'w> {
    with: &'w TaskId,
    with_state: State,
    verdict: &'static str,
    reasons: &'w [Reason],
    as_started: &'w [TaskId],
    steps: Vec<StepJson<'w>>,
}

#[derive(Serialize)]
struct StepJson<'w> {
    rule: &'static str,
    answer: &'static str,
    detail: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<Vec<LinkJson<'w>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    meetings: Vec<MeetingJson<'w>>,
}

#[derive(Serialize)]
struct LinkJson<'w> {
    after: &'w TaskId,
    first: &'w TaskId,
    #[serde(skip_serializing_if = "Option::is_none")]
    reads: Option<&'w str>,
}

#[derive(Serialize)]
struct MeetingJson<'w> {
    patterns: [PatternJson<'w>; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'w str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shared: Option<&'w str>,
}

#[derive(Serialize)]
struct PatternJson<'w> {
    task: &'w TaskId,
    usage: &'static str,
    pattern: &'w str,
}

fn document(why: &Why) -> Document<'_> {
    let proof = why.causes.iter().find_map(|cause| match &cause.what {
        What::Proof(proof) => Some(proof),
        _ => None,
    });
    Document {
        schema: SCHEMA,
        command: "why",
        target: Target { name: &why.target.0, commit: why.target.1 },
        task: &why.id,
        title: &why.title,
        state: why.state,
        choice: why.place.map(|place| match place {
            Place::Start => "start",
            Place::Queued => "queued",
            Place::Held => "held",
        }),
        proof: proof.map(Proof::word),
        pr: proof.and_then(Proof::pr),
        reasons: why.causes.iter().map(|cause| reason(why, cause)).collect(),
        anyway: why.anyway.as_ref().map(resolve),
        pair: why.pair.as_ref().map(pair),
    }
}

fn reason<'w>(why: &'w Why, cause: &'w Cause) -> ReasonJson<'w> {
    let other = cause.other.map(|one| OtherJson { state: one.state, chosen: one.chosen, as_started: one.as_started });
    ReasonJson {
        code: cause.what.to_string(),
        text: words::cause(why, cause),
        other,
        resolve: cause.remedies.iter().map(resolve).collect(),
    }
}

fn resolve(remedy: &Remedy) -> Resolve<'_> {
    match remedy {
        Remedy::Command(line, to) => Resolve { command: Some(line), to: Some(to), edit: None },
        Remedy::Edit(text) => Resolve { command: None, to: None, edit: Some(text) },
    }
}

fn pair(pair: &Pair) -> PairJson<'_> {
    let verdict = match pair.verdict() {
        Answer::No => "parallel",
        answer => code(answer),
    };
    PairJson {
        with: &pair.with,
        with_state: pair.with_state,
        verdict,
        reasons: &pair.reasons,
        as_started: &pair.as_started,
        steps: pair.steps.iter().map(step).collect(),
    }
}

fn code(answer: Answer) -> &'static str {
    match answer {
        Answer::No => "no",
        Answer::After => "after",
        Answer::Before => "before",
        Answer::Exclusive => "exclusive",
        Answer::Warn => "warn",
        Answer::NotChecked => "not-checked",
    }
}

fn step(step: &Step) -> StepJson<'_> {
    let rule = match step.rule {
        Rule::Needs => "needs",
        Rule::Reads => "reads",
        Rule::Parallel => "parallel",
        Rule::Locks => "locks",
        Rule::Issue => "issue",
        Rule::Writes => "writes",
    };
    let chain = step.details.iter().find_map(|detail| match detail {
        Detail::Chain(links) | Detail::Circle(links) => Some(links.iter().map(link).collect()),
        _ => None,
    });
    let meetings = step.details.iter().filter_map(|detail| match detail {
        Detail::Meeting(one) => Some(meeting(one, None)),
        Detail::Shared(one, by) => Some(meeting(one, Some(by.as_str()))),
        _ => None,
    });
    StepJson {
        rule,
        answer: code(step.answer),
        detail: step.details.iter().map(words::detail).collect(),
        chain,
        meetings: meetings.collect(),
    }
}

fn link(link: &Link) -> LinkJson<'_> {
    LinkJson { after: &link.after, first: &link.first, reads: link.reads.as_deref() }
}

fn meeting<'w>(meeting: &'w Meeting, shared: Option<&'w str>) -> MeetingJson<'w> {
    let end = |at: usize| {
        let (task, usage, pattern) = &meeting.ends[at];
        let usage = match usage {
            Usage::Reads => "reads",
            Usage::Writes => "writes",
        };
        PatternJson { task, usage, pattern: pattern.as_str() }
    };
    MeetingJson { patterns: [end(0), end(1)], path: meeting.path.as_deref(), shared }
}
