//! Merges are what git says, whoever computes them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use git_dispatch::git::{Quarantine, Repo, merges, merges_without_git};
use git_dispatch::model::facts::Merge;
use git_dispatch::model::oid::Oid;

use crate::support::Sandbox;

/// What git says of a merge: whether it is clean, the tree, the paths.
type Said = (bool, String, Vec<String>);

/// git's own answer to each pair, one process each: `None` where it fails.
fn said_by_git(sandbox: &Sandbox, pairs: &[(Oid, Oid)]) -> Vec<Option<Said>> {
    let said = |(ours, theirs): &(Oid, Oid)| {
        let (ours, theirs) = (ours.to_string(), theirs.to_string());
        let arguments = ["merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", &ours, &theirs];
        let output = sandbox.try_git_in(&sandbox.repo(), &arguments);
        let clean = output.status.code().filter(|code| *code < 2)? == 0;
        let text = String::from_utf8(output.stdout).unwrap();
        let mut fields = text.split_terminator('\0').map(str::to_owned);
        Some((clean, fields.next()?, fields.collect()))
    };
    pairs.iter().map(said).collect()
}

/// The same through one process, which must not fail.
fn said_by_one_git(sandbox: &Sandbox, pairs: &[(Oid, Oid)]) -> Vec<Option<Said>> {
    let lines: String = pairs.iter().map(|(ours, theirs)| format!("{ours} {theirs}\n")).collect();
    let arguments = ["merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", "--stdin"];
    let output = sandbox.try_git_with(&arguments, lines.as_bytes());
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut fields = text.split_terminator('\0').map(str::to_owned);
    let mut said = Vec::new();
    while let Some(clean) = fields.next() {
        let tree = fields.next().unwrap();
        said.push(Some((clean == "1", tree, fields.by_ref().take_while(|path| !path.is_empty()).collect())));
    }
    assert_eq!(said.len(), pairs.len());
    said
}

fn ours(merge: &Merge) -> Said {
    (merge.clean, merge.tree.to_string(), merge.conflicts.iter().map(|path| path.lossy().into_owned()).collect())
}

fn commit_at(sandbox: &Sandbox, name: &str) -> Oid {
    sandbox.git(&["rev-parse", &format!("{name}^{{commit}}")]).parse().unwrap()
}

fn open(sandbox: &Sandbox) -> Repo {
    Repo::discover(&sandbox.repo()).unwrap()
}

/// Asserts that every pair merges as git says, and returns how many took no git process.
fn assert_parity(sandbox: &Sandbox, pairs: &[(Oid, Oid)]) -> usize {
    let said = said_by_git(sandbox, pairs);
    assert_says(sandbox, pairs, &said)
}

fn assert_says(sandbox: &Sandbox, pairs: &[(Oid, Oid)], said: &[Option<Said>]) -> usize {
    let repo = open(sandbox);
    let quarantine = Quarantine::new(commit_at(sandbox, "main"));
    let walked = merges_without_git(&repo, &quarantine, pairs);
    let all = merges(&repo, &quarantine, pairs).unwrap();
    for (at, (a, b)) in pairs.iter().enumerate() {
        assert_eq!(all[at].as_ref().map(ours), said[at], "{a} {b}");
        if let Some(walked) = &walked[at] {
            assert_eq!(Some(ours(walked)), said[at], "walked: {a} {b}");
        }
    }
    walked.iter().flatten().count()
}

