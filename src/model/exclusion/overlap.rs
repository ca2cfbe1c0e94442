//! Whether two path patterns can cover one path, decided from the patterns alone.

use crate::model::pattern::Pattern;

/// Whether some path may be covered by both patterns; never a wrong *no*.
///
/// Patterns are compared folder by folder. Exact for two literals: one that names a folder covers everything below it.
/// A *yes* may be too careful where both have a glob in the same place, and after `**`.
pub fn meet(a: &Pattern, b: &Pattern) -> bool {
    let (mut left, mut right) = (components(a.as_str()), components(b.as_str()));
    let mut literal = true;
    loop {
        let (Some(one), Some(other)) = (left.next(), right.next()) else {
            // What is named so far is a folder that covers whatever the other names below.
            return true;
        };
        let globs = (is_glob(one), is_glob(other));
        if literal && globs != (false, false) {
            literal = false;
            if !is_component_wise(a.as_str()) || !is_component_wise(b.as_str()) {
                return true;
            }
        }
        let same = match globs {
            (false, false) => one == other,
            _ if one == b"**" || other == b"**" => return true,
            (true, true) => true,
            (true, false) => matches(one, other),
            (false, true) => matches(other, one),
        };
        if !same {
            return false;
        }
    }
}

/// The text that says best where `a` and `b` meet: a literal one, else the more precise one.
pub fn meeting<'p>(a: &'p Pattern, b: &'p Pattern) -> &'p str {
    let precision = |pattern: &Pattern| (pattern.is_literal(), pattern.literal_prefix().len());
    if precision(b) > precision(a) { b.as_str() } else { a.as_str() }
}

/// Whether `path` is `folder` or lies below it.
pub fn is_at_or_below(path: &str, folder: &str) -> bool {
    match path.strip_prefix(folder) {
        Some(rest) => folder.is_empty() || rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}

/// The names between slashes, as bytes: this runs for every pair of patterns, and searching a `str` costs more.
fn components(text: &str) -> impl Iterator<Item = &[u8]> {
    text.as_bytes().split(|&byte| byte == b'/').filter(|component| !matches!(*component, b"" | b"."))
}

/// Whether the pattern means the same when each of its components is read alone: no group or class that could hold a `/`.
fn is_component_wise(text: &str) -> bool {
    if text.contains('\\') {
        return false;
    }
    let groups = match (text.find('{'), text.rfind('}')) {
        (Some(open), Some(close)) if open < close => {
            let inside = &text[open..close];
            !inside.contains('/') && !inside.contains("**")
        }
        (None, None) => true,
        _ => false,
    };
    groups && text.split('[').skip(1).all(is_plain_class)
}

/// Whether what follows a `[` is a class of letters, digits and `_`, or of ranges between them.
fn is_plain_class(rest: &str) -> bool {
    let Some(end) = rest.find(']') else { return false };
    let class = &rest.as_bytes()[..end];
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    !class.is_empty()
        && class.iter().enumerate().all(|(at, byte)| {
            word(byte) || *byte == b'-' && at > 0 && word(&class[at - 1]) && class.get(at + 1).is_none_or(word)
        })
}

fn is_glob(component: &[u8]) -> bool {
    component.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[' | b'{' | b'\\'))
}

/// Whether a component that is a glob matches a name.
fn matches(glob: &[u8], name: &[u8]) -> bool {
    let (Ok(glob), Ok(name)) = (std::str::from_utf8(glob), std::str::from_utf8(name)) else { return true };
    if !glob.contains(['?', '[', '{']) {
        return matches_stars(glob, name);
    }
    match globset::GlobBuilder::new(glob).literal_separator(true).build() {
        Ok(glob) => glob.compile_matcher().is_match(name),
        Err(_) => true,
    }
}

/// A glob whose only special character is `*`, without building an automaton for it.
fn matches_stars(glob: &str, name: &str) -> bool {
    let mut parts = glob.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
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
            ("src/[!a]b", "src/x/b", true),
            ("{src,docs}/a", "docs/a", true),
            ("{src,docs}/a", "lib/a", false),
            ("{src/a,b}/c", "src/a", true),
            ("**/Cargo.toml", "crates/a/Cargo.toml", true),
            ("**", "x", true),
            ("a/**/b", "a/c", true),
            ("./src/a", "src//a", true),
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

    /// Whether a pattern covers a path by gitignore(5): it matches the path or a folder above it.
    fn covers(pattern: &str, path: &str) -> bool {
        let glob = globset::GlobBuilder::new(pattern.trim_end_matches('/')).literal_separator(true).build().unwrap();
        let matcher = glob.compile_matcher();
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        ends.into_iter().any(|end| matcher.is_match(&path[..end]))
    }

    fn component() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec!["a", "b", "ab", "*", "**", "a*", "?", "[ab]", "[!a]", "{a,b}", "{a/b,b}", "*b"])
    }

    proptest! {
        #[test]
        fn patterns_that_cover_one_path_meet(
            a in prop::collection::vec(component(), 1..4),
            b in prop::collection::vec(component(), 1..4),
            path in prop::collection::vec(prop::sample::select(vec!["a", "b", "ab"]), 1..5),
        ) {
            let (a, b, path) = (a.join("/"), b.join("/"), path.join("/"));
            if covers(&a, &path) && covers(&b, &path) {
                prop_assert!(meet(&pattern(&a), &pattern(&b)), "{a} and {b} both cover {path}");
            }
        }

        #[test]
        fn stars_match_as_globset_says(glob in "[ab*]{1,6}", name in "[ab]{0,6}") {
            let matcher = globset::GlobBuilder::new(&glob.replace("**", "*")).literal_separator(true).build().unwrap();
            prop_assert_eq!(matches_stars(&glob, &name), matcher.compile_matcher().is_match(&name));
        }
    }
}
