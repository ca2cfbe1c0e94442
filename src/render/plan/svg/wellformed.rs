//! Whether text is well-formed XML, for tests: the part of it that our pictures use.

/// Why `text` is not well-formed; `None` if it is. Knows elements, quoted attributes, named and numbered entities.
pub(crate) fn fault(text: &str) -> Option<String> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    let mut roots = 0;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        if let Some(why) = character_fault(before) {
            return Some(why);
        }
        let Some(end) = end_of_tag(tag) else { return Some(format!("no end: {}", &tag[..tag.len().min(80)])) };
        let inside = &tag[1..end];
        rest = &tag[end + 1..];
        if let Some(name) = inside.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Some(format!("</{name}> closes nothing"));
            }
            continue;
        }
        let (inside, empty) = inside.strip_suffix('/').map_or((inside, false), |inside| (inside, true));
        let (name, attributes) = inside.split_once(' ').unwrap_or((inside, ""));
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == ':') {
            return Some(format!("<{name}> is no element"));
        }
        if let Some(why) = attribute_fault(attributes) {
            return Some(why);
        }
        roots += usize::from(open.is_empty());
        if !empty {
            open.push(name);
        }
    }
    (!open.is_empty() || roots != 1 || !rest.trim().is_empty()).then(|| format!("left open: {open:?}, roots {roots}"))
}

fn end_of_tag(tag: &str) -> Option<usize> {
    let mut quoted = false;
    tag.char_indices().find_map(|(at, character)| {
        quoted ^= character == '"';
        (character == '>' && !quoted).then_some(at)
    })
}

fn attribute_fault(mut rest: &str) -> Option<String> {
    let mut names = Vec::new();
    while !rest.trim().is_empty() {
        let (name, value) = rest.trim_start().split_once("=\"")?;
        let Some((value, after)) = value.split_once('"') else { return Some(format!("no quote after {name}")) };
        if names.contains(&name) || value.contains('<') {
            return Some(format!("attribute {name} twice, or with a tag in it"));
        }
        names.push(name);
        if let Some(why) = character_fault(value) {
            return Some(why);
        }
        rest = after;
    }
    None
}

fn character_fault(text: &str) -> Option<String> {
    let bad = |c: char| (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{fffe}' | '\u{ffff}' | '>');
    // Selectors of our own style sheet hold no such character either.
    if let Some(bad) = text.chars().find(|&c| bad(c)) {
        return Some(format!("{bad:?} in {text:?}"));
    }
    let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
    let unknown = text.split('&').skip(1).find(|rest| !known.iter().any(|entity| rest.starts_with(entity)));
    unknown.map(|rest| format!("&{} is no entity", rest.chars().take(8).collect::<String>()))
}

#[test]
fn what_is_not_well_formed_is_found() {
    assert_eq!(fault("<a b=\"1&lt;\"><c/>x &amp; y</a>\n"), None);
    for text in
        ["<a>", "<a></b>", "<a/><b/>", "<a b=\"1\" b=\"2\"/>", "<a>&nbsp;</a>", "<a>\u{1}</a>", "<a>></a>", "x<a/>y"]
    {
        assert!(fault(text).is_some(), "{text}");
    }
}
