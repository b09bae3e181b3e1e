//! Snapshots of the mail, and payloads that mean harm.

mod kinds;

use serde_json::{Value, json};

use ripen_domain::{calling::Hours, criteria::QuestionWords};

use super::*;
use crate::letterhead::{AlarmNames, CallingTerms};

fn payload() -> Value {
    json!({
        "type": "lead.matured", "timestamp": "2026-11-21T10:00:00Z",
        "data": {
            "delivery": "dlv_01kam0000000000000000000000", "grade": "A", "score": 82,
            "criteria": {"name": "default", "version": 3},
            "reasons": [
                {"rule": "soon", "points": 30, "because": "Wants to move within three months"},
                {"rule": "preapproved", "points": 25, "because": "Has a pre-approval"},
                {"rule": "far", "points": -5, "because": "Lives outside the county"},
            ],
            "lead": {
                "id": "lead_01kam0000000000000000000000", "stage": "contact", "first_name": "Casey",
                "last_name": "O'Neil", "email": "casey+home@example.com", "phone": "+14155550100",
                "postal_code": "60134", "country": "US", "time_zone": "America/Chicago",
            },
            "answers": {"timeframe_days": 45, "budget": 450_000, "preapproved": true, "areas": ["Geneva", "St. Charles"]},
            "notes": [
                {"at": "2026-11-20T16:30:00Z", "by": "Dana", "text": "Call after six.\nHas two dogs & a cat."},
                {"at": "2026-11-21T09:58:00Z", "by": "Dana", "text": "Ready to see houses this week."},
            ],
            "source": {"name": "Spring trade show", "channel": "trade_show"}, "arrivals": 2,
            "first_arrived_at": "2026-11-02T08:15:00Z", "handover": {"kind": "message"},
            "assigned_to": {"name": "Robin Rep", "email": "robin@client.example"},
            "matured_at": "2026-11-21T10:00:00Z", "time_zone": "America/New_York", "outcome_url": "https://ripen.example/o/tok_1?a=1&b=2",
        },
    })
}

/// What a body says.
fn event(payload: &Value) -> ClientEvent {
    serde_json::from_value(payload.clone()).unwrap_or_default()
}

#[test]
fn the_text_says_who_how_why_what_and_where_from() {
    insta::assert_snapshot!("lead_text", render(&event(&payload()), &Letterhead::default()).text);
}

#[test]
fn the_html_says_the_same() {
    insta::assert_snapshot!("lead_html", render(&event(&payload()), &Letterhead::default()).html);
}

#[test]
fn the_subject_has_what_a_call_needs_and_else_names_the_source() {
    let subject = |payload: &Value, calling| {
        let mail = render(&event(payload), &Letterhead { calling, ..Letterhead::default() });
        assert!(mail.subject.chars().count() <= 120, "{}", mail.subject);
        mail.subject
    };
    let hours = Hours::default();
    let at = |now: &str| Some(CallingTerms { hours: &hours, country: "US", now: now.parse().unwrap() });
    assert_eq!(subject(&payload(), None), "A lead: Casey O'Neil, +1 415-555-0100");
    let by_day = subject(&payload(), at("2026-11-21T16:03:00Z"));
    assert_eq!(by_day, "A lead: Casey O'Neil, +1 415-555-0100, call before 20:00 Chicago");
    let by_night = subject(&payload(), at("2026-11-25T03:30:00Z"));
    assert_eq!(by_night, "A lead: Casey O'Neil, +1 415-555-0100, call from tomorrow 09:00 Chicago");
    // A name of any length leaves the number and the time their room.
    let mut long = payload();
    long["data"]["lead"]["first_name"] = json!("Casey ".repeat(90));
    let cut = subject(&long, at("2026-11-21T16:03:00Z"));
    assert!(cut.ends_with(", +1 415-555-0100, call before 20:00 Chicago"), "{cut}");
    let mut unreached = payload();
    unreached["data"]["lead"]["phone"] = Value::Null;
    assert_eq!(subject(&unreached, at("2026-11-21T16:03:00Z")), "A lead: Casey O'Neil (Spring trade show)");
}

