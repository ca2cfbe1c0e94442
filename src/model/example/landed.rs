//! The past of the example repository.

use super::{Change, Landing, Way, change};

/// What has landed when the demo begins, oldest first.
pub const LANDED: &[Landing] = &[
    landing(
        147,
        Way::Trailer,
        change(
            "FND-001",
            "Set up the package",
            &[
                (
                    "Cargo.toml",
                    concat!("[package]\n", "name = \"neon\"\n", "version = \"0.1.0\"\n", "edition = \"2024\"\n",),
                ),
                ("rustfmt.toml", "max_width = 100\n"),
            ],
        ),
    ),
    landing(
        142,
        Way::Trailer,
        change(
            "FND-003",
            "Add the types of an evaluation",
            &[(
                "src/eval/types.rs",
                concat!(
                    "pub struct Case {\n",
                    "    pub prompt: String,\n",
                    "    pub expected: String,\n",
                    "}\n",
                    "\n",
                    "pub struct Score(pub f64);\n",
                ),
            )],
        ),
    ),
    landing(
        126,
        Way::Trailer,
        change(
            "FND-002",
            "Add the command line",
            &[
                ("src/main.rs", concat!("mod cli;\n", "\n", "fn main() {\n", "    cli::run();\n", "}\n",)),
                ("src/cli.rs", concat!("pub fn run() {\n", "    println!(\"neon\");\n", "}\n",)),
            ],
        ),
    ),
    landing(
        123,
        Way::Trailer,
        change(
            "FND-005",
            "Give each kind of error its exit code",
            &[(
                "src/error.rs",
                concat!("pub enum Error {\n", "    Usage,\n", "    Provider,\n", "    Store,\n", "}\n",),
            )],
        ),
    ),
    landing(
        119,
        Way::Trailer,
        change(
            "FND-004",
            "Read the configuration file",
            &[(
                "src/config.rs",
                concat!(
                    "pub struct Config {\n",
                    "    pub provider: String,\n",
                    "    pub budget: Option<u64>,\n",
                    "}\n",
                ),
            )],
        ),
    ),
    landing(
        101,
        Way::PullRequest(104),
        change(
            "FND-007",
            "Load data sets from JSON lines",
            &[(
                "src/dataset/mod.rs",
                concat!(
                    "pub fn load(text: &str) -> Vec<Case> {\n",
                    "    text.lines().map(Case::from_json).collect()\n",
                    "}\n",
                ),
            )],
        ),
    ),
    landing(
        97,
        Way::PullRequest(107),
        change(
            "FND-006",
            "Store results",
            &[
                ("src/db/mod.rs", concat!("pub struct Store {\n", "    path: std::path::PathBuf,\n", "}\n",)),
                ("migrations/0001_results.sql", "create table results (run text, test_case text, score real);\n"),
            ],
        ),
    ),
    landing(
        94,
        Way::Trailer,
        change(
            "FND-009",
            "List the scorers",
            &[(
                "src/scorers/mod.rs",
                concat!(
                    "pub trait Scorer {\n",
                    "    fn score(&self, case: &Case, answer: &str) -> Score;\n",
                    "}\n",
                    "\n",
                    "pub fn all() -> Vec<Box<dyn Scorer>> {\n",
                    "    vec![\n",
                    "    ]\n",
                    "}\n",
                ),
            )],
        ),
    ),
    landing(
        75,
        Way::PullRequest(112),
        change(
            "FND-008",
            "Ask the provider",
            &[(
                "src/provider/mod.rs",
                concat!("pub trait Provider {\n", "    fn ask(&self, prompt: &str) -> Result<String, Error>;\n", "}\n",),
            )],
        ),
    ),
    landing(
        54,
        Way::Trailer,
        change(
            "FND-011",
            "Record answers for tests",
            &[("tests/recorded/capital.json", "{\"prompt\": \"Capital of France?\", \"answer\": \"Paris\"}\n")],
        ),
    ),
    landing(
        50,
        Way::PullRequest(116),
        change(
            "FND-013",
            "Try again, later each time",
            &[("src/provider/retry.rs", "pub const PAUSES: [u64; 4] = [1, 2, 4, 8];\n")],
        ),
    ),
    landing(
        27,
        Way::Trailer,
        change(
            "FND-014",
            "Fill in templates of prompts",
            &[
                (
                    "src/prompt.rs",
                    concat!(
                        "pub fn fill(template: &str, case: &Case) -> String {\n",
                        "    template.replace(\"{prompt}\", &case.prompt)\n",
                        "}\n",
                    ),
                ),
                ("prompts/judge.txt", concat!("Is this answer right?\n", "\n", "{prompt}\n",)),
            ],
        ),
    ),
];

const fn landing(hours_ago: i64, way: Way, change: Change) -> Landing {
    Landing { hours_ago, way, change }
}
