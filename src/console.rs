//! The only writer to stdout and stderr, and the only one who looks at the terminal.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::model::failure::{Exit, Failure};
use crate::model::text::escape;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default();

/// When to colour, as git's `color.ui` knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

/// An error that comes ready to be shown: its text goes to stderr as it is.
#[derive(Debug)]
pub struct Shown {
    pub exit: Exit,
    /// May hold SGR sequences; untrusted parts are escaped already.
    pub text: String,
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Shown {}

/// A bar on stderr; it is gone when this is dropped.
pub struct Bar {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Bar {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A bar that could not be drawn is none.
            let _ = thread.join();
        }
    }
}

/// What is over sooner needs no bar.
const BEFORE_A_BAR: Duration = Duration::from_millis(500);
const BAR_STEP: Duration = Duration::from_millis(60);

/// Both streams of the process, and how they are written.
#[derive(Debug, Clone, Copy)]
pub struct Console {
    color: Color,
    quiet: bool,
    verbose: bool,
}

impl Console {
    pub fn new(color: Color, quiet: bool, verbose: bool) -> Console {
        Console { color, quiet, verbose }
    }

    /// The same console with the colour that git's `color.ui` asks for, unless the command line said otherwise.
    #[must_use]
    pub fn with_color_ui(self, configured: Option<&str>) -> Console {
        let color = match (self.color, configured) {
            (Color::Auto, Some("always")) => Color::Always,
            (Color::Auto, Some("false" | "never" | "no" | "off" | "0")) => Color::Never,
            (color, _) => color,
        };
        Console { color, ..self }
    }

    /// Columns that a table may fill on stdout; 80 where that is unknown. `COLUMNS` is asked first.
    #[expect(clippy::disallowed_methods, reason = "COLUMNS is a fact of the terminal, and this is its room")]
    pub fn width(&self) -> usize {
        std::env::var("COLUMNS")
            .ok()
            .and_then(|columns| columns.parse().ok())
            .or_else(|| {
                let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
                (size.ws_col > 0).then_some(usize::from(size.ws_col))
            })
            .unwrap_or(80)
    }

    /// Whether colours may be shown on stdout.
    pub fn colored(&self) -> bool {
        self.choice(std::io::stdout().is_terminal()) != ColorChoice::Never
    }

    /// Writes the answer. A reader that went away (`| head`) ends the process quietly, as SIGPIPE would.
    pub fn answer(&self, text: &str) {
        let mut out = AutoStream::new(std::io::stdout(), self.choice(std::io::stdout().is_terminal()));
        self.answered(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
    }

    /// Writes an answer for programs, every byte as it is. Like [`Console::answer`], it is all there or ends the process.
    pub fn answer_bytes(&self, bytes: &[u8]) {
        let mut out = std::io::stdout().lock();
        self.answered(out.write_all(bytes).and_then(|()| out.flush()));
    }

    fn answered(&self, outcome: std::io::Result<()>) {
        if let Err(fault) = outcome {
            if fault.kind() == std::io::ErrorKind::BrokenPipe {
                std::process::exit(141);
            }
            self.problem("error", ERROR, &format!("could not write the answer: {fault}"));
            std::process::exit(i32::from(Exit::Git as u8));
        }
    }

    /// Writes the beginning of an answer while something is being made: a reader that went away, or a full disk, stops
    /// nothing. The last of the answer tells.
    pub fn begin_answer(&self, text: &str) {
        let mut out = AutoStream::new(std::io::stdout(), self.choice(std::io::stdout().is_terminal()));
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// A line about progress on stderr; silent with `--quiet`. `text` is the program's own; untrusted parts come escaped.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.stderr(&format!("{text}\n"));
        }
    }

    /// A detail on stderr, with `--verbose` only.
    pub fn detail(&self, text: &str) {
        if self.verbose {
            self.stderr(&format!("{text}\n"));
        }
    }

    pub fn warning(&self, text: &str) {
        self.problem("warning", WARNING, text);
    }

    pub fn hint(&self, text: &str) {
        if !self.quiet {
            self.problem("hint", HINT, text);
        }
    }

    /// Tells why the command failed and returns how the process ends.
    pub fn failure(&self, error: &anyhow::Error) -> Exit {
        if let Some(shown) = error.downcast_ref::<Shown>() {
            self.stderr(&shown.text);
            return shown.exit;
        }
        let failure = error.downcast_ref::<Failure>();
        let text = match failure {
            Some(failure) => failure.what.clone(),
            None => format!("{error:#}"),
        };
        self.problem("error", ERROR, &text);
        for hint in failure.iter().flat_map(|failure| &failure.hints) {
            self.problem("hint", HINT, hint);
        }
        failure.map_or(Exit::Git, |failure| failure.exit)
    }

    /// Whether a person can be asked: both stdin and stderr are terminals.
    pub fn has_person(&self) -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Asks on stderr and reads a line of stdin; anything but `y` or `yes` is a no.
    pub fn asks(&self, question: &str) -> bool {
        self.stderr(question);
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line);
        read.is_ok() && matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes")
    }

    /// Shows on stderr how many of `total` are `done`, from half a second on, until what is returned is dropped; `None` where
    /// stderr is no terminal, or with `--quiet`.
    pub fn bar(&self, what: &'static str, total: usize, done: Arc<AtomicUsize>) -> Option<Bar> {
        if self.quiet || !std::io::stderr().is_terminal() {
            return None;
        }
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            if stopped.recv_timeout(BEFORE_A_BAR) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
            bar.set_message(what);
            if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}") {
                bar.set_style(style.progress_chars("█▌ "));
            }
            while stopped.recv_timeout(BAR_STEP) == Err(RecvTimeoutError::Timeout) {
                bar.set_position(done.load(Ordering::Relaxed) as u64);
            }
            bar.finish_and_clear();
        });
        Some(Bar { stop: Some(stop), thread: Some(thread) })
    }

    fn problem(&self, label: &str, style: Style, text: &str) {
        let mut lines = text.lines();
        let first = escape(lines.next().unwrap_or_default());
        let mut out = format!("{style}{label}:{style:#} {first}\n");
        for line in lines {
            out.push_str(&format!("  {}\n", escape(line)));
        }
        self.stderr(&out);
    }

    /// A closed stderr has nobody left to tell.
    fn stderr(&self, text: &str) {
        let mut err = AutoStream::new(std::io::stderr(), self.choice(std::io::stderr().is_terminal()));
        let _ = err.write_all(text.as_bytes());
    }

    #[expect(clippy::disallowed_methods, reason = "NO_COLOR and TERM are facts of the terminal, and this is its room")]
    fn choice(&self, terminal: bool) -> ColorChoice {
        let wanted = match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
                terminal && !no_color && !dumb
            }
        };
        if wanted { ColorChoice::AlwaysAnsi } else { ColorChoice::Never }
    }
}
