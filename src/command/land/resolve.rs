//! Merging the target into a task's worktree, for its worker to resolve what conflicts; never anything half in the target.

use std::path::PathBuf;

use anyhow::Result;

use super::{Args, WANT};
use crate::console::Console;
use crate::git::{self, Lock, Merging, Repo};
use crate::global::Global;
use crate::model::facts::Head;
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::land;
use crate::model::oid::Oid;
use crate::model::text::shell_word;
use crate::read::{self, Loaded, Scene};
use crate::render;

type With<'a> = (&'a Repo, &'a Global, &'a Console);

struct Place {
    id: TaskId,
    folder: PathBuf,
    branch: String,
    tip: Oid,
}

/// `--resolve`: merges the target there, and stops where that conflicts.
///
/// # Errors
/// The task is unknown, or has no worktree with its branch; something is not committed or under way there ([`Exit::Refused`]);
/// [`Exit::Halfway`] where the merge stopped at conflicts, as expected.
pub fn begin((repo, global, console): With<'_>, args: &Args, id: &str) -> Result<Exit> {
    let loaded = read::task_file(repo, global)?;
    let _lock: Lock = git::lock(repo, "land")?;
    let scene = read::scene(repo, &loaded, WANT)?;
    let place = place(&loaded, &scene, id)?;
    if !args.acting.from_worktree {
        read::outside(repo, &scene, &format!("land --from-worktree --resolve {id}"))?;
    }
    let word = shell_word(&place.folder.to_string_lossy());
    let seen = scene.facts.tasks.get(&place.id).and_then(|seen| seen.worktree.as_ref());
    if let Some(operation) = seen.and_then(|worktree| worktree.operation.as_ref()) {
        let what = format!("a {operation} is under way in '{}'", place.folder.display());
        return Err(Failure::new(Exit::Refused, what)
            .hint(format!("use 'git -C {word} status' to see how to end it"))
            .into());
    }
    if let Some(what) = git::unready(repo, &place.id, &place.folder, true) {
        let what = format!("{what} in '{}'", place.folder.display());
        return Err(Failure::new(Exit::Refused, what)
            .hint(format!("use 'git -C {word} stash --include-untracked' to put it aside"))
            .into());
    }
    let (name, commit) = scene.facts.target.newest();
    if git::contains(repo, place.tip, commit) {
        let what = format!("task '{}' has all of '{name}' already: there is nothing to resolve", place.id);
        return Err(Failure::new(Exit::No, what)
            .hint(format!("use 'git dispatch land {}' to land it", place.id))
            .into());
    }
    if args.acting.dry_run {
        console.answer(&if global.json {
            render::land::resolve_json((&place.id, "would-merge"), (&place.folder, place.tip), &[], true)
        } else {
            format!("{} would merge {} at {}\n", place.id, render::land::plain(name), commit.short())
        });
        return Ok(Exit::Success);
    }
    match git::merge_into(repo, &place.folder, (name, commit), &place.branch)? {
        Merging::Merged(tip) => {
            console.answer(&if global.json {
                render::land::resolve_json((&place.id, "merged"), (&place.folder, tip), &[], false)
            } else {
                let name = render::land::plain(name);
                format!("{} merged {name}, without conflicts: it is at {} now\n", place.id, tip.short())
            });
            console.hint("use 'git dispatch land --continue' to land it");
            Ok(Exit::Success)
        }
        Merging::Stopped(paths) => {
            console.answer(&if global.json {
                render::land::resolve_json((&place.id, "conflicts"), (&place.folder, place.tip), &paths, false)
            } else {
                render::land::stopped(&place.id, (name, commit), &place.folder, &paths)
            });
            console.hint("resolve them there, and use 'git dispatch land --continue' to land it then");
            console.hint("use 'git dispatch land --abort' to take the merge back");
            Ok(Exit::Halfway)
        }
    }
}

fn place(loaded: &Loaded, scene: &Scene, id: &str) -> Result<Place> {
    let named = land::named(&loaded.file, &scene.standings, &[id.to_owned()])?;
    let id = named.into_iter().next().ok_or_else(|| Failure::new(Exit::Usage, "no task is named"))?;
    let seen = scene.facts.tasks.get(&id);
    let found = seen.and_then(|seen| Some((seen.branch.as_ref()?, seen.worktree.as_ref()?)));
    let here = found.filter(|(branch, worktree)| worktree.head == Head::Branch(branch.name.clone()));
    match here {
        Some((branch, worktree)) => {
            Ok(Place { folder: worktree.path.clone(), branch: branch.name.clone(), tip: branch.tip, id })
        }
        None => Err(Failure::new(Exit::Refused, format!("task '{id}' has no worktree with its branch here"))
            .hint(format!("use 'git dispatch status {id}' to see what stands"))
            .into()),
    }
}

