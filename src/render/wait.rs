//! What `wait` found.

use std::time::Duration;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::json::{SCHEMA, line};
use super::report::{ReportJson, why_stopped};
use crate::model::id::TaskId;
use crate::model::state::{Proof, State};
use crate::model::text::{count, escape};
use crate::model::wait::{Goal, Row, spelled};

const BOLD: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// Ids that the first line names; of more, how many they are.
const MOST_NAMED: usize = 8;

/// What is waited for, and how long.
pub fn begun(goal: Goal, ids: &[TaskId], timeout: Option<Duration>) -> String {
    let named = if ids.len() > MOST_NAMED {
        count(ids.len(), "task")
    } else {
        ids.iter().map(TaskId::as_str).collect::<Vec<_>>().join(", ")
    };
    let until = match goal {
        Goal::Done if ids.len() == 1 => "it is done",
        Goal::Done => "all are done",
        Goal::Landed if ids.len() == 1 => "it has landed",
        Goal::Landed => "all have landed",
        Goal::Stopped if ids.len() == 1 => "it stops",
        Goal::Stopped => "one stops",
        Goal::Any if ids.len() == 1 => "it is done or stops",
        Goal::Any => "one is done or stops",
    };
    let most = timeout.map(|most| format!(", at most {}", spelled(most))).unwrap_or_default();
    format!("waiting for {named} until {until}{most}")
}

/// That a task has come to another state.
pub fn changed(row: &Row) -> String {
    format!("{} is {}", row.id, row.state.map_or("unknown", State::word))
}

/// A line for each task; where its worker stopped, why and what it waits for.
pub fn text(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| row.id.as_str().len()).max().unwrap_or(0);
    let mut out = String::new();
    for row in rows {
        let state = row.state.map_or("unknown", State::word);
        let style = match row.state {
            Some(State::Done | State::Landed) => GOOD,
            Some(State::Stopped) => BAD,
            _ => Style::new(),
        };
        let stopped = row.report.as_ref().filter(|_| row.state == Some(State::Stopped));
        let how = stopped.map(|report| format!(" ({})", escape(&why_stopped(&report.report)))).unwrap_or_default();
        out.push_str(&format!("{BOLD}{:width$}{BOLD:#}  {style}{state}{style:#}{how}\n", row.id.as_str()));
        for blocker in stopped.iter().flat_map(|said| &said.report.blockers) {
            out.push_str(&format!("{:width$}  needs: {}\n", "", escape(blocker)));
        }
    }
    out
}

#[derive(Serialize)]
struct WaitJson<'a> {
    schema: u32,
    command: &'static str,
    #[serde(rename = "for")]
    goal: &'static str,
    reached: bool,
    timed_out: bool,
    tasks: Vec<RowJson<'a>>,
}

#[derive(Serialize)]
struct RowJson<'a> {
    id: &'a str,
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<ReportJson<'a>>,
}

/// The same as JSON.
pub fn json(goal: Goal, rows: &[Row], (reached, timed_out): (bool, bool)) -> String {
    let tasks = rows.iter().map(row_json).collect();
    line(&WaitJson { schema: SCHEMA, command: "wait", goal: goal.word(), reached, timed_out, tasks })
}

fn row_json(row: &Row) -> RowJson<'_> {
    RowJson {
        id: row.id.as_str(),
        state: row.state.map(State::word),
        proof: row.proof.as_ref().map(Proof::word),
        pr: row.proof.as_ref().and_then(Proof::pr),
        report: row.report.as_ref().map(|said| ReportJson::new(said, None)),
    }
}

#[cfg(test)]
mod tests {
    use anstream::adapter::strip_str;
    use jiff::Timestamp;

    use super::*;
    use crate::model::ledger::{Report, Said};
    use crate::model::sample::oid;
    use crate::render::schema::faults;

    fn row(id: &str, state: State, report: Option<Report>) -> Row {
        let proof = (state == State::Landed).then(|| Proof::Report { pr: Some("7".to_owned()) });
        let said = |report| Said { at: Timestamp::UNIX_EPOCH, by: "Ada <ada@example.com>".to_owned(), report };
        Row { id: id.parse().unwrap(), state: Some(state), proof, report: report.map(said) }
    }

    fn report(verdict: &str, blockers: &[&str]) -> Report {
        Report {
            batch: "batch-001".to_owned(),
            task: "A".parse().unwrap(),
            tip: oid('a'),
            verdict: verdict.to_owned(),
            done_when: None,
            blockers: blockers.iter().map(|&one| one.to_owned()).collect(),
            pr: Some("#12".to_owned()),
            text: Some("half\u{1b}[2J".to_owned()),
            cost: None,
            session: None,
        }
    }

    #[test]
    fn who_stopped_says_why_and_nothing_of_it_moves_a_cursor() {
        let rows = [
            row("LONG-1", State::Active, None),
            row("B", State::Stopped, Some(report("blocked", &["a \u{1b}[31mkey", "$(time)"]))),
            row("C", State::Done, Some(report("done", &[]))),
        ];
        let expected = "LONG-1  active\nB       stopped (blocked)\n        needs: a \\e[31mkey\n        needs: $(time)\nC       done\n";
        assert_eq!(strip_str(&text(&rows)).to_string(), expected);
    }

    #[test]
    fn the_first_line_says_what_is_waited_for() {
        let ids = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect::<Vec<TaskId>>();
        let five = Some(Duration::from_secs(300));
        assert_eq!(begun(Goal::Done, &ids(&["A"]), five), "waiting for A until it is done, at most 5m");
        assert_eq!(begun(Goal::Any, &ids(&["A", "B"]), None), "waiting for A, B until one is done or stops");
        let many = ids(&["A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9"]);
        assert_eq!(begun(Goal::Landed, &many, None), "waiting for 9 tasks until all have landed");
    }

    #[test]
    fn json_is_what_the_schema_says() {
        let schema = serde_json::from_str(include_str!("../../docs/schema/wait.schema.json")).unwrap();
        let mut rows = vec![
            row("A", State::Landed, None),
            row("B", State::Stopped, Some(Report { done_when: Some("no".to_owned()), ..report("done", &["x"]) })),
            row("C", State::Active, None),
        ];
        rows.push(Row { state: None, ..row("D", State::Active, None) });
        for goal in [Goal::Done, Goal::Landed, Goal::Stopped, Goal::Any] {
            let answer = json(goal, &rows, (false, true));
            assert!(answer.contains("half\\u001b[2J"), "{answer}");
            assert_eq!(faults(&schema, &serde_json::from_str(&answer).unwrap()), Vec::<String>::new());
        }
    }
}
