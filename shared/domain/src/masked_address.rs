//! Where something is sent or lies: a URL, or an e-mail address. Its path and its query may be a credential, as many receivers'
//! are, and so it is used as it is and never logged.

use std::{convert::Infallible, fmt, str::FromStr};

use serde::Deserialize;

/// A URL or an e-mail address. `Debug` shows its host alone.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct MaskedAddress(String);

impl MaskedAddress {
    /// The whole address, to be sent to, stored or followed.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Its host, with the port where it names one; empty where it has none.
    fn host(&self) -> &str {
        let rest = self.0.split_once("://").map_or(self.0.as_str(), |(_, rest)| rest);
        let authority = rest.find(['/', '?', '#', '\\']).map_or(rest, |end| &rest[..end]);
        match authority.rsplit_once('@') {
            Some((_, host)) => host,
            // No URL and no address: nothing tells what of it is a host.
            None if rest.len() == self.0.len() => "",
            None => authority,
        }
    }
}

impl From<String> for MaskedAddress {
    fn from(address: String) -> Self {
        Self(address)
    }
}

impl From<&str> for MaskedAddress {
    fn from(address: &str) -> Self {
        Self(address.to_owned())
    }
}

impl FromStr for MaskedAddress {
    type Err = Infallible;

    fn from_str(address: &str) -> Result<Self, Infallible> {
        Ok(Self::from(address))
    }
}

impl fmt::Debug for MaskedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MaskedAddress(…{}…)", self.host())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_host_alone() {
        for (address, host) in [
            ("https://hooks.chat.example/services/T01/B02/secret", "hooks.chat.example"),
            ("https://kim:secret@crm.client.example:8443/leads", "crm.client.example:8443"),
            ("https://crm.client.example?token=a@b", "crm.client.example"),
            ("https://crm.client.example#secret", "crm.client.example"),
            ("https://crm.client.example\\secret", "crm.client.example"),
            ("dana@client.example", "client.example"),
            ("secret", ""),
            ("", ""),
        ] {
            let masked = MaskedAddress::from(address);
            assert_eq!(format!("{masked:?}"), format!("MaskedAddress(…{host}…)"), "{address}");
            assert_eq!(masked.reveal(), address);
        }
    }
}
