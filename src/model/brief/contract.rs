//! The integration contract: a text of which some parts are clauses.
//!
//! A clause begins at a heading or a list item (CommonMark 0.31, 4.2, 4.3 and 5.2) with its id and a colon. That of a heading ends at the
//! next heading of its level or above, that of a list item where the item does. What stands in fenced code begins nothing.

use serde::Serialize;

/// A clause in full.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Clause {
    pub id: String,
    pub text: String,
}

/// A contract as one task sees it.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Clauses {
    /// In the order of the contract.
    pub fulfil: Vec<Clause>,
    /// Everything else in it.
    pub keep: Option<String>,
}

/// Where a clause stands: lines, the first included, the end not.
struct Extent<'t> {
    id: &'t str,
    start: usize,
    end: usize,
}

/// What a line is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Blank,
    /// With its level.
    Heading(usize),
    /// With the column of its marker, and that of its content.
    Item(usize, usize),
    /// Fence or content of fenced code, or what underlines a heading; with its column.
    Other(usize),
    /// With its column.
    Text(usize),
}

/// Splits `contract` by the clauses `wanted`; those that it does not have come back.
pub(super) fn clauses(contract: &str, wanted: &[String]) -> (Clauses, Vec<String>) {
    let lines: Vec<&str> = contract.lines().collect();
    let kinds = kinds(&lines);
    let extents = extents(&lines, &kinds);
    let mut chosen = vec![false; lines.len()];
    let mut clauses = Clauses::default();
    for one in extents.iter().filter(|one| wanted.iter().any(|id| id == one.id)) {
        let text = block(&lines[one.start..one.end]);
        // Within another one of the task it has been told.
        if !chosen[one.start] {
            clauses.fulfil.push(Clause { id: one.id.to_owned(), text });
        }
        chosen[one.start..one.end].fill(true);
    }
    let rest: Vec<&str> = lines.iter().zip(&chosen).filter(|(_, chosen)| !**chosen).map(|(line, _)| *line).collect();
    clauses.keep = Some(block(&rest)).filter(|text| !text.is_empty());
    let known = |id: &String| extents.iter().any(|one| one.id == id.as_str());
    (clauses, wanted.iter().filter(|id| !known(id)).cloned().collect())
}

/// Lines without blank ones at both ends.
fn block(lines: &[&str]) -> String {
    let full = |line: &&str| !line.trim().is_empty();
    let first = lines.iter().position(full).unwrap_or(lines.len());
    let end = lines.iter().rposition(full).map_or(first, |last| last + 1);
    lines[first..end].join("\n")
}

fn kinds(lines: &[&str]) -> Vec<Line> {
    let mut kinds: Vec<Line> = Vec::with_capacity(lines.len());
    let mut fence: Option<&str> = None;
    for line in lines {
        let bare = line.trim_start();
        let column = line.len() - bare.len();
        let kind = match fence {
            Some(open) => {
                let closes = bare.starts_with(open) && bare.trim_end().trim_start_matches(&open[..1]).is_empty();
                fence = if closes { None } else { fence };
                Line::Other(column)
            }
            None => {
                fence = ["```", "~~~"].into_iter().find_map(|mark| {
                    let length = bare.len() - bare.trim_start_matches(&mark[..1]).len();
                    bare.starts_with(mark).then(|| &bare[..length])
                });
                match (fence, kinds.last_mut()) {
                    (Some(_), _) => Line::Other(column),
                    (None, Some(before @ Line::Text(0..=3))) if underline(bare).is_some() => {
                        *before = Line::Heading(underline(bare).unwrap_or(1));
                        Line::Other(column)
                    }
                    _ => kind(bare, column),
                }
            }
        };
        kinds.push(kind);
    }
    kinds
}

/// The level of the heading that this underlines.
fn underline(bare: &str) -> Option<usize> {
    let bare = bare.trim_end();
    let all = |mark: char| !bare.is_empty() && bare.chars().all(|c| c == mark);
    if all('=') { Some(1) } else { all('-').then_some(2) }
}

fn kind(bare: &str, column: usize) -> Line {
    if bare.trim().is_empty() {
        return Line::Blank;
    }
    let hashes = bare.bytes().take_while(|&byte| byte == b'#').count();
    if (1..=6).contains(&hashes) && column < 4 && bare[hashes..].starts_with([' ', '\t']) {
        return Line::Heading(hashes);
    }
    match marker(bare) {
        Some(length) => Line::Item(column, column + length),
        None => Line::Text(column),
    }
}

/// How much of the line is the marker of a list item, with the blanks behind it.
fn marker(bare: &str) -> Option<usize> {
    let digits = bare.bytes().take_while(u8::is_ascii_digit).count();
    let sign = match digits {
        0 => bare.starts_with(['-', '*', '+']),
        1..=9 => bare[digits..].starts_with(['.', ')']),
        _ => false,
    };
    let rest = &bare[digits + usize::from(sign)..];
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    (sign && blanks > 0).then_some(digits + 1 + blanks)
}

