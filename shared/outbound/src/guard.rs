//! Keeps webhooks from reaching what only this machine or its network can reach (server-side request forgery).
//!
//! A URL is checked when an endpoint is set up and again before each attempt; a host name's addresses are checked by
//! [`GuardedResolver`], which is what the HTTP client connects through, so that no second look-up can differ.

mod address;
mod resolver;

use url::{Host, Url};

pub use self::address::{Reach, is_public, reach};
pub(crate) use self::resolver::ResolveError;
pub use self::resolver::{GuardedResolver, LookedUp, Lookup, SystemLookup};

/// The longest URL taken, in bytes.
const URL_LIMIT: usize = 2_048;

/// Ports whose services take commands line by line: what is posted to them could be read as such (the Fetch standard's
/// bad ports, and those of caches and databases).
const OTHER_SERVICES: [u16; 34] = [
    0, 1, 7, 9, 13, 19, 20, 21, 22, 23, 25, 53, 69, 79, 110, 111, 119, 135, 137, 139, 143, 161, 389, 445, 465, 514,
    587, 636, 993, 995, 3306, 5432, 6379, 11211,
];

/// Why a webhook's URL is not taken. The text says what to do and never repeats the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlRefused {
    /// No URL at all.
    #[error("is not a URL; write it as https://example.com/path")]
    NotAUrl,
    /// Longer than any endpoint needs.
    #[error("is longer than 2,048 bytes")]
    TooLong,
    /// Another scheme than HTTP.
    #[error("must begin with https:// or http://")]
    Scheme,
    /// A user name or password before the host.
    #[error("must not hold a user name or password: webhooks are authenticated by their signature")]
    UserInfo,
    /// A port that belongs to something other than HTTP.
    #[error("must not name a port that belongs to another service than HTTP")]
    Port,
    /// An address that is never a client's: link-local, multicast, documentation, a cloud's metadata service.
    #[error("points to an address that no webhook may be sent to")]
    NeverAllowed,
    /// An address of this machine or of a private network, without leave.
    #[error("points to this machine or a private network; allow private addresses for this endpoint if that is meant")]
    Private,
}

/// Reads a webhook's URL and checks what can be known of it without resolving its host name. IPv4 addresses are seen
/// in every form that browsers take (`0x7f.1`, `2130706433`, `0177.0.0.1`).
///
/// # Errors
/// Says what is wrong with it.
pub fn check_url(url: &str, allow_private: bool) -> Result<Url, UrlRefused> {
    if url.len() > URL_LIMIT {
        return Err(UrlRefused::TooLong);
    }
    // The parser passes over slashes too many or too few, as browsers do: `http:///path` would lead to a host `path`.
    let host = url.split_once("://").map(|(_, rest)| rest);
    let url = Url::parse(url).map_err(|_| UrlRefused::NotAUrl)?;
    if url.has_host() && host.is_none_or(|host| host.starts_with(['/', '\\'])) {
        return Err(UrlRefused::NotAUrl);
    }
    // The host is read by the same parser that connects: two readings of one URL could name two hosts.
    check(&url, allow_private)?;
    Ok(url)
}

/// Whether what is posted there can be read on its way: plain HTTP to a host that is not of this machine or its network.
#[must_use]
pub fn is_read_on_its_way(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let reach = match url.host() {
        None => return false,
        Some(Host::Ipv4(ip)) => reach(ip.into()),
        Some(Host::Ipv6(ip)) => reach(ip.into()),
        // A name without a dot is one of the own network.
        Some(Host::Domain(name)) if !name.trim_end_matches('.').contains('.') => Reach::Private,
        Some(Host::Domain(name)) => reach_of_name(name).unwrap_or(Reach::Never),
    };
    url.scheme() == "http" && reach == Reach::Public
}

/// Checks a URL that was read before: an HTTP client does not resolve a literal address, so this is what guards those.
pub(crate) fn check(url: &Url, allow_private: bool) -> Result<(), UrlRefused> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(UrlRefused::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlRefused::UserInfo);
    }
    // A body with line breaks is a list of commands to a service that reads lines.
    if url.port().is_some_and(|port| OTHER_SERVICES.contains(&port)) {
        return Err(UrlRefused::Port);
    }
    // No host, no place: `http:///path` is a URL and leads nowhere.
    let reach = match url.host().ok_or(UrlRefused::NotAUrl)? {
        Host::Ipv4(ip) => reach(ip.into()),
        Host::Ipv6(ip) => reach(ip.into()),
        Host::Domain(name) => reach_of_name(name)?,
    };
    match reach {
        Reach::Public => Ok(()),
        Reach::Private if allow_private => Ok(()),
        Reach::Private => Err(UrlRefused::Private),
        Reach::Never => Err(UrlRefused::NeverAllowed),
    }
}

/// What a name says by itself: RFC 6761 reserves `localhost` for this machine. Any other is judged by its addresses.
fn reach_of_name(name: &str) -> Result<Reach, UrlRefused> {
    // `localhost.` is `localhost`: without this the dot would make it a public name.
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.is_empty() {
        return Err(UrlRefused::NotAUrl);
    }
    // Only the last label: `localhost.example.com` is somebody's public name.
    let local = name.rsplit('.').next().is_some_and(|label| label.eq_ignore_ascii_case("localhost"));
    Ok(if local { Reach::Private } else { Reach::Public })
}

#[cfg(test)]
mod tests;
