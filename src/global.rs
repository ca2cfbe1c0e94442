//! The flags that every subcommand takes.

use std::path::{Path, PathBuf};

use crate::console::Color;

/// Flags that every subcommand takes.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// Run as if started in DIR
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub dir: Option<PathBuf>,
    /// Read this task file instead of the repository's own
    #[arg(long, value_name = "FILE", global = true)]
    pub file: Option<PathBuf>,
    /// Print JSON, as docs/schema describes it
    #[arg(long, global = true)]
    pub json: bool,
    /// When to colour: auto, always or never
    #[arg(long, value_name = "WHEN", value_enum, hide_possible_values = true, global = true)]
    pub color: Option<Color>,
    /// Print only the answer, warnings and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Tell more
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

impl Global {
    /// Where the command runs.
    pub fn dir(&self) -> &Path {
        self.dir.as_deref().unwrap_or(Path::new("."))
    }

    /// The task file that was asked for, absolute where it is there.
    pub fn task_file(&self) -> Option<PathBuf> {
        let file = self.dir().join(self.file.as_ref()?);
        Some(file.canonicalize().unwrap_or(file))
    }
}
