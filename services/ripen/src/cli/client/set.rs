//! `ripen client set`: another name, place, capacity or program. What a change of program does is said before it is done.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use ripen_actions::client::{SetClient, preview};
use ripen_domain::outcome::AmountMeaning;
use ripen_store::client::settings::WhenDead;
use rust_decimal::Decimal;
use serde::Serialize;

use crate::{
    cli::{
        Common,
        criteria::{reading, say_change},
        refused,
    },
    database::Database,
    output,
};

/// Options of `ripen client set`: what is not named stays.
#[derive(Debug, Args)]
pub struct ClientSetOptions {
    /// Its slug.
    pub slug: String,
    /// Name as people write it.
    #[arg(long)]
    pub name: Option<String>,
    /// Country for reading phone numbers (ISO 3166).
    #[arg(long)]
    pub country: Option<String>,
    /// Time zone in which the client's days and hours are counted.
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<String>,
    /// A leads that its sales team can take in a day; 0 for no limit.
    #[arg(long, value_name = "LEADS")]
    pub capacity: Option<u16>,
    /// Where its leads are mailed while a webhook of it fails and no rep has them; `none` for nowhere.
    #[arg(long, value_name = "ADDRESS")]
    pub fallback: Option<String>,
    /// What becomes of a lead that could not be delivered: next (whoever comes next by the routing, else the fallback), fallback
    /// (the fallback, else whoever comes next) or wait (until somebody sends it).
    #[arg(long, value_name = "next|fallback|wait")]
    pub when_dead: Option<WhenDead>,
    /// Within how many days after its delivery a lead can be returned; 0 for never.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i32).range(0..=3660))]
    pub return_days: Option<i32>,
    /// A reason for which a lead can be returned; as often as there are reasons. `any` for any reason.
    #[arg(long = "return-reason", value_name = "REASON")]
    pub return_reasons: Vec<String>,
    /// What the amounts are that it reports of won leads: income (what it earns) or price (of the whole deal). The two are
    /// never added up.
    #[arg(long, value_name = "income|price")]
    pub amounts: Option<AmountMeaning>,
    /// Its share of a price, in per cent; 0 where it is not known.
    #[arg(long, value_name = "PERCENT")]
    pub amount_share: Option<Decimal>,
    /// The program whose criteria grade its leads (`ripen program list`).
    #[arg(long)]
    pub program: Option<String>,
    /// Its agreed share of the desk, as a weight beside those of the others.
    #[arg(long, value_name = "WEIGHT", value_parser = clap::value_parser!(i32).range(1..=1000))]
    pub desk_weight: Option<i32>,
    /// The number that is shown to who is called for it; `none` for the telephone's own.
    #[arg(long, value_name = "NUMBER")]
    pub caller_id: Option<String>,
    /// A file with what an agent must know before calling for it; an empty one takes that away.
    #[arg(long, value_name = "FILE")]
    pub briefing_file: Option<PathBuf>,
    /// Say how many open leads would be regraded and how many change grade with the program, and change nothing.
    #[arg(long, requires = "program")]
    pub dry_run: bool,
}

/// What was done, or would be.
#[derive(Serialize)]
struct ClientChangeOutput {
    slug: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    open_leads: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regraded: Option<u64>,
    program: String,
    capacity: Option<i32>,
    when_dead: WhenDead,
    amounts: Option<AmountMeaning>,
    amount_share: Option<String>,
    desk_weight: i32,
    caller_id: Option<String>,
    /// It was rolled back.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
}

/// Changes what was named, all of it or nothing.
pub async fn run(common: &Common, database: &Database, options: ClientSetOptions) -> anyhow::Result<()> {
    let (actions, actor) = (database.actions()?, database.actor());
    let (dry_run, request) = (options.dry_run, request(options)?);
    let (mut open_leads, mut change, mut rehearsed) = (None, None, None);
    if let Some(program) = &request.program {
        // What is refused is refused before the past is read, which takes minutes where there is much of it.
        rehearsed = Some(actions.rehearse(&actor, &request).await.map_err(refused("client set"))?);
        let said = preview(&actions, &actor, &request.client, program, &reading()).await;
        match said.map_err(refused("client set"))? {
            Some(report) => (open_leads, change) = (Some(report.leads), Some(say_change(&report))),
            None => output::say(&format!(
                "the program {program} has no criteria yet: the leads keep their grades until it has"
            )),
        }
    }
    // A dry run is the request itself, rolled back: what it came to is shown.
    let done = match rehearsed.filter(|_| dry_run) {
        Some(rehearsed) => rehearsed,
        None => actions.run(&actor, &request).await.map_err(refused("client set"))?,
    };
    let told = ClientChangeOutput {
        slug: done.client.slug,
        open_leads,
        change,
        regraded: done.regraded,
        program: done.settings.program,
        capacity: done.settings.capacity,
        when_dead: done.settings.when_dead,
        amounts: done.settings.amounts.meaning,
        amount_share: done.settings.amounts.share.map(|share| share.normalize().to_string()),
        desk_weight: done.settings.desk.weight,
        caller_id: done.settings.desk.caller_id,
        dry_run,
    };
    output::record(common.json, &serde_json::to_value(told)?)?;
    Ok(())
}

fn request(options: ClientSetOptions) -> anyhow::Result<SetClient> {
    let briefing = options.briefing_file.map(|path| {
        std::fs::read_to_string(&path).with_context(|| format!("--briefing-file: cannot read {}", path.display()))
    });
    let reasons = options.return_reasons;
    // `any` empties the list; leaving the flag out keeps it.
    let return_reasons = (!reasons.is_empty()).then(|| if reasons == ["any"] { Vec::new() } else { reasons });
    Ok(SetClient {
        client: options.slug,
        name: options.name.filter(|name| !name.trim().is_empty()),
        country: options.country,
        time_zone: options.time_zone,
        capacity: options.capacity,
        // `none` removes the address; leaving the flag out keeps it.
        fallback: options.fallback.map(|address| (address != "none").then_some(address)),
        when_dead: options.when_dead,
        return_days: options.return_days,
        return_reasons,
        amounts: options.amounts,
        amount_share: options.amount_share,
        program: options.program,
        desk_weight: options.desk_weight,
        // `none` takes the number away; leaving the flag out keeps it.
        caller_id: options.caller_id.map(|number| (number != "none").then_some(number)),
        briefing: briefing.transpose()?,
    })
}
