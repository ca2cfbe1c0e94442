//! The example repository that `demo` makes: what has landed in it, and what three workers commit to it.

mod landed;
#[cfg(test)]
mod tests;

pub use landed::LANDED;

/// A file by its path in the repository, with its whole text.
pub type File = (&'static str, &'static str);

/// How many tasks it has.
pub const TASKS: usize = 48;

/// Its task file, in five phases.
pub const TASK_FILE: &str = include_str!("example/dispatch.toml");

/// The repository's folder.
pub const NAME: &str = "neon";

/// Its owner, as the subjects of merges name it.
pub const OWNER: &str = "neon";

/// Who commits in the example.
pub const AUTHOR: (&str, &str) = ("Ada", "ada@example.com");

/// A commit of one task.
#[derive(Debug, Clone, Copy)]
pub struct Change {
    pub task: &'static str,
    pub subject: &'static str,
    pub files: &'static [File],
}

/// How a task came to the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// As one commit with the trailer `Task: ID`.
    Trailer,
    /// By the merge of this pull request.
    PullRequest(u32),
}

/// A task that has landed.
#[derive(Debug, Clone, Copy)]
pub struct Landing {
    pub hours_ago: i64,
    pub way: Way,
    pub change: Change,
}

/// The subject with which hosting services merge a pull request.
pub fn merge_subject(number: u32, task: &str) -> String {
    format!("Merge pull request #{number} from {OWNER}/task/{task}")
}

/// The files of the first commit.
pub const FIRST: &[File] = &[
    ("README.md", concat!("# neon\n", "\n", "Scores the answers of language models.\n",)),
    ("dispatch.toml", TASK_FILE),
];

/// When the first commit was made.
pub const FIRST_HOURS_AGO: i64 = 150;

const fn change(task: &'static str, subject: &'static str, files: &'static [File]) -> Change {
    Change { task, subject, files }
}

/// Lands as a pull request while the two others work on.
pub const LANDS: Change = change(
    "SCR-001",
    "Score the choice of tools",
    &[
        (
            "src/scorers/tool_selection/mod.rs",
            concat!(
                "pub struct ToolSelectionScorer;\n",
                "\n",
                "impl Scorer for ToolSelectionScorer {\n",
                "    fn score(&self, case: &Case, answer: &str) -> Score {\n",
                "        Score(f64::from(answer.contains(&case.expected)))\n",
                "    }\n",
                "}\n",
            ),
        ),
        (
            "src/scorers/mod.rs",
            concat!(
                "mod tool_selection;\n",
                "\n",
                "pub trait Scorer {\n",
                "    fn score(&self, case: &Case, answer: &str) -> Score;\n",
                "}\n",
                "\n",
                "pub fn all() -> Vec<Box<dyn Scorer>> {\n",
                "    vec![\n",
                "        Box::new(tool_selection::ToolSelectionScorer),\n",
                "    ]\n",
                "}\n",
            ),
        ),
    ],
);

/// The number of its pull request.
pub const LANDS_BY: u32 = 123;

/// Keeps to files of its own.
pub const MERGES: Change = change(
    "SCR-002",
    "Score the reasoning step by step",
    &[
        (
            "src/scorers/reasoning/mod.rs",
            concat!(
                "pub struct ReasoningScorer;\n",
                "\n",
                "pub fn steps(answer: &str) -> impl Iterator<Item = &str> {\n",
                "    answer.lines().filter(|line| !line.is_empty())\n",
                "}\n",
            ),
        ),
        ("migrations/0002_verdicts.sql", "create table verdicts (run text, step integer, verdict text);\n"),
    ],
);

/// Changes the same lines of the list of scorers as [`LANDS`].
pub const CONFLICTS: Change = change(
    "SCR-003",
    "Score what an answer rests on",
    &[
        ("src/scorers/grounding.rs", "pub struct GroundingScorer;\n"),
        (
            "src/scorers/quote.rs",
            concat!(
                "pub fn quoted<'a>(answer: &'a str, source: &str) -> Option<&'a str> {\n",
                "    source.contains(answer).then_some(answer)\n",
                "}\n",
            ),
        ),
        (
            "src/scorers/mod.rs",
            concat!(
                "mod grounding;\n",
                "mod quote;\n",
                "\n",
                "pub trait Scorer {\n",
                "    fn score(&self, case: &Case, answer: &str) -> Score;\n",
                "}\n",
                "\n",
                "pub fn all() -> Vec<Box<dyn Scorer>> {\n",
                "    vec![\n",
                "        Box::new(grounding::GroundingScorer),\n",
                "    ]\n",
                "}\n",
            ),
        ),
    ],
);

/// The changes of the three workers.
pub const WORK: [Change; 3] = [LANDS, MERGES, CONFLICTS];
