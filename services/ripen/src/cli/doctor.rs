//! `ripen doctor`: looks at everything an installation rests on, and says what to do.

use std::{path::Path, process::ExitCode, time::Duration};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ripen_outbound::{
    mail::{MailResult, Mailer},
    trust::Trust,
};
use ripen_queue::QueueState;
use ripen_runtime::{clock::Clock, config::Settings, master_keys, secrets};
use ripen_store::{
    Store, StoreError,
    arrival::{quarantined_source::QuarantinedSource, unheard_wish::UnheardWish},
    doctor::{GivenUp, PausedClient, UntoldLead},
    partitions::Partitions,
    schema::SchemaState,
};
use serde_json::{Value, json};

use crate::{
    cli::{Common, calling},
    configured,
    database::{Database, refuse_new_folder},
    links, output, unlock,
};

/// Connections PostgreSQL keeps for its superuser.
const RESERVED: i64 = 3;

/// How far back is looked for mails to people that could not be sent, and for arrivals that are not worked.
const UNSENT_SINCE: SignedDuration = SignedDuration::from_hours(7 * 24);

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
    // Of the server that runs beside this: `--listen` is in no configuration.
    let mut served = settings.clone();
    let mut checks = vec![Check { what: "configuration", result: usable(&settings) }];
    let today = Clock::system().now().to_zoned(TimeZone::UTC).date();
    checks.push(Check { what: "calling", result: Ok(calling::examined(&settings.calling, today)) });
    // `connect`, not `open`: a schema that is not this binary's is a finding here, not the end of the command.
    let opened = match refuse_new_folder(common, &settings) {
        Ok(()) => Database::connect(common, settings.clone()).await,
        Err(error) => Err(error),
    };
    let mut left_out = Vec::new();
    match opened {
        Ok(database) => {
            let url = database.beside.as_ref().and_then(|running| running.http_url.as_deref());
            if let Some(port) = url.and_then(port_of) {
                served.http.listen.set_port(port);
            }
            let data_dir = secrets::data_dir(common.data_dir.as_deref());
            database_checks(&mut checks, &database.store, &settings, &data_dir).await;
            let result = unsent(&database).await;
            checks.push(Check { what: "mail to people", result });
            left_out.extend(what_waits_for_the_paused(&database).await);
            left_out.extend(who_signs_in(&database.store, &settings).await);
            left_out.extend(whose_clients_are_untold(&database).await);
            left_out.extend(who_is_not_worked(&database).await);
            left_out.extend(whose_wish_is_unheard(&database).await);
            database.close().await;
        }
        // The look goes on: queues and mail have nothing to do with the database, and one run names all that is wrong.
        Err(error) => checks.push(Check { what: "database", result: Err(format!("{error:#}")) }),
    }
    checks.push(queues(&settings).await);
    checks.push(mail(common, &settings).await);
    // Nothing is broken by them, and so they are no failure: an installation that is tried out has neither.
    left_out.splice(0..0, links::left_out(&served, None));
    let notes = left_out.iter().map(|(what, said)| json!({"ok": "note", "check": what, "found": said}));
    let rows: Vec<Value> = checks.iter().map(shown).chain(notes).collect();
    output::table(common.json, &["ok", "check", "found"], &rows)?;
    let wrong = checks.iter().any(|check| check.result.is_err());
    Ok(if wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What only the parts can say that use a setting: a process that is started with it would end.
fn usable(settings: &Settings) -> Result<String, String> {
    let wrong: Vec<_> = configured::wrong(settings).iter().map(|error| format!("{error:#}")).collect();
    if wrong.is_empty() { Ok("read, no unknown keys".to_owned()) } else { Err(wrong.join("; ")) }
}

/// The port of `http://127.0.0.1:9481`.
fn port_of(url: &str) -> Option<u16> {
    url.rsplit_once(':')?.1.trim_end_matches('/').parse().ok()
}

fn shown(check: &Check) -> Value {
    let (ok, found) = match &check.result {
        Ok(found) => (true, found),
        Err(found) => (false, found),
    };
    json!({"ok": if ok { "ok" } else { "WRONG" }, "check": check.what, "found": found})
}

async fn database_checks(checks: &mut Vec<Check>, store: &Store, settings: &Settings, data_dir: &Path) {
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
            // On a folder of its own there is no other process that could be of that version.
            Ok(SchemaState::Newer) if settings.database.url.is_empty() => {
                Err("newer than this binary, which cannot work on it: use the version that this folder belongs to"
                    .to_owned())
            }
            Ok(SchemaState::Newer) => Ok("newer than this binary: finish the upgrade".to_owned()),
            Ok(SchemaState::Older { missing }) => Err(older(missing, store.bound_of_broken_migration().await)),
            Ok(SchemaState::Differs) => Err("migrated by another edition: use the version it belongs to".to_owned()),
            Err(error) => Err(error.to_string()),
        },
    });
    // The checks of invariants are statements against this version's schema.
    if current {
        checks.push(Check { what: "secrets", result: sealed(store, data_dir, settings).await });
        checks.push(Check { what: "mail that waits", result: mail_refusal(store).await });
        invariants(checks, store).await;
    }
}

