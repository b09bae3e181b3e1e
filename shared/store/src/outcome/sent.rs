//! What the client was told of the person: read from the body that was sent last, because the person may be known otherwise
//! since.

use ripen_domain::{
    contact::{Identity, Phone},
    delivery::{ClientEvent, LeadContact},
    id::DeliveryId,
};

use crate::{StoreError, Transaction};

/// The number under which a client was told to phone a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SentNumber {
    /// It was told this one, or none.
    Known(Option<Phone>),
    /// What was sent cannot be read.
    Unknown,
}

impl SentNumber {
    fn read(body: &[u8]) -> Self {
        let event = ClientEvent::read(body);
        let contact = event.as_ref().and_then(ClientEvent::lead).and_then(|data| data.lead.get());
        contact.map_or(Self::Unknown, |contact| Self::Known(number(contact)))
    }
}

fn number(contact: &LeadContact) -> Option<Phone> {
    let Identity::Phone(phone) = Identity::stored("phone", contact.phone.get()?)? else { return None };
    Some(contact.phone_extension.get().map_or_else(|| phone.clone(), |extension| phone.with_extension(extension)))
}

impl Transaction {
    /// The number that was sent with the delivery, or with the last update of it.
    pub(super) async fn number_sent(&mut self, delivery: DeliveryId) -> Result<SentNumber, StoreError> {
        let body = sqlx::query_scalar!(
            "-- outcome.sent
            select b.body from delivery d
            join delivery u on u.maturation_id = d.maturation_id and u.endpoint_id = d.endpoint_id
              and (u.id = d.id or u.event = 'lead.updated')
            join delivery_body b on b.delivery_id = u.id
            where d.id = $1 order by b.at desc, u.id desc limit 1",
            delivery.uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(body.map_or(SentNumber::Unknown, |body| SentNumber::read(&body)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_that_was_sent_is_read_with_its_extension() {
        let body = |lead: &str| format!(r#"{{"type": "lead.matured", "data": {{"lead": {lead}}}}}"#);
        let read = |lead: &str| SentNumber::read(body(lead).as_bytes());
        let known = |value: &str| match Identity::stored("phone", value) {
            Some(Identity::Phone(phone)) => SentNumber::Known(Some(phone)),
            _ => SentNumber::Unknown,
        };
        assert_eq!(read(r#"{"phone": "+14155550118"}"#), known("+14155550118"));
        assert_eq!(read(r#"{"phone": "+14155550118", "phone_extension": "7"}"#), known("+14155550118;ext=7"));
        assert_eq!(read(r#"{"phone": null}"#), SentNumber::Known(None));
        assert_eq!(SentNumber::read(b"gone"), SentNumber::Unknown);
    }
}
