//! The forms in which something is said of a lead: which there are depends on how it stands.

use ripen_domain::{
    delivery::OutcomeKind,
    outcome::{AmountTerms, FixedReason, OutcomeFields, currency_of},
};
use ripen_store::delivery::feed::ContactEnd;

use ripen_actions::FieldError;

/// What a client's forms ask for.
pub struct SayTerms<'a> {
    /// What the amount of a sale is called.
    pub amount_label: String,
    /// The client's own currency; empty where its country has none.
    pub currency: String,
    /// The reasons for which the client returns leads; empty where any will do.
    pub return_reasons: &'a [String],
}

impl<'a> SayTerms<'a> {
    /// Of a client.
    pub fn of(amounts: &AmountTerms, country: &str, return_reasons: &'a [String]) -> Self {
        let currency = currency_of(country).map(|currency| currency.to_string());
        Self { amount_label: amounts.label(), currency: currency.unwrap_or_default(), return_reasons }
    }
}

/// How a lead stands for whoever may say something of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SayState {
    /// Nothing was said of it yet.
    Waiting,
    /// Won or lost will be said of it.
    Accepted,
    /// It was returned, or is not ready yet.
    GivenBack,
    /// Won or lost.
    Over,
    /// It ended, and nothing that was said here says so: how it ended can be said all the same.
    EndedElsewhere,
    /// The person may not be contacted any more; what became of it before can still be said.
    NotToContact,
    /// It was taken back, and nothing more can be said of it.
    TakenBack,
}

impl SayState {
    /// By what was said last, and whether the person may be contacted.
    pub const fn of(newest: Option<OutcomeKind>, ended: Option<ContactEnd>) -> Self {
        match (ended, newest) {
            (Some(ContactEnd::Recalled | ContactEnd::Withdrawn | ContactEnd::GivenOn), _) => Self::TakenBack,
            (Some(ContactEnd::DoNotContact), _) => Self::NotToContact,
            (None, None) => Self::Waiting,
            (None, Some(OutcomeKind::Accepted)) => Self::Accepted,
            (None, Some(OutcomeKind::Returned | OutcomeKind::NotYet)) => Self::GivenBack,
            (None, Some(OutcomeKind::Won | OutcomeKind::Lost)) => Self::Over,
        }
    }
}

/// The forms of one lead.
pub struct SayForms<'a> {
    /// Where they are sent; empty for the page that they are on.
    pub action: &'a str,
    /// Whose lead it is.
    pub name: &'a str,
    pub state: SayState,
    /// The lead is sold, by whichever of its deliveries that was said.
    pub is_sold: bool,
    /// The number of the newest outcome, which forms send back.
    pub seen: i32,
    pub terms: &'a SayTerms<'a>,
    /// What was typed, where a form was sent and did not end well.
    pub typed: &'a OutcomeFields,
    /// The outcome whose form that was.
    pub sent: Option<&'a str>,
    /// What is wrong with it.
    pub errors: &'a [FieldError],
    /// The amount that was typed, as people of the client write it; empty where none was, or none can be read.
    pub figure: String,
}

