//! What the desk does with leads beside calling: closing and opening, contact data put right, entering by hand, lists and searches in
//! the scope of who asks.

use jiff::SignedDuration;
use ripen_actions::{
    Refusal,
    appointment::{BookAppointment, CancelAppointment, SlotWish},
    call::DialCall,
    lead_changes::ChangeOfLead,
    lead_close::{CloseLead, ReopenLead},
    lead_list::{LeadQuery, OPEN_STAGES, count, list},
    lead_new::{EnterLead, entered, sources},
    lead_page,
    lead_search::search,
    lead_stop::StopLead,
    person_correct::CorrectPerson,
    rep::AddRep,
    source::{AddSource, SetSourceState},
    user::SetUser,
    why_not::gates,
};
use ripen_domain::{
    actor::{Actor, UserRole},
    desk::{GateKind, shut},
    id::{CallId, LeadId, SourceId, UserId},
    lead::Channel,
};
use ripen_store::{
    client::client_record::ClientRecord,
    lead::{
        list::{LeadFilter, LeadOrder},
        touched::{TouchFollowed, TouchedFilter},
    },
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
    // With the reasons: the lead has only that of its last closing, and none once it is opened again.
    let whys: Vec<_> = office.changes().await.into_iter().map(|entry| entry.after.unwrap()["why"].clone()).collect();
    assert_eq!(whys, [json!("is back"), json!("moved abroad")]);
    let changes = lead_page::show(&office.actions, &operator(), lead).await.unwrap().changes;
    let told: Vec<_> = changes.into_iter().map(|change| (change.by, change.what)).collect();
    let by = |what| ("dana".to_owned(), what);
    let expected = [
        by(ChangeOfLead::Reopened(Some("is back".to_owned()))),
        by(ChangeOfLead::Closed(Some("moved abroad".to_owned()))),
    ];
    assert_eq!(told, expected);
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
        is_form: false,
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
async fn another_body_under_a_known_key_is_another_arrival_and_of_a_form_no_reused_key() {
    let office = office().await;
    let booth = source(&office, &office.client("Acme").await, Channel::TradeShow).await;
    let kept = async |name: &str, is_form: bool| {
        let entered = EnterLead { name: name.to_owned(), is_form, ..enter(booth) };
        let arrival = office.actions.run(&operator(), &entered).await.unwrap();
        let body = "select convert_from(body, 'utf8')::json -> 'key' from spool where id = $1 limit 1";
        let key: Option<Value> = sqlx::query_scalar(body).bind(arrival.uuid()).fetch_one(&office.pool).await.unwrap();
        (arrival, key)
    };
    let (first, other) = (kept("Casey Smith", false).await, kept("Robin Lee", false).await);
    assert!(first.0 != other.0 && first.1.is_some() && first.1 == other.1, "the qualifier sees that it is reused");
    assert_eq!(kept("Robin Lee", false).await, other, "a second click");
    let (first, other) = (kept("Casey Smith", true).await, kept("Robin Lee", true).await);
    assert!(first.0 != other.0 && first.1.is_none() && other.1.is_none(), "both become leads");
    assert_eq!(kept("Robin Lee", true).await, other, "a second click");
}

#[tokio::test]
async fn an_agent_enters_nobody_for_clients_they_do_not_work_for() {
    let office = office().await;
    let (acme, other) = (office.client("Acme").await, office.client("Other").await);
    let own = source(&office, &acme, Channel::TradeShow).await;
    let foreign = source(&office, &other, Channel::TradeShow).await;
    let (id, lee) = office.agent("lee").await;
    assert_eq!(sources(&office.actions, &lee).await.unwrap().len(), 2, "they work for all");
    let of_acme = SetUser { clients: Some(vec!["acme".to_owned()]), ..SetUser::of(id) };
    office.actions.run(&operator(), &of_acme).await.unwrap();
    let offered = sources(&office.actions, &lee).await.unwrap();
    assert_eq!(offered.iter().map(|source| source.id).collect::<Vec<_>>(), [own]);
    assert_eq!(fields(office.actions.run(&lee, &enter(foreign)).await), ["source"]);
    assert_eq!(office.count("select count(*) from spool").await, 0);
    office.actions.run(&lee, &enter(own)).await.unwrap();
    let manager = Actor::user(id, "lee", UserRole::Manager, None);
    office.actions.run(&manager, &enter(foreign)).await.unwrap();
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
    let unknown = SourceId::from_uuid(Uuid::nil());
    assert_eq!(fields(office.actions.run(&operator(), &enter(unknown)).await), ["source"]);
    let wrong = EnterLead { source: unknown, phone: "0123".to_owned(), ..wrong };
    let told = fields(office.actions.run(&operator(), &wrong).await);
    assert_eq!(told, ["source", "name", "email", "locale"], "nobody knows of which country the number is");
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

/// Everything that a broker reads of a lead, as a text.
async fn all_read(office: &Office, actor: &Actor, lead: LeadId) -> String {
    let query = LeadQuery { order: LeadOrder::Arrival, limit: 50, ..LeadQuery::default() };
    let mut listed = list(&office.actions, actor, &query).await.unwrap().leads;
    listed.retain(|one| one.id == lead);
    let page = lead_page::show(&office.actions, actor, lead).await.unwrap();
    let gates = gates(&office.actions, actor, lead, None).await.unwrap();
    format!("{listed:?} {page:?} {gates:?}")
}

#[tokio::test]
async fn words_about_whom_the_client_does_not_have_are_no_brokers_to_read() {
    let office = office().await;
    let acme = office.client("Acme").await;
    let broker = user(UserRole::Broker, Some(acme.id));
    // The address is of whom the client has: of two persons the first keeps it.
    let had = office.delivered(&acme).await;
    let worked = office.worked(&acme).await;
    let rep = AddRep { client: "acme".to_owned(), name: "Dana Hill".to_owned(), email: "dana@example.com".to_owned() };
    office.done(&rep).await;
    let wish = SlotWish { lead: worked, rep: "Dana Hill".to_owned(), at: "2026-11-21T10:00".parse().unwrap() };
    let booked = office.done(&BookAppointment { wish, note: Some("with Maria".to_owned()) }).await;
    let why = "is the sister of Maria".to_owned();
    office.done(&CancelAppointment { appointment: booked.record.appointment.id, why: why.clone() }).await;
    office.done(&CloseLead { lead: worked, why: why.clone() }).await;
    let judged = "insert into outcome (delivery_id, number, lead_id, client_id, kind, reason, at, happened_at, how, said_by)
        select d.id, 1, d.lead_id, d.client_id, 'returned', 'ask Maria', d.created_at, d.created_at, 'api', 'CRM' from delivery d";
    office.sql(judged.to_owned()).await;
    let said = all_read(&office, &broker, had.lead).await;
    assert!(said.contains("ask Maria"), "the client has it: {said}");
    office.sql(format!("update delivery set reason = '{why}'")).await;
    office.done(&StopLead { lead: had.lead, touch: None, for_firm: true, why }).await;
    office.sql("update suppression set reason = 'asked in the name of Maria'".to_owned()).await;
    for lead in [worked, had.lead] {
        let firm = all_read(&office, &operator(), lead).await;
        assert!(firm.contains("Maria"), "{firm}");
        let told = all_read(&office, &broker, lead).await;
        assert!(!told.contains("Maria") && told.contains("is_withheld: true"), "{told}");
    }
}

#[tokio::test]
async fn who_asked_not_to_be_contacted_is_withheld_by_one_rule_whatever_leads_to_them_by_now() {
    let office = office().await;
    let acme = office.client("Acme").await;
    let lead = office.delivered(&acme).await.lead;
    let broker = user(UserRole::Broker, Some(acme.id));
    // The number that was suppressed turned out to be somebody else's; the wish is the person's all the same.
    office.sql("update person set do_not_contact = true".to_owned()).await;
    office
        .sql(
            "insert into person_identity (client_id, kind, value, person_id)
              select client_id, 'phone', '+13125550142', person_id from lead"
                .to_owned(),
        )
        .await;
    let query = LeadQuery { order: LeadOrder::Arrival, limit: 50, ..LeadQuery::default() };
    let listed = list(&office.actions, &broker, &query).await.unwrap().leads;
    let page = lead_page::show(&office.actions, &broker, lead).await.unwrap();
    assert!(listed[0].name.is_none() && page.is_withheld && page.ways.is_empty());
    let firm = lead_page::show(&office.actions, &operator(), lead).await.unwrap();
    assert_eq!(firm.suppressed.as_deref(), Some("the person asked not to be contacted"));
    let dial = DialCall { call: CallId::from_uuid(Uuid::from_u128(1)), lead, number: None, anyway: true };
    let refused = office.actions.run(&operator(), &dial).await;
    assert!(matches!(refused, Err(Refusal::Conflict { code: "do_not_contact", .. })), "{refused:?}");
}

#[tokio::test]
async fn what_a_client_has_stays_with_it_when_its_grade_falls() {
    let office = office().await;
    let acme = office.client("Acme").await;
    let sent = office.delivered(&acme).await.lead;
    sqlx::query("update lead set grade = 'B', score = 50").execute(&office.pool).await.unwrap();
    let with_client = async || {
        let why = gates(&office.actions, &operator(), sent, None).await.unwrap();
        shut(&why.gates).find(|gate| gate.kind == GateKind::WithClient).map(|gate| gate.words.clone())
    };
    let filter = LeadFilter { stages: OPEN_STAGES.to_vec(), is_with_client: true, ..LeadFilter::default() };
    let query = LeadQuery { filter: filter.clone(), order: LeadOrder::Arrival, limit: 50, ..LeadQuery::default() };
    let listed = async || {
        let leads = list(&office.actions, &operator(), &query).await.unwrap().leads;
        let counted = count(&office.actions, &operator(), None, &filter).await.unwrap().n;
        assert_eq!(usize::try_from(counted).unwrap(), leads.len());
        leads.iter().map(|lead| lead.id).collect::<Vec<_>>()
    };
    assert_eq!(with_client().await.as_deref(), Some("the client has it"));
    assert_eq!(listed().await, [sent]);
    let refused = office.actions.run(&operator(), &close(sent)).await;
    assert!(matches!(refused, Err(Refusal::Conflict { code: "with_client", .. })), "{refused:?}");
    let given_back = "update lead set returned_at = matured_at + interval '1 hour'";
    sqlx::query(given_back).execute(&office.pool).await.unwrap();
    assert_eq!((with_client().await, listed().await), (None, vec![]));
}

#[tokio::test]
async fn what_the_firm_took_back_itself_is_no_return_by_the_client() {
    let office = office().await;
    let sent = office.delivered(&office.client("Acme").await).await.lead;
    let agent = UserId::from_uuid(Uuid::from_u128(7));
    let touch = "insert into touch (id, lead_id, client_id, at, by, disposition, answers, round, user_id)
        select id, id, client_id, matured_at - interval '1 minute', 'Lee', 'answered', 0, false, $1 from lead";
    sqlx::query(touch).bind(agent.uuid()).execute(&office.pool).await.unwrap();
    let now = office.actions.clock.now();
    let returned = async |recalled: &str| {
        let back = format!("update lead set returned_at = matured_at + interval '1 hour', recalled_at = {recalled}");
        office.sql(back).await;
        let day = SignedDuration::from_hours(24);
        let followed = Some(TouchFollowed::Returned);
        let touched = TouchedFilter { user: agent, from: now - day, to: now + day, how: Vec::new(), followed };
        let filter = LeadFilter { touched: Some(touched), ..LeadFilter::default() };
        let query = LeadQuery { filter, order: LeadOrder::Arrival, limit: 50, ..LeadQuery::default() };
        let leads = list(&office.actions, &operator(), &query).await.unwrap().leads;
        leads.iter().map(|lead| lead.id).collect::<Vec<_>>()
    };
    assert_eq!(returned("null").await, [sent]);
    assert!(returned("matured_at + interval '1 hour'").await.is_empty());
}
