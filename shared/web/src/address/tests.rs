//! What a header may claim, and from whom it is believed.

use rstest::rstest;

use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Proxies in 10.0.0.0/8 and fd00::/8.
fn proxies() -> TrustedProxies {
    TrustedProxies::new(|address| match address {
        IpAddr::V4(address) => address.octets()[0] == 10,
        IpAddr::V6(address) => address.octets()[0] == 0xfd,
    })
}

fn visitor(peer: &str, lines: &[(&'static str, &str)]) -> IpAddr {
    visitor_by(ForwardedHeader::XForwardedFor, peer, lines)
}

fn visitor_by(header: ForwardedHeader, peer: &str, lines: &[(&'static str, &str)]) -> IpAddr {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, value.parse().unwrap());
    }
    proxies().writing(header).visitor(ip(peer), &headers).address
}

#[rstest]
#[case::nothing_said("10.0.0.1", "", "10.0.0.1")]
#[case::one_proxy("10.0.0.1", "203.0.113.7", "203.0.113.7")]
#[case::what_the_visitor_wrote_is_left_of_it("10.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7")]
#[case::a_chain_of_proxies("10.0.0.1", "198.51.100.1, 203.0.113.7, 10.2.2.2,10.3.3.3", "203.0.113.7")]
#[case::from_nobody_trusted("203.0.113.9", "198.51.100.1", "203.0.113.9")]
#[case::from_nobody_trusted_naming_a_proxy("203.0.113.9", "198.51.100.1, 10.0.0.1", "203.0.113.9")]
#[case::all_are_proxies("10.0.0.1", "10.4.4.4, 10.2.2.2", "10.4.4.4")]
#[case::a_hop_that_says_nothing("10.0.0.1", "203.0.113.7, unknown, 10.2.2.2", "10.2.2.2")]
#[case::rubbish_of_the_visitor("10.0.0.1", "\"x, 203.0.113.7", "203.0.113.7")]
#[case::blanks("10.0.0.1", " , 203.0.113.7 ,, ", "203.0.113.7")]
#[case::with_ports("fd00::1", "[2001:db8::7]:4711, 10.0.0.3:80", "2001:db8::7")]
#[case::ipv6("fd00::1", "2001:db8::7", "2001:db8::7")]
#[case::ipv4_as_ipv6("::ffff:10.0.0.1", "::ffff:203.0.113.7", "203.0.113.7")]
fn x_forwarded_for_is_read_from_the_right(#[case] peer: &str, #[case] line: &str, #[case] expected: &str) {
    assert_eq!(visitor(peer, &[("x-forwarded-for", line)]), ip(expected));
}

#[test]
fn several_lines_are_one_list() {
    let lines = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "203.0.113.7, 10.1.1.1")];
    assert_eq!(visitor("10.0.0.1", &lines), ip("203.0.113.7"));
    assert_eq!(
        visitor("10.0.0.1", &[("x-forwarded-for", "203.0.113.7"), ("x-forwarded-for", "10.1.1.1")]),
        ip("203.0.113.7")
    );
}

#[rstest]
#[case("for=203.0.113.7;proto=https", "203.0.113.7")]
#[case("for=198.51.100.1, For=\"203.0.113.7:80\" ; by=10.0.0.1, proto=http;for=10.2.2.2", "203.0.113.7")]
#[case("for=\"[2001:db8::7]:4711\"", "2001:db8::7")]
#[case("for=\"198.51.100.1, for=203.0.113.7", "203.0.113.7")]
#[case("for=_hidden, for=10.2.2.2", "10.2.2.2")]
#[case("proto=https", "10.0.0.1")]
fn forwarded_is_read_the_same(#[case] line: &str, #[case] expected: &str) {
    let by = |peer| visitor_by(ForwardedHeader::Forwarded, peer, &[("forwarded", line)]);
    assert_eq!(by("10.0.0.1"), ip(expected));
    assert_eq!(by("203.0.113.9"), ip("203.0.113.9"));
}

#[test]
fn a_visitor_cannot_replace_what_the_proxy_wrote_by_the_other_header() {
    let lines = [("forwarded", "for=198.51.100.1"), ("x-forwarded-for", "203.0.113.7")];
    assert_eq!(visitor("10.0.0.1", &lines), ip("203.0.113.7"));
    assert_eq!(visitor("10.0.0.1", &lines[..1]), ip("10.0.0.1"), "nor where the proxy wrote nothing");
    let by = |lines: &[(&'static str, &str)]| visitor_by(ForwardedHeader::Forwarded, "10.0.0.1", lines);
    assert_eq!(by(&lines), ip("198.51.100.1"), "the header that the proxies write counts");
    assert_eq!(by(&lines[1..]), ip("10.0.0.1"));
}

#[test]
fn a_claim_that_does_not_count_is_noted() {
    let headers = HeaderMap::from_iter([(X_FORWARDED_FOR, "198.51.100.1".parse().unwrap())]);
    assert!(proxies().visitor(ip("203.0.113.9"), &headers).is_claim_ignored);
    assert!(!proxies().visitor(ip("10.0.0.1"), &headers).is_claim_ignored);
    assert!(!proxies().visitor(ip("203.0.113.9"), &HeaderMap::new()).is_claim_ignored);
    assert!(
        TrustedProxies::default().visitor(ip("10.0.0.1"), &headers).is_claim_ignored,
        "by default nobody is trusted"
    );
}

#[test]
fn a_64_of_ipv6_is_one_sender() {
    let prefix = |text| AddressPrefix::of(ip(text));
    assert_eq!(prefix("2001:db8:1:2:3::4"), prefix("2001:db8:1:2:ffff::"));
    assert_ne!(prefix("2001:db8:1:2::"), prefix("2001:db8:1:3::"));
    assert_ne!(prefix("192.0.2.1"), prefix("192.0.2.2"));
    assert_eq!(prefix("192.0.2.1"), prefix("::ffff:192.0.2.1"));
    assert_eq!(prefix("2001:db8:1:2::").wider(), prefix("2001:db8:ffff::").wider());
    assert_eq!(prefix("192.0.2.1").wider(), prefix("192.0.77.1").wider());
    assert_ne!(prefix("192.0.2.1").wider(), prefix("192.1.2.1").wider());
}
