//! What comes next of a lead: a promised call that reached nobody, one that its client returned, one that is opened again by taking a
//! disposition back; and how many there are now.

use jiff::{SignedDuration, tz::TimeZone};
use ripen_actions::{
    Refusal,
    call::DialCall,
    desk::{Dispose, LeaveLead, TakeLead, UndoDisposition, coming_up, draft_of, may_open_of},
    lead::TouchLead,
    lead_close::CloseLead,
    user::SetUser,
    why_not::gates,
};
use ripen_domain::{
    actor::{Actor, UserRole},
    desk::{NextCall, NextWork, Rank},
    id::CallId,
    touch::Disposition,
};
use ripen_store::queues::waiting::WaitingKind;
use serde_json::json;
use uuid::Uuid;

use crate::{
    desk::{code, desk, lead, one_lead_open},
    harness::{Office, operator},
};

impl Office {
    /// A call that is due, made so many minutes before it, with a conversation in which it was agreed.
    async fn call_due(&self, number: u128, minutes_before: i64, (why, by): (&str, &str)) {
        let now = self.actions.clock.now();
        let lead = lead(number).uuid();
        self.sql(format!(
            "insert into promise (lead_id, generation, client_id, kind, state, due_at, why, from_whom, offered_until, created_at, agreed)
               select id, 1, client_id, 'requalify', 'work', timestamptz '{now}' - interval '1 minute', '{why}', '{by}', '{now}',
                      timestamptz '{now}' - interval '1 minute' - interval '{minutes_before} minutes', true from lead where id = '{lead}';
             update lead set generation = 1, touches = 1, stage = 'contact', last_conversation_at = timestamptz '{now}' - interval '2 minutes',
                             last_enquiry_at = timestamptz '{now}' - interval '3 days' where id = '{lead}'"
        ))
        .await;
    }
}

#[tokio::test]
async fn a_promised_call_that_reached_nobody_is_owed_still() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.leads(acme, (1, 1), "web_form").await;
    let (_, lee) = office.agent("lee").await;
    office.call_due(1, 60, ("asked for the evening", "Priya")).await;
    let opened = office.next(&lee).await.unwrap();
    assert_eq!((opened.lead, opened.rank), (lead(1), Rank::Promised));
    office.dispose(&lee, &opened, Disposition::NoAnswer).await;
    let mut tx = office.actions.store.begin().await.unwrap();
    let owed = tx.owed_tries(&[lead(1)]).await.unwrap();
    assert_eq!(owed.iter().map(|one| (one.lead, one.tries)).collect::<Vec<_>>(), [(lead(1), 1)]);
    drop(tx);
    assert!(office.actions.clock.advance(SignedDuration::from_mins(1)));
    let opened = ripen_actions::desk::take(&office.actions, &lee, lead(1)).await.unwrap();
    office.dispose(&lee, &opened, Disposition::Answered).await;
    let mut tx = office.actions.store.begin().await.unwrap();
    assert!(tx.owed_tries(&[lead(1)]).await.unwrap().is_empty(), "they spoke");
}

#[tokio::test]
async fn by_its_name_an_agent_opens_no_lead_of_clients_they_do_not_work_for() {
    let office = desk(8).await;
    let (acme, other) = (office.client("Acme").await.id, office.client("Other").await.id);
    office.leads(acme, (1, 1), "web_form").await;
    office.leads(other, (21, 1), "web_form").await;
    office.sql("update person set locale = 'es-MX'".to_owned()).await;
    let (id, lee) = office.agent("lee").await;
    let own =
        SetUser { languages: Some(vec!["en".to_owned()]), clients: Some(vec!["acme".to_owned()]), ..SetUser::of(id) };
    office.actions.run(&operator(), &own).await.unwrap();
    assert_eq!(code(office.actions.run(&lee, &TakeLead { lead: lead(21) }).await), "other_client");
    assert_eq!(office.count("select count(*) from desk_lease").await, 0);
    let call = CallId::from_uuid(Uuid::from_u128(1));
    let dial = DialCall { call, lead: lead(21), number: None, anyway: true };
    assert_eq!(code(office.actions.run(&lee, &dial).await), "other_client");
    assert_eq!(office.count("select count(*) from call").await, 0);
    // Who calls back is called back by whoever knows whom they ask for.
    let opened = office.actions.run(&lee, &TakeLead { lead: lead(1) }).await.unwrap();
    office.actions.run(&lee, &LeaveLead { lead: opened.lead, lease: opened.lease }).await.unwrap();
    assert_eq!(may_open_of(&office.actions, &lee).await.unwrap().into_iter().collect::<Vec<_>>(), ["acme"]);
    // The same account as a manager's: they look after every client.
    let manager = Actor::user(id, "lee", UserRole::Manager, None);
    assert_eq!(may_open_of(&office.actions, &manager).await.unwrap().len(), 2);
    assert_eq!(office.actions.run(&manager, &TakeLead { lead: lead(21) }).await.unwrap().rank, Rank::Named);
    office.actions.run(&manager, &dial).await.unwrap();
}

