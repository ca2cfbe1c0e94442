//! What the target's own line of commits says of tasks and branches.

mod line;

use std::collections::HashMap;
use std::fmt::Write as _;

use self::line::{End, Line};
use super::cache_file::CacheFile;
use super::repo::{Repo, ours, theirs};
use crate::model::facts::Mention;
use crate::model::oid::Oid;
use crate::model::revert::{Revert, Reverts};

/// The first line of a cache file; a file that begins otherwise is none of ours.
const MAGIC: &[u8] = b"git-dispatch mentions 3\n";

/// The first-parent commits from `tip` on that name a task, a branch or a pull request, newest first. A merge of
/// several branches stands there once for each.
pub fn mentions(repo: &Repo, tip: Oid) -> Vec<Mention> {
    told(repo, tip).mentions
}

/// What the messages of the first-parent commits from `tip` on tell, newest first; where one that speaks of a revert is a
/// merge, also those of the commits it brought.
///
/// A commit that cannot be read ends the line, as the end of a shallow history does. What was found is kept in
/// `<common git dir>/dispatch/cache/mentions`, so that the next call reads the newer commits only.
pub(super) fn told(repo: &Repo, tip: Oid) -> Told {
    let file = CacheFile::new(repo.common_dir(), "mentions");
    let cache = Cache::read(&file).unwrap_or_default();
    if cache.tip == Some(tip) {
        return cache.told;
    }
    let (told, complete) = walk(repo, tip, cache);
    if complete {
        let cache = Cache { tip: Some(tip), told };
        // A cache that cannot be written costs time, no answer.
        _ = cache.write(&file);
        return cache.told;
    }
    told
}

/// What messages tell, newest first.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Told {
    pub mentions: Vec<Mention>,
    /// Each with the number of mentions that are not older.
    pub reverts: Vec<(usize, Revert)>,
}

impl Told {
    pub(super) fn reverts(&self) -> Reverts {
        Reverts::new(self.reverts.iter().map(|(_, revert)| revert))
    }

    /// Adds what `older` tells from its mention number `place` on; all of it where that is `None`.
    fn join(&mut self, older: Told, place: Option<usize>) {
        let (before, skipped) = (self.mentions.len(), place.unwrap_or(0));
        self.mentions.extend(older.mentions.into_iter().skip(skipped));
        let kept = older.reverts.into_iter().filter(|(newer, _)| place.is_none_or(|place| *newer > place));
        self.reverts.extend(kept.map(|(newer, revert)| (newer - skipped + before, revert)));
    }
}

/// Walks to the root, or to a commit that the cache knows; says whether it got there.
fn walk(repo: &Repo, tip: Oid, cache: Cache) -> (Told, bool) {
    let mut known: HashMap<Oid, Option<usize>> = HashMap::with_capacity(cache.told.mentions.len() + 1);
    for (place, mention) in cache.told.mentions.iter().enumerate().rev() {
        known.insert(mention.commit, Some(place));
    }
    known.extend(cache.tip.map(|tip| (tip, None)));
    let mut line = Line::new(repo);
    let mut found = Told::default();
    let mut next = theirs(tip);
    loop {
        if let Some(&place) = known.get(&ours(&next)) {
            found.join(cache.told, place);
            return (found, true);
        }
        let stretch = line.stretch(next, |id| known.contains_key(&ours(id)));
        match line.read(&stretch, &mut found) {
            End::At(parent) => next = parent,
            End::Root => return (found, true),
            End::Unreadable => return (found, false),
        }
    }
}

/// Everything that the line from `tip` to the root says.
#[derive(Debug, Default, PartialEq)]
struct Cache {
    tip: Option<Oid>,
    told: Told,
}

impl Cache {
    /// `None` where there is no such file, or it is damaged or of another kind.
    fn read(file: &CacheFile) -> Option<Cache> {
        let text = String::from_utf8(file.read(MAGIC)?).ok()?;
        let (head, rest) = text.split_once('\n')?;
        let mut told = Told::default();
        let mut lines = rest.lines();
        for line in lines.by_ref() {
            if line == "end" {
                break;
            }
            match line.strip_prefix("reverts\t") {
                Some(line) => told.reverts.push(reverting(line)?),
                None => told.mentions.push(mention(line)?),
            }
        }
        let (tip, count) = head.split_once(' ')?;
        let counted = count.parse() == Ok(told.mentions.len() + told.reverts.len());
        let whole = rest.ends_with("end\n") && counted && lines.next().is_none();
        whole.then_some(Cache { tip: Some(tip.parse().ok()?), told })
    }