impl SayForms<'_> {
    /// Whether they stand on the lead's own page, which has all of them.
    pub fn is_whole(&self) -> bool {
        self.action.is_empty()
    }

    /// What stands on the button that records a sale: with its amount, where that was typed and something else is to be corrected.
    pub fn won_button(&self) -> String {
        match self.is_open(OutcomeKind::Won) && !self.figure.is_empty() {
            true => format!("Record the sale, {}", self.figure),
            false => "Record the sale".to_owned(),
        }
    }

    /// Whether it can be accepted with one tap: nothing was said, and nobody has sold it.
    pub fn may_accept(&self) -> bool {
        !self.is_sold && self.state == SayState::Waiting
    }

    /// Whether the person may be called.
    pub fn may_try(&self) -> bool {
        matches!(self.state, SayState::Waiting | SayState::Accepted)
    }

    /// Whether it can be said that it was sold or lost. The list asks that only of what was accepted.
    pub fn may_end(&self) -> bool {
        let is_ours = !matches!(self.state, SayState::GivenBack | SayState::TakenBack);
        self.state == SayState::Accepted || self.is_whole() && is_ours
    }

    /// Whether it can be given back; what was, is already.
    pub fn may_return(&self) -> bool {
        match self.state {
            SayState::Waiting | SayState::Accepted => true,
            SayState::Over => self.is_whole(),
            SayState::GivenBack | SayState::EndedElsewhere | SayState::NotToContact | SayState::TakenBack => false,
        }
    }

    /// Whether it can be given back until a day. The list asks that only of what is new.
    pub fn may_wait(&self) -> bool {
        self.may_return() && (self.is_whole() || self.state == SayState::Waiting)
    }

    /// Whether it can be said by itself that they want no contact: of a lead that is not here any more, because it binds all the
    /// same. Of others that is a reason to give them back.
    pub fn may_suppress(&self) -> bool {
        self.is_whole() && !self.may_return() && self.state != SayState::NotToContact
    }

    /// Whether what was said last, that it is over or given back, may have been a mistake.
    pub fn may_reopen(&self) -> bool {
        self.is_whole() && !self.is_sold_elsewhere() && matches!(self.state, SayState::Over | SayState::GivenBack)
    }

    /// Given back here, and sold by another delivery: it is not opened again.
    fn is_sold_elsewhere(&self) -> bool {
        self.is_sold && self.state == SayState::GivenBack
    }

    /// The reasons that act for the person, but those that the client's own say already.
    pub fn acting_reasons(&self) -> Vec<FixedReason> {
        let is_said =
            |fixed: FixedReason| self.terms.return_reasons.iter().any(|own| FixedReason::of(own) == Some(fixed));
        FixedReason::ALL.iter().copied().filter(|fixed| !is_said(*fixed)).collect()
    }

    /// A reason that acts, as it is chosen.
    pub const fn acts(&self, reason: FixedReason) -> &'static str {
        match reason {
            FixedReason::DoNotContact => "They asked not to be contacted",
            FixedReason::WrongNumber => "It is somebody else's number",
        }
    }

    /// What was typed as a reason of their own.
    pub fn other_reason(&self) -> &str {
        let is_chosen = FixedReason::ALL.iter().any(|fixed| fixed.word() == self.reason());
        if is_chosen || !self.is_open(OutcomeKind::Returned) { "" } else { self.reason() }
    }

    /// Whether what comes next is to say how it ended.
    pub fn is_end_next(&self) -> bool {
        self.is_whole() && self.state == SayState::Accepted
    }

    /// What is wrong with a field of the form that was sent; empty where nothing is.
    pub fn wrong(&self, kind: OutcomeKind, field: &str) -> &str {
        let found = self.errors.iter().find(|one| one.field == field && self.is_open(kind));
        found.map(|one| one.message.as_str()).unwrap_or_default()
    }

    pub fn is_open(&self, kind: OutcomeKind) -> bool {
        self.sent == Some(kind.word())
    }

    pub fn reason(&self) -> &str {
        self.typed.reason.as_deref().unwrap_or_default()
    }

    pub fn amount(&self) -> &str {
        self.typed.amount.as_deref().unwrap_or_default()
    }

    pub fn date(&self) -> &str {
        self.typed.date.as_deref().unwrap_or_default()
    }

    /// The client's country decides the currency only where none was typed: a corrected form keeps what the reader chose.
    pub fn currency(&self) -> &str {
        self.typed.currency.as_deref().unwrap_or(&self.terms.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms<'a>(state: SayState, action: &'a str, terms: &'a SayTerms<'a>, typed: &'a OutcomeFields) -> SayForms<'a> {
        let (is_sold, seen) = (false, 0);
        let figure = String::new();
        SayForms { action, name: "Casey", state, is_sold, seen, terms, typed, sent: None, errors: &[], figure }
    }

    #[test]
    fn nobody_is_asked_to_call_or_accept_whoever_may_not_be_contacted() {
        let (terms, typed) = (SayTerms::of(&AmountTerms::default(), "US", &[]), OutcomeFields::default());
        for end in [ContactEnd::DoNotContact, ContactEnd::Recalled, ContactEnd::Withdrawn] {
            for newest in [None, Some(OutcomeKind::Accepted), Some(OutcomeKind::Won), Some(OutcomeKind::NotYet)] {
                for action in ["", "/o/token"] {
                    let forms = forms(SayState::of(newest, Some(end)), action, &terms, &typed);
                    assert!(!forms.may_accept() && !forms.may_try() && !forms.may_return() && !forms.may_wait());
                }
            }
        }
        let sold = forms(SayState::of(None, Some(ContactEnd::DoNotContact)), "", &terms, &typed);
        assert!(sold.may_end() && !sold.may_suppress(), "a sale before that can be said");
        let recalled = forms(SayState::of(None, Some(ContactEnd::Recalled)), "", &terms, &typed);
        assert!(!recalled.may_end() && recalled.may_suppress(), "a wish not to be contacted binds all the same");
    }

    #[test]
    fn the_list_asks_for_what_comes_next_and_the_page_for_everything() {
        let (terms, typed) = (SayTerms::of(&AmountTerms::default(), "US", &[]), OutcomeFields::default());
        let new = forms(SayState::Waiting, "/o/token", &terms, &typed);
        assert!(new.may_accept() && new.may_try() && new.may_return() && new.may_wait() && !new.may_end());
        let accepted = forms(SayState::Accepted, "/o/token", &terms, &typed);
        assert!(!accepted.may_accept() && accepted.may_end() && accepted.may_return() && !accepted.may_wait());
        let whole = forms(SayState::Waiting, "", &terms, &typed);
        assert!(whole.may_end() && whole.may_return() && !whole.may_suppress());
        let won = forms(SayState::of(Some(OutcomeKind::Won), None), "", &terms, &typed);
        assert!(!won.may_accept() && !won.may_try() && won.may_reopen());
        let elsewhere = forms(SayState::EndedElsewhere, "", &terms, &typed);
        assert!(elsewhere.may_end() && elsewhere.may_suppress() && !elsewhere.may_accept() && !elsewhere.may_try());
        assert!(!elsewhere.may_return() && !elsewhere.may_reopen(), "it did not end here");
    }

    #[test]
    fn of_what_was_given_back_only_the_mistake_and_the_wish_are_left_to_say() {
        let (terms, typed) = (SayTerms::of(&AmountTerms::default(), "US", &[]), OutcomeFields::default());
        for said in [OutcomeKind::Returned, OutcomeKind::NotYet] {
            let back = forms(SayState::of(Some(said), None), "", &terms, &typed);
            assert!(!back.may_accept() && !back.may_end() && !back.may_return() && !back.may_wait() && !back.may_try());
            assert!(back.may_reopen() && back.may_suppress(), "{said:?}");
            let sold = SayForms { is_sold: true, ..back };
            assert!(!sold.may_reopen(), "another delivery of it is sold");
        }
    }

    #[test]
    fn every_return_can_say_what_acts_for_the_person_once() {
        let typed = OutcomeFields::default();
        let own = ["Wrong number".to_owned(), "No budget".to_owned()];
        for (reasons, acting) in [
            (&[][..], &[FixedReason::DoNotContact, FixedReason::WrongNumber][..]),
            (&own[..], &[FixedReason::DoNotContact][..]),
        ] {
            let terms = SayTerms::of(&AmountTerms::default(), "US", reasons);
            assert_eq!(forms(SayState::Waiting, "/o/token", &terms, &typed).acting_reasons(), acting);
        }
    }
}
