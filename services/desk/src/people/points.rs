//! Who reads points, where `desk.hide_points` hides them while people ask. Managers and admins always do; agents do of a lead while
//! what was saved of it last is their own disposition, and they do not have it open again. Of many leads at once, and of answers that
//! are only typed, they do not: a list by points tells of leads that nobody has asked yet.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use ripen_actions::{Refusal, desk::has_disposed};
use ripen_domain::{
    actor::UserRole,
    criteria::{Cap, Cause, CriteriaVersion, Finding, Input, NextStep, OwnDate, Receipt},
    id::LeadId,
    lead::Grade,
};
use ripen_store::lead::list::ListedLead;
use serde::Serialize;
use serde_json::Value;

use super::viewer::Viewer;
use crate::context::DeskContext;

/// Whether points are hidden from the viewer in lists, and while answers are typed.
pub fn hides_points(context: &DeskContext, viewer: &Viewer) -> bool {
    context.hides_points && viewer.role() == UserRole::Agent
}

/// Whether points of this lead are hidden from the viewer.
///
/// # Errors
/// When the database is away.
pub async fn hides_points_of(context: &DeskContext, viewer: &Viewer, lead: LeadId) -> Result<bool, Refusal> {
    Ok(hides_points(context, viewer) && !has_disposed(&context.actions, &viewer.actor, lead).await?)
}

/// Takes points from leads that are listed for who reads none.
pub fn withhold_points(context: &DeskContext, viewer: &Viewer, leads: &mut [ListedLead]) {
    if hides_points(context, viewer) {
        leads.iter_mut().for_each(|lead| lead.score = None);
    }
}

/// A receipt as agents read it whom points are hidden from.
#[derive(Serialize)]
struct ReceiptWithoutPoints {
    criteria: CriteriaVersion,
    at: Timestamp,
    cause: Cause,
    inputs: BTreeMap<Arc<str>, Input>,
    rules: Vec<Finding>,
    gates: Vec<Finding>,
    disqualifiers: Vec<Finding>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    caps: Vec<Cap>,
    grade: Grade,
    #[serde(skip_serializing_if = "Option::is_none")]
    own_date: Option<OwnDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<NextStep>,
}

/// A receipt as it is kept, without points; null stays null.
///
/// # Errors
/// Where it is no receipt.
pub fn without_points(kept: Value) -> Result<Value, serde_json::Error> {
    let Some(receipt) = serde_json::from_value::<Option<Receipt>>(kept)? else { return Ok(Value::Null) };
    let Receipt {
        criteria,
        at,
        cause,
        inputs,
        rules,
        gates,
        disqualifiers,
        score: _,
        caps,
        grade,
        own_date,
        closed,
        next,
    } = receipt;
    let rules = rules.into_iter().map(|rule| Finding { points: None, ..rule }).collect();
    let shown = ReceiptWithoutPoints {
        criteria,
        at,
        cause,
        inputs,
        rules,
        gates,
        disqualifiers,
        caps,
        grade,
        own_date,
        closed,
        next,
    };
    serde_json::to_value(shown)
}
