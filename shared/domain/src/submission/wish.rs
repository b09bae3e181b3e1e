//! Whether a submission as it is kept says that the person must not be contacted. Versions before kept such words under the sender's own
//! fields, among the answers or in the notes, and did not hear them.

use serde_json::Value;

use super::Submission;
use crate::list::wish::{
    ContactWish, is_wish, is_wish_note, strongest, wish_in_named, wish_in_note, wish_in_value, wishes_in,
};

/// Under which name the words beside a number are kept.
const REMARK: &str = "phone_remark";
/// Under which name the further notes of a list are kept.
const NOTES: &str = "notes";

impl Submission {
    /// Whether it says so, by this version's reading.
    #[must_use]
    pub fn says_do_not_contact(&self) -> bool {
        self.says_so_outside_notes() || self.each_note().any(|note| wish_in_note(note) == ContactWish::DoNot)
    }

    /// What follows of itself, long after it came: of a note that says anything else too, somebody judges first.
    #[must_use]
    pub fn wish_when_kept(&self) -> ContactWish {
        if self.says_so_outside_notes() || self.each_note().any(is_wish_note) {
            return ContactWish::DoNot;
        }
        match strongest(&self.each_note().map(wish_in_note).collect::<Vec<_>>()) {
            ContactWish::NotSaid => ContactWish::NotSaid,
            ContactWish::DoNot | ContactWish::Unclear => ContactWish::Unclear,
        }
    }

    /// The note, and the further ones of a list.
    fn each_note(&self) -> impl Iterator<Item = &str> {
        let further = match self.extra.get(NOTES) {
            Some(Value::Array(notes)) => notes.as_slice(),
            Some(note) => std::slice::from_ref(note),
            None => &[],
        };
        self.notes.as_deref().into_iter().chain(further.iter().filter_map(Value::as_str))
    }

    fn says_so_outside_notes(&self) -> bool {
        let is_remark = |remark: &Value| wish_in_value(remark, wish_in_note) == ContactWish::DoNot;
        let is_said =
            |name: &str, value: &Value| wishes_in(name, value).iter().any(|found| found.wish == ContactWish::DoNot);
        self.do_not_contact
            // An answer to a question may be about anything: only one that is called so counts.
            || self.answers.iter().any(|(name, value)| is_wish(name) && wish_in_named(name, value) == ContactWish::DoNot)
            || self.extra.get(REMARK).is_some_and(is_remark)
            || self.extra.iter().any(|(name, value)| is_said(name, value))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!({"do_not_contact": true}), true)]
    #[case(json!({"notes": "DNC"}), true)]
    #[case(json!({"notes": "please do not call before six"}), false)]
    #[case(json!({"answers": {"do_not_call": true}}), true)]
    #[case(json!({"answers": {"timeframe": "DNC"}}), false)]
    #[case(json!({"extra": {"do_not_contact": "yes"}}), true)]
    #[case(json!({"extra": {"Do Not Call": 1.0}}), true)]
    #[case(json!({"extra": {"opt_out": ["0", "1"]}}), true)]
    #[case(json!({"extra": {"Lead Status": "Do Not Call"}}), true)]
    #[case(json!({"extra": {"do_not_contact": "no", "Lead Status": "new"}}), false)]
    #[case(json!({"extra": {"email_opt_out": true}}), false)]
    #[case(json!({"extra": {"Phone Opt Out": "yes", "DNC__c": false}}), true)]
    #[case(json!({"extra": {"custom_fields": {"DNC": "yes"}}}), true)]
    #[case(json!({"extra": {"agent": {"DNC": "yes"}}}), false)]
    #[case(json!({"answers": {"call_opt_out": true}}), true)]
    #[case(json!({"extra": {"phone_remark": "do not call"}}), true)]
    #[case(json!({"extra": {"phone_remark": "do not call before six"}}), false)]
    #[case(json!({"notes": "Has a garden", "extra": {"notes": "please do not call me"}}), true)]
    #[case(json!({"extra": {"notes": ["Has a garden", "please do not call me"]}}), true)]
    #[case(json!({"extra": {"notes": ["Has a garden", "please do not call before six"]}}), false)]
    #[case(json!({"extra": {"consent": {"do_not_contact": true}}}), true)]
    #[case(json!({"extra": {"consent": {"given": false, "email_opt_out": true}}}), false)]
    #[case(json!({}), false)]
    fn what_was_kept_is_read_as_if_it_came_today(#[case] kept: Value, #[case] says: bool) {
        let submission: Submission = serde_json::from_value(kept.clone()).unwrap();
        assert_eq!(submission.says_do_not_contact(), says, "{kept}");
        assert_eq!(submission.wish_when_kept() == ContactWish::DoNot, says, "{kept}");
    }

    #[rstest]
    #[case("Please don't call me again. Thank you!", ContactWish::DoNot)]
    #[case("We sold the house. Please do not contact us.", ContactWish::Unclear)]
    #[case("Do not call. Text me.", ContactWish::Unclear)]
    #[case("please do not call before six", ContactWish::Unclear)]
    #[case("They have a garden", ContactWish::NotSaid)]
    fn of_an_old_note_only_the_wish_alone_is_followed(#[case] notes: &str, #[case] wish: ContactWish) {
        let submission = Submission { notes: Some(notes.to_owned()), ..Submission::default() };
        assert_eq!(submission.wish_when_kept(), wish, "{notes}");
        let mut further = Submission { notes: Some("They have a garden".to_owned()), ..Submission::default() };
        further.extra.insert(NOTES.to_owned(), json!([notes]));
        assert_eq!(further.wish_when_kept(), wish, "{notes}, in a list");
    }
}
