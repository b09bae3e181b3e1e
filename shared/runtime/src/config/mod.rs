//! Configuration: `ripen.toml`, overridden by `RIPEN__SECTION__KEY`, overridden by flags.
//!
//! The operator writes it, every process reads it once at the start. A key that nobody knows and a value of the wrong
//! kind are errors that say where they came from: a setting that is silently ignored is found out in production.

mod check;
mod desk;
mod error;
mod layers;
mod limits;
mod mail;
mod network;
mod phone;
mod retention;
mod role;
mod secret_text;
mod secret_url;
mod settings;

use std::path::Path;

pub use desk::DeskSettings;
pub use error::ConfigError;
pub use layers::DEFAULT_FILE;
pub use limits::LimitSettings;
pub use mail::{FirmSettings, MailSettings};
pub use network::{InvalidNetwork, Network};
pub use phone::{DialWay, PhoneSettings};
pub use retention::RetentionSettings;
pub use role::{InvalidRole, Role};
pub use secret_text::{SecretSettings, SecretText};
pub use secret_url::SecretUrl;
pub use settings::{
    AmqpSettings, CallingSettings, ClockSettings, DatabaseSettings, DispatcherSettings, ForwardedHeaderName,
    HttpSettings, IntakeSettings, LifecycleSettings, LogFormat, LogSettings, QualifierSettings, Settings,
};

use layers::{Layer, environment, file, flags};
use ripen_domain::masked_address::MaskedAddress;

impl Settings {
    /// Reads `config_path` (which must exist) or, where none is named, `ripen.toml` if there is one; then the
    /// environment; then `overrides`, pairs of `section.key` and a value as text.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn load(config_path: Option<&Path>, overrides: Vec<(String, String)>) -> Result<Self, ConfigError> {
        let mut layers: Vec<Layer> = Vec::new();
        // The file, then the environment, then the flags: what is closest to the start of this process wins.
        layers.extend(file(config_path)?);
        layers.push(environment(process_environment())?);
        layers.push(flags(overrides)?);
        Self::from_layers(layers)
    }

    /// Whether mails are written to files, or go to a server on this machine.
    #[must_use]
    pub fn mail_stays_here(&self) -> bool {
        let url = self.mail.url.reveal().trim();
        url.is_empty() || MaskedAddress::from(url).is_this_machine()
    }

    /// Whether links in mails lead anywhere for who reads them: to how the outside names this installation, or to where it listens,
    /// if that is one address, and not this machine's own for mails that leave it. `roles` are those of this process; none where it is a
    /// command, which knows of no other process what it runs.
    #[must_use]
    pub fn has_links_in_mails(&self, roles: Option<&[Role]>) -> bool {
        let ip = self.http.listen.ip().to_canonical();
        let is_named = !self.http.public_url.trim().is_empty();
        is_named
            || self.desk_sends_mails(roles) && !ip.is_unspecified() && (!ip.is_loopback() || self.mail_stays_here())
    }

    /// Whether the process that sends mails serves what their links lead to: another one does not know where the desk listens.
    #[must_use]
    pub fn desk_sends_mails(&self, roles: Option<&[Role]>) -> bool {
        match roles {
            Some(roles) => [Role::Desk, Role::Dispatcher].iter().all(|role| roles.contains(role)),
            // Queues or a database inside the process: all roles are in it.
            None => self.check_roles(&[Role::Desk]).is_err(),
        }
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
        // A value that is not UTF-8 is shown damaged in the error rather than passed over in silence.
        Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
    };
    std::env::vars_os().filter_map(text).collect()
}

#[cfg(test)]
mod tests;
