//! What the program carries with it.

/// Stands in a comment of every piece; a file without it was put there by somebody else and stays.
pub const MARK: &str = "git-dispatch: parallel work in git worktrees";

/// One file to install.
#[derive(Debug, Clone, Copy)]
pub struct Piece {
    /// Below the data folder, such as `share`; the places where each reader looks by itself:
    /// man-db beside a `PATH` entry, bash-completion and fish below `XDG_DATA_HOME`, zsh on its `fpath`.
    pub path: &'static str,
    pub text: &'static str,
}

macro_rules! man {
    ($section:literal, $name:literal) => {
        Piece {
            path: concat!("man/man", $section, "/", $name, ".", $section),
            text: include_str!(concat!("../../man/", $name, ".", $section)),
        }
    };
}

pub const PIECES: &[Piece] = &[
    man!("1", "git-dispatch"),
    man!("1", "git-dispatch-adopt"),
    man!("1", "git-dispatch-brief"),
    man!("1", "git-dispatch-check"),
    man!("1", "git-dispatch-demo"),
    man!("1", "git-dispatch-drop"),
    man!("1", "git-dispatch-import"),
    man!("1", "git-dispatch-init"),
    man!("1", "git-dispatch-install"),
    man!("1", "git-dispatch-land"),
    man!("1", "git-dispatch-launch"),
    man!("1", "git-dispatch-lint"),
    man!("1", "git-dispatch-log"),
    man!("1", "git-dispatch-plan"),
    man!("1", "git-dispatch-report"),
    man!("1", "git-dispatch-review"),
    man!("1", "git-dispatch-restack"),
    man!("1", "git-dispatch-start"),
    man!("1", "git-dispatch-status"),
    man!("1", "git-dispatch-submit"),
    man!("1", "git-dispatch-trust"),
    man!("1", "git-dispatch-undo"),
    man!("1", "git-dispatch-wait"),
    man!("1", "git-dispatch-why"),
    man!("5", "dispatch-toml"),
    Piece {
        path: "bash-completion/completions/git-dispatch",
        text: include_str!("../../completions/git-dispatch.bash"),
    },
    Piece { path: "zsh/site-functions/_git-dispatch", text: include_str!("../../completions/_git-dispatch") },
    Piece {
        path: "fish/vendor_completions.d/git-dispatch.fish",
        text: include_str!("../../completions/git-dispatch.fish"),
    },
    Piece { path: "fish/vendor_conf.d/git-dispatch.fish", text: include_str!("../../completions/conf.d.fish") },
];

/// The coding agents that read skills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Agent {
    Claude,
    Codex,
}

const SKILL: Piece = Piece { path: "skills/dispatch/SKILL.md", text: include_str!("../../skills/dispatch/SKILL.md") };

const OF_CLAUDE: &[Piece] = &[
    SKILL,
    Piece {
        path: "skills/dispatch/hooks/worktree-create",
        text: include_str!("../../skills/dispatch/hooks/worktree-create"),
    },
    Piece {
        path: "skills/dispatch/hooks/worktree-remove",
        text: include_str!("../../skills/dispatch/hooks/worktree-remove"),
    },
];

impl Agent {
    /// What it reads: the skill, and hooks that only Claude Code knows. Their paths are below the agent's folder.
    pub fn pieces(self) -> &'static [Piece] {
        match self {
            Agent::Claude => OF_CLAUDE,
            Agent::Codex => &[SKILL],
        }
    }

    /// The folder in a home, or at the top of a repository, below which it looks for skills: code.claude.com/docs/en/skills,
    /// developers.openai.com/codex/skills.
    pub fn folder(self) -> &'static str {
        match self {
            Agent::Claude => ".claude",
            Agent::Codex => ".agents",
        }
    }
}
