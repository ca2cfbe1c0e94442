//! `git dispatch status --prompt`: a segment for a shell prompt, from what the last `status` has kept.

use anyhow::Result;

use crate::console::Console;
use crate::git::{self, Repo};
use crate::global::Global;
use crate::model::failure::{Exit, Failure};
use crate::model::prompt::prompt;
use crate::model::status::Status;
use crate::read::Scene;
use crate::render;

/// Prints the segment, or nothing: a prompt has no place for errors.
///
/// # Errors
/// It was asked for as JSON.
pub fn run(global: &Global, console: &Console) -> Result<Exit> {
    if global.json {
        return Err(Failure::new(Exit::Usage, "the segment of a prompt is no JSON")
            .hint("use 'git dispatch status --json' to get all of it")
            .into());
    }
    let kept = git::kept_prompt(global.dir());
    let segment = kept.map(|kept| render::prompt::segment(&kept.prompt, kept.branch.as_deref(), kept.stale));
    if let Some(segment) = segment.filter(|segment| !segment.is_empty()) {
        console.answer(&format!("{segment}\n"));
    }
    Ok(Exit::Success)
}

/// Keeps what a prompt shows of `status`, which has all active tasks.
pub fn keep(repo: &Repo, scene: &Scene, status: &Status) {
    git::keep_prompt(repo, prompt(status, scene.collisions.as_ref()), &scene.facts);
}
