use super::*;
use crate::model::fixture::{Sketch, task, with};
use crate::model::picture::tests::{pictured, pictured_as, shop};
use crate::model::state::State;
use crate::model::task::{Agent, Details, MasterPlan};
use crate::render::plan::svg::tests::hostile;

fn detailed(sketch: Sketch, details: Details) -> Sketch {
    with(sketch, |task| task.details = Some(Box::new(details)))
}

#[test]
fn the_table_says_who_does_what_where_and_after_whom() {
    let mut sketches = shop();
    sketches[0].0.issue = Some("https://example.com/issues/11".into());
    let details =
        Details { mode: Some("tdd".into()), budget: Some(Budget::Amount("$10".into())), ..Details::default() };
    sketches[0] = detailed(sketches[0].clone(), Details { agent: Some("claude".into()), ..details });
    sketches[3] = detailed(sketches[3].clone(), Details { agent: Some("cloud".into()), ..Details::default() });
    sketches[1].0.issue = Some("#7".into());
    sketches[4].0.issue = Some("#x | y".into());
    sketches[4].0.kind = Kind::Research;
    let change = |file: &mut crate::model::task::TaskFile| {
        file.settings.plan =
            Some(MasterPlan { title: Some("Checkout v2".into()), issue: Some("https://example.com/issues/7".into()) });
        file.settings.agents.insert("cloud".into(), Agent { isolated: Some(false), ..Agent::default() });
    };
    let text = pictured_as(sketches, &[("B", State::Active)], change, markdown);
    assert_eq!(
        text,
        r"<!-- suggested file name: 2026-01-20-eval-checkout-v2.md -->
# Checkout v2

Master plan: [https://example.com/issues/7](https://example.com/issues/7)

main at 1a2b3c4 · 0 of 5 landed · 1 of 3 workers busy

## Under way

| Session | Issue | Focus | Mode | Est. Cost | Agent | Worktree | Unit | State |
|---|---|---|---|---|---|---|---|---|
| S-A | B (#7) | Orders table | quick | 2h | - | yes | Orders table | active |

## Batch 3: start now

| Session | Issue | Focus | Mode | Est. Cost | Agent | Worktree | Unit |
|---|---|---|---|---|---|---|---|
| S-B | [A](https://example.com/issues/11) | Cart endpoint | tdd | 4h, \$10 | claude | yes | Batch 3A: Cart endpoint |

```sh
git dispatch start A
```

## Batch 4: from 2h on

| Session | Issue | Focus | Mode | Est. Cost | Agent | Worktree | Unit | After |
|---|---|---|---|---|---|---|---|---|
| S-C | C | Price table | quick | 3h | - | yes | Batch 4A: Price table | S-A (lock db) |
| S-D | D | Cart page | quick | 6h | cloud | no | Batch 4B: Cart page | S-B |

## Batch 5: from 10h on

| Session | Issue | Focus | Mode | Est. Cost | Agent | Worktree | Unit | After |
|---|---|---|---|---|---|---|---|---|
| S-E | E (#x \| y) | Release notes | quick | 1h | - | n/a | Batch 5A: Release notes | S-B, S-C, S-D |

## Held

- C Price table: lock db with B

Everything left: 11h with 3 workers · proven shortest, bound by the critical path · 16h in sequence

Research tasks (S-E) need no worktree and cost 2–4 times the tool calls of code tasks.
"
    );
}

#[test]
fn without_tasks_there_is_no_table() {
    assert_eq!(
        pictured(vec![], &[], markdown),
        "<!-- suggested file name: 2026-01-20-eval-main.md -->\n# eval\n\nmain at 1a2b3c4 · 0 of 0 landed · 0 of 3 workers \
         busy\n\nNo tasks yet.\n"
    );
}

#[test]
fn what_never_comes_is_told_with_its_reason() {
    let text = pictured(shop(), &[("A", State::Cancelled), ("C", State::Lost)], markdown);
    assert!(text.contains("\n## Waiting for what never comes\n\n- D Cart page: needs A (cancelled)\n"), "{text}");
    assert!(text.contains("\n## Lost\n\n- C Price table: neither branch nor landing is there\n"), "{text}");
}

#[test]
fn hostile_titles_stay_in_their_cells() {
    let name = |file: &mut crate::model::task::TaskFile| {
        file.settings.plan = Some(MasterPlan { title: Some("--> | x".into()), issue: Some("javascript:x".into()) });
    };
    let text = pictured_as(hostile(), &[("A", State::Active)], name, markdown);
    assert!(text.starts_with("<!-- suggested file name: 2026-01-20-eval-x.md -->\n# --&gt; \\| x\n"), "{text}");
    assert!(!text.contains("<script") && !text.contains("<img") && !text.contains("[x]("), "{text}");
    for line in text.lines().filter(|line| line.starts_with("| S-")) {
        let cells = line.replace("\\\\", "").replace("\\|", "").matches('|').count();
        assert!([9, 10].contains(&cells), "{cells} in {line}");
    }
}

#[test]
fn many_tasks_have_names_of_several_letters() {
    const IDS: [&str; 30] = [
        "A0", "A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "B0", "B1", "B2", "B3", "B4", "B5", "B6", "B7",
        "B8", "B9", "C0", "C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9",
    ];
    let text = pictured(IDS.iter().map(|id| task(id, 1, &[])).collect(), &[], markdown);
    assert!(text.contains("| S-AD | C9 | - | quick | 1h | - | yes | Batch 12C | a free worker |"), "{text}");
}
