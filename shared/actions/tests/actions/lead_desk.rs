//! What the desk does with leads beside calling: closing and opening, contact data put right, entering by hand, lists and searches in
//! the scope of who asks.

use ripen_actions::{
    Refusal,
    lead_close::{CloseLead, ReopenLead},
    lead_list::{LeadQuery, count, list},
    lead_new::{EnterLead, entered, sources},
    lead_page,
    lead_search::search,
    person_correct::CorrectPerson,
    source::{AddSource, SetSourceState},
};
use ripen_domain::{
    actor::UserRole,
    id::{LeadId, SourceId},
    lead::Channel,
};
use ripen_store::{
    client::client_record::ClientRecord,
    lead::list::{LeadFilter, LeadOrder},
    source::source_record::{SourceFormat, State},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    delivered::outsiders,
    harness::{Office, fields, office, operator, user},
};

fn close(lead: LeadId) -> CloseLead {
    CloseLead { lead, why: "moved abroad".to_owned() }
}

fn reopen(lead: LeadId) -> ReopenLead {
    ReopenLead { lead, why: "is back".to_owned() }
}

async fn stage(office: &Office, lead: LeadId) -> String {
    let sql = "select concat_ws(' ', stage, closed_reason) from lead where id = $1";
    sqlx::query_scalar(sql).bind(lead.uuid()).fetch_one(&office.pool).await.unwrap()
}

#[tokio::test]
async fn a_lead_is_closed_with_a_reason_and_opened_again_as_work() {
    let office = office().await;
    let lead = office.worked(&office.client("Acme").await).await;
    assert_eq!(fields(office.actions.run(&operator(), &CloseLead { lead, why: " ".to_owned() }).await), ["why"]);
    office.done(&close(lead)).await;
    assert_eq!(stage(&office, lead).await, "closed moved abroad");
    assert_eq!(office.count("select count(*) from promise where state in ('scheduled', 'work')").await, 0);
    let again = office.actions.run(&operator(), &close(lead)).await;
    assert!(matches!(again, Err(Refusal::Conflict { code: "closed", .. })), "{again:?}");

    office.done(&reopen(lead)).await;
    assert_eq!(stage(&office, lead).await, "lead");
    assert_eq!(office.count("select count(*) from promise where state = 'work' and agreed").await, 1);
    assert_eq!(office.count("select count(*) from regrade").await, 1, "it is decided anew");
    let again = office.actions.run(&operator(), &reopen(lead)).await;
    assert!(matches!(again, Err(Refusal::Conflict { code: "not_closed", .. })), "{again:?}");
    assert_eq!(office.audited().await, ["lead.reopen", "lead.close"]);
    let kept = format!("{:?}", office.changes().await);
    assert!(!kept.contains("abroad") && !kept.contains("is back"), "no words about the person: {kept}");
}

#[tokio::test]
async fn a_lead_that_the_client_has_is_taken_back_before_it_is_closed() {
    let office = office().await;
    let sent = office.delivered(&office.client("Acme").await).await;
    let refused = office.actions.run(&operator(), &close(sent.lead)).await;
    assert!(matches!(refused, Err(Refusal::Conflict { code: "with_client", .. })), "{refused:?}");
    assert_eq!(stage(&office, sent.lead).await, "lead");
}

#[tokio::test]
async fn a_lead_stays_closed_where_another_goes_on_or_nobody_may_call() {
    let office = office().await;
    let acme = office.client("Acme").await;
    let lead = office.worked(&acme).await;
    office.done(&close(lead)).await;
    let other = office.worked(&acme).await;
    let same = "update lead set person_id = (select person_id from lead where id = $1) where id = $2";
    sqlx::query(same).bind(lead.uuid()).bind(other.uuid()).execute(&office.pool).await.unwrap();
    let refused = office.actions.run(&operator(), &reopen(lead)).await;
    assert!(matches!(refused, Err(Refusal::Conflict { code: "has_another", .. })), "{refused:?}");
    office.done(&close(other)).await;
    sqlx::query("update person set do_not_contact = true").execute(&office.pool).await.unwrap();
    let refused = office.actions.run(&operator(), &reopen(lead)).await;
    assert!(matches!(refused, Err(Refusal::Conflict { code: "do_not_contact", .. })), "{refused:?}");
}

