//! Running the check on what is to land.

use std::path::PathBuf;
use std::sync::Mutex;

use anyhow::{Result, anyhow};

use super::{Args, Around, composed};
use crate::git::{self, CheckSite, Repo};
use crate::model::failure::{Exit, Failure};
use crate::model::id::TaskId;
use crate::model::land::{Checked, Landing, Plan, Verdict, train as run_train};
use crate::model::landing::{Left, Obstacle};
use crate::model::oid::Oid;
use crate::model::task::TaskFile;
use crate::model::text::shell_word;
use crate::read::{self, Loaded, Scene};
use crate::session::{self, Job};

/// So many of the last lines of a log are shown.
const LINES: usize = 12;
/// What `copy` patterns are recorded under, and the log of the setup command.
const SITE: &str = "landing-check";

/// Whether and how landings are checked.
pub struct Checking {
    /// `None`: nothing runs.
    text: Option<String>,
    setup: Option<String>,
    skipped: bool,
    each: bool,
    recheck: bool,
}

impl Checking {
    /// # Errors
    /// There is a check, and nobody approved it ([`Exit::Refused`]).
    pub fn new(repo: &Repo, loaded: &Loaded, args: &Args) -> Result<Checking> {
        let commands = &loaded.file.settings.commands;
        let there = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let text = there(&commands.check);
        let skipped = args.no_check && text.is_some();
        let text = text.filter(|_| !args.no_check);
        let setup = there(&commands.setup).filter(|_| text.is_some());
        let needed = [("commands.check", text.is_some()), ("commands.setup", setup.is_some())];
        for (name, _) in needed.into_iter().filter(|(_, needed)| *needed) {
            // A dry run tells what would happen, and runs nothing.
            if !args.acting.dry_run {
                read::trusted(repo, loaded, name)
                    .map_err(|failure| failure.hint("use --no-check to land without it"))?;
            }
        }
        Ok(Checking { text, setup, skipped, each: args.each, recheck: args.recheck })
    }

    pub fn runs(&self) -> bool {
        self.text.is_some()
    }

    /// What a dry run says of it.
    pub fn planned(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Where nothing runs.
    pub fn outcome(&self) -> Checked {
        Checked { state: if self.skipped { "skipped" } else { "none" }, runs: 0, known: 0 }
    }
}

/// Checks until what is left of `landing` passes; its steps and `commits` are those then, and what fails is among what is left out.
///
/// # Errors
/// The target itself fails ([`Exit::Refused`]); a check could not be run.
pub fn train(
    (around, loaded, scene): (&Around<'_>, &Loaded, &Scene),
    checking: Checking,
    landing: &mut Landing,
    commits: &mut Vec<Oid>,
) -> Result<Checked> {
    let text = checking.text.clone().unwrap_or_default();
    let mut checks = Checks {
        around: (around, loaded, scene),
        text,
        checking,
        landing: landing.clone(),
        commits: std::mem::take(commits),
        site: None,
        runs: 0,
        known: 0,
        red: None,
    };
    let each = checks.checking.each;
    let passes = run_train(&mut checks, each)?;
    if !passes {
        return Err(target_fails(&checks));
    }
    (*landing, *commits) = (checks.landing, checks.commits);
    Ok(Checked { state: "passed", runs: checks.runs, known: checks.known })
}

fn target_fails(checks: &Checks<'_>) -> anyhow::Error {
    let (name, commit) = &checks.landing.from;
    let what = format!("the check fails on '{name}' at {} itself, before anything lands", commit.short());
    let failure = Failure::new(Exit::Refused, what);
    let failure = match checks.known > 0 {
        true => failure.hint("use --recheck to run it again: that was known from before"),
        false => failure,
    };
    let failure = match &checks.red {
        Some((log, _)) => {
            failure.hint(format!("use 'less {}' to see what it said", shell_word(&log.to_string_lossy())))
        }
        None => failure,
    };
    failure.hint("use 'git dispatch land --no-check' to land without it").into()
}

struct Checks<'a> {
    around: (&'a Around<'a>, &'a Loaded, &'a Scene),
    text: String,
    checking: Checking,
    landing: Landing,
    commits: Vec<Oid>,
    /// Taken when first needed.
    site: Option<CheckSite>,
    runs: usize,
    known: usize,
    /// The log of the last failure, and its end.
    red: Option<(PathBuf, Vec<String>)>,
}

impl Plan for Checks<'_> {
    type Fault = anyhow::Error;

    fn number(&self) -> usize {
        self.landing.steps.len()
    }

    fn check(&mut self, number: usize) -> Result<Verdict> {
        let (around, ..) = self.around;
        let commit = if number == 0 { self.landing.from.1 } else { self.commits[number - 1] };
        let tree = git::tree_of_commit(around.repo, commit)?;
        let known = git::kept_verdict(around.repo, tree, &self.text).filter(|_| !self.checking.recheck);
        if let Some((verdict, log)) = known {
            self.known += 1;
            if verdict == Verdict::Red {
                let tail = session::tail_of(&log, LINES);
                self.red = Some((log, tail));
            }
            return Ok(verdict);
        }
        self.run(commit, tree, number)
    }

