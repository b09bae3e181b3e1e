//! Whatever two persons have: after a merge and its undoing all of it is as it was.

use jiff::SignedDuration;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use ripen_domain::actor::Actor;
use ripen_testkit::postgres::database;
use serde_json::Value;

use super::*;
use crate::{Store, StoreOptions, person::merge::PairDecided, pool::PooledConnection};

/// What one of the two has, as bits that the statements below read.
#[derive(Debug, Clone, Copy)]
struct PersonCase {
    /// Which fields are known, and which flags are set.
    known: i32,
    /// The stage of the newest lead, and what is around it.
    lead: i32,
    older_leads: i32,
}

#[derive(Debug, Clone, Copy)]
struct MergeCase {
    earlier: PersonCase,
    later: PersonCase,
    shares_phone: bool,
    is_proposed: bool,
    /// The later one's A lead is held for the earlier one's.
    is_held: bool,
}

fn person() -> impl Strategy<Value = PersonCase> {
    // Nobody who asked not to be contacted: that wish stays with both, and what it withdrew stays withdrawn.
    (0..512, 0..64, 0..3).prop_map(|(known, lead, older_leads)| PersonCase { known, lead, older_leads })
}

fn case() -> impl Strategy<Value = MergeCase> {
    (person(), person(), any::<(bool, bool, bool)>()).prop_map(
        |(earlier, later, (shares_phone, is_proposed, is_held))| MergeCase {
            earlier,
            later,
            shares_phone,
            is_proposed,
            is_held,
        },
    )
}

const PERSON: &str = "
    insert into person (id, client_id, first_name, last_name, name, email, phone, phone_extension, postal_code, country, time_zone,
                        locale, verified, do_not_contact, created_at, updated_at)
    select $1, $2, case when $3 & 1 > 0 then 'Kim' end, case when $3 & 1 > 0 then 'Hill' end, case when $3 & 2 > 0 then 'Kim Hill' end,
           case when $3 & 4 > 0 then $1 || '@example.com' end, case when $3 & 8 > 0 then $4 end,
           case when $3 & 24 = 24 then '12' end, case when $3 & 32 > 0 then '94110' end, case when $3 & 64 > 0 then 'US' end,
           case when $3 & 128 > 0 then 'America/New_York' end, null, $3 & 256 > 0, $3 & 512 > 0, $5, $5";

const IDENTITIES: &str = "
    insert into person_identity (client_id, kind, value, person_id, void_at, void_by, said_at)
    select $2, 'email', $1 || '@example.com', $1::uuid, null::timestamptz, null, $5::timestamptz where $3 & 4 > 0
    union all select $2, 'phone', $4, $1::uuid, case when $3 & 3 = 3 then $5::timestamptz end, case when $3 & 3 = 3 then 'Kim' end,
                     case when $3 & 32 > 0 then $5::timestamptz end
    where $3 & 8 > 0";

/// The newest lead is open or not; older ones are closed.
const LEADS: &str = "
    insert into lead (id, client_id, program_id, person_id, source_id, channel, stage, arrivals, enquiries, first_arrived_at,
                      last_arrived_at, last_enquiry_at, last_conversation_at, matured_at, closed_at, closed_reason, generation, created_at)
    select gen_random_uuid(), $2, $2, $1, $2, 'web_form', case when n > 0 or $3 & 1 > 0 then 'closed' else 'lead' end, 1 + ($3 & 3), 1,
           at - interval '1 day', at, at, case when $3 & 2 > 0 then at end, case when $3 & 4 > 0 then at end,
           case when n > 0 or $3 & 1 > 0 then at end, case when n > 0 or $3 & 1 > 0 then 'over' end, 3, at
    from (select n, $5 - n * interval '30 days' - ($3 & 7) * interval '1 hour' as at from generate_series(0, $4) n) s";

