//! What opens what, and for how long; what was changed, cut short or signed by somebody else opens nothing.

use super::*;

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

fn delivery() -> DeliveryId {
    DeliveryId::from_uuid(Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001))
}

fn keys(byte: u8) -> LinkKeys {
    LinkKeys::new(LinkKey::new(0, [byte; 32], Timestamp::UNIX_EPOCH), Vec::new())
}

#[test]
fn a_link_opens_its_delivery_until_it_expires() {
    let keys = keys(7);
    let token = keys.token(delivery(), now());
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    assert_eq!(keys.open(&token, now()), Ok(OpenedLink { id: delivery(), made: now() }));
    assert!(keys.open(&token, at("2028-11-21T10:00:00Z")).is_ok());
    assert!(matches!(keys.open(&token, at("2028-11-23T10:00:00Z")), Err(BadLink::Expired(_))));
    assert!(token.len() <= 84 && token.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let url = Links::new(keys, "https://leads.example/").outcome_url(delivery(), now());
    assert_eq!(url, format!("https://leads.example/o/{token}"));
}

#[test]
fn a_reps_link_opens_nothing_but_its_page() {
    let keys = keys(7);
    let rep = RepId::from_uuid(Uuid::from_u128(5));
    let token = keys.rep_token(rep, now());
    assert_eq!(keys.open_rep(&token, now()), Ok(OpenedLink { id: rep, made: now() }));
    assert_eq!(keys.open(&token, now()), Err(BadLink::Forged));
    assert_eq!(keys.open_rep(&keys.token(delivery(), now()), now()), Err(BadLink::Forged));
}

#[test]
fn a_users_link_works_for_three_days_and_opens_nothing_else() {
    let ours = keys(7);
    let user = UserId::from_uuid(Uuid::from_u128(9));
    let token = ours.user_token(user, now());
    let later = |hours| now() + SignedDuration::from_hours(hours);
    assert_eq!(ours.open_user(&token, later(71)), Ok(OpenedLink { id: user, made: now() }));
    assert_eq!(ours.open_user(&token, later(72)), Err(BadLink::Expired(later(72))));
    assert_eq!(ours.open_rep(&token, now()), Err(BadLink::Forged));
    assert_eq!(ours.open(&token, now()), Err(BadLink::Forged));
    assert_eq!(ours.open_user(&ours.rep_token(RepId::from_uuid(user.uuid()), now()), now()), Err(BadLink::Forged));
    let url = Links::new(ours, "https://leads.example/").welcome_url(user, now());
    assert_eq!(url, format!("https://leads.example/welcome/{token}"));
}

#[test]
fn a_return_path_names_its_delivery_in_any_case_and_opens_nothing_else() {
    let ours = keys(7);
    let token = ours.bounce_token(delivery(), now());
    assert!(token.len() + "bounces+".len() <= 64, "{token}");
    assert_eq!(ours.open_bounce(&token, now()), Ok(delivery()));
    assert_eq!(ours.open_bounce(&token.to_uppercase(), now()), Ok(delivery()));
    assert_eq!(keys(8).open_bounce(&token, now()), Err(BadLink::Forged));
    assert_eq!(ours.open(&token, now()), Err(BadLink::Forged));
    assert_eq!(ours.open_bounce(&ours.token(delivery(), now()), now()), Err(BadLink::Forged));
    for at in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
        assert_eq!(ours.open_bounce(&String::from_utf8(changed).unwrap(), now()), Err(BadLink::Forged), "{at}");
        assert_eq!(ours.open_bounce(&token[..at], now()), Err(BadLink::Forged), "{at}");
    }
}

#[test]
fn a_changed_cut_or_foreign_link_opens_nothing() {
    let ours = keys(7);
    let token = ours.token(delivery(), now());
    for at in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(ours.open(&changed, now()), Err(BadLink::Forged), "{at}");
        assert_eq!(ours.open(&token[..at], now()), Err(BadLink::Forged), "{at}");
    }
    for bad in ["", "é", &format!("{token}00"), &"0".repeat(80), &"0".repeat(84)] {
        assert_eq!(ours.open(bad, now()), Err(BadLink::Forged), "{bad}");
    }
    assert_eq!(keys(8).open(&token, now()), Err(BadLink::Forged));
}

