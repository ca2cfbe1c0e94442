//! What `undo` took back.

use anstyle::Style;
use serde::Serialize;

use super::json::{SCHEMA, line};
use crate::model::ledger::{Batch, Continuing, Removal, Train};
use crate::model::oid::Oid;
use crate::model::text::escape;
use crate::model::undo::Undo;

const BOLD: Style = Style::new().bold();

/// A line for the batch, and one for each task with what went.
pub fn undone(batch: &Batch, undo: &Undo, dry_run: bool) -> String {
    let verb = if dry_run { "would be undone" } else { "undone" };
    let (name, target) = (escape(&batch.name), escape(&batch.target));
    let mut out = format!("{BOLD}{name}{BOLD:#} {verb}: it was started from {target} at {}\n", batch.base.short());
    let width = undo.tasks.iter().map(|(task, _)| task.id.as_str().len()).max().unwrap_or_default();
    for (task, left) in &undo.tasks {
        let id = task.id.as_str();
        let branch = left.tip.map(|_| format!("branch {}", escape(&task.branch)));
        let folder = left.worktree.as_ref().map(|folder| format!("worktree {}", escape(&folder.to_string_lossy())));
        let parts: Vec<String> = branch.into_iter().chain(folder).collect();
        let what = match (batch.adopted, parts.is_empty(), dry_run) {
            (true, ..) => format!("no longer has branch {}, which stays", escape(&task.branch)),
            (_, true, _) => "had nothing left".to_owned(),
            (_, _, true) => format!("would lose {}", parts.join(" and ")),
            (_, _, false) => format!("without {}", parts.join(" and ")),
        };
        out.push_str(&format!("  {id:width$}  {what}\n"));
    }
    out
}

/// That the tasks of a batch which had gone on are stopped again.
pub fn stopped(batch: &Batch, last: &Continuing, dry_run: bool) -> String {
    let verb = if dry_run { "would not go on" } else { "does not go on" };
    let mut out =
        format!("{BOLD}{}{BOLD:#} {verb}: nothing was made for that, and nothing is removed\n", escape(&batch.name));
    let how = if dry_run { "would be as it was before" } else { "is as it was before" };
    last.tasks.iter().for_each(|id| out.push_str(&format!("  {id}  {how}\n")));
    out
}

/// The same as JSON.
pub fn stopped_json(batch: &Batch, last: &Continuing, dry_run: bool) -> String {
    let tasks = last.tasks.iter().map(|id| TaskJson { id: id.as_str(), branch: None, worktree: None });
    let (batch, uid, tasks) = (&*batch.name, &*last.uid, tasks.collect());
    line(&UndoJson { schema: SCHEMA, command: "undo", dry_run, batch, uid, continued: true, tasks })
}

/// That a landing was taken back.
pub fn unlanded(train: &Train, removals: &[Removal], dry_run: bool) -> String {
    let first = train.first();
    let verb = if dry_run { "would be back" } else { "is back" };
    let mut out = format!(
        "{BOLD}{}{BOLD:#} {verb} at {}; it was at {}\n",
        escape(&first.target),
        first.old.short(),
        first.new.short()
    );
    for (lands, _) in &train.lands {
        let back = removals.iter().any(|removal| removal.what.task == lands.task);
        let stands = if back { ", and back from the trash" } else { "" };
        out.push_str(&format!("  {}  no longer landed as {}{stands}\n", lands.task, lands.commit.short()));
    }
    out
}

/// The same as JSON.
pub fn unlanded_json(train: &Train, removals: &[Removal], dry_run: bool) -> String {
    let first = train.first();
    let tasks = train.lands.iter().map(|(lands, _)| {
        let back = removals.iter().find(|removal| removal.what.task == lands.task);
        UnlandedTaskJson {
            id: lands.task.as_str(),
            commit: lands.commit,
            branch: back.filter(|back| back.what.tip.is_some()).map(|back| back.what.branch.as_str()),
            worktree: back.and_then(|back| back.what.path.as_deref()),
        }
    });
    let target = UnlandedTargetJson { name: &first.target, before: first.new, after: first.old };
    let (batch, uid) = (first.batch.as_str(), train.uid.as_str());
    let tasks = tasks.collect();
    line(&UnlandedJson { schema: SCHEMA, command: "undo", dry_run, batch, uid, landing: true, target, tasks })
}

#[derive(Serialize)]
struct UnlandedJson<'a> {
    schema: u32,
    command: &'static str,
    dry_run: bool,
    batch: &'a str,
    uid: &'a str,
    landing: bool,
    target: UnlandedTargetJson<'a>,
    tasks: Vec<UnlandedTaskJson<'a>>,
}

