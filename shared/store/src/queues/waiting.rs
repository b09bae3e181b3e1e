//! Leads that wait for an agent, by kind and client. The kinds are those of the order in which the desk hands leads out, each
//! lead in the first that it belongs to; gates are not asked: a lead of a kind may still have to wait for an hour at which it
//! can be called. Whom no number leads to is handed to nobody: such leads are a kind of their own.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::LeadId;

use crate::{
    Scope, Store, StoreError,
    queues::{COUNTED, MOST, cursor::QueueCursor},
    source::source_record::State,
};

/// A kind of waiting, in the order of the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaitingKind {
    /// A call was agreed and is due.
    Promised,
    /// Nobody touched it.
    New,
    /// It is to be looked at again.
    Due,
    /// Tried in vain.
    Rest,
    /// No number leads to its person, and it is due, or they enquired by themselves and nobody called, or a call lost the last number
    /// before anybody reached them.
    NoNumber,
    /// A call was agreed and is due, also where no number leads to the person. No kind of its own: each is `Promised` or `NoNumber`.
    Owed,
}

impl WaitingKind {
    /// Every kind that leads are counted in, in order.
    pub const ALL: [Self; 5] = [Self::Promised, Self::New, Self::Due, Self::Rest, Self::NoNumber];

    /// As addresses have it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Promised => "promised",
            Self::New => "new",
            Self::Due => "due",
            Self::Rest => "rest",
            Self::NoNumber => "no_number",
            Self::Owed => "owed",
        }
    }
}

/// How many leads of a client wait, of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingCount {
    /// The client's slug.
    pub client: String,
    /// Its name.
    pub client_name: String,
    /// It is paused: nobody is called for it.
    pub is_paused: bool,
    /// How many; at most [`COUNTED`].
    pub waiting: i64,
    /// Since when the first of them waits.
    pub oldest: Option<Timestamp>,
}

/// A lead that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingLeadRow {
    /// The lead.
    pub lead: LeadId,
    /// Its person's name, where one is known.
    pub name: Option<String>,
    /// The client's slug.
    pub client: String,
    /// Its name.
    pub client_name: String,
    /// Since when.
    pub at: Timestamp,
}

impl WaitingLeadRow {
    /// Where a page that ends with it ends.
    #[must_use]
    pub fn cursor(&self) -> QueueCursor {
        QueueCursor { at: self.at, id: self.lead.uuid() }
    }
}

/// Which of the leads that wait are meant.
#[derive(Debug, Clone, Copy)]
pub struct WaitingFilter {
    /// Of which kind.
    pub kind: WaitingKind,
    /// What fell due by then.
    pub due_by: Timestamp,
    /// Behind this one: where the page before ended.
    pub after: Option<QueueCursor>,
    /// At most so many.
    pub limit: i64,
}

