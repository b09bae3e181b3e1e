//! What is heard as a wish not to be contacted, what is unclear, and what is none.

use super::*;

#[test]
fn a_field_for_it_says_yes_no_or_since_when() {
    for value in ["yes", "TRUE", "1", "x", "Y", "DNC", "Do not call", "opted out", "2026-03-01", "03/01/2026 10:00"] {
        assert_eq!(wish_in_field(value), ContactWish::DoNot, "{value}");
    }
    for value in ["", " ", "no", "FALSE", "0", "n/a", "none", "opted in", "Subscribed"] {
        assert_eq!(wish_in_field(value), ContactWish::NotSaid, "{value}");
    }
    for value in ["clean", "federal", "perhaps", "12"] {
        assert_eq!(wish_in_field(value), ContactWish::Unclear, "{value}");
    }
}

#[test]
fn a_word_for_it_says_so_in_any_field() {
    for (name, value) in
        [("status", "DNC"), ("Lead Status", "Do Not Call"), ("tags", "hot; unsubscribed"), ("notes", "dnc")]
    {
        assert_eq!(wish_in_words(name, value), ContactWish::DoNot, "{name}: {value}");
    }
    for (name, value) in [
        ("status", "new"),
        ("status", "no contact"),
        ("notes", "They did not call back"),
        ("call_allowed", "yes"),
        ("ok_to_call", "after five"),
        ("newsletter_opt_out", "no"),
        ("marketing", "yes"),
        ("footer", "Unsubscribe"),
    ] {
        assert_eq!(wish_in_words(name, value), ContactWish::NotSaid, "{name}: {value}");
    }
    // Somebody who wants no newsletter may well want the call.
    for (name, value) in [
        ("email_opt_out", "true"),
        ("HasOptedOutOfEmail", "1"),
        ("email_status", "unsubscribed"),
        ("Do not mail", "yes"),
    ] {
        let expected = if name == "Do not mail" { ContactWish::NotSaid } else { ContactWish::Unclear };
        assert_eq!(wish_in_words(name, value), expected, "{name}: {value}");
    }
}

#[test]
fn a_note_is_a_wish_where_it_or_a_sentence_of_it_says_nothing_else() {
    for said in [
        "please do not call",
        "do not call please",
        "STOP",
        "Stop.",
        "stop please!",
        "please don't call me again",
        "Please don\u{2019}t call us any more. Thank you!",
        "do not call again",
        "DNC.",
        "Bitte nicht anrufen!",
        "Bitte nicht mehr anrufen",
        "keine Anrufe",
        "Keine Anrufe mehr, bitte.",
        "Bitte rufen Sie mich nicht mehr an.",
        "S\u{2019}il vous plaît, ne pas appeler",
        "ne plus appeler svp",
        "Ne m'appelez plus",
        "No llamar, por favor",
        "Por favor, no me llamen más",
        "non chiamare per favore",
        "We sold the house. Please do not contact us.",
        "Remove me from your list",
        "Please stop calling me",
        "Please don't call. Do not email either!",
        "Do not call! We have found a house.",
    ] {
        assert_eq!(wish_in_note(said), ContactWish::DoNot, "{said}");
    }
    for said in [
        "call me, do not email",
        "Do not email.",
        "please do not call before six",
        "Customer asked to be removed from list - do not contact",
        "Bitte nicht anrufen vor 18 Uhr",
        "They do not call back",
        "ne pas appeler le matin",
        "Please don't call. Text me instead.",
        "Do not call! Email only, I work nights.",
        "Don't call me now. After 6 is fine.",
        "Don't call me now",
        "No calls please.\nE-mail: casey@example.com",
        "Please don't call. 628-555-0123",
        "Bitte nicht anrufen. Nur per Mail.",
    ] {
        assert_eq!(wish_in_note(said), ContactWish::Unclear, "{said}");
    }
    for said in [
        "They did not call back",
        "The last bus stop before the lake",
        "Stop by any time",
        "No calls were made so far, we heard of you from a friend",
        "more calls please",
        "Click here to unsubscribe",
        "no contact yet",
        "",
    ] {
        let expected = if said.starts_with("No calls") { ContactWish::Unclear } else { ContactWish::NotSaid };
        assert_eq!(wish_in_note(said), expected, "{said}");
    }
}

#[test]
fn a_note_is_the_wish_alone_where_no_sentence_says_anything_else() {
    for said in ["DNC", "STOP", "Please don't call me again. Thank you!", "No calls.\nDo not contact."] {
        assert!(is_wish_note(said), "{said}");
    }
    for said in
        ["", "We sold the house. Please do not contact us.", "Do not call. Text me.", "Thank you!", "Do not call. 5 pm"]
    {
        assert!(!is_wish_note(said), "{said}");
    }
}

#[test]
fn a_polite_word_in_a_status_is_the_word_and_a_permission_that_is_not_given_is_unclear() {
    for (name, value, expected) in [
        ("status", "Do not call please", ContactWish::DoNot),
        ("tags", "hot; keine Anrufe", ContactWish::DoNot),
        ("status", "hot, do not call before six", ContactWish::Unclear),
        ("call_allowed", "no", ContactWish::Unclear),
        ("May we contact", "nein", ContactWish::Unclear),
    ] {
        assert_eq!(wish_in_words(name, value), expected, "{name}: {value}");
    }
    for name in ["opposition", "Opposition téléphonique", "Bloctel"] {
        assert!(is_wish(name), "{name}");
    }
    assert_eq!(wish_in_field("oui"), ContactWish::DoNot);
    assert_eq!(wish_in_field("please do not call"), ContactWish::DoNot);
}

#[test]
fn fields_for_it_have_many_names() {
    for name in [
        "do_not_contact",
        "DNC",
        "Do Not Call",
        "doNotCall",
        "opt_out",
        "Opt-Out",
        "unsubscribed",
        "Don't call",
        "Nicht anrufen",
    ] {
        assert!(is_wish(name), "{name}");
    }
    for name in ["contact", "call", "opt_in", "email_opt_out", "status", "do not reply"] {
        assert!(!is_wish(name), "{name}");
    }
}
