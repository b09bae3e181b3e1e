//! What a user did with leads and what became of them since: what their day is made of, and which leads a list of it has.
//! One statement finds both, so that a figure is the number of rows of the list it links to.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    id::{LeadId, UserId},
    touch::Disposition,
};
use uuid::Uuid;

use crate::{Scope, Store, StoreError, error::word};

/// What followed from a touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TouchFollowed {
    /// The lead became an A by it.
    BecameA,
    /// It became an A by it, and the client took it.
    Accepted,
    /// It became an A by it, and the client gave it back.
    Returned,
    /// It was closed with it or later.
    Closed,
}

/// Of which touches the leads are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TouchedFilter {
    /// By whom.
    pub user: UserId,
    /// From when on.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// That went one of these ways; any way where none is named.
    pub how: Vec<Disposition>,
    /// From which this followed.
    pub followed: Option<TouchFollowed>,
}

/// Of whose promises the leads are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromisedFilter {
    /// Who promised to call.
    pub user: UserId,
    /// From when on the call is due.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
}

/// A touch of a user, with what followed from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowedTouch {
    /// The lead.
    pub lead: LeadId,
    /// How it went.
    pub disposition: Disposition,
    /// The lead became an A by it: it did so before anybody touched it again, and was no A since when it was returned.
    pub became_a: bool,
    /// The client took that A.
    pub was_accepted: bool,
    /// The client gave that A back.
    pub was_returned: bool,
    /// The lead was closed with it or later.
    pub was_closed: bool,
}

impl TouchedFilter {
    /// Whether a touch of the user's in the time is meant.
    #[must_use]
    pub fn fits(&self, touch: &FollowedTouch) -> bool {
        let has_followed = match self.followed {
            None => true,
            Some(TouchFollowed::BecameA) => touch.became_a,
            Some(TouchFollowed::Accepted) => touch.was_accepted,
            Some(TouchFollowed::Returned) => touch.was_returned,
            Some(TouchFollowed::Closed) => touch.was_closed,
        };
        has_followed && (self.how.is_empty() || self.how.contains(&touch.disposition))
    }
}

impl Store {
    /// What a user did within a time, with what followed.
    pub async fn touches_followed(
        &self,
        scope: Scope,
        user: UserId,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<FollowedTouch>, StoreError> {
        let rows = sqlx::query!(
            r#"-- touch.followed
            select t.lead_id, t.disposition, coalesce(l.closed_at >= t.at, false) as "was_closed!", m.became_a as "became_a!",
                   -- What the firm took back is no return: the instant of a recall stands in both.
                   m.became_a and coalesce(l.returned_at >= l.matured_at and l.returned_at is distinct from l.recalled_at, false) as "was_returned!",
                   m.became_a and not coalesce(l.returned_at >= l.matured_at, false)
                     and exists (select from delivery d join outcome o on o.delivery_id = d.id
                                 where d.lead_id = l.id and o.at >= l.matured_at and o.kind in ('accepted', 'won')) as "was_accepted!"
            from touch t join lead l on l.id = t.lead_id
            cross join lateral (select coalesce(l.matured_at >= t.at, false)
                                  and not exists (select from touch n where n.lead_id = t.lead_id and n.at > t.at
                                                    and n.at <= l.matured_at) as became_a) m
            where t.user_id = $1 and t.at >= $2 and t.at < $3 and ($4::uuid is null or l.client_id = $4)"#,
            user.uuid(),
            from.to_sqlx(),
            to.to_sqlx(),
            scope.client_uuid()
        )
        .fetch_all(&self.lists)
        .await?;
        let touches = rows.into_iter().map(|row| {
            Ok(FollowedTouch {
                lead: LeadId::from_uuid(row.lead_id),
                disposition: word(&row.disposition)?,
                became_a: row.became_a,
                was_accepted: row.was_accepted,
                was_returned: row.was_returned,
                was_closed: row.was_closed,
            })
        });
        touches.collect()
    }

    /// The leads of calls that a user promised for a time.
    pub async fn leads_promised_by(&self, scope: Scope, of: PromisedFilter) -> Result<Vec<LeadId>, StoreError> {
        let rows = sqlx::query_scalar!(
            "-- promise.leads_of_user
            select distinct p.lead_id from promise p join lead l on l.id = p.lead_id
            where p.user_id = $1 and p.state in ('scheduled', 'work') and p.kind = 'requalify' and p.worked_at is null
              and p.due_at >= $2 and p.due_at < $3 and ($4::uuid is null or p.client_id = $4)",
            of.user.uuid(),
            of.from.to_sqlx(),
            of.to.to_sqlx(),
            scope.client_uuid()
        )
        .fetch_all(&self.lists)
        .await?;
        Ok(rows.into_iter().map(LeadId::from_uuid).collect())
    }

    /// The leads that a list has by name, where its filter asks for what a user did or promised.
    pub(super) async fn leads_of_user(
        &self,
        scope: Scope,
        (touched, promised): (Option<&TouchedFilter>, Option<PromisedFilter>),
    ) -> Result<Option<Vec<Uuid>>, StoreError> {
        let mut found: Option<Vec<Uuid>> = None;
        if let Some(filter) = touched {
            let touches = self.touches_followed(scope, filter.user, (filter.from, filter.to)).await?;
            found = Some(touches.iter().filter(|touch| filter.fits(touch)).map(|touch| touch.lead.uuid()).collect());
        }
        if let Some(of) = promised {
            let of: Vec<_> = self.leads_promised_by(scope, of).await?.into_iter().map(LeadId::uuid).collect();
            found = Some(both(found, of));
        }
        Ok(found)
    }
}

/// Those of the second list that the first has too, where there is a first.
pub(super) fn both(first: Option<Vec<Uuid>>, second: Vec<Uuid>) -> Vec<Uuid> {
    match first {
        Some(first) => second.into_iter().filter(|lead| first.contains(lead)).collect(),
        None => second,
    }
}
