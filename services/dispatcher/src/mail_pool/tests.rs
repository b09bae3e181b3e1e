//! Without a database: what a mail finds of the server, and who waits for it.

use ripen_domain::delivery::MailStage;
use ripen_outbound::mail::{DeadCause, MailResult};
use uuid::Uuid;

use super::{
    send::{MOST_EXCUSED, waits},
    *,
};
use crate::sender::MailWaits;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

/// Of a process whose database is away.
fn report(place: &MailPlace, result: &MailResult, now: Timestamp) -> Option<MailWaits> {
    report_to(place, result, ("dana@example.com", 0), now)
}

/// Of a mail to this address, of which so many attempts were excused.
fn report_to(
    place: &MailPlace,
    result: &MailResult,
    (address, excused): (&str, i32),
    now: Timestamp,
) -> Option<MailWaits> {
    let found = place.finds(result, address)?;
    waits(found, MailAbout { id: Uuid::nil(), excused }, place.pool.note_here(found, now), now)
}

fn pool(conversations: usize, health: Health) -> MailPool {
    MailPool::new(conversations, health, BreakOff::default())
}

fn away() -> MailResult {
    MailResult::Unreachable { code: None, text: "no answer".to_owned() }
}

#[test]
fn places_are_bounded_and_come_back() {
    let pool = pool(2, Health::default());
    let taken = pool.take(5, at(0));
    assert_eq!((taken.places.len(), taken.wait_until), (2, None));
    assert!(pool.take(1, at(0)).places.is_empty());
    drop(taken);
    assert_eq!(pool.take(1, at(0)).places.len(), 1);
}

#[test]
fn a_server_that_is_away_is_tried_by_one_mail_at_a_time_and_no_attempt_counts() {
    let health = Health::default();
    let pool = pool(4, health.clone());
    let places = pool.take(4, at(0)).places;
    assert!(places.iter().all(|place| report(place, &away(), at(0)).is_some()), "nothing was said of these mails");
    drop(places);
    assert!(health.notes()[0].1.contains("no answer"), "{:?}", health.notes());
    let waiting = pool.take(4, at(1));
    assert!(waiting.places.is_empty() && waiting.wait_until > Some(at(1)));
    let probe = pool.take(4, at(100)).places;
    assert_eq!(probe.len(), 1);
    assert!(pool.take(4, at(100)).places.is_empty(), "one is enough");
    let failed = MailResult::Later { code: None, text: "it hung up".to_owned() };
    assert!(report(&probe[0], &failed, at(100)).is_some(), "a probe does not count");
    drop(probe);
    let probe = pool.take(4, at(200)).places;
    let taken = MailResult::Delivered { reply: "250 ok".to_owned() };
    assert_eq!(report(&probe[0], &taken, at(200)), None);
    drop(probe);
    assert_eq!(pool.take(9, at(200)).places.len(), 4, "everything goes out");
    assert!(health.notes().is_empty());
}

#[test]
fn what_breaks_off_for_one_recipient_is_that_ones_and_for_everybody_the_servers() {
    let garbage = MailResult::Unreadable { text: "garbage".to_owned() };
    let hung_up = MailResult::Later { code: None, text: "it hung up".to_owned() };
    let closing = MailResult::Later { code: Some(421), text: "closing".to_owned() };
    for result in [garbage, hung_up, closing] {
        let pool = pool(1, Health::default());
        for n in 0..20 {
            let places = pool.take(1, at(n)).places;
            assert_eq!(report(&places[0], &result, at(n)), None, "the same one each time: {result:?}");
        }
        for (n, address, waits) in [(20, "lee@example.com", false), (21, "kim@example.com", true)] {
            let places = pool.take(1, at(n)).places;
            assert_eq!(report_to(&places[0], &result, (address, 0), at(n)).is_some(), waits, "{result:?}");
        }
        assert!(pool.take(1, at(22)).places.is_empty(), "all mail waits");
    }
}

#[test]
fn a_mail_that_tried_in_vain_comes_after_the_others_and_counts_after_a_while() {
    let pool = pool(1, Health::default());
    for address in ["dana@example.com", "lee@example.com", "kim@example.com"] {
        let places = pool.take(1, at(0)).places;
        report_to(&places[0], &MailResult::Later { code: None, text: "it hung up".to_owned() }, (address, 0), at(0));
    }
    let probe = pool.take(1, at(100)).places;
    let hung_up = MailResult::Later { code: None, text: "it hung up".to_owned() };
    let behind = report_to(&probe[0], &hung_up, ("dana@example.com", MOST_EXCUSED - 1), at(100)).unwrap().until;
    drop(probe);
    let next = pool.take(1, at(101)).wait_until.unwrap();
    assert!(behind > next, "another one tries before: {behind} {next}");
    let probe = pool.take(1, at(500)).places;
    assert_eq!(report_to(&probe[0], &hung_up, ("dana@example.com", MOST_EXCUSED), at(500)), None, "it counts");
    // That it is not there at all is no mail's fault, however long.
    assert!(report_to(&probe[0], &away(), ("dana@example.com", 500), at(501)).is_some());
}

#[test]
fn what_a_server_says_of_a_mail_counts_for_the_mail_alone() {
    let pool = pool(1, Health::default());
    for n in 0..9 {
        let places = pool.take(1, at(n)).places;
        let busy = MailResult::Later { code: Some(450), text: "busy".to_owned() };
        assert_eq!(report(&places[0], &busy, at(n)), None);
        let (stage, cause) = (MailStage::Recipient, DeadCause::Address);
        let refused = MailResult::Dead { code: Some(550), text: "unknown".to_owned(), stage, cause };
        assert_eq!(report(&places[0], &refused, at(n)), None);
        let text = "wrong password".to_owned();
        let sender = MailResult::SenderRefused { code: Some(535), text, stage: MailStage::Opening, of_one: false };
        assert_eq!(report(&places[0], &sender, at(n)), None, "it is there: that the sender is refused is kept apart");
    }
    assert_eq!(pool.take(1, at(9)).wait_until, None);
}
