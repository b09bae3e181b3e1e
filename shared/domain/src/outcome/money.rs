//! Amounts of money with their currency, as clients report sales.

use std::{fmt, str::FromStr};

use rust_decimal::Decimal;

/// ISO 4217, the codes in use, without those for funds, metals and tests.
const CODES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF \
     CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS \
     INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR \
     MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP \
     SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF \
     XPF YER ZAR ZMW ZWG";

/// Countries of the euro.
const EURO: &str = "AD AT BE BG CY DE EE ES FI FR GR HR IE IT LT LU LV MC ME MT NL PT SI SK SM VA XK";

/// The largest amount is below this.
const LIMIT: i64 = 10_000_000_000;
/// Most digits after the point.
const SCALE: u32 = 4;

/// A currency's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Currency([u8; 3]);

/// A text that is no currency's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no currency: write the three letters of ISO 4217, such as USD")]
pub struct InvalidCurrency;

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
    /// More than nothing, with at most four digits after the point.
    pub amount: Decimal,
    /// Of which money.
    pub currency: Currency,
}

impl Sale {
    /// The amount as people write it: with at least two digits after the point, and no more than it needs.
    #[must_use]
    pub fn amount_text(&self) -> String {
        let mut amount = self.amount.normalize();
        if amount.scale() < 2 {
            amount.rescale(2);
        }
        amount.to_string()
    }
}

impl fmt::Display for Sale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount_text(), self.currency)
    }
}

/// Reads an amount: digits, with a point before the decimals.
pub(super) fn amount(text: &str) -> Result<Decimal, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let read = text.parse::<Decimal>().ok().filter(|_| plain && !text.starts_with('.') && !text.ends_with('.'));
    let amount = read.ok_or("is no amount: write digits with a point before the decimals, such as 12500.00")?;
    if amount.is_zero() {
        return Err("must be more than 0".to_owned());
    }
    if amount.normalize().scale() > SCALE || amount >= Decimal::from(LIMIT) {
        return Err(format!("must be below {LIMIT}, with at most {SCALE} decimals"));
    }
    Ok(amount)
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
