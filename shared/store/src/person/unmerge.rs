//! A merge that was a mistake: each person has again what was theirs. What came since stays with the one who stayed, because
//! nobody can tell whose it is.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    contact::Identity,
    id::{ClientId, LeadId, PersonId},
};
use uuid::Uuid;

use crate::{
    Scope, StoreError, Transaction,
    person::pair::{PairWord, PersonPair},
};

/// What became of the wish to undo a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unmerged {
    /// They are two again.
    Done(UnmergeEffect),
    /// No such person in the scope, or nobody was merged with them.
    NotMerged,
    /// The person was merged once more since: that has to be undone first.
    MergedSince(PersonPair),
}

/// What follows from undoing a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmergeEffect {
    /// The persons.
    pub pair: PersonPair,
    /// Leads that are open again.
    pub reopened: Vec<LeadId>,
    /// What the merge suppressed and nobody lifted since. It stays: who was told of it cannot be told otherwise, and nobody knows
    /// whether it was asked for once more meanwhile.
    pub still_suppressed: Vec<SpreadWish>,
}

/// An address or a number that nobody may contact since a merge, because of what one of the two had asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpreadWish {
    /// Who is reached there.
    pub person: PersonId,
    /// Under what.
    pub identity: Identity,
    /// The client's slug: whose entry it is.
    pub client: String,
    /// Why, in words.
    pub why: String,
}

/// A merge that holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MergeRecord {
    /// Which.
    pub(crate) id: Uuid,
    /// When.
    pub(crate) at: Timestamp,
    /// The open lead that went on.
    pub(crate) goes_on: Option<LeadId>,
    pair: PersonPair,
}

impl Transaction {
    /// Keeps what is about to be changed.
    pub(super) async fn merge_keep(&mut self, pair: PersonPair, word: &PairWord<'_>) -> Result<Uuid, StoreError> {
        let id = sqlx::query_scalar!(
            r#"-- person_merge.insert
            with made as (
              insert into person_merge (id, client_id, earlier_id, later_id, by, why, at, filled, verified, do_not_contact)
              select gen_random_uuid(), $3, a.id, b.id, $4, $5, $6,
                     array_remove(array[
                       case when coalesce(a.first_name, a.last_name, a.name) is null then 'name' end,
                       case when a.email is null then 'email' end, case when a.phone is null and not number_is_void(a.id, b.phone, b.phone_extension) then 'phone' end,
                       case when a.phone = b.phone and a.phone_extension is null then 'phone_extension' end,
                       case when a.postal_code is null then 'postal_code' end, case when a.country is null then 'country' end,
                       case when a.time_zone is null then 'time_zone' end, case when a.locale is null then 'locale' end], null),
                     a.verified, a.do_not_contact
              from person a cross join person b where a.id = $1 and b.id = $2 returning id
            ), kept as (
              insert into person_merge_row (merge_id, of, row)
              select m.id, r.of, r.row from made m cross join (
                select 'lead' as of, to_jsonb(l) as row from lead l where l.person_id in ($1, $2)
                union all
                select 'promise', to_jsonb(p) from lead l join promise p on p.lead_id = l.id
                where l.person_id in ($1, $2) and p.state in ('scheduled', 'work')
                union all
                select 'delivery', to_jsonb(d) from lead l join delivery d on d.lead_id = l.id
                where l.person_id in ($1, $2) and d.state in ('pending', 'held', 'leased')
                  and d.event in ('lead.matured', 'lead.offered', 'lead.updated')
                union all
                select 'answer', jsonb_build_object('lead_id', a.lead_id, 'question', a.question, 'at', a.at, 'origin', a.origin)
                from lead l join answer a on a.lead_id = l.id where l.person_id in ($1, $2)
                union all
                select 'note', jsonb_build_object('lead_id', n.lead_id, 'at', n.at, 'by', n.by, 'origin', n.origin)
                from lead l join note n on n.lead_id = l.id where l.person_id in ($1, $2)
                union all
                select 'arrival', jsonb_build_object('id', a.id, 'person_id', a.person_id, 'lead_id', a.lead_id)
                from arrival a where a.person_id in ($1, $2)
                union all
                select 'appointment', jsonb_build_object('id', a.id, 'lead_id', a.lead_id)
                from lead l join appointment a on a.lead_id = l.id where l.person_id in ($1, $2) and a.state = 'booked'
                union all
                select 'person_pair', to_jsonb(p) from person_pair p where p.earlier_id = $1 and p.later_id = $2) r
            )
            select id as "id!" from made"#,
            pair.earlier.uuid(),
            pair.later.uuid(),
            pair.client.uuid(),
            word.by.name(),
            word.why,
            word.at.to_sqlx()
        )
        .fetch_one(self.connection())
        .await?;
        Ok(id)
    }