/// The task in whose worktree the target is being merged, or, if that is concluded, was merged on top of what was reported; and whether it is
/// to be concluded.
fn resolving(repo: &Repo, scene: &Scene) -> Result<Option<(Place, bool)>> {
    let target = scene.facts.target.newest().1;
    let mut concluded = None;
    for (id, seen) in &scene.facts.tasks {
        let (Some(branch), Some(worktree)) = (&seen.branch, &seen.worktree) else { continue };
        if worktree.head != Head::Branch(branch.name.clone()) {
            continue;
        }
        let Some(merge) = git::merging_in(repo, &worktree.path)? else { continue };
        if !git::contains(repo, target, merge.other) {
            continue;
        }
        let place =
            Place { id: id.clone(), folder: worktree.path.clone(), branch: branch.name.clone(), tip: branch.tip };
        let Some(on) = merge.on else { return Ok(Some((place, true))) };
        let record = scene.facts.ledger.records.get(id).and_then(|record| record.reported.as_ref());
        if record.is_some_and(|report| report.tip == on && report.done()) {
            concluded = Some((place, false));
        }
    }
    Ok(concluded)
}

/// `--continue`: concludes the merge where all is resolved. The task that is to land then, and whether what was reported of it before the
/// merge was that it is done; `None` where nothing was being resolved.
///
/// # Errors
/// Conflicts are left ([`Exit::Halfway`]).
pub fn go_on((repo, global, console): With<'_>, args: &Args) -> Result<Option<(TaskId, bool)>> {
    let loaded = read::task_file(repo, global)?;
    let lock = git::lock(repo, "land")?;
    let scene = read::scene(repo, &loaded, WANT)?;
    if !args.acting.from_worktree {
        read::outside(repo, &scene, "land --from-worktree --continue")?;
    }
    let Some((place, open)) = resolving(repo, &scene)? else { return Ok(None) };
    if open && !args.acting.dry_run {
        let word = shell_word(&place.folder.to_string_lossy());
        if let Some(paths) = git::conclude(repo, &place.folder)? {
            let paths: Vec<String> = paths.iter().map(|path| format!("'{}'", path.lossy())).collect();
            let what = format!("conflicts are left in '{}': {}", place.folder.display(), paths.join(", "));
            return Err(Failure::new(Exit::Halfway, what)
                .hint(format!("use 'git -C {word} status' to see them"))
                .hint("use 'git dispatch land --abort' to take the merge back")
                .into());
        }
        console.note(&format!("the merge in '{}' is concluded", place.folder.display()));
    }
    drop(lock);
    let record = scene.facts.ledger.records.get(&place.id).and_then(|record| record.reported.as_ref());
    let done = record.is_some_and(|report| report.done() && (!open || report.tip == place.tip));
    Ok(Some((place.id, done)))
}

/// `--abort`: the worktree is as it was before `--resolve`.
///
/// # Errors
/// Nothing is being resolved ([`Exit::No`]); git failed.
pub fn abort((repo, global, console): With<'_>, args: &Args) -> Result<Exit> {
    let loaded = read::task_file(repo, global)?;
    let _lock = git::lock(repo, "land")?;
    let scene = read::scene(repo, &loaded, WANT)?;
    if !args.acting.from_worktree {
        read::outside(repo, &scene, "land --from-worktree --abort")?;
    }
    let Some((place, _)) = resolving(repo, &scene)?.filter(|(_, open)| *open) else {
        return Err(Failure::new(Exit::No, "nothing is being resolved")
            .hint("use 'git dispatch status' to see what is under way")
            .into());
    };
    if !args.acting.dry_run {
        git::leave_merge(repo, &place.folder)?;
    }
    let verb = if args.acting.dry_run { "would be" } else { "is" };
    console.answer(&if global.json {
        let dry_run = args.acting.dry_run;
        render::land::resolve_json((&place.id, "aborted"), (&place.folder, place.tip), &[], dry_run)
    } else {
        format!("{} {verb} at {} again, as before\n", place.id, place.tip.short())
    });
    Ok(Exit::Success)
}
