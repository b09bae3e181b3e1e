//! `ripen lead list`: the leads there are, newest first, or those of one person.

use clap::Args;
use ripen_actions::{
    Actions,
    lead_overview::{LeadSummary, OverviewQuery, leads, leads_of_person},
    person::PersonQuery,
};
use ripen_domain::{
    actor::Actor,
    flag::FlagCode,
    id::LeadId,
    lead::{Grade, Stage},
};
use serde_json::{Value, json};

use crate::{
    cli::{Common, refused},
    output,
};

/// Options of `ripen lead list`.
#[derive(Debug, Args)]
pub struct LeadListOptions {
    /// Of the person with this e-mail address only.
    #[arg(long, conflicts_with = "phone")]
    pub email: Option<String>,
    /// Of the person with this phone number only, with its country code.
    #[arg(long)]
    pub phone: Option<String>,
    /// Of one client only: its slug.
    #[arg(long)]
    pub client: Option<String>,
    /// That came from this source first, by name or id (`source_…`).
    #[arg(long, value_name = "SOURCE", conflicts_with_all = ["email", "phone"])]
    pub source: Option<String>,
    /// Of this grade: A, B or C.
    #[arg(long, conflicts_with_all = ["email", "phone"])]
    pub grade: Option<Grade>,
    /// At this stage: lead, contact, opportunity, customer or closed.
    #[arg(long, conflicts_with_all = ["email", "phone"])]
    pub stage: Option<Stage>,
    /// Of which something was not understood for this reason: `channel_unknown`, `no_number` and the like.
    #[arg(long, value_name = "CODE", conflicts_with_all = ["email", "phone"])]
    pub flag: Option<FlagCode>,
    /// Only what comes behind this lead: the last one of the page before.
    #[arg(long, value_name = "LEAD", conflicts_with_all = ["email", "phone"])]
    pub after: Option<LeadId>,
    /// At most so many.
    #[arg(long, default_value_t = 100)]
    pub limit: u32,
}

/// Runs the command.
///
/// # Errors
/// What is wrong with the options, or that the database is away.
pub async fn run(common: &Common, actions: &Actions, actor: &Actor, options: LeadListOptions) -> anyhow::Result<()> {
    let LeadListOptions { email, phone, client, source, grade, stage, flag, after, limit } = options;
    let of_person = email.is_some() || phone.is_some();
    let found = if of_person {
        leads_of_person(actions, actor, &PersonQuery { email, phone }, client.as_deref()).await
    } else {
        leads(actions, actor, &OverviewQuery { client, source, grade, stage, flag, after, limit }).await
    };
    let found = found.map_err(refused("lead list"))?;
    let next = |one: &LeadSummary| one.lead.id.to_string();
    let rows: Vec<_> = found.iter().map(summary).collect();
    if !of_person {
        output::say_more(&rows, found.last().map(next), limit);
    }
    let columns = ["lead", "client", "name", "program", "stage", "grade", "score", "next", "closed"];
    Ok(output::table(common.json, &columns, &rows)?)
}

/// Its id is also where a page that ends with it ends.
fn summary(LeadSummary { lead, next }: &LeadSummary) -> Value {
    json!({"lead": lead.id, "client": lead.client.slug, "name": lead.profile.full_name(), "email": lead.profile.email,
           "phone": lead.profile.phone, "program": lead.program.name, "stage": lead.stage.word(),
           "source": lead.origin.as_ref().map(|origin| &origin.source),
           "channel": lead.origin.as_ref().map(|origin| origin.channel),
           "grade": lead.decided.map(|last| last.grade), "score": lead.decided.map(|last| last.score),
           "next": next, "closed": lead.closed})
}