/// All clauses in the order in which they begin; one may stand in another.
fn extents<'t>(lines: &[&'t str], kinds: &[Line]) -> Vec<Extent<'t>> {
    let mut extents = Vec::new();
    for (start, kind) in kinds.iter().enumerate() {
        let (content, ends): (&str, Box<dyn Fn(usize) -> bool>) = match *kind {
            Line::Heading(level) => {
                let ends = move |at: usize| matches!(kinds[at], Line::Heading(other) if other <= level);
                (lines[start].trim_start().trim_start_matches('#'), Box::new(ends))
            }
            Line::Item(column, content) => {
                let ends = move |at: usize| match kinds[at] {
                    Line::Blank => false,
                    Line::Heading(_) => true,
                    Line::Item(other, _) | Line::Other(other) => other <= column,
                    // A paragraph goes on in the next line, wherever that begins.
                    Line::Text(other) => other <= column && kinds[at - 1] == Line::Blank,
                };
                (&lines[start][content..], Box::new(ends))
            }
            _ => continue,
        };
        let Some(id) = id(content) else { continue };
        let end = (start + 1..lines.len()).find(|&at| ends(at)).unwrap_or(lines.len());
        extents.push(Extent { id, start, end });
    }
    extents
}

/// The id before the first colon, without emphasis and a box to tick.
fn id(content: &str) -> Option<&str> {
    let content = content.trim_start();
    let content = ["[ ] ", "[x] ", "[X] "].iter().find_map(|tick| content.strip_prefix(tick)).unwrap_or(content);
    let (id, _) = content.split_once(':')?;
    let id = id.trim().trim_matches(['*', '_', '`']).trim();
    (!id.is_empty()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTRACT: &str = "\
# Contract

Between all tasks.

## C1: Errors
- Input: any
- C1a: sub
```
## C2: not one
- C2: neither
```
### More
text

## **C2:** Types
one type

- C3: first line
goes on
  - nested: yes

  still C3
- [ ] `C4`: other
1. C5: numbered

The end

C6: Setext
----------
last
";

    fn split(wanted: &[&str]) -> (Vec<(String, String)>, String, Vec<String>) {
        let wanted: Vec<String> = wanted.iter().map(|id| (*id).to_owned()).collect();
        let (clauses, unknown) = clauses(CONTRACT, &wanted);
        let fulfil = clauses.fulfil.into_iter().map(|one| (one.id, one.text)).collect();
        (fulfil, clauses.keep.unwrap_or_default(), unknown)
    }

    fn only(id: &str) -> String {
        let (fulfil, keep, unknown) = split(&[id]);
        assert_eq!((fulfil.len(), unknown.len()), (1, 0), "{id}");
        assert!(!keep.contains(&fulfil[0].1), "{id}");
        fulfil[0].1.clone()
    }

    #[test]
    fn a_clause_goes_as_far_as_its_heading_or_its_list_item() {
        let c1 = only("C1");
        assert!(c1.starts_with("## C1: Errors\n- Input: any") && c1.ends_with("### More\ntext"), "{c1}");
        assert!(only("C2").starts_with("## **C2:** Types\none type"));
        assert!(only("C2").ends_with("The end"));
        assert_eq!(only("C1a"), "- C1a: sub");
        assert_eq!(only("C3"), "- C3: first line\ngoes on\n  - nested: yes\n\n  still C3");
        assert_eq!(only("C4"), "- [ ] `C4`: other");
        assert_eq!(only("C5"), "1. C5: numbered");
        assert_eq!(only("C6"), "C6: Setext\n----------\nlast");
    }

    #[test]
    fn every_line_is_told_once() {
        for wanted in [&["C1"][..], &["C1", "C1a"], &["C3", "C2"], &["C9", "C6"], &[]] {
            let (fulfil, keep, unknown) = split(wanted);
            let mut told: Vec<&str> = fulfil.iter().flat_map(|(_, text)| text.lines()).chain(keep.lines()).collect();
            let mut all: Vec<&str> = CONTRACT.lines().collect();
            told.retain(|line| !line.is_empty());
            all.retain(|line| !line.is_empty());
            told.sort_unstable();
            all.sort_unstable();
            assert_eq!(told, all, "{wanted:?}");
            assert_eq!(unknown, if wanted.contains(&"C9") { vec!["C9".to_owned()] } else { Vec::new() });
        }
    }

    #[test]
    fn any_text_is_split_without_a_panic() {
        for text in
            ["", "\n", "-", "- ", "#", "# :", "```", "```\n", "~~~~\n~~~\n", "é: x\n==", "- \u{a0}C1: x", "---\n- C1:"]
        {
            let (clauses, _) = clauses(text, &["C1".to_owned()]);
            assert!(clauses.fulfil.len() < 2, "{text:?}");
        }
    }
}
