//! What `start` tells while it makes tasks; JSON comes in one piece, in the end.

use crate::console::Console;
use crate::global::Global;
use crate::model::facts::Target;
use crate::model::ledger::{Batch, Ledger, Snapshot};
use crate::model::made::Made;
use crate::model::ports;
use crate::model::start::Start;
use crate::read::Loaded;
use crate::render;
use crate::render::start::Widths;

/// How far it is, for a person.
pub struct Teller<'a> {
    pub console: &'a Console,
    json: bool,
    target: &'a Target,
    /// Whether ports are worth telling.
    ports: bool,
    widths: Widths,
}

impl<'a> Teller<'a> {
    pub fn new(console: &'a Console, global: &Global, (target, loaded): (&'a Target, &Loaded)) -> Teller<'a> {
        let ports = ports::are_used(&loaded.file.settings);
        Teller { console, json: global.json, target, ports, widths: Widths::of(std::iter::empty()) }
    }

    pub fn warnings(&self, decided: &Start) {
        for warning in &decided.warnings {
            self.console.warning(warning);
        }
    }

    pub fn batch(&mut self, batch: &Batch, tasks: &[&Snapshot], resumed: bool) {
        self.widths = Widths::of(tasks.iter().map(|task| (&task.id, task.branch.as_str())));
        if !self.json {
            self.console.begin_answer(&render::start::heading(batch, self.target, resumed));
        }
    }

    pub fn going_on(&self, made: &[Made]) {
        for one in made {
            self.console.note(&format!("task '{}' is active already; going on with its setup", one.id));
        }
    }

    /// What goes on is told below its batches.
    pub fn continued(&mut self, ledger: &Ledger, decided: &Start, goes_on: &[Made]) {
        for one in &decided.continued {
            self.batch(&ledger.batches[one.batch], &one.tasks.iter().collect::<Vec<_>>(), true);
            let told = goes_on.iter().filter(|made| one.tasks.iter().any(|task| task.id == made.id));
            told.for_each(|made| self.made(made));
        }
    }

    pub fn made(&self, made: &Made) {
        if !self.json {
            self.console.begin_answer(&render::start::made(made, self.widths, self.ports));
        }
    }
}
