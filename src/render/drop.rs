//! What `drop` moved to the trash, and what `undo` brought back from there.

use anstyle::Style;
use serde::Serialize;

use super::json::{SCHEMA, line};
use crate::model::drop::{Drop, Kept};
use crate::model::ledger::Removal;
use crate::model::oid::Oid;
use crate::model::text::{count, escape, size};
use crate::model::trash::Goes;

const BOLD: Style = Style::new().bold();

/// A line for each task with what goes, or what would, with what its worktree takes: `goes`. What is kept is told elsewhere.
pub fn dropped(drops: &[Drop], _kept: &[Kept], goes: Option<&[Goes]>) -> String {
    let dry_run = goes.is_some();
    let verb = if dry_run { "would be dropped" } else { "dropped" };
    let mut out = String::new();
    for (at, Drop { task, left, unlanded, .. }) in drops.iter().enumerate() {
        let takes = goes.and_then(|goes| goes.get(at)).map(sizes).unwrap_or_default();
        let branch = left.tip.map(|tip| format!("branch {} at {}", escape(&task.branch), tip.short()));
        let folder =
            left.worktree.as_ref().map(|folder| format!("worktree {}{takes}", escape(&folder.to_string_lossy())));
        let parts: Vec<String> = branch.into_iter().chain(folder).collect();
        let what = if parts.is_empty() { "nothing was left of it".to_owned() } else { parts.join(" and ") };
        out.push_str(&format!("{BOLD}{}{BOLD:#} {verb}: {what}\n", task.id));
        if *unlanded > 0 {
            let goes = if dry_run { "would go" } else { "went" };
            out.push_str(&format!(
                "  with {} that had not landed, which {goes} to the trash\n",
                count(*unlanded as usize, "commit")
            ));
        }
    }
    out
}

fn sizes(goes: &Goes) -> String {
    match goes.disposable {
        0 => format!(" ({})", size(goes.bytes)),
        disposable => format!(" ({}, of which {} would be deleted as disposable)", size(goes.bytes), size(disposable)),
    }
}

/// A line for each task that was brought back.
pub fn restored(removals: &[Removal], dry_run: bool) -> String {
    let verb = if dry_run { "would be back" } else { "is back" };
    let line = |removal: &Removal| {
        let branch = escape(&removal.what.branch);
        let tip = removal.what.tip.map(|tip| format!(" at {}", tip.short())).unwrap_or_default();
        let path = removal.what.path.as_ref();
        let folder = path.map(|path| format!(" with worktree {}", escape(path))).unwrap_or_default();
        format!("{BOLD}{}{BOLD:#} {verb}: branch {branch}{tip}{folder}\n", removal.what.task)
    };
    removals.iter().map(line).collect()
}

/// The same as JSON, as `undo` tells it.
pub fn restored_json(removals: &[Removal], dry_run: bool) -> String {
    let tasks = removals.iter().map(|removal| BackJson {
        id: removal.what.task.as_str(),
        branch: removal.what.tip.map(|_| removal.what.branch.as_str()),
        worktree: removal.what.path.as_deref(),
    });
    let (batch, uid) = removals.first().map_or(("", ""), |one| (&*one.what.batch, &*one.uid));
    line(&BackAllJson { schema: SCHEMA, command: "undo", dry_run, batch, uid, dropped: true, tasks: tasks.collect() })
}

#[derive(Serialize)]
struct BackAllJson<'a> {
    schema: u32,
    command: &'static str,
    dry_run: bool,
    batch: &'a str,
    uid: &'a str,
    dropped: bool,
    tasks: Vec<BackJson<'a>>,
}

#[derive(Serialize)]
struct BackJson<'a> {
    id: &'a str,
    branch: Option<&'a str>,
    worktree: Option<&'a str>,
}

#[derive(Serialize)]
struct DropJson<'a> {
    schema: u32,
    command: &'static str,
    dry_run: bool,
    tasks: Vec<TaskJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    kept: Vec<KeptJson<'a>>,
}

#[derive(Serialize)]
struct KeptJson<'a> {
    id: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
struct TaskJson<'a> {
    id: &'a str,
    branch: Option<&'a str>,
    tip: Option<Oid>,
    worktree: Option<String>,
    unlanded: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disposable_bytes: Option<u64>,
}

