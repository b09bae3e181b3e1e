//! `ripen doctor`: looks at everything an installation rests on, and says what to do.

use std::{process::ExitCode, time::Duration};

use jiff::tz::TimeZone;
use ripen_outbound::{
    mail::{MailResult, Mailer},
    trust::Trust,
};
use ripen_queue::QueueState;
use ripen_runtime::{clock::Clock, config::Settings, secrets};
use ripen_store::{Store, partitions::Partitions, schema::SchemaState};
use serde_json::{Value, json};

use crate::{
    cli::{Common, calling},
    database::Database,
    output,
};

/// Connections PostgreSQL keeps for its superuser.
const RESERVED: i64 = 3;

/// One look at one thing.
struct Check {
    what: &'static str,
    /// What was seen; wrong, with what to do.
    result: Result<String, String>,
}

/// Runs every check; exits 1 where one finds something wrong.
///
/// # Errors
/// When the configuration itself cannot be read, or no database can be opened.
pub async fn run(common: &Common) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(common.config.as_deref(), Vec::new())?;
    let mut checks = vec![Check { what: "configuration", result: Ok("read, no unknown keys".to_owned()) }];
    let today = Clock::system().now().to_zoned(TimeZone::UTC).date();
    checks.push(Check { what: "calling", result: Ok(calling::examined(&settings.calling, today)) });
    // `connect`, not `open`: a schema that is not this binary's is a finding here, not the end of the command.
    match Database::connect(common, settings.clone()).await {
        Ok(database) => {
            database_checks(&mut checks, &database.store, &settings).await;
            database.close().await;
        }
        // The look goes on: queues and mail have nothing to do with the database, and one run names all that is wrong.
        Err(error) => checks.push(Check { what: "database", result: Err(format!("{error:#}")) }),
    }
    checks.push(queues(&settings).await);
    checks.push(mail(common, &settings).await);
    let rows: Vec<Value> = checks.iter().map(shown).collect();
    output::table(common.json, &["ok", "check", "found"], &rows)?;
    let wrong = checks.iter().any(|check| check.result.is_err());
    Ok(if wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn shown(check: &Check) -> Value {
    let (ok, found) = match &check.result {
        Ok(found) => (true, found),
        Err(found) => (false, found),
    };
    json!({"ok": if ok { "ok" } else { "WRONG" }, "check": check.what, "found": found})
}

async fn database_checks(checks: &mut Vec<Check>, store: &Store, settings: &Settings) {
    let server = store.server().await;
    checks.push(Check {
        what: "database",
        result: server.as_ref().map(|(version, _)| format!("PostgreSQL {version}")).map_err(ToString::to_string),
    });
    // Everything below asks the database: without it, each check would repeat the same error.
    let Ok((_, allowed)) = server else { return };
    checks.push(Check {
        what: "connections",
        result: pool(i64::from(allowed), i64::from(settings.database.max_connections)),
    });
    checks.push(Check { what: "locks", result: locks(store, settings).await });
    checks.push(Check { what: "clock", result: clock(store, settings.clock.max_skew_s).await });
    let schema = store.schema().await;
    let current = matches!(schema, Ok(SchemaState::Current | SchemaState::Newer));
    checks.push(Check {
        what: "schema",
        result: match schema {
            Ok(SchemaState::Current) => Ok("this version's".to_owned()),
            Ok(SchemaState::Newer) => Ok("newer than this binary: finish the upgrade".to_owned()),
            Ok(SchemaState::Older { missing }) => Err(format!("{missing} migration(s) behind: run `ripen migrate`")),
            Ok(SchemaState::Differs) => Err("migrated by another edition: use the version it belongs to".to_owned()),
            Err(error) => Err(error.to_string()),
        },
    });
    // The checks of invariants are statements against this version's schema.
    if current {
        invariants(checks, store).await;
    }
}

fn pool(allowed: i64, wanted: i64) -> Result<String, String> {
    let left = allowed - RESERVED;
    // `wanted` counts as at least one: a bound of 0 would end the command with a division by zero.
    let found = format!(
        "each process opens up to {wanted} of {allowed} connections: room for {} processes",
        left / wanted.max(1)
    );
    if wanted <= left {
        Ok(found)
    } else {
        Err(format!("{found}; lower database.max_connections or raise PostgreSQL's max_connections"))
    }
}

/// Locks that PostgreSQL has room for, against those that the batches of one qualifier hold at once.
async fn locks(store: &Store, settings: &Settings) -> Result<String, String> {
    let room = store.lock_room().await.map_err(|error| error.to_string())?;
    // An e-mail address and a phone for each message; its tables besides.
    let wanted = settings.qualifier.batch.saturating_mul(2).saturating_mul(settings.qualifier.workers);
    let wanted = i64::try_from(wanted).unwrap_or(i64::MAX);
    let found = format!("each qualifier holds up to {wanted} of {room} locks: room for {}", room / wanted.max(1));
    if wanted <= room {
        Ok(found)
    } else {
        Err(format!("{found}; lower qualifier.batch or raise PostgreSQL's max_locks_per_transaction"))
    }
}

async fn clock(store: &Store, most: u64) -> Result<String, String> {
    let theirs = store.clock().await.map_err(|error| error.to_string())?;
    // Without sign: no promise fires whichever of the two is ahead.
    let skew = theirs.duration_since(Clock::system().now()).abs();
    let found = format!("{} ms from the database's", skew.as_millis());
    if skew.as_secs() <= i64::try_from(most).unwrap_or(i64::MAX) {
        Ok(found)
    } else {
        Err(format!("{found}: more than clock.max_skew_s = {most}; no promise fires. Set the clocks by NTP"))
    }
}

/// Whether decisions of this month and the next have their partitions.
async fn months(store: &Store) -> Result<String, String> {
    let Partitions { missing, stray } =
        store.partitions(Clock::system().now()).await.map_err(|error| error.to_string())?;
    if !missing.is_empty() {
        let missing = missing.join(", ");
        return Err(format!(
            "{missing} missing: the qualifier makes it once a day, `ripen migrate` now, where its user may"
        ));
    }
    if stray > 0 {
        return Err(format!(
            "{stray} decision(s) in decision_default, of months that have no partition: looking them up is slower. Compare the clocks"
        ));
    }
    Ok("decisions of this month and the next have their partitions".to_owned())
}

async fn invariants(checks: &mut Vec<Check>, store: &Store) {
    checks.push(Check { what: "months", result: months(store).await });
    match store.findings().await {
        Err(error) => checks.push(Check { what: "invariants", result: Err(error.to_string()) }),
        Ok(findings) => {
            for finding in findings {
                let found = finding.invariant.to_owned();
                let result = if finding.broken == 0 {
                    Ok(found)
                } else {
                    Err(format!("broken {} time(s): {found}", finding.broken))
                };
                checks.push(Check { what: "invariant", result });
            }
        }
    }
    if let Ok((letters, deliveries, notices)) = store.given_up(Clock::system().now()).await {
        let found = format!(
            "{letters} dead letter(s), {deliveries} dead deliver(ies), {notices} mail(s) of appointments ahead that could not be sent"
        );
        // Only letters are wrong here: nobody but an operator can handle them again.
        let result = if letters == 0 { Ok(found) } else { Err(format!("{found}: see `ripen dead list`")) };
        checks.push(Check { what: "given up", result });
    }
}

async fn queues(settings: &Settings) -> Check {
    if settings.amqp.url.is_empty() {
        return Check { what: "queues", result: Ok("in the process (amqp.url is empty)".to_owned()) };
    }
    let result = match ripen_queue::check(settings.amqp.url.reveal(), &ripen_queue::TransportOptions::default()).await {
        Err(error) => Err(error.to_string()),
        Ok(seen) => broker(&seen),
    };
    Check { what: "queues", result }
}

/// What the look at RabbitMQ comes to.
fn broker(seen: &ripen_queue::BrokerCheck) -> Result<String, String> {
    // Wrong, but nothing is lost meanwhile: the text says where arrivals are.
    let server = seen
        .server
        .as_ref()
        .map_err(|why| format!("RabbitMQ cannot be reached: {why}. Arrivals rest in the spool until it is back"))?;
    if let Some(why) = &seen.refused {
        return Err(format!("{server} refuses: {why}"));
    }
    let mut missing = Vec::new();
    for check in &seen.queues {
        match &check.state {
            QueueState::Good { .. } => {}
            QueueState::Missing => missing.push(check.queue.name()),
            QueueState::Unfit(why) => {
                return Err(format!(
                    "{0} {why}. Nothing is relied on it, and arrivals are kept in the database; when it is empty, delete {0}: `ripen serve` declares it as it should be",
                    check.queue.name()
                ));
            }
            QueueState::Differs(why) => {
                // A queue with other arguments is not declared again: RabbitMQ refuses, and somebody has to delete it.
                return Err(format!("{} differs from what it should be: {why}", check.queue.name()));
            }
            QueueState::Failed(why) => return Err(format!("{} cannot be looked at: {why}", check.queue.name())),
        }
    }
    let missing = if missing.is_empty() {
        "every queue is there".to_owned()
    } else {
        format!("`ripen serve` will declare {}", missing.join(", "))
    };
    Ok(format!("{server}, {missing}"))
}

async fn mail(common: &Common, settings: &Settings) -> Check {
    let data_dir = secrets::data_dir(common.data_dir.as_deref());
    let (url, from) = (settings.mail.url.reveal(), &settings.mail.from);
    let mailer = Trust::with_file(&settings.tls.ca_file)
        .map_err(|error| error.to_string())
        .and_then(|trust| Mailer::new(url, from, &data_dir, &trust).map_err(|error| error.to_string()));
    let result = match mailer {
        Err(error) => Err(error),
        // A bound of its own: a server that accepts a connection and says nothing must not hold the command.
        Ok(mailer) => match mailer.check(Duration::from_secs(5)).await {
            MailResult::Delivered { reply } => Ok(format!("the mail server answers: {}", reply.trim())),
            MailResult::Filed { path } => {
                Ok(format!("filed in {} (mail.url is empty), never called delivered", path.display()))
            }
            MailResult::Later { text, .. } | MailResult::Dead { text, .. } => Err(format!("the mail server: {text}")),
        },
    };
    Check { what: "mail", result }
}
