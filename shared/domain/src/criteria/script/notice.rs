//! What has to be said before the opening, by place and language: that the call is recorded, where the data comes from, which
//! number to call back. Texts of the script whose names begin with `notice_`: `notice_recording` holds everywhere,
//! `notice_recording_in_us_ca` in its place instead, and the text `-` takes the notice away there.

use std::collections::{BTreeMap, BTreeSet};

use crate::{calling::Place, criteria::Criteria, criteria::script::wording::Wording, document::Notes};

/// What names of notices begin with.
const NOTICE: &str = "notice_";
/// What parts a notice from the place where it holds.
const IN: &str = "_in_";
/// The text where nothing is said.
const TAKEN_AWAY: &str = "-";
/// The parts of a script that every language should have.
const PARTS: [&str; 2] = ["opening", "voicemail"];

/// What is said before the opening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpokenNotice {
    /// What it is about: `recording`, `source`, `callback` …
    pub about: String,
    /// What to say.
    pub text: String,
}

impl Criteria {
    /// What has to be said to somebody before the opening, in their language, as where they are. Where they may be in several
    /// places, the notices of all of them.
    #[must_use]
    pub fn notices(&self, language: &str, places: &[Place]) -> Vec<SpokenNotice> {
        let script = self.script();
        let general = script.keys().filter_map(|name| name.strip_prefix(NOTICE));
        let abouts: BTreeSet<_> = general.map(|rest| rest.split_once(IN).map_or(rest, |(about, _)| about)).collect();
        let mut notices: Vec<SpokenNotice> = Vec::new();
        for about in abouts {
            let everywhere = script.get(&format!("{NOTICE}{about}"));
            let of_places = places.iter().map(|place| in_place(script, about, place).or(everywhere));
            let wordings = if places.is_empty() { vec![everywhere] } else { of_places.collect() };
            for wording in wordings.into_iter().flatten() {
                let text = wording.in_language(language).trim();
                // Two places with one text say it once.
                if !text.is_empty() && text != TAKEN_AWAY && !notices.iter().any(|notice| notice.text == text) {
                    notices.push(SpokenNotice { about: about.to_owned(), text: text.to_owned() });
                }
            }
        }
        notices
    }
}

/// The text of a place itself: of its state, else of its country.
fn in_place<'s>(script: &'s BTreeMap<String, Wording>, about: &str, place: &Place) -> Option<&'s Wording> {
    let region = place.region.as_ref()?.to_string().to_ascii_lowercase().replace('-', "_");
    let country = region.split('_').next().unwrap_or_default();
    [region.as_str(), country].iter().find_map(|place| script.get(&format!("{NOTICE}{about}{IN}{place}")))
}

/// Names the languages in which a part of the script is missing that others have.
pub(in crate::criteria) fn doubt_languages(
    (script, questions): (&BTreeMap<String, Wording>, &[&Wording]),
    at: usize,
    doubts: &mut Notes,
) {
    let all = script.values().chain(questions.iter().copied());
    let languages: BTreeSet<&str> = all.flat_map(Wording::languages).collect();
    let notices = script.keys().map(String::as_str).filter(|name| name.starts_with(NOTICE));
    for name in PARTS.into_iter().chain(notices) {
        let lacking: Vec<_> = match script.get(name) {
            Some(wording) => languages.iter().copied().filter(|language| !wording.speaks(language)).collect(),
            // A script in one text for all may leave a part out; one in several languages was meant to be whole.
            None => script.values().flat_map(Wording::languages).collect::<BTreeSet<_>>().into_iter().collect(),
        };
        if !lacking.is_empty() {
            doubts.add(at, || format!("the script has no '{name}' in: {}", lacking.join(", ")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calling::Whereabouts;

    const DOCUMENT: &str = r#"
name = "homes"
[script]
opening = { en = "Hello", es = "Hola" }
voicemail = { en = "I called" }
notice_recording = { en = "This call is recorded.", es = "Esta llamada se graba." }
notice_recording_in_de = "-"
notice_source = "You asked us on a web site."
notice_source_in_us_ca = { en = "You asked us; California gives you rights." }
[[question]]
id = "days"
ask = { en = "When?", es = "¿Cuándo?" }
type = "number"
[[rule]]
id = "soon"
when = "answers.days < 90"
points = 50
because = "Soon"
[grades]
A = 50
B = 10
[requalify]
B = "30d"
C = "90d"
"#;

    fn places(country: &str, postal_code: Option<&str>, zone: &str) -> Vec<Place> {
        let of = Whereabouts { country: Some(country), postal_code, client_time_zone: zone, ..Whereabouts::default() };
        of.places()
    }

    #[test]
    fn notices_are_those_of_the_place_in_the_language_of_the_person() {
        let criteria = Criteria::load(DOCUMENT).unwrap().criteria;
        let said = |language: &str, places: &[Place]| {
            criteria.notices(language, places).into_iter().map(|notice| notice.text).collect::<Vec<_>>()
        };
        let chicago = places("US", Some("60601"), "America/Chicago");
        assert_eq!(said("es-MX", &chicago), ["Esta llamada se graba.", "You asked us on a web site."]);
        assert_eq!(said("en", &places("DE", None, "Europe/Berlin")), ["You asked us on a web site."]);
        let california = places("US", Some("94103"), "America/Los_Angeles");
        assert!(said("en", &california).contains(&"You asked us; California gives you rights.".to_owned()));
        assert_eq!(said("en", &[]).len(), 2, "without a place those that hold everywhere");
    }

    #[test]
    fn languages_in_which_a_part_is_missing_are_named() {
        let warnings = Criteria::load(DOCUMENT).unwrap().warnings;
        let found: Vec<_> = warnings.iter().map(|one| one.message.as_str()).collect();
        assert!(found.contains(&"the script has no 'voicemail' in: es"), "{found:?}");
        assert!(found.contains(&"the script has no 'notice_source_in_us_ca' in: es"), "{found:?}");
        assert_eq!(found.iter().filter(|message| message.starts_with("the script")).count(), 2, "{found:?}");
        let without = DOCUMENT.replace("voicemail = { en = \"I called\" }\n", "");
        let warnings = Criteria::load(&without).unwrap().warnings;
        assert!(warnings.iter().any(|one| one.message == "the script has no 'voicemail' in: en, es"), "{warnings:?}");
    }
}
