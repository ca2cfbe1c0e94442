//! What was found of each branch, so that a target that moved on costs its new commits only.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use super::Found;
use crate::git::cache_file::CacheFile;
use crate::git::merges::settings;
use crate::git::quarantine::Quarantine;
use crate::git::repo::Repo;
use crate::model::facts::{Brought, How};
use crate::model::oid::Oid;

/// The first line of a cache file; a file that begins otherwise is none of ours.
const MAGIC: &[u8] = b"git-dispatch brought 3\n";
/// Bytes; what would not fit is looked for again.
const LARGEST: usize = 4 << 20;

/// A branch's tip, and where its own commits begin.
pub(super) type Key = (Oid, Option<Oid>);

/// What was found on the target's line up to a commit of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub seen: Oid,
    pub found: Found,
}

/// The file `<common git dir>/dispatch/cache/brought`.
pub(super) struct Cache {
    /// With the first line behind the magic; `None` where nothing can be kept.
    file: Option<(CacheFile, String)>,
    pub entries: HashMap<Key, Entry>,
}

impl Cache {
    /// Empty where there is no file, or it is damaged, or was written under other settings, with other attributes or by another git.
    pub(super) fn open(repo: &Repo, quarantine: &Quarantine) -> Cache {
        let Some(settings) = settings(repo, quarantine) else { return Cache { file: None, entries: HashMap::new() } };
        let file = CacheFile::new(repo.common_dir(), "brought");
        let head = settings.to_string();
        let text = file.read(MAGIC).and_then(|text| String::from_utf8(text).ok()).unwrap_or_default();
        Cache { entries: entries(&text, &head).unwrap_or_default(), file: Some((file, head)) }
    }

    /// Writes `newest` and what else fits. A cache that cannot be written costs time, no answer.
    pub(super) fn write(&self, newest: &[(Key, Entry)]) {
        let Some((file, head)) = &self.file else { return };
        let mut text = format!("{head}\n");
        let new: HashSet<&Key> = newest.iter().map(|(key, _)| key).collect();
        let others = self.entries.iter().filter(|(key, _)| !new.contains(key));
        for (key, entry) in newest.iter().map(|(key, entry)| (key, entry)).chain(others) {
            let line = line(key, entry);
            if text.len() + line.len() <= LARGEST {
                text.push_str(&line);
            }
        }
        text.push_str("end\n");
        _ = file.replace(MAGIC, text.as_bytes());
    }
}

/// `<tip> <base> <seen> <how> <commit> <pr> <own>:<carrier>,…`, tabs between; what there is none of is empty.
fn line((tip, base): &Key, Entry { seen, found }: &Entry) -> String {
    let base = base.map(|base| base.to_string()).unwrap_or_default();
    let (how, commit, pr) = match &found.brought {
        Some(Brought { how, commit, pr }) => (word(*how), commit.to_string(), pr.clone().unwrap_or_default()),
        None => ("", String::new(), String::new()),
    };
    let mut line = format!("{tip}\t{base}\t{seen}\t{how}\t{commit}\t{pr}\t");
    for (number, (own, carrier)) in found.carried.iter().enumerate() {
        _ = write!(line, "{}{own}:{carrier}", if number == 0 { "" } else { "," });
    }
    line.push('\n');
    line
}

fn word(how: How) -> &'static str {
    match how {
        How::Squash => "squash",
        How::Rebase => "rebase",
    }
}

fn entries(text: &str, head: &str) -> Option<HashMap<Key, Entry>> {
    let rest = text.strip_prefix(head)?.strip_prefix('\n')?.strip_suffix("end\n")?;
    rest.lines().map(entry).collect()
}

fn entry(line: &str) -> Option<(Key, Entry)> {
    let mut fields = line.split('\t');
    let mut field = || fields.next();
    let (tip, base, seen, how) = (field()?, field()?, field()?, field()?);
    let (commit, pr, carried) = (field()?, field()?, field()?);
    let how = [How::Squash, How::Rebase].into_iter().find(|one| word(*one) == how);
    let pr = (!pr.is_empty()).then(|| pr.to_owned());
    let brought = how.map(|how| Some(Brought { how, commit: commit.parse().ok()?, pr }));
    let pair = |pair: &str| -> Option<(Oid, Oid)> {
        let (own, carrier) = pair.split_once(':')?;
        Some((own.parse().ok()?, carrier.parse().ok()?))
    };
    let base = if base.is_empty() { None } else { Some(base.parse().ok()?) };
    let found = Found {
        brought: brought.map_or(Some(None), |brought| brought.map(Some))?,
        carried: carried.split(',').filter(|pair| !pair.is_empty()).map(pair).collect::<Option<_>>()?,
    };
    Some(((tip.parse().ok()?, base), Entry { seen: seen.parse().ok()?, found }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_as_they_were_written_and_not_at_all_when_damaged() {
        let id = |digit: char| -> Oid { digit.to_string().repeat(40).parse().unwrap() };
        let none = Found::default();
        let squash = Brought { how: How::Squash, commit: id('3'), pr: Some("#12".to_owned()) };
        let squash = Found { brought: Some(squash), carried: vec![] };
        let rebase = Brought { how: How::Rebase, commit: id('4'), pr: None };
        let rebase = Found { brought: Some(rebase), carried: vec![(id('5'), id('4')), (id('6'), id('7'))] };
        let all: HashMap<Key, Entry> = [(None, none), (Some(id('1')), squash), (Some(id('2')), rebase)]
            .into_iter()
            .map(|(base, found)| ((id('a'), base), Entry { seen: id('9'), found }))
            .collect();
        let text: String = all.iter().map(|(key, entry)| line(key, entry)).collect();
        let text = format!("head\n{text}end\n");
        assert_eq!(entries(&text, "head").as_ref(), Some(&all));
        assert_eq!(entries(&text, "other"), None);
        for end in 0..text.len() {
            assert_eq!(entries(&text[..end], "head"), None, "cut at {end}");
        }
    }
}
