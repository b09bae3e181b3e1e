//! The desk's engine over a real database: leads are handed out once and in order, leases end, drafts are kept, a disposition is
//! whole or not at all and can be taken back.

use jiff::SignedDuration;
use ripen_actions::{
    Refusal,
    consent_review::JudgeConsent,
    desk::{
        Dispose, DraftSaved, LeaveLead, NewCoDecider, OpenedLead, RenewLease, SaveDraft, StopContact, TakeLead,
        TakeNext, UndoDisposition, UpcomingWork, coming_up, draft_of, held, take_next,
    },
    lead::{NextWish, TouchLead, show},
    opportunity::{NewOpportunity, find},
    user::{AddUser, SetUser},
    why_not::gates,
};
use ripen_domain::{
    actor::{Actor, UserRole},
    desk::{GateKind, Rank, shut},
    id::{ClientId, LeadId, UserId},
    touch::Disposition,
};
use sqlx::{AssertSqlSafe, Executor as _};
use uuid::Uuid;

use crate::harness::{Office, fields, office, office_of, operator, program};

/// Ten o'clock in Chicago, where everybody is.
pub async fn desk(connections: u32) -> Office {
    let office = if connections == 8 { office().await } else { office_of(connections).await };
    assert!(office.actions.clock.advance(SignedDuration::from_hours(6)));
    office
}

/// Lee, who has the only lead there is open.
pub async fn one_lead_open() -> (Office, Actor, OpenedLead) {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.leads(acme, (1, 1), "web_form").await;
    let (_, lee) = office.agent("lee").await;
    let opened = office.next(&lee).await.unwrap();
    (office, lee, opened)
}

impl Office {
    pub async fn agent(&self, name: &str) -> (UserId, Actor) {
        let email = format!("{name}@firm.example");
        let new = AddUser {
            email,
            name: Some(name.to_owned()),
            role: UserRole::Agent,
            client: None,
            password: None,
            time_zone: None,
        };
        let id = self.actions.run(&operator(), &new).await.unwrap();
        (id, Actor::user(id, name, UserRole::Agent, None))
    }

    pub async fn sql(&self, sql: String) {
        self.pool.execute(AssertSqlSafe(sql)).await.unwrap();
    }

    /// So many leads that nobody touched, the first of them the oldest; their numbers are their ids.
    pub async fn leads(&self, client: ClientId, (from, count): (u128, u128), channel: &str) {
        let (client, now) = (client.uuid(), self.actions.clock.now());
        let last = from + count - 1;
        self.sql(format!(
            "set session_replication_role = replica;
             create temporary table n as select i, lpad(to_hex(i), 32, '0')::uuid as id,
               timestamptz '{now}' - ({last} + 1 - i) * interval '1 second' as at from generate_series({from}, {last}) i;
             insert into person (id, client_id, phone, country, time_zone, created_at, updated_at)
               select id, '{client}', '+1312' || (5550000 + i), 'US', 'America/Chicago', at, at from n;
             insert into person_identity (client_id, kind, value, person_id)
               select '{client}', 'phone', '+1312' || (5550000 + i), id from n;
             insert into lead (id, client_id, program_id, person_id, source_id, channel, arrivals, enquiries, first_arrived_at,
                               last_arrived_at, last_enquiry_at, created_at)
               select n.id, '{client}', p.id, n.id, n.id, '{channel}', 1, 1, at, at, at, at
               from n cross join program p where p.is_default;
             drop table n; set session_replication_role = default;"
        ))
        .await;
    }

    pub async fn next(&self, actor: &Actor) -> Option<OpenedLead> {
        take_next(&self.actions, actor).await.unwrap()
    }

    pub async fn dispose(&self, actor: &Actor, opened: &OpenedLead, disposition: Disposition) -> Uuid {
        let dispose = Dispose::of(opened.lead, opened.lease, disposition);
        self.actions.run(actor, &dispose).await.unwrap().touched.touch
    }
}

pub fn lead(number: u128) -> LeadId {
    LeadId::from_uuid(Uuid::from_u128(number))
}

pub fn code<T: std::fmt::Debug>(refused: Result<T, Refusal>) -> &'static str {
    match refused {
        Err(Refusal::Conflict { code, .. }) => code,
        other => panic!("{other:?} is no conflict"),
    }
}

