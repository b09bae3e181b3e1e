//! What an endpoint answered, read within a deadline and a size.

use std::time::{Duration, Instant};

use jiff::{Timestamp, civil::DateTime, fmt::rfc2822, tz::TimeZone};
use reqwest::{Response, header::RETRY_AFTER};
use tokio::time::timeout_at;

/// An answer of any status.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookResponse {
    /// The HTTP status.
    pub status: u16,
    /// The endpoint's wish when to be tried again.
    pub retry_after: Option<RetryAfter>,
    /// The body, or its first bytes.
    pub body: Vec<u8>,
    /// Whether there is more of the body than was read: it was too long, too slow, or broke off.
    pub truncated: bool,
}

/// The body may hold anything, a person's data too: only its size is shown.
impl std::fmt::Debug for WebhookResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookResponse")
            .field("status", &self.status)
            .field("retry_after", &self.retry_after)
            .field("body_bytes", &self.body.len())
            .field("truncated", &self.truncated)
            .finish()
    }
}

impl WebhookResponse {
    /// Whether the endpoint has taken the webhook (2xx).
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }
}

/// The `Retry-After` header in either of its forms (RFC 9110 §10.2.3); a date in any of the three forms of §5.6.7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// So long from now.
    After(Duration),
    /// At this time.
    At(Timestamp),
}

impl RetryAfter {
    /// Reads the header's value; `None` if it is neither seconds nor a date.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let value = value.trim();
        // A number of seconds or a date; `all` of an empty text is true.
        if value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() {
            // A number too large for 32 bits means as long as can be.
            return Some(Self::After(Duration::from_secs(value.parse::<u32>().unwrap_or(u32::MAX).into())));
        }
        let modern = || rfc2822::DateTimeParser::new().parse_timestamp(value).ok();
        modern().or_else(|| rfc850(value)).or_else(|| asctime(value)).map(Self::At)
    }

    /// How long that is from `now`, zero if it is past. Not bounded: the caller knows how long is too long.
    #[must_use]
    pub fn delay(self, now: Timestamp) -> Duration {
        match self {
            Self::After(delay) => delay,
            // A time that is past is no wait.
            Self::At(time) => time.duration_since(now).try_into().unwrap_or_default(),
        }
    }
}

/// The form of RFC 850, which has two digits for the year: `Sunday, 29-Nov-26 10:00:40 GMT`.
fn rfc850(value: &str) -> Option<Timestamp> {
    // The name of the day is left out: it says nothing that the date does not, and is wrong where the century was guessed otherwise.
    let (_, date) = value.split_once(", ")?;
    let date = date.strip_suffix(" GMT")?;
    // A wait is never decades long: of both centuries that two digits may mean, it is this one (RFC 9110 §5.6.7).
    civil(&format!("20{}", date.rsplit_once('-')?.1), &date.rsplit_once('-')?.0.replace('-', " "), "%Y %H:%M:%S %d %b")
}

/// The form of C's `asctime`, always in GMT: `Sun Nov 29 10:00:40 2026`, with a blank before a day of one digit.
fn asctime(value: &str) -> Option<Timestamp> {
    let words: Vec<_> = value.split_ascii_whitespace().collect();
    let [_, month, day, time, year] = words[..] else { return None };
    civil(&format!("{year} {time}"), &format!("{day:0>2} {month}"), "%Y %H:%M:%S %d %b")
}

fn civil(year_and_time: &str, day: &str, format: &str) -> Option<Timestamp> {
    let at = DateTime::strptime(format, format!("{year_and_time} {day}")).ok()?;
    at.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp())
}

/// Reads the body until its end, the deadline, or `max_bytes`. Dropping the response closes the connection if any of
/// the body is left.
pub(super) async fn read(mut response: Response, deadline: Instant, max_bytes: usize) -> WebhookResponse {
    let status = response.status().as_u16();
    let retry_after =
        response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(RetryAfter::parse);
    let mut body = Vec::new();
    let truncated = loop {
        match timeout_at(deadline.into(), response.chunk()).await {
            Ok(Ok(Some(chunk))) => {
                // Cut within a chunk: a chunk may be larger than all that is kept.
                let room = max_bytes - body.len();
                body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if chunk.len() > room {
                    break true;
                }
            }
            Ok(Ok(None)) => break false,
            // The status is known and decides: a body that drips or breaks off must not make a delivery of a 200 fail.
            Ok(Err(_)) | Err(_) => break true,
        }
    };
    WebhookResponse { status, retry_after, body, truncated }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        for (value, seconds) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("99999999999999999999", Some(u64::from(u32::MAX))),
            ("Sat, 21 Nov 2026 10:01:00 GMT", Some(60)),
            ("Sat, 21 Nov 2026 09:00:00 GMT", Some(0)),
            ("Saturday, 21-Nov-26 10:01:00 GMT", Some(60)),
            ("Saturday, 21-Nov-26 09:00:00 GMT", Some(0)),
            ("Sat Nov 21 10:01:00 2026", Some(60)),
            ("Wed Dec  2 10:00:00 2026", Some(11 * 24 * 3600)),
            ("Saturday, 21-Nov-26 10:01:00", None),
            ("Sat Nov 31 10:01:00 2026", None),
            ("Sat Nov 21 2026", None),
            ("12.5", None),
            ("", None),
            ("-5", None),
            ("soon", None),
            ("1.5", None),
        ] {
            let delay = RetryAfter::parse(value).map(|parsed| parsed.delay(now));
            assert_eq!(delay, seconds.map(Duration::from_secs), "{value:?}");
        }
    }
}