#[tokio::test]
async fn whose_language_a_form_wrote_in_its_own_way_is_handed_to_who_speaks_it() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.leads(acme, (1, 3), "web_form").await;
    for (number, locale) in [(1, "spa"), (2, "en_US"), (3, "de-DE")] {
        let sql = format!(
            "update person set locale = '{locale}' where id = (select person_id from lead where id = '{}')",
            lead(number).uuid()
        );
        office.sql(sql).await;
    }
    let (id, lee) = office.agent("lee").await;
    let mut handed = Vec::new();
    for spoken in ["es", "en", "fr"] {
        let speaks = SetUser { languages: Some(vec![spoken.to_owned()]), ..SetUser::of(id) };
        office.actions.run(&operator(), &speaks).await.unwrap();
        if let Some(opened) = office.next(&lee).await {
            handed.push(opened.lead);
            office.actions.run(&lee, &LeaveLead { lead: opened.lead, lease: opened.lease }).await.unwrap();
        }
    }
    assert_eq!(handed, [lead(1), lead(2)], "nobody speaks German");
    // What names no language keeps its person from nobody.
    office.sql("update person set locale = 'klingon'".to_owned()).await;
    assert!(office.next(&lee).await.is_some());
}

#[tokio::test]
async fn what_its_client_returned_is_no_promised_call() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.leads(acme, (1, 3), "web_form").await;
    let (_, lee) = office.agent("lee").await;
    office.call_due(1, 0, ("the client returned it: asked us never to call", "Acme")).await;
    office.call_due(2, 60, ("asked for the evening", "Priya")).await;
    let mut handed = Vec::new();
    for _ in 0..3 {
        let opened = office.next(&lee).await.unwrap();
        handed.push((opened.lead, opened.rank, opened.why.clone()));
        office.dispose(&lee, &opened, Disposition::NoAnswer).await;
    }
    let order: Vec<_> = handed.iter().map(|(lead, rank, _)| (*lead, *rank)).collect();
    assert_eq!(order, [(lead(2), Rank::Promised), (lead(3), Rank::Fresh), (lead(1), Rank::Returned)]);
    assert_eq!(handed[2].2, "the client returned it: asked us never to call");
}

#[tokio::test]
async fn what_is_taken_back_is_open_for_its_first_reason_with_all_that_was_typed() {
    let (office, lee, opened) = one_lead_open().await;
    let typed = json!({":disposition": "no_answer", ":cb_date": "2026-12-02"});
    let dispose =
        Dispose { draft: typed.as_object().cloned(), ..Dispose::of(opened.lead, opened.lease, Disposition::NoAnswer) };
    let touch = office.actions.run(&lee, &dispose).await.unwrap().touched.touch;
    let held = office.actions.run(&lee, &UndoDisposition { touch }).await.unwrap().held.unwrap();
    assert_eq!((held.rank, &held.why), (opened.rank, &opened.why));
    assert_ne!(held.rank, Rank::Named);
    let draft = draft_of(&office.actions, &lee, opened.lead).await.unwrap().unwrap();
    assert_eq!(serde_json::Value::Object(draft.answers), typed);
}

