//! Which of the bodies under one id counts, in whatever order they are worked.

use jiff::Timestamp;
use uuid::Uuid;

use super::*;

fn body(number: u8) -> Body {
    let id = ArrivalId::from_uuid(Uuid::from_u128(u128::from(number) + 1));
    let time = BodyTime { received_at: Timestamp::from_second(i64::from(number)).unwrap(), submitted_at: None };
    Body {
        id,
        root: id,
        content: ContentHash::from_bytes([number; 16]),
        time,
        last: time,
        said: Profile::default(),
        answers: Map::new(),
        by_visitor: false,
    }
}

/// What a visitor of a page says.
fn said(number: u8, name: &str, email: &str) -> Body {
    let email = Some(email.to_owned());
    let said = Profile { first_name: Some(name.to_owned()), email, ..Profile::default() };
    Body { said, by_visitor: true, ..body(number) }
}

#[test]
fn another_name_address_and_number_are_another_person() {
    let of = |name: &str, email: &str, phone: &str| Profile {
        name: Some(name.to_owned()),
        email: Some(email.to_owned()),
        phone: Some(phone.to_owned()),
        ..Profile::default()
    };
    let known = of("Kim Example", "kim@example.com", "+14155550101");
    for (said, is_another) in [
        (of("Lou Other", "lou@example.com", "+14155550102"), true),
        (of("Lou Other", "kim@example.com", "+14155550102"), false),
        (of("Kim Example", "kim.new@example.com", "+14155550102"), false),
        (Profile { phone: None, ..of("Lou Other", "lou@example.com", "") }, true),
        (Profile { phone: None, ..of("Kim Exampel", "lou@example.com", "") }, false),
        (Profile { email: None, phone: None, ..of("Lou Other", "", "") }, false),
    ] {
        assert_eq!(known.is_all_anothers(&said), is_another, "{:?} {:?}", said.name, said.email);
    }
    let by_email = Profile { phone: None, ..known.clone() };
    let by_phone = Profile { email: None, ..known };
    for (known, said, is_another) in [
        (&by_email, Profile { phone: None, ..of("Lou Other", "lou@example.com", "") }, true),
        (&by_email, Profile { phone: None, ..of("Kim Example", "lou@example.com", "") }, false),
        (&by_email, Profile { email: None, ..of("Lou Other", "", "+14155550102") }, true),
        (&by_email, Profile { email: None, ..of("Kim Example", "", "+14155550102") }, false),
        (&by_phone, Profile { email: None, ..of("Lou Other", "", "+14155550102") }, true),
        (&by_phone, Profile { email: None, ..of("Lou Other", "", "+14155550101") }, false),
    ] {
        assert_eq!(known.is_all_anothers(&said), is_another, "{:?} {:?} {:?}", said.name, said.email, said.phone);
    }
}

#[test]
fn an_id_is_another_persons_only_where_none_of_its_bodies_shares_an_address() {
    let first = Body { by_visitor: false, ..said(1, "Kim", "kim@example.com") };
    let mut second = Body { by_visitor: false, root: first.root, ..said(2, "Kim", "kim@example.com") };
    (second.said.email, second.said.phone) = (None, Some("+14155550101".to_owned()));
    let is_another = |email: &str| {
        let new = Body { by_visitor: false, ..said(3, "Lou", email) };
        match compare([&first, &second].into_iter(), &new) {
            BodyComparison::Corrects { others, .. } => others.is_another,
            _ => panic!("it corrects"),
        }
    };
    assert!(is_another("lou@example.com"));
    assert!(!is_another("kim@example.com"), "the newest of the two says no address");
    // Of somebody else since, who said no number: that of the first is not theirs.
    let other = Body { by_visitor: false, root: first.root, ..said(4, "Max", "max@example.com") };
    let mut back = Body { by_visitor: false, ..said(5, "Kim", "kim@example.com") };
    back.said.phone.clone_from(&second.said.phone);
    let BodyComparison::Corrects { others, .. } = compare([&first, &second, &other].into_iter(), &back) else {
        panic!("it corrects")
    };
    assert!(others.is_another);
}

