//! What reasons and rules say, as a person reads it aloud; all of it escaped.

use crate::model::exclusion::{Detail, Link, Meeting, Rule, Taken, Usage, Warns};
use crate::model::id::TaskId;
use crate::model::state::{Proof, Reason, State};
use crate::model::text::{count, cut, duration, escape};
use crate::model::why::{Cause, Criterion, Other, Place, What, Why};
use crate::render::reason::sentence;

/// So many links of a chain are told at either end.
const ENDS: usize = 2;

/// A reason, and how the task that it names stands.
pub(super) fn cause(why: &Why, cause: &Cause) -> String {
    let text = what(why, &cause.what);
    match cause.other {
        Some(other) if !matches!(cause.what, What::Reason(Reason::Cancelled(_))) => text + &which(other),
        _ => text,
    }
}

fn which(other: Other) -> String {
    let word = match other.state {
        _ if other.chosen => ", which the plan starts now".to_owned(),
        State::Elsewhere => ", which was started elsewhere".to_owned(),
        state => format!(", which is {}", state.word()),
    };
    word + if other.as_started { " (by what it was when it started)" } else { "" }
}

fn what(why: &Why, what: &What) -> String {
    match what {
        What::Reason(Reason::Shortens(minutes)) => {
            let verb = if why.place == Some(Place::Start) { "starts" } else { "waits" };
            format!("everything left takes {} less when it {verb}", duration(*minutes))
        }
        What::Reason(reason) => sentence(std::slice::from_ref(reason)),
        What::Stuck(id) => format!("can never start while it waits for {id}"),
        What::Critical => "is on the critical path".to_owned(),
        What::Slack(minutes) => format!("could start {} later and delay nothing", duration(*minutes)),
        What::Unblocks(tasks) => format!("unblocks {}", count(*tasks as usize, "task")),
        What::Before(id, by) => format!("comes before {id}: it {}", criterion(*by)),
        What::After(id, by) => format!("comes after {id}, which {}", criterion(*by)),
        What::Branch(name, None) => format!("has branch {}", escape(name)),
        What::Branch(name, Some(commits)) => {
            format!("has branch {} with {}", escape(name), count(*commits as usize, "commit"))
        }
        What::Unfinished => "its start was interrupted".to_owned(),
        What::Reported(verdict, text) => {
            let text = text.as_deref().map(|text| format!(": {}", cut(&escape(text), 60))).unwrap_or_default();
            format!("reported {}{text}", escape(verdict))
        }
        What::Remote(name) => format!("{} is there, and no branch here", escape(name)),
        What::Proof(proof) => proved(proof),
        What::Cancelled => "the task file says so".to_owned(),
        What::BranchGone(name) => format!("its branch {} is gone, and nothing shows that it landed", escape(name)),
        What::NotInFile => "the task file no longer names it".to_owned(),
    }
}

fn criterion(by: Criterion) -> &'static str {
    match by {
        Criterion::FollowsUp => "follows up research that was found insufficient",
        Criterion::Critical => "is on the critical path",
        Criterion::Unblocks => "unblocks more",
        Criterion::Phase => "is of the current phase",
        Criterion::Shorter => "is shorter",
        Criterion::Id => "has the smaller id, and all else is alike",
    }
}

fn proved(proof: &Proof) -> String {
    let how = match proof {
        Proof::Recorded { commit, .. } => format!("the ledger recorded its landing as {}", commit.short()),
        Proof::Ancestor { commit: Some(commit), .. } => format!("the target has its tip since {}", commit.short()),
        Proof::Ancestor { commit: None, .. } => "the target has its tip".to_owned(),
        Proof::SameTree { commit: Some(commit), .. } => {
            format!("merging it would add nothing since {}", commit.short())
        }
        Proof::SameTree { commit: None, .. } => "merging it would add nothing".to_owned(),
        Proof::Squash { commit, .. } => format!("commit {} of the target is a squash of it", commit.short()),
        Proof::Rebase { commit, .. } => {
            format!("the target has the patches of all its commits, the last one in {}", commit.short())
        }
        Proof::Message { commit, .. } => format!("commit {} of the target says so", commit.short()),
        Proof::Report { .. } => "a research task without commits, it was reported done".to_owned(),
        Proof::Declared => "the task file says so".to_owned(),
    };
    let pr = proof.pr().map(|pr| format!(", PR {}", escape(pr))).unwrap_or_default();
    format!("proved by {}: {how}{pr}", proof.word())
}

