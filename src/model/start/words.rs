//! How a refused `start` says what is wrong, and which commands go on from there.

use super::{LeftOver, Place, Scene, blocking_branch};
use crate::model::facts::Head;
use crate::model::failure::{Exit, Failure};
use crate::model::graph::Ix;
use crate::model::id::TaskId;
use crate::model::near::nearest;
use crate::model::stack::{self, Clash};
use crate::model::standing::Standings;
use crate::model::state::{Reason, State};
use crate::model::task::TaskFile;
use crate::model::text::shell_word;

/// The failure for an id that the task file does not define.
pub fn unknown(file: &TaskFile, text: &str) -> Failure {
    let failure = Failure::new(Exit::Usage, format!("no task '{text}' in the task file"));
    match nearest(text, file.graph.tasks().iter().map(|task| task.id.as_str())) {
        Some(id) => failure.hint(format!("did you mean '{id}'?")),
        None => failure.hint("use 'git dispatch plan' to list the tasks that can start"),
    }
}

/// The failure for ids that the task file does not define, all of them at once; a task that the ledger knows is told by
/// its state.
pub fn not_in_file(file: &TaskFile, standings: &Standings, ids: &[&str]) -> Failure {
    let mut all = Failure::new(Exit::Usage, String::new());
    for text in ids {
        let gone = text.parse::<TaskId>().ok().and_then(|id| Some((standings.gone.get(&id)?.state, id)));
        let one = match gone {
            Some((State::Ready, _)) | None => unknown(file, text),
            Some((state, id)) => {
                let what = format!("task '{id}' is {}, but no longer in the task file", state.word());
                Failure::new(Exit::Usage, what).hint(see(&id))
            }
        };
        let gap = if all.what.is_empty() { "" } else { "\n" };
        all.what.push_str(&format!("{gap}{}", one.what));
        all.hints.extend(one.hints.into_iter().filter(|hint| !all.hints.contains(hint)).collect::<Vec<_>>());
    }
    all
}

/// A reason after the words "task 'X' …".
pub fn in_words(reason: &Reason) -> String {
    match reason {
        Reason::Needs(id) => format!("needs '{id}'"),
        Reason::Reads { id, path } => format!("reads '{path}', which '{id}' writes"),
        Reason::ReadBy { id, path } => format!("writes '{path}', which '{id}' reads"),
        Reason::Cancelled(id) => format!("needs '{id}', which is cancelled"),
        Reason::Writes { id, path } => format!("writes '{path}' like '{id}'"),
        Reason::Lock { name, id } => format!("wants lock '{name}', which '{id}' holds until it lands"),
        Reason::Issue(id) => format!("works on the same issue as '{id}'"),
        Reason::Alone(id) => format!("and '{id}' cannot run side by side: one of them runs alone"),
        Reason::Slot => "waits for a free worker".to_owned(),
        Reason::Batch(id) => format!("waits until the batch of '{id}' is complete"),
        Reason::Shortens(_) => "starts later, since that makes the plan shorter".to_owned(),
        Reason::GateStart => "waits for a review before it starts".to_owned(),
        Reason::GateLand => "waits for a review before it lands".to_owned(),
        Reason::Restack(id) => format!("stands on '{id}' as it was before"),
        Reason::Collides(id) => format!("does not merge with '{id}', which is done, too"),
        Reason::StaleReport => "was reported at another commit than it is at now".to_owned(),
        Reason::Findings => "has findings that are to be addressed".to_owned(),
        Reason::Halted => "is halted by a reviewer".to_owned(),
        Reason::Unreported => "is not reported done".to_owned(),
        Reason::Stopped => "has stopped".to_owned(),
        Reason::Uncommitted(_) => "has changes that are not committed".to_owned(),
        Reason::Operation(operation) => format!("has a {operation} under way in its worktree"),
        Reason::Drift(path) => format!("touches '{path}', which it does not declare"),
        Reason::Barrier(id) => format!("is of the batch of '{id}', which has stopped"),
        Reason::Empty => "has no commits of its own".to_owned(),
        Reason::Merges => "holds merges, which a rebase does not keep".to_owned(),
    }
}