#[test]
fn what_came_with_a_pages_address_corrects_nobody_elses_lead() {
    let of_sender = Body { by_visitor: false, ..said(1, "Casey", "casey@example.com") };
    let corrected = said(2, "Casey", "casey@example.com");
    let stranger = said(3, "Robin", "robin@example.com");
    let corrects = |known: &Body, new: &Body| {
        matches!(compare_under_id(std::slice::from_ref(known), new), BodyComparison::Corrects { .. })
    };
    assert!(corrects(&of_sender, &corrected));
    assert!(!corrects(&of_sender, &stranger), "whoever reads the page could say so");
    assert!(!corrects(&stranger, &Body { time: body(4).time, ..of_sender.clone() }), "nor who was first under the id");
    assert!(!corrects(&corrected, &stranger), "one word in the place of an id folds nobody together");
    let nameless = |number, by_visitor| Body {
        said: Profile { first_name: None, ..said(number, "", "casey@example.com").said },
        by_visitor,
        ..body(number)
    };
    assert!(corrects(&nameless(5, true), &said(6, "Casey", "casey@example.com")), "the next page of one form");
    assert!(!corrects(&nameless(5, true), &stranger));
    let sender = |number, name: &str, email: &str| Body { by_visitor: false, ..said(number, name, email) };
    assert!(corrects(&of_sender, &sender(7, "Robin", "robin@example.com")), "whose id it is says what it is about");
}

#[test]
fn who_corrects_an_address_may_write_the_name_out_too() {
    let casey = said(1, "Casey", "casey@exmaple.com");
    let whole = said(2, "Casey Smith", "casey@example.com");
    assert!(may_be_one_visitors(&casey, &whole) && may_be_one_visitors(&whole, &casey));
    assert!(may_be_one_visitors(&said(3, "C. Smith", "casey@exmaple.com"), &whole));
    assert!(!may_be_one_visitors(&said(4, "Robin", "robin@example.com"), &whole));
    let at = |body: &Body, phone: &str| {
        let said = Profile { phone: Some(phone.to_owned()), ..body.said.clone() };
        Body { said, ..body.clone() }
    };
    let (there, here) = (at(&casey, "+14155550101"), at(&whole, "+14155550102"));
    assert!(!may_be_one_visitors(&there, &here), "another address and another number");
    assert!(may_be_one_visitors(&there, &at(&whole, "+14155550101")));
}

#[test]
fn a_namesake_under_one_word_for_all_ids_is_another_person_an_hour_later() {
    let first = said(1, "Casey", "casey@example.com");
    let at = |second| BodyTime { received_at: Timestamp::from_second(second).unwrap(), submitted_at: None };
    let typo = Body { time: at(600), ..said(2, "Casey", "casey@example.net") };
    assert!(belong_together(&first, &typo));
    assert!(!belong_together(&first, &Body { time: at(86_400), ..typo.clone() }));
    assert!(belong_together(&first, &Body { time: at(86_400), content: first.content, ..typo }), "the very same");
}

/// Which fields each body says; those of one letter say the same.
fn fields(letter: u8) -> &'static [&'static str] {
    match letter {
        b'A' => &["email", "phone"],
        b'B' => &["phone"],
        _ => &["phone", "postal_code"],
    }
}

/// Messages under one id, received a second after each other.
fn messages(letters: &str) -> Vec<Body> {
    let messages = letters.bytes().zip(1..);
    messages.map(|(letter, second)| Body { content: ContentHash::from_bytes([letter; 16]), ..body(second) }).collect()
}

fn letter(body: &Body) -> u8 {
    body.content.bytes()[0]
}

/// What is known where bodies are worked one after another: the kept ones, and whose word each field is.
#[derive(Default)]
struct Worked {
    known: Vec<Body>,
    fields: BTreeMap<&'static str, u8>,
}

impl Worked {
    fn work(&mut self, message: &Body) {
        let goes_before: Vec<_> = match compare(self.known.iter(), message) {
            BodyComparison::Same(id) => {
                say_again(&mut self.known, id, message);
                return;
            }
            BodyComparison::First | BodyComparison::TooMany => Vec::new(),
            BodyComparison::Corrects { others, .. } => {
                self.known.iter().filter(|body| others.newer.contains_key(&body.id)).map(letter).collect()
            }
        };
        let is_said_since = |field: &&str| goes_before.iter().any(|newer| fields(*newer).contains(field));
        let counts = fields(letter(message)).iter().copied().filter(|field| !is_said_since(field));
        self.fields.extend(counts.map(|field| (field, letter(message))));
        self.known.push(message.clone());
    }

