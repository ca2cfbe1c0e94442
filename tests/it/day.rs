//! A day of three workers, from the first plan to the last landing: in a clone of this very repository, with real tmux.

use std::path::Path;

use serde_json::{Value, json};

use crate::launch::Server;
use crate::support::{Sandbox, write_in};

const TITLE: &str = "Say it shorter \u{1b}[2J $(touch PWNED) '`touch PWNED`";

fn tasks(hint: &str) -> String {
    let title = json!(TITLE);
    format!(
        "version = 1\nworkers = 3\n\n[task.PIPES]\ntitle = \"Name the units\"\nwrites = [\"src/git/pipes.rs\", \"tests/units.rs\"]\n\
         review = [\"land\"]\nestimate = \"2h\"\n\n[task.DOCS]\ntitle = {title}\nwrites = [\"docs/agents.md\"]\nestimate = \"2h\"\n{hint}\n\
         [task.LOOK]\ntitle = \"What do others call it?\"\nkind = \"research\"\nestimate = \"1h\"\n\n\
         [task.README]\nneeds = [\"PIPES\", \"DOCS\"]\nwrites = [\"README.md\"]\nestimate = \"30m\"\n"
    )
}

/// What each worker does, by its task and by what its brief says.
const WORKER: &str = r##"
git dispatch report --started --session "$GIT_DISPATCH_TASK" || exit
said() { grep -q "$1" "$GIT_DISPATCH_BRIEF"; }
commit() { git add -A && git commit --quiet -m "$1"; }
case $GIT_DISPATCH_TASK in
PIPES)
    if said 'has no test'; then
        echo '// seconds' >tests/units.rs
    else
        echo '// Times are in seconds.' >>src/git/pipes.rs
    fi
    commit 'name the units' && git dispatch report --done --pr 12 ;;
DOCS)
    printf %s "$GIT_DISPATCH_TITLE" >"$HOME/title"
    if said 'the short form'; then
        echo 'In short.' >>docs/agents.md && commit 'say it shorter' && git dispatch report --done --done-when yes
    else
        git dispatch report --blocked 'the short or the long form?' --cost '$0.40'
    fi ;;
LOOK) echo 'Two call it so.' | git dispatch report --done --text - ;;
README) echo 'Shorter.' >>README.md && commit 'say so' && git dispatch report --done ;;
esac
echo "exit $?" >>"$HOME/ended"
"##;

/// A clone of the repository that these tests are of, with tasks, and workers for them.
fn morning() -> (Sandbox, Server) {
    let mut sandbox = Sandbox::new();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    sandbox.git(&["fetch", "--quiet", "--no-tags", here.to_str().unwrap(), "HEAD"]);
    sandbox.git(&["checkout", "--quiet", "-B", "main", "FETCH_HEAD"]);
    sandbox.commit(&[("dispatch.toml", &tasks(""))], "what there is to do");
    write_in(&sandbox.root(), "home/worker", WORKER);
    sandbox.git(&["config", "dispatch.launch", "sh \"$HOME/worker\""]);
    sandbox.git(&["config", "dispatch.reviewer", "Eve"]);
    let program = Path::new(env!("CARGO_BIN_EXE_git-dispatch")).parent().unwrap();
    let path = format!("{}:{}", program.display(), sandbox.path());
    sandbox.env("PATH", &path);
    let server = Server::of(&mut sandbox);
    (sandbox, server)
}

fn state(sandbox: &Sandbox, id: &str) -> String {
    sandbox.row(id)["state"].as_str().unwrap().to_owned()
}

fn ids(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}

