//! What the client was told of the person: read from the body that was sent last, because the person may be known otherwise
//! since, and the lead may be somebody else's.

use std::collections::BTreeSet;

use ripen_domain::{
    contact::{Identity, Phone},
    delivery::{ClientEvent, LeadContact, Member},
    id::{DeliveryId, PersonId},
    person::{NameMatch, Profile, ReadName},
};

use crate::{Scope, StoreError, Transaction, person::number::PersonNumber};

/// A client is told of one lead by so many bodies at most before one of them is taken in.
const MOST: i64 = 50;

/// The number under which a client was told to phone a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SentNumber {
    /// It was told this one, or none.
    Known(Option<Phone>),
    /// What was sent cannot be read.
    Unknown,
}

/// Of whom a client speaks who says something of a delivery.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ToldPerson {
    /// How it was told to reach them; none where it was told no way, or what was sent cannot be read.
    pub(super) ways: Vec<Identity>,
    /// The lead is of somebody else by now, who is reached under none of these.
    pub(super) is_former: bool,
}

/// The name that a body tells.
fn name_told(contact: &LeadContact) -> ReadName {
    let (first_name, last_name) = (contact.first_name.get().cloned(), contact.last_name.get().cloned());
    Profile { first_name, last_name, name: contact.name.get().cloned(), ..Profile::default() }.read_name()
}

/// A body that tells of a person.
struct SentBody {
    delivery: DeliveryId,
    was_taken: bool,
    /// None where it cannot be read.
    contact: Option<LeadContact>,
}

/// Those of which something is said, the newest first: the one that was answered; else the last one that was taken in, and what was sent
/// since: where an answer is missing it may have come.
fn spoken_of(mut sent: Vec<SentBody>, answered: Option<DeliveryId>) -> Vec<SentBody> {
    if let Some(place) = sent.iter().position(|one| Some(one.delivery) == answered) {
        return vec![sent.swap_remove(place)];
    }
    let taken = sent.iter().position(|one| one.was_taken).map_or(sent.len(), |place| place + 1);
    sent.truncate(taken);
    sent
}

fn contact_in(body: &[u8]) -> Option<LeadContact> {
    ClientEvent::read(body)?.lead()?.lead.get().cloned()
}

fn number(contact: &LeadContact) -> Option<Phone> {
    let Identity::Phone(phone) = Identity::stored("phone", contact.phone.get()?)? else { return None };
    Some(contact.phone_extension.get().map_or_else(|| phone.clone(), |extension| phone.with_extension(extension)))
}

/// Every way to the person that a body names, the further ones too.
fn ways(contact: &LeadContact) -> BTreeSet<Identity> {
    let others = |kind: &'static str, told: &Member<Vec<String>>| {
        let told = told.get().cloned().unwrap_or_default();
        told.into_iter().filter_map(move |value| Identity::stored(kind, &value))
    };
    let email = contact.email.get().and_then(|email| Identity::stored("email", email));
    let own = number(contact).map(Identity::Phone).into_iter().chain(email);
    own.chain(others("phone", &contact.other_phones)).chain(others("email", &contact.other_emails)).collect()
}

fn is_of(profile: &Profile, way: &Identity) -> bool {
    match way {
        Identity::Email(email) => profile.email.as_deref() == Some(email.as_str()),
        Identity::Phone(phone) => {
            profile.phone.as_deref() == Some(phone.number()) && profile.phone_extension.as_deref() == phone.extension()
        }
    }
}

/// Whether a way is a number that leads to somebody else than the person; without an extension it does with each.
fn is_void(way: &Identity, numbers: &[PersonNumber]) -> bool {
    let Identity::Phone(phone) = way else { return false };
    numbers.iter().any(|known| known.is_void && (known.phone == *phone || known.phone.as_str() == phone.number()))
}

impl Transaction {
    /// The number that was sent with the delivery, or with the last update of it; with the one that was answered, where it is that.
    pub(super) async fn number_sent(
        &mut self,
        delivery: DeliveryId,
        answered: Option<DeliveryId>,
    ) -> Result<SentNumber, StoreError> {
        let newest = spoken_of(self.bodies_sent(delivery).await?, answered).into_iter().next();
        let contact = newest.and_then(|sent| sent.contact);
        Ok(contact.map_or(SentNumber::Unknown, |contact| SentNumber::Known(number(&contact))))
    }

