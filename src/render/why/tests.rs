use super::*;
use crate::model::facts::Facts;
use crate::model::fixture::{Sketch, facts, file, patterns, standings, task, with};
use crate::model::sample;
use crate::model::task::{Overlap, TaskFile};
use crate::model::why::{Scene, why};
use crate::render::schema::faults;

const WIDE: Layout = Layout { width: 100, verbose: false };

fn asked(file: &TaskFile, given: &[(&str, State)], ids: (&str, Option<&str>)) -> Why {
    let (facts, standings, names): (Facts, _, _) = (facts(), standings(file, given), sample::names(file));
    why(&Scene { file, facts: &facts, standings: &standings, names: &names }, ids).unwrap()
}

fn shown(file: &TaskFile, given: &[(&str, State)], ids: (&str, Option<&str>), layout: Layout) -> String {
    let why = asked(file, given, ids);
    let schema = serde_json::from_str(include_str!("../../../docs/schema/why.schema.json")).unwrap();
    let answer = serde_json::from_str(&json::json(&why)).unwrap();
    assert_eq!(faults(&schema, &answer), Vec::<String>::new(), "{answer}");
    anstream::adapter::strip_str(&text(&why, layout)).to_string()
}

fn scorer(id: &str, title: &str, needs: &[&'static str], paths: &[&str]) -> Sketch {
    with(task(id, 1, needs), |task| {
        task.title = title.into();
        task.writes = patterns(paths);
    })
}

fn neon() -> TaskFile {
    file(vec![
        scorer("SCR-001", "Reasoning", &[], &["src/db/*.rs", "Cargo.lock"]),
        scorer("SCR-002", "Pool metrics", &[], &["src/*/pool.rs", "Cargo.lock"]),
        with(scorer("RUN-001", "Eval runner", &["SCR-001"], &["run"]), |task| {
            task.reads = patterns(&["src/web/pool.rs"])
        }),
        scorer("RUN-002", "CLI", &["RUN-001"], &["cli"]),
    ])
}

#[test]
fn a_task_is_told_by_its_verdict_and_each_reason_with_what_resolves_it() {
    assert_eq!(
        shown(&neon(), &[("SCR-001", State::Active)], ("RUN-001", None), WIDE),
        "\
RUN-001 is waiting  Eval runner

  needs SCR-001, which is active
      git dispatch status SCR-001  to see how far it is
  reads src/web/pool.rs after SCR-002, which is held
      git dispatch why SCR-002     to see what it waits for

  git dispatch start --force RUN-001  to start it without their work
"
    );
    assert_eq!(
        shown(&neon(), &[("SCR-001", State::Active)], ("SCR-002", None), Layout { width: 140, verbose: false }),
        "\
SCR-002 is held  Pool metrics

  writes Cargo.lock like SCR-001, which is active   git dispatch status SCR-001  to see how far it is: only its landing frees this one
  writes src/db/*.rs like SCR-001, which is active

  git dispatch start --force SCR-002  to start it all the same
"
    );
}

#[test]
fn a_pair_is_told_rule_by_rule() {
    let mut file = neon();
    file.settings.shared_paths = patterns(&["Cargo.lock"]);
    assert_eq!(
        shown(&file, &[("SCR-001", State::Done)], ("SCR-001", Some("SCR-002")), WIDE),
        "\
SCR-001 and SCR-002 exclude each other

  one needs the other              no
  one reads what the other writes  no
  one has parallel = false         no
  both take a lock                 no
  both have the same issue         no
  both write a path                yes  SCR-001 writes src/db/*.rs, and SCR-002 writes src/*/pool.rs: both cover src/db/pool.rs
                                        SCR-001 and SCR-002 write Cargo.lock, but shared-paths has Cargo.lock

Now SCR-001 is done, and SCR-002 is held.
"
    );
    assert_eq!(
        shown(&file, &[], ("RUN-002", Some("SCR-001")), WIDE),
        "\
RUN-002 comes after SCR-001

  one needs the other  yes  RUN-002 needs RUN-001, RUN-001 needs SCR-001

Now RUN-002 is waiting, and SCR-001 is ready.
"
    );
    let through = shown(&file, &[], ("SCR-002", Some("RUN-002")), WIDE);
    assert!(through.starts_with("RUN-002 comes after SCR-002\n"), "{through}");
    assert!(
        through.contains("  yes  RUN-002 needs RUN-001, RUN-001 reads src/web/pool.rs after SCR-002\n"),
        "{through}"
    );
}

#[test]
fn all_verdicts_have_their_words() {
    let lock = |sketch| with(sketch, |task| task.locks = vec!["db".into()]);
    let mut file = file(vec![
        lock(scorer("A", "", &[], &["x", "s"])),
        lock(scorer("B", "", &["A"], &["b"])),
        with(scorer("C", "", &[], &["x"]), |task| task.overlap = Some(Overlap::Warn)),
        scorer("D", "", &[], &["m/1"]),
        task("E", 1, &[]),
        with(scorer("F", "", &[], &["f"]), |task| task.parallel = false),
        with(scorer("G", "", &["H"], &["g"]), |task| task.reads = patterns(&["i"])),
        with(scorer("H", "", &[], &["h"]), |task| task.issue = Some("#7".into())),
        with(scorer("I", "", &[], &["i"]), |task| {
            task.reads = patterns(&["h"]);
            task.issue = Some("#7".into());
        }),
    ]);
    file.settings.locks.insert("db".into(), patterns(&["m/*"]));
    let says = |a, b, lines: &[&str]| {
        let text = shown(&file, &[], (a, Some(b)), WIDE);
        lines.iter().for_each(|line| assert!(text.contains(line), "{line:?} is not in:\n{text}"));
    };
    says("A", "B", &["B comes after A\n", "Even so, only one at a time holds lock db.\n"]);
    says(
        "A",
        "C",
        &["A and C run side by side, with a warning\n", "yes  A and C write x\n", "C has overlap = \"warn\""],
    );
    says("A", "D", &["exclude each other\n", "yes  db: A names it, and D writes m/1, which meets its pattern m/*\n"]);
    says(
        "A",
        "E",
        &["run side by side, but whether they overlap is not checked\n", "not checked  E declares no writes\n"],
    );
    says("A", "F", &["one has parallel = false         yes  F has it\n"]);
    says("C", "D", &["C and D run side by side\n", "both write a path                no\n"]);
    says("H", "I", &["yes  I reads h, which H writes\n", "\nNow H is", "I comes after H\n"]);
    says("G", "I", &["G comes after I\n"]);
}

#[test]
fn many_reasons_are_cut_and_a_long_chain_is_counted() {
    let ids: Vec<&'static str> = (0..40).map(|number| &*format!("T{number:02}").leak()).collect();
    let mut sketches: Vec<Sketch> = ids.iter().map(|id| task(id, 1, &[])).collect();
    sketches.push(task("ALL", 1, &ids));
    let many = file(sketches);
    let text = shown(&many, &[], ("ALL", None), WIDE);
    assert_eq!((text.matches("  needs T").count(), text.contains("… and 20 more (-v lists them all)")), (20, true));
    let all = shown(&many, &[], ("ALL", None), Layout { verbose: true, ..WIDE });
    assert_eq!(all.matches("  needs T").count(), 40);
    let chain = (0..40).map(|at: usize| task(ids[at], 1, if at == 0 { &[] } else { &ids[at - 1..at] }));
    let text = shown(&file(chain.collect()), &[], ("T39", Some("T00")), WIDE);
    assert!(text.contains("yes  T39 needs T38, T38 needs T37, … 35 more …, T02 needs T01, T01 needs T00\n"), "{text}");
}

#[test]
fn hostile_names_are_shown_escaped() {
    let evil = "\u{1b}[2Jx\u{202e}";
    let with_all = |id: &str| {
        with(scorer(id, evil, &[], &["a\u{202e}b/*"]), |task| {
            task.locks = vec![evil.into()];
            task.issue = Some(evil.into());
        })
    };
    let file = file(vec![with_all("A"), with_all("B")]);
    for ids in [("A", None), ("B", None), ("A", Some("B"))] {
        let why = asked(&file, &[("A", State::Active)], ids);
        let text = anstream::adapter::strip_str(&text(&why, WIDE)).to_string();
        let json = json::json(&why);
        for one in [text, json] {
            assert!(!one.trim_end().contains(|c: char| c != '\n' && crate::model::text::is_unsafe(c)), "{one:?}");
        }
    }
    let text = shown(&file, &[], ("A", Some("B")), WIDE);
    assert!(text.contains("\\e[2Jx\\u{202e}: A names it, and B names it"), "{text}");
}
