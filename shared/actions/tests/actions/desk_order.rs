//! In which order the desk hands leads out where many wait: stale ones, lists, people who are asleep, calls that are late.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ripen_actions::{
    desk::{Dispose, coming_up, take_next},
    lead_close::{CloseLead, ReopenLead},
    promise::MovePromise,
    user::SetUser,
    why_not::gates,
};
use ripen_domain::{
    actor::Actor,
    desk::{GateKind, Rank, shut},
    id::ClientId,
    touch::Disposition,
};

use crate::{
    desk::{desk, lead},
    harness::{Office, operator},
};

/// Leads alike that nobody touched.
#[derive(Clone, Copy)]
struct Crowd {
    channel: &'static str,
    zone: &'static str,
    /// How many minutes ago the last of them enquired.
    youngest: i64,
    /// How many seconds lie between two of them.
    apart: i64,
}

/// Enquiries of yesterday morning, by the minute: long since not fresh.
const STALE: Crowd = Crowd { channel: "web_form", zone: "America/Chicago", youngest: 22 * 60, apart: 60 };
const ON_A_LIST: Crowd = Crowd { channel: "list", ..STALE };
/// Where it is two hours earlier.
const ASLEEP: Crowd = Crowd { zone: "America/Los_Angeles", ..STALE };
const NEW: Crowd = Crowd { youngest: 5, ..STALE };

impl Office {
    /// So many of them, the first the oldest; their numbers are their ids.
    async fn crowd(&self, client: ClientId, (from, count): (u128, u128), of: Crowd) {
        let (client, now) = (client.uuid(), self.actions.clock.now());
        let Crowd { channel, zone, youngest, apart } = of;
        let last = from + count - 1;
        let area = if zone == "America/Chicago" { 312 } else { 213 };
        self.sql(format!(
            "set session_replication_role = replica;
             create temporary table n as select i, lpad(to_hex(i), 32, '0')::uuid as id, '+1{area}' || (2000000 + i) as phone,
               timestamptz '{now}' - interval '{youngest} minutes' - ({last} - i) * interval '{apart} seconds' as at
               from generate_series({from}, {last}) i;
             insert into person (id, client_id, phone, country, time_zone, created_at, updated_at)
               select id, '{client}', phone, 'US', '{zone}', at, at from n;
             insert into person_identity (client_id, kind, value, person_id) select '{client}', 'phone', phone, id from n;
             insert into lead (id, client_id, program_id, person_id, source_id, channel, arrivals, enquiries, first_arrived_at,
                               last_arrived_at, last_enquiry_at, created_at)
               select n.id, '{client}', p.id, n.id, n.id, '{channel}', 1, 1, at, at, at, at
               from n cross join program p where p.is_default;
             drop table n; set session_replication_role = default;"
        ))
        .await;
    }

    /// A lead that somebody spoke with, and whose next step fell due so many minutes ago.
    async fn step(&self, number: u128, (agreed, minutes, user): (bool, i64, Option<uuid::Uuid>)) {
        let now = self.actions.clock.now();
        let user = user.map_or("null".to_owned(), |user| format!("'{user}'"));
        self.sql(format!(
            "update lead set touches = 1, last_conversation_at = last_enquiry_at + interval '1 hour', stage = 'contact'
               where id = lpad(to_hex({number}), 32, '0')::uuid;
             insert into promise (lead_id, generation, client_id, kind, state, due_at, why, from_whom, agreed, user_id, offered_until, created_at)
               select id, 1, client_id, 'requalify', 'work', timestamptz '{now}' - interval '{minutes} minutes', 'call', 'agent', {agreed}, {user},
                      created_at, created_at from lead where id = lpad(to_hex({number}), 32, '0')::uuid;"
        ))
        .await;
    }

    /// Leads that somebody spoke with, and whose next steps fell due a second after each other.
    async fn steps(&self, (from, count): (u128, u128), agreed: bool) {
        let (now, last) = (self.actions.clock.now(), from + count - 1);
        let number = "('x' || right(replace(id::text, '-', ''), 8))::bit(32)::int";
        self.sql(format!(
            "update lead set touches = 1, last_conversation_at = last_enquiry_at + interval '1 hour', stage = 'contact'
               where {number} between {from} and {last};
             insert into promise (lead_id, generation, client_id, kind, state, due_at, why, from_whom, agreed, offered_until, created_at)
               select id, 1, client_id, 'requalify', 'work', timestamptz '{now}' - ({last} + 1 - {number}) * interval '1 second', 'call',
                      'agent', {agreed}, created_at, created_at from lead where {number} between {from} and {last};"
        ))
        .await;
    }

