//! What one asks about one task: its commits, the paths they changed, and where a merge breaks.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use jiff::Timestamp;

use super::program::run;
use super::quarantine::{Quarantine, without_fetching};
use super::repo::Repo;
use crate::model::oid::Oid;
use crate::model::path::TreePath;
use crate::model::watch::{Commit, Conflict, Place, Touched};

/// Commits told.
const COMMITS: usize = 50;
/// Paths told of what commits changed.
const FILES: usize = 500;
/// Paths whose conflicts are shown, of one merge.
const PLACES: usize = 8;
/// Lines shown of one path.
const LINES: usize = 120;
/// Lines shown around a conflict.
const AROUND: usize = 3;
/// Larger files are not read for their conflicts, in bytes.
const LARGEST: u64 = 4 << 20;

/// The newest commits of `base..tip`, at most fifty, and whether there are more. Nothing where git gives no answer.
pub fn commits(repo: &Repo, base: Oid, tip: Oid) -> (Vec<Commit>, bool) {
    let most = format!("--max-count={}", COMMITS + 1);
    let range = format!("{base}..{tip}");
    let arguments = ["log", "-z", "--no-show-signature", "--format=%H %ct %s", &most, "--end-of-options", &range, "--"];
    let said = asked(repo, &arguments).unwrap_or_default();
    let mut commits: Vec<Commit> = fields(&said).filter_map(commit).collect();
    let more = commits.len() > COMMITS;
    commits.truncate(COMMITS);
    (commits, more)
}

fn commit(line: &[u8]) -> Option<Commit> {
    let line = String::from_utf8_lossy(line);
    let mut words = line.splitn(3, ' ');
    let id = words.next()?.parse().ok()?;
    let at = Timestamp::from_second(words.next()?.parse().ok()?).ok()?;
    Some(Commit { id, at, subject: words.next().unwrap_or_default().to_owned() })
}

/// What lies between `base` and `tip`: at most five hundred paths; `None` where git gives no answer.
pub fn touched(repo: &Repo, base: Oid, tip: Oid) -> Option<Vec<Touched>> {
    let (base, tip) = (base.to_string(), tip.to_string());
    let arguments =
        ["diff-tree", "-r", "-z", "--numstat", "--no-renames", "--no-ext-diff", "--no-textconv", &base, &tip];
    let said = asked(repo, &arguments)?;
    Some(fields(&said).filter_map(numbers).take(FILES).collect())
}

/// One `added TAB removed TAB path`.
fn numbers(line: &[u8]) -> Option<Touched> {
    let mut parts = line.splitn(3, |&byte| byte == b'\t');
    let mut number = || std::str::from_utf8(parts.next()?).ok()?.parse().ok();
    let lines = Option::zip(number(), number());
    Some(Touched { path: TreePath::new(parts.next()?), lines })
}

/// Where merging `theirs` into `ours` breaks; `None` where it does not, or git gives no answer. Nothing is written to the
/// repository. `names` are what the two are called in the markers.
pub fn conflict(repo: &Repo, quarantine: &Quarantine, sides: (Oid, Oid), names: (&str, &str)) -> Option<Conflict> {
    let (ours, theirs) = (sides.0.to_string(), sides.1.to_string());
    let mut command = quarantine.command(repo).ok()?;
    command.args(["merge-tree", "--write-tree", "--name-only", "--messages", "-z", &ours, &theirs]);
    let output = run(&mut command).ok().filter(|output| output.status.code() == Some(1))?;
    let (tree, paths, mut said) = parse(&output.stdout)?;
    let renamed = |text: &str| text.replace(&ours, names.0).replace(&theirs, names.1);
    said.iter_mut().for_each(|said| *said = renamed(said));
    let mut conflict = Conflict { with: names.0.to_owned(), said, places: Vec::new(), cut: paths.len() > PLACES };
    for path in paths.into_iter().take(PLACES) {
        let content = content(repo, quarantine, &tree, &path).unwrap_or_default();
        let (mut lines, cut) = marked(&String::from_utf8_lossy(&content));
        lines.iter_mut().filter(|(_, text)| is_marker(text)).for_each(|(_, text)| *text = renamed(text));
        conflict.cut |= cut;
        conflict.places.push(Place { path, lines });
    }
    Some(conflict)
}

/// Tree, conflicted paths, and the messages about conflicts of `merge-tree -z --name-only --messages`: tree, paths, an empty
/// field; then for each message the number of its paths, these, its kind and its text.
fn parse(output: &[u8]) -> Option<(String, Vec<TreePath>, Vec<String>)> {
    let mut fields = output.split_inclusive(|&byte| byte == 0).map_while(|field| field.strip_suffix(b"\0"));
    let tree = String::from_utf8(fields.next()?.to_vec()).ok()?;
    let paths: Vec<TreePath> = fields.by_ref().take_while(|field| !field.is_empty()).map(TreePath::new).collect();
    let mut said = Vec::new();
    while let Some(number) = fields.next().and_then(|field| std::str::from_utf8(field).ok()?.parse::<usize>().ok()) {
        let kind = fields.nth(number).unwrap_or_default();
        let text = fields.next().unwrap_or_default();
        if kind.starts_with(b"CONFLICT") && said.len() < PLACES {
            said.push(String::from_utf8_lossy(text).trim_end().to_owned());
        }
    }
    Some((tree, paths, said))
}

