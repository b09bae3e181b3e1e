//! The texts of the script as an agent says them: in the person's language, with the names in their places.

use ripen_actions::lead_brief::LeadScript;
use ripen_domain::{contact_link::shown_phone, criteria::SpokenNotice};

/// What names of texts begin with that are said before the opening, by place.
const NOTICE: &str = "notice_";

/// A text of the script.
pub struct ScriptText {
    /// `opening`, `voicemail`, …
    pub name: String,
    /// In the person's language.
    pub text: String,
}

/// Every text of the script but its notices; the opening first, which is what is said first.
pub fn texts(script: &LeadScript, agent: &str) -> Vec<ScriptText> {
    let Some(criteria) = &script.criteria else { return Vec::new() };
    let fill = filling(script, agent);
    let spoken = criteria.script().iter().filter(|(name, _)| !name.starts_with(NOTICE));
    let shown = spoken.map(|(name, wording)| ScriptText {
        name: name.replace('_', " "),
        text: fill(wording.in_language(language(script)).trim()),
    });
    let mut texts: Vec<_> = shown.filter(|text| !text.text.is_empty()).collect();
    texts.sort_by_key(|text| text.name != "opening");
    texts
}

/// What has to be said before the opening, where the person is.
pub fn notices(script: &LeadScript, agent: &str) -> Vec<SpokenNotice> {
    let Some(criteria) = &script.criteria else { return Vec::new() };
    let fill = filling(script, agent);
    let notices = criteria.notices(language(script), &script.lead.places()).into_iter();
    notices.map(|notice| SpokenNotice { about: notice.about.replace('_', " "), text: fill(&notice.text) }).collect()
}

fn language(script: &LeadScript) -> &str {
    script.lead.profile.locale.as_deref().unwrap_or("en")
}

/// Puts the names of a lead in their places.
fn filling<'s>(script: &'s LeadScript, agent: &'s str) -> impl Fn(&str) -> String + 's {
    let person = script.lead.profile.full_name().unwrap_or_default();
    let caller_id = script.background.caller_id.as_deref().map(|number| shown_phone(number, None));
    move |text: &str| {
        let mut names = vec![("agent", agent), ("client", &*script.background.client_name), ("name", &*person)];
        names.extend(caller_id.as_deref().map(|number| ("caller_id", number)));
        filled(text, &names)
    }
}

/// A text with what stands in braces replaced. Once: a name that looks like a place for one is a name.
fn filled(text: &str, names: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let found = after.split_once('}').and_then(|(place, after)| {
            let (_, name) = names.iter().find(|(known, _)| *known == place)?;
            Some((*name, after))
        });
        // What is no place for a name stays as it was written.
        let (name, after) = found.unwrap_or(("{", after));
        filled.push_str(name);
        rest = after;
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_their_places() {
        let names = [("agent", "Dana {client}"), ("client", "Acme Homes")];
        assert_eq!(filled("This is {agent} for {client}.", &names), "This is Dana {client} for Acme Homes.");
        for plain in ["{other} and {", "no place", "", "}{"] {
            assert_eq!(filled(plain, &names), plain);
        }
    }
}
