use super::*;
use crate::model::brief::{Clause, Clauses, Need, Plan, Sibling, Told};
use crate::model::review::Finding;
use crate::model::sample::{id, oid};
use crate::model::state::State;
use crate::render::schema;

fn told(verdict: &str, text: &str) -> Told {
    Told {
        at: "2026-01-20T10:00:00Z".parse().unwrap(),
        by: "Ada <ada@x>".into(),
        tip: oid('b'),
        verdict: verdict.into(),
        done_when: Some("no".into()),
        blockers: vec!["a key\n# x".into()],
        pr: Some("#7".into()),
        text: Some(text.into()),
        cost: None,
    }
}

/// A brief in which everything is said, with a title and texts that try to be something else.
pub(super) fn sample() -> Brief {
    Brief {
        id: id("A"),
        title: "a `b`\n# c".into(),
        action: Action::Implement,
        unit: Some("1A".into()),
        issue: Some("https://x/12".into()),
        phase: Some("one".into()),
        plan: Some(Plan { title: Some("The plan".into()), issue: Some("https://x/1".into()) }),
        state: State::Active,
        kind: Kind::Code,
        repository: "/r/neon".into(),
        launch_from: "/r/neon-task-A".into(),
        worktree: true,
        branch: "task/A".into(),
        base: oid('a'),
        target: "main".into(),
        stack: Vec::new(),
        batch: Some("batch-001".into()),
        context: vec!["first point".into(), "second\npoint".into()],
        text: Some("Free text \u{1b}[31m\n\nof people".into()),
        reports: vec![told("partial", "half\n\n# of it")],
        needs: vec![Need {
            id: id("N"),
            title: "Need".into(),
            state: State::Landed,
            commit: Some(oid('c')),
            pr: Some("#3".into()),
            report: None,
        }],
        findings: vec![
            Finding { text: "wrong".into(), critical: true, by: vec!["eve".into()], counts: true },
            Finding { text: "alone".into(), critical: false, by: vec!["eve".into()], counts: false },
        ],
        mode: "checkpoint".into(),
        launch_as: "Ask permissions".into(),
        agent: Some("claude".into()),
        model: None,
        max_turns: Some(30),
        steps: vec!["first".into(), "second\nline".into()],
        writes: vec!["src/a/**".into()],
        shared_paths: vec!["Cargo.lock".into()],
        siblings: vec![
            Sibling { id: id("B"), title: "Bee".into(), state: State::Active, writes: vec!["src/b/**".into()] },
            Sibling { id: id("C"), title: String::new(), state: State::Done, writes: Vec::new() },
        ],
        clauses: Clauses {
            fulfil: vec![Clause { id: "C1".into(), text: "- C1: this\n  in full".into() }],
            keep: Some("# Contract\n\n- C2: that\n```\nopen".into()),
        },
        done_when: Some("cargo test a passes".into()),
        single_commit: true,
        strict_writes: true,
        checkpoints: true,
        budget: Some("$10".into()),
        estimate: Some(240),
    }
}

const MARKDOWN: &str = r#"# Implement A: a \`b\`\\n# c ([issue](https://x/12))

