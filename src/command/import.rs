//! `git dispatch import`: writes a task file from the tasks of another tool.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::console::{Console, Shown};
use crate::git::{Repo, create_new, files_in, now, read_bounded, read_stdin};
use crate::global::Global;
use crate::model::failure::{Exit, Failure};
use crate::model::import::{self, Imported, Options, Source, Text};
use crate::model::taskfile::{LONGEST_FILE, parse_bytes};
use crate::model::text::{escape, shell_word};
use crate::render;
use crate::render::import::{Origin, WARNINGS};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to read: beads, taskmaster, backlog, actions or json
    #[arg(long, value_name = "SOURCE", value_enum, hide_possible_values = true)]
    pub from: From,
    /// Read this file or folder instead of the usual one; '-' is standard input
    #[arg(value_name = "FILE")]
    pub input: Option<PathBuf>,
    /// Write FILE, which must not exist; '-' is standard output, as without it
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Take what is done or cancelled too
    #[arg(long)]
    pub all: bool,
    /// Take the tasks of a tag, of taskmaster
    #[arg(long, value_name = "NAME")]
    pub tag: Option<String>,
    /// Leave out needs that close a circle, and say which
    #[arg(long)]
    pub break_cycles: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum From {
    Beads,
    Taskmaster,
    Backlog,
    Actions,
    Json,
}

impl From {
    fn source(self) -> Source {
        match self {
            From::Beads => Source::Beads,
            From::Taskmaster => Source::Taskmaster,
            From::Backlog => Source::Backlog,
            From::Actions => Source::Actions,
            From::Json => Source::Json,
        }
    }
}

/// Reads, decides, and prints the task file, or writes it where `-o` says.
///
/// # Errors
/// The source has faults, or there is none ([`Exit::Usage`]); something stands already where the file would go
/// ([`Exit::Refused`]); it cannot be written. Nothing is written then.
pub fn run(args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    let source = args.from.source();
    check(args, global)?;
    let texts = read(source, args, global)?;
    let names: Vec<String> = texts.iter().map(|text| text.name.clone()).collect();
    let options =
        Options { all: args.all, tag: args.tag.as_deref(), break_cycles: args.break_cycles, now: Some(now()) };
    let read = import::read(source, &texts, options);
    let Some(imported) = read.imported else {
        return Err(Shown { exit: Exit::Usage, text: render::import::faults(&names, &read.texts) }.into());
    };
    let origin = Origin { source, names: &names };
    let text = render::import::task_file(origin, &imported);
    verify(&text)?;
    let output = args.output.as_deref().filter(|output| *output != Path::new("-"));
    let written = output.map(|output| write(output, &text, global)).transpose()?;
    tell(origin, &imported, (&text, written.as_deref()), (global, console));
    Ok(Exit::Success)
}

fn check(args: &Args, global: &Global) -> Result<(), Failure> {
    if global.file.is_some() {
        let what = "'--file' names a task file to read, and this command writes one";
        return Err(Failure::new(Exit::Usage, what).hint("say where with -o FILE"));
    }
    if args.tag.is_some() && args.from != From::Taskmaster {
        return Err(Failure::new(Exit::Usage, "'--tag' is of '--from taskmaster' only"));
    }
    Ok(())
}

/// A task file with faults is never written, whatever its source held.
fn verify(text: &str) -> Result<()> {
    let (text, mut parsed) = parse_bytes(text.as_bytes());
    if parsed.file.is_some() {
        return Ok(());
    }
    parsed.warnings.clear();
    let source = render::fault::Source { name: "the task file made of it", text: &text };
    Err(Shown { exit: Exit::Usage, text: render::fault::text(source, &parsed) }.into())
}

/// Writes the file and returns its name for messages.
fn write(output: &Path, text: &str, global: &Global) -> Result<String> {
    let name = output.display().to_string();
    let path = global.dir().join(output);
    if let Some(folder) = path.parent().filter(|folder| !folder.is_dir()) {
        let shown = output.parent().unwrap_or(folder).display().to_string();
        let what = if folder.symlink_metadata().is_ok() { "is no folder" } else { "does not exist" };
        let failure = Failure::new(Exit::Refused, format!("folder '{}' {what}", escape(&shown)));
        return Err(failure.hint("make it first, or choose another name with -o FILE").into());
    }
    if create_new(&path, text)? {
        return Ok(name);
    }
    let hint = "move it away, or choose another name with -o FILE";
    Err(Failure::new(Exit::Refused, format!("'{}' exists already", escape(&name))).hint(hint).into())
}

