//! Counts that cost much, kept: what they are for three commits never changes.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::{Counted, Counts};
use crate::git::cache_file::CacheFile;
use crate::model::oid::Oid;

/// The first line of a cache file; a file that begins otherwise is none of ours.
const MAGIC: &[u8] = b"git-dispatch counts 2\n";
/// The last line: a file without it is cut off.
const END: &str = "end\n";
/// Counts that are kept.
const MOST: usize = 4096;

/// Counts by target and branch. Of the counts that are kept, all but `missing` are known, or do not apply.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Cache(HashMap<(Oid, Counted), Counts>);

impl Cache {
    /// Empty where there is no such file, or it is damaged or of another kind.
    pub fn read(file: &CacheFile) -> Cache {
        Cache::parsed(file).unwrap_or_default()
    }

    pub fn known(&self, target: Oid, branch: Counted) -> Option<Counts> {
        self.0.get(&(target, branch)).copied()
    }

    /// Keeps what `new` says, and of the rest what there is room for. Another process that writes at the same time may
    /// win.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(mut self, file: &CacheFile, target: Oid, new: &[(Counted, Counts)]) -> std::io::Result<()> {
        let mut text = String::new();
        let sound = new.iter().filter(|(_, counts)| counts.missing.is_none()).take(MOST);
        let mut room = MOST;
        for &(branch, counts) in sound {
            self.0.remove(&(target, branch));
            line(&mut text, (target, branch), counts);
            room -= 1;
        }
        self.0.iter().take(room).for_each(|(&key, &counts)| line(&mut text, key, counts));
        text.push_str(END);
        file.replace(MAGIC, text.as_bytes())
    }

    fn parsed(file: &CacheFile) -> Option<Cache> {
        let text = String::from_utf8(file.read(MAGIC)?).ok()?;
        let lines = text.strip_suffix(END)?;
        lines.split_terminator('\n').map(parsed).collect::<Option<_>>().map(Cache)
    }
}

/// Writes `<target> <tip> <base> <ahead> <behind> <own> <contains base> <more of target> <merge base>`; `-`: none.
fn line(text: &mut String, (target, Counted { tip, base }): (Oid, Counted), counts: Counts) {
    fn or_none(value: Option<impl ToString>) -> String {
        value.map_or_else(|| "-".to_owned(), |value| value.to_string())
    }
    let Counts { ahead, behind, own, contains_base, has_more_of_target, merge_base, missing: _ } = counts;
    let fields = [
        or_none(base),
        or_none(ahead),
        or_none(behind),
        or_none(own),
        or_none(contains_base),
        or_none(has_more_of_target),
        or_none(merge_base),
    ];
    _ = writeln!(text, "{target} {tip} {}", fields.join(" "));
}

fn parsed(line: &str) -> Option<((Oid, Counted), Counts)> {
    fn read<T: std::str::FromStr>(field: Option<&str>) -> Option<Option<T>> {
        match field? {
            "-" => Some(None),
            value => value.parse().ok().map(Some),
        }
    }
    let mut fields = line.split(' ');
    let mut next = || fields.next();
    let (target, tip) = (next()?.parse().ok()?, next()?.parse().ok()?);
    let branch = Counted { tip, base: read(next())? };
    let counts = Counts {
        ahead: read(next())?,
        behind: read(next())?,
        own: read(next())?,
        contains_base: read(next())?,
        has_more_of_target: read(next())?,
        merge_base: read(next())?,
        missing: None,
    };
    next().is_none().then_some(((target, branch), counts))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oid(digit: char) -> Oid {
        digit.to_string().repeat(40).parse().unwrap()
    }

    fn sample(tip: char) -> (Counted, Counts) {
        let counts = Counts {
            ahead: Some(3),
            behind: Some(0),
            own: Some(7),
            contains_base: Some(true),
            has_more_of_target: Some(false),
            merge_base: Some(oid('5')),
            missing: None,
        };
        (Counted { tip: oid(tip), base: Some(oid('2')) }, counts)
    }

    #[test]
    fn what_was_written_is_read_and_nothing_where_it_is_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let file = CacheFile::new(dir.path(), "counts");
        let alone = (Counted { tip: oid('4'), base: None }, Counts { ahead: Some(1), ..Counts::default() });
        let lost = (Counted { tip: oid('6'), base: None }, Counts { missing: Some(oid('6')), ..Counts::default() });
        Cache::read(&file).write(&file, oid('0'), &[sample('1'), alone, lost]).unwrap();
        Cache::read(&file).write(&file, oid('9'), &[sample('1')]).unwrap();
        let cache = Cache::read(&file);
        assert_eq!(cache.known(oid('0'), sample('1').0), Some(sample('1').1));
        assert_eq!(cache.known(oid('9'), sample('1').0), Some(sample('1').1));
        assert_eq!(cache.known(oid('0'), alone.0), Some(alone.1));
        assert_eq!(cache.known(oid('0'), lost.0), None);
        let whole = file.read(MAGIC).unwrap();
        for end in 0..whole.len() {
            file.replace(MAGIC, &whole[..end]).unwrap();
            assert_eq!(Cache::read(&file), Cache::default(), "cut at {end}");
        }
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let dir = tempfile::tempdir().unwrap();
        let file = CacheFile::new(dir.path(), "counts");
        let many: Vec<(Counted, Counts)> = (0..MOST + 10)
            .map(|number| (Counted { tip: format!("{number:040x}").parse().unwrap(), base: None }, Counts::default()))
            .collect();
        Cache::default().write(&file, oid('0'), &many).unwrap();
        assert_eq!(Cache::read(&file).0.len(), MOST);
        Cache::read(&file).write(&file, oid('1'), &[sample('1')]).unwrap();
        assert_eq!(Cache::read(&file).0.len(), MOST);
        assert_eq!(Cache::read(&file).known(oid('1'), sample('1').0), Some(sample('1').1));
    }
}
