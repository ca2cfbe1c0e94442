//! What the approval of a start is bound to.

use sha2::{Digest, Sha256};

use crate::model::graph::Ix;
use crate::model::task::{Budget, Details, Task, TaskFile};

/// SHA-256 over what the task file says of a task, but for `state` and `review`: each part after its length in eight bytes. Another
/// order of keys, or another layout of the file, is the same text.
pub fn digest(file: &TaskFile, ix: Ix) -> String {
    let task = &file.graph.tasks()[ix];
    let mut needs: Vec<String> = file.graph.needs(ix).map(|need| file.graph.tasks()[need].id.to_string()).collect();
    needs.sort();
    let mut hash = Sha256::new();
    let mut take = |part: &str| {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    };
    // Another text of its brief is another task; the file is read for those that wait for an approval.
    let brief = file.settings.brief_texts.get(&task.id).map(|text| ("brief-text", vec![text.clone()]));
    for (key, values) in parts(task).into_iter().chain([("needs", needs)]).chain(brief) {
        take(key);
        take(&values.len().to_string());
        values.iter().for_each(|value| take(value));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of a text, in hexadecimal.
pub fn of_text(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

type Part = (&'static str, Vec<String>);

/// What is not given is left out, so that a key that a later version knows changes no digest.
fn parts(task: &Task) -> Vec<Part> {
    let Task { id, title, phase, estimate, writes, reads, locks, parallel, kind, overlap, issue, state: _, details } =
        task;
    let one = |text: Option<String>| text.into_iter().collect();
    let all =
        |patterns: &[crate::model::pattern::Pattern]| patterns.iter().map(|one| one.as_str().to_owned()).collect();
    let mut parts: Vec<Part> = vec![
        ("id", vec![id.to_string()]),
        ("title", vec![title.clone()]),
        ("phase", one(phase.clone())),
        ("estimate", one(estimate.map(|minutes| minutes.to_string()))),
        ("writes", all(writes)),
        ("reads", all(reads)),
        ("locks", locks.clone()),
        ("parallel", one((!parallel).then(|| "false".to_owned()))),
        ("kind", vec![format!("{kind:?}")]),
        ("overlap", one(overlap.map(|overlap| format!("{overlap:?}")))),
        ("issue", one(issue.clone())),
    ];
    parts.extend(details.iter().flat_map(|details| of_details(details)));
    parts.retain(|(_, values)| !values.is_empty());
    parts
}

fn of_details(details: &Details) -> Vec<Part> {
    let Details { mode, agent, model, max_turns, clauses, done_when, context, steps, .. } = details;
    let Details { brief, brief_file, review: _, budget, follow_up, sparse, .. } = details;
    let one = |text: &Option<String>| text.iter().cloned().collect();
    let budget = budget.as_ref().map(|budget| match budget {
        Budget::Unlimited => "unlimited".to_owned(),
        Budget::Amount(amount) => amount.clone(),
    });
    vec![
        ("mode", one(mode)),
        ("agent", one(agent)),
        ("model", one(model)),
        ("max-turns", one(&max_turns.map(|turns| turns.to_string()))),
        ("clauses", clauses.clone()),
        ("done-when", one(done_when)),
        ("context", context.clone()),
        ("steps", steps.clone()),
        ("brief", one(brief)),
        ("brief-file", one(brief_file)),
        ("budget", one(&budget)),
        ("follow-up", one(follow_up)),
        ("sparse", sparse.clone().unwrap_or_default()),
    ]
}
