//! `git dispatch land`: what lands, how, and what nothing may happen to.

mod after;
mod back;
mod checkout;
mod commits;
mod hostile;
mod left;
mod resolve;
mod shapes;
mod train;
mod words;

use serde_json::Value;

use crate::support::Sandbox;

/// What a task adds: paths with their contents.
pub type Work<'a> = &'a [(&'a str, &'a str)];

/// `main` has a task file with this head, and below it `[task.ID]` for each of `works`; each of them is done, with one commit.
pub fn done(head: &str, works: &[(&str, Work<'_>)]) -> Sandbox {
    let tables: Vec<String> = works.iter().map(|(id, _)| format!("[task.{id}]\n")).collect();
    let sandbox = Sandbox::with_tasks(&format!("{head}\n{}", tables.concat()));
    sandbox.commit(&[("shared", "1\n2\n3\n"), (".gitignore", "*.log\n")], "files");
    let ids: Vec<&str> = works.iter().map(|(id, _)| *id).collect();
    work(&sandbox, works, &[&["start"][..], &ids].concat());
    sandbox
}

/// Starts tasks by `start`, makes their commits and reports them done.
pub fn work(sandbox: &Sandbox, works: &[(&str, Work<'_>)], start: &[&str]) {
    sandbox.ok(start);
    for (id, files) in works {
        sandbox.commit_in(&sandbox.place(id), files, &format!("work on {id}"));
        sandbox.ok(&["report", id, "--done"]);
    }
}

/// A and B are done; each adds a file of its own.
pub fn two() -> Sandbox {
    done("", &[("A", &[("a", "a\n")]), ("B", &[("b", "b\n")])])
}

impl Sandbox {
    /// What git says of a revision.
    pub fn rev(&self, name: &str) -> String {
        self.git(&["rev-parse", name])
    }

    /// The paths that `main` has.
    pub fn on_main(&self) -> Vec<String> {
        let listed = self.git(&["ls-tree", "-r", "--name-only", "main"]);
        listed
            .lines()
            .filter(|path| ![".gitignore", "README", "dispatch.toml", "shared"].contains(path))
            .map(str::to_owned)
            .collect()
    }

    /// A check of this clone's own configuration.
    pub fn checks(&self, command: &str) {
        self.git(&["config", "dispatch.check", command]);
    }

    /// The lines of a file beside the repository; none where it is missing.
    pub fn lines_beside(&self, name: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.root().join(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

/// The ids in a list of the answer.
pub fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap_or_else(|| one.as_str().unwrap())).collect()
}
