//! A message that no batch took in before, and under which id it is kept.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::Timestamp;
use ripen_domain::{
    arrival::{Arrival, BodyTime, QuarantineReason},
    id::{ArrivalId, PersonId},
    person::{Absorb, Profile},
    submission::Submission,
};
use ripen_store::{
    arrival::seen::{ArrivalIdentity, Ended, Seen},
    person::identity::ClientIdentity,
};
use serde_json::{Map, Value};

use crate::unit_of_work::UnitOfWork;

/// A message that is new.
#[derive(Debug, Clone)]
pub struct NewArrival<'a> {
    /// The arrival.
    pub arrival: &'a Arrival,
    /// Its id, or the derived one where another body came under a known id.
    pub id: ArrivalId,
    /// The arrival it corrects.
    pub amends: Option<ArrivalId>,
    /// The arrival that says the same and is where this one ends.
    pub repeats: Option<ArrivalId>,
    /// Why it is kept and not worked.
    pub quarantine: Option<QuarantineReason>,
    /// What came beside it, where it corrects something.
    pub others: OtherBodies,
    /// It stands for itself because its external id does not name one lead: it came with too many bodies, or with strangers'.
    pub shares_id: bool,
}

/// The other bodies of what an arrival corrects, by what counts where two of them say something else.
#[derive(Debug, Clone, Default)]
pub struct OtherBodies {
    /// Those that it goes before.
    pub older: BTreeSet<ArrivalId>,
    /// What those said.
    pub before: SaidByOlder,
    /// Those that go before it, and whom they say they are of.
    pub newer: BTreeMap<ArrivalId, Profile>,
    /// It names somebody else than they do, who is reached under nothing that they said.
    pub is_another: bool,
}

/// What the bodies before a correction said, of each field and question the newest.
#[derive(Clone, Default)]
pub struct SaidByOlder {
    person: Profile,
    answers: Map<String, Value>,
}

impl fmt::Debug for SaidByOlder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It is contact data from end to end.
        f.write_str("SaidByOlder(…)")
    }
}

impl SaidByOlder {
    /// Whether a body names somebody else, who is reached under nothing that these said last.
    pub fn is_anothers(&self, said: &Profile) -> bool {
        self.person.is_all_anothers(said)
    }

    /// One more body, newer than all before it.
    pub fn add(&mut self, person: &Profile, answers: &Map<String, Value>) {
        if self.is_anothers(person) {
            // Nothing that was said before was said of this one.
            self.person = Profile::default();
        }
        if person.full_name().is_some() {
            let Profile { first_name, last_name, name, .. } = person.clone();
            (self.person.first_name, self.person.last_name, self.person.name) = (first_name, last_name, name);
        }
        if person.phone.is_some() {
            self.person.phone_extension.clone_from(&person.phone_extension);
        }
        let fields = [
            (&mut self.person.email, &person.email),
            (&mut self.person.phone, &person.phone),
            (&mut self.person.postal_code, &person.postal_code),
            (&mut self.person.country, &person.country),
            (&mut self.person.time_zone, &person.time_zone),
            (&mut self.person.locale, &person.locale),
        ];
        for (known, said) in fields.into_iter().filter(|(_, said)| said.is_some()) {
            known.clone_from(said);
        }
        self.answers.extend(answers.iter().map(|(question, value)| (question.clone(), value.clone())));
    }

    /// Takes out of a correction what was said before: it corrects nothing, and what a person of the firm put right since then
    /// stands. `known` is the number that is known of the person.
    pub fn take_out_repeated(&self, said: &mut Submission, known: Option<&str>) {
        let mut now = Profile::default();
        now.absorb(said, Absorb::Fill);
        let before = &self.person;
        if now.full_name() == before.full_name() {
            (said.first_name, said.last_name, said.name) = (None, None, None);
        }
        // Another extension of the same number says something new, unless that number is not the person's any more.
        let is_theirs = known.is_some() && known == before.phone.as_deref();
        if now.phone.is_some()
            && now.phone == before.phone
            && (now.phone_extension == before.phone_extension || !is_theirs)
        {
            (said.phone, said.phone_extension) = (None, None);
        }
        said.email.take_if(|_| now.email == before.email);
        let fields = [
            (&mut said.postal_code, &before.postal_code),
            (&mut said.country, &before.country),
            (&mut said.time_zone, &before.time_zone),
            (&mut said.locale, &before.locale),
        ];
        for (said, before) in fields {
            said.take_if(|said| Some(&*said) == before.as_ref());
        }
    }

