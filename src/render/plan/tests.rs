use proptest::prelude::*;

use super::*;
use crate::model::fixture::{Sketch, facts, file, patterns, standings, task, with};
use crate::model::plan::{Options, plan};
use crate::model::state::State;
use crate::model::text::width;

fn titled(sketch: Sketch, title: &str) -> Sketch {
    with(sketch, |task| task.title = title.into())
}

fn scorer(id: &str, hours: u64, title: &str, path: &str) -> Sketch {
    with(titled(task(id, hours, &["FND-003"]), title), |task| {
        task.phase = Some("phase-2-scorers".into());
        task.writes = patterns(&[path]);
    })
}

fn neon() -> Vec<Sketch> {
    let plain = |sketch, title, path: &str| with(titled(sketch, title), |task| task.writes = patterns(&[path]));
    vec![
        titled(task("FND-003", 2, &[]), "Scorer interface"),
        scorer("SCR-001", 4, "ToolSelectionScorer", "src/scorers/tool_selection/**"),
        with(scorer("SCR-002", 4, "ReasoningScorer", "src/scorers/reasoning/**"), |task| {
            task.writes.extend(patterns(&["src/db/pool.rs"]));
        }),
        scorer("SCR-003", 3, "GroundingScorer", "src/scorers/grounding/**"),
        plain(task("FND-010", 2, &[]), "Retry failed evaluations with a backoff", "src/retry.rs"),
        plain(task("FND-012", 1, &[]), "Pool size from the environment", "src/db/pool.rs"),
        titled(task("RUN-001", 6, &["SCR-001", "SCR-002", "SCR-003"]), "Eval runner"),
        titled(task("RUN-002", 2, &["RUN-001"]), "CLI run command"),
    ]
}

fn shown(sketches: Vec<Sketch>, given: &[(&str, State)], phase: Option<&str>, columns: usize) -> String {
    let file = file(sketches);
    let options = Options { workers: None, phase: phase.map(str::to_owned), ..Options::default() };
    let (facts, standings) = (facts(), standings(&file, given));
    let plan = plan(&file, &facts, &standings, &options);
    let text = text(&plan, Layout { width: columns, verbose: false });
    anstream::adapter::strip_str(&text).to_string()
}

#[test]
fn a_plan_reads_from_what_starts_to_the_command_that_starts_it() {
    let text = shown(neon(), &[("FND-003", State::Landed)], Some("phase-2-scorers"), 80);
    assert_eq!(
        text,
        "\
main at 1a2b3c4 · phase phase-2-scorers · 1 of 8 landed · 0 of 3 workers busy

Ready, side by side (phase-2-scorers):
  SCR-001  ToolSelectionScorer            4h  critical  unblocks 2
  SCR-002  ReasoningScorer                4h  critical  unblocks 2
  SCR-003  GroundingScorer                3h            unblocks 2
Queued for a free worker:
  FND-010  Retry failed evaluations wit…  2h
Held:
  FND-012  Pool size from the environme…  1h  writes src/db/pool.rs like SCR-002
Waiting:
  RUN-001  Eval runner                    needs SCR-001, SCR-002, SCR-003
  RUN-002  CLI run command                needs RUN-001

This batch: 4h side by side, 11h in sequence, 2.75x
Everything left: 12h with 3 workers, 22h in sequence
  proven shortest, bound by the critical path

  git dispatch start SCR-001 SCR-002 SCR-003
"
    );
}

#[test]
fn a_wide_terminal_shows_whole_titles() {
    let text = shown(neon(), &[("FND-003", State::Landed)], None, 200);
    assert!(text.contains("  FND-010  Retry failed evaluations with a backoff  2h\n"), "{text}");
}

#[test]
fn several_phases_are_grouped() {
    let mut sketches = neon();
    sketches[4].0.phase = Some("phase-1".into());
    sketches.retain(|(task, _)| ["FND-003", "SCR-001", "FND-010", "FND-012"].contains(&task.id.as_str()));
    sketches[3].0.writes.clear();
    let text = shown(sketches, &[("FND-003", State::Landed)], None, 80);
    assert_eq!(
        text,
        "\
main at 1a2b3c4 · 1 of 4 landed · 0 of 3 workers busy

Ready, side by side (phase-2-scorers):
  SCR-001  ToolSelectionScorer                      4h  critical
Beside them (no phase):
  FND-012  Pool size from the environment           1h
Beside them (phase-1):
  FND-010  Retry failed evaluations with a backoff  2h
  · overlap not checked, no 'writes' given: FND-012

This batch: 4h side by side, 7h in sequence, 1.75x
Everything left: 4h with 3 workers, 7h in sequence
  proven shortest, bound by the critical path

  git dispatch start SCR-001 FND-012 FND-010
"
    );
}

