//! Configuration: `ripen.toml`, overridden by `RIPEN__SECTION__KEY`, overridden by flags.
//!
//! The operator writes it, every process reads it once at the start. A key that nobody knows and a value of the wrong
//! kind are errors that say where they came from: a setting that is silently ignored is found out in production.

mod check;
mod layers;
mod network;
mod role;
mod secret_url;
mod settings;

use std::path::Path;

pub use network::{InvalidNetwork, Network};
pub use role::{InvalidRole, Role};
pub use secret_url::SecretUrl;
pub use settings::{
    AmqpSettings, CallingSettings, ClockSettings, DatabaseSettings, DispatcherSettings, HttpSettings, IntakeSettings,
    LifecycleSettings, LimitSettings, LogFormat, LogSettings, MailSettings, QualifierSettings, Settings,
};

use layers::{Layer, environment, file, flags};

/// The file that is read where it lies in the current folder and no other is named.
pub const DEFAULT_FILE: &str = "ripen.toml";

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
    suggestion.map(|nearest| format!(" (did you mean {nearest}?)")).unwrap_or_default()
}

impl Settings {
    /// Reads `config_path` (which must exist) or, where none is named, `ripen.toml` if there is one; then the
    /// environment; then `overrides`, pairs of `section.key` and a value as text.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn load(config_path: Option<&Path>, overrides: Vec<(String, String)>) -> Result<Self, ConfigError> {
        let mut layers: Vec<Layer> = Vec::new();
        layers.extend(file(config_path)?);
        layers.push(environment(process_environment())?);
        layers.push(flags(overrides)?);
        Self::from_layers(layers)
    }

    fn from_layers(layers: Vec<Layer>) -> Result<Self, ConfigError> {
        let settings = layers::merge(layers)?;
        settings.check()?;
        Ok(settings)
    }
}

/// The variables that are ours. Those that are not UTF-8 are not: their names could not be any key's.
fn process_environment() -> Vec<(String, String)> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
    };
    std::env::vars_os().filter_map(text).collect()
}

#[cfg(test)]
mod tests;
