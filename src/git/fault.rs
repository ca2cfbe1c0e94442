//! What the library says of a failure, with all its causes: its own `Display` tells the top one only.

use anyhow::{Result, anyhow};

/// Results of the library, told as `what: cause: cause`.
pub(super) trait Told<T> {
    /// # Errors
    /// The library's, with `what` before it.
    fn told(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Told<T> for std::result::Result<T, gix::Error> {
    fn told(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|fault| {
            let mut text = what();
            for cause in fault.iter_errors().map(ToString::to_string) {
                // Wrappers repeat what they wrap.
                if !text.ends_with(&cause) {
                    text.push_str(": ");
                    text.push_str(&cause);
                }
            }
            anyhow!(text)
        })
    }
}
