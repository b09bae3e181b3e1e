//! Secrets at rest: nothing in the database opens by itself, keys are changed under way, and a wrong one stops the start.

use std::os::unix::fs::PermissionsExt as _;

use ripen_testkit::{
    keys::master_key,
    receiver::{Behaviour, Received, Receiver},
    wait::until,
};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::harness::{CRITERIA, Installation, Kind, LIMIT, Source, audit::delivered, posters::post, process::Process};

const HEADER: &str = "Bearer hunter2-of-the-receiver";

/// A client's webhook, and what signs it.
struct Hook {
    id: String,
    secret: String,
}

/// An installation whose client has one webhook with a header of its own.
async fn installation(receiver: &Receiver) -> (Installation, Source, Hook) {
    let mut installation = Installation::new(Kind::Local).await;
    installation.set("DISPATCHER__SWEEP_INTERVAL_MS", "100");
    // More than commands can use up on a busy machine, while nothing is taken.
    installation.set("DISPATCHER__RETRY_SCHEDULE_S", &["1"; 600].join(","));
    installation.set("DISPATCHER__CIRCUIT_FAILURES", "1000");
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let hook = webhook(&installation, "acme", &receiver.url("/hook")).await;
    (installation, source, hook)
}

async fn webhook(installation: &Installation, client: &str, url: &str) -> Hook {
    let added = installation.json(&["endpoint", "add", "--client", client, "--webhook", url, "--allow-private"]).await;
    let text = |key: &str| added[key].as_str().unwrap().to_owned();
    let header = format!("Authorization: {HEADER}");
    installation.json(&["endpoint", "set", &text("id"), "--header", &header]).await;
    Hook { id: text("id"), secret: text("secret") }
}

async fn lead(process: &Process, source: &Source, name: &str) {
    let body = json!({"email": format!("{name}@example.com"), "answers": {"timeframe_days": 1}});
    assert_eq!(post(&process.url, source, &body).await.unwrap().0, 202);
}

fn signed(received: &Received, secret: &str) -> bool {
    let mut headers = http::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, received.header(name).parse().unwrap());
    }
    standardwebhooks::Webhook::new(secret).unwrap().verify(&received.body, &headers).is_ok()
}

async fn execute(installation: &Installation, sql: &str) -> u64 {
    sqlx::query(AssertSqlSafe(sql)).execute(installation.pool()).await.unwrap().rows_affected()
}

/// The tables in which this text stands, in clear or as bytes.
async fn lies_in(installation: &Installation, text: &str) -> Vec<String> {
    let names =
        "select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')";
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut found = Vec::new();
    for name in sqlx::query_scalar::<_, String>(names).fetch_all(installation.pool()).await.unwrap() {
        let sql =
            format!("select exists (select from {name} t where strpos(t::text, $1) > 0 or strpos(t::text, $2) > 0)");
        let is_there = sqlx::query_scalar(AssertSqlSafe(sql)).bind(text).bind(&hex);
        if is_there.fetch_one(installation.pool()).await.unwrap() {
            found.push(name);
        }
    }
    found
}

/// What `doctor` says of secrets: whether all is well, and what it found.
async fn doctor(installation: &Installation) -> (bool, String) {
    let output = installation.run(&["doctor", "--json"]).await;
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let of = rows.iter().find(|row| row["check"] == "secrets").unwrap_or_else(|| panic!("{rows:?}"));
    (of["ok"] == "ok", of["found"].as_str().unwrap().to_owned())
}

