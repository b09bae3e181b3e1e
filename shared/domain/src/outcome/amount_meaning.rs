//! What a client's amounts are: what it earns, or what the whole deal is worth. A figure and its meaning stay together.

use rust_decimal::Decimal;

use crate::lead::words;

words! {
    /// What the amounts are that a client reports. The two kinds are never added up.
    AmountMeaning "meaning of amounts" {
        /// What the client earns from the sale.
        Income = "income",
        /// The price of the whole deal.
        Price = "price",
    }
}

/// What a client said of its amounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AmountTerms {
    /// None while it has not said.
    pub meaning: Option<AmountMeaning>,
    /// Its share of a price, in per cent.
    pub share: Option<Decimal>,
}

impl AmountTerms {
    /// What a form asks for, in words for the client.
    #[must_use]
    pub fn label(&self) -> String {
        match (self.meaning, self.share) {
            (None, _) => "Sold for".to_owned(),
            (Some(AmountMeaning::Income), _) => "Your income from the sale".to_owned(),
            (Some(AmountMeaning::Price), None) => "Price of the whole deal".to_owned(),
            (Some(AmountMeaning::Price), Some(share)) => {
                format!("Price of the whole deal (not your share of {} %)", share.normalize())
            }
        }
    }
}

impl AmountMeaning {
    /// What stands behind an amount, in words for the client.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Income => "income",
            Self::Price => "price of the deal",
        }
    }
}
