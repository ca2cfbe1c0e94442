use super::*;
use crate::model::sample::*;
use crate::model::standing::standings;
use crate::model::task::Gate;

struct Stage {
    file: TaskFile,
    facts: Facts,
    ground: Ground,
}

impl Stage {
    fn new(file: TaskFile) -> Stage {
        Stage { file, facts: facts(), ground: Ground::default() }
    }

    fn decide(&self, request: &Request) -> Result<Start, Failure> {
        let standings = standings(&self.file, &self.facts, &names(&self.file));
        let place = |id: &TaskId| Place {
            branch: format!("task/{id}"),
            path: format!("../r-task-{id}"),
            folder: PathBuf::from(format!("/x/r-task-{id}")),
        };
        let places = self.file.graph.tasks().iter().map(|task| (task.id.clone(), place(&task.id))).collect();
        let scene = Scene {
            file: &self.file,
            facts: &self.facts,
            standings: &standings,
            places: &places,
            ground: &self.ground,
        };
        decide(&scene, request)
    }

    fn start(&self, ids: &[&str]) -> Result<Start, Failure> {
        self.decide(&request(ids))
    }

    fn refusal(&self, ids: &[&str]) -> (Exit, String) {
        let failure = self.start(ids).unwrap_err();
        (failure.exit, failure.what)
    }
}

fn request(ids: &[&str]) -> Request {
    Request { ids: ids.iter().map(|id| (*id).to_owned()).collect(), ..Request::default() }
}

fn ids(start: &Start) -> Vec<&str> {
    start.batch.iter().flat_map(|batch| &batch.tasks).map(|task| task.id.as_str()).collect()
}

#[test]
fn ready_tasks_start_in_the_order_given_and_each_once() {
    let stage = Stage::new(file(&["A", "B", "C"]));
    let start = stage.start(&["B", "A", "B"]).unwrap();
    assert_eq!(ids(&start), ["B", "A"]);
    let batch = start.batch.unwrap();
    assert_eq!((batch.name.as_str(), batch.base), ("batch-001", oid('a')));
    assert!(start.warnings.is_empty() && start.resume.is_empty());
}

#[test]
fn an_unknown_id_is_refused_with_the_nearest() {
    let failure = Stage::new(file(&["SCR-001"])).start(&["scr-01"]).unwrap_err();
    assert_eq!(failure.exit, Exit::Usage);
    assert_eq!(failure.hints, ["did you mean 'SCR-001'?"]);
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let mut stage = Stage::new(file(&["A", "B: A", "C"]));
    observe(&mut stage.facts, "C", branch("C"));
    let (exit, what) = stage.refusal(&["B", "C"]);
    assert_eq!(exit, Exit::Refused);
    assert_eq!(what, "task 'B' needs 'A' (not started)\ntask 'C' is already active on branch 'task/C'");
    assert_eq!(stage.refusal(&["C"]).0, Exit::No, "already active, and nothing else");
}

#[test]
fn force_overrides_needs_and_overlap_but_no_lock() {
    let writes = |task: &mut Task| task.writes = vec!["src".parse().unwrap()];
    let stage = Stage::new(with(with(file(&["A", "B", "C: A"]), "A", writes), "B", writes));
    assert_eq!(stage.refusal(&["A", "B"]).1, "task 'B' writes 'src' like 'A'");
    let force = Request { force: true, ..request(&["A", "B"]) };
    assert_eq!(ids(&stage.decide(&force).unwrap()), ["A", "B"]);
    let force = Request { force: true, ..request(&["C"]) };
    assert_eq!(ids(&stage.decide(&force).unwrap()), ["C"]);
    let locks = |task: &mut Task| task.locks = vec!["db".to_owned()];
    let stage = Stage::new(with(with(file(&["A", "B"]), "A", locks), "B", locks));
    let failure = stage.decide(&Request { force: true, ..request(&["A", "B"]) }).unwrap_err();
    assert_eq!(failure.what, "task 'B' wants lock 'db', which 'A' holds until it lands");
}

