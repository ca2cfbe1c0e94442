//! Files that are copied from the main worktree into new ones: how each is known again, and what was left out.

use std::collections::BTreeMap;
use std::fmt;

use super::id::TaskId;
use super::path::TreePath;

/// How a copy looked when it was made: one that looks so still was not changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Print {
    /// A symlink, and no regular file.
    pub link: bool,
    /// In bytes; of a symlink, that of its target.
    pub size: u64,
    /// When its content was changed last, which it has in common with the original: seconds since 1970, and nanoseconds.
    pub modified: (i64, u32),
}

/// Copies by their paths from the top.
pub type Prints = BTreeMap<Vec<u8>, Print>;

impl Print {
    /// Whether a file that looks like `now` is the copy as it was made. Some file systems keep no fractions of a second.
    pub fn is_still(&self, now: &Print) -> bool {
        let whole = now.modified == (self.modified.0, 0);
        (self.link, self.size) == (now.link, now.size) && (now.modified == self.modified || whole)
    }
}

/// One record for each copy: kind, size, time and path, ended by a NUL.
pub fn written(prints: &Prints) -> Vec<u8> {
    let mut out = Vec::new();
    for (path, print) in prints {
        let kind = if print.link { 'l' } else { 'f' };
        let (seconds, nanos) = print.modified;
        out.extend_from_slice(format!("{kind} {} {seconds} {nanos} ", print.size).as_bytes());
        out.extend_from_slice(path);
        out.push(0);
    }
    out
}

/// What [`written`] wrote; `None` where it did not.
pub fn read(text: &[u8]) -> Option<Prints> {
    let mut prints = Prints::new();
    for record in text.split_inclusive(|byte| *byte == 0) {
        let mut fields = record.strip_suffix(b"\0")?.splitn(5, |byte| *byte == b' ');
        let mut word = || std::str::from_utf8(fields.next()?).ok();
        let link = match word()? {
            "l" => true,
            "f" => false,
            _ => return None,
        };
        let (size, seconds, nanos) = (word()?.parse().ok()?, word()?.parse().ok()?, word()?.parse().ok()?);
        prints.insert(fields.next()?.to_vec(), Print { link, size, modified: (seconds, nanos) });
    }
    Some(prints)
}

/// Why something that was asked for is not copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// A symlink that leads out of the worktree, or into `.git`.
    LeadsOut,
    /// A pipe, a socket or a device.
    NoFile,
    /// A folder that is a repository of its own.
    Repository,
    /// It cannot be read, or lies too deep.
    Unreadable,
    /// In the worktree, something of another kind stands there: a symlink or a file in place of a folder, or a folder in place of a file.
    InTheWay,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::LeadsOut => "a symlink that leads out of the worktree",
            Why::NoFile => "no file, but a pipe, a socket or a device",
            Why::Repository => "a repository of its own",
            Why::Unreadable => "not to be read",
            Why::InTheWay => "in the way",
        })
    }
}

/// What was left out, by reason: the first, and how many there are.
pub type LeftOut = BTreeMap<Why, (TreePath, usize)>;

/// Notes one more.
pub fn leave_out(all: &mut LeftOut, why: Why, path: &[u8]) {
    all.entry(why).or_insert_with(|| (TreePath::new(path), 0)).1 += 1;
}

/// What was copied for a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Copied {
    pub id: TaskId,
    /// How many files and symlinks.
    pub files: usize,
    pub left_out: LeftOut,
    /// What failed, or that it cannot be remembered what was copied.
    pub fault: Option<String>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_record_that_is_cut_or_odd_is_none() {
        assert_eq!(read(b""), Some(Prints::new()));
        assert!(read(b"f 1 2 3 a b\0").is_some());
        for odd in [&b"f 1 2 3 a"[..], b"x 1 2 3 a\0", b"f -1 2 3 a\0", b"f 1 2 a\0", b"f 1 2 3\0", b"\0"] {
            assert_eq!(read(odd), None, "{}", String::from_utf8_lossy(odd));
        }
    }

    #[test]
    fn a_copy_is_known_by_kind_size_and_time() {
        let print = Print { link: false, size: 3, modified: (7, 5) };
        assert!(print.is_still(&print) && print.is_still(&Print { modified: (7, 0), ..print }));
        for other in [
            Print { link: true, ..print },
            Print { size: 4, ..print },
            Print { modified: (7, 6), ..print },
            Print { modified: (8, 0), ..print },
        ] {
            assert!(!print.is_still(&other), "{other:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            all in proptest::collection::btree_map(
                proptest::collection::vec(1u8.., 1..20),
                (any::<bool>(), any::<u64>(), any::<(i64, u32)>()),
                0..20,
            )
        ) {
            let print = |(link, size, modified)| Print { link, size, modified };
            let prints: Prints = all.into_iter().map(|(path, one)| (path, print(one))).collect();
            prop_assert_eq!(read(&written(&prints)), Some(prints));
        }
    }
}