/// Every file of a commit: its mode and its content, or the commit of a submodule.
type Files = BTreeMap<String, (&'static str, String)>;

/// Commits for `git fast-import`, which makes thousands of them in one process.
#[derive(Default)]
struct Import {
    stream: Vec<u8>,
    commits: usize,
}

impl Import {
    fn commit(&mut self, parents: &[usize], files: &Files) -> usize {
        self.commits += 1;
        let mark = self.commits;
        let time = 1_768_780_800 + 60 * mark;
        let mut head =
            format!("commit refs/heads/c{mark}\nmark :{mark}\ncommitter Ada <ada@x> {time} +0000\ndata 2\nc\n");
        for (at, parent) in parents.iter().enumerate() {
            _ = writeln!(head, "{} :{parent}", if at == 0 { "from" } else { "merge" });
        }
        head.push_str("deleteall\n");
        for (path, (mode, content)) in files {
            if *mode == "160000" {
                _ = writeln!(head, "M 160000 {content} {path}");
            } else {
                _ = write!(head, "M {mode} inline {path}\ndata {}\n{content}\n", content.len());
            }
        }
        self.stream.extend(head.as_bytes());
        mark
    }

    /// Makes the commits in the sandbox, and returns their ids by their numbers.
    fn finish(self, sandbox: &Sandbox) -> Vec<Oid> {
        let marks = sandbox.root().join("marks");
        let arguments = ["fast-import", "--quiet", &format!("--export-marks={}", marks.display())];
        let output = sandbox.try_git_with(&arguments, &self.stream);
        assert!(output.status.success(), "{output:?}");
        let mut ids = vec![commit_at(sandbox, "main"); self.commits + 1];
        for line in std::fs::read_to_string(marks).unwrap().lines() {
            let (mark, id) = line[1..].split_once(' ').unwrap();
            ids[mark.parse::<usize>().unwrap()] = id.parse().unwrap();
        }
        ids
    }
}

/// A small generator of numbers (Marsaglia, "Xorshift RNGs", 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

const FOLDERS: [&str; 5] = ["a", "a/b", "a/b/c", "d", "e"];

fn content(random: &mut Random) -> String {
    let kind = random.below(4);
    let lines = 6 + random.below(6);
    (0..lines).map(|line| format!("{kind} line {line} {}\n", if line % 3 == 0 { random.below(3) } else { 0 })).collect()
}

fn start(random: &mut Random) -> Files {
    let mut files = Files::new();
    for folder in FOLDERS {
        for name in ["x", "y", "z"].iter().take(1 + random.below(3)) {
            files.insert(format!("{folder}/{name}"), ("100644", content(random)));
        }
    }
    files.insert("top".into(), ("100644", content(random)));
    files.insert("link".into(), ("120000", "top".into()));
    files.insert("bin".into(), ("100644", "\0\u{1}binary".into()));
    files.insert("module".into(), ("160000", "1".repeat(40)));
    files
}

/// Makes one random change. A path that would lie below a file or in place of a folder replaces that.
fn change(files: &mut Files, random: &mut Random) {
    let paths: Vec<String> = files.keys().cloned().collect();
    if paths.is_empty() {
        return put(files, "again", ("100644", content(random)));
    }
    let path = random.of(&paths).clone();
    let (mode, text) = files[&path].clone();
    let folder = *random.of(&FOLDERS);
    match random.below(12) {
        0 | 1 => {
            let line = format!("line {}", random.below(6));
            let text = text.replacen(&line, &format!("{line} edited {}", random.below(3)), 1);
            put(files, &path, (mode, text));
        }
        2 => drop(files.remove(&path)),
        3 => put(files, &format!("{folder}/new{}", random.below(3)), ("100644", content(random))),
        4 | 5 => {
            files.remove(&path);
            put(files, &format!("{folder}/moved{}", random.below(3)), (mode, text));
        }
        6 => put(files, &path, (if mode == "100644" { "100755" } else { mode }, text)),
        7 => put(files, &path, ("120000", format!("to{}", random.below(2)))),
        8 => {
            let to = *random.of(&["d", "e", "f", "a/g", "a/b"]);
            let below: Vec<String> =
                paths.iter().filter(|path| path.starts_with(&format!("{folder}/"))).cloned().collect();
            for path in below {
                let moved = files.remove(&path).unwrap();
                put(files, &format!("{to}/{}", &path[folder.len() + 1..]), moved);
            }
        }
        9 => {
            files.retain(|path, _| !path.starts_with(&format!("{folder}/")));
            if random.below(3) == 0 {
                put(files, folder, ("100644", content(random)));
            }
        }
        10 => {
            files.remove(&path);
            put(files, &format!("{path}/below"), (mode, text));
        }
        _ => put(files, "module", ("160000", format!("{}", 1 + random.below(3)).repeat(40))),
    }
}

fn put(files: &mut Files, path: &str, file: (&'static str, String)) {
    if file.0 == "160000" && path != "module" {
        return;
    }
    let mut above = String::new();
    for part in path.split('/') {
        files.remove(&above);
        above = if above.is_empty() { part.into() } else { format!("{above}/{part}") };
    }
    files.retain(|other, _| !other.starts_with(&format!("{path}/")));
    files.insert(path.into(), file);
}

/// Two sides of `histories` bases each, which share some of their changes.
fn random_pairs(sandbox: &Sandbox, seed: u64, histories: usize) -> Vec<(Oid, Oid)> {
    let mut random = Random(seed);
    let mut import = Import::default();
    let mut pairs = Vec::new();
    for _ in 0..histories {
        let files = start(&mut random);
        let base = import.commit(&[], &files);
        let mut sides = [files.clone(), files];
        for _ in 0..random.below(3) {
            // The same change on both sides.
            let again = Random(random.0);
            for side in &mut sides {
                change(side, &mut Random(again.0));
            }
            random.below(2);
        }
        for side in &mut sides {
            (0..random.below(4)).for_each(|_| change(side, &mut random));
        }
        let [a, b] = sides.map(|files| import.commit(&[base], &files));
        pairs.push((a, b));
    }
    let ids = import.finish(sandbox);
    pairs.into_iter().map(|(a, b)| (ids[a], ids[b])).collect()
}

#[test]
fn random_merges_are_what_git_says_with_every_way_to_follow_renames() {
    let sandbox = Sandbox::new();
    let pairs = random_pairs(
        &sandbox,
        std::env::var("SEED").map_or(1, |s| s.parse().unwrap()),
        std::env::var("H").map_or(1, |s| s.parse().unwrap()),
    );
    let mut walked = 0;
    for (key, value) in [
        ("merge.directoryRenames", "conflict"),
        ("merge.directoryRenames", "true"),
        ("merge.directoryRenames", "false"),
        ("merge.renames", "false"),
    ] {
        sandbox.git(&["config", key, value]);
        walked = assert_says(&sandbox, &pairs, &said_by_one_git(&sandbox, &pairs));
    }
    assert!((pairs.len() / 5..pairs.len() * 4 / 5).contains(&walked), "{walked} of {}", pairs.len());
}

const HISTORIES: usize = 250;
