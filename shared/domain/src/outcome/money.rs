//! Amounts of money with their currency, as clients report sales.

use std::{fmt, str::FromStr};

use rust_decimal::Decimal;

use crate::values::{Conventions, WrittenAmount};

/// ISO 4217, the codes in use, without those for funds, metals and tests.
const CODES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF \
     CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS \
     INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR \
     MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP \
     SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF \
     XPF YER ZAR ZMW ZWG";

/// Countries of the euro.
const EURO: &str = "AD AT BE BG CY DE EE ES FI FR GR HR IE IT LT LU LV MC ME MT NL PT SI SK SM VA XK";

/// Of ISO 4217 those without a smaller unit.
const WITHOUT_CENTS: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
/// And those with a thousand of them; all others have a hundred.
const IN_THOUSANDTHS: &str = "BHD IQD JOD KWD LYD OMR TND";

/// Signs and abbreviations that mean one currency wherever they are written. `$`, `kr` and `¥` mean one of several.
const SIGNS: [(&str, &str); 31] = [
    ("€", "EUR"),
    ("euro", "EUR"),
    ("euros", "EUR"),
    ("£", "GBP"),
    ("us$", "USD"),
    ("ca$", "CAD"),
    ("c$", "CAD"),
    ("a$", "AUD"),
    ("au$", "AUD"),
    ("nz$", "NZD"),
    ("hk$", "HKD"),
    ("s$", "SGD"),
    ("mx$", "MXN"),
    ("r$", "BRL"),
    ("nt$", "TWD"),
    ("₹", "INR"),
    ("₽", "RUB"),
    ("₺", "TRY"),
    ("₴", "UAH"),
    ("₪", "ILS"),
    ("₩", "KRW"),
    ("฿", "THB"),
    ("₫", "VND"),
    ("₱", "PHP"),
    ("₦", "NGN"),
    ("₡", "CRC"),
    ("₲", "PYG"),
    ("kč", "CZK"),
    ("zł", "PLN"),
    ("ft", "HUF"),
    ("円", "JPY"),
];

/// Signs and words that several currencies share. None of them says which one it is, but which it can be; `¢` and `原` none.
const SHARED: [(&str, &str); 23] = [
    (
        "$",
        "USD CAD AUD NZD HKD SGD MXN TWD ARS CLP COP BMD BBD BSD BND BZD DOP FJD GYD JMD LRD NAD SBD SRD TTD UYU XCD",
    ),
    ("dollar", "USD CAD AUD NZD HKD SGD TWD BMD BBD BSD BND BZD FJD GYD JMD LRD NAD SBD SRD TTD XCD"),
    ("dollars", "USD CAD AUD NZD HKD SGD TWD BMD BBD BSD BND BZD FJD GYD JMD LRD NAD SBD SRD TTD XCD"),
    ("dollares", "USD CAD AUD NZD HKD SGD TWD"),
    ("dólares", "USD CAD AUD NZD HKD SGD TWD"),
    ("peso", "MXN ARS CLP COP CUP DOP PHP UYU"),
    ("pesos", "MXN ARS CLP COP CUP DOP PHP UYU"),
    ("rupee", "INR PKR LKR NPR MUR SCR"),
    ("rupees", "INR PKR LKR NPR MUR SCR"),
    ("kr", "SEK NOK DKK ISK"),
    ("kr.", "SEK NOK DKK ISK"),
    ("¥", "JPY CNY"),
    ("元", "CNY TWD HKD"),
    ("rs", "INR PKR LKR NPR MUR SCR"),
    ("rs.", "INR PKR LKR NPR MUR SCR"),
    ("r", "ZAR"),
    ("fr.", "CHF XAF XOF XPF DJF GNF KMF RWF BIF CDF"),
    ("sfr.", "CHF"),
    ("lei", "RON MDL"),
    ("лв", "BGN"),
    ("руб", "RUB BYN"),
    ("руб.", "RUB BYN"),
    ("р.", "RUB BYN"),
];

/// Words for one currency that are no sign and no code of ISO 4217.
const WORDS: [(&str, &str); 3] = [("rmb", "CNY"), ("pounds", "GBP"), ("reais", "BRL")];

/// The largest amount is below this.
const LIMIT: i64 = 10_000_000_000;

/// A currency's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Currency([u8; 3]);

/// A text that is no currency's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no currency: write the three letters of ISO 4217, such as USD")]
pub struct InvalidCurrency;

impl Currency {
    /// How many digits it has after the decimal mark, by ISO 4217.
    #[must_use]
    pub fn digits(self) -> u32 {
        let is_in = |codes: &str| codes.split_ascii_whitespace().any(|code| code.as_bytes() == self.0);
        match () {
            () if is_in(WITHOUT_CENTS) => 0,
            () if is_in(IN_THOUSANDTHS) => 3,
            () => 2,
        }
    }
}

impl FromStr for Currency {
    type Err = InvalidCurrency;

