//! What the tests of the commands that act share: a repository with tasks, how a command ended, and all that it may change.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Sandbox, write_in};

/// How a command ended.
#[derive(Debug)]
pub struct Outcome {
    /// `None`: killed by a signal.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    pub fn of(output: &std::process::Output) -> Outcome {
        Outcome {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    pub fn exits(self, code: i32) -> Outcome {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    #[track_caller]
    pub fn says(self, text: &str) -> Outcome {
        assert!(self.stderr.contains(text), "no {text:?} on stderr: {self:#?}");
        self
    }

    #[track_caller]
    pub fn answers(self, text: &str) -> Outcome {
        assert!(self.stdout.contains(text), "no {text:?} on stdout: {self:#?}");
        self
    }

    /// The answer as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|fault| panic!("{fault}: {self:#?}"))
    }

    /// The row of a task in the JSON of `status`.
    #[track_caller]
    pub fn task(&self, id: &str) -> Value {
        let rows = self.json()["tasks"].as_array().unwrap().clone();
        rows.into_iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("no task {id}: {self:#?}"))
    }
}

impl Sandbox {
    /// `main` has one commit with this task file.
    pub fn with_tasks(text: &str) -> Sandbox {
        let sandbox = Sandbox::empty();
        sandbox.init(&[]);
        sandbox.commit(&[("README", "hello\n"), ("dispatch.toml", text)], "initial commit");
        sandbox
    }

