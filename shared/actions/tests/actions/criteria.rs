//! Criteria: activated with the check that they may be, and back-tests that are kept.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use ripen_actions::{
    Actions, Refusal,
    client::{SetClient, preview, show},
    criteria::{ActivateCriteria, BacktestProgress, BacktestRequest, HistoryOptions, backtest, list},
    program,
};
use ripen_domain::actor::UserRole;
use ripen_store::{StoreError, criteria::document_cache::Documents};
use uuid::Uuid;

use crate::harness::{Office, fields, office, operator, user};

const DOCUMENT: &str = include_str!("../../../../deploy/criteria/web-enquiry.toml");
const OTHER: &str = include_str!("../../../../deploy/criteria/mortgage.toml");

struct Silent;

impl BacktestProgress for Silent {
    fn begin(&self, _: u64) {}

    fn add(&self, _: u64) {}

    fn end(&self) {}
}

fn reading() -> HistoryOptions {
    HistoryOptions { readers: 2, progress: Arc::new(Silent) }
}

fn activate(document: &str, backtest: Option<Uuid>) -> ActivateCriteria {
    ActivateCriteria { document: document.to_owned(), backtest }
}

async fn with_criteria() -> Office {
    let office = office().await;
    office.client("Acme").await;
    assert_eq!(office.done(&activate(DOCUMENT, None)).await.version, 1);
    office
}

#[tokio::test]
async fn a_new_version_is_checked_and_activated_as_one() {
    let office = with_criteria().await;
    let mut changed = DOCUMENT.replace("points = 1", "points = 2");
    if changed == DOCUMENT {
        changed = DOCUMENT.replacen("because = \"", "because = \"Now: ", 1);
    }
    let run = async |request: ActivateCriteria| {
        assert!(office.actions.clock.advance(SignedDuration::from_secs(1)));
        office.actions.run(&operator(), &request).await
    };
    let Err(Refusal::Invalid(errors)) = run(activate(&changed, None)).await else { panic!("without a back-test") };
    assert_eq!((errors[0].field.as_str(), errors[0].code), ("backtest", "required"));
    assert_eq!(fields(run(activate(&changed, Some(Uuid::from_u128(9)))).await), ["backtest"], "there is no such test");

    let request = BacktestRequest { document: changed.clone(), ..BacktestRequest::default() };
    let tested = backtest(&office.actions, &operator(), &request, &reading()).await.unwrap();
    assert_eq!((tested.report.decisions, tested.program.is_empty()), (0, false));
    let again = format!("{changed}\n[[rule]]\n");
    assert!(!fields(run(activate(&again, Some(tested.id))).await).is_empty(), "a broken document");
    let rested = activate(&changed, Some(tested.id));
    assert_eq!(office.actions.rehearse(&operator(), &rested).await.unwrap().version, 2);
    // What it held it let go when it was taken back: whoever comes next does not wait for it.
    let mut next = office.second_store().begin().await.unwrap();
    next.lock_patience(Duration::from_millis(1)).await.unwrap();
    assert!(next.program_lock(&tested.program).await.unwrap().is_some());
    drop(next);
    assert_eq!(office.actions.rehearse(&operator(), &activate(DOCUMENT, None)).await.unwrap().version, 1);
    assert_eq!(list(&office.actions, &operator()).await.unwrap().len(), 1, "a rehearsal leaves nothing");
    assert_eq!(run(rested).await.unwrap().version, 2);
    assert_eq!(run(activate(DOCUMENT, None)).await.unwrap().version, 1, "a return needs no back-test");

    let told: Vec<_> = office.audit().await.into_iter().map(|entry| entry.action).collect();
    let expected = ["criteria.activate", "criteria.activate", "criteria.backtest", "criteria.activate", "client.add"];
    assert_eq!(told, expected);
    let first = list(&office.actions, &operator()).await.unwrap().remove(0);
    assert_eq!((first.active, first.activated_by.as_deref()), (true, Some("dana")));
}

