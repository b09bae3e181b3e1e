//! Deliveries: what goes out to endpoints, every attempt of it, and sending it again.

use std::ops::Range;

use jiff::Timestamp;
use ripen_domain::{
    actor::{Actor, Permission},
    delivery::{DeliveryState, EventType},
    id::{DeliveryId, EndpointId, LeadId},
};
use ripen_store::{
    StoreError,
    delivery::{
        attempt::AttemptRow,
        list::{DeliveryFilter, DeliveryRecord},
        replay_range::{NewReplay, ReplayRecord},
        retry::ReroutedByHand,
    },
    person::pair::PairWord,
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    Action, Actions, FieldErrors, Refusal, Work, client, endpoint,
    lead::LONGEST_WHY,
    work::{AuditChange, permit},
};

/// At most so many replays are listed.
const REPLAYS: i64 = 100;

/// Sends one that is dead or waits at once, with the whole schedule before it again.
#[derive(Debug, Clone, Copy)]
pub struct RetryDelivery {
    /// The delivery.
    pub delivery: DeliveryId,
    /// Also where somebody else has the lead by now: whoever asks knows, and means it.
    pub confirmed: bool,
}

impl Action for RetryDelivery {
    /// As it is since.
    type Done = DeliveryRecord;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<DeliveryRecord, Refusal> {
        again(work, (self.delivery, self.confirmed), false).await
    }
}

/// Sends one that is held because it is perhaps the same person's as a lead that the client has: it is somebody else's.
#[derive(Debug, Clone)]
pub struct ReleaseDelivery {
    /// The delivery.
    pub delivery: DeliveryId,
    /// How that is known.
    pub why: String,
}

impl Action for ReleaseDelivery {
    /// The lead that goes out.
    type Done = LeadId;

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<LeadId, Refusal> {
        let mut errors = FieldErrors::default();
        let why = errors.needed_words("why", &self.why, LONGEST_WHY, "say how you know that it is somebody else");
        errors.finish()?;
        let scope = work.scope();
        let word = PairWord { by: work.actor, why: &why, at: work.now };
        let record = load(work, self.delivery).await?;
        let Some(lead) = work.tx.delivery_release_as_other(scope, self.delivery, &word).await? else {
            let not = format!("{} does not wait for anybody to say whose it is", self.delivery);
            return Err(Refusal::conflict("not_held", not));
        };
        let after = json!({"lead": lead, "why": why});
        work.changed("delivery.release", self.delivery, AuditChange::added(record.client_id, after));
        Ok(lead)
    }
}

/// Sends one again, also where it was delivered: under the same id and with the same bytes.
#[derive(Debug, Clone, Copy)]
pub struct ReplayDelivery {
    /// The delivery.
    pub delivery: DeliveryId,
    /// Also where somebody else has the lead by now: whoever asks knows, and means it.
    pub confirmed: bool,
}

impl Action for ReplayDelivery {
    /// As it is since.
    type Done = DeliveryRecord;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<DeliveryRecord, Refusal> {
        again(work, (self.delivery, self.confirmed), true).await
    }
}

async fn again(
    work: &mut Work<'_>,
    (id, confirmed): (DeliveryId, bool),
    delivered: bool,
) -> Result<DeliveryRecord, Refusal> {
    work.tx.delivery_retry_lock(work.actor.scope(), id).await?;
    let before = load(work, id).await?;
    // What is on offer to somebody nobody has yet: it is not asked back, and whoever is asked to take it hears that it is over.
    work.tx.delivery_waits_no_more(work.actor.scope(), id, work.now).await?;
    // Two would call the same person, each thinking that they are the only one.
    let has_it = if confirmed { Vec::new() } else { work.tx.delivery_with_whom(work.actor.scope(), id).await? };
    if before.state == "dead" && !has_it.is_empty() {
        return Err(Refusal::conflict("given_on", given_on(&before, &has_it)));
    }
    // Made due, it would only be withdrawn by its lease, and nobody told. What was withdrawn says so below.
    let is_asked =
        matches!(before.state.as_str(), "pending" | "held" | "dead") || delivered && before.state != "withdrawn";
    if is_asked && let Some(why) = work.tx.delivery_over(work.actor.scope(), id, work.now).await? {
        return Err(Refusal::conflict("over", format!("{id} is not sent again: {why}")));
    }
    // The refusal says what it is now: the state decides, and the caller saw an older one.
    match work.tx.delivery_retry(work.actor.scope(), id, delivered, work.now).await {
        Err(StoreError::Moved(_)) => return Err(not_again(&before)),
        result => result?,
    }
    let after = load(work, id).await?;
    let action = if delivered { "delivery.replay" } else { "delivery.retry" };
    // Counts and dates are what a retry changes; the reason is the words "asked for again".
    let state = |one: &DeliveryRecord| json!({"state": one.state, "attempts": one.attempts, "excused": one.excused, "due_at": one.due_at});
    work.changed(action, id, AuditChange::of(after.client_id, state(&before), state(&after)));
    Ok(after)
}

