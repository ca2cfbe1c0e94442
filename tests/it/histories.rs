//! Made-up histories: files changed, moved, deleted and replaced at random, in commits that are made in one process.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use git_dispatch::model::oid::Oid;

use crate::support::Sandbox;

/// Every file of a commit: its mode and its content, or the commit of a submodule.
pub type Files = BTreeMap<String, (&'static str, String)>;

/// Commits for `git fast-import`, which makes thousands of them in one process.
#[derive(Default)]
pub struct Import {
    stream: Vec<u8>,
    commits: usize,
}

impl Import {
    pub fn commit(&mut self, parents: &[usize], files: &Files) -> usize {
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
    pub fn finish(self, sandbox: &Sandbox) -> Vec<Oid> {
        let marks = sandbox.root().join("marks");
        let arguments = ["fast-import", "--quiet", &format!("--export-marks={}", marks.display())];
        let output = sandbox.try_git_with(&arguments, &self.stream);
        assert!(output.status.success(), "{output:?}");
        let mut ids = vec![sandbox.git(&["rev-parse", "main"]).parse().unwrap(); self.commits + 1];
        for line in std::fs::read_to_string(marks).unwrap().lines() {
            let (mark, id) = line[1..].split_once(' ').unwrap();
            ids[mark.parse::<usize>().unwrap()] = id.parse().unwrap();
        }
        ids
    }
}

/// A small generator of numbers (Marsaglia, "Xorshift RNGs", 2003).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, end: usize) -> usize {
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

pub fn start(random: &mut Random) -> Files {
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
pub fn change(files: &mut Files, random: &mut Random) {
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

pub fn put(files: &mut Files, path: &str, file: (&'static str, String)) {
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