/// Whether all mail waits because the server refuses the sender.
async fn mail_refusal(store: &Store) -> Result<String, String> {
    match store.mail_refusal().await.map_err(|error| error.to_string())? {
        None => Ok("none: the mail server takes the sender".to_owned()),
        Some(refusal) => Err(format!(
            "{} mails: the mail server refuses the sender since {}: {}. See to the account and to mail.url and mail.from; they go out by themselves",
            refusal.waiting,
            output::local(refusal.since, &TimeZone::UTC),
            refusal.why
        )),
    }
}

/// What keeps people from signing in, each with what to do. Where the database cannot tell, another check says so.
async fn who_signs_in(store: &Store, settings: &Settings) -> Vec<(&'static str, String)> {
    let Ok(counts) = store.user_counts().await else { return Vec::new() };
    let mut found = Vec::new();
    if counts.admins == 0 {
        let said = "no admin can sign in: start the desk once, which makes one, or `ripen user add you@example.com --role admin`";
        found.push(("signing in", said.to_owned()));
    }
    if counts.invited > 0 && settings.mail.url.reveal().trim().is_empty() {
        let said = format!(
            "{} invited and without a password: without mail.url invitations are filed and reach nobody; `ripen user password` shows one instead",
            counts.invited
        );
        found.push(("invitations", said));
    }
    found
}

/// Clients of whom nobody is told when a lead cannot be delivered. None where the database cannot tell: another check says so.
async fn whose_clients_are_untold(database: &Database) -> Option<(&'static str, String)> {
    let untold = database.store.clients_untold(database.actor().scope()).await.unwrap_or_default();
    (!untold.is_empty()).then(|| {
        let said = format!(
            "nobody of the client is told of leads that could not be delivered, or of an endpoint that fails: {}. Their only mailboxes are reps': `ripen client set SLUG --fallback office@client.example`",
            untold.join(", ")
        );
        ("clients", said)
    })
}

/// Sources whose arrivals go into the quarantine one after the other: their leads wait until somebody looks there. None where the
/// database cannot tell: another check says so.
async fn who_is_not_worked(database: &Database) -> Option<(&'static str, String)> {
    let since = Clock::system().now().checked_sub(UNSENT_SINCE).unwrap_or(Timestamp::MIN);
    let found = database.store.sources_in_quarantine(database.actor().scope(), since).await.unwrap_or_default();
    let named = |one: &QuarantinedSource| format!("{} of {} ({} for {})", one.name, one.client, one.count, one.reason);
    let all: Vec<_> = found.iter().map(named).collect();
    (!all.is_empty()).then(|| {
        let said = format!(
            "all that came last is quarantined: {}. Ask the sender what it sends; see `ripen quarantine list`",
            all.join("; ")
        );
        ("quarantine", said)
    })
}

/// Wishes not to be contacted that a version before did not hear, or told nobody of. None where the database cannot tell: another check
/// says so.
async fn whose_wish_is_unheard(database: &Database) -> Vec<(&'static str, String)> {
    let (store, scope) = (&database.store, database.actor().scope());
    let (unheard, untold) = (store.wishes_unheard(scope).await, store.leads_untold(scope).await);
    let (unheard, untold) = (unheard.unwrap_or_default(), untold.unwrap_or_default());
    let listed = |ids: Vec<String>, all: i64| {
        let more = if usize::try_from(all).is_ok_and(|all| all > ids.len()) { ", …" } else { "" };
        format!("{}{more}", ids.join(", "))
    };
    let mut found = Vec::new();
    if let Some(UnheardWish { all, .. }) = unheard.first() {
        let named = |wish: &UnheardWish| wish.lead.map_or_else(|| wish.arrival.to_string(), |lead| lead.to_string());
        let said = format!(
            "{all} arrival(s) of before the upgrade say that nobody may contact their person, and nothing followed, unless it was lifted: {}. `ripen suppress sweep --dry-run` names all of them, and others that were not even flagged; `ripen suppress sweep` suppresses what they name",
            listed(unheard.iter().map(named).collect(), *all)
        );
        found.push(("do not contact", said));
    }
    if let Some(UntoldLead { all, .. }) = untold.first() {
        let said = format!(
            "{all} lead(s) of who must not be contacted, of which an endpoint that was sent them was never told: {}. `ripen suppress person LEAD --why TEXT` tells whoever was not told",
            listed(untold.iter().map(|one| one.lead.to_string()).collect(), *all)
        );
        found.push(("do not contact", said));
    }
    found
}

/// What goes to clients once they are resumed. None where the database cannot tell: another check says so.
async fn what_waits_for_the_paused(database: &Database) -> Option<(&'static str, String)> {
    let paused = database.store.clients_paused(database.actor().scope()).await.unwrap_or_default();
    let waits = |one: &PausedClient| match (one.leads, one.news) {
        (leads, 0) => format!("{}: {leads} lead(s)", one.client),
        (0, news) => format!("{}: {news} of what is new", one.client),
        (leads, news) => format!("{}: {leads} lead(s) and {news} of what is new", one.client),
    };
    let all: Vec<_> = paused.iter().map(waits).collect();
    (!all.is_empty()).then(|| {
        let said = format!(
            "wait until their client is resumed (`ripen client resume SLUG`): {}. That a lead is taken back or somebody must not be contacted goes out all the same",
            all.join("; ")
        );
        ("paused", said)
    })
}

