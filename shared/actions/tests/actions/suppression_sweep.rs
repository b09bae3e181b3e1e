//! Wishes that a version before did not hear are followed as if they came today: once, and not where somebody has lifted them since. Whoever
//! was not told is told by the lead.

use ripen_actions::{
    Refusal,
    lead_stop::SuppressPerson,
    person::PersonQuery,
    suppression::{LiftSuppression, SuppressIdentity},
    suppression_sweep::{SweepWishes, SweptWishes},
};
use ripen_domain::{
    actor::UserRole,
    id::{ArrivalId, ClientId},
};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::harness::{Office, fields, office, operator, user};

impl Office {
    /// Four leads, of whom the second came out of a form, the third says nothing and the fourth was let be contacted since; and two arrivals
    /// in the quarantine, the second a bot's. All of before an upgrade.
    async fn unheard(&self, client: ClientId) {
        let client = client.uuid();
        let sql = format!(
            "set session_replication_role = replica;
             update _sqlx_migrations set installed_on = '2031-01-01' where version = 37;
             create temporary table n as select i, lpad(i::text, 32, '0')::uuid as id, timestamptz '2026-11-01 10:00Z' as at from generate_series(1, 6) i;
             insert into source (id, client_id, name, channel, token_hash, created_at)
               select id, '{client}', 'Web site', 'web_form', decode(repeat('00', 32), 'hex'), at from n where i = 1;
             insert into person (id, client_id, email, country, created_at, updated_at)
               select id, '{client}', i || '@example.com', 'US', at, at from n where i < 5;
             insert into person_identity (client_id, kind, value, person_id)
               select '{client}'::uuid, 'email', i || '@example.com', id from n where i < 5
               union all select '{client}'::uuid, 'phone', '+1312200000' || i, id from n where i < 3;
             insert into lead (id, client_id, program_id, person_id, source_id, channel, arrivals, enquiries, first_arrived_at,
                               last_arrived_at, last_enquiry_at, created_at)
               select n.id, '{client}', p.id, n.id, lpad('1', 32, '0')::uuid, 'web_form', 1, 1, at, at, at, at
               from n cross join program p where p.is_default and i < 5;
             insert into touch (id, lead_id, client_id, at, by, disposition, answers, round, wish_lifted_at)
               select id, id, '{client}', at + interval '1 day', 'Kim', 'do_not_contact', 0, false, at + interval '2 days' from n where i = 4;
             insert into arrival (id, client_id, source_id, person_id, lead_id, sameness, state, reason, content, received_at, media_type,
                                  by_visitor, submission, flags)
               select id, '{client}', lpad('1', 32, '0')::uuid, case when i < 5 then id end, case when i < 5 then id end, 'content',
                      case when i < 5 then 'graded' else 'quarantined' end, case i when 5 then 'source_paused' when 6 then 'honeypot' end,
                      decode(repeat('00', 16), 'hex'), at, 'application/json', i = 2,
                      json_build_object('email', i || '@example.com', 'notes', case when i = 2 then 'DNC' else 'garden' end,
                                        'extra', case when i in (2, 3) then '{{}}'::json else '{{\"Do Not Call\": \"yes\"}}'::json end), '{{}}' from n;
             drop table n; set session_replication_role = default;"
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.pool).await.unwrap();
    }

    async fn swept(&self, after: Option<ArrivalId>) -> SweptWishes {
        self.done(&SweepWishes { after }).await
    }
}

/// The number of each arrival with a wish, how many entries it added, and whether it was lifted.
fn wishes(swept: &SweptWishes) -> Vec<String> {
    let told = swept.wishes.iter().map(|wish| {
        let lifted = if wish.is_lifted { ", lifted" } else { "" };
        let lifted = if wish.is_unclear { ", unclear" } else { lifted };
        format!("{}: {}{lifted}", wish.arrival.uuid().as_u128(), wish.added)
    });
    told.collect()
}