#[test]
fn a_new_key_signs_after_a_while_and_the_former_ones_links_go_on() {
    let soon = now() + SignedDuration::from_secs(60);
    let first = LinkKey::new(0, [7; 32], Timestamp::UNIX_EPOCH);
    let keys = LinkKeys::new(first.clone(), Vec::new());
    let sharing = keys.clone();
    let old = keys.token(delivery(), now());
    keys.replace(&LinkKeys::new(first.clone(), vec![LinkKey::new(1, [8; 32], soon)]));
    assert_eq!(sharing.newest(), 1);
    assert_eq!(sharing.token(delivery(), now()), old, "not every process knows the new one yet");
    let new = sharing.token(delivery(), soon);
    assert!(keys.open(&old, soon).is_ok() && keys.open(&new, soon).is_ok());
    let without = LinkKeys::new(first, Vec::new());
    assert!(without.open(&old, soon).is_ok() && without.open(&new, soon) == Err(BadLink::Forged));
}

#[test]
fn a_former_key_signs_nothing_that_is_made_after_its_time() {
    let from = now() + SignedDuration::from_secs(60);
    let first = LinkKey::new(0, [7; 32], Timestamp::UNIX_EPOCH);
    let both = LinkKeys::new(first.clone(), vec![LinkKey::new(1, [8; 32], from)]);
    // Whoever has the former key alone signs with it at any time.
    let leaked = LinkKeys::new(first.clone(), Vec::new());
    let later = from + SignedDuration::from_hours(2);
    assert_eq!(both.open(&leaked.token(delivery(), later), later), Err(BadLink::Forged));
    assert!(both.open(&leaked.token(delivery(), now()), later).is_ok(), "what was made in its time stays good");
    let slow = from + SignedDuration::from_mins(30);
    assert!(both.open(&leaked.token(delivery(), slow), later).is_ok(), "by a process that was slow to read it");
    let ahead = now() + SignedDuration::from_mins(11);
    assert_eq!(leaked.open(&leaked.token(delivery(), ahead), now()), Err(BadLink::Forged), "not made yet");
    assert!(leaked.open(&leaked.token(delivery(), now() + SignedDuration::from_mins(9)), now()).is_ok());

    let ended = LinkKeys::new(first.ended(Some(from)), vec![LinkKey::new(1, [8; 32], from)]);
    let old = leaked.token(delivery(), now());
    assert!(ended.open(&old, now()).is_ok());
    assert_eq!(ended.open(&old, from), Err(BadLink::Ended(from)));
    assert!(ended.open(&ended.token(delivery(), from), from).is_ok());
    let path = leaked.bounce_token(delivery(), now());
    assert_eq!(ended.open_bounce(&path, now()), Ok(delivery()));
    assert_eq!(ended.open_bounce(&path, from), Err(BadLink::Ended(from)), "whoever has the key signs these too");
    assert_eq!(ended.open_bounce(&ended.bounce_token(delivery(), from), from), Ok(delivery()));
}

#[test]
fn a_link_from_before_keys_had_numbers_still_opens() {
    // Made by an earlier version with thirty-two bytes of seven.
    let key = LinkKey::new(0, [7; 32], Timestamp::UNIX_EPOCH);
    let until = now().as_second() + LIVES_S;
    let mut token = delivery().uuid().as_bytes().to_vec();
    token.extend(until.to_be_bytes());
    let signature = key.signature(b"ripen outcome link 1", b"", &token);
    token.extend(&signature[..SIGNATURE]);
    let token = hex::encode(token);
    assert_eq!(token.len(), 80);
    assert_eq!(keys(7).open(&token, now()), Ok(OpenedLink { id: delivery(), made: now() }));
    assert_eq!(keys(7).open_rep(&token, now()), Err(BadLink::Forged));
}

#[test]
fn what_was_made_before_an_instant_can_be_ended() {
    let opened = keys(7).open(&keys(7).token(delivery(), now()), now()).unwrap();
    assert!(!opened.is_ended_by(Timestamp::UNIX_EPOCH) && !opened.is_ended_by(now()));
    assert!(opened.is_ended_by(now() + SignedDuration::from_millis(1)));
}
