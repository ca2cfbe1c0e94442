//! The repository: the only home of gix and of the git program. What comes out are values of `model`.

mod adopt;
mod bases;
mod beside;
mod branches;
mod briefs;
mod brought;
mod by_git;
mod cache_file;
mod changed;
mod checkout;
mod clock;
mod collisions;
mod config;
mod copies;
mod counts;
mod create;
mod dated;
mod details;
mod drop;
mod equip;
mod example;
mod expiry;
mod fault;
mod halfway;
mod here;
mod history;
mod import;
mod land;
mod leavings;
mod ledger;
mod lock;
mod locked;
mod merges;
mod message;
mod mounts;
mod moved;
mod observe;
mod parallel;
mod paths;
mod pipes;
mod processes;
mod program;
mod prompt_cache;
mod prove;
mod push;
mod quarantine;
mod reach;
mod read;
mod rebound;
mod reflog;
mod refs;
mod reftable;
mod repo;
mod reset_away;
mod resolve;
mod scan;
mod sizes;
mod sparse;
mod stack;
mod stale;
mod start;
mod target;
mod taskfile;
mod touched;
mod trash;
mod twin;
mod undo;
mod unref;
mod walk;
mod worktrees;

pub use adopt::{carry_out, find_adoptable, merge_base, recorded_path};
pub use beside::{Named, named_text};
pub use branches::committed_at;
pub use briefs::write_brief;
pub use changed::{Watch, Watched};
pub use clock::now;
pub use collisions::collisions;
pub use config::{forge, overlay};
pub use copies::{Copies, asks_for_copies, copies, drop_stale_copies};
pub use counts::{Counted, Counts, counts};
pub use create::create_new;
pub use dated::dated;
pub use details::{commits, conflict, touched};
pub use drop::{left_to_drop, remove as move_to_trash, restore, trash_of, unrestorable};
pub use equip::{Equipping, want_equipped};
pub use example::Example;
pub use expiry::{expiry, trash_expiry};
pub use here::tree_paths;
pub use history::mentions;
pub use import::{files_in, read_stdin};
pub use land::{
    Advance, CheckSite, Mark, Merging, Resolving, advance, changed_beside, check_site, checkout_of, compose, conclude,
    conflicts_of, fall_back, forget_mark, keep_verdict, kept_verdict, leave_merge, mark, marks, merge_into, merging_in,
    push_target, pushed, pushes_to, record_resolving, resolving, tree_of_commit, unmark, with_marks,
};
pub use ledger::{
    Attempts, LEDGER_REF, Swap, append, append_all, append_outcome, committer, contended, event, host, not_writable,
    read_ledger,
};
pub use lock::{Lock, lock};
pub use merges::{Joining, Landings, Stand, merges, merges_without_git};
pub use observe::{Observation, Places, Want, observe, observe_in};
pub use parallel::{each, threads};
pub use paths::look;
pub use program::{Git, Version, failed, find_program, itself, off_path, run, shell, stdout_of, user_command};
pub use prompt_cache::{Kept, keep_prompt, kept_prompt};
pub use push::{Pushing, push, push_remote, remote_url, target_remote, way};
pub use quarantine::{Quarantine, end_by, signals_are_caught};
pub use read::read_bounded;
pub use refs::branch_names;
pub use repo::{Repo, session_task};
pub use resolve::target;
pub use scan::{Scanned, index_is_damaged, scan};
pub use sizes::weigh;
pub use sparse::misplaced;
pub use stack::{
    Remade, Stuck, Way, base as stack_base, carry, contains, dirt, finish as finish_restack, keep, keep_next,
    kept as kept_bases, leaves_alone, let_go, may_carry, merges_since, replay, same_work, unready,
};
pub use start::{Progress, Wishes, absolute, ground, make_all, stays_beside, would_make};
pub use target::default_target;
pub use taskfile::{Place as SourcePlace, Source, task_file};
pub use trash::{empty, find_trash, weighed, would_go};
pub use twin::remote;
pub use undo::{Around as UndoAround, leave_off, left_of, sweep, take_back};
pub use worktrees::{Listed, worktrees};
