//! A repository with as many active worktrees as a measurement asks for, some of them dirty.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::support::{dispatch, done, git, shell, stage};

/// The most tasks that any measurement starts.
pub const MOST: usize = 100;

/// A repository whose task file has [`MOST`] tasks; the worktrees of the first `started` of them lie beside it.
pub struct Stage {
    pub root: PathBuf,
    pub repo: PathBuf,
    pub started: usize,
    /// Tasks in whose worktrees work was done.
    worked: usize,
    /// Text files of the target, without those whose names git quotes.
    files: Vec<String>,
}

pub fn id(number: usize) -> String {
    format!("T{number:03}")
}

impl Stage {
    /// The one that an earlier run left in `root`, or a new one: a clone of `source`, or made up.
    pub fn new(source: Option<&str>, root: &Path) -> Stage {
        let repo = root.join("repo");
        let ready = std::fs::read_to_string(root.join("ready")).ok().and_then(|text| text.parse().ok());
        if ready.is_none() {
            assert!(!repo.exists(), "{} was left half-made: delete it", root.display());
            std::fs::create_dir_all(root).unwrap();
            clone(source, root);
        }
        let listed = done(git(&repo, &["grep", "-I", "--name-only", "-e", ""]));
        let usable = |name: &&str| !name.starts_with('"') && *name != "dispatch.toml";
        let files = listed.lines().filter(usable).map(str::to_owned).collect();
        let worked = ready.unwrap_or(0);
        let stage = Stage { root: root.to_owned(), repo, started: worked, worked, files };
        stage.note();
        stage
    }

    /// That an interrupted run left nothing half-made.
    fn note(&self) {
        stage::write(&self.root.join("ready"), &self.worked.to_string());
    }

    pub fn worktree(&self, number: usize) -> PathBuf {
        self.repo.with_extension("wt").join(id(number))
    }

    /// A shell script before which merges are written to a place of their own, which stays: the repository gets none, so
    /// that no contender finds what another has made.
    pub const APART: &str = "mkdir -p ../merged; export GIT_OBJECT_DIRECTORY=\"$PWD/../merged\" \
                             GIT_ALTERNATE_OBJECT_DIRECTORIES=\"$PWD/.git/objects\"; ";

    pub fn count_files(&self) -> usize {
        done(git(&self.repo, &["ls-files"])).lines().count()
    }

    /// Starts the tasks up to this number.
    pub fn start(&mut self, up_to: usize) {
        std::fs::remove_file(self.root.join("ready")).unwrap();
        let ids: Vec<String> = (self.started + 1..=up_to).map(id).collect();
        let arguments: Vec<&str> = ["start"].into_iter().chain(ids.iter().map(String::as_str)).collect();
        done(dispatch(&self.repo, &arguments));
        self.started = up_to;
    }

    /// Works in the worktrees that were started last, and on `main`; then all are settled.
    pub fn work(&mut self) {
        let new: Vec<usize> = (self.worked + 1..=self.started).collect();
        let half = new.len().div_ceil(2);
        std::thread::scope(|scope| {
            let this = &*self;
            for part in new.chunks(half) {
                scope.spawn(move || part.iter().for_each(|&number| this.work_in(number)));
            }
        });
        for turn in 0..3 {
            let file = self.file((self.worked + 3) * 97 + turn * 13);
            self.commit(&self.repo, file, &format!("main {turn}"));
        }
        self.worked = self.started;
        self.settle();
        self.note();
    }

    /// Any of the target's text files.
    pub fn file(&self, number: usize) -> &str {
        &self.files[number % self.files.len()]
    }

    /// Three commits; the third task of each step collides with `main`, the 7th and 8th of each ten with each other, and
    /// all whose number is round with each other.
    fn work_in(&self, number: usize) {
        let dir = self.worktree(number);
        for turn in 0..3 {
            self.commit(&dir, self.file(number * 97 + turn * 13), &format!("{number}, {turn}"));
        }
        match number % 10 {
            7 | 8 => self.commit(&dir, self.file(number / 10 * 61 + 5), &format!("{number}, shared by two")),
            0 => self.commit(&dir, self.file(1), &format!("{number}, shared by all")),
            _ => {}
        }
        match number % 5 {
            1 => stage::append(&dir.join(self.file(number * 31)), "not committed"),
            2 => {
                stage::write(&dir.join("scratch/notes"), "untracked");
                stage::write(&dir.join("notes"), "untracked");
            }
            3 => {
                let file = self.file(number * 31 + 1);
                stage::append(&dir.join(file), "staged");
                done(git(&dir, &["add", "--", file]));
            }
            _ => {}
        }
        if number == 4 {
            (0..2_000).for_each(|at| stage::write(&dir.join(format!("target/{}/object{at}", at % 100)), "ignored"));
        }
    }

    fn commit(&self, dir: &Path, file: &str, line: &str) {
        stage::append(&dir.join(file), line);
        done(git(dir, &["add", "--", file]));
        done(git(dir, &["commit", "--quiet", "--message", line]));
    }

    /// Waits until no file is as young as its index, and lets git see that.
    fn settle(&self) {
        std::thread::sleep(Duration::from_millis(1_100));
        let each = "printf '%s\\n' . ../repo.wt/* | xargs -n 1 -P 2 sh -c 'git -C \"$0\" status >/dev/null'";
        done(shell(&self.repo, each));
    }
}

/// A clone, or made up, with the task file and a rule that ignores `target` folders.
fn clone(source: Option<&str>, root: &Path) {
    let repo = source.map_or_else(|| stage::synthetic(root), |source| stage::clone_of(source, root));
    let head = "version = 1\ntarget = \"main\"\nworkers = 200\nworktree = \"../repo.wt/{{ id }}\"\n";
    let task = |id: String| format!("\n[task.{id}]\ntitle = \"Task {id}\"\nwrites = [\"{id}/**\"]\n");
    let tasks: String = (1..=MOST).map(|number| task(id(number))).collect();
    stage::write(&repo.join("dispatch.toml"), &format!("{head}{tasks}"));
    stage::write(&repo.join(".git/info/exclude"), "/target/\n");
    done(git(&repo, &["add", "--", "dispatch.toml"]));
    done(git(&repo, &["commit", "--quiet", "--message", "plan"]));
}