fn why(id: &TaskId) -> String {
    format!("use 'git dispatch why {id}' to see how it stands")
}

fn see(id: &TaskId) -> String {
    format!("use 'git dispatch status {id}' to see how far it is")
}

/// What is wrong, each with its remedies; the exit code is that of the gravest.
#[derive(Default)]
pub(super) struct Problems {
    list: Vec<String>,
    hints: Vec<String>,
    all_active: bool,
}

impl Problems {
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn into_result(self) -> Result<(), Failure> {
        if self.list.is_empty() {
            return Ok(());
        }
        let exit = if self.all_active { Exit::No } else { Exit::Refused };
        Err(Failure { exit, what: self.list.join("\n"), hints: self.hints })
    }

    pub(super) fn add(&mut self, what: String, hints: impl IntoIterator<Item = String>) {
        self.all_active = false;
        if !self.list.contains(&what) {
            self.list.push(what);
        }
        for hint in hints {
            if !self.hints.contains(&hint) {
                self.hints.push(hint);
            }
        }
    }

    pub(super) fn waiting(&mut self, scene: &Scene<'_>, ix: Ix) {
        let id = &scene.file.graph.tasks()[ix].id;
        let hint = format!("use 'git dispatch start --force {id}' to start it all the same, without their work");
        let needs = stack::needs(scene.file, scene.standings, ix);
        let stacks = stack::asked(scene.file, (scene.facts, scene.standings), id, &needs).is_ok();
        let stack =
            stacks.then(|| format!("use 'git dispatch start --stack {id}' to start it on what is reported done"));
        for reason in &scene.standings.tasks[ix].reasons {
            self.add(format!("task '{id}' {}", in_words(reason)), stack.iter().chain([&hint]).cloned());
        }
        let unmet: Vec<String> = scene.standings.unmet(scene.file, ix).map(|need| need_in_words(scene, need)).collect();
        let shown = unmet.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        let more = if unmet.len() > 5 { format!(" and {} more", unmet.len() - 5) } else { String::new() };
        if !unmet.is_empty() {
            self.add(format!("task '{id}' needs {shown}{more}"), stack.into_iter().chain([hint]));
        }
    }

    /// What keeps it from being stacked: needs that are not reported done.
    pub(super) fn not_done(&mut self, scene: &Scene<'_>, ix: Ix) {
        let id = &scene.file.graph.tasks()[ix].id;
        let needs = stack::needs(scene.file, scene.standings, ix);
        let open = stack::asked(scene.file, (scene.facts, scene.standings), id, &needs).err().unwrap_or_default();
        for need in open {
            let state = scene.standings.of(scene.file, &need).map(|standing| standing.state);
            let (what, hint) = match state {
                Some(State::Cancelled) => (in_words(&Reason::Cancelled(need.clone())), not_cancelled(&need)),
                Some(State::Done) => (format!("needs '{need}', which waits for a reviewer"), why(&need)),
                _ => (format!("needs '{need}', which is not reported done"), see(&need)),
            };
            self.add(format!("task '{id}' {what}"), [hint]);
        }
    }

    pub(super) fn clash(&mut self, scene: &Scene<'_>, ix: Ix, clash: &Clash) {
        let id = &scene.file.graph.tasks()[ix].id;
        let [one, other] = &clash.between;
        let what = format!("task '{id}' cannot stand on '{one}' and '{other}': they {}", clash.clause());
        let hint = format!(
            "use 'git dispatch status {}' to see how far they are",
            stack::needs(scene.file, scene.standings, ix).iter().map(TaskId::as_str).collect::<Vec<_>>().join(" ")
        );
        self.add(what, [hint]);
    }

