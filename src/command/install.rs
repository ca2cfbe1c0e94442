use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::console::Console;
use crate::global::Global;
use crate::model::failure::{Exit, Failure};
use crate::model::text::escape;
use crate::shell::{self, PIECES, Piece, Standing};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Put them below DIR, as DIR/share/man and so on
    #[arg(long, value_name = "DIR")]
    pub prefix: Option<std::path::PathBuf>,
    /// Tell what would be written, and write nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// What became of one piece.
type Fate = (&'static Piece, &'static str);

pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    let data = data_dir(args, global)?;
    let wanted = missing(&data)?;
    if !args.dry_run {
        write(&data, &wanted)?;
    }
    let word = if args.dry_run { "would write" } else { "wrote" };
    let fates: Vec<Fate> = PIECES.iter().map(|piece| (piece, fate(piece, &wanted, word))).collect();
    if global.json {
        console.answer(&json(&data, &fates));
    } else {
        console.answer(&text(&data, &fates));
        hints(&data, console);
    }
    Ok(Exit::Success)
}

/// The folder that the pieces go below.
fn data_dir(args: &Args, global: &Global) -> Result<PathBuf> {
    let Some(prefix) = &args.prefix else {
        let failure = Failure::new(Exit::Usage, "neither XDG_DATA_HOME nor HOME says where your files are");
        return shell::user_data_dir().ok_or_else(|| failure.hint("say where with --prefix DIR").into());
    };
    let absolute = std::path::absolute(global.dir().join(prefix))
        .map_err(|fault| Failure::new(Exit::Usage, format!("'{}' is no folder: {fault}", prefix.display())))?;
    Ok(absolute.join("share"))
}

/// The pieces that are not there yet, or only in another version; all that stands in the way is told before any is written.
fn missing(data: &Path) -> Result<Vec<&'static Piece>, Failure> {
    let mut wanted = Vec::new();
    for piece in PIECES {
        match shell::standing(data, piece) {
            Standing::Same => {}
            Standing::Absent | Standing::Older => wanted.push(piece),
            refusal => return Err(refused(&refusal, &data.join(piece.path))),
        }
    }
    Ok(wanted)
}

fn refused(standing: &Standing, path: &Path) -> Failure {
    let path = path.display();
    let (what, hint) = match standing {
        Standing::LeadsOut(to) => (
            format!("'{path}' is reached through a symlink to '{}'", to.display()),
            "remove the symlink, or choose another folder with --prefix DIR",
        ),
        Standing::Closed(closed) => (
            format!("cannot write '{path}': '{}' is not writable, or no folder", closed.display()),
            "choose another folder with --prefix DIR",
        ),
        _ => (
            format!("'{path}' was not put there by this program"),
            "move it away, or choose another folder with --prefix DIR",
        ),
    };
    Failure::new(Exit::Refused, what).hint(hint)
}

fn write(data: &Path, wanted: &[&Piece]) -> Result<(), Failure> {
    for (number, piece) in wanted.iter().enumerate() {
        let Err(fault) = shell::put(data, piece) else { continue };
        let mut what = format!("could not write '{}': {fault}", data.join(piece.path).display());
        for written in &wanted[..number] {
            what.push_str(&format!("\nwritten: {}", data.join(written.path).display()));
        }
        let exit = if number == 0 { Exit::Git } else { Exit::Halfway };
        return Err(Failure::new(exit, what).hint("run the same command again to go on"));
    }
    Ok(())
}

fn fate(piece: &Piece, wanted: &[&Piece], word: &'static str) -> &'static str {
    if wanted.iter().any(|one| one.path == piece.path) { word } else { "same" }
}

fn text(data: &Path, fates: &[Fate]) -> String {
    let width = fates.iter().map(|(_, fate)| fate.len()).max().unwrap_or(0);
    let mut out = format!("{}\n", escape(&data.to_string_lossy()));
    for (piece, fate) in fates {
        out.push_str(&format!("  {fate:width$}  {}\n", piece.path));
    }
    out
}

fn json(data: &Path, fates: &[Fate]) -> String {
    let files: Vec<_> = fates
        .iter()
        .map(|(piece, fate)| serde_json::json!({ "path": piece.path, "fate": fate.replace(' ', "-") }))
        .collect();
    format!(
        "{}\n",
        serde_json::json!({ "schema": 1, "command": "install", "folder": data.to_string_lossy(), "files": files })
    )
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