#[test]
fn an_appointment_is_said_by_both_clocks_and_comes_as_a_calendar_entry() {
    let mut payload = payload();
    payload["data"]["handover"] = json!({"kind": "appointment", "appointment": "appt_1", "sequence": 3,
        "starts_at": "2026-11-24T15:00:00Z", "ends_at": "2026-11-24T15:30:00Z", "time_zone": "America/New_York",
        "note": "Bring plans\nBcc: x"});
    let mail = render(&event(&payload), &Letterhead::default());
    let said = "Handover: Appointment, Tuesday, 24 November 2026, 10:00 to 10:30 EST \
                (Tuesday, 24 November 2026, 09:00 CST where they are)\nAgreed: Bring plans Bcc: x\n";
    assert!(mail.text.contains(said), "{}", mail.text);
    let entry = mail.invitation.unwrap();
    assert_eq!((entry.uid.as_str(), entry.sequence, entry.cancelled), ("appt_1", 3, false));
    assert_eq!(entry.summary, "Appointment with Casey O'Neil");
    assert!(entry.description.starts_with("Phone: +1 415-555-0100\nE-mail: casey+home@example.com\nAgreed: "));
    payload["data"]["handover"]["starts_at"] = json!("soon");
    let mail = render(&event(&payload), &Letterhead::default());
    assert!(mail.invitation.is_none() && mail.text.contains("Handover: Appointment\n"), "{}", mail.text);
}

#[test]
fn what_they_gave_beside_is_told_with_the_rest_and_as_what_changed() {
    let mut payload = payload();
    let data = &mut payload["data"];
    data["lead"]["other_phones"] = json!(["+14155550612", "+14155550613;ext=12"]);
    data["lead"]["other_emails"] = json!(["casey.new@example.com"]);
    let beside = "Also by phone: +1 415-555-0612, +1 415-555-0613 ext. 12\nAlso by e-mail: casey.new@example.com\n";
    let mail = render(&event(&payload), &Letterhead::default());
    assert!(mail.text.contains(beside), "{}", mail.text);
    assert!(mail.html.contains("+1 415-555-0612, +1 415-555-0613 ext. 12"), "{}", mail.html);
    payload["type"] = json!("lead.updated");
    payload["data"]["update"] = json!({"kind": "arrival", "changes": [
        {"field": "other_phones", "before": null, "after": ["+14155550612"]},
        {"field": "other_emails", "before": ["a@example.com"], "after": ["casey.new@example.com", "a@example.com"]}]});
    let text = render(&event(&payload), &Letterhead::default()).text;
    assert!(text.contains("Also by phone: not known → +1 415-555-0612\n"), "{text}");
    assert!(text.contains("Also by e-mail: a@example.com → casey.new@example.com, a@example.com\n"), "{text}");
}

#[test]
fn an_offer_says_what_can_be_taken_and_until_when() {
    let mut payload = payload();
    let data = &mut payload["data"];
    data["offered_until"] = json!("2026-11-21T10:15:00Z");
    data["notes"] = json!([]);
    data["lead"] = json!({"id": "lead_1", "postal_code": "60134", "country": "US"});
    insta::assert_snapshot!("offer_text", render(&event(&payload), &Letterhead::default()).text);
}

#[test]
fn a_payload_with_next_to_nothing_still_makes_a_mail() {
    for payload in [json!(null), json!({}), json!({"data": {"lead": []}}), json!({"data": {"lead": {"email": 5}}})] {
        let mail = render(&event(&payload), &Letterhead::default());
        assert_eq!(mail.subject, "A lead: name not given");
        assert!(mail.html.ends_with("</html>\n") && !mail.html.contains("\">\n</table>"), "{}", mail.html);
    }
}

#[test]
fn markup_and_links_from_strangers_stay_text() {
    let evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    let mut payload = payload();
    let data = &mut payload["data"];
    data["lead"]["first_name"] = json!(evil);
    data["lead"]["phone"] = json!("+1\" onclick=\"alert(1)");
    data["lead"]["email"] = json!("a?bcc=x@example.com&body=\"@evil.example");
    data["answers"] = json!({evil: evil, "nested": {"a": [evil]}});
    data["reasons"] = json!([{"because": evil, "points": 1}]);
    data["notes"] = json!([{"by": evil, "at": evil, "text": evil}]);
    data["source"]["name"] = json!(evil);
    data["criteria"]["name"] = json!(evil);
    data["outcome_url"] = json!("javascript:alert(1)");
    let html = render(&event(&payload), &Letterhead::default()).html;
    for tag in ["<script", "<img", "javascript:", "\"alert", "onclick=\""] {
        assert!(!html.contains(tag), "{tag} in {html}");
    }
    assert!(html.contains("href=\"mailto:a%3Fbcc%3Dx%40example.com%26body%3D%22@evil.example\""), "{html}");
    assert!(!html.contains("href=\"tel:") && html.contains("Phone: +1&#34; onclick=&#34;alert(1)"), "{html}");
}

