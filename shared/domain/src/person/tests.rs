//! Names as people spell them, whose an arrival is, and febrl's records of persons with slips of the pen.

use std::collections::BTreeMap;

use rstest::rstest;
use uuid::Uuid;

use super::{Absorb, Candidate, NameMatch, Profile, ReadName, Recognised, recognise};
use crate::{id::PersonId, submission::Submission};

fn profile(name: &str, email: &str) -> Profile {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Profile { name: some(name), email: some(email), ..Profile::default() }
}

fn person(n: u128) -> PersonId {
    PersonId::from_uuid(Uuid::from_u128(n))
}

#[rstest]
#[case("Zoë Brontë", "zoe bronte")]
#[case("O'Brien, Pat", "Pat O Brien")]
#[case("Pat O\u{2019}Brien", "pat obrien")]
#[case("Bob Smith", "Robert Smith")]
#[case("Jürgen Müller", "Juergen Mueller")]
#[case("Anne-Marie Duval", "Annemarie Duval")]
#[case("Jan van der Berg", "Jan Vanderberg")]
#[case("Dr. Casey Smith PhD", "smith casey")]
#[case("Casey Smith", "Csey Smith")]
#[case("Casey Smith", "Casey Smiht")]
#[case("Casey Ann Smith", "Casey Smith")]
#[case("Ms Casey Smith", "Casey Smith")]
#[case("Jonh Smith", "John Smith")]
#[case("Priya Patel", "Pirya Patel")]
#[case("Priya Kowalska", "Priya Kowalsca")]
fn spelling_makes_no_second_person(#[case] one: &str, #[case] other: &str) {
    let (one, other) = (ReadName::read(one), ReadName::read(other));
    assert_eq!((one.against(&other), other.against(&one)), (NameMatch::Same, NameMatch::Same));
}

#[rstest]
#[case("Paul Example", "Petra Example")]
#[case("Paul Example", "Paula Example")]
#[case("Maria Rossi", "Mario Rossi")]
#[case("Priya Patel", "Arjun Patel")]
#[case("Amelia Earhart", "Amelia Bedelia")]
#[case("Mr Smith", "Mrs Smith")]
#[case("Herr J. Weber", "Frau J. Weber")]
#[case("John Smith Jr", "John Smith Sr.")]
#[case("John Smith II", "John Smith III")]
#[case("A. Smith", "Robert Smith")]
#[case("Person 0", "Person 1")]
#[case("山田太郎", "山田花子")]
fn two_names_are_two_people(#[case] one: &str, #[case] other: &str) {
    let (one, other) = (ReadName::read(one), ReadName::read(other));
    assert_eq!((one.against(&other), other.against(&one)), (NameMatch::Contradict, NameMatch::Contradict));
}

#[rstest]
#[case("J. Smith", "John Smith")]
#[case("Casey", "Casey Smith")]
#[case("Smith", "Casey Smith")]
#[case("John Smith", "John Smith Jr")]
#[case("Иван Петров", "Ivan Petrov")]
#[case("Amit Patel", "Amita Patel")]
#[case("Arun Patel", "Patel, Varun")]
fn what_may_be_a_relative_is_not_certain(#[case] one: &str, #[case] other: &str) {
    let (one, other) = (ReadName::read(one), ReadName::read(other));
    assert_eq!((one.against(&other), other.against(&one)), (NameMatch::MayBe, NameMatch::MayBe));
}

#[rstest]
#[case("")]
#[case(" .,- ")]
#[case("\u{200b}")]
fn nothing_contradicts_nobody(#[case] name: &str) {
    assert_eq!(ReadName::read(name).against(&ReadName::read("Casey Smith")), NameMatch::Unnamed);
}

#[test]
fn one_rule_for_addresses_and_numbers() {
    let known = profile("Casey Smith", "c@example.com");
    for (by_email, by_phone) in [(true, false), (false, true), (true, true)] {
        let found = [Candidate { person: person(1), profile: &known, by_email, by_phone }];
        for (said, expected) in
            [("K. Smith", None), ("C Smith", Some(1)), ("Robin Smith", None), ("casey  SMITH", Some(1))]
        {
            let recognised = recognise(&profile(said, ""), &found);
            assert_eq!(recognised.person, expected.map(person), "{said} {by_email} {by_phone}");
        }
    }
}

