//! The hours in which people may be called: the firm's, one rule for everybody and exceptions for countries and states, within what
//! the rules of each place leave. A promise is laid into them.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};

use super::{
    CallLimit, CallingRule, CallingRules, Day, Exception, FirmHoliday, FirmLimit, Holiday, InvalidCalling, Loosening,
    Region, RuleSubject, Window,
};

/// Monday first; nothing on a day that is closed.
type Week = [Vec<Window>; 7];

/// What counts in one place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct PlaceHours {
    week: Week,
    holidays: Vec<Holiday>,
    limits: Vec<CallLimit>,
}

/// When people may be called, by the wall clock of the place where they are, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    general: PlaceHours,
    /// Whole weeks: what an exception does not speak of is its country's, else the general rule's.
    places: BTreeMap<Region, PlaceHours>,
}

/// What a firm says of calling.
#[derive(Debug, Clone, Copy)]
pub struct FirmCalling<'a> {
    /// From when until when, everywhere.
    pub window: Window,
    /// On which days of the week, everywhere.
    pub days: &'a [Day],
    /// Other hours in single places.
    pub exceptions: &'a [Exception],
    /// Days of the year.
    pub holidays: &'a [FirmHoliday],
    /// Calls per number.
    pub limits: &'a [FirmLimit],
    /// Shipped rules that do not count.
    pub loosened: &'a [Loosening],
}

/// Monday to Saturday, from nine to eight in the evening, within the shipped rules.
impl Default for Hours {
    fn default() -> Self {
        let window = Window::default();
        let days = &Day::ALL[..6];
        let firm = FirmCalling { window, days, exceptions: &[], holidays: &[], limits: &[], loosened: &[] };
        Self::within(&firm, CallingRules::shipped()).unwrap_or_else(|_| Self::of_everybody(window, days))
    }
}

impl Hours {
    /// The same hours on these days for everybody, but for the exceptions; no rules of any place.
    ///
    /// # Errors
    /// Where nobody, or nobody in some place, could ever be called, and where exceptions contradict each other.
    pub fn new(window: Window, days: &[Day], exceptions: &[Exception]) -> Result<Self, InvalidCalling> {
        let firm = FirmCalling { window, days, exceptions, holidays: &[], limits: &[], loosened: &[] };
        Self::within(&firm, &CallingRules::default())
    }

    /// A firm's hours, within the rules that it does not loosen.
    ///
    /// # Errors
    /// Where nobody, or nobody in some place, could ever be called; where exceptions contradict each other or allow more than a
    /// rule does; where something is loosened that there is no rule for.
    pub fn within(firm: &FirmCalling<'_>, rules: &CallingRules) -> Result<Self, InvalidCalling> {
        if firm.days.is_empty() {
            return Err(InvalidCalling::NoDay);
        }
        let mut hours = Self::of_everybody(firm.window, firm.days);
        hours.except(firm.exceptions)?;
        if let Some((place, _)) = hours.places.iter().find(|(_, own)| own.week.iter().all(Vec::is_empty)) {
            return Err(InvalidCalling::AlwaysClosed(*place));
        }
        check_loosened(firm.loosened, rules)?;
        check_exceptions(firm, rules)?;
        hours.tighten(firm);
        for rule in rules.all() {
            hours.place(rule.place);
        }
        for (place, own) in &mut hours.places {
            rules.of(*place).for_each(|rule| own.keep(rule, firm.loosened));
            if own.week.iter().all(Vec::is_empty) {
                return Err(InvalidCalling::NothingLeft(*place));
            }
        }
        Ok(hours)
    }

    fn of_everybody(window: Window, days: &[Day]) -> Self {
        let mut general = PlaceHours::default();
        for day in days {
            general.week[*day as usize] = vec![window];
        }
        Self { general, places: BTreeMap::new() }
    }

    fn except(&mut self, exceptions: &[Exception]) -> Result<(), InvalidCalling> {
        let mut said = Vec::new();
        // Countries first: their states go by them.
        let countries = exceptions.iter().filter(|exception| exception.place.is_country());
        let states = exceptions.iter().filter(|exception| !exception.place.is_country());
        for exception in countries.chain(states) {
            let own = self.place(exception.place);
            for day in exception.days() {
                if said.contains(&(exception.place, day)) {
                    return Err(InvalidCalling::Twice(exception.place, day.word()));
                }
                said.push((exception.place, day));
                own.week[day as usize] = exception.window.into_iter().collect();
            }
        }
        Ok(())
    }

