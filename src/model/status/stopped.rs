//! What a task that has stopped waits for, and the ways out.

use super::Row;
use super::notes::{Around, Note};
use super::reviews::quoted;
use crate::model::ledger::{Report, Said};
use crate::model::state::State;
use crate::model::text::{cut, escape, shell_word};

/// The most that is told of a report, in columns; `brief` has all of it.
const COLUMNS: usize = 100;

/// Nothing for a task that has not stopped, or whose start was not brought to its end.
pub(super) fn stopped(row: &Row, around: &Around<'_>) -> Vec<Note> {
    let said = row.report.as_ref().filter(|_| row.state == State::Stopped && !around.unfinished);
    let Some(Said { report, .. }) = said else { return Vec::new() };
    let mut notes = vec![Note::new(format!("has stopped: {}", why(report)))];
    if around.defined && row.batch.is_some() {
        let id = &row.id;
        notes.push(Note::new("can go on, once the task file answers that").then(format!("git dispatch start {id}")));
        let other = around.other.map(|other| format!("git dispatch start {id} --agent {}", shell_word(other)));
        notes.extend(other.map(|command| Note::new("can go on with somebody else").then(command)));
        let accept = format!("git dispatch review {id} --accept \"EVIDENCE\"");
        notes.push(Note::new("can land as it is, if there is evidence that it may").then(accept));
    }
    notes
}

/// In one line.
fn why(report: &Report) -> String {
    let text = report.text.iter().filter(|_| report.verdict == "partial");
    let mut parts: Vec<String> = report.blockers.iter().map(|blocker| format!("needs {}", line(blocker))).collect();
    parts.extend(text.map(|text| line(text)));
    if let Some(answer) = report.done_when.as_deref().filter(|answer| *answer != "yes") {
        parts.push(format!("what 'done-when' says holds: {answer}"));
    }
    if parts.is_empty() {
        parts.push(line(&report.verdict));
    }
    cut(&parts.join("; "), COLUMNS).into_owned()
}

fn line(text: &str) -> String {
    escape(&quoted(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::report;

    #[test]
    fn a_report_is_told_in_one_line_that_no_terminal_obeys() {
        let mut said = report("A", "blocked");
        said.blockers = vec!["a \u{1b}[31mkey\nof theirs".to_owned(), "\n\n time ".to_owned()];
        assert_eq!(why(&said), "needs a \\e[31mkey …; needs time");
        said = report("A", "partial");
        said.text = Some("half of it\n\nand more".to_owned());
        assert_eq!(why(&said), "half of it …");
        said.text = Some("x".repeat(1 << 20));
        assert!(why(&said).chars().count() <= COLUMNS);
        said = report("A", "done");
        said.done_when = Some("no".to_owned());
        assert_eq!(why(&said), "what 'done-when' says holds: no");
        assert_eq!(why(&report("A", "blocked")), "blocked");
    }
}