impl Store {
    /// How many leads of a kind wait, by client; clients of which none waits are left out.
    pub async fn waiting_counts(
        &self,
        scope: Scope,
        kind: WaitingKind,
        due_by: Timestamp,
    ) -> Result<Vec<WaitingCount>, StoreError> {
        let rows = sqlx::query!(
            r#"-- queues.waiting_counts
            select c.slug, c.name, c.state, w.waiting as "waiting!", w.oldest
            from client c cross join lateral (
              select count(*) as waiting, min(f.at) as oldest from (
              (select l.id as lead_id, p.due_at as at from promise p join lead l on l.id = p.lead_id join person h on h.id = l.person_id
               where $2 in ('promised', 'owed') and p.client_id = c.id and p.kind = 'requalify' and p.agreed and p.worked_at is null
                 and p.state in ('scheduled', 'work') and p.due_at <= $3 and p.due_at > p.created_at and l.stage in ('lead', 'contact', 'opportunity')
                 and ($2 = 'owed' or h.phone is not null)
                 and not exists (select from desk_lease d where d.lead_id = l.id and d.leased_until > clock_timestamp())
               order by p.due_at limit $4)
              union all
              (select l.id, l.last_enquiry_at from lead l join person h on h.id = l.person_id
               where $2 = 'new' and l.client_id = c.id and l.stage in ('lead', 'contact', 'opportunity') and l.touches <= l.touches_before
                 and (l.grade is distinct from 'A' or l.returned_at is not null) and not lead_is_handed_over(l.id, l.matured_at, l.returned_at, l.recalled_at) and h.phone is not null
                 and not exists (select from promise p where p.lead_id = l.id and p.kind = 'requalify' and p.agreed
                                 and p.worked_at is null and p.state in ('scheduled', 'work') and p.due_at <= $3 and p.due_at > p.created_at)
                 and not exists (select from desk_lease d where d.lead_id = l.id and d.leased_until > clock_timestamp())
               order by l.last_enquiry_at, l.id limit $4)
              union all
              (select x.lead_id, x.at from leads_without_number(c.id, $3) x
               where $2 = 'no_number' and not exists (select from desk_lease d where d.lead_id = x.lead_id and d.leased_until > clock_timestamp())
               order by x.at, x.lead_id limit $4)
              union all
              (select l.id, p.due_at from promise p join lead l on l.id = p.lead_id join person h on h.id = l.person_id
               where $2 = 'due' and p.client_id = c.id and p.kind = 'requalify' and p.agreed and p.due_at = p.created_at and p.worked_at is null
                 and p.state in ('scheduled', 'work') and coalesce(p.due_at, '9999-12-30 00:00:00+00') <= $3
                 and l.stage in ('lead', 'contact', 'opportunity') and l.touches > l.touches_before and h.phone is not null
                 and not exists (select from desk_lease d where d.lead_id = l.id and d.leased_until > clock_timestamp())
               order by p.due_at limit $4)
              union all
              (select l.id, p.due_at from promise p join lead l on l.id = p.lead_id join person h on h.id = l.person_id
               where $2 = 'due' and p.client_id = c.id and p.kind = 'requalify' and not p.agreed and p.worked_at is null
                 and p.state in ('scheduled', 'work') and p.due_at <= $3 and l.stage in ('lead', 'contact', 'opportunity')
                 and l.touches > l.touches_before and (l.grade is distinct from 'A' or l.returned_at is not null) and not lead_is_handed_over(l.id, l.matured_at, l.returned_at, l.recalled_at) and h.phone is not null
                 and not exists (select from desk_lease d where d.lead_id = l.id and d.leased_until > clock_timestamp())
               order by p.due_at limit $4)
              union all
              (select l.id, l.last_enquiry_at from lead l join person h on h.id = l.person_id
               where $2 = 'rest' and l.client_id = c.id and l.stage in ('lead', 'contact', 'opportunity') and l.touches > l.touches_before
                 and (l.last_conversation_at is null or l.last_conversation_at < l.last_enquiry_at)
                 and (l.grade is distinct from 'A' or l.returned_at is not null) and not lead_is_handed_over(l.id, l.matured_at, l.returned_at, l.recalled_at) and h.phone is not null
                 and not exists (select from promise p where p.lead_id = l.id and p.kind = 'requalify'
                                 and p.worked_at is null and p.state in ('scheduled', 'work') and p.due_at <= $3)
                 and not exists (select from desk_lease d where d.lead_id = l.id and d.leased_until > clock_timestamp())
               order by l.grade, l.score desc, l.id limit $4)) f
            ) w
            where ($1::uuid is null or c.id = $1) and w.waiting > 0 order by c.name, c.slug"#,
            scope.client_uuid(),
            kind.word(),
            due_by.to_sqlx(),
            COUNTED
        )
        .fetch_all(&self.lists)
        .await?;
        let counts = rows.into_iter().map(|row| {
            Ok(WaitingCount {
                client: row.slug,
                client_name: row.name,
                is_paused: State::read(&row.state)? == State::Paused,
                waiting: row.waiting,
                oldest: row.oldest.map(jiff_sqlx::Timestamp::to_jiff),
            })
        });
        counts.collect()
    }

