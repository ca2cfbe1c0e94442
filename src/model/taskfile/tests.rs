use super::*;
use crate::model::task::*;

mod laws;

/// Every key of the grammar.
const COMPLETE: &str = include_str!("tests/complete.toml");

fn faults(text: &str) -> Vec<String> {
    parse(text).faults.into_iter().map(|fault| fault.what).collect()
}

fn warnings(text: &str) -> Vec<String> {
    parse(text).warnings.into_iter().map(|fault| fault.what).collect()
}

/// The one fault of a file, with what its span covers and its hint.
fn fault(text: &str) -> (String, String, Option<String>) {
    let parsed = parse(text);
    assert_eq!(parsed.faults.len(), 1, "{text:?}: {:?}", parsed.faults);
    assert_eq!(parsed.file, None);
    let fault = &parsed.faults[0];
    let covered = fault.span.clone().map(|span| text[span].to_owned()).unwrap_or_default();
    (fault.what.clone(), covered, fault.hint.clone())
}

fn of_task(lines: &str) -> String {
    format!("version = 1\n[task.A]\n{lines}\n")
}

#[test]
fn every_key_of_the_grammar_is_read() {
    let parsed = parse(COMPLETE);
    assert_eq!((parsed.faults, parsed.warnings), (vec![], vec![]));
    let file = parsed.file.unwrap();
    for key in settings::KEYS.iter().chain(&tasks::KEYS) {
        let stands = |line: &str| {
            line.starts_with(&format!("{key} =")) || line.starts_with(&format!("[{key}.")) || line == format!("[{key}]")
        };
        let excluded = ["contract-text", "brief-file"].contains(key);
        assert!(excluded || COMPLETE.lines().any(stands), "'{key}' is not in complete.toml");
    }
    let settings = &file.settings;
    assert_eq!(settings.target.as_deref(), Some("main"));
    assert_eq!(settings.plan.as_ref().unwrap().title.as_deref(), Some("Eval v2"));
    assert_eq!((settings.workers, settings.research_workers), (Some(3), Some(5)));
    assert_eq!((settings.batches, settings.overlap), (Some(Batches::Rolling), Some(Overlap::Exclusive)));
    assert_eq!(settings.shared_paths.len(), 2);
    assert_eq!(settings.ports, Some((4000, 4999)));
    assert_eq!(settings.strategy, Some(Strategy::Merge));
    assert_eq!((settings.single_commit, settings.strict_writes), (Some(false), Some(true)));
    assert_eq!(settings.review, [Gate::Start]);
    assert_eq!(settings.lock_worktrees, Some(true));
    assert_eq!(settings.commands.check.as_deref(), Some("cargo test"));
    assert_eq!(settings.locks["db-schema"].len(), 2);
    assert_eq!(settings.modes["pair"].launch_as.as_deref(), Some("Plan mode"));
    assert_eq!(settings.agents["claude"].isolated, Some(true));
    let task = file.graph.task(&"SCR-001".parse().unwrap()).unwrap();
    assert_eq!((task.title.as_str(), task.estimate, task.kind), ("ToolSelectionScorer", Some(240), Kind::Code));
    assert_eq!((task.overlap, task.state, task.parallel), (Some(Overlap::Warn), Some(Declared::Landed), false));
    let details = task.details.as_ref().unwrap();
    assert_eq!(details.budget, Some(Budget::Amount("$10".into())));
    assert_eq!((details.max_turns, details.clauses.len(), details.steps.len()), (Some(30), 2, 2));
    let needs: Vec<_> = file.graph.needs(1).map(|ix| file.graph.tasks()[ix].id.to_string()).collect();
    assert_eq!(needs, ["FND-003"]);
}

#[test]
fn an_empty_file_is_a_file() {
    assert!(parse("").file.unwrap().graph.is_empty());
    assert_eq!(warnings(""), ["no 'version', so 1 is assumed"]);
    assert_eq!(parse("\u{feff}version = 1\r\n").warnings, []);
    assert!(parse("[task.A]").file.is_some());
    assert!(parse("task.A.title = 'x'\ntask.A.needs = []").file.is_some());
}

