//! What is typed on the work page, as its form posts it and as a draft keeps it.
//!
//! The fields of questions are the script's: `a.QUESTION`, and `a.QUESTION.CHOICE` for each box that is ticked where several
//! may be, beside `asked.QUESTION`, so that none ticked is an answer too.

use std::collections::BTreeMap;

use ripen_domain::{
    criteria::{Kind, Question},
    id::LeadId,
    touch::Disposition,
    values::unmistakable,
};
use ripen_store::desk::draft::DeskDraft;
use ripen_web::extract::NamedFields;
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// Before a question's id.
const ANSWER: &str = "a.";
/// Before the id of a question whose boxes the page showed.
const ASKED: &str = "asked.";
/// Before the names of a draft that are no question's: no question's id begins so.
const OTHER: &str = ":";
/// What belongs to the page and not to what was typed.
const OF_THE_PAGE: [&str; 16] = [
    "csrf", "lead", "lease", "touch", "version", "note", "preset", "beacon", "dock", "phone", "why", "idle_s", "open",
    "slot", "shown", "cb_shown",
];

/// The form of the work page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "BTreeMap<String, String>")]
pub struct WorkForm {
    fields: BTreeMap<String, String>,
}

impl NamedFields for WorkForm {
    fn hint(_: &str) -> &'static str {
        "Write text."
    }
}

impl From<BTreeMap<String, String>> for WorkForm {
    /// As it was posted. Without a script nothing empties the exact time that stood there when somebody chose a day or a time beside it:
    /// that one was not typed, and would be promised in place of what was chosen last.
    fn from(fields: BTreeMap<String, String>) -> Self {
        let mut form = Self { fields };
        let is_chosen = ["cb_day", "cb_time"].iter().any(|name| !form.text(name).is_empty());
        let exact = format!("{} {}", form.text("cb_date"), form.text("cb_clock"));
        let is_untouched = !exact.trim().is_empty() && exact.trim() == form.text("cb_shown");
        if is_chosen && is_untouched {
            form.set("cb_date", String::new());
            form.set("cb_clock", String::new());
        }
        form
    }
}

impl WorkForm {
    /// What a draft kept.
    pub fn of_draft(draft: &DeskDraft) -> Self {
        let mut fields = BTreeMap::from([("note".to_owned(), draft.note.clone())]);
        for (name, value) in &draft.answers {
            match (name.strip_prefix(OTHER), value) {
                (Some(name), Value::String(text)) => drop(fields.insert(name.to_owned(), text.clone())),
                (None, Value::String(text)) => drop(fields.insert(format!("{ANSWER}{name}"), text.clone())),
                // As programs save them.
                (None, Value::Number(number)) => {
                    fields.insert(format!("{ANSWER}{name}"), unmistakable(number.to_string()));
                }
                (None, Value::Bool(is_so)) => {
                    fields.insert(format!("{ANSWER}{name}"), if *is_so { "yes" } else { "no" }.to_owned());
                }
                (None, Value::Array(picked)) => {
                    fields.insert(format!("{ASKED}{name}"), String::new());
                    let picked = picked.iter().filter_map(Value::as_str);
                    fields.extend(picked.map(|choice| (format!("{ANSWER}{name}.{choice}"), "1".to_owned())));
                }
                _ => {}
            }
        }
        Self { fields }
    }