#[test]
fn when_nothing_can_start_the_text_says_why_and_what_is_next() {
    let two = || vec![task("A", 1, &[]), task("B", 1, &["A"])];
    let end = |sketches, given: &[(&str, State)]| {
        let text = shown(sketches, given, None, 80);
        text.split_once("\n\n").unwrap().1.to_owned()
    };
    assert_eq!(
        end(vec![], &[]),
        "No tasks yet: write a [task.ID] table for each, then check the file\n\n  git dispatch lint\n"
    );
    assert_eq!(
        end(two(), &[("A", State::Landed), ("B", State::Landed)]),
        "Everything has landed\n\n  git dispatch status --all\n"
    );
    assert_eq!(
        end(two(), &[("A", State::Landed), ("B", State::Active)]),
        "\
Everything left: 1h with 3 workers, 1h in sequence
  proven shortest, bound by the critical path
Everything left has started: B

  git dispatch status
"
    );
    assert_eq!(
        end(two(), &[("A", State::Active)]),
        "\
Waiting:
  B  needs A

Everything left: 2h with 3 workers, 2h in sequence
  proven shortest, bound by the critical path
Nothing can start before one of these lands: A

  git dispatch status
"
    );
    assert_eq!(
        end(two(), &[("A", State::Cancelled)]),
        "\
Waiting:
  B  needs A (cancelled)

Not counted: 1 task waiting for cancelled or lost ones, such as B
Nothing can start: what is left waits for cancelled or lost tasks, or for a review

  git dispatch lint
"
    );
    assert_eq!(
        end(two(), &[]),
        "\
Ready:
  A  1h  critical  unblocks 1
Waiting:
  B  needs A

Everything left: 2h with 3 workers, 2h in sequence
  proven shortest, bound by the critical path
One task at a time: working on it in the main worktree is as fast

  git dispatch start A
"
    );
}

#[test]
fn long_lists_are_cut_and_say_where_the_rest_is() {
    let ids: Vec<String> = (0..60).map(|number| format!("T{number:02}")).collect();
    let mut sketches: Vec<Sketch> = ids.iter().map(|id| task(id, 1, &["T00"])).collect();
    sketches[0].1.clear();
    let text = shown(sketches, &[], None, 80);
    assert!(text.contains("  T20  needs T00\n  … and 39 more (-v lists them all)\n"), "{text}");
}

#[test]
fn untrusted_text_is_shown_escaped() {
    let mut sketches = vec![titled(task("A", 1, &[]), "x\u{1b}[2J\u{202e}y")];
    sketches[0].0.phase = Some("p\u{7}".into());
    let text = shown(sketches, &[], Some("q\n"), 80);
    assert!(text.contains("x\\e[2J\\u{202e}y"), "{text}");
    assert!(text.contains("(p\\u{7})") && text.contains("phase q\\n"), "{text}");
}

#[test]
fn warnings_are_lines_for_stderr() {
    let warns = |id| {
        with(task(id, 1, &[]), |task| {
            task.writes = patterns(&["x"]);
            task.overlap = Some(crate::model::task::Overlap::Warn);
        })
    };
    let file = file(vec![warns("A"), warns("B")]);
    let (facts, standings, options) =
        (facts(), standings(&file, &[]), Options { workers: Some(5), ..Options::default() });
    assert_eq!(
        warnings(&plan(&file, &facts, &standings, &options)),
        ["5 workers make it no shorter than 3 do, and take more coordination", "'B' and 'A' both write 'x'"]
    );
}

fn schema() -> serde_json::Value {
    serde_json::from_str(include_str!("../../../docs/schema/plan.schema.json")).unwrap()
}

fn document(sketches: Vec<Sketch>, given: &[(&str, State)]) -> serde_json::Value {
    let file = file(sketches);
    let (facts, standings, options) = (facts(), standings(&file, given), Options::default());
    serde_json::from_str(&json::json(&plan(&file, &facts, &standings, &options))).unwrap()
}

#[test]
fn the_json_is_what_the_schema_describes() {
    let mut sketches = neon();
    sketches.push(task("RUN-003", 1, &["OLD-1"]));
    sketches.push(task("OLD-1", 1, &[]));
    let given = [("FND-003", State::Landed), ("SCR-001", State::Active), ("OLD-1", State::Cancelled)];
    let value = document(sketches, &given);
    assert_eq!(crate::render::schema::faults(&schema(), &value), Vec::<String>::new());
    assert_eq!(crate::render::schema::faults(&schema(), &document(vec![], &[])), Vec::<String>::new());
    for (pointer, expected) in [
        ("/start/0/id", "\"SCR-002\""),
        ("/start/0/unblocks", "2"),
        ("/workers", "{\"busy\":1,\"free\":2,\"limit\":3}"),
        ("/held/0/reasons", "[\"writes:SCR-002:src/db/pool.rs\"]"),
        ("/queued/0/reasons", "[\"slot\"]"),
        ("/waiting/1/id", "\"RUN-002\""),
        ("/waiting/2/cancelled", "[\"OLD-1\"]"),
        ("/stuck", "[\"RUN-003\"]"),
        ("/batch/benefit", "1.75"),
        ("/schedule/bound", "\"critical-path\""),
        ("/next/action", "\"start\""),
    ] {
        assert_eq!(value.pointer(pointer).unwrap().to_string(), expected, "{pointer}");
    }
}

#[test]
fn the_schema_check_finds_faults() {
    let mut value = document(neon(), &[]);
    value["start"][0]["critical"] = "yes".into();
    value["more"] = 1.into();
    value.as_object_mut().unwrap().remove("alone");
    assert_eq!(crate::render::schema::faults(&schema(), &value).len(), 3);
}

proptest! {
    #[test]
    fn rows_fit_the_terminal(title in "\\PC{0,60}", columns in 60usize..200) {
        let mut sketches = neon();
        sketches.iter_mut().for_each(|(task, _)| task.title = title.clone());
        let text = shown(sketches, &[("FND-003", State::Landed)], None, columns);
        for line in text.lines().filter(|line| line.starts_with("  ") && !line.starts_with("  git")) {
            prop_assert!(width(line) <= columns, "{line}");
        }
    }
}
