//! Names as people spell them, and whose an arrival is.

mod families;
mod febrl;
mod known_as;

use rstest::rstest;
use uuid::Uuid;

use super::{Absorb, Candidate, NameMatch, OtherContacts, Profile, ReadName, Recognised, recognise};
use crate::{contact::Identity, id::PersonId, submission::Submission};

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
#[case("Ana Testar", "Anna Testar")]
#[case("Hanna Testar", "Hannah Testar")]
#[case("Bernd Testar", "Berndt Testar")]
#[case("Harald Testar", "Harold Testar")]
#[case("Darcie Fleet", "Daarcie Fleet")]
#[case("Thomas Morcom", "Morclm Thomas")]
#[case("Robrt Hall", "Bob Hall")]
#[case("Priya Patel", "Prya Patel")]
#[case("Priya Patel", "Patel, Pria")]
#[case("Kumar Rao", "Kumer Rao")]
#[case("Siobhan O'Dowd", "Siobhn O Dowd")]
fn spelling_makes_no_second_person(#[case] one: &str, #[case] other: &str) {
    let (one, other) = (ReadName::read(one), ReadName::read(other));
    assert_eq!((one.against(&other), other.against(&one)), (NameMatch::Same, NameMatch::Same));
}

#[rstest]
#[case("Paul Example", "Petra Example")]
#[case("Paul Example", "Paula Example")]
#[case("Robert Hall", "Roberta Hall")]
#[case("Daniel Hall", "Daniela Hall")]
#[case("Paul Hall", "Paula Hall")]
#[case("Robert Lee", "Roberta Lee")]
#[case("Robert Testar", "Roberta Testar")]
#[case("Jean Testar", "Jeanne Testar")]
#[case("Michel Testar", "Michele Testar")]
#[case("Carlo Testar", "Carla Testar")]
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
fn what_may_be_a_relative_is_not_certain(#[case] one: &str, #[case] other: &str) {
    let (one, other) = (ReadName::read(one), ReadName::read(other));
    assert_eq!((one.against(&other), other.against(&one)), (NameMatch::MayBe, NameMatch::MayBe));
}

/// Nobody is made one with them, and people are shown the two.
#[rstest]
#[case("Amit Patel", "Amita Patel")]
#[case("Arun Patel", "Patel, Varun")]
#[case("Rohit Patel", "Mohit Patel")]
#[case("Ria Patel", "Rina Patel")]
#[case("Kamal Patel", "Kamala Patel")]
#[case("Priya", "Prya")]
#[case("Priya Patel", "Prya Patil")]
#[case("Robrt Hall", "Roberta Hall")]
#[case("Frank", "Franka Testar")]
#[case("Frank Testar", "Franka Testar")]
#[case("Jan Testar", "Jana Testar")]
#[case("Fernando Testar", "Fernanda Testar")]
#[case("Philipp Testar", "Philippa Testar")]
#[case("Philip Testar", "Philippa Testar")]
#[case("Albert Testar", "Alberta Testar")]
#[case("Josef Testar", "Josefa Testar")]
#[case("Jose Testar", "Josefa Testar")]
#[case("Theo Testar", "Thea Testar")]
#[case("Joel Testar", "Joelle Testar")]
#[case("Wilhelm Testar", "Wilhelma Testar")]
#[case("Emil Testar", "Emily Testar")]
#[case("Valentin Testar", "Valentina Testar")]
#[case("Rene Testar", "Renee Testar")]
#[case("Marc Testar", "Marco Testar")]
#[case("Marian Testar", "Marina Testar")]
#[case("Nicola Testar", "Nicolas Testar")]
#[case("Alina Testar", "Elina Testar")]
#[case("Robert Testar", "Roberto Testar")]
fn given_names_a_letter_apart_may_be_a_couples(#[case] one: &str, #[case] other: &str) {
    let (first, second) = (ReadName::read(one), ReadName::read(other));
    assert_eq!((first.against(&second), second.against(&first)), (NameMatch::Alike, NameMatch::Alike));
    let known = profile(one, "");
    let candidate = Candidate {
        person: person(1),
        profile: &known,
        other_names: &[],
        by_email: true,
        by_phone: true,
        is_born_alike: false,
    };
    let recognised = recognise(&profile(other, ""), &[candidate]);
    assert_eq!(recognised, Recognised { person: None, perhaps: vec![person(1)] });
}