    /// Runs the program in `repo`.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        self.run_in(&self.repo(), arguments)
    }

    /// Runs the program in `dir`.
    #[must_use]
    pub fn run_in(&self, dir: &Path, arguments: &[&str]) -> Outcome {
        Outcome::of(&self.dispatch_in(dir, arguments).output().unwrap())
    }

    /// Runs the program, which must exit with 0.
    #[track_caller]
    pub fn ok(&self, arguments: &[&str]) -> Outcome {
        self.run(arguments).exits(0)
    }

    /// Runs the program, which must refuse: this code, `error:` with this text, a hint, and nothing changed.
    #[track_caller]
    pub fn refuses(&self, arguments: &[&str], code: i32, text: &str) -> Outcome {
        let before = self.snapshot();
        let outcome = self.run(arguments).exits(code).says("error: ").says(text).says("hint: ");
        assert_eq!(self.snapshot(), before, "{arguments:?} changed something");
        assert_eq!(outcome.stdout, "", "{arguments:?} answered");
        outcome
    }

    /// Where the worktree of a task is made.
    pub fn place(&self, id: &str) -> PathBuf {
        self.root().join(format!("repo-task-{id}"))
    }

    /// The row of a task in `status --json`.
    #[track_caller]
    pub fn row(&self, id: &str) -> Value {
        self.ok(&["status", "--json", id]).task(id)
    }

    /// The events in the ledger, in order.
    pub fn events(&self) -> Vec<Value> {
        let listed = self.try_git_in(&self.repo(), &["notes", "--ref=dispatch", "list"]);
        let mut events = Vec::new();
        for line in String::from_utf8_lossy(&listed.stdout).lines() {
            let note = self.git(&["cat-file", "blob", line.split_once(' ').unwrap().0]);
            events.extend(note.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
        }
        events
    }

    /// How many events of this kind the ledger holds.
    pub fn count(&self, kind: &str) -> usize {
        self.events().iter().filter(|event| event["event"] == kind).count()
    }

    /// [`Sandbox::snapshot`] without the ledger, which only grows.
    pub fn besides_the_ledger(&self) -> String {
        let after = |line| str::split_once(line, "refs/notes/dispatch").map_or(line, |(_, rest)| rest);
        self.snapshot().lines().map(after).collect()
    }

    /// Everything that a refused command must leave as it is: refs (the ledger too), worktrees, the folder around the
    /// repository, its config, and no lock.
    pub fn snapshot(&self) -> String {
        let mut all = self.git(&["for-each-ref"]);
        all.push_str(&self.git(&["worktree", "list", "--porcelain"]));
        let mut names: Vec<_> =
            std::fs::read_dir(self.root()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        all.push_str(&format!("\n{names:?}\n"));
        let git_dir = self.git(&["rev-parse", "--absolute-git-dir"]);
        all.push_str(&std::fs::read_to_string(Path::new(&git_dir).join("config")).unwrap());
        all.push_str(&format!("{:?}", self.stale_locks()));
        all
    }

    /// All `*.lock` below the git dir.
    pub fn stale_locks(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut open = vec![PathBuf::from(self.git(&["rev-parse", "--absolute-git-dir"]))];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() && !path.is_symlink() {
                    open.push(path);
                } else if path.extension().is_some_and(|extension| extension == "lock") {
                    found.push(path);
                }
            }
        }
        found.sort();
        found
    }

    /// Writes an executable shell script below the sandbox's root and returns its path.
    pub fn script(&self, name: &str, body: &str) -> PathBuf {
        write_in(&self.root(), name, &format!("#!/bin/sh\n{body}"));
        let path = self.root().join(name);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// `PATH` without a wrapped git.
    pub fn path(&self) -> String {
        #[expect(clippy::disallowed_methods, reason = "git is looked up where the developer has it")]
        std::env::var("PATH").unwrap()
    }

    /// A `git` first on PATH, which runs `body`; `$REAL` is the real git.
    pub fn wrap_git(&mut self, body: &str) {
        let path = self.path();
        let real = git_dispatch::git::find_program("git").unwrap();
        let wrapper = self.script("home/bin/git", &format!("REAL='{}'\n{body}", real.display()));
        self.env("PATH", &format!("{}:{path}", wrapper.parent().unwrap().display()));
    }

    /// The end state of `start` for these tasks, whatever happened before: whole, and nothing else lies about.
    #[track_caller]
    pub fn assert_started(&self, ids: &[&str]) {
        self.git(&["fsck", "--no-progress"]);
        self.git(&["status"]);
        assert_eq!(self.stale_locks(), Vec::<PathBuf>::new());
        let main = self.git(&["rev-parse", "main"]);
        let mut listed = vec![self.repo()];
        let mut refs: BTreeMap<String, String> = BTreeMap::from([("refs/heads/main".to_owned(), main.clone())]);
        for id in ids {
            listed.push(self.place(id));
            refs.insert(format!("refs/heads/task/{id}"), main.clone());
            refs.insert(format!("refs/dispatch/base/{id}"), main.clone());
            assert_eq!(self.git_in(&self.place(id), &["status", "--porcelain", "--branch"]), format!("## task/{id}"));
        }
        listed.sort();
        let list = self.git(&["worktree", "list", "--porcelain"]);
        let mut paths: Vec<PathBuf> =
            list.lines().filter_map(|line| line.strip_prefix("worktree ")).map(PathBuf::from).collect();
        paths.sort();
        assert_eq!(paths, listed, "{list}");
        assert_eq!(list.matches("\nlocked task ").count(), ids.len(), "{list}");
        let admin = std::fs::read_dir(self.repo().join(".git/worktrees")).unwrap().count();
        assert_eq!(admin, ids.len(), "admin folders");
        let beside =
            std::fs::read_dir(self.root()).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
        let trees = beside.iter().filter(|name| name.to_string_lossy().starts_with("repo-task-")).count();
        assert_eq!(trees, ids.len(), "{beside:?}");
        let found: BTreeMap<String, String> = self
            .git(&["for-each-ref", "--format=%(refname) %(objectname)"])
            .lines()
            .filter_map(|line| line.split_once(' '))
            .filter(|(name, _)| *name != "refs/notes/dispatch")
            .map(|(name, id)| (name.to_owned(), id.to_owned()))
            .collect();
        assert_eq!(found, refs);
        // Each is recorded once, but not all of them at once where one could not be made at first.
        let events = self.events();
        let recorded =
            events.iter().filter(|event| event["event"] == "started").flat_map(|event| event["tasks"].as_array());
        let mut recorded: Vec<&str> = recorded.flatten().filter_map(Value::as_str).collect();
        recorded.sort_unstable();
        let mut wanted = ids.to_vec();
        wanted.sort_unstable();
        assert_eq!((self.count("starting"), recorded), (1, wanted), "{events:#?}");
    }
}

/// Counts the calls of git, and kills the program before or after the call number `$AT`.
pub const KILL_AT: &str = r#"
calls=$(cat "$HOME/calls" 2>/dev/null || echo 0)
calls=$((calls + 1))
echo $calls >"$HOME/calls"
if [ "$calls" = "$AT" ]; then
  [ "$HOW" = after ] && "$REAL" "$@"
  kill -9 $PPID
  exit 1
fi
exec "$REAL" "$@"
"#;

/// The body of a script that kills the program that started it, and all gits between, without a trace: the outermost first, since a
/// git that outlives its child cleans up after it.
pub const KILL_THEM: &str = r#"
pid=$PPID; all=
while [ "$pid" -gt 1 ]; do
  name=$(ps -o comm= -p "$pid"); name=${name##*/}
  case "$name" in git*|sh) all="$pid $all" ;; *) break ;; esac
  case "$name" in git-dispatch*) break ;; esac
  pid=$(ps -o ppid= -p "$pid" | tr -d ' ')
done
kill -9 $all
"#;
