//! Leads by whatever was typed: each thing that the text could be is looked up in an index of its own, up to a bound, and what was
//! found is put together, newest first.
//!
//! Everything goes by an ordered index and stops at a bound: words of names and notes too, the newest first.

mod words;

use futures::future::try_join;
use ripen_domain::{
    id::LeadId,
    search::{SearchKeys, SearchedId},
};
use uuid::Uuid;

use crate::{Scope, Store, StoreError};

/// So many of each kind are looked at; of one client's, of which only what was handed over is told, more: the others hide it. What
/// is behind the bound is not lost in silence: see [`LeadsFound::is_cut`].
const OF_A_KIND: i64 = 500;
const OF_A_KIND_HANDED_OVER: i64 = 5_000;

/// Which leads are looked for, and who may see them.
#[derive(Debug, Clone, Copy)]
pub struct SearchedLeads<'a> {
    /// What the text could be.
    pub keys: &'a SearchKeys,
    /// Only those that were handed over to their client and not taken back: who else is behind an address is nobody's to find out.
    pub only_handed_over: bool,
    /// At most so many.
    pub limit: i64,
}

/// The leads that a text could mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadsFound {
    /// Those named by an id, then those that arrived last first.
    pub leads: Vec<LeadId>,
    /// Those of them that were named by an id, where only what was handed over is looked for otherwise.
    pub by_id: Vec<LeadId>,
    /// So many have such a word, number or address that not all were looked at: newer ones may be missing.
    pub is_cut: bool,
}

/// What was found before it is put in order.
#[derive(Default)]
struct FoundRows {
    persons: Vec<Uuid>,
    leads: Vec<Uuid>,
    is_cut: bool,
}

impl FoundRows {
    /// Notes whether there may be more than so many that were found.
    fn within(&mut self, found: Vec<Uuid>, most: i64) -> Vec<Uuid> {
        self.is_cut |= i64::try_from(found.len()).is_ok_and(|found| found >= most);
        found
    }
}

impl Store {
    /// The leads that a text could mean.
    pub async fn leads_search(&self, scope: Scope, wanted: SearchedLeads<'_>) -> Result<LeadsFound, StoreError> {
        let mut found = FoundRows::default();
        let keys = wanted.keys;
        let most = if wanted.only_handed_over { OF_A_KIND_HANDED_OVER } else { OF_A_KIND };
        if let Some(id) = keys.id {
            self.search_id(scope, id, &mut found).await?;
        }
        // Whoever has an id was shown it: that it is found says nothing of anybody's name or number.
        let by_id = FoundRows { leads: found.leads.clone(), ..FoundRows::default() };
        if let Some(email) = &keys.email {
            let rows = found.within(self.search_email(scope, email, most).await?, most);
            found.persons.extend(rows);
        }
        for ending in &keys.endings {
            let rows = found.within(self.search_ending(scope, ending, most).await?, most);
            found.persons.extend(rows);
        }
        if let Some(external) = &keys.external_id {
            let rows = found.within(self.search_external_id(scope, external, most).await?, most);
            found.leads.extend(rows);
        }
        if !keys.words.is_empty() {
            let words = keys.words.join(" ");
            let (names, notes) =
                try_join(self.search_names(scope, &words, most), self.search_notes(scope, &words, most)).await?;
            found.is_cut |= names.is_cut || notes.is_cut;
            let (names, notes) = (found.within(names.ids, most), found.within(notes.ids, most));
            found.persons.extend(names);
            found.leads.extend(notes);
        }
        if found.persons.is_empty() && found.leads.is_empty() {
            return Ok(LeadsFound { leads: Vec::new(), by_id: Vec::new(), is_cut: found.is_cut });
        }
        if !wanted.only_handed_over {
            let leads = self.search_newest(scope, &found, wanted.limit).await?;
            return Ok(LeadsFound { leads, by_id: Vec::new(), is_cut: found.is_cut });
        }
        let by_id = match by_id.leads.is_empty() {
            true => Vec::new(),
            false => self.search_newest(scope, &by_id, wanted.limit).await?,
        };
        let handed_over = self.search_handed_over(scope, &found, wanted.limit).await?;
        let others = handed_over.into_iter().filter(|lead| !by_id.contains(lead));
        let leads = by_id.iter().copied().chain(others).collect();
        Ok(LeadsFound { leads, by_id, is_cut: found.is_cut })
    }