/// Both names were written badly, and the day of birth is one: that is no sister. Of two names that people have, it may be a twin's.
#[rstest]
#[case("Priya Patel", "Prya Patil", true)]
#[case("Shelby Stodart", "Shely Stdart", true)]
#[case("Amit Patel", "Amita Patel", false)]
#[case("Alina Testar", "Elina Testar", false)]
#[case("Rene Testar", "Renee Testar", false)]
#[case("Priya Patel", "Arjun Patel", false)]
fn a_day_of_birth_makes_a_slip_of_the_pen_certain(#[case] one: &str, #[case] other: &str, #[case] is_one: bool) {
    let known = profile(one, "");
    let candidate = Candidate {
        person: person(1),
        profile: &known,
        other_names: &[],
        by_email: false,
        by_phone: true,
        is_born_alike: true,
    };
    let recognised = recognise(&profile(other, ""), &[candidate]);
    let perhaps = if is_one { vec![] } else { vec![person(1)] };
    assert_eq!(recognised, Recognised { person: is_one.then(|| person(1)), perhaps });
}

#[test]
fn a_slip_of_the_pen_goes_to_whom_it_is_nearest() {
    let (bob, roberta) = (profile("Bob Hall", ""), profile("Roberta Hall", ""));
    let candidate = |number, profile| Candidate {
        person: person(number),
        profile,
        other_names: &[],
        by_email: true,
        by_phone: false,
        is_born_alike: false,
    };
    let household = [candidate(1, &bob), candidate(2, &roberta)];
    assert_eq!(recognise(&profile("Robrt Hall", ""), &household).person, Some(person(1)));
    assert_eq!(recognise(&profile("Robrta Hall", ""), &household).person, Some(person(2)));
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
        let found = [Candidate {
            person: person(1),
            profile: &known,
            other_names: &[],
            by_email,
            by_phone,
            is_born_alike: false,
        }];
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
    let by_phone = [Candidate {
        person: person(1),
        profile: &known,
        other_names: &[],
        by_email: false,
        by_phone: true,
        is_born_alike: false,
    }];
    assert_eq!(recognise(&profile("", ""), &by_phone).person, Some(person(1)));
    assert_eq!(recognise(&profile("", "other@example.com"), &by_phone).person, None);
}

#[test]
fn an_initial_counts_where_one_fits_and_a_bridge_joins_the_earlier() {
    let (john, jane) = (profile("John Smith", ""), profile("Jane Smith", ""));
    let candidate = |number, profile| Candidate {
        person: person(number),
        profile,
        other_names: &[],
        by_email: false,
        by_phone: true,
        is_born_alike: false,
    };
    let both = [candidate(1, &john), candidate(2, &jane)];
    assert_eq!(recognise(&profile("J. Smith", ""), &both), Recognised::default());
    assert_eq!(recognise(&profile("J. Smith", ""), &both[..1]).person, Some(person(1)));
    assert_eq!(recognise(&profile("jane smith", ""), &both).person, Some(person(2)));
    let twice = [candidate(3, &john), candidate(4, &john)];
    let bridge = recognise(&profile("Johnny Smith", ""), &twice);
    assert_eq!(bridge, Recognised { person: Some(person(3)), perhaps: vec![person(4)] });
}

