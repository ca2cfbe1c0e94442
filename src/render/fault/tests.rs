use super::*;
use crate::model::taskfile::parse;

fn plain(styled: &str) -> String {
    anstream::adapter::strip_str(styled).to_string()
}

fn shown(source: &str) -> String {
    let parsed = parse(source);
    plain(&text(Source { name: "dispatch.toml", text: source }, &parsed))
}

#[test]
fn a_fault_stands_under_its_line_with_a_hint() {
    let source = "version = 1\n[task.SCR-001]\n[task.RUN-001]\nneeds = [\"SCR-01\"]\n";
    assert_eq!(
        shown(source),
        "\
error: task 'RUN-001' needs 'SCR-01', which the task file does not define
 --> dispatch.toml:4:10
  |
4 | needs = [\"SCR-01\"]
  |          ^^^^^^^^
hint: did you mean 'SCR-001'?

"
    );
}

#[test]
fn carets_stand_right_behind_tabs_wide_and_dangerous_characters() {
    let shown = shown("version = 1\r\n[task.A]\r\n\ttitle = \"日本\u{202e}\"; x = 1\r\n");
    assert!(shown.contains(" --> dispatch.toml:3:15\n"), "{shown}");
    assert!(shown.contains("3 |     title = \"日本\\u{202e}\"; x = 1\n"), "{shown}");
    let caret = shown.lines().find(|line| line.contains('^')).unwrap();
    let line = shown.lines().find(|line| line.starts_with("3 |")).unwrap();
    assert_eq!(width(&caret[..caret.find('^').unwrap()]), width(&line[..line.find(';').unwrap()]));
}

#[test]
fn long_lines_are_cut_around_the_fault() {
    let long = "x".repeat(100_000);
    let shown = shown(&format!("version = 1\n[task.A]\ncontext = [\"{long}\", 7, \"{long}\"]\n"));
    assert!(shown.len() < 1000, "{}", shown.len());
    assert!(shown.contains("…xxx") && shown.contains("x\", 7, \"x") && shown.contains("xxx…\n"), "{shown}");
    assert!(shown.contains("dispatch.toml:3:100016\n"), "{shown}");
}

#[test]
fn a_hundred_thousand_faults_are_not_all_shown() {
    let source: String = (0..100_000).map(|n| format!("[task.T{n}]\nneeds = [\"X{n}\"]\ncolour = {n}\n")).collect();
    let shown = shown(&format!("version = 1\n{source}"));
    assert_eq!(shown.matches("\n\n").count(), 51);
    assert!(
        shown.ends_with(
            "error: 199950 more errors are not shown

"
        ),
        "{}",
        &shown[shown.len() - 200..]
    );
    assert!(shown.contains("dispatch.toml:3:10") && shown.contains("dispatch.toml:76:1"));
}

#[test]
fn a_fault_at_the_end_of_the_file_has_a_place() {
    let shown = shown("version = 1\ntarget =");
    assert!(shown.contains("dispatch.toml:2:9\n") && shown.contains("^"), "{shown}");
}

#[test]
fn json_has_every_fault_with_its_place() {
    let source = "workers = 9\n[task.A]\nneeds = [\"B\"]\n[task.\"a\\u001b\"]\n";
    let answer: serde_json::Value =
        serde_json::from_str(&json(Source { name: "x.toml", text: source }, &parse(source))).unwrap();
    assert_eq!(answer["command"], "lint");
    assert_eq!(answer["tasks"], serde_json::Value::Null);
    assert_eq!(answer["faults"][0]["line"], 3);
    assert_eq!(answer["faults"][0]["column"], 10);
    assert_eq!(answer["faults"][0]["severity"], "error");
    assert_eq!(answer["faults"][1]["message"], "'a\\e' is no task id: an id holds only letters, digits, '-' and '_'");
    assert_eq!(answer["faults"].as_array().unwrap().len(), 4);
}
