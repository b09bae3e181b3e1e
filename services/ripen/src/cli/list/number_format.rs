//! A whole number as its cell shows it, where the cell's number format adds to what the number says: the plus of a telephone number
//! (`+#`), the zeros that a postal code begins with (`00000`), a code that is the same for all (`"+49 "0`).
//!
//! Amounts are left as they are kept: marks between thousands, decimals and per cents add nothing. Formats are those of
//! ECMA-376-1, 18.8.31.

/// The format may add to the number, and cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnreadFormat;

/// What one mark of a format shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// A digit, and where there is none a zero.
    Zero,
    /// A digit, and where there is none nothing.
    Digit,
    /// Itself.
    Text(char),
}

/// What a number is shown by: all of them, or those that a condition fits.
#[derive(Debug, Default)]
struct FormatSection {
    marks: Vec<Mark>,
    /// `[<=9999999]`, as far as it can be read.
    condition: Option<Result<FormatCondition, UnreadFormat>>,
    /// It shows an amount, or a number in some other way that is none of an id or a telephone.
    is_amount: bool,
    /// It has marks that are not known here.
    is_unread: bool,
}

#[derive(Debug, Clone, Copy)]
struct FormatCondition {
    is_met: fn(&f64, &f64) -> bool,
    than: f64,
}

/// The number as it is shown, where that says more than its digits.
///
/// # Errors
/// When the format may say more and cannot be read.
pub fn shown(number: &str, format: &str) -> Result<String, UnreadFormat> {
    let plain = || Ok(number.to_owned());
    // Negative numbers are neither codes nor telephones.
    if number == "0" || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return plain();
    }
    let sections = sections(format);
    let may_add = sections.iter().any(|section| !section.is_amount && section.adds_to(number));
    if !may_add {
        return plain();
    }
    let fitting = section_for(&sections, number)?;
    if fitting.is_amount || !fitting.adds_to(number) {
        return plain();
    }
    if fitting.is_unread {
        return Err(UnreadFormat);
    }
    Ok(fitting.fill(number))
}

/// The first whose condition is met; one without is for all.
fn section_for<'s>(sections: &'s [FormatSection], number: &str) -> Result<&'s FormatSection, UnreadFormat> {
    let value = number.parse::<f64>().map_err(|_| UnreadFormat)?;
    for section in sections {
        match section.condition {
            None => return Ok(section),
            Some(Ok(FormatCondition { is_met, than })) if is_met(&value, &than) => return Ok(section),
            Some(Ok(_)) => {}
            Some(Err(unread)) => return Err(unread),
        }
    }
    Err(UnreadFormat)
}

/// The parts of a format: of positive numbers, of negative ones, of zero, of texts; or by their conditions.
fn sections(format: &str) -> Vec<FormatSection> {
    let mut sections = vec![FormatSection::default()];
    let mut rest = format.chars();
    while let Some(mark) = rest.next() {
        if mark == ';' {
            sections.push(FormatSection::default());
        } else if let Some(section) = sections.last_mut() {
            section.take(mark, &mut rest);
        }
    }
    sections
}

impl FormatSection {
    fn take(&mut self, mark: char, rest: &mut std::str::Chars<'_>) {
        match mark {
            '0' => self.marks.push(Mark::Zero),
            '#' | '?' | '@' => self.marks.push(Mark::Digit),
            '\\' => self.marks.extend(rest.next().map(Mark::Text)),
            // As wide as the next mark, or filled up with it: nothing that is said.
            '_' | '*' => {
                rest.next();
            }
            '"' => self.marks.extend(rest.by_ref().take_while(|mark| *mark != '"').map(Mark::Text)),
            '[' => self.bracket(&rest.by_ref().take_while(|mark| *mark != ']').collect::<String>()),
            '.' | ',' | '%' | '/' => self.is_amount = true,
            'E' | 'e' if rest.as_str().starts_with(['+', '-']) => self.is_amount = true,
            'G' if rest.as_str().starts_with("eneral") => {
                rest.nth("eneral".len() - 1);
                self.marks.push(Mark::Digit);
            }
            letter if letter.is_alphanumeric() => self.is_unread = true,
            text => self.marks.push(Mark::Text(text)),
        }
    }

    /// A colour, a language, the sign of a currency, or a condition.
    fn bracket(&mut self, inside: &str) {
        if let Some(currency) = inside.strip_prefix('$') {
            let sign = currency.split('-').next().unwrap_or_default();
            self.marks.extend(sign.chars().map(Mark::Text));
        } else if inside.starts_with(['<', '>', '=']) {
            self.condition = Some(FormatCondition::read(inside));
        }
    }