    async fn search_id(&self, scope: Scope, id: SearchedId, found: &mut FoundRows) -> Result<(), StoreError> {
        let (id, kind) = match id {
            SearchedId::Lead(id) => (id.uuid(), "lead"),
            SearchedId::Arrival(id) => (id.uuid(), "arrival"),
            SearchedId::Delivery(id) => (id.uuid(), "delivery"),
            SearchedId::Person(id) => (id.uuid(), "person"),
            SearchedId::Decision(id) => (id.uuid(), "decision"),
            SearchedId::Appointment(id) => (id.uuid(), "appointment"),
            SearchedId::Any(id) => (id, "any"),
        };
        // An arrival that was the same as another, or corrected it, leads to that one. Who was made one with somebody leads to who
        // stayed.
        let rows = sqlx::query!(
            r#"-- lead.search_id
            select lead_id as "lead_id?", person_id as "person_id?" from (
              select id as lead_id, null::uuid as person_id from lead where id = $1 and $2 in ('lead', 'any')
              union
              select a.lead_id, null from arrival a where a.id = $1 and $2 in ('arrival', 'any')
              union
              select a.lead_id, null from arrival_seen s join arrival a on a.id = s.arrival_id
              where s.id = $1 and $2 in ('arrival', 'any')
              union
              select lead_id, null from delivery where id = $1 and $2 in ('delivery', 'any')
              union
              select lead_id, null from decision where id = $1 and $2 in ('decision', 'any')
              union
              select lead_id, null from appointment where id = $1 and $2 in ('appointment', 'any')
              union
              select null, coalesce(merged_into, id) from person where id = $1 and $2 in ('person', 'any')) found
            where $3::uuid is null
               or exists (select from lead l where l.id = found.lead_id and l.client_id = $3)
               or exists (select from person p where p.id = found.person_id and p.client_id = $3)"#,
            id,
            kind,
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        found.leads.extend(rows.iter().filter_map(|row| row.lead_id));
        found.persons.extend(rows.iter().filter_map(|row| row.person_id));
        Ok(())
    }

    /// Whose address begins with this, in small letters.
    async fn search_email(&self, scope: Scope, beginning: &str, most: i64) -> Result<Vec<Uuid>, StoreError> {
        // By bounds and not by a pattern: no character of what was typed means anything, and a kept plan goes by the index. One half
        // for the firm and one for a client, each by an index of its own.
        let rows = sqlx::query_scalar!(
            r#"-- lead.search_email
            select person_id as "person_id!" from (
              (select person_id from person_identity
               where $2::uuid is null and kind = 'email' and value ~>=~ $1 and value ~<~ ($1 || chr(1114111)) limit $3)
              union all
              (select person_id from person_identity
               where client_id = $2 and kind = 'email' and value ~>=~ $1 and value ~<~ ($1 || chr(1114111)) limit $3)) found"#,
            beginning,
            scope.client_uuid(),
            most
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    /// Whose number ends with these digits, whatever its extension.
    async fn search_ending(&self, scope: Scope, digits: &str, most: i64) -> Result<Vec<Uuid>, StoreError> {
        let reversed: String = digits.chars().rev().collect();
        // Of a client in a way that no index answers: all numbers of a client are far more than those that end so.
        let rows = sqlx::query_scalar!(
            "-- lead.search_ending
            select person_id from person_identity
            where kind = 'phone' and reverse(split_part(value, ';', 1)) ~>=~ $1
              and reverse(split_part(value, ';', 1)) ~<~ ($1 || chr(1114111))
              and ($2::uuid is null or (client_id = $2) is true) limit $3",
            reversed,
            scope.client_uuid(),
            most
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    /// Leads of arrivals whose sender's id begins with this.
    async fn search_external_id(&self, scope: Scope, beginning: &str, most: i64) -> Result<Vec<Uuid>, StoreError> {
        let rows = sqlx::query_scalar!(
            r#"-- lead.search_external_id
            select lead_id as "lead_id!" from (
              (select lead_id from arrival
               where $2::uuid is null and external_id is not null and external_id ~>=~ $1 and external_id ~<~ ($1 || chr(1114111))
                 and lead_id is not null limit $3)
              union all
              (select lead_id from arrival
               where client_id = $2 and external_id is not null and external_id ~>=~ $1 and external_id ~<~ ($1 || chr(1114111))
                 and lead_id is not null limit $3)) found"#,
            beginning,
            scope.client_uuid(),
            most
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    async fn search_newest(&self, scope: Scope, found: &FoundRows, limit: i64) -> Result<Vec<LeadId>, StoreError> {
        let rows = sqlx::query_scalar!(
            "-- lead.search_newest
            with found as (select id from lead where person_id = any($1) union select unnest($2::uuid[]))
            select l.id from found join lead l on l.id = found.id
            where ($3::uuid is null or l.client_id = $3)
            order by l.last_arrived_at desc, l.id desc limit $4",
            &found.persons,
            &found.leads,
            scope.client_uuid(),
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(LeadId::from_uuid).collect())
    }

    /// The same of those alone that a client was given.
    async fn search_handed_over(&self, scope: Scope, found: &FoundRows, limit: i64) -> Result<Vec<LeadId>, StoreError> {
        // What was handed over was A once: of thousands of the name the few that were are found by an index of these alone.
        let rows = sqlx::query_scalar!(
            "-- lead.search_handed_over
            with found as (
              select id from lead where person_id = any($1) and matured_at is not null
              union
              select id from lead where id = any($2) and matured_at is not null
            )
            select l.id from found join lead l on l.id = found.id
            where ($3::uuid is null or l.client_id = $3) and (l.recalled_at is null or l.recalled_at <= l.matured_at)
              and exists (select from delivery d where d.lead_id = l.id and d.event = 'lead.matured'
                            and (d.first_delivered_at is not null or d.state in ('delivered', 'filed')))
            order by l.last_arrived_at desc, l.id desc limit $4",
            &found.persons,
            &found.leads,
            scope.client_uuid(),
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(LeadId::from_uuid).collect())
    }
}

#[cfg(test)]
mod tests;