    fn take_out(&mut self, place: usize) -> Result<()> {
        let (around, loaded, scene) = self.around;
        let out = &self.landing.steps[place].task;
        let (log, tail) = self.red.take().unwrap_or_default();
        let why = Obstacle::Red { log: log.to_string_lossy().into_owned(), tail };
        self.landing.left.push(Left { id: out.id.clone(), title: out.title.clone(), why });
        let before = if self.runs == 0 { ", as before" } else { "" };
        around.console.note(&format!("{} fails the check{before}", out.id));
        let (steps, left) = read::landing::without(around.repo, loaded, scene, &around.asked, (&self.landing, place))?;
        self.landing.left.extend(left);
        self.landing.left.sort_by(|a, b| a.id.cmp(&b.id));
        self.landing.steps = steps;
        // Those before it are the same commits still.
        self.commits.truncate(place);
        let kept = Landing { steps: self.landing.steps.split_off(place), ..self.landing.clone() };
        let from = self.commits.last().copied().unwrap_or(self.landing.from.1);
        let rest = Landing { from: (kept.from.0.clone(), from), ..kept };
        self.commits.extend(composed(around.repo, scene, &rest)?);
        self.landing.steps.extend(rest.steps);
        Ok(())
    }
}

impl Checks<'_> {
    fn run(&mut self, commit: Oid, tree: Oid, number: usize) -> Result<Verdict> {
        let (around, loaded, _) = self.around;
        self.prepare(commit)?;
        let Some(site) = &self.site else { return Err(anyhow!("there is no place to check in")) };
        git::drop_stale_copies(around.repo, &copied_as()?, &site.folder);
        site.check_out(around.repo, commit)?;
        copied(around.repo, &loaded.file, site)?;
        let ids: Vec<&str> = self.landing.steps[..number].iter().map(|step| step.task.id.as_str()).collect();
        let what = if ids.is_empty() { self.landing.from.0.clone() } else { ids.join(", ") };
        around.console.note(&format!("checking {} with {what} …", tree.short()));
        let mut command = git::shell(&site.folder, &self.text)?;
        command.envs([
            ("GIT_DISPATCH_TARGET", self.landing.target.as_str()),
            ("GIT_DISPATCH_TASKS", &ids.join(" ")),
            ("GIT_DISPATCH_BASE", &self.landing.from.1.to_string()),
        ]);
        command.env("GIT_DISPATCH_WORKTREE", &site.folder).env("GIT_DISPATCH_GIT_DIR", around.repo.common_dir());
        let log = around.repo.common_dir().join(format!("dispatch/logs/check-{}.log", tree.short()));
        let (status, tail) = ran(command, &log)?;
        site.leave(around.repo, commit)?;
        self.runs += 1;
        let verdict = match status {
            Some(0) => Verdict::Green,
            Some(code @ (126 | 127)) => {
                let said = tail.last().cloned().unwrap_or_default();
                let what = format!("the check could not be run (exit code {code}): {said}");
                let see = format!("use 'less {}' to see what it said", shell_word(&log.to_string_lossy()));
                return Err(Failure::new(Exit::Refused, what).hint(see).into());
            }
            Some(_) => Verdict::Red,
            None => {
                let what = "the check was killed".to_owned();
                return Err(Failure::new(Exit::Halfway, what).hint("run the same command again").into());
            }
        };
        git::keep_verdict(around.repo, (tree, &self.text), verdict, &log);
        if verdict == Verdict::Red {
            self.red = Some((log, tail));
        }
        Ok(verdict)
    }

    /// Takes the worktree for checks; a new one is made ready as those of tasks are.
    fn prepare(&mut self, commit: Oid) -> Result<()> {
        if self.site.is_some() {
            return Ok(());
        }
        let (around, loaded, _) = self.around;
        let site = git::check_site(around.repo, commit)?;
        if site.is_wanted() {
            around.console.note(&format!("making '{}' to check landings in; it stays", site.folder.display()));
            if let Some(setup) = &self.checking.setup {
                site.check_out(around.repo, commit)?;
                copied(around.repo, &loaded.file, &site)?;
                let log = around.repo.common_dir().join(format!("dispatch/logs/{SITE}-setup.log"));
                let (status, tail) = ran(git::shell(&site.folder, setup)?, &log)?;
                if status != Some(0) {
                    let said = tail.last().cloned().unwrap_or_default();
                    let what = format!("the setup command failed where landings are checked: {said}");
                    let see = format!("use 'less {}' to see what it said", shell_word(&log.to_string_lossy()));
                    return Err(Failure::new(Exit::Refused, what).hint(see).into());
                }
            }
            site.ready()?;
        }
        self.site = Some(site);
        Ok(())
    }
}

fn copied_as() -> Result<TaskId> {
    SITE.parse().map_err(|_| anyhow!("'{SITE}' is no id"))
}

fn copied(repo: &Repo, file: &TaskFile, site: &CheckSite) -> Result<()> {
    let id = copied_as()?;
    if let Some(copies) = git::copies(repo, &file.settings.copy)? {
        copies.make(repo, &[(id, &site.folder)]);
    }
    Ok(())
}

/// Runs a command to its end: its exit code, and the end of what it said.
fn ran(command: std::process::Command, log: &std::path::Path) -> Result<(Option<i32>, Vec<String>)> {
    let ended = Mutex::new(None);
    let job = Job { command, log: log.to_owned() };
    session::run(vec![job], 1, LINES, |_, outcome| {
        if let Ok(mut slot) = ended.lock() {
            *slot = Some(outcome);
        }
    });
    let ended = ended.into_inner().ok().flatten().ok_or_else(|| anyhow!("the command was not run"))??;
    Ok((ended.status.code(), ended.tail))
}
