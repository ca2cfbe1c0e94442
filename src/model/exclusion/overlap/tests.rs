use proptest::prelude::*;

use super::*;

fn pattern(text: &str) -> Pattern {
    text.parse().unwrap()
}

#[test]
fn patterns_meet_where_a_path_is_covered_by_both() {
    for (a, b, expected) in [
        ("src/foo", "src/foo", true),
        ("src/foo", "src/foobar", false),
        ("src/foo/", "src/foo/bar.rs", true),
        ("src", "src/**", true),
        ("src/**", "srcs/x", false),
        ("src/*.rs", "src/lib.rs", true),
        ("src/*.rs", "src/lib.c", false),
        ("src/*.rs", "src/a/lib.rs", false),
        ("src/*/x.rs", "src/foo", true),
        ("src/*/a.rs", "src/*/b.rs", false),
        ("src/l?b.rs", "src/lib.rs", true),
        ("src/l?b.rs", "src/club.rs", false),
        ("src/[ab].rs", "src/c.rs", false),
        ("src/[a-c].rs", "src/c.rs", true),
        ("src/[!a]b", "src/x/b", false),
        ("src/[!a]b", "src/xb/c", true),
        ("src[!a]b", "src/b", true),
        ("{src,docs}/a", "docs/a", true),
        ("{src,docs}/a", "lib/a", false),
        ("{src/a,b}/c", "src/a", true),
        ("**/Cargo.toml", "crates/a/Cargo.toml", true),
        ("**", "x", true),
        ("a/**/b", "a/c", true),
        ("./src/a", "src//a", true),
        (".", "a/[b]", true),
        ("migrations/*_*.sql", "migrations/001_init.sql", true),
        ("migrations/*_*.sql", "migrations/init.sql", false),
    ] {
        let (left, right) = (pattern(a), pattern(b));
        assert_eq!(meet(&left, &right), expected, "{a} and {b}");
        assert_eq!(meet(&right, &left), expected, "{b} and {a}");
    }
}

#[test]
fn the_place_of_a_meeting_is_named_as_precisely_as_the_patterns_do() {
    assert_eq!(meeting(&pattern("src/**"), &pattern("src/lib.rs")), "src/lib.rs");
    assert_eq!(meeting(&pattern("src/a/**"), &pattern("src/**")), "src/a/**");
    assert_eq!(meeting(&pattern("src"), &pattern("src/a")), "src/a");
}

/// Every path of up to `longest` of these letters and slashes, each after the folder that holds it.
struct Paths {
    texts: Vec<String>,
    folders: Vec<Option<usize>>,
}

impl Paths {
    fn new(letters: &str, longest: usize) -> Paths {
        let mut paths = Paths { texts: Vec::new(), folders: Vec::new() };
        // What is open: a text, and the index of the folder that it lies in.
        let mut open = vec![(String::new(), None)];
        while let Some((text, folder)) = open.pop() {
            let name = text.rsplit('/').next().unwrap();
            let mut below = None;
            if !name.is_empty() && name != "." && name != ".." {
                below = Some(paths.texts.len());
                paths.texts.push(text.clone());
                paths.folders.push(folder);
            }
            if text.len() < longest {
                open.extend(letters.chars().map(|letter| (format!("{text}{letter}"), folder)));
                open.extend(below.map(|below| (format!("{text}/"), Some(below))));
            }
        }
        paths
    }

    /// By path, whether the pattern covers it as globset and gitignore(5) say: it matches the path or a folder above it.
    fn covered(&self, pattern: &str) -> Vec<bool> {
        let matcher = matcher(&self::pattern(pattern)).unwrap();
        let mut covered: Vec<bool> = Vec::with_capacity(self.texts.len());
        for (text, folder) in self.texts.iter().zip(&self.folders) {
            covered.push(folder.is_some_and(|folder| covered[folder]) || matcher.is_match(text));
        }
        covered
    }
}

