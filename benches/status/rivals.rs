//! Other ways to the same facts, or to some of them.

use std::path::Path;

use crate::support::{Contender, dispatch, git, itself, other, shell, stage};
use crate::worktrees::{Stage, id};

/// Programs by others, and how to get the versions that the promises name.
const PEERS: [(&str, &[&str], &str); 2] = [
    ("wt", &["list", "--full"], "cargo install worktrunk --version 0.67.0 --locked"),
    ("clash", &["status"], "cargo install clash-sh --version 0.2.0 --locked"),
];

/// `git dispatch status` with the cache that the run before it left.
pub fn warm(stage: &Stage) -> Contender<'_> {
    Contender::new("git dispatch status", || dispatch(&stage.repo, &["status"]))
}

/// `git dispatch status` without a cache.
pub fn cold(stage: &Stage) -> Contender<'_> {
    let cache = stage.repo.join(".git/dispatch/cache");
    let run = || dispatch(&stage.repo, &["status"]);
    Contender::new("git dispatch status, no cache", run).after(move |_| drop(std::fs::remove_dir_all(&cache)))
}

/// What a script would ask of git, one worktree after another: changes, commits ahead and behind, the merge into the
/// target, paths touched; then the merge of every two.
pub fn shell_loop(stage: &Stage) -> Contender<'_> {
    let script = script(stage);
    Contender::new("shell loop of git", move || shell(&stage.repo, &script))
}

/// Likewise, but right after the worktrees were made, with every index left as it is.
pub fn first_loop(stage: &Stage) -> Contender<'_> {
    let script = format!("export GIT_OPTIONAL_LOCKS=0; {}", script(stage));
    Contender::new("shell loop of git", move || shell(&stage.repo, &script))
}

fn script(stage: &Stage) -> String {
    let ids: Vec<String> = (1..=stage.started).map(id).collect();
    let pairs = stage.root.join(format!("pairs-{}", ids.len()));
    stage::write(&pairs, &every_two(&ids));
    let ask = "git -C ../repo.wt/$id status --porcelain; git rev-list --count --left-right main...task/$id; \
               git merge-tree --write-tree main task/$id || test $? = 1; \
               git diff --name-only refs/dispatch/base/$id task/$id";
    let all = format!("git merge-tree --write-tree --stdin <../pairs-{}", ids.len());
    format!("{} for id in {}; do {ask}; done; {all}", Stage::APART, ids.join(" "))
}

/// A line for each two branches, as `git merge-tree --stdin` reads them.
pub fn every_two(ids: &[String]) -> String {
    let mut text = String::new();
    for (at, a) in ids.iter().enumerate() {
        for b in &ids[at + 1..] {
            text.push_str(&format!("task/{a} task/{b}\n"));
        }
    }
    text
}

/// `git status` alone, on two cores.
pub fn git_status(stage: &Stage) -> Contender<'_> {
    let each = "printf '%s\\n' ../repo.wt/* | xargs -n 1 -P 2 sh -c 'git -C \"$0\" status --porcelain'";
    let script = format!("export GIT_OPTIONAL_LOCKS=0; {each}");
    Contender::new("git status only, two at a time", move || shell(&stage.repo, &script))
}

/// The least that looking at all files takes.
pub fn floor(stage: &Stage) -> Contender<'_> {
    let folder = |number| stage.worktree(number).to_str().unwrap().to_owned();
    let worktrees: Vec<String> = (1..=stage.started).map(folder).collect();
    Contender::new("the floor", move || {
        let arguments: Vec<&str> = ["--floor"].into_iter().chain(worktrees.iter().map(String::as_str)).collect();
        itself(&stage.repo, &arguments)
    })
}

/// The programs by others that are on `PATH`, and a line for each that is not.
pub fn peers(stage: &Stage) -> (Vec<Contender<'_>>, String) {
    let (mut found, mut absent) = (Vec::new(), String::new());
    for (name, arguments, install) in PEERS {
        match which::which(name) {
            Ok(exe) => found.push(peer(stage, name, &exe, arguments)),
            Err(_) => absent.push_str(&format!("{name}: not installed ({install})\n")),
        }
    }
    (found, absent)
}

/// From within a shell, which keeps the objects that it makes out of the repository.
fn peer<'a>(stage: &'a Stage, name: &str, exe: &Path, arguments: &[&str]) -> Contender<'a> {
    let arguments = arguments.join(" ");
    let script = format!("{} exec '{}' {arguments}", Stage::APART, exe.to_str().unwrap());
    Contender::new(&format!("{name} {arguments}"), move || shell(&stage.repo, &script)).or_no()
}

/// The versions of the programs by others that are on `PATH`.
pub fn versions(stage: &Stage) -> String {
    let mut text = String::new();
    for (name, ..) in PEERS {
        if let Some(output) =
            which::which(name).ok().and_then(|exe| other(&exe, &stage.repo, &["--version"]).output().ok())
        {
            text.push_str(&String::from_utf8_lossy(&output.stdout));
        }
    }
    text
}

/// The quick commands that this build of the program knows, each with its goal in milliseconds.
pub fn quick(stage: &Stage) -> Vec<(Contender<'_>, f64)> {
    let (first, clean) = (stage.worktree(1), stage.worktree(4));
    let mut found = Vec::new();
    if known(stage, &["check", "-h"]) {
        found
            .push((Contender::new("git dispatch check, modified", move || dispatch(&first, &["check"])).or_no(), 50.0));
        found.push((Contender::new("git dispatch check, clean", move || dispatch(&clean, &["check"])).or_no(), 50.0));
    }
    if known(stage, &["status", "--prompt"]) {
        found.push((
            Contender::new("git dispatch status --prompt", || dispatch(&stage.repo, &["status", "--prompt"])),
            15.0,
        ));
    }
    found.push((Contender::new("git --version, for comparison", || git(&stage.repo, &["--version"])), f64::INFINITY));
    found
}

fn known(stage: &Stage, arguments: &[&str]) -> bool {
    dispatch(&stage.repo, arguments).output().unwrap().status.success()
}