#[test]
fn header_lines_and_direction_cannot_be_taken_over() {
    let mut payload = payload();
    payload["data"]["lead"]["first_name"] = json!("مريم\r\nBcc: x@example.com\u{202e}");
    payload["data"]["lead"]["last_name"] = json!("👩‍💻\u{2067}\0");
    payload["data"]["notes"] = json!([{"text": "\u{202e}one\r\n\r\n\r\nWHY A\u{7}"}]);
    let LeadMail { subject, text, html, .. } = render(&event(&payload), &Letterhead::default());
    assert_eq!(subject, "A lead: مريم Bcc: x@example.com 👩‍💻, +1 415-555-0100");
    for c in ['\u{202e}', '\u{2067}', '\0', '\u{7}', '\r'] {
        assert!(!subject.contains(c) && !text.contains(c) && !html.contains(c), "{c:?}");
    }
    assert!(text.contains("\n  one\n\n  WHY A\n"), "{text}");
}

#[test]
fn the_mail_stays_short_however_long_the_payload_is() {
    let mut payload = payload();
    let long = "long ".repeat(10_000);
    payload["data"]["notes"] = (0..100).map(|_| json!({"by": long, "text": long})).collect();
    payload["data"]["answers"] = (0..1_000).map(|i| (format!("question_{i}_{long}"), json!(long))).collect();
    let mail = render(&event(&payload), &Letterhead::default());
    assert!(mail.html.len() < 300_000, "{}", mail.html.len());
    assert!(mail.html.contains("… and 60 more") && mail.text.contains("… and 960 more"));
}

#[test]
fn what_happened_since_is_said_in_a_few_words() {
    let told = |kind: &str, more: Value| {
        let mut payload =
            json!({"type": kind, "data": {"delivery": "dlv_1", "lead": {"id": "lead_1", "name": "Casey <b>"}}});
        for (key, value) in more.as_object().unwrap() {
            payload["data"][key] = value.clone();
        }
        render(&event(&payload), &Letterhead::default())
    };
    let outcome = json!({"outcome": {"outcome": "not_yet", "said_by": "Robin", "reason": "moves in May"}});
    let mails = [
        told("lead.recalled", json!({"reason": "entered twice"})),
        told("lead.taken", json!({})),
        told("lead.suppressed", json!({"reason": "asked"})),
        told("lead.outcome", outcome),
        told("delivery.dead", json!({"event": "lead.matured", "reason": "gave up after 9 attempts: answered 500"})),
        told("endpoint.disabled", json!({"lead": null, "endpoint": "ep_1", "reason": "answered 410 Gone"})),
    ];
    let shown: Vec<_> = mails.iter().map(|mail| format!("{}\n\n{}", mail.subject, mail.text)).collect();
    insta::assert_snapshot!("news_text", shown.join("-----\n"));
    let gone = told("lead.taken", json!({"withdrawn": true, "taken_at": "2026-11-23T10:00:00Z"}));
    assert!(gone.subject.contains("Not on offer any more") && !gone.text.contains("Somebody else"), "{}", gone.text);
    assert!(!gone.html.contains("Casey"), "nor of whom");
    assert!(mails[..4].iter().all(|mail| mail.html.ends_with("</html>\n")));
    let named: Vec<_> = mails[..4].iter().map(|mail| mail.html.contains("Casey &#60;b&#62;")).collect();
    assert_eq!(named, [true, false, true, true], "who lost a lead does not learn whose it is");
    let mut payload = payload();
    payload["type"] = json!("lead.updated");
    payload["data"]["update"] = json!({"kind": "conversation", "by": "Kim"});
    let updated = render(&event(&payload), &Letterhead::default());
    insta::assert_snapshot!("updated_text", updated.text);
    assert_eq!(updated.subject, "Something new on your A lead: Casey O'Neil (Spring trade show)");
}

/// The bodies that `ripen-domain` builds and keeps: with everything that can be said, and with nothing.
const GOLDEN: &str = include_str!("../../../domain/tests/corpus/golden.txt");

