//! What landing commits say, and whose they are.

use crate::model::id::TaskId;

/// Of a commit: who made it, as git has it (`NAME <MAIL>`), and when, in git's raw form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    pub name: String,
    pub mail: String,
    pub date: String,
}

/// A commit of a task's own, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    pub author: Author,
    pub message: String,
}

/// The message of a landing commit: what the template made, then for several squashed commits their first lines, then those who
/// worked on it beside `author`, and the task.
pub fn message(text: &str, id: &TaskId, squashed: Option<(&[Work], &Author)>) -> String {
    let mut out = text.trim().to_owned();
    let mut trailers = Vec::new();
    if let Some((works, author)) = squashed {
        if works.len() > 1 {
            out.push_str("\n\n");
            let lines =
                works.iter().map(|work| format!("* {}", work.message.lines().next().unwrap_or_default().trim()));
            out.push_str(&lines.collect::<Vec<_>>().join("\n"));
        }
        trailers = others(works, author);
    }
    trailers.push(format!("Task: {id}"));
    format!("{out}\n\n{}\n", trailers.join("\n"))
}

/// Everybody but `author` who has a part in `works`: other authors, and who is named as a co-author already.
fn others(works: &[Work], author: &Author) -> Vec<String> {
    let mut seen: Vec<String> = vec![author.mail.to_ascii_lowercase()];
    let mut lines = Vec::new();
    let mut add = |who: &str| {
        let mail = who.rsplit_once('<').map_or(who, |(_, mail)| mail.trim_end_matches('>')).to_ascii_lowercase();
        if !who.is_empty() && !seen.contains(&mail) {
            seen.push(mail);
            lines.push(format!("Co-authored-by: {who}"));
        }
    };
    for work in works {
        add(&format!("{} <{}>", work.author.name, work.author.mail));
        let named = work.message.lines().filter_map(|line| {
            let (key, who) = line.split_once(':')?;
            key.eq_ignore_ascii_case("co-authored-by").then_some(who.trim())
        });
        named.for_each(&mut add);
    }
    lines
}

/// Whose a squashed commit is: who made most of `works`, of equals the first; with the date of the last commit of that author.
pub fn author(works: &[Work]) -> Option<&Author> {
    let made = |mail: &str| works.iter().filter(|work| work.author.mail == mail).count();
    let most = works.iter().rev().max_by_key(|work| made(&work.author.mail))?;
    let most = works.iter().find(|work| made(&work.author.mail) == made(&most.author.mail))?;
    works.iter().rev().map(|work| &work.author).find(|author| author.mail == most.author.mail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(name: &str, message: &str) -> Work {
        let author = Author { name: name.to_owned(), mail: format!("{name}@x"), date: "@1 +0000".to_owned() };
        Work { author, message: message.to_owned() }
    }

    #[test]
    fn a_squashed_commit_is_of_who_did_most_and_names_the_others() {
        let works = [
            work("a", "one\n\nCo-Authored-By: C <c@x>\n"),
            work("b", "two\n\nCo-authored-by: a <A@X>\n"),
            work("b", "three"),
        ];
        let whose = author(&works).unwrap();
        assert_eq!(whose.name, "b");
        let id: TaskId = "A".parse().unwrap();
        assert_eq!(
            message("Title (A)", &id, Some((&works, whose))),
            "Title (A)\n\n* one\n* two\n* three\n\nCo-authored-by: a <a@x>\nCo-authored-by: C <c@x>\nTask: A\n"
        );
        assert_eq!(message("Title (A)\n", &id, None), "Title (A)\n\nTask: A\n");
        assert_eq!(author(&works[..2]).unwrap().name, "a", "of equals the first");
        assert_eq!(message("T", &id, Some((&works[2..], &works[2].author))), "T\n\nTask: A\n");
    }
}
