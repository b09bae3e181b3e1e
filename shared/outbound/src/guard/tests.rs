//! The table of addresses and URLs, and what the resolver lets through.

use std::{
    io,
    net::IpAddr,
    sync::{Arc, Mutex},
};

use reqwest::dns::Resolve;

use super::*;

/// Host of a URL, and how far it reaches.
const HOSTS: &[(&str, Reach)] = &[
    ("8.8.8.8", Reach::Public),
    ("1.1.1.1", Reach::Public),
    ("93.184.215.14", Reach::Public),
    ("100.63.255.255", Reach::Public),
    ("100.128.0.0", Reach::Public),
    ("172.15.255.255", Reach::Public),
    ("172.32.0.1", Reach::Public),
    ("192.0.1.1", Reach::Public),
    ("198.17.255.255", Reach::Public),
    ("198.20.0.0", Reach::Public),
    ("223.255.255.255", Reach::Public),
    ("example.com", Reach::Public),
    ("example.com.", Reach::Public),
    ("localhost.example.com", Reach::Public),
    ("127.0.0.1", Reach::Private),
    ("127.255.255.254", Reach::Private),
    ("127.0.0.1.", Reach::Private),
    ("127.1", Reach::Private),
    ("2130706433", Reach::Private),
    ("0x7f.1", Reach::Private),
    ("0x7f000001", Reach::Private),
    ("0177.0.0.1", Reach::Private),
    ("017700000001", Reach::Private),
    ("0x7f.0.0.0x1", Reach::Private),
    ("%31%32%37.0.0.1", Reach::Private),
    ("１２７.０.０.１", Reach::Private),
    ("127。0。0。1", Reach::Private),
    ("localhost", Reach::Private),
    ("LOCALHOST", Reach::Private),
    ("localhost.", Reach::Private),
    ("a.localhost", Reach::Private),
    ("10.0.0.1", Reach::Private),
    ("10.255.255.255", Reach::Private),
    ("167772161", Reach::Private),
    ("172.16.0.1", Reach::Private),
    ("172.31.255.255", Reach::Private),
    ("192.168.0.1", Reach::Private),
    ("0xc0a80001", Reach::Private),
    ("100.64.0.1", Reach::Private),
    ("100.127.255.255", Reach::Private),
    ("0.0.0.0", Reach::Never),
    ("0", Reach::Never),
    ("0.1.2.3", Reach::Never),
    ("169.254.169.254", Reach::Never),
    ("2852039166", Reach::Never),
    ("0251.0376.0251.0376", Reach::Never),
    ("169.254.0.1", Reach::Never),
    ("100.100.100.200", Reach::Never),
    ("192.0.0.192", Reach::Never),
    ("192.0.2.1", Reach::Never),
    ("198.51.100.7", Reach::Never),
    ("203.0.113.9", Reach::Never),
    ("198.18.0.1", Reach::Never),
    ("198.19.255.255", Reach::Never),
    ("192.88.99.1", Reach::Never),
    ("224.0.0.1", Reach::Never),
    ("239.255.255.250", Reach::Never),
    ("240.0.0.1", Reach::Never),
    ("255.255.255.255", Reach::Never),
    ("[2606:4700:4700::1111]", Reach::Public),
    ("[2a00:1450:4001:80b::200e]", Reach::Public),
    ("[2001:200::1]", Reach::Public),
    ("[::ffff:8.8.8.8]", Reach::Public),
    ("[64:ff9b::808:808]", Reach::Public),
    ("[2002:808:808::1]", Reach::Public),
    ("[::1]", Reach::Private),
    ("[0:0:0:0:0:0:0:1]", Reach::Private),
    ("[::ffff:127.0.0.1]", Reach::Private),
    ("[::ffff:7f00:1]", Reach::Private),
    ("[::ffff:10.0.0.1]", Reach::Private),
    ("[fc00::1]", Reach::Private),
    ("[fd12:3456:789a::1]", Reach::Private),
    ("[::]", Reach::Never),
    ("[::127.0.0.1]", Reach::Never),
    ("[::8.8.8.8]", Reach::Never),
    ("[::ffff:169.254.169.254]", Reach::Never),
    ("[::ffff:100.100.100.200]", Reach::Never),
    ("[::ffff:0:127.0.0.1]", Reach::Never),
    ("[64:ff9b::7f00:1]", Reach::Never),
    ("[64:ff9b::a9fe:a9fe]", Reach::Never),
    ("[64:ff9b:1::808:808]", Reach::Never),
    ("[2002:7f00:1::]", Reach::Never),
    ("[2002:a00:1::1]", Reach::Never),
    ("[2002:a9fe:a9fe::]", Reach::Never),
    ("[2001::1]", Reach::Never),
    ("[2001:0:4136:e378:8000:63bf:3fff:fdd2]", Reach::Never),
    ("[2001:20::1]", Reach::Never),
    ("[2001:1ff::1]", Reach::Never),
    ("[2001:db8::1]", Reach::Never),
    ("[3fff::1]", Reach::Never),
    ("[3fff:fff::1]", Reach::Never),
    ("[100::1]", Reach::Never),
    ("[100:0:0:1::1]", Reach::Never),
    ("[5f00::1]", Reach::Never),
    ("[fe80::1]", Reach::Never),
    ("[febf::1]", Reach::Never),
    ("[fec0::1]", Reach::Never),
    ("[ff02::1]", Reach::Never),
    ("[4000::1]", Reach::Never),
    ("[fd00:ec2::254]", Reach::Never),
    ("[fd20:ce::254]", Reach::Never),
];

