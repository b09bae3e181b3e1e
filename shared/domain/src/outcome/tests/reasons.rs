//! Reasons that act, and the words they are said by.

use super::*;

#[test]
fn a_wrong_number_is_known_by_the_words_of_the_rules() {
    for (reason, is_wrong) in [
        ("Wrong number", true),
        ("wrong_number", true),
        ("Wrong phone number: a bakery", true),
        ("No budget", false),
        ("Not a wrong number, but no budget", false),
    ] {
        let reason = reason.to_owned();
        let fixed = is_wrong.then_some(FixedReason::WrongNumber);
        assert_eq!(Outcome::Returned { reason: reason.clone() }.fixed_reason(), fixed, "{reason}");
        assert_eq!(Outcome::Accepted { reason: Some(reason) }.fixed_reason(), None);
    }
}

#[test]
fn reasons_that_act_are_every_clients_beside_its_own() {
    let rules = ReturnRules { days: 14, reasons: vec!["Wrong Number".to_owned(), "Outside the area".to_owned()] };
    let now = Timestamp::UNIX_EPOCH;
    let check = |reason: &str| rules.check(reason, None, now);
    assert_eq!(check("wrong number").unwrap(), "Wrong Number", "the client's own spelling comes first");
    assert_eq!(check("do_not_contact").unwrap(), "do_not_contact");
    assert_eq!(check("DNC").unwrap(), "do_not_contact");
    assert!(check("no budget").unwrap_err().0.contains("do_not_contact"), "it is said that they are there");
}

#[test]
fn a_reason_that_acts_is_said_by_its_word_alone() {
    for word in ["do_not_contact", "Do not contact", "wrong-number"] {
        let said = OutcomeFields { outcome: Some(word.to_owned()), ..OutcomeFields::default() };
        let outcome = said.read(&Conventions::default()).unwrap();
        assert_eq!(outcome.kind(), Returned, "{word}");
        assert!(outcome.fixed_reason().is_some_and(|fixed| outcome.reason() == Some(fixed.word())), "{word}");
    }
}