#[tokio::test]
async fn contact_data_is_put_right_and_what_it_was_is_kept() {
    let office = office().await;
    let lead = office.worked(&office.client("Acme").await).await;
    let right = CorrectPerson {
        lead: Some(lead),
        first_name: "Cassandra".to_owned(),
        email: "Cassandra@Example.com".to_owned(),
        phone: "(415) 555-0133 x12".to_owned(),
        country: "us".to_owned(),
        time_zone: "America/New_York".to_owned(),
        locale: "es".to_owned(),
        ..CorrectPerson::default()
    };
    let wrong = CorrectPerson {
        email: "no address".to_owned(),
        phone: "12".to_owned(),
        country: "USA".to_owned(),
        time_zone: "Mars/Base".to_owned(),
        locale: "?".to_owned(),
        first_name: "a\nb".to_owned(),
        ..right.clone()
    };
    let named = fields(office.actions.run(&operator(), &wrong).await);
    for field in ["email", "phone", "country", "time_zone", "locale", "first_name"] {
        assert!(named.contains(&field.to_owned()), "{field}: {named:?}");
    }
    let nobody = CorrectPerson { email: String::new(), phone: String::new(), ..right.clone() };
    assert_eq!(fields(office.actions.run(&operator(), &nobody).await), ["phone"]);

    let done = office.done(&right).await;
    assert!(!done.was_so && done.leads == 1);
    let page = lead_page::show(&office.actions, &operator(), lead).await.unwrap();
    let profile = &page.lead.profile;
    assert_eq!(profile.email.as_deref(), Some("cassandra@example.com"));
    assert_eq!((profile.phone.as_deref(), profile.phone_extension.as_deref()), (Some("+14155550133"), Some("12")));
    let reached: Vec<_> = page.ways.iter().map(|way| way.value.as_str()).collect();
    assert_eq!(
        reached,
        ["+14155550133;ext=12", "casey@example.com", "cassandra@example.com"],
        "the former leads to them too"
    );
    let entry = office.changes().await.remove(0);
    assert_eq!(entry.action, "person.correct");
    assert_eq!(entry.before.unwrap()["email"], "casey@example.com");
    assert_eq!(entry.after.unwrap()["email"], "cassandra@example.com");
    // The same once more is nothing that anybody did.
    assert!(office.done(&right).await.was_so);
    assert_eq!(office.audited().await, ["person.correct"]);
}

async fn source(office: &Office, client: &ClientRecord, channel: Channel) -> SourceId {
    let request = AddSource {
        client: client.slug.clone(),
        name: format!("Booth {channel}"),
        channel,
        format: SourceFormat::Any,
        country: None,
        cost_per_lead: None,
        thanks: None,
    };
    office.done(&request).await.id
}

fn enter(source: SourceId) -> EnterLead {
    EnterLead {
        source,
        key: "form-1".to_owned(),
        name: "Casey Smith".to_owned(),
        phone: "(415) 555-0133".to_owned(),
        email: "casey@example.com".to_owned(),
        locale: String::new(),
        note: "Stood at the booth".to_owned(),
        consent: "You may call me".to_owned(),
        answers: serde_json::Map::new(),
    }
}

#[tokio::test]
async fn who_walks_in_is_kept_as_an_arrival_of_the_source_once() {
    let office = office().await;
    let acme = office.client("Acme").await;
    let booth = source(&office, &acme, Channel::TradeShow).await;
    let arrival = office.done(&enter(booth)).await;
    // A second click: the same key, and the very same words.
    let again = office.actions.run(&operator(), &enter(booth)).await.unwrap();
    assert_eq!(arrival, again);
    let body: Vec<u8> = sqlx::query_scalar("select body from spool where id = $1 limit 1")
        .bind(arrival.uuid())
        .fetch_one(&office.pool)
        .await
        .unwrap();
    let message: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(message["v"], "1");
    assert_eq!(message["submission"]["phone"], "+14155550133");
    assert_eq!(message["submission"]["notes"], "Stood at the booth");
    assert_eq!(message["submission"]["consent"]["text"], "You may call me");
    assert_eq!(message["source"], json!(booth));
    assert_eq!(entered(&office.actions, &operator(), arrival).await.unwrap(), None, "nobody worked it yet");
}

