//! Every step from every state of an offered lead.

use uuid::Uuid;

use super::*;
use crate::id::RepId;

fn rep(number: u128) -> RecipientId {
    RecipientId::Rep(RepId::from_uuid(Uuid::from_u128(number)))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn offered(tier: Tier, to: &[u128]) -> LeadOffer {
    LeadOffer::Offered { tier, to: to.iter().copied().map(rep).collect(), until: at(900) }
}

fn taken(by: u128, second: i64, others: &[u128]) -> LeadOffer {
    LeadOffer::Taken { by: rep(by), at: at(second), others: others.iter().copied().map(rep).collect() }
}

fn lapsed(next: Option<Tier>, to: &[u128]) -> LeadOffer {
    LeadOffer::Lapsed { next, to: to.iter().copied().map(rep).collect() }
}

#[test]
fn the_first_to_accept_has_it_and_the_others_are_told() {
    let claim = offered(Tier::Recipients, &[1, 2, 3]).accept(rep(2), at(899)).unwrap();
    assert_eq!(claim, taken(2, 899, &[1, 3]));
    assert_eq!(claim.clone().accept(rep(2), at(5_000)), Ok(claim.clone()));
    assert_eq!(claim.clone().accept(rep(1), at(899)), Err(InvalidTransition::Taken(at(899))));
    assert_eq!(claim.clone().decline(rep(1)), Err(InvalidTransition::Taken(at(899))));
    assert_eq!(claim.lapse(at(900)), Err(InvalidTransition::Taken(at(899))));
}

#[test]
fn whoever_is_not_asked_or_comes_too_late_does_not_get_it() {
    let claim = offered(Tier::Recipients, &[1, 2]);
    assert_eq!(claim.clone().accept(rep(3), at(1)), Err(InvalidTransition::NotOffered));
    assert_eq!(claim.clone().decline(rep(3)), Err(InvalidTransition::NotOffered));
    assert_eq!(claim.accept(rep(1), at(900)), Err(InvalidTransition::TooLate(at(900))));
    let claim = lapsed(Some(Tier::Fallback), &[1]);
    assert_eq!(claim.clone().accept(rep(1), at(901)), Err(InvalidTransition::Lapsed));
    assert_eq!(claim.clone().decline(rep(1)), Err(InvalidTransition::Lapsed));
    assert_eq!(claim.clone().lapse(at(901)), Ok(claim));
}

#[test]
fn after_the_recipients_the_fallback_is_asked_and_then_the_owner() {
    for (tier, next) in
        [(Tier::Recipients, Some(Tier::Fallback)), (Tier::Fallback, Some(Tier::Owner)), (Tier::Owner, None)]
    {
        let claim = offered(tier, &[1, 2]);
        assert_eq!(claim.clone().lapse(at(899)), Err(InvalidTransition::StillOffered(at(900))));
        assert_eq!(claim.lapse(at(900)), Ok(lapsed(next, &[1, 2])));
    }
}

#[test]
fn when_all_decline_nobody_waits_for_the_time() {
    let claim = offered(Tier::Recipients, &[1, 2]).decline(rep(1)).unwrap();
    assert_eq!(claim, offered(Tier::Recipients, &[2]));
    assert_eq!(claim.clone().accept(rep(1), at(1)), Err(InvalidTransition::NotOffered));
    assert_eq!(claim.decline(rep(2)), Ok(lapsed(Some(Tier::Fallback), &[])));
}

#[test]
fn an_offer_that_is_over_says_how_to_each() {
    let open = offered(Tier::Recipients, &[1, 2]);
    assert_eq!((open.over(rep(1), at(899)), open.over(rep(3), at(1))), (None, Some(OfferOver::NotYours)));
    assert_eq!(open.over(rep(1), at(900)), Some(OfferOver::TimeOver(at(900))));
    let taken = taken(2, 800, &[1]);
    assert_eq!(taken.over(rep(2), at(5_000)), Some(OfferOver::Won(at(800))));
    assert_eq!(taken.over(rep(1), at(5_000)), Some(OfferOver::Taken(at(800))));
    assert_eq!(lapsed(Some(Tier::Owner), &[1]).over(rep(1), at(901)), Some(OfferOver::NotYours));
}
