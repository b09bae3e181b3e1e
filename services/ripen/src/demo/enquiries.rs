//! Who enquires, when, and what they say, as a source would send it. A person says the same of themselves in the form and on the
//! phone: what they want is a throw of their own name.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{
    dice::Dice,
    table::{SampleClient, SampleWorld},
};

/// How far the history reaches back, in days.
pub const DAYS: i64 = 42;
/// In these last hours comes a part of all enquiries of its own: a desk has something new.
const LATELY: SignedDuration = SignedDuration::from_hours(30);
/// One in so many comes lately.
const LATELY_ONE_IN: usize = 9;

/// How much somebody wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    Hot,
    Warm,
    Cold,
}

impl Interest {
    /// What somebody wants who is known by this address or number.
    pub fn of(known_by: &str) -> Self {
        match Dice::of(known_by).roll(10) {
            0..=3 => Self::Hot,
            4..=7 => Self::Warm,
            _ => Self::Cold,
        }
    }

    /// What they answer to each question, or to those alone that forms ask.
    pub fn answers(self, known_by: &str, client: &SampleClient, in_form: bool) -> Vec<(String, Value)> {
        // Of the person, so that a call brings out no other answer than the form.
        let mut dice = Dice::of(known_by);
        let mut all = Vec::new();
        for answers in &client.answers {
            let from = match self {
                Self::Hot => &answers.hot,
                Self::Warm => &answers.warm,
                Self::Cold => &answers.cold,
            };
            // Thrown for every question, asked or not: the throws of the others stay the same.
            let said = dice.pick(from).cloned().unwrap_or(Value::Null);
            if answers.in_form || !in_form {
                all.push((answers.question.clone(), said));
            }
        }
        all
    }
}

/// What one source is sent.
#[derive(Debug, Clone)]
pub struct Enquiry {
    /// When.
    pub at: Timestamp,
    /// The client's place in the table.
    pub client: usize,
    /// The source's place in the client's.
    pub source: usize,
    /// The lead, by its fields.
    pub body: Map<String, Value>,
    /// The address that a bot filled in, where one did.
    pub trapped_with: Option<String>,
}

/// Every enquiry of the weeks before `now`, in no order.
pub fn enquiries(world: &SampleWorld, now: Timestamp) -> Vec<Enquiry> {
    let mut all = Vec::new();
    for (place, client) in world.client.iter().enumerate() {
        let mut maker = Maker { client, place, now, dice: Dice::of(&client.slug) };
        let named = world.somebody.iter().filter(|one| one.client == client.slug);
        for (number, one) in named.enumerate() {
            // Behind all others, so that nobody has their numbers.
            let mut person = maker.person(client.enquiries + number);
            person.remove("first_name");
            person.remove("last_name");
            person.insert("name".to_owned(), json!(one.name));
            person.insert("email".to_owned(), json!(one.email));
            let at = maker.moment(number);
            all.push(maker.enquiry(person, at));
        }
        for number in 0..client.enquiries {
            let person = maker.person(number);
            let at = maker.moment(number);
            all.extend(maker.again(&person, number, at));
            all.push(maker.enquiry(person, at));
        }
        all.extend(maker.set_aside());
    }
    all
}

/// Makes the enquiries of one client.
struct Maker<'a> {
    client: &'a SampleClient,
    place: usize,
    now: Timestamp,
    dice: Dice,
}