#[test]
fn each_form_of_each_address_is_judged_by_where_it_leads() {
    assert!(HOSTS.len() >= 60, "{} cases", HOSTS.len());
    for (host, reach) in HOSTS {
        for url in [format!("http://{host}/"), format!("https://{host}:8443/hook?x=1")] {
            let strict = check_url(&url, false).map(drop);
            let lenient = check_url(&url, true).map(drop);
            let expected = match reach {
                Reach::Public => (Ok(()), Ok(())),
                Reach::Private => (Err(UrlRefused::Private), Ok(())),
                Reach::Never => (Err(UrlRefused::NeverAllowed), Err(UrlRefused::NeverAllowed)),
            };
            assert_eq!((strict, lenient), expected, "{url}");
        }
    }
}

#[test]
fn what_is_no_endpoint_is_refused_with_its_reason() {
    let long = format!("https://example.com/{}", "a".repeat(2_048));
    for (url, why) in [
        ("", UrlRefused::NotAUrl),
        ("example.com/hook", UrlRefused::NotAUrl),
        ("http://", UrlRefused::NotAUrl),
        ("http://./", UrlRefused::NotAUrl),
        ("http:///hook", UrlRefused::NotAUrl),
        ("https:/example.com/hook", UrlRefused::NotAUrl),
        ("https:example.com/hook", UrlRefused::NotAUrl),
        ("http://256.1.1.1/", UrlRefused::NotAUrl),
        ("http://[fe80::1%25eth0]/", UrlRefused::NotAUrl),
        ("http://1.2.3.4.5/", UrlRefused::NotAUrl),
        ("ftp://example.com/", UrlRefused::Scheme),
        ("file:///etc/passwd", UrlRefused::Scheme),
        ("gopher://127.0.0.1:25/", UrlRefused::Scheme),
        ("javascript:alert(1)", UrlRefused::Scheme),
        ("http://user@example.com/", UrlRefused::UserInfo),
        ("http://:secret@example.com/", UrlRefused::UserInfo),
        ("http://example.com@127.0.0.1/", UrlRefused::UserInfo),
        ("http://a:b@example.com/", UrlRefused::UserInfo),
        ("http://127.0.0.1:80@example.com/", UrlRefused::UserInfo),
        ("http://example.com:25/", UrlRefused::Port),
        ("https://example.com:22/", UrlRefused::Port),
        ("http://[2606:4700::1111]:6379/", UrlRefused::Port),
        ("http://127.0.0.1:5432/", UrlRefused::Port),
        ("http://example.com:0/", UrlRefused::Port),
        ("http://example.com:99999/", UrlRefused::NotAUrl),
        (&long, UrlRefused::TooLong),
    ] {
        assert_eq!(check_url(url, true), Err(why), "{url}");
    }
    assert_eq!(check_url("http:\\\\127.0.0.1\\@example.com", false), Err(UrlRefused::NotAUrl));
}