    /// The leads that `waiting_counts` counts, those that wait longest first. A page begins behind a row and not behind a number of rows:
    /// what was worked meanwhile would else move others past its beginning, unseen.
    pub async fn waiting_list(&self, scope: Scope, filter: WaitingFilter) -> Result<Vec<WaitingLeadRow>, StoreError> {
        // Of a client's leads that are read in the order of the list, none beyond the page is on it. Those that were tried are chosen
        // by what they are worth, whichever page it is: of all clients at once, the best of each.
        let of_each = match filter.kind {
            WaitingKind::Rest if scope.client_uuid().is_some() => MOST,
            WaitingKind::Rest => COUNTED,
            _ => filter.limit,
        };
        let after = filter.after.unwrap_or(QueueCursor::FIRST);
        let rows = sqlx::query!(
            r#"-- queues.waiting
            select w.lead_id as "lead_id!", w.at as "at!", w.slug as "slug!", w.client_name as "client_name!", person.name as "name?",
                   nullif(concat_ws(' ', person.first_name, person.last_name), '') as parts
            from (select w.lead_id, w.at, c.slug, c.name as client_name from client c cross join lateral (
              (select l.id as lead_id, p.due_at as at from promise p join lead l on l.id = p.lead_id join person h on h.id = l.person_id
               where $2 in ('promised', 'owed') and p.client_id = c.id and p.kind = 'requalify' and p.agreed and p.worked_at is null
                 and p.state in ('scheduled', 'work') and p.due_at <= $3 and p.due_at > p.created_at and (p.due_at, p.lead_id) > ($6::timestamptz, $7::uuid) and l.stage in ('lead', 'contact', 'opportunity')
                 and ($2 = 'owed' or h.phone is not null)
                 and not exists (select from desk_lease d where d.lead_id = l.id and d.leased_until > clock_timestamp())
               order by p.due_at, p.lead_id limit $4)
              union all
              (select l.id, l.last_enquiry_at from lead l join person h on h.id = l.person_id
               where $2 = 'new' and l.client_id = c.id and (l.last_enquiry_at, l.id) > ($6, $7) and l.stage in ('lead', 'contact', 'opportunity') and l.touches <= l.touches_before
                 and (l.grade is distinct from 'A' or l.returned_at is not null) and not lead_is_handed_over(l.id, l.matured_at, l.returned_at, l.recalled_at) and h.phone is not null
                 and not exists (select from promise p where p.lead_id = l.id and p.kind = 'requalify' and p.agreed
                                 and p.worked_at is null and p.state in ('scheduled', 'work') and p.due_at <= $3 and p.due_at > p.created_at)
                 and not exists (select from desk_lease d where d.lead_id = l.id and d.leased_until > clock_timestamp())
               order by l.last_enquiry_at, l.id limit $4)
              union all
              (select x.lead_id, x.at from leads_without_number(c.id, $3) x
               where $2 = 'no_number' and (x.at, x.lead_id) > ($6, $7) and not exists (select from desk_lease d where d.lead_id = x.lead_id and d.leased_until > clock_timestamp())
               order by x.at, x.lead_id limit $4)
              union all
              (select l.id, p.due_at from promise p join lead l on l.id = p.lead_id join person h on h.id = l.person_id
               where $2 = 'due' and p.client_id = c.id and p.kind = 'requalify' and p.agreed and p.due_at = p.created_at and p.worked_at is null
                 and p.state in ('scheduled', 'work') and coalesce(p.due_at, '9999-12-30 00:00:00+00') <= $3 and (p.due_at, p.lead_id) > ($6, $7)
                 and l.stage in ('lead', 'contact', 'opportunity') and l.touches > l.touches_before and h.phone is not null
                 and not exists (select from desk_lease d where d.lead_id = l.id and d.leased_until > clock_timestamp())
               order by p.due_at, p.lead_id limit $4)
              union all
              (select l.id, p.due_at from promise p join lead l on l.id = p.lead_id join person h on h.id = l.person_id
               where $2 = 'due' and p.client_id = c.id and p.kind = 'requalify' and not p.agreed and p.worked_at is null
                 and p.state in ('scheduled', 'work') and p.due_at <= $3 and (p.due_at, p.lead_id) > ($6, $7) and l.stage in ('lead', 'contact', 'opportunity')
                 and l.touches > l.touches_before and (l.grade is distinct from 'A' or l.returned_at is not null) and not lead_is_handed_over(l.id, l.matured_at, l.returned_at, l.recalled_at) and h.phone is not null
                 and not exists (select from desk_lease d where d.lead_id = l.id and d.leased_until > clock_timestamp())
               order by p.due_at, p.lead_id limit $4)
              union all
              (select l.id, l.last_enquiry_at from lead l join person h on h.id = l.person_id
               where $2 = 'rest' and l.client_id = c.id and l.stage in ('lead', 'contact', 'opportunity') and l.touches > l.touches_before
                 and (l.last_conversation_at is null or l.last_conversation_at < l.last_enquiry_at)
                 and (l.grade is distinct from 'A' or l.returned_at is not null) and not lead_is_handed_over(l.id, l.matured_at, l.returned_at, l.recalled_at) and h.phone is not null
                 and not exists (select from promise p where p.lead_id = l.id and p.kind = 'requalify'
                                 and p.worked_at is null and p.state in ('scheduled', 'work') and p.due_at <= $3)
                 and not exists (select from desk_lease d where d.lead_id = l.id and d.leased_until > clock_timestamp())
               order by l.grade, l.score desc, l.id limit $4)
            ) w
            where ($1::uuid is null or c.id = $1) and (w.at, w.lead_id) > ($6, $7) order by w.at, w.lead_id limit $5) w
            join lead on lead.id = w.lead_id join person on person.id = lead.person_id order by w.at, w.lead_id"#,
            scope.client_uuid(),
            filter.kind.word(),
            filter.due_by.to_sqlx(),
            of_each,
            filter.limit,
            after.at.to_sqlx(),
            after.id
        )
        .fetch_all(&self.lists)
        .await?;
        let rows = rows.into_iter().map(|row| WaitingLeadRow {
            lead: LeadId::from_uuid(row.lead_id),
            name: row.name.or(row.parts),
            client: row.slug,
            client_name: row.client_name,
            at: row.at.to_jiff(),
        });
        Ok(rows.collect())
    }
}
