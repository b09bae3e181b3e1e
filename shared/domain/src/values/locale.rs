//! How numbers and dates are written where somebody is, by their language tag or else their country.

use super::conventions::{LANGUAGES, REGIONAL, TERRITORIES};

/// What stands before the decimals of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecimalMark {
    /// `1.5`
    Point,
    /// `1,5`
    Comma,
}

/// What comes first in a date of digits. Where the year does, the order of day and month after a first day is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// `31/12/2026`
    DayFirst,
    /// `12/31/2026`
    MonthFirst,
    /// `2026/12/31`
    YearFirst,
}

/// How numbers and dates are written somewhere, as far as it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Conventions {
    /// The decimal mark.
    pub decimal: Option<DecimalMark>,
    /// The order of a date.
    pub order: Option<DateOrder>,
    /// Numbers are grouped as lakh and crore: `4,50,000`.
    pub lakh: bool,
    /// Groups of digits stand apart by spaces where the decimal mark is a comma: `450 000,50`.
    pub spaced: bool,
    /// The abbreviations of North American time zones mean those zones.
    pub american_zones: bool,
    /// `mil` is a thousand, as in Spanish and Portuguese; elsewhere it is short for million.
    pub mil_is_thousand: bool,
    /// `M` may be short for a thousand millions, as in Indonesian (`miliar`).
    pub m_is_milliard: bool,
}

/// Where people speak Spanish or Portuguese, by country.
const SPANISH_OR_PORTUGUESE: [&str; 28] = [
    "ES", "MX", "AR", "CL", "CO", "PE", "VE", "EC", "BO", "PY", "UY", "CR", "PA", "GT", "HN", "NI", "SV", "DO", "CU",
    "PR", "GQ", "PT", "BR", "AO", "MZ", "CV", "GW", "ST",
];

/// Where groups of digits stand apart by spaces, by country (CLDR, the symbol `group`).
const SPACED: [&str; 20] = [
    "FR", "PL", "CZ", "SK", "SE", "NO", "FI", "UA", "RU", "BG", "HU", "LT", "LV", "EE", "BY", "KZ", "GE", "AM", "MA",
    "TN",
];

/// What stands between groups of digits where those are spaces: narrow, and no line breaks there.
const GROUP_SPACE: char = '\u{202f}';

impl Conventions {
    /// Plain digits such as `1234567.50` as they are written there: `1,234,567.50`, `1.234.567,50`, `12,34,567.50`. As in English where it
    /// is not known how, without empty decimals, and what is no plain digits as it is.
    #[must_use]
    pub fn grouped(&self, number: &str) -> String {
        let (whole, rest) = number.split_once('.').map_or((number, None), |(whole, rest)| (whole, Some(rest)));
        let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) || rest.is_some_and(|rest| rest.contains(['e', 'E'])) {
            return number.to_owned();
        }
        let (group, decimal) = match self.decimal {
            Some(DecimalMark::Comma) if self.spaced => (GROUP_SPACE, ','),
            Some(DecimalMark::Comma) => ('.', ','),
            _ => (',', '.'),
        };
        let mut groups: Vec<&str> = Vec::new();
        let (mut left, mut size) = (digits, 3);
        while left.len() > size {
            let (before, last) = left.split_at(left.len() - size);
            groups.push(last);
            left = before;
            size = if self.lakh { 2 } else { 3 };
        }
        groups.push(left);
        groups.reverse();
        // A whole amount is written without its empty cents.
        let rest = rest.filter(|rest| rest.bytes().any(|byte| byte != b'0')).map(|rest| format!("{decimal}{rest}"));
        format!("{sign}{}{}", groups.join(group.to_string().as_str()), rest.unwrap_or_default())
    }

    /// Those of a BCP 47 tag, else of a country (ISO 3166 alpha-2). A language without a country says how numbers are
    /// written only where the person's country agrees: English is not written alike in Chicago and in Johannesburg.
    #[must_use]
    pub fn of(locale: Option<&str>, country: Option<&str>) -> Self {
        let (language, region) = locale.map(parts).unwrap_or_default();
        let country = country.map(str::to_ascii_uppercase);
        let found = match (language, region) {
            (Some(language), Some(region)) => of_tag(&language, &region),
            (Some(language), None) => match (look_up(LANGUAGES, &language), country.as_deref()) {
                (Some(of_language), Some(country)) => of_both(&language, of_language, country),
                (of_language, None) => of_language,
                (None, Some(country)) => look_up(TERRITORIES, country),
            },
            (None, _) => country.as_deref().and_then(|country| look_up(TERRITORIES, country)),
        };
        let spoken = locale.and_then(|tag| parts(tag).0);
        let place = locale.and_then(|tag| parts(tag).1).or(country);
        let is_in = |places: &[&str]| place.as_deref().is_some_and(|place| places.contains(&place));
        Self {
            lakh: is_in(&["IN", "PK", "BD", "NP", "LK"]),
            spaced: is_in(&SPACED),
            m_is_milliard: is_in(&["ID"]) || spoken.as_deref() == Some("id"),
            american_zones: is_in(&["US", "CA", "PR", "MX"]),
            mil_is_thousand: match spoken.as_deref() {
                Some(language) => ["es", "pt", "gl", "ca"].contains(&language),
                None => is_in(&SPANISH_OR_PORTUGUESE),
            },
            ..found.unwrap_or_default()
        }
    }
}

