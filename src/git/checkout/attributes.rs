//! Which files git would not write as they are stored: those are left to git itself.

use std::path::PathBuf;

use gix::attrs::StateRef;
use gix::objs::tree::EntryKind;
use gix::worktree::stack::state::attributes::Source;

use super::super::read::read_bounded;
use super::super::repo::Repo;
use super::tree::{Entry, Tree};

/// Attributes of which one converts what is checked out, and `text`, which decides on line ends.
const ASKED: [&str; 5] = ["filter", "working-tree-encoding", "ident", "eol", "text"];

/// No attribute that converts a file on its way out can be spelled without one of these.
const WORDS: [&[u8]; 4] = [b"filter", b"working-tree-encoding", b"ident", b"crlf"];

/// git ignores lines longer than 2,048 bytes, and files of more than 100 MB.
const LONGEST_LINE: usize = 2_000;

/// For each entry of `tree`, whether git converts it.
///
/// # Errors
/// Why that is git's to say.
pub(super) fn converted(repo: &Repo, tree: &Tree) -> Result<Vec<bool>, String> {
    let to_crlf = lines_end_in_crlf(repo);
    if !speaks_of_conversion(repo, tree)? && !to_crlf {
        return Ok(vec![false; tree.entries.len()]);
    }
    let unreadable = |_| "its attributes cannot be read".to_owned();
    let index = repo.gix.index_from_tree(&tree.root).map_err(unreadable)?;
    let mut stack = repo.gix.attributes_only(&index, Source::IdMapping).map_err(unreadable)?;
    let mut outcome = stack.selected_attribute_matches(ASKED);
    let mut all = Vec::with_capacity(tree.entries.len());
    for entry in &tree.entries {
        let file = matches!(entry.kind, EntryKind::Blob | EntryKind::BlobExecutable);
        let path: &gix::bstr::BStr = tree.path(entry).into();
        outcome.reset();
        if file {
            let platform = stack.at_entry(path, None).map_err(|_| "its attributes cannot be read".to_owned())?;
            platform.matching_attributes(&mut outcome);
        }
        all.push(file && converts(outcome.iter_selected().map(|found| found.assignment.state), to_crlf));
    }
    Ok(all)
}

/// Where this is unsure, git is asked: too often costs time alone.
fn converts<'s>(mut states: impl Iterator<Item = StateRef<'s>>, to_crlf: bool) -> bool {
    let mut next = || states.next().unwrap_or(StateRef::Unspecified);
    let (filter, encoding, ident, eol, text) = (next(), next(), next(), next(), next());
    let set = |state: StateRef<'_>| !matches!(state, StateRef::Unset | StateRef::Unspecified);
    let crlf = match eol {
        StateRef::Value(value) => value.as_bstr() == "crlf",
        _ => to_crlf && !matches!(text, StateRef::Unset),
    };
    set(filter) || set(encoding) || set(ident) || crlf
}

/// Whether files that no attribute speaks of, or that are text, get CRLF at the ends of their lines.
fn lines_end_in_crlf(repo: &Repo) -> bool {
    let config = repo.gix.config_snapshot();
    let is = |key: &str, word: &[u8]| config.string(key).is_some_and(|value| value.eq_ignore_ascii_case(word));
    let input = is("core.autocrlf", b"input");
    !input && config.boolean("core.autocrlf") != Some(false) && config.string("core.autocrlf").is_some()
        || is("core.eol", b"crlf")
}

fn speaks_of_conversion(repo: &Repo, tree: &Tree) -> Result<bool, String> {
    let mut speaks = false;
    for entry in tree.entries.iter().filter(|entry| is_attributes(tree, entry)) {
        if entry.kind == EntryKind::Link {
            return Err("one of its '.gitattributes' is a symlink".to_owned());
        }
        let blob = repo.gix.find_object(entry.id).map_err(|_| format!("object {} cannot be read", entry.id))?;
        speaks |= speaks_of(&blob.data)?;
    }
    let info = repo.common_dir().join("info/attributes");
    let user = repo.config_path("core.attributesFile").or_else(|| repo.git.user_attributes());
    for file in [Some(info), user].into_iter().flatten() {
        speaks |= speaks_of(&content(file)?)?;
    }
    let system = repo.git.system_attributes().map(content).transpose()?.unwrap_or_default();
    if speaks_of(&system)? {
        return Err("the attributes of this system convert files".to_owned());
    }
    Ok(speaks)
}

fn content(file: PathBuf) -> Result<Vec<u8>, String> {
    match read_bounded(&file) {
        Ok(content) => Ok(content),
        Err(_) if !file.exists() => Ok(Vec::new()),
        Err(_) if file.metadata().is_ok_and(|found| !found.is_file()) => Ok(Vec::new()),
        Err(_) => Err(format!("'{}' cannot be read", file.display())),
    }
}

fn is_attributes(tree: &Tree, entry: &Entry) -> bool {
    let path = tree.path(entry);
    path == b".gitattributes" || path.ends_with(b"/.gitattributes")
}

fn speaks_of(content: &[u8]) -> Result<bool, String> {
    if content.len() > (10 << 20) || content.split(|&byte| byte == b'\n').any(|line| line.len() > LONGEST_LINE) {
        return Err("its attributes have a line that git may not read".to_owned());
    }
    // A name may be quoted, with escapes in it: only patterns are, and they are no attributes.
    Ok(WORDS.iter().any(|word| content.windows(word.len()).any(|part| part == *word)))
}
