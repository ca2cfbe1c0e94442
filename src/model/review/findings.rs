//! What reviewers found and have not taken back.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::model::ledger::{Judged, Review};

/// What has to be addressed, in the words of who found it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    pub text: String,
    pub critical: bool,
    /// Who says so, each once.
    pub by: Vec<String>,
    /// Whether as many of the reviewers say so as it takes.
    pub counts: bool,
}

/// Findings and rejections in the order in which they were first made. Who approves takes back what that reviewer found before;
/// what is accepted is accepted for all.
///
/// With `reviewers`, a finding counts from two thirds of them on, a critical one from all; a rejection always counts.
pub fn open(reviews: &[Judged], reviewers: &[String]) -> Vec<Finding> {
    let accepted = reviews.iter().rposition(|judged| judged.review.verdict == "accept").map_or(0, |at| at + 1);
    let since: Vec<&Review> = reviews[accepted..].iter().map(|judged| &judged.review).collect();
    let standing = |(at, review): &(usize, &&Review)| {
        let later = &since[at + 1..];
        !later.iter().any(|other| other.verdict == "approve" && other.reviewer == review.reviewer)
    };
    let mut found: Vec<(Finding, bool)> = Vec::new();
    for (_, review) in since.iter().enumerate().filter(standing) {
        let rejection = review.verdict == "reject";
        if !rejection && review.verdict != "finding" {
            continue;
        }
        let Some(text) = review.text.as_deref().map(str::trim).filter(|text| !text.is_empty()) else { continue };
        let same = |(one, other): &&mut (Finding, bool)| one.text == text && *other == rejection;
        match found.iter_mut().find(same) {
            Some((one, _)) => {
                one.critical |= review.critical;
                if !one.by.contains(&review.reviewer) {
                    one.by.push(review.reviewer.clone());
                }
            }
            None => {
                let (text, by) = (text.to_owned(), vec![review.reviewer.clone()]);
                found.push((Finding { text, critical: review.critical, by, counts: false }, rejection));
            }
        }
    }
    let all: BTreeSet<&str> = reviewers.iter().map(String::as_str).collect();
    let counts = |(mut one, rejection): (Finding, bool)| {
        let agree = one.by.iter().filter(|name| all.contains(name.as_str())).count();
        let enough = if one.critical { agree == all.len() } else { 3 * agree >= 2 * all.len() };
        one.counts = rejection || all.is_empty() || enough;
        one
    };
    found.into_iter().map(counts).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample;

    fn judged(verdict: &str, reviewer: &str, text: &str) -> Judged {
        let review = Review { critical: text.starts_with('!'), ..sample::review(verdict, reviewer, text) };
        Judged { at: jiff::Timestamp::UNIX_EPOCH, by: String::new(), review }
    }

    fn open_of(reviews: &[(&str, &str, &str)], reviewers: &[&str]) -> Vec<(String, usize, bool)> {
        let reviews: Vec<Judged> = reviews.iter().map(|(verdict, by, text)| judged(verdict, by, text)).collect();
        let reviewers: Vec<String> = reviewers.iter().map(|name| (*name).to_owned()).collect();
        open(&reviews, &reviewers).into_iter().map(|one| (one.text, one.by.len(), one.counts)).collect()
    }

    #[test]
    fn an_approval_takes_back_what_the_same_reviewer_found() {
        let story = [("finding", "a", "x"), ("finding", "b", "y"), ("approve", "a", ""), ("reject", "a", "z")];
        assert_eq!(open_of(&story, &[]), [("y".into(), 1, true), ("z".into(), 1, true)]);
        let accepted = [("finding", "a", "x"), ("accept", "c", "seen"), ("finding", "b", " ")];
        assert_eq!(open_of(&accepted, &[]), []);
    }

    #[test]
    fn with_reviewers_two_thirds_have_to_agree_and_all_on_what_is_critical() {
        let reviewers = ["a", "b", "c"];
        let one = [("finding", "a", "x"), ("finding", "a", "x"), ("finding", "z", "x")];
        assert_eq!(open_of(&one, &reviewers), [("x".into(), 2, false)]);
        let two = [("finding", "a", "x"), ("finding", "b", " x ")];
        assert_eq!(open_of(&two, &reviewers), [("x".into(), 2, true)]);
        let critical = [("finding", "a", "!x"), ("finding", "b", "!x")];
        assert_eq!(open_of(&critical, &reviewers), [("!x".into(), 2, false)]);
        assert_eq!(open_of(&[("reject", "a", "x")], &reviewers), [("x".into(), 1, true)]);
    }
}
