//! Forms of a name that fit several people: whoever comes first, nobody is taken for somebody else.

use std::collections::BTreeSet;

use proptest::{prelude::*, sample::subsequence};
use rstest::rstest;

use super::{Candidate, person, profile};
use crate::{
    person::{Absorb, NameMatch, Profile, ReadName, recognise},
    submission::Submission,
};

/// Who is who after these enquire under one number, one after the other: of each name the number of its person.
fn taken_in(names: &[&str]) -> Vec<usize> {
    let mut persons: Vec<Profile> = Vec::new();
    let mut of = Vec::new();
    for name in names {
        let candidates: Vec<_> = (0u128..)
            .zip(&persons)
            .map(|(at, profile)| Candidate {
                person: person(at + 1),
                profile,
                other_names: &[],
                by_email: false,
                by_phone: true,
                is_born_alike: false,
            })
            .collect();
        let known = recognise(&profile(name, ""), &candidates).person;
        let found = known.and_then(|id| (0..persons.len()).find(|at| person(*at as u128 + 1) == id));
        let at = found.unwrap_or(persons.len());
        if at == persons.len() {
            persons.push(Profile::default());
        }
        let said = Submission { name: Some((*name).to_owned()), ..Submission::default() };
        persons[at].absorb(&said, Absorb::Fill);
        of.push(at);
    }
    of
}

/// Short forms that fit two full ones which contradict each other; behind them the two.
const HOUSEHOLDS: [[&str; 4]; 6] = [
    ["Sam", "Sammy", "Samuel", "Samantha"],
    ["Alex", "Sandy", "Alexander", "Alexandra"],
    ["Pat", "Patty", "Patrick", "Patricia"],
    ["Chris", "Kit", "Christopher", "Christina"],
    ["Charlie", "Charlie", "Charles", "Charlotte"],
    ["Jack", "Jack", "John", "Jackson"],
];

#[rstest]
#[case(&["Sam Roe", "Samuel Roe", "Samantha Roe"], &[0, 0, 1])]
#[case(&["Sam Roe", "Samantha Roe", "Samuel Roe"], &[0, 0, 1])]
#[case(&["Samuel Roe", "Sam Roe", "Samantha Roe"], &[0, 0, 1])]
#[case(&["Samuel Roe", "Samantha Roe", "Sam Roe"], &[0, 1, 0])]
#[case(&["Samuel", "Sam Roe", "Samantha Roe"], &[0, 0, 1])]
#[case(&["S. Roe", "Sam Roe", "Samuel Roe", "Samantha Roe"], &[0, 0, 0, 1])]
#[case(&["Chris", "Christopher Diaz", "Christina"], &[0, 0, 1])]
#[case(&["Jack Roe", "John Roe", "Jackson Roe"], &[0, 0, 1])]
fn a_name_that_contradicts_a_fuller_form_is_somebody_elses(#[case] names: &[&str], #[case] expected: &[usize]) {
    assert_eq!(taken_in(names), expected);
}

#[test]
fn the_same_name_in_many_spellings_stays_one_person() {
    let names =
        ["Bob Roe", "Robert Roe", "Rob Roe", "Robrt Roe", "R. Roe", "Roe, Robert", "Robert James Roe", "Bobby Roe"];
    assert_eq!(taken_in(&names), [0; 8]);
}

#[test]
fn what_a_correction_contradicts_is_forgotten_and_a_short_form_keeps_the_long_one() {
    let said = |name: &str| Submission { name: Some(name.to_owned()), ..Submission::default() };
    let mut known = Profile::default();
    known.absorb(&said("Samuel Roe"), Absorb::Fill);
    known.absorb(&said("Sam Roe"), Absorb::Replace);
    assert_eq!((known.name.as_deref(), &known.known_as[..]), (Some("Sam Roe"), &["Samuel Roe".to_owned()][..]));
    assert_eq!(known.against_name(&ReadName::read("Samantha Roe")), NameMatch::Contradict);
    known.absorb(&said("Samantha Roe"), Absorb::Replace);
    assert!(known.known_as.is_empty(), "it was a mistake");
    assert_eq!(known.against_name(&ReadName::read("Sam Roe")), NameMatch::Same);
    // However many forms come, what is kept is bounded.
    (0..50).for_each(|n| known.absorb(&said(&format!("Samantha Ann{n} Roe")), Absorb::Fill));
    assert!(known.known_as.len() <= 8, "{}", known.known_as.len());
}

proptest! {
    #[test]
    fn who_is_who_does_not_hang_on_the_order(
        (household, names) in prop::sample::select(&HOUSEHOLDS[..]).prop_flat_map(|all| {
            let shuffled = subsequence(vec![0usize, 1, 0], 1..=3).prop_flat_map(move |short| {
                let names: Vec<&str> = short.into_iter().map(|at| all[at]).chain([all[2], all[3]]).collect();
                Just(names).prop_shuffle()
            });
            (Just(all), shuffled)
        }),
        family in prop::sample::select(vec!["", " Roe"]),
    ) {
        let names: Vec<String> = names.iter().map(|name| format!("{name}{family}")).collect();
        let of = taken_in(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let whose = |full: &str| {
            let full = format!("{full}{family}");
            names.iter().zip(&of).find(|(name, _)| **name == full).map(|(_, at)| *at)
        };
        prop_assert_ne!(whose(household[2]), whose(household[3]), "{:?} {:?}", names, of);
        let persons: BTreeSet<_> = of.iter().collect();
        prop_assert_eq!(persons.len(), 2, "{:?} {:?}", names, of);
    }
}