#[test]
fn all_faults_come_at_once_in_the_order_of_the_file() {
    let text = "workers = 0\nparalel = 1\n[task.B]\nneeds = [\"C\"]\nestimate = \"3\"\n[task.A]\ndep = [\"B\"]\nkind = 'cod'\n";
    assert_eq!(
        faults(text),
        [
            "'workers' must be a whole number from 1 to 1000",
            "unknown key 'paralel'",
            "task 'B' needs 'C', which the task file does not define",
            "'estimate' of task 'B' needs a unit: \"3h\", \"3m\" or \"3d\"",
            "unknown key 'dep' of task 'A'",
            "'kind' of task 'A' must be 'code' or 'research', not 'cod'",
        ]
    );
}

#[test]
fn unknown_keys_get_the_nearest_known_one_as_a_hint() {
    let hint = |text: &str| fault(text).2;
    assert_eq!(hint(&of_task("dep = []")), Some("did you mean 'needs'?".into()));
    assert_eq!(hint(&of_task("depends_on = []")), Some("did you mean 'needs'?".into()));
    assert_eq!(hint(&of_task("done_when = 'x'")), Some("did you mean 'done-when'?".into()));
    assert_eq!(hint("version = 1\n[tasks.A]"), Some("did you mean 'task'?".into()));
    assert_eq!(hint("version = 1\n[commands]\nset-up = 'x'"), Some("did you mean 'setup'?".into()));
    assert!(hint(&of_task("workers = 3")).unwrap().contains("top of the file"));
    assert_eq!(hint("version = 1\n[[task]]\ntitle = 'x'"), Some("write [task.ID] for each".into()));
    assert_eq!(hint("version = 1\ntrust = true"), None);
    assert_eq!(faults("version = 1\nyes = true\nauto_approve = true").len(), 2);
}

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

#[test]
fn deep_nesting_is_refused() {
    let deep = 100_000;
    for text in [
        format!("x = {}{}", "[".repeat(deep), "]".repeat(deep)),
        format!("x = {}1{}", "{a=".repeat(deep), "}".repeat(deep)),
        format!("x = {}", "[".repeat(deep)),
        format!("{}x = 1", "a.".repeat(deep)),
        format!("[{}x]", "a.".repeat(deep)),
        format!("[[{}x]]", "a.".repeat(deep)),
    ] {
        let small = std::thread::Builder::new().stack_size(1 << 20);
        let parsed = small.spawn(move || parse(&text)).unwrap().join().unwrap();
        assert!(!parsed.faults.is_empty());
    }
}

#[test]
fn estimates_that_are_none_are_refused() {
    for estimate in ["nan", "inf", "-inf", "-1", "1e400", "9223372036854775808", "\"3\"", "true", "[1]", "\"soon\""] {
        let (what, covered, _) = fault(&of_task(&format!("estimate = {estimate}")));
        assert!(what.starts_with("'estimate' of task 'A' ") && covered == estimate, "{what}");
    }
    let estimate = |text: &str| parse(&of_task(&format!("estimate = {text}"))).file.unwrap().graph.tasks()[0].estimate;
    assert_eq!((estimate("-0.0"), estimate("0"), estimate("1.5")), (Some(0), Some(0), Some(90)));
    let many: String = (0..10_000).map(|n| format!("[task.T{n}]\nestimate = 1e308\n")).collect();
    assert_eq!(parse(&many).untold, 9_000);
}