    /// `force` silences everything but locks and halts.
    pub(super) fn held(&mut self, force: bool, id: &TaskId, reasons: &[Reason]) {
        for reason in reasons {
            let hint = match reason {
                Reason::Lock { id: holder, .. } => {
                    format!(
                        "use 'git dispatch status {holder}' to see how far that one is; a lock gives way to nothing"
                    )
                }
                Reason::Halted => format!("use 'git dispatch review {id} --resume' to let it go on"),
                _ if force => continue,
                Reason::GateStart => {
                    let approve = format!("use 'git dispatch review {id} --approve start' to approve it");
                    let anyway = format!("use 'git dispatch start --force {id}' to start it without a review");
                    self.add(format!("task '{id}' {}", in_words(reason)), [approve, anyway]);
                    continue;
                }
                _ => format!("use 'git dispatch start --force {id}' to start it all the same"),
            };
            self.add(format!("task '{id}' {}", in_words(reason)), [hint]);
        }
    }

    pub(super) fn active(&mut self, scene: &Scene<'_>, ix: Ix) {
        let (id, state) = (&scene.file.graph.tasks()[ix].id, scene.standings.tasks[ix].state);
        let seen = scene.facts.tasks.get(id);
        let branch = seen.and_then(|seen| seen.branch.as_ref()).map(|branch| branch.name.clone()).unwrap_or_default();
        let worktree = seen.and_then(|seen| seen.worktree.as_ref());
        let (place, hint) = match worktree.map(|worktree| (worktree, worktree.path.display().to_string())) {
            Some((worktree, path)) if worktree.head == Head::Missing => {
                (format!(", and its worktree '{path}' is gone"), see(id))
            }
            Some((_, path)) => (format!(" at '{path}'"), format!("use 'cd {}' to go there", shell_word(&path))),
            None if scene.facts.ledger.batch_of(id).is_some() => (String::new(), see(id)),
            None => {
                let adopt =
                    format!("use 'git dispatch adopt {id} {}' to record it as this task's", shell_word(&branch));
                (String::new(), adopt)
            }
        };
        let take_back = (state == State::Done).then(|| {
            format!("use 'git dispatch report {id} --partial \"WHY\"' to say that there is more to do, and start it after that")
        });
        let word = if state == State::Active { "already active" } else { state.word() };
        let all_active = self.list.is_empty() || self.all_active;
        let whose = scene
            .facts
            .ledger
            .batch_of(id)
            .map_or_else(String::new, |batch| format!(", in {} by '{}' on '{}'", batch.name, batch.by, batch.host));
        self.add(
            format!("task '{id}' is {word} on branch '{branch}'{place}{whose}"),
            [hint].into_iter().chain(take_back),
        );
        self.all_active = all_active;
    }

    pub(super) fn elsewhere(&mut self, scene: &Scene<'_>, ix: Ix) {
        let id = &scene.file.graph.tasks()[ix].id;
        let remote = scene.facts.tasks.get(id).and_then(|seen| seen.remotes.first()).cloned().unwrap_or_default();
        let (branch, from) = (shell_word(&scene.places[id].branch), shell_word(&remote));
        let hints = [
            format!("use 'git branch {branch} {from}' to have its branch here"),
            format!("use 'git dispatch adopt {id} {branch}' after that to follow it here"),
        ];
        self.add(format!("task '{id}' was started elsewhere: '{remote}'"), hints);
    }

    pub(super) fn landed(&mut self, scene: &Scene<'_>, ix: Ix) {
        let id = &scene.file.graph.tasks()[ix].id;
        self.add(format!("task '{id}' has landed"), [again(id)]);
    }

    pub(super) fn lost(&mut self, scene: &Scene<'_>, ix: Ix) {
        let id = &scene.file.graph.tasks()[ix].id;
        let hints = [
            format!("use 'git dispatch adopt {id} BRANCH' to take the branch that holds its work"),
            format!("use 'git dispatch start --again {id}' to begin anew"),
            format!("set 'state = \"landed\"' in [task.{id}] of the task file if it has landed"),
        ];
        let what = "is lost: it was started, but its branch is gone and nothing shows that it landed";
        self.add(format!("task '{id}' {what}"), hints);
    }

    pub(super) fn cancelled(&mut self, scene: &Scene<'_>, ix: Ix) {
        let id = &scene.file.graph.tasks()[ix].id;
        self.add(format!("task '{id}' is cancelled"), [not_cancelled(id)]);
    }

    pub(super) fn branch_in_the_way(&mut self, id: &TaskId, branch: &str, blocking: &str) {
        let what = format!("branch '{blocking}' is in the way of branch '{branch}' of task '{id}'");
        self.add(what, [free_name(blocking)]);
    }