    pub(super) async fn merge_goes_on(&mut self, merge: Uuid, goes_on: Option<LeadId>) -> Result<(), StoreError> {
        sqlx::query!(
            "-- person_merge.goes_on
            update person_merge set goes_on = $2 where id = $1",
            merge,
            goes_on.map(LeadId::uuid) as Option<Uuid>
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Undoes the last merge of a person, who is either of the two.
    pub async fn persons_unmerge(
        &mut self,
        scope: Scope,
        person: PersonId,
        word: &PairWord<'_>,
    ) -> Result<Unmerged, StoreError> {
        let Some(found) = self.merge_of(scope, person).await? else { return Ok(Unmerged::NotMerged) };
        let both = [found.pair.earlier, found.pair.later];
        let identities: BTreeSet<_> = self.identities_of(&both).await?.into_iter().collect();
        self.identities_wait_lock(&identities).await?;
        // Once more under the locks: somebody else may have undone it meanwhile.
        let Some(merge) = self.merge_of(scope, person).await? else { return Ok(Unmerged::NotMerged) };
        if merge.id != found.id {
            return Err(StoreError::Moved("person_merge.of"));
        }
        if let Some(newer) = self.merged_since(&merge).await? {
            return Ok(Unmerged::MergedSince(newer));
        }
        self.leads_of_both(merge.pair).await?;
        self.leads_of_merge_give_back(&merge).await?;
        let ended = self.leads_of_merge_ended(&merge).await?;
        self.lead_said_give_back(&merge, &ended).await?;
        let reopened = self.leads_of_merge_reopen(&merge, &ended).await?;
        self.arrivals_of_merge_give_back(merge.id).await?;
        self.appointments_of_merge_give_back(&merge).await?;
        self.deliveries_of_merge_restore(&merge, &ended).await?;
        self.promises_of_merge_restore(&merge).await?;
        self.numbers_of_merge_carry(&merge, word.at).await?;
        self.person_part(&merge, word).await?;
        self.pair_of_merge_restore(&merge).await?;
        self.enqueue_corrected(&both, (merge.id, true), word.at).await?;
        let still_suppressed = self.wishes_of_merge(&merge).await?;
        let why = "a merge was undone";
        self.regrade_ask_persons(&both, why, word.at).await?;
        Ok(Unmerged::Done(UnmergeEffect { pair: merge.pair, reopened, still_suppressed }))
    }

    async fn merge_of(&mut self, scope: Scope, person: PersonId) -> Result<Option<MergeRecord>, StoreError> {
        let row = sqlx::query!(
            "-- person_merge.of
            select id, client_id, earlier_id, later_id, at, goes_on from person_merge
            where (earlier_id = $1 or later_id = $1) and undone_at is null and ($2::uuid is null or client_id = $2)
            order by at desc, id limit 1",
            person.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| MergeRecord {
            id: row.id,
            at: row.at.to_jiff(),
            goes_on: row.goes_on.map(LeadId::from_uuid),
            pair: PersonPair {
                earlier: PersonId::from_uuid(row.earlier_id),
                later: PersonId::from_uuid(row.later_id),
                client: ClientId::from_uuid(row.client_id),
            },
        }))
    }

    /// A merge of the same person that stands on this one.
    async fn merged_since(&mut self, merge: &MergeRecord) -> Result<Option<PersonPair>, StoreError> {
        let row = sqlx::query!(
            "-- person_merge.since
            select earlier_id, later_id from person_merge
            where undone_at is null and id <> $1 and at >= $2 and (earlier_id = $3 or later_id = $3)
            order by at desc, id limit 1",
            merge.id,
            merge.at.to_sqlx(),
            merge.pair.earlier.uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| PersonPair {
            earlier: PersonId::from_uuid(row.earlier_id),
            later: PersonId::from_uuid(row.later_id),
            client: merge.pair.client,
        }))
    }