#[test]
fn a_gate_gives_way_to_force_and_a_lock_behind_it_does_not() {
    let mut gated = with(file(&["A", "B"]), "A", |task| task.locks = vec!["db".to_owned()]);
    gated.settings.review = vec![Gate::Start];
    let stage = Stage::new(gated.clone());
    let failure = stage.start(&["A"]).unwrap_err();
    assert_eq!((failure.exit, failure.what.as_str()), (Exit::Refused, "task 'A' waits for a review before it starts"));
    let ways = [
        "use 'git dispatch review A --approve start' to approve it",
        "use 'git dispatch start --force A' to start it without a review",
    ];
    assert_eq!(failure.hints, ways);
    let force = Request { force: true, ..request(&["A"]) };
    assert_eq!(ids(&stage.decide(&force).unwrap()), ["A"]);
    let mut stage = Stage::new(with(gated, "B", |task| task.locks = vec!["db".to_owned()]));
    observe(&mut stage.facts, "B", branch("B"));
    assert_eq!(stage.refusal(&["A"]).1.lines().count(), 2, "the lock and the gate");
    let failure = stage.decide(&force).unwrap_err();
    assert_eq!(failure.what, "task 'A' wants lock 'db', which 'B' holds until it lands");
}

#[test]
fn a_landed_task_starts_only_again() {
    let mut stage = Stage::new(file(&["A"]));
    stage.facts.mentions = vec![mention("A", "2026-01-19T12:00:00Z")];
    assert_eq!(stage.refusal(&["A"]), (Exit::Refused, "task 'A' has landed".to_owned()));
    let start = stage.decide(&Request { again: true, ..request(&["A"]) }).unwrap();
    assert_eq!(start.batch.unwrap().reopened, [id("A")]);
}

#[test]
fn an_interrupted_batch_is_finished_before_anything_new() {
    let mut stage = Stage::new(file(&["A", "B", "C"]));
    stage.facts.ledger = ledger(vec![starting(&["A", "B"]), started("u0", &["A"])]);
    observe(&mut stage.facts, "A", branch("A"));
    let same = stage.start(&["A", "B"]).unwrap();
    assert_eq!((same.resume.as_slice(), same.batch.is_none()), ([0].as_slice(), true));
    let more = stage.start(&["B", "C"]).unwrap();
    assert_eq!((more.resume.as_slice(), ids(&more)), ([0].as_slice(), vec!["C"]));
    assert_eq!(more.batch.unwrap().name, "batch-002");
}

#[test]
fn branches_and_folders_in_the_way_are_named() {
    let mut stage = Stage::new(file(&["A", "scr-1"]));
    for (existing, blocked) in [("task", "A"), ("task/SCR-1", "scr-1"), ("task/A/B", "A")] {
        stage.ground.branches = BTreeSet::from([existing.to_owned()]);
        let (exit, what) = stage.refusal(&[blocked]);
        assert_eq!(exit, Exit::Refused);
        assert!(what.starts_with(&format!("branch '{existing}' is in the way of branch 'task/{blocked}'")), "{what}");
    }
    stage.ground.branches = BTreeSet::from(["task/AB".to_owned(), "tasks".to_owned()]);
    assert!(stage.start(&["A"]).is_ok());
    stage.ground.occupied.insert(PathBuf::from("/x/r-task-A"), "a symlink".to_owned());
    assert_eq!(stage.refusal(&["A"]).1, "a symlink is in the way of task 'A': '/x/r-task-A'");
}

#[test]
fn more_tasks_than_slots_are_a_warning() {
    let stage = Stage::new(file(&["A", "B", "C", "D"]));
    assert_eq!(stage.start(&["A", "B", "C", "D"]).unwrap().warnings, ["4 active tasks for 3 worker slots"]);
}

#[test]
fn a_batch_name_is_new_and_plain() {
    let mut stage = Stage::new(file(&["A", "B"]));
    let named = |name: &str| Request { batch: Some(name.to_owned()), ..request(&["B"]) };
    assert_eq!(stage.decide(&named("friday")).unwrap().batch.unwrap().name, "friday");
    assert_eq!(stage.decide(&named("$(id)")).unwrap_err().exit, Exit::Usage);
    stage.facts.ledger = ledger(vec![starting(&["A"]), started("u0", &["A"])]);
    assert_eq!(stage.decide(&named("batch-001")).unwrap_err().exit, Exit::Refused);
}
