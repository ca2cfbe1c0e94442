//! The file from which a shell prompt is answered: `<common git dir>/dispatch/cache/prompt`, one JSON object behind a line
//! that says what it is and a checksum. It is read without the library's repository and without a git process.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::cache_file::CacheFile;
use super::ledger::LEDGER_REF;
use super::pipes::refuse;
use super::read::read_bounded;
use super::reftable::{Stack, Value, is_stub};
use super::repo::{Repo, variable};
use super::worktrees::head_in;
use crate::model::facts::{Facts, Observed};
use crate::model::oid::Oid;
use crate::model::prompt::Prompt;

/// The first line of the file; a file that begins otherwise is none of ours.
const MAGIC: &[u8] = b"git-dispatch prompt 2\n";

/// So many refs are held against the repository; the branches of further tasks may move unseen.
const MOST_REFS: usize = 500;

/// What is kept, as seen from a folder.
#[derive(Debug, PartialEq, Eq)]
pub struct Kept {
    pub prompt: Prompt,
    /// The branch that is checked out there.
    pub branch: Option<String>,
    /// One of the refs has moved since, or is gone.
    pub stale: bool,
}

/// Keeps `prompt`, with the refs that `facts` rest on. A file that cannot be written costs a segment, and no answer.
pub fn keep_prompt(repo: &Repo, mut prompt: Prompt, facts: &Facts) {
    let full = |name: &str, at: Oid| {
        let names = [format!("refs/heads/{name}"), format!("refs/remotes/{name}")];
        Some((names.into_iter().find(|name| repo.commit_of(name).ok().flatten() == Some(at))?, Some(at)))
    };
    let target = &facts.target;
    prompt.refs.extend(full(&target.name, target.commit));
    prompt.refs.extend(target.upstream.as_ref().and_then(|upstream| full(&upstream.name, upstream.commit)));
    prompt.refs.extend([(LEDGER_REF.to_owned(), facts.ledger.tip)]);
    let of_task = |seen: &Observed| {
        let branch = seen.branch.as_ref()?;
        let local = || format!("refs/heads/{}", branch.name);
        let twin = seen.twin.as_ref().and_then(|twin| twin.followed());
        Some((twin.map_or_else(local, |twin| format!("refs/remotes/{twin}")), Some(branch.tip)))
    };
    let seen = prompt.tasks.iter().filter_map(|task| facts.tasks.get(&task.id));
    prompt.refs.extend(seen.filter_map(of_task).collect::<Vec<_>>());
    prompt.refs.truncate(MOST_REFS);
    _ = write(&file(repo.common_dir()), &prompt);
}

fn file(common: &Path) -> CacheFile {
    CacheFile::new(common, "prompt")
}

fn write(file: &CacheFile, prompt: &Prompt) -> std::io::Result<()> {
    file.replace(MAGIC, &serde_json::to_vec(prompt)?)
}

/// What was kept for the repository that `dir` lies in; `None` where there is none, or nothing whole.
pub fn kept_prompt(dir: &Path) -> Option<Kept> {
    refuse(dir).ok()?;
    let git_dir = git_dir(dir)?;
    let common = match read_bounded(&git_dir.join("commondir")) {
        Ok(path) => git_dir.join(OsString::from_vec(path.trim_ascii().to_vec())),
        Err(_) => git_dir.clone(),
    };
    let prompt: Prompt = serde_json::from_slice(&file(&common).read(MAGIC)?).ok()?;
    let head = head_in(&git_dir).and_then(|head| String::from_utf8(head).ok());
    let branch = head.and_then(|head| Some(head.strip_prefix("ref: refs/heads/")?.trim_end().to_owned()));
    let stale = prompt.refs.len() > MOST_REFS || moved(&common, &prompt.refs);
    Some(Kept { prompt, branch, stale })
}

fn git_dir(dir: &Path) -> Option<PathBuf> {
    if let Some(named) = variable("GIT_DIR") {
        return Some(dir.join(named));
    }
    let options = gix::discover::upwards::Options::default().apply_environment();
    let (found, _) = gix::discover::upwards_opts(dir, options).ok()?;
    Some(found.into_repository_and_work_tree_directories().0)
}

