//! `git dispatch trust`: a person approves the commands of the task file.

use anyhow::Result;

use crate::console::Console;
use crate::global::Global;
use crate::model::failure::{Exit, Failure};
use crate::model::trust::Command;
use crate::read::{self, Trust};
use crate::render;
use crate::trust;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// List the commands, and whether they are approved; ask nothing
    #[arg(long, conflicts_with = "revoke")]
    pub list: bool,
    /// Take back every approval for this repository
    #[arg(long)]
    pub revoke: bool,
}

/// Shows the commands that are not approved yet, asks, and records the answer.
///
/// # Errors
/// There is no person at a terminal, or what was approved so far cannot be read ([`Exit::Refused`]); [`Exit::No`] where the
/// answer is no.
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    let (repo, console) = read::repository(global, console)?;
    let loaded = read::task_file(&repo, global)?;
    let known = read::trust(&repo, &loaded)?;
    if args.revoke {
        let number = trust::update(&known.file, |approvals| approvals.revoke(&known.repository))?;
        console.answer(&render::trust::revoked(number));
        return Ok(Exit::Success);
    }
    if args.list || global.json {
        let text =
            if global.json { render::trust::json(&known.commands) } else { render::trust::list(&known.commands) };
        console.answer(&text);
        return Ok(Exit::Success);
    }
    let open: Vec<Command> = known.open().cloned().collect();
    if open.is_empty() {
        console.answer(&render::trust::list(&known.commands));
        return Ok(Exit::Success);
    }
    ask(&open, &known, &loaded.source.name, &console)
}

fn ask(open: &[Command], known: &Trust, source: &str, console: &Console) -> Result<Exit> {
    if !console.has_person() {
        return Err(Failure::new(Exit::Refused, "commands are approved by a person at a terminal, and there is none")
            .hint("use 'git dispatch trust' in a terminal")
            .hint("use 'git dispatch trust --list' to see what there is to approve")
            .into());
    }
    console.answer(&render::trust::question(open, source));
    if !console.asks(&render::trust::asked(open)) {
        console.note("nothing is approved");
        return Ok(Exit::No);
    }
    trust::update(&known.file, |approvals| approvals.approve(&known.repository, open))?;
    console.answer(&render::trust::approved(open));
    Ok(Exit::Success)
}