#[tokio::test]
async fn what_cannot_be_entered_is_said_with_every_field() {
    let office = office().await;
    let acme = office.client("Acme").await;
    let (booth, form) =
        (source(&office, &acme, Channel::TradeShow).await, source(&office, &acme, Channel::WebForm).await);
    let wrong = EnterLead {
        phone: "12".to_owned(),
        email: "x".to_owned(),
        locale: "?".to_owned(),
        name: "a\nb".to_owned(),
        ..enter(booth)
    };
    assert_eq!(fields(office.actions.run(&operator(), &wrong).await), ["name", "email", "phone", "locale"]);
    let nobody = EnterLead { phone: " ".to_owned(), email: String::new(), ..enter(booth) };
    assert_eq!(fields(office.actions.run(&operator(), &nobody).await), ["phone"]);
    assert_eq!(
        fields(office.actions.run(&operator(), &enter(form)).await),
        ["source"],
        "forms are filled in by people"
    );
    assert_eq!(fields(office.actions.run(&operator(), &enter(SourceId::from_uuid(Uuid::nil()))).await), ["source"]);
    assert_eq!(sources(&office.actions, &operator()).await.unwrap().len(), 1);
    office.done(&SetSourceState { source: booth, state: State::Paused }).await;
    assert_eq!(fields(office.actions.run(&operator(), &enter(booth)).await), ["source"]);
    assert_eq!(office.count("select count(*) from spool").await, 0);
}

#[tokio::test]
async fn whoever_does_not_work_leads_does_nothing_of_this() {
    let office = office().await;
    let acme = office.client("Acme").await;
    let booth = source(&office, &acme, Channel::TradeShow).await;
    let lead = office.worked(&acme).await;
    for actor in outsiders(acme.id) {
        let forbidden =
            |refused: Result<(), Refusal>| assert!(matches!(refused, Err(Refusal::Forbidden { .. })), "{actor}");
        forbidden(office.actions.run(&actor, &close(lead)).await.map(drop));
        forbidden(office.actions.run(&actor, &reopen(lead)).await);
        forbidden(office.actions.run(&actor, &enter(booth)).await.map(drop));
        let correct = CorrectPerson { lead: Some(lead), ..CorrectPerson::default() };
        forbidden(office.actions.run(&actor, &correct).await.map(drop));
        forbidden(sources(&office.actions, &actor).await.map(drop));
    }
}

#[tokio::test]
async fn a_broker_reads_their_own_client_and_of_persons_those_alone_that_were_handed_over() {
    let office = office().await;
    let (acme, other) = (office.client("Acme").await, office.client("Other").await);
    let (sent, worked) = (office.delivered(&acme).await.lead, office.worked(&acme).await);
    let foreign = office.delivered(&other).await.lead;
    let broker = user(UserRole::Broker, Some(acme.id));
    let query = LeadQuery { order: LeadOrder::Arrival, limit: 50, ..LeadQuery::default() };
    let listed = list(&office.actions, &broker, &query).await.unwrap().leads;
    let names: Vec<_> = listed.iter().map(|lead| (lead.id, lead.name.clone())).collect();
    assert_eq!(names.len(), 2);
    assert!(names.contains(&(sent, Some("Casey".to_owned()))) && names.contains(&(worked, None)), "{names:?}");
    assert_eq!(count(&office.actions, &broker, None, &LeadFilter::default()).await.unwrap().n, 2);
    let found: Vec<_> =
        search(&office.actions, &broker, "casey").await.unwrap().leads.iter().map(|lead| lead.id).collect();
    assert_eq!(found, [sent], "whom the client has");
    assert_eq!(search(&office.actions, &operator(), "casey").await.unwrap().leads.len(), 3);

    assert!(matches!(lead_page::show(&office.actions, &broker, foreign).await, Err(Refusal::Missing { .. })));
    let theirs = LeadQuery { client: Some(other.slug.clone()), ..query };
    assert_eq!(fields(list(&office.actions, &broker, &theirs).await), ["client"], "it does not exist for them");
    let open = lead_page::show(&office.actions, &broker, sent).await.unwrap();
    assert!(!open.is_withheld && open.lead.profile.email.is_some());
    let closed = lead_page::show(&office.actions, &broker, worked).await.unwrap();
    assert!(closed.is_withheld && closed.lead.profile == ripen_domain::person::Profile::default());
    assert!(closed.ways.is_empty() && closed.notes.is_empty() && closed.answers.is_empty());
}
