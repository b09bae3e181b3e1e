//! Changing a client: name, place, program, capacity, fallback, return rules. All of it or nothing.

use std::sync::Arc;

use ripen_domain::{
    actor::{Actor, Permission},
    contact::Phone,
    criteria::{BacktestReport, Criteria},
    id::EndpointId,
    outcome::{AmountMeaning, AmountTerms, ReturnRules},
};
use ripen_store::{
    StoreError,
    client::{
        client_record::ClientRecord,
        settings::{ClientChange, ClientSettings, WhenDead},
    },
    decision::history::Period,
    desk::terms::DeskTerms,
    endpoint::fallback_address::NewFallback,
    program::program_record::ProgramName,
};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    Action, Actions, FieldErrors, Refusal, Work, check,
    criteria::{HistoryOptions, today},
    work::{AuditChange, permit},
};

/// Longest time in which a lead can be returned: ten years.
const MOST_RETURN_DAYS: i32 = 3660;

/// Most that a client weighs at the desk.
const MOST_WEIGHT: i32 = 1000;
/// Longest briefing, in bytes: it is read before each call.
const LONGEST_BRIEFING: usize = 4_000;

/// Changes a client. What is none stays; an inner none goes back to what holds without a setting.
#[derive(Debug, Clone, Default)]
pub struct SetClient {
    /// The client's slug.
    pub client: String,
    /// Name as people write it.
    pub name: Option<String>,
    /// ISO 3166 alpha-2.
    pub country: Option<String>,
    /// IANA name.
    pub time_zone: Option<String>,
    /// A leads that its sales team can take in a day; 0 for no limit.
    pub capacity: Option<u16>,
    /// Where its leads are mailed while a webhook of it fails and no rep has them.
    pub fallback: Option<Option<String>>,
    /// What becomes of a lead that could not be delivered.
    pub when_dead: Option<WhenDead>,
    /// Within how many days after its delivery a lead can be returned; 0 for never.
    pub return_days: Option<i32>,
    /// All reasons for which a lead can be returned; empty for any.
    pub return_reasons: Option<Vec<String>>,
    /// What the amounts are that it reports.
    pub amounts: Option<AmountMeaning>,
    /// Its share of a price, in per cent; 0 for none that is known.
    pub amount_share: Option<Decimal>,
    /// The program whose criteria grade its leads. With another one its open leads are regraded.
    pub program: Option<String>,
    /// Its share of the desk, as a weight beside the others'.
    pub desk_weight: Option<i32>,
    /// The number that is shown to who is called for it.
    pub caller_id: Option<Option<String>>,
    /// What an agent must know before calling for it.
    pub briefing: Option<String>,
}

/// A client as it was set.
#[derive(Debug, Clone)]
pub struct ClientSet {
    /// The client.
    pub client: ClientRecord,
    /// What it uses.
    pub settings: ClientSettings,
    /// How many open leads went to another program and are regraded, where one was named.
    pub regraded: Option<u64>,
}

/// What was asked for, read.
struct CheckedChange {
    change: ClientChange,
    fallback: Option<Option<String>>,
}

impl SetClient {
    /// What can be said without the client.
    fn check(&self, errors: &mut FieldErrors) -> CheckedChange {
        if let Some(zone) = &self.time_zone {
            errors.take("time_zone", check::time_zone(zone));
        }
        let days = self.return_days.is_none_or(|days| (0..=MOST_RETURN_DAYS).contains(&days));
        errors.require(days, "return_days", "out_of_range", || format!("is from 0 to {MOST_RETURN_DAYS} days"));
        let change = ClientChange {
            // Only where it was given: what is none stays as it is.
            name: self.name.as_deref().map(|given| check::name(given, errors)),
            country: self.country.as_deref().and_then(|code| errors.take("country", check::country(code))),
            time_zone: self.time_zone.clone(),
            capacity: self.capacity.map(|capacity| (capacity > 0).then_some(i32::from(capacity))),
            when_dead: self.when_dead,
        };
        let fallback = self.fallback.as_ref().map(|address| {
            let email = errors.take("fallback", check::email(address.as_deref()?));
            email.map(|email| email.as_str().to_owned())
        });
        CheckedChange { change, fallback }
    }

    /// What changes of what it told of its amounts and of how it is worked.
    fn terms(
        &self,
        now: &ClientSettings,
        country: &str,
        errors: &mut FieldErrors,
    ) -> (Option<AmountTerms>, Option<DeskTerms>) {
        (self.amounts(now.amounts, errors), self.desk(&now.desk, country, errors))
    }