/// The question that a rule asks.
pub(super) fn rule(rule: Rule) -> &'static str {
    match rule {
        Rule::Needs => "one needs the other",
        Rule::Reads => "one reads what the other writes",
        Rule::Parallel => "one has parallel = false",
        Rule::Locks => "both take a lock",
        Rule::Issue => "both have the same issue",
        Rule::Writes => "both write a path",
    }
}

pub(super) fn detail(detail: &Detail) -> String {
    match detail {
        Detail::Chain(links) => chain(links),
        Detail::Circle(links) => format!("that order would go in a circle, so there is none: {}", chain(links)),
        Detail::Meeting(one) => meeting(one),
        Detail::More(1) => "and one more pair of patterns".to_owned(),
        Detail::More(more) => format!("and {more} more pairs of patterns"),
        Detail::Shared(one, by) => format!("{}, but shared-paths has {}", meeting(one), escape(by.as_str())),
        Detail::Alone(id) => format!("{id} has it"),
        Detail::Lock(name, takers) => lock(name, takers),
        Detail::Issue(issue) => escape(issue).into_owned(),
        Detail::Warns(Warns::Task(id)) => format!("{id} has overlap = \"warn\", so that is no more than a warning"),
        Detail::Warns(Warns::Settings) => {
            "overlap = \"warn\" in the settings makes that no more than a warning".to_owned()
        }
        Detail::NoWrites(id) => format!("{id} declares no writes"),
    }
}

/// `A needs B, B reads src/x after C`; what stands in the middle of a long one is counted.
fn chain(links: &[Link]) -> String {
    let told = |link: &Link| match &link.reads {
        None => format!("{} needs {}", link.after, link.first),
        Some(path) => format!("{} reads {} after {}", link.after, escape(path), link.first),
    };
    let join = |links: &[Link]| links.iter().map(told).collect::<Vec<_>>().join(", ");
    match links.len() {
        few if few <= 2 * ENDS + 1 => join(links),
        many => {
            let (head, tail) = (&links[..ENDS], &links[many - ENDS..]);
            format!("{}, … {} more …, {}", join(head), many - 2 * ENDS, join(tail))
        }
    }
}

fn meeting(meeting: &Meeting) -> String {
    let [(a, ours, one), (b, theirs, other)] = &meeting.ends;
    let (path, other_path) = (escape(one.as_str()), escape(other.as_str()));
    let both = meeting.path.as_ref().map(|path| format!(": both cover {}", escape(path))).unwrap_or_default();
    match (one == other, ours) {
        (true, Usage::Writes) => format!("{a} and {b} write {path}"),
        (true, Usage::Reads) => format!("{a} reads {path}, which {b} writes"),
        (false, _) => format!("{a} {} {path}, and {b} {} {other_path}{both}", verb(*ours), verb(*theirs)),
    }
}

fn verb(usage: Usage) -> &'static str {
    match usage {
        Usage::Reads => "reads",
        Usage::Writes => "writes",
    }
}

fn lock(name: &str, takers: &[(TaskId, Taken); 2]) -> String {
    let how = |(id, taken): &(TaskId, Taken)| match taken {
        Taken::Declared => format!("{id} names it"),
        Taken::Implied { writes, lock } if writes == lock => format!("{id} writes {}", escape(writes.as_str())),
        Taken::Implied { writes, lock } => {
            format!("{id} writes {}, which meets its pattern {}", escape(writes.as_str()), escape(lock.as_str()))
        }
    };
    format!("{}: {}, and {}", escape(name), how(&takers[0]), how(&takers[1]))
}
