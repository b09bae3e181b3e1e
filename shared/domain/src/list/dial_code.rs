//! Fields and columns for the dialling code beside a number, by their names: folded as those of a lead's fields are. What such a one
//! holds may be the country instead (`DE`).

use super::header::{key, words};

/// The longest name of such a field.
const LONGEST: usize = 40;
/// How forms and lists call one, in letters alone: of several in one lead the first of these counts.
const NAMES: [&str; 42] = [
    "phonecountrycode",
    "phonecountry",
    "phonecc",
    "phonecode",
    "phoneprefix",
    "phonedialcode",
    "phonedialingcode",
    "phonediallingcode",
    "phonecallingcode",
    "mobilecountrycode",
    "telephonecountrycode",
    "telcountrycode",
    "whatsappcountrycode",
    "dialcode",
    "dialingcode",
    "diallingcode",
    "callingcode",
    "countrydialcode",
    "countrydialingcode",
    "countrydiallingcode",
    "countrycallingcode",
    "countryphonecode",
    "countryphoneprefix",
    "internationaldialcode",
    "internationaldialingcode",
    "internationaldiallingcode",
    "internationalcallingcode",
    "isdcode",
    "landesvorwahl",
    "landervorwahl",
    "internationalevorwahl",
    "indicatif",
    "indicatifpays",
    "indicatiftelephonique",
    "prefijopais",
    "prefijointernacional",
    "codigopais",
    "codigotelefonicopais",
    "prefissointernazionale",
    "codepays",
    "countrycode",
    "landercode",
];

/// Whether a field or a column is one, and which of the names it has: of several the least counts.
#[must_use]
pub fn dial_code_field(name: &str) -> Option<usize> {
    if name.len() > LONGEST {
        return None;
    }
    let place = |key: &str| NAMES.iter().position(|known| *known == key);
    place(&words(name).concat()).or_else(|| place(&key(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_however_they_are_written() {
        for name in [
            "phone_country_code",
            "phoneCountryCode",
            "Phone Country Code",
            "phone country code",
            "Phone Number Country Code",
            "dialCode",
            "Dial Code",
            "dial code",
            "callingCode",
            "countryCallingCode",
            "countryCode",
            "Country Code",
            "country-code",
            "COUNTRY_CODE",
            "phone_cc",
            "phone_prefix",
            "Ländervorwahl",
            "Código de país",
        ] {
            assert!(dial_code_field(name).is_some(), "{name}");
        }
        for name in
            ["country", "code", "prefix", "phone", "phone_type", "zip_code", "area_code", "billing_country_code", ""]
        {
            assert_eq!(dial_code_field(name), None, "{name}");
        }
        assert!(dial_code_field("phoneCountryCode") < dial_code_field("countryCode"), "the nearer counts");
    }
}
