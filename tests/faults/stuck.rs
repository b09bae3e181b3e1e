//! Messages that cannot be decided for long: they wait in their rows, for longer and longer, and take no room from anybody.

use std::collections::BTreeMap;

use ripen_testkit::wait::until;
use serde_json::json;

use crate::harness::{CRITERIA, Installation, Kind, LIMIT, Source, posters::post, process::Process};

const THEIRS: &str = "select count(*) from lead l join client c on c.id = l.client_id and c.slug = 'acme'";

/// Two clients with programs of their own; of beta's the criteria cannot be loaded from when [`break_beta`] was called.
struct TwoClients {
    installation: Installation,
    acme: Source,
    beta: Source,
}

async fn two_clients(kind: Kind, set: &[(&str, &str)]) -> TwoClients {
    let mut installation = Installation::new(kind).await;
    let usual = [("QUALIFIER__SWEEP_INTERVAL_MS", "50"), ("QUALIFIER__ALONE_PAUSE_MS", "500")];
    usual.iter().chain(set).for_each(|(key, value)| installation.set(key, value));
    let acme = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let beta = installation.client("beta").await;
    let file = installation.folder().join("other.toml");
    std::fs::write(&file, CRITERIA.replace("name = \"test\"", "name = \"other\"")).unwrap();
    installation.json(&["criteria", "activate", file.to_str().unwrap()]).await;
    installation.json(&["client", "set", "beta", "--program", "other"]).await;
    TwoClients { installation, acme, beta }
}

async fn change(installation: &Installation, sql: &'static str) {
    sqlx::raw_sql(sql).execute(installation.pool()).await.unwrap();
}

/// As a version that does not know the document finds it.
async fn break_beta(installation: &Installation) {
    change(
        installation,
        "update criteria set document = 'none' where id = (select criteria_id from program where name = 'other')",
    )
    .await;
}

async fn send(process: &Process, source: &Source, name: &str) {
    let lead = json!({"external_id": name, "email": format!("{name}@example.com"), "answers": {"timeframe_days": 200}});
    assert_eq!(post(&process.url, source, &lead).await.unwrap().0, 202);
}

async fn wait_for(installation: &Installation, sql: &'static str, count: i64) {
    until(sql, LIMIT, || async { (installation.count(sql).await == count).then_some(()) }).await;
}

/// A counter of the process by its whole series.
async fn counted(process: &Process, series: &str) -> u64 {
    let metrics = process.get("/metrics").await.1;
    let values: BTreeMap<_, _> = metrics.lines().filter_map(|line| line.rsplit_once(' ')).collect();
    values.get(series).map_or(0, |value| value.parse().unwrap())
}

