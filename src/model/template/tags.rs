//! The tags of a template, for what has to be known of them before the engine sees it.

/// What stands between `{{` and `}}`, or `{%` and `%}`.
#[derive(Debug, Clone, Copy)]
pub struct Tag<'t> {
    /// Without the signs that take blanks around it away.
    pub inside: &'t str,
    pub line: usize,
    statement: bool,
}

impl<'t> Tag<'t> {
    /// The first word of a `{% … %}`.
    pub fn name(&self) -> Option<&'t str> {
        self.statement.then(|| self.words().next().unwrap_or_default())
    }

    pub fn words(&self) -> impl Iterator<Item = &'t str> {
        self.inside.split(|c: char| !c.is_alphanumeric() && c != '_')
    }

    /// All that is no part of a text in quotes.
    pub fn operators(&self) -> impl Iterator<Item = char> {
        let mut quote: Option<char> = None;
        self.inside.chars().filter(move |&character| {
            match quote {
                Some(mark) if mark == character => quote = None,
                Some(_) => {}
                None if matches!(character, '\'' | '"') => quote = Some(character),
                None => return true,
            }
            false
        })
    }

    /// `why` with the line.
    pub fn fault(&self, why: &str) -> String {
        format!("line {}: {why}", self.line)
    }
}

/// All tags of a template. Each ends where the engine sees its end.
///
/// # Errors
/// There is something that would shift that end: a text with a backslash, a parenthesis without its other. Or there is no end.
pub fn tags(template: &str) -> Result<Vec<Tag<'_>>, String> {
    let mut tags = Vec::new();
    let (mut rest, mut line) = (template, 1);
    while let Some(open) = rest.find("{{").into_iter().chain(rest.find("{%")).chain(rest.find("{#")).min() {
        line += rest[..open].matches('\n').count();
        let fault = |why: &str| format!("line {line}: {why}");
        let (kind, after) = (&rest[open..open + 2], &rest[open + 2..]);
        let close = match kind {
            "{{" => "}}",
            "{%" => "%}",
            _ => "#}",
        };
        let end = match kind {
            "{#" => after.find(close).ok_or("a comment without an end"),
            _ => end(after, close),
        };
        let end = end.map_err(fault)?;
        if kind != "{#" {
            let inside = after[..end].trim_matches(|c: char| c.is_whitespace() || matches!(c, '-' | '+'));
            tags.push(Tag { inside, line, statement: kind == "{%" });
        }
        line += after[..end].matches('\n').count();
        rest = &after[end + close.len()..];
    }
    Ok(tags)
}

/// Where the tag ends.
fn end(after: &str, close: &str) -> Result<usize, &'static str> {
    let mut quote: Option<char> = None;
    let mut depth = 0_usize;
    for (at, character) in after.char_indices() {
        match (quote, character) {
            (Some(_), '\\') => return Err("no backslash in a text of a tag"),
            (Some(mark), _) if mark == character => quote = None,
            (Some(_), _) => {}
            (None, _) if after[at..].starts_with(close) => {
                return if depth == 0 { Ok(at) } else { Err("a parenthesis is left open") };
            }
            (None, '\'' | '"') => quote = Some(character),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => {
                depth = depth.checked_sub(1).ok_or("a parenthesis is closed that was not opened")?
            }
            _ => {}
        }
    }
    Err("a tag without an end")
}