    fn counts(&self) -> Option<u8> {
        newest(self.known.iter()).map(letter)
    }
}

fn orders(places: &[usize]) -> Vec<Vec<usize>> {
    if places.is_empty() {
        return vec![Vec::new()];
    }
    let begun_with = |first: &usize| {
        let others: Vec<_> = places.iter().copied().filter(|place| place != first).collect();
        orders(&others).into_iter().map(|rest| [vec![*first], rest].concat()).collect::<Vec<_>>()
    };
    places.iter().flat_map(begun_with).collect()
}

#[test]
fn which_body_counts_does_not_hang_on_the_order_in_which_they_are_worked() {
    for letters in ["AB", "BA", "AA", "ABA", "BAB", "AAB", "ABB", "ABAB", "ABBA", "AABB", "ABCAB", "ACBAB", "ABACB"] {
        let messages = messages(letters);
        let places: Vec<_> = (0..messages.len()).collect();
        // Who said a field last says what it is.
        let mut expected: BTreeMap<&str, u8> = BTreeMap::new();
        for message in &messages {
            expected.extend(fields(letter(message)).iter().map(|field| (*field, letter(message))));
        }
        let last = messages.last().map(letter);
        for order in orders(&places) {
            let mut worked = Worked::default();
            order.iter().for_each(|place| worked.work(&messages[*place]));
            assert_eq!((worked.counts(), &worked.fields), (last, &expected), "{letters} worked as {order:?}");
            // Delivered once more, whatever it is changes nothing.
            let kept = worked.known.len();
            order.iter().for_each(|place| worked.work(&messages[*place]));
            assert_eq!((worked.counts(), &worked.fields), (last, &expected), "{letters} twice as {order:?}");
            assert_eq!(worked.known.len(), kept, "{letters} twice as {order:?}");
        }
    }
}

#[test]
fn which_body_counts_by_the_senders_time_does_not_hang_on_the_order_in_which_they_are_worked() {
    // All of one letter say one time, as what they say holds it.
    let submitted =
        |letter: u8, times: [i64; 3]| Some(Timestamp::from_second(times[usize::from(letter - b'A')]).unwrap());
    for times in [[-1, -1, -1], [-2, -1, -1], [-1, -2, -1], [-1, -2, -3], [-3, -2, -1]] {
        let dated = |message: Body| {
            let time = BodyTime { submitted_at: submitted(letter(&message), times), ..message.time };
            Body { time, last: time, ..message }
        };
        let messages: Vec<_> = messages("ABCAB").into_iter().map(dated).collect();
        let last = newest(messages.iter()).map(letter);
        for order in orders(&[0, 1, 2, 3, 4]) {
            let mut worked = Worked::default();
            order.iter().for_each(|place| worked.work(&messages[*place]));
            assert_eq!(worked.counts(), last, "{times:?} worked as {order:?}");
        }
    }
}

#[test]
fn a_repeated_body_that_is_worked_before_one_received_before_it_still_counts() {
    let of = messages("ABAB");
    let mut worked = Worked::default();
    [0, 1, 3].into_iter().for_each(|place| worked.work(&of[place]));
    assert_eq!(worked.known.len(), 2, "it makes nothing of its own");
    let said = say_again(&mut worked.known, of[1].id, &of[3]);
    assert!(said.is_none(), "delivered once more it is noted already");
    worked.work(&of[2]);
    assert_eq!((worked.counts(), worked.fields["phone"]), (Some(b'B'), b'B'));
    assert_eq!(worked.fields["email"], b'A');
}

#[test]
fn an_id_with_more_bodies_than_a_lead_has_joins_no_more_of_them() {
    let many = u8::try_from(MOST_BODIES).unwrap();
    let known: Vec<_> = (0..many).map(body).collect();
    let few = &known[1..];
    assert!(matches!(compare_under_id(few, &body(200)), BodyComparison::Corrects { .. }));
    assert!(matches!(compare_under_id(&known, &body(200)), BodyComparison::TooMany));
    // What was there stays there: sent again it makes no lead.
    let again = Body { time: body(200).time, ..body(7) };
    assert!(matches!(compare_under_id(&known, &again), BodyComparison::Same(id) if id == known[7].id));
    let counts = Body { time: body(200).time, ..body(many - 1) };
    assert!(matches!(compare_under_id(&known, &counts), BodyComparison::Same(_)));
}