    fn from_str(text: &str) -> Result<Self, InvalidCurrency> {
        let code = text.trim().to_ascii_uppercase();
        let known = code.len() == 3 && CODES.split_ascii_whitespace().any(|known| known == code);
        let bytes: Option<[u8; 3]> = code.as_bytes().try_into().ok();
        bytes.filter(|_| known).map(Self).ok_or(InvalidCurrency)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{}", char::from(*byte)))
    }
}

/// What a lead was sold for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sale {
    /// More than nothing, with no more digits after the point than the currency has.
    pub amount: Decimal,
    /// Of which money.
    pub currency: Currency,
}

impl Sale {
    /// The amount as people write it: with the digits after the point that the currency has.
    #[must_use]
    pub fn amount_text(&self) -> String {
        let mut amount = self.amount.normalize();
        let digits = self.currency.digits();
        if amount.scale() < digits {
            amount.rescale(digits);
        }
        amount.to_string()
    }

    /// As people of a place write it: `12,500 USD`, `12.500 EUR`.
    #[must_use]
    pub fn in_words(&self, by: &Conventions) -> String {
        format!("{} {}", by.grouped(&self.amount_text()), self.currency)
    }
}

impl fmt::Display for Sale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount_text(), self.currency)
    }
}

/// Reads an amount as people of a place write it; where the currency is known, with as many decimals as that has.
pub(super) fn amount(written: &WrittenAmount, by: &Conventions, currency: Option<Currency>) -> Result<Decimal, String> {
    let in_thousandths = currency.is_some_and(|currency| currency.digits() == 3);
    let amount = written.number(by, in_thousandths).map_err(|why| why.to_string())?;
    if amount <= Decimal::ZERO {
        return Err("must be more than 0; leave it out where it is not known".to_owned());
    }
    if amount >= Decimal::from(LIMIT) {
        return Err(format!("must be below {LIMIT}"));
    }
    Ok(amount)
}

impl Sale {
    /// An amount of a currency, which must not have more digits after the point than the currency has.
    pub(super) fn new(amount: Decimal, currency: Currency) -> Result<Self, String> {
        let digits = currency.digits();
        if amount.normalize().scale() > digits {
            // 1.50 yen is no amount: most likely the currency is wrong, and nobody would see it once it is rounded.
            return Err(match digits {
                0 => format!("has digits after the decimal mark, and {currency} has none"),
                digits => format!("has more than the {digits} digits after the decimal mark that {currency} has"),
            });
        }
        Ok(Self { amount, currency })
    }
}

/// The currency of an amount, by the signs and codes that are written at it and by the code that is named beside it.
///
/// # Errors
/// In words: where there is none, or where two of them do not fit.
pub(super) fn currency(written: &WrittenAmount, beside: Option<Currency>) -> Result<Currency, String> {
    let one = |word: &&str| {
        let known = SIGNS.iter().chain(&WORDS).find(|(sign, _)| sign == word);
        known.map_or(*word, |(_, code)| *code).parse::<Currency>().ok()
    };
    let currency = beside.or_else(|| written.currencies.iter().find_map(one));
    let currency = currency.ok_or_else(|| "Say of which money the amount is, such as USD.".to_owned())?;
    for word in &written.currencies {
        if let Some(named) = one(word) {
            if named != currency {
                return Err(format!("The amount is in {named}, not in {currency}."));
            }
            continue;
        }
        // A form begins with the currency of the client's country: an amount in other money must not be taken for that.
        let shared = SHARED.iter().find(|(sign, _)| sign == word).map_or("", |(_, codes)| *codes);
        if !shared.split_ascii_whitespace().any(|code| code.parse::<Currency>() == Ok(currency)) {
            return Err(format!(
                "The amount is written with \u{201c}{word}\u{201d}, which {currency} is not written with: say of which money it is."
            ));
        }
    }
    Ok(currency)
}

/// The currency people of a country sell in, for a form to begin with; none where that is not known here.
#[must_use]
pub fn currency_of(country: &str) -> Option<Currency> {
    let code = match country {
        "US" | "PR" | "EC" | "SV" => "USD",
        "CA" => "CAD",
        "GB" => "GBP",
        "AU" => "AUD",
        "NZ" => "NZD",
        "CH" | "LI" => "CHF",
        "MX" => "MXN",
        "BR" => "BRL",
        "JP" => "JPY",
        "IN" => "INR",
        "ZA" => "ZAR",
        "SE" => "SEK",
        "NO" => "NOK",
        "DK" => "DKK",
        "PL" => "PLN",
        "CZ" => "CZK",
        "HU" => "HUF",
        "RO" => "RON",
        "AE" => "AED",
        "SG" => "SGD",
        "HK" => "HKD",
        "IL" => "ILS",
        country if EURO.split_ascii_whitespace().any(|known| known == country) => "EUR",
        _ => return None,
    };
    code.parse().ok()
}
