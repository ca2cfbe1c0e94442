//! `drop --trash`: what was dropped long enough ago goes for good; and what every `drop` takes along of that.

use anyhow::Result;

use crate::console::Console;
use crate::git::{self, Lock, Repo};
use crate::global::Global;
use crate::model::expiry::Expiry;
use crate::model::failure::{Exit, Failure};
use crate::model::text::{count, size};
use crate::model::trash::{self, Item};
use crate::read::acting::{Acting, decided};
use crate::read::{self, Loaded, Scene};
use crate::render;

/// Finds what is old enough, and removes it under the repository's lock.
///
/// # Errors
/// There is nothing ([`Exit::No`]), the age is none ([`Exit::Usage`]), or a step failed ([`Exit::Halfway`]): the same command goes on.
pub fn run(acting: &Acting, older_than: Option<&str>, global: &Global, console: &Console) -> Result<Exit> {
    let (repo, console) = read::repository(global, console)?;
    let dry_run = acting.dry_run;
    let (text, items, kept) = decided((&repo, global), (!dry_run).then_some("drop"), |lock, loaded, scene| {
        if !acting.from_worktree {
            read::outside(&repo, scene, "drop --from-worktree --trash")?;
        }
        let (expiry, older) = match older_than {
            Some(text) => (git::expiry(&repo, "--older-than", text, scene.facts.now)?, text.to_owned()),
            None => git::trash_expiry(&repo, scene.facts.now)?,
        };
        let ledger = &scene.facts.ledger;
        let found = read::trash::found(&repo, &loaded, ledger, expiry)?;
        if found.is_empty() {
            let others = read::trash::found(&repo, &loaded, ledger, Expiry::ALL)?.len();
            return Err(trash::nothing(&older, others).into());
        }
        let found = found.into_iter().map(git::weighed);
        let (kept, items): (Vec<Item>, Vec<Item>) = found.partition(|item| item.held.is_some());
        for item in items.iter().filter(|_| lock.is_some()) {
            let Some(lock) = lock else { break };
            let emptied = git::empty((&repo, lock), item);
            emptied.map_err(|error| trash::half_removed(item, &older, &format!("{error:#}")))?;
        }
        let text = match global.json {
            true => render::trash::json(&items, &kept, dry_run),
            false => render::trash::emptied(&items, scene.facts.now, dry_run),
        };
        Ok(Some((text, items, kept)))
    })?;
    console.answer(&text);
    for item in kept.iter().filter(|_| !global.json) {
        let why = item.held.as_deref().unwrap_or_default();
        console.warning(&format!("task '{}' stays in the trash: {why}", item.removal.what.task));
    }
    Ok(if items.is_empty() { Exit::No } else { Exit::Success })
}

/// What a `drop` tells of the trash: what went of it, or why that cannot be.
pub enum Expired {
    Gone(String),
    Stays(String),
}

/// Removes what has been in the trash for longer than `dispatch.trashExpire` says, under the lock that the command holds already.
pub fn expire((repo, lock): (&Repo, &Lock), loaded: &Loaded, scene: &Scene) -> Vec<Expired> {
    let due = || -> Result<(Vec<Item>, String), anyhow::Error> {
        let (expiry, older) = git::trash_expiry(repo, scene.facts.now)?;
        Ok((read::trash::found(repo, loaded, &scene.facts.ledger, expiry)?, older))
    };
    let (items, older) = match due() {
        Ok(due) => due,
        Err(error) => return vec![Expired::Stays(format!("the trash stays as it is: {error:#}"))],
    };
    let mut told = Vec::new();
    let (mut bytes, mut gone) = (0, 0);
    for item in items.into_iter().map(git::weighed) {
        let outcome = match &item.held {
            Some(why) => Err(Failure::new(Exit::Refused, why.clone()).into()),
            None => git::empty((repo, lock), &item),
        };
        match outcome {
            Ok(()) => (bytes, gone) = (bytes + item.bytes, gone + 1),
            Err(error) => {
                let id = &item.removal.what.task;
                told.push(Expired::Stays(format!("task '{id}' stays in the trash: {error:#}")));
            }
        }
    }
    if gone > 0 {
        let what = format!("removed from the trash: {}, {}, as old as '{older}'", count(gone, "task"), size(bytes));
        told.push(Expired::Gone(what));
    }
    told
}
