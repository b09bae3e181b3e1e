//! Reps: a client's sales people, and when they take leads. A rep comes with an e-mail endpoint.

use jiff::{Timestamp, civil::Date};
use ripen_domain::{
    actor::{Actor, Permission, Scope},
    id::{EndpointId, RepId},
    routing::{Away, OpeningHours, Pause, RecipientId},
};
use ripen_store::{
    StoreError, Transaction,
    client::client_record::ClientRecord,
    team::rep::{RepChange, RepRecord, RepSettings},
};
use serde_json::{Value, json};

use crate::{
    Action, Actions, FieldErrors, Refusal, Work, check, client, endpoint,
    work::{AuditChange, permit},
};

/// Adds a rep and an e-mail endpoint for them.
#[derive(Debug, Clone)]
pub struct AddRep {
    /// The client's slug.
    pub client: String,
    /// Name as people write it.
    pub name: String,
    /// E-mail address.
    pub email: String,
}

/// A rep just made.
#[derive(Debug, Clone, Copy)]
pub struct AddedRep {
    /// The rep.
    pub id: RepId,
    /// Where the rep gets leads.
    pub endpoint: EndpointId,
}

impl Action for AddRep {
    type Done = AddedRep;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<AddedRep, Refusal> {
        let mut errors = FieldErrors::default();
        let name = check::name(&self.name, &mut errors);
        let email = errors.take("email", check::email(&self.email));
        let client = work.client(&self.client, &mut errors).await?;
        errors.finish()?;
        let client = client.ok_or_else(|| Refusal::missing("client", &self.client))?;
        let email = email.map(|email| email.as_str().to_owned()).unwrap_or_default();
        let rep = RepRecord { id: RepId::from_uuid(work.fresh_id()), client: client.id, name, email };
        // The unique index decides and not a look before: between the two, another could take the address.
        match work.tx.rep_add(work.actor.scope(), &rep, work.now).await {
            Err(StoreError::Taken(_)) => {
                let taken = format!("{} has a rep with this address already", client.slug);
                return Err(Refusal::field("email", "taken", taken));
            }
            result => result?,
        }
        work.changed("rep.add", rep.id, AuditChange::added(client.id, json!({"name": rep.name, "email": rep.email})));
        // With an endpoint at once: a rep whom nothing reaches would be routed leads that are held.
        let new = endpoint::of_rep(work, &rep);
        endpoint::add(work, &new).await?;
        Ok(AddedRep { id: rep.id, endpoint: new.id })
    }
}

/// Changes when and how many leads a rep takes. What is none stays; an inner none goes back to what holds without a setting.
#[derive(Debug, Clone, Default)]
pub struct SetRep {
    /// The client's slug.
    pub client: String,
    /// Name, e-mail address or id.
    pub rep: String,
    /// Another name.
    pub name: Option<String>,
    /// IANA name; where the client is.
    pub time_zone: Option<Option<String>>,
    /// When leads are taken, as in `mon-fri 09:00-12:30`; day and night.
    pub hours: Option<Option<String>>,
    /// All days on which none are taken.
    pub holidays: Option<Vec<Date>>,
    /// For how long none are taken; the pause ends.
    pub pause: Option<Option<Pause>>,
    /// How many leads a day at most; any number.
    pub capacity: Option<Option<u16>>,
    /// Links to the rep's page that were made until now no longer open it.
    pub revoke_links: bool,
}

impl SetRep {
    fn check(&self, errors: &mut FieldErrors) -> Option<String> {
        if let Some(Some(zone)) = &self.time_zone {
            errors.take("time_zone", check::time_zone(zone));
        }
        if let Some(Some(hours)) = &self.hours {
            let read = errors.take("hours", hours.parse::<OpeningHours>());
            // Hours that name none at all are a mistake; "never" is said by a pause.
            let some = read.is_none_or(|hours| !hours.to_string().is_empty());
            errors.require(some, "hours", "required", || "names no hours: `any` means day and night".to_owned());
        }
        self.name.as_deref().filter(|name| !name.trim().is_empty()).map(|name| check::name(name, errors))
    }
}

