//! The programs of forges, `gh` (<https://cli.github.com/manual/>) and `glab` (<https://docs.gitlab.com/cli/>): pull requests are
//! found, opened and written anew. Text reaches them as arguments behind `=` or on stdin, never through a shell.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use super::Programs;
use crate::model::failure::{Exit, Failure};
use crate::model::forge::{Forge, Site, number_of};

/// Nothing is asked for at a terminal, and nothing but the answer is said.
const QUIET: [(&str, &str); 7] = [
    ("GH_PROMPT_DISABLED", "1"),
    ("GH_NO_UPDATE_NOTIFIER", "1"),
    ("GH_SPINNER_DISABLED", "1"),
    ("NO_PROMPT", "1"),
    ("GLAB_CHECK_UPDATE", "false"),
    ("NO_COLOR", "1"),
    ("GIT_TERMINAL_PROMPT", "0"),
];
/// The caller's, which choose another repository or force a terminal's output.
const OTHERS: [&str; 4] = ["GH_REPO", "GH_FORCE_TTY", "CLICOLOR_FORCE", "GH_DEBUG"];

/// The program of a forge that is installed.
#[derive(Debug, Clone)]
pub struct Client {
    pub forge: Forge,
    exe: PathBuf,
    command: fn(&Path) -> Command,
    /// Where it runs: it is told the repository.
    dir: PathBuf,
}

/// A pull request that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub number: u64,
    pub url: String,
    pub title: String,
    pub description: String,
}

/// Where a pull request goes from and to.
#[derive(Debug, Clone, Copy)]
pub struct Between<'a> {
    pub to: &'a Site,
    /// The branch there.
    pub target: &'a str,
    pub from: &'a Site,
    pub branch: &'a str,
}

impl Client {
    /// `None` where it is not on an absolute entry of `PATH`.
    pub fn find(programs: &Programs, forge: Forge, dir: &Path) -> Option<Client> {
        let exe = (programs.find)(forge.program())?;
        Some(Client { forge, exe, command: programs.command, dir: dir.to_owned() })
    }

    /// Whether the user has an account at this host, as far as the program knows.
    pub fn knows(&self, host: &str) -> bool {
        self.output(&["auth".to_owned(), "status".to_owned(), format!("--hostname={host}")], "").is_ok()
    }

    /// The open pull requests of the branch.
    ///
    /// # Errors
    /// The program failed, or says something else.
    pub fn find_requests(&self, between: &Between<'_>) -> Result<Vec<Found>> {
        let Between { to, from, branch, .. } = between;
        let repo = format!("--repo={}", self.repo(to));
        let arguments = match self.forge {
            Forge::GitHub => vec![
                "pr".to_owned(),
                "list".to_owned(),
                repo,
                format!("--head={branch}"),
                "--state=open".to_owned(),
                "--limit=50".to_owned(),
                "--json=number,url,title,body,headRepositoryOwner".to_owned(),
            ],
            Forge::GitLab => vec![
                "mr".to_owned(),
                "list".to_owned(),
                repo,
                format!("--source-branch={branch}"),
                "--output=json".to_owned(),
            ],
        };
        let said = self.output(&arguments, "")?;
        let odd = || format!("'{}' gave an answer that is no list of requests", self.forge.program());
        // Some versions say nothing, or so, where there is none.
        if !said.trim_start().starts_with('[') && !said.contains('{') {
            return Ok(Vec::new());
        }
        let all: Vec<Value> = serde_json::from_str(said.trim()).with_context(odd)?;
        let own = from == to;
        let of_branch = |one: &&Value| match self.forge {
            Forge::GitHub => {
                let login = one["headRepositoryOwner"]["login"].as_str();
                login.is_some_and(|login| login.eq_ignore_ascii_case(from.owner()))
            }
            Forge::GitLab => own == (one["source_project_id"] == one["target_project_id"]),
        };
        Ok(all.iter().filter(of_branch).filter_map(|one| self.found(one)).collect())
    }

    fn found(&self, one: &Value) -> Option<Found> {
        let (number, url, description) = match self.forge {
            Forge::GitHub => ("number", "url", "body"),
            Forge::GitLab => ("iid", "web_url", "description"),
        };
        let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
        let url = text(url);
        let plain = is_address(&url);
        Some(Found {
            number: one[number].as_u64()?,
            url: if plain { url } else { String::new() },
            title: text("title"),
            description: text(description),
        })
    }