    pub(super) fn folder_in_the_way(&mut self, id: &TaskId, place: &Place, what: &str) {
        let hint = format!("move it away, or set the key 'worktree' to another place than '{}'", place.path);
        self.add(format!("{what} is in the way of task '{id}': '{}'", place.folder.display()), [hint]);
    }

    pub(super) fn shared_branch(&mut self, (other, id): (&str, &TaskId), place: &Place) {
        let hint = "change one of them: the key 'branch' at the top of the task file, or of an [agent.NAME]".to_owned();
        let (branch, start) = (&place.branch, "which starts, too");
        self.add(format!("branch '{other}', {start}, is in the way of branch '{branch}' of task '{id}'"), [hint]);
    }

    pub(super) fn shared_folder(&mut self, (one, other): (&TaskId, &TaskId), place: &Place) {
        let hint = "let '{{ id }}' stand in the key 'worktree'".to_owned();
        self.add(format!("tasks '{one}' and '{other}' would share '{}'", place.folder.display()), [hint]);
    }

    /// The commands are git's own, which refuse where work would be lost: whether the worktree is clean was not looked at.
    pub(super) fn left_over(&mut self, scene: &Scene<'_>, id: &TaskId, left: LeftOver<'_>) {
        let branch = shell_word(&left.branch.name);
        let mut hints = Vec::new();
        let mut what = format!("branch '{}' of task '{id}' is still there", left.branch.name);
        if let Some(worktree) = left.worktree {
            let path = worktree.path.display().to_string();
            let word = shell_word(&path);
            what = format!("branch '{}' of task '{id}' is still there, at '{path}'", left.branch.name);
            let foreign = |reason: &&String| !reason.starts_with(&format!("task {id} of git dispatch "));
            if let Some(operation) = &worktree.operation {
                let hint = format!("use 'git -C {word} status' to see how to end the {operation} under way there");
                return self.add(what, [hint]);
            } else if let Some(reason) = worktree.locked.as_ref().filter(foreign) {
                return self.add(what, [format!("somebody else locked '{path}': '{}'", reason.trim())]);
            } else if scene.ground.main_worktree.as_ref() == Some(&worktree.path) {
                let target = shell_word(&scene.facts.target.name);
                hints.push(format!("use 'git -C {word} switch {target}' to leave the branch"));
            } else {
                if worktree.locked.is_some() {
                    hints.push(format!("use 'git worktree unlock {word}' first"));
                }
                hints
                    .push(format!("use 'git worktree remove {word}' to remove the worktree, if nothing in it changed"));
            }
        }
        hints.push(match left.branch.ahead {
            Some(0) => format!("use 'git branch -d {branch}' to delete the branch, if it is merged"),
            _ => format!("use 'git branch -m {branch} {}' to keep its commits under another name", aside(scene, left)),
        });
        self.add(what, hints);
    }
}

/// A name for the branch that no branch is in the way of.
fn aside(scene: &Scene<'_>, left: LeftOver<'_>) -> String {
    let mut name = format!("{}.old", left.branch.name);
    while blocking_branch(&scene.ground.branches, &name).is_some() {
        name.push_str(".old");
    }
    shell_word(&name)
}

/// How a task that has landed starts again.
pub(in crate::model) fn again(id: &TaskId) -> String {
    format!("use 'git dispatch start --again {id}' to start it again")
}

/// How a cancelled task is one that can start.
pub(in crate::model) fn not_cancelled(id: &TaskId) -> String {
    format!("remove 'state = \"cancelled\"' from [task.{id}] in the target's task file")
}

/// How a branch gives up its name.
pub(in crate::model) fn free_name(branch: &str) -> String {
    format!("use 'git branch -m {} NEW-NAME' to free the name", shell_word(branch))
}

fn need_in_words(scene: &Scene<'_>, need: Ix) -> String {
    let (id, state) = (&scene.file.graph.tasks()[need].id, scene.standings.tasks[need].state);
    format!("'{id}' ({})", if state == State::Ready { "not started" } else { state.word() })
}
