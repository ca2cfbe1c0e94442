//! Merging the target into a task's worktree, for its worker to resolve what conflicts; never anything half in the target.

use std::path::PathBuf;

use anyhow::Result;

use super::{Args, WANT};
use crate::console::Console;
use crate::git::{self, Lock, Merging, Repo, Resolving};
use crate::global::Global;
use crate::model::facts::Head;
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::land;
use crate::model::oid::Oid;
use crate::model::path::TreePath;
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
    let begun = Resolving { task: place.id.to_string(), tip: place.tip, other: commit };
    git::record_resolving(repo, place.id.as_str(), Some(begun))?;
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

/// What `--resolve` began and stands still: the task named, or the only one.
struct Begun {
    place: Place,
    begun: Resolving,
    /// The merge is to be concluded.
    open: bool,
}

/// # Errors
/// Several were begun, and none is named ([`Exit::Usage`]); worktrees cannot be read.
fn begun(repo: &Repo, scene: &Scene, id: Option<&String>) -> Result<Option<Begun>> {
    let mut found = Vec::new();
    for begun in git::resolving(repo).into_iter().filter(|one| id.is_none_or(|id| one.task == *id)) {
        let Ok(task) = begun.task.parse::<TaskId>() else { continue };
        let Some(seen) = scene.facts.tasks.get(&task) else { continue };
        let (Some(branch), Some(worktree)) = (&seen.branch, &seen.worktree) else { continue };
        if worktree.head != Head::Branch(branch.name.clone()) {
            continue;
        }
        let merge = git::merging_in(repo, &worktree.path)?.filter(|merge| merge.other == begun.other);
        let open = merge.as_ref().is_some_and(|merge| merge.on.is_none() && branch.tip == begun.tip);
        let concluded = merge.is_some_and(|merge| merge.on == Some(begun.tip));
        if open || concluded {
            let (folder, branch, tip) = (worktree.path.clone(), branch.name.clone(), branch.tip);
            found.push(Begun { place: Place { id: task, folder, branch, tip }, begun, open });
        }
    }
    if let [one, other, ..] = &found[..] {
        let what = format!("'{}' and '{}' are both being resolved", one.place.id, other.place.id);
        return Err(Failure::new(Exit::Usage, what)
            .hint(format!("use 'git dispatch land --continue {}' to name one", one.place.id))
            .into());
    }
    Ok(found.pop())
}

/// `--continue`: concludes the merge where all is resolved. The task that is to land then, and whether what was reported of it before the
/// merge was that it is done, and nothing but what conflicted was changed since; `None` where nothing was being resolved.
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
    let Some(Begun { place, begun, open }) = begun(repo, &scene, args.ids.first())? else { return Ok(None) };
    let left = |paths: &[TreePath], what: &str| {
        let word = shell_word(&place.folder.to_string_lossy());
        let paths: Vec<String> = paths.iter().map(|path| format!("'{}'", path.lossy())).collect();
        Failure::new(Exit::Halfway, format!("{what} in '{}': {}", place.folder.display(), paths.join(", ")))
            .hint(format!("use 'git -C {word} status' to see them"))
            .hint(format!("use 'git dispatch land --abort {}' to take the merge back", place.id))
    };
    let conflicts = git::conflicts_of(repo, &scene.quarantine, &begun)?;
    let marked = git::with_marks(&place.folder, &conflicts);
    if !marked.is_empty() {
        return Err(left(&marked, "marks of conflicts are left").into());
    }
    let mut tip = place.tip;
    if open && !args.acting.dry_run {
        if let Some(paths) = git::conclude(repo, &place.folder)? {
            return Err(left(&paths, "conflicts are left").into());
        }
        console.note(&format!("the merge in '{}' is concluded", place.folder.display()));
        tip = repo.commit_of(&format!("refs/heads/{}", place.branch))?.unwrap_or(tip);
    }
    drop(lock);
    let record = scene.facts.ledger.records.get(&place.id).and_then(|record| record.reported.as_ref());
    let done = record.is_some_and(|report| report.done() && report.tip == begun.tip);
    let beside = if tip == begun.tip { Vec::new() } else { git::changed_beside(repo, &scene.quarantine, &begun, tip)? };
    if let Some(path) = beside.first() {
        console.warning(&format!("the merge changes '{}', which did not conflict", path.lossy()));
    }
    Ok(Some((place.id, done && beside.is_empty())))
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
    let Some(Begun { place, .. }) = begun(repo, &scene, args.ids.first())?.filter(|begun| begun.open) else {
        return Err(Failure::new(Exit::No, "nothing is being resolved by '--resolve'")
            .hint("use 'git dispatch status' to see what is under way")
            .into());
    };
    let dry_run = args.acting.dry_run;
    if !dry_run {
        git::leave_merge(repo, &place.folder)?;
        git::record_resolving(repo, place.id.as_str(), None)?;
    }
    let verb = if dry_run { "would be" } else { "is" };
    console.answer(&if global.json {
        render::land::resolve_json((&place.id, "aborted"), (&place.folder, place.tip), &[], dry_run)
    } else {
        format!("{} {verb} at {} again, as before\n", place.id, place.tip.short())
    });
    Ok(Exit::Success)
}
