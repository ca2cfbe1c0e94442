//! What a long history says of tasks is the same however it is read: commit by commit, or in parts along a commit-graph.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use git_dispatch::git::{Repo, Want, mentions, observe, target};
use git_dispatch::model::facts::Mention;
use git_dispatch::model::ledger::Ledger;
use git_dispatch::model::oid::Oid;
use git_dispatch::model::revert::Reverts;

use crate::histories::Random;
use crate::support::Sandbox;

/// Commits on the line, more than two threads take at a time.
const SIZE: usize = 800;
const WANT: Want = Want { changes: false, merges: false, uncommitted: false, collisions: false, only: None };

/// What a commit names: a task, a branch, a pull request.
type Named = (Option<String>, Option<String>, Option<String>);

/// Makes the line in four parts, so that reverts can name the commits of the parts before; tells what each commit of the
/// line names, newest first. Each object is a file of its own.
fn history(sandbox: &Sandbox, random: &mut Random) -> Vec<(Oid, Named)> {
    let mut line: Vec<(Oid, Named)> = Vec::new();
    for _ in 0..4 {
        let before: Vec<Oid> = line.iter().map(|(id, _)| *id).collect();
        let (mut stream, mut named, mut mark) = (String::new(), Vec::new(), 0);
        let mut last = (!before.is_empty()).then(|| "refs/heads/main^0".to_owned());
        for number in 0..SIZE / 4 {
            let name = before.len() + number;
            let reverted = (!before.is_empty()).then(|| before[random.below(before.len())]);
            let (subject, what): (String, Named) = match (random.below(12), reverted) {
                (0, _) => (format!("Merge branch 'task/{name}'"), (None, Some(format!("task/{name}")), None)),
                (1, _) => (format!("title (#{name})"), (None, None, Some(format!("#{name}")))),
                (2, _) => (format!("title\n\nbody\n\nTask: T-{name}"), (Some(format!("T-{name}")), None, None)),
                (3 | 4, Some(id)) => (format!("Revert \"x\"\n\nThis reverts commit {id}."), (None, None, None)),
                (5, Some(id)) => {
                    let short = id.to_string()[..10].to_owned();
                    (format!("Revert \"y\"\n\nThis reverts commit {short} (y)."), (None, None, None))
                }
                (6, _) => (format!("Merge branch 'revert-{name}'"), (None, Some(format!("revert-{name}")), None)),
                _ => (format!("work {name}\n\nTasks are mentioned: task {name}"), (None, None, None)),
            };
            let merged = subject.starts_with("Merge").then(|| {
                mark += 1;
                let told = reverted.map_or("none".to_owned(), |id| format!("This reverts commit {id}."));
                commit(&mut stream, ("side", mark, last.as_deref()), name, &format!("Revert \"side\"\n\n{told}"));
                mark
            });
            mark += 1;
            commit(&mut stream, ("main", mark, last.as_deref()), name, &subject);
            last = Some(format!(":{mark}"));
            if let Some(merged) = merged {
                _ = writeln!(stream, "merge :{merged}");
            }
            named.push(what);
        }
        let import = ["-c", "fastimport.unpackLimit=100000", "fast-import", "--quiet", "--force"];
        let output = sandbox.try_git_with(&import, stream.as_bytes());
        assert!(output.status.success(), "{output:?}");
        let ids = sandbox.git(&["rev-list", "--first-parent", "--max-count", &named.len().to_string(), "main"]);
        let new = ids.lines().map(|id| id.parse().unwrap()).zip(named.into_iter().rev());
        line = new.chain(line).collect();
    }
    line
}

fn commit(stream: &mut String, (branch, mark, parent): (&str, usize, Option<&str>), number: usize, message: &str) {
    let time = 1_768_780_800 + 60 * number;
    let head = format!("commit refs/heads/{branch}\nmark :{mark}\ncommitter Ada <ada@x> {time} +0000\n");
    _ = writeln!(stream, "{head}data {}\n{message}", message.len());
    if let Some(parent) = parent {
        _ = writeln!(stream, "from {parent}");
    }
}

fn without_cache(repo: &Path) {
    _ = std::fs::remove_dir_all(repo.join(".git/dispatch"));
}

fn told(repo: &Path, tip: Oid) -> Vec<Mention> {
    without_cache(repo);
    mentions(&Repo::discover(repo).unwrap(), tip)
}

fn reverts(repo: &Path) -> Reverts {
    without_cache(repo);
    let repo = Repo::discover(repo).unwrap();
    let target = target(&repo, "main").unwrap();
    observe(&repo, Ledger::default(), target, &BTreeMap::new(), &WANT).unwrap().facts.reverts
}

fn expected(line: &[(Oid, Named)]) -> Vec<(Oid, Named)> {
    line.iter().filter(|(_, named)| *named != (None, None, None)).cloned().collect()
}