/// Mails to people that could not be sent in the last days: alerts among them, which nobody reads then.
async fn unsent(database: &Database) -> Result<String, String> {
    let since = Clock::system().now().checked_sub(UNSENT_SINCE).unwrap_or(Timestamp::MIN);
    let scope = database.actor().scope();
    let dead = database.store.notices_dead(scope, since).await.map_err(|error| error.to_string())?;
    let all: Vec<_> =
        dead.iter().map(|one| format!("{} {} to {} ({})", one.count, one.kind, one.address, one.reason)).collect();
    if all.is_empty() {
        return Ok("none that could not be sent in the last 7 days".to_owned());
    }
    Err(format!("could not be sent in the last 7 days: {}. See to these addresses", all.join("; ")))
}

/// What is missing of the schema, and what a migration that was broken off holds up meanwhile.
fn older(missing: usize, bound: Result<Option<String>, StoreError>) -> String {
    let behind = format!("{missing} migration(s) behind: run `ripen migrate`");
    match bound {
        Ok(Some(month)) => {
            let month = month.replace('_', "-");
            format!(
                "{behind}. One was broken off: after {month} no delivery can be attempted until it has gone through"
            )
        }
        Ok(None) => behind,
        Err(error) => format!("{behind}. Whether one was broken off cannot be seen: {error}"),
    }
}

/// How the installation's secrets lie, and whether the keys that are given open them.
async fn sealed(store: &Store, data_dir: &Path, settings: &Settings) -> Result<String, String> {
    let secrets = store.sealed_secrets().await.map_err(|error| error.to_string())?;
    let file = master_keys::key_file(data_dir);
    let is_in_file = master_keys::are_in_file(settings);
    if is_in_file && secrets.under.is_empty() && !file.exists() {
        return Ok(format!("nothing is sealed yet: the first start makes {}", file.display()));
    }
    // Looks and makes nothing: a file that is not there stays so.
    let keyring = master_keys::keyring(settings, data_dir, false).map_err(|error| format!("{error}"))?;
    let missing = unlock::missing(&secrets, |key| keyring.knows(key));
    if !missing.is_empty() {
        return Err(format!(
            "{}, which neither secrets.key nor secrets.previous_keys has: put that key back",
            missing.join(", ")
        ));
    }
    if let Some(rights) = master_keys::rights_of_others(&file).filter(|_| is_in_file) {
        return Err(format!(
            "{0} has the rights {rights:o}, so that others may read it: chmod 600 {0}",
            file.display()
        ));
    }
    let sealed: i64 = secrets.under.values().sum();
    let current = secrets.under.get(&keyring.current()).copied().unwrap_or(0);
    let clear = secrets.in_clear;
    match (secrets.has_begun, clear) {
        (_, 0) if current == sealed => Ok(format!("{sealed}, all sealed under {}", keyring.current())),
        (_, 0) => Ok(format!(
            "{sealed}, {} of them under a previous key: `ripen secrets rotate` before it is taken away",
            sealed - current
        )),
        (false, _) => Ok(format!("{clear} of {} lie(s) in clear: the next `ripen serve` seals them", clear + sealed)),
        (true, _) => Err(format!(
            "{clear} of {} lie(s) in clear, as an earlier version writes them: stop what is left of it, then `ripen secrets rotate`",
            clear + sealed
        )),
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
    // An e-mail address, a phone, an external id or a form's, and an Idempotency-Key for each message; its tables besides.
    let wanted = settings.qualifier.batch.saturating_mul(4).saturating_mul(settings.qualifier.workers);
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

/// Whether decisions, attempts and bodies of this month and the next have their partitions.
async fn months(store: &Store) -> Result<String, String> {
    let Partitions { missing, stray } =
        store.partitions(Clock::system().now()).await.map_err(|error| error.to_string())?;
    if !missing.is_empty() {
        let missing = missing.join(", ");
        return Err(format!(
            "{missing} missing: the qualifier makes them once a day, `ripen migrate` now, where its user may"
        ));
    }
    if stray > 0 {
        return Err(format!(
            "{stray} row(s) in decision_default, attempt_default, delivery_body_default or arrival_body_default, of months that have no partition: looking them up is slower. Compare the clocks"
        ));
    }
    Ok("decisions, attempts and bodies of this month and the next have their partitions".to_owned())
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
    if let Ok(GivenUp { letters, deliveries, notices }) = store.given_up(Clock::system().now()).await {
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
            MailResult::SenderRefused { text, .. } => {
                Err(format!("the mail server refuses the sender, so that all mail waits: {text}"))
            }
            MailResult::Unreachable { text, .. }
            | MailResult::Later { text, .. }
            | MailResult::Unreadable { text }
            | MailResult::Dead { text, .. } => Err(format!("the mail server: {text}")),
        },
    };
    Check { what: "mail", result }
}