    /// How it is worked at the desk from now on; none where that stays. A number without its country is one of the client's.
    fn desk(&self, now: &DeskTerms, country: &str, errors: &mut FieldErrors) -> Option<DeskTerms> {
        let weight = self.desk_weight.unwrap_or(now.weight);
        errors.require((1..=MOST_WEIGHT).contains(&weight), "desk_weight", "out_of_range", || {
            format!("is from 1 to {MOST_WEIGHT}: a share beside those of the others")
        });
        let read = |given: &String| {
            let read = Phone::parse(given, Some(country));
            read.map_err(|_| "is no number: write it with its country, such as +13125550199")
        };
        let caller_id = match &self.caller_id {
            Some(Some(given)) => errors.take("caller_id", read(given)).map(|read| read.phone.number().to_owned()),
            Some(None) => None,
            None => now.caller_id.clone(),
        };
        let briefing = match &self.briefing {
            Some(given) => errors.words("briefing", Some(given.as_str()), LONGEST_BRIEFING).unwrap_or_default(),
            None => now.briefing.clone(),
        };
        let terms = DeskTerms { weight, caller_id, briefing };
        (terms != *now).then_some(terms)
    }

    /// What its amounts are from now on; none where that stays.
    fn amounts(&self, now: AmountTerms, errors: &mut FieldErrors) -> Option<AmountTerms> {
        let meaning = self.amounts.or(now.meaning);
        let share = self.amount_share.map_or(now.share, |share| (!share.is_zero()).then_some(share));
        // A share that was said of prices says nothing of what is earned.
        let share = share.filter(|_| self.amount_share.is_some() || meaning == Some(AmountMeaning::Price));
        let is_sound = share.is_none_or(|share| share > Decimal::ZERO && share <= Decimal::ONE_HUNDRED);
        let has_two_digits = share.is_none_or(|share| share.normalize().scale() <= 2);
        errors.require(is_sound && has_two_digits, "amount_share", "out_of_range", || {
            "is above 0 and at most 100 per cent, with at most two decimals".to_owned()
        });
        let is_of_price = share.is_none() || meaning == Some(AmountMeaning::Price);
        errors.require(is_of_price, "amount_share", "unfit", || {
            "is a share of prices: say that the amounts are prices (amounts: price)".to_owned()
        });
        let terms = AmountTerms { meaning, share };
        (terms != now).then_some(terms)
    }

    fn returns(&self, rules: &ReturnRules) -> Option<ReturnRules> {
        let days = self.return_days.unwrap_or(rules.days);
        let plain = |reasons: &Vec<String>| {
            let words = reasons.iter().map(|reason| reason.trim()).filter(|reason| !reason.is_empty());
            words.map(str::to_owned).collect()
        };
        // An empty list means any reason, which is not the same as none given.
        let reasons = self.return_reasons.as_ref().map_or_else(|| rules.reasons.clone(), plain);
        (days != rules.days || reasons != rules.reasons).then_some(ReturnRules { days, reasons })
    }
}

impl Action for SetClient {
    type Done = ClientSet;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<ClientSet, Refusal> {
        let (scope, now) = (work.scope(), work.now);
        let mut errors = FieldErrors::default();
        let CheckedChange { change, fallback } = self.check(&mut errors);
        let program = match &self.program {
            Some(name) => program_of(&work.tx.program_names().await?, name, &mut errors),
            None => None,
        };
        // Not held yet: leads are locked before their client, as a batch of the qualifier does, which would deadlock with us
        // otherwise.
        let found = work.tx.clients(scope).await?;
        let found = of(&found, &self.client, &mut errors);
        if let Some(found) = found {
            // Only to tell everything that is wrong at once: what is kept is read again under the lock.
            let now = settings(work, found.id).await?;
            self.terms(&now, change.country.as_deref().unwrap_or(&found.country), &mut errors);
        }
        errors.finish()?;
        let id = found.ok_or_else(|| Refusal::missing("client", &self.client))?.id;
        let moved = match &program {
            Some(program) => Some(work.tx.leads_set_program(scope, (id, program.id), now).await?),
            None => None,
        };
        let before = work.tx.client_lock(scope, &self.client).await?;
        // The name could have been taken from it between the look and the lock.
        let before = before.ok_or_else(|| Refusal::missing("client", &self.client))?;
        let settings = settings(work, id).await?;
        if let Some((program, moved)) = program.zip(moved) {
            work.tx.client_set_program(scope, id, program.id).await?;
            work.tx.program_take_leads(program.id, moved, work.actions.spread, now).await?;
        }
        let mut errors = FieldErrors::default();
        let country = change.country.as_deref().unwrap_or(&before.country);
        let (amounts, desk) = self.terms(&settings, country, &mut errors);
        errors.finish()?;
        if let Some(terms) = &desk {
            work.tx.desk_terms_set(scope, id, terms).await?;
        }
        work.tx.client_set(scope, id, &change, now).await?;
        if let Some(terms) = amounts {
            work.tx.client_set_amounts(scope, id, terms).await?;
        }
        let new = fallback
            .map(|address| address.map(|address| NewFallback { id: EndpointId::from_uuid(work.fresh_id()), address }));
        if let Some(new) = &new {
            work.tx.client_set_fallback(scope, id, new.as_ref(), now).await?;
        }
        if let Some(rules) = self.returns(&settings.returns) {
            work.tx.client_set_returns(scope, id, &rules).await?;
        }
        // Read again after the changes, under the same lock: the audit keeps what is stored.
        let after = work.tx.client_lock(scope, &self.client).await?;
        let after = after.ok_or_else(|| Refusal::missing("client", &self.client))?;
        let set = self::settings(work, id).await?;
        // The same address again is another endpoint, which works, and the same program again may take leads over.
        let told = ChangedClient {
            shown: shown(&after, &set),
            fallback_endpoint: new.flatten().map(|new| new.id),
            regraded: moved.filter(|moved| *moved > 0),
        };
        // Texts and numbers always serialise.
        let told = serde_json::to_value(told).unwrap_or_default();
        work.changed("client.set", id, AuditChange::of(id, shown(&before, &settings), told));
        Ok(ClientSet { client: after, settings: set, regraded: moved })
    }
}