#[test]
fn without_a_name_an_address_tells_a_couple_apart() {
    let known = profile("Casey Smith", "c@example.com");
    let by_phone = [Candidate { person: person(1), profile: &known, by_email: false, by_phone: true }];
    assert_eq!(recognise(&profile("", ""), &by_phone).person, Some(person(1)));
    assert_eq!(recognise(&profile("", "other@example.com"), &by_phone).person, None);
}

#[test]
fn an_initial_counts_where_one_fits_and_a_bridge_joins_the_earlier() {
    let (john, jane) = (profile("John Smith", ""), profile("Jane Smith", ""));
    let candidate = |number, profile| Candidate { person: person(number), profile, by_email: false, by_phone: true };
    let both = [candidate(1, &john), candidate(2, &jane)];
    assert_eq!(recognise(&profile("J. Smith", ""), &both), Recognised::default());
    assert_eq!(recognise(&profile("J. Smith", ""), &both[..1]).person, Some(person(1)));
    assert_eq!(recognise(&profile("jane smith", ""), &both).person, Some(person(2)));
    let twice = [candidate(3, &john), candidate(4, &john)];
    let bridge = recognise(&profile("Johnny Smith", ""), &twice);
    assert_eq!(bridge, Recognised { person: Some(person(3)), perhaps: vec![person(4)] });
}

#[test]
fn an_enquiry_fills_and_a_correction_replaces_but_neither_empties() {
    let mut known = profile("Casey", "c@example.com");
    let said = Submission { name: Some("Kay".into()), postal_code: Some("60134".into()), ..Submission::default() };
    known.absorb(&said, Absorb::Fill);
    assert_eq!((known.name.as_deref(), known.postal_code.as_deref()), (Some("Casey"), Some("60134")));
    known.absorb(&said, Absorb::Replace);
    assert_eq!((known.name.as_deref(), known.email.as_deref()), (Some("Kay"), Some("c@example.com")));
}

#[test]
fn a_fuller_name_of_the_same_person_is_kept() {
    let mut known = profile("C. Smith", "");
    known.absorb(&Submission { name: Some("Casey Smith".into()), ..Submission::default() }, Absorb::Fill);
    assert_eq!(known.full_name().as_deref(), Some("Casey Smith"));
    known.absorb(&Submission { name: Some("Casey".into()), ..Submission::default() }, Absorb::Fill);
    assert_eq!(known.full_name().as_deref(), Some("Casey Smith"));
}

/// Thirty persons of febrl's first set, each with its record of a slip of the pen: who it is, given name, family name, and the
/// number that stands for their phone. Made up by febrl's generator (Australian National University, ANUOS licence).
const FEBRL: &str = include_str!("febrl_sample.csv");

#[test]
fn febrls_slips_of_the_pen_make_few_strangers_and_nobody_another() {
    let rows: Vec<Vec<&str>> = FEBRL.lines().map(|line| line.split(',').collect()).collect();
    let mut known: Vec<(Profile, &str)> = Vec::new();
    let mut found: Vec<(usize, &str)> = Vec::new();
    for row in &rows {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let said = Submission { first_name: some(row[1]), last_name: some(row[2]), ..Submission::default() };
        let mut asked = Profile::default();
        asked.absorb(&said, Absorb::Fill);
        let same_number = known.iter().enumerate().filter(|(_, (_, number))| *number == row[3]);
        let candidates: Vec<_> = same_number
            .map(|(at, (profile, _))| Candidate {
                person: person(at as u128),
                profile,
                by_email: false,
                by_phone: true,
            })
            .collect();
        let at = match recognise(&asked, &candidates).person {
            Some(id) => usize::try_from(id.uuid().as_u128()).unwrap(),
            None => {
                known.push((Profile::default(), row[3]));
                known.len() - 1
            }
        };
        known[at].0.absorb(&said, Absorb::Fill);
        found.push((at, row[0]));
    }
    let mut truth: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    found.iter().for_each(|(at, who)| truth.entry(*at).or_default().push(who));
    assert!(truth.values().all(|who| who.iter().all(|one| *one == who[0])), "nobody is taken for somebody else");
    let joined = rows.len() - truth.len();
    assert!(joined * 100 >= rows.len() / 2 * FEBRL_JOINED, "{joined} of {} pairs were found", rows.len() / 2);
}

/// Per cent of the sample's pairs that are found. The others have another given or family name altogether, as relatives at one
/// number have.
const FEBRL_JOINED: usize = 76;
