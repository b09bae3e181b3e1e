//! The mail server's address as it stands in the configuration.

use std::fmt;

use lettre::transport::smtp::authentication::Credentials;
use percent_encoding::percent_decode_str;
use url::Url;

/// How the connection is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Security {
    /// TLS from the first byte.
    Implicit,
    /// STARTTLS or no mail.
    Required,
    /// STARTTLS if the server offers it.
    Opportunistic,
    /// Never TLS.
    Plain,
}

/// Where mail goes.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) login: Option<Credentials>,
}

/// What is wrong with the address. It may hold a password and is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMailUrl {
    /// No URL at all, or one without a host.
    #[error("is not a URL; write it as smtp://mail.example.com or smtps://name:password@mail.example.com")]
    Shape,
    /// Another scheme.
    #[error("must begin with smtp:// or smtps://")]
    Scheme,
    /// Something else in the query than `tls`.
    #[error("takes ?tls=required, ?tls=opportunistic or ?tls=none with smtp://, and nothing else")]
    Query,
    /// A name without password or the other way round.
    #[error("must hold both a user name and a password, or none")]
    Login,
}

impl Server {
    /// Reads the address; `None` if it is empty.
    pub(super) fn parse(url: &str) -> Result<Option<Self>, InvalidMailUrl> {
        let url = url.trim();
        if url.is_empty() {
            return Ok(None);
        }
        let url = Url::parse(url).map_err(|_| InvalidMailUrl::Shape)?;
        if !matches!(url.scheme(), "smtp" | "smtps") {
            return Err(InvalidMailUrl::Scheme);
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(InvalidMailUrl::Shape)?;
        // As the library wants it; a URL writes an IPv6 address in brackets.
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let login = login(&url)?;
        // Where there is a password the connection must be secured, unless the configuration says otherwise.
        let security = security(&url, login.is_some())?;
        let port = url.port().unwrap_or(match security {
            Security::Implicit => 465,
            Security::Required => 587,
            Security::Opportunistic | Security::Plain => 25,
        });
        Ok(Some(Self { host, port, security, login }))
    }
}

/// A password is not sent where a listener on the line could read it, unless the configuration says so.
fn security(url: &Url, has_login: bool) -> Result<Security, InvalidMailUrl> {
    // Refused and not passed over: `?tls=require` would otherwise leave the mail unsecured.
    let query: Vec<_> = url.query_pairs().collect();
    let tls = match query.as_slice() {
        [] => None,
        [(name, value)] if name == "tls" => Some(value.as_ref()),
        _ => return Err(InvalidMailUrl::Query),
    };
    match (url.scheme(), tls) {
        ("smtps", None) => Ok(Security::Implicit),
        ("smtp", None) if has_login => Ok(Security::Required),
        ("smtp", Some("required")) => Ok(Security::Required),
        ("smtp", None | Some("opportunistic")) => Ok(Security::Opportunistic),
        ("smtp", Some("none")) => Ok(Security::Plain),
        _ => Err(InvalidMailUrl::Query),
    }
}

fn login(url: &Url) -> Result<Option<Credentials>, InvalidMailUrl> {
    let decoded =
        |text: &str| percent_decode_str(text).decode_utf8().map(String::from).map_err(|_| InvalidMailUrl::Shape);
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        // Half a login would only be found out by the first mail.
        ("", Some(_)) | (_, None) => Err(InvalidMailUrl::Login),
        (name, Some(password)) => Ok(Some(Credentials::new(decoded(name)?, decoded(password)?))),
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({}:{}, {:?})", self.host, self.port, self.security)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_says_host_port_and_security() {
        for (url, shown) in [
            ("smtp://mail.example.com", "Server(mail.example.com:25, Opportunistic)"),
            ("smtp://mail.example.com:2525?tls=none", "Server(mail.example.com:2525, Plain)"),
            ("smtp://mail.example.com?tls=required", "Server(mail.example.com:587, Required)"),
            ("smtp://ripen:p%40ss@mail.example.com", "Server(mail.example.com:587, Required)"),
            ("smtp://ripen:p%40ss@127.0.0.1:1025?tls=opportunistic", "Server(127.0.0.1:1025, Opportunistic)"),
            ("smtps://ripen:secret@mail.example.com", "Server(mail.example.com:465, Implicit)"),
            ("smtp://[::1]:1025?tls=none", "Server(::1:1025, Plain)"),
        ] {
            assert_eq!(format!("{:?}", Server::parse(url).unwrap().unwrap()), shown, "{url}");
        }
        assert!(Server::parse(" ").unwrap().is_none());
    }

    #[test]
    fn a_bad_url_says_why_and_hides_its_password() {
        for (url, why) in [
            ("mail.example.com", InvalidMailUrl::Shape),
            ("smtp://", InvalidMailUrl::Shape),
            ("http://mail.example.com", InvalidMailUrl::Scheme),
            ("smtp://mail.example.com?tls=maybe", InvalidMailUrl::Query),
            ("smtps://mail.example.com?tls=none", InvalidMailUrl::Query),
            ("smtp://mail.example.com?timeout=5", InvalidMailUrl::Query),
            ("smtp://ripen@mail.example.com", InvalidMailUrl::Login),
            ("smtp://:secret@mail.example.com", InvalidMailUrl::Login),
        ] {
            let refused = Server::parse(url).unwrap_err();
            assert_eq!(refused, why, "{url}");
            assert!(!refused.to_string().contains("secret"));
        }
    }
}
