//! When the person submitted the lead, by the sender's clock and in the sender's way of writing it.

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};
use ripen_domain::{submission::Flag, time::whole_micros};
use serde_json::Value;

use super::reader::Reader;

/// 2000-01-01T00:00:00Z: no lead was submitted before.
const EARLIEST: i64 = 946_684_800;
/// How far a sender's clock, or its idea of a time zone, may be ahead.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);
/// Numbers from here on are milliseconds: as seconds they would lie in the year 5138.
const MILLISECONDS: i64 = 100_000_000_000;

/// Reads `submitted_at`. The time zone of the submission has to be known before.
pub fn read(reader: &mut Reader, now: Timestamp) {
    let Some(value) = reader.take("submitted_at") else { return };
    if value.as_str().is_some_and(|text| text.trim().is_empty()) {
        return;
    }
    let at = instant(&value, reader.submission.time_zone.as_deref());
    reader.submission.submitted_at = at.filter(|at| at.as_second() >= EARLIEST && at.duration_since(now) <= AHEAD);
    if reader.submission.submitted_at.is_none() {
        reader.submission.flag(Flag::SubmittedAtUnusable);
    }
}

/// The instant that a value names: RFC 3339; a date, or date and time, in the person's zone (UTC where none is known);
/// or the seconds or milliseconds since 1970.
pub fn instant(value: &Value, time_zone: Option<&str>) -> Option<Timestamp> {
    match value {
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| local(text, time_zone)).map(whole_micros)
        }
        Value::Number(number) => match number.as_i64()? {
            seconds if seconds < MILLISECONDS => Timestamp::from_second(seconds).ok(),
            milliseconds => Timestamp::from_millisecond(milliseconds).ok(),
        },
        _ => None,
    }
}

fn local(text: &str, time_zone: Option<&str>) -> Option<Timestamp> {
    let at: DateTime = text.parse().ok()?;
    let zone = time_zone.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
    at.to_zoned(zone).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!("2026-11-20T10:00:00Z"), None, Some("2026-11-20T10:00:00Z"))]
    #[case(json!(" 2026-11-20 10:00:00.1234567+02:00"), None, Some("2026-11-20T08:00:00.123456Z"))]
    #[case(json!("2026-11-20T10:00:00"), Some("America/Chicago"), Some("2026-11-20T16:00:00Z"))]
    #[case(json!("2026-11-20"), None, Some("2026-11-20T00:00:00Z"))]
    #[case(json!(1_795_168_800), None, Some("2026-11-20T10:00:00Z"))]
    #[case(json!(1_795_168_800_000_i64), None, Some("2026-11-20T10:00:00Z"))]
    #[case(json!("yesterday"), None, None)]
    #[case(json!("2026-02-30"), None, None)]
    #[case(json!("99999-01-01T00:00:00Z"), None, None)]
    #[case(json!(i64::MAX), None, None)]
    #[case(json!(1.5), None, None)]
    #[case(json!({}), None, None)]
    fn an_instant_is_read_in_many_ways(#[case] value: Value, #[case] zone: Option<&str>, #[case] at: Option<&str>) {
        assert_eq!(instant(&value, zone), at.map(|at| at.parse().unwrap()));
    }
}