    fn write(&self, file: &CacheFile) -> std::io::Result<()> {
        let Some(tip) = self.tip else { return Ok(()) };
        let Told { mentions, reverts } = &self.told;
        let mut text = format!("{tip} {}\n", mentions.len() + reverts.len());
        for Mention { commit, time, tasks, branch, pr } in mentions {
            let (branch, pr) = (branch.as_deref().unwrap_or_default(), pr.as_deref().unwrap_or_default());
            _ = writeln!(text, "{commit}\t{time}\t{pr}\t{branch}\t{}", tasks.join(","));
        }
        for (newer, Revert { commit, named, merged }) in reverts {
            _ = writeln!(text, "reverts\t{newer}\t{commit}\t{}\t{}", joined(named), joined(merged));
        }
        text.push_str("end\n");
        file.replace(MAGIC, text.as_bytes())
    }
}

fn joined(ids: &[Oid]) -> String {
    ids.iter().map(Oid::to_string).collect::<Vec<_>>().join(",")
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

/// Reads `<mentions> <commit> <named>,<named> <merged>,<merged>`, tabs between.
fn reverting(line: &str) -> Option<(usize, Revert)> {
    let mut fields = line.split('\t');
    let mut field = || fields.next();
    let (newer, commit, named, merged) = (field()?, field()?, field()?, field()?);
    let ids = |text: &str| -> Option<Vec<Oid>> {
        text.split(',').filter(|id| !id.is_empty()).map(|id| id.parse().ok()).collect()
    };
    Some((newer.parse().ok()?, Revert { commit: commit.parse().ok()?, named: ids(named)?, merged: ids(merged)? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_is_read_as_it_was_written_and_not_at_all_when_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let file = CacheFile::new(dir.path(), "mentions");
        let commit: Oid = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
        let some = |text: &str| Some(text.to_owned());
        let mentions = vec![
            Mention { commit, time: 5, tasks: vec!["A".into(), "B".into()], branch: some("task/ä"), pr: some("#1") },
            Mention { commit, time: -5, tasks: vec![], branch: None, pr: None },
        ];
        let reverts = vec![
            (1, Revert { commit, named: vec![commit], merged: vec![] }),
            (2, Revert { commit, named: vec![commit, commit], merged: vec![commit] }),
        ];
        let cache = Cache { tip: Some(commit), told: Told { mentions, reverts } };
        assert_eq!(Cache::read(&file), None);
        cache.write(&file).unwrap();
        assert_eq!(Cache::read(&file).as_ref(), Some(&cache));
        let whole = file.read(MAGIC).unwrap();
        for end in 0..whole.len() {
            file.replace(MAGIC, &whole[..end]).unwrap();
            assert_eq!(Cache::read(&file), None, "cut at {end}");
        }
    }

    #[test]
    fn a_target_that_was_set_back_forgets_the_reverts_since() {
        let id = |digit: char| -> Oid { digit.to_string().repeat(40).parse().unwrap() };
        let mention = |digit| Mention { commit: id(digit), time: 0, tasks: vec![], branch: None, pr: None };
        let revert = |digit| Revert { commit: id(digit), named: vec![id('1')], merged: vec![] };
        let older = || Told {
            mentions: vec![mention('5'), mention('3')],
            reverts: vec![(1, revert('5')), (1, revert('4')), (2, revert('3')), (2, revert('2'))],
        };
        let kept = |place| {
            let mut told = Told { mentions: vec![mention('6')], reverts: vec![(0, revert('7'))] };
            told.join(older(), place);
            let reverts = told.reverts.iter().map(|(newer, revert)| (*newer, revert.commit)).collect::<Vec<_>>();
            (told.mentions.len(), reverts)
        };
        let all = vec![(0, id('7')), (2, id('5')), (2, id('4')), (3, id('3')), (3, id('2'))];
        assert_eq!(kept(None), (3, all));
        assert_eq!(kept(Some(1)), (2, vec![(0, id('7')), (2, id('3')), (2, id('2'))]));
    }
}
