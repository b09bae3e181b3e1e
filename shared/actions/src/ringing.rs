//! Whose call it is: the leads behind a number that rings, and whether it is one that nobody may call.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ripen_domain::{
    actor::{Actor, Permission},
    contact::{Identity, Phone},
    id::LeadId,
    search::SearchKeys,
};
use ripen_store::{
    client::client_record::ClientRecord,
    lead::{search::SearchedLeads, show::LeadRecord},
};
use serde_json::json;

use crate::{
    Action, Actions, FieldErrors, Refusal, Work,
    lead::LONGEST_WHY,
    person::phones,
    work::{AuditChange, permit},
};

/// Leads of one number that are read.
const LEADS: usize = 20;

/// What is known of a number that rings.
#[derive(Debug, Clone, Default)]
pub struct RingingNumber {
    /// Its open leads, the newest first.
    pub open: Vec<LeadRecord>,
    /// Those that are won or closed.
    pub ended: Vec<LeadRecord>,
    /// What bars it: the firm's entry first, then clients'.
    pub barred: Vec<BarredNumber>,
}

/// An entry by which nobody calls a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BarredNumber {
    /// The number that is barred.
    pub phone: Phone,
    /// For which client, by its slug; for the whole firm where none.
    pub client: Option<String>,
    /// The client's name.
    pub client_name: Option<String>,
    /// Why.
    pub why: String,
    /// Who asked for it.
    pub by: String,
    /// Since when.
    pub since: Timestamp,
}

/// What is known of a number that somebody rings from, in any spelling: without its country code it is looked for as one of each
/// client's country, and of its last digits alone, four at least, every number is meant that ends so.
///
/// # Errors
/// A text that holds no number.
pub async fn ringing(actions: &Actions, actor: &Actor, typed: &str) -> Result<RingingNumber, Refusal> {
    permit(actor, Permission::Work)?;
    let scope = actor.scope();
    let clients = actions.store.clients(scope).await?;
    let endings = SearchKeys::read(typed).endings;
    let numbers = match read(typed, &clients) {
        Ok(numbers) => numbers,
        Err(_) if !endings.is_empty() => Vec::new(),
        Err(refusal) => return Err(refusal),
    };
    let mut found = NumberLookup::default();
    for phone in numbers {
        let identity = Identity::Phone(phone.clone());
        let leads = actions.store.leads_of(scope, &identity).await?;
        found.leads(actions, actor, &leads).await?;
        found.bars(actions, actor, (&phone, &clients)).await?;
    }
    if found.number.is_unknown() && !endings.is_empty() {
        let keys = SearchKeys { endings, ..SearchKeys::default() };
        let limit = i64::try_from(LEADS).unwrap_or(i64::MAX);
        let wanted = SearchedLeads { keys: &keys, only_handed_over: false, limit };
        let leads = actions.store.leads_search(scope, wanted).await?.leads;
        found.leads(actions, actor, &leads).await?;
        // Of a number that is known by its end alone, what bars it is found by those who have it.
        for phone in found.numbers() {
            found.bars(actions, actor, (&phone, &clients)).await?;
        }
    }
    Ok(found.number)
}

/// Every number that a text could be.
fn read(typed: &str, clients: &[ClientRecord]) -> Result<Vec<Phone>, Refusal> {
    let countries: BTreeSet<_> = clients.iter().map(|client| client.country.as_str()).collect();
    let read = phones(typed, None).or_else(|why| {
        // Of several countries whose number it could be, all: the person's lead is of one of them.
        let read: Vec<_> =
            countries.into_iter().filter_map(|country| phones(typed, Some(country)).ok()).flatten().collect();
        if read.is_empty() { Err(why) } else { Ok(read) }
    });
    read.map_err(|why| Refusal::field("phone", "invalid", format!("the number {why}")))
}

#[derive(Default)]
struct NumberLookup {
    number: RingingNumber,
    seen: BTreeSet<LeadId>,
}