fn seen(mentions: &[Mention]) -> Vec<(Oid, Named)> {
    let named = |one: &Mention| (one.tasks.first().cloned(), one.branch.clone(), one.pr.clone());
    mentions.iter().map(|one| (one.commit, named(one))).collect()
}

#[test]
fn a_history_says_the_same_with_and_without_a_commit_graph() {
    let sandbox = Sandbox::empty();
    sandbox.init(&[]);
    let (line, repo) = (history(&sandbox, &mut Random(3)), sandbox.repo());
    let (tip, middle) = (line[0].0, line[SIZE / 2].0);
    let (by_commits, reverted) = (told(&repo, tip), reverts(&repo));
    assert_eq!(seen(&by_commits), expected(&line));
    let younger = |at: usize| reverted.of(line[at].0).is_some();
    assert!((0..SIZE).filter(|&at| younger(at)).count() > SIZE / 10);
    let half = ["commit-graph", "write", "--stdin-commits"];
    assert!(sandbox.try_git_with(&half, format!("{middle}\n").as_bytes()).status.success());
    assert_eq!((told(&repo, tip), reverts(&repo)), (by_commits.clone(), reverted.clone()), "half a graph");
    sandbox.git(&["commit-graph", "write", "--reachable"]);
    assert_eq!((told(&repo, tip), reverts(&repo)), (by_commits.clone(), reverted.clone()), "a graph");
    for older in [1, 2, 400] {
        told(&repo, line[older].0);
        assert_eq!(mentions(&Repo::discover(&repo).unwrap(), tip), by_commits, "on top of a cache, {older}");
    }

    lie(&repo, &line);
    assert_eq!(told(&repo, tip), by_commits, "a graph that lies");
    sandbox.git(&["commit-graph", "write", "--reachable"]);

    // The graph stays where it is: what commits say counts more.
    let other = sandbox.git(&["commit-tree", "-p", &line[600].0.to_string(), "-m", "title (#9999)", "HEAD^{tree}"]);
    sandbox.git(&["replace", &middle.to_string(), &other]);
    let mut replaced = expected(&line[..SIZE / 2]);
    replaced.push((middle, (None, None, Some("#9999".to_owned()))));
    replaced.extend(expected(&line[600..]));
    assert_eq!(seen(&told(&repo, tip)), replaced, "a replaced commit");
    sandbox.git(&["replace", "--delete", &middle.to_string()]);

    let gone = line[500].0.to_string();
    let file = repo.join(".git/objects").join(&gone[..2]).join(&gone[2..]);
    std::fs::remove_file(file).unwrap();
    assert_eq!(seen(&told(&repo, tip)), expected(&line[..500]), "a missing commit");
    assert!(!repo.join(".git/dispatch/cache/mentions").exists(), "what is not complete is not kept");
}

/// Gives some commits of the line other parents in the commit-graph (gitformat-commit-graph(5)): others of the line, before
/// them and after them.
fn lie(repo: &Path, line: &[(Oid, Named)]) {
    let file = repo.join(".git/objects/info/commit-graph");
    let mut bytes = std::fs::read(&file).unwrap();
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let chunk =
        |name: &[u8]| (8..).step_by(12).find(|&at| bytes[at..at + 4] == *name).map(|at| number(at + 8)).unwrap();
    let (ids, data) = (chunk(b"OIDL"), chunk(b"CDAT"));
    let place = |id: Oid| (0..).find(|at| bytes[ids + at * 20..ids + at * 20 + 20] == *id.as_bytes()).unwrap();
    let lies = [(100, 90), (300, 350), (500, 501), (700, 2), (SIZE - 1, 5)];
    let lies = lies.map(|(of, named)| (data + place(line[of].0) * 36 + 20, place(line[named].0) as u32));
    for (at, parent) in lies {
        bytes[at..at + 4].copy_from_slice(&parent.to_be_bytes());
    }
    std::fs::remove_file(&file).unwrap();
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn a_shallow_history_ends_where_it_was_cut_even_beside_a_commit_graph() {
    let sandbox = Sandbox::empty();
    sandbox.init(&[]);
    let line = history(&sandbox, &mut Random(5));
    sandbox.git(&["commit-graph", "write", "--reachable"]);
    let shallow = sandbox.root().join("shallow");
    let from = format!("file://{}", sandbox.repo().display());
    sandbox.git(&["clone", "--quiet", "--no-checkout", "--depth=40", "-b", "main", &from, shallow.to_str().unwrap()]);
    let graph = sandbox.repo().join(".git/objects/info/commit-graph");
    std::fs::copy(graph, shallow.join(".git/objects/info/commit-graph")).unwrap();
    assert_eq!(seen(&told(&shallow, line[0].0)), expected(&line[..40]));
}
