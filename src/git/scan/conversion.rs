//! Whether git would store a file as it is: what it converts (line ends, `$Id$`, encodings, filters) is left to git.

use gix::attrs::StateRef;
use gix::attrs::search::Outcome;
use gix::worktree::stack::state::attributes::Source;

use super::cache::Content;

const ASKED: [&str; 6] = ["filter", "working-tree-encoding", "ident", "text", "crlf", "eol"];

/// The attributes of one worktree's paths.
pub(super) struct Conversion<'a> {
    gix: &'a gix::Repository,
    index: &'a gix::index::File,
    auto_crlf: bool,
    attributes: Option<(gix::AttributeStack<'a>, Outcome)>,
}

impl<'a> Conversion<'a> {
    /// For the worktree that `gix` is set to, with its index.
    pub(super) fn new(gix: &'a gix::Repository, index: &'a gix::index::File) -> Conversion<'a> {
        let config = gix.config_snapshot();
        let input = config.string("core.autocrlf").is_some_and(|value| value.eq_ignore_ascii_case(b"input"));
        let auto_crlf = input || config.boolean("core.autocrlf") == Some(true);
        Conversion { gix, index, auto_crlf, attributes: None }
    }

    /// Whether git surely stores the content as it is; `None` where attributes cannot be read.
    pub(super) fn is_identity(&mut self, path: &[u8], content: &Content) -> Option<bool> {
        if self.attributes.is_none() {
            let stack = self.gix.attributes_only(self.index, Source::WorktreeThenIdMapping).ok()?;
            let outcome = stack.selected_attribute_matches(ASKED);
            self.attributes = Some((stack, outcome));
        }
        let (stack, outcome) = self.attributes.as_mut()?;
        let path: &gix::bstr::BStr = path.into();
        outcome.reset();
        stack.at_entry(path, None).ok()?.matching_attributes(outcome);
        let mut states = outcome.iter_selected().map(|found| found.assignment.state);
        let mut next = || states.next();
        let (filter, encoding, ident) = (next()?, next()?, next()?);
        let (text, crlf, eol) = (next()?, next()?, next()?);
        let set = |state: &StateRef<'_>| !matches!(state, StateRef::Unset | StateRef::Unspecified);
        if set(&filter) || set(&encoding) || (set(&ident) && content.dollar) {
            return Some(false);
        }
        let unspecified = |state: &StateRef<'_>| matches!(state, StateRef::Unspecified);
        let binary = matches!(text, StateRef::Unset) || (unspecified(&text) && matches!(crlf, StateRef::Unset));
        let plain = unspecified(&text) && unspecified(&crlf) && unspecified(&eol) && !self.auto_crlf;
        Some(!content.cr || binary || plain)
    }
}
