//! What was typed and who is found, over two clients whose leads look alike.

use ripen_domain::{
    actor::{Actor, Scope},
    id::ClientId,
};
use ripen_testkit::postgres::{TestDatabase, database};
use sqlx::{Connection as _, Executor as _, PgConnection};

use super::*;
use crate::StoreOptions;

/// Six persons of client 9, each with a lead of the person's number; the same six of client 8, whose numbers begin at 257. Person 1
/// has a note, an arrival with an external id and a delivery that arrived; the mail of person 3 was typed with per cent.
const FILL: &str = r"
    set session_replication_role = replica;
    create function pg_temp.i(number integer) returns uuid language sql as $$ select lpad(to_hex(number), 32, '0')::uuid $$;
    create temporary table n as
      select k.base + v.place as number, pg_temp.i(k.base + v.place) as id, pg_temp.i(k.client) as client, v.*,
             timestamptz '2026-11-24 07:00Z' + v.place * interval '1 hour' as at
      from (values (0, 9), (256, 8)) k (base, client)
      cross join (values
        (1, 'Casey', 'Smith', null, 'casey.smith@example.com', '+14155550133'),
        (2, 'José', 'O''Brien-Łukasz', null, 'jose@example.com', '+442079460018'),
        (3, null, null, 'Олена Шевченко', '100%_off@example.com', '+380441234567'),
        (4, null, null, '田中 明子', 'akiko@example.jp', '+81312345678;ext=123'),
        (5, 'Bo', 'Lee', null, 'bo@example.com', '+390669812345'),
        (6, 'محمد', 'الأحمد', null, 'm@example.com', '+14155550144')) v (place, first_name, last_name, name, email, phone);
    insert into client (id, slug, name, country, time_zone, created_at)
      select distinct client, 'c' || right(client::text, 1), 'C', 'US', 'UTC', timestamptz '2026-01-01Z' from n;
    -- Words follow persons and notes by triggers.
    set session_replication_role = origin;
    insert into person (id, client_id, first_name, last_name, name, email, phone, created_at, updated_at)
      select id, client, first_name, last_name, name, email, split_part(phone, ';', 1), at, at from n;
    set session_replication_role = replica;
    insert into person_identity (client_id, kind, value, person_id) select client, 'email', email, id from n;
    insert into person_identity (client_id, kind, value, person_id) select client, 'phone', phone, id from n;
    insert into lead (id, client_id, program_id, person_id, source_id, channel, arrivals, enquiries, first_arrived_at, last_arrived_at,
                      last_enquiry_at, matured_at, created_at)
      select id, client, client, id, client, 'web_form', 1, 1, at, at, at, at, at from n;
    set session_replication_role = origin;
    insert into note (lead_id, at, by, text) select id, at, 'Kim', 'Wants a café near O''Hare, 50% down; budget 450.000' from n where place = 1;
    set session_replication_role = replica;
    insert into arrival (id, client_id, source_id, person_id, lead_id, sameness, state, content, external_id, received_at, media_type,
                         submission, flags)
      select pg_temp.i(number + 4096), client, client, id, id, 'external_id', 'graded', decode(repeat('00', 16), 'hex'), 'B-17/' || number, at,
             'application/json', '{}', '{}' from n where place = 1;
    insert into arrival_seen (id, content, ended, arrival_id, seen_at)
      select pg_temp.i(number + 8192), decode(repeat('00', 16), 'hex'), 'same', pg_temp.i(number + 4096), at from n where place = 1;
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, due_at, offered_until, created_at, ended_at)
      select pg_temp.i(number + 12288), client, id, id, client, 'delivered', at, at, at, at from n where place = 1;
    drop table n;
    set session_replication_role = origin";

struct Searched {
    store: Store,
    database: TestDatabase,
}

impl Searched {
    async fn new() -> Self {
        let database = database().await;
        let mut connection = PgConnection::connect(database.url()).await.unwrap();
        connection.execute(FILL).await.unwrap();
        connection.close().await.unwrap();
        Self { store: Store::open(&StoreOptions::new(database.url(), 4)).unwrap(), database }
    }

    /// The numbers of what is found, the newest first.
    async fn found(&self, scope: Scope, typed: &str) -> Vec<u128> {
        self.found_of(scope, typed, false).await
    }

    async fn change(&self, sql: &'static str) {
        let mut connection = PgConnection::connect(self.database.url()).await.unwrap();
        connection.execute(sql).await.unwrap();
        connection.close().await.unwrap();
    }

    /// Of whoever works leads, with whether everything was looked at.
    async fn looked_at(&self, scope: Scope, typed: &str) -> LeadsFound {
        let keys = SearchKeys::read(typed);
        let wanted = SearchedLeads { keys: &keys, only_handed_over: false, limit: 50 };
        self.store.leads_search(scope, wanted).await.unwrap()
    }