#[tokio::test]
async fn the_newest_comes_first_bulk_behind_it_and_clients_take_turns() {
    let office = desk(8).await;
    let (acme, other) = (office.client("Acme").await.id, office.client("Other").await.id);
    office.leads(acme, (1, 3), "list").await;
    office.leads(other, (11, 3), "list").await;
    office.leads(acme, (21, 2), "web_form").await;
    let (_, agent) = office.agent("lee").await;
    let mut got = Vec::new();
    while let Some(opened) = office.next(&agent).await {
        got.push((opened.lead.uuid().as_u128(), opened.rank));
        office.dispose(&agent, &opened, Disposition::NoAnswer).await;
    }
    let fresh: Vec<_> = got.iter().filter(|(_, rank)| *rank == Rank::Fresh).map(|(id, _)| *id).collect();
    assert_eq!(fresh, [22, 21]);
    let bulk: Vec<_> = got[2..].iter().map(|(id, _)| *id).collect();
    assert_eq!(bulk.len(), 6);
    assert!(got[2..].iter().all(|(_, rank)| *rank == Rank::Untouched));
    // Of each client the oldest first.
    let of = |range: std::ops::Range<u128>| bulk.iter().copied().filter(|id| range.contains(id)).collect::<Vec<_>>();
    assert_eq!((of(1..4), of(11..14)), (vec![1, 2, 3], vec![11, 12, 13]));
    // Two fresh ones were handed out for one of them, which is no debt for long: after one of the other's it has its turn again.
    assert!(
        bulk.windows(3).all(|three| three.iter().any(|id| *id < 10) && three.iter().any(|id| *id > 10)),
        "{bulk:?}"
    );
}

#[tokio::test]
async fn a_lead_that_is_open_is_given_again_and_one_that_went_silent_is_anybodys() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.leads(acme, (1, 1), "web_form").await;
    let ((_, lee), (_, kim)) = (office.agent("lee").await, office.agent("kim").await);
    let first = office.next(&lee).await.unwrap();
    let again = office.next(&lee).await.unwrap();
    assert_eq!((again.lead, again.lease), (first.lead, first.lease));
    assert!(office.next(&kim).await.is_none());
    assert_eq!(code(office.actions.run(&kim, &TakeLead { lead: lead(1) }).await), "held");
    // By the database's own clock, which no test sets.
    office.sql("update desk_lease set leased_until = clock_timestamp() - interval '1 second'".to_owned()).await;
    let taken = office.next(&kim).await.unwrap();
    assert_eq!(taken.lead, first.lead);
    let renew = RenewLease { lead: first.lead, lease: first.lease };
    assert_eq!(code(office.actions.run(&lee, &renew).await), "lease_lost");
    let late = Dispose::of(first.lead, first.lease, Disposition::Answered);
    assert_eq!(code(office.actions.run(&lee, &late).await), "lease_lost");
    assert_eq!(office.count("select count(*) from touch").await, 0, "nothing of it was recorded");
    assert!(office.actions.run(&kim, &LeaveLead { lead: taken.lead, lease: taken.lease }).await.unwrap());
    assert!(!office.actions.run(&kim, &LeaveLead { lead: taken.lead, lease: taken.lease }).await.unwrap());
    assert_eq!(office.next(&lee).await.unwrap().lead, first.lead);
}

#[tokio::test]
async fn a_paused_user_gives_everything_back() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.leads(acme, (1, 2), "web_form").await;
    let ((id, lee), (_, kim)) = (office.agent("lee").await, office.agent("kim").await);
    let first = office.next(&lee).await.unwrap();
    let back = NextWish { when: "30d".parse().unwrap(), why: "after the holidays".to_owned() };
    let dispose = Dispose { next: Some(back), ..Dispose::of(first.lead, first.lease, Disposition::CallBack) };
    office.actions.run(&lee, &dispose).await.unwrap();
    assert_eq!(office.count("select count(*) from promise where user_id is not null").await, 1);
    let second = office.next(&lee).await.unwrap();
    let pause = SetUser { is_paused: Some(true), ..SetUser::of(id) };
    office.actions.run(&operator(), &pause).await.unwrap();
    assert_eq!(office.count("select count(*) from desk_lease").await, 0);
    assert_eq!(office.count("select count(*) from promise where user_id is not null").await, 0);
    assert!(matches!(office.actions.run(&lee, &TakeNext).await, Err(Refusal::Forbidden { .. })));
    assert_eq!(office.next(&kim).await.unwrap().lead, second.lead);
}