    /// Takes the next and ends the work on it; its number and rank.
    async fn works_next(&self, actor: &Actor) -> Option<(u128, Rank)> {
        let opened = self.next(actor).await?;
        self.dispose(actor, &opened, Disposition::NoAnswer).await;
        Some((opened.lead.uuid().as_u128(), opened.rank))
    }
}

/// By the clock of Chicago.
fn in_chicago(at: Timestamp) -> String {
    at.to_zoned(TimeZone::get("America/Chicago").unwrap()).strftime("%a %H:%M").to_string()
}

#[tokio::test]
async fn of_those_that_waited_too_long_the_oldest_comes_first_and_lists_of_others_have_their_turn() {
    let office = desk(8).await;
    let (acme, other) = (office.client("Acme").await.id, office.client("Other").await.id);
    office.crowd(acme, (1, 30), STALE).await;
    office.crowd(other, (101, 3), ON_A_LIST).await;
    let (_, lee) = office.agent("lee").await;
    let mut got = Vec::new();
    for _ in 0..8 {
        got.push(office.works_next(&lee).await.unwrap());
    }
    assert!(got.iter().all(|(_, rank)| *rank == Rank::Untouched), "{got:?}");
    let of = |range: std::ops::Range<u128>| {
        got.iter().map(|(number, _)| *number).filter(|number| range.contains(number)).collect::<Vec<_>>()
    };
    assert_eq!((of(1..100), of(101..200)), (vec![1, 2, 3, 4, 5], vec![101, 102, 103]));
    // What is fresh goes before all of them, also behind many newer ones that are not: where it is two hours earlier, who enquired
    // last evening could be called for an hour.
    assert!(office.actions.clock.advance(SignedDuration::from_hours(4)));
    office.crowd(acme, (201, 40), Crowd { youngest: 8 * 60, apart: 1, ..STALE }).await;
    office.crowd(acme, (301, 1), Crowd { youngest: 9 * 60, ..ASLEEP }).await;
    assert_eq!(office.works_next(&lee).await.unwrap(), (301, Rank::Fresh));
}

#[tokio::test]
async fn a_list_of_people_who_are_asleep_keeps_nothing_back_that_is_due() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.crowd(acme, (1, 900), Crowd { apart: 1, ..ASLEEP }).await;
    office.crowd(acme, (2_001, 1), STALE).await;
    office.step(2_001, (false, 30, None)).await;
    let ((_, lee), (_, kim)) = (office.agent("lee").await, office.agent("kim").await);
    assert_eq!(office.works_next(&lee).await, Some((2_001, Rank::Due)), "with the first press");
    while office.count("select count(*) from desk_wait").await < 900 {
        assert!(office.next(&kim).await.is_none());
    }
    let until = "select count(distinct until) from desk_wait where until = opens_at and until = '2026-11-20T17:00:00Z'";
    assert_eq!(office.count(until).await, 1, "nobody looks at them again before it is nine there");
    let zone = TimeZone::get("America/Chicago").unwrap();
    let coming = coming_up(&office.actions, &kim, &zone).await.unwrap();
    assert_eq!(coming.next_at.map(in_chicago).as_deref(), Some("Fri 11:00"));
    assert!(office.actions.clock.advance(SignedDuration::from_hours(1)));
    assert_eq!(office.works_next(&kim).await, Some((1, Rank::Untouched)));
}

#[tokio::test]
async fn who_sleeps_is_woken_by_what_changes_and_by_what_falls_due() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.crowd(acme, (1, 3), ASLEEP).await;
    office.step(2, (true, -20, None)).await;
    let (_, lee) = office.agent("lee").await;
    assert!(office.next(&lee).await.is_none());
    assert_eq!(office.count("select count(*) from desk_wait").await, 2, "of the promised one nothing is due");
    // Moved here since: the time zone was put right.
    office
        .sql(
            "update person set time_zone = 'America/Chicago', phone = '+13122000001'
                where id = '00000000-0000-0000-0000-000000000001'"
                .to_owned(),
        )
        .await;
    assert!(office.next(&lee).await.is_none(), "nobody is told of what is written beside the actions");
    let why = || "asked".to_owned();
    office.actions.run(&operator(), &CloseLead { lead: lead(1), why: why() }).await.unwrap();
    office.actions.run(&operator(), &ReopenLead { lead: lead(1), why: why() }).await.unwrap();
    assert_eq!(office.works_next(&lee).await.map(|(number, _)| number), Some(1));
}

