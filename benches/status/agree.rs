//! Whether git says the same as the program: else the comparison of their costs would be of different things.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::rivals::every_two;
use crate::support::{dispatch, done, git, shell, stage};
use crate::worktrees::{Stage, id};

/// How many facts were compared, and a line for each in which git and the program differ.
pub fn compare(stage: &Stage) -> String {
    let answer = done(dispatch(&stage.repo, &["status", "--json"]));
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let mut found = Found { compared: 0, differences: String::new() };
    for number in 1..=stage.started {
        let id = id(number);
        let row = answer["tasks"].as_array().unwrap().iter().find(|row| row["id"] == *id);
        match row {
            Some(row) => task(stage, number, row, &mut found),
            None => found.is(&id, "row", &Value::Null, "one"),
        }
    }
    pairs(stage, &answer, &mut found);
    format!(
        "facts compared with git's: {}, different: {}\n{}",
        found.compared,
        found.differences.lines().count(),
        found.differences
    )
}

struct Found {
    compared: usize,
    differences: String,
}

impl Found {
    fn is(&mut self, id: &str, what: &str, ours: &Value, theirs: impl Into<Value>) {
        let theirs = theirs.into();
        self.compared += 1;
        if *ours != theirs {
            self.differences.push_str(&format!("  {id}: {what}: {ours}, git {theirs}\n"));
        }
    }
}

fn task(stage: &Stage, number: usize, row: &Value, found: &mut Found) {
    let (id, repo) = (id(number), &stage.repo);
    let (branch, base) = (format!("task/{id}"), format!("refs/dispatch/base/{id}"));
    let counts = done(git(repo, &["rev-list", "--count", "--left-right", &format!("main...{branch}")]));
    let (behind, ahead) = counts.split_once('\t').unwrap();
    found.is(&id, "ahead", &row["ahead"], ahead.parse::<u64>().unwrap());
    found.is(&id, "behind", &row["behind"], behind.parse::<u64>().unwrap());
    let changes = count(&said(git(&stage.worktree(number), &["status", "--porcelain", "-z"])).0);
    for (name, theirs) in ["staged", "modified", "untracked", "conflicted"].into_iter().zip(changes) {
        found.is(&id, name, &row["changes"][name], theirs);
    }
    let clean = shell(repo, &format!("{} git merge-tree --write-tree main {branch}", Stage::APART));
    let clean = said(clean).1;
    found.is(&id, "readiness", &row["readiness"]["verdict"], if clean { "clean" } else { "conflict" });
    found.is(&id, "drift checked", &row["drift"]["checked"], true);
    // What is not committed may add paths.
    if row["drift"]["checked"] == true {
        let drift: BTreeSet<&str> = row["drift"]["paths"].as_array().unwrap().iter().filter_map(path).collect();
        let touched = done(git(repo, &["diff", "--name-only", &base, &branch]));
        let missing: Vec<&str> = touched.lines().filter(|path| !drift.contains(path)).collect();
        found.is(&id, "drift", &Value::from(missing), Vec::<Value>::new());
    }
}

/// A path stands as a string, or in an object with more about it.
fn path(path: &Value) -> Option<&str> {
    path.as_str().or_else(|| path["path"].as_str())
}

/// What it printed, and whether it succeeded.
fn said(mut command: Command) -> (Vec<u8>, bool) {
    let output = command.output().unwrap();
    (output.stdout, output.status.success())
}

/// Staged, modified, untracked and conflicted entries of `git status --porcelain -z`; there are no renames.
fn count(porcelain: &[u8]) -> [u64; 4] {
    let mut counts = [0; 4];
    for entry in porcelain.split(|&byte| byte == 0).filter(|entry| entry.len() > 2) {
        match (entry[0], entry[1]) {
            (b'?', _) => counts[2] += 1,
            (b'U', _) | (_, b'U') => counts[3] += 1,
            (staged, modified) => {
                counts[0] += u64::from(staged != b' ');
                counts[1] += u64::from(modified != b' ');
            }
        }
    }
    counts
}

/// The pairs that collide by their tips alone.
fn pairs(stage: &Stage, answer: &Value, found: &mut Found) {
    let ids: Vec<String> = (1..=stage.started).map(id).collect();
    stage::write(&stage.root.join("pairs"), &every_two(&ids));
    let verdicts = "git merge-tree --write-tree --stdin --no-messages --name-only <../pairs | tr '\\0' '\\n' \
                    | grep -a -x '[01]'";
    let verdicts = done(shell(&stage.repo, &format!("{} {verdicts}", Stage::APART)));
    let mut theirs = BTreeSet::new();
    let mut verdicts = verdicts.lines();
    for (at, a) in ids.iter().enumerate() {
        for b in &ids[at + 1..] {
            if verdicts.next() == Some("0") {
                theirs.insert((a.as_str(), b.as_str()));
            }
        }
    }
    let mut ours = BTreeSet::new();
    for row in answer["tasks"].as_array().unwrap() {
        let Some(collisions) = row["collisions"].as_array() else {
            return found.differences.push_str("  the program says nothing of collisions\n");
        };
        let id = row["id"].as_str().unwrap();
        let others = collisions.iter().filter(|one| one["uncommitted"] != true).filter_map(|one| one["with"].as_str());
        ours.extend(others.map(|other| if id < other { (id, other) } else { (other, id) }));
    }
    let shown = |pairs: BTreeSet<(&str, &str)>| pairs.into_iter().map(|(a, b)| format!("{a} {b}")).collect::<Vec<_>>();
    found.compared += ids.len() * (ids.len() - 1) / 2 - 1;
    found.is("pairs", "collisions", &Value::from(shown(ours)), shown(theirs));
}