/// Gives what a dead delivery was to hand over to another endpoint of the client.
#[derive(Debug, Clone, Copy)]
pub struct RerouteDelivery {
    /// The delivery that was given up.
    pub delivery: DeliveryId,
    /// Where the lead goes now.
    pub to: EndpointId,
}

impl Action for RerouteDelivery {
    /// The delivery that hands the lead over now.
    type Done = DeliveryRecord;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<DeliveryRecord, Refusal> {
        let before = load(work, self.delivery).await?;
        let to = endpoint::locked(work, self.to).await?;
        if to.client_id != before.client_id {
            return Err(Refusal::missing("endpoint", self.to));
        }
        if !to.enabled {
            return Err(Refusal::conflict("endpoint_disabled", format!("{} is disabled", to.id)));
        }
        let id = DeliveryId::from_uuid(work.fresh_id());
        let rerouted = ReroutedByHand { delivery: before.id, to: to.id, becomes: id };
        if !work.tx.delivery_reroute(work.actor.scope(), &rerouted, work.now).await? {
            return Err(not_rerouted(&before, to.id));
        }
        let after = load(work, id).await?;
        let (was, is) = (json!({"state": before.state}), json!({"rerouted_to": to.id, "as": id}));
        work.changed("delivery.reroute", before.id, AuditChange::of(before.client_id, was, is));
        Ok(after)
    }
}

/// Who has a lead by now that could not be delivered.
fn given_on(record: &DeliveryRecord, who: &[String]) -> String {
    let (has, they) = if who.len() == 1 { ("has", "they call") } else { ("have", "each of them calls") };
    format!(
        "{} could not be delivered, and {} {has} lead {} by now: sent again, {they} the person beside whom it goes to. Confirm it where that is meant",
        record.id,
        who.join(" and "),
        record.lead
    )
}

/// Why a delivery cannot be given to another endpoint.
fn not_rerouted(record: &DeliveryRecord, to: EndpointId) -> Refusal {
    let id = record.id;
    if record.state == "dead" && record.event == EventType::LeadMatured {
        let why = format!(
            "{to} has lead {} already, or that lead is over, no A any more, or was just given to somebody else",
            record.lead
        );
        return Refusal::conflict("not_to_be_rerouted", why);
    }
    let why = format!("{id} is {} and tells {}: only a dead lead.matured goes elsewhere", record.state, record.event);
    Refusal::conflict("not_dead", why)
}

/// Why a delivery cannot be sent again as asked.
fn not_again(record: &DeliveryRecord) -> Refusal {
    let id = record.id;
    match record.state.as_str() {
        "delivered" | "filed" => Refusal::conflict("delivered", format!("{id} was {} already", record.state)),
        "withdrawn" => {
            let why = record.reason.as_deref().unwrap_or("it is no longer to be sent");
            Refusal::conflict("withdrawn", format!("{id} was withdrawn: {why}"))
        }
        "held" => Refusal::conflict("no_endpoint", format!("{id} has no endpoint to go to")),
        _ => Refusal::conflict("under_way", format!("{id} is being attempted just now")),
    }
}

async fn load(work: &mut Work<'_>, id: DeliveryId) -> Result<DeliveryRecord, Refusal> {
    let found = work.tx.delivery(work.actor.scope(), id).await?;
    found.ok_or_else(|| Refusal::missing("delivery", id))
}

/// Sends again what an endpoint was owed in a time range and what was delivered or is dead, under the same ids and with the
/// same bytes. The dispatcher works it off in steps.
#[derive(Debug, Clone, Copy)]
pub struct ReplayRange {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Those that came to be owed then or later.
    pub from: Timestamp,
    /// Those before then.
    pub to: Timestamp,
    /// Only what was given up.
    pub only_failed: bool,
    /// How many there were when it was asked for.
    pub deliveries: i64,
}

