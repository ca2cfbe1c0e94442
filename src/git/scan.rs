//! What has changed in worktrees: an own walk over index and folders, with git asked where something is unusual.
//!
//! The index vouches for most files by their stat data, and for most of HEAD's tree by its cache-tree. What is left is
//! read, hashed and held against the rules of `.gitignore` here; a status costs little more than looking at each file.
//! No index is refreshed, no fsmonitor daemon is asked or started, and nothing is written but the cache of contents and,
//! to a quarantine, the objects of what is not committed.

mod ask;
mod cache;
mod content;
mod conversion;
mod integrity;
mod limits;
pub(super) mod objects;
mod rules;
mod staged;
mod stamp;
mod state;
mod untracked;
mod usual;
mod walk;

use self::ask::Git;
use self::content::{Contents, Verdict};
pub use self::integrity::index_is_damaged;
use self::limits::Limits;
use self::objects::kind_of;
use self::rules::Rules;
use self::staged::{Staged, staged};
use self::stamp::Kind;
use self::state::{Changed, Parts, state};
use self::untracked::untracked;
use self::walk::{Doubt, Now};
use super::config::max_file_size;
use super::parallel;
use super::pipes;
use super::quarantine::Quarantine;
use super::repo::Repo;
use super::worktrees::Listed;
use crate::model::facts::{Changes, Head, Uncommitted};

/// What has changed in one worktree.
#[derive(Debug, Clone, PartialEq)]
pub struct Scanned {
    /// The counts of `git status --porcelain=v2 --untracked-files=normal --find-renames`, whatever `status.*` or `diff.*`
    /// the user has set: a staged rename is one staged path, a folder of nothing but untracked files is one untracked path.
    pub changes: Changes,
    /// `None` where not asked for, where no branch is checked out or an operation is under way, and where it cannot be
    /// read or there is too much of it.
    pub uncommitted: Option<Uncommitted>,
}

/// Scans each worktree, in the order given, on all cores; `None` for one that cannot be read. What is not committed is
/// read if asked for, and its objects are written to the quarantine.
pub fn scan(repo: &Repo, quarantine: &Quarantine, worktrees: &[&Listed], uncommitted: bool) -> Vec<Option<Scanned>> {
    let limits = Limits { max_file_size: max_file_size(repo).unwrap_or(super::config::MAX_FILE_SIZE) };
    let usual = usual::usual(repo);
    let scanner = || {
        let mut repo = repo.clone();
        // What was packed a moment ago is looked for in vain, and then written once more; git never waits for this.
        repo.gix.objects.refresh_never();
        Scanner { repo, quarantine, limits, usual, uncommitted }
    };
    let scanners = (0..parallel::threads(worktrees.len())).map(|_| scanner()).collect();
    let scanned = parallel::each(worktrees, scanners, Scanner::scan);
    cache::sweep(repo);
    scanned
}

/// Whether a worktree of nothing unusual has HEAD's very files, staged and in its folder, and no others but ignored ones: no submodules,
/// and no file of which git is told to overlook what changes. `false` also where it takes git to say.
pub(super) fn is_plainly_clean(repo: &Repo, worktree: &Listed) -> bool {
    let Head::Branch(name) = &worktree.head else { return false };
    let (Ok(Some(tip)), true) = (repo.commit_of(&format!("refs/heads/{name}")), usual::usual(repo)) else {
        return false;
    };
    let mut repo = repo.clone();
    if worktree.has_odd_index()
        || usual::has_own_settings(&worktree.admin_dir)
        || repo.gix.set_workdir(worktree.path.clone()).is_err()
    {
        return false;
    }
    let plain = |index: gix::index::File| {
        let submodule = |entry: &gix::index::Entry| entry.mode == gix::index::entry::Mode::COMMIT;
        index.entries().iter().all(|entry| stamp::is_plain(entry) && !submodule(entry))
    };
    let quarantine = Quarantine::new(tip);
    let git = Git { repo: &repo, quarantine: &quarantine, worktree };
    let limits = Limits { max_file_size: super::config::MAX_FILE_SIZE };
    let clean = own(git, false, limits).is_some_and(|scanned| scanned.changes.is_clean());
    clean && usual::index(&repo.gix, worktree).is_some_and(plain)
}

/// Scans one worktree after the other.
struct Scanner<'a> {
    repo: Repo,
    quarantine: &'a Quarantine,
    limits: Limits,
    usual: bool,
    uncommitted: bool,
}

