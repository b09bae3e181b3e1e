//! Where a delivery's mail comes back to: an address of its own for each (VERP), so that what comes back says whose it is, whatever the
//! mail systems on its way make of it.

use jiff::Timestamp;
use lettre::Address;
use ripen_domain::{
    id::DeliveryId,
    link::{LinkKey, LinkKeys},
};
use uuid::Uuid;

/// Stands in the template for the token.
const TOKEN: &str = "{token}";
/// The part before the @ (RFC 5321 §4.5.3.1.1).
const LOCAL_PART_LIMIT: usize = 64;

/// What is wrong with the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidReturnPath {
    /// Not an address with one `{token}` before the @.
    #[error("must look like bounces+{{token}}@example.com")]
    Shape,
    /// Too much beside the token.
    #[error("is too long: the part before the @ has 64 characters, and 52 of them are the token's")]
    Length,
}

/// Whether a template can be used; an empty one can.
///
/// # Errors
/// What is wrong with it.
pub fn check_return_path(template: &str) -> Result<(), InvalidReturnPath> {
    // With any key: its tokens are as long as all others.
    let keys = LinkKeys::new(LinkKey::new(0, [0; 32], Timestamp::UNIX_EPOCH), Vec::new());
    ReturnPath::parse(template, keys).map(|_| ())
}

/// A template of addresses with the keys that sign their tokens.
pub(super) struct ReturnPath {
    before: String,
    after: String,
    keys: LinkKeys,
}

impl ReturnPath {
    /// Reads the template; `None` if it is empty.
    pub(super) fn parse(template: &str, keys: LinkKeys) -> Result<Option<Self>, InvalidReturnPath> {
        let template = template.trim();
        if template.is_empty() {
            return Ok(None);
        }
        let (before, after) = template.split_once(TOKEN).ok_or(InvalidReturnPath::Shape)?;
        let path = Self { before: before.to_owned(), after: after.to_owned(), keys };
        // With a token, as it will be used: a template that makes no address would otherwise fail with every mail.
        let sample = path.text(DeliveryId::from_uuid(Uuid::nil()), Timestamp::UNIX_EPOCH);
        let (local, _) = sample.rsplit_once('@').ok_or(InvalidReturnPath::Shape)?;
        if before.contains('@') || after.contains(TOKEN) {
            return Err(InvalidReturnPath::Shape);
        }
        if local.len() > LOCAL_PART_LIMIT {
            return Err(InvalidReturnPath::Length);
        }
        sample.parse::<Address>().map_err(|_| InvalidReturnPath::Shape)?;
        Ok(Some(path))
    }

    /// Where this delivery's mail comes back to.
    pub(super) fn of(&self, delivery: DeliveryId, now: Timestamp) -> Option<Address> {
        self.text(delivery, now).parse().ok()
    }

    fn text(&self, delivery: DeliveryId, now: Timestamp) -> String {
        format!("{}{}{}", self.before, self.keys.bounce_token(delivery, now), self.after)
    }
}

#[cfg(test)]
mod tests {
    use ripen_domain::link::LinkKey;

    use super::*;

    fn parse(template: &str) -> Result<Option<ReturnPath>, InvalidReturnPath> {
        ReturnPath::parse(template, LinkKeys::new(LinkKey::new(0, [7; 32], Timestamp::UNIX_EPOCH), Vec::new()))
    }

    #[test]
    fn each_delivery_has_an_address_and_a_bad_template_says_why() {
        assert!(parse(" ").unwrap().is_none());
        let path = parse("bounces+{token}@example.com").unwrap().unwrap();
        let of = |number| path.of(DeliveryId::from_uuid(Uuid::from_u128(number)), Timestamp::UNIX_EPOCH).unwrap();
        assert_ne!(of(1), of(2));
        assert!(of(1).to_string().starts_with("bounces+") && of(1).domain() == "example.com");
        for (template, why) in [
            ("bounces@example.com", InvalidReturnPath::Shape),
            ("bounces@{token}.example.com", InvalidReturnPath::Shape),
            ("{token}{token}@example.com", InvalidReturnPath::Shape),
            ("bounces+{token}", InvalidReturnPath::Shape),
            ("b c+{token}@example.com", InvalidReturnPath::Shape),
            ("returned-mail-{token}@example.com", InvalidReturnPath::Length),
        ] {
            assert_eq!(parse(template).err(), Some(why), "{template}");
        }
    }
}
