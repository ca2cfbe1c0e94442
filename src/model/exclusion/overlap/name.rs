//! Whether two names between slashes, of which each may be a glob, can be one name.

/// What can be said without building automata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::model::exclusion) enum Glance {
    Yes,
    No,
    /// Only their automata can tell.
    Unclear,
}

impl From<bool> for Glance {
    fn from(yes: bool) -> Glance {
        if yes { Glance::Yes } else { Glance::No }
    }
}

/// Whether it holds a character that makes a glob of it.
pub(in crate::model::exclusion) fn is_glob(name: &str) -> bool {
    name.bytes().any(is_special)
}

/// Whether it holds a class, a group or a backslash: then it may match no name at all.
pub(in crate::model::exclusion) fn is_intricate(name: &str) -> bool {
    name.bytes().any(|byte| matches!(byte, b'[' | b'{' | b'\\'))
}

/// Exact where it is not [`Glance::Unclear`]. Neither name is `**`, and an intricate one matches some name.
pub(in crate::model::exclusion) fn glance(a: &str, b: &str) -> Glance {
    match (is_glob(a), is_glob(b)) {
        (false, false) => (a == b).into(),
        (true, false) if !is_intricate(a) => wildcard(a.as_bytes(), b.as_bytes()).into(),
        (false, true) if !is_intricate(b) => wildcard(b.as_bytes(), a.as_bytes()).into(),
        _ if !ends_fit(a, b) => Glance::No,
        // What stands between the ends of one fits into a star of the other, and so the other way round.
        (true, true) if has_stars_only(a) && has_stars_only(b) => Glance::Yes,
        // A star alone is any name.
        _ if is_any(a) || is_any(b) => Glance::Yes,
        _ => Glance::Unclear,
    }
}

/// Whether it matches every name.
pub(in crate::model::exclusion) fn is_any(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte == b'*')
}

fn has_stars_only(glob: &str) -> bool {
    !is_intricate(glob) && !glob.contains('?')
}

/// Whether the byte makes a glob of a name.
pub(in crate::model::exclusion) fn is_special(byte: u8) -> bool {
    matches!(byte, b'*' | b'?' | b'[' | b'{' | b'\\')
}

/// Whether what stands before the first special character, and after the last, can begin and end one name.
fn ends_fit(a: &str, b: &str) -> bool {
    let ((head, tail), (other_head, other_tail)) = (ends(a), ends(b));
    let (heads, tails) = (head.len().min(other_head.len()), tail.len().min(other_tail.len()));
    head[..heads] == other_head[..heads] && tail[tail.len() - tails..] == other_tail[other_tail.len() - tails..]
}

/// What every name that it matches begins and ends with: what stands before the first special character, and after the
/// last; all of it where there is none.
pub(in crate::model::exclusion) fn ends(name: &str) -> (&[u8], &[u8]) {
    let name = name.as_bytes();
    let head = name.iter().position(|&byte| is_special(byte)).unwrap_or(name.len());
    let last = name.iter().rposition(|&byte| is_special(byte) || matches!(byte, b']' | b'}'));
    // The character behind a backslash may be longer than a byte.
    let tail =
        if name.contains(&b'\\') { name.len() } else { last.filter(|_| head < name.len()).map_or(0, |last| last + 1) };
    (&name[..head], &name[tail..])
}

/// Whether a glob of `*`, `?` (one byte) and plain characters matches a name. Goes back to the last star only, which is
/// enough: what an earlier star could give up, the last can take.
fn wildcard(glob: &[u8], name: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star = None;
    while read < name.len() {
        match glob.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(&byte) if byte == b'?' || byte == name[read] => {
                at += 1;
                read += 1;
            }
            _ => match star {
                Some((place, taken)) => {
                    star = Some((place, taken + 1));
                    at = place + 1;
                    read = taken + 1;
                }
                None => return false,
            },
        }
    }
    glob[at..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::automaton::witness;
    use super::*;

    proptest! {
        #[test]
        fn wildcards_match_as_globset_says(glob in "[ab*?]{1,6}", name in "[ab]{0,6}") {
            let matcher = crate::model::pattern::glob(&glob.replace("**", "*")).unwrap().compile_matcher();
            prop_assert_eq!(wildcard(glob.as_bytes(), name.as_bytes()), matcher.is_match(&name));
        }

        #[test]
        fn a_glance_is_right_or_unclear(a in name(), b in name()) {
            let expected = witness(&a, &b).unwrap().is_some();
            let glance = glance(&a, &b);
            prop_assert!(glance == Glance::Unclear || glance == Glance::from(expected), "{} and {}: {:?}", a, b, glance);
        }
    }

    /// Names that match something.
    fn name() -> impl Strategy<Value = String> {
        let part = prop::sample::select(vec!["a", "b", "ab", "*", "**", "?", "[ab]", "{a,bb}", "{a,}", ".", "é"]);
        prop::collection::vec(part, 1..5).prop_map(|parts| parts.concat()).prop_filter("no name", |name| {
            name != "**" && !name.chars().all(|character| character == '.') && witness(name, name).unwrap().is_some()
        })
    }
}
