//! What `restack` did.

use anstyle::Style;
use serde::Serialize;

use super::json::{SCHEMA, line};
use crate::model::ledger::Support;
use crate::model::oid::Oid;
use crate::model::stack::{Restack, and};
use crate::model::text::escape;

const BOLD: Style = Style::new().bold();

/// One line, and one for what there was. `tip` is the new one; `None` of a dry run.
pub fn restacked(restack: &Restack, target: (&str, Oid), tip: Option<Oid>) -> String {
    let on = |stack: &[Support]| {
        let names: Vec<&str> = stack.iter().map(|support| support.id.as_str()).collect();
        if names.is_empty() { escape(target.0).into_owned() } else { and(&names) }
    };
    let verb = if tip.is_some() { "stands" } else { "would stand" };
    let mut out = format!(
        "{BOLD}{}{BOLD:#} {verb} on {} at {}, no longer on {} at {}\n",
        restack.id,
        on(&restack.stack),
        restack.base.short(),
        on(&restack.left),
        restack.from.short()
    );
    match tip {
        Some(tip) if tip == restack.before => {}
        Some(tip) => out.push_str(&format!(
            "  {} is at {}; it was at {}\n",
            escape(&restack.branch),
            tip.short(),
            restack.before
        )),
        None => out.push_str(&format!("  {} is at {}\n", escape(&restack.branch), restack.before.short())),
    }
    out
}

#[derive(Serialize)]
struct RestackJson<'a> {
    schema: u32,
    command: &'static str,
    dry_run: bool,
    id: &'a str,
    branch: &'a str,
    worktree: String,
    base_before: Oid,
    base: Oid,
    tip_before: Oid,
    tip: Option<Oid>,
    stack: Vec<SupportJson<'a>>,
}

#[derive(Serialize)]
struct SupportJson<'a> {
    id: &'a str,
    tip: Oid,
}

/// The same as JSON.
pub fn json(restack: &Restack, tip: Option<Oid>) -> String {
    line(&RestackJson {
        schema: SCHEMA,
        command: "restack",
        dry_run: tip.is_none(),
        id: restack.id.as_str(),
        branch: &restack.branch,
        worktree: restack.folder.to_string_lossy().into_owned(),
        base_before: restack.from,
        base: restack.base,
        tip_before: restack.before,
        tip,
        stack: restack.stack.iter().map(|on| SupportJson { id: on.id.as_str(), tip: on.tip }).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::model::sample::{id, oid};
    use crate::model::stack::Move;

    #[test]
    fn what_became_of_it_is_told_for_people_and_as_the_schema_describes_it() {
        let restack = Restack {
            id: id("C"),
            branch: "task/C\u{1b}".to_owned(),
            folder: "/w".into(),
            before: oid('1'),
            from: oid('2'),
            base: oid('3'),
            stack: vec![Support { id: id("A"), tip: oid('3') }],
            begun: false,
            left: vec![Support { id: id("A"), tip: oid('2') }],
            moves: Move::To(oid('5')),
        };
        let told = |restack: &Restack, tip| {
            let schema = serde_json::from_str(include_str!("../../docs/schema/restack.schema.json")).unwrap();
            let value = serde_json::from_str(&json(restack, tip)).unwrap();
            assert_eq!(crate::render::schema::faults(&schema, &value), Vec::<String>::new());
            anstream::adapter::strip_str(&restacked(restack, ("main", oid('4')), tip)).to_string()
        };
        let was = "1".repeat(40);
        let expected = format!(
            "C stands on A at 3333333, no longer on A at 2222222\n  task/C\\e is at 5555555; it was at {was}\n"
        );
        assert_eq!(told(&restack, Some(oid('5'))), expected);
        let landed = Restack { stack: Vec::new(), ..restack };
        let expected = "C would stand on main at 3333333, no longer on A at 2222222\n  task/C\\e is at 1111111\n";
        assert_eq!(told(&landed, None), expected);
        assert_eq!(told(&landed, Some(oid('1'))), "C stands on main at 3333333, no longer on A at 2222222\n");
    }
}
