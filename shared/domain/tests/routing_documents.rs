//! Routing documents: the examples that ship, every message of the checker with its place, and what a stored document comes
//! to once a rep is gone or the script asks something else.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's harness stops at the first surprise"
)]

use proptest::prelude::*;
use ripen_domain::{
    criteria::Criteria,
    id::{EndpointId, RepId},
    routing::{Mode, NamedRecipient, RecipientId, Routing, Surroundings},
};
use rstest::rstest;
use uuid::Uuid;

const SCRIPT: &str = r#"name = "test"
[[question]]
id = "budget"
ask = "How much?"
type = "money"
min = 0
[[question]]
id = "about"
ask = "What for?"
type = "text"
[[question]]
id = "language"
ask = "Which language?"
type = "choice"
choices = ["en", "es"]
[[rule]]
id = "base"
when = "lead.verified"
points = 100
because = "Verified"
[grades]
A = 50
B = 20
"#;

fn around() -> Surroundings {
    let rep = |number| RecipientId::Rep(RepId::from_uuid(Uuid::from_u128(number)));
    let inbox = RecipientId::Endpoint(EndpointId::from_uuid(Uuid::from_u128(9)));
    let named = |(id, name): (RecipientId, &str)| NamedRecipient { id, name: name.into() };
    let recipients = [
        (rep(1), "Dana Hill"),
        (rep(2), "Lee Park"),
        (rep(3), "Sam Ortiz"),
        (rep(4), "Morgan Reyes"),
        (rep(5), "Casey Wu"),
        (rep(6), "Kim Lee"),
        (rep(7), "Kim Lee"),
        (inbox, "Office inbox"),
    ];
    Surroundings::new(recipients.map(named).to_vec(), [&Criteria::load(SCRIPT).unwrap().criteria])
}

