//! Pages, filters and counts of lists.

use ripen_domain::{actor::Actor, id::ClientId};
use ripen_testkit::postgres::{TestDatabase, database};
use sqlx::{Connection as _, Executor as _, PgConnection};

use super::*;
use crate::StoreOptions;

/// Thirty leads of client 9: every third closed, every second touched, points that fall, a next step of the open ones that comes the
/// later the lead's number, the first twice; of 5 one that waits for criteria, of 8 one that was agreed, of 11 something held.
const FILL: &str = r"
    set session_replication_role = replica;
    create function pg_temp.i(number integer) returns uuid language sql as $$ select lpad(to_hex(number), 32, '0')::uuid $$;
    create temporary table n as select i, pg_temp.i(i) as id, pg_temp.i(9) as client, timestamptz '2026-11-01 00:00Z' + i * interval '1 hour' as at
      from generate_series(1, 30) i;
    insert into client (id, slug, name, country, time_zone, created_at) values (pg_temp.i(9), 'c9', 'C', 'US', 'UTC', timestamptz '2026-01-01Z');
    insert into program (id, name, created_at) values (pg_temp.i(9), 'homes', timestamptz '2026-01-01Z');
    insert into source (id, client_id, name, channel, token_hash, created_at)
      values (pg_temp.i(9), pg_temp.i(9), 'Site', 'web_form', decode(repeat('00', 32), 'hex'), timestamptz '2026-01-01Z');
    insert into person (id, client_id, name, created_at, updated_at) select id, client, 'Person ' || i, at, at from n;
    insert into lead (id, client_id, program_id, person_id, source_id, channel, arrivals, enquiries, first_arrived_at, last_arrived_at,
                      last_enquiry_at, created_at, stage, closed_at, closed_reason, touches, grade, score, criteria_id, decision_id)
      select id, client, client, id, client, 'web_form', 1, 1, at, at, at, at, case when i % 3 = 0 then 'closed' else 'lead' end,
             case when i % 3 = 0 then at end, case when i % 3 = 0 then 'x' end, i % 2,
             case when i <> 1 then case when i < 10 then 'B' else 'C' end end, case when i <> 1 then 60 - i end,
             case when i <> 1 then client end, case when i <> 1 then id end from n;
    insert into promise (lead_id, generation, client_id, kind, state, due_at, why, from_whom, offered_until, created_at, agreed)
      select id, 1, client, case when i = 5 then 'activation' else 'requalify' end, case when i = 2 then 'work' else 'scheduled' end,
             case when i <> 5 then timestamptz '2026-11-20Z' + i * interval '1 day' end, 'x', 'x', at, at, i = 8 from n where i % 3 > 0;
    insert into promise (lead_id, generation, client_id, kind, state, due_at, why, from_whom, offered_until, created_at)
      select id, 2, client, 'same_person', 'work', timestamptz '2026-11-30Z', 'x', 'x', at, at from n where i = 1;
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, due_at, offered_until, created_at)
      select id, client, id, id, client, 'held', at, at, at from n where i = 11;
    set session_replication_role = origin";

struct SeededLists {
    store: Store,
    database: TestDatabase,
}

impl SeededLists {
    async fn new() -> Self {
        let database = database().await;
        let mut connection = PgConnection::connect(database.url()).await.unwrap();
        connection.execute(FILL).await.unwrap();
        connection.close().await.unwrap();
        Self { store: Store::open(&StoreOptions::new(database.url(), 4)).unwrap(), database }
    }

    /// Every page of a list, put together.
    async fn all(&self, filter: &LeadFilter, order: LeadOrder) -> Vec<u128> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let span = LeadSpan { order, after, limit: 4 };
            let page = self.store.leads_list(scope(), filter, span).await.unwrap();
            let Some(last) = page.last() else { return found };
            after = Some(last.cursor(order));
            found.extend(page.iter().map(|lead| lead.id.uuid().as_u128()));
        }
    }

    async fn count(&self, filter: &LeadFilter, most: i64) -> i64 {
        self.store.leads_count(scope(), filter, most).await.unwrap()
    }
}

fn scope() -> Scope {
    Actor::operator("kim").scope()
}

fn open() -> LeadFilter {
    LeadFilter { stages: vec![Stage::Lead, Stage::Contact, Stage::Opportunity], ..LeadFilter::default() }
}

#[tokio::test]
async fn pages_of_each_order_hold_every_lead_once() {
    let listed = SeededLists::new().await;
    let by_step = listed.all(&open(), LeadOrder::Step).await;
    let mut expected: Vec<u128> = (1..=30).filter(|i| i % 3 > 0 && *i != 5).collect();
    expected.push(5);
    assert_eq!(by_step, expected, "the earliest first, each once, what waits for criteria last");
    let by_arrival = listed.all(&LeadFilter::default(), LeadOrder::Arrival).await;
    assert_eq!(by_arrival, (1..=30).rev().collect::<Vec<_>>());
    let by_score = listed.all(&LeadFilter::default(), LeadOrder::Score).await;
    assert_eq!(by_score, (2..=30).chain([1]).collect::<Vec<_>>(), "without points last");
}

