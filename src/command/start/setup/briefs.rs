//! The briefs of tasks that have started, before their setup command runs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;

use crate::console::Console;
use crate::git::{self, Repo};
use crate::model::brief::Scene;
use crate::model::id::TaskId;
use crate::model::made::Made;
use crate::read::Loaded;
use crate::read::brief::Briefs;

/// Writes the brief of each of `made`, and returns where they stand. Whatever comes of it, the tasks stay started.
pub fn write(
    (repo, loaded): (&Repo, &Loaded),
    scene: &Scene<'_>,
    made: &[Made],
    target: &str,
    console: &Console,
) -> BTreeMap<TaskId, PathBuf> {
    let mut written = BTreeMap::new();
    if made.is_empty() {
        return written;
    }
    let briefs = Briefs::new(repo, loaded).map_err(|error| format!("{error:#}"));
    for one in made {
        let path = match &briefs {
            Ok(briefs) => path(briefs, repo, scene, one, (target, console)).map_err(|error| format!("{error:#}")),
            Err(why) => Err(why.clone()),
        };
        match path {
            Ok(path) => _ = written.insert(one.id.clone(), path),
            Err(why) => {
                console.warning(&format!("task '{}' has no brief: {}", one.id, why));
                console.hint(&format!("use 'git dispatch brief {}' to get it once that is mended", one.id));
            }
        }
    }
    written
}

fn path(
    briefs: &Briefs<'_>,
    repo: &Repo,
    scene: &Scene<'_>,
    made: &Made,
    (target, console): (&str, &Console),
) -> Result<PathBuf> {
    let (brief, warnings) = briefs.of(scene, made, target)?;
    for warning in &warnings {
        console.warning(warning);
    }
    git::write_brief(repo, &made.id, &briefs.text(&brief)?)
}
