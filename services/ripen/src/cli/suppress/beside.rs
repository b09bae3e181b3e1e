//! What stands in columns of its own beside the numbers of a row and says which numbers they are: the country, the dialling code, the
//! extension. They are read as those of leads are, but nothing is guessed: a stranger would be suppressed, and who asked would not.

use ripen_actions::person::{phones, phones_beside};
use ripen_domain::{
    contact::{DialCode, Identity, Phone, extension_written, is_no_extension},
    country::country_written,
    values::is_nothing,
};

use super::columns::Column;

/// What a row says of its numbers.
#[derive(Debug, Default)]
pub struct BesideNumbers<'r> {
    country: Option<&'r str>,
    code: Option<DialCode>,
    extension: Option<&'r str>,
    /// Neither a country nor a code, or another one than stands beside it.
    unclear: Option<&'r str>,
}

impl<'r> BesideNumbers<'r> {
    /// Nothing but of which country numbers are that do not say so.
    pub fn of_country(country: Option<&'r str>) -> Self {
        Self { country, ..Self::default() }
    }

    /// What the cells of these columns say; where they say no country, it is the whole list's.
    pub fn of(columns: &[Column], cells: &[&'r str], of_list: Option<&'r str>) -> Self {
        let mut beside = Self::default();
        for (column, text) in columns.iter().zip(cells.iter().copied()) {
            match column {
                Column::Country if !is_nothing(text) => beside.note(None, text),
                Column::DialCode { .. } if !is_nothing(text) => beside.note(DialCode::written(text), text),
                Column::Extension if !is_no_extension(text) => {
                    beside.extension.get_or_insert(text);
                }
                _ => {}
            }
        }
        // Where it cannot be told which country is meant, it is not the list's either.
        let country = if beside.unclear.is_some() { None } else { beside.country.or(of_list) };
        Self { country, ..beside }
    }

    fn note(&mut self, code: Option<DialCode>, text: &'r str) {
        let is_clear = match (code, country_written(text)) {
            (Some(code), _) => *self.code.get_or_insert_with(|| code.clone()) == code,
            (None, Some(country)) => *self.country.get_or_insert(country) == country,
            (None, None) => false,
        };
        if !is_clear {
            self.unclear = Some(text);
        }
    }

    /// Of which country numbers are that do not say so, where it is known.
    pub const fn country(&self) -> Option<&'r str> {
        self.country
    }

    /// Whether a column of digits beside the numbers says anything.
    pub const fn is_said(&self) -> bool {
        self.code.is_some() || self.extension.is_some() || self.unclear.is_some()
    }

    /// Every number of a cell.
    ///
    /// # Errors
    /// Why not all of them can be read.
    pub fn phones(&self, text: &str) -> Result<Vec<Phone>, String> {
        let read = match (self.unclear, &self.code) {
            (None, Some(code)) => phones_beside(code, text),
            _ => phones(text, self.country),
        };
        read.map_err(|why| match self.unclear {
            Some(said) => format!("the number {why}; which country is meant by {said:?} beside it cannot be told"),
            None => format!("the number {why}"),
        })
    }

    /// Puts the extension that stands beside the row's number behind it. Without it, everybody behind the number would be suppressed:
    /// where it cannot be put there, the number is taken out, and what is wrong is said.
    pub fn extend(&self, identities: &mut Vec<Identity>, wrong: &mut Vec<String>) {
        let Some(said) = self.extension else { return };
        let number = |one: &Identity| match one {
            Identity::Phone(phone) => Some(phone.clone()),
            Identity::Email(_) => None,
        };
        let mut numbers: Vec<_> = identities.iter().filter_map(number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        // Of a number that could not be read, as likely.
        let is_all_read = wrong.is_empty();
        let extended = match (&numbers[..], extension_written(said)) {
            ([], _) => return,
            ([one], Some(digits)) if is_all_read && one.extension().is_none_or(|own| own == digits) => {
                Some(one.with_extension(&digits))
            }
            _ => None,
        };
        match extended {
            Some(extended) => {
                identities.retain(|one| number(one).is_none());
                identities.push(Identity::Phone(extended));
            }
            None => {
                identities.retain(|one| number(one).is_none_or(|phone| phone.extension().is_some()));
                wrong.push(format!(
                    "behind which number the extension {said:?} is cannot be told: write it behind its own, such as \
                     +1 415 555 0100 x12"
                ));
            }
        }
    }
}