const SET_ASIDE: &str = "ripen_messages_set_aside_total{why=\"criteria\"}";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_set_aside_is_offered_when_its_pause_ends_and_not_once_more_with_each_offer() {
    const STUCK: i64 = 30;
    let TwoClients { installation, acme, beta } = two_clients(Kind::Local, &[("QUALIFIER__OFFER_S", "1")]).await;
    break_beta(&installation).await;
    let process = installation.serve("").await;
    for number in 0..STUCK {
        send(&process, &beta, &format!("q{number}")).await;
    }
    // Longer than an offer lasts: nobody makes another meanwhile.
    let put_off = "select count(*) from spool where offered_until > now() + interval '3 seconds'";
    wait_for(&installation, put_off, STUCK).await;
    send(&process, &acme, "p").await;
    wait_for(&installation, THEIRS, 1).await;
    assert_eq!(installation.count("select count(*) from spool").await, STUCK);
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn regrades_and_promises_of_a_client_with_broken_criteria_keep_no_others_out() {
    const STUCK: i64 = 30;
    // Far fewer offers than are stuck, and a consumer that holds few.
    let few = [("AMQP__OFFERS_WAITING", "10"), ("QUALIFIER__BATCH", "2"), ("QUALIFIER__WORKERS", "1")];
    let TwoClients { installation, acme, beta } = two_clients(Kind::Rabbit, &few).await;
    let process = installation.serve("").await;
    for number in 0..STUCK {
        send(&process, &beta, &format!("q{number}")).await;
    }
    send(&process, &acme, "p").await;
    wait_for(&installation, "select count(*) from lead where grade is not null", STUCK + 1).await;
    assert_eq!(process.stop().await, Some(0));
    break_beta(&installation).await;
    let theirs = "insert into regrade (lead_id, version, why, offered_until, created_at)
                  select l.id, 1, 'a test', now(), now() from lead l join client c on c.id = l.client_id and c.slug = 'beta';
                  update promise set due_at = now() where lead_id in (select lead_id from regrade)";
    change(&installation, theirs).await;
    let process = installation.serve("").await;
    until("theirs are set aside", LIMIT, || async {
        (counted(&process, SET_ASIDE).await >= u64::try_from(STUCK).unwrap()).then_some(())
    })
    .await;
    let ours = "insert into regrade (lead_id, version, why, offered_until, created_at)
                select l.id, 1, 'a test', now(), now() from lead l join client c on c.id = l.client_id and c.slug = 'acme'";
    change(&installation, ours).await;
    let waiting = "select count(*) from regrade r join lead l on l.id = r.lead_id
                   join client c on c.id = l.client_id and c.slug = 'acme'";
    wait_for(&installation, waiting, 0).await;
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_whose_criteria_cannot_be_loaded_stops_no_others_roll_out() {
    const STUCK: i64 = 6;
    let few = [("QUALIFIER__REGRADE_SWEEP", "5")];
    let TwoClients { installation, acme, beta } = two_clients(Kind::Local, &few).await;
    let process = installation.serve("").await;
    for number in 0..STUCK {
        send(&process, &beta, &format!("q{number}")).await;
    }
    send(&process, &acme, "p").await;
    wait_for(&installation, "select count(*) from lead where grade is not null", STUCK + 1).await;
    assert_eq!(process.stop().await, Some(0));
    break_beta(&installation).await;
    let theirs = "insert into regrade (lead_id, version, why, offered_until, created_at)
                  select l.id, 1, 'a test', now(), now() from lead l join client c on c.id = l.client_id and c.slug = 'beta'";
    change(&installation, theirs).await;
    let process = installation.serve("").await;
    let backtest = CRITERIA.replace("points = 40", "points = 41");
    installation.activate(&backtest).await;
    let decided = "select count(*) from lead l join program p on p.id = l.program_id and p.criteria_id = l.criteria_id
                   where p.name = 'test'";
    wait_for(&installation, decided, 1).await;
    assert_eq!(installation.count("select count(*) from regrade").await, STUCK);
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_that_never_passes_is_told_by_readyz_and_ends_nobody() {
    let TwoClients { installation, acme, .. } = two_clients(Kind::Local, &[]).await;
    let process = installation.serve("").await;
    // As a serialization failure that comes each time.
    let conflict = "create function conflict() returns trigger language plpgsql as $$ begin
           if new.email like 'stuck%' then raise exception 'conflict' using errcode = '40001'; end if; return new; end $$;
         create trigger conflict before insert on person for each row execute function conflict()";
    change(&installation, conflict).await;
    send(&process, &acme, "stuck").await;
    send(&process, &acme, "p").await;
    wait_for(&installation, THEIRS, 1).await;
    until("it is said", LIMIT, || async {
        let (status, text) = process.get("/readyz").await;
        (status == 200 && text.contains("they wait")).then_some(())
    })
    .await;
    assert_eq!(installation.count("select count(*) from dead_letter").await, 0);
    change(&installation, "drop trigger conflict on person").await;
    wait_for(&installation, THEIRS, 2).await;
    until("nothing more is said", LIMIT, || async {
        (!process.get("/readyz").await.1.contains("they wait")).then_some(())
    })
    .await;
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_too_slow_or_too_large_alone_is_split_from_its_neighbours() {
    for state in ["57014", "53200"] {
        let TwoClients { installation, acme, .. } = two_clients(Kind::Local, &[]).await;
        let process = installation.serve("").await;
        let refused = format!(
            "create function refuse() returns trigger language plpgsql as $$ begin
               if new.email like 'poison%' then raise exception 'refused' using errcode = '{state}'; end if; return new; end $$;
             create trigger refuse before insert on person for each row execute function refuse()"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(refused)).execute(installation.pool()).await.unwrap();
        send(&process, &acme, "poison").await;
        for number in 0..20 {
            send(&process, &acme, &format!("p{number}")).await;
        }
        wait_for(&installation, THEIRS, 20).await;
        wait_for(&installation, "select count(*) from dead_letter where state = 'waiting'", 1).await;
        assert_eq!(process.stop().await, Some(0), "{state}");
    }
}