/// Gives one answer after another; the last one stays.
struct Scripted(Mutex<Vec<Vec<&'static str>>>);

impl Lookup for Scripted {
    fn lookup(&self, _: &str) -> LookedUp {
        let mut answers = self.0.lock().unwrap();
        let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
        Box::pin(async move { answer.iter().map(|ip| ip.parse::<IpAddr>().map_err(io::Error::other)).collect() })
    }
}

async fn resolved(resolver: &GuardedResolver) -> Result<Vec<String>, String> {
    let addresses = resolver.resolve("example.com".parse().unwrap()).await.map_err(|e| e.to_string())?;
    Ok(addresses.map(|address| address.to_string()).collect())
}

fn resolver(answers: &[&[&'static str]], allow_private: bool) -> GuardedResolver {
    let answers = answers.iter().map(|answer| answer.to_vec()).collect();
    GuardedResolver::new(Arc::new(Scripted(Mutex::new(answers))), allow_private)
}

#[tokio::test]
async fn one_private_address_refuses_the_whole_name() {
    for mixed in [["8.8.8.8", "10.0.0.1"], ["::1", "8.8.8.8"], ["8.8.8.8", "169.254.169.254"]] {
        assert!(resolved(&resolver(&[&mixed], false)).await.is_err(), "{mixed:?}");
    }
    let public = resolved(&resolver(&[&["8.8.8.8", "2606:4700::1111"]], false)).await;
    assert_eq!(public, Ok(vec!["8.8.8.8:0".to_owned(), "[2606:4700::1111]:0".to_owned()]));
}

#[tokio::test]
async fn leave_for_private_addresses_does_not_cover_metadata() {
    assert!(resolved(&resolver(&[&["127.0.0.1", "10.0.0.1"]], true)).await.is_ok());
    assert!(resolved(&resolver(&[&["127.0.0.1", "169.254.169.254"]], true)).await.is_err());
}

#[tokio::test]
async fn a_name_without_addresses_is_an_error() {
    assert!(resolved(&resolver(&[&[]], true)).await.is_err());
}

#[tokio::test]
async fn each_look_up_is_judged_anew() {
    let rebinding = resolver(&[&["8.8.8.8"], &["127.0.0.1"]], false);
    assert_eq!(resolved(&rebinding).await, Ok(vec!["8.8.8.8:0".to_owned()]));
    assert!(resolved(&rebinding).await.is_err());
}

#[tokio::test]
async fn the_systems_resolver_knows_this_machine() {
    let found = SystemLookup::default().lookup("localhost").await.unwrap();
    assert!(!found.is_empty() && found.iter().all(|ip| reach(*ip) == Reach::Private), "{found:?}");
}

#[test]
fn plain_http_to_the_public_is_read_on_its_way() {
    for read in ["http://crm.example.com/hook", "http://8.8.8.8/", "HTTP://example.com"] {
        assert!(is_read_on_its_way(read), "{read}");
    }
    for not in ["https://crm.example.com/hook", "http://127.0.0.1:9/", "http://localhost/x", "http://receiver:80/", "x"]
    {
        assert!(!is_read_on_its_way(not), "{not}");
    }
}