#[tokio::test]
async fn a_back_test_says_everything_wrong_at_once() {
    let office = office().await;
    let request = BacktestRequest {
        document: DOCUMENT.to_owned(),
        client: Some("nobody".to_owned()),
        ..BacktestRequest::default()
    };
    let refused = backtest(&office.actions, &operator(), &request, &reading()).await;
    assert_eq!(fields(refused), ["client", "document"], "no client, and nothing was decided yet");
    let agent = backtest(&office.actions, &user(UserRole::Agent, None), &request, &reading()).await;
    assert!(matches!(agent, Err(Refusal::Forbidden { .. })));
}

#[tokio::test]
async fn how_a_client_is_worked_at_the_desk_is_set_with_it() {
    let office = with_criteria().await;
    let set = SetClient { client: "acme".to_owned(), ..SetClient::default() };
    let wrong = SetClient {
        desk_weight: Some(0),
        caller_id: Some(Some("nobody".to_owned())),
        briefing: Some("x".repeat(5_000)),
        ..set.clone()
    };
    assert_eq!(fields(office.actions.run(&operator(), &wrong).await), ["desk_weight", "caller_id", "briefing"]);
    let wrong = SetClient {
        time_zone: Some("Mars/Olympus".to_owned()),
        amount_share: Some(200.into()),
        program: Some("nothing".to_owned()),
        ..wrong
    };
    let refused = fields(office.actions.run(&operator(), &wrong).await);
    let all = ["time_zone", "program", "amount_share", "amount_share", "desk_weight", "caller_id", "briefing"];
    assert_eq!(refused, all, "everything at once");
    let worked = SetClient {
        desk_weight: Some(3),
        caller_id: Some(Some("(312) 555-0199".to_owned())),
        briefing: Some(" Say Acme Homes. \n".to_owned()),
        ..set.clone()
    };
    let desk = office.done(&worked).await.settings.desk;
    assert_eq!(
        (desk.weight, desk.caller_id.as_deref(), desk.briefing.as_str()),
        (3, Some("+13125550199"), "Say Acme Homes.")
    );
    let kept = office.done(&SetClient { caller_id: Some(None), ..set }).await.settings.desk;
    assert_eq!((kept.weight, kept.caller_id, kept.briefing.as_str()), (3, None, "Say Acme Homes."));
}

