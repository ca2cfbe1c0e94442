//! `dispatch.*` of git config, laid over the task file's own settings.

use std::path::PathBuf;

use anyhow::Result;

use super::repo::Repo;
use crate::model::failure::{Exit, Failure};
use crate::model::forge::Forge;
use crate::model::task::{Batches, Overlap, Settings};

impl Repo {
    /// All values of `key` in files of git config that are to be trusted: what `git -c` and the environment say does not count.
    pub fn config_of_files(&self, key: &str) -> Vec<String> {
        use gix::config::Source;
        let snapshot = self.gix.config_snapshot();
        let of_file = |meta: &gix::config::file::Metadata| {
            let passing = matches!(meta.source, Source::Env | Source::Cli | Source::Api | Source::EnvOverride);
            !passing && meta.trust == gix::sec::Trust::Full
        };
        let values = snapshot.plumbing().strings_filter(key, of_file).unwrap_or_default();
        values.iter().map(ToString::to_string).collect()
    }

    /// A path of git config, `~/` expanded; `None` where it is not set or not to be trusted.
    pub fn config_path(&self, key: &str) -> Option<PathBuf> {
        let said = self.config_said(key).map(PathBuf::from);
        said.or_else(|| self.gix.config_snapshot().trusted_path(key).ok().flatten())
    }
}

/// In bytes: the files of a worktree that are larger are not read, where `dispatch.maxFileSize` says nothing else.
pub(super) const MAX_FILE_SIZE: u64 = 16 << 20;

/// `dispatch.maxFileSize` in bytes, written with git's suffixes (`k`, `m`, `g`).
///
/// # Errors
/// It is no such number, or below zero ([`Exit::Usage`]).
pub(super) fn max_file_size(repo: &Repo) -> Result<u64> {
    let key = "dispatch.maxFileSize";
    let Some(text) = repo.config(key) else { return Ok(MAX_FILE_SIZE) };
    let number = gix::config::Integer::try_from(text.as_str()).ok().and_then(|number| number.to_decimal());
    let size = number.and_then(|number| u64::try_from(number).ok());
    size.ok_or_else(|| bad(key, &text, "a size in bytes, or with k, m or g").into())
}

/// Lays what git config says over `settings`.
///
/// # Errors
/// A value is not of its key's kind ([`Exit::Usage`], naming key and value).
pub fn overlay(repo: &Repo, settings: &mut Settings) -> Result<()> {
    let text = |key: &str| repo.config(&format!("dispatch.{key}"));
    let keep = |old: &mut Option<String>, key: &str| *old = text(key).or(old.take());
    keep(&mut settings.target, "target");
    keep(&mut settings.phase, "phase");
    keep(&mut settings.branch, "branch");
    keep(&mut settings.worktree, "worktree");
    let commands = &mut settings.commands;
    let own = [
        ("setup", "commands.setup", &mut commands.setup),
        ("launch", "commands.launch", &mut commands.launch),
        ("run", "commands.run", &mut commands.run),
        ("check", "commands.check", &mut commands.check),
    ];
    for (key, name, command) in own {
        if let Some(configured) = text(key) {
            *command = Some(configured);
            commands.own.insert(name);
        }
    }
    if let Some(value) = text("workers") {
        settings.workers = Some(slots("dispatch.workers", &value)?);
    }
    if let Some(value) = text("researchWorkers") {
        settings.research_workers = Some(slots("dispatch.researchWorkers", &value)?);
    }
    if let Some(value) = text("batches") {
        let known = [("rolling", Batches::Rolling), ("barrier", Batches::Barrier)];
        settings.batches = Some(one_of("dispatch.batches", &value, known)?);
    }
    if let Some(value) = text("overlap") {
        let known = [("exclusive", Overlap::Exclusive), ("warn", Overlap::Warn)];
        settings.overlap = Some(one_of("dispatch.overlap", &value, known)?);
    }
    if let Some(value) = text("lockWorktrees") {
        let truths = ["true", "yes", "on", "1", "false", "no", "off", "0"].map(|word| (word, word));
        let word = one_of("dispatch.lockWorktrees", &value.to_ascii_lowercase(), truths)?;
        settings.lock_worktrees = Some(["true", "yes", "on", "1"].contains(&word));
    }
    if let Some(value) = text("checkout") {
        one_of("dispatch.checkout", &value, [("auto", ()), ("git", ())])?;
    }
    forge(repo)?;
    max_file_size(repo).map(|_| ())
}

/// The forge that `dispatch.forge` names.
///
/// # Errors
/// It is none that is known ([`Exit::Usage`]).
pub fn forge(repo: &Repo) -> Result<Option<Forge>> {
    let key = "dispatch.forge";
    let known = Forge::ALL.map(|forge| (forge.word(), forge));
    repo.config(key).map(|value| one_of(key, &value, known)).transpose()
}

fn slots(key: &str, value: &str) -> Result<u32> {
    value.parse().ok().filter(|&slots| slots > 0).ok_or_else(|| bad(key, value, "a number from 1").into())
}

fn one_of<T: Copy, const N: usize>(key: &str, value: &str, known: [(&'static str, T); N]) -> Result<T> {
    let found = known.iter().find(|(word, _)| *word == value).map(|(_, meaning)| *meaning);
    let words = known.map(|(word, _)| word).join(", ");
    found.ok_or_else(|| bad(key, value, &format!("one of {words}")).into())
}

fn bad(key: &str, value: &str, wanted: &str) -> Failure {
    Failure::new(Exit::Usage, format!("bad config value '{value}' for '{key}': it takes {wanted}"))
        .hint(format!("use 'git config --show-origin {key}' to see where it is set"))
}
