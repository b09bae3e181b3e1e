//! `ripen criteria example`: the documents that come with Ripen, to begin with where its source is not at hand.

use clap::ValueEnum;

/// A document that comes with Ripen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExampleDocument {
    /// Any business: need, time, money, and the say in it.
    General,
    /// People who want to borrow for a home.
    Mortgage,
    /// People who look for a home to buy.
    ResidentialPurchase,
    /// The one that the first steps use.
    WebEnquiry,
}

impl ExampleDocument {
    /// What stands in it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::General => include_str!("../../../../../deploy/criteria/general.toml"),
            Self::Mortgage => include_str!("../../../../../deploy/criteria/mortgage.toml"),
            Self::ResidentialPurchase => include_str!("../../../../../deploy/criteria/residential-purchase.toml"),
            Self::WebEnquiry => include_str!("../../../../../deploy/criteria/web-enquiry.toml"),
        }
    }
}
