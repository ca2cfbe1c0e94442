use super::*;
use crate::model::task::*;

mod ids;
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
        "sparse = [\"/a\"]",
        "sparse = [\"..\"]",
        "sparse = [\"a\\\\..\"]",
        "sparse = [\".\"]",
        "sparse = [\"a//b\"]",
        "sparse = [\"a/.GIT\"]",
        "sparse = [\" a\"]",
        "sparse = [\"a\\nb\"]",
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
