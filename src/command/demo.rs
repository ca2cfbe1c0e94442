//! `git dispatch demo`: the main job, in a small repository of its own.

use std::process::Command;

use anyhow::Result;

use crate::console::Console;
use crate::git::{self, Example};
use crate::global::Global;
use crate::model::example::{LANDS, LANDS_BY, WORK, merge_subject};
use crate::model::failure::{Exit, Failure};
use crate::render::demo::{self, remarks};

#[derive(Debug, clap::Args)]
pub struct Args {}

/// Makes the example, then walks through plan, start, status and log in it.
///
/// # Errors
/// [`Exit::Usage`] with `--json` or `--file`; else where the example cannot be made, or a command in it fails. What was
/// made until then stays.
pub fn run(_args: &Args, global: &Global, console: &Console) -> Result<Exit> {
    if global.json {
        return Err(Failure::new(Exit::Usage, "'demo' shows commands as one types them, and has no JSON").into());
    }
    if global.file.is_some() {
        return Err(Failure::new(Exit::Usage, "'demo' has a task file of its own, and reads no other").into());
    }
    let example = Example::new()?;
    Walk { example: &example, console }.through().map_err(|error| stopped(error, &example))?;
    Ok(Exit::Success)
}

fn stopped(error: anyhow::Error, example: &Example) -> Failure {
    let failure = error.downcast().unwrap_or_else(|error| Failure::new(Exit::Git, format!("{error:#}")));
    failure.hint(format!("what was made until then is in '{}'", example.folder().display()))
}

struct Walk<'a> {
    example: &'a Example,
    console: &'a Console,
}

impl Walk<'_> {
    fn through(&self) -> Result<()> {
        let (example, console) = (self.example, self.console);
        example.make()?;
        console.answer(&demo::beginning(&example.repo()));
        self.remark(remarks::PLAN);
        self.dispatch(&["plan"])?;
        self.remark(remarks::START);
        self.dispatch(&["start", WORK[0].task, WORK[1].task, WORK[2].task])?;
        self.work()?;
        self.remark(&remarks::landing());
        let (branch, subject) = (format!("task/{}", LANDS.task), merge_subject(LANDS_BY, LANDS.task));
        self.git(&["merge", "-q", "--no-ff", &branch, "-m", &subject])?;
        self.remark(remarks::STATUS);
        self.dispatch(&["status"])?;
        self.remark(remarks::LOG);
        self.dispatch(&["log"])?;
        console.answer(&demo::ending(example.folder(), &example.repo(), git::off_path().as_deref()));
        Ok(())
    }

    fn work(&self) -> Result<()> {
        self.remark(&remarks::work());
        for change in &WORK {
            let worktree = format!("neon-task-{}", change.task);
            self.example.write(&worktree, change.files)?;
            let beside = format!("../{worktree}");
            self.git(&["-C", &beside, "add", "--all"])?;
            self.git(&["-C", &beside, "commit", "-qm", change.subject])?;
        }
        Ok(())
    }

    fn remark(&self, text: &str) {
        self.console.answer(&demo::remark(text));
    }

    fn dispatch(&self, arguments: &[&str]) -> Result<()> {
        let mut command = self.example.dispatch()?;
        // This console drops colours that are not wanted.
        command.arg("--color=always").env("COLUMNS", self.console.width().to_string());
        self.step(command, &["git", "dispatch"], arguments)
    }

    fn git(&self, arguments: &[&str]) -> Result<()> {
        self.step(self.example.git(), &["git"], arguments)
    }

    /// Shows the command, runs it, and shows what it printed.
    fn step(&self, mut command: Command, name: &[&str], arguments: &[&str]) -> Result<()> {
        let words = [name, arguments].concat();
        self.console.answer(&demo::command(&words, self.console.width()));
        let output = git::run(command.args(arguments))?;
        self.console.answer(&String::from_utf8_lossy(&output.stdout));
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            if !said.is_empty() {
                self.console.note(said.trim_end());
            }
            return Ok(());
        }
        let what = format!("'{}' failed: {}", words.join(" "), said.trim());
        Err(Failure::new(Exit::Git, what).into())
    }
}