#[tokio::test]
async fn a_disposition_is_whole_or_not_at_all() {
    let (office, lee, opened) = one_lead_open().await;
    let touch = Uuid::from_u128(77);
    let draft = SaveDraft {
        lead: opened.lead,
        note: Some("likes gardens".to_owned()),
        answers: Some(serde_json::Map::new()),
        version: 1,
        touch: Some(touch),
    };
    office.actions.run(&lee, &draft).await.unwrap();
    let business = |amount: &str| NewOpportunity {
        business: "a house".to_owned(),
        amount: Some(amount.to_owned()),
        currency: Some("usd".to_owned()),
        expected_on: Some("2027-03-01".to_owned()),
        likelihood: Some(40),
    };
    let dispose = |amount: &str| Dispose {
        touch: Some(touch),
        note: Some("likes gardens".to_owned()),
        opportunity: Some(business(amount)),
        ..Dispose::of(opened.lead, opened.lease, Disposition::Answered)
    };
    assert_eq!(fields(office.actions.run(&lee, &dispose("much")).await), ["opportunity.amount"]);
    let left = "select (select count(*) from touch) + (select count(*) from note) + (select count(*) from opportunity)
                     + (select count(*) from desk_undo)";
    assert_eq!(office.count(left).await, 0);
    assert_eq!(held(&office.actions, &lee).await.unwrap().len(), 1, "still open");
    assert!(draft_of(&office.actions, &lee, opened.lead).await.unwrap().is_some());

    office.actions.run(&lee, &dispose("450000")).await.unwrap();
    assert_eq!(office.count("select count(*) from lead where stage = 'opportunity' and touches = 1").await, 1);
    assert!(find(&office.actions, &lee, opened.lead).await.unwrap().is_some_and(|one| one.likelihood == Some(40)));
    assert!(held(&office.actions, &lee).await.unwrap().is_empty());
    assert_eq!(code(office.actions.run(&lee, &draft).await), "committed", "a saving that comes late");
    assert!(draft_of(&office.actions, &lee, opened.lead).await.unwrap().is_none());
    assert_eq!(office.count("select count(*) from regrade").await, 1, "the qualifier decides");
    assert!(office.actions.run(&lee, &dispose("450000")).await.unwrap().touched.is_repeated);
    let (_, kim) = office.agent("kim").await;
    assert_eq!(code(office.actions.run(&kim, &dispose("450000")).await), "other_touch");
}

#[tokio::test]
async fn a_disposition_is_taken_back_in_time_by_whoever_made_it_and_only_then() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.leads(acme, (1, 1), "web_form").await;
    let ((_, lee), (_, kim)) = (office.agent("lee").await, office.agent("kim").await);
    let opened = office.next(&lee).await.unwrap();
    let draft = SaveDraft {
        lead: opened.lead,
        note: Some("typed".to_owned()),
        answers: Some(serde_json::Map::new()),
        version: 4,
        touch: None,
    };
    office.actions.run(&lee, &draft).await.unwrap();
    let next = Some(NextWish { when: "30d".parse().unwrap(), why: "later".to_owned() });
    let dispose = Dispose {
        next,
        note: Some("typed".to_owned()),
        ..Dispose::of(opened.lead, opened.lease, Disposition::CallBack)
    };
    let done = office.actions.run(&lee, &dispose).await.unwrap();
    assert!(done.undo_until.is_some_and(|until| until > office.actions.clock.now()));
    let undo = UndoDisposition { touch: done.touched.touch };
    assert!(matches!(office.actions.run(&kim, &undo).await, Err(Refusal::Missing { .. })));
    let undone = office.actions.run(&lee, &undo).await.unwrap();
    assert!(undone.held.is_some(), "it is open again");
    let all = show(&office.actions, &lee, opened.lead).await.unwrap();
    assert_eq!((all.lead.touches, all.lead.stage.word(), all.touches.len()), (0, "lead", 0));
    assert!(all.promises.iter().all(|promise| promise.ended.is_some()));
    assert_eq!(office.count("select count(*) from note").await + office.count("select count(*) from spoken").await, 0);
    assert_eq!(office.count("select count(*) from person where verified").await, 0);
    let draft = draft_of(&office.actions, &lee, opened.lead).await.unwrap().unwrap();
    assert_eq!((draft.note.as_str(), draft.version), ("typed", 4));
    assert_eq!(code(office.actions.run(&lee, &undo).await), "undone");
    let same = Dispose { touch: Some(done.touched.touch), lease: undone.held.as_ref().unwrap().lease, ..dispose };
    assert_eq!(code(office.actions.run(&lee, &same).await), "undone", "not saved a second time");

    let again = office.dispose(&lee, &undone.held.unwrap(), Disposition::NoAnswer).await;
    assert!(office.actions.clock.advance(SignedDuration::from_secs(21)));
    assert_eq!(code(office.actions.run(&lee, &UndoDisposition { touch: again }).await), "too_late");
}

