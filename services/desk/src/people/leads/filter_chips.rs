//! The filters of a list that are set, as its page shows them: each in words, with the link that takes it out.

use jiff::civil::Date;

use super::query::LeadsQuery;

/// A filter that is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterChip {
    /// What it filters.
    pub label: &'static str,
    /// By what.
    pub value: String,
    /// The list without it.
    pub remove: String,
}

impl LeadsQuery {
    /// The filters that are set, each with what removes it.
    pub fn chips(&self, source_name: &str) -> Vec<FilterChip> {
        let start = self.first_page();
        let mut chips = Vec::new();
        let mut chip = |label: &'static str, value: Option<String>, without: Self| {
            if let Some(value) = value {
                chips.push(FilterChip { label, value, remove: without.address("/leads") });
            }
        };
        let words = |word: &str| word.replace('_', " ");
        chip("Client", self.client.clone(), Self { client: None, ..start.clone() });
        let program = self.program.as_deref().map(words);
        chip("Program", program, Self { program: None, ..start.clone() });
        let grade = self.grade.map(|grade| grade.filter().word().to_owned());
        chip("Grade", grade, Self { grade: None, ..start.clone() });
        chip("Stage", self.stage.map(|stage| stage.word().to_owned()), Self { stage: None, ..start.clone() });
        chip("Source", self.source.map(|_| source_name.to_owned()), Self { source: None, ..start.clone() });
        chip("Channel", self.channel.map(|channel| words(channel.word())), Self { channel: None, ..start.clone() });
        let promise = self.promise.map(|promise| promise.word().to_owned());
        chip("Next step", promise, Self { promise: None, ..start.clone() });
        let never = self.untouched.filter(|yes| *yes).map(|_| "by nobody yet".to_owned());
        chip("Touched", never, Self { untouched: None, ..start.clone() });
        let held = self.held.filter(|yes| *yes).map(|_| "held back".to_owned());
        chip("Delivery", held, Self { held: None, ..start.clone() });
        let day = |day: Date| day.strftime("%-d %b %Y").to_string();
        chip("Arrived since", self.from.map(day), Self { from: None, ..start.clone() });
        chip("Arrived until", self.to.map(day), Self { to: None, ..start.clone() });
        let on = self.on.unwrap_or_default().title();
        let no_day = if self.touched_by.is_some() && self.promised_by.is_some() { self.on } else { None };
        let touched = self.touched_by.map(|_| format!("by you, {on}"));
        chip("Touched", touched, Self { touched_by: None, how: None, then: None, on: no_day, ..start.clone() });
        let how = self.how.map(|how| words(how.word()));
        chip("Went", how, Self { how: None, ..start.clone() });
        let then = self.then.map(|then| words(then.word()));
        chip("Then", then, Self { then: None, ..start.clone() });
        // Without what they are the days of, they count for nothing, which the page says.
        let alone = self.on.filter(|_| self.touched_by.is_none() && self.promised_by.is_none());
        chip("On", alone.map(|on| on.title().to_owned()), Self { on: None, ..start.clone() });
        let promised = self.promised_by.map(|_| format!("by you, {on}"));
        chip("Promised", promised, Self { promised_by: None, on: no_day, ..start });
        chips
    }
}
