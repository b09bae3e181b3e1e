//! Why there is no usable configuration: which key, where it was written, and what belongs there.

/// Why there is no usable configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file that was named cannot be read.
    #[error("cannot read the configuration file {path}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The file is not TOML. Says where, without the line itself: it may hold a password.
    #[error("{path} is not valid TOML: {problem}")]
    NotToml {
        /// The file.
        path: String,
        /// Line, column and the parser's message.
        problem: String,
    },
    /// A key that nobody reads.
    #[error("unknown key {key} in {origin}{}", hint(.suggestion.as_deref()))]
    UnknownKey {
        /// The key as it was written.
        key: String,
        /// The file, the environment or the command line.
        origin: String,
        /// The nearest known key, written the same way.
        suggestion: Option<String>,
    },
    /// A value that is not of its key's kind.
    #[error("{key} in {origin}: expected {expected}, given {given}")]
    WrongType {
        /// The key as it was written.
        key: String,
        /// The file, the environment or the command line.
        origin: String,
        /// The kind that belongs there.
        expected: String,
        /// What was there instead; masked where it may be a secret.
        given: String,
    },
    /// A value of the right kind that does not parse.
    #[error("{key} in {origin}: {problem}")]
    Unusable {
        /// The key as it was written.
        key: String,
        /// The file, the environment or the command line.
        origin: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Values that parse and cannot be worked with.
    #[error("{key}: {problem}")]
    Invalid {
        /// The key in the form `section.key`.
        key: &'static str,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The parts could not be put together.
    #[error("the configuration cannot be read")]
    Broken(#[source] config::ConfigError),
}

fn hint(suggestion: Option<&str>) -> String {
    // Without a near one: where all of them stand.
    let all = || " (see deploy/ripen.sample.toml)".to_owned();
    suggestion.map_or_else(all, |nearest| format!(" (did you mean {nearest}?)"))
}