fn warnings(document: &str) -> Vec<String> {
    let loaded = Routing::load(document, &around()).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    loaded.warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn the_examples_have_neither_mistakes_nor_doubts() {
    for (document, rules, mode) in [
        (include_str!("../../../deploy/routing/small-team.toml"), 2, Mode::RoundRobin),
        (include_str!("../../../deploy/routing/territories.toml"), 5, Mode::Weighted),
        (include_str!("../../../deploy/routing/first-to-claim.toml"), 2, Mode::FirstToClaim),
    ] {
        assert_eq!(warnings(document), [""; 0], "{document}");
        let routing = Routing::load(document, &around()).unwrap().routing;
        assert!(routing.about().is_some());
        assert_eq!(routing.rules().count(), rules);
        let default = routing.rules().last().unwrap();
        assert_eq!((&*default.id, default.mode), ("default", mode));
        assert!(routing.rules().flat_map(|rule| rule.recipients.iter()).all(|share| share.id.is_some()));
    }
}

/// A document in which everything is right, with other lines.
fn document(top: &str, rule: &str) -> String {
    format!(
        "mode = \"round_robin\"\nrecipients = [\"Dana Hill\", \"Lee Park\"]\n{top}\n[[rule]]\nid = \"one\"\n\
         because = \"One\"\n{rule}\n"
    )
}

const RIGHT: &str = "when = \"lead.verified\"\nrecipients = [\"Sam Ortiz\"]";

#[rstest]
#[case::key("fallbck = []", RIGHT, "3:1: unknown key 'fallbck' in the document, did you mean 'fallback'?")]
#[case::synonym("backup = []", RIGHT, "3:1: unknown key 'backup' in the document, did you mean 'fallback'?")]
#[case::name(
    "fallback = [\"Dana Hil\"]",
    RIGHT,
    "3:13: no rep and no endpoint is called 'Dana Hil', did you mean 'Dana Hill'?"
)]
#[case::two_of_a_name(
    "owner = \"Kim Lee\"",
    RIGHT,
    "3:9: 2 are called 'Kim Lee': write the id of the one that is meant"
)]
#[case::wait("wait_at_most = \"soon\"", RIGHT, "3:16: 'wait_at_most' must be a length of time such as \"15m\"")]
#[case::long_wait("wait_at_most = \"91d\"", RIGHT, "3:16: 'wait_at_most' must be a length of time")]
#[case::no_claim_time("claim_within = \"0m\"", RIGHT, "3:16: 'claim_within' must be a length of time")]
#[case::list("fallback = \"Dana Hill\"", RIGHT, "3:12: 'fallback' must be a list: write fallback = [")]
#[case::element("fallback = [7]", RIGHT, "3:13: a recipient is a name in quotes, or { name")]
#[case::weight(
    "fallback = [{ name = \"Sam Ortiz\", weight = 0 }]",
    RIGHT,
    "3:44: 'weight' must be a whole number from 1 to 1000"
)]
#[case::contact(
    "offer_shows = [\"grade\", \"lead.email\"]",
    RIGHT,
    "3:25: an offer never names 'lead.email': who it is and how to reach them is told to whoever takes it"
)]
#[case::words(
    "offer_shows = [\"notes\"]",
    RIGHT,
    "3:16: an offer never shows 'notes': names and phone numbers may stand in"
)]
#[case::text_answer(
    "offer_shows = [\"answers.about\"]",
    RIGHT,
    "3:16: an offer never shows 'about': the question asks for a text, in which a name or a phone number may stand"
)]
#[case::no_answer("offer_shows = [\"answers.budgt\"]", RIGHT, "3:16: no script asks 'budgt', did you mean 'budget'?")]
#[case::no_fact(
    "offer_shows = [\"plce\"]",
    RIGHT,
    "3:16: an offer cannot show 'plce', did you mean 'place'? (one of grade,"
)]
#[case::fact_twice("offer_shows = [\"place\", \"place\"]", RIGHT, "3:25: 'place' stands twice in 'offer_shows'")]
#[case::no_list("offer_shows = \"place\"", RIGHT, "3:15: 'offer_shows' must be a list")]
#[case::no_recipients("", "when = \"lead.verified\"", "4:1: a rule needs 'recipients'")]
#[case::empty("", "when = \"lead.verified\"\nrecipients = []", "8:14: 'recipients' is empty")]
#[case::twice(
    "",
    "when = \"lead.verified\"\nrecipients = [\"Sam Ortiz\", \"Sam Ortiz\"]",
    "8:28: 'Sam Ortiz' stands twice in 'recipients'"
)]
#[case::no_condition("", "recipients = [\"Sam Ortiz\"]", "4:1: a rule needs 'when'")]
#[case::mode(
    "",
    "mode = \"rotate\"\nwhen = \"lead.verified\"\nrecipients = [\"Sam Ortiz\"]",
    "7:8: unknown mode 'rotate', did you mean 'round_robin'? (one of all, round_robin, weighted, first_to_claim)"
)]
#[case::unowned(
    "",
    "mode = \"first_to_claim\"\nwhen = \"lead.verified\"\nrecipients = [\"Sam Ortiz\", \"Casey Wu\"]",
    "1:1: mode = \"first_to_claim\" needs 'owner'"
)]
#[case::fact(
    "",
    "when = \"lead.postcode == '1'\"\nrecipients = [\"Sam Ortiz\"]",
    "7:14: unknown field 'postcode', did you mean 'postal_code'?"
)]
#[case::answer(
    "",
    "when = \"answers.budgt > 1\"\nrecipients = [\"Sam Ortiz\"]",
    "7:17: no question has the id 'budgt', did you mean 'budget'?"
)]
#[case::choice("", "when = \"answers.language == 'spanish'\"\nrecipients = [\"Sam Ortiz\"]", "7:29: ")]
#[case::no_yes_or_no("", "when = \"answers.budget\"\nrecipients = [\"Sam Ortiz\"]", "7:9: this comes to a number")]
#[case::taken_word("[[rule]]\nid = \"default\"", RIGHT, "4:6: 'default' is what stands at the top of the document")]
#[case::same_id("[[rule]]\nid = \"one\"", RIGHT, "6:6: the id 'one' stands twice")]
fn a_mistake_is_told_with_its_place(#[case] top: &str, #[case] rule: &str, #[case] expected: &str) {
    let document = document(top, rule);
    let mistakes = Routing::load(&document, &around()).expect_err(&document);
    let told: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|told| told.starts_with(expected)), "{told:#?}\nexpected {expected}\nin {document}");
}