impl RingingNumber {
    /// Nothing is known of it.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        self.open.is_empty() && self.ended.is_empty() && self.barred.is_empty()
    }

    /// The lead that a call from it is about: its only open one, where nothing bars the number.
    #[must_use]
    pub fn only_lead(&self) -> Option<LeadId> {
        match self.open.as_slice() {
            [one] if self.barred.is_empty() => Some(one.id),
            _ => None,
        }
    }
}

impl NumberLookup {
    async fn leads(&mut self, actions: &Actions, actor: &Actor, leads: &[LeadId]) -> Result<(), Refusal> {
        for lead in leads.iter().take(LEADS) {
            if self.seen.insert(*lead)
                && let Some(record) = actions.store.lead(actor.scope(), *lead).await?
            {
                let kept = if record.stage.is_open() { &mut self.number.open } else { &mut self.number.ended };
                kept.push(record);
            }
        }
        Ok(())
    }

    async fn bars(
        &mut self,
        actions: &Actions,
        actor: &Actor,
        (phone, clients): (&Phone, &[ClientRecord]),
    ) -> Result<(), Refusal> {
        let entries = actions.store.suppressions(actor.scope(), None, &Identity::Phone(phone.clone())).await?;
        for entry in entries {
            let named = clients.iter().find(|client| Some(&client.slug) == entry.client.as_ref());
            let barred = BarredNumber {
                phone: if entry.of_whole_number { phone.with_extension("") } else { phone.clone() },
                client_name: named.map(|client| client.name.clone()),
                client: entry.client,
                why: entry.why,
                by: entry.by,
                since: entry.at,
            };
            if !self.number.barred.contains(&barred) {
                self.number.barred.push(barred);
            }
        }
        Ok(())
    }

    /// The numbers of the leads.
    fn numbers(&self) -> Vec<Phone> {
        let all = self.number.open.iter().chain(&self.number.ended);
        let read = all.filter_map(|lead| {
            let phone = Phone::parse(lead.profile.phone.as_deref()?, None).ok()?.phone;
            Some(phone.with_extension(lead.profile.phone_extension.as_deref().unwrap_or_default()))
        });
        let mut numbers: Vec<_> = read.collect();
        numbers.dedup();
        numbers
    }
}

/// Notes that somebody whom nobody may call rang of their own wish. What bars the number stays as it is.
#[derive(Clone)]
pub struct NoteRinging {
    /// The number, with its country code.
    pub phone: String,
    /// What they wanted.
    pub note: String,
}

impl std::fmt::Debug for NoteRinging {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NoteRinging(…)")
    }
}

impl Action for NoteRinging {
    /// The newest lead of the number, where there is one.
    type Done = Option<LeadId>;

    const PERMISSION: Permission = Permission::Work;

    fn is_for_any_client(&self) -> bool {
        true
    }

    async fn act(&self, work: &mut Work<'_>) -> Result<Option<LeadId>, Refusal> {
        let mut errors = FieldErrors::default();
        let note = errors.needed_words("note", &self.note, LONGEST_WHY, "write what they wanted");
        let read = Phone::parse(&self.phone, None).map_err(|why| format!("the number {why}"));
        let phone = errors.take("phone", read).map(|read| read.phone);
        errors.finish()?;
        let Some(phone) = phone else { return Err(Refusal::missing("number", &self.phone)) };
        let scope = work.scope();
        let lead = work.tx.leads_of(scope, &Identity::Phone(phone)).await?.into_iter().next();
        let client = match lead {
            Some(lead) => {
                let slug = work.tx.lead(scope, lead).await?.map(|lead| lead.client.slug);
                work.tx.clients(scope).await?.into_iter().find(|client| Some(&client.slug) == slug.as_ref())
            }
            None => None,
        };
        let client = client.map(|client| client.id);
        // The words lie with the lead, where callers read them and where they are erased with its person. Of a number without a lead
        // none are kept: they would be tied to nobody.
        if let Some(lead) = lead {
            let words = format!("Rang of their own wish: {note}");
            work.tx.note_late(work.actor, lead, &words, work.now).await?;
        }
        let object = lead.map_or_else(|| "firm".to_owned(), |lead| lead.to_string());
        let after = json!({"rang": true});
        work.changed("suppression.rang", object, AuditChange { client, before: None, after: Some(after) });
        Ok(lead)
    }
}
