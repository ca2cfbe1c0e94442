//! The first-parent line of a commit, read in parts on all cores where the commit-graph tells which commits are on it.

use gix::ObjectId;
use gix::commitgraph::Graph;
use gix::objs::CommitRef;
use gix::prelude::FindExt;

use super::Told;
use crate::git::message;
use crate::git::parallel::{each, threads};
use crate::git::repo::{Repo, ours, theirs};
use crate::model::facts::Mention;
use crate::model::oid::Oid;
use crate::model::revert::Revert;

/// Of the branch that a merge brought, no more commits than this are read for reverts.
const SIDE_READ: usize = 32;
/// So many commits are read by one thread at a time.
const PART: usize = 256;

/// How a stretch of the line ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Before this commit, the next of the line.
    At(ObjectId),
    /// With a commit that has no parent.
    Root,
    /// Before a commit that cannot be read.
    Unreadable,
}

pub(super) struct Line {
    reader: Reader,
    /// Where it tells the same parents as the commits do.
    graph: Option<Graph>,
}

impl Line {
    pub fn new(repo: &Repo) -> Line {
        let replaced = repo.gix.objects.store_ref().replacements().next().is_some();
        let whole = !replaced && !repo.gix.is_shallow().unwrap_or(true);
        let graph = if whole { repo.gix.commit_graph_if_enabled().ok().flatten() } else { None };
        Line { reader: Reader::new(repo.clone()), graph }
    }

    /// Commits of the line from `next` on, as far as they are known without reading them, up to one that is `known`.
    pub fn stretch(&self, next: ObjectId, known: impl Fn(&gix::oid) -> bool) -> Vec<ObjectId> {
        let mut ids = vec![next];
        let Some(graph) = &self.graph else { return ids };
        let mut commit = graph.commit_by_id(next);
        while let Some(Ok(Some(parent))) = commit.map(|commit| commit.parent1()) {
            // A damaged graph may lead anywhere, and around in circles.
            if parent.0 >= graph.num_commits() || ids.len() > graph.num_commits() as usize {
                break;
            }
            let parent = graph.commit_at(parent);
            if known(parent.id()) {
                break;
            }
            ids.push(parent.id().to_owned());
            commit = Some(parent);
        }
        ids
    }

    /// Adds what a stretch tells to `found`; one that turns out to leave the line is left where it does.
    pub fn read(&mut self, ids: &[ObjectId], found: &mut Told) -> End {
        if ids.len() == 1 {
            return self.reader.one(ids[0], found);
        }
        let starts: Vec<usize> = (0..ids.len()).step_by(PART).collect();
        let states = (0..threads(starts.len())).map(|_| Reader::new(self.reader.repo.clone())).collect();
        let parts =
            each(&starts, states, |reader: &mut Reader, &start| reader.part(&ids[start..ids.len().min(start + PART)]));
        let mut end = End::Unreadable;
        for (part, start) in parts.into_iter().zip(starts) {
            found.join(part.told, None);
            end = part.end;
            if !part.whole || ids.get(start + PART).is_some_and(|&next| end != End::At(next)) {
                // The graph does not say what the commits do, or one of them cannot be read.
                self.graph = None;
                break;
            }
        }
        end
    }
}

/// What one thread reads with.
struct Reader {
    repo: Repo,
    buffer: Vec<u8>,
}

/// What the commits of a part tell.
struct Part {
    told: Told,
    end: End,
    /// Each commit was read, and is the first parent of the one before.
    whole: bool,
}

impl Reader {
    fn new(repo: Repo) -> Reader {
        Reader { repo, buffer: Vec::new() }
    }

    /// Reads commits as long as each is the first parent of the one before.
    fn part(&mut self, ids: &[ObjectId]) -> Part {
        let mut part = Part { told: Told::default(), end: End::Unreadable, whole: true };
        for (at, &id) in ids.iter().enumerate() {
            part.end = self.one(id, &mut part.told);
            if ids.get(at + 1).is_some_and(|&next| part.end != End::At(next)) {
                part.whole = false;
                break;
            }
        }
        part
    }

    /// Adds what one commit tells.
    fn one(&mut self, id: ObjectId, told: &mut Told) -> End {
        let repo = &self.repo;
        let Ok(commit) = repo.gix.objects.find_commit(&id, &mut self.buffer) else { return End::Unreadable };
        let named = message::read(commit.message);
        let mut parents = commit.parents();
        let (first, second) = (parents.next(), parents.next());
        told.mentions.extend(spread(&named, ours(&id), &commit));
        let newer = told.mentions.len();
        told.reverts.extend(revert(repo, ours(&id), &named.reverts).map(|revert| (newer, revert)));
        if let Some(second) = second.filter(|_| message::hints_at_revert(commit.message)) {
            told.reverts.extend(side(repo, second).into_iter().map(|revert| (newer, revert)));
        }
        first.map_or(End::Root, End::At)
    }
}

fn spread(named: &message::Named, commit: Oid, read: &CommitRef<'_>) -> impl Iterator<Item = Mention> {
    let time = read.committer().map_or(0, |by| by.seconds());
    let mut branches: Vec<Option<String>> = named.branches.iter().cloned().map(Some).collect();
    if branches.is_empty() && !(named.tasks.is_empty() && named.pr.is_none()) {
        branches.push(None);
    }
    let (tasks, pr) = (named.tasks.clone(), named.pr.clone());
    branches.into_iter().map(move |branch| Mention { commit, time, tasks: tasks.clone(), branch, pr: pr.clone() })
}

/// The reverts on the branch that ends at `tip`. Where the branch was short, they are of the target's own history.
fn side(repo: &Repo, tip: gix::ObjectId) -> Vec<Revert> {
    let mut found = Vec::new();
    let mut next = Some(tip);
    for _ in 0..SIDE_READ {
        let Some(commit) = next.and_then(|id| repo.gix.find_commit(id).ok()) else { break };
        let Ok(decoded) = commit.decode() else { break };
        found.extend(revert(repo, ours(&commit.id), &message::read(decoded.message).reverts));
        next = decoded.parents().next();
    }
    found
}

/// What `commit` takes back, as far as that is in the repository.
fn revert(repo: &Repo, commit: Oid, named: &[String]) -> Option<Revert> {
    let mut revert = Revert { commit, named: Vec::new(), merged: Vec::new() };
    for hex in named {
        let Some(found) = named_commit(repo, hex) else { continue };
        revert.named.push(ours(&found.id));
        revert.merged.extend(found.parent_ids().skip(1).map(|parent| ours(&parent)));
    }
    (!revert.named.is_empty()).then_some(revert)
}

fn named_commit<'a>(repo: &'a Repo, hex: &str) -> Option<gix::Commit<'a>> {
    let id = match hex.parse::<Oid>() {
        Ok(id) => theirs(id),
        Err(_) => repo.gix.objects.lookup_prefix(gix::hash::Prefix::from_hex(hex).ok()?, None).ok()??.ok()?,
    };
    repo.gix.find_commit(id).ok()
}