impl Maker<'_> {
    /// What the person of a number says of themselves.
    fn person(&mut self, number: usize) -> Map<String, Value> {
        let client = self.client;
        let of = |all: &[String], at: usize| all.get(at % all.len().max(1)).cloned().unwrap_or_default();
        // Numbers without a common divisor with the lists' lengths would be better, and nobody counts.
        let (first, last) = (of(&client.first_names, number), of(&client.last_names, number * 7 + number / 13));
        let email = format!("{}.{}{number}@example.com", plain(&first), plain(&last));
        let phone = phone(&of(&client.phones, number), number / client.phones.len().max(1));
        let mut person = Map::new();
        person.insert("first_name".to_owned(), json!(first));
        person.insert("last_name".to_owned(), json!(last));
        // Some leave no number, some no address; nobody leaves neither.
        let way = self.dice.roll(14);
        if way != 0 {
            person.insert("phone".to_owned(), json!(phone));
        }
        if way != 1 {
            person.insert("email".to_owned(), json!(email));
        }
        person.insert("postal_code".to_owned(), json!(of(&client.postal_codes, number)));
        person.insert("locale".to_owned(), json!(of(&client.locales, number / 3)));
        person
    }

    /// Spread over the weeks, most by day, with a part of all in the last hours.
    fn moment(&mut self, number: usize) -> Timestamp {
        let reach = if number.is_multiple_of(LATELY_ONE_IN) { LATELY } else { SignedDuration::from_hours(24 * DAYS) };
        let ago = self.dice.within(reach) + SignedDuration::from_mins(4);
        let at = self.now.saturating_sub(ago).unwrap_or(self.now);
        // Few enquire at night: those mostly come in the morning after, where there is one yet.
        let hour = jiff::tz::TimeZone::get(&self.client.time_zone).map_or(12, |zone| zone.to_datetime(at).hour());
        let later = at.saturating_add(SignedDuration::from_hours(8)).unwrap_or(at);
        if hour < 7 && self.dice.is_in(80) && later < self.now { later } else { at }
    }

    fn enquiry(&mut self, mut person: Map<String, Value>, at: Timestamp) -> Enquiry {
        let client = self.client;
        let known_by = known_by(&person);
        let answers = Interest::of(&known_by).answers(&known_by, client, true);
        person.insert("answers".to_owned(), Value::Object(answers.into_iter().collect()));
        if self.dice.is_in(25) {
            person.insert("notes".to_owned(), json!(self.dice.words(&client.notes)));
        }
        let source = self.dice.roll(client.sources.len());
        let words = format!("{} may call me about my enquiry.", client.name);
        person.insert("consent".to_owned(), json!({"text": words, "version": "1", "given_at": at}));
        if self.dice.is_in(30) {
            let page = format!("https://{}.example.com/ask", client.slug);
            person.insert("tracking".to_owned(), json!({"page_url": page, "utm_source": "newsletter"}));
        }
        Enquiry { at, client: self.place, source, body: person, trapped_with: None }
    }

    /// Whoever asks a second time, and who else asks from the same number.
    fn again(&mut self, person: &Map<String, Value>, number: usize, at: Timestamp) -> Vec<Enquiry> {
        let later =
            |days: i64| at.saturating_add(SignedDuration::from_hours(24 * days)).ok().filter(|at| *at < self.now);
        let (second, other) = (later(5 + i64::try_from(number % 9).unwrap_or(0)), later(1));
        let mut more = Vec::new();
        if let Some(at) = second.filter(|_| number % 11 == 4) {
            let mut same = self.enquiry(person.clone(), at);
            same.body.insert("notes".to_owned(), json!("I have not heard from anybody yet. Please call."));
            more.push(same);
        }
        if let Some(at) = other.filter(|_| number % 17 == 6 && person.contains_key("phone")) {
            let mut partner = person.clone();
            let first = self.client.first_names.get((number + 5) % self.client.first_names.len().max(1));
            partner.insert("first_name".to_owned(), json!(first));
            partner.insert("email".to_owned(), json!(format!("household.{}{number}@example.com", self.client.slug)));
            more.push(self.enquiry(partner, at));
        }
        more
    }

    /// What is kept and not worked: a test, and what a bot filled in.
    fn set_aside(&mut self) -> Vec<Enquiry> {
        let mut all = Vec::new();
        for number in 0..2 {
            let mut person = self.person(900 + number);
            person.remove("phone");
            let email = format!("bot{number}.{}@example.com", self.client.slug);
            person.insert("email".to_owned(), json!(email));
            let at = self.moment(number);
            let mut kept = self.enquiry(person, at);
            if number == 0 {
                kept.trapped_with = Some(email);
            } else {
                kept.body.insert("test".to_owned(), json!(true));
            }
            all.push(kept);
        }
        all
    }
}

/// What a person is known by through all of it: the address, else the number as the source is sent it.
fn known_by(person: &Map<String, Value>) -> String {
    let of = |key: &str| person.get(key).and_then(Value::as_str).map(str::to_owned);
    of("email").or_else(|| of("phone").map(|phone| digits(&phone))).unwrap_or_default()
}

/// The last seven digits of a number, which every way of writing it has.
pub fn digits(phone: &str) -> String {
    let all: Vec<_> = phone.chars().filter(char::is_ascii_digit).collect();
    all[all.len().saturating_sub(7)..].iter().collect()
}

/// A number out of a pattern, each `#` a digit.
fn phone(pattern: &str, number: usize) -> String {
    let places = pattern.matches('#').count();
    let filled = format!("{number:0places$}");
    let mut digits = filled.chars();
    pattern.chars().map(|sign| if sign == '#' { digits.next().unwrap_or('0') } else { sign }).collect()
}

/// A name as an address can hold it.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::demo::table::WORLD;

    fn made() -> Vec<Enquiry> {
        enquiries(WORLD.as_ref().unwrap(), "2026-11-23T15:00:00Z".parse().unwrap())
    }

    fn said<'e>(one: &'e Enquiry, field: &str) -> Option<&'e str> {
        one.body.get(field)?.as_str()
    }

    #[test]
    fn about_three_hundred_people_enquire_in_the_weeks_before_and_some_just_now() {
        let now: Timestamp = "2026-11-23T15:00:00Z".parse().unwrap();
        let all = made();
        assert!((300..=360).contains(&all.len()), "{}", all.len());
        assert!(all.iter().all(|one| one.at < now && now.duration_since(one.at) < SignedDuration::from_hours(24 * 43)));
        assert!(all.iter().filter(|one| now.duration_since(one.at) < LATELY).count() > 20);
        assert!(
            all.iter().any(|one| one.trapped_with.is_some())
                && all.iter().any(|one| one.body.get("test") == Some(&json!(true)))
        );
    }

    #[test]
    fn nobody_has_the_number_of_somebody_who_is_not_of_their_household() {
        let mut seen = BTreeSet::new();
        for one in made()
            .iter()
            .filter(|one| one.body.get("notes") != Some(&json!("I have not heard from anybody yet. Please call.")))
        {
            let email = said(one, "email").unwrap_or_default();
            if let Some(phone) = said(one, "phone").filter(|_| !email.starts_with("household.")) {
                assert!(seen.insert(phone.to_owned()), "{phone}");
            }
        }
    }

    #[test]
    fn a_person_says_the_same_in_the_form_and_on_the_phone() {
        let client = &WORLD.as_ref().unwrap().client[0];
        let (form, phone) = (
            Interest::Hot.answers("a@example.com", client, true),
            Interest::Hot.answers("a@example.com", client, false),
        );
        assert!(form.iter().all(|said| phone.contains(said)) && phone.len() > form.len());
    }
}
