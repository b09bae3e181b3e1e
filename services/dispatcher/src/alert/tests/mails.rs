//! Every kind of mail beside deliveries, as its reader gets it: with letterhead, number, link and both forms.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use ripen_domain::{
    appointment::{Appointment, AppointmentState, Reminder, Slot},
    calling::Hours,
    delivery::EventType,
    id::{AppointmentId, RepId, UserId},
    person::Profile,
};
use ripen_outbound::appointment_mail::{self, AppointmentMail, AppointmentNews, MailOccasion};
use ripen_store::{
    delivery::{
        dead::{DeadFollowUp, DeadLead},
        perhaps_same::HeldAsSame,
        undelivered::UndeliveredEvent,
    },
    mail_refusal::MailRefusal,
    notice::{
        dead::{UnsentNotice, UnsentOfClient},
        send::{DueNotice, Handed},
    },
};

use super::*;
use crate::{
    alert::{
        dead_delivery::of_lead, held_as_same::of_held, mail_refused::of_sender, undelivered::of_undelivered,
        unsent::of_unsent,
    },
    notice_mail::{self, NoticeSurroundings, call_of, phone_of},
};

const FIRM: &str = "firm@example.com";
const URL: &str = "https://leads.example/o/0123abcd";

fn letterhead() -> Letterhead<'static> {
    Letterhead { firm: "Northwind Leads", client: "Acme Homes", ..Letterhead::default() }
}

fn id<T>(from: impl Fn(Uuid) -> T, number: u128) -> T {
    from(Uuid::from_u128(number))
}

/// An alert as it was written, to be sent now.
fn due(one: &OnceNotice) -> DueNotice {
    DueNotice {
        id: one.id,
        client: "Acme Homes".to_owned(),
        slug: "acme-homes".to_owned(),
        user: None,
        is_over: false,
        kind: one.kind,
        appointment: None,
        delivery: one.delivery,
        endpoint: one.endpoint,
        data: one.data.clone(),
        to: one.to.clone(),
        has_left: false,
        attempts: 1,
        lead: Handed::Over,
    }
}

/// A notice to somebody that is written when it is sent, or whose words are another crate's.
fn own(kind: NoticeKind, data: NoticeData) -> DueNotice {
    let to = MailRecipient { name: Some("Dana Hill".to_owned()), address: "dana@client.example".to_owned() };
    let addressee = Addressee { client: id(ClientId::from_uuid, 1), address: to.address.clone(), key: String::new() };
    DueNotice { to, ..due(&notice(now(), kind, addressee, data)) }
}

fn written_mail(notice: &DueNotice, url: Option<&str>) -> AppointmentMail {
    notice_mail::written(notice, NoticeSurroundings { phone: None, call: None, url, letterhead: letterhead() }).unwrap()
}

/// To each whom it is told: the firm reads more than the client.
fn alerts(notices: &[OnceNotice]) -> Vec<AppointmentMail> {
    notices.iter().map(|one| written_mail(&due(one), None)).collect()
}

fn appointment(occasion: MailOccasion) -> AppointmentMail {
    let zone = |name: &str| TimeZone::get(name).unwrap();
    let is_cancelled = occasion == MailOccasion::Cancelled;
    let state = if is_cancelled {
        AppointmentState::Cancelled { at: now(), why: "The person is travelling".to_owned() }
    } else {
        AppointmentState::Booked
    };
    appointment_mail::render(&AppointmentNews {
        occasion,
        appointment: &Appointment {
            id: id(AppointmentId::from_uuid, 1),
            lead: id(LeadId::from_uuid, 2),
            rep: id(RepId::from_uuid, 3),
            slot: Slot { starts_at: at("2026-11-25T15:00:00Z"), ends_at: at("2026-11-25T15:30:00Z") },
            state,
            sequence: 1,
            note: Some("Bring the plans".to_owned()),
        },
        person: &Profile {
            first_name: Some("Casey".to_owned()),
            last_name: Some("Smith".to_owned()),
            phone: Some("+13125550142".to_owned()),
            email: Some("casey@example.com".to_owned()),
            ..Profile::default()
        },
        rep_zone: &zone("America/New_York"),
        person_zone: &zone("America/Chicago"),
        rep: Some("Dana Hill"),
        open_leads_url: Some("https://leads.example/r/0123abcd"),
        letterhead: letterhead(),
    })
}

