//! A lead that somebody at the desk enters: whoever walked in, rang, or stood at the booth. It goes the way of all others, as an
//! arrival by a source of its client.

use std::{fmt, sync::Arc};

use jiff::tz::TimeZone;
use ripen_domain::{
    actor::{Actor, Permission},
    arrival::{Arrival, Keys, RawBody, variant_id},
    contact::{Email, Phone},
    criteria::{AnswerContext, Criteria},
    id::{ArrivalId, LeadId, SourceId},
    lead::Channel,
    message::ArrivalMessage,
    submission::{Consent, Submission},
    time::zone,
    values::Conventions,
};
use ripen_store::{
    StoreError,
    arrival::{quarantine::QuarantineStanding, spool::SpoolRow},
    client::client_record::ClientRecord,
    source::source_record::{SourceRecord, State},
};
use serde_json::{Map, Value, json};

use crate::{
    Action, Actions, FieldErrors, Refusal, Work, check,
    desk::{clients_worked_for, works_for},
    work::AuditChange,
};

/// Longest name, in bytes.
const LONGEST_NAME: usize = 200;
/// Longest note or words of a consent, in bytes.
const LONGEST_WORDS: usize = 10_000;

/// How people come who are entered by hand.
pub const BY_HAND: [Channel; 5] =
    [Channel::InPerson, Channel::TradeShow, Channel::Phone, Channel::Referral, Channel::LiveChat];

/// Enters a lead.
#[derive(Clone)]
pub struct EnterLead {
    /// The source that it came by.
    pub source: SourceId,
    /// Makes a second click the same lead: made with the form.
    pub key: String,
    /// The key is a form's, to which somebody may go back and fill it in for somebody else: what says something else under it is a lead
    /// of its own. Under a program's key it is quarantined, as at the intake.
    pub is_form: bool,
    /// Who it is.
    pub name: String,
    /// Phone number, as in the source's country.
    pub phone: String,
    /// Mail address.
    pub email: String,
    /// BCP 47 tag of the language they speak.
    pub locale: String,
    /// What they said.
    pub note: String,
    /// The words that they agreed to, being called back among that; empty where nobody asked.
    pub consent: String,
    /// What they answered to questions of the script, by the questions' ids.
    pub answers: Map<String, Value>,
}

impl fmt::Debug for EnterLead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Contact data from end to end.
        f.debug_struct("EnterLead").field("source", &self.source).finish_non_exhaustive()
    }
}

impl EnterLead {
    fn submission(&self, country: Option<&str>, errors: &mut FieldErrors) -> Submission {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let name = errors.words("name", Some(&self.name), LONGEST_NAME);
        let plain = name.as_deref().is_none_or(|name| !name.chars().any(char::is_control));
        errors.require(plain, "name", "invalid", || "write it on one line".to_owned());
        let email: Option<Email> = given(&self.email).and_then(|text| errors.take("email", check::email(&text)));
        let phone: Option<Phone> = given(&self.phone).and_then(|text| {
            // Without a country nobody knows what a number of it means.
            let read = Phone::parse(&text, Some(country?)).map_err(|why| format!("the number {why}"));
            errors.take("phone", read).map(|read| read.phone)
        });
        errors.require(email.is_some() || phone.is_some() || !self.is_unreachable(), "phone", "required", || {
            "write a number or a mail address: without either nobody can reach them".to_owned()
        });
        let locale = given(&self.locale).and_then(|text| errors.take("locale", check::language(&text)));
        let consent = errors.words("consent", Some(&self.consent), LONGEST_WORDS);
        Submission {
            name,
            email,
            phone,
            locale,
            country: country.map(str::to_owned),
            notes: errors.words("note", Some(&self.note), LONGEST_WORDS),
            consent: consent.map(|text| Consent { text: Some(text), ..Consent::default() }),
            ..Submission::default()
        }
    }

