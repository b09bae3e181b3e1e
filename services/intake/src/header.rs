//! The request headers that senders steer intake with: `Idempotency-Key`, `Prefer`, `Accept`.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, header};
use ripen_domain::values::{is_nothing, unusable_id};
use ripen_web::{Problem, catalogue};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const PREFER: HeaderName = HeaderName::from_static("prefer");
const LIST: HeaderName = HeaderName::from_static("ripen-list");

/// Whether a text can be an idempotency key: 1 to 255 visible ASCII characters.
pub fn is_key(text: &str) -> bool {
    // As short as a header is kept by proxies, and without blanks, which some of them change.
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The `Idempotency-Key`, where there is one.
///
/// # Errors
/// 400 when it is there and is none: taking the lead without it would break the sender's trust in it. Nor is what a program writes
/// that has no key: the next lead under `undefined` would be quarantined as another body of this one.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    match value.to_str() {
        Ok(key) if is_nothing(key) && !key.trim().is_empty() || unusable_id(key).is_some() => {
            let detail = format!(
                "The Idempotency-Key is `{key}`, which names no request: send a key of each post's own, the same for each try of it, or none."
            );
            Err(Problem::new(&catalogue::INVALID_HEADER, detail))
        }
        Ok(key) if is_key(key) => Ok(Some(key)),
        _ => {
            let detail = "The Idempotency-Key must be 1 to 255 visible ASCII characters without spaces.";
            Err(Problem::new(&catalogue::INVALID_HEADER, detail))
        }
    }
}

/// Whether the sender has a list to send piece by piece (`Ripen-List: paced`): it waits for each answer before it goes on, and is
/// made to wait where others are refused.
pub fn is_paced_list(headers: &HeaderMap) -> bool {
    headers.get(LIST).is_some_and(|value| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"paced"))
}

/// How long the sender prefers to wait for the decision (RFC 7240 §4.3), at most `longest`. What cannot be read is no
/// preference.
pub fn wait(headers: &HeaderMap, longest: Duration) -> Option<Duration> {
    let values = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    // Both separators: senders write several preferences either way.
    let mut preferences = values.flat_map(|value| value.split([',', ';'])).filter_map(|one| one.split_once('='));
    let (_, seconds) = preferences.find(|(name, _)| name.trim().eq_ignore_ascii_case("wait"))?;
    // Quoted by some clients, although a number needs no quotes.
    let seconds: u64 = seconds.trim().trim_matches('"').parse().ok()?;
    Some(Duration::from_secs(seconds).min(longest)).filter(|wait| !wait.is_zero())
}

/// Whether the sender names this media type among those it accepts.
pub fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    // Without weights: whoever names a type at all can show it.
    let mut ranges = values.flat_map(|value| value.split(',')).filter_map(|range| range.split(';').next());
    ranges.any(|range| range.trim().eq_ignore_ascii_case(media_type))
}

/// Whether a page in a browser sent it: browsers say so with whatever a page's script sends to another site.
pub fn is_of_a_page(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN) || headers.contains_key(header::REFERER) || headers.contains_key(FETCH_SITE)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[rstest]
    #[case("wait=5", Some(5))]
    #[case("respond-async, wait=10", Some(10))]
    #[case("wait = \"3\"; x=1", Some(3))]
    #[case("wait=99", Some(10))]
    #[case("wait=0", None)]
    #[case("wait=soon", None)]
    #[case("return=minimal", None)]
    fn a_preference_to_wait_is_bounded(#[case] value: &str, #[case] seconds: Option<u64>) {
        let longest = Duration::from_secs(10);
        assert_eq!(wait(&headers(PREFER, value), longest), seconds.map(Duration::from_secs));
    }

    #[rstest]
    #[case("k-1", true)]
    #[case("", false)]
    #[case("a b", false)]
    #[case("undefined", false)]
    #[case("null", false)]
    #[case("NaN", false)]
    #[case("{{contact.id}}", false)]
    #[case("${id}", false)]
    #[case("[object Object]", false)]
    #[case("00000000-0000-0000-0000-000000000000", false)]
    #[case("0", true)]
    #[case("test", true)]
    fn a_key_is_visible_ascii(#[case] value: &str, #[case] usable: bool) {
        assert_eq!(idempotency_key(&headers(IDEMPOTENCY_KEY, value)).is_ok(), usable);
    }

    #[test]
    fn a_key_may_have_255_characters_and_may_be_absent() {
        assert!(is_key(&"x".repeat(255)) && !is_key(&"x".repeat(256)));
        assert_eq!(idempotency_key(&HeaderMap::new()).unwrap(), None);
    }

    #[test]
    fn what_is_accepted_is_named() {
        let accept = headers(header::ACCEPT, "text/html, application/JSON;q=0.9, */*");
        assert!(accepts(&accept, "application/json"));
        assert!(!accepts(&headers(header::ACCEPT, "*/*"), "application/json"));
    }
}