impl Scanner<'_> {
    /// Reading the branch would wait for ever.
    fn has_odd_head(&self, worktree: &Listed) -> bool {
        let Head::Branch(name) = &worktree.head else { return false };
        pipes::is_odd(&self.repo.common_dir().join("refs/heads").join(name))
    }

    fn scan(&mut self, worktree: &&Listed) -> Option<Scanned> {
        if worktree.bare || worktree.head == Head::Missing || worktree.has_odd_index() || self.has_odd_head(worktree) {
            return None;
        }
        let uncommitted = self.uncommitted && worktree.operation.is_none() && matches!(worktree.head, Head::Branch(_));
        if self.usual
            && !usual::has_own_settings(&worktree.admin_dir)
            && self.repo.gix.set_workdir(worktree.path.clone()).is_ok()
        {
            let git = Git { repo: &self.repo, quarantine: self.quarantine, worktree };
            if let Some(scanned) = own(git, uncommitted, self.limits) {
                // What decodes and describes all files as they are is no matter for its checksum.
                let sound = scanned.changes.is_clean() || !index_is_damaged(&self.repo, worktree);
                return sound.then_some(scanned);
            }
        }
        if index_is_damaged(&self.repo, worktree) || pipes::hold_up(&worktree.path) {
            return None;
        }
        let git = Git { repo: &self.repo, quarantine: self.quarantine, worktree };
        let changes = git.changes()?;
        let uncommitted = if !uncommitted {
            None
        } else if changes.is_clean() {
            Some(Uncommitted::default())
        } else {
            git.state(self.limits)
        };
        Some(Scanned { changes, uncommitted })
    }
}

/// Scans a worktree that is nothing unusual; `None` for one that is.
fn own(git: Git<'_>, uncommitted: bool, limits: Limits) -> Option<Scanned> {
    let gix = &git.repo.gix;
    let index = usual::index(gix, git.worktree)?;
    let head = usual::top(git.repo, &git.worktree.head)?;
    let staged = staged(gix, &index, head.tree)?;
    let found = walk::walk(&index, &git.worktree.path)?;
    if found.unknown.iter().any(|one| one.kind == Kind::Other && pipes::has_rules(&one.path)) {
        return None;
    }
    let mut contents = Contents::new(git.repo, git.worktree, &index);
    let (changed, asked) = changed(&mut contents, &index, &found.doubts)?;
    let most = if uncommitted { Limits::MOST_FILES } else { 0 };
    let untracked = untracked(&git.worktree.path, &mut Rules::new(gix), &found.unknown, most)?;
    let mut touched = changed.iter().map(|changed| changed.path).chain(found.unknown.iter().map(|one| &*one.path));
    if touched.any(usual::is_attributes) {
        return None;
    }
    let changes = Changes {
        staged: count_staged(git, &staged)?,
        modified: count_modified(git, changed.len(), &asked)?,
        untracked: untracked.count,
        conflicted: 0,
    };
    let parts = Parts { head, staged: &staged, changed: &changed, untracked: &untracked };
    let uncommitted = match uncommitted {
        true if changes.is_clean() => Some(Uncommitted::default()),
        true => state(git, &mut contents, &parts, limits),
        false => None,
    };
    contents.save();
    Some(Scanned { changes, uncommitted })
}

/// The doubtful entries that are not as the index has them, and which of them only git can tell.
fn changed<'a>(
    contents: &mut Contents<'_>,
    index: &'a gix::index::File,
    doubts: &[Doubt],
) -> Option<(Vec<Changed<'a>>, Vec<&'a [u8]>)> {
    let (mut changed, mut asked) = (Vec::new(), Vec::new());
    for doubt in doubts {
        let entry = index.entries().get(doubt.entry)?;
        let path: &[u8] = entry.path(index).as_ref();
        let verdict = match doubt.now {
            Now::Gone => Verdict::Changed,
            Now::Submodule => Verdict::Ask,
            Now::There(stamp) => contents.verdict(entry, path, &stamp)?,
        };
        if verdict == Verdict::Ask {
            asked.push(path);
        }
        if verdict != Verdict::Same {
            changed.push(Changed { path, index: (kind_of(entry.mode)?, entry.id), now: doubt.now });
        }
    }
    (asked.len() <= Limits::MOST_ASKED).then_some((changed, asked))
}

fn count_staged(git: Git<'_>, staged: &[Staged]) -> Option<u64> {
    let added = staged.iter().any(|staged| staged.head.is_none());
    let deleted = staged.iter().any(|staged| staged.index.is_none());
    if !(added && deleted) {
        return Some(staged.len() as u64);
    }
    let mut paths: Vec<&[u8]> = staged.iter().map(|staged| staged.path.as_slice()).collect();
    if paths.len() > Limits::MOST_ASKED {
        paths.clear();
    }
    git.staged(&paths)
}

fn count_modified(git: Git<'_>, changed: usize, asked: &[&[u8]]) -> Option<u64> {
    let known = (changed - asked.len()) as u64;
    if asked.is_empty() { Some(known) } else { Some(known + git.modified(asked)?) }
}