#[test]
fn wrong_types_are_told_where_they_stand() {
    let cases = [
        ("workers = \"3\"", "'workers' must be a whole number from 1 to 1000, not a string"),
        ("target = 3", "'target' must be a string, not a whole number"),
        ("copy = 'x'", "'copy' must be a list of strings, not a string"),
        ("copy = [1.5]", "'copy' must be a list of strings, and holds a number with a fraction"),
        ("plan = 'x'", "'plan' must be a table, not a string"),
        ("commands = []", "'commands' must be a table, not a list"),
        ("task = 3", "'task' must be a table, not a whole number"),
        ("single-commit = 'yes'", "'single-commit' must be true or false, not a string"),
        ("batches = 3", "'batches' must be 'rolling' or 'barrier', not a whole number"),
        ("[task]\nA = 3", "'A' of [task] must be a table, not a whole number"),
        ("[locks]\nx = 3", "'x' of [locks] must be a list of strings, not a whole number"),
        ("[agent]\nx = 3", "'x' of [agent] must be a table, not a whole number"),
        ("[task.A]\nneeds = 'B'", "'needs' of task 'A' must be a list of task ids, not a string"),
        ("[task.A]\nneeds = [3]", "'needs' of task 'A' must be a list of task ids, and holds a whole number"),
        ("[task.A]\nphase = 2026-01-01", "'phase' of task 'A' must be a string, not a date"),
        (
            "ports = 4000",
            "'ports' must be a range of ports from 1024 to 65535, such as \"4000-4999\", not a whole number",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(fault(&format!("version = 1\n{text}")).0, expected);
    }
}

#[test]
fn values_out_of_range_are_refused() {
    for line in [
        "workers = -1",
        "workers = 1001",
        "workers = 99999999999999999999",
        "ports = \"4999-4000\"",
        "ports = \"80-90\"",
        "ports = \"4000-70000\"",
        "ports = \"4000\"",
        "ports = \"+4000-4999\"",
        "phase = \" \"",
        "target = \"-x\"",
        "target = \"a..b\"",
        "contract = \"/etc/passwd\"",
        "contract = \"../x\"",
        "copy = [\"/x\"]",
        "copy = [\"../x\"]",
        "copy = [\".git/config\"]",
        "sparse = [\"a/../b\"]",
        "sparse = [\"\"]",
        "disposable = [\"a\\nb\"]",
        "brief-template = \"x\\u0000\"",
        "shared-paths = [\"..\"]",
        "shared-paths = [\"a[\"]",
        "strategy = \"fast\"",
        "overlap = \"yes\"",
        "review = [\"end\"]",
        "branch = \"task\"",
        "branch = \"task/{{ id }} x\"",
        "worktree = \"../../../{{ id }}\"",
        "worktree = \"/etc/{{ id }}\"",
        "worktree = \".git/hooks/{{ id }}\"",
        "worktree = \"../x\"",
        "worktree = \"../{{ id }}\\n\\n\"",
        "worktree = \"../{{ id }} \"",
        "message = \"{{ nope }}\"",
        "message = \"{{ id\"",
        "message = \"\"",
        "commands = { check = \"\" }",
        "version = 0",
        "modes = { \"\" = {} }",
        "agent = { \"-x\" = {} }",
        "agent = { x = { branch = \"y\" } }",
        "locks = { \"a\\nb\" = [] }",
    ] {
        let text = if line.starts_with("version") { line.to_owned() } else { format!("version = 1\n{line}") };
        assert_eq!(faults(&text).len(), 1, "{line}: {:?}", faults(&text));
    }
    for line in [
        "budget = \"10\"",
        "budget = \"$\"",
        "budget = \"$1.234\"",
        "budget = \"none\"",
        "budget = 10",
        "max-turns = 0",
        "mode = \"qick\"",
        "state = \"done\"",
        "brief-file = \"/x\"",
        "writes = [\"../x\"]",
        "reads = [\"/../x\"]",
        "locks = [\"\"]",
        "steps = [\"\"]",
        "title = \"a\\u0000b\"",
        "title = 3",
        "parallel = \"false\"",
    ] {
        assert_eq!(faults(&of_task(line)).len(), 1, "{line}: {:?}", faults(&of_task(line)));
    }
}

#[test]
fn titles_may_hold_anything_but_nul() {
    let text = of_task("title = \"\\u001b]0;pwn\\u0007'; touch PWNED; '\\na\\r\\u202E\"");
    let title = parse(&text).file.unwrap().graph.tasks()[0].title.clone();
    assert_eq!(title, "\u{1b}]0;pwn\u{7}'; touch PWNED; '\na\r\u{202e}");
}

#[test]
fn keys_that_exclude_each_other_are_told() {
    assert_eq!(
        fault("version = 1\ncontract = 'a'\ncontract-text = 'b'").0,
        "'contract' and 'contract-text' exclude each other"
    );
    assert_eq!(
        fault(&of_task("brief = 'a'\nbrief-file = 'b'")).0,
        "'brief' of task 'A' and 'brief-file' exclude each other"
    );
}

#[test]
fn a_newer_version_is_one_clear_fault() {
    let (what, covered, hint) = fault("version = 2\nnonsense = true\n[task.'..']\n");
    assert_eq!(what, "the file has version 2, and this git-dispatch reads up to version 1");
    assert_eq!((covered.as_str(), hint.as_deref()), ("2", Some("install a newer git-dispatch")));
    assert!(fault("version = 99999999999999999999").0.contains("reads up to"));
}

#[test]
fn syntax_errors_come_all_at_once_and_alone() {
    let all = faults("version = 1 1\nphase = x\nworkers = 3\n[task.A\nneeds = [\"Z\"]\n");
    assert!(all.len() == 3, "{all:?}");
    assert!(!all.iter().any(|what| what.contains('Z')), "{all:?}");
}

#[test]
fn what_follows_from_a_syntax_error_is_not_told() {
    let (what, covered, hint) = fault("version = 1\n[task.A]\nneeds = [\"B\"\nwrites = []\n[task.B]\ntitle = 'x'\n");
    assert_eq!((what.as_str(), covered.as_str()), ("missing comma between elements", ""));
    assert_eq!(hint.as_deref(), Some("is the list or table before it closed?"));
    assert_eq!(faults("target = main or so\n"), ["a text must stand between quotes"]);
}

#[test]
fn odd_but_allowed_things_are_warnings() {
    let cases = [
        ("workers = 4", "4 workers: above 3, coordination eats the gain"),
        ("phase = 'p'\n[task.A]\nphase = 'q'", "no task is in phase 'p'"),
        ("[locks]\ndb = ['db/**']\n[task.A]\nwrites = ['src/**', 'dbx']", "no task takes lock 'db'"),
        (
            "[locks]\ndb-schema = []\n[task.A]\nlocks = ['db-shema', 'db-schema']",
            "task 'A' takes lock 'db-shema', which has no patterns",
        ),
        ("[agent.claude]\n[task.A]\nagent = 'cluade'", "task 'A' has agent 'cluade', which has no table"),
        ("[task.A]\nkind = 'research'\nwrites = ['x']", "task 'A' is research, which only reads, and has 'writes'"),
        ("[task.A]\ntitle = ''", "'title' of task 'A' is empty"),
        ("[task.A]\nwrites = ['x', 'y', 'x']", "'writes' of task 'A' holds 'x' twice"),
        ("branch = '{{ agent }}/{{ id }}'\n[task.A]", "'branch' names the agent, and task 'A' has none"),
    ];
    for (text, expected) in cases {
        let text = format!("version = 1\n{text}");
        assert_eq!(warnings(&text), [expected], "{text}");
        assert!(parse(&text).file.is_some());
    }
    assert!(warnings("version = 1\n[locks]\ndb = ['db/**']\n[task.A]\nwrites = ['db/x']").is_empty());
}

#[test]
fn bytes_that_are_no_text_are_one_fault_with_a_place() {
    let (text, parsed) = parse_bytes(b"version = 1\ntarget = \"\xff\"\n");
    assert_eq!(parsed.faults[0].span, Some(22..25));
    assert_eq!(&text[22..25], "\u{fffd}");
    assert!(parse_bytes(b"\xff\xfev\0").1.faults[0].hint.is_some());
    assert!(parse_bytes(b"version = 1").1.file.is_some());
}

#[test]
fn limits_hold() {
    assert!(parse(&" ".repeat(LONGEST_FILE + 1)).faults[0].what.contains("at most 32 MiB"));
    let many: String = (0..=MOST_TASKS).map(|n| format!("[task.T{n}]\n")).collect();
    assert_eq!(faults(&many), ["a task file holds at most 200000 tasks"]);
}
