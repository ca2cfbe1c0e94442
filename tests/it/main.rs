//! The command line against real repositories and real git.

mod adopt;
mod again;
mod agents;
mod big_taskfile;
mod brief;
mod cache_files;
mod check;
#[path = "../../benches/support/checker.rs"]
mod checker;
mod checkout;
mod collisions;
mod copies;
mod counts;
mod crash;
mod day;
mod demo;
mod disks;
mod doubts;
mod drift;
mod drop;
mod faults;
mod floors;
mod goon;
mod histories;
mod hostile;
mod import;
mod init;
#[path = "../../benches/support/instance.rs"]
mod instance;
mod landed;
mod landings;
mod launch;
mod lint;
mod mentions;
mod merge_caches;
mod merges;
#[path = "../../benches/support/network.rs"]
mod network;
mod observe;
mod order;
mod pictures;
mod pipes;
mod prompt;
mod races;
mod readme;
mod rebound;
mod reftable;
mod remedies;
mod report;
mod review;
mod scene;
mod schedule;
mod setup;
mod shapes;
mod shell;
mod signals;
mod skill;
mod sparse;
mod stack;
mod start;
mod status;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod step;
mod submit;
mod support;
#[path = "../../benches/support/taskfile.rs"]
mod taskfile;
mod touched;
mod trust;
mod uncommitted;
mod undo;
mod wait;
mod watch;
mod why;
mod worktrees;