#[test]
fn the_text_of_a_lead_that_the_domain_built_is_as_it_was() {
    let matured = GOLDEN.lines().filter(|body| body.ends_with("\"type\":\"lead.matured\"}"));
    let texts: Vec<_> =
        matured.map(|body| render(&ClientEvent::read(body.as_bytes()).unwrap(), &Letterhead::default()).text).collect();
    assert_eq!(texts.len(), 2);
    insta::assert_snapshot!("golden_text", texts.join("\n=====\n"));
}

#[test]
fn questions_units_and_money_are_said_instead_of_ids() {
    let words = |id: &str, ask: &str, unit: &str| QuestionWords {
        id: id.to_owned(),
        ask: ask.to_owned(),
        unit: Some(unit.to_owned()),
    };
    let questions =
        [words("budget", "What would you like to spend?", "USD"), words("timeframe_days", "In how many days?", "days")];
    let letterhead = Letterhead {
        firm: "Lakefront Leads",
        client: "Acme Homes",
        questions: &questions,
        is_fallback: true,
        ..Letterhead::default()
    };
    let mail = render(&event(&payload()), &letterhead);
    for said in ["What would you like to spend?: 450,000 USD", "In how many days?: 45 days", "Preapproved: yes"] {
        assert!(mail.text.contains(said), "{said}: {}", mail.text);
    }
    assert!(mail.text.contains("could not be delivered to Robin Rep"), "the fallback says why: {}", mail.text);
    for said in ["Acme Homes", "for Robin Rep", "Sent by Lakefront Leads for Acme Homes."] {
        assert!(mail.html.contains(said), "{said}: {}", mail.html);
    }
    let call = mail.html.find(">Call +1 415-555-0100<").unwrap();
    assert!(call < mail.html.find(">Accept<").unwrap(), "the phone goes first");
}

#[test]
fn an_update_says_what_changed() {
    let mut payload = payload();
    payload["type"] = json!("lead.updated");
    payload["data"]["update"] = json!({"kind": "conversation", "by": "Kim", "changes": [
        {"field": "answers.budget", "before": 450_000, "after": 500_000}, {"field": "email", "before": null, "after": "c@example.com"}]});
    let questions = [QuestionWords { id: "budget".to_owned(), ask: "Budget".to_owned(), unit: Some("USD".to_owned()) }];
    let mail = render(&event(&payload), &Letterhead { questions: &questions, ..Letterhead::default() });
    for said in ["Budget: 450,000 USD → 500,000 USD", "E-mail: not known → c@example.com"] {
        assert!(mail.text.contains(said), "{said}: {}", mail.text);
    }
    assert!(mail.html.contains("What changed"), "{}", mail.html);
}

#[test]
fn an_offer_names_deadline_and_place_in_its_subject() {
    let mut payload = payload();
    payload["type"] = json!("lead.offered");
    payload["data"]["offered_until"] = json!("2026-11-21T10:15:00Z");
    payload["data"]["lead"] = json!({"id": "lead_1", "postal_code": "60134", "country": "US"});
    let mail = render(&event(&payload), &Letterhead::default());
    assert_eq!(
        mail.subject,
        "A lead on offer until today 05:15 EST: who accepts first has it, 60134, US (Spring trade show)"
    );
}

#[test]
fn a_short_mail_has_the_number_and_the_link() {
    let phone = Way::by_phone("+14155550100", None);
    let sentences = ["Casey Smith was sent to you today.".to_owned()];
    let link = Some(BriefLink { text: "Say what became of it", url: "https://ripen.example/o/tok" });
    let mail = BriefMail {
        title: "Casey Smith is waiting",
        sentences: &sentences,
        phone: Some(&phone),
        link,
        reader: Some("Dana Hill"),
    };
    let mail = brief(&mail, &Letterhead { client: "Acme Homes", ..Letterhead::default() });
    assert!(
        mail.text.contains("Phone: +1 415-555-0100")
            && mail.text.contains("Say what became of it: https://ripen.example/o/tok"),
        "{}",
        mail.text
    );
    let (call, on) = (
        mail.html.find("href=\"tel:+14155550100\"").unwrap(),
        mail.html.find("href=\"https://ripen.example/o/tok\"").unwrap(),
    );
    assert!(call < on && mail.html.contains("for Dana Hill"), "{}", mail.html);
}