const AROUND: &str = "
    with mine as (select * from lead where person_id = $1), promises as (
      insert into promise (lead_id, generation, client_id, kind, state, due_at, why, from_whom, offered_until, created_at, ended_at)
      select l.id, 1, $2, 'requalify', case when l.stage <> 'lead' then 'kept' when $3 & 8 > 0 then 'work' else 'scheduled' end,
             $4 + interval '1 day', 'again', 'criteria', $4, $4, case when l.stage <> 'lead' then $4 end from mine l
      union all
      select l.id, 2, $2, 'outcome', 'scheduled', $4 + interval '30 days', 'ask', 'criteria', $4, $4, null from mine l
      where l.stage = 'lead' and $3 & 16 > 0
    ), deliveries as (
      insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, reason, due_at, offered_until, attempts,
                            created_at, ended_at)
      select gen_random_uuid(), $2, l.id, gen_random_uuid(), $2,
             case when l.stage <> 'lead' then 'delivered' when $3 & 32 > 0 then 'pending' else 'held' end, null, $4, $4,
             case when $3 & 8 > 0 then 1 else 0 end, $4, case when l.stage <> 'lead' then $4 end from mine l where l.matured_at is not null
    ), answers as (
      insert into answer (lead_id, question, at, origin, value) select id, 'budget', $4, 'agent:Kim', json '5' from mine
      union all select id, 'place', $4 + ($3 & 1) * interval '1 hour', 'agent:Kim', '\"here\"' from mine
    ), notes as (
      insert into note (lead_id, at, by, text, origin) select id, $4 + ($3 & 1) * interval '1 hour', 'Kim', 'rang', '' from mine
    )
    insert into arrival (id, client_id, source_id, person_id, lead_id, sameness, state, content, received_at, media_type, raw,
                         submission, flags)
    select gen_random_uuid(), $2, $2, $1, id, 'content', 'graded', '\\x00', $4, 'application/json', '{}', '{}', '{}' from mine";

/// Everything that a merge may touch, each row as a text.
const DUMP: &str = "
    select jsonb_agg(row order by row::text) from (
      select to_jsonb(p) - 'updated_at' as row from person p where client_id = $1
      union all select to_jsonb(i) from person_identity i where client_id = $1
      union all select to_jsonb(l) from lead l where client_id = $1
      union all select to_jsonb(p) from promise p where client_id = $1
      union all select to_jsonb(d) - 'offered_until' from delivery d where client_id = $1
      union all select to_jsonb(a) from answer a join lead l on l.id = a.lead_id where l.client_id = $1
      union all select to_jsonb(n) from note n join lead l on l.id = n.lead_id where l.client_id = $1
      union all select to_jsonb(a) from arrival a where client_id = $1
      union all select to_jsonb(p) from person_pair p where client_id = $1) rows";

fn now() -> Timestamp {
    "2026-11-24T18:00:00Z".parse().unwrap()
}

struct Pair {
    client: Uuid,
    earlier: Uuid,
    later: Uuid,
}

async fn fill(connection: &mut PooledConnection, case: MergeCase) -> Pair {
    sqlx::query("set session_replication_role = replica").execute(connection.bounded()).await.unwrap();
    let pair =
        Pair { client: Uuid::from_u128(rand(1)), earlier: Uuid::from_u128(rand(2)), later: Uuid::from_u128(rand(3)) };
    for (id, of, phone, days) in [
        (pair.earlier, case.earlier, "+14155550141", 90),
        (pair.later, case.later, if case.shares_phone { "+14155550141" } else { "+14155550142" }, 60),
    ] {
        let since = (now() - SignedDuration::from_hours(24 * days)).to_sqlx();
        let write = sqlx::query(PERSON).bind(id).bind(pair.client).bind(of.known).bind(phone).bind(since);
        write.execute(connection.bounded()).await.unwrap();
        let write = sqlx::query(IDENTITIES).bind(id).bind(pair.client).bind(of.known).bind(phone).bind(since);
        write.execute(connection.bounded()).await.unwrap();
        let write =
            sqlx::query(LEADS).bind(id).bind(pair.client).bind(of.lead).bind(of.older_leads).bind(now().to_sqlx());
        write.execute(connection.bounded()).await.unwrap();
        let at = (now() - SignedDuration::from_hours(1)).to_sqlx();
        let write = sqlx::query(AROUND).bind(id).bind(pair.client).bind(of.lead).bind(at);
        write.execute(connection.bounded()).await.unwrap();
    }
    if case.is_held {
        let hold = "with held as (
              update delivery d set state = 'held', endpoint_id = null, same_as = o.id, reason = 'perhaps the same', attempts = 0
              from lead l, lead o where d.lead_id = l.id and l.person_id = $2 and l.stage = 'lead' and o.person_id = $1 and o.stage = 'lead'
              returning d.lead_id)
            insert into promise (lead_id, generation, client_id, kind, state, due_at, why, from_whom, offered_until, created_at)
            select lead_id, 3, $3, 'same_person', 'work', $4, 'whose', 'criteria', $4, $4 from held";
        let at = (now() - SignedDuration::from_hours(1)).to_sqlx();
        let write = sqlx::query(hold).bind(pair.earlier).bind(pair.later).bind(pair.client).bind(at);
        write.execute(connection.bounded()).await.unwrap();
    }
    if case.is_proposed {
        let propose =
            "insert into person_pair (earlier_id, later_id, client_id, why, at) values ($1, $2, $3, 'fits both', $4)";
        let write = sqlx::query(propose).bind(pair.earlier).bind(pair.later).bind(pair.client).bind(now().to_sqlx());
        write.execute(connection.bounded()).await.unwrap();
    }
    sqlx::query("set session_replication_role = origin").execute(connection.bounded()).await.unwrap();
    pair
}

