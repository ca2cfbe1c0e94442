//! How the cost grows with the pairs that collide: a hundred branches without worktrees, some of which change the same
//! line.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::print;
use crate::rivals::{cold, every_two, warm};
use crate::support::report::{median_wall, ratio, table};
use crate::support::{Contender, alternate_for, dispatch, done, git, shell, stage};
use crate::worktrees::{MOST, Stage, id};

/// How many of the branches change the same line, so that every two of them collide: 0, 496, 2,016 and 4,950 pairs.
const CROWDS: [usize; 4] = [0, 32, 64, MOST];

/// Files that each branch changes alone.
const OWN: usize = 3;

pub fn measure(source: Option<&str>, root: &Path, rounds: usize) {
    let stage = Stage::new(source, root);
    let ids: Vec<String> = (1..=MOST).map(id).collect();
    stage::write(&root.join("pairs"), &every_two(&ids));
    let mut walls = Vec::new();
    for crowd in CROWDS {
        branches(&stage, crowd);
        let count = crowd * crowd.saturating_sub(1) / 2;
        let all = format!("{} git merge-tree --write-tree --stdin <../pairs", Stage::APART);
        let contenders = [
            cold(&stage),
            warm(&stage),
            Contender::new("git merge-tree --stdin, all pairs", || shell(&stage.repo, &all)),
        ];
        let costs = alternate_for(Duration::from_secs(60), rounds, &contenders);
        print(&table(&format!("{MOST} branches, {count} of 4950 pairs collide"), &contenders, &costs));
        print(&ratio(["status, no cache", "merge-tree of all pairs"], [&costs[0], &costs[2]]));
        walls.push((count, median_wall(&costs[0]), median_wall(&costs[1])));
    }
    print("\ncolliding pairs: ms without a cache, with one; without a cache µs for each pair more than none\n");
    for (count, cold, warm) in &walls {
        let each = (cold - walls[0].1) / (*count).max(1) as f64 * 1e6;
        print(&format!("{count:>6}: {:.0}, {:.0}; {each:.0}\n", cold * 1e3, warm * 1e3));
    }
}

/// Makes all branches anew: each changes files of its own, and the first `crowd` of them one line in one file.
fn branches(stage: &Stage, crowd: usize) {
    let mut import = git(&stage.repo, &["fast-import", "--quiet", "--force"]);
    let mut import = import.stdin(Stdio::piped()).spawn().unwrap();
    let mut out = std::io::BufWriter::new(import.stdin.take().unwrap());
    for number in 1..=MOST {
        let message = format!("{} of {crowd}", id(number));
        let branch = id(number);
        write!(
            out,
            "commit refs/heads/task/{branch}\ncommitter Ada <ada@example.com> {} +0000\n",
            1_800_000_000 + number
        )
        .unwrap();
        write!(out, "data {}\n{message}\nfrom refs/heads/main\n", message.len()).unwrap();
        let own = (0..OWN).map(|at| 1 + number * OWN + at);
        let changed: Vec<usize> = own.chain((number <= crowd).then_some(0)).collect();
        for file in changed {
            let file = stage.file(file);
            let mut text = std::fs::read(stage.repo.join(file)).unwrap();
            writeln!(text, "{message}").unwrap();
            write!(out, "M 100644 inline {file}\ndata {}\n", text.len()).unwrap();
            out.write_all(&text).unwrap();
            out.write_all(b"\n").unwrap();
        }
    }
    drop(out);
    assert!(import.wait().unwrap().success(), "fast-import");
    let shown: serde_json::Value = serde_json::from_str(&done(dispatch(&stage.repo, &["status", "--json"]))).unwrap();
    assert_eq!(shown["tasks"].as_array().map(Vec::len), Some(MOST), "every branch is shown");
}