    /// What was learned since the merge of a number that was the later one's is true of them, too: that it leads to somebody
    /// else, or that it is theirs after all.
    async fn numbers_of_merge_carry(&mut self, merge: &MergeRecord, now: Timestamp) -> Result<(), StoreError> {
        // Before the identities that the merge brought are deleted, with what is known of them.
        sqlx::query!(
            "-- person.carry_numbers
            with learned as (
              update person_identity b set void_at = a.void_at, void_by = a.void_by
              from person_identity a cross join person_merge m
              where m.id = $1 and a.person_id = m.earlier_id and b.person_id = m.later_id
                and b.client_id = a.client_id and b.kind = a.kind and b.value = a.value
                and (a.merge_id = m.id or a.void_at >= m.at) and a.void_at is distinct from b.void_at
              returning b.person_id, b.value, b.void_at
            )
            update person p set phone = null, phone_extension = null, updated_at = $2
            from learned l where p.id = l.person_id and l.void_at is not null
              and l.value = p.phone || coalesce(';ext=' || p.phone_extension, '')",
            merge.id,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// The one who stayed is reached under nothing and knows nothing any more that only the other brought. That nobody may contact
    /// them stays, as what they are reached under stays suppressed.
    async fn person_part(&mut self, merge: &MergeRecord, word: &PairWord<'_>) -> Result<(), StoreError> {
        sqlx::query!(
            "-- person.part
            with undone as (
              update person_merge set undone_at = $4, undone_by = $5 where id = $1
            ), gone as (
              delete from person_identity where person_id = $2 and merge_id = $1
            ), unsaid as (
              update person_identity i set said_at = null from person_merge m
              where m.id = $1 and i.person_id = $2 and i.merge_id is null and i.said_at = m.at
            ), back as (
              update person set merged_into = null, updated_at = $4 where id = $3
            )
            update person a set
                   (first_name, last_name, name) = (
                     select case when w.theirs then null else a.first_name end, case when w.theirs then null else a.last_name end,
                            case when w.theirs then null else a.name end
                     from (select 'name' = any(m.filled) and (a.first_name, a.last_name, a.name)
                                  is not distinct from (b.first_name, b.last_name, b.name) as theirs) w),
                   email = case when 'email' = any(m.filled) and a.email = b.email then null else a.email end,
                   phone = case when 'phone' = any(m.filled) and a.phone = b.phone then null else a.phone end,
                   phone_extension = case when ('phone' = any(m.filled) or 'phone_extension' = any(m.filled)) and a.phone = b.phone
                                          then null else a.phone_extension end,
                   postal_code = case when 'postal_code' = any(m.filled) and a.postal_code = b.postal_code then null else a.postal_code end,
                   country = case when 'country' = any(m.filled) and a.country = b.country then null else a.country end,
                   time_zone = case when 'time_zone' = any(m.filled) and a.time_zone = b.time_zone then null else a.time_zone end,
                   locale = case when 'locale' = any(m.filled) and a.locale = b.locale then null else a.locale end,
                   verified = a.verified and (m.verified or not b.verified),
                   updated_at = $4
            from person b cross join person_merge m where a.id = $2 and b.id = $3 and m.id = $1",
            merge.id,
            merge.pair.earlier.uuid(),
            merge.pair.later.uuid(),
            word.at.to_sqlx(),
            word.by.name()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// What this merge suppressed and is suppressed still, of what leads to either of the two: entries of its very instant.
    async fn wishes_of_merge(&mut self, merge: &MergeRecord) -> Result<Vec<SpreadWish>, StoreError> {
        let pads = self.hash_pads().await?;
        let rows = sqlx::query!(
            "-- suppression.of_merge
            select i.person_id, i.kind, i.value, c.slug, s.reason
            from person_identity i join person_merge m on m.id = $1 and i.person_id in (m.earlier_id, m.later_id)
            join suppression s on s.hash in (identity_hash($2, $3, i.kind, i.value), identity_hash($2, $3, i.kind, suppressed_as(i.kind, i.value)))
              and s.client_id = i.client_id
              and s.at = m.at and s.by = m.by
            join client c on c.id = s.client_id
            order by i.person_id, i.kind, i.value",
            merge.id,
            &pads.inner,
            &pads.outer
        )
        .fetch_all(self.connection())
        .await?;
        let wishes = rows.into_iter().map(|row| {
            let identity = Identity::stored(&row.kind, &row.value);
            Ok(SpreadWish {
                person: PersonId::from_uuid(row.person_id),
                identity: identity.ok_or_else(|| StoreError::Corrupt("an identity".to_owned()))?,
                client: row.slug,
                why: row.reason,
            })
        });
        wishes.collect()
    }

    /// What was said of the pair before counts again.
    async fn pair_of_merge_restore(&mut self, merge: &MergeRecord) -> Result<(), StoreError> {
        sqlx::query!(
            "-- person_pair.restore
            with was as (
              select s.* from person_merge_row r cross join lateral jsonb_populate_record(null::person_pair, r.row) s
              where r.merge_id = $1 and r.of = 'person_pair'
            ), unsaid as (
              delete from person_pair where earlier_id = $2 and later_id = $3 and not exists (select from was)
            )
            update person_pair p set verdict = w.verdict, by = w.by, decided_at = w.decided_at
            from was w where p.earlier_id = w.earlier_id and p.later_id = w.later_id",
            merge.id,
            merge.pair.earlier.uuid(),
            merge.pair.later.uuid()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