#[tokio::test]
async fn what_was_not_heard_is_suppressed_once_and_what_was_lifted_is_left_alone() {
    let office = office().await;
    let client = office.client("Acme").await;
    office.unheard(client.id).await;
    let of_a_client = user(UserRole::Broker, Some(client.id));
    let refused = office.actions.run(&of_a_client, &SweepWishes::default()).await;
    assert!(matches!(refused, Err(Refusal::Forbidden { .. })));
    let before = office.audited().await.len();

    let rehearsed = office.actions.rehearse(&operator(), &SweepWishes::default()).await.unwrap();
    assert_eq!(office.count("select count(*) from suppression").await, 0, "nothing is done");
    assert_eq!(office.count("select count(*) from suppression_sweep").await, 0);
    let swept = office.swept(None).await;
    assert_eq!(swept, rehearsed);
    // The sender's word is about everything that leads to the person, a visitor's about what the form names.
    assert_eq!((swept.read, wishes(&swept)), (5, ["1: 1", "2: 1", "4: 0, lifted", "5: 1"].map(str::to_owned).to_vec()));
    assert_eq!(office.count("select count(*) from suppression").await, 4);
    assert_eq!(office.count("select count(*) from person where do_not_contact").await, 2);
    assert_eq!(office.count("select count(*) from regrade").await, 2, "their leads are decided again");
    assert_eq!(office.audited().await.len() - before, 3);
    assert_eq!(office.actions.store.wishes_unheard(operator().scope()).await.unwrap(), []);

    let lift = LiftSuppression {
        of: PersonQuery { email: Some("2@example.com".to_owned()), phone: None },
        client: Some(client.slug),
        why: "wrote that we may".to_owned(),
    };
    office.done(&lift).await;
    assert_eq!(office.swept(None).await, SweptWishes::default(), "each is read once");
    assert_eq!(office.count("select count(*) from suppression").await, 3);
    // Also where all of it is read again: who is barred stays so, and whose entry was taken away nobody knows.
    let again = office.swept(Some(ArrivalId::from_uuid(Uuid::nil()))).await;
    assert_eq!(
        (again.read, wishes(&again)),
        (5, ["1: 0", "2: 0, unclear", "4: 0, lifted", "5: 0, unclear"].map(str::to_owned).to_vec())
    );
    assert_eq!(office.count("select count(*) from suppression").await, 3);
}

#[tokio::test]
async fn who_was_let_be_contacted_before_the_first_sweep_is_not_suppressed_by_it() {
    let office = office().await;
    let client = office.client("Acme").await;
    office.unheard(client.id).await;
    let of = || PersonQuery { email: Some("1@example.com".to_owned()), phone: None };
    let why = "asked by letter".to_owned();
    office.done(&SuppressIdentity { of: of(), client: Some(client.slug.clone()), why }).await;
    let why = "wrote that we may".to_owned();
    office.done(&LiftSuppression { of: of(), client: Some(client.slug), why }).await;
    let swept = office.swept(None).await;
    assert_eq!(wishes(&swept), ["1: 0, unclear", "2: 0, unclear", "4: 0, lifted", "5: 0, unclear"]);
    assert_eq!(office.count("select count(*) from suppression").await, 0);
}

#[tokio::test]
async fn an_old_note_that_says_more_than_the_wish_is_named_and_nothing_follows() {
    let office = office().await;
    let client = office.client("Acme").await;
    office.unheard(client.id).await;
    office
        .sql(
            r#"update arrival set submission = '{"email": "1@example.com", "notes": "Please do not call. Email me instead."}'
               where reason is null and (submission ->> 'email') = '1@example.com'"#
                .to_owned(),
        )
        .await;
    let swept = office.swept(None).await;
    assert_eq!(wishes(&swept), ["1: 0, unclear", "2: 1", "4: 0, lifted", "5: 1"]);
    assert_eq!(office.count("select count(*) from suppression where client_id is not null").await, 2);
}

#[tokio::test]
async fn where_no_version_before_was_there_is_nothing_to_read() {
    let office = office().await;
    let client = office.client("Acme").await;
    office.unheard(client.id).await;
    sqlx::raw_sql("update _sqlx_migrations set installed_on = (select min(installed_on) from _sqlx_migrations)")
        .execute(&office.pool)
        .await
        .unwrap();
    assert_eq!(office.swept(None).await, SweptWishes::default());
}

#[tokio::test]
async fn whoever_was_sent_a_lead_is_told_by_the_lead_where_nothing_leads_to_its_person_any_more() {
    let office = office().await;
    let acme = office.client("Acme").await;
    let lead = office.delivered(&acme).await.lead;
    office
        .sql(
            "update person set do_not_contact = true; update person_identity set void_at = now(), void_by = 'Kim'"
                .to_owned(),
        )
        .await;
    let untold = async || office.actions.store.leads_untold(operator().scope()).await.unwrap().len();
    assert_eq!(untold().await, 1);
    let request = SuppressPerson { lead, why: "asked by letter".to_owned() };
    let done = office.actions.run(&operator(), &request).await.unwrap();
    assert_eq!((done.persons, done.told, untold().await), (1, 1, 0));
    assert_eq!(office.actions.run(&operator(), &request).await.unwrap().persons, 1);
    assert_eq!(office.count("select count(*) from delivery where event = 'lead.suppressed'").await, 1, "told once");
    let without = SuppressPerson { why: " ".to_owned(), ..request };
    assert_eq!(fields(office.actions.run(&operator(), &without).await), ["why"]);
}
