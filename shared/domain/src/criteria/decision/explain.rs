//! A decision in words that a sales rep understands: what counted, what was missing, what would make it an A, and what
//! happens next.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use crate::{
    criteria::{
        decision::receipt::{Finding, Receipt, Verdict},
        model::Criteria,
    },
    lead::Grade,
};

impl Receipt {
    /// The receipt in words, line by line. Dates are shown in `zone`; `criteria` are those that decided.
    #[must_use]
    pub fn explain(&self, criteria: &Criteria, zone: &TimeZone) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text, criteria, zone);
        text
    }

    fn write(&self, text: &mut String, criteria: &Criteria, zone: &TimeZone) -> std::fmt::Result {
        let at = self.at.to_zoned(zone.clone()).strftime("%A, %-d %B %Y, %H:%M %Z").to_string();
        let (a, b) = criteria.thresholds();
        writeln!(text, "Grade {} with {} points, on {at}", self.grade, self.score)?;
        writeln!(
            text,
            "by the criteria {}, version {} (A from {a} points, B from {b})",
            self.criteria.name, self.criteria.version
        )?;
        let worth = |rule: &Finding| worth(criteria, rule);
        self.section(text, "What counted", Verdict::Yes, worth)?;
        self.section(text, "What was asked and did not hold", Verdict::No, worth)?;
        self.section(text, "What was not known", Verdict::Missing, worth)?;
        self.section(text, "What could not be computed", Verdict::Error, worth)?;
        self.unused(text)?;
        self.held_down(text)?;
        self.towards_a(text, criteria)?;
        self.ahead(text, zone)
    }

    fn section(
        &self,
        text: &mut String,
        title: &str,
        result: Verdict,
        worth: impl Fn(&Finding) -> i32,
    ) -> std::fmt::Result {
        let mut found = self.rules.iter().filter(|rule| rule.result == result).peekable();
        if found.peek().is_some() {
            writeln!(text, "\n{title}")?;
        }
        for rule in found {
            write!(text, "  {:+4}  {}", worth(rule), rule.because)?;
            match (rule.missing.as_slice(), &rule.error) {
                ([], None) => writeln!(text)?,
                ([], Some(error)) => writeln!(text, " ({error})")?,
                (missing, _) => writeln!(text, " (not known: {})", names(missing))?,
            }
        }
        Ok(())
    }

    /// Answers that are there and do not count.
    fn unused(&self, text: &mut String) -> std::fmt::Result {
        let unused: Vec<_> =
            self.inputs.iter().filter_map(|(name, input)| Some((name, input.unused.as_ref()?))).collect();
        if unused.is_empty() {
            return Ok(());
        }
        writeln!(text, "\nAnswers that did not count")?;
        unused.iter().try_for_each(|(name, why)| writeln!(text, "        {}: {why}", short(name)))
    }

    fn held_down(&self, text: &mut String) -> std::fmt::Result {
        if self.caps.is_empty() {
            return Ok(());
        }
        writeln!(text, "\nWhat holds the grade down")?;
        self.caps.iter().try_for_each(|cap| writeln!(text, "        at most {}: {}", cap.at_most, cap.because))
    }

    /// What is still open that could make it an A: points first, then what holds it down.
    fn towards_a(&self, text: &mut String, criteria: &Criteria) -> std::fmt::Result {
        // A closed lead becomes no A by points; what closed it is said below.
        if self.grade == Grade::A || self.closed.is_some() {
            return Ok(());
        }
        let lacking = criteria.thresholds().0.saturating_sub(self.score);
        let unknown = self.rules.iter().filter(|rule| rule.result == Verdict::Missing);
        let mut open: Vec<_> =
            // Only rules that would add points: those that take some away are no reason to ask.
            unknown.map(|rule| (worth(criteria, rule), rule)).filter(|(worth, _)| *worth > 0).collect();
        open.sort_by_key(|(worth, _)| std::cmp::Reverse(*worth));
        writeln!(text, "\nWhat would make it an A")?;
        if lacking > 0 {
            let most: i32 = open.iter().map(|(worth, _)| worth).sum();
            writeln!(text, "        {lacking} more points; what is not known yet is worth up to {most}")?;
            for (worth, rule) in &open {
                writeln!(text, "  {worth:+4}  if it holds: {} (ask for: {})", rule.because, names(&rule.missing))?;
            }
            if most < lacking {
                writeln!(text, "        so something that is known has to change as well")?;
            }
        }
        self.caps.iter().try_for_each(|cap| writeln!(text, "        and an end to this: {}", cap.because))
    }

    fn ahead(&self, text: &mut String, zone: &TimeZone) -> std::fmt::Result {
        writeln!(text, "\nWhat happens next")?;
        match (&self.closed, &self.next) {
            (Some(why), _) => writeln!(text, "        nothing: the lead is closed, {why}"),
            (None, Some(next)) => {
                // The day only: the minute is a matter of the sweep, and nobody should wait for it.
                let due = next.due_at.to_zoned(zone.clone()).strftime("%-d %B %Y").to_string();
                writeln!(text, "        it is looked at again on {due}: {}", next.why)
            }
            (None, None) => writeln!(text, "        it goes to the client's sales team"),
        }
    }
}

/// The points that a rule gives when it holds.
fn worth(criteria: &Criteria, finding: &Finding) -> i32 {
    // From the criteria: a rule that did not count has 0 points on the receipt.
    criteria.rules.iter().find(|rule| rule.id == finding.id).map_or(0, |rule| rule.points)
}

fn names(facts: &[std::sync::Arc<str>]) -> String {
    facts.iter().map(|name| short(name)).collect::<Vec<_>>().join(", ")
}

/// The question's id alone: that it is an answer goes without saying.
fn short(name: &str) -> &str {
    name.strip_prefix("answers.").unwrap_or(name)
}
