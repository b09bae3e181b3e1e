//! Comparing and calculating with values. Nothing here wraps, panics or ends in NaN: what cannot be computed is a failure
//! that the receipt shows.

use std::cmp::Ordering;

use jiff::SignedDuration;

use crate::criteria::expression::node::{Operation, Value};

/// Why a part has no value. Which facts are missing is noted beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EvaluationError {
    Missing,
    Failed(&'static str),
}

impl EvaluationError {
    /// What two faulty parts come to: with the missing answer the failure may go away.
    pub(super) const fn with(self, other: Self) -> Self {
        match (self, other) {
            // A missing fact is told before a failure: with it known, the failure may not come to be.
            (Self::Failed(_), Self::Missing) => other,
            _ => self,
        }
    }
}

const OVERFLOW: EvaluationError = EvaluationError::Failed("the number is too large");
const BY_ZERO: EvaluationError = EvaluationError::Failed("division by zero");
/// The checker lets no such tree through; a decision says so rather than stop.
pub(super) const WRONG_TYPE: EvaluationError = EvaluationError::Failed("wrong type");

pub(super) fn order(left: Value<'_>, right: Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::YesNo(left), Value::YesNo(right)) => Some(left.cmp(&right)),
        (Value::Whole(left), Value::Whole(right)) => Some(left.cmp(&right)),
        (Value::Number(left), Value::Number(right)) => left.partial_cmp(&right),
        // Not through a float: beyond 2^53 two whole numbers would compare equal.
        (Value::Whole(left), Value::Number(right)) => whole_with_decimal(left, right),
        (Value::Number(left), Value::Whole(right)) => whole_with_decimal(right, left).map(Ordering::reverse),
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        (Value::Instant(left), Value::Instant(right)) => Some(left.cmp(&right)),
        (Value::Span(left), Value::Span(right)) => Some(left.cmp(&right)),
        _ => None,
    }
}

/// Exact, also where the whole number has more digits than a decimal keeps.
#[allow(clippy::cast_possible_truncation, reason = "the range was checked")]
fn whole_with_decimal(whole: i64, decimal: f64) -> Option<Ordering> {
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    if decimal.is_nan() {
        return None;
    }
    if decimal >= BEYOND {
        return Some(Ordering::Less);
    }
    if decimal < -BEYOND {
        return Some(Ordering::Greater);
    }
    let below = decimal.floor();
    // The floor as a whole number compares exactly; what is lost by it decides between equals.
    let rest = if below < decimal { Ordering::Less } else { Ordering::Equal };
    Some(whole.cmp(&(below as i64)).then(rest))
}

pub(super) fn calculate<'a>(
    operation: Operation,
    left: Value<'a>,
    right: Value<'a>,
) -> Result<Value<'a>, EvaluationError> {
    Ok(match (left, right) {
        (Value::Whole(left), Value::Whole(right)) => return whole(operation, left, right),
        (Value::Whole(_) | Value::Number(_), Value::Whole(_) | Value::Number(_)) => {
            Value::Number(decimal(operation, as_decimal(left)?, as_decimal(right)?)?)
        }
        // Each operation names its types: anything else is a wrong type, not a guess.
        (Value::Instant(at), Value::Span(span)) if operation == Operation::Add => {
            Value::Instant(at.checked_add(span).map_err(|_| OVERFLOW)?)
        }
        (Value::Span(span), Value::Instant(at)) if operation == Operation::Add => {
            Value::Instant(at.checked_add(span).map_err(|_| OVERFLOW)?)
        }
        (Value::Instant(at), Value::Span(span)) if operation == Operation::Subtract => {
            Value::Instant(at.checked_sub(span).map_err(|_| OVERFLOW)?)
        }
        (Value::Instant(left), Value::Instant(right)) if operation == Operation::Subtract => {
            Value::Span(left.duration_since(right))
        }
        (Value::Span(left), Value::Span(right)) if operation == Operation::Add => {
            Value::Span(left.checked_add(right).ok_or(OVERFLOW)?)
        }
        (Value::Span(left), Value::Span(right)) if operation == Operation::Subtract => {
            Value::Span(left.checked_sub(right).ok_or(OVERFLOW)?)
        }
        _ => return Err(WRONG_TYPE),
    })
}

fn whole<'a>(operation: Operation, left: i64, right: i64) -> Result<Value<'a>, EvaluationError> {
    let result = match operation {
        Operation::Add => left.checked_add(right),
        Operation::Subtract => left.checked_sub(right),
        Operation::Multiply => left.checked_mul(right),
        Operation::DivideWhole | Operation::Remainder if right == 0 => return Err(BY_ZERO),
        // Checked although 0 is out: the least number divided by -1 does not fit.
        Operation::DivideWhole => left.checked_div(right),
        Operation::Remainder => left.checked_rem(right),
        Operation::Divide => {
            let (left, right) = (as_decimal(Value::Whole(left))?, as_decimal(Value::Whole(right))?);
            return decimal(operation, left, right).map(Value::Number);
        }
    };
    result.map(Value::Whole).ok_or(OVERFLOW)
}

fn decimal(operation: Operation, left: f64, right: f64) -> Result<f64, EvaluationError> {
    let result = match operation {
        Operation::Add => left + right,
        Operation::Subtract => left - right,
        Operation::Multiply => left * right,
        // A division would end in infinity or NaN, which compares with nothing.
        Operation::Divide | Operation::DivideWhole | Operation::Remainder if right == 0.0 => return Err(BY_ZERO),
        Operation::Divide | Operation::DivideWhole => left / right,
        Operation::Remainder => left % right,
    };
    // Two finite numbers can make one that is not: the receipt shows a failure instead.
    if result.is_finite() { Ok(result) } else { Err(OVERFLOW) }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "decimals keep 53 bits: arithmetic that mixes them with whole numbers too"
)]
const fn as_decimal(value: Value<'_>) -> Result<f64, EvaluationError> {
    match value {
        Value::Whole(number) => Ok(number as f64),
        Value::Number(number) => Ok(number),
        _ => Err(WRONG_TYPE),
    }
}

pub(super) fn negate(value: Value<'_>) -> Result<Value<'_>, EvaluationError> {
    match value {
        Value::Whole(number) => number.checked_neg().map(Value::Whole).ok_or(OVERFLOW),
        Value::Number(number) => Ok(Value::Number(-number)),
        Value::Span(span) => span.checked_neg().map(Value::Span).ok_or(OVERFLOW),
        _ => Err(WRONG_TYPE),
    }
}

pub(super) fn days(value: Value<'_>) -> Result<SignedDuration, EvaluationError> {
    const SECONDS: i64 = 86_400;
    match value {
        Value::Whole(number) => number.checked_mul(SECONDS).map(SignedDuration::from_secs).ok_or(OVERFLOW),
        Value::Number(number) => SignedDuration::try_from_secs_f64(number * 86_400.0).map_err(|_| OVERFLOW),
        _ => Err(WRONG_TYPE),
    }
}
