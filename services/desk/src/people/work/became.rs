//! What became of a lead that a page still shows and nobody has open: whether there is anything to open again.

use ripen_actions::{Refusal, lead_brief::background, why_not::gates};
use ripen_domain::{
    desk::{GateKind, shut},
    id::LeadId,
};

use super::question::sentence;
use crate::{
    context::DeskContext,
    people::{handover::on_the_way, viewer::Viewer, when::When},
};

/// Why the desk works it no more, as a sentence; none where it does, and it can be opened again.
///
/// # Errors
/// `Missing` where there is no such lead.
pub async fn became(context: &DeskContext, viewer: &Viewer, lead: LeadId) -> Result<Option<String>, Refusal> {
    let found = gates(&context.actions, &viewer.actor, lead, None).await?;
    let ends = |kind: GateKind| matches!(kind, GateKind::Closed | GateKind::DoNotContact | GateKind::WithClient);
    let Some(gate) = shut(&found.gates).find(|gate| ends(gate.kind)) else { return Ok(None) };
    Ok(Some(match gate.kind {
        GateKind::WithClient => {
            let (_, behind) = background(&context.actions, &viewer.actor, lead).await?;
            let when = When::of(viewer, context.clock.now());
            match found.way.as_ref().and_then(|way| on_the_way(way, &when)) {
                Some(way) => format!("It became an A for {} and {way}.", behind.client_name),
                None => format!("It became an A and went to {}.", behind.client_name),
            }
        }
        GateKind::Closed => sentence(&format!("it is over: {}", gate.words)),
        _ => sentence(&gate.words),
    }))
}
