//! Merges as `git dispatch` computes them beside git's own: verdict and tree of every merge commit of a real repository,
//! and the collisions of a hundred branches: `cargo bench --bench merges`.
//!
//! `GIT_DISPATCH_BENCH_REPO` names the local repository; without it one is made up. `GIT_DISPATCH_BENCH_MERGES` bounds the
//! merge commits, newest first.

#[expect(dead_code, reason = "each benchmark uses the part that it needs")]
mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use git_dispatch::git::{Quarantine, Repo, collisions, merges, merges_without_git};
use git_dispatch::model::collision::Contender as Branch;
use git_dispatch::model::facts::Merge;
use git_dispatch::model::oid::Oid;
use support::report::{goal, machine, ratio, table};
use support::{Contender, Cost, alternate, done, git, stage};

const ROUNDS: usize = 5;

/// Branches of the matrix.
const BRANCHES: usize = 100;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, repo, tips] = arguments.as_slice()
        && word == "matrix"
    {
        return matrix_of(Path::new(repo), Path::new(tips));
    }
    let temp = tempfile::tempdir().unwrap();
    print(&machine(temp.path()));
    let repo = repository(temp.path());
    let files = done(git(&repo, &["ls-tree", "-r", "--name-only", "HEAD"])).lines().count();
    print(&format!("repository: {files} files, {} commits\n", done(git(&repo, &["rev-list", "--count", "HEAD"]))));
    parity(&repo);
    matrix(&repo, "real branches", &merged_branches(&repo));
    matrix(&repo, "branches of one base", &made_branches(&repo));
}

fn repository(temp: &Path) -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "whoever measures says with what")]
    let source = std::env::var("GIT_DISPATCH_BENCH_REPO").ok();
    source.map_or_else(|| stage::synthetic(temp), |source| stage::clone_of(&source, temp))
}

/// The answers of one `git merge-tree --stdin`: verdict and tree.
fn by_git(repo: &Path, pairs: &[(Oid, Oid)]) -> Vec<(bool, String)> {
    let input = repo.join(".git/pairs");
    stage::write(&input, &lines(pairs));
    let output = merge_tree(repo, &input).stderr(Stdio::null()).output().unwrap();
    let mut answers = Vec::new();
    let text = String::from_utf8_lossy(&output.stdout);
    let mut fields = text.split_terminator('\0');
    while let (Some(verdict), Some(tree)) = (fields.next(), fields.next()) {
        let conflicts = fields.by_ref().take_while(|field| !field.is_empty()).count();
        assert_eq!(conflicts == 0, verdict == "1");
        answers.push((verdict == "1", tree.to_owned()));
    }
    answers
}

fn lines(pairs: &[(Oid, Oid)]) -> String {
    pairs.iter().map(|(ours, theirs)| format!("{ours} {theirs}\n")).collect()
}

fn merge_tree(repo: &Path, input: &Path) -> Command {
    let mut command = git(repo, &["merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", "--stdin"]);
    command.stdin(std::fs::File::open(input).unwrap());
    command
}