fn covers(pattern: &str, path: &[u8]) -> bool {
    use std::os::unix::ffi::OsStrExt as _;
    let matcher = matcher(&self::pattern(pattern)).unwrap();
    let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at).chain([path.len()]);
    ends.into_iter().any(|end| matcher.is_match(std::ffi::OsStr::from_bytes(&path[..end])))
}

/// Pieces of patterns, `X` for a second letter, and how many bytes each makes a path need at most.
const PIECES: [(&str, usize); 22] = [
    ("a", 1),
    ("X", 1),
    ("/", 1),
    ("*", 0),
    ("?", 1),
    ("**", 0),
    ("/**/", 1),
    ("**/", 0),
    ("/**", 2),
    ("/*", 1),
    ("[aX]", 1),
    ("[!a]", 1),
    ("[^X]", 1),
    ("[/a]", 1),
    ("[a-c]", 1),
    ("{a,X}", 1),
    ("{a,X*}", 1),
    ("{a/X,X}", 3),
    ("{**/a,X}", 1),
    ("\\a", 1),
    ("\\/", 1),
    ("{*,?X}", 2),
];

/// A pattern that makes a path need no more than `most` bytes.
fn small(most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES.to_vec()), 1..if most < 9 { 6 } else { 12 }).prop_filter_map(
        "too long",
        move |pieces| {
            let text: String = pieces.iter().map(|(piece, _)| *piece).collect();
            let length: usize = pieces.iter().map(|(_, length)| length).sum();
            let text = text.trim_start_matches('/').to_owned();
            (length <= most && !text.contains("//") && text.parse::<Pattern>().is_ok()).then_some(text)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A byte of a shortest path that both cover is needed by one of the two, for what only their stars take could be
    /// left out; but for one in a name that would else be empty or dots alone. So no path is longer than what both need,
    /// with two more for such names, and a search through all of those finds one if there is one.
    #[test]
    fn two_patterns_meet_if_and_only_if_some_path_is_covered_by_both(a in small(3), b in small(2), dots in any::<bool>()) {
        let other = if dots { "." } else { "b" };
        let (a, b) = (a.replace('X', other), b.replace('X', other));
        prop_assume!(a.parse::<Pattern>().is_ok() && b.parse::<Pattern>().is_ok());
        let paths = Paths::new(if dots { "a." } else { "abz" }, if dots { 8 } else { 6 });
        let (by_a, by_b) = (paths.covered(&a), paths.covered(&b));
        let both = by_a.iter().zip(by_b).position(|(a, b)| *a && b).map(|at| &paths.texts[at]);
        let met = meet(&pattern(&a), &pattern(&b));
        prop_assert_eq!(met, meet(&pattern(&b), &pattern(&a)), "{} and {}", b, a);
        match automaton::witness(&a, &b).unwrap() {
            Some(path) => prop_assert!(met && covers(&a, &path) && covers(&b, &path), "{a} and {b}: {path:?}"),
            None => prop_assert!(!met && both.is_none(), "{a} and {b} both cover {both:?}"),
        }
    }

    #[test]
    fn long_patterns_meet_only_where_there_is_a_path(a in small(usize::MAX), b in small(usize::MAX)) {
        let (a, b) = (a.replace('X', "b"), b.replace('X', "b"));
        let path = automaton::witness(&a, &b).unwrap();
        prop_assert_eq!(meet(&pattern(&a), &pattern(&b)), path.is_some(), "{} and {}", a, b);
        if let Some(path) = path {
            prop_assert!(covers(&a, &path) && covers(&b, &path), "{a} and {b}: {path:?}");
        }
    }
}

#[test]
fn comparing_takes_care_where_it_would_take_too_long() {
    let wide = |tail: &str| pattern(&format!("{}{tail}", "?*a".repeat(1000)));
    assert!(meet(&wide("[x]"), &wide("[y]")), "a careful yes");
    assert!(!meet(&wide("x"), &wide("y")), "a look at the ends is enough");
}
