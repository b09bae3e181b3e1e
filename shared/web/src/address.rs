//! Whose address a request comes from: the peer's, or the one that trusted reverse proxies saw; and which addresses count as
//! one sender.
//!
//! Anybody can write `X-Forwarded-For` into a request. Only what a trusted proxy added to it says something, so it is read from
//! the right, from the last hop, for as long as the hops are trusted. The same goes for `Forwarded`. One of the two is read and never
//! the other: a proxy that writes one passes on the other as the visitor sent it.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use axum::http::{HeaderMap, HeaderName, header};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// In which header the proxies say whose request they pass on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, which nearly all of them write.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// The reverse proxies whose word on the visitor's address is taken.
#[derive(Clone)]
pub struct TrustedProxies {
    is_trusted: Arc<dyn Fn(IpAddr) -> bool + Send + Sync>,
    header: ForwardedHeader,
}

impl fmt::Debug for TrustedProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TrustedProxies")
    }
}

impl Default for TrustedProxies {
    fn default() -> Self {
        Self::new(|_| false)
    }
}

impl TrustedProxies {
    /// Those of which `is_trusted` says so; they write `X-Forwarded-For`.
    #[must_use]
    pub fn new(is_trusted: impl Fn(IpAddr) -> bool + Send + Sync + 'static) -> Self {
        Self { is_trusted: Arc::new(is_trusted), header: ForwardedHeader::default() }
    }

    /// The same, which write this header.
    #[must_use]
    pub fn writing(self, header: ForwardedHeader) -> Self {
        Self { header, ..self }
    }

    /// Whether this address is a trusted proxy's.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        (self.is_trusted)(address.to_canonical())
    }

    /// Who sent the request that came from `peer` with these headers.
    #[must_use]
    pub fn visitor(&self, peer: IpAddr, headers: &HeaderMap) -> Visitor {
        let peer = peer.to_canonical();
        let says = headers.contains_key(X_FORWARDED_FOR) || headers.contains_key(header::FORWARDED);
        if !self.contains(peer) {
            return Visitor { address: peer, is_claim_ignored: says };
        }
        let address = match self.header {
            ForwardedHeader::XForwardedFor => {
                self.last_untrusted(peer, hops(headers, &X_FORWARDED_FOR).map(address_of))
            }
            ForwardedHeader::Forwarded => {
                self.last_untrusted(peer, hops(headers, &header::FORWARDED).map(|hop| address_of(forwarded_for(hop)?)))
            }
        };
        Visitor { address, is_claim_ignored: false }
    }

    /// The first address from the right that is no proxy's; else the last one that could be read.
    fn last_untrusted(&self, peer: IpAddr, hops: impl Iterator<Item = Option<IpAddr>>) -> IpAddr {
        let mut known = peer;
        for hop in hops {
            // A proxy that does not say from whom it had the request is all that is known of it.
            let Some(address) = hop else { break };
            known = address;
            if !self.contains(known) {
                break;
            }
        }
        known
    }
}

/// Who sent a request, put among its extensions by the listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visitor {
    /// The address.
    pub address: IpAddr,
    /// The request names another one, which does not count: its peer is no trusted proxy.
    pub is_claim_ignored: bool,
}

impl From<SocketAddr> for Visitor {
    fn from(peer: SocketAddr) -> Self {
        Self { address: peer.ip().to_canonical(), is_claim_ignored: false }
    }
}

/// The elements of a header, those of all its lines, from the right.
fn hops<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    let mut lines: Vec<_> = headers.get_all(name).iter().collect();
    lines.reverse();
    // A line that is no text is one hop that cannot be read. Quotes are not looked at: no address has a comma in it, and a
    // visitor's open quote must not swallow what a proxy added.
    let elements = lines.into_iter().flat_map(|line| line.to_str().unwrap_or("?").rsplit(','));
    elements.map(str::trim).filter(|hop| !hop.is_empty())
}

/// `for=` of one element of `Forwarded` (RFC 7239).
fn forwarded_for(element: &str) -> Option<&str> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let mut own = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    own.next().map(|(_, value)| value.trim().trim_matches('"'))
}

/// An address with or without its port; `[…]` around one of IPv6.
fn address_of(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    bare.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

/// The addresses that count as one sender: one of IPv4, a /64 of IPv6, which a single customer has all to himself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddressPrefix(IpAddr);

impl fmt::Display for AddressPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl AddressPrefix {
    /// Of every address.
    pub const ALL: Self = Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED));

    /// The one that an address is in.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        Self::cut(address, 32, 64)
    }

    /// The network around it: a /16 of IPv4, a /32 of IPv6, as they are given to providers.
    #[must_use]
    pub fn wider(self) -> Self {
        Self::cut(self.0, 16, 32)
    }

    /// The site that a /64 of IPv6 belongs to: a /48, which is given to whoever asks for one. Of IPv4 there is none.
    #[must_use]
    pub fn site(self) -> Option<Self> {
        self.0.is_ipv6().then(|| Self::cut(self.0, 32, 48))
    }

    fn cut(address: IpAddr, of_v4: u32, of_v6: u32) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() & (u32::MAX << (32 - of_v4))).into(),
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - of_v6))).into(),
        })
    }
}

#[cfg(test)]
mod tests;
