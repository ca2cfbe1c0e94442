//! Ids, and who needs whom.

use super::*;

#[test]
fn hostile_ids_are_refused_where_they_stand() {
    let hostile = [
        "../../x",
        "..",
        "a..b",
        "x.lock",
        ".x",
        "x.",
        "/x",
        "x/",
        "a//b",
        "@{u}",
        "a@{1}",
        "a b",
        "a:b",
        "a~b",
        "a^b",
        "a?b",
        "a*b",
        "a[b",
        "a\\\\b",
        "",
        "-rf",
        "--upload-pack=/bin/sh",
        "--exec=id",
        "-",
        "@",
        "$(touch PWNED)",
        "`touch PWNED`",
        "a;touch PWNED",
        "a|id",
        "a&id",
        "a'b",
        "a\\\"b",
        "a$IFS",
        "#(touch PWNED)",
        "%(refname)",
        "{x}",
        "\\u202e",
        "\\u200b",
        "\\ufeff",
        "\\u2028",
        "\\u009b",
        "\\u001b",
        "\\u007f",
        "\\n",
        "\u{430}",
        "\u{e9}",
        "e\u{301}",
        "\u{1f600}",
        "CON",
        "nul",
        "COM1",
        "aux",
    ];
    for id in hostile {
        let (what, covered, _) = fault(&format!("version = 1\n[task.\"{id}\"]\ntitle = 'x'\n"));
        assert!(what.contains("is no task id") && covered == format!("\"{id}\""), "{id}: {what}, {covered}");
    }
    for length in [65, 250, 10_000] {
        let (what, ..) = fault(&format!("version = 1\n[task.{}]\n", "x".repeat(length)));
        assert!(what.ends_with("an id has at most 64 characters") && what.len() < 200, "{what}");
    }
    assert!(parse(&format!("[task.{}]\n", "x".repeat(64))).file.is_some());
}

#[test]
fn ids_are_unique_without_regard_to_case() {
    let (what, covered, _) = fault("version = 1\n[task.SCR-1]\n[task.scr-1]\n");
    assert_eq!((what.as_str(), covered.as_str()), ("task ids 'SCR-1' and 'scr-1' differ only in case", "scr-1"));
    assert_eq!(faults("version = 1\n[task.A]\n[task.A]\n"), ["'A' is defined twice"]);
    assert_eq!(faults("version = 1\n[task.A]\ntitle = 'x'\ntitle = 'y'\n"), ["'title' is defined twice"]);
}

#[test]
fn needs_name_other_tasks_once() {
    assert_eq!(fault("version = 1\n[task.A]\nneeds = ['A']").0, "task 'A' needs itself");
    let (what, covered, hint) = fault("version = 1\n[task.SCR-001]\n[task.A]\nneeds = [\"SCR-01\"]");
    assert_eq!(what, "task 'A' needs 'SCR-01', which the task file does not define");
    assert_eq!((covered.as_str(), hint.as_deref()), ("\"SCR-01\"", Some("did you mean 'SCR-001'?")));
    let twice = "version = 1\n[task.B]\n[task.A]\nneeds = ['B', 'B']";
    assert_eq!(warnings(twice), ["task 'A' needs 'B' twice"]);
    assert_eq!(parse(twice).file.unwrap().graph.needs(0).len(), 1);
    let cancelled = "version = 1\n[task.B]\nstate = 'cancelled'\n[task.A]\nneeds = ['B']";
    assert_eq!(warnings(cancelled), ["task 'A' needs 'B', which is cancelled: it will never start"]);
}

/// A ring of tasks `T0 → T1 → …`.
fn ring(name: &str, length: usize) -> String {
    (0..length).map(|n| format!("[task.{name}{n}]\nneeds = ['{name}{}']\n", (n + 1) % length)).collect()
}

#[test]
fn cycles_are_told_shortest_first_by_at_most_20_ids() {
    let (what, covered, _) = fault(&format!("version = 1\n{}", ring("A", 2)));
    assert_eq!((what.as_str(), covered.as_str()), ("needs go in a circle: 'A0' → 'A1' → 'A0'", "'A1'"));
    let all = faults(&format!("version = 1\n{}{}", ring("A", 4), ring("B", 3)));
    assert_eq!(all.len(), 2);
    let parsed = parse(&ring("A", 10_000));
    assert_eq!(parsed.faults.len(), 1);
    assert_eq!(parsed.faults[0].what.matches('\'').count(), 2 * 20);
    assert!(parsed.faults[0].what.contains("… 9981 more …"), "{}", parsed.faults[0].what);
    let many: String = (0..100).map(|n| ring(&format!("R{n}-"), 3)).collect();
    let parsed = parse(&many);
    assert_eq!(parsed.faults.len(), 5);
    assert!(parsed.faults.iter().any(|fault| fault.hint.as_deref() == Some("95 more such cycles are not shown")));
}

#[test]
fn of_a_knot_one_shortest_cycle_is_told() {
    // A0 → … → A9 → A0, with a chord A3 → A1.
    let text = ring("A", 10).replace("needs = ['A4']", "needs = ['A4', 'A1']");
    assert_eq!(fault(&format!("version = 1\n{text}")).0, "needs go in a circle: 'A1' → 'A2' → 'A3' → 'A1'");
}

#[test]
fn a_long_chain_needs_no_deep_stack() {
    let chain: String = (1..50_000).map(|n| format!("[task.T{n}]\nneeds = ['T{}']\n", n - 1)).collect();
    let text = format!("version = 1\n[task.T0]\n{chain}");
    let small = std::thread::Builder::new().stack_size(256 << 10);
    let parsed = small.spawn(move || parse(&text)).unwrap().join().unwrap();
    assert_eq!(parsed.file.unwrap().graph.topological().len(), 50_000);
}
