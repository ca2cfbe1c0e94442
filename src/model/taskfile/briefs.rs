//! Warnings about tasks whose briefs would lack something.

use super::{Fault, sink::quoted};
use crate::model::task::{Details, Task, TaskFile};
use crate::model::text::count;

/// Whether a task gives one of the keys.
type Has = fn(&Details) -> bool;

/// So many tasks are named.
const NAMED: usize = 5;

/// One warning for each of `context`, `steps` and `done-when` that tasks lack, where any task of the file has one of them or a text of
/// its own. A text of its own (`brief`, `brief-file`) stands for context and steps.
///
/// As [`super::circles`], this is only for who asks for advice.
pub fn briefs(file: &TaskFile) -> Vec<Fault> {
    let tasks = file.graph.tasks();
    let any = |task: &Task| {
        let gives = |one: &Details| {
            has_text(one) || !one.context.is_empty() || !one.steps.is_empty() || one.done_when.is_some()
        };
        task.details.as_deref().is_some_and(gives)
    };
    if !tasks.iter().any(any) {
        return Vec::new();
    }
    let kinds: [(&str, Has); 3] = [
        ("context", |one| has_text(one) || !one.context.is_empty()),
        ("steps", |one| has_text(one) || !one.steps.is_empty()),
        ("done-when", |one| one.done_when.is_some()),
    ];
    let mut faults = Vec::new();
    for (key, has) in kinds {
        let lacks = |task: &&Task| task.state.is_none() && !task.details.as_deref().is_some_and(has);
        let lacking: Vec<String> = tasks.iter().filter(lacks).map(|task| quoted(task.id.as_str())).collect();
        if lacking.is_empty() {
            continue;
        }
        let named = lacking[..lacking.len().min(NAMED)].join(", ");
        let more = match lacking.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let verb = if lacking.len() == 1 { "has" } else { "have" };
        let what = format!("{} {verb} no '{key}' for the brief: {named}{more}", count(lacking.len(), "task"));
        faults.push(Fault { span: None, what, hint: None });
    }
    faults
}

fn has_text(details: &Details) -> bool {
    details.brief.is_some() || details.brief_file.is_some()
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let parsed = parse(text);
        briefs(&parsed.file.unwrap()).into_iter().map(|fault| fault.what).collect()
    }

    #[test]
    fn what_briefs_lack_is_one_warning_each_and_none_in_a_file_without_briefs() {
        assert_eq!(told("[task.A]\ntitle = \"x\"\nmode = \"pair\"\n[task.B]\n"), [""; 0]);
        let some =
            "[task.A]\ndone-when = \"x\"\nsteps = [\"y\"]\n[task.B]\nbrief = \"z\"\n[task.C]\nstate = \"landed\"\n";
        assert_eq!(
            told(some),
            ["1 task has no 'context' for the brief: 'A'", "1 task has no 'done-when' for the brief: 'B'"]
        );
        let many: String = (0..8).map(|number| format!("[task.T{number}]\ncontext = [\"x\"]\n")).collect();
        let all = told(&many);
        assert_eq!(all.len(), 2);
        assert_eq!(all[0], "8 tasks have no 'steps' for the brief: 'T0', 'T1', 'T2', 'T3', 'T4' and 3 more");
    }
}
