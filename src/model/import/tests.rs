use super::*;
use crate::model::taskfile::Fault;

mod actions;
mod backlog;
mod beads;
mod json;
mod taskmaster;

fn texts(all: &[(&str, &str)]) -> Vec<Text> {
    all.iter().map(|(name, text)| Text { name: (*name).to_owned(), bytes: text.as_bytes().to_vec() }).collect()
}

fn import(source: Source, text: &str, options: Options<'_>) -> Read {
    read(source, &texts(&[("file", text)]), options)
}

/// `id: needs` of each task, and what is said as a warning; panics on faults.
fn tasks_with(source: Source, text: &str, options: Options<'_>) -> (Vec<String>, Vec<String>) {
    let read = import(source, text, options);
    let Some(imported) = read.imported else { panic!("{:?}", read.texts[0].1.faults) };
    let line = |draft: &Draft| {
        let needs: Vec<&str> = draft.needs.iter().map(TaskId::as_str).collect();
        format!("{}: {}", draft.id, needs.join(" ")).trim_end().to_owned()
    };
    let warnings = imported.notes.iter().filter(|note| note.warning).map(|note| note.what.clone());
    (imported.tasks.iter().map(line).collect(), warnings.collect())
}

fn tasks(source: Source, text: &str) -> Vec<String> {
    tasks_with(source, text, Options::default()).0
}

fn faults(source: Source, text: &str) -> Vec<Fault> {
    let mut read = import(source, text, Options::default());
    assert!(read.imported.is_none(), "{:?}", read.imported);
    std::mem::take(&mut read.texts[0].1.faults)
}

fn said(source: Source, text: &str) -> Vec<String> {
    faults(source, text).into_iter().map(|fault| fault.what).collect()
}
