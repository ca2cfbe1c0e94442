//! What each part of an observation costs: a process for each, which asks for that part only.

use std::path::Path;

use git_dispatch::git::{Repo, Want};
use git_dispatch::global::Global;
use git_dispatch::read;

use crate::support::report::table;
use crate::support::{Contender, alternate, itself};

const NOTHING: Want = Want { changes: false, merges: false, uncommitted: false, collisions: false, only: None };

/// The parts by name; none of them says where the others are done already, so their sum is more than the whole.
fn parts() -> Vec<(&'static str, Option<Want>)> {
    vec![
        ("repository and task file", None),
        ("ledger, refs, worktrees, counts, history", Some(NOTHING)),
        ("that, and changes", Some(Want { changes: true, ..NOTHING })),
        ("that, and merges into the target", Some(Want { merges: true, ..NOTHING })),
        ("that, changes and what is not committed", Some(Want { changes: true, uncommitted: true, ..NOTHING })),
        ("that, merges and collisions of the tips", Some(Want { merges: true, collisions: true, ..NOTHING })),
        ("everything", Some(Want::EVERYTHING)),
    ]
}

/// Observes one part of the repository in the current folder.
pub fn run(name: &str) {
    let global = Global { dir: None, file: None, json: false, color: None, quiet: true, verbose: false };
    let repo = Repo::discover(global.dir()).unwrap();
    let loaded = read::task_file(&repo, &global).unwrap();
    let (_, want) = parts().into_iter().find(|(part, _)| *part == name).unwrap();
    if let Some(want) = want {
        let scene = read::scene(&repo, &loaded, want).unwrap();
        assert!(!scene.facts.tasks.is_empty(), "the benchmark has tasks");
    }
}

/// The table of all parts, with the cache as it is or, if `cold`, without one.
pub fn costs(repo: &Path, title: &str, rounds: usize, cold: bool) -> String {
    let cache = repo.join(".git/dispatch/cache");
    let contender = |(name, _)| {
        let one = Contender::new(name, move || itself(repo, &["--part", name]));
        let cache = cache.clone();
        one.after(move |_| {
            if cold {
                let _ = std::fs::remove_dir_all(&cache);
            }
        })
    };
    let contenders: Vec<Contender<'_>> = parts().into_iter().map(contender).collect();
    table(title, &contenders, &alternate(rounds, &contenders))
}