/// Whether one of the refs is not as recorded. Each is a file of its own, or stands in `packed-refs`; or all are in a reftable.
fn moved(common: &Path, refs: &[(String, Option<Oid>)]) -> bool {
    if read_bounded(&common.join("HEAD")).is_ok_and(|head| is_stub(&head)) {
        let Ok(found) = Stack::of(common).refs() else { return true };
        return refs.iter().any(|(name, at)| found.get(name.as_bytes()) != at.map(Value::Object).as_ref());
    }
    let mut packed: HashMap<&str, Option<Oid>> = HashMap::new();
    for (name, at) in refs {
        let sane = name.starts_with("refs/") && !name.split('/').any(|part| matches!(part, "" | "." | ".."));
        match sane.then(|| read_bounded(&common.join(name))) {
            None => return true,
            Some(Ok(text)) if at.is_some() && parsed(&text) == *at => {}
            Some(Ok(_)) => return true,
            Some(Err(_)) => _ = packed.insert(name, *at),
        }
    }
    if packed.is_empty() {
        return false;
    }
    let text = read_bounded(&common.join("packed-refs")).unwrap_or_default();
    let lines = text.split(|&byte| byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok()?.split_once(' '));
    let found: BTreeMap<&str, &str> =
        lines.map(|(id, name)| (name, id)).filter(|(name, _)| packed.contains_key(name)).collect();
    packed.iter().any(|(name, at)| found.get(name).and_then(|id| id.parse().ok()) != *at)
}

fn parsed(text: &[u8]) -> Option<Oid> {
    std::str::from_utf8(text.trim_ascii()).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::prompt::Brief;

    #[test]
    fn what_is_kept_is_found_again_and_not_at_all_when_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let git = dir.path().join(".git");
        for folder in ["objects", "refs/heads"] {
            std::fs::create_dir_all(git.join(folder)).unwrap();
        }
        std::fs::write(git.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        let at: Oid = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
        let (id, branch) = ("A".parse().unwrap(), "task/A".to_owned());
        let task = Brief { id, branch, ahead: Some(1), behind: None, ready: true, trouble: false };
        let refs = ["refs/heads/main", "refs/heads/b"].map(|name| (name.to_owned(), Some(at))).to_vec();
        let prompt = Prompt { refs, tasks: vec![task] };
        assert_eq!(kept_prompt(dir.path()), None);
        let file = git.join("dispatch/cache/prompt");
        write(&self::file(&git), &prompt).unwrap();
        let kept = |stale| Some(Kept { prompt: prompt.clone(), branch: Some("main".into()), stale });
        assert_eq!(kept_prompt(dir.path()), kept(true), "no such refs");
        std::fs::write(git.join("refs/heads/main"), format!("{at}\n")).unwrap();
        std::fs::write(git.join("packed-refs"), format!("# pack-refs with: peeled\n{at} refs/heads/b\n^{at}\n"))
            .unwrap();
        assert_eq!(kept_prompt(dir.path()), kept(false));
        std::fs::write(git.join("refs/heads/b"), "f".repeat(40)).unwrap();
        assert_eq!(kept_prompt(dir.path()), kept(true));
        let whole = std::fs::read(&file).unwrap();
        for end in 0..whole.len() {
            std::fs::write(&file, &whole[..end]).unwrap();
            assert_eq!(kept_prompt(dir.path()), None, "cut at {end}");
        }
    }

    #[test]
    fn a_ref_that_leads_elsewhere_is_never_opened() {
        let dir = tempfile::tempdir().unwrap();
        let at: Oid = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
        std::fs::write(dir.path().join("x"), at.to_string()).unwrap();
        for name in ["refs/../x", "x", "/x", "refs//x"] {
            assert!(moved(dir.path(), &[(name.to_owned(), Some(at))]), "{name}");
        }
    }
}
