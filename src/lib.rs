//! git-dispatch: plan, start and follow parallel work in git worktrees.
//!
//! Every command walks through four words, each at most once: **read → decide → act → tell**.
//! `git` reads the repository into [`model::facts::Facts`]; a pure function in `model` decides; `git` carries the decision
//! out and says what really happened; `render` turns values into text and [`console`] prints it.
//!
//! Floors, from the top; imports only look down, rooms of one floor never meet:
//!
//! | floor | rooms |
//! |---|---|
//! | 7 | `main.rs` |
//! | 6 | [`cli`]: the grammar's root |
//! | 5 | [`command`]: one file a subcommand |
//! | 4 | [`read`]: what every command reads first |
//! | 3 | [`global`]: the flags that every command takes |
//! | 2 | [`git`], [`render`], [`console`], [`screen`], [`session`], [`shell`], [`trust`] |
//! | 1 | [`model`] |
//!
//! Why [`read`], [`global`] and [`shell`] are rooms of their own: docs/design/0011-read-and-shell.md.
//!
//! # Words
//!
//! - *task*: a unit of work with an id; *needs*: tasks that must land before it starts; *writes*, *reads*: path patterns;
//!   *lock*: a named shared thing that one active task may hold.
//! - *phase*: a named stage; *estimate*: expected working time.
//! - *target*: the branch that tasks start from and land on; *base*: the commit a task's branch started from; *tip*: the
//!   commit its branch points at.
//! - *batch*: the tasks started by one `start`; *ledger*: all batches; *event*: one line of the ledger.
//! - *active*: has a branch and is neither landed nor dropped; *holder*: an active task, as others see its paths and locks.
//! - *worker slot*: held by an active task until it is reported done or stopped.
//! - *standing*: the state of a task with its reasons or its proof, [`model::standing`].
//! - *readiness*: whether a tip merges into the target.
//! - *landing*: a task's work on the target, and the proof of it, [`model::proof`].
//! - *snapshot*: what a task was when it started; holds while it is active, whatever the file says later.
//! - *picture*: a plan as bars on rows over time, which every drawing of it starts from, [`model::picture`].
//! - *anchor*: the main worktree, or the folder of a bare repository: recorded paths are relative to it.
//!
//! # What is on disk, and who writes it
//!
//! | what | where | who writes |
//! |---|---|---|
//! | task file | `dispatch.toml` | people, `init`, `import` |
//! | settings | git config `dispatch.*`, over the task file's own keys | people |
//! | task branch | `refs/heads/task/<id>` (template `branch`) | `start`, `adopt` for a detached worktree, workers |
//! | worktree | `../<repo>-task-<id>` (template `worktree`), locked with `git worktree lock` | `start`, workers; `adopt` locks |
//! | ledger | `refs/notes/dispatch`: a note on the commit that a batch started from | `start`, `adopt` |
//! | base | `refs/dispatch/base/<id>`, keeps it from being collected | `start`, `adopt` |
//! | lock | `<common git dir>/dispatch/lock` | `start`, `adopt` |
//! | caches | `<common git dir>/dispatch/cache/`, may be deleted at any time: `mentions`, `counts`, `merges`, `clean`, `brought`, `contents/`, `prompt` | every command that reads |
//! | man pages, completions | `$XDG_DATA_HOME`, or below `--prefix` | `install` |
//! | example repository | a new folder in the one for temporary files | `demo` |
//!
//! `plan`, `why`, `status`, `log` and `lint` write nothing but caches, and neither does `import` without `-o`.

pub mod cli;
pub mod command;
pub mod console;
pub mod git;
pub mod global;
pub mod model;
pub mod read;
pub mod render;
pub mod screen;
pub mod session;
pub mod shell;
pub mod trust;
