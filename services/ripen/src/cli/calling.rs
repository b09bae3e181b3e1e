//! `ripen calling`: the shipped rules of calling, and what they and the configuration come to in a place.

use std::process::ExitCode;

use clap::Subcommand;
use jiff::civil::Date;
use ripen_domain::calling::{CallingRule, CallingRules, Day, PLACES_AS_OF, Region, RuleSubject};
use ripen_runtime::config::{CallingSettings, Settings};
use serde_json::{Value, json};

use crate::{cli::Common, output};

/// What can be asked about calling.
#[derive(Debug, Subcommand)]
pub enum CallingAction {
    /// List the shipped rules, each with its source and when somebody last looked.
    Rules {
        /// Of one place only, with its country's: US-FL, DE.
        #[arg(long, value_name = "PLACE")]
        place: Option<String>,
    },
    /// Show when people of a place may be called, by your configuration within the rules.
    Hours {
        /// The place: US-FL, DE.
        place: String,
    },
}

/// Runs the command. It needs no database.
pub fn run(common: &Common, action: &CallingAction) -> anyhow::Result<ExitCode> {
    let region = |place: &str| {
        let known = place.parse::<Region>();
        known.map_err(|()| {
            anyhow::anyhow!("{place:?} is no place: write a country such as DE, or a state such as US-UT")
        })
    };
    match action {
        CallingAction::Rules { place } => {
            let place = place.as_deref().map(region).transpose()?;
            let rules = CallingRules::shipped().all().iter();
            let rows: Vec<_> = rules.filter(|rule| place.is_none_or(|at| at.is_in(rule.place))).map(row).collect();
            output::table(common.json, &["place", "hours", "holidays", "calls", "source", "as_of"], &rows)?;
        }
        CallingAction::Hours { place } => {
            let place = region(place)?;
            let settings = Settings::load(common.config.as_deref(), Vec::new())?;
            output::table(common.json, &["day", "hours"], &week(&settings.calling, place)?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn joined<T: ToString>(parts: &[T]) -> String {
    parts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn row(rule: &CallingRule) -> Value {
    json!({"place": rule.place.to_string(), "hours": joined(&rule.hours), "holidays": joined(&rule.holidays),
           "calls": joined(&rule.calls), "source": rule.source, "as_of": rule.as_of})
}

fn week(settings: &CallingSettings, place: Region) -> anyhow::Result<Vec<Value>> {
    let hours = settings.hours()?;
    let shown = |day: &Day| {
        let open = joined(hours.on(Some(place), day.weekday()));
        json!({"day": day.word(), "hours": if open.is_empty() { "closed".to_owned() } else { open }})
    };
    Ok(Day::ALL.iter().map(shown).collect())
}

/// What `ripen doctor` says of calling: how old what it rests on is, and what of it does not count.
///
/// What is loosened stands in the configuration of a process, and two may differ: this one's is said here. The audit has that of
/// every process that calls, from its start (`calling.loosen`).
pub fn examined(settings: &CallingSettings, today: Date) -> String {
    const OLD_DAYS: i32 = 365;
    let rules = CallingRules::shipped();
    let oldest = rules.oldest().unwrap_or(today);
    let age = oldest.until(today).map_or(0, |span| span.get_days());
    let old = if age > OLD_DAYS { ": look for a newer version of Ripen" } else { "" };
    let ago = output::counted(usize::try_from(age).unwrap_or(0), "day");
    let loosened = if settings.loosen.is_empty() {
        "none of them is loosened".to_owned()
    } else {
        format!("loosened: {}", settings.loosen.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    };
    let subjects = RuleSubject::ALL.iter().map(|subject| subject.word()).collect::<Vec<_>>().join(", ");
    format!(
        "rules ({subjects}) of {} places as understood on {oldest}, {ago} ago{old}; {loosened}; places of numbers and postal \
         codes of {PLACES_AS_OF}; time zones of {}. Whether this is the law that binds you is yours to know",
        rules.all().len(),
        ripen_domain::calling::zones_version()
    )
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn doctor_says_how_old_the_rules_are_and_what_is_loosened() {
        let said = examined(&CallingSettings::default(), date(2026, 12, 9));
        assert!(said.contains("10 days ago; none of them is loosened") && said.contains("yours to know"), "{said}");
        assert!(said.contains("time zones of 20"), "{said}");
        let loosen = vec!["US-UT holidays: the person asked for the call".parse().unwrap()];
        let later = examined(&CallingSettings { loosen, ..CallingSettings::default() }, date(2028, 1, 1));
        assert!(
            later.contains("look for a newer version") && later.contains("loosened: US-UT holidays: the person"),
            "{later}"
        );
    }

    #[test]
    fn the_week_of_a_place_is_the_firms_within_the_rules() {
        let week = week(&CallingSettings::default(), "FR".parse().unwrap()).unwrap();
        assert_eq!(week[0], json!({"day": "mon", "hours": "10:00-13:00, 14:00-20:00"}));
        assert_eq!(week[6], json!({"day": "sun", "hours": "closed"}));
    }
}