Phase: one
Master plan: [The plan](https://x/1)

Repository: /r/neon
Launch from: /r/neon-task-A (required)
Branch: task/A
Base: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa (main)

## Context

- first point
- second
  point

Free text \e[31m

of people

## Earlier reports of this task

- 2026-01-20 10:00 UTC: partial at bbbbbbb, by Ada \<ada@x>; done when: no; pull request #7
  - blocked: a key
    # x

  half

  # of it

## What it needs, and what came of that

- N Need: landed (#3) as ccccccc

## Review findings to address

- critical: wrong (eve)

Execution mode: checkpoint | Launch as: Ask permissions | Worktree: yes

## Steps

1. first
2. second
   line

## Files it may write

- `src/a/**`

Every task may change `Cargo.lock`.

## Files it must not write

- `src/b/**` (B Bee)
- C, which is under way, does not say what it writes

## Contract: fulfil

- C1: this
  in full

## Contract: must not violate

# Contract

- C2: that
```
open
```

## Deliverable

One commit on the branch `task/A`.

Done when: cargo test a passes

## Rules

- Stay inside the worktree: change nothing outside of it.
- Never merge, and never push to main: landing is not part of this task.
- Never ask the user. What you need, report: `git dispatch report --blocked "what is needed"`.
- Cite evidence for what you say: file and line, the command and what it printed, or the commit.
- Before you change a file, `git dispatch check PATH` tells whether another task does.
- Keep to the files that it may write: a change elsewhere is refused at the end.
- Make one commit of it all.
- A review comes at each checkpoint, which is the end of a step: commit, `git dispatch report --partial "checkpoint: what is done"`, and end: you are started again with what the review says.

## Before you begin

Estimate cost before execution. If >$10 and cost profile is not unlimited, checkpoint.

Reply with 'Session started' before beginning work. Then:

    git dispatch report --started

## When you end

Commit everything, then report with one of these:

    git dispatch report --done --done-when yes
    git dispatch report --partial "why" --done-when partial
    git dispatch report --blocked "what is needed"

`--text FILE` adds what else there is to say, `--pr N` the pull request, `--cost AMOUNT` what it cost.

Update the [issue](https://x/12), and set it Done or In Review.
"#;

#[test]
fn the_built_in_brief_says_everything_in_its_order() {
    assert_eq!(markdown(&sample()), MARKDOWN);
}

#[test]
fn what_does_not_apply_is_left_out() {
    let bare = Brief {
        title: String::new(),
        issue: Some("JIRA-1".into()),
        phase: None,
        plan: None,
        worktree: false,
        kind: Kind::Research,
        action: Action::Research,
        mode: "quick".into(),
        context: Vec::new(),
        text: None,
        reports: Vec::new(),
        needs: Vec::new(),
        findings: Vec::new(),
        steps: Vec::new(),
        writes: Vec::new(),
        siblings: Vec::new(),
        clauses: Clauses::default(),
        done_when: None,
        checkpoints: false,
        budget: None,
        stack: vec![id("N")],
        ..sample()
    };
    let text = markdown(&bare);
    assert!(text.starts_with("# Research A (issue JIRA-1)\n\nRepository: /r/neon\n"), "{text}");
    for gone in
        ["Phase", "Context", "Earlier", "findings", "Steps", "must not", "Contract", "cost before", "commit of", "PATH"]
    {
        assert!(!text.contains(gone), "{gone}: {text}");
    }
    for there in [
        "(on N, not landed yet; lands on main)\n",
        " | Worktree: no\n",
        "\n    git dispatch report A --started\n",
        "\n    git dispatch report A --done --text FILE\n",
        "None: this task reads and reports.\n",
        "A report, and no commits.\n",
    ] {
        assert!(text.contains(there), "{there}: {text}");
    }
    assert!(!text.contains("\n\n\n"), "{text}");
}

#[test]
fn json_is_what_the_schema_says_and_every_text_is_as_it_was_written() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../../docs/schema/brief.schema.json")).unwrap();
    for brief in [sample(), Brief { plan: None, unit: None, max_turns: None, ..sample() }] {
        let answer: serde_json::Value = serde_json::from_str(&json(&brief)).unwrap();
        assert_eq!(schema::faults(&schema, &answer), [""; 0]);
        assert_eq!(answer["brief"]["title"], "a `b`\n# c");
        assert_eq!(answer["brief"]["text"], "Free text \u{1b}[31m\n\nof people");
        assert_eq!(answer["brief"].get("model"), None);
    }
    let named = schema["properties"]["brief"]["properties"].as_object().unwrap();
    let all = json::fields(&sample(), false);
    assert!(
        all.as_object().unwrap().keys().eq(named.keys()),
        "the schema describes every value that a template may use"
    );
}

#[test]
fn an_issue_has_front_matter_and_nothing_of_this_machine() {
    let text = issue::issue(&sample());
    let front = "\
---
title: \"Batch 1A: a `b`\\\\n# c\"
labels:
  - \"type:chore\"
  - \"exec:checkpoint\"
estimate: 5
parent: \"https://x/1\"
assignee: \"claude\"
---

Task: A
Phase: one
";
    assert!(text.starts_with(front), "{text}");
    assert!(text.contains("## Contract: fulfil") && text.contains("Done when: cargo test a passes"), "{text}");
    assert!(!text.contains("/r/neon") && !text.contains("git dispatch report"), "{text}");
    let spike = issue::issue(&Brief { kind: Kind::Research, unit: None, estimate: None, ..sample() });
    assert!(
        spike.starts_with("---\ntitle: \"a `b`") && spike.contains("\"type:spike\"") && !spike.contains("estimate:")
    );
}