/// What the audit keeps of a client that was changed.
#[derive(Serialize)]
struct ChangedClient {
    #[serde(flatten)]
    shown: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    fallback_endpoint: Option<EndpointId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regraded: Option<u64>,
}

/// What another program would change for a client's open leads now; none where the program has no criteria yet: then the leads
/// keep their grades until it has.
///
/// # Errors
/// When there is no such client in the actor's scope, or no such program.
pub async fn preview(
    actions: &Actions,
    actor: &Actor,
    slug: &str,
    program: &str,
    reading: &HistoryOptions,
) -> Result<Option<BacktestReport>, Refusal> {
    permit(actor, Permission::Manage)?;
    let client = super::find(actions, actor, slug).await?;
    let mut tx = actions.store.begin().await?;
    let mut errors = FieldErrors::default();
    let to = program_of(&tx.program_names().await?, program, &mut errors);
    errors.finish()?;
    // A program that never had criteria grades nothing, so nothing would change.
    let Some(active) = to.and_then(|to| to.active) else { return Ok(None) };
    let from = tx.client_settings(actor.scope(), client.id).await?;
    let from = from.ok_or_else(|| Refusal::missing("client", slug))?.program;
    // The past is read over other connections; ours would wait idly.
    drop(tx);
    let documents = actions.documents.get(&[active]).await?;
    let draft: Option<&Arc<Criteria>> = documents.get(&active);
    let draft = draft.ok_or_else(|| StoreError::Corrupt("a program whose criteria are gone".to_owned()))?;
    let theirs = Period { program: from, client: Some(client.id), ..Period::default() };
    today(actions, actor, Arc::clone(draft), theirs, reading).await.map(Some)
}

/// A client with what it uses.
///
/// # Errors
/// Names the clients there are where it is none of them.
pub async fn show(actions: &Actions, actor: &Actor, slug: &str) -> Result<(ClientRecord, ClientSettings), Refusal> {
    let client = super::find(actions, actor, slug).await?;
    let mut tx = actions.store.begin().await?;
    let settings = tx.client_settings(actor.scope(), client.id).await?;
    let settings = settings.ok_or_else(|| Refusal::missing("client", slug))?;
    Ok((client, settings))
}

fn of<'a>(known: &'a [ClientRecord], slug: &str, errors: &mut FieldErrors) -> Option<&'a ClientRecord> {
    let found = known.iter().find(|client| client.slug == slug);
    errors.require(found.is_some(), "client", "unknown", || check::unknown_client(slug, known));
    found
}

fn program_of(programs: &[ProgramName], name: &str, errors: &mut FieldErrors) -> Option<ProgramName> {
    let found = programs.iter().find(|program| program.name == name).cloned();
    errors.require(found.is_some(), "program", "unknown", || {
        let known: Vec<_> = programs.iter().map(|program| program.name.as_str()).collect();
        format!("no program {name:?}; there are: {}. A new one begins with its first criteria", known.join(", "))
    });
    found
}

async fn settings(work: &mut Work<'_>, client: ripen_domain::id::ClientId) -> Result<ClientSettings, Refusal> {
    let found = work.tx.client_settings(work.actor.scope(), client).await?;
    found.ok_or_else(|| Refusal::missing("client", client))
}

/// What the audit keeps.
fn shown(client: &ClientRecord, settings: &ClientSettings) -> Value {
    json!({"name": client.name, "country": client.country, "time_zone": client.time_zone, "program": settings.program,
           "capacity": settings.capacity, "fallback": settings.fallback, "when_dead": settings.when_dead, "return_days": settings.returns.days,
           "return_reasons": settings.returns.reasons, "amounts": settings.amounts.meaning,
           "amount_share": settings.amounts.share.map(|share| share.normalize().to_string()),
           "desk_weight": settings.desk.weight, "caller_id": settings.desk.caller_id, "briefing": settings.desk.briefing})
}
