//! Wishes not to be contacted that a version before kept and did not hear.

use ripen_domain::id::{ArrivalId, LeadId};

use crate::{Scope, Store, StoreError};

/// A wish not to be contacted that came to a version before, which kept it with the arrival and did nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnheardWish {
    /// The arrival that says so.
    pub arrival: ArrivalId,
    /// The lead of its person; none where it lies in the quarantine.
    pub lead: Option<LeadId>,
    /// How many there are in all.
    pub all: i64,
}

impl Store {
    /// The oldest wishes not to be contacted that a version before did not hear, which had no codes: said of a person who was known, or
    /// in the quarantine, and not swept up since: of what a sweep has read, only where nobody has let anybody be contacted. One that was heard and lifted since is among them where it is as old.
    pub async fn wishes_unheard(&self, scope: Scope) -> Result<Vec<UnheardWish>, StoreError> {
        // A day longer: for as long processes of that version may have gone on. Not where there was none.
        let rows = sqlx::query!(
            r#"-- arrival.wishes_unheard
            select a.id, a.lead_id, count(*) over () as "all!"
            from arrival a left join person p on p.id = a.person_id
            where a.flags @> array['do_not_contact'] and ($1::uuid is null or a.client_id = $1)
              and a.received_at < (select m.installed_on + interval '1 day' from _sqlx_migrations m
                                 where m.version = 37 and m.installed_on > (select min(installed_on) + interval '1 hour' from _sqlx_migrations))
              and not exists (select from suppression_sweep w where a.id <= w.after_id
                              and (p.id is null or exists (select from lead o join touch t on t.lead_id = o.id
                                where o.person_id = p.id and t.disposition = 'do_not_contact' and t.wish_lifted_at > a.received_at)
                              or exists (select from audit x where x.action = 'suppression.lift' and x.at > a.received_at
                                         and (x.client_id is null or x.client_id = a.client_id))))
              and (not p.do_not_contact
                   or a.state = 'quarantined' and a.reason in ('key_reused', 'source_paused') and a.released_at is null and a.dropped_at is null)
            order by a.received_at, a.id limit 5"#,
            scope.client_uuid()
        )
        .fetch_all(&self.lists)
        .await?;
        let found = rows.into_iter().map(|row| UnheardWish {
            arrival: ArrivalId::from_uuid(row.id),
            lead: row.lead_id.map(LeadId::from_uuid),
            all: row.all,
        });
        Ok(found.collect())
    }
}