#[tokio::test]
async fn what_somebody_worked_on_since_is_not_taken_back() {
    let (office, lee, opened) = one_lead_open().await;
    let touch = office.dispose(&lee, &opened, Disposition::NoAnswer).await;
    assert!(office.actions.clock.advance(SignedDuration::from_secs(1)));
    let other = TouchLead {
        touch: None,
        lead: opened.lead,
        disposition: Disposition::Answered,
        answer: Vec::new(),
        note: None,
        next: None,
    };
    office.actions.run(&operator(), &other).await.unwrap();
    assert_eq!(code(office.actions.run(&lee, &UndoDisposition { touch }).await), "worked_since");
    assert_eq!(office.count("select touches::bigint from lead").await, 2);
    // The conversation of before stays noted when a later one is taken back.
    assert!(office.actions.clock.advance(SignedDuration::from_secs(1)));
    let opened = office.actions.run(&lee, &TakeLead { lead: opened.lead }).await.unwrap();
    let touch = office.dispose(&lee, &opened, Disposition::Answered).await;
    office.actions.run(&lee, &UndoDisposition { touch }).await.unwrap();
    assert_eq!(office.count("select count(*) from spoken s join touch t on t.at = s.at").await, 1);
}

#[tokio::test]
async fn a_dead_number_is_void_until_it_is_taken_back() {
    let (office, lee, opened) = one_lead_open().await;
    office
        .sql(
            "insert into person_identity (client_id, kind, value, person_id, void_at, void_by)
              select client_id, kind, value || ';ext=7', person_id, '2026-01-05', 'dana' from person_identity"
                .to_owned(),
        )
        .await;
    let touch = office.dispose(&lee, &opened, Disposition::NumberDead).await;
    assert_eq!(office.count("select count(*) from person where phone is null").await, 1);
    let why = gates(&office.actions, &lee, opened.lead, None).await.unwrap();
    assert!(shut(&why.gates).any(|gate| gate.kind == GateKind::Number) && !why.is_callable);
    office.actions.run(&lee, &UndoDisposition { touch }).await.unwrap();
    assert_eq!(office.count("select count(*) from person where phone is null").await, 0);
    assert_eq!(office.count("select count(*) from person_identity where void_at is not null").await, 1, "void before");
}

#[tokio::test]
async fn who_never_enquired_is_called_by_nobody_until_a_manager_has_looked() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.leads(acme, (1, 2), "web_form").await;
    let (_, lee) = office.agent("lee").await;
    let opened = office.next(&lee).await.unwrap();
    office.dispose(&lee, &opened, Disposition::NeverEnquired).await;
    assert_eq!(office.count("select count(*) from person where verified").await, 0, "it confirms nothing");
    // Even with a call that somebody promised before.
    let why = gates(&office.actions, &lee, opened.lead, None).await.unwrap();
    assert!(shut(&why.gates).any(|gate| gate.kind == GateKind::Review));
    let judge = |lead, holds| JudgeConsent { lead, holds, why: "looked at the form".to_owned() };
    let refused = office.actions.run(&lee, &judge(opened.lead, true)).await;
    assert!(matches!(refused, Err(Refusal::Forbidden { .. })), "agents do not judge");
    assert_eq!(office.actions.run(&operator(), &judge(opened.lead, true)).await.unwrap(), 0);
    let why = gates(&office.actions, &lee, opened.lead, None).await.unwrap();
    assert!(shut(&why.gates).all(|gate| gate.kind != GateKind::Review));
    assert_eq!(code(office.actions.run(&operator(), &judge(opened.lead, true)).await), "no_review");

    let other = office.next(&lee).await.unwrap();
    office.dispose(&lee, &other, Disposition::NeverEnquired).await;
    assert_eq!(office.actions.run(&operator(), &judge(other.lead, false)).await.unwrap(), 1, "its lead is closed");
    assert_eq!(office.count("select count(*) from suppression").await, 1);
}