#[tokio::test]
async fn a_count_is_that_of_its_list() {
    let listed = SeededLists::new().await;
    let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
    for filter in [
        open(),
        LeadFilter::default(),
        LeadFilter { stages: vec![Stage::Closed], ..LeadFilter::default() },
        LeadFilter { is_untouched: true, ..open() },
        LeadFilter { program: Some("homes".to_owned()), ..open() },
        LeadFilter { program: Some("homes".to_owned()), stages: vec![Stage::Contact], ..LeadFilter::default() },
        LeadFilter { program: Some("homes".to_owned()), is_agreed: true, ..open() },
        LeadFilter { is_held: true, ..open() },
        LeadFilter { is_agreed: true, ..open() },
        LeadFilter { due_before: at("2026-11-25T00:00:00Z"), ..open() },
        LeadFilter { due_from: at("2026-11-25T00:00:00Z"), due_before: at("2026-12-01T00:00:00Z"), ..open() },
        LeadFilter { grade: Some(GradeFilter::Undecided), ..open() },
        LeadFilter { grade: Some(GradeFilter::Is(Grade::C)), ..open() },
        LeadFilter { from: at("2026-11-01T10:00:00Z"), to: at("2026-11-01T20:00:00Z"), ..LeadFilter::default() },
        LeadFilter { channel: Some(Channel::Phone), ..open() },
        LeadFilter { source: Some(SourceId::from_uuid(Uuid::from_u128(9))), ..open() },
        LeadFilter { is_with_client: true, ..open() },
        LeadFilter { is_with_client: true, grade: Some(GradeFilter::Is(Grade::B)), ..open() },
        LeadFilter { stages: vec![Stage::Contact], ..LeadFilter::default() },
        LeadFilter { is_held: true, grade: Some(GradeFilter::Is(Grade::C)), ..open() },
        LeadFilter { is_agreed: true, grade: Some(GradeFilter::Is(Grade::C)), ..open() },
    ] {
        let n = listed.count(&filter, 1_000).await;
        for order in [LeadOrder::Arrival, LeadOrder::Score] {
            assert_eq!(listed.all(&filter, order).await.len(), usize::try_from(n).unwrap(), "{filter:?} {order:?}");
        }
        // All are of one program: of another there are none, however they are looked for.
        let of_another = LeadFilter { program: Some("mortgages".to_owned()), ..filter.clone() };
        assert_eq!(listed.count(&of_another, 1_000).await, 0, "{filter:?}");
        assert!(listed.all(&of_another, LeadOrder::Arrival).await.is_empty(), "{filter:?}");
        if filter.is_about_steps() {
            assert_eq!(listed.all(&filter, LeadOrder::Step).await.len(), usize::try_from(n).unwrap(), "{filter:?}");
        }
    }
    assert_eq!(listed.count(&open(), 7).await, 7, "counting ends");
    assert_eq!(listed.count(&LeadFilter { due_before: at("2027-01-01T00:00:00Z"), ..open() }, 7).await, 7);
}

#[tokio::test]
async fn another_clients_leads_are_in_no_list() {
    let listed = SeededLists::new().await;
    let foreign = scope().within(ClientId::from_uuid(Uuid::from_u128(8)));
    for filter in [
        LeadFilter::default(),
        open(),
        LeadFilter { source: Some(SourceId::from_uuid(Uuid::from_u128(9))), ..LeadFilter::default() },
        LeadFilter { grade: Some(GradeFilter::Is(Grade::C)), ..LeadFilter::default() },
    ] {
        for order in [LeadOrder::Step, LeadOrder::Arrival, LeadOrder::Score] {
            let span = LeadSpan { order, after: None, limit: 50 };
            assert!(listed.store.leads_list(foreign, &filter, span).await.unwrap().is_empty(), "{filter:?}");
        }
        assert_eq!(listed.store.leads_count(foreign, &filter, 50).await.unwrap(), 0, "{filter:?}");
    }
    let first = LeadId::from_uuid(Uuid::from_u128(1));
    assert!(listed.store.leads_of_list(foreign, &[first]).await.unwrap().is_empty());
    let shown = listed.store.leads_of_list(scope(), &[first]).await.unwrap().pop().unwrap();
    assert_eq!((shown.name.as_deref(), shown.step.map(|step| step.kind)), (Some("Person 1"), Some(Kind::Requalify)));
}

#[tokio::test]
async fn by_days_alone_the_hours_of_one_day_make_no_order() {
    let listed = SeededLists::new().await;
    let mut connection = PgConnection::connect(listed.database.url()).await.unwrap();
    // The later the number, the earlier on the same day.
    let same_day = "set session_replication_role = replica;
        update promise set due_at = timestamptz '2026-12-01 12:00Z' - ('x' || right(lead_id::text, 4))::bit(16)::integer * interval '1 minute'
          where due_at is not null and lead_id >= lpad(to_hex(10), 32, '0')::uuid";
    connection.execute(same_day).await.unwrap();
    connection.close().await.unwrap();
    let by_hour = listed.all(&open(), LeadOrder::Step).await;
    assert_eq!(by_hour, [1, 2, 4, 7, 8, 29, 28, 26, 25, 23, 22, 20, 19, 17, 16, 14, 13, 11, 10, 5]);
    let zone = TimeZone::get("America/Chicago").unwrap();
    let (mut by_day, mut after) = (Vec::new(), None);
    loop {
        let span = LeadSpan { order: LeadOrder::Step, after, limit: 4 };
        let page = listed.store.leads_list_by_day(scope(), &open(), span, &zone).await.unwrap();
        let Some(last) = page.last() else { break };
        // The day alone: where the last lead stands by then is nothing to the next page.
        after = Some(last.cursor(LeadOrder::Step).day(&zone));
        by_day.extend(page.iter().map(|lead| lead.id.uuid().as_u128()));
    }
    assert_eq!(by_day, [1, 2, 4, 7, 8, 10, 11, 13, 14, 16, 17, 19, 20, 22, 23, 25, 26, 28, 29, 5]);
}