/// The file at `path` in a tree of the quarantine; `None` where there is none, or it is too large.
fn content(repo: &Repo, quarantine: &Quarantine, tree: &str, path: &TreePath) -> Option<Vec<u8>> {
    let mut name = OsString::from(format!("{tree}:"));
    name.push(OsStr::from_bytes(path.as_bytes()));
    let ask = |what: &str| {
        let mut command = quarantine.command(repo).ok()?;
        let output = run(command.args(["cat-file", what]).arg(&name)).ok()?;
        output.status.success().then_some(output.stdout)
    };
    let size: u64 = String::from_utf8(ask("-s")?).ok()?.trim().parse().ok()?;
    if size <= LARGEST { ask("blob") } else { None }
}

/// The lines of a file around its conflict markers, numbered from 1, and whether some were cut.
fn marked(text: &str) -> (Vec<(usize, String)>, bool) {
    let all: Vec<&str> = text.lines().collect();
    let mut near = vec![false; all.len()];
    let mut inside = false;
    for (at, line) in all.iter().enumerate() {
        let starts = is_marker(line) && line.starts_with('<');
        let ends = inside && is_marker(line) && line.starts_with('>');
        if starts || ends {
            let around = at.saturating_sub(AROUND)..(at + AROUND + 1).min(all.len());
            near[around].iter_mut().for_each(|near| *near = true);
        }
        inside = (inside || starts) && !ends;
        near[at] |= inside;
    }
    let shown = all.iter().enumerate().filter(|(at, _)| near[*at]).map(|(at, line)| (at + 1, (*line).to_owned()));
    let mut shown: Vec<(usize, String)> = shown.collect();
    let cut = shown.len() > LINES;
    shown.truncate(LINES);
    (shown, cut)
}

fn is_marker(line: &str) -> bool {
    ["<<<<<<<", "|||||||", "=======", ">>>>>>>"].iter().any(|marker| line.starts_with(marker))
}

/// What a git command of the repository prints; `None` where it fails.
fn asked(repo: &Repo, arguments: &[&str]) -> Option<Vec<u8>> {
    let mut command = repo.command();
    without_fetching(&mut command);
    let output = run(command.args(arguments)).ok()?;
    output.status.success().then_some(output.stdout)
}

fn fields(output: &[u8]) -> impl Iterator<Item = &[u8]> {
    output.split(|&byte| byte == 0).filter(|field| !field.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_about_conflicts_follow_the_paths() {
        let output = b"aaaa\0src/a.rs\0b\0\x001\0src/a.rs\0Auto-merging\0Auto-merging src/a.rs\n\0\
            2\0b\0c\0CONFLICT (modify/delete)\0CONFLICT (modify/delete): b deleted\n\0";
        let (tree, paths, said) = parse(output).unwrap();
        assert_eq!(tree, "aaaa");
        assert_eq!(paths, ["src/a.rs".into(), "b".into()]);
        assert_eq!(said, ["CONFLICT (modify/delete): b deleted"]);
        assert!(parse(b"").is_none());
        assert_eq!(parse(b"aaaa\0b\0").unwrap().2, Vec::<String>::new());
    }

    #[test]
    fn the_lines_around_markers_are_shown_and_no_others() {
        let mut text: Vec<String> = (1..=30).map(|number| format!("line {number}")).collect();
        text.splice(9..9, ["<<<<<<< x", "ours", "=======", "theirs", ">>>>>>> y"].map(str::to_owned));
        let (lines, cut) = marked(&text.join("\n"));
        assert_eq!(lines.iter().map(|(number, _)| *number).collect::<Vec<_>>(), (7..=17).collect::<Vec<_>>());
        assert_eq!((lines[3].1.as_str(), cut), ("<<<<<<< x", false));
        assert_eq!(marked("=======\nno conflict\n"), (Vec::new(), false));
        let long = format!("<<<<<<< x\n{}", "a\n".repeat(500));
        assert_eq!((marked(&long).0.len(), marked(&long).1), (LINES, true));
    }

    #[test]
    fn numbers_of_binary_files_are_unknown() {
        assert_eq!(numbers(b"3\t1\ta\tb"), Some(Touched { path: "a\tb".into(), lines: Some((3, 1)) }));
        assert_eq!(numbers(b"-\t-\tx.png"), Some(Touched { path: "x.png".into(), lines: None }));
    }
}