    /// The firm's own holidays and limits, which are stricter than none.
    fn tighten(&mut self, firm: &FirmCalling<'_>) {
        let named = firm.holidays.iter().map(|own| own.place).chain(firm.limits.iter().map(|own| own.place));
        for place in named.flatten() {
            self.place(place);
        }
        let general = std::iter::once((None, &mut self.general));
        for (at, own) in general.chain(self.places.iter_mut().map(|(place, own)| (Some(*place), own))) {
            let counts = |place: Option<Region>| place.is_none_or(|place| at.is_some_and(|at| at.is_in(place)));
            own.holidays.extend(firm.holidays.iter().filter(|own| counts(own.place)).map(|own| own.holiday));
            own.limits.extend(firm.limits.iter().filter(|own| counts(own.place)).map(|own| own.limit));
        }
    }

    /// What counts in a place, begun as it is in its country or everywhere.
    fn place(&mut self, place: Region) -> &mut PlaceHours {
        let above = self.of(Some(place)).clone();
        self.places.entry(place).or_insert(above)
    }

    fn of(&self, region: Option<Region>) -> &PlaceHours {
        let own = region.and_then(|region| self.places.get(&region));
        let countrys = || region.and_then(|region| self.places.get(&region.country()));
        own.or_else(countrys).unwrap_or(&self.general)
    }

    /// The hours of a day of the week there; none where it is closed.
    #[must_use]
    pub fn on(&self, region: Option<Region>, weekday: Weekday) -> &[Window] {
        let monday_first = usize::try_from(weekday.to_monday_zero_offset()).unwrap_or(0);
        &self.of(region).week[monday_first]
    }

    /// The hours of a date there; none where it is closed or a holiday.
    #[must_use]
    pub fn on_date(&self, region: Option<Region>, date: Date) -> &[Window] {
        let is_holiday = self.of(region).holidays.iter().any(|holiday| holiday.is_on(date));
        if is_holiday { &[] } else { self.on(region, date.weekday()) }
    }

    /// How often one number there may be called.
    #[must_use]
    pub fn limits(&self, region: Option<Region>) -> &[CallLimit] {
        &self.of(region).limits
    }
}

impl PlaceHours {
    /// Takes away what a rule forbids, but for what is loosened.
    fn keep(&mut self, rule: &CallingRule, loosened: &[Loosening]) {
        let counts = |subject| rule.speaks_of(subject) && !loosened.iter().any(|one| one.covers(rule, subject));
        if counts(RuleSubject::Hours) {
            for day in Day::ALL {
                let own = &mut self.week[*day as usize];
                *own = own.iter().flat_map(|window| rule.on(*day).filter_map(|open| window.common(open))).collect();
                own.sort_unstable();
            }
        }
        if counts(RuleSubject::Holidays) {
            self.holidays.extend(&rule.holidays);
        }
        if counts(RuleSubject::Calls) {
            self.limits.extend(&rule.calls);
        }
    }
}

/// A loosening that fits no rule is a slip of the pen, and would go on being believed.
fn check_loosened(loosened: &[Loosening], rules: &CallingRules) -> Result<(), InvalidCalling> {
    let fits = |one: &Loosening, rule: &CallingRule| {
        RuleSubject::ALL.iter().any(|subject| rule.speaks_of(*subject) && one.covers(rule, *subject))
    };
    match loosened.iter().find(|one| !rules.all().iter().any(|rule| fits(one, rule))) {
        Some(one) => Err(InvalidCalling::NothingToLoosen(one.place)),
        None => Ok(()),
    }
}

/// Hours that are written for a place are meant there: where a rule cut them down in silence, somebody would wait for calls.
fn check_exceptions(firm: &FirmCalling<'_>, rules: &CallingRules) -> Result<(), InvalidCalling> {
    for exception in firm.exceptions {
        let Some(window) = exception.window else { continue };
        let binding = rules.of(exception.place).filter(|rule| {
            let subject = RuleSubject::Hours;
            rule.speaks_of(subject) && !firm.loosened.iter().any(|one| one.covers(rule, subject))
        });
        for rule in binding {
            if exception.days().any(|day| !rule.on(day).any(|open| window.common(open) == Some(window))) {
                let (exception, place) = (exception.to_string(), rule.place);
                return Err(InvalidCalling::Wider { exception, place, rule: rule.to_string() });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