    /// Whether what is shown says more than the digits: zeros where there are none, a plus, digits that are the same for all, or marks
    /// between the digits of a code of a certain length.
    fn adds_to(&self, number: &str) -> bool {
        let is_sign = |mark: &Mark| matches!(mark, Mark::Text(text) if *text == '+' || text.is_ascii_digit());
        let mut before = self.marks.iter().take_while(|mark| matches!(mark, Mark::Text(_)));
        let (places, zeros) = (self.places(), self.zeros());
        let is_code = zeros >= 2 && zeros == places && number.len() <= zeros && self.has_marks_of_codes_alone();
        before.any(is_sign) || number.len() < zeros || is_code
    }

    fn has_marks_of_codes_alone(&self) -> bool {
        self.marks.iter().all(|mark| matches!(mark, Mark::Zero | Mark::Text('-' | ' ')))
    }

    fn places(&self) -> usize {
        self.marks.iter().filter(|mark| !matches!(mark, Mark::Text(_))).count()
    }

    /// How many digits are shown at least: from the first zero on every place has one.
    fn zeros(&self) -> usize {
        let places = self.marks.iter().filter(|mark| !matches!(mark, Mark::Text(_)));
        places.skip_while(|mark| **mark != Mark::Zero).count()
    }

    /// The digits in their places, from the right; what is more than there are places stands in the first one.
    fn fill(&self, number: &str) -> String {
        let (places, zeros) = (self.places(), self.zeros());
        let digits = format!("{number:0>zeros$}");
        let (empty, mut beyond) = (places.saturating_sub(digits.len()), digits.len().saturating_sub(places));
        let (mut digits, mut place) = (digits.chars(), 0);
        let mut shown = String::new();
        for mark in &self.marks {
            if let Mark::Text(text) = mark {
                shown.push(*text);
                continue;
            }
            place += 1;
            if place > empty {
                shown.extend(digits.by_ref().take(1 + std::mem::take(&mut beyond)));
            }
        }
        shown.trim().to_owned()
    }
}

impl FormatCondition {
    fn read(text: &str) -> Result<Self, UnreadFormat> {
        let sign = text.trim_start_matches(['<', '>', '=']);
        let is_met: fn(&f64, &f64) -> bool = match text.strip_suffix(sign).unwrap_or_default() {
            "<" => f64::lt,
            "<=" => f64::le,
            ">" => f64::gt,
            ">=" => f64::ge,
            "=" => f64::eq,
            "<>" => f64::ne,
            _ => return Err(UnreadFormat),
        };
        let than = sign.trim().parse().map_err(|_| UnreadFormat)?;
        Ok(Self { is_met, than })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_format_adds_is_part_of_the_number() {
        for (number, format, text) in [
            ("4930901820", "+#", "+4930901820"),
            ("4930901820", "\"+\"0", "+4930901820"),
            ("4930901820", "\\+0", "+4930901820"),
            ("4930901820", "+General", "+4930901820"),
            ("4930901820", "\\+00\\ 00\\ 000000", "+49 30 901820"),
            ("30901820", "\"+49 \"0", "+49 30901820"),
            ("30901820", "[$+49]0", "+4930901820"),
            ("30901820", "\"0\"0", "030901820"),
            ("30901820", "000000000", "030901820"),
            ("501", "00000", "00501"),
            ("501", "00000;-00000;;@", "00501"),
            ("5010007", "00000\\-0000", "00501-0007"),
            ("601341234", "00000\\-0000", "60134-1234"),
            ("12", "\"ID-\"0000", "ID-0012"),
            ("12", "0###", "0012"),
            ("4155550100", "[<=9999999]\"+1 415 \"0;\"+1 \"0", "+1 4155550100"),
            ("5550100", "[<=9999999]\"+1 415 \"0;\"+1 \"0", "+1 415 5550100"),
        ] {
            assert_eq!(shown(number, format), Ok(text.to_owned()), "{number} {format}");
        }
    }

    #[test]
    fn what_adds_nothing_leaves_the_number_as_it_is() {
        for (number, format) in [
            ("60134", ""),
            ("4155550100", "General"),
            ("4155550100", "[<=9999999]###\\-####;\\(###\\)\\ ###\\-####"),
            ("450000", "#,##0"),
            ("450000", "+#,##0;-#,##0"),
            ("450000", "_-* #,##0.00\\ [$€-407]_-"),
            ("450000", "0.00E+00"),
            ("7", "0"),
            ("7", "[Red]0"),
            ("-3", "00000"),
            ("0", "\"+\"0"),
            ("1234567", "00000"),
            ("46346", "yyyy-mm-dd"),
        ] {
            assert_eq!(shown(number, format), Ok(number.to_owned()), "{number} {format}");
        }
    }

    #[test]
    fn what_may_add_and_cannot_be_read_is_told() {
        for format in ["[<x]\"+\"0;0", "[<10]\"+\"0", "\"+\"0x"] {
            assert_eq!(shown("4930901820", format), Err(UnreadFormat), "{format}");
        }
    }
}
