//! Snapshots of the mails of what does not move.

use ripen_domain::id::{DeliveryId, EndpointId, LeadId};
use ripen_outbound::lead_mail;
use uuid::Uuid;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-11-24T10:00:00Z")
}

/// To whom, and what.
fn written(notices: &[OnceNotice]) -> String {
    let mails = notices.iter().map(|notice| {
        let mail = lead_mail::brief(notice.data.title.as_deref().unwrap(), &notice.data.sentences);
        format!("To: {}\nSubject: {}\n\n{}", notice.to.1, mail.subject, mail.text)
    });
    mails.collect::<Vec<_>>().join("-----\n")
}

fn untouched(number: u128) -> UntouchedLead {
    UntouchedLead {
        delivery: DeliveryId::from_uuid(Uuid::from_u128(number)),
        lead: LeadId::from_uuid(Uuid::from_u128(number)),
        client: (ClientId::from_uuid(Uuid::nil()), "acme-homes".to_owned(), "Acme Homes".to_owned()),
        to: Some((Some("Dana Hill".to_owned()), "dana@client.example".to_owned())),
        person: Some("Casey Smith".to_owned()),
        clock: "America/Chicago".to_owned(),
        delivered_at: at("2026-11-22T09:00:00Z"),
    }
}

#[test]
fn a_failing_and_a_disabled_endpoint_are_told_to_client_and_firm() {
    let failing = FailingEndpoint {
        endpoint: EndpointId::from_uuid(Uuid::nil()),
        client: ClientId::from_uuid(Uuid::nil()),
        client_name: "Acme Homes".to_owned(),
        name: "CRM".to_owned(),
        failing_since: Some(at("2026-11-24T09:30:00Z")),
        disabled: None,
        waiting: 3,
        tell: Some("office@client.example".to_owned()),
    };
    let disabled = FailingEndpoint { disabled: Some("answered 410 Gone".to_owned()), waiting: 1, ..failing.clone() };
    let mails = [of_endpoint("firm@example.com", &failing, now()), of_endpoint("", &disabled, now())].concat();
    assert_eq!(mails.len(), 3, "a firm without an address is not told");
    insta::assert_snapshot!("endpoints", written(&mails));
}

#[test]
fn the_rep_is_reminded_by_the_reps_clock_and_the_firm_has_one_mail_for_each_client() {
    let (one, two) = (untouched(1), UntouchedLead { person: None, to: None, ..untouched(2) });
    assert!(reminder(&two, now()).is_none(), "there is nobody to remind");
    let mut mails: Vec<_> = reminder(&one, now()).into_iter().collect();
    mails.extend(of_clients("firm@example.com", &[&one, &two], now()));
    insta::assert_snapshot!("untouched", written(&mails));
}