    /// Opens one, and returns its number and page, where the program tells.
    ///
    /// # Errors
    /// The program failed; the forge refuses, as where there is one already.
    pub fn open(
        &self,
        between: &Between<'_>,
        (title, description): (&str, &str),
        draft: bool,
    ) -> Result<Option<(u64, String)>> {
        let Between { to, target, from, branch } = between;
        let other = from != to;
        let mut arguments = match self.forge {
            Forge::GitHub => {
                let owner = if other { format!("{}:", from.owner()) } else { String::new() };
                vec![
                    "pr".to_owned(),
                    "create".to_owned(),
                    format!("--repo={}", self.repo(to)),
                    format!("--head={owner}{branch}"),
                    format!("--base={target}"),
                    format!("--title={title}"),
                    "--body-file=-".to_owned(),
                ]
            }
            Forge::GitLab => vec![
                "mr".to_owned(),
                "create".to_owned(),
                format!("--repo={}", self.repo(to)),
                format!("--source-branch={branch}"),
                format!("--target-branch={target}"),
                format!("--title={title}"),
                format!("--description={description}"),
                "--yes".to_owned(),
            ],
        };
        arguments.extend((other && self.forge == Forge::GitLab).then(|| format!("--head={}", from.url())));
        arguments.extend(draft.then(|| "--draft".to_owned()));
        let said = self.output(&arguments, self.input(description))?;
        let page = said.split_whitespace().rev().find_map(|word| Some((number_of(word)?, word)));
        Ok(page.filter(|(_, url)| is_address(url)).map(|(number, url)| (number, url.to_owned())))
    }

    /// Writes title or description anew; `None` stays.
    ///
    /// # Errors
    /// The program failed.
    pub fn update(&self, to: &Site, number: u64, (title, description): (Option<&str>, Option<&str>)) -> Result<()> {
        let verbs = match self.forge {
            Forge::GitHub => ["pr", "edit"],
            Forge::GitLab => ["mr", "update"],
        };
        let mut arguments = verbs.map(str::to_owned).to_vec();
        arguments.extend([number.to_string(), format!("--repo={}", self.repo(to))]);
        arguments.extend(title.map(|title| format!("--title={title}")));
        arguments.extend(description.map(|description| match self.forge {
            Forge::GitHub => "--body-file=-".to_owned(),
            Forge::GitLab => format!("--description={description}"),
        }));
        self.output(&arguments, self.input(description.unwrap_or_default())).map(drop)
    }

    /// As the program takes a repository.
    fn repo(&self, site: &Site) -> String {
        match self.forge {
            Forge::GitHub => format!("{}/{}", site.host, site.path),
            Forge::GitLab => site.url(),
        }
    }

    fn input<'a>(&self, description: &'a str) -> &'a str {
        if self.forge == Forge::GitHub { description } else { "" }
    }

    /// Runs it with `input` on its stdin.
    ///
    /// # Errors
    /// It could not be run, or exited with another code than 0: then with its own words ([`Exit::Git`]).
    fn output(&self, arguments: &[String], input: &str) -> Result<String> {
        let name = self.forge.program();
        let could_not = || format!("could not run '{name}'");
        let mut command = (self.command)(&self.exe);
        OTHERS.iter().for_each(|variable| _ = command.env_remove(variable));
        command.args(arguments).current_dir(&self.dir).envs(QUIET);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(could_not)?;
        let stdin = child.stdin.take();
        let output = std::thread::scope(|scope| {
            // One that reads nothing of it has ended or wants none.
            scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input.as_bytes())));
            child.wait_with_output()
        });
        let output = output.with_context(could_not)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let said = if said.trim().is_empty() { format!("{}", output.status) } else { said.trim().to_owned() };
        Err(Failure::new(Exit::Git, format!("'{name} {}' failed: {said}", arguments[..2].join(" "))).into())
    }
}

/// Whether it is an address on the web that can be shown and recorded as it is.
fn is_address(url: &str) -> bool {
    let known = url.starts_with("https://") || url.starts_with("http://");
    known && url.len() <= 500 && url.bytes().all(|byte| byte.is_ascii_graphic())
}