    async fn found_of(&self, scope: Scope, typed: &str, only_handed_over: bool) -> Vec<u128> {
        let keys = SearchKeys::read(typed);
        let wanted = SearchedLeads { keys: &keys, only_handed_over, limit: 50 };
        let leads = self.store.leads_search(scope, wanted).await.unwrap();
        leads.leads.into_iter().map(|lead| lead.uuid().as_u128()).collect()
    }
}

fn of_client(number: u128) -> Scope {
    Actor::operator("kim").scope().within(ClientId::from_uuid(Uuid::from_u128(number)))
}

#[tokio::test]
async fn whatever_is_typed_finds_whom_it_means() {
    let searched = Searched::new().await;
    let ours = of_client(9);
    for (typed, number) in [
        // Every spelling of a number, and its ending.
        ("+1 415 555 0133", 1),
        ("(415) 555-0133", 1),
        ("415.555.0133 x99", 1),
        ("555 0133", 1),
        ("0133", 1),
        ("+44 (0)20 7946 0018", 2),
        ("020 7946 0018", 2),
        ("0044 20 7946 0018", 2),
        ("03 1234 5678", 4),
        ("+81312345678;ext=123", 4),
        ("06 6981 2345", 5),
        // Mail, whole and begun.
        ("Casey.Smith@Example.com", 1),
        ("casey.s", 1),
        ("Casey Smith <casey.smith@example.com>", 1),
        ("100%_off", 3),
        // Names: beginnings, accents, other scripts, three letters.
        ("case smi", 1),
        ("smith casey", 1),
        ("jose", 2),
        ("José", 2),
        ("obrien", 2),
        ("O’Brien", 2),
        ("lukasz", 2),
        ("Шевч", 3),
        ("Олена", 3),
        ("шевченко ОЛЕНА", 3),
        ("田中", 4),
        ("lee", 5),
        ("محمد", 6),
        ("مُحَمَّد الاحمد", 6),
        ("O'Brien-Lukasz", 2),
        ("lukasz–obrien", 2),
        // Notes, with accents, quotes and per cent.
        ("cafe", 1),
        ("café near", 1),
        ("“CAFÉ”…near", 1),
        ("o'hare", 1),
        ("50% down", 1),
        ("450.000", 1),
        ("wants\0 a", 1),
        // A sender's own id.
        ("B-17/1", 1),
        ("B-17", 1),
    ] {
        assert_eq!(searched.found(ours, typed).await, [number], "{typed:?}");
    }
    // As patterns they would mean everybody.
    for nothing in
        ["%", "%%%%", "____", "' or 1=1 --", "\0", "\\", "9999", "zzz", ":*", "&&&", "nobody@example.com", ""]
    {
        assert!(searched.found(ours, nothing).await.is_empty(), "{nothing:?}");
    }
}

#[tokio::test]
async fn every_id_leads_to_its_lead() {
    let searched = Searched::new().await;
    let ours = of_client(9);
    let id = |prefix: &str, number: u128| {
        let id = Uuid::from_u128(number);
        match prefix {
            "lead" => LeadId::from_uuid(id).to_string(),
            "person" => ripen_domain::id::PersonId::from_uuid(id).to_string(),
            "arr" => ripen_domain::id::ArrivalId::from_uuid(id).to_string(),
            "dlv" => ripen_domain::id::DeliveryId::from_uuid(id).to_string(),
            _ => id.to_string(),
        }
    };
    for typed in [
        id("lead", 1),
        id("person", 1),
        id("arr", 4097),
        id("arr", 8193),
        id("dlv", 12289),
        id("", 1),
        id("lead", 1).to_uppercase(),
    ] {
        assert_eq!(searched.found(ours, &typed).await, [1], "{typed}");
    }
    assert!(searched.found(ours, &id("dlv", 1)).await.is_empty(), "of another kind");
}

#[tokio::test]
async fn nobody_finds_what_is_another_clients_or_was_not_handed_over() {
    let searched = Searched::new().await;
    let firm = Actor::operator("kim").scope();
    let others = LeadId::from_uuid(Uuid::from_u128(257)).to_string();
    for typed in ["smith", "0133", "casey.smith", "B-17", "cafe"] {
        assert_eq!(searched.found(firm, typed).await.len(), 2, "{typed}");
        assert_eq!(searched.found(of_client(9), typed).await, [1], "{typed}");
        assert_eq!(searched.found(of_client(8), typed).await, [257], "{typed}");
        assert!(searched.found(of_client(7), typed).await.is_empty(), "{typed}");
    }
    assert!(searched.found(of_client(9), &others).await.is_empty());
    assert_eq!(searched.found_of(of_client(9), "smith", true).await, [1], "it was delivered");
    assert!(searched.found_of(of_client(9), "jose", true).await.is_empty(), "nobody gave it to the client yet");
}

