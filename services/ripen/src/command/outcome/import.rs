//! `ripen outcome import`: finds for each row the one delivery it is about and records what it says. What fits none or more
//! than one lead is listed with its line and left to a person.

use std::{collections::BTreeSet, process::ExitCode};

use ripen_domain::{
    calling::Hours,
    contact::{Email, Identity, Phone},
    id::{DeliveryId, LeadId},
    outcome::How,
};
use ripen_runtime::clock::Clock;
use ripen_store::{
    Store,
    client::record::ClientRecord,
    outcome::record::{NewOutcome, Recorded},
};
use serde_json::{Value, json};

use super::rows::{Row, Rows};
use crate::command::firm;
use crate::{
    cli::{Common, OutcomeImport},
    command::client_of,
    database::Database,
    output,
};

/// What became of the rows.
#[derive(Debug, Default)]
struct Report {
    rows: u64,
    recorded: u64,
    repeated: u64,
    /// Line, what is wrong, why.
    left: Vec<(u64, &'static str, String)>,
}

/// What a row is about.
enum Found {
    One(DeliveryId),
    None(String),
    Many(String),
}

/// Imports a file. Exit code 1 where rows are left.
///
/// # Errors
/// When the file cannot be read or the database is away.
pub async fn run(common: &Common, database: &Database, options: OutcomeImport) -> anyhow::Result<ExitCode> {
    let client = client_of(&database.store, &options.client).await?;
    let mut rows = Rows::open(&options.file)?;
    let importer = Importer {
        store: &database.store,
        client,
        hours: database.settings.calling.hours()?,
        dry_run: options.dry_run,
    };
    let mut report = Report::default();
    while let Some(row) = rows.read() {
        report.rows += 1;
        match row {
            Ok(row) => importer.row(&row, &mut report).await?,
            Err((line, why)) => report.left.push((line, "unreadable", why)),
        }
    }
    print(common, &report, options.dry_run)?;
    Ok(if report.left.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(common: &Common, report: &Report, dry_run: bool) -> anyhow::Result<()> {
    let count = |what: &str| report.left.iter().filter(|(_, left, _)| *left == what).count();
    let mut all = json!({"rows": report.rows, "recorded": report.recorded, "repeated": report.repeated,
        "unmatched": count("unmatched"), "ambiguous": count("ambiguous"), "refused": count("refused"),
        "unreadable": count("unreadable"), "dry_run": dry_run});
    let left: Vec<Value> =
        report.left.iter().map(|(line, left, why)| json!({"line": line, "left": left, "why": why})).collect();
    if common.json {
        all["left"] = left.into();
        output::record(true, &all)?;
        return Ok(());
    }
    output::record(false, &all)?;
    if !left.is_empty() {
        output::text("\n")?;
        output::table(false, &["line", "left", "why"], &left)?;
    }
    Ok(())
}

struct Importer<'a> {
    store: &'a Store,
    client: ClientRecord,
    hours: Hours,
    dry_run: bool,
}

impl Importer<'_> {
    async fn row(&self, row: &Row, report: &mut Report) -> anyhow::Result<()> {
        let mut left = |what, why| report.left.push((row.line, what, why));
        let outcome = match row.said.read() {
            Ok(outcome) => outcome,
            Err(wrong) => {
                let why: Vec<_> = wrong.iter().map(|one| format!("{}: {}", one.field, one.message)).collect();
                left("refused", why.join(" "));
                return Ok(());
            }
        };
        let delivery = match self.find(row).await? {
            Found::One(delivery) => delivery,
            Found::None(why) => {
                left("unmatched", why);
                return Ok(());
            }
            Found::Many(why) => {
                left("ambiguous", why);
                return Ok(());
            }
        };
        let by = format!("{}'s books", self.client.slug);
        let new =
            NewOutcome { delivery, outcome: &outcome, how: How::Import, by: &by, seen: None, dry_run: self.dry_run };
        let scope = firm().within(self.client.id);
        match self.store.outcome_record(scope, &new, &self.hours, Clock::system().now()).await? {
            Recorded::Done(_) => report.recorded += 1,
            Recorded::Again | Recorded::Stale => report.repeated += 1,
            Recorded::Refused(why) => left("refused", why.0),
            Recorded::Unknown => left("unmatched", "no such delivery was sent to this client".to_owned()),
        }
        Ok(())
    }

    /// By the delivery where one is named; else by e-mail and phone, which must not lead to two leads.
    async fn find(&self, row: &Row) -> anyhow::Result<Found> {
        if let Some(text) = &row.delivery {
            let found = text.parse().map(Found::One);
            return Ok(
                found.unwrap_or_else(|_| Found::None("this is no delivery's id; those begin with dlv_".to_owned()))
            );
        }
        let identities = match self.identities(row) {
            Ok(identities) => identities,
            Err(why) => return Ok(Found::None(why)),
        };
        let scope = firm().within(self.client.id);
        let mut leads = BTreeSet::new();
        for identity in &identities {
            leads.extend(self.store.leads_of(scope, identity).await?);
        }
        let mut sent = Vec::new();
        for lead in leads {
            sent.extend(self.last_sent(lead).await?.map(|delivery| (lead, delivery)));
        }
        Ok(match sent.as_slice() {
            [] => Found::None("no lead of this e-mail address or phone number was delivered".to_owned()),
            [(_, delivery)] => Found::One(*delivery),
            many => {
                let named: Vec<_> = many.iter().map(|(lead, delivery)| format!("{delivery} ({lead})")).collect();
                Found::Many(format!("more than one lead was delivered: name one of {}", named.join(", ")))
            }
        })
    }

    fn identities(&self, row: &Row) -> Result<Vec<Identity>, String> {
        let mut identities = Vec::new();
        if let Some(text) = &row.email {
            identities.push(Identity::Email(Email::parse(text).map_err(|why| format!("the e-mail address {why}"))?));
        }
        if let Some(text) = &row.phone {
            let read =
                Phone::parse(text, Some(&self.client.country)).map_err(|why| format!("the phone number {why}"))?;
            identities.push(Identity::Phone(read.phone));
        }
        if identities.is_empty() {
            return Err("the row names neither a delivery nor an e-mail address nor a phone number".to_owned());
        }
        Ok(identities)
    }

    /// The delivery of a lead that was sent last.
    async fn last_sent(&self, lead: LeadId) -> anyhow::Result<Option<DeliveryId>> {
        let all = self.store.deliveries_of_lead(firm().within(self.client.id), lead).await?;
        let sent = all.iter().filter_map(|one| Some((one.sent_at?, one.id)));
        // Of those sent at once, to several endpoints, the first: the file must mean the same one every time.
        Ok(sent.max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1))).map(|(_, id)| id))
    }
}