#[tokio::test]
async fn a_date_that_somebody_set_holds_also_for_whom_nobody_called() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.crowd(acme, (1, 2), STALE).await;
    let (_, lee) = office.agent("lee").await;
    let moved = MovePromise { lead: lead(1), to: "3d".parse().unwrap(), why: "wrote".to_owned(), agreed: false };
    let moved = office.actions.run(&operator(), &moved).await.unwrap();
    let why = gates(&office.actions, &operator(), lead(1), None).await.unwrap();
    assert_eq!(why.opens_at, Some(moved.due.at));
    assert!(shut(&why.gates).any(|gate| gate.kind == GateKind::Promise), "{why:?}");
    assert_eq!(office.works_next(&lee).await.map(|(number, _)| number), Some(2));
    assert!(office.next(&lee).await.is_none());
    assert!(office.actions.clock.advance(SignedDuration::from_hours(80)));
    assert!(
        gates(&office.actions, &operator(), lead(1), None)
            .await
            .unwrap()
            .gates
            .iter()
            .any(|gate| { gate.kind == GateKind::Promise && gate.is_open })
    );
}

#[tokio::test]
async fn the_agents_own_call_is_found_however_many_are_late() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.crowd(acme, (1, 61), STALE).await;
    let (id, lee) = office.agent("lee").await;
    for number in 1..=60 {
        office.step(number, (true, 600 - i64::try_from(number).unwrap(), None)).await;
    }
    office.step(61, (true, 1, Some(id.uuid()))).await;
    assert_eq!(office.works_next(&lee).await, Some((61, Rank::Promised)), "the person expects this agent");
    assert_eq!(office.works_next(&lee).await, Some((1, Rank::Promised)));
}

#[tokio::test]
async fn a_lead_that_nobody_speaks_with_is_said_to_wait_for_somebody() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.crowd(acme, (1, 1), NEW).await;
    office.sql("update person set locale = 'es-MX'".to_owned()).await;
    let (id, lee) = office.agent("lee").await;
    let shut_now = async || {
        let found = gates(&office.actions, &lee, lead(1), None).await.unwrap();
        (found.is_callable, shut(&found.gates).map(|gate| gate.kind).collect::<Vec<_>>())
    };
    assert_eq!(shut_now().await, (true, vec![]), "who said no languages speaks any");
    let english = SetUser { languages: Some(vec!["en".to_owned()]), ..SetUser::of(id) };
    office.actions.run(&operator(), &english).await.unwrap();
    assert_eq!(shut_now().await, (false, vec![GateKind::Language]));
    assert!(office.next(&lee).await.is_none());
    let (other, kim) = office.agent("kim").await;
    let spanish = SetUser { languages: Some(vec!["es".to_owned()]), ..SetUser::of(other) };
    office.actions.run(&operator(), &spanish).await.unwrap();
    assert_eq!(shut_now().await, (true, vec![]));
    assert!(office.next(&kim).await.is_some());
}