#[tokio::test]
async fn how_many_can_be_called_now_is_counted_by_the_gates() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.leads(acme, (1, 3), "web_form").await;
    let (_, lee) = office.agent("lee").await;
    let ready = || async { coming_up(&office.actions, &lee, &TimeZone::UTC).await.unwrap().ready.leads.len() };
    assert_eq!(ready().await, 3);
    let opened = office.next(&lee).await.unwrap();
    office.dispose(&lee, &opened, Disposition::NoAnswer).await;
    assert_eq!(ready().await, 2, "one rests");
    let next = gates(&office.actions, &lee, opened.lead, None).await.unwrap().next.unwrap();
    let NextWork::At(opening) = next else { panic!("{next:?}") };
    assert_eq!(opening.what, NextCall::Again);
    assert!(opening.at.duration_since(office.actions.clock.now()).as_hours() < 72, "not in months");
    assert!(office.actions.clock.advance(SignedDuration::from_hours(12)));
    assert_eq!(ready().await, 0, "at night");
}

#[tokio::test]
async fn languages_and_clients_of_an_agent_are_kept() {
    let office = desk(8).await;
    let (acme, other) = (office.client("Acme").await.id, office.client("Other").await.id);
    office.leads(acme, (1, 12), "web_form").await;
    office.leads(other, (21, 1), "web_form").await;
    office.sql("update person set locale = 'es-MX' where client_id <> '00000000-0000-0000-0000-000000000000' and phone < '+13125550021'".to_owned()).await;
    let (id, lee) = office.agent("lee").await;
    let wrong = SetUser { languages: Some(vec!["klingon".to_owned()]), ..SetUser::of(id) };
    let refused = office.actions.run(&operator(), &wrong).await;
    assert!(matches!(refused, Err(Refusal::Invalid(errors)) if errors[0].field == "languages"), "nobody speaks it");
    let english = SetUser { languages: Some(vec!["English".to_owned()]), ..SetUser::of(id) };
    office.actions.run(&operator(), &english).await.unwrap();
    let opened = office.next(&lee).await.unwrap();
    assert_eq!(opened.lead, lead(21), "however many speak something else before it");
    office.actions.run(&lee, &LeaveLead { lead: opened.lead, lease: opened.lease }).await.unwrap();
    let of_acme = SetUser { clients: Some(vec!["acme".to_owned()]), ..SetUser::of(id) };
    office.actions.run(&operator(), &of_acme).await.unwrap();
    assert!(office.next(&lee).await.is_none());
    assert_eq!(office.count("select count(*) from desk_wait").await, 0, "they wait for nobody but another agent");
}

#[tokio::test]
async fn whoever_lost_the_last_number_before_anybody_reached_them_waits_in_a_list_until_somebody_acts() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.leads(acme, (1, 3), "web_form").await;
    let (_, lee) = office.agent("lee").await;
    let waiting = async || {
        let now = office.actions.clock.now();
        let counts = office.actions.store.waiting_counts(lee.scope(), WaitingKind::NoNumber, now).await.unwrap();
        counts.iter().map(|count| count.waiting).sum::<i64>()
    };
    assert_eq!(waiting().await, 0);
    let mut lost = Vec::new();
    for how in [Disposition::WrongNumber, Disposition::NumberDead] {
        assert!(office.actions.clock.advance(SignedDuration::from_secs(1)));
        let opened = office.next(&lee).await.unwrap();
        office.dispose(&lee, &opened, how).await;
        lost.push(opened.lead);
    }
    assert_eq!(waiting().await, 2);
    // Whom somebody reached before is no such lead.
    let opened = office.next(&lee).await.unwrap();
    office.dispose(&lee, &opened, Disposition::Answered).await;
    office.sql("update person set phone = null".to_owned()).await;
    assert_eq!(waiting().await, 2);

    // Who writes down what they did has seen to it, and so has who closes it.
    let (first, second) = (lost[0], lost[1]);
    assert!(office.actions.clock.advance(SignedDuration::from_secs(1)));
    let mailed = TouchLead {
        touch: None,
        lead: first,
        disposition: Disposition::Note,
        answer: Vec::new(),
        note: Some("mailed, asked for another number".to_owned()),
        next: None,
    };
    office.actions.run(&lee, &mailed).await.unwrap();
    assert_eq!(waiting().await, 1);
    office.actions.run(&lee, &CloseLead { lead: second, why: "no way to reach them".to_owned() }).await.unwrap();
    assert_eq!(waiting().await, 0);
}