#[derive(Serialize)]
struct UnlandedTargetJson<'a> {
    name: &'a str,
    before: Oid,
    after: Oid,
}

#[derive(Serialize)]
struct UnlandedTaskJson<'a> {
    id: &'a str,
    commit: Oid,
    branch: Option<&'a str>,
    worktree: Option<&'a str>,
}

#[derive(Serialize)]
struct UndoJson<'a> {
    schema: u32,
    command: &'static str,
    dry_run: bool,
    batch: &'a str,
    uid: &'a str,
    /// Only that its tasks go on was taken back.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    continued: bool,
    tasks: Vec<TaskJson<'a>>,
}

#[derive(Serialize)]
struct TaskJson<'a> {
    id: &'a str,
    branch: Option<&'a str>,
    worktree: Option<String>,
}

/// The same as JSON.
pub fn json(batch: &Batch, undo: &Undo, dry_run: bool) -> String {
    let tasks = undo.tasks.iter().map(|(task, left)| TaskJson {
        id: task.id.as_str(),
        branch: left.tip.filter(|_| !batch.adopted).map(|_| task.branch.as_str()),
        worktree: left.worktree.as_ref().map(|folder| folder.to_string_lossy().into_owned()),
    });
    line(&UndoJson {
        schema: SCHEMA,
        command: "undo",
        dry_run,
        batch: &batch.name,
        uid: &batch.uid,
        continued: false,
        tasks: tasks.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ledger::fold;
    use crate::model::undo::Left;

    #[test]
    fn what_went_is_told_for_people_and_as_the_schema_describes_it() {
        let base = "2".repeat(40);
        let starting = format!(
            r#"{{"at":"2026-01-19T00:00:00.000Z","uid":"a1","v":1,"event":"starting","batch":"b","target":"main","tasks":[{{"id":"A","branch":"task/A","path":"../x","base":"{base}","title":"","estimate":60}}]}}"#
        );
        let batch = &fold(None, &[(base.parse().unwrap(), starting.into_bytes())]).batches[0];
        let gone =
            Left { tip: Some(batch.base), worktree: Some("/w\u{1b}".into()), base_kept: true, ..Left::default() };
        let schema = || serde_json::from_str(include_str!("../../docs/schema/undo.schema.json")).unwrap();
        let told = |left: &Left| {
            let undo = Undo { batch: 0, tasks: vec![(batch.tasks[0].clone(), left.clone())] };
            let value = serde_json::from_str(&json(batch, &undo, false)).unwrap();
            assert_eq!(crate::render::schema::faults(&schema(), &value), Vec::<String>::new());
            anstream::adapter::strip_str(&undone(batch, &undo, false)).to_string()
        };
        let heading = "b undone: it was started from main at 2222222\n";
        assert_eq!(told(&gone), format!("{heading}  A  without branch task/A and worktree /w\\e\n"));
        assert_eq!(told(&Left::default()), format!("{heading}  A  had nothing left\n"));
    }

    #[test]
    fn a_landing_that_is_taken_back_is_told_for_people_and_as_the_schema_describes_it() {
        let [old, new] = ["2", "3"].map(|digit| digit.repeat(40));
        let event = |(uid, event): (&str, &str), rest: &str| {
            format!(r#"{{"at":"2026-01-19T00:00:00.000Z","uid":"{uid}","v":1,"event":"{event}",{rest}}}"#)
        };
        let tasks =
            format!(r#"[{{"id":"A","branch":"task/A","path":"../x","base":"{old}","title":"","estimate":60}}]"#);
        let starting = event(("a1", "starting"), &format!(r#""batch":"b","target":"main","tasks":{tasks}"#));
        let landing = event(
            ("b1", "landing"),
            &format!(
                r#""batch":"b","of":"a1","task":"A","branch":"task/A","tip":"{new}","commit":"{new}","strategy":"merge","target":"ma\u001bin","old":"{old}","new":"{new}","train":"b1","check":"none""#
            ),
        );
        let ledger = fold(None, &[starting, landing].map(|line| (old.parse().unwrap(), line.into_bytes())));
        let train = &ledger.trains[0];
        let schema = serde_json::from_str(include_str!("../../docs/schema/undo.schema.json")).unwrap();
        let value: serde_json::Value = serde_json::from_str(&unlanded_json(train, &[], false)).unwrap();
        assert_eq!(crate::render::schema::faults(&schema, &value), Vec::<String>::new());
        assert_eq!((&value["landing"], &value["tasks"][0]["commit"]), (&true.into(), &new.clone().into()));
        let text = anstream::adapter::strip_str(&unlanded(train, &[], true)).to_string();
        let expected = "ma\\ein would be back at 2222222; it was at 3333333\n  A  no longer landed as 3333333\n";
        assert_eq!(text, expected);
    }
}
