//! `git dispatch install`: puts man pages and completions, or the skill of a coding agent, where their readers look.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::console::Console;
use crate::global::Global;
use crate::model::failure::{Exit, Failure};
use crate::model::install::{Fate, Found, decide};
use crate::render;
use crate::shell::{self, Agent, PIECES, Piece};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Put the skill for a coding agent in place instead: claude or codex
    #[arg(long, value_name = "AGENT", value_enum, hide_possible_values = true)]
    pub agent: Option<Agent>,
    /// Put them below DIR, as DIR/share/man and so on, or DIR/.claude/skills
    #[arg(long, value_name = "DIR")]
    pub prefix: Option<std::path::PathBuf>,
    /// Tell what would be written, and write nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// Writes the pieces that are missing or of another version, and tells what became of each.
///
/// # Errors
/// Something stands in the way of one ([`Exit::Refused`], and nothing is written); writing failed after some were written
/// ([`Exit::Halfway`], and the same command goes on).
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    let data = data_dir(args, global)?;
    let pieces = args.agent.map_or(PIECES, Agent::pieces);
    let found: Vec<Found> =
        pieces.iter().map(|piece| Found { path: piece.path, standing: shell::standing(&data, piece) }).collect();
    let wanted = decide(&data, &found)?;
    if !args.dry_run {
        write(&data, pieces, &wanted)?;
    }
    let written = if args.dry_run { Fate::WouldWrite } else { Fate::Wrote };
    let fate = |path| if wanted.contains(&path) { written } else { Fate::Same };
    let fates: Vec<(&str, Fate)> = pieces.iter().map(|piece| (piece.path, fate(piece.path))).collect();
    if global.json {
        console.answer(&render::install::json(&data, &fates));
    } else {
        console.answer(&render::install::text(&data, &fates));
        match args.agent {
            Some(agent) => agent_hints(agent, &data, console),
            None => hints(&data, console),
        }
    }
    Ok(Exit::Success)
}

/// The folder that the pieces go below.
fn data_dir(args: &Args, global: &Global) -> Result<PathBuf> {
    let Some(prefix) = &args.prefix else {
        let found = args.agent.map_or_else(shell::user_data_dir, shell::agent_dir);
        let named = match args.agent {
            None => "neither XDG_DATA_HOME nor HOME says",
            Some(_) => "HOME does not say",
        };
        let failure = Failure::new(Exit::Usage, format!("{named} where your files are"));
        return found.ok_or_else(|| failure.hint("say where with --prefix DIR").into());
    };
    let absolute = std::path::absolute(global.dir().join(prefix))
        .map_err(|fault| Failure::new(Exit::Usage, format!("'{}' is no folder: {fault}", prefix.display())))?;
    Ok(absolute.join(args.agent.map_or("share", Agent::folder)))
}

fn write(data: &Path, pieces: &[Piece], wanted: &[&str]) -> Result<(), Failure> {
    let pieces = pieces.iter().filter(|piece| wanted.contains(&piece.path));
    let mut written: Vec<&Piece> = Vec::new();
    for piece in pieces {
        if let Err(fault) = shell::put(data, piece) {
            let mut what = format!("could not write '{}': {fault}", data.join(piece.path).display());
            for one in &written {
                what.push_str(&format!("\nwritten: {}", data.join(one.path).display()));
            }
            let exit = if written.is_empty() { Exit::Git } else { Exit::Halfway };
            return Err(Failure::new(exit, what).hint("run the same command again to go on"));
        }
        written.push(piece);
    }
    Ok(())
}

/// What the user must still say to the agent; its settings are the user's own, and stay as they are.
fn agent_hints(agent: Agent, data: &Path, console: &Console) {
    if agent == Agent::Claude {
        let hook = "{\"type\": \"command\", \"command\": \"git dispatch check --hook\"}";
        console.hint(&format!(
            "in '{}': {hook} in a PreToolUse hook asks before each edit",
            data.join("settings.json").display()
        ));
    }
}

/// What the user must still say to a program that does not look there by itself.
fn hints(data: &Path, console: &Console) {
    let shown = data.display();
    if !shell::man_finds(data) {
        console.hint(&format!("man: export MANPATH='{shown}/man:' in the file that sets your PATH"));
    }
    if data != Path::new("/usr/share") && data != Path::new("/usr/local/share") {
        console.hint(&format!("zsh: fpath=('{shown}/zsh/site-functions' $fpath) before compinit in ~/.zshrc"));
    }
}
