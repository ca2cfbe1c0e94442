//! Three tasks started, beside three worktrees made by git. Nothing is deleted between: that would slow the next down.

use std::path::Path;

use crate::print;
use crate::support::report::{ratio, table};
use crate::support::{Contender, alternate, dispatch, shell};
use crate::worktrees::{Stage, id};

/// How often three worktrees are made by each of two ways.
const ROUNDS: usize = 5;

pub fn measure(source: Option<&str>, temp: &Path) {
    let stage = Stage::new(source, &temp.join("start"));
    let start = |round: usize| {
        let ids: Vec<String> = (1..=3).map(|at| id(3 * round + at)).collect();
        dispatch(&stage.repo, &["start", &ids[0], &ids[1], &ids[2]])
    };
    let add = |round: usize| {
        let one = |at| format!("git worktree add --quiet -b by-git/{round}-{at} ../by-git/{round}-{at} main; ");
        shell(&stage.repo, &(0..3).map(one).collect::<String>())
    };
    let contender = |name: &str| Contender::new(name, || shell(&stage.repo, ""));
    let mut contenders = [contender("git dispatch start A B C"), contender("git worktree add, three times")];
    contenders[0].command = Box::new(start);
    contenders[1].command = Box::new(add);
    let costs = alternate(ROUNDS, &contenders);
    print(&table("start", &contenders, &costs));
    print(&ratio(["start", "worktree add"], [&costs[0], &costs[1]]));
}