#[test]
fn all_mistakes_are_told_at_once_in_the_documents_order() {
    let told = Routing::load("mode = 'turns'\nrecipients = ['Nobody']\nowner = 3\n[[rule]]\n", &around()).unwrap_err();
    let places: Vec<_> = told.iter().map(|mistake| (mistake.line, mistake.column)).collect();
    assert!(places.is_sorted() && places.len() >= 6, "{told:?}");
    assert_eq!(Routing::load("", &around()).unwrap_err().len(), 2);
}

/// Rules with these conditions, one after the other.
fn rules(conditions: &[&str]) -> String {
    let mut document = document("", RIGHT).split("[[rule]]").next().unwrap().to_owned();
    for (number, when) in conditions.iter().enumerate() {
        document += &format!(
            "[[rule]]\nid = \"r{number}\"\nbecause = \"Because\"\nrecipients = [\"Sam Ortiz\"]\nwhen = \"{when}\"\n"
        );
    }
    document
}

#[rstest]
#[case("lead.verified", "lead.verified", true)]
#[case("lead.verified", "lead.verified && answers.budget > 5", true)]
#[case("lead.verified || lead.returned", "lead.returned", true)]
#[case("lead.verified && lead.returned", "lead.returned", false)]
#[case("answers.budget > 300000", "answers.budget > 500000", true)]
#[case("answers.budget >= 300000", "answers.budget > 300000", true)]
#[case("answers.budget > 300000", "answers.budget >= 300000", false)]
#[case("answers.budget > 500000", "answers.budget > 300000", false)]
#[case("answers.budget < 9", "answers.budget <= 9", false)]
#[case("answers.budget <= 9", "answers.budget < 9", true)]
#[case("lead.postal_code in ['1', '2', '3']", "lead.postal_code in ['3', '1']", true)]
#[case("lead.postal_code in ['1', '2']", "lead.postal_code in ['2', '3']", false)]
#[case("lead.postal_code.startsWith('60')", "lead.postal_code.startsWith('601')", true)]
#[case("lead.postal_code.startsWith('601')", "lead.postal_code.startsWith('60')", false)]
#[case("lead.postal_code.startsWith('60')", "lead.postal_code in ['60134', '60210']", true)]
#[case("['60', '7'].exists(p, lead.postal_code.startsWith(p))", "lead.postal_code == '7000'", true)]
#[case("['60', '7'].exists(p, lead.postal_code.startsWith(p))", "lead.postal_code == '8000'", false)]
#[case("['60', '7'].exists(p, lead.country.startsWith(p))", "lead.postal_code == '7000'", false)]
#[case("true", "lead.returned", true)]
#[case("answers.language == 'es'", "answers.language != 'es'", false)]
fn a_rule_that_is_never_reached_is_doubted(#[case] first: &str, #[case] second: &str, #[case] dead: bool) {
    let found = warnings(&rules(&[first, second]));
    let expected = "13:8: this rule is never reached: wherever it holds, the rule 'r0' before it holds too";
    assert_eq!(found, if dead { vec![expected] } else { vec![] });
}

#[rstest]
#[case("when = \"answers.budget < 0 && lead.verified\"\nrecipients = [\"Sam Ortiz\"]", "holds for no lead")]
#[case("when = \"lead.verified\"\nrecipients = [\"Sam Ortiz\"]\nfallback = [\"Sam Ortiz\"]", "is a recipient already")]
#[case(
    "when = \"lead.verified\"\nrecipients = [{ name = \"Sam Ortiz\", weight = 2 }]",
    "weights count with mode = \"weighted\" only"
)]
#[case(
    "when = \"lead.verified\"\nmode = \"weighted\"\nrecipients = [\"Sam Ortiz\", \"Lee Park\"]",
    "all weights are the same"
)]
fn what_is_hardly_meant_is_doubted(#[case] rule: &str, #[case] expected: &str) {
    let found = warnings(&document("", rule));
    assert!(found.len() == 1 && found[0].contains(expected), "{found:?}");
}

