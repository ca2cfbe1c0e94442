//! What the target's own line of commits says of tasks and branches.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use super::message;
use super::repo::{Repo, ours, theirs};
use crate::model::facts::Mention;
use crate::model::oid::Oid;

/// The first line of a cache file; a file that begins otherwise is none of ours.
const MAGIC: &str = "git-dispatch mentions 1";

/// The first-parent commits from `tip` on that name a task, a branch or a pull request, newest first. A merge of
/// several branches stands there once for each.
///
/// A commit that cannot be read ends the line, as the end of a shallow history does. What was found is kept in
/// `<common git dir>/dispatch/cache/mentions`, so that the next call reads the newer commits only.
pub fn mentions(repo: &Repo, tip: Oid) -> Vec<Mention> {
    let file = repo.common_dir().join("dispatch/cache/mentions");
    let cache = Cache::read(&file).unwrap_or_default();
    if cache.tip == Some(tip) {
        return cache.mentions;
    }
    let (mentions, complete) = walk(repo, tip, cache);
    if complete {
        let cache = Cache { tip: Some(tip), mentions };
        // A cache that cannot be written costs time, no answer.
        _ = cache.write(&file);
        return cache.mentions;
    }
    mentions
}

/// Walks to the root, or to a commit that the cache knows; says whether it got there.
fn walk(repo: &Repo, tip: Oid, cache: Cache) -> (Vec<Mention>, bool) {
    let mut known: HashMap<Oid, usize> = HashMap::with_capacity(cache.mentions.len() + 1);
    for (place, mention) in cache.mentions.iter().enumerate().rev() {
        known.insert(mention.commit, place);
    }
    known.extend(cache.tip.map(|tip| (tip, 0)));
    let mut found = Vec::new();
    let mut next = theirs(tip);
    loop {
        if let Some(&place) = known.get(&ours(&next)) {
            found.extend(cache.mentions.into_iter().skip(place));
            return (found, true);
        }
        let Ok(commit) = repo.gix.find_commit(next) else { return (found, false) };
        let Ok(decoded) = commit.decode() else { return (found, false) };
        let named = message::read(decoded.message);
        if !named.is_empty() {
            let time = decoded.committer().map_or(0, |committer| committer.seconds());
            found.extend(spread(named, ours(&next), time));
        }
        let Some(parent) = decoded.parents().next() else { return (found, true) };
        next = parent;
    }
}

fn spread(named: message::Named, commit: Oid, time: i64) -> impl Iterator<Item = Mention> {
    let mut branches: Vec<Option<String>> = named.branches.into_iter().map(Some).collect();
    if branches.is_empty() {
        branches.push(None);
    }
    let (tasks, pr) = (named.tasks, named.pr);
    branches.into_iter().map(move |branch| Mention { commit, time, tasks: tasks.clone(), branch, pr: pr.clone() })
}

/// Everything that the line from `tip` to the root says.
#[derive(Debug, Default, PartialEq)]
struct Cache {
    tip: Option<Oid>,
    mentions: Vec<Mention>,
}

impl Cache {
    /// `None` where there is no such file, or it is damaged or of another kind.
    fn read(file: &Path) -> Option<Cache> {
        let text = std::fs::read_to_string(file).ok()?;
        let (head, rest) = text.strip_prefix(MAGIC)?.strip_prefix(' ')?.split_once('\n')?;
        let mut mentions = Vec::new();
        let mut lines = rest.lines();
        for line in lines.by_ref() {
            if line == "end" {
                break;
            }
            mentions.push(mention(line)?);
        }
        let (tip, count) = head.split_once(' ')?;
        let whole = rest.ends_with("end\n") && count.parse() == Ok(mentions.len());
        (whole && lines.next().is_none()).then_some(Cache { tip: Some(tip.parse().ok()?), mentions })
    }

    fn write(&self, file: &Path) -> std::io::Result<()> {
        let Some((tip, dir)) = self.tip.zip(file.parent()) else { return Ok(()) };
        let mut text = format!("{MAGIC} {tip} {}\n", self.mentions.len());
        for Mention { commit, time, tasks, branch, pr } in &self.mentions {
            let (branch, pr) = (branch.as_deref().unwrap_or_default(), pr.as_deref().unwrap_or_default());
            _ = writeln!(text, "{commit}\t{time}\t{pr}\t{branch}\t{}", tasks.join(","));
        }
        text.push_str("end\n");
        std::fs::create_dir_all(dir)?;
        let mut new = tempfile::NamedTempFile::new_in(dir)?;
        new.write_all(text.as_bytes())?;
        new.persist(file)?;
        Ok(())
    }
}

/// Reads `<commit> <time> <pr> <branch> <task>,<task>`, tabs between; neither part can hold a tab.
fn mention(line: &str) -> Option<Mention> {
    let mut fields = line.split('\t');
    let mut field = || fields.next();
    let (commit, time, pr, branch, tasks) = (field()?, field()?, field()?, field()?, field()?);
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Some(Mention {
        commit: commit.parse().ok()?,
        time: time.parse().ok()?,
        tasks: tasks.split(',').filter(|task| !task.is_empty()).map(str::to_owned).collect(),
        branch: filled(branch),
        pr: filled(pr),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_is_read_as_it_was_written_and_not_at_all_when_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a/b/mentions");
        let commit: Oid = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
        let some = |text: &str| Some(text.to_owned());
        let mentions = vec![
            Mention { commit, time: 5, tasks: vec!["A".into(), "B".into()], branch: some("task/ä"), pr: some("#1") },
            Mention { commit, time: -5, tasks: vec![], branch: None, pr: None },
        ];
        let cache = Cache { tip: Some(commit), mentions };
        assert_eq!(Cache::read(&file), None);
        cache.write(&file).unwrap();
        assert_eq!(Cache::read(&file).as_ref(), Some(&cache));
        let whole = std::fs::read(&file).unwrap();
        for end in 0..whole.len() {
            std::fs::write(&file, &whole[..end]).unwrap();
            assert_eq!(Cache::read(&file), None, "cut at {end}");
        }
    }
}