    /// Takes out of a correction that is older than what is known since what would replace more than these said: that was said by
    /// somebody else, and later.
    pub fn keep_to_own(&self, said: &mut Submission, known: &Profile) {
        let before = &self.person;
        if known.full_name().is_some() && known.full_name() != before.full_name() {
            (said.first_name, said.last_name, said.name) = (None, None, None);
        }
        let is_others = |known: &Option<String>, before: &Option<String>| known.is_some() && known != before;
        said.email.take_if(|_| is_others(&known.email, &before.email));
        if is_others(&known.phone, &before.phone) {
            (said.phone, said.phone_extension) = (None, None);
        }
        said.postal_code.take_if(|_| is_others(&known.postal_code, &before.postal_code));
        said.country.take_if(|_| is_others(&known.country, &before.country));
        said.time_zone.take_if(|_| is_others(&known.time_zone, &before.time_zone));
        said.locale.take_if(|_| is_others(&known.locale, &before.locale));
    }

    /// Whom they said last that they are of.
    pub const fn person(&self) -> &Profile {
        &self.person
    }

    /// Whether what is known of a person to reach them by is what they said. Else somebody knows better.
    pub fn is_reached_as_said(&self, known: &Profile) -> bool {
        (&known.email, &known.phone) == (&self.person.email, &self.person.phone)
    }

    /// What was answered to a question before, as it was said.
    pub fn answer(&self, question: &str) -> Option<&Value> {
        self.answers.get(question)
    }
}

/// What one more body is beside those that are known.
pub enum BodyComparison {
    /// There are none.
    First,
    /// It says what this arrival says, and changes nothing.
    Same(ArrivalId),
    /// It corrects this arrival.
    Corrects {
        /// The first of the bodies.
        root: ArrivalId,
        /// All of them.
        others: Box<OtherBodies>,
        /// One of them says the same.
        was_there: bool,
    },
    /// Too many came before it under the same id: the id names no lead, and nothing is corrected.
    TooMany,
}

impl<'a> NewArrival<'a> {
    /// Under its own id, correcting nothing.
    pub fn of(arrival: &'a Arrival) -> Self {
        Self {
            arrival,
            id: arrival.id,
            amends: None,
            repeats: None,
            quarantine: arrival.quarantine,
            others: OtherBodies::default(),
            shares_id: false,
        }
    }
}

impl NewArrival<'_> {
    /// Its id, to be noted as seen.
    pub fn seen(&self) -> Seen {
        let ended = if self.quarantine.is_some() { Ended::Quarantined } else { Ended::Lead };
        // Its sender knows nothing of the id that was made for it.
        let came_as = (self.id != self.arrival.id).then_some(self.arrival.id);
        Seen { id: self.id, content: self.arrival.content, ended, came_as }
    }

    /// When its person got in touch.
    pub(crate) fn arrived_at(&self) -> Timestamp {
        // What the form says, where it says so: an export of last week must not look like an enquiry of today.
        self.arrival.submission.submitted_at.unwrap_or(self.arrival.received_at)
    }

    /// When its person said it, as far as that decides what counts: a day alone ends with it, and nothing was said after its receipt.
    pub(crate) fn said_at(&self) -> Timestamp {
        let received_at = self.arrival.received_at;
        BodyTime::of(self.arrival).submitted_at.map_or(received_at, |at| at.min(received_at))
    }

    /// Takes in what it is beside the bodies that are known.
    pub(crate) fn compared(&mut self, comparison: BodyComparison) {
        match comparison {
            BodyComparison::First => {}
            BodyComparison::TooMany => self.shares_id = true,
            BodyComparison::Same(repeats) => self.repeats = Some(repeats),
            BodyComparison::Corrects { root, others, .. } => (self.amends, self.others) = (Some(root), *others),
        }
    }

    /// Whether it is a correction that came after a newer one.
    pub fn is_stale(&self) -> bool {
        !self.others.newer.is_empty()
    }

    /// What it says, but for what a newer body says of the person in its place.
    pub fn counting(&self) -> Cow<'_, Submission> {
        let said = &self.arrival.submission;
        if self.others.newer.is_empty() {
            return Cow::Borrowed(said);
        }
        let mut said = said.clone();
        for newer in self.others.newer.values() {
            if newer.full_name().is_some() {
                (said.first_name, said.last_name, said.name) = (None, None, None);
            }
            said.email.take_if(|_| newer.email.is_some());
            said.phone.take_if(|_| newer.phone.is_some());
            said.postal_code.take_if(|_| newer.postal_code.is_some());
            said.country.take_if(|_| newer.country.is_some());
            said.time_zone.take_if(|_| newer.time_zone.is_some());
            said.locale.take_if(|_| newer.locale.is_some());
        }
        Cow::Owned(said)
    }

    /// Under what its person is reached; nothing of what is not worked.
    pub fn identities(&self) -> impl Iterator<Item = ArrivalIdentity> {
        // What is quarantined must leave no anchor: its person may not exist.
        let worked = self.quarantine.is_none().then(|| self.arrival.submission.identities());
        let of = |identity| ClientIdentity { client: self.arrival.client, identity };
        worked.into_iter().flatten().map(move |identity| ArrivalIdentity { arrival: self.id, of: of(identity) })
    }

    /// Whether it may be of one of these persons.
    pub fn reaches(&self, work_unit: &UnitOfWork, persons: &BTreeSet<PersonId>) -> bool {
        let owner = self.amends.and_then(|amended| work_unit.owners.get(&amended));
        let (client, submission) = (self.arrival.client, &self.arrival.submission);
        owner.is_some_and(|owner| persons.contains(&owner.person))
            || submission.identities().chain(submission.former_identities()).any(|identity| {
                let reached = work_unit.reached.get(&ClientIdentity { client, identity });
                reached.is_some_and(|reached| reached.iter().any(|one| persons.contains(one)))
            })
    }
}

