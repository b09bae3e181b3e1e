//! When the person submitted the lead, by the sender's clock and in the sender's way of writing it.

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    flag::{Flag, FlagCode},
    submission::Submission,
    time::whole_micros,
    values::{ReadDate, date, is_nothing},
};
use serde_json::Value;

use super::{clock::LocalClock, reader::Reader, text};

/// 2000-01-01T00:00:00Z: no lead was submitted before.
const EARLIEST: i64 = 946_684_800;
/// How far a sender's clock, or its idea of a time zone, may be ahead for what it says to be a time at all.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);
/// So far clocks differ, and nobody needs to hear of it.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(2);

/// Reads `submitted_at`. Country, locale and time zone of the submission have to be known before.
pub fn read(reader: &mut Reader, now: Timestamp) {
    let Some(value) = reader.take_first("submitted_at", |text| !is_nothing(text)) else { return };
    if value.as_str().is_some_and(is_nothing) || value == Value::Bool(false) {
        return;
    }
    let clock = reader.clock();
    let at = instant(&value, &clock);
    reader.submission.submitted_at = at.filter(|at| at.as_second() >= EARLIEST && at.duration_since(now) <= AHEAD);
    reader.submission.submitted_until = reader.submission.submitted_at.and_then(|_| day_ends(&value, &clock));
    if reader.submission.submitted_at.is_none() {
        reader.flag("submitted_at", FlagCode::SubmittedAtUnusable, &text::shown(&value));
    }
}

/// What is past for its sender cannot lie after its receipt: believed, it would be newer than every correction for hours. Receipt
/// counts instead, and what lies further ahead than clocks differ is flagged. Comes after the content's hash, which is of what was
/// said: a retry a minute later, of which the time has passed, says the same.
pub fn end_at_receipt(submission: &mut Submission, received_at: Timestamp) {
    let is_ahead = |at: &mut Timestamp| *at > received_at;
    let flag = |field, code, at: Timestamp| {
        let is_wrong = at.duration_since(received_at) > CLOCKS_DIFFER;
        is_wrong.then(|| Flag::new(field, code).saying(&at.to_string()))
    };
    if let Some(at) = submission.submitted_at.take_if(is_ahead) {
        let flag = flag("submitted_at", FlagCode::SubmittedAtUnusable, at);
        flag.into_iter().for_each(|flag| submission.flag(flag));
        submission.submitted_until = None;
    }
    let given_at = submission.consent.as_mut().and_then(|consent| consent.given_at.take_if(is_ahead));
    if let Some(at) = given_at {
        flag("consent.given_at", FlagCode::FieldUnusable, at).into_iter().for_each(|flag| submission.flag(flag));
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

/// The last moment of the day that a value names; none where it names a time.
fn day_ends(value: &Value, clock: &LocalClock) -> Option<Timestamp> {
    let Ok(ReadDate::Day(day)) = date(&text::shown(value), &clock.conventions) else { return None };
    let next = day.tomorrow().ok()?.to_zoned(clock.zone.clone()).ok()?.timestamp();
    next.checked_sub(SignedDuration::from_micros(1)).ok()
}

#[cfg(test)]
mod tests {
    use ripen_domain::{submission::Consent, values::Conventions};
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

    #[rstest]
    #[case(json!("2026-11-20"), Some("2026-11-21T05:59:59.999999Z"))]
    #[case(json!("20-Nov-26"), Some("2026-11-21T05:59:59.999999Z"))]
    #[case(json!("2026-11-20T00:00:00"), None)]
    #[case(json!("11/20/2026 10:00 AM"), None)]
    #[case(json!(1_795_168_800), None)]
    #[case(json!("yesterday"), None)]
    fn a_day_alone_ends(#[case] value: Value, #[case] at: Option<&str>) {
        let zone = ripen_domain::time::zone("America/Chicago").unwrap();
        let clock = LocalClock { conventions: Conventions::of(None, Some("US")), zone };
        assert_eq!(day_ends(&value, &clock), at.map(|at| at.parse().unwrap()));
    }

    #[rstest]
    #[case("2026-11-20T09:59:59Z", true, 0)]
    #[case("2026-11-20T10:00:00Z", true, 0)]
    #[case("2026-11-20T10:00:30Z", false, 0)]
    #[case("2026-11-20T10:02:00Z", false, 0)]
    #[case("2026-11-20T10:02:01Z", false, 2)]
    #[case("2026-11-20T11:00:00Z", false, 2)]
    #[case("2026-11-21T09:00:00Z", false, 2)]
    fn nothing_was_submitted_after_its_receipt(#[case] at: &str, #[case] is_kept: bool, #[case] flags: usize) {
        let at: Timestamp = at.parse().unwrap();
        let consent = Consent { text: Some("Yes.".to_owned()), given_at: Some(at), ..Consent::default() };
        let mut said = Submission { submitted_at: Some(at), consent: Some(consent), ..Submission::default() };
        end_at_receipt(&mut said, "2026-11-20T10:00:00Z".parse().unwrap());
        let given_at = said.consent.and_then(|consent| consent.given_at);
        assert_eq!((said.submitted_at, given_at), (is_kept.then_some(at), is_kept.then_some(at)));
        assert_eq!(said.flags.len(), flags);
        assert!(said.flags.iter().all(|flag| flag.said.as_deref() == Some(&at.to_string())));
    }
}
