//! The words of a refusal as they are compared: servers say the same of every mail but for its number, its address and its date.

/// So much of them is compared.
const LONGEST: usize = 200;

/// The reply code with the words beside it, in small letters, without what is of one mail alone: addresses, links, and every word with a
/// digit in it.
#[must_use]
pub fn refusal_words(code: Option<u16>, text: &str) -> String {
    let mut words = code.map(|code| code.to_string()).unwrap_or_default();
    let said = text.split_whitespace().filter(|word| !word.contains('@') && !word.contains("://") && *word != "<…>");
    let parts = said.flat_map(|word| word.split(|c: char| !c.is_alphanumeric()));
    for part in parts.filter(|part| !part.is_empty() && !part.contains(char::is_numeric)) {
        if words.len() + part.len() >= LONGEST {
            break;
        }
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(&part.to_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_every_mail_is_one_and_what_is_of_another_kind_is_not() {
        let same = |one: &str, other: &str| refusal_words(Some(554), one) == refusal_words(Some(554), other);
        assert!(same(
            "5.7.1 Message rejected by policy (id 4XkZ9Q2, 2026-11-24 10:00:01), see https://mx.example/4XkZ9Q2",
            "5.7.1  message REJECTED by policy (id 7Abc001, 2026-11-24 10:02:19), see https://mx.example/7Abc001",
        ));
        assert!(same("mail to <…> rejected", "mail to dana@client.example rejected"));
        assert!(!same("rejected by policy", "rejected as spam"));
        assert_ne!(refusal_words(Some(550), "no"), refusal_words(Some(554), "no"));
        assert_eq!(refusal_words(Some(554), "5.7.1"), "554", "a code alone is compared as such");
        assert_eq!(refusal_words(None, ""), "");
        assert!(refusal_words(None, &"word ".repeat(1_000)).len() <= LONGEST);
        let long = "é".repeat(LONGEST);
        assert_eq!(refusal_words(Some(554), &long), "554", "nothing is cut in the middle of a letter");
    }
}