fn failing() -> FailingEndpoint {
    FailingEndpoint {
        endpoint: id(EndpointId::from_uuid, 1),
        client: id(ClientId::from_uuid, 1),
        client_name: "Acme Homes".to_owned(),
        name: "CRM".to_owned(),
        is_mailbox: false,
        failing_since: Some(at("2026-11-24T09:30:00Z")),
        disabled: None,
        waiting: 3,
        leads: vec!["Casey Smith for Dana Hill".to_owned(), "Robin Lee".to_owned()],
        with_nobody: 0,
        tell: Some("office@client.example".to_owned()),
    }
}

fn undelivered(event: EventType) -> UndeliveredEvent {
    UndeliveredEvent {
        delivery: id(DeliveryId::from_uuid, 1),
        lead: id(LeadId::from_uuid, 2),
        event,
        update: None,
        person: Some("Casey Smith".to_owned()),
        client: id(ClientId::from_uuid, 1),
        client_name: "Acme Homes".to_owned(),
        endpoint: "dana@client.example".to_owned(),
        rep: Some("Dana Hill".to_owned()),
        reason: "550 5.1.1 does not exist here".to_owned(),
        tell: Some("office@client.example".to_owned()),
        fallback: Some(id(EndpointId::from_uuid, 9)),
        was_had: true,
    }
}

/// What could not be delivered, by what becomes of it, and what came to nobody beside it.
fn dead() -> Vec<AppointmentMail> {
    let follow_ups = [DeadFollowUp::Fallback(id(EndpointId::from_uuid, 9)), DeadFollowUp::Next, DeadFollowUp::Waits];
    let leads = follow_ups.map(|follow_up| DeadLead {
        delivery: id(DeliveryId::from_uuid, 1),
        lead: id(LeadId::from_uuid, 2),
        person: Some("Casey Smith".to_owned()),
        client: id(ClientId::from_uuid, 1),
        client_name: "Acme Homes".to_owned(),
        endpoint: "dana@client.example".to_owned(),
        rep: Some("Dana Hill".to_owned()),
        reason: "550 5.1.1 does not exist here".to_owned(),
        dead_at: now(),
        tell: Some("office@client.example".to_owned()),
        follow_up,
    });
    let events = [EventType::LeadRecalled, EventType::LeadSuppressed, EventType::LeadUpdated].map(undelivered);
    let of_leads = leads.iter().flat_map(|one| of_lead(FIRM, one, now()));
    let told: Vec<_> = of_leads.chain(events.iter().flat_map(|one| of_undelivered(FIRM, one, now()))).collect();
    alerts(&told)
}

fn untouched_mail() -> AppointmentMail {
    let lead = untouched(1);
    let told = due(&reminder(&lead, now()).unwrap());
    let phone = phone_of(&lead);
    // As the rep reads it in the afternoon, when the person may be called.
    let call = call_of(&Hours::default(), &lead, at("2026-11-24T20:00:00Z"));
    let around = NoticeSurroundings { phone: phone.as_ref(), call, url: Some(URL), letterhead: letterhead() };
    notice_mail::written(&told, around).unwrap()
}

fn held_mail() -> AppointmentMail {
    let held = HeldAsSame {
        delivery: id(DeliveryId::from_uuid, 1),
        lead: id(LeadId::from_uuid, 2),
        first: id(LeadId::from_uuid, 3),
        client: id(ClientId::from_uuid, 1),
        client_name: "Acme Homes".to_owned(),
        person: Some("Casey Smith".to_owned()),
        first_person: None,
        first_reps: Some("Dana Hill".to_owned()),
        since: at("2026-11-24T05:00:00Z"),
    };
    written_mail(&due(&of_held(FIRM, &held, now())), None)
}

fn refused_mail() -> AppointmentMail {
    let refusal = MailRefusal {
        since: at("2026-11-24T09:00:00Z"),
        code: Some(550),
        why: "5.7.1 account suspended".to_owned(),
        client: id(ClientId::from_uuid, 1),
        waiting: 4,
    };
    written_mail(&due(&of_sender(FIRM, &refusal, now())), None)
}

fn unsent_mail() -> AppointmentMail {
    let unsent = UnsentNotice {
        id: id(NoticeId::from_uuid, 1),
        client: Some(UnsentOfClient { id: id(ClientId::from_uuid, 1), name: "Acme Homes".to_owned() }),
        kind: NoticeKind::EndpointDown.to_string(),
        address: "office@client.example".to_owned(),
        data: NoticeData::written("CRM fails (Acme Homes)".to_owned(), vec!["Every attempt has failed.".to_owned()]),
        reason: "550 5.1.1 does not exist here".to_owned(),
    };
    written_mail(&due(&of_unsent([FIRM, ""], &unsent, now()).unwrap()), None)
}

