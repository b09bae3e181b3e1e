//! Which addresses a webhook may be sent to: IANA's special-purpose registries (RFC 6890 and its successors) as code.
//!
//! IPv6 is judged by what is allowed, global unicast, rather than by what is not: a range assigned tomorrow is refused.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// From where an address can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// From everywhere.
    Public,
    /// From this machine or its own network: loopback, private use, carrier-grade NAT, unique local.
    Private,
    /// No endpoint has such an address: link-local, multicast, reserved, documentation, benchmarking, metadata.
    Never,
}

/// Metadata services of clouds that hide in ranges for private use. Whoever reads them has the machine's credentials,
/// so that no leave for private addresses covers them.
const METADATA: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

/// Whether everybody can reach this address.
#[must_use]
pub fn is_public(ip: IpAddr) -> bool {
    reach(ip) == Reach::Public
}

/// From where this address can be reached.
#[must_use]
pub fn reach(ip: IpAddr) -> Reach {
    // Before anything else: these lie in ranges that leave for private addresses would open.
    if METADATA.contains(&ip) {
        return Reach::Never;
    }
    match ip {
        IpAddr::V4(ip) => reach_v4(ip),
        IpAddr::V6(ip) => reach_v6(ip),
    }
}

fn reach_v4(ip: Ipv4Addr) -> Reach {
    match ip.octets() {
        // Loopback; private use (RFC 1918); shared by a carrier's customers (RFC 6598).
        [127, ..] | [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Reach::Private,
        // This network; link-local, the usual place of metadata services; protocol assignments.
        [0, ..] | [169, 254, ..] | [192, 0, 0, _] => Reach::Never,
        // Documentation; benchmarking; the retired 6to4 relays.
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] | [198, 18..=19, ..] | [192, 88, 99, _] => Reach::Never,
        // Multicast, reserved, broadcast.
        [224..=255, ..] => Reach::Never,
        _ => Reach::Public,
    }
}

fn reach_v6(ip: Ipv6Addr) -> Reach {
    // The IPv4 address within decides, or `::ffff:127.0.0.1` would be as good as public.
    if let Some(mapped) = ip.to_ipv4_mapped() {
        return reach(mapped.into());
    }
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] | [0xfc00..=0xfdff, ..] => Reach::Private,
        // NAT64 (RFC 6052) and 6to4 (RFC 3056) lead on to the IPv4 address within.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => translated(high, low),
        [0x2002, high, low, ..] => translated(high, low),
        // Protocol assignments with Teredo and ORCHID; documentation, old and new.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Reach::Never,
        // Global unicast.
        [0x2000..=0x3fff, ..] => Reach::Public,
        // All else: unspecified, IPv4-compatible, local NAT64, discard, segment routing, link- and site-local, multicast.
        _ => Reach::Never,
    }
}

/// A translated address is as public as the one it leads to. Nobody's own network is reached through a translator, so
/// that there is nothing to allow otherwise.
fn translated(high: u16, low: u16) -> Reach {
    let [a, b] = high.to_be_bytes();
    let [c, d] = low.to_be_bytes();
    if is_public(Ipv4Addr::new(a, b, c, d).into()) { Reach::Public } else { Reach::Never }
}