/// Every merge commit with two parents whose histories are related.
fn parity(repo: &Path) {
    #[expect(clippy::disallowed_methods, reason = "whoever measures says how much")]
    let most = std::env::var("GIT_DISPATCH_BENCH_MERGES").unwrap_or_else(|_| "1000000".into());
    let listed = done(git(repo, &["rev-list", "--merges", "--max-parents=2", "--parents", "-n", &most, "HEAD"]));
    let mut pairs: Vec<(Oid, Oid)> = listed.lines().filter_map(parents).collect();
    if pairs.is_empty() {
        print("\nno merge commits\n");
        return;
    }
    let opened = Repo::discover(repo).unwrap();
    let quarantine = Quarantine::new(pairs[0].0);
    let (walked, walk_cost) = measured(|| merges_without_git(&opened, &quarantine, &pairs));
    let (ours, our_cost) = measured(|| merges(&opened, &Quarantine::new(pairs[0].0), &pairs).unwrap());
    let unrelated = ours.iter().filter(|merge| merge.is_none()).count();
    let known = |merges: Vec<Option<Merge>>| -> Vec<Option<Merge>> {
        merges.into_iter().zip(&ours).filter(|(_, ours)| ours.is_some()).map(|(merge, _)| merge).collect()
    };
    let walked = known(walked);
    let ours_known = known(ours.clone());
    pairs = pairs.into_iter().zip(&ours).filter(|(_, ours)| ours.is_some()).map(|(pair, _)| pair).collect();
    let (said, git_cost) = measured(|| by_git(repo, &pairs));
    assert_eq!(said.len(), pairs.len(), "git answers all pairs that have a merge base");
    let same = |ours: &Option<Merge>, said: &(bool, String), tree: bool| {
        ours.as_ref().is_some_and(|ours| ours.clean == said.0 && (!tree || ours.tree.to_string() == said.1))
    };
    let count = |tree: bool| ours_known.iter().zip(&said).filter(|(ours, said)| same(ours, said, tree)).count();
    let decided: Vec<(&Option<Merge>, &(bool, String))> =
        walked.iter().zip(&said).filter(|(walked, _)| walked.is_some()).collect();
    let right = decided.iter().filter(|(walked, said)| same(walked, said, true)).count();
    print(&format!(
        "\nmerge commits: {} ({unrelated} more are of unrelated histories), {} of them clean\n\
         verdict as git's: {}, tree as git's: {}\ndecided without git: {}, of these verdict and tree as git's: {right}\n\
         CPU ms: without git {:.0}, all {:.0}, one git merge-tree --stdin {:.0}\n",
        pairs.len(),
        said.iter().filter(|said| said.0).count(),
        count(false),
        count(true),
        decided.len(),
        milliseconds(walk_cost),
        milliseconds(our_cost),
        milliseconds(git_cost),
    ));
    let share = |count: usize| 100.0 * count as f64 / pairs.len() as f64;
    print(&support::report::goal_at_least("verdicts equal to git's", share(count(false)), 100.0, "%"));
    print(&support::report::goal_at_least("trees equal to git's", share(count(true)), 100.0, "%"));
}

fn parents(line: &str) -> Option<(Oid, Oid)> {
    let mut ids = line.split(' ').skip(1).map(|id| id.parse().unwrap());
    Some((ids.next()?, ids.next()?))
}

/// What the work costs this process and the processes it starts.
fn measured<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let before = used();
    let answer = work();
    (answer, used() - before)
}