/// As `ripen return` writes it.
fn judged() -> Vec<AppointmentMail> {
    let said = [
        (
            "Return upheld: Casey Smith",
            "You returned Casey Smith; that was upheld: the number was wrong",
            "There is nothing more to do.",
        ),
        (
            "Return rejected: Casey Smith",
            "You returned Casey Smith; that was rejected: they answered our call",
            "The lead is yours again. Please call, and say what became of it.",
        ),
    ];
    let written =
        said.map(|(title, what, next)| NoticeData::written(title.to_owned(), [what, next].map(str::to_owned).to_vec()));
    written.into_iter().map(|data| written_mail(&own(NoticeKind::ReturnJudged, data), None)).collect()
}

fn to_user(kind: NoticeKind) -> AppointmentMail {
    let notice = DueNotice { user: Some(id(UserId::from_uuid, 1)), ..own(kind, NoticeData::default()) };
    written_mail(&notice, Some("https://leads.example/welcome/0123abcd"))
}

/// All mails of a kind.
fn mails_of(kind: NoticeKind) -> Vec<AppointmentMail> {
    match kind {
        NoticeKind::AppointmentBooked => vec![appointment(MailOccasion::Booked)],
        NoticeKind::AppointmentMoved => vec![appointment(MailOccasion::Moved)],
        NoticeKind::AppointmentCancelled => vec![appointment(MailOccasion::Cancelled)],
        NoticeKind::AppointmentReminder => {
            [Reminder::DayBefore, Reminder::HourBefore].map(|one| appointment(MailOccasion::Reminder(one))).to_vec()
        }
        NoticeKind::EndpointDown => alerts(&of_endpoint(&Told { firm: FIRM, are_mailed: true }, &failing(), now())),
        NoticeKind::EndpointDisabled => {
            let disabled = FailingEndpoint { disabled: Some("answered 410 Gone".to_owned()), ..failing() };
            alerts(&of_endpoint(&Told { firm: FIRM, are_mailed: false }, &disabled, now()))
        }
        NoticeKind::LeadUntouched => vec![untouched_mail()],
        NoticeKind::LeadsUntouched => {
            alerts(&of_clients(FIRM, &[&untouched(1), &UntouchedLead { person: None, ..untouched(2) }], now()))
        }
        NoticeKind::LeadPerhapsSame => vec![held_mail()],
        NoticeKind::LeadDead => dead(),
        NoticeKind::MailRefused => vec![refused_mail()],
        NoticeKind::RepLink => {
            let link = own(kind, NoticeData::rep_link(id(RepId::from_uuid, 3)));
            vec![written_mail(&link, Some("https://leads.example/r/0123abcd"))]
        }
        NoticeKind::ReturnJudged => judged(),
        NoticeKind::NoticeDead => vec![unsent_mail()],
        NoticeKind::UserInvited | NoticeKind::UserReset => vec![to_user(kind)],
    }
}

#[test]
fn every_kind_of_mail_is_kept_as_text_and_as_html() {
    for kind in NoticeKind::ALL {
        let (mut text, mut html) = (String::new(), String::new());
        for mail in mails_of(kind) {
            writeln!(text, "Subject: {}\n\n{}\n-----", mail.subject, mail.text).unwrap();
            writeln!(html, "{}\n<!-- ----- -->", mail.html).unwrap();
        }
        assert!(!text.is_empty(), "{kind}");
        insta::assert_snapshot!(format!("{kind}_text"), text);
        insta::assert_snapshot!(format!("{kind}_html"), html);
    }
}

#[test]
fn a_mail_of_a_kind_that_leads_somewhere_has_its_link_in_both_forms() {
    for kind in NoticeKind::ALL.into_iter().filter(|kind| notice_mail::leads_on(*kind)) {
        for mail in mails_of(kind) {
            for form in [&mail.text, &mail.html] {
                assert!(form.contains("https://leads.example/"), "{kind}: {form}");
            }
        }
    }
    let reminded = untouched_mail();
    for form in [&reminded.text, &reminded.html] {
        assert!(form.contains(URL) && form.contains("555-0142") && form.contains("Chicago"), "{form}");
    }
}