#[test]
fn a_new_lead_is_called_first_by_the_persons_clock() {
    let hours = Hours::default();
    let calling = Some(CallingTerms { hours: &hours, country: "US", now: "2026-11-21T16:03:00Z".parse().unwrap() });
    let mail = render(&event(&payload()), &Letterhead { calling, ..Letterhead::default() });
    let said = "Call before 20:00 their time (10:03 in Chicago when this was sent), then accept.";
    assert!(mail.text.contains(said) && mail.html.contains(said), "{}", mail.text);
    let order = [">Call +1 415-555-0100<", "#accept\">Accept<", "#return\">Return…<"].map(|one| mail.html.find(one));
    assert!(order.iter().all(Option::is_some) && order.is_sorted(), "{order:?}: {}", mail.html);
    let mut updated = payload();
    updated["type"] = json!("lead.updated");
    updated["data"]["update"] = json!({"kind": "arrival"});
    let mail = render(&event(&updated), &Letterhead { calling, ..Letterhead::default() });
    assert!(mail.text.contains("Their time: 10:03 in Chicago, call until 20:00 (when this was sent)"), "{}", mail.text);
    let mut offered = payload();
    offered["data"]["offered_until"] = json!("2026-11-21T17:00:00Z");
    let mail = render(&event(&offered), &Letterhead { calling, ..Letterhead::default() });
    assert!(!mail.text.contains("in Chicago"), "nobody is called before the lead is theirs: {}", mail.text);
}

#[test]
fn an_update_tells_the_notes_that_are_new_and_no_others() {
    let before = event(&payload());
    let mut payload = payload();
    payload["type"] = json!("lead.updated");
    payload["data"]["update"] = json!({"kind": "note", "by": "Kim"});
    let note = json!({"at": "2026-11-21T10:00:00Z", "by": "Kim", "text": "Prefers mornings."});
    payload["data"]["notes"].as_array_mut().unwrap().push(note);
    let mail = render(&event(&payload), &Letterhead { told_before: Some(&before), ..Letterhead::default() });
    for said in ["What was noted by Kim.", "Prefers mornings.", "2 earlier notes were in a mail before."] {
        assert!(mail.text.contains(said) && mail.html.contains(said), "{said}: {}", mail.text);
    }
    assert!(!mail.text.contains("Call after six") && !mail.html.contains("Call after six"), "{}", mail.text);
    assert_eq!(mail.text.matches("Prefers mornings").count(), 1, "{}", mail.text);
}

#[test]
fn what_could_not_be_delivered_is_told_by_the_names_of_whom_it_touches() {
    let told = |told: &str| {
        let dead = json!({"type": "delivery.dead", "data": {"delivery": "dlv_01kam0000000000000000000000", "event": told,
            "endpoint": "endpoint_01kag00000e008000000000006", "lead": {"id": "lead_01kam0000000000000000000000"},
            "attempts": 9, "reason": "answered 500"}});
        let names = AlarmNames { person: Some("Casey\nSmith"), rep: Some("Dana Hill"), endpoint: Some("CRM") };
        render(&event(&dead), &Letterhead { client: "Acme Homes", names, ..Letterhead::default() })
    };
    let mail = told("lead.matured");
    assert_eq!(mail.subject, "Acme Homes: Casey Smith could not be delivered");
    let said = "Casey Smith could not be delivered to Dana Hill (CRM): answered 500. It was tried 9 times.";
    assert!(mail.text.contains(said) && !mail.text.contains("endpoint_"), "{}", mail.text);
    assert!(told("lead.updated").subject.contains("What is new of Casey Smith could not"));
    assert!(!told("lead.offered").text.contains("Casey"), "who is on offer is said to nobody");
}

#[test]
fn an_outcome_and_a_disabled_endpoint_are_told_in_words() {
    let won = json!({"type": "lead.outcome", "data": {"lead": {"name": "Casey"}, "assigned_to": {"name": "Robin Rep"},
        "outcome": {"outcome": "won", "amount": "12500.00", "currency": "USD", "said_by": "Robin"}}});
    let mail = render(&event(&won), &Letterhead::default());
    assert_eq!(mail.subject, "Casey: won, 12,500 USD");
    assert!(mail.html.contains("for Robin Rep"), "{}", mail.html);
    let disabled = json!({"type": "endpoint.disabled", "data": {"endpoint": "endpoint_01kag00000e008000000000006",
        "reason": "answered 410 Gone"}});
    let names = AlarmNames { endpoint: Some("CRM"), ..AlarmNames::default() };
    let mail = render(&event(&disabled), &Letterhead { names, ..Letterhead::default() });
    assert!(mail.subject == "CRM was disabled" && mail.text.contains("CRM gets nothing until"), "{}", mail.text);
}