fn used() -> Duration {
    let one = |who| {
        // SAFETY: all zeros is a valid `rusage`, which has numbers only.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: the pointer is valid for the call.
        let failed = unsafe { libc::getrusage(who, &raw mut usage) };
        assert_eq!(failed, 0);
        let time = |time: libc::timeval| Duration::new(time.tv_sec.unsigned_abs(), time.tv_usec as u32 * 1000);
        time(usage.ru_utime) + time(usage.ru_stime)
    };
    one(libc::RUSAGE_SELF) + one(libc::RUSAGE_CHILDREN)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The branches that were merged last, from where they began to their tips.
fn merged_branches(repo: &Path) -> Vec<Oid> {
    let listed = done(git(repo, &["rev-list", "--merges", "--max-parents=2", "--first-parent", "--parents", "HEAD"]));
    let mut seen = BTreeSet::new();
    let tips = listed.lines().filter_map(parents).map(|(_, tip)| tip).filter(|tip| seen.insert(*tip));
    // One git merge-tree ends at a pair of unrelated histories, such as those of subtrees.
    let root = |tip: &Oid| done(git(repo, &["rev-list", "--max-parents=0", &tip.to_string()]));
    let mut first = None;
    let alike = |tip: &Oid| *first.get_or_insert_with(|| root(tip)) == root(tip);
    tips.filter(alike).take(BRANCHES).collect()
}

/// Branches of the newest commit that change four files each, a few of them the same ones.
fn made_branches(repo: &Path) -> Vec<Oid> {
    let listed = done(git(repo, &["grep", "-I", "--name-only", "-e", "", "HEAD"]));
    let files: Vec<&str> = listed.lines().filter_map(|name| name.strip_prefix("HEAD:")).collect();
    let base = done(git(repo, &["rev-parse", "HEAD"]));
    let mut stream = String::new();
    for branch in 0..BRANCHES {
        let time = 1_800_000_000 + branch;
        stream.push_str(&format!("commit refs/heads/made/{branch}\ncommitter Ada <ada@x> {time} +0000\ndata 1\nc\n"));
        stream.push_str(&format!("from {base}\n"));
        for turn in 0..4 {
            let file = files[(branch * 97 + turn * 1_013) % files.len()];
            let text = done(git(repo, &["show", &format!("HEAD:{file}")])) + &format!("\nbranch {branch}\n");
            stream.push_str(&format!("M 100644 inline {file}\ndata {}\n{text}\n", text.len()));
        }
    }
    let input = repo.join(".git/stream");
    stage::write(&input, &stream);
    let mut import = git(repo, &["fast-import", "--quiet"]);
    import.stdin(std::fs::File::open(&input).unwrap());
    done(import);
    (0..BRANCHES).map(|branch| done(git(repo, &["rev-parse", &format!("made/{branch}")])).parse().unwrap()).collect()
}

fn matrix(repo: &Path, title: &str, tips: &[Oid]) {
    if tips.len() < 2 {
        return;
    }
    let (input, listed) = (repo.join(".git/pairs"), repo.join(".git/tips"));
    let pairs: Vec<(Oid, Oid)> =
        tips.iter().enumerate().flat_map(|(at, a)| tips[at + 1..].iter().map(|b| (*a, *b))).collect();
    stage::write(&input, &lines(&pairs));
    stage::write(&listed, &tips.iter().map(|tip| format!("{tip}\n")).collect::<String>());
    let (opened, quarantine) = (Repo::discover(repo).unwrap(), Quarantine::new(tips[0]));
    let decided = merges_without_git(&opened, &quarantine, &pairs).iter().flatten().count();
    let begun = Instant::now();
    let found = collisions(&opened, &quarantine, &branches(tips)).unwrap();
    let here = begun.elapsed();
    let said = by_git(repo, &pairs);
    assert_eq!(said.len(), pairs.len(), "git answers all");
    let clean = said.iter().filter(|said| said.0).count();
    assert_eq!(pairs.len() - found.meetings.len(), clean, "the same pairs merge cleanly");
    print(&format!(
        "\n{title}: {} of {} pairs collide, {decided} take no git; {:.0} ms in this process\n",
        found.meetings.len(),
        pairs.len(),
        milliseconds(here)
    ));
    let cache = repo.join(".git/dispatch/cache");
    let this = std::env::current_exe().unwrap();
    let ours = || {
        #[expect(clippy::disallowed_methods, reason = "what is measured runs as the user would run it")]
        let mut command = Command::new(&this);
        command.arg("matrix").args([repo, listed.as_path()]);
        command
    };
    let contenders = [
        Contender::new("collisions, no cache", ours).after(|_| drop(std::fs::remove_dir_all(&cache))),
        Contender::new("collisions again", ours),
        Contender::new("git merge-tree --stdin, all pairs", || shell_merge_tree(repo, &input)),
    ];
    let costs = alternate(ROUNDS, &contenders);
    print(&table(title, &contenders, &costs));
    print(&ratio(["collisions", "git"], [&costs[0], &costs[2]]));
    let wall = |cost: &Cost| cost.wall.as_secs_f64();
    let mut ratios: Vec<f64> = costs[0].iter().zip(&costs[2]).map(|(ours, git)| wall(ours) / wall(git)).collect();
    ratios.sort_by(f64::total_cmp);
    print(&goal("wall time / git's", ratios[ratios.len() / 2], 0.35, ""));
}

/// Its objects go into a folder of their own, as those of every other do that writes nothing to the repository.
fn shell_merge_tree(repo: &Path, input: &Path) -> Command {
    let script = "dir=$(mktemp -d); GIT_OBJECT_DIRECTORY=$dir GIT_ALTERNATE_OBJECT_DIRECTORIES=$PWD/.git/objects \
                  git -c core.fsync=none -c core.looseCompression=0 merge-tree --write-tree --name-only --no-messages \
                  -z --stdin <\"$PAIRS\"; rm -r \"$dir\"";
    let mut command = support::shell(repo, script);
    command.env("PAIRS", input);
    command
}

fn branches(tips: &[Oid]) -> Vec<Branch> {
    let branch = |(at, tip): (usize, &Oid)| Branch {
        id: format!("T{at:03}").parse().unwrap(),
        tip: *tip,
        base: None,
        uncommitted: None,
        unknown: false,
        unread: Vec::new(),
    };
    tips.iter().enumerate().map(branch).collect()
}

/// What the process that is measured does.
fn matrix_of(repo: &Path, tips: &Path) {
    let tips: Vec<Oid> = std::fs::read_to_string(tips).unwrap().lines().map(|line| line.parse().unwrap()).collect();
    let repo = Repo::discover(repo).unwrap();
    let quarantine = Quarantine::new(tips[0]);
    let found = collisions(&repo, &quarantine, &branches(&tips)).unwrap();
    assert_eq!(found.compared.len(), tips.len());
}

#[expect(clippy::disallowed_macros, reason = "a benchmark has no console")]
fn print(text: &str) {
    print!("{text}");
}
