//! Which number the page shows. What is said of a number is said of that one: where somebody writes another one down while the lead is
//! open, it was called by nobody.

use ripen_domain::{contact_link::shown_number, person::Profile};

/// The number that a page shows, and what is posted of it.
#[derive(Debug, Clone, Default)]
pub struct ShownNumber {
    /// The number that the person is known by, with its extension; empty where there is none.
    pub now: String,
    /// What the form says which number was shown; where there is a choice, that says it.
    pub posted: String,
    /// Where the number was changed while the lead was open: the one of before and the one of now. Only whoever called knows which is
    /// meant.
    pub choice: Vec<NumberChoice>,
}

/// A number that may have been called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberChoice {
    /// As it is posted.
    pub value: String,
    /// As people read it.
    pub words: String,
    /// It was chosen.
    pub is_chosen: bool,
}

impl ShownNumber {
    /// `posted` is what the form said that was posted just now; `opened` is the number at which the lead was opened, empty where there
    /// was none.
    pub fn of(now: Option<String>, posted: Option<String>, opened: Option<String>) -> Self {
        let now = now.unwrap_or_default();
        let before = posted.clone().or(opened).filter(|before| !before.is_empty());
        let Some(before) = before.filter(|before| *before != now) else {
            return Self { posted: now.clone(), now, choice: Vec::new() };
        };
        // Where none is left, what is said is said of the one that was there.
        if now.is_empty() {
            return Self { posted: before, now, choice: Vec::new() };
        }
        let choice = [&before, &now].map(|value| NumberChoice {
            value: value.clone(),
            words: shown_number(value),
            is_chosen: posted.as_ref() == Some(value),
        });
        Self { posted: String::new(), now, choice: choice.into() }
    }
}

/// The number as the person is known by it: with its extension.
pub fn number_of(profile: &Profile) -> Option<String> {
    let phone = profile.phone.as_ref()?;
    let extension = profile.phone_extension.as_deref();
    Some(extension.map_or_else(|| phone.clone(), |extension| format!("{phone};ext={extension}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "+4989999980";
    const NEW: &str = "+13125550177";

    fn shown(now: &str, posted: Option<&str>, opened: Option<&str>) -> (String, Vec<(String, bool)>) {
        let now = Some(now.to_owned()).filter(|now| !now.is_empty());
        let shown = ShownNumber::of(now, posted.map(str::to_owned), opened.map(str::to_owned));
        (shown.posted, shown.choice.into_iter().map(|one| (one.value, one.is_chosen)).collect())
    }

    #[test]
    fn the_number_that_stands_there_is_the_one_that_is_meant() {
        for opened in [None, Some(""), Some(NEW)] {
            assert_eq!(shown(NEW, None, opened), (NEW.to_owned(), Vec::new()), "{opened:?}");
        }
        assert_eq!(shown("", None, Some("")), (String::new(), Vec::new()));
        assert_eq!(shown("", None, Some(OLD)), (OLD.to_owned(), Vec::new()), "it was taken away");
    }

    #[test]
    fn of_two_numbers_whoever_called_says_which_is_meant() {
        let both = |is_old| vec![(OLD.to_owned(), is_old), (NEW.to_owned(), false)];
        assert_eq!(shown(NEW, None, Some(OLD)), (String::new(), both(false)), "nobody has said it yet");
        assert_eq!(shown(NEW, Some(OLD), Some(OLD)), (String::new(), both(true)), "the page showed the old one");
        assert_eq!(shown(NEW, Some(NEW), Some(OLD)), (NEW.to_owned(), Vec::new()), "it was said");
    }
}