impl ReplayRange {
    /// The request, with what there is to send again. Counting takes long where there is much, and so is done before the
    /// action begins.
    pub async fn counted(
        actions: &Actions,
        actor: &Actor,
        endpoint: EndpointId,
        (range, only_failed): (Range<Timestamp>, bool),
    ) -> Result<Self, Refusal> {
        permit(actor, Self::PERMISSION)?;
        let new = NewReplay { endpoint, range, only_failed };
        let deliveries = actions.store.replay_range_count(actor.scope(), &new, actions.clock.now()).await?;
        Ok(Self { endpoint, from: new.range.start, to: new.range.end, only_failed, deliveries })
    }
}

/// A replay that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BegunReplay {
    /// Its id.
    pub id: Uuid,
    /// How many deliveries there are to send again.
    pub deliveries: i64,
}

impl Action for ReplayRange {
    type Done = BegunReplay;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<BegunReplay, Refusal> {
        // Locked, so that it is not disabled between the check and the row.
        let endpoint = endpoint::locked(work, self.endpoint).await?;
        let mut errors = FieldErrors::default();
        errors.require(self.from < self.to, "from", "out_of_range", || format!("is not before {}", self.to));
        errors.finish()?;
        // Refused and not held: a replay that waits for weeks would surprise whoever enables the endpoint.
        if !endpoint.enabled {
            return Err(Refusal::conflict("endpoint_disabled", format!("{} is disabled", endpoint.id)));
        }
        let (id, range, only_failed) = (work.fresh_id(), self.from..self.to, self.only_failed);
        let new = NewReplay { endpoint: endpoint.id, range, only_failed };
        work.tx.replay_range_begin(work.actor, id, &new, work.now).await?;
        let after = json!({"replay": id, "from": self.from, "to": self.to, "deliveries": self.deliveries,
            "only_failed": self.only_failed});
        work.changed("delivery.replay_range", endpoint.id, AuditChange::added(endpoint.client_id, after));
        Ok(BegunReplay { id, deliveries: self.deliveries })
    }
}

/// Which deliveries are listed; what is none is any.
#[derive(Debug, Clone, Default)]
pub struct DeliveryQuery {
    /// To this endpoint.
    pub endpoint: Option<EndpointId>,
    /// In this state.
    pub state: Option<DeliveryState>,
    /// Of this lead.
    pub lead: Option<LeadId>,
    /// Of one client: its slug.
    pub client: Option<String>,
    /// Older than this one: where the page before ended.
    pub after: Option<DeliveryId>,
    /// At most so many.
    pub limit: u32,
}

/// Deliveries, newest first.
///
/// # Errors
/// Names the clients there are where it is none of them.
pub async fn list(actions: &Actions, actor: &Actor, query: &DeliveryQuery) -> Result<Vec<DeliveryRecord>, Refusal> {
    permit(actor, Permission::Work)?;
    let scope = client::scope(actions, actor, query.client.as_deref()).await?;
    let state = query.state.map(|state| state.word().to_owned());
    let filter = DeliveryFilter { endpoint: query.endpoint, state, after: query.after };
    let limit = i64::from(query.limit);
    Ok(match query.lead {
        Some(lead) => actions.store.deliveries_about(scope, lead, &filter, limit).await?,
        None => actions.store.deliveries(scope, &filter, limit).await?,
    })
}

/// A delivery with every attempt of it.
#[derive(Debug)]
pub struct DeliveryHistory {
    /// The delivery.
    pub delivery: DeliveryRecord,
    /// Its attempts, oldest first.
    pub attempts: Vec<AttemptRow>,
}

/// A delivery with every attempt of it.
///
/// # Errors
/// `Missing` where there is none in the actor's scope.
pub async fn show(actions: &Actions, actor: &Actor, id: DeliveryId) -> Result<DeliveryHistory, Refusal> {
    permit(actor, Permission::Work)?;
    let found = actions.store.begin().await?.delivery(actor.scope(), id).await?;
    let delivery = found.ok_or_else(|| Refusal::missing("delivery", id))?;
    Ok(DeliveryHistory { delivery, attempts: actions.store.attempts_of(actor.scope(), id).await? })
}

/// Replays in the actor's scope, newest first.
pub async fn replay_ranges(actions: &Actions, actor: &Actor) -> Result<Vec<ReplayRecord>, Refusal> {
    permit(actor, Permission::Manage)?;
    Ok(actions.store.replay_ranges(actor.scope(), REPLAYS).await?)
}