#[rstest]
#[case("Georgia Wilde", "Georgia Pringle", Some(1), &[])]
#[case("Georgia Wilde", "Georgie Pringle", Some(1), &[])]
#[case("Georgia Wilde", "Pringle, Georgie", Some(1), &[])]
#[case("Caitlyn Eyre", "Goode Caitlyn", Some(1), &[])]
#[case("Jordan Lavis", "Lavis Henry", None, &[1])]
#[case("Elton Waller", "Liam Waller", None, &[1])]
#[case("Amit Patel", "Amita Shah", None, &[1])]
#[case("Mr Kim Hill", "Mrs Kim Roe", None, &[1])]
#[case("Georgia", "Georgia Pringle", Some(1), &[])]
fn the_day_of_birth_counts_beside_a_given_name(
    #[case] known: &str,
    #[case] said: &str,
    #[case] found: Option<u128>,
    #[case] perhaps: &[u128],
) {
    let known = profile(known, "");
    let alike = Candidate {
        person: person(1),
        profile: &known,
        other_names: &[],
        by_email: false,
        by_phone: true,
        is_born_alike: true,
    };
    let expected =
        Recognised { person: found.map(person), perhaps: perhaps.iter().map(|number| person(*number)).collect() };
    assert_eq!(recognise(&profile(said, ""), &[alike]), expected);
    let another = Candidate { is_born_alike: false, ..alike };
    let by_name = (said == "Georgia Pringle" && known.name.as_deref() == Some("Georgia")).then(|| person(1));
    assert_eq!(recognise(&profile(said, ""), &[another]), Recognised { person: by_name, perhaps: Vec::new() });
}

#[test]
fn the_day_of_birth_tells_relatives_of_one_initial_apart() {
    let (john, jane) = (profile("John Smith", ""), profile("Jane Smith", ""));
    let candidate = |number, profile, is_born_alike| Candidate {
        person: person(number),
        profile,
        other_names: &[],
        by_email: false,
        by_phone: true,
        is_born_alike,
    };
    let both = [candidate(1, &john, false), candidate(2, &jane, true)];
    assert_eq!(recognise(&profile("J. Smith", ""), &both).person, Some(person(2)));
}