#[tokio::test]
async fn a_client_is_set_as_a_whole_or_not_at_all() {
    let office = with_criteria().await;
    let client = office.done(&activate(OTHER, None)).await.program;
    let set = SetClient { client: "acme".to_owned(), program: Some(client.clone()), ..SetClient::default() };
    let wrong = SetClient {
        time_zone: Some("Mars/Olympus".to_owned()),
        return_days: Some(-1),
        name: Some(" ".to_owned()),
        country: Some("Utopia".to_owned()),
        fallback: Some(Some("nobody".to_owned())),
        program: Some("nothing".to_owned()),
        client: "nobody".to_owned(),
        ..SetClient::default()
    };
    let refused = fields(office.actions.run(&operator(), &wrong).await);
    assert_eq!(refused, ["time_zone", "return_days", "name", "country", "fallback", "program", "client"]);
    let half = SetClient { fallback: Some(Some("nobody".to_owned())), ..set.clone() };
    let before = show(&office.actions, &operator(), "acme").await.unwrap().1;
    assert_eq!(fields(office.actions.run(&operator(), &half).await), ["fallback"]);
    office.actions.rehearse(&operator(), &set).await.unwrap();
    assert_eq!(show(&office.actions, &operator(), "acme").await.unwrap().1, before, "the program stayed");

    let change = preview(&office.actions, &operator(), "acme", &client, &reading()).await.unwrap().unwrap();
    assert_eq!(change.leads, 0);
    let whole = SetClient {
        capacity: Some(3),
        fallback: Some(Some("Office@acme.example".to_owned())),
        return_days: Some(30),
        return_reasons: Some(vec![" Wrong number ".to_owned()]),
        ..set
    };
    let done = office.done(&whole).await;
    assert_eq!((done.regraded, done.settings.program.as_str()), (Some(0), client.as_str()));
    let now = show(&office.actions, &operator(), "acme").await.unwrap().1;
    assert_eq!(now, done.settings);
    assert_eq!((now.fallback.as_deref(), now.returns.days), (Some("office@acme.example"), 30));
    assert_eq!(now.returns.reasons, ["Wrong number"]);
    let entry = office.audit().await.remove(0);
    let program = |value: &Option<serde_json::Value>| value.as_ref().unwrap()["program"].clone();
    assert_eq!((entry.action.as_str(), program(&entry.after)), ("client.set", client.into()));
    assert_eq!(program(&entry.before), before.program);
    assert_eq!(program::list(&office.actions, &operator()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_rehearsal_of_another_program_moves_the_leads_and_takes_it_back() {
    let office = office().await;
    let acme = office.client("Acme").await;
    office.done(&activate(DOCUMENT, None)).await;
    office.worked(&acme).await;
    let program = office.done(&activate(OTHER, None)).await.program;
    let set = SetClient { client: "acme".to_owned(), program: Some(program.clone()), ..SetClient::default() };
    let state = async || {
        let settings = show(&office.actions, &operator(), "acme").await.unwrap().1;
        let leads = "select string_agg(id || ' ' || program_id, ', ' order by id) from lead";
        let leads: String = sqlx::query_scalar(leads).fetch_one(&office.pool).await.unwrap();
        let kept = "select (select count(*) from regrade) + (select count(*) from audit)";
        let kept: i64 = sqlx::query_scalar(kept).fetch_one(&office.pool).await.unwrap();
        (settings, leads, kept)
    };
    let before = state().await;

    // As the action itself it waits for a lead that a batch holds; and what it took it lets go when it is taken back.
    let mut batch = office.pool.begin().await.unwrap();
    sqlx::query("select id from lead for update").execute(&mut *batch).await.unwrap();
    let actor = operator();
    let ended = async {
        office.until_a_session_waits().await;
        batch.rollback().await.unwrap();
    };
    let (rehearsed, ()) = tokio::join!(office.actions.rehearse(&actor, &set), ended);
    let rehearsed = rehearsed.unwrap();
    sqlx::query("select id from lead for update nowait").execute(&office.pool).await.unwrap();
    assert_eq!((rehearsed.regraded, rehearsed.settings.program.as_str()), (Some(1), program.as_str()));
    assert_eq!(state().await, before, "nothing of it is left");
    let done = office.done(&set).await;
    assert_eq!(
        (done.regraded, &done.settings),
        (rehearsed.regraded, &rehearsed.settings),
        "it gives what was rehearsed"
    );
    assert_eq!(office.actions.rehearse(&actor, &set).await.unwrap().regraded, Some(0), "it is there already");

    // A second open lead of the person, in the program of before: it stays there, as the person has one here.
    let other = "insert into lead select (l2.r).* from (select jsonb_populate_record(l, jsonb_build_object('id', gen_random_uuid(),
        'program_id', (select id from program where name <> $1 limit 1))) as r from lead l) l2";
    sqlx::query(other).bind(&program).execute(&office.pool).await.unwrap();
    let rehearsed = office.actions.rehearse(&actor, &set).await.unwrap().regraded;
    assert_eq!(rehearsed, Some(0));
    assert_eq!(office.done(&set).await.regraded, rehearsed);
}

#[tokio::test]
async fn a_preview_says_when_the_database_is_away() {
    let office = with_criteria().await;
    let program = office.done(&activate(OTHER, None)).await.program;
    let closed = office.second_store();
    closed.close().await;
    let actions = Actions { documents: Documents::new(closed), ..office.actions.clone() };
    let refused = preview(&actions, &operator(), "acme", &program, &reading()).await;
    assert!(matches!(refused, Err(Refusal::Store(StoreError::Unreachable(_)))), "{refused:?}");
}