    /// A field without what surrounds it; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", |text| text.trim())
    }

    /// A field without what surrounds it; none where it is empty.
    pub fn given(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// A field as it was typed.
    pub fn typed(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// Sets a field, as somebody who types it would.
    pub fn set(&mut self, name: &str, value: String) {
        self.fields.insert(name.to_owned(), value);
    }

    /// The names behind `PREFIX.` whose fields are there.
    pub fn ticked<'f>(&'f self, prefix: &'f str) -> impl Iterator<Item = &'f str> {
        self.fields.keys().filter_map(move |name| name.strip_prefix(prefix)?.strip_prefix('.'))
    }

    /// The lead that the form is about.
    pub fn lead(&self) -> Option<LeadId> {
        self.text("lead").parse().ok()
    }

    /// The lease under which it was opened.
    pub fn lease(&self) -> Option<Uuid> {
        self.text("lease").parse().ok()
    }

    /// The id of the touch: the same one again is the same disposition.
    pub fn touch(&self) -> Option<Uuid> {
        self.text("touch").parse().ok()
    }

    /// The version of the draft that the page was shown, or saved last.
    pub fn version(&self) -> i64 {
        self.text("version").parse().unwrap_or(0)
    }

    /// What happened, as far as it was chosen.
    pub fn disposition(&self) -> Option<Disposition> {
        self.text("disposition").parse().ok()
    }

    /// A wish not to be contacted is for every client of the firm.
    pub fn is_for_firm(&self) -> bool {
        self.text("stop_for") == "firm"
    }

    /// What is typed for a question: nothing in a list that is empty; none where the form says nothing of it.
    pub fn answer(&self, question: &Question) -> Option<Vec<String>> {
        let id = &question.id;
        if matches!(question.kind, Kind::Choices(_)) {
            let prefix = format!("{ANSWER}{id}");
            let picked: Vec<_> = self.ticked(&prefix).map(str::to_owned).collect();
            let is_asked = self.fields.contains_key(&format!("{ASKED}{id}"));
            return (is_asked || !picked.is_empty()).then_some(picked);
        }
        let typed = self.fields.get(&format!("{ANSWER}{id}"))?.trim();
        Some(Some(typed.to_owned()).filter(|typed| !typed.is_empty()).into_iter().collect())
    }

    /// Everything typed but the note, as a draft keeps it.
    pub fn draft_answers(&self) -> Map<String, Value> {
        let mut kept = Map::new();
        for name in self.fields.keys().filter_map(|name| name.strip_prefix(ASKED)) {
            let prefix = format!("{ANSWER}{name}");
            kept.insert(name.to_owned(), self.ticked(&prefix).map(Value::from).collect());
        }
        for (name, value) in &self.fields {
            if let Some(question) = name.strip_prefix(ANSWER) {
                // A box that is ticked stands in the list of its question.
                if !question.contains('.') {
                    kept.insert(question.to_owned(), Value::from(value.as_str()));
                }
            } else if !name.starts_with(ASKED) && !OF_THE_PAGE.contains(&name.as_str()) {
                kept.insert(format!("{OTHER}{name}"), Value::from(value.as_str()));
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn form(pairs: &[(&str, &str)]) -> WorkForm {
        WorkForm { fields: pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect() }
    }

    #[test]
    fn a_draft_keeps_what_was_typed_and_nothing_of_the_page() {
        let typed = form(&[
            ("csrf", "x"),
            ("lead", "lead_1"),
            ("note", " lease ends in May "),
            ("a.budget", "45o000"),
            ("asked.area", ""),
            ("a.area.Lake view", "1"),
            ("asked.pets", ""),
            ("disposition", "call_back"),
            ("cb_date", "2026-11-25"),
        ]);
        let draft = DeskDraft {
            lead: LeadId::from_uuid(Uuid::nil()),
            note: typed.typed("note").to_owned(),
            answers: typed.draft_answers(),
            saved_at: Timestamp::UNIX_EPOCH,
            version: 1,
            touch: None,
        };
        let mut keys: Vec<_> = draft.answers.keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, [":cb_date", ":disposition", "area", "budget", "pets"]);
        let again = WorkForm::of_draft(&draft);
        assert_eq!(again.typed("note"), " lease ends in May ");
        assert_eq!(again.draft_answers(), draft.answers);
        assert_eq!(again.ticked("a.area").collect::<Vec<_>>(), ["Lake view"]);
        assert_eq!(again.disposition(), Some(Disposition::CallBack));
    }

    #[test]
    fn a_day_and_a_time_that_are_chosen_behind_a_preset_count_and_not_what_it_had_filled_in() {
        let posted = |more: &[(&str, &str)]| {
            let filled = [("cb_date", "2026-12-07"), ("cb_clock", "09:00"), ("cb_shown", "2026-12-07 09:00")];
            let all = filled.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            WorkForm::from(all.collect::<BTreeMap<_, _>>())
        };
        let time =
            |form: &WorkForm| ["cb_date", "cb_clock", "cb_day", "cb_time"].map(|name| form.text(name).to_owned());
        let alone = posted(&[]);
        assert_eq!(time(&alone), ["2026-12-07", "09:00", "", ""], "the preset alone");
        let chosen = posted(&[("cb_day", "2026-12-03"), ("cb_time", "10:30")]);
        assert_eq!(time(&chosen), ["", "", "2026-12-03", "10:30"]);
        assert!(!chosen.draft_answers().contains_key(":cb_shown"), "what the page showed is no draft");
        // Half of a choice is no time yet, and none that nobody chose is promised for it.
        assert_eq!(time(&posted(&[("cb_day", "2026-12-03")])), ["", "", "2026-12-03", ""]);
        // What is typed counts.
        let typed = posted(&[("cb_day", "2026-12-03"), ("cb_time", "10:30"), ("cb_clock", "11:15")]);
        assert_eq!(time(&typed)[..2], ["2026-12-07", "11:15"]);
    }

    #[test]
    fn what_a_program_typed_stands_in_the_fields() {
        let answers = serde_json::json!({"budget": 450_000, "rate": 4.125, "lender": true, "timeframe_days": null});
        let draft = DeskDraft {
            lead: LeadId::from_uuid(Uuid::nil()),
            note: String::new(),
            answers: answers.as_object().cloned().unwrap_or_default(),
            saved_at: Timestamp::UNIX_EPOCH,
            version: 1,
            touch: None,
        };
        let form = WorkForm::of_draft(&draft);
        assert_eq!(
            (form.text("a.budget"), form.text("a.lender"), form.text("a.timeframe_days")),
            ("450000", "yes", "")
        );
        assert_eq!(form.text("a.rate"), "4.1250", "not four thousand, wherever it is read");
    }
}
