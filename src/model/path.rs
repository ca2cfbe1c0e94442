//! A path in a repository's tree.

use std::borrow::Cow;
use std::fmt;

use super::text::escape;

/// A path from the top of the tree, with `/` between its parts: the bytes that git has, which need not be UTF-8.
///
/// Its `Display` escapes what could harm a terminal; in JSON it is shown lossily.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreePath(Box<[u8]>);

impl TreePath {
    pub fn new(path: impl Into<Vec<u8>>) -> TreePath {
        TreePath(path.into().into_boxed_slice())
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether it is this folder or file, or lies below it; everything lies below the empty path.
    pub fn is_at_or_below(&self, folder: &TreePath) -> bool {
        let rest = self.0.strip_prefix(&*folder.0);
        folder.0.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
    }

    /// For patterns and JSON.
    pub fn lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

impl From<&str> for TreePath {
    fn from(path: &str) -> TreePath {
        TreePath::new(path)
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape(&self.lossy()))
    }
}

impl fmt::Debug for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.lossy(), f)
    }
}

impl serde::Serialize for TreePath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.lossy())
    }
}