    /// Of whom something is said that is about a delivery's person: whoever the client was told of with it, or with its updates. That is
    /// the lead's person of now who is reached under any of the ways that it was told, or where it was told none.
    pub(super) async fn person_told(
        &mut self,
        (scope, person): (Scope, PersonId),
        delivery: DeliveryId,
        answered: Option<DeliveryId>,
    ) -> Result<ToldPerson, StoreError> {
        let sent = spoken_of(self.bodies_sent(delivery).await?, answered);
        let told: BTreeSet<_> = sent.iter().filter_map(|one| one.contact.as_ref()).flat_map(ways).collect();
        let mut ways: Vec<_> = told.into_iter().collect();
        let known = self.persons_of(&[person]).await?.pop();
        if ways.is_empty() {
            // Out of a body of somebody who must not be contacted since their ways were taken: its name is left, and is not that of
            // whoever the lead is of by now.
            let told = sent.iter().find_map(|one| one.contact.as_ref()).map(name_told).filter(|name| !name.is_empty());
            let is_anothers =
                known.zip(told).is_some_and(|(known, told)| known.profile.against_name(&told) == NameMatch::Contradict);
            return Ok(ToldPerson { ways, is_former: is_anothers });
        }
        // What clients are told of the person now is theirs, whatever else is known of it.
        let is_told_now = known.is_some_and(|known| ways.iter().any(|way| is_of(&known.profile, way)));
        if !is_told_now && !self.persons_reached(scope, &ways).await?.contains(&person) {
            return Ok(ToldPerson { ways, is_former: true });
        }
        // A number that is void for the person is a stranger's, who asked for nothing.
        let numbers = self.numbers_of(&[person]).await?;
        ways.retain(|way| !is_void(way, &numbers));
        Ok(ToldPerson { ways, is_former: false })
    }

    /// What was sent with the delivery and with its updates, the newest first. An update that was given up told nothing.
    async fn bodies_sent(&mut self, delivery: DeliveryId) -> Result<Vec<SentBody>, StoreError> {
        let rows = sqlx::query!(
            r#"-- outcome.sent
            select u.id, b.body, (u.first_delivered_at is not null or u.state in ('delivered', 'filed')) as "was_taken!"
            from delivery d
            join delivery u on u.maturation_id = d.maturation_id and u.endpoint_id = d.endpoint_id
              and (u.id = d.id or u.event = 'lead.updated' and (u.state not in ('dead', 'withdrawn') or u.first_delivered_at is not null))
            join delivery_body b on b.delivery_id = u.id
            where d.id = $1 order by b.at desc, u.id desc limit $2"#,
            delivery.uuid(),
            MOST
        )
        .fetch_all(self.connection())
        .await?;
        let sent = rows.into_iter().map(|row| SentBody {
            delivery: DeliveryId::from_uuid(row.id),
            was_taken: row.was_taken,
            contact: contact_in(&row.body),
        });
        Ok(sent.collect())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn body(lead: &str) -> Option<LeadContact> {
        contact_in(format!(r#"{{"type": "lead.matured", "data": {{"lead": {lead}}}}}"#).as_bytes())
    }

    #[test]
    fn the_number_that_was_sent_is_read_with_its_extension() {
        let read = |lead: &str| body(lead).map(|contact| number(&contact).map(|phone| phone.as_str().to_owned()));
        let known = |value: &str| Some(Some(value.to_owned()));
        assert_eq!(read(r#"{"phone": "+14155550118"}"#), known("+14155550118"));
        assert_eq!(read(r#"{"phone": "+14155550118", "phone_extension": "7"}"#), known("+14155550118;ext=7"));
        assert_eq!(read(r#"{"phone": null}"#), Some(None));
        assert!(contact_in(b"gone").is_none());
    }

    #[test]
    fn every_way_that_a_body_names_is_meant() {
        let told = body(
            r#"{"phone": "+14155550118", "phone_extension": "7", "email": "hal@example.com",
                "other_phones": ["+14155550119", "+14155550120;ext=3"], "other_emails": ["one@example.com"]}"#,
        );
        let found = ways(&told.unwrap());
        let found: Vec<_> = found.iter().map(Identity::value).collect();
        let expected =
            ["hal@example.com", "one@example.com", "+14155550118;ext=7", "+14155550119", "+14155550120;ext=3"];
        assert_eq!(found, expected);
        assert!(ways(&body(r#"{"phone": null}"#).unwrap()).is_empty());
    }

    #[test]
    fn what_was_answered_is_meant_and_else_what_was_taken_in_last_and_what_may_have_come_since() {
        let id = |number| DeliveryId::from_uuid(Uuid::from_u128(number));
        let sent = || {
            let of = |(number, was_taken)| SentBody { delivery: id(number), was_taken, contact: None };
            Vec::from([(4, false), (3, true), (2, true), (1, true)].map(of))
        };
        let meant = |answered: Option<u128>| {
            let meant = spoken_of(sent(), answered.map(id)).into_iter();
            meant.map(|one| one.delivery.uuid().as_u128()).collect::<Vec<_>>()
        };
        assert_eq!(meant(None), [4, 3]);
        assert_eq!(meant(Some(1)), [1]);
        assert_eq!(meant(Some(9)), [4, 3]);
    }
}
