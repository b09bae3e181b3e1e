//! What is known beside the lead: the possible business, who decides with the person, and what the telephone told.

use ripen_actions::{
    Refusal,
    call::{LeadCalls, of_lead},
    opportunity,
};
use ripen_domain::{
    call::{length_in_words, talked},
    contact_link::shown_phone,
    criteria::grouped,
};
use ripen_store::{
    call::show::CallRecord,
    lead::{opportunity::OpportunityRecord, show::LeadRecord},
    person::co_decider::CoDecider,
};

use super::shown::TimeInTitle;
use crate::{
    context::DeskContext,
    people::{
        phone::words::{RefusalButton, refusable, refusals},
        viewer::Viewer,
        when::When,
    },
};

/// A call, as a page shows it.
pub struct ShownCall {
    pub at: TimeInTitle,
    pub by: String,
    pub number: String,
    /// How far it came, and how long people spoke.
    pub how: String,
    pub recording: Option<String>,
}

/// What staff reads beside the lead; nothing of it for others.
#[derive(Default)]
pub struct ToldBeside {
    pub business: String,
    pub business_more: String,
    pub deciders: Vec<String>,
    pub calls: Vec<ShownCall>,
    pub refused: Vec<String>,
    pub refusable: Vec<RefusalButton>,
}

/// What is known beside a lead, for whoever works leads.
///
/// # Errors
/// Those of the store.
pub async fn told_beside(
    context: &DeskContext,
    viewer: &Viewer,
    lead: &LeadRecord,
    when: &When,
) -> Result<ToldBeside, Refusal> {
    let (actions, actor) = (&context.actions, &viewer.actor);
    let LeadCalls { calls, refused } = of_lead(actions, actor, lead.id).await?;
    let business = opportunity::find(actions, actor, lead.id).await?;
    let deciders = opportunity::deciders(actions, actor, lead.person).await?;
    Ok(ToldBeside {
        business_more: business.as_ref().map(|one| more(one, when)).unwrap_or_default(),
        business: business.map(|one| one.business).unwrap_or_default(),
        deciders: deciders.iter().map(decider).collect(),
        calls: calls.into_iter().rev().map(|call| shown(call, when)).collect(),
        refusable: refusable(&refused),
        refused: refusals(&refused, when),
    })
}

fn more(one: &OpportunityRecord, when: &When) -> String {
    let amount = one.amount.map(|amount| {
        format!("{} {}", grouped(&amount.normalize().to_string()), one.currency.as_deref().unwrap_or_default())
    });
    let expected = one.expected_on.map(|day| format!("may be decided on {}", day.strftime("%-d %b %Y")));
    let likelihood = one.likelihood.map(|share| format!("{share} % likely"));
    let said = format!("{}, {}", one.by, when.near(one.at));
    [amount, expected, likelihood, Some(said)].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn decider(one: &CoDecider) -> String {
    let relation = (!one.relation.is_empty()).then(|| one.relation.clone());
    let phone = one.phone.as_deref().map(number);
    let parts = [Some(one.name.clone()), relation, phone, one.email.clone()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// A number as it is kept, as people read it.
fn number(kept: &str) -> String {
    match kept.split_once(";ext=") {
        Some((number, extension)) => shown_phone(number, Some(extension)),
        None => shown_phone(kept, None),
    }
}

fn shown(call: CallRecord, when: &When) -> ShownCall {
    let length = talked(call.answered_at, call.ended_at);
    let how = match length {
        Some(_) => format!("{}, {}", call.state.word(), length_in_words(length)),
        None => call.state.word().to_owned(),
    };
    ShownCall {
        at: TimeInTitle::of(when, call.dialed_at),
        by: call.by.unwrap_or_else(|| "past the desk".to_owned()),
        number: number(&call.number),
        how,
        recording: call.recording_url.map(|url| url.reveal().to_owned()),
    }
}