#[tokio::test]
async fn a_client_that_has_had_its_day_gets_new_enquiries_called_and_no_others() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.crowd(acme, (1, 2), STALE).await;
    office.step(2, (false, 30, None)).await;
    office.sql("update client set capacity = 5; insert into given (recipient_id, day, leads) select id, '2026-11-20', 5 from client".to_owned()).await;
    let (_, lee) = office.agent("lee").await;
    assert_eq!(office.works_next(&lee).await.map(|(number, _)| number), Some(1));
    assert!(office.next(&lee).await.is_none());
    let found = gates(&office.actions, &lee, lead(2), None).await.unwrap();
    let shut: Vec<_> = shut(&found.gates).map(|gate| (gate.kind, gate.opens_at.map(in_chicago))).collect();
    assert_eq!(shut, [(GateKind::Capacity, Some("Sat 00:00".to_owned()))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_agents_on_ten_thousand_leads_take_none_twice_and_leave_nobody_behind() {
    let office = desk(12).await;
    let (web, lists, west) =
        (office.client("Web").await.id, office.client("Lists").await.id, office.client("West").await.id);
    // Of one client web leads that went stale and some new ones; of another a list; of the third people who are asleep for an hour
    // more, most of them on a list, too.
    office.crowd(web, (10_000, 3_000), Crowd { apart: 20, ..STALE }).await;
    office.crowd(web, (20_000, 40), NEW).await;
    office.crowd(lists, (30_000, 330), Crowd { apart: 1, ..ON_A_LIST }).await;
    office.crowd(west, (40_000, 2_960), Crowd { zone: ASLEEP.zone, apart: 1, ..ON_A_LIST }).await;
    let mut agents = Vec::new();
    for number in 0..10 {
        agents.push(office.agent(&format!("agent{number}")).await.1);
    }
    let work = |agent: Actor, most: usize| {
        let actions = office.actions.clone();
        async move {
            let mut got = Vec::new();
            while got.len() < most {
                let Some(opened) = take_next(&actions, &agent).await.unwrap() else { break };
                got.push((opened.lead.uuid().as_u128(), opened.rank));
                let dispose = Dispose::of(opened.lead, opened.lease, Disposition::NoAnswer);
                actions.run(&agent, &dispose).await.unwrap();
            }
            got
        }
    };
    let all_work = async |most: usize| {
        let tasks: Vec<_> = agents.iter().cloned().map(|agent| tokio::spawn(work(agent, most))).collect();
        let mut all = Vec::new();
        for task in tasks {
            all.extend(task.await.unwrap());
        }
        all
    };
    let mut got = all_work(16).await;
    let each: BTreeSet<_> = got.iter().map(|(number, _)| *number).collect();
    assert_eq!((got.len(), each.len()), (160, 160), "somebody was idle, or two had one lead");
    let of = |got: &[(u128, Rank)]| {
        let mut of: BTreeMap<u128, Vec<u128>> = BTreeMap::new();
        got.iter().for_each(|(number, _)| of.entry(number / 10_000).or_default().push(*number));
        of
    };
    let first = of(&got);
    assert_eq!(first[&2].len(), 40, "everything that is fresh");
    assert!(got.iter().all(|(number, rank)| (number / 10_000 == 2) == (*rank == Rank::Fresh)));
    assert!(!first.contains_key(&4), "nobody is called out of bed");
    // Of alike clients none gets much less than the other, whichever of them has the web leads.
    assert!(first[&1].len() >= 40 && first[&3].len() >= 40, "{:?}", (first[&1].len(), first[&3].len()));
    // The oldest of each: agents who press at once may pass each other by a few places, not by more than there are agents.
    for (client, begin) in [(1, 10_000), (3, 30_000)] {
        let furthest = first[&client].iter().max().unwrap() - begin;
        assert!(furthest < u128::try_from(first[&client].len()).unwrap() + 10, "{client}: {furthest}");
    }
    // An hour later it is nine in the west.
    assert!(office.actions.clock.advance(SignedDuration::from_hours(1)));
    let more = all_work(9).await;
    let second = of(&more);
    assert!(second[&4].len() >= 20, "{:?}", second.iter().map(|(client, got)| (client, got.len())).collect::<Vec<_>>());
    got.extend(more);
    let each: BTreeSet<_> = got.iter().map(|(number, _)| *number).collect();
    assert_eq!((got.len(), each.len()), (250, 250));
    assert_eq!(office.count("select count(*) from desk_lease").await, 0);
}

/// Each kind of work with so many leads, in the order of kinds.
const PROMISED: usize = 60;
const FRESH: usize = 60;
const UNTOUCHED: usize = 780;
const DUE: usize = 100;
const ALL: usize = PROMISED + FRESH + UNTOUCHED + DUE;

/// What the agents got, in the order in which they got it.
type HandedOut = Arc<Mutex<Vec<(u128, Rank)>>>;

/// Takes and ends until there is nothing left; how many all agents had taken by then.
async fn empties(actions: ripen_actions::Actions, pool: sqlx::PgPool, agent: Actor, taken: HandedOut) -> usize {
    // As a conversation ends it, without the grading and routing that follow one: what is tried here is the handing out.
    let ended = "with d as (delete from desk_lease where lead_id = $1), p as (update promise set worked_at = created_at where lead_id = $1)
                 update lead set touches = touches + 1, last_conversation_at = last_enquiry_at + interval '1 hour' where id = $1";
    while let Some(opened) = take_next(&actions, &agent).await.unwrap() {
        taken.lock().unwrap().push((opened.lead.uuid().as_u128(), opened.rank));
        sqlx::query(ended).bind(opened.lead.uuid()).execute(&pool).await.unwrap();
    }
    taken.lock().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_agents_empty_a_desk_with_every_client_and_kind_in_its_turn() {
    let office = desk(12).await;
    let (web, lists, south) =
        (office.client("Web").await.id, office.client("Lists").await.id, office.client("South").await.id);
    office.crowd(web, (10_000, 240), Crowd { apart: 20, ..STALE }).await;
    office.crowd(web, (19_000, 60), Crowd { apart: 10, ..NEW }).await;
    office.crowd(lists, (30_000, 330), Crowd { apart: 1, ..ON_A_LIST }).await;
    office.crowd(lists, (35_000, 100), Crowd { apart: 1, ..ON_A_LIST }).await;
    office.steps((35_000, 100), false).await;
    office.crowd(south, (50_000, 210), Crowd { apart: 1, ..STALE }).await;
    office.crowd(south, (55_000, 60), Crowd { apart: 1, ..STALE }).await;
    office.steps((55_000, 60), true).await;
    office.sql("analyze".to_owned()).await;
    let taken = HandedOut::default();
    let mut agents = Vec::new();
    for number in 0..10 {
        let agent = office.agent(&format!("agent{number}")).await.1;
        agents.push(tokio::spawn(empties(office.actions.clone(), office.pool.clone(), agent, taken.clone())));
    }
    for agent in agents {
        // The others may have ten in their hands; more than that is work that an agent was not told of.
        let by_then = agent.await.unwrap();
        assert!(by_then + 10 >= ALL, "an agent was told of no work after {by_then}");
    }
    let got = taken.lock().unwrap().clone();
    let each: BTreeSet<_> = got.iter().map(|(number, _)| *number).collect();
    assert_eq!((got.len(), each.len()), (ALL, ALL), "some were left, or two had one lead");
    assert_eq!(office.count("select count(*) from desk_lease").await, 0);
    let mut begin = 0;
    for (rank, count) in
        [(Rank::Promised, PROMISED), (Rank::Fresh, FRESH), (Rank::Untouched, UNTOUCHED), (Rank::Due, DUE)]
    {
        assert_eq!(got.iter().filter(|(_, of)| *of == rank).count(), count, "{rank:?}");
        // Between two kinds ten agents pass each other by a few.
        let own = &got[begin + 10..begin + count - 10];
        assert!(own.iter().all(|(_, of)| *of == rank), "others came before what is {rank:?}");
        begin += count;
    }
    // For as long as all three have some that wait alike, each gets its third of whatever stretch one looks at.
    let stretch = 90;
    for (at, part) in got[PROMISED + FRESH + 10..][..540].chunks(stretch).enumerate() {
        let mut of = BTreeMap::new();
        part.iter().for_each(|(number, _)| *of.entry(number / 10_000).or_insert(0) += 1);
        assert!(of.len() == 3 && of.values().all(|leads| *leads >= stretch / 4), "stretch {at}: {of:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_agents_are_handed_every_lead_and_none_twice() {
    let office = desk(12).await;
    let (acme, other) = (office.client("Acme").await.id, office.client("Other").await.id);
    office.leads(acme, (1, 60), "web_form").await;
    office.leads(other, (1_001, 60), "list").await;
    let mut agents = Vec::new();
    for number in 0..10 {
        agents.push(office.agent(&format!("agent{number}")).await.1);
    }
    let work = |agent: Actor| {
        let actions = office.actions.clone();
        async move {
            let mut got = Vec::new();
            while let Some(opened) = take_next(&actions, &agent).await.unwrap() {
                got.push(opened.lead);
                let dispose = Dispose::of(opened.lead, opened.lease, Disposition::NoAnswer);
                actions.run(&agent, &dispose).await.unwrap();
            }
            got
        }
    };
    let tasks: Vec<_> = agents.iter().cloned().map(|agent| tokio::spawn(work(agent))).collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    // Whoever asks last takes what somebody's last attempt left in between.
    all.extend(work(agents[0].clone()).await);
    let each: BTreeSet<_> = all.iter().copied().collect();
    assert_eq!((all.len(), each.len()), (120, 120), "each once");
    assert_eq!(office.count("select count(*) from desk_lease").await, 0);
    assert_eq!(office.count("select count(*) from touch where user_id is not null").await, 120);
}
