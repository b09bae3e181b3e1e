//! An address that may carry a password: usable as it is, shown only without it.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// A URL whose password never reaches a log or an error text. Empty where none is configured.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// Takes the URL as it was written.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self(url.to_owned())
    }

    /// The whole URL, to connect with.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether none is configured.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        // Without a scheme nothing tells where a password would be.
        let Some((scheme, rest)) = self.0.split_once("://") else {
            return f.write_str("…");
        };
        // An `@` behind a question mark: either the password holds the mark, or the query an `@`. Nothing tells which, and
        // both may hold a password.
        if rest.find(['?', '#']).is_some_and(|query| rest[query..].contains('@')) {
            return write!(f, "{scheme}://…");
        }
        // The last `@`: a password may hold one. A query may hold a password too.
        let (user, place) = rest.rsplit_once('@').map_or((None, rest), |(user, place)| (Some(user), place));
        write!(f, "{scheme}://")?;
        match user.map(|user| user.split_once(':')) {
            Some(Some((name, _))) => write!(f, "{name}:…@")?,
            Some(None) => write!(f, "{}@", user.unwrap_or_default())?,
            None => {}
        }
        match place.split_once(['?', '#']) {
            Some((place, _)) => write!(f, "{place}?…"),
            None => f.write_str(place),
        }
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl Serialize for SecretUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_never_shown() {
        for (url, shown) in [
            ("", ""),
            ("postgres://ripen:s3cret@db.internal:5432/ripen", "postgres://ripen:…@db.internal:5432/ripen"),
            ("postgres://ripen:s3@cret/@db/ripen", "postgres://ripen:…@db/ripen"),
            ("postgres://ripen@db/ripen?password=s3cret", "postgres://ripen@db/ripen?…"),
            ("postgres://db/ripen?user=ripen&password=s3cret@1", "postgres://…"),
            ("postgres://ripen:s3cret@db/ripen?application_name=a@b", "postgres://…"),
            ("postgres://ripen:s3cret?x@db/ripen", "postgres://…"),
            ("postgres://ripen@db/ripen#s3cret", "postgres://ripen@db/ripen?…"),
            ("postgres://db/ripen#@s3cret", "postgres://…"),
            ("amqp://localhost:5672", "amqp://localhost:5672"),
            ("s3cret", "…"),
        ] {
            let url = SecretUrl::new(url);
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), format!("\"{shown}\""));
            assert_eq!(serde_json::to_value(&url).unwrap(), shown);
        }
    }
}