/// What a command that must fail says.
async fn refused(installation: &Installation, arguments: &[&str]) -> String {
    let output = installation.run(arguments).await;
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_lies_in_clear_anywhere_in_the_database() {
    let receiver = Receiver::start().await;
    let (installation, source, hook) = installation(&receiver).await;
    let pad: Vec<u8> =
        sqlx::query_scalar("select inner_pad from suppression_key").fetch_one(installation.pool()).await.unwrap();
    let rotated = installation.json(&["endpoint", "rotate-secret", &hook.id, "--overlap-h", "1"]).await;
    let process = installation.serve("").await;
    lead(&process, &source, "a").await;
    let received = &receiver.wait_for(1, LIMIT).await[0];
    let second = rotated["secret"].as_str().unwrap();
    assert!(signed(received, &hook.secret) && signed(received, second), "both are opened where they are used");
    assert_eq!(received.header("authorization"), HEADER);
    delivered(&installation).await;

    assert!(lies_in(&installation, "a@example.com").await.len() > 1, "the look finds what is there");
    for secret in [&hook.secret, second, &hook.secret["whsec_".len()..], HEADER, "hunter2"] {
        assert_eq!(lies_in(&installation, secret).await, Vec::<String>::new());
    }
    let pads =
        "select count(*) from suppression_key where inner_pad is not null or outer_pad is not null or sealed is null";
    assert_eq!(installation.count(pads).await, 0);
    let hex: String = pad.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(lies_in(&installation, &hex).await, Vec::<String>::new());
    assert_eq!(installation.count("select count(*) from signing_key where key is not null").await, 0);
    assert!(doctor(&installation).await.0);
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_changed_in_the_middle_of_a_delivery_and_the_old_one_is_taken_away() {
    let receiver = Receiver::start().await;
    let (mut installation, source, hook) = installation(&receiver).await;
    receiver.set("/hook", Behaviour::Status(503));
    let process = installation.serve("").await;
    lead(&process, &source, "a").await;
    receiver.wait_for(1, LIMIT).await;
    assert_eq!(process.stop().await, Some(0));

    let (old, new) = (installation.env("SECRETS__KEY").unwrap(), master_key());
    installation.set("SECRETS__KEY", &new.reveal());
    installation.set("SECRETS__PREVIOUS_KEYS", &old);
    let process = installation.serve("").await;
    receiver.wait_for(receiver.count() + 1, LIMIT).await;
    let (is_well, found) = doctor(&installation).await;
    assert!(is_well && found.contains("ripen secrets rotate"), "{found}");
    let done = installation.json(&["secrets", "rotate"]).await;
    // A secret, its endpoint's URL and headers, the keys of links and of suppressions.
    assert_eq!((&done["rewrapped"], &done["unopened"]), (&json!(5), &json!(0)), "{done}");
    assert_eq!(done["keys"], json!({new.id().to_string(): 5}));
    let audit = installation.json(&["audit", "list", "--object", "secrets"]).await;
    assert_eq!(
        (&audit[0]["action"], &audit[0]["after"]["only_under"]),
        (&json!("secrets.rotate"), &json!(new.id().to_string()))
    );
    let again = installation.json(&["secrets", "rotate"]).await;
    assert_eq!((&again["rewrapped"], &again["sealed"]), (&json!(0), &json!(0)), "running it again does nothing");
    receiver.wait_for(receiver.count() + 1, LIMIT).await;
    assert_eq!(process.stop().await, Some(0));

    installation.set("SECRETS__PREVIOUS_KEYS", "");
    receiver.set("/hook", Behaviour::Status(200));
    let process = installation.serve("").await;
    delivered(&installation).await;
    assert_eq!(installation.count("select count(*) from delivery where state = 'delivered'").await, 1);
    let received = receiver.received();
    assert!(received.iter().all(|received| signed(received, &hook.secret)), "one secret all the way");
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_the_right_key_is_refused_and_loses_nothing() {
    let receiver = Receiver::start().await;
    let (mut installation, source, hook) = installation(&receiver).await;
    assert_eq!(installation.serve("").await.stop().await, Some(0));
    let right = installation.env("SECRETS__KEY").unwrap();
    installation.set("SECRETS__KEY", "");
    let (started, listed) =
        (refused(&installation, &["serve"]).await, refused(&installation, &["client", "list"]).await);
    for said in [started, listed, doctor(&installation).await.1] {
        assert!(said.contains("ripen secrets new-key") && said.contains("openssl rand -base64 32"), "{said}");
    }
    let wrong = installation.run(&["secrets", "new-key"]).await;
    let wrong = String::from_utf8(wrong.stdout).unwrap();
    assert!(wrong.lines().count() == 1 && wrong.trim().len() == 44, "{wrong}");
    installation.set("SECRETS__KEY", wrong.trim());
    let started = refused(&installation, &["serve"]).await;
    assert!(started.contains("do not open") && started.contains("secrets.previous_keys"), "{started}");
    refused(&installation, &["secrets", "rotate"]).await;
    let (is_well, found) = doctor(&installation).await;
    assert!(!is_well && found.contains("put that key back"), "{found}");

    installation.set("SECRETS__KEY", &right);
    let process = installation.serve("").await;
    lead(&process, &source, "a").await;
    assert!(signed(&receiver.wait_for(1, LIMIT).await[0], &hook.secret));
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_first_start_with_another_key_is_refused() {
    let mut installation = Installation::new(Kind::Local).await;
    let first = installation.run(&["client", "list"]).await;
    assert!(first.status.success(), "nothing is sealed by it: {first:?}");
    let right = installation.env("SECRETS__KEY").unwrap();
    installation.set("SECRETS__KEY", &master_key().reveal());
    let said = refused(&installation, &["serve"]).await;
    assert!(said.contains("goes by the key") && said.contains("secrets.previous_keys"), "{said}");
    assert_eq!(installation.count("select count(*) from signing_key").await, 0);
    installation.set("SECRETS__KEY", &right);
    assert_eq!(installation.serve("").await.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_that_something_is_sealed_behind_says_so() {
    let receiver = Receiver::start().await;
    let (mut installation, _, _) = installation(&receiver).await;
    let (old, new) = (installation.env("SECRETS__KEY").unwrap(), master_key());
    // A process that still has the old key seals again whatever is sealed anew.
    let beside = "create table was as select id, sealed from endpoint_secret";
    execute(&installation, beside).await;
    let again = "create function seal_again() returns trigger language plpgsql as $$ begin
            new.sealed := (select sealed from was where id = new.id); return new; end $$";
    execute(&installation, again).await;
    let trigger =
        "create trigger seal_again before update on endpoint_secret for each row execute function seal_again()";
    execute(&installation, trigger).await;
    installation.set("SECRETS__KEY", &new.reveal());
    installation.set("SECRETS__PREVIOUS_KEYS", &old);
    let said = refused(&installation, &["secrets", "rotate"]).await;
    assert!(said.contains("still seals under another key"), "{said}");
    execute(&installation, "drop trigger seal_again on endpoint_secret").await;
    assert!(installation.run(&["secrets", "rotate"]).await.status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_secret_that_was_moved_to_another_row_signs_nothing_there() {
    let receiver = Receiver::start().await;
    let (installation, source, hook) = installation(&receiver).await;
    let other = installation.client("other").await;
    let fine = webhook(&installation, "other", &receiver.url("/fine")).await;
    let moved = "update endpoint_secret s set sealed = o.sealed from endpoint_secret o
        where s.endpoint_id = (select id from endpoint where shown_url like '%/hook') and o.endpoint_id <> s.endpoint_id";
    assert_eq!(execute(&installation, moved).await, 1);
    let process = installation.serve("").await;
    lead(&process, &source, "a").await;
    lead(&process, &other, "b").await;
    let received = receiver.wait_for(1, LIMIT).await;
    assert!(received[0].path == "/fine" && signed(&received[0], &fine.secret), "others go out");
    until("the attempt says why", LIMIT, || async {
        let tried = "select count(*) from attempt where error = 'sealed'";
        (installation.count(tried).await > 0).then_some(())
    })
    .await;
    assert!(receiver.received().iter().all(|received| received.path == "/fine"), "nothing goes out unsigned");
    // The firm's own mistake: it costs no attempt, and nothing is held against the receiver.
    let held = "select count(*) from delivery where state = 'dead' or attempts - excused > 1";
    assert_eq!(installation.count(held).await, 0);
    assert_eq!(installation.count("select count(*) from endpoint where failing_since is not null").await, 0);
    let rotated = installation.run(&["secrets", "rotate"]).await;
    assert_eq!(rotated.status.code(), Some(0), "nothing lies under another key: {rotated:?}");
    let made = installation.json(&["endpoint", "rotate-secret", &hook.id, "--overlap-h", "0"]).await;
    let received = until("a new secret mends it", LIMIT, || async {
        receiver.received().into_iter().find(|received| received.path == "/hook")
    })
    .await;
    assert!(signed(&received, made["secret"].as_str().unwrap()));
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_version_left_in_clear_is_sealed_by_the_next_start() {
    let receiver = Receiver::start().await;
    let (installation, source, hook) = installation(&receiver).await;
    let old = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    let clear = format!(
        "insert into endpoint_secret (endpoint_id, secret, created_at) select id, '{old}', 'epoch' from endpoint"
    );
    execute(&installation, &clear).await;
    execute(&installation, "update endpoint set headers = '{x-old: as-it-was}', sealed_headers = null").await;
    execute(
        &installation,
        "insert into signing_key (purpose, key, created_at) values ('link', decode(repeat('07', 32), 'hex'), now())",
    )
    .await;
    let (is_well, found) = doctor(&installation).await;
    assert!(is_well && found.contains("in clear"), "{found}");
    let process = installation.serve("").await;
    assert_eq!(lies_in(&installation, old).await, Vec::<String>::new());
    assert_eq!(lies_in(&installation, "as-it-was").await, Vec::<String>::new());
    assert_eq!(lies_in(&installation, &"\u{7}".repeat(32)).await, Vec::<String>::new());
    let (is_well, found) = doctor(&installation).await;
    assert!(is_well && found.contains("all sealed"), "{found}");
    lead(&process, &source, "a").await;
    let received = &receiver.wait_for(1, LIMIT).await[0];
    assert!(signed(received, old) && signed(received, &hook.secret) && received.header("x-old") == "as-it-was");

    // A process of the version before still writes in clear.
    execute(&installation, &clear).await;
    let (is_well, found) = doctor(&installation).await;
    assert!(!is_well && found.contains("in clear"), "{found}");
    assert_eq!(installation.json(&["secrets", "rotate"]).await["sealed"], json!(1));
    assert!(doctor(&installation).await.0);
    // And hashes with a key that it does not find: it must not take anybody for free to contact.
    let hashed =
        sqlx::query("select identity_hash(inner_pad, outer_pad, 'email', 'a@example.com') from suppression_key");
    let refused = hashed.fetch_all(installation.pool()).await.unwrap_err();
    assert_eq!(refused.as_database_error().unwrap().code().as_deref(), Some("57P03"));
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_default_keeps_its_key_in_a_file_that_nobody_else_reads() {
    let installation = Installation::embedded();
    let process = installation.serve("").await;
    let file = installation.folder().join("ripen-data/secrets.key");
    let rights = |file: &std::path::Path| std::fs::metadata(file).unwrap().permissions().mode() & 0o777;
    assert_eq!(rights(&file), 0o600);
    let source = installation.client("acme").await;
    assert_eq!(post(&process.url, &source, &json!({"email": "a@example.com"})).await.unwrap().0, 202);
    assert!(doctor(&installation).await.0);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (is_well, found) = doctor(&installation).await;
    assert!(!is_well && found.contains("chmod 600"), "{found}");
    assert_eq!(process.stop().await, Some(0));

    let kept = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let said = refused(&installation, &["serve"]).await;
    assert!(said.contains("secrets.key is missing") && !file.exists(), "{said}");
    std::fs::write(&file, kept).unwrap();
    assert_eq!(installation.serve("").await.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_signed_with_a_new_key_and_ended_by_command() {
    let receiver = Receiver::start().await;
    let (installation, source, _) = installation(&receiver).await;
    let process = installation.serve("").await;
    lead(&process, &source, "a").await;
    let body = receiver.wait_for(1, LIMIT).await[0].json();
    let link = body["data"]["outcome_url"].as_str().unwrap().to_owned();
    let path = link.strip_prefix(&process.url).unwrap().to_owned();
    assert!(path.strip_prefix("/o/").unwrap().bytes().all(|byte| byte.is_ascii_alphanumeric()), "{path}");
    assert_eq!(installation.json(&["link", "rotate"]).await["key"], json!(1));
    for path in [path.clone(), format!("{path}/")] {
        let (status, page) = process.get(&path).await;
        assert!(status == 200 && page.contains("a@example.com"), "{page}");
    }
    let delivery = receiver.received()[0].header("webhook-id").to_owned();
    assert_eq!(installation.json(&["link", "revoke", "--delivery", &delivery]).await["revoked"], json!(delivery));
    let (status, page) = process.get(&path).await;
    assert!(status == 410 && page.contains("This link is over") && !page.contains("a@example.com"), "{page}");
    let audit = installation.json(&["audit", "list", "--object", &delivery]).await;
    assert_eq!(audit[0]["action"], "link.revoke");
    assert_eq!(process.stop().await, Some(0));
}
