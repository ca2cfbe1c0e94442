//! Which of many patterns cover a path.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use globset::{Candidate, Glob, GlobSet, GlobSetBuilder};

use super::overlap::{is_special, tidy};
use crate::model::pattern::{Pattern, glob};

/// Patterns, each with whom it belongs to, prepared for many paths.
///
/// A pattern covers what it matches and everything below that, as in gitignore(5). Nearly all patterns are a path or
/// `folder/**`: those are looked up, and only the others are matched.
pub struct Cover<'p, O> {
    /// Plain paths: they cover themselves, and what lies below them.
    plain: HashMap<Cow<'p, [u8]>, Vec<O>>,
    /// `folder/**` covers what lies below the folder, but no file in its place.
    below: HashMap<Cow<'p, [u8]>, Vec<O>>,
    globs: Vec<(GlobSet, Vec<O>)>,
}

/// Asks a [`Cover`] about paths; what it learnt of a folder, it remembers.
pub struct Lookup<'c, 'p, O> {
    cover: &'c Cover<'p, O>,
    folders: HashMap<Vec<u8>, Vec<O>>,
}

impl<'p, O: Copy + Ord> Cover<'p, O> {
    pub fn new(patterns: impl IntoIterator<Item = (&'p Pattern, O)>) -> Cover<'p, O> {
        let mut cover = Cover { plain: HashMap::new(), below: HashMap::new(), globs: Vec::new() };
        let mut globs: Vec<(Glob, O)> = Vec::new();
        for (pattern, owner) in patterns {
            let text = tidy(pattern.as_str());
            let folder = if text == "**" { Some(0) } else { text.strip_suffix("/**").map(str::len) };
            let is_plain = |text: &str| !text.bytes().any(is_special);
            match folder.filter(|&end| is_plain(&text[..end])) {
                Some(end) => cover.below.entry(bytes(text, end)).or_default().push(owner),
                None if is_plain(&text) => {
                    let end = text.len();
                    cover.plain.entry(bytes(text, end)).or_default().push(owner);
                }
                None => globs.extend(glob(&text).ok().map(|glob| (glob, owner))),
            }
        }
        cover.globs = sets(&globs);
        cover
    }

    pub fn lookup(&self) -> Lookup<'_, 'p, O> {
        Lookup { cover: self, folders: HashMap::new() }
    }

    /// Adds whose patterns match `path` itself.
    fn at(&self, path: &[u8], owners: &mut Vec<O>) {
        owners.extend(self.plain.get(path).into_iter().flatten());
        if self.globs.is_empty() {
            return;
        }
        let candidate = Candidate::new(OsStr::from_bytes(path));
        for (set, whose) in &self.globs {
            owners.extend(set.matches_candidate(&candidate).into_iter().map(|at| whose[at]));
        }
    }
}

impl<O: Copy + Ord> Lookup<'_, '_, O> {
    /// Whose patterns cover `path`, in order, each once.
    pub fn owners(&mut self, path: &[u8]) -> Vec<O> {
        let parent = path.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
        let mut owners = self.folder(&path[..parent]);
        self.cover.at(path, &mut owners);
        owners.sort_unstable();
        owners.dedup();
        owners
    }

    /// Whose patterns cover everything below `folder`, which is empty for the top.
    fn folder(&mut self, folder: &[u8]) -> Vec<O> {
        // From the top down, and no deeper than what is known already: paths may have thousands of folders.
        let mut known = folder.len();
        while known > 0 && !self.folders.contains_key(&folder[..known]) {
            known = folder[..known].iter().rposition(|&byte| byte == b'/').unwrap_or(0);
        }
        let mut owners = match self.folders.get(&folder[..known]) {
            Some(owners) => owners.clone(),
            None => self.cover.below.get(&b""[..]).cloned().unwrap_or_default(),
        };
        let deeper = (known + 1..=folder.len()).filter(|&end| folder.get(end).is_none_or(|&byte| byte == b'/'));
        for end in deeper.filter(|_| known < folder.len()) {
            self.cover.at(&folder[..end], &mut owners);
            owners.extend(self.cover.below.get(&folder[..end]).into_iter().flatten());
            owners.sort_unstable();
            owners.dedup();
            self.folders.insert(folder[..end].to_vec(), owners.clone());
        }
        owners
    }
}

fn bytes(text: Cow<'_, str>, end: usize) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text.as_bytes()[..end]),
        Cow::Owned(text) => Cow::Owned(text.as_bytes()[..end].to_vec()),
    }
}

/// Few sets of many globs: halves where all of them together are too large for one.
fn sets<O: Copy>(globs: &[(Glob, O)]) -> Vec<(GlobSet, Vec<O>)> {
    if globs.is_empty() {
        return Vec::new();
    }
    let mut builder = GlobSetBuilder::new();
    globs.iter().for_each(|(glob, _)| _ = builder.add(glob.clone()));
    match builder.build() {
        Ok(set) => vec![(set, globs.iter().map(|(_, owner)| *owner).collect())],
        Err(_) if globs.len() > 1 => {
            let (one, other) = globs.split_at(globs.len() / 2);
            [sets(one), sets(other)].concat()
        }
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::exclusion::overlap::matcher;

    fn pattern(text: &str) -> Pattern {
        text.parse().unwrap()
    }

    /// As gitignore(5) says it, one pattern and one folder after the other.
    fn covers(text: &str, path: &[u8]) -> bool {
        let matcher = matcher(&pattern(text)).unwrap();
        let ends = (0..path.len()).filter(|&at| path[at] == b'/').chain([path.len()]);
        ends.into_iter().any(|end| matcher.is_match(OsStr::from_bytes(&path[..end])))
    }

    fn asked(patterns: &[&str], path: &[u8]) -> Vec<usize> {
        let patterns: Vec<Pattern> = patterns.iter().map(|text| pattern(text)).collect();
        Cover::new(patterns.iter().zip(0..)).lookup().owners(path)
    }

    #[test]
    fn a_pattern_covers_what_it_matches_and_everything_below() {
        let patterns = ["src", "src/**", "src/*.rs", "./src//a/", "**", "**/b", "docs/?"];
        for (path, expected) in [
            ("src", &[0, 4][..]),
            ("src/a", &[0, 1, 3, 4]),
            ("src/a/x/b", &[0, 1, 3, 4, 5]),
            ("src/x.rs", &[0, 1, 2, 4]),
            ("src/x.rs/deep/er", &[0, 1, 2, 4]),
            ("docs/b/c", &[4, 5, 6]),
            ("b", &[4, 5]),
        ] {
            assert_eq!(asked(&patterns, path.as_bytes()), expected, "{path}");
        }
        assert_eq!(asked(&["a/*", "a/\u{fc}"], b"a/\xff\n"), [0]);
        assert_eq!(asked(&["a/*", "a/\u{fc}"], "a/\u{fc}".as_bytes()), [0, 1]);
    }

    proptest! {
        #[test]
        fn many_patterns_at_once_cover_what_each_covers_alone(
            patterns in prop::collection::vec("(a|b|\\*|\\*\\*|\\?|\\[ab\\]|\\{a,b/a\\})(/(a|b|\\*|\\*\\*|a\\*|\\.)){0,3}/?", 1..6),
            paths in prop::collection::vec("[ab]{1,2}(/[ab]{1,2}){0,4}", 1..8),
        ) {
            let texts: Vec<&str> = patterns.iter().map(String::as_str).collect();
            let all: Vec<Pattern> = texts.iter().map(|text| pattern(text)).collect();
            let cover = Cover::new(all.iter().zip(0..));
            let mut lookup = cover.lookup();
            for path in &paths {
                let each = (0..texts.len()).filter(|&at| covers(texts[at], path.as_bytes()));
                prop_assert_eq!(lookup.owners(path.as_bytes()), each.collect::<Vec<usize>>(), "{} {:?}", path, texts);
            }
        }
    }
}