#[test]
fn a_name_that_came_by_a_merge_counts_as_the_persons() {
    let jones = profile("Rita Jones", "");
    let others = [ReadName::read("Rita Smith"), ReadName::default()];
    let known = Candidate {
        person: person(1),
        profile: &jones,
        other_names: &others,
        by_email: true,
        by_phone: false,
        is_born_alike: false,
    };
    assert_eq!(recognise(&profile("Rita Smith", ""), &[known]).person, Some(person(1)));
    assert_eq!(recognise(&profile("Rita Jones", ""), &[known]).person, Some(person(1)));
    assert_eq!(recognise(&profile("Robin Smith", ""), &[known]).person, None);
    assert_eq!(recognise(&profile("Rita Smith", ""), &[Candidate { other_names: &[], ..known }]).person, None);
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

#[test]
fn an_extension_that_comes_alone_belongs_to_the_number_that_is_known() {
    let said = Submission { phone_extension: Some("8".to_owned()), ..Submission::default() };
    let mut known = Profile { phone: Some("+14155550100".to_owned()), ..Profile::default() };
    known.absorb(&said, Absorb::Fill);
    assert_eq!(known.phone_extension.as_deref(), Some("8"));
    known.absorb(&Submission { phone_extension: Some("9".to_owned()), ..Submission::default() }, Absorb::Fill);
    assert_eq!(known.phone_extension.as_deref(), Some("8"));
    let mut unknown = Profile::default();
    unknown.absorb(&said, Absorb::Replace);
    assert_eq!(unknown.phone_extension, None);
}

#[rstest]
#[case("Alexandru Ionescu", "Alexandra Ionescu", NameMatch::Alike)]
#[case("Kristian Low", "Kristin Low", NameMatch::Alike)]
#[case("Hannu Low", "Hanna Low", NameMatch::Alike)]
#[case("Hermann Gruber", "Hermine Gruber", NameMatch::Alike)]
#[case("Ciaran Low", "Ciara Low", NameMatch::Alike)]
#[case("Bjørn Low", "Bjørg Low", NameMatch::Alike)]
#[case("María José Gil", "José María Gil", NameMatch::Alike)]
#[case("Mohammed Ahmed Ali", "Ahmed Ali", NameMatch::Alike)]
#[case("Frau Low", "Peter Low", NameMatch::Contradict)]
#[case("Ms Low", "John Low", NameMatch::Contradict)]
#[case("Sra. Gil", "Pedro Gil", NameMatch::Contradict)]
#[case("Herr Low", "Peter Low", NameMatch::MayBe)]
#[case("Mr Anna Low", "Anna Low", NameMatch::Same)]
#[case("Sepp Huber", "Josef Huber", NameMatch::Same)]
#[case("Beppe Verdi", "Giuseppe Verdi", NameMatch::Same)]
#[case("Chico Souza", "Francisco Souza", NameMatch::Same)]
#[case("Lola Gil", "Dolores Gil", NameMatch::Same)]
#[case("Kiko Gil", "Enrique Gil", NameMatch::Same)]
#[case("Dima Petrov", "Dmitry Petrov", NameMatch::Same)]
#[case("Vova Petrov", "Vladimir Petrov", NameMatch::Same)]
#[case("Саша Иванов", "Александр Иванов", NameMatch::Same)]
#[case("Дима Иванов", "Дмитрий Иванов", NameMatch::Same)]
#[case("Mohd Ali", "Mohamed Ali", NameMatch::Same)]
#[case("小明 王", "王小明", NameMatch::Same)]
#[case("太郎 山田", "山田太郎様", NameMatch::Same)]
#[case("ヤマダ タロウ", "やまだ たろう", NameMatch::Same)]
#[case("Sig. Rossi", "Rossi", NameMatch::Same)]
fn names_are_told_apart_as_their_bearers_would(#[case] one: &str, #[case] other: &str, #[case] expected: NameMatch) {
    let (one, other) = (ReadName::read(one), ReadName::read(other));
    assert_eq!((one.against(&other), other.against(&one)), (expected, expected));
}

#[test]
fn what_else_somebody_gave_is_told_but_for_what_is_known_of_them() {
    let identity = |kind: &str, value: &str| Identity::stored(kind, value).unwrap();
    let profile = Profile {
        email: Some("a@example.com".to_owned()),
        phone: Some("+14155550100".to_owned()),
        phone_extension: Some("12".to_owned()),
        ..Profile::default()
    };
    let said = [
        identity("phone", "+14155550100;ext=13"),
        identity("phone", "+14155550101"),
        identity("phone", "+14155550100;ext=12"),
        identity("phone", "+14155550100"),
        identity("email", "b@example.com"),
        identity("email", "a@example.com"),
    ];
    let others = OtherContacts::beside(&profile, said);
    assert_eq!(others.phones, ["+14155550100;ext=13", "+14155550101"]);
    assert_eq!(others.emails, ["b@example.com"]);
    assert_eq!(format!("{others:?}"), "OtherContacts(…)");
}

#[test]
fn what_stands_in_the_place_of_another_replaces_it() {
    let of = |email: &str, phone: Option<&str>| Profile {
        email: Some(email.to_owned()),
        phone: phone.map(str::to_owned),
        phone_extension: phone.map(|_| "12".to_owned()),
        ..Profile::default()
    };
    let before = of("a@example.com", Some("+14155550100"));
    assert!(before.replaced_by(&before.clone()).is_empty());
    let replaced = before.replaced_by(&of("b@example.com", None));
    let replaced: Vec<_> = replaced.iter().map(|identity| identity.value().to_owned()).collect();
    assert_eq!(replaced, ["a@example.com", "+14155550100;ext=12"]);
    let behind = Profile { phone_extension: Some("13".to_owned()), ..before.clone() };
    let replaced: Vec<_> = before.replaced_by(&behind).iter().map(|identity| identity.value().to_owned()).collect();
    assert_eq!(replaced, ["+14155550100;ext=12"], "it leads to somebody else behind the switchboard");
}

#[test]
fn a_mailbox_is_one_way_to_a_person_under_either_of_its_names() {
    let of = |email: &str| Profile { email: Some(email.to_owned()), ..Profile::default() };
    let (one, other) = (of("kim@googlemail.com"), of("kim@gmail.com"));
    assert!(one.replaced_by(&other).is_empty());
    let replaced: Vec<_> = one.replaced_by(&of("kim@example.com"));
    assert_eq!(replaced.iter().map(Identity::value).collect::<Vec<_>>(), ["kim@gmail.com"], "as it is stored");
    let stored = || Identity::stored("email", "kim@gmail.com");
    assert!(OtherContacts::beside(&one, stored()).emails.is_empty(), "it is the one that is told first");
}