/// Another number for each call: cases share one database.
fn rand(of: u128) -> u128 {
    static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    (u128::from(COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) << 8) | of
}

async fn dump(connection: &mut PooledConnection, client: Uuid) -> Vec<Value> {
    let rows: Option<Value> = sqlx::query_scalar(DUMP).bind(client).fetch_one(connection.bounded()).await.unwrap();
    rows.and_then(|rows| rows.as_array().cloned()).unwrap_or_default()
}

async fn there_and_back(store: &Store, case: MergeCase) {
    let mut connection = store.pool.acquire().await.unwrap();
    let pair = fill(&mut connection, case).await;
    let before = dump(&mut connection, pair.client).await;
    let kim = Actor::operator("Kim");
    let scope = kim.scope();
    let (one, other) = (PersonId::from_uuid(pair.earlier), PersonId::from_uuid(pair.later));
    let mut tx = store.begin().await.unwrap();
    let merged = tx.persons_merge(scope, (one, other), &PairWord { by: &kim, why: "looks so", at: now() }).await;
    assert!(matches!(merged, Ok(PairDecided::Done(_))), "{merged:?}");
    tx.commit().await.unwrap();

    let later = now() + SignedDuration::from_mins(5);
    let word = PairWord { by: &kim, why: "a mistake", at: later };
    let mut tx = store.begin().await.unwrap();
    let undone = tx.persons_unmerge(scope, other, &word).await;
    assert!(matches!(undone, Ok(Unmerged::Done(_))), "{undone:?}");
    let again = tx.persons_unmerge(scope, one, &word).await;
    assert!(matches!(again, Ok(Unmerged::NotMerged)), "{again:?}");
    tx.commit().await.unwrap();
    let after = dump(&mut connection, pair.client).await;
    let only = |these: &[Value], those: &[Value]| {
        these.iter().filter(|row| !those.contains(row)).map(Value::to_string).collect::<Vec<_>>().join("\n")
    };
    assert!(before == after, "before:\n{}\nafter:\n{}", only(&before, &after), only(&after, &before));
    let forgotten = "select count(*) from lead l where client_id = $1 and stage = 'lead'
        and not exists (select from regrade r where r.lead_id = l.id)";
    let forgotten: i64 = sqlx::query_scalar(forgotten).bind(pair.client).fetch_one(connection.bounded()).await.unwrap();
    assert_eq!(forgotten, 0, "every open lead is decided again, which gives it a next step");
}

#[test]
fn a_merge_that_is_undone_leaves_no_trace() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (database, store) = runtime.block_on(async {
        let database = database().await;
        let store = Store::open(&StoreOptions::new(database.url(), 4)).unwrap();
        (database, store)
    });
    let mut runner = TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() });
    let done = runner.run(&case(), |case| {
        runtime.block_on(there_and_back(&store, case));
        Ok(())
    });
    runtime.block_on(store.close());
    drop(database);
    done.unwrap();
}
