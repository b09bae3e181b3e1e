//! Mails to people who sign in: an invitation, or the way to another password. What they say beside their link.

use ripen_domain::link::lifetime::PASSWORD_DAYS;
use ripen_store::notice::owe::NoticeKind;

/// What the link says.
pub(crate) const BUTTON: &str = "Choose a password";

/// Title and sentences.
pub(crate) fn words(kind: NoticeKind, firm: &str) -> (&'static str, Vec<String>) {
    let of_firm = if firm.is_empty() { String::new() } else { format!(" of {firm}") };
    let works = format!("The link works once, and for {PASSWORD_DAYS} days.");
    if kind == NoticeKind::UserInvited {
        let made =
            format!("An account was made for you at the desk{of_firm}. Choose a password, and you are signed in.");
        return ("You can sign in at the desk", vec![made, works]);
    }
    let asked = format!("Somebody asked for another password of your account at the desk{of_firm}.");
    let else_who = "If it was not you, there is nothing to do: the password you have goes on.".to_owned();
    ("Another password for the desk", vec![asked, works, else_who])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_says_what_it_is_for_and_how_long_its_link_works() {
        let (invited, asked) = (words(NoticeKind::UserInvited, "Acme"), words(NoticeKind::UserReset, ""));
        assert!(invited.1[0].contains("the desk of Acme.") && invited.1.concat().contains("3 days"));
        assert!(asked.1[0].ends_with("at the desk.") && asked.1.concat().contains("not you"));
        assert_ne!(invited.0, asked.0);
    }
}
