//! When the person submitted the lead, by the sender's clock and in the sender's way of writing it.

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    flag::FlagCode,
    time::whole_micros,
    values::{ReadDate, date, is_nothing},
};
use serde_json::Value;

use super::{clock::LocalClock, reader::Reader, text};

/// 2000-01-01T00:00:00Z: no lead was submitted before.
const EARLIEST: i64 = 946_684_800;
/// How far a sender's clock, or its idea of a time zone, may be ahead.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// Reads `submitted_at`. Country, locale and time zone of the submission have to be known before.
pub fn read(reader: &mut Reader, now: Timestamp) {
    let Some(value) = reader.take_first("submitted_at", |text| !is_nothing(text)) else { return };
    if value.as_str().is_some_and(is_nothing) || value == Value::Bool(false) {
        return;
    }
    let at = instant(&value, &reader.clock());
    reader.submission.submitted_at = at.filter(|at| at.as_second() >= EARLIEST && at.duration_since(now) <= AHEAD);
    if reader.submission.submitted_at.is_none() {
        reader.flag("submitted_at", FlagCode::SubmittedAtUnusable, &text::shown(&value));
    }
}

/// The instant that a value names: a time with its zone; a date, or date and time, by the person's clock; the days of a
/// spreadsheet; the seconds or milliseconds since 1970.
pub fn instant(value: &Value, clock: &LocalClock) -> Option<Timestamp> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) => text::shown(value),
        _ => return None,
    };
    let at = match date(&text, &clock.conventions).ok()? {
        ReadDate::At(at) => at,
        ReadDate::Day(day) => day.to_zoned(clock.zone.clone()).ok()?.timestamp(),
        ReadDate::Local(at) => at.to_zoned(clock.zone.clone()).ok()?.timestamp(),
        ReadDate::Zoned(at, zone) => at.to_zoned(zone).ok()?.timestamp(),
    };
    Some(whole_micros(at))
}

#[cfg(test)]
mod tests {
    use ripen_domain::values::Conventions;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!("2026-11-20T10:00:00Z"), "UTC", Some("2026-11-20T10:00:00Z"))]
    #[case(json!(" 2026-11-20 10:00:00.1234567+02:00"), "UTC", Some("2026-11-20T08:00:00.123456Z"))]
    #[case(json!("2026-11-20T10:00:00"), "America/Chicago", Some("2026-11-20T16:00:00Z"))]
    #[case(json!("2026-11-20"), "America/Chicago", Some("2026-11-20T06:00:00Z"))]
    #[case(json!("11/20/2026 10:00 AM"), "America/Chicago", Some("2026-11-20T16:00:00Z"))]
    #[case(json!("20-Nov-26"), "America/Chicago", Some("2026-11-20T06:00:00Z"))]
    #[case(json!(46_346), "America/Chicago", Some("2026-11-20T06:00:00Z"))]
    #[case(json!(46_346.5), "America/Chicago", Some("2026-11-20T18:00:00Z"))]
    #[case(json!(1_795_168_800), "UTC", Some("2026-11-20T10:00:00Z"))]
    #[case(json!("1795168800"), "UTC", Some("2026-11-20T10:00:00Z"))]
    #[case(json!(1_795_168_800_000_i64), "UTC", Some("2026-11-20T10:00:00Z"))]
    #[case(json!("yesterday"), "UTC", None)]
    #[case(json!("2026-02-30"), "UTC", None)]
    #[case(json!("99999-01-01T00:00:00Z"), "UTC", None)]
    #[case(json!(i64::MAX), "UTC", None)]
    #[case(json!(1.5), "UTC", None)]
    #[case(json!({}), "UTC", None)]
    fn an_instant_is_read_in_many_ways(#[case] value: Value, #[case] zone: &str, #[case] at: Option<&str>) {
        let zone = ripen_domain::time::zone(zone).unwrap();
        let clock = LocalClock { conventions: Conventions::of(None, Some("US")), zone };
        assert_eq!(instant(&value, &clock), at.map(|at| at.parse().unwrap()));
    }
}
