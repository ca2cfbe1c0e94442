//! The commits that land.

use std::process::Command;

use anyhow::{Error, Result, anyhow};

use crate::git::program::stdout_of;
use crate::git::quarantine::Quarantine;
use crate::git::repo::Repo;
use crate::git::stack::{Remade, made, replay, signs};
use crate::model::failure::Failure;
use crate::model::id::TaskId;
use crate::model::land::{Author, Step, Work, author, message};
use crate::model::oid::Oid;
use crate::model::task::Strategy;

/// The landing commit of each of `steps`, one on the other, the first on `from`. They are in the quarantine until
/// [`crate::git::keep`] writes them, as their trees must be already.
///
/// Merges are by the user of git's configuration; squashed work stays its author's, with the others as co-authors. All are signed if
/// that configuration says so, and `signed` asks for it.
///
/// # Errors
/// git knows no committer, a commit cannot be signed, or an object is missing.
pub fn compose(repo: &Repo, quarantine: &Quarantine, from: Oid, steps: &[Step], signed: bool) -> Result<Vec<Oid>> {
    let (mut stand, mut commits) = (from, Vec::new());
    for step in steps {
        let made = composed(repo, quarantine, stand, step, signed);
        stand = made.map_err(|error| not_made(&step.task.id, error))?;
        commits.push(stand);
    }
    Ok(commits)
}

/// What git said, of which task.
fn not_made(id: &TaskId, error: Error) -> Error {
    let what = format!("could not make the landing commit of task '{id}'");
    match error.downcast::<Failure>() {
        Ok(failure) => Failure { what: format!("{what}: {}", failure.what), ..failure }.into(),
        Err(error) => error.context(what),
    }
}

fn composed(repo: &Repo, quarantine: &Quarantine, stand: Oid, step: &Step, signed: bool) -> Result<Oid> {
    let id = &step.task.id;
    match step.strategy {
        Strategy::Ff => Ok(step.tip),
        Strategy::Rebase => {
            let trailer = format!("Task: {id}");
            let remade = Remade { signed, trailer: Some(&trailer) };
            replay(repo, quarantine, (step.from, step.tip), stand, &remade)?
                .map_err(|stuck| anyhow!("commit {} does not go onto what lands before it", stuck.commit.short()))
        }
        Strategy::Merge => {
            let command = quarantine.command(repo)?;
            let text = message(&step.message, id, None);
            commit_tree((repo, quarantine), command, (step.tree, &text, signed), &[stand, step.tip])
        }
        Strategy::Squash => {
            let works = works(repo, quarantine, stand, step.tip)?;
            let mut command = quarantine.command(repo)?;
            let whose = author(&works);
            if let Some(Author { name, mail, date }) = whose {
                for (what, value) in [("NAME", name), ("EMAIL", mail), ("DATE", date)] {
                    command.env(format!("GIT_AUTHOR_{what}"), value);
                }
            }
            let text = message(&step.message, id, whose.map(|whose| (&*works, whose)));
            commit_tree((repo, quarantine), command, (step.tree, &text, signed), &[stand])
        }
    }
}

fn commit_tree(
    (repo, quarantine): (&Repo, &Quarantine),
    mut command: Command,
    (tree, text, signed): (Oid, &str, bool),
    parents: &[Oid],
) -> Result<Oid> {
    command.args(["-c", "i18n.commitEncoding=UTF-8", "commit-tree", &tree.to_string()]);
    if signed && signs(repo) {
        command.arg("-S");
    }
    command.args(["-F", "-"]).stdin(quarantine.input(text.as_bytes())?);
    made(&mut command, parents)
}

/// What `tip` has and `stand` has not, oldest first, without merges.
fn works(repo: &Repo, quarantine: &Quarantine, stand: Oid, tip: Oid) -> Result<Vec<Work>> {
    let mut command = quarantine.command(repo)?;
    command.args(["log", "--reverse", "--topo-order", "--no-merges", "--encoding=UTF-8", "--date=raw"]);
    command.args(["--no-show-signature", "--format=%an%x00%ae%x00%ad%x00%B%x00", &format!("{stand}..{tip}"), "--"]);
    let said = stdout_of(&mut command)?;
    let fields: Vec<String> =
        said.split(|&byte| byte == 0).map(|field| String::from_utf8_lossy(field).into_owned()).collect();
    let work = |fields: &[String]| match fields {
        [name, mail, date, message] => {
            let author =
                Author { name: name.trim_start_matches('\n').to_owned(), mail: mail.clone(), date: format!("@{date}") };
            Some(Work { author, message: message.clone() })
        }
        _ => None,
    };
    Ok(fields.chunks(4).filter_map(work).collect())
}
