//! Reasons as people say them; their codes are their `Display`.

use std::mem::discriminant;

use crate::model::id::TaskId;
use crate::model::state::Reason;
use crate::model::text::{count, duration, escape};

/// All reasons in one line, escaped: `writes src/db/pool.rs like SCR-002; needs RUN-001, RUN-002`.
/// Several paths shared with one task are counted.
pub fn sentence(reasons: &[Reason]) -> String {
    let alike = |a: &Reason, b: &Reason| {
        discriminant(a) == discriminant(b)
            && (path(a).is_none() || path(a).map(|(id, _)| id) == path(b).map(|(id, _)| id))
    };
    let groups = reasons.chunk_by(alike).map(phrase);
    groups.collect::<Vec<_>>().join("; ")
}

/// One phrase for reasons of one kind; for paths, with one other task.
fn phrase(group: &[Reason]) -> String {
    let names = |name: fn(&Reason) -> Option<String>| group.iter().filter_map(name).collect::<Vec<_>>().join(", ");
    let ids = || names(|reason| id(reason).map(TaskId::to_string));
    let paths = |path: &str| match group.len() {
        1 => escape(path).into_owned(),
        more => format!("{} (+{})", escape(path), more - 1),
    };
    match &group[0] {
        Reason::Needs(_) => format!("needs {}", ids()),
        Reason::Cancelled(_) => format!("needs {}, cancelled", ids()),
        Reason::Reads { id, path } => format!("reads {} after {id}", paths(path)),
        Reason::ReadBy { id, path } => format!("writes {}, which {id} reads", paths(path)),
        Reason::Writes { id, path } => format!("writes {} like {id}", paths(path)),
        Reason::Lock { .. } => names(|reason| match reason {
            Reason::Lock { name, id } => Some(format!("lock {} with {id}", escape(name))),
            _ => None,
        }),
        Reason::Issue(_) => format!("same issue as {}", ids()),
        Reason::Alone(_) => format!("not beside {}", ids()),
        Reason::Slot => "no free worker".to_owned(),
        Reason::Batch(_) => format!("after the batch of {}", ids()),
        Reason::Shortens(minutes) => format!("shortens the plan by {}", duration(*minutes)),
        Reason::GateStart => "waits for a review before it starts".to_owned(),
        Reason::GateLand => "waits for a review before it lands".to_owned(),
        Reason::Restack(_) => format!("stands on {} as it was before", ids()),
        Reason::Collides(_) => format!("does not merge with {}, done too", ids()),
        Reason::StaleReport => "was reported at another commit".to_owned(),
        Reason::Findings => "has findings to address".to_owned(),
        Reason::Halted => "halted".to_owned(),
        Reason::Unreported => "is not reported done".to_owned(),
        Reason::Stopped => "has stopped".to_owned(),
        Reason::Uncommitted(0) => "has a worktree that cannot be read".to_owned(),
        Reason::Uncommitted(number) => format!("has {} that is not committed", count(*number as usize, "change")),
        Reason::Operation(operation) => format!("has a {} under way in its worktree", escape(operation)),
        Reason::Drift(_) => format!(
            "touches {}, which it does not declare",
            names(|reason| match reason {
                Reason::Drift(path) => Some(escape(path).into_owned()),
                _ => None,
            })
        ),
        Reason::Barrier(id) => format!("is of a batch that lands as a whole, of which {id} has stopped"),
        Reason::Empty => "has no commits of its own".to_owned(),
        Reason::Merges => "holds merges, which a rebase does not keep".to_owned(),
    }
}

fn id(reason: &Reason) -> Option<&TaskId> {
    match reason {
        Reason::Needs(id) | Reason::Cancelled(id) | Reason::Issue(id) | Reason::Alone(id) => Some(id),
        Reason::Batch(id) | Reason::Restack(id) | Reason::Collides(id) => Some(id),
        _ => None,
    }
}

fn path(reason: &Reason) -> Option<(&TaskId, &str)> {
    match reason {
        Reason::Reads { id, path } | Reason::ReadBy { id, path } | Reason::Writes { id, path } => Some((id, path)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_of_one_kind_are_one_phrase() {
        let id = |text: &str| text.parse::<TaskId>().unwrap();
        let writes = |name: &str, path: &str| Reason::Writes { id: id(name), path: path.into() };
        for (reasons, expected) in [
            (vec![Reason::Needs(id("A")), Reason::Needs(id("B"))], "needs A, B"),
            (vec![writes("A", "x"), writes("A", "y"), writes("B", "x")], "writes x (+1) like A; writes x like B"),
            (vec![Reason::Reads { id: id("A"), path: "a\u{1b}b".into() }], "reads a\\eb after A"),
            (vec![Reason::Alone(id("A")), Reason::Issue(id("A"))], "not beside A; same issue as A"),
            (vec![Reason::Lock { name: "db".into(), id: id("A") }], "lock db with A"),
            (vec![], ""),
        ] {
            assert_eq!(sentence(&reasons), expected);
        }
    }
}
