//! Commands that run for tasks: side by side, each with its output in a file of its own.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};

use crate::model::text::cut;

/// So much of the end of a log is read to show its last lines, in bytes.
const TAIL: u64 = 16 << 10;

/// A line of it that is longer is cut.
const LONGEST: usize = 200;

/// A command, ready to run, and where its output goes.
pub struct Job {
    pub command: Command,
    pub log: PathBuf,
}

/// How a job ended.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    /// The last lines of its output, as far as that is text; unescaped.
    pub tail: Vec<String>,
}

/// Runs `jobs`, at most `most` at once, and tells of each as it ends, by its place. stdin is closed; stdout and stderr go to the
/// log, which is made anew.
///
/// A job that cannot be run is told as an error; the others run all the same.
pub fn run(jobs: Vec<Job>, most: usize, lines: usize, mut ended: impl FnMut(usize, Result<Ended>) + Send) {
    let (next, told) = (AtomicUsize::new(0), Mutex::new(&mut ended));
    let jobs: Vec<Mutex<Option<Job>>> = jobs.into_iter().map(|job| Mutex::new(Some(job))).collect();
    std::thread::scope(|scope| {
        for _ in 0..most.clamp(1, jobs.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(slot) = jobs.get(at) else { break };
                    let job = slot.lock().ok().and_then(|mut job| job.take());
                    let Some(outcome) = job.map(|job| one(job, lines)) else { continue };
                    if let Ok(mut tell) = told.lock() {
                        tell(at, outcome);
                    }
                }
            });
        }
    });
}

fn one(Job { mut command, log }: Job, lines: usize) -> Result<Ended> {
    let could_not = || format!("could not write the log '{}'", log.display());
    log.parent().map_or(Ok(()), std::fs::create_dir_all).with_context(could_not)?;
    let file = File::options().read(true).write(true).create(true).truncate(true).open(&log).with_context(could_not)?;
    let (out, err) = (file.try_clone().with_context(could_not)?, file.try_clone().with_context(could_not)?);
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::from(out))
        .stderr(Stdio::from(err))
        .status()
        .with_context(|| format!("could not run '{}'", command.get_program().display()))?;
    Ok(Ended { status, tail: tail(file, lines) })
}

/// The last lines of a log, as far as that is text; unescaped. None where it cannot be read.
pub fn tail_of(log: &Path, lines: usize) -> Vec<String> {
    File::open(log).map(|file| tail(file, lines)).unwrap_or_default()
}

fn tail(mut file: File, lines: usize) -> Vec<String> {
    let length = file.metadata().map_or(0, |meta| meta.len());
    let mut end = Vec::new();
    let read =
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).and_then(|_| file.take(TAIL).read_to_end(&mut end));
    if read.is_err() {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(&end);
    let all: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    all[all.len().saturating_sub(lines)..].iter().map(|line| cut(line, LONGEST).into_owned()).collect()
}