#[tokio::test]
async fn the_newest_draft_stays_whichever_tab_comes_last() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.leads(acme, (1, 1), "web_form").await;
    let ((_, lee), (_, kim)) = (office.agent("lee").await, office.agent("kim").await);
    let save = |note: &str, version| SaveDraft {
        lead: lead(1),
        note: Some(note.to_owned()),
        answers: Some(serde_json::Map::new()),
        version,
        touch: None,
    };
    let saved = office.actions.run(&lee, &save("a", 1)).await.unwrap();
    assert!(matches!(saved, DraftSaved::Saved(_)), "no lease is needed: what was typed is kept");
    assert!(matches!(office.actions.run(&lee, &save("a b", 3)).await.unwrap(), DraftSaved::Saved(_)));
    let DraftSaved::Newer(stored) = office.actions.run(&lee, &save("old", 2)).await.unwrap() else {
        panic!("replaced")
    };
    assert_eq!((stored.note.as_str(), stored.version), ("a b", 3));
    let again = office.actions.run(&lee, &save("a b", 3)).await.unwrap();
    assert!(matches!(again, DraftSaved::Saved(_)), "the same once more");
    let DraftSaved::Saved(same) = office.actions.run(&lee, &save("a b", 2)).await.unwrap() else {
        panic!("the same words from another tab stand against nothing")
    };
    assert_eq!(same.version, 3, "that tab counts on from what is stored");
    assert!(draft_of(&office.actions, &kim, lead(1)).await.unwrap().is_none(), "each has their own");
    assert_eq!(fields(office.actions.run(&lee, &save(&"x".repeat(20_001), 0)).await), ["note", "version"]);
    let unknown = SaveDraft { lead: lead(9), ..save("a", 1) };
    assert!(matches!(office.actions.run(&lee, &unknown).await, Err(Refusal::Missing { .. })));
}

#[tokio::test]
async fn the_reason_why_nobody_calls_is_the_one_that_keeps_it_from_being_handed_out() {
    let office = desk(8).await;
    let (acme, other) = (office.client("Acme").await, office.client("Other").await);
    office.leads(acme.id, (1, 1), "web_form").await;
    office.leads(other.id, (2, 1), "web_form").await;
    // One person, known to both clients by one number.
    office
        .sql("update person_identity set value = '+13125559999'; update person set phone = '+13125559999'".to_owned())
        .await;
    let (_, lee) = office.agent("lee").await;
    let first = office.next(&lee).await.unwrap();
    office.dispose(&lee, &first, Disposition::NotInterested).await;
    let left = if first.lead == lead(1) { lead(2) } else { lead(1) };
    assert!(office.next(&lee).await.is_none());
    let why = gates(&office.actions, &lee, left, None).await.unwrap();
    let shut: Vec<_> = shut(&why.gates).map(|gate| gate.kind).collect();
    assert_eq!(shut, [GateKind::Elsewhere]);
    assert_eq!(why.opens_at, Some(office.actions.clock.now() + SignedDuration::from_hours(24)));
    let its_client = if left == lead(1) { acme.id } else { other.id };
    let told = gates(&office.actions, &program(its_client), left, None).await.unwrap();
    let told: Vec<_> = told.gates.iter().filter(|gate| !gate.is_open).map(|gate| gate.words.as_str()).collect();
    assert_eq!(told, ["resting"], "the client is not told of another");
    let others_client = if left == lead(1) { other.id } else { acme.id };
    let missing = gates(&office.actions, &program(others_client), left, None).await;
    assert!(matches!(missing, Err(Refusal::Missing { .. })));
    // Three days later, a Monday at the same hour.
    assert!(office.actions.clock.advance(SignedDuration::from_hours(72)));
    assert!(gates(&office.actions, &lee, left, None).await.unwrap().is_callable);
    assert_eq!(office.next(&lee).await.map(|opened| opened.lead), Some(left));
}