#[cfg(test)]
mod tests {
    use ripen_domain::contact::{Email, Phone};
    use serde_json::json;

    use super::*;

    fn said(value: &Value) -> Submission {
        let phone = value["phone"].as_str().map(|text| Phone::parse(text, Some("US")).unwrap().phone);
        let email = value["email"].as_str().map(|text| Email::parse(text).unwrap());
        let text = |field: &str| value[field].as_str().map(str::to_owned);
        let answers = value["answers"].as_object().cloned().unwrap_or_default();
        Submission {
            email,
            phone,
            first_name: text("first_name"),
            postal_code: text("postal_code"),
            answers,
            ..Submission::default()
        }
    }

    fn before(bodies: &[Value]) -> SaidByOlder {
        let mut before = SaidByOlder::default();
        for body in bodies.iter().map(said) {
            let mut person = Profile::default();
            person.absorb(&body, Absorb::Fill);
            before.add(&person, &body.answers);
        }
        before
    }

    #[test]
    fn a_correction_says_what_no_body_before_it_said_last() {
        let (one, two) = ("+14155550101", "+14155550102");
        let all = json!({"first_name": "Casey", "email": "a@example.com", "phone": one, "postal_code": "60134"});
        let left = |before: &SaidByOlder, body: &Value| {
            let mut said = said(body);
            before.take_out_repeated(&mut said, Some(two));
            let phone = said.phone.as_ref().map(|phone| phone.number().to_owned());
            (said.first_name, said.email.map(|email| email.as_str().to_owned()), phone, said.postal_code)
        };
        assert_eq!(left(&before(std::slice::from_ref(&all)), &all), (None, None, None, None), "the very same");
        let mut changed = all.clone();
        changed["phone"] = json!(two);
        assert_eq!(left(&before(std::slice::from_ref(&all)), &changed), (None, None, Some(two.to_owned()), None));
        // It comes back after another one: of what the newest said that is another number.
        let back = left(&before(&[all.clone(), changed.clone()]), &all);
        assert_eq!(back, (None, None, Some(one.to_owned()), None));
        // A body between that said nothing of it takes nothing back.
        let between = json!({"email": "b@example.com"});
        let email = Some("a@example.com".to_owned());
        assert_eq!(left(&before(&[all.clone(), between]), &all), (None, email, None, None));
        let first = left(&SaidByOlder::default(), &all);
        assert_eq!(first.0.as_deref(), Some("Casey"), "what is first says all of it");
    }

    #[test]
    fn another_extension_of_the_persons_number_is_news_and_one_alone_stays() {
        let known = before(&[json!({"phone": "+14155550101x12"})]);
        let extension = |body: &str, number: &str| {
            let mut said = said(&json!({"phone": body}));
            known.take_out_repeated(&mut said, Some(number));
            said.phone.and_then(|phone| phone.extension().map(str::to_owned))
        };
        assert_eq!(extension("+14155550101x13", "+14155550101").as_deref(), Some("13"));
        assert_eq!(extension("+14155550101x12", "+14155550101"), None);
        assert_eq!(extension("+14155550101x13", "+14155550102"), None, "that number is not theirs any more");
        let mut alone = Submission { phone_extension: Some("9".to_owned()), ..Submission::default() };
        known.take_out_repeated(&mut alone, Some("+14155550101"));
        assert_eq!(alone.phone_extension.as_deref(), Some("9"));
    }

    #[test]
    fn of_each_question_the_newest_body_that_answered_it_counts() {
        let known =
            before(&[json!({"answers": {"days": 30}}), json!({"answers": {"days": 60, "budget": 1}}), json!({})]);
        assert_eq!((known.answer("days"), known.answer("budget")), (Some(&json!(60)), Some(&json!(1))));
        assert_eq!(known.answer("rooms"), None);
    }
}