impl Action for SetRep {
    type Done = RepView;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<RepView, Refusal> {
        let mut errors = FieldErrors::default();
        let name = self.check(&mut errors);
        let client = work.client(&self.client, &mut errors).await?;
        let rep = match &client {
            Some(client) => find(&work.tx.reps(work.actor.scope(), client.id).await?, client, &self.rep, &mut errors),
            None => None,
        };
        errors.finish()?;
        let (client, rep) = client.zip(rep).ok_or_else(|| Refusal::missing("rep", &self.rep))?;
        let change = RepChange {
            name,
            time_zone: self.time_zone.clone(),
            hours: self.hours.clone(),
            holidays: self.holidays.clone(),
            pause: self.pause,
            capacity: self.capacity.map(|most| most.map(i32::from)),
            revoke_links: self.revoke_links,
        };
        let scope = work.actor.scope();
        // Under the client's lock since it was looked up, so that two changes cannot cross.
        let before = settings(work, rep).await?;
        work.tx.rep_set(scope, rep, &change, work.now).await?;
        let after = settings(work, rep).await?;
        work.changed("rep.set", rep, AuditChange::of(client.id, shown(&before), shown(&after)));
        let views = views(&mut work.tx, scope, &client, work.now).await?;
        views.into_iter().find(|view| view.id == rep).ok_or_else(|| Refusal::missing("rep", rep))
    }
}

/// A rep as people see them.
#[derive(Debug, Clone)]
pub struct RepView {
    /// Its id.
    pub id: RepId,
    /// Name as people write it.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Where the rep is.
    pub time_zone: Option<String>,
    /// When leads are taken.
    pub hours: String,
    /// Days on which none are taken.
    pub holidays: Vec<Date>,
    /// How many a day at most.
    pub capacity: Option<u32>,
    /// How many were given today.
    pub given_today: u32,
    /// Why none can be taken now; none where one can.
    pub away: Option<Away>,
    /// When one can be taken again, as far as is known now.
    pub from: Option<Timestamp>,
}

/// The reps of a client, by name. Waits for no batch that routes, and makes none wait.
///
/// # Errors
/// When there is no such client in the actor's scope.
pub async fn list(actions: &Actions, actor: &Actor, slug: &str) -> Result<Vec<RepView>, Refusal> {
    permit(actor, Permission::Work)?;
    let client = client::find(actions, actor, slug).await?;
    let mut tx = actions.store.begin().await?;
    views(&mut tx, actor.scope(), &client, actions.clock.now()).await
}

async fn views(
    tx: &mut Transaction,
    scope: Scope,
    client: &ClientRecord,
    now: Timestamp,
) -> Result<Vec<RepView>, Refusal> {
    let reps = tx.reps(scope, client.id).await?;
    let team = tx.team(scope, client.id, now).await?.ok_or_else(|| Refusal::missing("client", &client.slug))?;
    let view = |rep: RepRecord| {
        // Both were read in one transaction; a rep without a recipient was added in between.
        let one = team.sales.recipients.iter().find(|one| one.id == RecipientId::Rep(rep.id))?;
        let away = one.away(now);
        Some(RepView {
            id: rep.id,
            name: rep.name,
            email: rep.email,
            time_zone: one.schedule.zone.iana_name().map(str::to_owned),
            hours: one.schedule.hours.to_string(),
            holidays: one.schedule.holidays.iter().copied().collect(),
            capacity: one.capacity.per_day,
            given_today: one.capacity.given_today,
            from: away.as_ref().and_then(|_| one.next_available(now, now)),
            away,
        })
    };
    Ok(reps.into_iter().filter_map(view).collect())
}

/// The rep of a name, address or id among a client's.
pub(crate) fn find(reps: &[RepRecord], client: &ClientRecord, text: &str, errors: &mut FieldErrors) -> Option<RepId> {
    let is_meant =
        // Names may be shared, addresses and ids may not.
        |rep: &&RepRecord| rep.id.to_string() == text || rep.name == text || rep.email.eq_ignore_ascii_case(text);
    let found: Vec<_> = reps.iter().filter(is_meant).collect();
    match found.as_slice() {
        [rep] => return Some(rep.id),
        [] => {
            let known: Vec<_> = reps.iter().map(|rep| rep.name.as_str()).collect();
            let unknown = format!("{} has no rep {text:?}; there are: {}", client.slug, known.join(", "));
            errors.add("rep", "unknown", unknown);
        }
        _ => {
            let several = format!("{} has several reps called {text:?}: name one by its address", client.slug);
            errors.add("rep", "ambiguous", several);
        }
    }
    None
}

async fn settings(work: &mut Work<'_>, rep: RepId) -> Result<RepSettings, Refusal> {
    let found = work.tx.rep_settings(work.actor.scope(), rep).await?;
    found.ok_or_else(|| Refusal::missing("rep", rep))
}

/// What the audit keeps of a rep.
fn shown(rep: &RepSettings) -> Value {
    let pause = rep.pause.map(|pause| match pause {
        Pause::Open => "until resumed".to_owned(),
        Pause::Until(back) => format!("back on {back}"),
    });
    json!({"name": rep.name, "email": rep.email, "time_zone": rep.time_zone, "hours": rep.hours, "holidays": rep.holidays,
           "pause": pause, "capacity": rep.capacity, "links_since": rep.links_since})
}