#[tokio::test]
async fn at_night_nobody_is_handed_out_and_the_morning_is_named() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.leads(acme, (1, 3), "web_form").await;
    let (_, lee) = office.agent("lee").await;
    // Ten in the evening.
    assert!(office.actions.clock.advance(SignedDuration::from_hours(12)));
    assert!(office.next(&lee).await.is_none());
    let zone = jiff::tz::TimeZone::get("America/Chicago").unwrap();
    let coming = coming_up(&office.actions, &lee, &zone).await.unwrap();
    assert!(coming.today.is_empty());
    let named =
        |coming: &UpcomingWork| coming.next_at.map(|at| at.to_zoned(zone.clone()).strftime("%a %H:%M").to_string());
    assert_eq!(named(&coming).as_deref(), Some("Sat 09:00"));
    // Also when nobody has pressed for a while, and when somebody presses again.
    assert!(office.actions.clock.advance(SignedDuration::from_mins(40)));
    assert_eq!(named(&coming_up(&office.actions, &lee, &zone).await.unwrap()).as_deref(), Some("Sat 09:00"));
    assert!(office.next(&lee).await.is_none());
    assert_eq!(named(&coming_up(&office.actions, &lee, &zone).await.unwrap()).as_deref(), Some("Sat 09:00"));
    let why = gates(&office.actions, &lee, lead(1), None).await.unwrap();
    let opens = why.opens_at.unwrap();
    assert_eq!(opens.to_zoned(zone.clone()).strftime("%a %H:%M").to_string(), "Sat 09:00");
    assert!(office.actions.clock.advance(SignedDuration::from_hours(12)));
    assert!(office.next(&lee).await.is_some());
}

#[tokio::test]
async fn whoever_else_took_the_call_is_kept_and_confirms_nothing() {
    let (office, lee, opened) = one_lead_open().await;
    let other = |name: &str| NewCoDecider {
        name: name.to_owned(),
        relation: "wife".to_owned(),
        phone: Some("(312) 555-0142".to_owned()),
        email: None,
    };
    let reached = |name: &str| Dispose {
        co_deciders: vec![other(name)],
        ..Dispose::of(opened.lead, opened.lease, Disposition::ReachedOther)
    };
    assert_eq!(fields(office.actions.run(&lee, &reached(" ")).await), ["co_deciders.0.name"]);
    let done = office.actions.run(&lee, &reached("Robin")).await.unwrap();
    let person = show(&office.actions, &lee, opened.lead).await.unwrap().lead.person;
    let kept = office.actions.store.co_deciders_of(lee.scope(), person).await.unwrap();
    assert_eq!((kept.len(), kept[0].phone.as_deref()), (1, Some("+13125550142")));
    let noted = office.audit_of(opened.lead).await;
    let of_others = noted.iter().find(|row| row.action == "lead.co_deciders").and_then(|row| row.after.clone());
    assert_eq!(of_others.unwrap()["added"], 1, "how many, and not who");
    assert_eq!(office.count("select count(*) from person where verified").await, 0);
    office.actions.run(&lee, &UndoDisposition { touch: done.touched.touch }).await.unwrap();
    assert_eq!(office.count("select count(*) from co_decider").await, 0);
}

#[tokio::test]
async fn who_stops_a_person_for_the_whole_firm_is_found_in_its_audit() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.leads(acme, (1, 2), "web_form").await;
    let (_, lee) = office.agent("lee").await;
    for (for_firm, stopped) in [(false, "client"), (true, "firm")] {
        let opened = office.next(&lee).await.unwrap();
        let stop = StopContact { for_firm, ..StopContact::default() };
        let said = Dispose { stop: Some(stop), ..Dispose::of(opened.lead, opened.lease, Disposition::DoNotContact) };
        office.actions.run(&lee, &said).await.unwrap();
        let noted = office.audit_of(opened.lead).await;
        let touch = noted.iter().find(|row| row.action == "lead.touch").unwrap();
        assert_eq!(touch.after.as_ref().unwrap()["stopped_for"], stopped);
        let barred: Vec<_> = noted.iter().filter(|row| row.action == "suppression.add").collect();
        assert_eq!(barred.len(), 1);
        assert_eq!(barred[0].client.is_none(), for_firm, "for the firm a row of its own");
        let said = barred[0].after.as_ref().unwrap();
        assert_eq!(
            (&said["identities"], &said["for"]),
            (&serde_json::json!(1), &serde_json::json!(stopped)),
            "all that they are reached under"
        );
    }
}

#[tokio::test]
async fn who_does_not_sign_in_holds_nothing() {
    let office = desk(8).await;
    assert_eq!(code(office.actions.run(&operator(), &TakeNext).await), "no_user");
    let acme = office.client("Acme").await.id;
    assert!(matches!(office.actions.run(&program(acme), &TakeNext).await, Err(Refusal::Forbidden { .. })));
}
