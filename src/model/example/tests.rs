use super::*;
use crate::model::taskfile::parse_bytes;

#[test]
fn the_task_file_has_its_tasks_and_no_fault() {
    let (_, parsed) = parse_bytes(TASK_FILE.as_bytes());
    assert!(parsed.faults.is_empty() && parsed.warnings.is_empty());
    assert_eq!(parsed.file.unwrap().graph.len(), TASKS);
}

#[test]
fn every_change_keeps_to_the_paths_that_its_task_declares_and_lands_after_its_needs() {
    let file = parse_bytes(TASK_FILE.as_bytes()).1.file.unwrap();
    let mut landed = Vec::new();
    for change in LANDED.iter().map(|landing| &landing.change).chain(&WORK) {
        let ix = file.graph.position(&change.task.parse().unwrap()).unwrap();
        let task = &file.graph.tasks()[ix];
        for (path, _) in change.files {
            let covers = |glob: &str| globset::Glob::new(glob).unwrap().compile_matcher().is_match(path);
            assert!(task.writes.iter().any(|pattern| covers(pattern.as_str())), "{} writes {path}", change.task);
        }
        assert!(file.graph.needs(ix).all(|need| landed.contains(&need)), "{} is too early", change.task);
        if LANDED.iter().any(|landing| landing.change.task == change.task) {
            landed.push(ix);
        }
    }
    assert_eq!(landed.len(), 12);
    assert!(LANDED.iter().map(|landing| landing.hours_ago).is_sorted_by(|a, b| a > b));
}
