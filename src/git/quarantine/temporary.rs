//! Temp dirs that are gone with their value, or with the signal that ends the program.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// All that are there. Who holds this lock may make or remove one.
static MADE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Somebody else catches the signals that end programs.
static CAUGHT: AtomicBool = AtomicBool::new(false);

/// A git that goes on may still write where its folder is being removed; soon it finds no folder any more.
const ATTEMPTS: usize = 10;

/// A temp dir.
pub(super) struct Temporary {
    /// `None` only while it is dropped.
    dir: Option<tempfile::TempDir>,
    path: PathBuf,
}

impl Temporary {
    /// Makes one. From the first one on, a thread waits for signals that end programs; programs that make none start without
    /// it.
    ///
    /// # Errors
    /// There is no room.
    pub(super) fn new() -> Result<Temporary> {
        static ONCE: Once = Once::new();
        let mut made = made();
        let dir = tempfile::Builder::new().prefix("git-dispatch-").tempdir().context("could not make a temp dir")?;
        let path = dir.path().to_owned();
        made.push(path.clone());
        // Where there is no thread, signals do what they do without it.
        ONCE.call_once(|| _ = std::thread::Builder::new().name("signals".to_owned()).spawn(wait));
        Ok(Temporary { dir: Some(dir), path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let mut made = made();
        drop(self.dir.take());
        made.retain(|path| *path != self.path);
    }
}

/// Whether somebody else catches the signals that end programs, and calls [`end_by`]; else they end this one at once.
pub fn signals_are_caught(caught: bool) {
    CAUGHT.store(caught, Ordering::SeqCst);
}

/// Removes all temp dirs and ends the program as `signal` does. Nobody makes a new one meanwhile.
pub fn end_by(signal: i32) -> ! {
    let made = made();
    for path in &*made {
        (0..ATTEMPTS).any(|_| std::fs::remove_dir_all(path).is_ok() || !path.exists());
    }
    let _ = emulate_default_handler(signal);
    std::process::exit(128 + signal)
}

fn made() -> MutexGuard<'static, Vec<PathBuf>> {
    MADE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for signals as long as the program runs. A signal that is ignored (`nohup`) stays so.
fn wait() {
    let ignored = ignored();
    let ends = [SIGHUP, SIGINT, SIGQUIT, SIGTERM].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
    let Ok(mut signals) = Signals::new(ends) else { return };
    for signal in signals.forever() {
        if !CAUGHT.load(Ordering::SeqCst) {
            end_by(signal);
        }
    }
}

/// The signals that this process ignores, the first in the lowest bit, as proc(5) has them; none where the system does not
/// tell.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
