//! Snapshots of the mails of what does not move.

use ripen_domain::id::{ClientId, DeliveryId, EndpointId, LeadId, NoticeId};
use ripen_outbound::{
    lead_mail::{self, BriefMail},
    letterhead::Letterhead,
};
use ripen_store::{
    endpoint::alert::{FailingEndpoint, SealedEndpoint},
    lead::untouched::UntouchedLead,
    notice::owe::{MailRecipient, NoticeData, NoticeKind, OnceNotice},
};
use uuid::Uuid;

mod mails;

use super::{
    addressee::{Addressee, notice},
    failing_endpoint::{Told, of_endpoint},
    remind::{of_clients, reminder},
    waits_for_key::of_sealed,
    *,
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-11-24T10:00:00Z")
}

/// To whom, and what.
fn written(notices: &[OnceNotice]) -> String {
    let mails = notices.iter().map(|notice| {
        let (title, sentences) = (notice.data.title.as_deref().unwrap(), &notice.data.sentences);
        let mail = BriefMail { title, sentences, ..BriefMail::default() };
        let mail = lead_mail::brief(&mail, &Letterhead::default());
        format!("To: {}\nSubject: {}\n\n{}", notice.to.address, mail.subject, mail.text)
    });
    mails.collect::<Vec<_>>().join("-----\n")
}

fn untouched(number: u128) -> UntouchedLead {
    UntouchedLead {
        delivery: DeliveryId::from_uuid(Uuid::from_u128(number)),
        lead: LeadId::from_uuid(Uuid::from_u128(number)),
        client: ClientId::from_uuid(Uuid::nil()),
        client_slug: "acme-homes".to_owned(),
        client_name: "Acme Homes".to_owned(),
        to: Some(MailRecipient { name: Some("Dana Hill".to_owned()), address: "dana@client.example".to_owned() }),
        person: Some("Casey Smith".to_owned()),
        phone: Some("+13125550142".to_owned()),
        phone_extension: None,
        time_zone: Some("America/Chicago".to_owned()),
        postal_code: None,
        country: "US".to_owned(),
        rep: Some("Dana Hill".to_owned()),
        rep_has_left: false,
        clock: "America/Chicago".to_owned(),
        delivered_at: at("2026-11-22T09:00:00Z"),
        dead: None,
        waits: false,
    }
}

#[test]
fn a_failing_and_a_disabled_endpoint_are_told_to_client_and_firm() {
    let failing = FailingEndpoint {
        endpoint: EndpointId::from_uuid(Uuid::nil()),
        client: ClientId::from_uuid(Uuid::nil()),
        client_name: "Acme Homes".to_owned(),
        name: "CRM".to_owned(),
        is_mailbox: false,
        failing_since: Some(at("2026-11-24T09:30:00Z")),
        disabled: None,
        waiting: 3,
        leads: Vec::new(),
        with_nobody: 0,
        tell: Some("office@client.example".to_owned()),
    };
    let disabled = FailingEndpoint { disabled: Some("answered 410 Gone".to_owned()), waiting: 1, ..failing.clone() };
    let mails = [
        of_endpoint(&Told { firm: "firm@example.com", are_mailed: true }, &failing, now()),
        of_endpoint(&Told { firm: "", are_mailed: false }, &disabled, now()),
    ]
    .concat();
    assert_eq!(mails.len(), 3, "a firm without an address is not told");
    insta::assert_snapshot!("endpoints", written(&mails));
}

#[test]
fn a_mailbox_that_is_disabled_is_told_of_as_one_and_not_as_a_webhook() {
    let mailbox = FailingEndpoint {
        endpoint: EndpointId::from_uuid(Uuid::nil()),
        client: ClientId::from_uuid(Uuid::nil()),
        client_name: "Acme Homes".to_owned(),
        name: "dana@client.example".to_owned(),
        is_mailbox: true,
        failing_since: None,
        disabled: Some("three mails in a row came back".to_owned()),
        waiting: 0,
        leads: Vec::new(),
        with_nobody: 0,
        tell: Some("office@client.example".to_owned()),
    };
    for are_mailed in [true, false] {
        for mail in of_endpoint(&Told { firm: "firm@example.com", are_mailed }, &mailbox, now()) {
            let said = mail.data.sentences.join(" ");
            assert!(said.contains("goes to whoever comes next") && !said.contains("by e-mail meanwhile"), "{said}");
        }
    }
}

#[test]
fn that_nobody_has_what_waits_for_an_endpoint_is_told_and_where_it_is_listed() {
    let gone = FailingEndpoint {
        endpoint: EndpointId::from_uuid(Uuid::nil()),
        client: ClientId::from_uuid(Uuid::nil()),
        client_name: "Acme Homes".to_owned(),
        name: "CRM".to_owned(),
        is_mailbox: false,
        failing_since: None,
        disabled: Some("answered 410 Gone".to_owned()),
        waiting: 1,
        leads: Vec::new(),
        with_nobody: 1,
        tell: Some("office@client.example".to_owned()),
    };
    let told = Told { firm: "firm@example.com", are_mailed: true };
    let [client, firm] = &of_endpoint(&told, &gone, now())[..] else { panic!("two are told") };
    for mail in [client, firm] {
        assert!(mail.data.sentences.join(" ").contains("Nobody has one of these leads"), "{:?}", mail.data);
    }
    let lists = |one: &OnceNotice| one.data.sentences.join(" ").contains("ripen lead untouched");
    assert!(lists(firm) && !lists(client), "commands are the firm's");
}

#[test]
fn the_firm_is_told_of_what_waits_for_a_key_once_a_day() {
    let sealed = SealedEndpoint {
        endpoint: EndpointId::from_uuid(Uuid::nil()),
        client: ClientId::from_uuid(Uuid::nil()),
        client_name: "Acme Homes".to_owned(),
        name: "CRM".to_owned(),
        waiting: 2,
    };
    let told = of_sealed("firm@example.com", &sealed, now());
    let mail = written(std::slice::from_ref(&told));
    for said in
        ["To: firm@example.com", "CRM cannot be signed for (Acme Homes)", "2 deliveries", "secrets.previous_keys"]
    {
        assert!(mail.contains(said), "{said}: {mail}");
    }
    assert_eq!(told.endpoint, None);
    assert_eq!(of_sealed("firm@example.com", &sealed, at("2026-11-24T23:00:00Z")).key, told.key);
    assert_ne!(of_sealed("firm@example.com", &sealed, at("2026-11-25T01:00:00Z")).key, told.key);
}

#[test]
fn the_rep_is_reminded_by_the_reps_clock_and_the_firm_has_one_mail_for_each_client() {
    let (one, two) = (untouched(1), UntouchedLead { person: None, to: None, ..untouched(2) });
    assert!(reminder(&two, now()).is_none(), "there is nobody to remind");
    let mut mails: Vec<_> = reminder(&one, now()).into_iter().collect();
    mails.extend(of_clients("firm@example.com", &[&one, &two], now()));
    insta::assert_snapshot!("untouched", written(&mails));
}
