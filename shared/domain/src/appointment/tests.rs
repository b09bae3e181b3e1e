//! Slots against a clock that is looked at minute by minute, and every change of an appointment.

use proptest::prelude::*;
use rstest::rstest;
use uuid::Uuid;

use super::*;
use crate::{
    id::{LeadId, RepId},
    routing::{Pause, Schedule},
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn diary(zone: &str, hours: &str) -> Diary {
    let zone = TimeZone::get(zone).unwrap();
    let schedule = Schedule { zone, hours: hours.parse().unwrap(), holidays: ["2026-11-26".parse().unwrap()].into() };
    Diary { schedule, pause: None, taken: Vec::new() }
}

fn slot(text: &str) -> Slot {
    Slot::new(at(text), SignedDuration::from_mins(30)).unwrap()
}

fn on_the_clock(diary: &Diary, terms: &Terms, now: &str) -> Vec<String> {
    let free = diary.free(terms, at(now));
    free.iter().map(|slot| diary.schedule.zone.to_datetime(slot.starts_at).to_string()[..16].to_owned()).collect()
}

#[test]
fn slots_begin_with_the_hours_and_leave_lunch_holidays_and_what_is_taken_free() {
    let mut diary = diary("America/Chicago", "mon-fri 09:00-10:15, mon-fri 13:00-14:00");
    diary.taken = vec![slot("2026-11-25T15:30:00Z")];
    let terms = Terms { days: 5, ..Terms::default() };
    let slots = on_the_clock(&diary, &terms, "2026-11-24T18:10:00Z");
    let expected = ["2026-11-24T13:30", "2026-11-25T09:00", "2026-11-25T13:00", "2026-11-25T13:30", "2026-11-27T09:00"];
    assert_eq!(slots[..5], expected, "today after the notice, the 26th is a holiday");
    assert_eq!(slots.len(), 8, "{slots:?}");
}

#[test]
fn nothing_is_free_during_a_pause() {
    let mut diary = diary("America/Chicago", "mon-fri 09:00-10:00");
    diary.pause = Some(Pause::Until("2026-11-30".parse().unwrap()));
    assert_eq!(on_the_clock(&diary, &Terms::default(), "2026-11-23T08:00:00Z")[0], "2026-11-30T09:00");
    diary.pause = Some(Pause::Open);
    assert!(diary.free(&Terms::default(), at("2026-11-23T08:00:00Z")).is_empty());
}

#[test]
fn the_clock_counts_on_days_on_which_it_is_set() {
    let diary = diary("America/Chicago", "sun 00:00-04:00, mon 09:00-10:00");
    let terms = Terms { days: 3, ..Terms::default() };
    let spring = on_the_clock(&diary, &terms, "2026-03-07T12:00:00Z");
    let times: Vec<_> = spring.iter().map(|text| &text[8..]).collect();
    assert_eq!(times, ["08T00:00", "08T00:30", "08T01:00", "08T01:30", "08T03:00", "08T03:30", "09T09:00", "09T09:30"]);
    let autumn = on_the_clock(&diary, &terms, "2026-10-31T12:00:00Z");
    assert_eq!(autumn.iter().filter(|text| text.ends_with("01T01:30")).count(), 2, "that time comes twice");
    assert_eq!(autumn.len(), 12);
    let nine: Vec<_> = diary.free(&terms, at("2026-03-07T12:00:00Z"));
    assert_eq!(nine[6].starts_at, at("2026-03-09T14:00:00Z"), "nine is an hour earlier than the week before");
}

#[rstest]
#[case("2026-11-23T11:00:00Z", NotFree::Past)]
#[case("2026-11-23T12:30:00Z", NotFree::TooSoon(60))]
#[case("2026-12-07T15:00:00Z", NotFree::TooFar(14))]
#[case("2026-11-26T15:00:00Z", NotFree::Holiday("2026-11-26".parse().unwrap()))]
#[case("2026-11-24T14:30:00Z", NotFree::Closed)]
#[case("2026-11-24T15:10:00Z", NotFree::BetweenSlots)]
#[case("2026-11-24T15:45:00Z", NotFree::Closed)]
#[case("2026-11-24T15:30:00Z", NotFree::Taken)]
fn a_time_that_cannot_be_booked_says_why(#[case] text: &str, #[case] why: NotFree) {
    let mut diary = diary("America/Chicago", "mon-fri 09:00-10:00");
    diary.taken = vec![slot("2026-11-24T15:45:00Z")];
    assert_eq!(diary.check(slot(text), &Terms::default(), at("2026-11-23T12:00:00Z")), Err(why));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn free_slots_lie_within_hours_and_never_overlap(
        zone in prop::sample::select(vec!["America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
        hours in prop::sample::select(vec!["mon-fri 09:00-12:30, mon-fri 13:30-18:00", "all 00:00-24:00",
            "sat 20:00-24:00, sun 00:00-04:10", "all 00:30-03:20, all 03:20-05:00"]),
        day in 0_i64..366, second in 0_i64..86_400, length in 7_i64..150, booked in prop::collection::vec(0_usize..200, 0..6),
    ) {
        let now = at("2026-01-01T00:00:00Z") + SignedDuration::from_secs(day * 86_400 + second);
        let terms = Terms { length: SignedDuration::from_mins(length), days: 4, ..Terms::default() };
        let mut diary = diary(zone, hours);
        for place in booked {
            let free = diary.free(&terms, now);
            let Some(slot) = free.get(place % free.len().max(1)) else { break };
            prop_assert_eq!(diary.check(*slot, &terms, now), Ok(()));
            diary.taken.push(*slot);
            prop_assert_eq!(diary.check(*slot, &terms, now), Err(NotFree::Taken));
        }
        let mut all = diary.free(&terms, now);
        for slot in &all {
            prop_assert!(slot.starts_at >= now + terms.notice);
            let mut minute = slot.starts_at;
            while minute < slot.ends_at {
                prop_assert!(diary.schedule.is_open(minute), "{} in {}", minute, zone);
                minute += SignedDuration::from_mins(1);
            }
        }
        all.extend(&diary.taken);
        all.sort();
        prop_assert!(all.windows(2).all(|pair| pair[0].ends_at <= pair[1].starts_at), "{:?}", all);
    }
}

fn held() -> Appointment {
    Appointment {
        id: AppointmentId::from_uuid(Uuid::nil()),
        lead: LeadId::from_uuid(Uuid::nil()),
        rep: RepId::from_uuid(Uuid::nil()),
        slot: slot("2026-11-24T15:00:00Z"),
        state: AppointmentState::Held { until: at("2026-11-23T12:15:00Z") },
        sequence: 0,
        note: None,
    }
}

#[test]
fn an_appointment_is_held_booked_moved_and_cancelled_under_one_id() {
    let now = at("2026-11-23T12:00:00Z");
    let held = held();
    assert!(held.occupies(now) && !held.occupies(at("2026-11-23T12:15:00Z")) && !held.is_ahead(now));
    let booked = held.clone().book(held.rep, held.slot, Some("Bring plans".into())).unwrap();
    assert!(booked.is_ahead(now) && !booked.is_ahead(booked.slot.ends_at));
    assert_eq!(booked.clone().book(held.rep, held.slot, None), Err(BookingRefused::Booked));
    let moved = booked.clone().move_to(slot("2026-11-25T15:00:00Z"), now).unwrap();
    assert_eq!((moved.id, moved.sequence, moved.note.as_deref()), (held.id, 1, Some("Bring plans")));
    let gone = moved.cancel("Fell ill".into(), now).unwrap();
    assert_eq!((gone.sequence, gone.occupies(now)), (2, false));
    let refused = BookingRefused::Cancelled("Fell ill".into());
    assert_eq!(gone.clone().cancel("Again".into(), now), Err(refused.clone()));
    assert_eq!(gone.clone().move_to(held.slot, now), Err(refused.clone()));
    assert_eq!(gone.book(held.rep, held.slot, None), Err(refused));
}

#[test]
fn what_is_over_stays_as_it_was() {
    let later = at("2026-11-24T15:00:00Z");
    let booked = held().book(held().rep, held().slot, None).unwrap();
    assert_eq!(booked.clone().move_to(slot("2026-11-25T15:00:00Z"), later), Err(BookingRefused::Over));
    assert_eq!(booked.cancel("Late".into(), later), Err(BookingRefused::Over));
    assert_eq!(held().move_to(slot("2026-11-25T15:00:00Z"), later), Err(BookingRefused::HoldOver));
    assert!(held().book(held().rep, held().slot, None).is_ok(), "whether the slot is still free is asked elsewhere");
}

#[test]
fn reminders_lie_a_day_and_an_hour_before_and_none_before_it_was_made() {
    let zone = TimeZone::get("America/Chicago").unwrap();
    let due = |starts: &str, made: &str| {
        let due = reminders(at(starts), at(made), &zone).into_iter();
        due.map(|(one, at)| format!("{one} {at}")).collect::<Vec<_>>()
    };
    let both = ["day_before 2026-11-23T15:00:00Z", "hour_before 2026-11-24T14:00:00Z"];
    assert_eq!(due("2026-11-24T15:00:00Z", "2026-11-20T00:00:00Z"), both);
    assert_eq!(due("2026-11-24T15:00:00Z", "2026-11-23T15:00:00Z"), both[1..]);
    assert!(due("2026-11-24T15:00:00Z", "2026-11-24T14:00:00Z").is_empty());
    let over_the_change = due("2026-03-08T14:00:00Z", "2026-03-01T00:00:00Z");
    assert_eq!(over_the_change[0], "day_before 2026-03-07T15:00:00Z", "nine on the clock on both days");
}

#[test]
fn a_time_is_by_the_clock_of_the_place_unless_it_has_an_offset() {
    let zone = TimeZone::get("America/Chicago").unwrap();
    let read =
        |text: &str| text.parse::<At>().map_err(|error| error.to_string())?.instant(&zone).map_err(|e| e.to_string());
    assert_eq!(read("2026-11-24T09:00"), Ok(at("2026-11-24T15:00:00Z")));
    assert_eq!(read("2026-11-24 09:00"), Ok(at("2026-11-24T15:00:00Z")));
    assert_eq!(read("2026-11-24T09:00-05:00"), Ok(at("2026-11-24T14:00:00Z")));
    assert_eq!(read("2026-11-24T09:00Z"), Ok(at("2026-11-24T09:00:00Z")));
    for (text, why) in [
        ("2026-11-24", "is no time"),
        ("soon", "is no time"),
        ("", "is no time"),
        ("2026-03-08T02:30", "skips"),
        ("2026-11-01T01:30", "twice"),
        ("2026-11-24T09:00[Europe/Berlin]", "is no time"),
    ] {
        let refused = read(text).unwrap_err();
        assert!(refused.contains(why), "{text}: {refused}");
    }
}

#[test]
fn times_are_said_in_words() {
    let zone = TimeZone::get("America/Chicago").unwrap();
    let said = span_in_words(slot("2026-11-24T15:00:00Z"), &zone);
    assert_eq!(said, "Tuesday, 24 November 2026, 09:00 to 09:30 CST");
    assert_eq!(in_words(at("2026-11-24T15:00:00Z"), &zone), "Tuesday, 24 November 2026, 09:00 CST");
    let set_back = Slot { starts_at: at("2026-11-01T06:30:00Z"), ends_at: at("2026-11-01T07:00:00Z") };
    assert!(span_in_words(set_back, &zone).ends_with("01:30 CDT to Sunday, 1 November 2026, 01:00 CST"));
}
