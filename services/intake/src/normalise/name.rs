//! Names, and the words that programs leave where there is none. Some families are called Null.

use ripen_domain::{
    contact::Email,
    values::{is_filler, is_nothing},
};

/// The parts of a name as they were given.
#[derive(Clone)]
pub struct GivenName {
    /// Given name.
    pub first: Option<String>,
    /// Family name.
    pub last: Option<String>,
    /// Whole name.
    pub whole: Option<String>,
}

/// The parts of a name without what says that there is none. A word for nothing is a name where it is written like the other
/// part: `Jennifer` `Null`, and not `Wanda` `NULL`.
pub fn kept(given: GivenName) -> GivenName {
    let GivenName { first, last, whole } = given;
    let is_name = |text: &Option<String>| text.as_deref().is_some_and(|text| !is_no_name(text));
    let beside = |text: &Option<String>, other: &Option<String>| {
        is_name(text)
            || is_name(other)
                && text
                    .as_deref()
                    .zip(other.as_deref())
                    .is_some_and(|(one, two)| is_written_like(one, two) || is_initials(one))
    };
    let (keep_first, keep_last) = (beside(&first, &last), beside(&last, &first));
    GivenName {
        first: first.filter(|_| keep_first),
        last: last.filter(|_| keep_last),
        whole: whole.filter(|text| !is_no_name(text) && !text.split_whitespace().all(is_no_name)),
    }
}

/// Whether what was dropped has to be told: a person wrote it, or a program that was to write a name. What programs write where there is
/// none is not missed.
pub fn is_told(dropped: &str) -> bool {
    !is_nothing(dropped) && !dropped.eq_ignore_ascii_case("false")
}

/// What telephone companies, ad platforms and programs write for somebody whose name they do not know (FNU, LNU: first and last name
/// unknown), in small letters.
const NO_NAMES: [&str; 30] = [
    "wireless caller",
    "unknown caller",
    "anonymous caller",
    "cell phone",
    "facebook user",
    "instagram user",
    "google user",
    "web lead",
    "website visitor",
    "web visitor",
    "website lead",
    "new lead",
    "lead",
    "customer",
    "new customer",
    "client",
    "guest",
    "visitor",
    "caller",
    "user",
    "prospect",
    "subscriber",
    "there",
    "friend",
    "fnu",
    "lnu",
    "fnu lnu",
    "first name",
    "last name",
    "full name",
];

fn is_no_name(text: &str) -> bool {
    // Nan is short for Nancy, and written as a name.
    let nan = text == "Nan";
    let small = text.trim().to_lowercase();
    is_filler(text) && !nan || NO_NAMES.contains(&small.as_str()) || is_number(&small) || is_address(&small)
}

/// Whether an e-mail address or a URL stands where a name does: what form plug-ins write for a user, and what bots do. As a name it
/// would make a second person beside the one who is known under that very address.
fn is_address(small: &str) -> bool {
    let is_url = ["http://", "https://", "www."].iter().any(|begins| small.starts_with(begins));
    !small.contains(char::is_whitespace) && (is_url || small.contains('@') && Email::parse(small).is_ok())
}

/// Whether all that is given as the name is what stands before the @ of the address beside it, written as it is there: a user's name.
/// `Casey` with a capital was written by a person.
pub fn is_user_name<'t>(given: impl IntoIterator<Item = &'t String>, email: &Email) -> bool {
    let user = email.as_str().split_once('@').map(|(user, _)| user);
    let mut given = given.into_iter().peekable();
    given.peek().is_some() && given.all(|text| Some(text.as_str()) == user)
}

/// Whether a telephone number stands where a name does.
fn is_number(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    digits >= 7 && !text.chars().any(char::is_alphabetic)
}

/// The `K. A.` of K. A. Smith, the X of Malcolm X.
fn is_initials(text: &str) -> bool {
    let is_short = text.chars().count() == 1 || text.contains('.');
    let is_capital = |c: char| c.is_uppercase() || matches!(c, '.' | ' ');
    is_short && text.starts_with(char::is_uppercase) && text.chars().all(is_capital) && !is_nothing(text)
}

/// Whether a word for nothing may be a name beside this one: of letters alone, with capitals in the same places.
fn is_written_like(word: &str, name: &str) -> bool {
    let surname = ["null", "nil", "none", "unknown", "na"].iter().any(|known| word.eq_ignore_ascii_case(known));
    let style = |text: &str| {
        let mut letters = text.chars().filter(|c| c.is_alphabetic());
        let first = letters.next().is_some_and(char::is_uppercase);
        (first, letters.any(char::is_lowercase))
    };
    surname && style(word) == style(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_nothing_are_no_names_but_some_people_are_called_so() {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        for (first, last, kept_first, kept_last) in [
            ("Jennifer", "Null", "Jennifer", "Null"),
            ("JENNIFER", "NULL", "JENNIFER", "NULL"),
            ("Wanda", "NULL", "Wanda", ""),
            ("Wanda", "null", "Wanda", ""),
            ("false", "NULL", "", ""),
            ("null", "undefined", "", ""),
            ("Null", "Null", "", ""),
            ("Nan", "Goldin", "Nan", "Goldin"),
            ("Wanda", "N/A", "Wanda", ""),
            ("Wanda", "-", "Wanda", ""),
            ("keine Angabe", "keine Angabe", "", ""),
            ("k.A.", "k.A.", "", ""),
            ("NA", "NA", "", ""),
            ("Wanda", "NA", "Wanda", ""),
            ("Wanda", "{{last_name}}", "Wanda", ""),
            ("[First Name]", "Real", "", "Real"),
            ("Jisoo", "Na", "Jisoo", "Na"),
            ("K. A.", "Smith", "K. A.", "Smith"),
            ("Malcolm", "X", "Malcolm", "X"),
            ("x", "x", "", ""),
            ("", "Null", "", ""),
            ("Wireless Caller", "", "", ""),
            ("Ann", "Lead", "Ann", ""),
            ("FNU", "Singh", "", "Singh"),
            ("there", "", "", ""),
            ("(415) 555-0100", "Low", "", "Low"),
            ("hahn@example.com", "", "", ""),
            ("Rolf", "Hahn@Example.com", "Rolf", ""),
            ("http://x.example", "", "", ""),
            ("www.example.com", "Low", "", "Low"),
            ("R@lf", "Hahn", "R@lf", "Hahn"),
        ] {
            let name = kept(GivenName { first: some(first), last: some(last), whole: None });
            assert_eq!((name.first, name.last), (some(kept_first), some(kept_last)), "{first} {last}");
        }
        let whole = |text: &str| kept(GivenName { first: None, last: None, whole: some(text) }).whole;
        assert_eq!(
            (whole("null null"), whole("Facebook User"), whole("Jennifer Null")),
            (None, None, some("Jennifer Null"))
        );
    }
    #[test]
    fn a_users_name_beside_its_own_address_is_no_name() {
        let email = Email::parse("hahn@example.com").unwrap();
        let is_user =
            |given: &[&str]| is_user_name(&given.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(), &email);
        assert!(is_user(&["hahn"]) && is_user(&["hahn", "hahn"]));
        assert!(!is_user(&[]) && !is_user(&["Hahn"]) && !is_user(&["Rolf", "hahn"]) && !is_user(&["rolf"]));
    }
}