/// The same as JSON.
pub fn json(drops: &[Drop], kept: &[Kept], goes: Option<&[Goes]>) -> String {
    let goes_of = |at: usize| goes.and_then(|goes| goes.get(at));
    let tasks = drops.iter().enumerate().map(|(at, Drop { task, left, unlanded, .. })| TaskJson {
        id: task.id.as_str(),
        branch: left.tip.map(|_| task.branch.as_str()),
        tip: left.tip,
        worktree: left.worktree.as_ref().map(|folder| folder.to_string_lossy().into_owned()),
        unlanded: *unlanded,
        bytes: goes_of(at).map(|goes| goes.bytes),
        disposable_bytes: goes_of(at).map(|goes| goes.disposable),
    });
    let dry_run = goes.is_some();
    let kept = kept.iter().map(|(id, why)| KeptJson { id: id.as_str(), why });
    line(&DropJson { schema: SCHEMA, command: "drop", dry_run, tasks: tasks.collect(), kept: kept.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ledger::{Snapshot, fold};
    use crate::model::undo::Left;

    fn task(base: Oid) -> Snapshot {
        let starting = format!(
            r#"{{"at":"2026-01-19T00:00:00.000Z","uid":"a1","v":1,"event":"starting","batch":"b","target":"main","tasks":[{{"id":"A","branch":"task/A","path":"../x","base":"{base}","title":"","estimate":60}}]}}"#
        );
        fold(None, &[(base, starting.into_bytes())]).batches[0].tasks[0].clone()
    }

    #[test]
    fn what_went_is_told_for_people_and_as_the_schema_describes_it() {
        let base: Oid = "2".repeat(40).parse().unwrap();
        let left = Left { tip: Some(base), worktree: Some("/w\u{1b}".into()), base_kept: true, ..Left::default() };
        let schema = serde_json::from_str(include_str!("../../docs/schema/drop.schema.json")).unwrap();
        let told = |left: &Left, unlanded, goes: Option<&[Goes]>| {
            let drops = [Drop { batch: 0, task: task(base), begun: None, left: left.clone(), unlanded }];
            let value = serde_json::from_str(&json(&drops, &[("B".parse().unwrap(), "why".to_owned())], goes)).unwrap();
            assert_eq!(crate::render::schema::faults(&schema, &value), Vec::<String>::new());
            anstream::adapter::strip_str(&dropped(&drops, &[], goes)).to_string()
        };
        let goes = "A dropped: branch task/A at 2222222 and worktree /w\\e\n";
        assert_eq!(told(&left, 0, None), goes);
        assert_eq!(
            told(&left, 1, None),
            format!("{goes}  with 1 commit that had not landed, which went to the trash\n")
        );
        assert_eq!(told(&Left::default(), 0, None), "A dropped: nothing was left of it\n");
        let would = "A would be dropped: branch task/A at 2222222 and worktree /w\\e (2.00 KiB";
        let goes = |disposable| Some([Goes { bytes: 2048, disposable }]);
        assert_eq!(told(&left, 0, goes(0).as_ref().map(|all| &all[..])), format!("{would})\n"));
        let some = format!("{would}, of which 1.00 KiB would be deleted as disposable)\n");
        assert_eq!(told(&left, 0, goes(1025).as_ref().map(|all| &all[..])), some);
    }

    #[test]
    fn what_is_back_is_told_for_people_and_as_the_schema_describes_it() {
        let base: Oid = "2".repeat(40).parse().unwrap();
        let what = crate::model::ledger::Dropping {
            batch: "b".to_owned(),
            of: "a1".to_owned(),
            task: "A".parse().unwrap(),
            branch: "task/A".to_owned(),
            tip: Some(base),
            path: Some("../x\u{202e}".to_owned()),
            trash: None,
            train: None,
        };
        let (at, snapshot) = (jiff::Timestamp::UNIX_EPOCH, task(base));
        let (uid, by, host) = ("d1".to_owned(), String::new(), String::new());
        let removal = Removal { uid, at, by, host, what, note: base, snapshot, done: true, undoing: false };
        let value = serde_json::from_str(&restored_json(std::slice::from_ref(&removal), true)).unwrap();
        let schema = serde_json::from_str(include_str!("../../docs/schema/undo.schema.json")).unwrap();
        assert_eq!(crate::render::schema::faults(&schema, &value), Vec::<String>::new());
        let told = restored(&[removal], true);
        let told = anstream::adapter::strip_str(&told).to_string();
        assert_eq!(told, "A would be back: branch task/A at 2222222 with worktree ../x\\u{202e}\n");
    }
}
