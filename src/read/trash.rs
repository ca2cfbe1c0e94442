//! What of this clone is in the trash.

use anyhow::Result;

use super::{Loaded, may_act};
use crate::git::{self, Repo};
use crate::model::expiry::Expiry;
use crate::model::ledger::Ledger;
use crate::model::trash::{Item, due};

/// What lies in the trash here and is old enough, oldest first, not weighed.
///
/// # Errors
/// A ref cannot be read.
pub fn found(repo: &Repo, loaded: &Loaded, ledger: &Ledger, expiry: Expiry) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    for removal in due(ledger, expiry) {
        // The ledger may come from others.
        if may_act(repo, loaded, &removal.task(), removal.note).is_ok() {
            items.extend(git::find_trash(repo, removal)?);
        }
    }
    Ok(items)
}