fn tell(
    origin: Origin<'_>,
    imported: &Imported,
    (text, written): (&str, Option<&str>),
    (global, console): (&Global, &Console),
) {
    let warnings: Vec<_> = imported.notes.iter().filter(|note| note.warning).collect();
    for note in warnings.iter().take(WARNINGS) {
        console.warning(&render::import::warning(origin, note));
    }
    if warnings.len() > WARNINGS {
        console.warning(&format!("{} more warnings are not shown", warnings.len() - WARNINGS));
    }
    let summary = render::import::summary(origin, imported, written);
    if global.json {
        console.answer(&render::import::json(origin, imported, text, written));
    } else if let Some(file) = written {
        console.answer(&format!("{summary}\n"));
        if file == "dispatch.toml" {
            console.hint("use 'git dispatch plan' to see what can start");
        } else {
            console.hint(&format!("use 'git dispatch --file {} plan' to see what can start", shell_word(file)));
        }
    } else {
        console.answer(text);
        console.note(&summary);
    }
}

/// The texts of the source: those that the command line names, else those of the usual place.
fn read(source: Source, args: &Args, global: &Global) -> Result<Vec<Text>> {
    let Some(input) = &args.input else { return usual(source, global) };
    if input == Path::new("-") {
        return Ok(vec![Text { name: "standard input".to_owned(), bytes: read_stdin()? }]);
    }
    let path = global.dir().join(input);
    let name = input.display().to_string();
    match source {
        Source::Backlog if path.is_dir() => backlog(&path, &name),
        Source::Actions if path.is_dir() => only_workflow(&path, &name),
        _ => Ok(vec![one(&path, name)?]),
    }
}

fn one(path: &Path, name: String) -> Result<Text> {
    // What is read below names the limit of task files.
    if path.metadata().is_ok_and(|file| file.is_file() && file.len() > LONGEST_FILE as u64) {
        let what =
            format!("'{}' is larger than {} MiB, the most of an import source", escape(&name), LONGEST_FILE >> 20);
        return Err(Failure::new(Exit::Usage, what).into());
    }
    Ok(Text { bytes: read_bounded(path)?, name })
}

/// Below the top of the worktree that one stands in.
fn usual(source: Source, global: &Global) -> Result<Vec<Text>> {
    let places: &[&str] = match source {
        Source::Beads => &[".beads/issues.jsonl", ".beads/beads.jsonl"],
        Source::Taskmaster => &[".taskmaster/tasks/tasks.json", "tasks/tasks.json"],
        Source::Backlog => &["backlog", ".backlog"],
        Source::Actions => &[".github/workflows"],
        Source::Json => &[".project/task-index.json"],
    };
    let repo = Repo::discover(global.dir())?;
    let top = repo.here().or(repo.main_worktree()).ok_or_else(|| {
        Failure::new(Exit::Usage, "the repository is bare, and has no files").hint("name the file to import")
    })?;
    let Some(place) = places.iter().find(|place| top.join(place).symlink_metadata().is_ok()) else {
        let what = format!("'{}' does not exist", places[0]);
        let hint = format!("name the file: 'git dispatch import --from {} FILE'", source.word());
        return Err(Failure::new(Exit::Usage, what).hint(hint).into());
    };
    let path = top.join(place);
    match source {
        Source::Backlog => backlog(&path, place),
        Source::Actions => only_workflow(&path, place),
        _ => Ok(vec![one(&path, (*place).to_owned())?]),
    }
}

/// The tasks of a project folder, and what is done in it; or the files of any other folder.
fn backlog(folder: &Path, name: &str) -> Result<Vec<Text>> {
    let name = name.trim_end_matches('/');
    let below: Vec<&str> = if folder.join("tasks").is_dir() { vec!["tasks", "completed"] } else { vec![""] };
    let mut texts = Vec::new();
    let mut size = 0;
    for part in below.into_iter().filter(|part| folder.join(part).is_dir()) {
        for path in files_in(&folder.join(part), &["md"])? {
            let file = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
            let text = one(&path, format!("{name}/{file}"))?;
            size += text.bytes.len();
            if size > LONGEST_FILE {
                let what = format!("the files in '{name}' have more than {} MiB", LONGEST_FILE >> 20);
                return Err(Failure::new(Exit::Usage, what).into());
            }
            texts.push(text);
        }
    }
    if texts.is_empty() {
        return Err(Failure::new(Exit::Usage, format!("there are no tasks in '{name}'")).into());
    }
    Ok(texts)
}

fn only_workflow(folder: &Path, name: &str) -> Result<Vec<Text>> {
    let name = name.trim_end_matches('/');
    let files = files_in(folder, &["yml", "yaml"])?;
    let shown = |path: &PathBuf| {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        format!("{name}/{file}")
    };
    match files.as_slice() {
        [] => Err(Failure::new(Exit::Usage, format!("there are no workflows in '{name}'")).into()),
        [path] => Ok(vec![one(path, shown(path))?]),
        several => {
            let mut failure = Failure::new(Exit::Usage, format!("there are {} workflows in '{name}'", several.len()));
            for path in several.iter().take(5) {
                let file = shell_word(&shown(path));
                failure = failure.hint(format!("use 'git dispatch import --from actions {file}' to import that one"));
            }
            Err(failure.into())
        }
    }
}