/// Language and country of a tag such as `de-AT`, `zh_Hant_TW` or `en`.
fn parts(tag: &str) -> (Option<String>, Option<String>) {
    // What browsers send: several tags with weights, the first of which is meant.
    let first = tag.split([',', ';', '.', '@']).next().unwrap_or_default().trim();
    let mut parts = first.split(['-', '_']);
    let language = parts.next().filter(|part| (2..=3).contains(&part.len())).map(str::to_ascii_lowercase);
    let region = parts.find(|part| part.len() == 2).map(str::to_ascii_uppercase);
    (language, region)
}

fn of_tag(language: &str, region: &str) -> Option<Conventions> {
    let regional = look_up(REGIONAL, &format!("{language}-{region}"));
    regional.or_else(|| look_up(LANGUAGES, language)).or_else(|| look_up(TERRITORIES, region))
}

fn of_both(language: &str, of_language: Conventions, country: &str) -> Option<Conventions> {
    if look_up(REGIONAL, &format!("{language}-{country}")).is_none() && look_up(TERRITORIES, country).is_none() {
        return Some(of_language);
    }
    let of_country = look_up(TERRITORIES, country).unwrap_or_default();
    let here = of_tag(language, country).unwrap_or_default();
    // Countries of several languages say nothing by themselves: then the language decides.
    let agreed = match of_country.decimal {
        Some(_) => of_country.decimal == of_language.decimal,
        None => true,
    };
    let decimal = here.decimal.filter(|_| agreed);
    let order = here.order.filter(|_| of_country.order.is_none() || of_country.order == here.order);
    Some(Conventions { decimal, order, ..Conventions::default() })
}

fn look_up(table: &str, name: &str) -> Option<Conventions> {
    let found = table.split_ascii_whitespace().find(|word| word.len() == name.len() + 2 && word.starts_with(name))?;
    let mut marks = found[name.len()..].chars();
    let decimal = match marks.next()? {
        '.' => Some(DecimalMark::Point),
        ',' => Some(DecimalMark::Comma),
        _ => None,
    };
    let order = match marks.next()? {
        'd' => Some(DateOrder::DayFirst),
        'm' => Some(DateOrder::MonthFirst),
        'y' => Some(DateOrder::YearFirst),
        _ => None,
    };
    Some(Conventions { decimal, order, ..Conventions::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_decides_and_else_the_country() {
        let shown = |locale: &str, country: &str| {
            let some = |text| Some(text).filter(|text: &&str| !text.is_empty());
            let found = Conventions::of(some(locale), some(country));
            let mark = found.decimal.map_or("?", |mark| if mark == DecimalMark::Point { "." } else { "," });
            let order = match found.order {
                Some(DateOrder::DayFirst) => "d",
                Some(DateOrder::MonthFirst) => "m",
                Some(DateOrder::YearFirst) => "y",
                None => "?",
            };
            format!("{mark}{order}")
        };
        for (locale, country, expected) in [
            ("", "US", ".m"),
            ("", "DE", ",d"),
            ("", "GB", ".d"),
            ("", "CH", "?d"),
            ("de-CH", "CH", ".d"),
            ("de-AT", "US", ",d"),
            ("en-US,en;q=0.9", "DE", ".m"),
            ("en", "US", ".m"),
            ("en", "DE", "?d"),
            ("fr", "CA", ",y"),
            ("de", "", ",d"),
            ("pt_BR", "", ",d"),
            ("zh-Hant-TW", "", ".y"),
            ("xx", "DE", ",d"),
            ("", "", "??"),
            ("nonsense", "", "??"),
        ] {
            assert_eq!(shown(locale, country), expected, "{locale} {country}");
        }
    }
}