    /// The answers in the form in which decisions read them: who asks is told at once of one that cannot be used.
    async fn read_answers(
        &self,
        work: &mut Work<'_>,
        source: &SourceRecord,
        errors: &mut FieldErrors,
    ) -> Result<Map<String, Value>, Refusal> {
        if self.answers.is_empty() {
            return Ok(Map::new());
        }
        let settings = work.tx.source_settings(work.scope(), source.id).await?;
        let criteria = match settings.and_then(|client| client.criteria) {
            Some(id) => work.actions.documents.get_within(&mut work.tx, &[id]).await?.remove(&id),
            None => None,
        };
        let Some(criteria) = criteria else {
            errors.add("answers", "no_criteria", "the client's program has no criteria yet, so there are no questions");
            return Ok(Map::new());
        };
        let locale = Some(self.locale.trim()).filter(|locale| !locale.is_empty());
        let context = AnswerContext {
            conventions: Conventions::of(locale, Some(&source.country)),
            zone: zone(&source.time_zone).unwrap_or(TimeZone::UTC),
            at: work.now,
        };
        let read = self.answers.iter().filter_map(|(question, given)| {
            let field = format!("answers.{question}");
            let value = errors.take(&field, criteria.recorded_answer(question, given, &context))?;
            Some((question.clone(), value))
        });
        Ok(read.collect())
    }

    /// Nothing was typed under which they could be reached; what was typed wrongly is told by its own words.
    fn is_unreachable(&self) -> bool {
        self.email.trim().is_empty() && self.phone.trim().is_empty()
    }
}

impl Action for EnterLead {
    /// The arrival; its lead is there as soon as it is worked.
    type Done = ArrivalId;

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<ArrivalId, Refusal> {
        let scope = work.scope();
        let source = work.tx.source_lock(scope, self.source).await?;
        let mut errors = FieldErrors::default();
        let Some(source) = source else {
            errors.add("source", "unknown", "choose a source of this client");
            // Whatever else is wrong is told with it, as far as that can be seen without a source.
            self.submission(None, &mut errors);
            return Err(errors.and(Vec::new()));
        };
        let is_own = works_for(work, source.client).await?;
        errors.require(is_own, "source", "other_client", || {
            "you do not work for the client of this source: a manager says for whom you do".to_owned()
        });
        errors.require(source.state == State::Active, "source", "paused", || {
            format!("the source {:?} is paused: nothing comes in by it", source.name)
        });
        errors.require(BY_HAND.contains(&source.channel), "source", "not_by_hand", || {
            format!("what comes by {:?} is not entered by hand", source.name)
        });
        let answers = self.read_answers(work, &source, &mut errors).await?;
        let submission = Submission { answers, ..self.submission(Some(&source.country), &mut errors) };
        errors.finish()?;
        let (id, body) = arrival(work, &source, self, submission)?;
        // Offered by the next sweep: within moments.
        let row = SpoolRow { id: id.uuid(), body, received_at: work.now, offered_until: work.now };
        work.tx.spool_add(scope, source.client, row).await?;
        work.changed("lead.enter", id, AuditChange::added(source.client, json!({"source": source.id})));
        Ok(id)
    }
}

type WrittenArrival = (ArrivalId, Vec<u8>);

