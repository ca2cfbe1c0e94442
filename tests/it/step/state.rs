//! What a repository is, for two moments to be compared.

use std::path::{Path, PathBuf};

use crate::support::Sandbox;

/// Says `what` unless `holds`.
pub fn must(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// git itself goes on working in the repository.
pub fn answers(sandbox: &Sandbox) -> Result<(), String> {
    // Where git makes the worktree, and is killed at that, it leaves what makes it fail until that is cleared away.
    let half_made = admin_folders(sandbox).iter().any(|admin| {
        let text = |name: &str| std::fs::read_to_string(admin.join(name)).unwrap_or_default();
        text("locked").trim() == "initializing" && (text("commondir").is_empty() || text("HEAD").trim().len() < 40)
    });
    for command in [["fsck", "--no-progress"], ["worktree", "list"], ["status", "--porcelain"]] {
        let output = sandbox.try_git_in(&sandbox.repo(), &command);
        must(half_made || output.status.success(), || format!("git {command:?}: {output:?}"))?;
    }
    Ok(())
}

/// A copy of a repository whose worktrees stand beside it under the names that git has for them.
pub fn twin_with_worktrees(sandbox: &Sandbox) -> Sandbox {
    let twin = sandbox.twin();
    let (from, to) = (sandbox.root(), twin.root());
    let lead = |file: &Path| {
        let text = std::fs::read_to_string(file).unwrap();
        std::fs::write(file, text.replace(from.to_str().unwrap(), to.to_str().unwrap())).unwrap();
    };
    for admin in admin_folders(&twin) {
        lead(&admin.join("gitdir"));
        lead(&twin.root().join(admin.file_name().unwrap()).join(".git"));
    }
    twin
}

pub fn admin_folders(sandbox: &Sandbox) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(sandbox.repo().join(".git/worktrees"));
    let mut all: Vec<PathBuf> = entries.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    all.sort();
    all
}

/// Everything that a start makes, and nothing that differs from run to run.
pub fn state(sandbox: &Sandbox) -> Result<String, String> {
    let mut all = state_but_for_the_ledger(sandbox)?;
    // A start that a fault stopped says of some tasks first that they are there, and of the others later.
    let mut started: Vec<String> = Vec::new();
    for event in sandbox.events() {
        match event["event"].as_str() {
            Some("started") => started.extend(event["tasks"].as_array().unwrap().iter().map(|id| format!("{id}\n"))),
            _ => {
                // Ports follow from where the repository is.
                let mut tasks = event["tasks"].clone();
                for task in tasks.as_array_mut().into_iter().flatten() {
                    task.as_object_mut().map(|task| task.remove("port"));
                }
                all.push_str(&format!("{} {} {tasks}\n", event["event"], event["batch"]));
            }
        }
    }
    started.sort();
    Ok(all + &started.concat())
}

/// The same without what the ledger says.
pub fn state_but_for_the_ledger(sandbox: &Sandbox) -> Result<String, String> {
    let mut all = String::new();
    let mut add = |dir: &Path, command: &[&str]| {
        let output = sandbox.try_git_in(dir, command);
        must(output.status.success(), || format!("git {command:?} in {}: {output:?}", dir.display()))?;
        all.push_str(&format!("git {command:?}\n{}", String::from_utf8_lossy(&output.stdout)));
        Ok::<(), String>(())
    };
    add(&sandbox.repo(), &["fsck", "--no-progress", "--no-dangling"])?;
    add(&sandbox.repo(), &["for-each-ref", "refs/heads", "refs/tags", "refs/remotes", "refs/dispatch"])?;
    add(&sandbox.repo(), &["worktree", "list", "--porcelain"])?;
    let beside = listing(&sandbox.root());
    for name in beside.iter().filter(|name| name.starts_with("repo")) {
        add(&sandbox.root().join(name), &["status", "--porcelain", "--branch", "--ignored"])?;
    }
    all.push_str(&format!("beside {beside:?}\n"));
    for admin in admin_folders(sandbox) {
        let mut names = listing(&admin);
        // git itself goes on without it where it cannot be written.
        names.retain(|name| name != "ORIG_HEAD");
        all.push_str(&format!("{} {names:?}\n", admin.display()));
    }
    // The first command of all makes the folder of the program, and the lock in it.
    let mut names = listing(&sandbox.repo().join(".git"));
    names.retain(|name| name != "dispatch");
    all.push_str(&format!("git dir {names:?}\n"));
    let mut names = listing(&sandbox.repo().join(".git/dispatch"));
    names.retain(|name| name != "cache" && name != "lock");
    all.push_str(&format!("dispatch {names:?}\n"));
    all.push_str(&std::fs::read_to_string(sandbox.repo().join(".git/config")).unwrap());
    all.push_str(&format!("locks {:?}\n", sandbox.stale_locks()));
    Ok(all.replace(sandbox.root().to_str().unwrap(), "ROOT"))
}

fn listing(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

pub fn difference(wanted: &str, found: &str) -> String {
    let lacks =
        wanted.lines().filter(|line| !found.lines().any(|other| other == *line)).map(|line| format!("- {line}"));
    let extra =
        found.lines().filter(|line| !wanted.lines().any(|other| other == *line)).map(|line| format!("+ {line}"));
    lacks.chain(extra).collect::<Vec<_>>().join("\n")
}

/// As if a while had passed since: a lock of a second ago might be somebody's.
pub fn age_locks(sandbox: &Sandbox) {
    for lock in sandbox.stale_locks() {
        let file = std::fs::File::options().write(true).open(lock).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    }
}