#[test]
fn a_claim_time_without_claims_and_an_offer_to_one_are_doubted() {
    assert!(
        warnings(&document("claim_within = \"5m\"", RIGHT))[0].contains("counts with mode = \"first_to_claim\" only")
    );
    let alone = "when = \"lead.verified\"\nmode = \"first_to_claim\"\nrecipients = [\"Sam Ortiz\"]";
    assert!(warnings(&document("owner = \"Casey Wu\"", alone))[0].contains("an offer to one alone"));
}

#[test]
fn a_recipient_may_be_named_by_its_id() {
    let (kim, others) = (around().recipients[6].id, ["Lee Park"]);
    let document = format!("mode = \"all\"\nrecipients = [\"{kim}\", \"{}\"]\n", others[0]);
    let routing = Routing::load(&document, &around()).unwrap().routing;
    assert_eq!(routing.rules().last().unwrap().recipients[0].id, Some(kim));
}

#[test]
fn what_no_longer_fits_a_stored_document_is_a_warning() {
    let text = document("", "when = \"answers.budget > 5\"\nrecipients = [\"Sam Ortiz\"]");
    let changed = Surroundings { recipients: around().recipients[..2].to_vec(), questions: Vec::new() };
    assert_eq!(Routing::load(&text, &changed).unwrap_err().len(), 2);
    let loaded = Routing::load_stored(&text, &changed).unwrap();
    let told: Vec<_> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert!(
        told[0].contains("no question has the id 'budget'") && told[1].contains("is called 'Sam Ortiz'"),
        "{told:?}"
    );
    assert_eq!(loaded.routing.rules().next().unwrap().recipients[0].id, None);
    assert!(Routing::load_stored("mode = 3", &changed).is_err());
}

#[test]
fn a_hostile_document_costs_an_error() {
    for hostile in [
        "[".repeat(100_000),
        format!("recipients = {}{}", "[".repeat(50_000), "]".repeat(50_000)),
        format!("a{} = 1", ".b".repeat(20_000)),
        format!("about = \"{}\"", "x".repeat(300_000)),
        format!("mode = \"all\"\nrecipients = [{}]", "\"Dana Hill\", ".repeat(9_000)),
        rules(&vec!["lead.verified"; 2_000].iter().map(|_| "lead.postal_code == '1'").collect::<Vec<_>>()),
        rules(&[&format!("{}lead.verified{}", "(".repeat(400), ")".repeat(400))]),
        "\u{feff}mode = \u{0}".to_owned(),
    ] {
        let mistakes = Routing::load(&hostile, &around()).unwrap_err();
        assert!(!mistakes.is_empty() && mistakes.len() <= 200);
        assert!(mistakes.iter().all(|mistake| mistake.message.len() < 500), "{mistakes:?}");
    }
}

proptest! {
    #[test]
    fn a_document_with_slips_is_refused_or_read_but_never_stops_the_program(
        which in 0_usize..3,
        slips in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, "[\\[\\]{}\"'=,.#\\n a-z0-9é]{0,6}"), 1..5),
    ) {
        let examples = [
            include_str!("../../../deploy/routing/small-team.toml"),
            include_str!("../../../deploy/routing/territories.toml"),
            include_str!("../../../deploy/routing/first-to-claim.toml"),
        ];
        let mut letters: Vec<char> = examples[which].chars().collect();
        for (place, removed, put) in slips {
            let at = place.index(letters.len());
            let end = (at + removed).min(letters.len());
            letters.splice(at..end, put.chars());
        }
        let text: String = letters.into_iter().collect();
        let lines = text.lines().count();
        for told in [Routing::load(&text, &around()), Routing::load_stored(&text, &Surroundings::default())] {
            let told = told.map_or_else(|mistakes| mistakes, |loaded| loaded.warnings);
            prop_assert!(told.iter().all(|one| one.line >= 1 && one.line as usize <= lines.max(1)), "{:?}", told);
        }
    }
}
