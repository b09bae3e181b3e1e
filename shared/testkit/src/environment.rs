//! What whoever runs the tests says beside them, for tests outside of this crate.

/// The value of an environment variable, where there is one and it is UTF-8.
#[must_use]
#[allow(clippy::disallowed_methods, reason = "whoever runs the tests says so there")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
