//! What somebody left beside the address or the number that is used, such as a second number in one field. It stands in the flags,
//! which clients are told with their words, whatever field they are about: suppressed, or known to lead to a stranger, it must
//! not be.

use std::collections::{BTreeMap, BTreeSet};

use ripen_domain::{
    contact::{Identity, Phone, mentioned},
    flag::Flag,
    id::LeadId,
};
use uuid::Uuid;

use crate::{Store, StoreError};

/// The flags of a lead.
pub(crate) struct FlaggedLead<'f> {
    pub(crate) lead: LeadId,
    pub(crate) flags: &'f mut Vec<Flag>,
}

/// Addresses and numbers, each with the lead in whose words it stands.
#[derive(Default)]
pub(super) struct BarredCandidates {
    pub(super) of: Vec<Uuid>,
    pub(super) kinds: Vec<String>,
    pub(super) values: Vec<String>,
}

/// How the words of a lead's flags are read.
#[derive(Default)]
pub(super) struct FlagSense {
    /// Where a number without a country code may be one of.
    countries: Vec<String>,
    /// Numbers that lead to somebody else than the lead's person.
    void: BTreeSet<String>,
}

impl FlagSense {
    /// Where a number without a country code may be one of.
    pub(super) fn countries(&self) -> Vec<&str> {
        self.countries.iter().map(String::as_str).collect()
    }

    fn ways_in(&self, flag: &Flag) -> BTreeSet<Identity> {
        flag.said.as_deref().map(|said| mentioned(said, &self.countries())).unwrap_or_default()
    }

    /// A number without an extension is void with each.
    fn void_of<'i>(&self, ways: &'i BTreeSet<Identity>) -> Option<&'i Phone> {
        ways.iter().find_map(|identity| match identity {
            Identity::Phone(phone) => {
                (self.void.contains(phone.as_str()) || self.void.contains(phone.number())).then_some(phone)
            }
            Identity::Email(_) => None,
        })
    }
}

impl Store {
    /// Takes out of flags the words that must not be told: what must not be contacted, for the firm or for the lead's client,
    /// and what leads to a stranger.
    pub(crate) async fn withhold_suppressed(&self, mut leads: Vec<FlaggedLead<'_>>) -> Result<(), StoreError> {
        let with_words = leads.iter().filter(|of| of.flags.iter().any(|flag| flag.said.is_some()));
        let of: Vec<_> = with_words.map(|of| of.lead.uuid()).collect();
        if of.is_empty() {
            return Ok(());
        }
        let senses = self.flag_senses(&of).await?;
        let mut flags: Vec<(LeadId, &mut Flag)> = Vec::new();
        for FlaggedLead { lead, flags: of_lead } in &mut leads {
            flags.extend(of_lead.iter_mut().map(|flag| (*lead, flag)));
        }
        // Which flag each of the addresses and numbers stands in.
        let (mut at, mut of, mut kinds, mut values) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (place, (lead, flag)) in flags.iter_mut().enumerate() {
            let Some(sense) = senses.get(&lead.uuid()) else { continue };
            let ways = sense.ways_in(flag);
            if let Some(void) = sense.void_of(&ways) {
                flag.withhold_void(void);
            }
            for identity in ways {
                at.push(place);
                of.push(lead.uuid());
                kinds.push(identity.kind().to_owned());
                values.push(identity.value().to_owned());
            }
        }
        if of.is_empty() {
            return Ok(());
        }
        for place in self.barred_among(&BarredCandidates { of, kinds, values }).await? {
            if let Some((_, flag)) = at.get(place).and_then(|place| flags.get_mut(*place)) {
                flag.withhold();
            }
        }
        // What is told of two numbers may be the same now.
        for FlaggedLead { flags, .. } in &mut leads {
            flags.dedup();
        }
        Ok(())
    }

    /// The places of those that must not be contacted, for the firm or for the lead's client.
    pub(super) async fn barred_among(&self, among: &BarredCandidates) -> Result<Vec<usize>, StoreError> {
        let pads = self.hash_pads().await?;
        let numbers = sqlx::query_scalar!(
            r#"-- suppression.of_second_ways
            select distinct n as "n!"
            from generate_subscripts($1::uuid[], 1) n
            join lead l on l.id = ($1::uuid[])[n]
            join suppression s on s.hash = any(identity_hashes($4, $5, ($2::text[])[n], ($3::text[])[n]))
              and (s.client_id is null or s.client_id = l.client_id)
            where (select true from suppression limit 1)"#,
            &among.of,
            &among.kinds,
            &among.values,
            &pads.inner,
            &pads.outer
        )
        .fetch_all(&self.pool)
        .await?;
        // Counted from 1, as arrays in SQL are.
        Ok(numbers.into_iter().filter_map(|number| usize::try_from(number - 1).ok()).collect())
    }

    /// How the words of leads are read.
    pub(super) async fn flag_senses(&self, leads: &[Uuid]) -> Result<BTreeMap<Uuid, FlagSense>, StoreError> {
        let rows = sqlx::query!(
            r#"-- suppression.flag_senses
            select l.id, p.country as "of_person?", c.country as "of_client!",
                   (select array_agg(value) from person_identity where person_id = p.id and kind = 'phone' and void_at is not null)
                     as "void?: Vec<String>"
            from lead l join person p on p.id = l.person_id join client c on c.id = l.client_id
            where l.id = any($1)"#,
            leads
        )
        .fetch_all(&self.pool)
        .await?;
        let sense = |of_person: Option<String>, of_client: String, void: Option<Vec<String>>| FlagSense {
            countries: of_person
                .into_iter()
                .filter(|country| *country != of_client)
                .chain([of_client.clone()])
                .collect(),
            void: void.unwrap_or_default().into_iter().collect(),
        };
        Ok(rows.into_iter().map(|row| (row.id, sense(row.of_person, row.of_client, row.void))).collect())
    }
}
