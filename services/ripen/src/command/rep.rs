//! `ripen rep`: a client's sales people, and when they take leads. A rep comes with an e-mail endpoint.

use std::process::ExitCode;

use anyhow::Context as _;
use ripen_domain::{
    contact::Email,
    id::RepId,
    routing::{OpeningHours, Pause, RecipientId},
};
use ripen_runtime::{clock::Clock, random::uuid_v7};
use ripen_store::{
    Store, StoreError,
    client::record::ClientRecord,
    team::rep::{RepChange, RepRecord},
};
use serde_json::{Value, json};

use crate::{
    cli::{Common, RepAction, RepOptions},
    command::{client_of, endpoint::add_email},
    database::Database,
    output,
};

/// Runs the action.
///
/// # Errors
/// Says what is wrong and what to do.
pub async fn run(common: &Common, action: RepAction) -> anyhow::Result<ExitCode> {
    let database = Database::open(common).await?;
    let result = act(common, action, &database.store).await;
    database.close().await;
    result.map(|()| ExitCode::SUCCESS)
}

async fn act(common: &Common, action: RepAction, store: &Store) -> anyhow::Result<()> {
    match action {
        RepAction::Add { name, client, email } => {
            let client = client_of(store, &client).await?;
            let address = Email::parse(&email).with_context(|| format!("{email:?} is no e-mail address"))?;
            let now = Clock::system().now();
            let rep = RepRecord {
                id: RepId::from_uuid(uuid_v7(now)),
                client: client.id,
                name,
                email: address.as_str().to_owned(),
            };
            match store.rep_add(&rep, now).await {
                Err(StoreError::Taken(_)) => anyhow::bail!("{} has a rep with this address already", client.slug),
                result => result?,
            }
            let endpoint = add_email(store, client.id, &rep.email, Some(rep.id), None).await?;
            output::record(common.json, &json!({"id": rep.id, "endpoint": endpoint, "secret": null}))?;
        }
        RepAction::List { client } => {
            let client = client_of(store, &client).await?;
            let rows = listed(store, &client).await?;
            let columns = ["id", "name", "email", "time_zone", "hours", "capacity", "given_today", "away", "from"];
            output::table(common.json, &columns, &rows)?;
        }
        RepAction::Set(options) => {
            let client = client_of(store, &options.client).await?;
            let rep = find(store, &client, &options.rep).await?;
            store.rep_set((client.id, rep), &change(options)?, Clock::system().now()).await?;
            let rows = listed(store, &client).await?;
            let shown = rows.iter().find(|row| row["id"] == rep.to_string());
            output::record(common.json, shown.context("the rep is gone")?)?;
        }
    }
    Ok(())
}

/// The reps of a client as people see them.
async fn listed(store: &Store, client: &ClientRecord) -> anyhow::Result<Vec<Value>> {
    let now = Clock::system().now();
    let reps = store.reps(client.id).await?;
    let mut batch = store.begin().await?;
    let teams = batch.teams_lock(&[client.id].into(), now).await?;
    drop(batch);
    let team = teams.get(&client.id).context("the client is gone")?;
    let row = |rep: &RepRecord| {
        let one = team.sales.recipients.iter().find(|one| one.id == RecipientId::Rep(rep.id))?;
        let away = one.away(now);
        let from = away.as_ref().and_then(|_| one.next_available(now, now));
        Some(json!({"id": rep.id, "name": rep.name, "email": rep.email, "time_zone": one.schedule.zone.iana_name(),
            "hours": one.schedule.hours.to_string(), "holidays": one.schedule.holidays,
            "capacity": one.capacity.per_day, "given_today": one.capacity.given_today,
            "away": away.map(|away| away.to_string()), "from": from}))
    };
    Ok(reps.iter().filter_map(row).collect())
}

/// The rep of a name, address or id.
///
/// # Errors
/// When there is none, or several.
pub async fn find(store: &Store, client: &ClientRecord, text: &str) -> anyhow::Result<RepId> {
    let reps = store.reps(client.id).await?;
    let is_meant =
        |rep: &&RepRecord| rep.id.to_string() == text || rep.name == text || rep.email.eq_ignore_ascii_case(text);
    let found: Vec<_> = reps.iter().filter(is_meant).collect();
    match found.as_slice() {
        [rep] => Ok(rep.id),
        [] => {
            let known: Vec<_> = reps.iter().map(|rep| rep.name.as_str()).collect();
            anyhow::bail!("{} has no rep {text:?}; there are: {}", client.slug, known.join(", "))
        }
        _ => anyhow::bail!("{} has several reps called {text:?}: name one by its address", client.slug),
    }
}

/// What a person asked to change, checked.
fn change(options: RepOptions) -> anyhow::Result<RepChange> {
    let unless = |text: String, word: &str| (text != word).then_some(text);
    let time_zone = options.time_zone.map(|zone| unless(zone, "client"));
    if let Some(Some(zone)) = &time_zone {
        super::time_zone(zone)?;
    }
    let hours = options.hours.map(|hours| unless(hours, "any"));
    if let Some(Some(hours)) = &hours {
        let read: OpeningHours = hours.parse()?;
        anyhow::ensure!(!read.to_string().is_empty(), "--hours names no hours: `any` means day and night");
    }
    let capacity = match options.capacity.as_deref() {
        None => None,
        Some("any") => Some(None),
        Some(text) => {
            let most = text.parse::<u16>().ok();
            Some(Some(i32::from(most.with_context(|| format!("--capacity is a number or `any`, not {text:?}"))?)))
        }
    };
    let pause = match (options.away_until, options.pause, options.resume) {
        (Some(date), ..) => Some(Some(Pause::Until(date))),
        (None, true, _) => Some(Some(Pause::Open)),
        (None, false, true) => Some(None),
        _ => None,
    };
    let holidays = (options.no_holidays || !options.holiday.is_empty()).then_some(options.holiday);
    let name = options.name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    Ok(RepChange { name, time_zone, hours, holidays, pause, capacity, revoke_links: options.revoke_links })
}
