//! Where something is sent or lies: a URL, or an e-mail address. Its path and its query may be a credential, as many receivers'
//! are, and so it is used as it is and never logged.

use std::{convert::Infallible, fmt, net::IpAddr, str::FromStr};

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

    /// Whether what is sent there stays on this machine: a loopback address, or `localhost`.
    #[must_use]
    pub fn is_this_machine(&self) -> bool {
        let host = self.host();
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => host.rsplit_once(':').map_or(host, |(name, _)| name),
        };
        name.eq_ignore_ascii_case("localhost")
            || name.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
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
    #[test]
    fn what_stays_on_this_machine_is_told_by_its_host() {
        for here in [
            "http://127.0.0.1:9000/leads",
            "http://127.8.8.8/",
            "http://[::1]:9000/leads",
            "http://[::1]",
            "http://[::ffff:127.0.0.1]/leads",
            "smtp://user:p@ss@LocalHost:2525?tls=none",
            "smtp://localhost",
        ] {
            assert!(MaskedAddress::from(here).is_this_machine(), "{here}");
        }
        for elsewhere in [
            "https://crm.client.example/leads",
            "https://localhost.client.example",
            "https://localhost@crm.client.example/",
            "smtp://127.0.0.1.client.example:25",
            "http://10.0.0.1:9000",
            "http://[2001:db8::1]:25",
            "http://0.0.0.0/",
            "dana@client.example",
            "",
        ] {
            assert!(!MaskedAddress::from(elsewhere).is_this_machine(), "{elsewhere}");
        }
    }
}