#[tokio::test]
async fn the_newest_comes_first() {
    let searched = Searched::new().await;
    assert_eq!(searched.found(of_client(9), "415555").await, Vec::<u128>::new(), "it is no ending");
    assert_eq!(searched.found(of_client(9), "example").await, Vec::<u128>::new(), "it begins no address");
    // Client 9's José and client 8's: the same instant, the higher id.
    assert_eq!(searched.found(Actor::operator("kim").scope(), "jose").await, [258, 2]);
}

/// So many more persons of client 9, all of one name and each with a lead; the first of them was handed over before the others came.
const NAMESAKES: &str = r"
    set session_replication_role = replica;
    create temporary table n as select i, lpad(to_hex(100000 + i), 32, '0')::uuid as id, lpad('9', 32, '0')::uuid as client,
           timestamptz '2026-11-18 07:00Z' + i * interval '1 minute' as at from generate_series(1, 2400) i;
    set session_replication_role = origin;
    insert into person (id, client_id, first_name, last_name, created_at, updated_at) select id, client, 'Robin', 'Namesake', at, at from n;
    set session_replication_role = replica;
    insert into lead (id, client_id, program_id, person_id, source_id, channel, arrivals, enquiries, first_arrived_at, last_arrived_at,
                      last_enquiry_at, matured_at, created_at)
      select id, client, client, id, client, 'web_form', 1, 1, at, at, at, at, at from n;
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, due_at, offered_until, created_at, ended_at)
      select id, client, id, id, client, 'delivered', at, at, at, at from n where i = 1;
    drop table n;
    set session_replication_role = origin";

#[tokio::test]
async fn who_has_a_common_name_is_found_by_whoever_was_given_them_and_what_was_not_looked_at_is_said() {
    let searched = Searched::new().await;
    searched.change(NAMESAKES).await;
    assert_eq!(searched.found_of(of_client(9), "namesake", true).await, [100_001], "behind all the others");
    let found = searched.looked_at(of_client(9), "namesake").await;
    assert!(found.is_cut && found.leads.len() == 50, "there are more of the name than are looked at");
    let newest: Vec<_> = (102_351..=102_400).rev().collect();
    assert_eq!(searched.found(of_client(9), "namesake robin").await, newest, "the newest of them are");
    assert!(!searched.looked_at(of_client(9), "casey").await.is_cut);
}

#[tokio::test]
async fn whoever_has_a_common_name_elsewhere_hides_nobody_here() {
    let searched = Searched::new().await;
    searched.change(NAMESAKES).await;
    searched.change("update person set first_name = 'Robin' where id = lpad('102', 32, '0')::uuid").await;
    let found = searched.looked_at(of_client(8), "robin").await;
    assert!(!found.is_cut && found.leads.len() == 1, "{found:?}");
    assert!(searched.found(of_client(9), "robin lee").await.is_empty(), "the words are of two persons");
    assert!(searched.looked_at(of_client(9), "robin casey").await.leads.is_empty());
}

#[tokio::test]
async fn words_follow_corrections_merges_and_the_end_of_what_had_them() {
    let searched = Searched::new().await;
    let ours = of_client(9);
    searched.change("update person set first_name = 'Kim-Ly', name = null where id = lpad('5', 32, '0')::uuid").await;
    assert_eq!(searched.found(ours, "kim").await, [5]);
    assert_eq!(searched.found(ours, "ly lee").await, [5]);
    assert!(searched.found(ours, "bo").await.is_empty(), "nobody is called so any more");
    searched
        .change(
            "update lead set person_id = lpad('5', 32, '0')::uuid, stage = 'closed', closed_at = created_at, closed_reason = 'x'
               where id = lpad('4', 32, '0')::uuid;
             update person set merged_into = lpad('5', 32, '0')::uuid where id = lpad('4', 32, '0')::uuid",
        )
        .await;
    assert_eq!(searched.found(ours, "明子").await, [5, 4], "who was made one with somebody is found by both names");
    searched
        .change(
            "insert into note (lead_id, at, by, text) select id, created_at + interval '1 day', 'Kim', 'A quiet café' from lead
               where id = lpad('1', 32, '0')::uuid",
        )
        .await;
    assert_eq!(searched.found(ours, "quiet budget").await, [1], "in whichever of its notes");
    searched.change("delete from note where text = 'A quiet café'").await;
    assert!(searched.found(ours, "quiet").await.is_empty());
    assert_eq!(searched.found(ours, "cafe").await, [1], "the other note has it still");
    searched.change("update note set text = 'Erased' where lead_id = lpad('1', 32, '0')::uuid").await;
    assert!(searched.found(ours, "cafe").await.is_empty());
    searched.change("delete from note; update person set first_name = null, last_name = null, name = null").await;
    let mut connection = PgConnection::connect(searched.database.url()).await.unwrap();
    let words = "select (select count(*) from person_word) + (select count(*) from note_word)";
    assert_eq!(sqlx::query_scalar::<_, i64>(words).fetch_one(&mut connection).await.unwrap(), 0, "nothing is left");
    connection.close().await.unwrap();
}
