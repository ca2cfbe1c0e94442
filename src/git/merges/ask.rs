//! git's own word on merges.

use std::fmt::Write as _;

use anyhow::Result;

use super::super::parallel::{each, threads};
use super::super::program::{Version, run};
use super::super::quarantine::Quarantine;
use super::super::repo::Repo;
use crate::model::oid::Oid;
use crate::model::path::TreePath;

/// What git says of one merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub clean: bool,
    pub tree: Oid,
    pub conflicts: Vec<TreePath>,
}

/// A merge that git is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question {
    /// The only merge base, where git may be told; it need not look for it then, which is most of its work where no
    /// commit-graph is.
    pub base: Option<Oid>,
    pub pair: (Oid, Oid),
}

/// Whether git may be told the merge base (git 2.40), and says the same then: with other styles of conflicts than its own
/// it writes in which words the base was named.
pub(super) fn takes_bases(repo: &Repo) -> bool {
    let style = repo.config("merge.conflictStyle");
    repo.git.version >= Version(2, 40)
        && style.is_none_or(|style| style == "merge")
        && repo.config("extensions.worktreeConfig").is_none()
}

/// Pairs that deserve a git process of their own.
const FOR_A_PROCESS: usize = 12;

/// Into so many parts is the work of each process divided: some pairs take git a thousand times as long as others.
const PARTS: usize = 2;

/// git's answer to each pair; `None` where it gives none.
///
/// # Errors
/// git cannot be run, or there is no room for temporary files.
pub(super) fn ask_git(repo: &Repo, quarantine: &Quarantine, pairs: &[Question]) -> Result<Vec<Option<Said>>> {
    let processes = threads(pairs.len().div_ceil(FOR_A_PROCESS));
    if processes == 1 {
        return ask_in_turn(repo, quarantine, pairs);
    }
    // Neighbours share trees, so each process gets its part in one piece.
    let parts: Vec<&[Question]> = pairs.chunks(pairs.len().div_ceil(processes * PARTS).max(FOR_A_PROCESS)).collect();
    let states = (0..processes).map(|_| repo.clone()).collect();
    let answers = each(&parts, states, |repo: &mut Repo, part| ask_in_turn(repo, quarantine, part));
    let answers: Result<Vec<Vec<Option<Said>>>> = answers.into_iter().collect();
    Ok(answers?.into_iter().flatten().collect())
}

/// git's answers through one process, where this git allows that, and one more for each pair that it dies of.
fn ask_in_turn(repo: &Repo, quarantine: &Quarantine, pairs: &[Question]) -> Result<Vec<Option<Said>>> {
    if repo.git.version < Version(2, 39) {
        return pairs.iter().map(|question| ask_for_one(repo, quarantine, question)).collect();
    }
    let mut answers = Vec::new();
    while answers.len() < pairs.len() {
        let rest = &pairs[answers.len()..];
        answers.extend(ask_for_many(repo, quarantine, rest)?.into_iter().take(rest.len()).map(Some));
        if answers.len() < pairs.len() {
            answers.push(None);
        }
    }
    Ok(answers)
}

const MERGE_TREE: [&str; 5] = ["merge-tree", "--write-tree", "--name-only", "--no-messages", "-z"];

/// git's answers up to the first pair that it dies of.
fn ask_for_many(repo: &Repo, quarantine: &Quarantine, pairs: &[Question]) -> Result<Vec<Said>> {
    let mut lines = String::new();
    for Question { base, pair: (target, tip) } in pairs {
        _ = match base {
            Some(base) => writeln!(lines, "{base} -- {target} {tip}"),
            None => writeln!(lines, "{target} {tip}"),
        };
    }
    let mut command = quarantine.command(repo)?;
    command.args(MERGE_TREE).arg("--stdin").stdin(quarantine.input(lines.as_bytes())?);
    Ok(parse(&run(&mut command)?.stdout))
}

fn ask_for_one(
    repo: &Repo,
    quarantine: &Quarantine,
    Question { pair: (target, tip), .. }: &Question,
) -> Result<Option<Said>> {
    let mut command = quarantine.command(repo)?;
    command.args(MERGE_TREE).args([target.to_string(), tip.to_string()]);
    let output = run(&mut command)?;
    let mut answer = match output.status.code() {
        Some(0) => b"1\0".to_vec(),
        Some(1) => b"0\0".to_vec(),
        _ => return Ok(None),
    };
    answer.extend(output.stdout);
    answer.push(0);
    Ok(parse(&answer).into_iter().next())
}

/// Reads answers of `merge-tree --stdin -z --name-only --no-messages`: each is `1` (clean) or `0`, the tree, the
/// conflicted paths, and an empty string, all followed by NUL. An answer that is cut off is none.
fn parse(output: &[u8]) -> Vec<Said> {
    let mut answers = Vec::new();
    let mut fields = output.split_inclusive(|&byte| byte == 0).map_while(|field| field.strip_suffix(b"\0"));
    while let (Some(verdict), Some(tree)) = (fields.next(), fields.next()) {
        let Some(tree) = std::str::from_utf8(tree).ok().and_then(|hex| hex.parse().ok()) else { break };
        let mut conflicts = Vec::new();
        let end = loop {
            match fields.next() {
                Some(b"") => break true,
                Some(path) => conflicts.push(TreePath::new(path)),
                None => break false,
            }
        };
        if !end {
            break;
        }
        answers.push(Said { clean: verdict == b"1", tree, conflicts });
    }
    answers
}
