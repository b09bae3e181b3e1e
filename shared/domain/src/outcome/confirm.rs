//! What is not recorded before somebody says that it is meant: what takes a sale back or makes it less, and an amount that is
//! probably a slip.

use rust_decimal::Decimal;

use super::{AmountMeaning, AmountTerms, Outcome, Sale};
use crate::{lead::OutcomeKind, values::Conventions};

/// More than so many times what is usual is asked back, and less than its so manieth part: 12.50 for 12,500.
const TIMES: i64 = 20;
/// Up to this share, in per cent, the income from a sale is too little to be a price.
const SMALL_SHARE: i64 = 10;
/// From here on an amount is asked back where it is not known what is usual.
const LARGE: i64 = 100_000_000;
/// The same in money that has no smaller coins.
const LARGE_WITHOUT_CENTS: i64 = 5_000_000_000;

/// Why something is asked back, in words for the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OutcomeQuestion(pub String);

/// What is known when something is said.
#[derive(Debug, Clone, Copy, Default)]
pub struct SaidBefore {
    /// What was said of the delivery last; won where the lead is sold, by whichever delivery that was said.
    pub kind: Option<OutcomeKind>,
    /// The sale was said of another delivery of the lead: nothing that is said of this one takes it back.
    pub is_elsewhere: bool,
    /// For what it was won, as far as that was said.
    pub sale: Option<Sale>,
    /// What the client's sales usually are, in the same money and meaning; none where too few are known.
    pub usual: Option<Decimal>,
    /// What the client's amounts are.
    pub terms: AmountTerms,
    /// How amounts are written where the client is.
    pub written: Conventions,
}

/// What has to be asked before an outcome is recorded; none where it is recorded at once.
#[must_use]
pub fn question(said: &Outcome, before: &SaidBefore) -> Option<OutcomeQuestion> {
    taken_back(said, before).or_else(|| outlier(said.sale()?, before)).map(OutcomeQuestion)
}

fn taken_back(said: &Outcome, before: &SaidBefore) -> Option<String> {
    if before.kind != Some(OutcomeKind::Won) {
        return None;
    }
    let won =
        before.sale.map_or_else(|| "won".to_owned(), |sale| format!("won for {}", sale.in_words(&before.written)));
    let (kind, now) = (said.kind(), said.sale());
    if kind != OutcomeKind::Won {
        let kind = kind.word().replace('_', " ");
        if before.is_elsewhere {
            return Some(format!(
                "This lead is recorded as {won}, said of another of its deliveries; \u{201c}{kind}\u{201d} said of this one leaves that sale as it is."
            ));
        }
        return Some(format!("This lead is recorded as {won}; \u{201c}{kind}\u{201d} takes that sale back."));
    }
    let (old, new) = before.sale.zip(now)?;
    // A sale in other money cannot be compared, so it may be less.
    let is_less = new.currency != old.currency || new.amount < old.amount;
    is_less.then(|| format!("This lead is recorded as {won}; this makes it {}.", new.in_words(&before.written)))
}

fn outlier(sale: Sale, before: &SaidBefore) -> Option<String> {
    let in_words = |amount: Decimal| Sale { amount, ..sale }.in_words(&before.written);
    let said = in_words(sale.amount);
    let Some(usual) = before.usual else {
        let large = if sale.currency.digits() == 0 { LARGE_WITHOUT_CENTS } else { LARGE };
        return (sale.amount >= Decimal::from(large)).then(|| format!("{said} is an unusually large amount."));
    };
    let times = Decimal::from(TIMES);
    if sale.amount > usual.checked_mul(times)? {
        return Some(format!("{said} is more than {TIMES} times what your sales usually are ({}).", in_words(usual)));
    }
    if let Some(share) = share_taken_for_price(sale, usual, &before.terms) {
        return Some(format!(
            "{said} looks like your share of {} %; asked is the price of the whole deal, usually {}.",
            share.normalize(),
            in_words(usual)
        ));
    }
    (sale.amount.checked_mul(times)? < usual).then(|| {
        format!("{said} is less than one part in {TIMES} of what your sales usually are ({}).", in_words(usual))
    })
}

/// The client's share, where a price is asked and the amount is what would be earned by it.
fn share_taken_for_price(sale: Sale, usual: Decimal, terms: &AmountTerms) -> Option<Decimal> {
    let share = terms.share.filter(|share| {
        terms.meaning == Some(AmountMeaning::Price) && share.is_sign_positive() && *share <= Decimal::from(SMALL_SHARE)
    })?;
    let income = usual.checked_mul(share)?.checked_div(Decimal::ONE_HUNDRED)?;
    let (two, doubled) = (Decimal::TWO, sale.amount.checked_mul(Decimal::TWO)?);
    (doubled >= income && sale.amount <= income.checked_mul(two)?).then_some(share)
}
