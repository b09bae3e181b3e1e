//! Three leads of a client with a webhook and a fallback, for tests of what becomes of their deliveries.

use std::time::Duration;

use jiff::Timestamp;
use ripen_domain::id::DeliveryId;
use ripen_testkit::postgres::{TestDatabase, database};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use uuid::Uuid;

use crate::{
    Store, StoreOptions,
    delivery::{
        lease::{LeaseRequest, MailRoom},
        leased_delivery::LeasedDelivery,
    },
    slot::SlotPlace,
};

/// Everything of a lead has the lead's number as its id, but for the endpoints: 1 is the webhook, 9 the fallback. They matured at
/// 9:40, and are owed to the webhook, once attempted. `pg_temp.rep_with_mail` adds a rep whose number is their own id and that of the
/// address that they are mailed at.
const BEGIN: &str = "
    set session_replication_role = replica;
    create function pg_temp.i(number integer) returns uuid language sql as $$ select lpad(to_hex(number), 32, '0')::uuid $$;
    create temporary table n as select pg_temp.i(number) as id, timestamptz '2026-11-24 09:40Z' as at from generate_series(1, 3) number;
    create function pg_temp.rep_with_mail(number integer, called text) returns void language sql as $$
      insert into rep (id, client_id, name, email, created_at)
        select pg_temp.i(number), pg_temp.i(1), called, lower(called) || '@client.example', at from n limit 1;
      insert into endpoint (id, client_id, kind, name, address, rep_id, created_at)
        select id, client_id, 'email', name, email, id, created_at from rep where id = pg_temp.i(number) $$;
    insert into client (id, slug, name, country, time_zone, created_at) select id, 'acme', 'Acme', 'US', 'UTC', at from n limit 1;
    insert into program (id, name, created_at) select id, 'homes', at from n limit 1;
    insert into criteria (id, program_id, version, hash, document, dictionary, created_at)
      select id, id, 1, decode(repeat('00', 16), 'hex'), '', '', at from n limit 1;
    insert into source (id, client_id, name, channel, token_hash, created_at)
      select id, id, 'Site', 'web_form', decode(repeat('00', 32), 'hex'), at from n limit 1;
    insert into person (id, client_id, created_at, updated_at) select id, pg_temp.i(1), at, at from n;
    insert into lead (id, client_id, program_id, person_id, source_id, channel, arrivals, enquiries, first_arrived_at, last_arrived_at,
                      last_enquiry_at, grade, score, criteria_id, decision_id, matured_at, created_at)
      select id, pg_temp.i(1), pg_temp.i(1), id, pg_temp.i(1), 'web_form', 1, 1, at, at, at, 'A', 70, pg_temp.i(1), id, at, at from n;
    insert into decision (id, lead_id, client_id, criteria_id, at, grade, score, receipt)
      select id, id, pg_temp.i(1), pg_temp.i(1), at, 'A', 70, 'null' from n;
    insert into maturation (id, lead_id, client_id, decision_id, at) select id, id, pg_temp.i(1), id, at from n;
    insert into endpoint (id, client_id, kind, name, url, created_at)
      select id, id, 'webhook', 'CRM', 'https://crm.client.example/leads', at from n limit 1;
    insert into endpoint (id, client_id, kind, name, address, by_name, is_fallback, created_at)
      select pg_temp.i(9), id, 'email', 'Office', 'office@client.example', true, true, at from n limit 1;
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, attempts, due_at, offered_until, created_at)
      select id, pg_temp.i(1), id, id, pg_temp.i(1), 'pending', 1, at, at, at from n;";

/// Takes out what was put in and all that refers to it. Row by row: to truncate makes the files of some hundred tables and indexes anew,
/// which takes fifty times as long.
const EMPTY: &str = "
    do $empty$ declare held text; begin
      for held in with recursive reached (id) as (
          select unnest('{client, program, criteria, source, person, lead, decision, maturation, endpoint, delivery, delivery_body, attempt,
                          claim, outcome, regrade}'::regclass[])::oid
          union select c.conrelid from pg_constraint c join reached r on c.confrelid = r.id and c.contype = 'f'
        ) select r.id::regclass::text from reached r join pg_class k on k.oid = r.id where not k.relispartition
      loop execute 'delete from ' || held; end loop;
    end $empty$;
    drop table n; drop function pg_temp.rep_with_mail; drop function pg_temp.i;";

/// The scene, and a connection that changes it.
pub(crate) struct Scene {
    pub(crate) store: Store,
    pub(crate) connection: PgConnection,
    pub(crate) database: TestDatabase,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let database = database().await;
        let store = Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
        let mut connection = PgConnection::connect(database.url()).await.unwrap();
        connection.execute(BEGIN).await.unwrap();
        Self { store, connection, database }
    }

    /// As it was in the beginning.
    pub(crate) async fn again(&mut self) {
        self.run(EMPTY).await;
        self.run(BEGIN).await;
    }

    pub(crate) async fn run(&mut self, sql: &str) {
        self.connection.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
    }

    /// One column of text, in the order of its values.
    pub(crate) async fn texts(&mut self, sql: &str) -> Vec<String> {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
            .persistent(false)
            .fetch_all(&mut self.connection)
            .await
            .unwrap()
    }

    /// State and reason of a delivery.
    pub(crate) async fn state(&mut self, number: u128) -> String {
        let sql =
            format!("select concat_ws(': ', state, reason) from delivery where id = '{}'", Uuid::from_u128(number));
        self.texts(&sql).await.join(", ")
    }

    /// Leases these; the numbers of those that may be sent.
    pub(crate) async fn lease(&self, numbers: &[u128], now: Timestamp) -> Vec<u128> {
        self.lease_writing(numbers, now, |_| b"{}".to_vec()).await
    }

    /// The same, with bodies of their own.
    pub(crate) async fn lease_writing(
        &self,
        numbers: &[u128],
        now: Timestamp,
        write: impl Fn(&LeasedDelivery) -> Vec<u8> + Send,
    ) -> Vec<u128> {
        let deliveries: Vec<_> = numbers.iter().map(|number| delivery(*number)).collect();
        let request = LeaseRequest {
            deliveries: &deliveries,
            lease: LEASE,
            lasts: Duration::from_secs(600),
            busy: &[],
            places: &[SlotPlace::ALONE],
            mail: MailRoom::ANY,
            kept_until: now,
        };
        let granted = self.store.deliveries_lease(&request, now, write).await.unwrap();
        let mut ready: Vec<_> = granted.ready.iter().map(|leased| leased.due.facts.delivery.uuid().as_u128()).collect();
        ready.sort_unstable();
        ready
    }

    pub(crate) async fn end(self) {
        self.connection.close().await.unwrap();
        self.store.close().await;
    }
}

/// The name of every lease.
pub(crate) const LEASE: Uuid = Uuid::from_u128(0x1ea5e);

pub(crate) fn delivery(number: u128) -> DeliveryId {
    DeliveryId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