/// The message as intake writes it.
fn arrival(
    work: &Work<'_>,
    source: &SourceRecord,
    entered: &EnterLead,
    submission: Submission,
) -> Result<WrittenArrival, Refusal> {
    let content = submission.content_hash();
    let EnterLead { key, is_form, .. } = entered;
    let named = if *is_form { format!("{key}\n{content}") } else { key.clone() };
    let keys = Keys {
        idempotency_key: Some(named.as_str()).filter(|_| !key.is_empty()),
        external_id: None,
        form_id: None,
        element: None,
        content,
        quarantine: None,
    };
    let ids = keys.ids(source.id, work.fresh_id());
    // Each body under a program's key goes by an id of its own, under which it is quarantined where another one came first: answered
    // with the key's, whoever asks what became of it would be told what became of the first.
    let key = keys.idempotency_key.filter(|_| !is_form).map(|_| ids.id);
    let id = key.map_or(ids.id, |key| variant_id(key, content));
    let unwritable = |error: serde_json::Error| StoreError::Failed(format!("writing an arrival: {error}"));
    let text = serde_json::to_string(&submission).map_err(unwritable)?;
    let message = ArrivalMessage::V1(Box::new(Arrival {
        id,
        sameness: ids.sameness,
        key,
        formerly: ids.formerly,
        form: ids.form,
        source: source.id,
        client: source.client,
        received_at: work.now,
        content,
        quarantine: None,
        is_released: false,
        by_visitor: false,
        in_bulk: false,
        submission,
        raw: RawBody { media_type: "application/json".to_owned(), text },
    }));
    let body = serde_json::to_vec(&message).map_err(unwritable)?;
    Ok((id, body))
}

/// The sources by which leads are entered by hand, in the actor's scope.
pub async fn sources(actions: &Actions, actor: &Actor) -> Result<Vec<SourceRecord>, Refusal> {
    crate::work::permit(actor, Permission::Work)?;
    let mut sources = actions.store.sources(actor.scope()).await?;
    sources.retain(|source| source.state == State::Active && BY_HAND.contains(&source.channel));
    if !actor.may(Permission::Manage) {
        let own = clients_worked_for(actions, actor).await?;
        sources.retain(|source| own.iter().any(|client| client.id == source.client));
    }
    Ok(sources)
}

/// The active clients for whom the actor works and nobody can be entered, by name: they have no active source by which people come. Whoever
/// rings for one of them would else be entered for a client that is offered.
///
/// # Errors
/// When the actor does not work leads.
pub async fn without_source(actions: &Actions, actor: &Actor) -> Result<Vec<String>, Refusal> {
    let sources = sources(actions, actor).await?;
    let clients = match actor.may(Permission::Manage) {
        true => actions.store.clients(actor.scope()).await?,
        false => clients_worked_for(actions, actor).await?,
    };
    let has_none = |client: &ClientRecord| !sources.iter().any(|source| source.client == client.id);
    let mut names: Vec<_> = clients
        .into_iter()
        .filter(|client| client.state == State::Active && has_none(client))
        .map(|client| client.name)
        .collect();
    names.sort_unstable();
    Ok(names)
}

/// The criteria by which a lead of this source is decided, whose questions are its script; none before the first activation, and
/// where the actor's scope has no such source.
///
/// # Errors
/// When the actor does not work leads.
pub async fn criteria(actions: &Actions, actor: &Actor, source: SourceId) -> Result<Option<Arc<Criteria>>, Refusal> {
    if !sources(actions, actor).await?.iter().any(|one| one.id == source) {
        return Ok(None);
    }
    let settings = actions.store.begin().await?.source_settings(actor.scope(), source).await?;
    let Some(id) = settings.and_then(|client| client.criteria) else { return Ok(None) };
    Ok(actions.documents.get(&[id]).await?.remove(&id))
}

/// The lead of an arrival that was entered; none while it is not worked.
///
/// # Errors
/// When the actor does not work leads.
pub async fn entered(actions: &Actions, actor: &Actor, arrival: ArrivalId) -> Result<Option<LeadId>, Refusal> {
    crate::work::permit(actor, Permission::Work)?;
    Ok(actions.store.lead_of_arrival(actor.scope(), arrival).await?)
}

/// What keeps an arrival from having a lead, where that is the quarantine; none where it was never in it.
///
/// # Errors
/// When the actor does not work leads.
pub async fn kept_back(
    actions: &Actions,
    actor: &Actor,
    arrival: ArrivalId,
) -> Result<Option<QuarantineStanding>, Refusal> {
    crate::work::permit(actor, Permission::Work)?;
    Ok(actions.store.quarantine_standing(actor.scope(), arrival).await?)
}