#[test]
fn three_workers_are_planned_launched_awaited_reviewed_and_landed() {
    let (sandbox, server) = morning();
    let plan = sandbox.ok(&["plan", "--json"]).json();
    assert_eq!(ids(&plan["start"]), ["DOCS", "PIPES", "LOOK"]);

    sandbox.ok(&["start", "--ready", "--launch", "--in", "tmux"]).answers("LOOK is launched in tmux, window @");
    let waited = sandbox.run(&["wait", "DOCS", "--timeout", "5m", "--json"]).exits(6).json();
    assert_eq!(waited["tasks"][0]["report"]["blockers"], json!(["the short or the long form?"]));
    sandbox.ok(&["wait", "PIPES", "LOOK", "--timeout", "5m"]);
    assert_eq!(std::fs::read_to_string(sandbox.root().join("home/title")).unwrap(), TITLE);
    assert_eq!(server.windows(), ["DOCS", "LOOK", "PIPES"], "what workers said stays readable");

    let told = sandbox.ok(&["status"]);
    let told = told.answers("DOCS has stopped: needs the short or the long form?").answers("git dispatch start DOCS\n");
    let told = told.answers("git dispatch review DOCS --accept \"EVIDENCE\"");
    told.answers("PIPES waits for a review before it lands").answers("LOOK   landed (report)");
    let told = sandbox.ok(&["review", "PIPES", "--finding", "it has no test"]);
    told.answers("PIPES found to need work at ").answers(" by Eve\n");
    sandbox.ok(&["status"]).answers("PIPES has 1 finding to address, of Eve: it has no test");
    sandbox.commit(&[("dispatch.toml", &tasks("context = [\"Take the short form.\"]\n"))], "an answer");
    sandbox
        .ok(&["start", "--launch", "--in", "tmux", "DOCS", "PIPES"])
        .answers("DOCS   task/DOCS")
        .answers("  goes on\n");
    sandbox.ok(&["wait", "DOCS", "PIPES", "--timeout", "5m"]);
    assert_eq!(server.windows(), ["DOCS", "LOOK", "PIPES"], "an ended one gives way");

    let reported = sandbox.row("PIPES")["tip"].clone();
    sandbox.git_in(&sandbox.place("PIPES"), &["rebase", "--quiet", "main"]);
    let row = sandbox.row("PIPES");
    assert_eq!((&row["state"], row["tip"] != reported), (&json!("done"), true), "the same work on another base");
    sandbox.ok(&["review", "PIPES", "--approve", "land"]).answers("PIPES approved to land at ");
    let order = sandbox.ok(&["status", "--order", "--json"]).json();
    assert_eq!(order["landing"]["lands"], json!(["DOCS", "PIPES"]));
    sandbox.git(&["merge", "--quiet", "--no-edit", "--no-ff", "task/DOCS"]);
    sandbox.git(&["merge", "--quiet", "--squash", "task/PIPES"]);
    sandbox.git(&["commit", "--quiet", "-m", "Name the units (#12)"]);
    assert_eq!((state(&sandbox, "DOCS"), state(&sandbox, "PIPES")), ("landed".to_owned(), "landed".to_owned()));

    assert_eq!(ids(&sandbox.ok(&["plan", "--json"]).json()["start"]), ["README"]);
    sandbox.ok(&["start", "--ready", "--launch", "--in", "tmux"]);
    sandbox.ok(&["wait", "--timeout", "5m"]).answers("README");
    sandbox.git(&["merge", "--quiet", "--no-edit", "--no-ff", "task/README"]);
    sandbox.ok(&["wait", "--for", "landed", "README", "--timeout", "0s"]);
    sandbox.ok(&["plan"]).answers("Everything has landed");

    let log = sandbox.ok(&["log", "--json"]).json();
    let tasks = log["batches"][1]["tasks"].as_array().unwrap();
    let heard: Vec<(&str, usize, usize)> = tasks
        .iter()
        .map(|task| {
            let count = |key: &str| task[key].as_array().unwrap().len();
            (task["id"].as_str().unwrap(), count("reports"), count("reviews"))
        })
        .collect();
    assert_eq!(heard, [("DOCS", 2, 0), ("PIPES", 2, 2), ("LOOK", 1, 0)]);
    let ended = std::fs::read_to_string(sandbox.root().join("home/ended")).unwrap();
    assert_eq!(ended, "exit 0\n".repeat(6));
    assert_eq!((sandbox.count("working"), sandbox.count("continued")), (6, 1));
    assert!(!sandbox.repo().join("PWNED").exists() && !sandbox.place("DOCS").join("PWNED").exists());
}
