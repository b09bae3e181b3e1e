//! The demonstration's firm as a table: its clients, who asks them for something, and who works for them. It is data; what happens
//! with it stands elsewhere.

use std::sync::LazyLock;

use ripen_domain::lead::Channel;
use serde::Deserialize;
use serde_json::Value;

/// The firm. A test keeps the table readable.
pub static WORLD: LazyLock<Result<SampleWorld, toml::de::Error>> =
    LazyLock::new(|| toml::from_str(include_str!("world.toml")));

/// A whole firm.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleWorld {
    /// For whom it qualifies leads; the first is the sample that the README shows.
    pub client: Vec<SampleClient>,
    /// People with a name that a page must hold.
    pub somebody: Vec<SamplePerson>,
    /// Who signs in.
    pub user: Vec<SampleUser>,
    /// What people write down.
    pub words: SampleWords,
}

/// A client.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleClient {
    pub name: String,
    pub slug: String,
    pub country: String,
    pub time_zone: String,
    /// The name of the criteria that grade its leads.
    pub criteria: String,
    /// Its share of the desk.
    pub weight: i32,
    pub caller_id: String,
    pub briefing: String,
    pub currency: String,
    /// Amounts that its sales bring.
    pub sales: Vec<String>,
    /// Numbers in which each `#` stands for a digit.
    pub phones: Vec<String>,
    pub postal_codes: Vec<String>,
    pub locales: Vec<String>,
    /// How many people enquire.
    pub enquiries: usize,
    pub sources: Vec<SampleSource>,
    pub reps: Vec<SampleRep>,
    pub first_names: Vec<String>,
    pub last_names: Vec<String>,
    /// What people write into a form.
    pub notes: Vec<String>,
    pub answers: Vec<SampleAnswers>,
}

/// A source of a client.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleSource {
    pub name: String,
    channel: String,
    /// What one lead costs.
    pub cost: Option<String>,
}

impl SampleSource {
    /// How its leads arrive.
    pub fn channel(&self) -> Channel {
        self.channel.parse().unwrap_or(Channel::WebForm)
    }
}

/// A rep of a client.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleRep {
    pub name: String,
    pub email: String,
}

/// What people answer to one question, by how much they want it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleAnswers {
    pub question: String,
    pub hot: Vec<Value>,
    pub warm: Vec<Value>,
    pub cold: Vec<Value>,
    /// Forms ask it already.
    #[serde(default)]
    pub in_form: bool,
}

/// Somebody with a name of their own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamplePerson {
    pub client: String,
    pub name: String,
    pub email: String,
}

/// Somebody who signs in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleUser {
    pub name: String,
    pub email: String,
    pub role: String,
    /// Their sign-in is printed, for trying.
    #[serde(default)]
    pub is_shown: bool,
    /// They leave the firm on the way.
    #[serde(default)]
    pub leaves: bool,
    #[serde(default)]
    pub languages: Vec<String>,
    /// An agent's clients; none for all.
    #[serde(default)]
    pub clients: Vec<String>,
    /// A broker's client.
    pub client: Option<String>,
    pub time_zone: Option<String>,
    pub locale: Option<String>,
    /// From which hour they work, in UTC.
    #[serde(default)]
    pub from: i64,
    /// Until which.
    #[serde(default)]
    pub until: i64,
}

/// What people write down, by what happened.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleWords {
    pub reached: Vec<String>,
    pub missed: Vec<String>,
    pub call_back: Vec<String>,
    pub no_interest: Vec<String>,
    pub returned: Vec<String>,
    pub lost: Vec<String>,
}

/// Criteria by their name, as they lie in the tree.
pub fn criteria(name: &str) -> &'static str {
    match name {
        "general" => include_str!("../../../../deploy/criteria/general.toml"),
        "mortgage" => include_str!("../../../../deploy/criteria/mortgage.toml"),
        "solar" => include_str!("solar.toml"),
        _ => include_str!("../../../../deploy/criteria/web-enquiry.toml"),
    }
}

#[cfg(test)]
mod tests {
    use ripen_domain::{contact::Phone, criteria::Criteria};

    use super::*;

    #[test]
    fn the_table_can_be_read_and_names_what_there_is() {
        let world = WORLD.as_ref().unwrap();
        let slugs: Vec<_> = world.client.iter().map(|client| client.slug.as_str()).collect();
        assert_eq!(slugs.first(), Some(&"demo-homes"));
        for client in &world.client {
            let document = criteria(&client.criteria);
            assert!(document.contains(&format!("name = \"{}\"", client.criteria)), "{}", client.criteria);
            for answers in &client.answers {
                assert!(document.contains(&format!("id = \"{}\"", answers.question)), "{}", answers.question);
                assert!(!answers.hot.is_empty() && !answers.warm.is_empty() && !answers.cold.is_empty());
            }
            for source in &client.sources {
                assert!(source.channel.parse::<Channel>().is_ok(), "{}", source.channel);
            }
        }
        for named in world.somebody.iter().map(|one| &one.client).chain(world.user.iter().flat_map(|one| &one.clients))
        {
            assert!(slugs.contains(&named.as_str()), "{named}");
        }
        assert!(Criteria::load(criteria("solar")).is_ok());
        let brokers: Vec<_> = world.user.iter().map(|user| user.client.is_some()).collect();
        assert!(brokers.is_sorted() && brokers.last() == Some(&true), "brokers come last");
    }

    #[test]
    fn every_number_is_one_and_every_address_is_nobodys() {
        let world = WORLD.as_ref().unwrap();
        for client in &world.client {
            for phone in client.phones.iter().map(|phone| phone.replace('#', "7")).chain([client.caller_id.clone()]) {
                let read = Phone::parse(&phone, Some(&client.country));
                assert!(read.is_ok(), "{phone} of {}", client.country);
            }
        }
        let reps = world.client.iter().flat_map(|client| &client.reps).map(|rep| &rep.email);
        for email in
            reps.chain(world.somebody.iter().map(|one| &one.email)).chain(world.user.iter().map(|one| &one.email))
        {
            assert!(email.ends_with("@example.com") || email.ends_with("@example.org"), "{email}");
        }
    }
}
